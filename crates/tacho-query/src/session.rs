//! A session as a person reads it: what happened, in order, one line for each step.
//!
//! Invariants
//! - The events of an action are one step, with what tells of the same call (same agent and `call_id`) and is none
//!   itself; of what was not looked at yet, the events of a call are. Nothing of a session is left out.
//! - Steps stand in the order of their own times, at the same time in that of the log: history is read in after what it
//!   tells of, and its files in any order.
//! - What is concluded of an action is what its step says: `actions` and `sessions` say the same.

mod columns;
mod step;

use crate::engine::{Ask, Engine};
use crate::error::QueryError;
use crate::moment::Moment;
use crate::rows::RowRef;
use crate::{catalog, summary, table};
use datafusion::logical_expr::{LogicalPlanBuilder, col};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write as _;
use step::{Draft, is_call, is_shown, witnesses};
use tacho_event::id::Id;
use tacho_event::time;

/// Most events that one timeline shows.
pub const TIMELINE_EVENTS_MAX: usize = 20_000;

/// A session, from its first event to its last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// The session's id as its sender gave it.
    pub session: String,
    /// The agent of the first event by time that names no parent; others are told by their steps.
    pub agent: String,
    pub user: Option<String>,
    /// RFC 3339.
    pub started: String,
    pub ended: String,
    pub totals: Totals,
    pub steps: Vec<Step>,
    /// Whether there are more events than [`TIMELINE_EVENTS_MAX`].
    pub truncated: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Totals {
    pub events: u64,
    pub steps: u64,
    pub failures: u64,
    /// Those of the failures that were not allowed to run.
    pub refused: u64,
    pub tokens_input: i64,
    pub tokens_output: i64,
    /// US dollars, decimal text.
    pub cost_usd: String,
    /// The part of it that nobody tells but agents themselves, perhaps other ones.
    pub self_reported_cost_usd: String,
    /// From the first event to the last.
    pub duration_ms: i64,
}

/// One call, message, decision or other event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// RFC 3339, when it began.
    pub time: String,
    pub agent: String,
    /// Kind of the action.
    pub kind: String,
    pub name: String,
    /// `success`, `failure`, `partial`, `running` or `unknown`.
    pub status: String,
    /// How a call ended, more exactly than its status: `closure` of `actions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closure: Option<String>,
    pub duration_ms: Option<f64>,
    /// What happened, in one line.
    pub line: String,
    /// The whole text of a message or log line, when it is longer than the line shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Places on the log of the events that the step is made of.
    pub indexes: Vec<i64>,
}

impl Engine {
    /// The timeline of a session, given by its original id or its UUID on the log. Nothing when there is none.
    ///
    /// # Errors
    /// As [`Engine::sql`].
    pub async fn timeline(
        &self,
        moment: impl Into<Moment>,
        session: &str,
    ) -> Result<Option<Timeline>, QueryError> {
        let moment = moment.into();
        let looked_at = i64::try_from(moment.overlay.position()).unwrap_or(i64::MAX);
        let id = self.session_on_log(&moment, session).await?;
        let on_log = columns::session().eq(table::text(&id));
        let order = ["timestamp", "index"].map(|name| col(name).sort(true, false)).to_vec();
        let plan = LogicalPlanBuilder::from(catalog::scan(self.base(), "events")?)
            .filter(on_log.or(col("who_session").eq(table::text(session))))?
            .project(columns::columns())?
            .sort_with_limit(order, Some(TIMELINE_EVENTS_MAX + 1))?
            .build()?;
        let batches = self.ask(moment, &[], Ask::Plan(plan)).await?.collect().await?;
        let mut rows: Vec<RowRef<'_>> = RowRef::all(&batches).collect();
        let is_truncated = rows.len() > TIMELINE_EVENTS_MAX;
        rows.truncate(TIMELINE_EVENTS_MAX);
        // Whose a step is goes by who told of it first, whatever time that one says.
        rows.sort_by_key(|row| row.int("index"));
        let timeline = |_: &RowRef<'_>| Timeline { truncated: is_truncated, ..read(&rows, looked_at) };
        Ok(rows.first().map(timeline))
    }

    /// A session's UUID on the log, by which events inherit it: those say no name of their own.
    pub(crate) async fn session_on_log(&self, moment: &Moment, session: &str) -> Result<String, QueryError> {
        let id = session.to_ascii_lowercase();
        if Id::parse(&id).is_some() || moment.overlay.changes().sessions == 0 {
            return Ok(id);
        }
        let plan = LogicalPlanBuilder::from(catalog::scan(self.base(), "events")?)
            .filter(col("who_session").eq(table::text(session)))?
            .project([col("session_uuid")])?
            .limit(0, Some(1))?
            .build()?;
        let batches = self.ask(moment.clone(), &[], Ask::Plan(plan)).await?.collect().await?;
        let found = RowRef::all(&batches).next().and_then(|row| row.text("session_uuid").map(str::to_string));
        Ok(found.unwrap_or(id))
    }
}

/// The events of each step, in the order of the log. Before `looked_at` it is concluded which events are one action.
fn drafts<'r, 'b>(rows: &'r [RowRef<'b>], looked_at: i64) -> Vec<Draft<'b>> {
    let mut drafts: Vec<Draft<'b>> = Vec::new();
    let mut calls: HashMap<(&str, &str), usize> = HashMap::new();
    let mut actions: HashMap<i64, usize> = HashMap::new();
    for row in rows {
        let call = row.text("agent_id").zip(row.text("call_id"));
        let (index, action) = (row.int("index"), row.int("action").unwrap_or_default());
        let is_concluded = index < Some(looked_at);
        let is_own = is_concluded && is_call(row);
        let of_call = || call.filter(|_| !is_own).and_then(|call| calls.get(&call));
        let step = actions.get(&action).or_else(of_call).copied();
        let step = step.unwrap_or_else(|| {
            drafts.push(Draft { action, ..Draft::default() });
            drafts.len() - 1
        });
        drafts[step].rows.push(*row);
        if is_concluded && is_shown(row) && drafts[step].action == action {
            drafts[step].lead = Some(*row);
        }
        actions.insert(action, step);
        if let Some(call) = call {
            calls.insert(call, step);
        }
    }
    drafts
}

fn read(rows: &[RowRef<'_>], looked_at: i64) -> Timeline {
    let mut steps: Vec<_> =
        drafts(rows, looked_at).iter().map(|draft| (draft.began(), draft.step())).collect();
    steps.sort_by_key(|(began, _)| *began);
    let steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
    // Neither may what an agent reports move when the session was or name its user, where somebody else saw it.
    let seen = witnesses(rows);
    // The files of sub-agents may have been read first, and some begin before anybody asked for anything.
    let order = |row: &&RowRef<'_>| (row.text("parent_id").is_some(), row.time("timestamp"));
    let first = seen.iter().min_by_key(order).unwrap_or(&seen[0]);
    let times = || seen.iter().filter_map(|row| row.time("timestamp"));
    let (started, ended) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
    // What several tell of is counted where it is shown.
    let counted = || rows.iter().filter(|row| is_shown(row));
    let count =
        |column: &str, word: &str| counted().filter(|row| row.text(column) == Some(word)).count() as u64;
    let sum = |column: &str| counted().filter_map(|row| row.int(column)).sum::<i64>();
    let own = counted().filter(|row| row.text("known") == Some("self_reported"));
    let own_cost = own.filter_map(|row| row.int("cost_micros")).sum();
    Timeline {
        session: (rows.iter().find_map(|row| row.text("who_session")))
            .or_else(|| rows.iter().find_map(|row| row.text("session_uuid")))
            .unwrap_or_default()
            .to_string(),
        agent: first.text("agent_id").unwrap_or_default().to_string(),
        user: seen.iter().find_map(|row| row.text("who_user")).map(str::to_string),
        started: time::format(started),
        ended: time::format(ended),
        totals: Totals {
            events: rows.len() as u64,
            steps: steps.len() as u64,
            failures: count("outcome_status", "failure"),
            refused: count("closure", "refused"),
            tokens_input: sum("tokens_input"),
            tokens_output: sum("tokens_output"),
            cost_usd: summary::dollars(sum("cost_micros")),
            self_reported_cost_usd: summary::dollars(own_cost),
            duration_ms: (ended - started) / 1000,
        },
        steps,
        truncated: false,
    }
}

impl Timeline {
    /// The timeline as plain text: a head, then one line for each step, longer texts indented below.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let Totals {
            events,
            steps,
            failures,
            refused,
            tokens_input,
            tokens_output,
            cost_usd,
            duration_ms,
            ..
        } = &self.totals;
        let own = match self.totals.self_reported_cost_usd.as_str() {
            "0.000000" => String::new(),
            own => format!(" ({own} of it self-reported)"),
        };
        let refused = if *refused == 0 { String::new() } else { format!(" ({refused} refused)") };
        let user = self.user.as_ref().map(|user| format!(" for {user}")).unwrap_or_default();
        let _ = writeln!(out, "Session {} of {}{user}", self.session, self.agent);
        let _ =
            writeln!(out, "{} to {} ({})", self.started, self.ended, summary::duration(duration_ms * 1000));
        let _ = writeln!(
            out,
            "{steps} steps from {events} events, {failures} failed{refused}, {tokens_input} + {tokens_output} tokens, {cost_usd} USD{own}"
        );
        let mut day = "";
        for step in &self.steps {
            let (date, clock) = step.time.split_at(step.time.find('T').unwrap_or(0));
            if date != day {
                let _ = writeln!(out, "\n{date}");
                day = date;
            }
            let other = if step.agent == self.agent { String::new() } else { format!("{}: ", step.agent) };
            let clock = clock.trim_start_matches('T').get(..8).unwrap_or(clock);
            let _ = writeln!(out, "{clock}  {other}{}", step.line);
            for line in step.text.iter().flat_map(|text| text.lines()) {
                let _ = writeln!(out, "          | {line}");
            }
        }
        if self.truncated {
            let _ = writeln!(out, "… and more: only the first {TIMELINE_EVENTS_MAX} events are shown");
        }
        out
    }
}
