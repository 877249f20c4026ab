//! How long what is kept: what there is by age, a run now, legal holds. For role `admin`; looking is for `read`.

use super::App;
use super::auth::Role;
use super::problem::Problem;
use crate::clock::random;
use crate::edits;
use crate::retention::expiry::{self, Run};
use crate::retention::status::{self, Status};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use std::error::Error;
use std::sync::Arc;
use tacho_event::time;
use tacho_event::words::Class;
use tacho_store::catalog::{Hold, Stamp};

/// Characters of a hold's id, and of what it names.
const TEXT_MAX: usize = 512;

/// A legal hold: what it covers is neither erased nor does it expire. It covers an event when everything that is named
/// fits.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LegalHold {
    /// What people call it.
    pub id: String,
    /// Agent's id as entries have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Retention class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Recorded at or after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Recorded before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Covers every event: the only way to name nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub everything: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
}

/// All holds.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct LegalHolds {
    pub holds: Vec<LegalHold>,
}

impl From<Hold> for LegalHold {
    fn from(hold: Hold) -> LegalHold {
        let Hold { id, agent, session, user, class, from_us, to_us, reason, created_us } = hold;
        let named = [&agent, &session, &user, &class].iter().any(|named| named.is_some());
        let everything = !named && from_us.is_none() && to_us.is_none();
        let (from, to) = (from_us.map(time::format), to_us.map(time::format));
        let created = Some(time::format(created_us));
        LegalHold { id, agent, session, user, class, from, to, everything, reason, created }
    }
}

impl LegalHold {
    fn checked(self, now_us: i64) -> Result<Hold, Problem> {
        let moment = |name: &str, text: Option<&String>| {
            let parsed = text.map(|text| time::parse(text)).transpose();
            parsed.map_err(|error| Problem::bad_request(format!("\"{name}\": {error}")))
        };
        let (from_us, to_us) = (moment("from", self.from.as_ref())?, moment("to", self.to.as_ref())?);
        let LegalHold { id, agent, session, user, class, everything, reason, .. } = self;
        let texts = [Some(&id), agent.as_ref(), session.as_ref(), user.as_ref(), reason.as_ref()];
        if id.trim().is_empty() || texts.into_iter().flatten().any(|text| text.chars().count() > TEXT_MAX) {
            let what =
                format!("a hold needs an \"id\", and no text of it is longer than {TEXT_MAX} characters");
            return Err(Problem::bad_request(what));
        }
        if let Some(class) = class.as_deref().filter(|class| Class::parse(class).is_none()) {
            let what = format!("class \"{class}\" is unknown: expected critical, high_priority or standard");
            return Err(Problem::bad_request(what));
        }
        let named = [&agent, &session, &user, &class].iter().any(|named| named.is_some())
            || from_us.is_some()
            || to_us.is_some();
        if named == everything {
            let what = "say what it covers (agent, session, user, class, from, to), or \"everything\": true, not both";
            return Err(Problem::bad_request(what));
        }
        Ok(Hold { id, agent, session, user, class, from_us, to_us, reason, created_us: now_us })
    }
}

/// What there is by age, what waits, and how long what is kept.
#[utoipa::path(get, path = "/v1/retention", tag = "operate",
    responses((status = 200, description = "Ages, tiers, what waits", body = Status)))]
pub(crate) async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Status>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    blocking(move || Ok(status::of(&app.node)?)).await.map(Json)
}

/// Ends erasures that wait and takes out what is too old, now.
#[utoipa::path(post, path = "/v1/retention/run", tag = "operate",
    responses((status = 200, description = "What was done", body = Run)))]
pub(crate) async fn run(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Run>, Problem> {
    app.auth().check(&headers, Role::Admin)?;
    blocking(move || expiry::run(&app.node, app.node.now_us())).await.map(Json)
}

/// Lists legal holds.
#[utoipa::path(get, path = "/v1/holds", tag = "operate",
    responses((status = 200, description = "All holds, by id", body = LegalHolds)))]
pub(crate) async fn holds(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Json<LegalHolds>, Problem> {
    // A hold may name a person.
    app.auth().check(&headers, Role::Auditor)?;
    let read = move || Ok(app.node.store().catalog().holds()?);
    let holds = blocking(read).await?.into_iter().map(LegalHold::from).collect();
    Ok(Json(LegalHolds { holds }))
}

/// Sets a legal hold. It counts when this is answered.
#[utoipa::path(post, path = "/v1/holds", tag = "operate", request_body = LegalHold, responses(
    (status = 200, description = "The hold", body = LegalHold),
    (status = 409, description = "There is one of that id", body = Problem)))]
pub(crate) async fn set(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Result<Json<LegalHold>, Problem> {
    app.auth().check(&headers, Role::Admin)?;
    let hold: LegalHold =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(error.to_string()))?;
    let hold = hold.checked(app.node.now_us())?;
    let kept = hold.clone();
    let is_new =
        edited(app, move |app, stamp| Ok(app.node.store().catalog().set_hold(&kept, stamp)?)).await?;
    if !is_new {
        let what = format!("the hold \"{}\" is set already: release it first to change it", hold.id);
        return Err(Problem::new(StatusCode::CONFLICT, "It is there already", what));
    }
    Ok(Json(hold.into()))
}

/// Releases a legal hold: what it kept goes with the next run.
#[utoipa::path(post, path = "/v1/holds/{id}/release", tag = "operate",
    params(("id" = String, Path, description = "its id")), responses(
    (status = 200, description = "It is released", body = LegalHolds),
    (status = 404, description = "There is none of that id", body = Problem)))]
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<LegalHolds>, Problem> {
    app.auth().check(&headers, Role::Admin)?;
    let (name, node) = (id.clone(), Arc::clone(&app));
    let release =
        move |app: &App, stamp: &Stamp| Ok(app.node.store().catalog().release_hold(&name, stamp)?);
    if !edited(app, release).await? {
        return Err(Problem::not_found(format!("there is no hold \"{id}\"")));
    }
    let left = blocking(move || Ok(node.node.store().catalog().holds()?)).await?;
    Ok(Json(LegalHolds { holds: left.into_iter().map(LegalHold::from).collect() }))
}

/// An edit of the holds, on the log when this returns. No removal runs meanwhile.
async fn edited(
    app: Arc<App>,
    edit: impl FnOnce(&App, &Stamp) -> Result<bool, Box<dyn Error>> + Send + 'static,
) -> Result<bool, Problem> {
    blocking(move || {
        let _none = app.node.removals().pause();
        let mut salt = [0; 32];
        random(&mut salt);
        let done = edit(&app, &Stamp { at_us: app.node.now_us(), salt })?;
        edits::record(&app.node)?;
        // A hold that was released may have named a person. Busy: the next run does it.
        let _busy = !app.node.store().catalog().truncate_wal()?;
        Ok(done)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Box<dyn Error>> + Send + 'static,
) -> Result<T, Problem> {
    let work = move || work().map_err(|error| error.to_string());
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string());
    done.and_then(|done| done).map_err(Problem::internal)
}
