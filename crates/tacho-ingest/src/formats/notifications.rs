//! What looks like something else in the hooks of Claude Code: a prompt that no person wrote, but the program, to tell
//! the model that a background task has ended; and the answer of a call that only started one.

use crate::fields::{Fields, unquote};
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::limits::FACT_BYTES_MAX;
use tacho_event::words::{ActionType, Outcome};

const OPENING: &str = "<task-notification>";

/// Turns the hook of such a prompt into the end of its task: joined with the call that started it.
pub(super) fn settle(event: &mut Event<'_>) {
    let Some(prompt) = event.input.as_deref().and_then(unquote) else { return };
    if !prompt.trim_start().starts_with(OPENING) {
        return;
    }
    let part = |name: &str| {
        let (_, rest) = prompt.split_once(&format!("<{name}>"))?;
        let (text, _) = rest.split_once(&format!("</{name}>"))?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty() && text.len() <= FACT_BYTES_MAX)
    };
    let (call, task, status) = (part("tool-use-id"), part("task-id"), part("status"));
    event.action_type.get_or_insert(ActionType::Workflow);
    event.action_name.get_or_insert("TaskNotification".into());
    if event.call.is_none() {
        event.call = call.map(Into::into);
    }
    if let Some(task) = task {
        event.facts.set_text(TextFact::TaskId, task);
    }
    if let Some(status) = status {
        if matches!(status.as_str(), "killed" | "stopped") {
            event.outcome.get_or_insert(Outcome::Failure);
            event.facts.set_int(IntFact::Interrupted, 1);
        }
        event.outcome = event.outcome.or_else(|| Outcome::understand(&status));
        event.facts.set_text(TextFact::Status, status);
    }
}

/// Whether a call's response says that its work has only begun.
pub(super) fn is_launch(response: &str) -> bool {
    let Ok(response) = Fields::object(response) else { return false };
    response.get_text("status").as_deref() == Some("async_launched")
        || response.get("isAsync") == Some("true")
        || response.get_text("backgroundTaskId").is_some_and(|task| !task.is_empty())
}
