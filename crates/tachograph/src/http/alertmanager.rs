//! Alertmanager's own interface, version 2: Prometheus sends its alerts here, and `amtool` works with it.
//!
//! Source: the OpenAPI description of Alertmanager 0.25 (`api/v2/openapi.yaml`). An alert that is not told again ends at its
//! `endsAt`; without one after five minutes.

mod asked;

use super::App;
use super::alerts::apart;
use super::alerts::silences::has_others;
use super::auth::Role;
use super::problem::Problem;
use crate::alerting::{Alerting, Asked, NewSilence, Seen};
use crate::clock::now_us;
use asked::{Filter, Posted, PostedMatcher, PostedSilence};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;
use tacho_alert::notify::Muted;
use tacho_event::time::{format, parse};

/// A request's body.
const BODY_BYTES_MAX: usize = 16 << 20;
/// Alerts of one request.
const ALERTS_MAX: usize = 10_000;
/// Labels and annotations of one alert, and characters of each.
const LABELS_MAX: usize = 100;
const TEXT_MAX: usize = 16 << 10;
/// How long an alert without an end counts.
const USUAL_US: i64 = 5 * 60_000_000;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/status", get(status))
        .route("/receivers", get(receivers))
        .route("/alerts", get(alerts).post(post_alerts))
        .route("/alerts/groups", get(groups))
        .route("/silences", get(silences).post(post_silence))
        .route("/silence/{id}", get(silence).delete(delete_silence))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// An error as Alertmanager's clients read it: a text as JSON.
struct Told(Problem);

impl<T: Into<Problem>> From<T> for Told {
    fn from(problem: T) -> Told {
        Told(problem.into())
    }
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.0.detail)).into_response()
    }
}

fn of(app: &App) -> Result<&Arc<Alerting>, Problem> {
    app.alerting().ok_or_else(|| Problem::not_found("alerting is switched off"))
}

async fn status(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Value>, Told> {
    app.auth().check(&headers, Role::Read)?;
    of(&app)?;
    let version = env!("CARGO_PKG_VERSION");
    // Alertmanager's name for the time at which it was started.
    let started_us = now_us() - app.started.elapsed().as_micros() as i64;
    Ok(Json(json!({
        "cluster": {"name": "tachograph", "status": "disabled", "peers": []},
        "config": {"original": ""},
        "uptime": format(started_us),
        "versionInfo": {"branch": "", "buildDate": "", "buildUser": "", "goVersion": "", "revision": "",
            "version": version},
    })))
}

async fn receivers(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Value>, Told> {
    app.auth().check(&headers, Role::Read)?;
    let names = of(&app)?.book().routing.names();
    Ok(Json(names.into_iter().map(|name| json!({"name": name})).collect()))
}

fn seen_alert(seen: &Seen) -> Value {
    let (raised, none) = (&seen.raised, Vec::<String>::new());
    let (silenced, inhibited) = match &seen.muted {
        None => (none.clone(), none),
        Some(Muted::Silenced(id) | Muted::Maintained(id)) => (vec![id.clone()], none),
        Some(Muted::Inhibited(labels)) => (none, vec![format!("{labels:?}")]),
    };
    let state = if seen.muted.is_some() { "suppressed" } else { "active" };
    let ends_us = raised.alert.ends_us.or(raised.expires_us).unwrap_or_else(|| now_us() + USUAL_US);
    let url = raised.values.get("generator_url").cloned().unwrap_or_else(|| "".into());
    json!({
        "fingerprint": raised.id(), "labels": raised.labels(), "annotations": raised.alert.annotations,
        "startsAt": format(raised.alert.starts_us), "endsAt": format(ends_us), "updatedAt": format(raised.at_us),
        "generatorURL": url,
        "receivers": seen.receivers.iter().map(|name| json!({"name": name})).collect::<Value>(),
        "status": {"state": state, "silencedBy": silenced, "inhibitedBy": inhibited, "mutedBy": []},
    })
}

async fn alerts(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, Told> {
    app.auth().check(&headers, Role::Read)?;
    let filter = Filter::read(query.as_deref())?;
    let open = apart(&app, Alerting::open_alerts).await?;
    Ok(Json(open.iter().filter(|seen| filter.takes(seen)).map(seen_alert).collect()))
}

/// Alerts by receiver: one group for each of those that are told.
async fn groups(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, Told> {
    app.auth().check(&headers, Role::Read)?;
    let filter = Filter::read(query.as_deref())?;
    let open = apart(&app, Alerting::open_alerts).await?;
    let open: Vec<&Seen> = open.iter().filter(|seen| filter.takes(seen)).collect();
    let mut names: Vec<&String> = open.iter().flat_map(|seen| &seen.receivers).collect();
    names.sort();
    names.dedup();
    let group = |name: &String| {
        let told = open.iter().filter(|seen| seen.receivers.contains(name));
        json!({"labels": {}, "receiver": {"name": name}, "alerts": told.map(|seen| seen_alert(seen)).collect::<Value>()})
    };
    Ok(Json(names.into_iter().map(group).collect()))
}

async fn post_alerts(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Told> {
    app.auth().check(&headers, Role::Write)?;
    let posted: Vec<Posted> =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(error.to_string()))?;
    if posted.len() > ALERTS_MAX {
        return Err(Problem::too_large(format!("a request brings at most {ALERTS_MAX} alerts")).into());
    }
    let now = now_us();
    let alerts = posted.into_iter().map(|posted| posted.read(now)).collect::<Result<_, _>>()?;
    let alerting = Arc::clone(of(&app)?);
    let taken = tokio::task::spawn_blocking(move || alerting.outside(alerts)).await;
    taken.map_err(|error| Problem::internal(error.to_string()))??;
    Ok(Json(json!({})))
}

fn seen_silence(asked: &Asked, now_us: i64) -> Value {
    let silence = &asked.silence;
    let matchers = silence.matchers.iter().map(|matcher| {
        json!({"name": matcher.name(), "value": matcher.value(), "isRegex": matcher.is_regex(),
            "isEqual": matcher.is_equal()})
    });
    let state = match () {
        () if silence.ends_us <= now_us => "expired",
        // One that waits for a second person has not begun.
        () if silence.starts_us > now_us || asked.credential.is_some() => "pending",
        () => "active",
    };
    json!({
        "id": silence.id, "matchers": matchers.collect::<Value>(), "startsAt": format(silence.starts_us),
        "endsAt": format(silence.ends_us), "updatedAt": format(silence.starts_us), "createdBy": silence.created_by,
        "comment": silence.comment, "status": {"state": state},
    })
}

async fn silences(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Value>, Told> {
    app.auth().check(&headers, Role::Read)?;
    let now = now_us();
    let all = apart(&app, Alerting::silences).await??;
    Ok(Json(all.iter().map(|(silence, _)| seen_silence(silence, now)).collect()))
}

async fn silence(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Told> {
    app.auth().check(&headers, Role::Read)?;
    let all = apart(&app, Alerting::silences).await??;
    let found = all.iter().find(|(asked, _)| asked.silence.id == id);
    let (silence, _) = found.ok_or_else(|| Problem::not_found(format!("there is no silence \"{id}\"")))?;
    Ok(Json(seen_silence(silence, now_us())))
}

async fn post_silence(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Told> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    let posted: PostedSilence =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(error.to_string()))?;
    let moment = |name: &str, text: &str| {
        parse(text).map_err(|error| Problem::bad_request(format!("\"{name}\": {error}")))
    };
    let silence = of(&app)?.silence(NewSilence {
        id: posted.id.filter(|id| !id.is_empty()),
        matchers: posted.matchers.iter().map(PostedMatcher::text).collect(),
        starts_us: Some(moment("startsAt", &posted.starts_at)?),
        ends_us: moment("endsAt", &posted.ends_at)?,
        by: credential.named(Some(&posted.created_by)),
        comment: posted.comment,
        maintenance: None,
        credential: credential.name,
        others: has_others(&app)?,
    })?;
    Ok(Json(json!({"silenceID": silence.silence.id})))
}

async fn delete_silence(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Told> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    of(&app)?.unsilence(&id, &credential.name)?;
    Ok(Json(json!({})))
}
