//! How a call ended, as far as the text tells that the model was given for a result.

use crate::fields::{Fields, unquote};
use crate::formats::tools::NeverRan;
use tacho_event::event::Event;
use tacho_event::fact::IntFact;
use tacho_event::words::Outcome;

/// What Codex answers for a tool that is not there.
const UNKNOWN: &[&str] = &["unsupported call", "unsupported custom tool call"];

/// What it answers for a call that a person or a hook did not let run.
const REFUSED: &[&str] = &[
    "exec command rejected by user",
    "patch rejected by user",
    "Command blocked by PreToolUse hook",
    "Tool call blocked by PreToolUse hook",
];

/// What stands in the answer for a command that could not be started because a person or a rule refused it.
const REJECTED: [&str; 2] = ["CreateProcess { message: \"Rejected(", "rejected"];

const FAILED: &[&str] = &["exec_command failed", "apply_patch verification failed", "failed to parse"];

/// The exit code and how the call ended.
pub(crate) fn ending(output: &str) -> (Option<i64>, Option<Outcome>) {
    let by_code = |code| (Some(code), Some(if code == 0 { Outcome::Success } else { Outcome::Failure }));
    let Some(text) = unquote(output) else {
        let metadata =
            Fields::object(output).ok().and_then(|mut fields| fields.take_object("metadata").ok()?);
        let code = metadata.and_then(|metadata| metadata.get("exit_code")?.parse().ok());
        return code.map_or((None, None), by_code);
    };
    for line in text.lines().take_while(|line| *line != "Output:").take(8) {
        let code =
            line.strip_prefix("Process exited with code ").or_else(|| line.strip_prefix("Exit code: "));
        if let Some(code) = code.and_then(|code| code.trim().parse().ok()) {
            return by_code(code);
        }
        if line.starts_with("Process running with session ID") {
            return (None, Some(Outcome::Running));
        }
    }
    let is_failure = never_ran(&text).is_some() || starts(&text, FAILED);
    (None, is_failure.then_some(Outcome::Failure))
}

/// Notes why a call never ran, or that it was broken off.
pub(crate) fn note(event: &mut Event<'_>) {
    let Some(text) = event.output.as_deref().and_then(unquote) else { return };
    let (why, is_stopped) = (never_ran(&text), is_stopped(&text));
    if let Some(why) = why {
        why.note(event);
    } else if is_stopped {
        event.facts.set_int(IntFact::Interrupted, 1);
    }
}

fn never_ran(text: &str) -> Option<NeverRan> {
    if starts(text, UNKNOWN) {
        return Some(NeverRan::UnknownTool);
    }
    let is_rejected =
        text.starts_with("exec_command failed") && REJECTED.iter().all(|words| text.contains(words));
    (is_rejected || starts(text, REFUSED)).then_some(NeverRan::Refused)
}

/// Whether the turn was broken off before the call had a result. The words are the same of a call that waited for a person
/// to approve it, and of one that ran.
fn is_stopped(text: &str) -> bool {
    let after = text.strip_prefix("Wall time: ").and_then(|rest| rest.split_once('\n'));
    after.is_some_and(|(_, rest)| rest == "aborted by user") || text.starts_with("aborted by user after ")
}

fn starts(text: &str, words: &[&str]) -> bool {
    words.iter().any(|start| text.starts_with(start))
}
