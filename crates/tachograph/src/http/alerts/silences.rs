//! Silences over HTTP.

use super::super::App;
use super::super::auth::Role;
use super::super::problem::Problem;
use super::{apart, failed};
use crate::alerting::{Alerting, Asked, NewSilence};
use crate::clock::now_us;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use std::sync::Arc;
use tacho_event::time::{format, parse};

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Silences {
    pub silences: Vec<Silence>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Silence {
    pub id: String,
    pub matchers: Vec<String>,
    pub starts_at: String,
    pub ends_at: String,
    pub by: String,
    pub comment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// `active`, `pending` before it starts, or `waiting` for a second person to agree.
    pub state: &'static str,
    /// Open alerts that it mutes now.
    pub mutes: u64,
}

/// A silence that is wanted.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Of the silence that it replaces.
    pub id: Option<String>,
    /// Such as `alertname="hung_agent"`, `agent_id=~"dev-.*"`; all of them match.
    pub matchers: Vec<String>,
    /// Now when not given.
    pub starts_at: Option<String>,
    /// This or `minutes`.
    pub ends_at: Option<String>,
    pub minutes: Option<u32>,
    /// Who wants it; the name of the API key when not given.
    pub by: Option<String>,
    /// Why.
    #[serde(default)]
    pub comment: String,
}

fn seen(asked: Asked, mutes: usize, now_us: i64) -> Silence {
    let Asked { silence, credential } = asked;
    Silence {
        id: silence.id,
        matchers: silence.matchers.iter().map(ToString::to_string).collect(),
        starts_at: format(silence.starts_us),
        ends_at: format(silence.ends_us),
        by: silence.created_by,
        comment: silence.comment,
        approved_by: silence.approved_by,
        state: match credential {
            Some(_) => "waiting",
            None if silence.starts_us > now_us => "pending",
            None => "active",
        },
        mutes: mutes as u64,
    }
}

/// Silences that have not ended.
#[utoipa::path(get, path = "/v1/alerts/silences", tag = "alerts",
    responses((status = 200, description = "Silences", body = Silences)))]
pub(crate) async fn silences(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Json<Silences>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let all = apart(&app, Alerting::silences).await??.into_iter();
    let all = all.filter(|(asked, _)| asked.silence.maintenance.is_none());
    Ok(Json(Silences { silences: all.map(|(silence, mutes)| seen(silence, mutes, now_us())).collect() }))
}

/// Mutes what the matchers name, for a while and for a reason.
#[utoipa::path(post, path = "/v1/alerts/silences", tag = "alerts", request_body = Wanted, responses(
    (status = 200, description = "The silence", body = Silence),
    (status = 400, description = "It matches everything, has no reason or no end", body = Problem)))]
pub(crate) async fn set(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Silence>, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    let wanted: Wanted =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(error.to_string()))?;
    let (starts_us, ends_us) = period(&wanted.starts_at, &wanted.ends_at, wanted.minutes)?;
    let silence = NewSilence {
        id: wanted.id,
        matchers: wanted.matchers,
        starts_us,
        ends_us,
        by: credential.named(wanted.by.as_deref()),
        comment: wanted.comment,
        maintenance: None,
        credential: credential.name,
        others: has_others(&app)?,
    };
    let silence = apart(&app, move |alerting| alerting.silence(silence)).await??;
    Ok(Json(seen(silence, 0, now_us())))
}

/// When it begins, where that is said, and when it ends: at a moment, or after minutes.
pub(super) fn period(
    starts_at: &Option<String>,
    ends_at: &Option<String>,
    minutes: Option<u32>,
) -> Result<(Option<i64>, i64), Problem> {
    let moment = |name: &str, text: &Option<String>| {
        let parsed = text.as_ref().map(|text| parse(text)).transpose();
        parsed.map_err(|error| Problem::bad_request(format!("\"{name}\": {error}")))
    };
    let (starts_us, ends_us) = (moment("starts_at", starts_at)?, moment("ends_at", ends_at)?);
    let from_us = starts_us.unwrap_or_else(now_us);
    match (ends_us, minutes) {
        (Some(ends_us), None) => Ok((starts_us, ends_us)),
        (None, Some(minutes)) => Ok((starts_us, from_us + i64::from(minutes) * 60_000_000)),
        _ => Err(Problem::bad_request("say when it ends: \"ends_at\" or \"minutes\", one of them")),
    }
}

/// Whether there is more than one who may act.
pub(in crate::http) fn has_others(app: &App) -> Result<bool, Problem> {
    let keys = app.node.store().catalog().keys().map_err(failed)?;
    let may_act = |role: &str| Role::parse(role).is_some_and(|role| role.allows(Role::Operator));
    let acting = keys.iter().filter(|key| key.revoked_us.is_none() && may_act(&key.role));
    Ok(acting.count() > 1)
}

/// Agrees with a silence of somebody else that would mute a critical built-in rule.
#[utoipa::path(post, path = "/v1/alerts/silences/{id}/approve", tag = "alerts", responses(
    (status = 200, description = "The silence counts now", body = Silence),
    (status = 400, description = "It is your own", body = Problem),
    (status = 404, description = "None of this id waits", body = Problem)))]
pub(crate) async fn approve(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Silence>, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    let acting: super::act::Acting = super::act::read(&body)?;
    let by = credential.named(acting.by.as_deref());
    let silence = apart(&app, move |alerting| alerting.approve(&id, &by, &credential.name)).await??;
    Ok(Json(seen(silence, 0, now_us())))
}

/// Ends a silence now.
#[utoipa::path(delete, path = "/v1/alerts/silences/{id}", tag = "alerts", responses(
    (status = 204, description = "It ended"),
    (status = 404, description = "There is none of this id", body = Problem)))]
pub(crate) async fn end(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<axum::http::StatusCode, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    apart(&app, move |alerting| alerting.unsilence(&id, &credential.name)).await??;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
