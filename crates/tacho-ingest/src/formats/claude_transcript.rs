//! A line of Claude Code's session transcript (JSONL): `type`, `uuid`, `sessionId`, `timestamp`, and for `user` and
//! `assistant` a `message` whose `content` is a text or blocks (text, thinking, tool_use, tool_result).
//!
//! Each block is an event, and the model request behind an assistant's message is one more, under the message's
//! own id: the program writes one line for each block and repeats the usage on every one, so [`crate::place`] lets it
//! count once. What the program writes in the model's place ([`NO_MODEL`]) was no request, unless it is the error that
//! one ended with: that request failed. All ids derive from the line, so that a second import is all duplicates. What
//! has no column goes with the first event of the line. A sub-agent's lines name it (`agentId`); its parent is the program's own agent.
//! Recognised by `type` beside `sessionId`, `leafUuid`, `uuid` with `message`, or `messageId` with `snapshot`; without
//! a `type` by `sessionId` beside a `message` with `usage`.

mod block;
mod course;
mod program;

use super::notifications;
use super::parts::resources;
use crate::fields::{Fields, Refused};
use crate::lift::{Head, Lift, lift, lift_under};
use crate::read::Unit;
use course::Course;
use program::Speaker;
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::limits::{FACT_BYTES_MAX, ID_BYTES_MAX};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Level, Outcome, Phase};

/// The agent whose lines name none.
pub(super) const AGENT: &str = "claude-code";
/// The model of what the program wrote itself, with tokens that are all zero.
const NO_MODEL: &str = "<synthetic>";

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let kind = kind(&fields);
    let message = match kind.as_ref() {
        "user" | "assistant" => fields.take_object("message")?,
        _ => None,
    };
    let queued = match kind.as_ref() {
        "attachment" => take_queued(&mut fields)?,
        _ => None,
    };
    let mut line = Event::default();
    let asked_in = asked_in(&mut fields);
    let cost = fields.get("costUSD").and_then(|raw| Unit::Dollars.read(raw));
    let started = fields.get("toolUseResult").filter(|raw| raw.contains("\"agentId\""));
    if let Some(Ok(result)) = started.map(Fields::object)
        && let Some(agent) = result.get_text("agentId").filter(|agent| agent.len() <= FACT_BYTES_MAX)
    {
        line.facts.set_text(TextFact::ToAgent, agent);
    }
    lift(fields, self::line, &mut line)?;
    line.session = asked_in.or(line.session);
    if line.agent.is_some() {
        line.parent.get_or_insert(AGENT.into());
    }
    match message {
        Some(message) => self::message(
            message,
            Speaker::of(kind.as_ref() == "assistant", &line),
            line,
            &mut |mut event| {
                if let Some((micros, _)) =
                    cost.filter(|_| event.action_name.as_deref() == Some("model_request"))
                {
                    event.facts.set_int(IntFact::CostMicros, micros);
                }
                each(event);
            },
        ),
        None => {
            match queued {
                Some(queued) => lift_under("attachment", queued, self::queued, &mut line)
                    .map(|()| speak(Speaker::of(false, &line), &mut line))?,
                None => settle(kind, &mut line),
            }
            each(line);
            Ok(())
        }
    }
}

/// The session that a line is from, where a session that goes on from it repeats it (`/branch`, `--fork-session`): it
/// asked the model and paid. Without these marks the copy is the line that it was made from.
fn asked_in<'a>(fields: &mut Fields<'a>) -> Option<Cow<'a, str>> {
    let is_id = |text: &Cow<'_, str>| !text.is_empty() && text.len() <= ID_BYTES_MAX;
    let request = fields.get_text("requestSessionId").filter(is_id);
    let branched = fields.get("forkedFrom").and_then(|raw| Fields::object(raw).ok()?.get_text("sessionId"));
    let branched = branched.filter(is_id);
    for (name, known) in [("requestSessionId", &request), ("forkedFrom", &branched)] {
        if known.is_some() {
            fields.take(name);
        }
    }
    request.or(branched)
}

/// What was said while the agent worked, and reached it within its turn: by the person, or by the program of a task that ended.
fn take_queued<'a>(fields: &mut Fields<'a>) -> Result<Option<Fields<'a>>, Refused> {
    let attachment = fields.get("attachment").and_then(|raw| Fields::object(raw).ok());
    let is_queued = |attachment: Fields<'_>| {
        let mode = attachment.get_text("commandMode");
        attachment.get_text("type").as_deref() == Some("queued_command")
            && matches!(mode.as_deref(), Some("prompt" | "task-notification"))
    };
    if attachment.is_some_and(is_queued) { fields.take_object("attachment") } else { Ok(None) }
}

fn queued(name: &str) -> Option<Lift> {
    (name == "prompt").then_some(Lift::Section(Section::Input))
}

/// What a line is. Some programs that copy transcripts leave the type out.
fn kind<'a>(fields: &Fields<'a>) -> Cow<'a, str> {
    let role = || Fields::object(fields.get("message")?).ok()?.get_text("role");
    fields.get_text("type").or_else(role).unwrap_or_default()
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
    let named = if kind.is_empty() { "log".into() } else { kind.clone().into_owned().into() };
    let name = line.action_name.get_or_insert(named);
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
    speaker: Speaker,
    line: Event<'a>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<(), Refused> {
    let failed = program::is_marked(&line, "isApiErrorMessage");
    let is_request =
        message.get("id").is_some() && (failed || message.get_text("model").as_deref() != Some(NO_MODEL));
    let usage = if is_request { message.take_object("usage")? } else { None };
    let blocks = message.take_objects("content")?.unwrap_or_default();
    super::limit_events(blocks.len())?;
    let outcome = if failed { Outcome::Failure } else { Outcome::Success };
    let request = usage.map(|usage| model_request(&message, usage, outcome, &line)).transpose()?;
    let course = Course::of(&line);
    let mut first = line.clone();
    lift_under("message", message, if speaker == Speaker::Assistant { said } else { asked }, &mut first)?;
    let model = first.facts.text(TextFact::Model).map(str::to_string);
    if blocks.is_empty() {
        speak(speaker, &mut first);
        each(first);
    } else {
        for (number, block) in blocks.into_iter().enumerate() {
            let mut event = match number {
                0 => std::mem::take(&mut first),
                _ => Event { extra: Vec::new(), ..line.clone() },
            };
            event.id = line.id.clone().map(|id| super::numbered(id, number));
            if let Some(model) = &model {
                event.facts.set_text(TextFact::Model, model.clone());
            }
            block::add(block, speaker, course, &mut event)?;
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
    outcome: Outcome,
    line: &Event<'a>,
) -> Result<Event<'a>, Refused> {
    let mut event = Event {
        id: message.get_text("id"),
        extra: Vec::new(),
        action_type: Some(ActionType::External),
        action_name: Some("model_request".into()),
        outcome: Some(outcome),
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

/// A text between user and agent. What the program writes in the user's name is no prompt.
fn speak(speaker: Speaker, event: &mut Event<'_>) {
    if speaker != Speaker::Assistant {
        notifications::settle(event);
        if event.action_name.is_none() && (speaker == Speaker::Program || program::wrote(event)) {
            event.action_name = Some("context_message".into());
            event.action_type = Some(ActionType::Log);
            event.level.get_or_insert(Level::Debug);
            return;
        }
    }
    let name = if speaker == Speaker::Assistant { "assistant_message" } else { "user_message" };
    event.action_name.get_or_insert(name.into());
    event.action_type.get_or_insert(ActionType::Communication);
    event.phase.get_or_insert(Phase::Message);
}
