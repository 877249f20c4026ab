//! Dashboards and searches that people keep on the server and share. Looking is for role `viewer`, saving for `operator`; each
//! edit is on the log.

use super::App;
use super::auth::Role;
use super::problem::Problem;
use crate::edits::OWN;
use crate::shelf::{DASHBOARD_BYTES_MAX, SEARCH_BYTES_MAX, Unkept, digest};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Dashboards {
    pub dashboards: Vec<Dashboard>,
    /// Files that are not shown, and why.
    pub faults: Vec<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Dashboard {
    pub name: String,
    /// The file as it was written.
    pub text: String,
    pub sha256: String,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DashboardText {
    pub text: String,
    /// Of the text that this one takes the place of; without it there must be none yet.
    pub before: Option<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Searches {
    /// The parameters of each search's address, by its name.
    pub searches: BTreeMap<String, String>,
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SearchAddress)]
pub(crate) struct Address {
    /// As it stands behind `?` in the address of the page.
    pub address: String,
}

/// Every dashboard that the server keeps.
#[utoipa::path(get, path = "/v1/dashboards", tag = "shelf",
    responses((status = 200, description = "By name", body = Dashboards)))]
pub(crate) async fn dashboards(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Json<Dashboards>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let (found, faults) = blocking(move || Ok(app.shelf.dashboards()?)).await?;
    let seen = |(name, text): (String, String)| Dashboard { name, sha256: digest(&text), text };
    Ok(Json(Dashboards { dashboards: found.into_iter().map(seen).collect(), faults }))
}

/// Keeps a dashboard.
#[utoipa::path(put, path = "/v1/dashboards/{name}", tag = "shelf", request_body = DashboardText, responses(
    (status = 200, description = "It is kept", body = Dashboard),
    (status = 409, description = "Somebody else changed it meanwhile", body = Problem)))]
pub(crate) async fn put_dashboard(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Dashboard>, Problem> {
    let (who, given): (_, DashboardText) = asked(&app, &headers, body, DASHBOARD_BYTES_MAX).await?;
    blocking(move || {
        let DashboardText { text, before } = given;
        app.shelf.keep_dashboard(&name, Some(&text), before.as_deref())?;
        let sha256 = digest(&text);
        tell(&app, "dashboard_saved", &name, Some(&sha256), &who)?;
        Ok(Json(Dashboard { name, text, sha256 }))
    })
    .await
}

/// Takes a dashboard away.
#[utoipa::path(delete, path = "/v1/dashboards/{name}", tag = "shelf", responses(
    (status = 204, description = "It is gone"), (status = 404, description = "There is none", body = Problem)))]
pub(crate) async fn remove_dashboard(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let who = app.auth().check(&headers, Role::Operator)?.name;
    blocking(move || {
        app.shelf.keep_dashboard(&name, None, None)?;
        tell(&app, "dashboard_removed", &name, None, &who)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Every search that the server keeps.
#[utoipa::path(get, path = "/v1/searches", tag = "shelf",
    responses((status = 200, description = "By name", body = Searches)))]
pub(crate) async fn searches(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Json<Searches>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    Ok(Json(Searches { searches: blocking(move || Ok(app.shelf.searches()?)).await? }))
}

/// Keeps a search, also in the place of one of its name.
#[utoipa::path(put, path = "/v1/searches/{name}", tag = "shelf", request_body = Address,
    responses((status = 200, description = "All searches", body = Searches)))]
pub(crate) async fn put_search(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Searches>, Problem> {
    let (who, Address { address }) = asked(&app, &headers, body, SEARCH_BYTES_MAX).await?;
    blocking(move || {
        app.shelf.keep_search(&name, Some(&address))?;
        tell(&app, "search_saved", &name, Some(&digest(&address)), &who)?;
        Ok(Json(Searches { searches: app.shelf.searches()? }))
    })
    .await
}

/// Takes a search away.
#[utoipa::path(delete, path = "/v1/searches/{name}", tag = "shelf", responses(
    (status = 204, description = "It is gone"), (status = 404, description = "There is none", body = Problem)))]
pub(crate) async fn remove_search(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let who = app.auth().check(&headers, Role::Operator)?.name;
    blocking(move || {
        app.shelf.keep_search(&name, None)?;
        tell(&app, "search_removed", &name, None, &who)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Reads what somebody wants to keep who may; gives the name of their key.
async fn asked<T: DeserializeOwned>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
) -> Result<(String, T), Problem> {
    let who = match app.auth().check(headers, Role::Operator) {
        Ok(found) => found.name,
        Err(problem) => return Err(super::write::drained(body, problem).await),
    };
    let over = || Problem::too_large("expected at most 256 KiB for a dashboard, 8 KiB for a search");
    // As JSON a character may be an escape of six bytes.
    let body = super::write::whole(body, 6 * bytes_max + 1024, over).await?;
    Ok((who, serde_json::from_slice(&body).map_err(|error| Problem::bad_request(error.to_string()))?))
}

/// Puts an edit on the log; it is there when this returns.
fn tell(app: &App, action: &str, name: &str, sha256: Option<&str>, by: &str) -> Result<(), Problem> {
    let event = serde_json::json!({
        "agent": {"id": "tachograph"},
        "action": {"type": "settings", "name": action},
        "level": "INFO",
        "outcome": {"status": "success", "result": {"name": name, "sha256": sha256, "by": by}},
    });
    let (_, batches) = app.node.ingest(event.to_string().as_bytes(), &OWN, &tacho_ingest::Options::default());
    app.node.record(batches).map(drop).map_err(|error| Problem::from(error.as_ref()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(error.to_string()))?
}

impl From<Unkept> for Problem {
    fn from(why: Unkept) -> Problem {
        match why {
            Unkept::Wrong(why) => Problem::bad_request(why),
            Unkept::Absent(why) => Problem::not_found(why),
            Unkept::Changed(why) => Problem::new(StatusCode::CONFLICT, "It was changed meanwhile", why),
            Unkept::Failed(why) => Problem::internal(why),
        }
    }
}
