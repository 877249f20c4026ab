//! Alerts over HTTP: what fires, who answered, what rules there are, who is told. Looking is for role `read`, acting for
//! `admin`.

pub(super) mod act;
mod edits;
mod maintenance;
mod oncall;
mod proof;
mod rules;
mod seen;
pub(super) mod silences;
mod told;
mod tried;

use seen::{Alert, standing};

use super::App;
use super::auth::Role;
use super::problem::Problem;
use crate::alerting::{Alerting, Refused};
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use std::collections::BTreeMap;
use std::sync::Arc;
use tacho_alert::notify::Raised;
use utoipa::OpenApi;

/// What the document says of alerts.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    alerts,
    alert,
    act::acknowledge,
    act::snooze,
    act::resolve,
    act::assign,
    act::note,
    rules::rules,
    rules::rule,
    tried::check,
    tried::replay,
    edits::put,
    edits::remove,
    edits::edits,
    edits::approve,
    edits::withdraw,
    silences::silences,
    silences::set,
    silences::end,
    silences::approve,
    maintenance::maintenance,
    maintenance::begin,
    maintenance::end,
    maintenance::approve,
    oncall::on_call,
    oncall::take_over,
    oncall::give_back,
    told::receivers,
    told::test,
    told::deliveries,
    proof::recomputed,
))]
struct Interface;

pub(super) fn openapi() -> utoipa::openapi::OpenApi {
    Interface::openapi()
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/alerts", get(alerts))
        .route("/v1/alerts/rules", get(rules::rules))
        .route("/v1/alerts/rules/check", post(tried::check))
        .route("/v1/alerts/rules/replay", post(tried::replay))
        .route("/v1/alerts/rules/edits", get(edits::edits))
        .route("/v1/alerts/rules/edits/{id}", axum::routing::delete(edits::withdraw))
        .route("/v1/alerts/rules/edits/{id}/approve", post(edits::approve))
        .route("/v1/alerts/rules/{id}", get(rules::rule).put(edits::put).delete(edits::remove))
        .route("/v1/alerts/silences", get(silences::silences).post(silences::set))
        .route("/v1/alerts/silences/{id}", axum::routing::delete(silences::end))
        .route("/v1/alerts/silences/{id}/approve", post(silences::approve))
        .route("/v1/alerts/maintenance", get(maintenance::maintenance).post(maintenance::begin))
        .route("/v1/alerts/maintenance/{id}", axum::routing::delete(maintenance::end))
        .route("/v1/alerts/maintenance/{id}/approve", post(maintenance::approve))
        .route("/v1/alerts/oncall", get(oncall::on_call))
        .route("/v1/alerts/oncall/overrides", post(oncall::take_over))
        .route("/v1/alerts/oncall/overrides/{id}", axum::routing::delete(oncall::give_back))
        .route("/v1/alerts/receivers", get(told::receivers))
        .route("/v1/alerts/receivers/{name}/test", post(told::test))
        .route("/v1/alerts/recompute", get(proof::recomputed))
        .route("/v1/alerts/deliveries", get(told::deliveries))
        .route("/v1/alerts/{id}", get(alert))
        .route("/v1/alerts/{id}/acknowledge", post(act::acknowledge))
        .route("/v1/alerts/{id}/snooze", post(act::snooze))
        .route("/v1/alerts/{id}/resolve", post(act::resolve))
        .route("/v1/alerts/{id}/assign", post(act::assign))
        .route("/v1/alerts/{id}/note", post(act::note))
        // Rule files are the largest of what comes here.
        .layer(DefaultBodyLimit::max(tacho_alert::FILE_BYTES_MAX * 2))
}

/// Alerts of one answer.
const LIMIT: u32 = 1000;

/// Which alerts may be asked for.
const STATES: [&str; 6] = ["open", "firing", "acknowledged", "snoozed", "resolved", "all"];

/// Which alerts.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Asking {
    /// `open` (when not given), `firing`, `acknowledged`, `snoozed`, `resolved` or `all`.
    state: Option<String>,
    /// `critical`, `warning` or `info`.
    severity: Option<String>,
    /// The rule's id.
    rule: Option<String>,
    /// Alerts whose label `agent_id` is this.
    agent: Option<String>,
    /// Newest first; 200 when not given, at most 1,000.
    limit: Option<u32>,
}

impl Asking {
    fn wants(&self, raised: &Raised) -> bool {
        let is = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
        let agent = raised.labels().get("agent_id").map_or("", String::as_str);
        let state = self.state.as_deref().unwrap_or("open");
        is(&self.severity, raised.severity.as_str())
            && is(&self.rule, &raised.rule)
            && is(&self.agent, agent)
            && (matches!(state, "open" | "all") || state == standing(raised))
    }
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Alerts {
    pub alerts: Vec<Alert>,
    /// How many there are of what was asked for, of those that are over among the newest 1,000: more than are listed
    /// where `limit` is lower.
    pub found: usize,
    /// Open alerts by severity, whatever was asked for.
    pub totals: BTreeMap<&'static str, u64>,
    /// Whether rules follow the log, and why not.
    pub following: bool,
    pub faults: Vec<String>,
}

/// The alerting of this server.
pub(super) fn alerting(app: &App) -> Result<&Arc<Alerting>, Problem> {
    app.alerting().ok_or_else(|| {
        let how = "alerting is switched off: set [alerts] enabled = true in the configuration";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Alerting is off", how)
    })
}

/// Asks alerting beside what must not wait: while it is busy, whoever asks how this server is gets an answer all the same.
pub(super) async fn apart<T: Send + 'static>(
    app: &App,
    ask: impl FnOnce(&Alerting) -> T + Send + 'static,
) -> Result<T, Problem> {
    let alerting = Arc::clone(alerting(app)?);
    let asked = tokio::task::spawn_blocking(move || ask(&alerting)).await;
    asked.map_err(|error| Problem::internal(error.to_string()))
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        match refused {
            Refused::Unknown(detail) => Problem::not_found(detail),
            Refused::Wrong(detail) => Problem::bad_request(detail),
            Refused::Failed(detail) => Problem::internal(detail),
        }
    }
}

fn failed(error: tacho_store::StoreError) -> Problem {
    Problem::internal(error.to_string())
}

/// Alerts, newest first.
#[utoipa::path(get, path = "/v1/alerts", tag = "alerts", params(Asking), responses(
    (status = 200, description = "Alerts", body = Alerts),
    (status = 503, description = "Alerting is switched off", body = Problem)))]
pub(crate) async fn alerts(
    State(app): State<Arc<App>>,
    asking: Result<Query<Asking>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Alerts>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let Query(asking) = asking.map_err(|wrong| Problem::bad_request(wrong.body_text()))?;
    let state = asking.state.as_deref().unwrap_or("open");
    if !STATES.contains(&state) {
        let what = format!("state \"{state}\" is unknown: expected {}", STATES.join(", "));
        return Err(Problem::bad_request(what));
    }
    let limit = asking.limit.unwrap_or(200).min(LIMIT) as usize;
    let open = asking.clone();
    let over = state == "resolved";
    let (totals, (mut all, mut found)) = apart(&app, move |alerting| {
        let limit = if over { 0 } else { limit };
        (alerting.open_totals(), alerting.open_alerts_that(limit, |raised| !over && open.wants(raised)))
    })
    .await?;
    if matches!(state, "resolved" | "all") {
        let closed = closed(&app).await?.into_iter().filter(|seen| asking.wants(&seen.raised));
        let before = all.len();
        all.extend(closed);
        found += all.len() - before;
        all.truncate(limit);
    }
    let alerts = all.into_iter().map(Alert::from).collect();
    let alerting = alerting(&app)?;
    let faults = alerting.faults();
    Ok(Json(Alerts { alerts, found, totals, following: alerting.board().running, faults }))
}

async fn closed(app: &App) -> Result<Vec<crate::alerting::Seen>, Problem> {
    apart(app, |alerting| alerting.closed_alerts(LIMIT)).await?.map_err(failed)
}

/// One alert, open or over.
#[utoipa::path(get, path = "/v1/alerts/{id}", tag = "alerts", responses(
    (status = 200, description = "The alert", body = Alert),
    (status = 404, description = "There is none of this id", body = Problem)))]
pub(crate) async fn alert(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Alert>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let unknown = format!("there is no alert \"{id}\"");
    let seen = apart(&app, move |alerting| alerting.alert(&id)).await?.map_err(failed)?;
    let seen = seen.ok_or_else(|| Problem::not_found(unknown))?;
    Ok(Json(Alert::from(seen)))
}
