//! What the tools of coding agents are: shared by their hooks and their transcripts.

use crate::fields::{Fields, holds_json, unquote};
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::TextFact;
use tacho_event::limits::FACT_BYTES_MAX;
use tacho_event::words::ActionType;

/// Sets the type of a call by its tool, and what a call to the outside is about.
pub(crate) fn describe(event: &mut Event<'_>) {
    let kind = match event.action_name.as_deref() {
        Some("Skill" | "activate_skill") => ActionType::Skill,
        Some("WebSearch" | "WebFetch" | "google_web_search" | "web_fetch" | "web_search") => {
            ActionType::External
        }
        _ => ActionType::Tool,
    };
    event.action_type.get_or_insert(kind);
    if kind == ActionType::External
        && let Some(Ok(input)) = event.input.as_deref().map(Fields::object)
        && let Some(target) = input.get_text("url").or_else(|| input.get_text("query"))
        && target.len() <= FACT_BYTES_MAX
    {
        event.facts.set_text(TextFact::Target, target.into_owned());
    }
}

/// Arguments are JSON in a text: so that they can be asked for by member, they stand as JSON.
pub(super) fn unwrap(section: &mut Option<Cow<'_, str>>) {
    let Some(text) = section.as_deref().and_then(unquote) else { return };
    if holds_json(&text) {
        *section = Some(Cow::Owned(text.into_owned()));
    }
}

/// Why a call never ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NeverRan {
    UnknownTool,
    Refused,
    /// The tool does not take such input.
    Input,
}

impl NeverRan {
    /// Why a call never ran, as far as the text says that the model was given. No other hook tells of such a call. One
    /// that ran and failed has a hook of its own, and counts once.
    pub(super) fn of(raw: &str) -> Option<NeverRan> {
        const REFUSED: &[&str] = &[
            "Permission to use ",
            "The user doesn't want to proceed",
            "The user rejected",
            "Permission denied by hook",
            // What a sub-agent is told.
            "Permission for this tool use was denied",
            "This call was denied and did not run",
            "Execution stopped by PreToolUse hook",
            // Where nobody is there to be asked.
            "Claude requested permissions to ",
        ];
        /// A correction behind the words of a refusal.
        const STOPPED: &str = "this call was stopped while running, not refused before it ran";
        const SHORT_TEXT: usize = 1000;
        let text = raw.strip_prefix('"').unwrap_or_default();
        if text.contains(STOPPED) {
            return None;
        }
        let asks = |text: &str| text.contains(" needs approval") || text.contains(" requires approval");
        if text.starts_with("<tool_use_error>Error: No such tool available") {
            Some(NeverRan::UnknownTool)
        } else if text.starts_with("<tool_use_error>") {
            Some(NeverRan::Input)
        } else {
            let is_refused = REFUSED.iter().any(|start| text.starts_with(start)) || is_of_hook(text);
            (is_refused || raw.len() < SHORT_TEXT && asks(text)).then_some(NeverRan::Refused)
        }
    }

    /// Writes it down where redaction and shortening leave it.
    pub(super) fn note(self, event: &mut Event<'_>) {
        match self {
            NeverRan::UnknownTool => event.facts.set_text(TextFact::ErrorType, "unknown_tool"),
            NeverRan::Refused => event.facts.set_text(TextFact::ErrorType, "refused"),
            NeverRan::Input => {}
        }
    }
}

/// Whether a text is what the model is told when another hook does not let a call run: `PreToolUse:Bash hook error: no`.
fn is_of_hook(text: &str) -> bool {
    let told = text.strip_prefix("PreToolUse:").and_then(|rest| rest.split_once(" hook error: "));
    told.is_some_and(|(tool, _)| !tool.is_empty() && !tool.contains(char::is_whitespace))
}

/// The code of `"Exit code 3\n…"`.
pub(super) fn exit_code(raw: &str) -> Option<i64> {
    let digits = raw.trim_start_matches('"').strip_prefix("Exit code ")?;
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
