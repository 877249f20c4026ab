//! Operations: `/health`, `/ready`, `/metrics` (Prometheus text), `/v1/openapi.json`.

use super::App;
use super::problem::Problem;
use super::write::Recorded;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub accepted: AtomicU64,
    pub duplicates: AtomicU64,
    pub rejected: AtomicU64,
    /// Requests refused by a rate limit.
    pub limited: AtomicU64,
    /// Requests refused because too much waited, the disk was full or the recorder had stopped.
    pub refused: AtomicU64,
    pub queries: AtomicU64,
}

impl Metrics {
    pub(crate) fn count(&self, recorded: &Recorded) {
        self.accepted.fetch_add(recorded.accepted, Ordering::Relaxed);
        self.duplicates.fetch_add(recorded.duplicates, Ordering::Relaxed);
        self.rejected.fetch_add(recorded.rejected_count, Ordering::Relaxed);
    }
}

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
    /// What is wrong and what to do.
    pub faults: Vec<String>,
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

/// Counters and gauges for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operate",
    responses((status = 200, description = "Prometheus text format 0.0.4", body = String)))]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut text = String::with_capacity(2048);
    let metrics = &app.metrics;
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    for (name, help, value) in [
        ("events_accepted", "Events recorded over HTTP.", load(&metrics.accepted)),
        ("events_duplicate", "Events that were on the log before.", load(&metrics.duplicates)),
        ("events_rejected", "Lines that were refused.", load(&metrics.rejected)),
        ("requests_limited", "Requests refused by a rate limit.", load(&metrics.limited)),
        ("requests_refused", "Requests refused for want of space or memory.", load(&metrics.refused)),
        ("queries", "Queries answered.", load(&metrics.queries)),
    ] {
        metric(&mut text, "counter", &format!("{name}_total"), help, value);
    }
    let status = app.node.status();
    let (jobs, bytes) = status.queued();
    for (name, help, value) in [
        ("log_entries", "Entries on the log.", status.size()),
        ("log_sealed_entries", "Entries under the published checkpoint.", status.sealed()),
        ("store_visible_entries", "Entries that queries see.", app.node.visible()),
        ("store_hot_bytes", "Bytes of the newest events in memory.", app.node.hot_bytes() as u64),
        ("store_segments", "Parquet segments.", app.node.segments() as u64),
        ("queue_jobs", "Requests that wait for the recorder.", jobs as u64),
        ("queue_bytes", "Bytes that wait for the recorder.", bytes as u64),
        ("up", "1 while the recorder records.", u64::from(status.stopped().is_none())),
    ] {
        metric(&mut text, "gauge", name, help, value);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn metric(text: &mut String, kind: &str, name: &str, help: &str, value: u64) {
    let name = format!("tachograph_{name}");
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}")
        .expect("a String takes text");
}

/// This description of the interface.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "operate",
    responses((status = 200, description = "OpenAPI 3.1", body = String)))]
pub(crate) async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(super::openapi())
}
