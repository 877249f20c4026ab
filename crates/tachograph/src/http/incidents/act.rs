//! What people do about an incident. Each is on the log, with who did it.

use super::super::App;
use super::super::alerts::act::read;
use super::super::alerts::alerting;
use super::super::auth::{Credential, Role};
use super::super::problem::Problem;
use super::super::write::{drained, whole};
use super::{Incident, Stage};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tacho_alert::incident::Step;

/// A step, who does it, and what they say with it.
struct Wanted {
    step: Step,
    by: Option<String>,
    note: Option<String>,
}

/// A body, bytes.
const BODY_BYTES_MAX: usize = 64 << 10;

/// Reads a body from who may act; gives whose key that is.
pub(super) async fn asked<T: DeserializeOwned + Default>(
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

async fn act<T: DeserializeOwned + Default>(
    app: &App,
    id: &str,
    headers: &HeaderMap,
    body: Body,
    of: impl FnOnce(T) -> Result<Wanted, Problem>,
) -> Result<Json<Incident>, Problem> {
    let (asked, credential) = asked(app, headers, body).await?;
    let Wanted { step, by, note } = of(asked)?;
    // It stands in the timeline and the post-mortem as it stands on the log.
    let note = note.map(|note| app.node.redact(&note).0);
    let by = credential.named(by.as_deref());
    Ok(Json(alerting(app)?.step(id, &step, &by, note.as_deref())?.into()))
}

/// Where it goes.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Moving {
    /// One of the incident's `next`.
    pub to: String,
    /// Who does it; the name of the API key when not given. The record names the key as well.
    pub by: Option<String>,
    pub note: Option<String>,
}

/// Moves it to another state.
#[utoipa::path(post, path = "/v1/incidents/{id}/state", tag = "incidents", operation_id = "incident_state",
    request_body = Moving, responses(
    (status = 200, description = "The incident", body = Incident),
    (status = 400, description = "It can't go there from where it is, or a note is missing", body = Problem),
    (status = 404, description = "There is none of this id", body = Problem)))]
pub(crate) async fn state(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Incident>, Problem> {
    act(&app, &id, &headers, body, |moving: Moving| {
        let to = Stage::parse(&moving.to).ok_or_else(|| {
            let stages: Vec<&str> = Stage::ALL.iter().map(|stage| stage.as_str()).collect();
            let what = format!("to \"{}\" is unknown: expected {}", moving.to, stages.join(", "));
            Problem::bad_request(what)
        })?;
        Ok(Wanted { step: Step::Move { to }, by: moving.by, note: moving.note })
    })
    .await
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Noting {
    pub note: String,
    pub by: Option<String>,
}

/// Writes a note into its timeline.
#[utoipa::path(post, path = "/v1/incidents/{id}/note", tag = "incidents", operation_id = "incident_note",
    request_body = Noting, responses((status = 200, description = "The incident", body = Incident)))]
pub(crate) async fn note(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Incident>, Problem> {
    act(&app, &id, &headers, body, |noting: Noting| {
        Ok(Wanted { step: Step::Note, by: noting.by, note: Some(noting.note) })
    })
    .await
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Playing {
    /// `commander`, `communications`, `scribe` or any other word.
    pub role: String,
    /// Who has it from now on; nobody when empty.
    pub who: String,
    pub by: Option<String>,
    pub note: Option<String>,
}

/// Gives somebody a role, or takes it away.
#[utoipa::path(post, path = "/v1/incidents/{id}/role", tag = "incidents", operation_id = "incident_role",
    request_body = Playing, responses((status = 200, description = "The incident", body = Incident)))]
pub(crate) async fn role(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Incident>, Problem> {
    act(&app, &id, &headers, body, |playing: Playing| {
        let step = Step::Role { role: playing.role, who: playing.who };
        Ok(Wanted { step, by: playing.by, note: playing.note })
    })
    .await
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Following {
    /// What is to be done: a new follow-up.
    pub text: Option<String>,
    pub owner: Option<String>,
    /// A day such as 2026-12-01.
    pub due: Option<String>,
    /// In place of a text: the number of the one that is done.
    pub done: Option<u32>,
    pub by: Option<String>,
    pub note: Option<String>,
}

/// Notes what is to be done afterwards, or that it is done.
#[utoipa::path(post, path = "/v1/incidents/{id}/follow-up", tag = "incidents", operation_id = "incident_follow_up",
    request_body = Following, responses((status = 200, description = "The incident", body = Incident)))]
pub(crate) async fn follow_up(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Incident>, Problem> {
    act(&app, &id, &headers, body, |following: Following| {
        let Following { text, owner, due, done, by, note } = following;
        let step = match (text, done) {
            (Some(text), None) => Step::FollowUp { text, owner, due: due.map(day).transpose()? },
            (None, Some(number)) => Step::Done { number },
            _ => return Err(Problem::bad_request("say \"text\", or \"done\" and its number: one of them")),
        };
        Ok(Wanted { step, by, note })
    })
    .await
}

/// A day as it is written; a moment counts as its day.
fn day(text: String) -> Result<String, Problem> {
    match tacho_event::time::parse(&format!("{text}T00:00:00Z")) {
        Ok(_) => Ok(text),
        Err(_) => {
            Err(Problem::bad_request(format!("\"due\" is \"{text}\", expected a day such as 2026-12-01")))
        }
    }
}

#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Containing {
    /// What keeps it from going on; or how that was checked.
    pub note: String,
    /// Whether the note says how it was checked.
    pub verified: bool,
    pub by: Option<String>,
}

/// Says what contains it, or that somebody verified that it does.
#[utoipa::path(post, path = "/v1/incidents/{id}/containment", tag = "incidents", operation_id = "incident_containment",
    request_body = Containing, responses((status = 200, description = "The incident", body = Incident)))]
pub(crate) async fn containment(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Incident>, Problem> {
    act(&app, &id, &headers, body, |containing: Containing| {
        let step = if containing.verified { Step::Verify } else { Step::Contain };
        Ok(Wanted { step, by: containing.by, note: Some(containing.note) })
    })
    .await
}
