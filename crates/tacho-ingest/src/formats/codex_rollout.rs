//! A line of Codex's session file (rollout): `timestamp`, `type`, and a `payload` with a type of its own.
//!
//! A call stands there three times: as the model asked (`function_call`), as it ran (`item_completed`, the only place
//! with exit code and duration), as the model saw its result (`function_call_output`); all have its `call_id`. What the
//! user and the agent said stands as `response_item`, and once more as `event_msg`: the second is a log line. Only the
//! first line names the session and only `turn_context` the model: [`crate::place`] hands them on. Tokens are reported
//! with a running total, often twice: [`charge`] is for the first report of a total.
//! Files from before there was a `payload` hold the items as they are.
//! Recognised by `payload` beside a `type` of those below.

use super::{parts, said, tools};
use crate::fields::{Fields, Refused, unquote};
use crate::lift::{Head, Lift, Table, lift, lift_copies, lift_under};
use crate::read::Unit;
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
                "event_msg" => message(payload, &mut event)?,
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
        "reasoning" => {
            put(under, item, spoken, event)?;
            said::think(event);
        }
        _ if kind.ends_with("_output") => {
            put(under, item, call, event)?;
            result(event);
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
}

/// The exit code and how the call ended, as far as its output tells.
fn ending(output: &str) -> (Option<i64>, Option<Outcome>) {
    const FAILED: &[&str] =
        &["exec_command failed", "apply_patch verification failed", "unsupported call", "failed to parse"];
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
    (None, FAILED.iter().any(|start| text.starts_with(start)).then_some(Outcome::Failure))
}

/// What the program tells of its run.
fn message<'a>(mut payload: Fields<'a>, event: &mut Event<'a>) -> Result<(), Refused> {
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

/// Members that hold a report's running total, and what was used since the one before.
const TOTALS: [(&str, &str); 2] =
    [("payload.thread_token_usage", "payload.usage"), ("payload.info", "payload.info")];

/// The running total that an event reports, tokens.
pub(crate) fn running_total(event: &Event<'_>) -> Option<i64> {
    let (total, _) = report(event)?;
    total.get("total_tokens")?.parse().ok()
}

/// The running total and the last usage of a report.
fn report<'e>(event: &'e Event<'_>) -> Option<(Fields<'e>, Fields<'e>)> {
    if !matches!(event.action_name.as_deref(), Some("token_count" | "token_usage_record")) {
        return None;
    }
    let member = |name: &str| {
        let (_, raw) = event.extra.iter().find(|(member, _)| member == name)?;
        Fields::object(raw).ok()
    };
    TOTALS.iter().find_map(|(total, last)| {
        let (mut total, mut last) = (member(total)?, member(last)?);
        Some((
            total.take_object("total_token_usage").ok()?.unwrap_or(total),
            last.take_object("last_token_usage").ok()?.unwrap_or(last),
        ))
    })
}

/// Makes a report the request to the model that it tells of. The members stay where they are.
pub(crate) fn charge(event: &mut Event<'_>) {
    let Some((_, last)) = report(event) else { return };
    let mut copies = Event::default();
    lift_copies(last, usage, &mut copies);
    let counts = *copies.facts.ints();
    for (fact, count) in IntFact::ALL.iter().zip(counts) {
        if let Some(count) = count {
            event.facts.set_int(*fact, count);
        }
    }
    event.action_type = Some(ActionType::External);
    event.action_name = Some("model_request".into());
    event.outcome = Some(Outcome::Success);
    event.level = None;
}

fn usage(name: &str) -> Option<Lift> {
    let fact = match name {
        "cached_input_tokens" => IntFact::TokensCacheRead,
        "cache_write_input_tokens" => IntFact::TokensCacheWrite,
        "reasoning_output_tokens" => IntFact::TokensReasoning,
        _ => return parts::resources(name),
    };
    Some(Lift::Int(fact, Unit::Count))
}
