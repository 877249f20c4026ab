//! How the log grows and what the server still takes.

use super::App;
use super::auth::Role;
use super::problem::Problem;
use crate::capacity::{self, Capacity};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use std::sync::Arc;

/// Growth, disk, queues, headroom, and when the disk is full if nothing changes.
#[utoipa::path(get, path = "/v1/capacity", tag = "operate", operation_id = "capacity", responses(
    (status = 200, description = "Figures, measured now", body = Capacity)))]
pub(crate) async fn capacity(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Json<Capacity>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let measure = move || capacity::measure(&app, app.node.data()).map_err(Problem::internal);
    tokio::task::spawn_blocking(measure)
        .await
        .map_err(|error| Problem::internal(error.to_string()))?
        .map(Json)
}

pub(super) fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(capacity))]
    struct Interface;
    <Interface as utoipa::OpenApi>::openapi()
}
