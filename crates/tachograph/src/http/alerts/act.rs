//! What people do about an alert. Each is on the log, with who did it.

use super::super::App;
use super::super::auth::Role;
use super::super::problem::Problem;
use super::{Alert, alerting};
use crate::clock::now_us;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use std::sync::Arc;
use tacho_alert::notify::Act;

/// What somebody says with it; an empty body says nothing.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Acting {
    /// Who does it; the name of the API key when not given. The record names the key as well.
    pub by: Option<String>,
    pub note: Option<String>,
    /// For how long to snooze.
    pub minutes: Option<u32>,
    /// To whom it is assigned.
    pub to: Option<String>,
}

/// Reads a body that may be empty.
pub(crate) fn read<T: serde::de::DeserializeOwned + Default>(body: &[u8]) -> Result<T, Problem> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| Problem::bad_request(error.to_string()))
}

async fn act(
    app: Arc<App>,
    id: String,
    headers: HeaderMap,
    body: Bytes,
    of: impl FnOnce(&Acting) -> Result<Act, Problem>,
) -> Result<Json<Alert>, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    let acting: Acting = read(&body)?;
    let act = of(&acting)?;
    let by = credential.named(acting.by.as_deref());
    let alerting = Arc::clone(alerting(&app)?);
    let note = acting.note.as_deref().map(|note| app.node.redact(note).0);
    alerting.act(&id, &act, &by, note.as_deref())?;
    let seen = alerting.alert(&id).map_err(super::failed)?;
    let seen = seen.ok_or_else(|| Problem::internal("the alert is gone"))?;
    Ok(Json(Alert::from(seen)))
}

/// Says that somebody takes care: no repetition, no escalation.
#[utoipa::path(post, path = "/v1/alerts/{id}/acknowledge", tag = "alerts", request_body = Acting, responses(
    (status = 200, description = "The alert", body = Alert),
    (status = 404, description = "There is no open alert of this id", body = Problem)))]
pub(crate) async fn acknowledge(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Alert>, Problem> {
    act(app, id, headers, body, |_| Ok(Act::Acknowledge)).await
}

/// Keeps it quiet for some minutes; then it escalates from where it was.
#[utoipa::path(post, path = "/v1/alerts/{id}/snooze", tag = "alerts", request_body = Acting,
    responses((status = 200, description = "The alert", body = Alert)))]
pub(crate) async fn snooze(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Alert>, Problem> {
    let until = |acting: &Acting| {
        let minutes = acting.minutes.ok_or_else(|| Problem::bad_request("say for how many \"minutes\""))?;
        Ok(Act::Snooze { until_us: now_us() + i64::from(minutes) * 60_000_000 })
    };
    act(app, id, headers, body, until).await
}

/// Ends it by hand; it fires again when its rule finds it anew.
#[utoipa::path(post, path = "/v1/alerts/{id}/resolve", tag = "alerts", request_body = Acting,
    responses((status = 200, description = "The alert", body = Alert)))]
pub(crate) async fn resolve(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Alert>, Problem> {
    act(app, id, headers, body, |_| Ok(Act::Resolve)).await
}

/// Hands it to somebody.
#[utoipa::path(post, path = "/v1/alerts/{id}/assign", tag = "alerts", request_body = Acting,
    responses((status = 200, description = "The alert", body = Alert)))]
pub(crate) async fn assign(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Alert>, Problem> {
    act(app, id, headers, body, |acting| Ok(Act::Assign { to: acting.to.clone().unwrap_or_default() })).await
}

/// Writes a note into its history.
#[utoipa::path(post, path = "/v1/alerts/{id}/note", tag = "alerts", request_body = Acting,
    responses((status = 200, description = "The alert", body = Alert)))]
pub(crate) async fn note(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Alert>, Problem> {
    act(app, id, headers, body, |_| Ok(Act::Note)).await
}
