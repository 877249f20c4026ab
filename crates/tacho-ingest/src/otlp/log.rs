//! A log record as an event. Its name is `event.name`, else OTLP's own, else none; a body that only repeats the
//! name is nothing that was said.

use super::attributes::{counted, is_section, uncounted};
use super::group::Group;
use super::meaning::settle_log;
use super::value::{self, Members, hex, id_text, is_span, is_told, moment, text_under};
use super::wire::{LogRecord, Value};
use crate::lift::Table;
use tacho_event::event::Event;
use tacho_event::words::{ActionType, Level};

/// A record's texts, from which its event borrows.
pub(super) struct Log {
    pub(super) members: Members,
    name: String,
    claimed_us: Option<i64>,
    severity: i32,
    severity_text: String,
    body: Option<String>,
    /// The span that it was written in.
    parent: Option<String>,
    table: Table,
}

impl Log {
    pub(super) fn new(record: LogRecord, group: &Group) -> Log {
        let mut members = Members::default();
        let named = text_under(&record.attributes, &["event.name"]);
        let mut name = named.unwrap_or(&record.event_name).to_owned();
        if group.is_claude() && !name.is_empty() && !name.starts_with("claude_code.") {
            name.insert_str(0, "claude_code.");
        }
        let time =
            if record.time_unix_nano == 0 { record.observed_time_unix_nano } else { record.time_unix_nano };
        let claimed_us = moment(time, "time_unix_nano", &mut members);
        if record.observed_time_unix_nano != time {
            members.add_count("observed_time_unix_nano", record.observed_time_unix_nano);
        }
        // An id that is none belongs to no trace, says OTLP; what stood there is kept.
        for (name, id) in [("trace_id", &record.trace_id), ("span_id", &record.span_id)] {
            if is_told(id) {
                members.add_text(name, &id_text(id));
            }
        }
        if name != record.event_name {
            members.add_text("event_name", &record.event_name);
        }
        if record.severity_number != 0 {
            members.add("severity_number", record.severity_number.to_string());
        }
        members.add_count("flags", record.flags);
        members.add_count("dropped_attributes_count", record.dropped_attributes_count);
        let body = record.body.as_ref().filter(|body| match &body.value {
            Some(Value::String(text)) => !text.is_empty() && *text != name,
            other => other.is_some(),
        });
        let body = body.map(|body| value::json(Some(body), &mut 0));
        members.weigh(body.as_deref().unwrap_or_default());
        members.weigh(&record.severity_text);
        members.weigh(&name);
        members.attributes(&record.attributes, is_section);
        members.first("user.email");
        members.first("tool_input");
        if text_under(&record.attributes, &["agent_audit.cost.currency"])
            .is_some_and(|c| c.eq_ignore_ascii_case("usd"))
        {
            members.rename("agent_audit.cost.amount", "cost_usd");
        }
        let repeats = name == "gen_ai.client.inference.operation.details";
        Log {
            members,
            name,
            claimed_us,
            severity: record.severity_number,
            severity_text: record.severity_text,
            body,
            parent: is_span(&record.span_id).then(|| hex(&record.span_id)),
            table: if repeats { uncounted } else { counted },
        }
    }

    pub(super) fn event<'a>(&'a self, group: &'a Group) -> Result<Event<'a>, crate::fields::Refused> {
        let mut event =
            Event { claimed_us: self.claimed_us, level: level(self.severity), ..Event::default() };
        if !self.severity_text.is_empty() {
            event.level = event.level.or_else(|| Level::understand(&self.severity_text));
            super::text(
                &mut event,
                tacho_event::fact::TextFact::Severity,
                "severity_text",
                &self.severity_text,
            );
        }
        crate::lift::lift(self.members.fields(), self.table, &mut event)?;
        if let Some(body) = &self.body {
            // What the attributes say is the content, then the body is a sentence about it.
            match event.input {
                None => event.input = Some(body.into()),
                Some(_) => event.extra.push(("body".into(), body.into())),
            }
        }
        event.parent = event.parent.take().or(self.parent.as_deref().map(Into::into));
        settle_log(&self.name, &mut event);
        if event.action_name.is_none() && event.action_type == Some(ActionType::Log) {
            event.action_name = Some("log".into());
        }
        group.apply(&mut event)?;
        Ok(event)
    }
}

/// OTLP's 24 numbers: four for each of trace, debug, info, warn, error, fatal.
fn level(severity: i32) -> Option<Level> {
    Some(match severity {
        1..=8 => Level::Debug,
        9..=12 => Level::Info,
        13..=16 => Level::Warning,
        17..=20 => Level::Error,
        21..=24 => Level::Critical,
        _ => return None,
    })
}
