//! Automatic responses: what is to be done about an alert or an incident, who has to agree, and what came of it.
//!
//! `docs/guide/responses.md` tells the users' side.
//!
//! Invariants
//! - Pure, in virtual time. What does something is told what to do ([`Runs::begin`]) and tells what came of it.
//! - At most once: a run has an id that follows from what it is about. One that had begun when the server went away is
//!   not begun again: what came of it is not known.
//! - Each step of a run is to be said on the log.

mod run;
mod runs;

pub use run::{About, Agreed, Answer, Kind, Outcome, Run, Saying, Settings, Standing, Wish, id_of};
pub use runs::Runs;
