//! Incidents that people shape: opened by hand, alerts and events taken in and out, merged.

use super::super::App;
use super::super::alerts::alerting;
use super::super::auth::Credential;
use super::super::problem::Problem;
use super::Incident;
use super::act::asked;
use crate::alerting::{attaching, incoming};
use crate::clock::random;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tacho_alert::Severity;
use tacho_alert::incident::{Entity, EntityKind, New, Step};

/// Alerts, events, agents or sessions that one request names.
const NAMED_MAX: usize = 200;
/// A key of the caller's, bytes.
const KEY_BYTES_MAX: usize = 200;

/// An incident that somebody opens.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Opening {
    /// What happened, in one line.
    pub title: String,
    /// `critical`, `warning` (when not given) or `info`.
    pub severity: Option<String>,
    /// A name of your own for it: the same name opens it once, however often it is sent.
    pub key: Option<String>,
    /// Agents and sessions that it is about: later alerts of theirs belong to it.
    pub agents: Vec<String>,
    pub sessions: Vec<String>,
    /// Ids of alerts.
    pub alerts: Vec<String>,
    /// Indices or ids of events.
    pub events: Vec<String>,
    /// Why.
    pub reason: Option<String>,
    pub by: Option<String>,
}

/// Opens an incident by hand.
#[utoipa::path(post, path = "/v1/incidents", tag = "incidents", operation_id = "incident_open", request_body = Opening,
    responses(
    (status = 200, description = "The incident, also when it was open already", body = Incident),
    (status = 400, description = "The title is missing, or an alert belongs to another incident", body = Problem),
    (status = 404, description = "There is no such alert or event", body = Problem)))]
pub(crate) async fn open(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Incident>, Problem> {
    let (opening, credential): (Opening, Credential) = asked(&app, &headers, body).await?;
    let Opening { title, severity, key, agents, sessions, alerts, events, reason, by } = opening;
    let many = [&agents, &sessions, &alerts, &events].into_iter().any(|named| named.len() > NAMED_MAX);
    if many || key.as_ref().is_some_and(|key| key.len() > KEY_BYTES_MAX) {
        let what = format!("expected at most {NAMED_MAX} of each, and a key of {KEY_BYTES_MAX} bytes");
        return Err(Problem::bad_request(what));
    }
    let severity = match severity.as_deref() {
        None | Some("warning") => Severity::Warning,
        Some("critical") => Severity::Critical,
        Some("info") => Severity::Info,
        Some(other) => {
            return Err(Problem::bad_request(format!(
                "severity \"{other}\" is unknown: expected critical, warning or info"
            )));
        }
    };
    let entity = |kind| move |value: String| Entity { kind, value };
    let entities = agents.into_iter().map(entity(EntityKind::Agent));
    let entities = entities.chain(sessions.into_iter().map(entity(EntityKind::Session)));
    let entities = entities.filter(|entity| !entity.value.trim().is_empty() && entity.value.len() <= 256);
    let new = New { id: id(key.as_deref()), title, severity, entities: entities.collect(), reason };
    let (mut taken, mut steps) = (Vec::new(), Vec::new());
    for alert in &alerts {
        taken.push(incoming(&app, alerting(&app)?, alert).await?);
    }
    for event in &events {
        steps.push(found(&app, event).await?);
    }
    let by = credential.named(by.as_deref());
    Ok(Json(alerting(&app)?.open_incident(new, &taken, &steps, &by)?.into()))
}

/// Names an incident that is opened by hand: by the caller's name for it, or at random.
fn id(key: Option<&str>) -> String {
    let mut hash = Sha256::new();
    hash.update("incident by hand\n");
    match key {
        Some(key) => hash.update(key),
        None => {
            let mut bytes = [0; 16];
            random(&mut bytes);
            hash.update(bytes);
        }
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

async fn found(app: &App, event: &str) -> Result<Step, Problem> {
    let step = attaching(app, event).await.map_err(Problem::internal)?;
    step.ok_or_else(|| Problem::not_found(format!("there is no event \"{event}\"")))
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Attaching {
    /// Index or id of an event.
    pub event: String,
    /// Whether it is taken out again.
    pub detach: bool,
    /// Why.
    pub note: Option<String>,
    pub by: Option<String>,
}

/// Puts an event of the log into its timeline, or takes it out again.
#[utoipa::path(post, path = "/v1/incidents/{id}/event", tag = "incidents", operation_id = "incident_event",
    request_body = Attaching, responses(
    (status = 200, description = "The incident", body = Incident),
    (status = 404, description = "There is no such incident or event", body = Problem)))]
pub(crate) async fn event(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Incident>, Problem> {
    let (asked, credential): (Attaching, Credential) = asked(&app, &headers, body).await?;
    let step = match (found(&app, &asked.event).await?, asked.detach) {
        (Step::Attach { entry, .. }, true) => Step::DetachEvent { index: entry.index },
        (step, _) => step,
    };
    let by = credential.named(asked.by.as_deref());
    Ok(Json(alerting(&app)?.step(&id, &step, &by, asked.note.as_deref())?.into()))
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Joining {
    /// Id of an alert, open or over.
    pub alert: String,
    /// Whether it is taken out: it and what its rule finds of the same group come back by hand only.
    pub detach: bool,
    /// Why.
    pub note: Option<String>,
    pub by: Option<String>,
}

/// Takes an alert into an incident, or out of it.
#[utoipa::path(post, path = "/v1/incidents/{id}/alert", tag = "incidents", operation_id = "incident_alert",
    request_body = Joining, responses(
    (status = 200, description = "The incident", body = Incident),
    (status = 400, description = "The alert belongs to another incident", body = Problem),
    (status = 404, description = "There is no such incident or alert", body = Problem)))]
pub(crate) async fn alert(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Incident>, Problem> {
    let (joining, credential): (Joining, Credential) = asked(&app, &headers, body).await?;
    let by = credential.named(joining.by.as_deref());
    let (alerting, note) = (alerting(&app)?, joining.note.as_deref());
    if joining.detach {
        let step = Step::DetachAlert { alert: joining.alert };
        return Ok(Json(alerting.step(&id, &step, &by, note)?.into()));
    }
    let taken = incoming(&app, alerting, &joining.alert).await?;
    Ok(Json(alerting.attach_alert(&id, &taken, &by, note)?.into()))
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Merging {
    /// Id of the incident that goes on.
    pub into: String,
    /// Why.
    pub note: Option<String>,
    pub by: Option<String>,
}

/// Merges an incident into another, which has its alerts from then on. The one that was merged is closed, names the other
/// and keeps its timeline.
#[utoipa::path(post, path = "/v1/incidents/{id}/merge", tag = "incidents", operation_id = "incident_merge",
    request_body = Merging, responses(
    (status = 200, description = "The incident that goes on", body = Incident),
    (status = 400, description = "One of them was merged before, or the other is closed", body = Problem),
    (status = 404, description = "There is no such incident", body = Problem)))]
pub(crate) async fn merge(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Incident>, Problem> {
    let (merging, credential): (Merging, Credential) = asked(&app, &headers, body).await?;
    let by = credential.named(merging.by.as_deref());
    Ok(Json(alerting(&app)?.merge(&id, &merging.into, &by, merging.note.as_deref())?.into()))
}
