//! Reports over HTTP: which there are and which were made, for role `viewer`; making one, for `auditor`.

use super::App;
use super::auth::Role;
use super::problem::Problem;
use super::read::registry;
use crate::reports::{self, Kept, Kind, Paper, Period, Report, Span};
use crate::rows::rows;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tacho_event::time::Day;

impl App {
    /// Takes the settings of reports.
    pub(crate) fn reporting(mut self, reports: crate::reports::Config) -> App {
        self.reports = reports;
        self
    }

    pub(crate) fn reports(&self) -> &crate::reports::Config {
        &self.reports
    }
}

/// A body, bytes.
const BODY_BYTES_MAX: usize = 4 << 10;
/// Reports that were made and are listed, the newest.
const MADE_MAX: usize = 100;

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Reports {
    pub kinds: Vec<Listed>,
    /// What was made, newest first, as the log tells it.
    pub made: Vec<Made>,
    /// Files that were made on schedule and are kept, the newest first.
    pub kept: Vec<Held>,
    /// Reports that are made when their time is over.
    pub scheduled: Vec<&'static str>,
}

/// A report that is kept as a file.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ReportKept)]
pub(crate) struct Held {
    /// Its name, for `/v1/reports/kept/NAME`.
    pub file: String,
    pub kind: &'static str,
    pub from: String,
    pub format: &'static str,
}

/// A kind of report.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ReportKind)]
pub(crate) struct Listed {
    pub id: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    pub period: Period,
    pub sections: Vec<&'static str>,
    /// The last time that is over.
    pub last_from: String,
}

/// A report that was made.
#[derive(Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = ReportMade)]
pub(crate) struct Made {
    pub at: String,
    /// The entry of the log that tells of it.
    pub entry: u64,
    pub kind: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub format: Option<String>,
    /// The key of whoever made it.
    pub by: Option<String>,
    pub tree_size: Option<String>,
    pub sha256: Option<String>,
    /// Of one that is kept: the name of its file, and the SHA-256 of its bytes.
    pub file: Option<String>,
    pub file_sha256: Option<String>,
}

/// The report that somebody wants.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedReport {
    pub kind: String,
    /// A day of the time that it is about, such as 2026-11-20, UTC; the last time that is over when not given.
    pub day: Option<String>,
    /// `json` when not given.
    #[serde(default)]
    pub format: Paper,
}

/// Which reports there are, and which were made.
#[utoipa::path(get, path = "/v1/reports", tag = "reports",
    responses((status = 200, description = "Kinds, and what was made", body = Reports)))]
pub(crate) async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Reports>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let sql = format!(
        "SELECT recorded_at AS at, index AS entry, outcome_result->>'kind' AS kind, outcome_result->>'from' AS \"from\",
           outcome_result->>'to' AS \"to\", outcome_result->>'format' AS format, outcome_result->>'by' AS \"by\",
           outcome_result->>'tree_size' AS tree_size, outcome_result->>'sha256' AS sha256,
           outcome_result->>'file' AS file, outcome_result->>'file_sha256' AS file_sha256
         FROM agent_audit_log WHERE agent_id = 'tachograph' AND source = 'internal' AND action_name = 'report_made'
         ORDER BY index DESC LIMIT {MADE_MAX}"
    );
    let unread = |error: std::io::Error| Problem::internal(format!("the reports that are kept: {error}"));
    // Before the log is asked: what is kept is on it.
    let held = reports::kept(app.node.data()).map_err(unread)?;
    let made = rows(&app.node, app.node.moment().await, &registry(&app)?, &sql).await?;
    let now_us = app.node.now_us();
    let kind = |kind: &Kind| Listed {
        id: kind.id,
        title: kind.title,
        about: kind.about,
        period: kind.period,
        sections: kind.sections.iter().map(|part| part.title).collect(),
        last_from: Span::last(kind.period, now_us).from.text(),
    };
    let named = |kept: Kept| Held {
        file: kept.name(),
        kind: kept.kind.id,
        from: kept.from.text(),
        format: kept.paper.as_str(),
    };
    Ok(Json(Reports {
        kinds: Kind::all().map(kind).collect(),
        made,
        kept: held.into_iter().map(named).collect(),
        scheduled: app.reports().schedule.iter().map(|scheduled| scheduled.0.id).collect(),
    }))
}

/// A report that was made on schedule, as it was written then.
#[utoipa::path(get, path = "/v1/reports/kept/{file}", tag = "reports", operation_id = "kept_report", responses(
    (status = 200, description = "The file", body = String),
    (status = 404, description = "There is none of this name", body = Problem)))]
pub(crate) async fn kept(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.auth().check(&headers, Role::Auditor)?;
    let none = || Problem::not_found(format!("no report is kept as \"{file}\""));
    let kept = Kept::parse(&file).ok_or_else(none)?;
    let bytes = match tokio::fs::read(kept.path(app.node.data())).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(none()),
        read => read.map_err(|error| Problem::internal(format!("the report {file}: {error}")))?,
    };
    Ok(as_file(kept.paper, &file, bytes))
}

/// Makes a report over what the newest checkpoint covers. That it was made is on the log.
#[utoipa::path(post, path = "/v1/reports", tag = "reports", request_body = WantedReport, responses(
    (status = 200, description = "The report, in the wanted form", body = Report),
    (status = 400, description = "There is no such report, or no such day", body = Problem),
    (status = 409, description = "The first events are not sealed yet: a second later they are", body = Problem)))]
pub(crate) async fn make(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let credential = match app.auth().check(&headers, Role::Auditor) {
        Ok(credential) => credential,
        Err(problem) => return Err(super::write::drained(body, problem).await),
    };
    let over = || Problem::too_large(format!("the body: expected at most {BODY_BYTES_MAX} bytes"));
    let body = super::write::whole(body, BODY_BYTES_MAX, over).await?;
    let wanted: WantedReport =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(error.to_string()))?;
    let kind = Kind::find(&wanted.kind).ok_or_else(|| Problem::bad_request(Kind::unknown(&wanted.kind)))?;
    let span = match &wanted.day {
        None => Span::last(kind.period, app.node.now_us()),
        Some(text) => Day::parse(text).map(|day| Span::of(kind.period, day)).ok_or_else(|| {
            Problem::bad_request(format!("\"{text}\" is no day: expected one such as 2026-11-20"))
        })?,
    };
    if app.node.visible() > 0 && app.node.checkpoint().is_err() {
        let detail = "the first events are not sealed yet: a second later they are";
        return Err(Problem::new(StatusCode::CONFLICT, "Nothing is sealed yet", detail).retry(1));
    }
    app.metrics.queries.fetch_add(1, Ordering::Relaxed);
    let report = reports::make(&app, &registry(&app)?, kind, span).await?;
    let written = report.written(wanted.format).map_err(|error| Problem::internal(error.to_string()))?;
    tell(app, &report, wanted.format, &credential.name).await?;
    let name = format!("{}-{}.{}", report.kind, report.from, wanted.format.as_str());
    Ok(as_file(wanted.format, &name, written))
}

fn as_file(paper: Paper, name: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    // Nothing in it runs or is loaded.
    let guard = "default-src 'none'; style-src 'unsafe-inline'";
    let head = [
        (header::CONTENT_TYPE, paper.media_type()),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        (header::CONTENT_SECURITY_POLICY, guard),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (head, bytes).into_response()
}

/// Puts it on the log that a report was made; it is there when this returns.
async fn tell(app: Arc<App>, report: &Report, paper: Paper, by: &str) -> Result<(), Problem> {
    let event = report.event(paper, by, None);
    let recorded = move || reports::record(&app.node, &event).map_err(|error| Problem::from(error.as_ref()));
    tokio::task::spawn_blocking(recorded).await.map_err(|error| Problem::internal(error.to_string()))?
}

pub(super) fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(list, make, kept))]
    struct Interface;
    <Interface as utoipa::OpenApi>::openapi()
}
