//! OpenHands: a line of an evaluation's or resolver's `output.jsonl`, which is a run with its `history` of actions and
//! observations, or one event of a session's folder.
//!
//! An action and the observation it caused are joined by the id of the model's call, else by `cause`, else by standing
//! one behind the other. Older files hold pairs of both. Ids of a run derive from its line, so that it is all
//! duplicates a second time.
//! Recognised by `history` beside `instruction`, `git_patch`, `metrics` or `test_result`.

use super::{limit_items, said, tools};
use crate::fields::{Fields, Refused};
use crate::lift::{Head, Lift, lift, lift_under};
use crate::read::Unit;
use said::digest;
use serde_json::value::RawValue;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Level, Outcome, Phase};

pub(super) fn is_one(fields: &Fields<'_>) -> bool {
    let is_run =
        ["instruction", "git_patch", "test_result", "metrics"].iter().any(|name| fields.get(name).is_some());
    let has_history = fields.get("history").is_some_and(|value| value.starts_with('['));
    has_history && is_run && fields.get("mistake_agent").is_none()
        || fields.get("source").is_some() && is_action(fields) && fields.get("args").is_some()
        || fields.get("observation").is_some() && fields.get("extras").is_some()
}

fn is_action(fields: &Fields<'_>) -> bool {
    fields.get("action").is_some_and(|action| action.starts_with('"'))
}

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let Some(history) = fields.get("history") else {
        let mut run = Run { id: String::new(), last: None };
        return run.item(fields, &Event::default(), 0, each);
    };
    let items = items(history)?;
    limit_items(items.len())?;
    let texts: Vec<&str> = fields.clone().into_iter().map(|(_, value)| value).collect();
    let id = digest("oh-", &texts);
    fields.take("history");
    let base = Event { session: Some(id.clone().into()), ..Event::default() };
    let mut start = Event { id: Some(id.clone().into()), ..base.clone() };
    lift(fields, head, &mut start)?;
    start.action_type = Some(ActionType::Workflow);
    start.action_name = Some("run".into());
    start.concluded = start.error.as_deref().and_then(ended_badly);
    each(start);
    let mut run = Run { id, last: None };
    for (number, item) in items.into_iter().enumerate() {
        let mut event = None;
        run.item(item, &base, number, &mut |one| event = Some(one))?;
        each(
            event
                .map(|event| Event { id: Some(format!("{}/{}", run.id, number + 1).into()), ..event })
                .unwrap_or_default(),
        );
    }
    Ok(())
}

/// The outcome of a run that says why it ended.
fn ended_badly(error: &str) -> Option<Outcome> {
    (error.trim() != "\"\"").then_some(Outcome::Failure)
}

/// The items of a history, pairs one behind the other.
fn items(history: &str) -> Result<Vec<Fields<'_>>, Refused> {
    let json = |error: serde_json::Error| Refused::Json(error.to_string());
    let raw: Vec<&RawValue> = serde_json::from_str(history).map_err(json)?;
    let mut items = Vec::with_capacity(raw.len());
    for item in raw {
        if item.get().starts_with('[') {
            let pair: Vec<&RawValue> = serde_json::from_str(item.get()).map_err(json)?;
            for one in pair {
                items.push(Fields::object(one.get())?);
            }
        } else {
            items.push(Fields::object(item.get())?);
        }
    }
    Ok(items)
}

fn head(name: &str) -> Option<Lift> {
    Some(match name {
        "instance_id" => Lift::Text(TextFact::TaskId),
        "instruction" => Lift::Section(Section::Input),
        "git_patch" => Lift::Section(Section::Output),
        "error" => Lift::Section(Section::Error),
        "success" => Lift::Success,
        "base_commit" => Lift::Text(TextFact::GitCommit),
        "metrics" => Lift::Within(metrics),
        "metadata" => Lift::Within(metadata),
        "start_time" => Lift::MaybeTime,
        _ => return None,
    })
}

fn metrics(name: &str) -> Option<Lift> {
    Some(match name {
        "accumulated_cost" => Lift::Int(IntFact::CostMicros, Unit::Dollars),
        "accumulated_token_usage" => Lift::Within(tokens),
        _ => return None,
    })
}

fn tokens(name: &str) -> Option<Lift> {
    let fact = match name {
        "prompt_tokens" => IntFact::TokensInput,
        "completion_tokens" => IntFact::TokensOutput,
        "cache_read_tokens" => IntFact::TokensCacheRead,
        "cache_write_tokens" => IntFact::TokensCacheWrite,
        "model" => return Some(Lift::Text(TextFact::Model)),
        _ => return None,
    };
    Some(Lift::Int(fact, Unit::Count))
}

fn metadata(name: &str) -> Option<Lift> {
    Some(match name {
        "llm_config" => Lift::Within(metadata),
        "model" => Lift::Text(TextFact::Model),
        "agent_class" => Lift::Text(TextFact::AgentType),
        _ => return None,
    })
}

/// One run while its history is read.
struct Run {
    id: String,
    /// The call of the action before, for an observation that does not say what caused it.
    last: Option<String>,
}

impl Run {
    fn item<'a>(
        &mut self,
        item: Fields<'a>,
        base: &Event<'a>,
        number: usize,
        each: &mut dyn FnMut(Event<'a>),
    ) -> Result<(), Refused> {
        let mut event = base.clone();
        let (action, observation) = (item.get_text("action"), item.get_text("observation"));
        let (own, cause) = (item.get("id"), item.get("cause"));
        let source = item.get_text("source").unwrap_or_default();
        let call = |at: &str| format!("{}/call/{at}", self.id);
        if let Some(kind) = action {
            lift_under("history", item, acts, &mut event)?;
            let is_call = act(&kind, &source, &mut event);
            let call = own.map_or_else(|| call(&number.to_string()), call);
            if is_call && !self.id.is_empty() {
                event.call.get_or_insert_with(|| call.clone().into());
            }
            self.last = is_call.then(|| event.call.as_deref().unwrap_or(&call).to_string());
        } else if let Some(kind) = observation {
            lift_under("history", item, observes, &mut event)?;
            observe(&kind, &mut event);
            let last = self.last.take();
            if !self.id.is_empty() && event.call.is_none() {
                event.call = last.or_else(|| cause.map(call)).map(Into::into);
            }
        } else {
            lift_under("history", item, acts, &mut event)?;
            event.action_type = Some(ActionType::Log);
            event.level = Some(Level::Debug);
        }
        each(event);
        Ok(())
    }
}

fn common(name: &str) -> Option<Lift> {
    Some(match name {
        "timestamp" => Lift::MaybeTime,
        "tool_call_metadata" => Lift::Within(called),
        _ => return None,
    })
}

fn called(name: &str) -> Option<Lift> {
    Some(match name {
        "tool_call_id" => Lift::Head(Head::Call),
        "function_name" => Lift::Text(TextFact::Operation),
        _ => return None,
    })
}

fn acts(name: &str) -> Option<Lift> {
    Some(match name {
        "args" | "command" | "code" | "content" => Lift::Section(Section::Input),
        "outputs" => Lift::Section(Section::Output),
        _ => return common(name),
    })
}

fn observes(name: &str) -> Option<Lift> {
    Some(match name {
        "content" => Lift::Section(Section::Output),
        "exit_code" => Lift::Int(IntFact::ExitCode, Unit::Count),
        "success" => Lift::Success,
        "extras" => Lift::Within(extras),
        _ => return common(name),
    })
}

fn extras(name: &str) -> Option<Lift> {
    Some(match name {
        "exit_code" => Lift::Int(IntFact::ExitCode, Unit::Count),
        "metadata" => Lift::Within(extras),
        _ => return None,
    })
}

/// What an action is; whether an observation answers it.
fn act(kind: &str, source: &str, event: &mut Event<'_>) -> bool {
    match kind {
        "message" | "system" => {
            let role = match (kind, source) {
                ("message", "agent") => "assistant",
                ("message", _) => "user",
                _ => "system",
            };
            if role == "assistant" {
                event.output = event.input.take();
            }
            said::speak(role, event);
            return false;
        }
        "think" => said::think(event),
        "finish" | "reject" => {
            event.action_type = Some(ActionType::Workflow);
            event.action_name = Some(kind.to_string().into());
            event.outcome = Some(if kind == "finish" { Outcome::Success } else { Outcome::Failure });
            return false;
        }
        "change_agent_state" | "null" | "recall" | "condensation" => {
            event.action_type = Some(ActionType::Log);
            event.action_name = Some(kind.to_string().into());
            event.level = Some(Level::Debug);
            return kind == "recall";
        }
        _ => {
            event.action_name = Some(if kind == "run" { "Bash" } else { kind }.to_string().into());
            event.phase = Some(Phase::Proposed);
            event.outcome = Some(Outcome::Running);
            tools::describe(event);
        }
    }
    true
}

fn observe(kind: &str, event: &mut Event<'_>) {
    match kind {
        "agent_state_changed" | "null" | "recall" | "think" => {
            event.action_type = Some(ActionType::Log);
            event.action_name = Some(kind.to_string().into());
            event.level = Some(Level::Debug);
            return;
        }
        "error" => event.outcome = Some(Outcome::Failure),
        _ => {}
    }
    event.action_type = Some(ActionType::Tool);
    event.action_name = Some("tool_result".into());
    event.phase = Some(Phase::Result);
    let by_code = match event.facts.int(IntFact::ExitCode) {
        Some(0) => Outcome::Success,
        Some(_) => Outcome::Failure,
        None => Outcome::Unknown,
    };
    event.outcome.get_or_insert(by_code);
}
