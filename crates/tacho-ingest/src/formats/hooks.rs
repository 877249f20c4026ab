//! Whose hook it is: the agents took over one form from each other, with small differences that matter. And hooks that
//! can't be read: whose name, or whose tool's name, is no text, or stood behind where the input was cut off. What they tell
//! is not known, so they are no call that went well.

use super::{Format, claude_hook};
use crate::content::UNREADABLE_HOOK;
use crate::fields::{Fields, Refused, quote};
use crate::lift::{Lift, lift};
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::words::{ActionType, Level};

/// Events that only Gemini CLI has.
const GEMINI: &[&str] = &[
    "BeforeTool",
    "AfterTool",
    "BeforeAgent",
    "AfterAgent",
    "BeforeModel",
    "BeforeToolSelection",
    "AfterModel",
    "PreCompress",
];

/// Tells the agent: by what `agent-audit-log` was installed for, the event's name, or where the transcript is.
pub(super) fn whose(fields: &Fields<'_>) -> Format {
    match fields.get_text("hook_source").as_deref() {
        Some("claude") => return Format::ClaudeHook,
        Some("codex") => return Format::CodexHook,
        Some("gemini") => return Format::GeminiHook,
        _ => {}
    }
    let hook = fields.get_text("hook_event_name").unwrap_or_default();
    let transcript = fields.get_text("transcript_path").unwrap_or_default();
    if GEMINI.contains(&&*hook) || transcript.contains("/.gemini/") {
        Format::GeminiHook
    } else if fields.get("thread-id").is_some() || transcript.contains("/.codex/") {
        Format::CodexHook
    } else {
        Format::ClaudeHook
    }
}

/// What is wrong with a hook that can't be read.
pub(super) fn unreadable(fields: &Fields<'_>) -> Option<String> {
    let wrong = |name: &str| {
        let found = match fields.get(name)?.as_bytes().first()? {
            b'"' | b'n' => return None,
            b'{' => "an object",
            b'[' => "a list",
            b't' | b'f' => "a truth value",
            _ => "a number",
        };
        Some(format!("\"{name}\" is {found}: expected a text"))
    };
    wrong("hook_event_name").or_else(|| wrong("tool_name")).or_else(|| {
        let is_cut = fields.get("hook_error").is_some() && fields.get("hook_event_name").is_none();
        is_cut.then(|| {
            "\"hook_event_name\" is missing: the hook's input could not be read to its end".to_owned()
        })
    })
}

/// An event of its own kind, which says what is wrong. All that it holds stays.
pub(super) fn decode_unreadable<'a>(
    why: &str,
    fields: Fields<'a>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<(), Refused> {
    let mut event = Event { action_type: Some(ActionType::Log), ..Event::default() };
    event.action_name = Some(UNREADABLE_HOOK.into());
    event.level = Some(Level::Warning);
    event.error = Some(quote(why).into());
    event.facts.set_text(TextFact::ErrorType, UNREADABLE_HOOK);
    lift(fields, table, &mut event)?;
    each(event);
    Ok(())
}

/// Whether a hook after a call says that the call failed, where no agent says so by the hook's name: by an error beside it. A hook
/// that has no name, which is a user's own, has no other way to say so than by what the call gave; an agent's output is the tool's.
pub(super) fn tells_failure(event: &Event<'_>, is_plain: bool) -> bool {
    let is_error = |name: &str, value: &str| match name {
        "is_error" | "isError" => value == "true",
        "error" => !matches!(value, "null" | "false" | r#""""# | "{}" | "[]"),
        _ => false,
    };
    if event.error.as_deref().is_some_and(|error| is_error("error", error)) {
        return true;
    }
    let gave_error = |output: &str| {
        let Ok(output) = Fields::object(output) else { return false };
        ["is_error", "isError", "error"]
            .iter()
            .any(|name| output.get(name).is_some_and(|value| is_error(name, value)))
    };
    is_plain
        && (event.facts.int(IntFact::ExitCode).is_some_and(|code| code != 0)
            || event.extra.iter().any(|(name, value)| is_error(name, value))
            || event.output.as_deref().is_some_and(gave_error))
}

/// What it would have told of a call counts for none.
fn table(name: &str) -> Option<Lift> {
    match name {
        "tool_name" => Some(Lift::Text(TextFact::Operation)),
        "success" | "status" | "outcome" | "outcome_status" | "phase" | "action" | "action_type" => None,
        _ => claude_hook::table(name),
    }
}
