//! `/metrics`: counters since the start and the state of now, as Prometheus reads them. `docs/guide/metrics.md` lists
//! them.

mod alerts;
mod inside;

use super::App;
use super::tail::socket::WATCHERS_MAX;
use super::write::Recorded;
use crate::coverage::Standing;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tacho_ingest::Tally;
use tacho_ingest::fields::Refused;

/// Counters since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub accepted: AtomicU64,
    pub duplicates: AtomicU64,
    /// Lines that were refused, by [`Refused`] in its order; the last are those past the number that is named.
    rejected: [AtomicU64; REASONS.len()],
    /// Requests refused by a rate limit.
    pub limited: AtomicU64,
    /// Requests refused because too much waited, the disk was full or the recorder had stopped.
    pub refused: AtomicU64,
    pub queries: AtomicU64,
    pub failed_logins: AtomicU64,
    /// Sessions over PostgreSQL's wire that are open, and what became of their statements.
    pub postgres_sessions: AtomicU64,
    pub postgres_statements: AtomicU64,
    pub postgres_errors: AtomicU64,
    pub postgres_canceled: AtomicU64,
    /// Answers by route and status. Routes are those of the router, so there are few.
    requests: Mutex<BTreeMap<(Arc<str>, u16), u64>>,
}

const REASONS: [&str; 7] = ["json", "utf8", "twice", "limit", "field", "new_user", "unnamed"];

fn reason(refused: &Refused) -> usize {
    match refused {
        Refused::Json(_) => 0,
        Refused::Utf8(_) => 1,
        Refused::Twice(_) => 2,
        Refused::Limit { .. } => 3,
        Refused::Field { .. } => 4,
        Refused::NewUser { .. } => 5,
    }
}

impl Metrics {
    pub(crate) fn count(&self, recorded: &Recorded) {
        self.accepted.fetch_add(recorded.accepted, Ordering::Relaxed);
        self.duplicates.fetch_add(recorded.duplicates, Ordering::Relaxed);
    }

    /// Counts the lines of a body that were refused.
    pub(crate) fn count_refused(&self, tally: &Tally) {
        for rejected in &tally.refused {
            self.rejected[reason(&rejected.reason)].fetch_add(1, Ordering::Relaxed);
        }
        let unnamed = tally.refused_lines - tally.refused.len() as u64;
        self.rejected[REASONS.len() - 1].fetch_add(unnamed, Ordering::Relaxed);
    }

    pub(crate) fn answered(&self, route: Arc<str>, status: u16) {
        *self.requests.lock().entry((route, status)).or_default() += 1;
    }
}

/// Counters and gauges for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operate",
    responses((status = 200, description = "Prometheus text format 0.0.4", body = String)))]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut page = Page(String::with_capacity(8 << 10));
    counters(&app.metrics, &mut page);
    state(&app, &mut page);
    actions(&app, &mut page);
    followers(&app, &mut page);
    inside::all(&app, &mut page);
    alerts::all(&app, &mut page);
    process(&mut page);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page.0).into_response()
}

fn counters(metrics: &Metrics, page: &mut Page) {
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    page.counter("events_accepted", "Events recorded over HTTP.", load(&metrics.accepted));
    page.counter("events_duplicate", "Events that were on the log before.", load(&metrics.duplicates));
    page.head("events_rejected_total", "counter", "Lines that were refused.");
    for (reason, count) in REASONS.iter().zip(&metrics.rejected) {
        page.line("events_rejected_total", &[("reason", reason)], load(count));
    }
    page.counter("requests_limited", "Requests refused by a rate limit.", load(&metrics.limited));
    page.counter("requests_refused", "Requests that could not be recorded.", load(&metrics.refused));
    page.counter("queries", "Queries asked.", load(&metrics.queries));
    page.counter("failed_logins", "Requests without a key that may do this.", load(&metrics.failed_logins));
    page.gauge("postgres_sessions", "Sessions over PostgreSQL's wire.", load(&metrics.postgres_sessions));
    let statements = load(&metrics.postgres_statements);
    page.counter("postgres_statements", "Queries of these sessions.", statements);
    page.counter("postgres_errors", "Statements of theirs that failed.", load(&metrics.postgres_errors));
    page.counter("postgres_canceled", "Of these, ended by the client.", load(&metrics.postgres_canceled));
    page.head("http_requests_total", "counter", "Answers by route and status.");
    for ((route, status), count) in &*metrics.requests.lock() {
        page.line("http_requests_total", &[("route", route), ("status", &status.to_string())], *count);
    }
}

fn actions(app: &App, page: &mut Page) {
    let (tally, overlay) = (app.node.concluded().tally(), app.node.concluded().overlay());
    let changes = overlay.changes();
    page.gauge(
        "actions_position",
        "Entries that were looked at for calls told of twice.",
        overlay.position(),
    );
    let behind = app.node.status().size().saturating_sub(overlay.position());
    page.gauge(
        "actions_behind_entries",
        "Entries that were not looked at yet: what two of them tell of counts twice until then.",
        behind,
    );
    page.gauge(
        "actions_hidden_events",
        "Events that another observation of their call stands for.",
        changes.hidden,
    );
    page.gauge("actions_joined", "Events that stand for a call with more than they say.", changes.shown);
    page.gauge("actions_remembered", "Calls that later observations can still join.", tally.actions);
    page.gauge("actions_open", "Of these, without an end.", tally.open);
    page.gauge("actions_spans", "Spans that later ones can inherit of.", tally.spans);
    page.gauge("actions_sessions", "Sessions of which it is known when they ended.", tally.sessions);
    page.head("actions_forgotten_total", "counter", "What left because of a limit on memory.");
    for (what, count) in [
        ("closed", tally.left_closed),
        ("open", tally.left_open),
        ("span", tally.left_spans),
        ("session", tally.left_sessions),
    ] {
        page.line("actions_forgotten_total", &[("what", what)], count);
    }
}

fn state(app: &App, page: &mut Page) {
    let status = app.node.status();
    let (jobs, bytes) = status.queued();
    let (reading, reading_max) = app.bodies();
    page.gauge("up", "1 while the recorder records.", u64::from(status.stopped().is_none()));
    page.gauge("log_entries", "Entries on the log.", status.size());
    page.gauge("log_sealed_entries", "Entries under the published checkpoint.", status.sealed());
    page.gauge("log_synced_entries", "Entries whose tiles are durable.", status.synced());
    page.gauge("store_visible_entries", "Entries that queries see.", app.node.visible());
    page.gauge("store_hot_bytes", "Newest events in memory.", app.node.hot_bytes() as u64);
    let snapshot = app.node.store().snapshot();
    page.gauge("store_segments", "Parquet segments.", snapshot.segments.len() as u64);
    let stored = snapshot.segments.iter().map(|segment| segment.bytes).sum();
    page.gauge("store_segment_bytes", "Parquet segments together.", stored);
    page.gauge("queue_jobs", "Requests that wait for the recorder.", jobs as u64);
    page.gauge("queue_bytes", "Bytes that wait for the recorder.", bytes as u64);
    page.gauge("bodies_bytes", "Memory held for bodies that are being read.", reading);
    page.gauge("bodies_limit_bytes", "The same at most.", reading_max);
    page.gauge("websockets", "Open WebSockets.", app.watchers.count() as u64);
    page.gauge("websockets_limit", "The same at most; more are refused.", WATCHERS_MAX as u64);
    if let Some(places) = app.places() {
        page.gauge("connections", "Open connections.", places.taken() as u64);
        page.gauge("connections_limit", "The same at most; more wait.", places.all as u64);
    }
    match &*app.covered().standing.lock() {
        None => {}
        Some(Standing::Failed) => {
            page.gauge("coverage_checked", "1 when the last check of coverage could be made.", 0);
        }
        Some(Standing::Checked(findings)) => {
            page.gauge("coverage_checked", "1 when the last check of coverage could be made.", 1);
            page.head("coverage_findings", "gauge", "Findings of the last check of coverage.");
            for (kind, count) in findings {
                page.line("coverage_findings", &[("kind", kind)], count);
            }
        }
    }
    if let Some(check) = app.node.last_check() {
        page.gauge(
            "verify_good",
            "1 when the last verification of the folder found nothing.",
            u64::from(check.good),
        );
        page.gauge("verify_entries", "Entries that the last verification covered.", check.entries);
    }
}

fn followers(app: &App, page: &mut Page) {
    let all = app.node.status().followers();
    // A follower that needs nothing of the journal has no position.
    let positions = all.iter().filter(|follower| follower.position < u64::MAX);
    let newest = positions.clone().map(|follower| follower.position).max().unwrap_or_default();
    page.head("follower_position", "gauge", "Journal records that a follower needs no more.");
    for follower in positions.clone() {
        page.line("follower_position", &[("follower", follower.name)], follower.position);
    }
    page.head(
        "follower_lag_records",
        "gauge",
        "Journal records that a follower is behind the first of them.",
    );
    for follower in positions {
        page.line("follower_lag_records", &[("follower", follower.name)], newest - follower.position);
    }
    page.head("follower_failing", "gauge", "1 when what a follower did last failed.");
    for follower in &all {
        page.line("follower_failing", &[("follower", follower.name)], u64::from(follower.fault.is_some()));
    }
}

/// What the system says of this process; where it does not say, nothing.
fn process(page: &mut Page) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = resident.and_then(|text| text.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    if let Some(kilobytes) = kilobytes {
        page.bare("process_resident_memory_bytes", "Resident memory.", kilobytes * 1024);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        // Reading the folder is one of them.
        page.bare("process_open_fds", "Open files.", files.count().saturating_sub(1) as u64);
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        page.bare("process_max_fds", "The same at most.", limit.unwrap_or(u64::MAX));
    }
}

/// The text of the answer.
struct Page(String);

impl Page {
    fn counter(&mut self, name: &str, help: &str, value: u64) {
        let name = format!("{name}_total");
        self.head(&name, "counter", help);
        self.line(&name, &[], value);
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "gauge", help);
        self.line(name, &[], value);
    }

    /// A gauge under the name that every process has it.
    fn bare(&mut self, name: &str, help: &str, value: u64) {
        self.head_of(name, "gauge", help);
        writeln!(self.0, "{name} {value}").expect("a String takes text");
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.head_of(&format!("tachograph_{name}"), kind, help);
    }

    fn head_of(&mut self, name: &str, kind: &str, help: &str) {
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("a String takes text");
    }

    /// Labels are names of ours: nothing in them needs an escape.
    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(name, text)| format!("{name}=\"{text}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        writeln!(self.0, "tachograph_{name}{labels} {value}").expect("a String takes text");
    }
}

#[cfg(test)]
mod tests;
