//! A line of Codex's session file (rollout): `timestamp`, `type`, and a `payload` with a type of its own.
//!
//! A call stands there three times: as the model asked (`function_call`), as it ran (`item_completed`, the only place
//! with exit code and duration), as the model saw its result (`function_call_output`); all have its `call_id`. What the
//! user and the agent said stands as `response_item`, and once more as `event_msg`: the second is a log line. Only the
//! first line names the session and only `turn_context` the model: [`crate::place`] hands them on. Tokens are reported
//! twice: [`charge`] is for the first report of an answer, which [`Reports`] tells.
//! Files from before there was a `payload` hold the items as they are.
//! Recognised by `payload` beside a `type` of those below.

mod fate;
mod ran;
mod tokens;

pub(crate) use fate::{ending, note as note_fate};
pub(crate) use tokens::{Reports, charge};

use super::{said, tools};
use crate::fields::{Fields, Refused, unquote};
use crate::lift::{Head, Lift, Table, lift, lift_under};
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Level, Outcome, Phase};

/// The types of a line.
const KINDS: &[&str] = &[
    "session_meta",
    "response_item",
    "event_msg",
    "turn_context",
    "compacted",
    "world_state",
    "token_usage_record",
    "inter_agent_communication_metadata",
];

pub(super) fn is_one(fields: &Fields<'_>) -> bool {
    let is_object = fields.get("payload").is_some_and(|payload| payload.starts_with('{'));
    is_object && fields.get_text("type").is_some_and(|kind| KINDS.contains(&kind.as_ref()))
}

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let mut event = Event::default();
    let payload = fields.take_object("payload")?;
    let kind = fields.get_text("type").unwrap_or_default();
    match payload {
        Some(payload) => {
            lift(fields, line, &mut event)?;
            match kind.as_ref() {
                "session_meta" => meta(payload, &mut event)?,
                "response_item" => item(Some("payload"), payload, &mut event)?,
                "event_msg" => ran::message(payload, &mut event)?,
                _ => other(&kind, payload, &mut event)?,
            }
        }
        None if kind.is_empty() && fields.get("id").is_some() => meta(fields, &mut event)?,
        None => item(None, fields, &mut event)?,
    }
    if event.action_name.is_none() {
        event.action_name = Some(kind.into_owned().into());
    }
    each(event);
    Ok(())
}

fn line(name: &str) -> Option<Lift> {
    (name == "timestamp").then_some(Lift::MaybeTime)
}

/// Lifts what stood under a name, or a whole line.
fn put<'a>(
    under: Option<&str>,
    fields: Fields<'a>,
    table: Table,
    event: &mut Event<'a>,
) -> Result<(), Refused> {
    match under {
        Some(name) => lift_under(name, fields, table, event),
        None => lift(fields, table, event),
    }
}

/// Bookkeeping: kept, and out of the way.
fn note(name: &str, event: &mut Event<'_>) {
    event.action_type = Some(ActionType::Log);
    event.action_name.get_or_insert(name.to_string().into());
    event.level = Some(Level::Debug);
    event.phase = None;
}

/// What the session is. A sub-agent's file names its own thread and the session that it belongs to.
fn meta<'a>(mut payload: Fields<'a>, event: &mut Event<'a>) -> Result<(), Refused> {
    let (thread, session) = (payload.get_text("id"), payload.get_text("session_id"));
    payload.rename("id", "session_id");
    if session.is_some() && thread != session {
        event.agent = thread;
        payload.take("id");
    }
    event.action_type = Some(ActionType::Lifecycle);
    event.action_name = Some("session_start".into());
    lift_under("payload", payload, session_table, event)
}

fn session_table(name: &str) -> Option<Lift> {
    Some(match name {
        "session_id" => Lift::Head(Head::Session),
        "timestamp" => Lift::MaybeTime,
        "cli_version" => Lift::Head(Head::AgentVersion),
        "git" => Lift::Within(git),
        "source" | "subagent" | "thread_spawn" => Lift::Within(session_table),
        "parent_thread_id" | "forked_from_id" => Lift::Head(Head::Parent),
        "agent_role" => Lift::Text(TextFact::AgentType),
        "agent_nickname" => Lift::Text(TextFact::AgentName),
        _ => return None,
    })
}

fn git(name: &str) -> Option<Lift> {
    Some(match name {
        "commit_hash" => Lift::Text(TextFact::GitCommit),
        "branch" => Lift::Text(TextFact::GitBranch),
        _ => return None,
    })
}

/// What went to the model and came from it.
fn item<'a>(under: Option<&str>, item: Fields<'a>, event: &mut Event<'a>) -> Result<(), Refused> {
    let kind = item.get_text("type").unwrap_or_default();
    match kind.as_ref() {
        "message" => {
            let role = item.get_text("role").unwrap_or_default();
            let table = if role == "assistant" { spoken } else { heard };
            put(under, item, table, event)?;
            said::speak(&role, event);
            if role == "user" && event.input.as_deref().is_some_and(is_context) {
                event.action_name = None;
                note("context_message", event);
            }
        }
        "agent_message" => {
            put(under, item, told, event)?;
            event.action_name = Some(kind.into_owned().into());
            event.action_type = Some(ActionType::Communication);
            event.phase = Some(Phase::Message);
        }
        "reasoning" => {
            put(under, item, spoken, event)?;
            said::think(event);
        }
        _ if kind.ends_with("_output") => {
            put(under, item, call, event)?;
            result(event);
        }
        "web_search_call" | "image_generation_call" => {
            let status = item.get_text("status");
            event.call = item.get_text("id");
            put(under, item, call, event)?;
            asked(&kind, event);
            ran_elsewhere(status.as_deref(), event);
        }
        _ if kind.ends_with("_call") => {
            put(under, item, call, event)?;
            asked(&kind, event);
        }
        _ => {
            put(under, item, line, event)?;
            note(&kind, event);
        }
    }
    Ok(())
}

/// What the program tells the model in the user's name.
fn is_context(content: &str) -> bool {
    const STARTS: &[&str] = &["<environment_context>", "<user_instructions>", "# AGENTS.md instructions"];
    let text = content.split("\"text\":").nth(1).unwrap_or_default().trim_start().trim_start_matches('"');
    STARTS.iter().any(|start| text.starts_with(start))
}

fn heard(name: &str) -> Option<Lift> {
    Some(match name {
        "content" => Lift::Section(Section::Input),
        _ => return own(name),
    })
}

/// What another agent of the team said.
fn told(name: &str) -> Option<Lift> {
    Some(match name {
        "author" => Lift::Text(TextFact::FromAgent),
        "recipient" => Lift::Text(TextFact::ToAgent),
        _ => return heard(name),
    })
}

fn spoken(name: &str) -> Option<Lift> {
    Some(match name {
        "content" | "summary" => Lift::Section(Section::Output),
        _ => return own(name),
    })
}

/// What every item has.
fn own(name: &str) -> Option<Lift> {
    Some(match name {
        "id" => Lift::Head(Head::Id),
        "timestamp" => Lift::MaybeTime,
        "internal_chat_message_metadata_passthrough" => Lift::Within(turn),
        _ => return None,
    })
}

fn turn(name: &str) -> Option<Lift> {
    (name == "turn_id").then_some(Lift::Text(TextFact::TurnId))
}

fn call(name: &str) -> Option<Lift> {
    Some(match name {
        "call_id" => Lift::Head(Head::Call),
        "name" => Lift::Head(Head::Action),
        "arguments" | "input" | "action" => Lift::Section(Section::Input),
        "output" => Lift::Section(Section::Output),
        _ => return own(name),
    })
}

/// A call as the model asked for it. Tools of an MCP server have the name that hooks give them.
fn asked(kind: &str, event: &mut Event<'_>) {
    let space = event.extra.iter().find(|(name, _)| name.ends_with("namespace"));
    let space = space.and_then(|(_, raw)| unquote(raw)).map(Cow::into_owned);
    if let (Some(space), Some(name)) = (space, event.action_name.clone())
        && let Some(server) = space.strip_prefix("mcp__")
    {
        event.facts.set_text(TextFact::McpServer, server.to_string());
        event.facts.set_text(TextFact::Operation, name.clone().into_owned());
        event.action_name = Some(format!("{space}__{name}").into());
    }
    let own_name = match kind {
        "local_shell_call" => "shell",
        _ => kind.trim_end_matches("_call"),
    };
    event.action_name.get_or_insert_with(|| own_name.to_string().into());
    event.phase = Some(Phase::Proposed);
    event.outcome = Some(Outcome::Running);
    tools::unwrap(&mut event.input);
    tools::describe(event);
}

/// A call that the provider ran itself: no line of its result follows. Until it is over it is as it was asked for.
fn ran_elsewhere(status: Option<&str>, event: &mut Event<'_>) {
    let outcome = match status {
        Some("completed") => Outcome::Success,
        Some("failed" | "incomplete") => Outcome::Failure,
        _ => return,
    };
    (event.phase, event.outcome) = (Some(Phase::Executed), Some(outcome));
}

/// A call as the model saw its result.
fn result(event: &mut Event<'_>) {
    event.action_name.get_or_insert("tool_result".into());
    event.action_type = Some(ActionType::Tool);
    event.phase = Some(Phase::Result);
    tools::unwrap(&mut event.output);
    let (code, outcome) = event.output.as_deref().map(ending).unwrap_or_default();
    if let Some(code) = code {
        event.facts.set_int(IntFact::ExitCode, code);
    }
    event.outcome = outcome.or(Some(Outcome::Unknown));
    note_fate(event);
}

/// A line of another type.
fn other<'a>(kind: &str, payload: Fields<'a>, event: &mut Event<'a>) -> Result<(), Refused> {
    lift_under("payload", payload, context, event)?;
    if kind == "compacted" {
        event.action_type = Some(ActionType::Memory);
        event.action_name = Some("compact".into());
    } else {
        note(kind, event);
    }
    Ok(())
}

fn context(name: &str) -> Option<Lift> {
    Some(match name {
        "model" => Lift::Text(TextFact::Model),
        "turn_id" => Lift::Text(TextFact::TurnId),
        "approval_policy" => Lift::Text(TextFact::PermissionMode),
        "effort" => Lift::Text(TextFact::Effort),
        "response_id" => Lift::Head(Head::Id),
        "message" => Lift::Section(Section::Output),
        _ => return None,
    })
}
