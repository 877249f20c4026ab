//! Coverage on a schedule: each gap that is new, and each that closed, becomes an event on the log, so that alert rules
//! see it. What is told is known from the log itself: after a restart nothing is told twice.
//!
//! Limits: gaps told in one check ([`TOLD_MAX`]; more come with the next one), and how far back told gaps are looked
//! for ([`REMEMBERED`]).

use super::Asked;
use crate::http::App;
use crate::serve::record;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tacho_coverage::{Changes, Config, Finding, Kind, Report, Severity, Told, changes};
use tacho_query::AgentEdit;

/// Gaps that one check tells of, and as many that it tells to be closed.
const TOLD_MAX: usize = 100;
/// How far back the log is looked through for gaps that were told and not closed.
const REMEMBERED: &str = "30 days";

/// What the last check found.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    Checked(BTreeMap<&'static str, u64>),
    /// It could not be made; the log of the process says why.
    Failed,
}

/// A gap as its event has it.
#[derive(serde::Deserialize)]
struct Row {
    id: String,
    open: bool,
    last_us: Option<i64>,
}

/// Checks for ever.
pub(crate) async fn watch(app: Arc<App>) {
    let config = app.coverage().clone();
    if config.every_us == 0 {
        return;
    }
    let mut every = tokio::time::interval(Duration::from_micros(config.every_us.unsigned_abs()));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    every.tick().await;
    let mut told: Option<Vec<Told>> = None;
    loop {
        every.tick().await;
        let standing = match check(&app, &config, told.take()).await {
            Ok((open, standing)) => {
                told = Some(open);
                standing
            }
            Err(error) => {
                tracing::error!("coverage could not be checked: {error}");
                Standing::Failed
            }
        };
        *app.covered().standing.lock() = Some(standing);
    }
}

/// One check. Gives what is told and open then.
async fn check(app: &App, config: &Config, told: Option<Vec<Told>>) -> Result<(Vec<Told>, Standing), String> {
    let agents = crate::http::registry(app).map_err(|problem| problem.detail)?;
    let mut told = match told {
        Some(told) => told,
        None => recall(app, &agents).await?,
    };
    let now_us = crate::clock::now_us();
    let from_us = now_us - config.look_back_us;
    let asked = Asked { from_us, to_us: now_us, agent: None };
    let report = super::report(app, &agents, config, asked, now_us).await;
    let report = report.map_err(|error| error.to_string())?;
    let Changes { new, gone, aged } = changes(&told, &report, from_us);
    told.retain(|told| !aged.contains(&told.id));
    for finding in new.into_iter().take(TOLD_MAX) {
        record(app, opened(finding));
        told.push(Told { id: finding.id.clone(), last_us: finding.last_us });
    }
    for id in gone.iter().take(TOLD_MAX) {
        record(app, closed(id, now_us));
        told.retain(|told| told.id != *id);
    }
    let standing = standing(&report);
    for told in &mut told {
        let same = report.findings.iter().find(|finding| finding.id == told.id);
        told.last_us = same.map_or(told.last_us, |finding| finding.last_us);
    }
    Ok((told, standing))
}

fn standing(report: &Report) -> Standing {
    let mut kinds: BTreeMap<&'static str, u64> = Kind::ALL.iter().map(|kind| (kind.as_str(), 0)).collect();
    for finding in &report.findings {
        *kinds.entry(finding.kind.as_str()).or_default() += 1;
    }
    Standing::Checked(kinds)
}

/// The gaps that the log says are open.
async fn recall(app: &App, agents: &[AgentEdit]) -> Result<Vec<Told>, String> {
    let query = format!(
        "SELECT id, open, last_us FROM ( \
           SELECT call_id AS id, last_value(action_name ORDER BY index) = 'coverage_gap' AS open, \
             last_value(json_get_int(output, 'last_us') ORDER BY index) AS last_us \
           FROM events WHERE source = 'internal' AND action_name IN ('coverage_gap', 'coverage_gap_closed') \
             AND recorded_at > now() - INTERVAL '{REMEMBERED}' GROUP BY call_id) AS each \
         WHERE open AND id IS NOT NULL"
    );
    let rows = super::Rows { app, agents, moment: app.node.moment().await };
    let rows: Vec<Row> = rows.all(&query).await.map_err(|error| error.to_string())?;
    let told = |row: Row| Told { id: row.id, last_us: row.last_us.unwrap_or(i64::MAX) };
    Ok(rows.into_iter().filter(|row| row.open).map(told).collect())
}

fn opened(finding: &Finding) -> Value {
    let level = match finding.severity {
        Severity::Critical => "CRITICAL",
        Severity::Warning => "WARNING",
        Severity::Info => "INFO",
    };
    let mut result = serde_json::to_value(finding).unwrap_or_default();
    // What is about nothing that has a time never ages.
    result["last_us"] = Some(finding.last_us).filter(|last| *last < i64::MAX).into();
    json!({
        "agent": {"id": "tachograph"},
        "action": {"type": "audit", "name": "coverage_gap"},
        "call_id": finding.id,
        "level": level,
        "outcome": {
            // The check worked: what it found is no failed action of tachograph's.
            "status": "success",
            "error": {"type": finding.kind.as_str(), "message": finding.what},
            "result": result,
        },
    })
}

fn closed(id: &str, now_us: i64) -> Value {
    json!({
        "agent": {"id": "tachograph"},
        "action": {"type": "audit", "name": "coverage_gap_closed"},
        "call_id": id,
        "level": "INFO",
        "outcome": {"status": "success", "result": {"id": id, "closed": tacho_event::time::format(now_us)}},
    })
}
