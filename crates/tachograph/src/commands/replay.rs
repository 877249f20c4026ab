//! `rules replay`: what is recorded, read back in the order of the log, in front of the rules.
//!
//! Limits: [`PAGE`] events at a time, and of each only the columns that the rules read.

use super::Arguments;
use crate::clock::now_us;
use crate::pipe::Whose;
use crate::target::Target;
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use std::error::Error;
use std::io::Write;
use tacho_alert::field::{Field, Named};
use tacho_alert::row::Row;
use tacho_alert::value::Value;
use tacho_alert::{Replay, Replayer, Rule, needs};
use tacho_event::id::Id;
use tacho_pipe::Kind;
use tacho_pipe::sql::timestamp;

/// Events that are asked for at a time.
const PAGE: usize = 10_000;

const DAY_US: i64 = 86_400_000_000;

/// Replays rules over the last so many days, or everything.
pub(super) fn run(
    arguments: &Arguments,
    rules: &[Rule],
    days: Option<u32>,
    time: Whose,
    examples: usize,
) -> Result<bool, Box<dyn Error>> {
    let target = arguments.target()?;
    let expected = rows(&target, "SELECT id FROM agents WHERE expected")?;
    let expected = expected.iter().filter_map(|row| row["id"].as_str().map(str::to_string)).collect();
    let mut replayer = Replayer::new(rules, &[("fleet.active".to_string(), expected)].into())?;
    let columns = needs(rules);
    let mut pages = Pages::new(&columns, days, time);
    while let Some(sql) = pages.next.take() {
        let page = rows(&target, &sql)?;
        let full = page.len() == PAGE;
        let mut last = None;
        for row in page {
            let event = Past::read(row, &columns, time)?;
            last = Some((event.recorded_us, event.index));
            replayer.observe(&event);
        }
        pages.next = last.filter(|_| full).map(|last| pages.after(last));
    }
    report(&replayer.finish(), examples)
}

/// The questions for one page after the other: each begins behind the last event of the one before.
struct Pages {
    select: String,
    since: String,
    time: Whose,
    next: Option<String>,
}

impl Pages {
    fn new(columns: &[Named], days: Option<u32>, time: Whose) -> Pages {
        let names: Vec<String> =
            columns.iter().map(|column| format!("\"{}\" AS c_{0}", column.name)).collect();
        let clock = match time {
            Whose::Server => "recorded_at",
            Whose::Event => "\"timestamp\"",
        };
        let since = days.map_or("true".into(), |days| {
            format!("{clock} >= {}", timestamp(now_us() - i64::from(days) * DAY_US))
        });
        let select = format!(
            "SELECT index, event_id, recorded_at, \"timestamp\", {} FROM agent_audit_log",
            names.join(", ")
        );
        let mut pages = Pages { select, since, time, next: None };
        pages.next = Some(pages.page("true"));
        pages
    }

    /// The recorder's clock never runs backwards: the order of the log is the order of its time.
    fn after(&self, (time_us, index): (i64, u64)) -> String {
        let at = timestamp(time_us);
        self.page(&match self.time {
            Whose::Server => format!("index > {index}"),
            Whose::Event => {
                format!("(\"timestamp\" > {at} OR (\"timestamp\" = {at} AND index > {index}))")
            }
        })
    }

    fn page(&self, from: &str) -> String {
        let order = match self.time {
            Whose::Server => "index",
            Whose::Event => "\"timestamp\", index",
        };
        format!("{} WHERE {} AND {from} ORDER BY {order} LIMIT {PAGE}", self.select, self.since)
    }
}

/// Those that fire most come first; those that never did are only named.
fn report(reports: &[Replay], examples: usize) -> Result<bool, Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let mut told: Vec<&Replay> = reports.iter().collect();
    told.sort_by_key(|report| std::cmp::Reverse(report.firings));
    let told = told.into_iter();
    let (told, silent): (Vec<&Replay>, Vec<&Replay>) = told
        .partition(|report| report.firings > 0 || reports.len() == 1 || !report.health.troubles().is_empty());
    for report in told {
        write!(out, "{}", report.text(examples))?;
    }
    if let Some(first) = silent.first() {
        let names: Vec<&str> = silent.iter().map(|report| report.rule.as_str()).collect();
        writeln!(out, "never fired over {} events: {}", first.events, names.join(", "))?;
    }
    Ok(true)
}

fn rows(target: &Target, sql: &str) -> Result<Vec<Map<String, Json>>, Box<dyn Error>> {
    let body = target.post("/v1/sql", "application/x-ndjson", sql.as_bytes())?.good()?;
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(serde_json::from_slice).collect::<Result<_, _>>()?)
}

/// An event as it was recorded, so far as the rules read it.
struct Past {
    index: u64,
    id: Id,
    recorded_us: i64,
    claimed_us: i64,
    values: Vec<(Field, Value<'static>)>,
}

impl Past {
    fn read(mut row: Map<String, Json>, columns: &[Named], clock: Whose) -> Result<Past, Box<dyn Error>> {
        let time = |name: &str| {
            let text =
                row.get(name).and_then(Json::as_str).ok_or_else(|| format!("an event without {name}"))?;
            tacho_event::time::parse(text).map_err(|error| format!("{name} \"{text}\": {error}"))
        };
        let (recorded_us, claimed_us) = (time("recorded_at")?, time("timestamp")?);
        // Replayed by the senders' clock, an event counts as recorded when it happened.
        let recorded_us = if clock == Whose::Event { claimed_us } else { recorded_us };
        let index = row.get("index").and_then(Json::as_u64).ok_or("an event without index")?;
        let id = row
            .get("event_id")
            .and_then(Json::as_str)
            .and_then(Id::parse)
            .ok_or("an event without event_id")?;
        let mut take = |column: &Named| {
            let value = row.remove(&format!("c_{}", column.name)).unwrap_or_default();
            (column.field, value_of(column.kind, value))
        };
        let values = columns.iter().map(&mut take).filter(|(_, value)| !value.is_null()).collect();
        Ok(Past { index, id, recorded_us, claimed_us, values })
    }
}

/// A value of an answer as rules see it in an event.
fn value_of(kind: Kind, value: Json) -> Value<'static> {
    match (kind, value) {
        (_, Json::Null) => Value::Null,
        (Kind::Bool, Json::Bool(value)) => Value::Bool(value),
        (Kind::Time, Json::String(text)) => Value::int(tacho_event::time::parse(&text).ok()),
        (Kind::Number | Kind::Duration { .. }, Json::Number(number)) => Value::number(number.as_f64()),
        (Kind::Number | Kind::Duration { .. }, Json::String(text)) => Value::number(text.parse().ok()),
        (_, Json::String(text)) => Value::Text(Cow::Owned(text)),
        (_, other) => Value::Text(Cow::Owned(other.to_string())),
    }
}

impl Row for Past {
    fn index(&self) -> u64 {
        self.index
    }

    fn id(&self) -> Id {
        self.id
    }

    fn recorded_us(&self) -> i64 {
        self.recorded_us
    }

    fn claimed_us(&self) -> i64 {
        self.claimed_us
    }

    fn value(&self, field: Field) -> Value<'_> {
        match self.values.iter().find(|(of, _)| *of == field).map(|(_, value)| value) {
            Some(Value::Text(text)) => Value::Text(Cow::Borrowed(text)),
            Some(other) => other.clone(),
            None => Value::Null,
        }
    }
}
