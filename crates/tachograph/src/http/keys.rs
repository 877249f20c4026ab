//! API keys over HTTP, for role `admin`: list, make, revoke. Each edit is on the log, as those of the command line are.

use super::App;
use super::auth::{Role, writer};
use super::problem::Problem;
use crate::edits;
use crate::keys::{self, Limits, RATE_USUAL, Wish};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use std::sync::Arc;
use tacho_event::time;
use tacho_store::catalog::ApiKey;

/// A body, bytes.
const BODY_BYTES_MAX: usize = 256 << 10;
/// Keys that are not revoked. More are made by the command line, where nobody can be kept out.
const KEYS_MAX: usize = 10_000;

/// A key as it is listed; the key itself is not kept.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct Key {
    pub id: String,
    pub name: String,
    /// `agent`, `write`, `viewer`, `auditor`, `operator` or `admin`.
    pub role: String,
    /// The agent that its events without one belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Whose events it sees, where it is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// Events a second that it may send; without it there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// What its events carry on the log.
    pub writer: String,
    pub created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
}

impl From<ApiKey> for Key {
    fn from(key: ApiKey) -> Key {
        Key {
            writer: writer(&key.hash).iter().map(|byte| format!("{byte:02x}")).collect(),
            role: Role::parse(&key.role).map_or(key.role, |role| role.as_str().to_string()),
            limits: Limits::read(key.limits.as_deref()),
            id: key.id,
            name: key.name,
            agent: key.agent,
            rate: key.rate_per_second,
            created: time::format(key.created_us),
            revoked: key.revoked_us.map(time::format),
        }
    }
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ApiKeys)]
pub(crate) struct Keys {
    /// Oldest first.
    pub keys: Vec<Key>,
}

/// A key that somebody wants.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WantedKey)]
pub(crate) struct Wanted {
    /// Who or what will use it.
    pub name: String,
    /// `agent`, `write`, `viewer`, `auditor`, `operator` or `admin`.
    pub role: String,
    /// The agent that its events without one belong to.
    pub agent: Option<String>,
    /// Events a second that it may send: 50,000 when not given, 0 for no limit.
    pub rate: Option<u32>,
    /// Whose events it sees; for role `viewer`.
    #[serde(default)]
    pub limits: Limits,
}

/// A new key. Nobody can show it again.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = NewKey)]
pub(crate) struct New {
    /// The secret.
    pub key: String,
    #[serde(flatten)]
    pub listed: Key,
}

/// Lists the keys, never the secrets.
#[utoipa::path(get, path = "/v1/keys", tag = "access",
    responses((status = 200, description = "All keys, also revoked ones", body = Keys)))]
pub(crate) async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Keys>, Problem> {
    app.auth().check(&headers, Role::Admin)?;
    let keys = app.node.store().catalog().keys().map_err(failed)?;
    Ok(Json(Keys { keys: keys.into_iter().map(Key::from).collect() }))
}

/// Makes a key, and shows it once.
#[utoipa::path(post, path = "/v1/keys", tag = "access", request_body = Wanted, responses(
    (status = 200, description = "The key; nobody can show it again", body = New),
    (status = 400, description = "It is no key: what is wrong with it", body = Problem),
    (status = 409, description = "The first key must be an administrator's, or nobody could go on", body = Problem)))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<New>, Problem> {
    if let Err(problem) = app.auth().check(&headers, Role::Admin) {
        return Err(super::write::drained(body, problem).await);
    }
    let over = || Problem::too_large(format!("the body: expected at most {BODY_BYTES_MAX} bytes"));
    let body = super::write::whole(body, BODY_BYTES_MAX, over).await?;
    let wanted: Wanted =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(error.to_string()))?;
    let role = Role::parse(&wanted.role).ok_or_else(|| {
        let all: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        Problem::bad_request(format!(
            "there is no role \"{}\": expected one of {}",
            wanted.role,
            all.join(", ")
        ))
    })?;
    let rate = wanted.rate.unwrap_or(RATE_USUAL);
    let wish = Wish { name: wanted.name, role, agent: wanted.agent, rate, limits: wanted.limits };
    let now_us = app.node.now_us();
    let made = keys::make(wish, now_us).map_err(Problem::bad_request)?;
    let kept = made.row.clone();
    edit(app, move |app| {
        let catalog = app.node.store().catalog();
        let keys = catalog.keys().map_err(failed)?;
        let active = keys.iter().filter(|key| key.revoked_us.is_none()).count();
        if active == 0 && role != Role::Admin {
            let detail =
                "the first key closes the server to everybody without one: make one of role admin first";
            return Err(Problem::new(StatusCode::CONFLICT, "An administrator comes first", detail));
        }
        if active >= KEYS_MAX {
            return Err(Problem::bad_request(format!("there are {KEYS_MAX} keys already: revoke some")));
        }
        catalog.insert_key(&kept, &keys::stamp(now_us)).map_err(failed)
    })
    .await?;
    Ok(Json(New { key: made.text, listed: made.row.into() }))
}

/// Takes a key away, at once and for ever.
#[utoipa::path(post, path = "/v1/keys/{id}/revoke", tag = "access",
    params(("id" = String, Path, description = "its id")), responses(
    (status = 200, description = "All keys", body = Keys),
    (status = 404, description = "There is no active key of that id", body = Problem)))]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Keys>, Problem> {
    app.auth().check(&headers, Role::Admin)?;
    let now_us = app.node.now_us();
    let keys = Arc::clone(&app);
    edit(app, move |app| {
        let revoked = app.node.store().catalog().revoke_key(&id, &keys::stamp(now_us)).map_err(failed)?;
        if revoked { Ok(()) } else { Err(Problem::not_found(format!("there is no active key \"{id}\""))) }
    })
    .await?;
    let keys = keys.node.store().catalog().keys().map_err(failed)?;
    Ok(Json(Keys { keys: keys.into_iter().map(Key::from).collect() }))
}

/// An edit of the keys: it counts and is on the log when this returns.
async fn edit(
    app: Arc<App>,
    edit: impl FnOnce(&App) -> Result<(), Problem> + Send + 'static,
) -> Result<(), Problem> {
    let work = move || {
        edit(&app)?;
        let keys = app.node.store().catalog().keys().map_err(failed)?;
        app.set_auth(app.auth().renewed(&keys));
        // What fails here is told with the next look at the keys.
        edits::record(&app.node).map_err(|error| Problem::internal(error.to_string()))
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(error.to_string()))?
}

fn failed(error: impl std::fmt::Display) -> Problem {
    Problem::internal(error.to_string())
}
