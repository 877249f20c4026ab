//! What the tools of coding agents are: shared by their hooks and their transcripts.

use crate::fields::Fields;
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

/// Whether the text that the model was given says that the call never ran: an unknown tool, input that the tool
/// does not take, a refusal. No other hook tells of such a call. One that ran and failed has a hook of its own, and
/// counts once.
pub(super) fn never_ran(raw: &str) -> bool {
    const STARTS: &[&str] =
        &["<tool_use_error>", "Permission to use ", "The user doesn't want to proceed", "The user rejected"];
    const SHORT_TEXT: usize = 1000;
    let text = raw.strip_prefix('"').unwrap_or_default();
    let asks = |text: &str| text.contains(" needs approval") || text.contains(" requires approval");
    STARTS.iter().any(|start| text.starts_with(start)) || raw.len() < SHORT_TEXT && asks(text)
}

/// The code of `"Exit code 3\n…"`.
pub(super) fn exit_code(raw: &str) -> Option<i64> {
    let digits = raw.trim_start_matches('"').strip_prefix("Exit code ")?;
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
