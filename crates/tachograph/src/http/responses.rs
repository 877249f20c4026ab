//! Automatic responses over HTTP: what is configured, what was run, who agrees. Looking is for role `viewer`, acting for
//! `operator`.

use super::App;
use super::alerts::act::read;
use super::alerts::alerting;
use super::auth::{Credential, Role};
use super::problem::Problem;
use super::write::{drained, whole};
use crate::alerting::{Asking, Named};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use std::sync::Arc;
use tacho_alert::respond::{self, About, Answer};
use tacho_event::time::format;

/// A body, bytes.
const BODY_BYTES_MAX: usize = 64 << 10;
/// Runs of one answer.
const LIMIT: u32 = 1_000;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/responses", get(responses))
        .route("/v1/responses/{name}/run", post(run))
        .route("/v1/responses/runs/{id}", get(one))
        .route("/v1/responses/runs/{id}/approve", post(approve))
        .route("/v1/responses/runs/{id}/decline", post(decline))
}

pub(super) fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(responses, run, one, approve, decline))]
    struct Interface;
    <Interface as utoipa::OpenApi>::openapi()
}

/// A response of the configuration.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Response {
    pub name: String,
    /// `webhook`, `command` or `stop_agent`.
    pub kind: &'static str,
    /// What it does, in words without secrets.
    pub to: String,
    /// Whether a person has to agree to each run.
    pub approve: bool,
    /// Whether it only says what it would do.
    pub dry_run: bool,
    pub per_hour: u32,
    /// Rules whose alerts ask for it.
    pub rules: Vec<String>,
}

/// One run of a response.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ResponseRun)]
pub(crate) struct Ran {
    pub id: String,
    pub response: String,
    pub kind: &'static str,
    /// `waiting` for a person, `due`, `running`, `succeeded`, `failed`, `timed_out`, `refused`, `declined`, or `unknown`:
    /// the server went away while it ran.
    pub standing: &'static str,
    pub dry_run: bool,
    pub asked_at: String,
    /// Who asked for it, or the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// What came of it, or why it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Responses {
    pub responses: Vec<Response>,
    /// Newest first.
    pub runs: Vec<Ran>,
    /// Runs that wait for a person.
    pub waiting: u64,
}

impl From<Named> for Response {
    fn from(named: Named) -> Response {
        let Named { name, kind, to, approve, dry_run, per_hour, rules } = named;
        Response { name, kind, to, approve, dry_run, per_hour, rules }
    }
}

impl From<respond::Run> for Ran {
    fn from(run: respond::Run) -> Ran {
        let About { alert, incident, agent, session } = run.about;
        Ran {
            id: run.id,
            response: run.response,
            kind: run.kind.as_str(),
            standing: run.standing.as_str(),
            dry_run: run.dry_run,
            asked_at: format(run.asked_us),
            by: run.by,
            rule: run.rule,
            reason: run.reason,
            alert,
            incident,
            agent,
            session,
            answered_by: run.agreed.map(|agreed| agreed.by),
            began_at: run.began_us.map(format),
            ended_at: run.ended_us.map(format),
            what: run.what,
        }
    }
}

/// Which runs.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Such as `waiting`; all when not given.
    standing: Option<String>,
    /// Newest first; 100 when not given, at most 1,000.
    limit: Option<u32>,
}

/// The responses of the configuration, and what was run.
#[utoipa::path(get, path = "/v1/responses", tag = "incidents", operation_id = "responses", params(Wanted), responses(
    (status = 200, description = "Responses and runs", body = Responses),
    (status = 503, description = "Alerting is switched off", body = Problem)))]
pub(crate) async fn responses(
    State(app): State<Arc<App>>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Responses>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let Query(wanted) = wanted.map_err(|wrong| Problem::bad_request(wrong.body_text()))?;
    let alerting = alerting(&app)?;
    let mut runs = alerting.runs()?;
    let waiting = runs.iter().filter(|run| run.standing == respond::Standing::Waiting).count() as u64;
    runs.retain(|run| wanted.standing.as_ref().is_none_or(|standing| standing == run.standing.as_str()));
    runs.truncate(wanted.limit.unwrap_or(100).min(LIMIT) as usize);
    Ok(Json(Responses {
        responses: alerting.named_responses().into_iter().map(Response::from).collect(),
        runs: runs.into_iter().map(Ran::from).collect(),
        waiting,
    }))
}

/// One run.
#[utoipa::path(get, path = "/v1/responses/runs/{id}", tag = "incidents", operation_id = "response_run", responses(
    (status = 200, description = "The run", body = Ran),
    (status = 404, description = "There is none of this id", body = Problem)))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Ran>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    Ok(Json(alerting(&app)?.run_of(&id)?.into()))
}

async fn asked<T: serde::de::DeserializeOwned + Default>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<(T, Credential), Problem> {
    let credential = match app.auth().check(headers, Role::Operator) {
        Ok(credential) => credential,
        Err(problem) => return Err(drained(body, problem).await),
    };
    let over = || Problem::too_large(format!("the body: expected at most {BODY_BYTES_MAX} bytes"));
    let body = whole(body, BODY_BYTES_MAX, over).await?;
    Ok((read(&body)?, credential))
}

/// A run that is asked for.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Running {
    /// What it is about: an alert, or an incident.
    pub alert: Option<String>,
    pub incident: Option<String>,
    /// Whom it concerns; what the alert says when not given.
    pub agent: Option<String>,
    pub session: Option<String>,
    pub reason: Option<String>,
    /// Whether it only says what it would do.
    pub dry_run: bool,
    pub by: Option<String>,
}

/// Asks for a response by hand. The same about the same thing is run once, unless it did not do what it should.
#[utoipa::path(post, path = "/v1/responses/{name}/run", tag = "incidents", operation_id = "response_ask",
    request_body = Running, responses(
    (status = 200, description = "The run: follow it by its id", body = Ran),
    (status = 400, description = "There is no such response, or it is about nothing", body = Problem),
    (status = 404, description = "There is no such alert or incident", body = Problem)))]
pub(crate) async fn run(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Ran>, Problem> {
    let (running, credential): (Running, Credential) = asked(&app, &headers, body).await?;
    let Running { alert, incident, agent, session, reason, dry_run, by } = running;
    if alert.is_some() == incident.is_some() {
        return Err(Problem::bad_request("say \"alert\" or \"incident\": one of them"));
    }
    let about = About { alert, incident, agent, session };
    let asking = Asking { about, by: credential.named(by.as_deref()), reason, dry_run };
    Ok(Json(alerting(&app)?.ask_response(&name, asking)?.into()))
}

/// What somebody says to a run that waits.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Answering {
    pub by: Option<String>,
    pub note: Option<String>,
}

/// Agrees to a run that waits: it begins.
#[utoipa::path(post, path = "/v1/responses/runs/{id}/approve", tag = "incidents", operation_id = "response_approve",
    request_body = Answering, responses(
    (status = 200, description = "The run", body = Ran),
    (status = 400, description = "It does not wait", body = Problem),
    (status = 404, description = "There is none of this id", body = Problem)))]
pub(crate) async fn approve(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Ran>, Problem> {
    answer(&app, &id, &headers, body, Answer::Yes).await
}

/// Says no to a run that waits.
#[utoipa::path(post, path = "/v1/responses/runs/{id}/decline", tag = "incidents", operation_id = "response_decline",
    request_body = Answering, responses(
    (status = 200, description = "The run", body = Ran),
    (status = 400, description = "It does not wait", body = Problem),
    (status = 404, description = "There is none of this id", body = Problem)))]
pub(crate) async fn decline(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Ran>, Problem> {
    answer(&app, &id, &headers, body, Answer::No).await
}

async fn answer(
    app: &App,
    id: &str,
    headers: &HeaderMap,
    body: Body,
    answer: Answer,
) -> Result<Json<Ran>, Problem> {
    let (answering, credential): (Answering, Credential) = asked(app, headers, body).await?;
    let by = credential.named(answering.by.as_deref());
    Ok(Json(alerting(app)?.answer_response(id, answer, &by, answering.note.as_deref())?.into()))
}
