//! What Claude Code itself writes in the user's name, for the model to read: no person said it.

use crate::fields::{Fields, unquote};
use tacho_event::event::Event;

/// Whole texts that tell of Escape.
const INTERRUPTIONS: [&str; 2] =
    ["[Request interrupted by user]", "[Request interrupted by user for tool use]"];
/// What begins the outputs of a command that a person typed.
const OUTPUTS: [&str; 4] =
    ["<bash-stdout>", "<bash-stderr>", "<local-command-stdout>", "<local-command-stderr>"];

/// Who said what a line holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    Assistant,
    /// A person, or whoever speaks to the agent.
    User,
    /// The program, in the user's name.
    Program,
}

impl Speaker {
    /// By the marks of the line.
    pub(super) fn of(is_assistant: bool, line: &Event<'_>) -> Speaker {
        if is_assistant {
            return Speaker::Assistant;
        }
        let is_program = is_marked(line, "isMeta") || is_marked(line, "isCompactSummary") || is_notice(line);
        if is_program { Speaker::Program } else { Speaker::User }
    }
}

/// Whether a user's text, which no mark says it of, is the program's.
pub(super) fn wrote(event: &Event<'_>) -> bool {
    let Some(text) = event.input.as_deref().and_then(unquote) else { return false };
    let text = text.trim_start();
    INTERRUPTIONS.contains(&text.trim_end()) || OUTPUTS.iter().any(|opening| text.starts_with(opening))
}

/// Whether a line says of itself that it is something.
pub(super) fn is_marked(line: &Event<'_>, mark: &str) -> bool {
    extra(line, mark) == Some("true")
}

/// A line about a background task that names none, such as of agents that were all stopped at once.
fn is_notice(line: &Event<'_>) -> bool {
    let kind =
        |origin: &str| Fields::object(origin).ok()?.get_text("kind").map(|kind| kind == "task-notification");
    extra(line, "promptSource") == Some("\"system\"") || extra(line, "origin").and_then(kind) == Some(true)
}

fn extra<'e>(line: &'e Event<'_>, wanted: &str) -> Option<&'e str> {
    line.extra.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_ref())
}
