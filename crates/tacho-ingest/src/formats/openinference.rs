//! An exported span with OpenInference's attributes: as Phoenix exports it (an object, or columns named
//! `attributes.llm.model_name`), or as OpenTelemetry's SDKs print it (`context` with `0x…` ids, `resource`).
//! Attributes may stand under their dotted names or as objects in one another.
//!
//! The agent is the one that the span names, else the program that the resource names, as for OTLP.
//!
//! Tool spans become calls, spans of models requests with tokens and cost; the others are the steps around them. A
//! span without a parent that names no session has its trace's; those below have session and agent of their nearest
//! ancestor that says it, which may stand behind them or in another file: that is joined, as for OTLP. Files of OTLP itself (`resourceSpans`) are read as requests are.
//! Recognised by `context` with `trace_id` or `span_id`, or by `context.trace_id`, `context.span_id`.

use super::{limit_items, said, tools};
use crate::fields::{Fields, Refused};
use crate::lift::{Head, Lift, lift};
use crate::otlp::attributes::{counted, uncounted};
use crate::otlp::cached;
use crate::otlp::group::program;
use crate::otlp::{answer, asked};
use crate::read::moment;
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::limits::INTEGER_MAX;
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Outcome, Phase};

pub(super) fn is_one(fields: &Fields<'_>) -> bool {
    let inner = fields.get("context").map(Fields::object);
    let is_context = matches!(inner, Some(Ok(context)) if context.get("trace_id").is_some() || context.get("span_id").is_some());
    is_context || fields.get("context.span_id").is_some() || items(fields).is_some()
}

/// The spans of a page that Phoenix answers with.
fn items<'a>(fields: &Fields<'a>) -> Option<Vec<Fields<'a>>> {
    let items = fields.clone().take_objects("data").ok()??;
    items.iter().all(|item| item.get("data").is_none() && is_one(item)).then_some(items)
}

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let Some(items) = items(&fields) else {
        each(span(fields)?);
        return Ok(());
    };
    limit_items(items.len())?;
    fields.take("data");
    let mut beside: Vec<_> = fields.into_iter().map(|(name, value)| (name, Cow::Borrowed(value))).collect();
    for item in items {
        let mut event = span(item)?;
        event.extra.append(&mut beside);
        each(event);
    }
    Ok(())
}

fn span(mut fields: Fields<'_>) -> Result<Event<'_>, Refused> {
    let mut event = Event::default();
    let attributes = attributes(&mut fields)?;
    let time = |name: &str| fields.get(name).and_then(moment).map(|(time, _)| time);
    let lasted = time("start_time").zip(time("end_time")).map(|(began, ended)| ended - began);
    let name = fields.get_text("name").map(Cow::into_owned);
    let context = fields.get("context").and_then(|context| Fields::object(context).ok()).unwrap_or_default();
    let id = |short: &str, long: &str| {
        let id = context.get_text(short).or_else(|| fields.get_text(long))?;
        Some(id.strip_prefix("0x").unwrap_or(&id).to_string())
    };
    let program = service(&fields);
    let (trace, own) = (id("trace_id", "context.trace_id"), id("span_id", "context.span_id"));
    let kind = attributes.get_text("openinference.span.kind").or_else(|| fields.get_text("span_kind"));
    let kind = kind.unwrap_or_default().to_ascii_uppercase();
    let is_request = matches!(kind.as_str(), "LLM" | "EMBEDDING" | "RERANKER");
    lift(attributes, if is_request { counted } else { uncounted }, &mut event)?;
    lift(fields, table, &mut event)?;
    if kind == "LLM" {
        answer::identify(&mut event);
        asked::name_model(&mut event);
        cached::set_apart(&mut event);
    }
    name_agent(program, &mut event);
    if let (Some(trace), Some(own)) = (&trace, &own) {
        event.id = Some(said::digest("span-", &[trace, own]).into());
    }
    if let Some(parent) = event.parent.take() {
        event.parent = Some(parent.strip_prefix("0x").unwrap_or(&parent).to_string().into());
    }
    if let Some(lasted) = lasted.filter(|lasted| (0..=INTEGER_MAX).contains(lasted)) {
        event.facts.set_int(IntFact::DurationUs, lasted);
    }
    let is_below = event.parent.as_deref().is_some_and(is_span_id) && own.as_deref().is_some_and(is_span_id);
    event.session = event.session.or_else(|| trace.filter(|_| !is_below).map(Cow::Owned));
    // A call is known by its id; its span has to be found, too.
    if let Some(own) = own.clone().filter(|_| event.call.is_some() || kind == "TOOL") {
        event.facts.set_text(TextFact::SpanId, own);
    }
    event.call = event.call.or_else(|| own.map(Cow::Owned));
    settle(&kind, name, &mut event);
    Ok(event)
}

/// Whether an id is one by which a span is found among others: eight bytes in hexadecimal digits.
fn is_span_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The program that the resource names; the name stays in the event.
fn service(fields: &Fields<'_>) -> Option<String> {
    let resource = Fields::object(fields.get("resource")?).ok()?;
    let resource = resource.get("attributes").and_then(|own| Fields::object(own).ok()).unwrap_or(resource);
    program(&resource.get_text("service.name")?).map(str::to_owned)
}

fn name_agent(program: Option<String>, event: &mut Event<'_>) {
    if event.agent.is_some() {
        return;
    }
    event.agent = event.facts.text(TextFact::AgentName).map(|name| name.to_owned().into());
    if event.agent.is_none() && program.is_some() {
        event.facts.set_int(IntFact::AgentAssumed, 1);
        event.agent = program.map(Cow::Owned);
    }
}

/// The attributes under their dotted names, taken from wherever they stand.
fn attributes<'a>(fields: &mut Fields<'a>) -> Result<Fields<'a>, Refused> {
    let mut out = Vec::new();
    if let Some(object) = fields.take_object("attributes")? {
        flatten("", object, &mut out)?;
    }
    let columns: Vec<String> =
        fields.names().filter(|name| name.starts_with("attributes.")).map(str::to_string).collect();
    for column in columns {
        if let Some(raw) = fields.take(&column) {
            let name = &column["attributes.".len()..];
            match raw.starts_with('{') {
                true => flatten(name, Fields::object(raw)?, &mut out)?,
                false => out.push((Cow::Owned(name.to_string()), raw)),
            }
        }
    }
    Ok(Fields::of(out.into_iter()))
}

fn flatten<'a>(
    path: &str,
    object: Fields<'a>,
    out: &mut Vec<(Cow<'a, str>, &'a str)>,
) -> Result<(), Refused> {
    for (name, raw) in object {
        let name = if path.is_empty() { name } else { Cow::Owned(format!("{path}.{name}")) };
        if raw.starts_with('{') && raw.len() > "{}".len() {
            flatten(&name, Fields::object(raw)?, out)?;
        } else {
            out.push((name, raw));
        }
    }
    Ok(())
}

/// What a span is, by its kind.
fn settle(kind: &str, name: Option<String>, event: &mut Event<'_>) {
    let own = event.action_name.take().map(Cow::into_owned).or(name);
    let (action_type, action) = match kind {
        "TOOL" => (None, own),
        "LLM" | "EMBEDDING" | "RERANKER" => (Some(ActionType::External), Some("model_request".to_string())),
        "RETRIEVER" => (Some(ActionType::External), own),
        "AGENT" => (Some(ActionType::Lifecycle), Some("invoke_agent".to_string())),
        "GUARDRAIL" | "EVALUATOR" => (Some(ActionType::Decision), own),
        _ => (Some(ActionType::Workflow), own),
    };
    event.action_type = action_type;
    event.action_name = action.map(Cow::Owned);
    if action_type.is_none() {
        tools::unwrap(&mut event.input);
        tools::describe(event);
        event.phase = Some(Phase::Result);
    }
    let status = event.facts.text(TextFact::Status).unwrap_or_default();
    event.outcome = Some(match status.rsplit('.').next() {
        Some("ERROR") => Outcome::Failure,
        Some("OK") => Outcome::Success,
        _ => Outcome::Unknown,
    });
}

fn table(name: &str) -> Option<Lift> {
    Some(match name {
        "start_time" => Lift::MaybeTime,
        "parent_id" => Lift::Head(Head::Parent),
        "span_kind" => Lift::Text(TextFact::Operation),
        "status_code" => Lift::Text(TextFact::Status),
        "status_message" => Lift::Section(Section::Error),
        "status" => Lift::Either(&Lift::Text(TextFact::Status), status),
        "resource" => Lift::Within(resource),
        _ => return None,
    })
}

fn status(name: &str) -> Option<Lift> {
    Some(match name {
        "status_code" => Lift::Text(TextFact::Status),
        "description" => Lift::Section(Section::Error),
        _ => return None,
    })
}

fn resource(name: &str) -> Option<Lift> {
    Some(match name {
        "attributes" => Lift::Within(resource),
        "service.version" => Lift::Head(Head::AgentVersion),
        _ => return None,
    })
}
