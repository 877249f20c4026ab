//! Operations: `/health`, `/ready`, `/v1/openapi.json`.

use super::App;
use super::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// How the server is.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    /// `ok`, `degraded` (something failed and is tried again) or `stopped` (nothing is recorded any more).
    pub status: &'static str,
    /// Entries on the log.
    pub size: u64,
    /// Entries under the published checkpoint.
    pub sealed: u64,
    /// Entries that queries see.
    pub visible: u64,
    /// Entries that were looked at for calls told of twice: what two newer ones tell of counts twice until then.
    pub joined: u64,
    /// What is wrong and what to do.
    pub faults: Vec<String>,
}

impl App {
    /// How it is now.
    pub(crate) fn health(&self) -> Health {
        let status = self.node.status();
        let stopped = status.stopped();
        let followers = status.followers();
        let mut faults: Vec<String> = stopped.iter().cloned().collect();
        faults.extend(self.failing.lock().clone());
        let failing = followers.iter().filter_map(|f| Some(format!("{}: {}", f.name, f.fault.as_ref()?)));
        faults.extend(failing);
        faults.extend(self.alerting.iter().flat_map(|alerting| alerting.faults()));
        faults.extend(self.node.last_check().filter(|check| !check.good).map(|check| check.summary));
        let word = match (&stopped, faults.is_empty()) {
            (Some(_), _) => "stopped",
            (None, false) => "degraded",
            (None, true) => "ok",
        };
        Health {
            status: word,
            size: status.size(),
            sealed: status.sealed(),
            visible: self.node.visible(),
            joined: *self.node.concluded().position().borrow(),
            faults,
        }
    }
}

/// Whether the recorder records and its followers keep up.
#[utoipa::path(get, path = "/health", tag = "operate", responses(
    (status = 200, description = "Recording", body = Health),
    (status = 503, description = "Stopped", body = Health)))]
pub(crate) async fn health(State(app): State<Arc<App>>) -> Response {
    let health = app.health();
    let status = if health.status == "stopped" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(health)).into_response()
}

/// Whether requests may be sent here.
#[utoipa::path(get, path = "/ready", tag = "operate", responses(
    (status = 200, description = "Ready"), (status = 503, description = "Not now", body = Problem)))]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    match app.node.status().stopped() {
        Some(why) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The recorder has stopped", why)),
        None => Ok("ready\n"),
    }
}

/// This description of the interface.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "operate",
    responses((status = 200, description = "OpenAPI 3.1", body = String)))]
pub(crate) async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(super::openapi())
}
