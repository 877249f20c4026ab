//! Hooks of Claude Code and of the agents that took over its form: the JSON that a hook command gets on standard
//! input, as it stands. It names the event (`hook_event_name`), session, working folder and, for a sub-agent,
//! `agent_id`; calls carry `tool_name`, `tool_input`, `tool_response`, `tool_use_id`, `duration_ms`. Time, id and
//! user are not in it: the hook command adds them.
//!
//! A call is seen several times, joined by its id: proposed, asked, decided, result. `PostToolBatch` tells every
//! call that the model got an answer for, refused and unknown ones too, and gives one event for each. The hook at the
//! end of a turn of other agents tells calls that never ran in the same way, where `agent-audit-log` has looked for them.
//! Recognised by `hook_event_name`, or `tool_name` beside `tool_input`, `parameters`, `tool_response` or `result`
//! (the users' own names; then it is taken for the hook after a call).

use super::parts::{columns, error};
use super::tools::NeverRan;
use super::{hooks, notifications, tools};
use crate::fields::{Fields, Refused, unquote};
use crate::lift::{Head, Lift, lift};
use crate::read::Unit;
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::limits::FACT_BYTES_MAX;
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Outcome, Phase};

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    if let Some(why) = hooks::unreadable(&fields) {
        return hooks::decode_unreadable(&why, fields, each);
    }
    let named = fields.get_text("hook_event_name");
    let is_plain = named.is_none();
    let hook = named.unwrap_or("PostToolUse".into());
    let calls = if hook == "PostToolBatch" { fields.take_objects("tool_calls")? } else { None };
    super::limit_events(calls.as_deref().unwrap_or_default().len())?;
    let mut event = Event::default();
    lift(fields, table, &mut event)?;
    if event.facts.text(TextFact::HookEvent).is_none() {
        event.facts.set_text(TextFact::HookEvent, hook.clone());
    }
    let Some(calls) = calls else {
        if matches!(hook.as_ref(), "PostToolUse" | "PostToolCall") && hooks::tells_failure(&event, is_plain) {
            event.outcome.get_or_insert(Outcome::Failure);
        }
        settle(&hook, &mut event);
        each(event);
        return Ok(());
    };
    for (number, call) in calls.into_iter().enumerate() {
        // What is common and has no column goes with the first call only.
        let shared = shared(&event.extra);
        let extra = std::mem::replace(&mut event.extra, shared);
        decode_call(call, number, &Event { extra, ..event.clone() }, each)?;
    }
    Ok(())
}

/// What has no column and belongs to every event of a hook: where it ran.
fn shared<'a>(extra: &[(Cow<'a, str>, Cow<'a, str>)]) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    extra.iter().filter(|(name, _)| name == "host").cloned().collect()
}

/// One call of a list in a hook, with what is common to all of it.
fn decode_call<'a>(
    call: Fields<'a>,
    number: usize,
    common: &Event<'a>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<(), Refused> {
    let mut event = common.clone();
    event.id = event.id.map(|id| super::numbered(id, number));
    lift(call, table, &mut event)?;
    settle("PostToolBatch", &mut event);
    each(event);
    Ok(())
}

/// Takes the calls that never ran out of the hook at the end of a turn.
pub(super) fn take_unanswered<'a>(fields: &mut Fields<'a>, hook: &str) -> Result<Vec<Fields<'a>>, Refused> {
    let calls = if matches!(hook, "Stop" | "AfterAgent") { fields.take_objects("tool_calls")? } else { None };
    let calls = calls.unwrap_or_default();
    super::limit_events(calls.len())?;
    Ok(calls)
}

/// The end of a turn, and the calls that never ran in it: of a tool and of what the model was told, `why`.
pub(super) fn decode_unanswered<'a>(
    calls: Vec<Fields<'a>>,
    end: Event<'a>,
    why: fn(&str, &str) -> Option<NeverRan>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<(), Refused> {
    let common = Event {
        action_type: None,
        action_name: None,
        phase: None,
        outcome: None,
        input: None,
        output: None,
        extra: shared(&end.extra),
        // A session file says when the call ended; the turn may end long after that.
        claimed_us: None,
        ..end.clone()
    };
    let turn_ended_us = end.claimed_us;
    each(end);
    for (number, call) in calls.into_iter().enumerate() {
        decode_call(call, number + 1, &common, &mut |mut event| {
            event.outcome = Some(Outcome::Failure);
            event.claimed_us = event.claimed_us.or(turn_ended_us);
            let error = event.error.as_deref().and_then(unquote).unwrap_or_default();
            if let Some(why) = why(event.action_name.as_deref().unwrap_or_default(), &error) {
                why.note(&mut event);
            }
            each(event);
        })?;
    }
    Ok(())
}

pub(super) fn table(name: &str) -> Option<Lift> {
    Some(match name {
        "hook_event_name" => Lift::Text(TextFact::HookEvent),
        "tool_name" => Lift::Head(Head::Action),
        "tool_input" | "parameters" | "prompt" | "message" | "custom_instructions" => {
            Lift::Section(Section::Input)
        }
        "tool_response" | "tool_output" | "tool_result" | "result" => Lift::Keep(Section::Output, response),
        "last_assistant_message" | "delta" | "compact_summary" => Lift::Section(Section::Output),
        "error" => Lift::Keep(Section::Error, error),
        "action" => Lift::Outcome,
        "is_interrupt" => Lift::Int(IntFact::Interrupted, Unit::Flag),
        "permission_mode" => Lift::Text(TextFact::PermissionMode),
        "effort" => Lift::Either(&Lift::Text(TextFact::Effort), effort),
        "mcp_server" => Lift::Either(&Lift::Text(TextFact::McpServer), mcp_server),
        "mcp_server_name" => Lift::Text(TextFact::McpServer),
        "to_model" => Lift::Text(TextFact::Model),
        "task_id" => Lift::Text(TextFact::TaskId),
        "file_path" | "directory" | "new_cwd" | "worktree_path" => Lift::Section(Section::Access),
        "hook_redactions" => Lift::Int(IntFact::Redactions, Unit::Count),
        _ => return columns(name),
    })
}

/// Copies out of a response that is kept whole.
fn response(name: &str) -> Option<Lift> {
    Some(match name {
        "exit_code" | "exitCode" => Lift::Int(IntFact::ExitCode, Unit::Count),
        "interrupted" => Lift::Int(IntFact::Interrupted, Unit::Flag),
        "success" => Lift::Success,
        "totalTokens" => Lift::Int(IntFact::TokensTotal, Unit::Count),
        "agentId" => Lift::Text(TextFact::ToAgent),
        _ => return None,
    })
}

fn effort(name: &str) -> Option<Lift> {
    (name == "level").then_some(Lift::Text(TextFact::Effort))
}

fn mcp_server(name: &str) -> Option<Lift> {
    (name == "name").then_some(Lift::Text(TextFact::McpServer))
}

/// Sets what the kind of hook tells.
pub(super) fn settle(hook: &str, event: &mut Event<'_>) {
    if hook == "UserPromptSubmit" {
        notifications::settle(event);
    }
    let (kind, phase, outcome) = meaning(hook);
    if kind == Some(ActionType::Tool) {
        settle_call(hook, outcome, event);
    } else if let Some(outcome) = outcome {
        event.outcome.get_or_insert(outcome);
    }
    if event.phase.is_none() {
        event.phase = phase;
    }
    event.action_name.get_or_insert_with(|| hook.to_string().into());
    event.action_type.get_or_insert(kind.unwrap_or(ActionType::Log));
}

fn settle_call(hook: &str, outcome: Option<Outcome>, event: &mut Event<'_>) {
    if let Some(name) = event.action_name.clone() {
        tools::describe(event);
        if let (None, Some(server)) = (event.facts.text(TextFact::McpServer), mcp_server_of(&name)) {
            event.facts.set_text(TextFact::McpServer, server.to_owned());
        }
    }
    if let Some(code) = event.error.as_deref().or(event.output.as_deref()).and_then(tools::exit_code) {
        event.facts.set_int(IntFact::ExitCode, code);
    }
    let never_ran = event.output.as_deref().filter(|_| hook == "PostToolBatch").and_then(NeverRan::of);
    if let Some(why) = never_ran.or_else(|| is_stopped(hook, event).then_some(NeverRan::Refused)) {
        why.note(event);
    }
    let told = match hook {
        // The only witness of calls that never ran; of the others their own hooks tell how they ended.
        "PostToolBatch" => never_ran.map(|_| Outcome::Failure),
        _ if event.facts.int(IntFact::Interrupted) == Some(1) => Some(Outcome::Partial),
        // It was started and goes on in the background; a notification tells how it ended.
        "PostToolUse" if event.output.as_deref().is_some_and(notifications::is_launch) => {
            Some(Outcome::Running)
        }
        _ => outcome,
    };
    if event.outcome.is_none() {
        event.outcome = told;
    }
}

/// Whether `agent-audit-log` itself did not let the call run, because the agent is stopped.
fn is_stopped(hook: &str, event: &Event<'_>) -> bool {
    let denied =
        |(name, value): &(Cow<'_, str>, Cow<'_, str>)| name == "hook_enforced" && value == "\"denied\"";
    matches!(hook, "PreToolUse" | "BeforeTool") && event.extra.iter().any(denied)
}

/// The server in `mcp__SERVER__TOOL`.
fn mcp_server_of(tool: &str) -> Option<&str> {
    let (server, _) = tool.strip_prefix("mcp__")?.split_once("__")?;
    (!server.is_empty() && server.len() <= FACT_BYTES_MAX).then_some(server)
}

/// What each hook is: type, phase of a call, outcome. An unknown one is a log event under its own name.
fn meaning(hook: &str) -> (Option<ActionType>, Option<Phase>, Option<Outcome>) {
    use ActionType as A;
    match hook {
        "PreToolUse" | "BeforeTool" => (Some(A::Tool), Some(Phase::Proposed), Some(Outcome::Running)),
        "PermissionRequest" => (Some(A::Tool), Some(Phase::Asked), None),
        "PermissionDenied" => (Some(A::Tool), Some(Phase::Decided), Some(Outcome::Failure)),
        "PostToolUse" | "PostToolCall" | "AfterTool" => {
            (Some(A::Tool), Some(Phase::Result), Some(Outcome::Success))
        }
        "PostToolUseFailure" => (Some(A::Tool), Some(Phase::Result), Some(Outcome::Failure)),
        "PostToolBatch" => (Some(A::Tool), Some(Phase::Result), None),
        "UserPromptSubmit"
        | "UserPromptExpansion"
        | "Stop"
        | "MessageDisplay"
        | "Notification"
        | "Elicitation"
        | "ElicitationResult" => (Some(A::Communication), Some(Phase::Message), None),
        "StopFailure" => (Some(A::Communication), Some(Phase::Message), Some(Outcome::Failure)),
        "SessionStart" | "SessionEnd" | "SubagentStart" | "SubagentStop" | "Setup" | "TeammateIdle" => {
            (Some(A::Lifecycle), None, None)
        }
        "TaskCreated" => (Some(A::Workflow), None, Some(Outcome::Running)),
        "TaskCompleted" => (Some(A::Workflow), None, Some(Outcome::Success)),
        "PreCompact" | "PostCompact" | "PreCompress" | "InstructionsLoaded" => (Some(A::Memory), None, None),
        "ConfigChange" | "PreModelSwitch" | "PostModelSwitch" => (Some(A::Settings), None, None),
        "FileChanged" | "CwdChanged" | "DirectoryAdded" | "WorktreeCreate" | "WorktreeRemove" => {
            (Some(A::Audit), None, None)
        }
        _ => (None, None, None),
    }
}
