//! Sigma, the rule format that detection engineers share: its rules become ours, and ours its, where they can.
//!
//! What Sigma compares without regard to case is asked of `lower(x)`. A rule that can't be said is refused with its line,
//! never changed. Fields are found by the names of [`taxonomy`].

mod build;
mod correlation;
mod detection;
mod export;
mod import;
mod item;
mod measure;
mod modifiers;
mod names;
mod pattern;
mod rule;
mod said;
mod taxonomy;

pub use export::{Export, Left, export};
pub use import::{Import, Imported, import};
pub use taxonomy::page as taxonomy_page;

/// The name that was probably meant, as the end of a message.
fn offer<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    tacho_pipe::nearest(name, known).map_or(String::new(), |near| format!("; did you mean \"{near}\"?"))
}
