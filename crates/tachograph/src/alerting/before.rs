//! What the log says about an incident: what its alerts' events are about, what changed before, where its lines stand.

use crate::http::{App, registry};
use crate::rows::rows;
use std::collections::{BTreeSet, HashMap};
use tacho_alert::incident::{Change, ChangeKind, Entry, Incident, Witness};
use tacho_event::time::{DAY_US, format};

/// Entries or events that one query names.
const NAMED_MAX: usize = 1000;
/// Changes that are looked at, the newest.
const CHANGES_MAX: usize = 200;
/// How far back a value may have been in use before its first appearance counts as a change.
const IN_USE_US: i64 = DAY_US;

/// Facts whose new values are changes.
const FACTS: [(&str, &str); 4] = [
    ("model", "model"),
    ("agent_version", "version"),
    ("git_commit", "version"),
    ("deployment_id", "deployment"),
];
/// What the class table calls a deployment.
const DEPLOYED: &str = "mapped_action IN ('code_deployment', 'production_deployment') OR \
    lower(action_name) IN ('deploy', 'deployment', 'system_update', 'system_update_complete', 'rollback')";

/// The events of some entries.
pub(super) async fn witnesses(app: &App, indices: &BTreeSet<u64>) -> Result<Vec<Witness>, String> {
    let all: Vec<u64> = indices.iter().rev().take(NAMED_MAX).copied().collect();
    let (Some(newest), Some(oldest)) = (all.first(), all.last()) else { return Ok(Vec::new()) };
    let list: Vec<String> = all.iter().map(ToString::to_string).collect();
    let query = format!(
        "SELECT index, agent_id AS agent, coalesce(who_session, session_uuid) AS session, \
           workflow_id AS workflow, call_id AS call, parent_id AS parent, who_ip AS address \
         FROM events WHERE index BETWEEN {oldest} AND {newest} AND index IN ({})",
        list.join(", ")
    );
    ask(app, &query).await
}

#[derive(serde::Deserialize)]
struct Found {
    index: u64,
    event_id: String,
    at_us: i64,
    agent: String,
    kind: ChangeKind,
    call: Option<String>,
    text: String,
}

/// What changed within a time before the first alert of an incident: of its agents, and what others deployed.
pub(super) async fn changes(
    app: &App,
    incident: &Incident,
    agents: &BTreeSet<String>,
    before_us: i64,
) -> Result<Vec<Change>, String> {
    let found: Vec<Found> = ask(app, &asked(incident.first_us, agents, before_us)).await?;
    let mut calls = BTreeSet::new();
    let mut changes = Vec::new();
    for found in found.into_iter().rev() {
        // Several witnesses tell of one call: the first counts.
        if found.call.is_some_and(|call| !calls.insert((found.agent.clone(), call))) {
            continue;
        }
        changes.push(Change {
            at_us: found.at_us,
            kind: found.kind,
            same_agent: agents.contains(&found.agent),
            agent: found.agent,
            text: found.text,
            entry: Entry { index: found.index, id: found.event_id },
        });
    }
    Ok(changes)
}

fn moment(us: i64) -> String {
    format!("TIMESTAMPTZ '{}'", format(us))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// One query for all of it, the newest first.
fn asked(first_us: i64, agents: &BTreeSet<String>, before_us: i64) -> String {
    let (from, to) = (moment(first_us.saturating_sub(before_us)), moment(first_us));
    let known = moment(first_us.saturating_sub(before_us).saturating_sub(IN_USE_US));
    let own = match agents.is_empty() {
        true => "false".to_string(),
        false => {
            let list: Vec<String> = agents.iter().map(|agent| quoted(agent)).collect();
            format!("agent_id IN ({})", list.join(", "))
        }
    };
    let mut parts = vec![format!(
        "SELECT index, event_id, recorded_at AS at, agent_id AS agent, call_id AS call, \
           CASE WHEN {DEPLOYED} THEN 'deployment' WHEN lower(action_name) LIKE '%prompt%' THEN 'prompt' \
             WHEN lower(action_name) LIKE '%model%' THEN 'model' ELSE 'configuration' END AS kind, \
           concat(action_name, \
             CASE WHEN mapped_action IS NULL OR mapped_action = action_name THEN '' \
               ELSE concat(' (', mapped_action, ')') END, \
             CASE WHEN target IS NULL THEN '' ELSE concat(' ', target) END, \
             CASE WHEN outcome_status = 'unknown' THEN '' ELSE concat(', ', outcome_status) END) AS text \
         FROM events WHERE recorded_at >= {from} AND recorded_at <= {to} AND source <> 'internal' \
           AND ({DEPLOYED} OR action_type = 'settings' AND {own})"
    )];
    for (fact, kind) in FACTS {
        parts.push(format!(
            "SELECT index, event_id, at, agent, CAST(NULL AS VARCHAR) AS call, '{kind}' AS kind, \
               concat('{fact} is ', value, ', was ', before) AS text \
             FROM (SELECT *, lag(value) OVER (PARTITION BY agent ORDER BY index) AS before \
               FROM (SELECT agent_id AS agent, {fact} AS value, min(index) AS index, min(recorded_at) AS at, \
                   first_value(event_id ORDER BY index) AS event_id \
                 FROM events WHERE recorded_at >= {known} AND recorded_at <= {to} AND {own} AND {fact} IS NOT NULL \
                 GROUP BY agent_id, {fact}) AS firsts) AS steps \
             WHERE before IS NOT NULL AND at >= {from}"
        ));
    }
    format!(
        "SELECT index, event_id, arrow_cast(at, 'Int64') AS at_us, agent, call, kind, text \
         FROM ({}) AS changes ORDER BY index DESC LIMIT {CHANGES_MAX}",
        parts.join(" UNION ALL ")
    )
}

#[derive(serde::Deserialize)]
struct Placed {
    who_id: String,
    index: u64,
    event_id: String,
}

/// Where events of tachograph's own stand on the log, by the ids that it gave them.
pub(super) async fn places(
    app: &App,
    events: &[String],
    since_us: i64,
) -> Result<HashMap<String, Entry>, String> {
    let list: Vec<String> = events.iter().take(NAMED_MAX).map(|event| quoted(event)).collect();
    let query = format!(
        "SELECT who_id, index, event_id FROM events WHERE source = 'internal' AND recorded_at >= {} \
           AND who_id IN ({})",
        moment(since_us),
        list.join(", ")
    );
    let found: Vec<Placed> = ask(app, &query).await?;
    let entry = |placed: Placed| (placed.who_id, Entry { index: placed.index, id: placed.event_id });
    Ok(found.into_iter().map(entry).collect())
}

async fn ask<T: serde::de::DeserializeOwned>(app: &App, query: &str) -> Result<Vec<T>, String> {
    let agents = registry(app).map_err(|problem| problem.detail)?;
    let snapshot = app.node.snapshot().await;
    rows(&app.node, snapshot, &agents, query).await.map_err(|error| error.to_string())
}
