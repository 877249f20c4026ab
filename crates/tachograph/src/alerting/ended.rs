//! How what changed before an incident went: what an event itself tells is often that it began.

use super::before::{self, Found, NAMED_MAX, moment};
use crate::http::App;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tacho_alert::incident::{Ended, Entry};

/// Where an action stands: its row's own words, and what is concluded of all that tell of it.
const STATE: &str = "action_state(index, phase, outcome_status, action_type, recorded_at, now())";
const OUTCOME: &str = "outcome_now(outcome_status, index)";
const CLOSURE: &str = "closure(index, phase, outcome_status, action_type)";

/// An outcome, or how a call ended, in words.
pub(super) fn how(outcome: &str) -> &str {
    match outcome {
        "success" => "finished",
        "failure" => "failed",
        "unknown" => "ended, nobody said how",
        "unknown_tool" => "there was no such tool",
        other => other,
    }
}

/// Says of what changed how it went, or that it still runs.
pub(super) async fn told(app: &App, found: &mut [Found], since_us: i64) -> Result<(), String> {
    let actions = found.iter().rev().filter_map(|found| found.action).collect();
    let first = found.iter().map(|found| found.index).min();
    let rows = rows(app, &actions, first, since_us).await?;
    let shown = rows.into_iter().filter(|row| row.shown);
    let shown: HashMap<u64, Row> = shown.map(|row| (row.action, row)).collect();
    for found in found {
        if let Some(row) = found.action.and_then(|action| shown.get(&action)) {
            found.runs = row.runs();
            found.outcome = Some(row.how.clone());
        }
    }
    Ok(())
}

/// Those of some actions that have ended, each with the event that told it.
pub(super) async fn ends(
    app: &App,
    actions: &BTreeSet<u64>,
    since_us: i64,
) -> Result<HashMap<u64, Ended>, String> {
    let mut told: BTreeMap<u64, Vec<Row>> = BTreeMap::new();
    for row in rows(app, actions, None, since_us).await? {
        told.entry(row.action).or_default().push(row);
    }
    let end = |(action, rows): (u64, Vec<Row>)| {
        let shown = rows.iter().find(|row| row.shown).filter(|row| !row.runs())?;
        // Its own end where one was told, else the last that is known of it.
        let end = rows.iter().find(|row| row.ends).or(rows.last())?;
        let entry = Entry { index: end.index, id: end.event_id.clone() };
        Some((action, Ended { how: how(&shown.how).to_string(), at_us: end.at_us, entry }))
    };
    Ok(told.into_iter().filter_map(end).collect())
}

/// What is told of actions, in order. Of very many the newest are asked for.
async fn rows(
    app: &App,
    actions: &BTreeSet<u64>,
    first: Option<u64>,
    since_us: i64,
) -> Result<Vec<Row>, String> {
    let newest: Vec<u64> = actions.iter().rev().take(NAMED_MAX).copied().collect();
    let Some(oldest) = newest.last().copied() else { return Ok(Vec::new()) };
    let list: Vec<String> = newest.iter().map(ToString::to_string).collect();
    let query = format!(
        "SELECT action_of(index) AS action, index, event_id, arrow_cast(recorded_at, 'Int64') AS at_us, \
           is_shown(index) AS shown, coalesce(phase = 'result', false) OR outcome_status IN ('success', 'failure', 'partial') AS ends, \
           {STATE} AS state, coalesce({CLOSURE}, {OUTCOME}) AS how \
         FROM events WHERE recorded_at >= {} AND index >= {} AND action_of(index) IN ({}) ORDER BY index",
        moment(since_us),
        first.map_or(oldest, |first| first.min(oldest)),
        list.join(", ")
    );
    before::ask(app, &query).await
}

#[derive(serde::Deserialize)]
struct Row {
    action: u64,
    index: u64,
    event_id: String,
    at_us: i64,
    /// It stands for the action, and its state is the action's.
    shown: bool,
    ends: bool,
    state: Option<String>,
    how: String,
}

impl Row {
    fn runs(&self) -> bool {
        matches!(self.state.as_deref(), Some("open" | "hung"))
    }
}
