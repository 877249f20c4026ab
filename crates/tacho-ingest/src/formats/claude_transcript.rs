//! A line of Claude Code's session transcript (JSONL): `type`, `uuid`, `sessionId`, `timestamp`, and for `user` and
//! `assistant` a `message` whose `content` is a text or blocks (text, thinking, tool_use, tool_result).
//!
//! Each block is an event, and the model request behind an assistant's message is one more, under the message's
//! own id: the program writes one line for each block and repeats the usage on every one, so these are states of
//! one action and count once. All ids derive from the line, so that a second import is all duplicates. What has
//! no column goes with the first event of the line.
//! Recognised by `type` beside `sessionId`, `leafUuid`, `uuid` with `message`, or `messageId` with `snapshot`.

use super::parts::resources;
use super::tools;
use crate::fields::{Fields, Refused};
use crate::lift::{Head, Lift, lift, lift_under};
use crate::read::Unit;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Level, Outcome, Phase};

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let line_id = fingerprint(&fields);
    let kind = fields.get_text("type").unwrap_or_default();
    let message = match kind.as_ref() {
        "user" | "assistant" => fields.take_object("message")?,
        _ => None,
    };
    let mut line = Event::default();
    lift(fields, self::line, &mut line)?;
    line.id.get_or_insert(line_id.into());
    match message {
        Some(message) => self::message(message, kind.as_ref() == "assistant", line, each),
        None => {
            settle(kind, &mut line);
            each(line);
            Ok(())
        }
    }
}

fn line(name: &str) -> Option<Lift> {
    Some(match name {
        "uuid" => Lift::Head(Head::Id),
        "timestamp" => Lift::MaybeTime,
        "sessionId" => Lift::Head(Head::Session),
        "version" => Lift::Head(Head::AgentVersion),
        "agentId" => Lift::Head(Head::Agent),
        "gitBranch" => Lift::Text(TextFact::GitBranch),
        "requestId" => Lift::Text(TextFact::RequestId),
        "promptId" => Lift::Text(TextFact::TurnId),
        "toolUseID" => Lift::Head(Head::Call),
        "parentToolUseID" => Lift::Head(Head::Parent),
        "subtype" => Lift::Head(Head::Action),
        "level" => Lift::Level,
        "content" | "summary" | "lastPrompt" => Lift::Section(Section::Input),
        "error" => Lift::Section(Section::Error),
        "durationMs" => Lift::Int(IntFact::DurationUs, Unit::Ms),
        "effort" => Lift::Text(TextFact::Effort),
        "permissionMode" => Lift::Text(TextFact::PermissionMode),
        _ => return None,
    })
}

/// Sets what a line without a message is.
fn settle(kind: Cow<'_, str>, line: &mut Event<'_>) {
    let name = line.action_name.get_or_insert_with(|| kind.clone().into_owned().into());
    let action_type = match name.as_ref() {
        "api_error" => {
            line.outcome = Some(Outcome::Failure);
            ActionType::Error
        }
        "compact_boundary" => ActionType::Memory,
        _ => ActionType::Log,
    };
    line.action_type = Some(action_type);
    // Bookkeeping of the program: kept, and out of the way.
    if !matches!(kind.as_ref(), "system" | "summary") {
        line.level.get_or_insert(Level::Debug);
    }
}

/// The parts of a message, from what is common to its line.
fn message<'a>(
    mut message: Fields<'a>,
    assistant: bool,
    line: Event<'a>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<(), Refused> {
    let usage = if message.get("id").is_some() { message.take_object("usage")? } else { None };
    let blocks = message.take_objects("content")?.unwrap_or_default();
    super::limit_events(blocks.len())?;
    let request = usage.map(|usage| model_request(&message, usage, &line)).transpose()?;
    let mut first = line.clone();
    lift_under("message", message, if assistant { said } else { asked }, &mut first)?;
    let model = first.facts.text(TextFact::Model).map(str::to_string);
    if blocks.is_empty() {
        speak(assistant, &mut first);
        each(first);
    } else {
        let id = line.id.clone().unwrap_or_default();
        for (number, block) in blocks.into_iter().enumerate() {
            let mut event = match number {
                0 => std::mem::take(&mut first),
                _ => Event { extra: Vec::new(), ..line.clone() },
            };
            event.id = Some(super::numbered(id.clone(), number));
            if let Some(model) = &model {
                event.facts.set_text(TextFact::Model, model.clone());
            }
            self::block(block, assistant, &mut event)?;
            each(event);
        }
    }
    if let Some(request) = request {
        each(request);
    }
    Ok(())
}

fn asked(name: &str) -> Option<Lift> {
    (name == "content").then_some(Lift::Section(Section::Input))
}

fn said(name: &str) -> Option<Lift> {
    Some(match name {
        "content" => Lift::Section(Section::Output),
        "model" => Lift::Text(TextFact::Model),
        "stop_reason" => Lift::Text(TextFact::StopReason),
        "usage" => Lift::Within(tokens),
        _ => return None,
    })
}

/// The call of the model that made an assistant's message.
fn model_request<'a>(
    message: &Fields<'a>,
    usage: Fields<'a>,
    line: &Event<'a>,
) -> Result<Event<'a>, Refused> {
    let mut event = Event {
        id: message.get_text("id"),
        extra: Vec::new(),
        action_type: Some(ActionType::External),
        action_name: Some("model_request".into()),
        outcome: Some(Outcome::Success),
        ..line.clone()
    };
    if let Some(model) = message.get_text("model") {
        event.facts.set_text(TextFact::Model, model);
    }
    lift_under("usage", usage, tokens, &mut event)?;
    Ok(event)
}

fn tokens(name: &str) -> Option<Lift> {
    match name {
        "output_tokens_details" => Some(Lift::Within(details)),
        _ => resources(name),
    }
}

fn details(name: &str) -> Option<Lift> {
    (name == "thinking_tokens").then_some(Lift::Int(IntFact::TokensReasoning, Unit::Count))
}

/// A text between user and agent.
fn speak(assistant: bool, event: &mut Event<'_>) {
    let name = if assistant { "assistant_message" } else { "user_message" };
    event.action_name.get_or_insert(name.into());
    event.action_type.get_or_insert(ActionType::Communication);
    event.phase.get_or_insert(Phase::Message);
}

fn block<'a>(block: Fields<'a>, assistant: bool, event: &mut Event<'a>) -> Result<(), Refused> {
    let kind = block.get_text("type").unwrap_or_default();
    let failed = block.get("is_error") == Some("true");
    let table = match kind.as_ref() {
        "tool_use" | "server_tool_use" => tool_use,
        "tool_result" if failed => tool_error,
        "tool_result" => tool_result,
        _ if assistant => output_text,
        _ => input_text,
    };
    lift_under("content", block, table, event)?;
    match kind.as_ref() {
        "tool_use" | "server_tool_use" => {
            event.phase = Some(Phase::Proposed);
            event.outcome = Some(Outcome::Running);
            tools::describe(event);
        }
        "tool_result" => {
            event.action_name.get_or_insert("tool_result".into());
            event.action_type = Some(ActionType::Tool);
            event.phase = Some(Phase::Result);
            event.outcome = Some(if failed { Outcome::Failure } else { Outcome::Success });
            if let Some(code) = event.error.as_deref().and_then(tools::exit_code) {
                event.facts.set_int(IntFact::ExitCode, code);
            }
        }
        "thinking" => {
            event.action_name = Some("assistant_thinking".into());
            speak(assistant, event);
        }
        _ => speak(assistant, event),
    }
    Ok(())
}

fn tool_use(name: &str) -> Option<Lift> {
    Some(match name {
        "id" => Lift::Head(Head::Call),
        "name" => Lift::Head(Head::Action),
        "input" => Lift::Section(Section::Input),
        _ => return None,
    })
}

fn tool_result(name: &str) -> Option<Lift> {
    Some(match name {
        "tool_use_id" => Lift::Head(Head::Call),
        "content" => Lift::Section(Section::Output),
        _ => return None,
    })
}

fn tool_error(name: &str) -> Option<Lift> {
    match name {
        "content" => Some(Lift::Section(Section::Error)),
        _ => tool_result(name),
    }
}

fn input_text(name: &str) -> Option<Lift> {
    (name == "text").then_some(Lift::Section(Section::Input))
}

fn output_text(name: &str) -> Option<Lift> {
    matches!(name, "text" | "thinking").then_some(Lift::Section(Section::Output))
}

/// How the id of a line that has none begins.
const LINE: &str = "line-";

/// The digest of a line without an id, and the number of the event in it, out of an id that was made here.
pub(crate) fn line_of(id: &str) -> Option<(&str, &str)> {
    let (digest, number) = id.strip_prefix(LINE)?.split_at_checked(32)?;
    let is_ours =
        digest.bytes().all(|byte| byte.is_ascii_hexdigit()) && (number.is_empty() || number.starts_with('/'));
    is_ours.then_some((digest, number))
}

/// The id of a line that came `times` before in its file, `place` lines into it.
pub(crate) fn repeated(digest: &str, number: &str, place: u64, times: u64) -> String {
    format!("{LINE}{digest}#{place}.{times}{number}")
}

/// An id for a line that has none: by what is in it.
fn fingerprint(fields: &Fields<'_>) -> String {
    if fields.get_text("uuid").is_some_and(|uuid| !uuid.is_empty()) {
        return String::new(); // it has one
    }
    let mut hash = Sha256::new();
    for (name, value) in fields.clone() {
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name.as_bytes());
        hash.update((value.len() as u64).to_be_bytes());
        hash.update(value.as_bytes());
    }
    let mut id = String::from(LINE);
    for byte in &hash.finalize()[..16] {
        let _ = write!(id, "{byte:02x}"); // writing to a string cannot fail
    }
    id
}
