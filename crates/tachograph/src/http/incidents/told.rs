//! What is written afterwards: the post-mortem of an incident, and how long incidents took.

use super::super::App;
use super::super::alerts::alerting;
use super::super::auth::Role;
use super::super::problem::Problem;
use super::days_ago;
use crate::clock::now_us;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tacho_alert::incident::{self, Proof, post_mortem};
use tacho_event::time::format;

/// Days that a report is about at most.
const DAYS_MAX: u32 = 3650;

/// The form of a post-mortem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Paper {
    Markdown,
    Html,
    Pdf,
}

#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Writing {
    /// `markdown`, `html` for a page to print, or `pdf`; by `Accept` when not given.
    #[param(inline)]
    format: Option<Paper>,
}

/// The post-mortem of an incident: each line with its place on the log.
#[utoipa::path(get, path = "/v1/incidents/{id}/post-mortem", tag = "incidents", operation_id = "incident_post_mortem",
    params(Writing), responses(
    (status = 200, description = "Markdown, a page, or PDF", body = String, content_type = "text/markdown"),
    (status = 404, description = "There is none of this id", body = Problem)))]
pub(crate) async fn written(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    writing: Result<Query<Writing>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let Query(writing) = writing.map_err(|wrong| Problem::bad_request(wrong.body_text()))?;
    let found = alerting(&app)?.incident(&id)?;
    let proof = Proof { at_us: now_us(), checkpoint: app.node.checkpoint().ok() };
    let document = post_mortem(&found, &proof);
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let usual = match accept {
        accept if accept.starts_with("text/html") => Paper::Html,
        accept if accept.starts_with("application/pdf") => Paper::Pdf,
        _ => Paper::Markdown,
    };
    let (kind, bytes) = match writing.format.unwrap_or(usual) {
        Paper::Markdown => ("text/markdown; charset=utf-8", document.markdown().into_bytes()),
        Paper::Html => ("text/html; charset=utf-8", document.html().into_bytes()),
        Paper::Pdf => ("application/pdf", document.pdf()),
    };
    // Nothing in it runs or is loaded.
    let guard = "default-src 'none'; style-src 'unsafe-inline'";
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, guard)], bytes).into_response())
}

/// How many days.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Range {
    /// Incidents that were opened within so many days; 30 when not given.
    days: Option<u32>,
}

/// The document of the interface has one name for each; coverage has a report too.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = IncidentReport)]
pub(crate) struct Report {
    pub days: u32,
    pub from: String,
    pub to: String,
    pub incidents: u64,
    /// The worst first.
    pub by_severity: Vec<Figures>,
}

/// Means and medians are over the incidents that have the time; those that went away by themselves have none.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Figures {
    pub severity: &'static str,
    pub opened: u64,
    pub answered: u64,
    /// Nobody had answered in time.
    pub late: u64,
    pub resolved: u64,
    pub closed: u64,
    /// From the opening to the first answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_answer_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_answer_seconds: Option<f64>,
    /// From the opening until it was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_resolve_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_resolve_seconds: Option<f64>,
}

impl From<incident::Figures> for Figures {
    fn from(figures: incident::Figures) -> Figures {
        let seconds = |us: i64| us as f64 / 1e6;
        let (answer, resolve) = (figures.answer_us, figures.resolve_us);
        Figures {
            severity: figures.severity.as_str(),
            opened: figures.opened as u64,
            answered: figures.answered as u64,
            late: figures.late as u64,
            resolved: figures.resolved as u64,
            closed: figures.closed as u64,
            mean_answer_seconds: answer.map(|times| seconds(times.mean_us)),
            median_answer_seconds: answer.map(|times| seconds(times.median_us)),
            mean_resolve_seconds: resolve.map(|times| seconds(times.mean_us)),
            median_resolve_seconds: resolve.map(|times| seconds(times.median_us)),
        }
    }
}

/// How long it took to answer and to be over, by severity.
#[utoipa::path(get, path = "/v1/incidents/report", tag = "incidents", operation_id = "incident_report", params(Range),
    responses((status = 200, description = "Figures", body = Report)))]
pub(crate) async fn report(
    State(app): State<Arc<App>>,
    range: Result<Query<Range>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Report>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let Query(range) = range.map_err(|wrong| Problem::bad_request(wrong.body_text()))?;
    let days = range.days.unwrap_or(30);
    if days == 0 || days > DAYS_MAX {
        return Err(Problem::bad_request(format!("days is {days}, expected 1 to {DAYS_MAX}")));
    }
    let from = days_ago(days);
    let (incidents, figures) = alerting(&app)?.figures(from)?;
    Ok(Json(Report {
        days,
        from: format(from),
        to: format(now_us()),
        incidents: incidents as u64,
        by_severity: figures.into_iter().map(Figures::from).collect(),
    }))
}
