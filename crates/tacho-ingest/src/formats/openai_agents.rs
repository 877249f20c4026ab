//! The OpenAI Agents SDK's own traces, as its exporter posts them: `{"data":[…]}` of traces and finished spans, each
//! with `span_data` whose `type` tells the rest: function, generation, response, agent, handoff, guardrail, custom.
//!
//! Children come before their parents and name neither session nor agent: within one body they take the `group_id` of
//! their trace and the name of the nearest agent above them. Tokens count where a model was called; the sums that
//! turns and tasks state stay in `extra`.
//! Recognised by `object` being `trace` or `trace.span`, or by a `data` list of such.

use super::{limit_events, tools};
use crate::fields::{Fields, Refused};
use crate::lift::{Head, Lift, lift, lift_under};
use crate::read::{Unit, moment};
use std::borrow::Cow;
use std::collections::HashMap;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::limits::{FACT_BYTES_MAX, INTEGER_MAX};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Outcome, Phase};

/// By what the exporter is known beside libraries of OpenTelemetry.
const LIBRARY: &str = "openai.agents";
/// So far up is looked for an agent.
const ANCESTORS_MAX: usize = 64;

/// Whether an object is one of the exporter's.
pub(super) fn is_one(fields: &Fields<'_>) -> bool {
    let is_item =
        |fields: &Fields<'_>| matches!(fields.get_text("object").as_deref(), Some("trace" | "trace.span"));
    let items = || fields.clone().take_objects("data").ok().flatten();
    is_item(fields) || items().is_some_and(|items| items.iter().all(is_item))
}

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let Some(items) = fields.take_objects("data")? else {
        each(item(fields, &Kin::default())?);
        return Ok(());
    };
    limit_events(items.len())?;
    let kin = Kin::of(&items);
    let mut beside: Vec<_> = fields.into_iter().map(|(name, value)| (name, Cow::Borrowed(value))).collect();
    for item in items {
        let mut event = self::item(item, &kin)?;
        event.extra.append(&mut beside);
        each(event);
    }
    Ok(())
}

type MaybeText<'a> = Option<Cow<'a, str>>;

/// What the items of one body say of one another.
#[derive(Default)]
struct Kin<'a> {
    groups: HashMap<Cow<'a, str>, Cow<'a, str>>,
    /// Parent, and the agent that the span is.
    spans: HashMap<Cow<'a, str>, (MaybeText<'a>, MaybeText<'a>)>,
}

impl<'a> Kin<'a> {
    fn of(items: &[Fields<'a>]) -> Kin<'a> {
        let mut kin = Kin::default();
        for item in items {
            let Some(id) = item.get_text("id") else { continue };
            if let Some(group) = item.get_text("group_id") {
                kin.groups.insert(id, group);
            } else if let Some(Ok(data)) = item.get("span_data").map(Fields::object) {
                let is_agent = data.get_text("type").as_deref() == Some("agent");
                let agent = data.get_text("name").filter(|_| is_agent);
                kin.spans.insert(id, (item.get_text("parent_id"), agent));
            }
        }
        kin
    }

    fn agent(&self, span: &str) -> Option<&Cow<'a, str>> {
        let mut at = self.spans.get(span)?;
        for _ in 0..ANCESTORS_MAX {
            if at.1.is_some() {
                return at.1.as_ref();
            }
            at = self.spans.get(at.0.as_deref()?)?;
        }
        None
    }
}

fn item<'a>(mut fields: Fields<'a>, kin: &Kin<'a>) -> Result<Event<'a>, Refused> {
    let mut event = Event::default();
    let trace = fields.get_text("trace_id").or_else(|| fields.get_text("id")).unwrap_or_default();
    let id = fields.get_text("id");
    let began = fields.get("started_at").and_then(moment);
    let ended = fields.get("ended_at").and_then(moment);
    let data = fields.take_object("span_data")?;
    lift(fields, table, &mut event)?;
    if let (Some((began, _)), Some((ended, _))) = (began, ended)
        && (0..=INTEGER_MAX).contains(&(ended - began))
    {
        event.facts.set_int(IntFact::DurationUs, ended - began);
    }
    let is_trace = data.is_none();
    if let Some(data) = data {
        span(data, &mut event)?;
    }
    if is_trace {
        event.action_type = Some(ActionType::Workflow);
        event.action_name.get_or_insert("trace".into());
        event.outcome = None;
    }
    if event.session.is_none() {
        event.session = kin.groups.get(&trace).cloned();
    }
    if event.agent.is_none() {
        event.agent = id.as_deref().and_then(|id| kin.agent(id)).cloned();
    }
    // What another body says of trace or agent is inherited later, along spans and their parents.
    if event.agent.is_none() {
        event.facts.set_int(IntFact::AgentAssumed, 1);
    }
    if event.parent.is_none() && !is_trace && !trace.is_empty() {
        event.parent = Some(trace);
    }
    // Who tells, so that other libraries may tell of the same call of the model.
    event.facts.set_text(TextFact::Logger, LIBRARY);
    if let Some(id) = id.filter(|id| id.len() <= FACT_BYTES_MAX) {
        event.facts.set_text(TextFact::SpanId, id.clone());
        event.call.get_or_insert(id);
    }
    Ok(event)
}

fn table(name: &str) -> Option<Lift> {
    Some(match name {
        "id" => Lift::Head(Head::Id),
        "group_id" => Lift::Head(Head::Session),
        "workflow_name" => Lift::Head(Head::Action),
        "parent_id" => Lift::Head(Head::Parent),
        "started_at" => Lift::MaybeTime,
        "error" => Lift::Section(Section::Error),
        _ => return None,
    })
}

fn span<'a>(data: Fields<'a>, event: &mut Event<'a>) -> Result<(), Refused> {
    let kind = data.get_text("type").unwrap_or_default();
    let is_model = matches!(kind.as_ref(), "generation" | "response");
    lift_under("span_data", data, if is_model { model_data } else { span_data }, event)?;
    for text in [&mut event.input, &mut event.output] {
        tools::unwrap(text);
    }
    event.outcome = Some(if event.error.is_some() { Outcome::Failure } else { Outcome::Success });
    let (action_type, phase, action) = match kind.as_ref() {
        "generation" | "response" => (ActionType::External, Some(Phase::Executed), Some("model_request")),
        "function" => {
            tools::describe(event);
            (ActionType::Tool, Some(Phase::Executed), None)
        }
        "mcp_tools" => (ActionType::External, None, None),
        "agent" => {
            event.agent = event.action_name.take();
            (ActionType::Lifecycle, None, Some("invoke_agent"))
        }
        "handoff" => (ActionType::Communication, Some(Phase::Message), None),
        "guardrail" => (ActionType::Decision, Some(Phase::Decided), None),
        _ => (ActionType::Workflow, None, None),
    };
    event.action_type.get_or_insert(action_type);
    event.phase = phase;
    let action = action.map_or_else(|| kind.into_owned().into(), Cow::Borrowed);
    event.action_name.get_or_insert(action);
    Ok(())
}

fn span_data(name: &str) -> Option<Lift> {
    Some(match name {
        "type" => Lift::Text(TextFact::Operation),
        "name" => Lift::Head(Head::Action),
        "input" => Lift::Section(Section::Input),
        "output" | "result" => Lift::Section(Section::Output),
        "triggered" => Lift::Section(Section::Decision),
        "from_agent" => Lift::Text(TextFact::FromAgent),
        "to_agent" => Lift::Text(TextFact::ToAgent),
        "server" => Lift::Text(TextFact::McpServer),
        _ => return None,
    })
}

fn model_data(name: &str) -> Option<Lift> {
    Some(match name {
        "model" => Lift::Text(TextFact::Model),
        "response_id" => Lift::Text(TextFact::RequestId),
        "usage" => Lift::Within(usage),
        _ => return span_data(name),
    })
}

fn usage(name: &str) -> Option<Lift> {
    Some(Lift::Int(
        match name {
            "input_tokens" | "prompt_tokens" => IntFact::TokensInput,
            "output_tokens" | "completion_tokens" => IntFact::TokensOutput,
            "cached_input_tokens" => IntFact::TokensCacheRead,
            "cache_write_input_tokens" => IntFact::TokensCacheWrite,
            "total_tokens" => IntFact::TokensTotal,
            _ => return None,
        },
        Unit::Count,
    ))
}
