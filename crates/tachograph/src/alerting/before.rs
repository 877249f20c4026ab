//! What the log says about an incident: what its alerts' events are about, what changed before, where its lines stand.

mod facts;

use super::Stop;
use super::ended::{self, how};
use crate::http::{App, registry};
use crate::rows::rows;
use std::collections::{BTreeSet, HashMap};
use tacho_alert::incident::{Change, ChangeKind, Entry, RUNNING, Step, Witness};
use tacho_event::time::format;

/// Entries or events that one query names.
pub(super) const NAMED_MAX: usize = 1000;
/// Events of alerts that are read together.
const WITNESSES_MAX: usize = 10_000;
/// Changes that one query gives, the newest.
const CHANGES_MAX: usize = 5000;

/// A deployment that concerns everybody: into production, something published, a push to what is released from.
const SHARED: &str = "(mapped_action = 'production_deployment' OR mapped_action = 'code_deployment' AND \
    coalesce(NOT regexp_like(input, 'git[^;&|\\n]*\\spush') OR regexp_like(input, \
      'push[^;&|\\n]*[\\s:/+](main|master|trunk|production|prod|live|release[^\\s\"]*|--tags|--follow-tags|--mirror|refs/tags/[^\\s\"]+|v[0-9]+(\\.[0-9.]+)?|[0-9]+\\.[0-9.]+)([\\s\"\\x27\\x5c]|$)'), \
      false))";
/// What the class table calls a deployment, or a change of what runs.
const DEPLOYED: &str = "mapped_action IN ('code_deployment', 'production_deployment', 'configuration_change') OR \
    lower(action_name) IN ('deploy', 'deployment', 'system_update', 'system_update_complete', 'rollback')";

/// The command of an action, on one line, as it was recorded: redacted.
const COMMAND: &str = "btrim(regexp_replace(coalesce(json_as_text(input, 'command'), json_as_text(input, 'cmd')), '\\s+', ' ', 'g'))";
/// Of a longer command the beginning is shown.
const COMMAND_CHARS: usize = 120;

/// The events of some entries, the newest of them where there are very many.
pub(super) async fn witnesses(app: &App, indices: &BTreeSet<u64>) -> Result<HashMap<u64, Witness>, String> {
    let newest: Vec<u64> = indices.iter().rev().take(WITNESSES_MAX).copied().collect();
    let mut found = HashMap::new();
    for some in newest.chunks(NAMED_MAX) {
        let (Some(newest), Some(oldest)) = (some.first(), some.last()) else { continue };
        let list: Vec<String> = some.iter().map(ToString::to_string).collect();
        let query = format!(
            "SELECT index, agent_id AS agent, coalesce(who_session, session_uuid) AS session, \
               workflow_id AS workflow, call_id AS call, parent_id AS parent, who_ip AS address \
             FROM events WHERE index BETWEEN {oldest} AND {newest} AND index IN ({})",
            list.join(", ")
        );
        let events: Vec<Witness> = ask(app, &query).await?;
        found.extend(events.into_iter().map(|event| (event.index, event)));
    }
    Ok(found)
}

#[derive(serde::Deserialize)]
pub(super) struct Found {
    pub(super) index: u64,
    event_id: String,
    at_us: i64,
    agent: String,
    kind: ChangeKind,
    call: Option<String>,
    /// The action that it is of, and how that went as far as is known.
    pub(super) action: Option<u64>,
    pub(super) outcome: Option<String>,
    /// Nobody has told of its end.
    #[serde(default)]
    pub(super) runs: bool,
    text: String,
    /// It concerns everybody: something was brought into production.
    shared: bool,
}

/// What changed within a time before the first alert of each incident: of its agents, and what others brought into
/// production. The same queries for all of them, one after the other.
pub(super) async fn changes(
    app: &App,
    incidents: &[(String, i64, BTreeSet<String>)],
    before_us: i64,
) -> Result<Vec<Vec<Change>>, String> {
    let moments = incidents.iter().map(|(_, first_us, _)| *first_us);
    let (Some(first_us), Some(last_us)) = (moments.clone().min(), moments.max()) else {
        return Ok(Vec::new());
    };
    let agents: BTreeSet<&String> = incidents.iter().flat_map(|(.., agents)| agents).collect();
    let since_us = first_us.saturating_sub(before_us);
    let list: Vec<String> = agents.iter().map(|agent| quoted(agent)).collect();
    let own = if list.is_empty() { "false".into() } else { format!("agent_id IN ({})", list.join(", ")) };
    let mut found: Vec<Found> = ask(app, &done(since_us, last_us, &own)).await?;
    found.extend(facts::changed(app, since_us, last_us, &own).await?);
    found.sort_unstable_by_key(|found| std::cmp::Reverse(found.index));
    found.truncate(CHANGES_MAX);
    ended::told(app, &mut found, since_us).await?;
    let of = |(_, first_us, agents): &(String, i64, BTreeSet<String>)| {
        let mut calls = BTreeSet::new();
        let near =
            |found: &&Found| found.at_us <= *first_us && found.at_us >= first_us.saturating_sub(before_us);
        let concerns = |found: &&Found| found.shared || agents.contains(&found.agent);
        // Several witnesses tell of one call: the first counts.
        let once = |found: &&Found| {
            found.call.as_ref().is_none_or(|call| calls.insert((found.agent.clone(), call.clone())))
        };
        let own = found.iter().rev().filter(near).filter(concerns).filter(once);
        own.map(|found| found.change(agents)).collect()
    };
    Ok(incidents.iter().map(of).collect())
}

impl Found {
    /// What it was, and how it went.
    fn words(&self) -> String {
        if self.runs {
            return format!("{}{RUNNING}", self.text);
        }
        match self.outcome.as_deref() {
            None | Some("unknown") => self.text.clone(),
            Some(outcome) => format!("{}, {}", self.text, how(outcome)),
        }
    }

    fn change(&self, agents: &BTreeSet<String>) -> Change {
        Change {
            at_us: self.at_us,
            kind: self.kind,
            same_agent: agents.contains(&self.agent),
            agent: self.agent.clone(),
            text: self.words(),
            entry: Entry { index: self.index, id: self.event_id.clone() },
            running: self.action.filter(|_| self.runs),
        }
    }
}

pub(super) fn moment(us: i64) -> String {
    format!("TIMESTAMPTZ '{}'", format(us))
}

pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What was done that changes something, the newest first.
fn done(from_us: i64, to_us: i64, own: &str) -> String {
    let (from, to) = (moment(from_us), moment(to_us));
    format!(
        "SELECT index, event_id, arrow_cast(recorded_at, 'Int64') AS at_us, agent_id AS agent, call_id AS call, \
           action_of(index) AS action, outcome_status AS outcome, \
           CASE WHEN ({DEPLOYED}) AND coalesce(mapped_action, '') <> 'configuration_change' THEN 'deployment' WHEN lower(action_name) LIKE '%prompt%' THEN 'prompt' \
             WHEN lower(action_name) LIKE '%model%' THEN 'model' ELSE 'configuration' END AS kind, \
           concat(action_name, \
             CASE WHEN mapped_action IS NULL OR mapped_action = action_name THEN '' \
               ELSE concat(' (', mapped_action, ')') END, \
             CASE WHEN target IS NULL THEN '' ELSE concat(' ', target) END, \
             CASE WHEN {COMMAND} IS NULL THEN '' ELSE concat(': ', left({COMMAND}, {COMMAND_CHARS}), \
               CASE WHEN char_length({COMMAND}) > {COMMAND_CHARS} THEN ' …' ELSE '' END) END) AS text, \
           coalesce({SHARED}, false) AS shared \
         FROM events WHERE recorded_at >= {from} AND recorded_at <= {to} AND source <> 'internal' \
           AND ({SHARED} OR ({DEPLOYED} OR action_type = 'settings') AND {own}) ORDER BY index DESC LIMIT {CHANGES_MAX}"
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

#[derive(serde::Deserialize)]
struct Named {
    index: u64,
    event_id: String,
    at_us: i64,
    agent: String,
    name: String,
    outcome: String,
}

/// The step that attaches an event, by its index or its id; nothing when there is none.
pub(crate) async fn attaching(app: &App, event: &str) -> Result<Option<Step>, String> {
    let named = match event.parse::<u64>() {
        Ok(index) => format!("index = {index}"),
        Err(_) => format!("event_id = {0} OR who_id = {0}", quoted(event)),
    };
    let query = format!(
        "SELECT index, event_id, arrow_cast(recorded_at, 'Int64') AS at_us, agent_id AS agent, action_name AS name, \
           outcome_status AS outcome FROM events WHERE {named} ORDER BY index DESC LIMIT 1"
    );
    let found: Vec<Named> = ask(app, &query).await?;
    Ok(found.into_iter().next().map(|found| Step::Attach {
        text: format!("{} of {}, {}", found.name, found.agent, found.outcome),
        entry: Entry { index: found.index, id: found.event_id },
        at_us: found.at_us,
    }))
}

#[derive(serde::Deserialize)]
struct Told {
    name: String,
    output: serde_json::Value,
}

/// What the log says of the stop list, in order: whether somebody was stopped or released, and whom.
pub(super) async fn stops(app: &App) -> Result<Vec<(bool, Stop)>, String> {
    let query = "SELECT action_name AS name, output FROM events WHERE source = 'internal' \
       AND action_name IN ('agent_stopped', 'agent_released') AND output IS NOT NULL ORDER BY index";
    let told: Vec<Told> = ask(app, query).await?;
    let read = |told: Told| {
        // An end says by whom only where it was a person.
        let mut stop = match told.output {
            serde_json::Value::String(text) => serde_json::from_str(&text).ok()?,
            other => other,
        };
        if stop["by"].is_null() {
            stop["by"] = "".into();
        }
        Some((told.name == "agent_stopped", serde_json::from_value(stop).ok()?))
    };
    Ok(told.into_iter().filter_map(read).collect())
}

pub(super) async fn ask<T: serde::de::DeserializeOwned>(app: &App, query: &str) -> Result<Vec<T>, String> {
    let agents = registry(app).map_err(|problem| problem.detail)?;
    let moment = app.node.moment().await;
    rows(&app.node, moment, &agents, query).await.map_err(|error| error.to_string())
}
