//! What one command hands to the next, as far as the line itself says it.

use crate::Command;
use crate::given::{bare, program};

/// What a command writes for the next one to read.
pub(crate) fn output(command: &Command) -> Option<String> {
    let words = bare(&command.words);
    let (first, rest) = words.split_first()?;
    match program(first).as_str() {
        "echo" | "printf" | "write-output" => {
            let is_said = |word: &&String| {
                !matches!(word.as_str(), "-n" | "-e" | "-en" | "-ne" | "--" | "%s" | "%s\\n")
            };
            let said: Vec<&str> = rest.iter().filter(is_said).map(String::as_str).collect();
            Some(said.join(" ").replace("\\n", "\n"))
        }
        "cat" if rest.iter().all(|word| word.starts_with('-')) => command.input.clone(),
        "tee" => command.input.clone(),
        _ => None,
    }
}
