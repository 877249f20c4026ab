//! Maintenance windows over HTTP: those that the routing plans, and those that are begun by hand.

use super::super::App;
use super::super::auth::Role;
use super::super::problem::Problem;
use super::apart;
use super::silences::{has_others, period};
use crate::alerting::{Alerting, NewSilence, Work};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use std::sync::Arc;
use tacho_alert::notify::Strategy;
use tacho_event::time::format;

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Maintenance {
    /// Those that go on first.
    pub windows: Vec<MaintenanceWindow>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct MaintenanceWindow {
    /// The name of one that the routing plans, the id of one that was begun by hand.
    pub id: String,
    /// Whether the routing plans it: then it is ended there.
    pub planned: bool,
    pub matchers: Vec<String>,
    /// `suppress`: what begins within it is not told. `deliver_after`: what still fires at its end is told then.
    pub strategy: &'static str,
    pub comment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// Absent where it comes again and again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// `active`, `pending` before it starts, or `waiting` for a second person to agree.
    pub state: &'static str,
    /// Open alerts that it keeps quiet.
    pub mutes: u64,
}

/// A maintenance window that is begun.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begun {
    /// Such as `host="db1"`, `agent_id=~"dev-.*"`; all of them match.
    pub matchers: Vec<String>,
    /// `suppress` unless given, or `deliver_after`.
    #[serde(default)]
    #[schema(value_type = String)]
    pub strategy: Strategy,
    /// Now when not given.
    pub starts_at: Option<String>,
    /// This or `minutes`.
    pub ends_at: Option<String>,
    pub minutes: Option<u32>,
    /// Who works; the name of the API key when not given.
    pub by: Option<String>,
    /// Why.
    #[serde(default)]
    pub comment: String,
}

fn seen(work: Work) -> MaintenanceWindow {
    MaintenanceWindow {
        state: match (work.is_asked, work.is_on) {
            (true, _) => "waiting",
            (false, true) => "active",
            (false, false) => "pending",
        },
        id: work.id,
        planned: work.planned,
        matchers: work.matchers,
        strategy: work.strategy.as_str(),
        comment: work.comment,
        by: work.by,
        approved_by: work.approved_by,
        starts_at: work.from_us.map(format),
        ends_at: work.until_us.map(format),
        mutes: work.mutes as u64,
    }
}

async fn one(app: &App, id: &str) -> Result<Json<MaintenanceWindow>, Problem> {
    let found =
        apart(app, Alerting::maintenance).await??.into_iter().find(|work| !work.planned && work.id == id);
    let found = found.ok_or_else(|| Problem::internal("the window is gone"))?;
    Ok(Json(seen(found)))
}

/// Maintenance windows that are not over.
#[utoipa::path(get, path = "/v1/alerts/maintenance", tag = "alerts",
    responses((status = 200, description = "Windows", body = Maintenance)))]
pub(crate) async fn maintenance(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Json<Maintenance>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let windows = apart(&app, Alerting::maintenance).await??.into_iter().map(seen).collect();
    Ok(Json(Maintenance { windows }))
}

/// Begins maintenance, now or at a time: what fires about what the matchers name is told after it, or not at all. That
/// something is over, or answered, is told all the same.
#[utoipa::path(post, path = "/v1/alerts/maintenance", tag = "alerts", request_body = Begun, responses(
    (status = 200, description = "The window", body = MaintenanceWindow),
    (status = 400, description = "It concerns everything, has no reason or no end", body = Problem)))]
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<MaintenanceWindow>, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    let begun: Begun =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(error.to_string()))?;
    let (starts_us, ends_us) = period(&begun.starts_at, &begun.ends_at, begun.minutes)?;
    let wanted = NewSilence {
        id: None,
        matchers: begun.matchers,
        starts_us,
        ends_us,
        by: credential.named(begun.by.as_deref()),
        comment: begun.comment,
        maintenance: Some(begun.strategy),
        credential: credential.name,
        others: has_others(&app)?,
    };
    let asked = apart(&app, move |alerting| alerting.silence(wanted)).await??;
    one(&app, &asked.silence.id).await
}

/// Agrees with a window of somebody else that would mute a critical built-in rule.
#[utoipa::path(post, path = "/v1/alerts/maintenance/{id}/approve", tag = "alerts", responses(
    (status = 200, description = "The window counts now", body = MaintenanceWindow),
    (status = 404, description = "None of this id waits", body = Problem)))]
pub(crate) async fn approve(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<MaintenanceWindow>, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    let (of, by) = (id.clone(), credential.name);
    apart(&app, move |alerting| alerting.approve(&of, &by, &by)).await??;
    one(&app, &id).await
}

/// Ends a window now; one that the routing plans is ended there.
#[utoipa::path(delete, path = "/v1/alerts/maintenance/{id}", tag = "alerts", responses(
    (status = 204, description = "It ended"),
    (status = 400, description = "The routing plans it", body = Problem),
    (status = 404, description = "There is none of this id", body = Problem)))]
pub(crate) async fn end(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    let known = apart(&app, Alerting::maintenance).await??.into_iter().find(|work| work.id == id);
    let known =
        known.ok_or_else(|| Problem::not_found(format!("there is no maintenance window \"{id}\"")))?;
    if known.planned {
        let how = format!("the routing plans \"{id}\": change it in routing.yaml and save that");
        return Err(Problem::bad_request(how));
    }
    apart(&app, move |alerting| alerting.unsilence(&id, &credential.name)).await??;
    Ok(StatusCode::NO_CONTENT)
}
