//! Receivers, and what they were sent.

use super::super::App;
use super::super::auth::Role;
use super::super::problem::Problem;
use super::{LIMIT, apart, failed};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use std::sync::Arc;
use tacho_deliver::Notice;
use tacho_event::time::format;
use tacho_store::alert_file::Sending;

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Receivers {
    pub receivers: Vec<Receiver>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Receiver {
    pub name: String,
    /// Whoever is on call in this schedule is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Empty: told on the dashboard only, but for a schedule.
    pub channels: Vec<Channel>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Channel {
    /// `slack`, `email` and so on.
    pub kind: &'static str,
    /// Where in the routing it stands.
    pub place: String,
    /// Where it goes, without secrets.
    pub to: String,
    pub waiting: u64,
    pub sent: u64,
    pub failed: u64,
    /// Messages that became part of another one, because they came faster than the channel is told.
    pub digested: u64,
    /// What the newest message failed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// Everybody who can be told.
#[utoipa::path(get, path = "/v1/alerts/receivers", tag = "alerts",
    responses((status = 200, description = "Receivers and their channels", body = Receivers)))]
pub(crate) async fn receivers(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Json<Receivers>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let asked = apart(&app, |alerting| (alerting.receivers(), alerting.book())).await?;
    let (all, book) = (asked.0.map_err(failed)?, asked.1);
    let receiver = |(name, channels): (String, Vec<crate::alerting::Whom>)| {
        let known = book.routing.receivers.iter().find(|receiver| receiver.name == name);
        let schedule = known.and_then(|receiver| receiver.schedule.clone());
        let channel = |whom: crate::alerting::Whom| Channel {
            kind: whom.kind,
            place: whom.place,
            to: whom.to,
            waiting: whom.waiting,
            sent: whom.sent,
            failed: whom.failed,
            digested: whom.digested,
            last_error: whom.error,
        };
        Receiver { name, schedule, channels: channels.into_iter().map(channel).collect() }
    };
    Ok(Json(Receivers { receivers: all.into_iter().map(receiver).collect() }))
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Posted {
    /// Channels that get the message.
    pub channels: u64,
}

/// Sends a marked test message to every channel of a receiver; see deliveries for what became of it.
#[utoipa::path(post, path = "/v1/alerts/receivers/{name}/test", tag = "alerts", responses(
    (status = 200, description = "The messages wait to be sent", body = Posted),
    (status = 404, description = "There is no such receiver", body = Problem)))]
pub(crate) async fn test(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Posted>, Problem> {
    app.auth().check(&headers, Role::Operator)?;
    Ok(Json(Posted { channels: apart(&app, move |alerting| alerting.test(&name)).await?? as u64 }))
}

/// How many.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Newest {
    /// 100 when not given, at most 1,000.
    limit: Option<u32>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Deliveries {
    pub deliveries: Vec<Delivery>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Delivery {
    pub id: String,
    /// When the message was made.
    pub at: String,
    pub receiver: String,
    /// Where in the routing its channel stands.
    pub channel: String,
    pub title: String,
    /// `firing`, `resolved`, `repeated`, `escalated`, `digest` or `test`.
    #[schema(value_type = String)]
    pub notice: Notice,
    /// `waiting`, `sent`, `failed` or `digested`: told together with others.
    pub state: &'static str,
    pub attempts: u32,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The message that told it together with others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_in: Option<String>,
    /// The alerts that it tells of.
    pub alerts: Vec<String>,
}

/// The newest messages.
#[utoipa::path(get, path = "/v1/alerts/deliveries", tag = "alerts", params(Newest),
    responses((status = 200, description = "Messages, newest first", body = Deliveries)))]
pub(crate) async fn deliveries(
    State(app): State<Arc<App>>,
    Query(newest): Query<Newest>,
    headers: HeaderMap,
) -> Result<Json<Deliveries>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let limit = newest.limit.unwrap_or(100).min(LIMIT);
    let all = apart(&app, move |alerting| alerting.deliveries(limit)).await?.map_err(failed)?;
    let delivery = |delivery: crate::alerting::Delivery| {
        let (message, told) = (delivery.message, delivery.told);
        let waits = message.state == Sending::Waiting;
        let (told_in, error) = match message.state {
            Sending::Digested => (message.error, None),
            _ => (None, message.error),
        };
        Delivery {
            channel: message.lane.rsplit_once('/').map_or_else(String::new, |(_, place)| place.to_string()),
            id: message.id,
            at: format(message.at_us),
            receiver: told.receiver,
            title: told.title,
            notice: told.notice,
            state: message.state.as_str(),
            attempts: message.attempts,
            due: waits.then(|| format(message.due_us)),
            error,
            told_in,
            alerts: told.alerts.into_iter().map(|alert| alert.fingerprint).collect(),
        }
    };
    Ok(Json(Deliveries { deliveries: all.into_iter().map(delivery).collect() }))
}
