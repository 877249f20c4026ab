//! A session as a person reads it: what happened, in order, one line for each step.
//!
//! Invariants
//! - Events of one action, or of one call (same agent and `call_id`), are one step; nothing of a session is left out.
//! - The order is that of the log, so it is the same each time.

mod step;

use crate::actions::Told;
use crate::engine::{Ask, Engine};
use crate::error::QueryError;
use crate::moment::Moment;
use crate::rows::RowRef;
use crate::{catalog, summary, table};
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{LogicalPlanBuilder, cast, col};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write as _;
use step::{step, witnesses};
use tacho_event::id::Id;
use tacho_event::time;

/// Most events that one timeline shows.
pub const TIMELINE_EVENTS_MAX: usize = 20_000;

const COLUMNS: [&str; 30] = [
    "index",
    "writer",
    "known",
    "timestamp",
    "agent_id",
    "session_uuid",
    "session_seq",
    "call_id",
    "parent_id",
    "phase",
    "action_type",
    "action_name",
    "level",
    "outcome_status",
    "who_session",
    "who_user",
    "tokens_input",
    "tokens_output",
    "duration_us",
    "cost_micros",
    "exit_code",
    "target",
    "from_agent",
    "to_agent",
    "input",
    "output",
    "error",
    "access",
    "decision",
    "extra",
];

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
    /// RFC 3339, of the first event.
    pub time: String,
    pub agent: String,
    /// Kind of the action.
    pub kind: String,
    pub name: String,
    /// `success`, `failure`, `partial`, `running` or `unknown`.
    pub status: String,
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
        let told = |told, args: Vec<_>| crate::actions::function(told).call(args);
        let column = |name| match name {
            "agent_id" => told(Told::Agent, vec![col(name), col("index")]).alias(name),
            name => col(name),
        };
        let moment = moment.into();
        let id = self.session_on_log(&moment, session).await?;
        let on_log = told(Told::Session, vec![col("session_uuid"), col("index")]).eq(table::text(&id));
        let action = told(Told::Action, vec![col("index")]).alias("action");
        let shown = cast(told(Told::Shown, vec![col("index")]), DataType::Int64).alias("shown");
        let plan = LogicalPlanBuilder::from(catalog::scan(self.base(), "events")?)
            .filter(on_log.or(col("who_session").eq(table::text(session))))?
            .project(COLUMNS.map(column).into_iter().chain([action, shown]))?
            .sort_with_limit(vec![col("index").sort(true, false)], Some(TIMELINE_EVENTS_MAX + 1))?
            .build()?;
        let batches = self.ask(moment, &[], Ask::Plan(plan)).await?.collect().await?;
        let rows: Vec<RowRef<'_>> = RowRef::all(&batches).collect();
        Ok(rows.first().map(|_| read(&rows)))
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

fn read(rows: &[RowRef<'_>]) -> Timeline {
    let truncated = rows.len() > TIMELINE_EVENTS_MAX;
    let rows = &rows[..rows.len().min(TIMELINE_EVENTS_MAX)];
    let mut drafts: Vec<Vec<RowRef<'_>>> = Vec::new();
    let mut open: HashMap<(&str, &str), usize> = HashMap::new();
    let mut actions: HashMap<i64, usize> = HashMap::new();
    for row in rows {
        let call = row.text("agent_id").zip(row.text("call_id"));
        let action = row.int("action").unwrap_or_default();
        let step = actions.get(&action).or_else(|| open.get(&call?)).copied();
        let step = step.unwrap_or_else(|| {
            drafts.push(Vec::new());
            drafts.len() - 1
        });
        drafts[step].push(*row);
        actions.insert(action, step);
        if let Some(call) = call {
            open.entry(call).or_insert(step);
        }
    }
    let steps: Vec<Step> = drafts.iter().map(|events| step(events)).collect();
    // What is told here of a call that is shown elsewhere counts there.
    let is_shown = |events: &[RowRef<'_>]| events.iter().any(|row| row.int("shown") != Some(0));
    let failures =
        steps.iter().zip(&drafts).filter(|(step, events)| step.status == "failure" && is_shown(events));
    // Neither may what an agent reports move when the session was or name its user, where somebody else saw it.
    let seen = witnesses(rows);
    // The files of sub-agents may have been read first, and some begin before anybody asked for anything.
    let order = |row: &&RowRef<'_>| (row.text("parent_id").is_some(), row.time("timestamp"));
    let first = seen.iter().min_by_key(order).unwrap_or(&seen[0]);
    let times = || seen.iter().filter_map(|row| row.time("timestamp"));
    let (started, ended) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
    // What several tell of is counted where it is shown.
    let counted = || rows.iter().filter(|row| row.int("shown") != Some(0));
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
            failures: failures.count() as u64,
            tokens_input: sum("tokens_input"),
            tokens_output: sum("tokens_output"),
            cost_usd: summary::dollars(sum("cost_micros")),
            self_reported_cost_usd: summary::dollars(own_cost),
            duration_ms: (ended - started) / 1000,
        },
        steps,
        truncated,
    }
}

impl Timeline {
    /// The timeline as plain text: a head, then one line for each step, longer texts indented below.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let Totals { events, steps, failures, tokens_input, tokens_output, cost_usd, duration_ms, .. } =
            &self.totals;
        let own = match self.totals.self_reported_cost_usd.as_str() {
            "0.000000" => String::new(),
            own => format!(" ({own} of it self-reported)"),
        };
        let user = self.user.as_ref().map(|user| format!(" for {user}")).unwrap_or_default();
        let _ = writeln!(out, "Session {} of {}{user}", self.session, self.agent);
        let _ =
            writeln!(out, "{} to {} ({})", self.started, self.ended, summary::duration(duration_ms * 1000));
        let _ = writeln!(
            out,
            "{steps} steps from {events} events, {failures} failed, {tokens_input} + {tokens_output} tokens, {cost_usd} USD{own}"
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
