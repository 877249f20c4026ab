//! What Gemini CLI's telemetry calls a success and was none: a command that failed, told only by its exit code, and in
//! spans any call that failed.

use crate::fields::{Fields, quote, unquote};
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::limits::FACT_BYTES_MAX;
use tacho_event::words::Outcome;

/// A log record of a call: its `metadata` is JSON in a text. What a person rejected never ran.
pub(super) fn settle_log(event: &mut Event<'_>) {
    let metadata = event.extra.iter().find(|(name, _)| name == "metadata").and_then(|(_, raw)| unquote(raw));
    if let Some(code) = metadata.as_deref().and_then(|text| exit_code(&Fields::object(text).ok()?)) {
        failed_with(code, event);
    }
    let is_rejected = event.decision.as_deref().is_some_and(|decision| decision == "\"reject\"");
    if is_rejected && event.facts.text(TextFact::ErrorType).is_none() {
        event.facts.set_text(TextFact::ErrorType, "refused");
    }
}

/// A span of a call: its output is all that the program knows of it.
pub(super) fn settle_span(event: &mut Event<'_>) {
    let output = event.output.as_deref().map(|raw| unquote(raw).unwrap_or(raw.into()).into_owned());
    let Some(Ok(output)) = output.as_deref().map(Fields::object) else { return };
    let response = output.get("response").and_then(|response| Fields::object(response).ok());
    let data = response.as_ref().and_then(|response| Fields::object(response.get("data")?).ok());
    if let Some(code) = data.and_then(|data| exit_code(&data)) {
        failed_with(code, event);
    }
    if matches!(output.get_text("status").as_deref(), Some("error" | "cancelled")) {
        event.outcome = Some(Outcome::Failure);
        let kind = response.as_ref().and_then(|response| response.get_text("errorType"));
        if let Some(kind) = kind.filter(|kind| kind.len() <= FACT_BYTES_MAX) {
            event.facts.set_text(TextFact::ErrorType, kind.into_owned());
        }
    }
}

fn exit_code(fields: &Fields<'_>) -> Option<i64> {
    fields.get("exitCode")?.parse().ok()
}

fn failed_with(code: i64, event: &mut Event<'_>) {
    event.facts.set_int(IntFact::ExitCode, code);
    if code != 0
        && let Some(said) = event.outcome.replace(Outcome::Failure)
        && said != Outcome::Failure
    {
        event.extra.push(("outcome_as_sent".into(), quote(said.as_str()).into()));
    }
}
