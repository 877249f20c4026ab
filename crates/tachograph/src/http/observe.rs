//! What every answer is looked at for: counted by route and status, whether somebody was turned away, and whether an
//! error is a problem document.

use super::App;
use super::connections::Peer;
use super::logins::Refusal;
use super::problem::Problem;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The route of whatever no route is for.
const NONE: &str = "none";

pub(super) async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or(NONE, MatchedPath::as_str);
    let route: Arc<str> = route.into();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let response = next.run(request).await;
    let response = if is_bare(&response) { explained(response).await } else { response };
    if let Some(refusal) = response.extensions().get::<Refusal>() {
        app.metrics.failed_logins.fetch_add(1, Ordering::Relaxed);
        app.logins.note(peer, refusal, &route);
    }
    app.metrics.answered(route, response.status().as_u16());
    response
}

/// So much of what the framework says of a request is handed on, bytes.
const WHY_MAX: usize = 4 << 10;

/// An error as the framework tells it, when the path or the parameters of a request do not fit a handler.
fn is_bare(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    response.status().is_client_error() && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

async fn explained(response: Response) -> Response {
    let status = response.status();
    let why = axum::body::to_bytes(response.into_body(), WHY_MAX).await.unwrap_or_default();
    Problem::new(status, "The request is not understood", String::from_utf8_lossy(&why)).into_response()
}
