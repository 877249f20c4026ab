//! A span as one event: it began at its time, took its duration, belongs to its parent.

use super::attributes::{counted, is_section, uncounted};
use super::cached;
use super::family::{Family, Heritage, operation, states_its_run};
use super::gemini;
use super::group::Group;
use super::identity;
use super::meaning::{Operation, decided};
use super::value::{self, Members, hex, id_text, is_span, is_told, is_trace, moment, object, text_under};
use super::wire::{Link, Span, SpanEvent};
use super::{ai_sdk, answer, asked, langchain};
use crate::fields::{Refused, quote};
use crate::lift::{Lift, Table, lift, lift_copies};
use std::fmt::Write;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::id::Id;
use tacho_event::words::{ActionType, Level, Outcome, Phase};

const OK: i32 = 1;
const ERROR: i32 = 2;
const CLIENT: i32 = 3;
const KINDS: [&str; 6] = ["", "internal", "server", "client", "producer", "consumer"];

/// Whether a span has the ids that make it one.
///
/// # Errors
/// [`Refused`] names the id that is none.
pub(super) fn check(span: &Span) -> Result<(), Refused> {
    let wrong = |field, id: &[u8], expected| {
        let found = match id_text(id) {
            text if text.is_empty() => "empty".to_owned(),
            text => format!("\"{:.40}\"", text.escape_debug().to_string()),
        };
        Err(Refused::Field { field, found, expected })
    };
    if !is_trace(&span.trace_id) {
        return wrong("trace_id", &span.trace_id, "16 bytes that are not all zero");
    }
    if !is_span(&span.span_id) {
        return wrong("span_id", &span.span_id, "8 bytes that are not all zero");
    }
    Ok(())
}

/// A span's texts, from which its event borrows.
pub(super) struct Texts {
    pub(super) members: Members,
    exceptions: Vec<Members>,
    name: String,
    operation: Operation,
    waits: bool,
    is_client: bool,
    claimed_us: Option<i64>,
    duration_us: Option<i64>,
    own: String,
    parent: Option<String>,
    id: Id,
    status: i32,
    why: Option<String>,
    inherited: Heritage,
    table: Table,
}

impl Texts {
    pub(super) fn new(span: Span, group: &Group, family: &Family) -> Texts {
        let mut members = Members::default();
        let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
        let claimed_us = moment(start, "start_time_unix_nano", &mut members);
        // Both ends to the nanosecond: the duration is a microsecond's.
        members.add_count("end_time_unix_nano", end);
        let took =
            end.checked_sub(start).filter(|_| start != 0).map(|nanos| nanos.saturating_add(500) / 1000);
        members.add_text("trace_id", &hex(&span.trace_id));
        members.add_text("span_id", &hex(&span.span_id));
        let has_parent = is_span(&span.parent_span_id);
        if !has_parent && is_told(&span.parent_span_id) {
            members.add_text("parent_span_id", &id_text(&span.parent_span_id));
        }
        members.add_text("kind", KINDS.get(span.kind.max(0) as usize).copied().unwrap_or("unknown"));
        members.add_text("trace_state", &span.trace_state);
        members.add_count("flags", span.flags);
        members.attributes(&span.attributes, is_section);
        members.first("user.email");
        add_lists(&span, &mut members);
        let operation = operation(&span.attributes);
        if states_its_run(&span.attributes) {
            members.rename("gen_ai.agent.id", "gen_ai.agent.run");
        }
        let repeats = operation != Operation::Model
            || group.counts_in_logs()
            || family.is_wrapper(&span.trace_id, &span.span_id);
        let status = span.status.unwrap_or_default();
        members.weigh(&status.message);
        members.weigh(&span.name);
        Texts {
            exceptions: exceptions(&span.events),
            operation,
            waits: text_under(&span.attributes, &["span.type"]) == Some("tool.blocked_on_user"),
            is_client: span.kind == CLIENT,
            claimed_us,
            duration_us: took.and_then(value::within_entry),
            own: hex(&span.span_id),
            parent: has_parent.then(|| hex(&span.parent_span_id)),
            id: identity::span(&span.trace_id, &span.span_id),
            status: status.code,
            why: (!status.message.is_empty()).then(|| quote(&status.message)),
            inherited: family.inherited(&span.trace_id, &span.span_id),
            table: if repeats { uncounted } else { counted },
            name: span.name,
            members,
        }
    }

    /// Made of trace and span.
    pub(super) fn id(&self) -> Id {
        self.id
    }

    pub(super) fn event<'a>(&'a self, group: &'a Group) -> Result<Event<'a>, Refused> {
        let mut event = Event { claimed_us: self.claimed_us, ..Event::default() };
        if let Some(took) = self.duration_us {
            event.facts.set_int(IntFact::DurationUs, took);
        }
        lift(self.members.fields(), self.table, &mut event)?;
        for exception in &self.exceptions {
            lift_copies(exception.fields(), self::exception, &mut event);
        }
        if self.operation == Operation::Model {
            answer::identify(&mut event);
            asked::name_model(&mut event);
            if !ai_sdk::has_cache_apart(&event) {
                cached::set_apart(&mut event);
            }
        }
        if self.operation == Operation::Tool && langchain::is_its(&group.scope_name) {
            langchain::name_call(&mut event);
        }
        self.inherit(&mut event);
        self.settle(group, &mut event);
        match &event.call {
            Some(_) => event.facts.set_text(TextFact::SpanId, self.own.as_str()),
            None => event.call = Some(self.own.as_str().into()),
        }
        event.parent = self.parent.as_deref().map(Into::into);
        if event.action_name.as_deref() != Some(&self.name) {
            event.extra.push(("name".into(), quote(&self.name).into()));
        }
        group.apply(&mut event)?;
        Ok(event)
    }

    /// Takes from the ancestors what the span does not say itself, and says so.
    fn inherit<'a>(&'a self, event: &mut Event<'a>) {
        let mut taken = String::new();
        let mut note = |name: &str| {
            let comma = if taken.is_empty() { "" } else { "," };
            write!(taken, "{comma}\"{name}\"").expect("a String takes text");
        };
        if event.session.is_none() && event.conversation.is_none() {
            for (name, own, theirs) in [
                ("session", &mut event.session, &self.inherited.session),
                ("conversation", &mut event.conversation, &self.inherited.conversation),
            ] {
                if let Some(theirs) = theirs {
                    *own = Some(theirs.into());
                    note(name);
                }
            }
        }
        let has_agent = event.agent.is_some() || event.facts.text(TextFact::AgentName).is_some();
        if let (false, Some(agent)) = (has_agent, &self.inherited.agent) {
            event.agent = Some(agent.into());
            note("agent");
        }
        if let (None, Some(user)) = (&event.user, &self.inherited.user) {
            event.user = Some(user.into());
            note("user");
        }
        if !taken.is_empty() {
            event.extra.push(("inherited".into(), format!("[{taken}]").into()));
        }
    }

    fn settle<'a>(&'a self, group: &Group, event: &mut Event<'a>) {
        let refused = if self.operation == Operation::Permission { decided(event) } else { None };
        self.operation.settle(&self.name, event);
        if self.waits && event.decision.is_none() {
            event.phase = Some(Phase::Asked);
        }
        if let Some(why) = &self.why {
            match (self.status, &event.error) {
                (ERROR, None) => event.error = Some(why.into()),
                (ERROR, Some(error)) if error == why => {}
                _ => event.extra.push(("status_message".into(), why.into())),
            }
        }
        let failed = event.facts.text(TextFact::ErrorType).is_some() || !self.exceptions.is_empty();
        let told = match self.status {
            ERROR => Some(Outcome::Failure),
            OK => Some(Outcome::Success),
            _ if failed => Some(Outcome::Failure),
            // Claude Code leaves the span of a failed call unset and tells it in the one within.
            _ if group.is_claude() => None,
            _ => Some(Outcome::Success),
        };
        event.outcome = event.outcome.or(refused).or(told);
        if group.is_gemini() && self.operation == Operation::Tool {
            gemini::settle_span(event);
        }
        if group.is_codex() && self.operation == Operation::Other {
            event.level = Some(Level::Debug); // its own inner workings, over a hundred names of them
        }
        if event.action_type == Some(ActionType::Log) && self.is_client {
            event.action_type = Some(ActionType::External);
        }
    }
}

/// What an exception event tells of the span; the events are kept whole beside it.
fn exception(name: &str) -> Option<Lift> {
    name.starts_with("exception.").then(|| uncounted(name)).flatten()
}

fn exceptions(events: &[SpanEvent]) -> Vec<Members> {
    let found = events.iter().filter(|event| event.name == "exception");
    let members = |event: &SpanEvent| {
        let mut members = Members::default();
        members.attributes(&event.attributes, is_section);
        members
    };
    found.map(members).collect()
}

/// Events and links as JSON; what a tool gave back is its output.
fn add_lists(span: &Span, members: &mut Members) {
    let mut values = 0;
    let (outputs, others): (Vec<&SpanEvent>, Vec<&SpanEvent>) = span
        .events
        .iter()
        .partition(|event| event.name == "tool.output" && event.dropped_attributes_count == 0);
    for output in outputs {
        members.add("tool.output", object(&output.attributes, &mut values));
        members.add_count("tool.output.time_unix_nano", output.time_unix_nano);
    }
    let events: Vec<String> = others.into_iter().map(|event| self::event(event, &mut values)).collect();
    let links: Vec<String> = span.links.iter().map(|link| self::link(link, &mut values)).collect();
    for (name, list) in [("events", events), ("links", links)] {
        if !list.is_empty() {
            members.add(name, format!("[{}]", list.join(",")));
        }
    }
    for (name, count) in [
        ("dropped_attributes_count", span.dropped_attributes_count),
        ("dropped_events_count", span.dropped_events_count),
        ("dropped_links_count", span.dropped_links_count),
    ] {
        members.add_count(name, count);
    }
    members.add_values(values);
}

fn event(event: &SpanEvent, values: &mut usize) -> String {
    let attributes = value::object(&event.attributes, values);
    let dropped = match event.dropped_attributes_count {
        0 => String::new(),
        count => format!(",\"dropped_attributes_count\":{count}"),
    };
    let name = quote(&event.name);
    format!(
        "{{\"name\":{name},\"time_unix_nano\":{},\"attributes\":{attributes}{dropped}}}",
        event.time_unix_nano
    )
}

fn link(link: &Link, values: &mut usize) -> String {
    let attributes = value::object(&link.attributes, values);
    format!(
        "{{\"trace_id\":{},\"span_id\":{},\"trace_state\":{},\"flags\":{},\"dropped_attributes_count\":{},\
         \"attributes\":{attributes}}}",
        quote(&id_text(&link.trace_id)),
        quote(&id_text(&link.span_id)),
        quote(&link.trace_state),
        link.flags,
        link.dropped_attributes_count
    )
}
