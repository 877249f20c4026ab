//! Incidents over HTTP: what is open, one of them with its timeline, what people do about it, what is written afterwards.
//! Looking is for role `viewer`, acting for `operator`.

mod act;
mod hand;
mod seen;
mod told;

use seen::{Incident, Summary};

use super::App;
use super::alerts::alerting;
use super::auth::Role;
use super::problem::Problem;
use crate::clock::now_us;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use std::collections::BTreeMap;
use std::sync::Arc;
use tacho_alert::incident::State as Stage;

/// Every path of incidents and its handler.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/incidents", get(incidents).post(hand::open))
        .route("/v1/incidents/report", get(told::report))
        .route("/v1/incidents/{id}", get(incident))
        .route("/v1/incidents/{id}/state", post(act::state))
        .route("/v1/incidents/{id}/note", post(act::note))
        .route("/v1/incidents/{id}/event", post(hand::event))
        .route("/v1/incidents/{id}/alert", post(hand::alert))
        .route("/v1/incidents/{id}/merge", post(hand::merge))
        .route("/v1/incidents/{id}/role", post(act::role))
        .route("/v1/incidents/{id}/follow-up", post(act::follow_up))
        .route("/v1/incidents/{id}/containment", post(act::containment))
        .route("/v1/incidents/{id}/post-mortem", get(told::written))
}

/// The same for the OpenAPI document.
pub(super) fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(
        incidents,
        incident,
        act::state,
        act::note,
        hand::open,
        hand::event,
        hand::alert,
        hand::merge,
        act::role,
        act::follow_up,
        act::containment,
        told::written,
        told::report
    ))]
    struct Interface;
    <Interface as utoipa::OpenApi>::openapi()
}

/// Incidents of one answer.
const LIMIT: u32 = 1000;

/// Which incidents.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Asking {
    /// `open` (when not given), `all`, or `reception`, `investigation`, `remediation`, `post_mortem`, `closed`.
    state: Option<String>,
    /// `critical`, `warning` or `info`.
    severity: Option<String>,
    /// Incidents that are about this agent.
    agent: Option<String>,
    /// Newest first; 100 when not given, at most 1,000.
    limit: Option<u32>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Incidents {
    pub incidents: Vec<Summary>,
    /// Incidents that are not closed by state, whatever was asked for.
    pub totals: BTreeMap<&'static str, u64>,
}

/// Incidents, newest first.
#[utoipa::path(get, path = "/v1/incidents", tag = "incidents", operation_id = "incidents", params(Asking), responses(
    (status = 200, description = "Incidents", body = Incidents),
    (status = 503, description = "Alerting is switched off", body = Problem)))]
pub(crate) async fn incidents(
    State(app): State<Arc<App>>,
    asking: Result<Query<Asking>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Incidents>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let Query(asking) = asking.map_err(|wrong| Problem::bad_request(wrong.body_text()))?;
    let alerting = alerting(&app)?;
    let state = asking.state.as_deref().unwrap_or("open");
    let stage = Stage::parse(state);
    if stage.is_none() && !matches!(state, "open" | "all") {
        let stages: Vec<&str> = Stage::ALL.iter().map(|stage| stage.as_str()).collect();
        let what = format!("state \"{state}\" is unknown: expected open, all, {}", stages.join(", "));
        return Err(Problem::bad_request(what));
    }
    let limit = asking.limit.unwrap_or(100).min(LIMIT);
    let mut all = alerting.open_incidents()?;
    let mut totals: BTreeMap<&'static str, u64> =
        Stage::ALL.iter().filter(|stage| **stage != Stage::Closed).map(|stage| (stage.as_str(), 0)).collect();
    for incident in &all {
        *totals.entry(incident.state.as_str()).or_default() += 1;
    }
    if state == "all" || stage == Some(Stage::Closed) {
        all.extend(alerting.closed_incidents(i64::MIN, crate::alerting::CLOSED_MAX)?);
        all.sort_by_key(|incident| std::cmp::Reverse(incident.opened_us));
    }
    all.retain(|incident| {
        stage.is_none_or(|stage| stage == incident.state)
            && asking.severity.as_ref().is_none_or(|wanted| wanted == incident.severity.as_str())
            && asking.agent.as_ref().is_none_or(|wanted| incident.agents().contains(wanted))
    });
    all.truncate(limit as usize);
    Ok(Json(Incidents { incidents: all.iter().map(Summary::from).collect(), totals }))
}

/// One incident with its timeline, closed or not.
#[utoipa::path(get, path = "/v1/incidents/{id}", tag = "incidents", operation_id = "incident", responses(
    (status = 200, description = "The incident", body = Incident),
    (status = 404, description = "There is none of this id", body = Problem)))]
pub(crate) async fn incident(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Incident>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    Ok(Json(alerting(&app)?.incident(&id)?.into()))
}

/// A moment so many days ago.
fn days_ago(days: u32) -> i64 {
    now_us() - i64::from(days) * tacho_event::time::DAY_US
}
