//! Gemini CLI's session file. Today one line for each message behind a line that names the session, and `$set` lines
//! that put members of the session, also messages; before, one document with `messages` in it.
//!
//! A message of the model is the answer, the request that made it (`tokens`, `model`) and the calls that followed, each
//! with arguments and result under its own id, which telemetry has as well. It is written again when its calls are
//! over, so all these are states under ids of the message's own, and what did not change is a duplicate. The results
//! that go back to the model come once more in the user's name: log lines.
//! Recognised by `projectHash` beside `sessionId`, `$set`, or `type` beside `content` and `id` in a line of its kind.

use super::tools::NeverRan;
use super::{gemini_hook, limit_items, numbered, said, tools};
use crate::fields::{Fields, Refused};
use crate::lift::{Head, Lift, lift, lift_under};
use crate::read::Unit;
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Level, Outcome, Phase};

pub(super) fn is_one(fields: &Fields<'_>) -> bool {
    if fields.get("sessionId").is_some() {
        return fields.get("projectHash").is_some();
    }
    if fields.get("$set").is_some() || fields.get("$rewindTo").is_some() {
        return true;
    }
    let kind = fields.get_text("type");
    let is_kind = matches!(kind.as_deref(), Some("user" | "gemini" | "info" | "warning" | "error"));
    is_kind && fields.get("content").is_some() && fields.get("id").is_some() && fields.get("uuid").is_none()
}

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    if fields.get("sessionId").is_some() {
        let messages = fields.take_objects("messages")?.unwrap_or_default();
        return session(fields, messages, each);
    }
    if let Some(mut set) = fields.take_object("$set")? {
        let messages = set.take_objects("messages")?.unwrap_or_default();
        limit_items(messages.len())?;
        let mut event = Event::default();
        lift_under("$set", set, nothing, &mut event)?;
        lift(fields, nothing, &mut event)?;
        note("session_update", &mut event);
        each(event);
        return messages.into_iter().try_for_each(|one| message(one, &Event::default(), each));
    }
    message(fields, &Event::default(), each)
}

fn nothing(_: &str) -> Option<Lift> {
    None
}

fn note(name: &str, event: &mut Event<'_>) {
    event.action_type = Some(ActionType::Log);
    event.action_name = Some(name.to_string().into());
    event.level = Some(Level::Debug);
}

fn session<'a>(
    fields: Fields<'a>,
    messages: Vec<Fields<'a>>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<(), Refused> {
    limit_items(messages.len())?;
    let mut event = Event::default();
    let id = fields.get_text("sessionId").unwrap_or_default();
    lift(fields, head, &mut event)?;
    event.id = Some(format!("chat-{id}").into());
    event.action_type = Some(ActionType::Lifecycle);
    event.action_name = Some("session_start".into());
    let base = Event { session: event.session.clone(), ..Event::default() };
    each(event);
    messages.into_iter().try_for_each(|one| message(one, &base, each))
}

fn head(name: &str) -> Option<Lift> {
    Some(match name {
        "sessionId" => Lift::Head(Head::Session),
        "startTime" => Lift::MaybeTime,
        "kind" => Lift::Text(TextFact::AgentType),
        _ => return None,
    })
}

fn message<'a>(
    mut fields: Fields<'a>,
    base: &Event<'a>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<(), Refused> {
    let kind = fields.get_text("type").unwrap_or_default();
    let id = fields.get_text("id");
    let calls = fields.take_objects("toolCalls")?.unwrap_or_default();
    let tokens = fields.take_object("tokens")?;
    let model = fields.get_text("model");
    limit_items(calls.len())?;
    let mut event = base.clone();
    lift(fields, if kind == "user" { heard } else { spoken }, &mut event)?;
    let rest = Event { claimed_us: event.claimed_us, ..base.clone() };
    settle(&kind, &mut event);
    each(event);
    let own = |what: &str| id.as_ref().map(|id| Cow::Owned(format!("{id}/{what}")));
    if let Some(tokens) = tokens {
        let mut request = Event { id: own("request"), ..rest.clone() };
        if let Some(model) = model.filter(|model| model.len() <= tacho_event::limits::FACT_BYTES_MAX) {
            request.facts.set_text(TextFact::Model, model);
        }
        lift_under("tokens", tokens, usage, &mut request)?;
        request.action_type = Some(ActionType::External);
        request.action_name = Some("model_request".into());
        request.outcome = Some(Outcome::Success);
        each(request);
    }
    for (number, call) in calls.into_iter().enumerate() {
        let id = own("call").map(|id| numbered(id, number));
        let mut event = Event { id, claimed_us: None, ..rest.clone() };
        lift_under("toolCalls", call, self::call, &mut event)?;
        event.claimed_us = event.claimed_us.or(rest.claimed_us);
        result(&mut event);
        each(event);
    }
    Ok(())
}

fn settle(kind: &str, event: &mut Event<'_>) {
    let is_empty = event.output.as_deref().is_none_or(|text| matches!(text, "\"\"" | "[]"));
    match kind {
        "user" => {
            let is_result =
                event.input.as_deref().is_some_and(|input| input.starts_with("[{\"functionResponse\""));
            let is_context = event.input.as_deref().is_some_and(|input| {
                input.trim_start_matches(['[', '{', ' ']).starts_with("\"text\":\"<session_context>")
            });
            match (is_result, is_context) {
                (true, _) => note("tool_response", event),
                (_, true) => note("context_message", event),
                _ => said::speak("user", event),
            }
        }
        "gemini" if is_empty => note("assistant_turn", event),
        "gemini" => said::speak("assistant", event),
        "error" => {
            event.error = event.output.take();
            event.action_type = Some(ActionType::Error);
            event.action_name = Some("error".into());
            event.outcome = Some(Outcome::Failure);
        }
        _ => note(if kind.is_empty() { "line" } else { kind }, event),
    }
}

fn heard(name: &str) -> Option<Lift> {
    if name == "content" { Some(Lift::Section(Section::Input)) } else { spoken(name) }
}

fn spoken(name: &str) -> Option<Lift> {
    Some(match name {
        "id" => Lift::Head(Head::Id),
        "timestamp" => Lift::MaybeTime,
        "content" => Lift::Section(Section::Output),
        "model" => Lift::Text(TextFact::Model),
        _ => return None,
    })
}

fn usage(name: &str) -> Option<Lift> {
    let fact = match name {
        "input" => IntFact::TokensInput,
        "output" => IntFact::TokensOutput,
        "cached" => IntFact::TokensCacheRead,
        "thoughts" => IntFact::TokensReasoning,
        "total" => IntFact::TokensTotal,
        _ => return None,
    };
    Some(Lift::Int(fact, Unit::Count))
}

fn call(name: &str) -> Option<Lift> {
    Some(match name {
        "id" => Lift::Head(Head::Call),
        "name" => Lift::Head(Head::Action),
        "args" => Lift::Section(Section::Input),
        "result" => Lift::Section(Section::Output),
        "status" => Lift::Outcome,
        "timestamp" => Lift::MaybeTime,
        "agentId" => Lift::Text(TextFact::ToAgent),
        _ => return None,
    })
}

/// How a call ended. A command that failed says so in its text only.
fn result(event: &mut Event<'_>) {
    tools::describe(event);
    event.phase = Some(Phase::Result);
    let response = event.output.as_deref().and_then(|output| response(output, "output"));
    let error = event.output.as_deref().and_then(|output| self::response(output, "error"));
    let name = event.action_name.as_deref().unwrap_or_default();
    if let Some(why) = error.as_deref().and_then(|error| never_ran(name, error)) {
        why.note(event);
    }
    if let Some(code) = response.as_deref().and_then(gemini_hook::exit_code)
        && event.action_name.as_deref() == Some("run_shell_command")
    {
        event.facts.set_int(IntFact::ExitCode, code);
        if code != 0 {
            event.outcome = Some(Outcome::Failure);
        }
    }
}

/// Why a call never ran, as far as the program's own words say.
pub(super) fn never_ran(tool: &str, error: &str) -> Option<NeverRan> {
    if error.starts_with(&format!("Tool \"{tool}\" not found")) {
        return Some(NeverRan::UnknownTool);
    }
    is_refusal(error).then_some(NeverRan::Refused)
}

/// Whether the program's own words say that the call was not let run: by a policy, a hook or a person. What a tool itself
/// answers begins otherwise, also where it was denied something.
fn is_refusal(error: &str) -> bool {
    const REFUSED: &[&str] =
        &["Tool execution denied by policy", "Tool execution blocked: ", "Agent execution stopped by hook: "];
    let is_denied = || error.starts_with("Tool execution for \"") && error.ends_with("\" denied by policy.");
    let by_person = || {
        let reason = error.strip_prefix("[Operation Cancelled] ");
        reason.is_some_and(|reason| {
            ["did not allow", "denied", "rejected"].iter().any(|word| reason.contains(word))
        })
    };
    REFUSED.iter().any(|start| error.starts_with(start)) || is_denied() || by_person()
}

/// The text that the model was given, as what it was.
fn response(output: &str, name: &str) -> Option<String> {
    let parts: Vec<&serde_json::value::RawValue> = serde_json::from_str(output).ok()?;
    let mut part = Fields::object(parts.first()?.get()).ok()?.take_object("functionResponse").ok()??;
    let response = part.take_object("response").ok()??;
    Some(response.get_text(name)?.into_owned())
}
