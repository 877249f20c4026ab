//! Command lines, read as a shell reads them: which programs run, with which words.
//!
//! Enough to tell `git -C /r push` from `grep 'git push'`. What is only said (`echo "curl …"`, a here-document that goes
//! to a file) runs nothing; what a shell is given does, be it by `-c`, `eval`, `$(…)`, a here-document or a pipe
//! (`echo "curl …" | sh`). Variables, aliases and scripts in files are not followed.
//!
//! Invariant: pure.
//! Limits: texts within texts are followed [`NESTING_MAX`] levels, and what is read, handed on and told in all is at most
//! [`TIMES_MAX`] times the text, so the work is linear in the text whoever wrote it.

mod given;
mod pipeline;
mod read;

/// Levels of texts within texts that are followed.
pub const NESTING_MAX: usize = 8;
/// How many times the text's own length is read, handed on and told. Each level of what people write costs three.
pub const TIMES_MAX: usize = 24;

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

/// Who is told of commands, and how much is left of the limit.
pub(crate) struct Out<'a> {
    each: &'a mut dyn FnMut(&Command),
    left: usize,
}

impl Out<'_> {
    fn new(each: &mut dyn FnMut(&Command), bytes: usize) -> Out<'_> {
        Out { each, left: bytes.saturating_mul(TIMES_MAX) }
    }

    /// Whether so many bytes more may be worked on. From the first refusal on, nothing may.
    pub(crate) fn may(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    pub(crate) fn tell(&mut self, command: &Command) {
        let texts = command.words.iter().chain(&command.files).chain(&command.input);
        if self.may(texts.map(String::len).sum()) {
            (self.each)(command);
        }
    }
}

/// Calls `each` for every command that a text runs.
pub fn each_command(text: &str, each: &mut dyn FnMut(&Command)) {
    read::read(text, 0, &mut Out::new(each, text.len()));
}

/// Calls `each` for a command that came as a list of words, and for what it runs.
pub fn run(words: Vec<String>, each: &mut dyn FnMut(&Command)) {
    let bytes = words.iter().map(String::len).sum();
    given::finish(Command { words, ..Command::default() }, 0, &mut Out::new(each, bytes));
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
