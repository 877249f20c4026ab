//! The log under `/tlog/`, as C2SP tlog-tiles publishes it: checkpoint and tiles for anyone, entry bundles for those who
//! may read.

use super::App;
use super::auth::Role;
use super::problem::Problem;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tacho_merkle::tile::{BundlePath, TilePath, TileSource};

const FOREVER: &str = "public, max-age=31536000, immutable";

/// The newest checkpoint: the signed head of the tree.
#[utoipa::path(get, path = "/tlog/checkpoint", tag = "prove", responses(
    (status = 200, description = "A C2SP signed note", body = String),
    (status = 404, description = "Nothing is sealed yet", body = Problem)))]
pub(crate) async fn checkpoint(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let unsealed =
        |_| Problem::not_found("nothing is sealed yet: a second after the first event it is").retry(1);
    let note = app.node.checkpoint().map_err(unsealed)?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, note).into_response())
}

/// A tile of hashes, or a bundle of entries (`entries/…`).
#[utoipa::path(get, path = "/tlog/tile/{path}", tag = "prove", params(("path" = String, Path,
    description = "level and index as C2SP tlog-tiles writes them: 0/x001/234, 0/005.p/17, entries/000")),
    responses((status = 200, description = "Hashes of 32 bytes, or entries with a 2-byte length each", body = Vec<u8>),
    (status = 400, description = "Not a tile's path", body = Problem),
    (status = 404, description = "The tree does not reach there yet", body = Problem)))]
pub(crate) async fn tile(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = format!("tile/{path}");
    // Hashes say nothing; entries name agents and their actions.
    if path.starts_with("tile/entries/") {
        app.auth().check(&headers, Role::Read)?;
    }
    let read = move || -> Result<(Vec<u8>, bool), Problem> {
        if path.starts_with("tile/entries/") {
            let bundle = BundlePath::parse(&path).map_err(|error| Problem::bad_request(error.to_string()))?;
            let bytes = app.node.bundle(&bundle).map_err(|error| Problem::not_found(error.to_string()))?;
            return Ok((bytes, bundle.is_full()));
        }
        let tile = TilePath::parse(&path).map_err(|error| Problem::bad_request(error.to_string()))?;
        let bytes = app.node.tiles().tile(&tile).map_err(|error| Problem::not_found(error.to_string()))?;
        Ok((bytes, tile.is_full()))
    };
    let read = tokio::task::spawn_blocking(read).await;
    let (bytes, whole) = read.map_err(|error| Problem::internal(error.to_string()))??;
    let cache = if whole { FOREVER } else { "public, max-age=60" };
    let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, cache)];
    Ok((headers, bytes).into_response())
}
