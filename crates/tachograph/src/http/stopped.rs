//! The stop list over HTTP. Everybody who may send may ask about one agent: that is how an agent's hooks learn that it is
//! stopped. The whole list is for role `viewer`, changing it for `operator`.

use super::alerts::act::read;
use super::alerts::alerting;
use super::auth::Role;
use super::problem::Problem;
use super::{App, registry};
use crate::alerting::{NewStop, Stop};
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/agents/stopped", get(stopped))
        .route("/v1/agents/{id}/stop", post(stop))
        .route("/v1/agents/{id}/release", post(release))
}

pub(super) fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(stopped, stop, release))]
    struct Interface;
    <Interface as utoipa::OpenApi>::openapi()
}

/// Who is asked about; nobody for the whole list.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Whom {
    /// The agent. With a key that stands for an agent and without this, that one.
    agent: Option<String>,
    /// The agent, when neither `agent` nor the key says which.
    assumed: Option<String>,
    /// A part of it, such as a sub-agent, that may be stopped alone.
    part: Option<String>,
    session: Option<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Stopped {
    /// Nothing for an agent that may go on.
    pub stopped: Vec<Stop>,
}

/// Who is stopped; with a name, whether that agent is.
#[utoipa::path(get, path = "/v1/agents/stopped", tag = "incidents", operation_id = "agents_stopped", params(Whom),
    responses(
    (status = 200, description = "The stops that there are", body = Stopped),
    (status = 503, description = "Alerting is switched off", body = Problem)))]
pub(crate) async fn stopped(
    State(app): State<Arc<App>>,
    whom: Result<Query<Whom>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Stopped>, Problem> {
    let Query(whom) = whom.map_err(|wrong| Problem::bad_request(wrong.body_text()))?;
    let auth = app.auth();
    let Whom { agent, assumed, part, session } = whom;
    if agent.is_none() && assumed.is_none() {
        auth.check(&headers, Role::Read)?;
        return Ok(Json(Stopped { stopped: alerting(&app)?.stopped() }));
    }
    let credential = match auth.check(&headers, Role::Agent) {
        Ok(credential) => credential,
        Err(_) => auth.check(&headers, Role::Read)?,
    };
    let mut found = alerting(&app)?.stopped();
    if !found.is_empty() {
        let names = aliases(&app)?;
        let own = |name: &String| names.get(name).cloned().unwrap_or_else(|| name.clone());
        let asked = [agent.or(credential.agent).or(assumed), part];
        let asked: Vec<String> = asked.iter().flatten().map(own).collect();
        found.retain(|stop| {
            asked.contains(&own(&stop.agent))
                && stop.session.as_ref().is_none_or(|one| session.as_ref() == Some(one))
        });
    }
    Ok(Json(Stopped { stopped: found }))
}

/// Names of agents that are another name of one, and of which.
fn aliases(app: &App) -> Result<BTreeMap<String, String>, Problem> {
    let agents = registry(app)?;
    Ok(agents.into_iter().filter_map(|agent| Some((agent.agent_id, agent.alias_of?))).collect())
}

/// An agent that is not to go on.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Stopping {
    pub reason: Option<String>,
    /// After so many minutes it may go on by itself; never when not given.
    pub minutes: Option<u32>,
    /// This session alone.
    pub session: Option<String>,
    pub by: Option<String>,
}

/// Puts an agent on the stop list. Whoever runs it asks for that: see docs/guide/responses.md.
#[utoipa::path(post, path = "/v1/agents/{id}/stop", tag = "incidents", operation_id = "agent_stop",
    request_body = Stopping, params(("id" = String, Path, description = "the agent as events name it")), responses(
    (status = 200, description = "The stop, also when it was there already", body = Stop),
    (status = 400, description = "A text is too long, or it is no agent", body = Problem)))]
pub(crate) async fn stop(
    State(app): State<Arc<App>>,
    Path(agent): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Stop>, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    let Stopping { reason, minutes, session, by } = read(&body)?;
    let by = credential.named(by.as_deref());
    let asked = NewStop { agent, session, reason, by, minutes, run: None };
    Ok(Json(alerting(&app)?.stop(asked)?))
}

/// An agent that may go on.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Releasing {
    /// The session that was stopped, when it was one alone.
    pub session: Option<String>,
    pub note: Option<String>,
    pub by: Option<String>,
}

/// Takes an agent off the stop list.
#[utoipa::path(post, path = "/v1/agents/{id}/release", tag = "incidents", operation_id = "agent_release",
    request_body = Releasing, params(("id" = String, Path, description = "the agent as the stop names it")), responses(
    (status = 200, description = "The stop that was ended", body = Stop),
    (status = 404, description = "It is not stopped", body = Problem)))]
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    Path(agent): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Stop>, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    let Releasing { session, note, by } = read(&body)?;
    let by = credential.named(by.as_deref());
    Ok(Json(alerting(&app)?.release(&agent, session.as_deref(), &by, note.as_deref())?))
}
