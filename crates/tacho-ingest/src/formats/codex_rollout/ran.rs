//! What the program tells of its run: turns, calls as they ran, and once more what was said.

use super::{line, note, own};
use crate::fields::{Fields, Refused};
use crate::formats::tools;
use crate::lift::{Head, Lift, lift_under};
use crate::read::Unit;
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Outcome, Phase};

/// What the program tells of its run.
pub(super) fn message<'a>(mut payload: Fields<'a>, event: &mut Event<'a>) -> Result<(), Refused> {
    let kind = payload.get_text("type").unwrap_or_default();
    let ran = payload.take_object("item")?;
    lift_under("payload", payload, if kind == "agent_message" { told_by_agent } else { told }, event)?;
    match (kind.as_ref(), ran) {
        (_, Some(item)) => completed(item, event)?,
        ("exec_command_end", _) => executed("exec_command", event),
        ("mcp_tool_call_end", _) => executed("mcp_tool_call", event),
        ("patch_apply_end", _) => executed("apply_patch", event),
        ("web_search_end", _) => executed("web_search", event),
        ("exec_approval_request" | "apply_patch_approval_request", _) => {
            event.action_type = Some(ActionType::Decision);
            event.phase = Some(Phase::Asked);
        }
        ("task_started" | "turn_started", _) => workflow(Outcome::Running, event),
        ("task_complete" | "turn_complete", _) => workflow(Outcome::Success, event),
        ("turn_aborted", _) => workflow(Outcome::Failure, event),
        ("context_compacted", _) => event.action_type = Some(ActionType::Memory),
        ("error" | "stream_error", _) => {
            event.error = event.input.take();
            event.action_type = Some(ActionType::Error);
            event.outcome = Some(Outcome::Failure);
        }
        _ => note(&kind, event),
    }
    event.action_name.get_or_insert_with(|| kind.into_owned().into());
    Ok(())
}

fn workflow(outcome: Outcome, event: &mut Event<'_>) {
    event.action_type = Some(ActionType::Workflow);
    event.outcome = Some(outcome);
}

fn told(name: &str) -> Option<Lift> {
    Some(match name {
        "turn_id" => Lift::Text(TextFact::TurnId),
        "message" | "prompt" => Lift::Section(Section::Input),
        "last_agent_message" => Lift::Section(Section::Output),
        "duration_ms" => Lift::Int(IntFact::DurationUs, Unit::Ms),
        "new_thread_id" => Lift::Text(TextFact::ToAgent),
        "invocation" => Lift::Within(ran),
        _ => return ran(name).or_else(|| own(name)),
    })
}

fn told_by_agent(name: &str) -> Option<Lift> {
    if name == "message" { Some(Lift::Section(Section::Output)) } else { told(name) }
}

/// An item that is over: a call as it ran, or a message once more.
fn completed<'a>(item: Fields<'a>, event: &mut Event<'a>) -> Result<(), Refused> {
    let kind = item.get_text("type").unwrap_or_default();
    let name = match kind.as_ref() {
        "CommandExecution" => "exec_command",
        "FileChange" => "apply_patch",
        "McpToolCall" => "mcp_tool_call",
        "WebSearch" => "web_search",
        _ => {
            lift_under("payload.item", item, line, event)?;
            note(&kind, event);
            return Ok(());
        }
    };
    lift_under("payload.item", item, ran_item, event)?;
    executed(name, event);
    Ok(())
}

fn ran_item(name: &str) -> Option<Lift> {
    if name == "id" { Some(Lift::Head(Head::Call)) } else { ran(name) }
}

fn ran(name: &str) -> Option<Lift> {
    Some(match name {
        "call_id" => Lift::Head(Head::Call),
        "command" | "arguments" | "changes" => Lift::Section(Section::Input),
        "aggregated_output" | "result" | "stdout" => Lift::Section(Section::Output),
        "error" => Lift::Section(Section::Error),
        "exit_code" => Lift::Int(IntFact::ExitCode, Unit::Count),
        "status" => Lift::Outcome,
        "success" => Lift::Success,
        "server" => Lift::Text(TextFact::McpServer),
        "tool" => Lift::Text(TextFact::Operation),
        "query" => Lift::Text(TextFact::Target),
        _ => return None,
    })
}

/// A call as it ran.
fn executed(name: &'static str, event: &mut Event<'_>) {
    let server = event.facts.text(TextFact::McpServer);
    let full = server.zip(event.facts.text(TextFact::Operation)).map(|(s, tool)| format!("mcp__{s}__{tool}"));
    event.action_name = Some(full.map_or(name.into(), Cow::Owned));
    event.phase = Some(Phase::Executed);
    tools::describe(event);
    let duration = event.extra.iter().find(|(name, _)| name.ends_with("duration"));
    if let Some(Ok(parts)) = duration.map(|(_, raw)| Fields::object(raw)) {
        let part = |name: &str| parts.get(name).and_then(|raw| raw.parse::<u32>().ok());
        if let (Some(secs), Some(nanos)) = (part("secs"), part("nanos")) {
            event.facts.set_int(IntFact::DurationUs, i64::from(secs) * 1_000_000 + i64::from(nanos) / 1_000);
        }
    }
    if let Some(code) = event.facts.int(IntFact::ExitCode) {
        event.outcome = Some(if code == 0 { Outcome::Success } else { Outcome::Failure });
    }
}
