//! Command lines, read as a shell reads them: which programs run, with which words.
//!
//! Enough to tell `git -C /r push` from `grep 'git push'`. What is only said (`echo "curl …"`, a here-document that goes
//! to a file) runs nothing; what a shell is given does, be it by `-c`, `eval`, `$(…)`, a here-document or a pipe
//! (`echo "curl …" | sh`). Variables, aliases and scripts in files are not followed.
//!
//! Invariant: pure.
//! Limit: texts within texts are followed [`NESTING_MAX`] levels, so the work is linear in the text.

mod given;
mod pipeline;
mod read;

pub use given::run;
pub use read::each_command;

/// Levels of texts within texts that are followed.
pub const NESTING_MAX: usize = 8;

/// One command that is run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// The program, without its folder and in lower case, then its words as they are written. Empty where something is
    /// redirected and nothing run.
    pub words: Vec<String>,
    /// What is read from or written to by `<` and `>`.
    pub files: Vec<String>,
    /// What it reads, as far as the line itself says that: a here-document, or what `echo` hands on.
    pub input: Option<String>,
}

/// What a text runs, a command in each line: the program without its folder and in lower case, its words, ` > ` before each
/// file that is redirected, ` << ` before what it is given to read. Nothing is quoted, and words hold no line ends. A JSON
/// list of words is one command.
pub fn commands(text: &str) -> String {
    let mut lines = String::new();
    let mut line = |command: &Command| {
        let files = command.files.iter().map(|file| (" > ", file));
        let words = command.words.iter().map(|word| (" ", word)).chain(files);
        let input = command.input.iter().map(|input| (" << ", input));
        for (n, (before, word)) in words.chain(input).enumerate() {
            lines.push_str(if n == 0 { before.trim_start() } else { before });
            lines.extend(word.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
        }
        lines.push('\n');
    };
    match text.trim_start().starts_with('[').then(|| serde_json::from_str::<Vec<String>>(text)) {
        Some(Ok(words)) => run(words, &mut line),
        _ => each_command(text, &mut line),
    }
    lines
}

#[cfg(test)]
mod tests;
