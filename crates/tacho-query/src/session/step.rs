//! One step of a session: what the events of a call tell together, and whose word of it counts.

use super::Step;
use crate::rows::RowRef;
use crate::summary;
use std::borrow::Cow;
use tacho_event::time::{self, Micros};

/// What witnesses tell; what an agent says itself where there is nothing else.
pub(super) fn witnesses<'r, 'b>(rows: &'r [RowRef<'b>]) -> Cow<'r, [RowRef<'b>]> {
    let told: Vec<_> =
        rows.iter().filter(|row| row.text("known") != Some("self_reported")).copied().collect();
    if told.is_empty() { Cow::Borrowed(rows) } else { Cow::Owned(told) }
}

/// Whose word counts of a step: the witnesses', and where there is none that of the key which reported it first.
fn counted<'r, 'b>(rows: &'r [RowRef<'b>]) -> Cow<'r, [RowRef<'b>]> {
    let told = witnesses(rows);
    if told.iter().any(|row| row.text("known") != Some("self_reported")) {
        return told;
    }
    let is_outcome =
        |row: &RowRef<'_>| row.text("action_type") == Some("workflow") && row.text("phase") == Some("result");
    let owner = rows.iter().find(|row| !is_outcome(row)).unwrap_or(&rows[0]).text("writer");
    let own: Vec<_> = rows.iter().filter(|row| row.text("writer") == owner).copied().collect();
    if own.len() == rows.len() { told } else { Cow::Owned(own) }
}

/// Makes one step of the events of a call: the first says what was meant, the last how it ended.
pub(super) fn step(all: &[RowRef<'_>]) -> Step {
    let events = counted(all);
    let first = events[0];
    let latest = |column: &'static str| events.iter().rev().find_map(|row| row.text(column));
    let earliest = |column: &'static str| events.iter().find_map(|row| row.text(column));
    let is_settled = |status: &&str| !matches!(*status, "unknown" | "running");
    let statuses = || events.iter().rev().filter_map(|row| row.text("outcome_status"));
    let status = statuses().find(is_settled).or(statuses().next()).unwrap_or("unknown");
    // What went wrong before it ended well is no error of it.
    let is_past = |row: &RowRef<'_>| status == "success" && row.text("outcome_status") == Some("failure");
    let error = events.iter().rev().filter(|row| !is_past(row)).find_map(|row| row.text("error"));
    let spent = || -> Option<Micros> {
        let (from, to) = (first.time("timestamp")?, events.last()?.time("timestamp")?);
        (events.len() > 1 && to > from).then_some(to - from)
    };
    let duration_us = events.iter().rev().find_map(|row| row.int("duration_us")).or_else(spent);
    let name = first.text("action_name").unwrap_or_default();
    let told = summary::Told {
        name,
        input: earliest("input"),
        decision: earliest("decision"),
        output: latest("output"),
        error,
        target: earliest("target").or(earliest("access")),
        from: earliest("from_agent"),
        to: earliest("to_agent"),
        status,
        exit_code: events.iter().rev().find_map(|row| row.int("exit_code")),
        duration_us,
    };
    Step {
        time: first.time("timestamp").map(time::format).unwrap_or_default(),
        agent: first.text("agent_id").unwrap_or_default().to_string(),
        kind: first.text("action_type").unwrap_or_default().to_string(),
        name: name.to_string(),
        status: status.to_string(),
        duration_ms: duration_us.map(|us| us as f64 / 1000.0),
        line: told.line(),
        text: told.long_text(),
        error: told.error.map(summary::readable),
        indexes: all.iter().filter_map(|row| row.int("index")).collect(),
    }
}
