//! One step of a session: what the events of a call tell together, and whose word of it counts.

use super::Step;
use super::columns::PHASES_AT;
use crate::rows::RowRef;
use crate::summary;
use std::borrow::Cow;
use tacho_event::time::{self, Micros};

/// Whether an event stands for its action.
pub(super) fn is_shown(row: &RowRef<'_>) -> bool {
    row.int("shown") != Some(0)
}

/// Whether an event is of a call that may end, as those of `actions` are.
pub(super) fn is_call(row: &RowRef<'_>) -> bool {
    matches!(row.text("action_type"), Some("tool" | "skill" | "external"))
}

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

/// The events of a step.
#[derive(Default)]
pub(super) struct Draft<'b> {
    pub(super) action: i64,
    /// The one that stands for its action, with what is concluded of that.
    pub(super) lead: Option<RowRef<'b>>,
    /// All of them, in the order of the log.
    pub(super) rows: Vec<RowRef<'b>>,
}

impl Draft<'_> {
    /// When it began: when the first step of its action's life was told of, else the earliest time of whose word counts.
    pub(super) fn began(&self) -> Option<Micros> {
        let earliest = || counted(&self.rows).iter().filter_map(|row| row.time("timestamp")).min();
        self.first_of(&PHASES_AT).or_else(earliest)
    }

    fn first_of(&self, phases: &[&str]) -> Option<Micros> {
        phases.iter().filter_map(|phase| self.lead?.time(phase)).min()
    }

    fn duration_us(&self) -> Option<Micros> {
        let Some(lead) = self.lead else { return spent(&counted(&self.rows)) };
        let [before @ .., result] = PHASES_AT;
        let lasted = || {
            let took = lead.time(result)? - self.first_of(&before)?;
            Some(took).filter(|took| is_call(&lead) && *took >= 0)
        };
        lead.int("duration_us").or_else(lasted)
    }

    /// Makes one step of the events: what is concluded of them, and beside it the texts, of which the first says what was
    /// meant, the last how it ended.
    pub(super) fn step(&self) -> Step {
        let events = counted(&self.rows);
        let first = self.lead.unwrap_or(events[0]);
        let latest = |column: &'static str| events.iter().rev().find_map(|row| row.text(column));
        let earliest = |column: &'static str| events.iter().find_map(|row| row.text(column));
        let status = self.lead.map_or_else(|| status(&events), |lead| lead.text("outcome_status"));
        let status = status.unwrap_or("unknown");
        let closure = self.lead.and_then(|lead| lead.text("closure"));
        // What went wrong before it ended well is no error of it.
        let is_past = |row: &RowRef<'_>| status == "success" && row.text("outcome_status") == Some("failure");
        let error = events.iter().rev().filter(|row| !is_past(row)).find_map(|row| row.text("error"));
        let name = first.text("action_name").unwrap_or_default();
        let duration_us = self.duration_us();
        let input = earliest("input");
        // Of a call it says what was done, not that it was allowed.
        let decision = earliest("decision").filter(|_| !is_call(&first) || input.is_none());
        let told = summary::Told {
            name,
            input,
            decision,
            output: latest("output"),
            error,
            target: earliest("target").or(earliest("access")),
            from: earliest("from_agent"),
            to: earliest("to_agent"),
            status,
            closure,
            exit_code: events.iter().rev().find_map(|row| row.int("exit_code")),
            duration_us,
        };
        Step {
            time: self.began().map(time::format).unwrap_or_default(),
            agent: first.text("agent_id").unwrap_or_default().to_string(),
            kind: first.text("action_type").unwrap_or_default().to_string(),
            name: name.to_string(),
            status: status.to_string(),
            closure: closure.map(str::to_string),
            duration_ms: duration_us.map(|us| us as f64 / 1000.0),
            line: told.line(),
            text: told.long_text(),
            error: told.error.map(summary::readable),
            indexes: self.rows.iter().filter_map(|row| row.int("index")).collect(),
        }
    }
}

/// How what is not looked at yet ended: as the last one says that says how.
fn status<'b>(events: &[RowRef<'b>]) -> Option<&'b str> {
    let is_settled = |status: &&str| !matches!(*status, "unknown" | "running");
    let statuses = || events.iter().rev().filter_map(|row| row.text("outcome_status"));
    statuses().find(is_settled).or(statuses().next())
}

/// How long it took: as one says, else from the first to the last.
fn spent(events: &[RowRef<'_>]) -> Option<Micros> {
    let told = events.iter().rev().find_map(|row| row.int("duration_us"));
    told.or_else(|| {
        let (from, to) = (events.first()?.time("timestamp")?, events.last()?.time("timestamp")?);
        (events.len() > 1 && to > from).then_some(to - from)
    })
}
