//! Trying out redaction: a text goes in, what would be stored comes out. Nothing of it is recorded, kept or logged.

use super::App;
use super::auth::Role;
use super::problem::Problem;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use std::sync::Arc;

/// A text to try, bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RedactionText)]
pub(crate) struct Text {
    /// Plain text or JSON, as a sender would send it.
    pub text: String,
}

/// What would be stored.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Redacted {
    pub text: String,
    /// How often each detector found something; never what. `pattern` and `key` are the policy's own.
    pub found: Vec<Found>,
    /// Whether a credential was among it: such an event is marked sensitive.
    pub secret: bool,
    /// Whether it was read as JSON, where names tell of secrets.
    pub json: bool,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = RedactionFound)]
pub(crate) struct Found {
    pub detector: &'static str,
    pub count: u32,
}

/// Says what redaction makes of a text. Nothing is recorded.
#[utoipa::path(post, path = "/v1/redaction/try", tag = "operate", request_body = Text, responses(
    (status = 200, description = "The text as it would be stored, and which detectors found something", body = Redacted),
    (status = 413, description = "The text is too long", body = Problem)))]
pub(crate) async fn attempt(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Redacted>, Problem> {
    // Says nothing of anybody's events: a limited key may, too.
    if let Err(problem) = app.auth().check_own(&headers, Role::Read) {
        return Err(super::write::drained(body, problem).await);
    }
    let over = || Problem::too_large(format!("a text to try: expected at most {TEXT_BYTES_MAX} bytes"));
    // As JSON each character may be an escape of six bytes.
    let body = super::write::whole(body, 6 * TEXT_BYTES_MAX + 64, over).await?;
    let Text { text } =
        serde_json::from_slice(&body).map_err(|_| Problem::bad_request("expected {\"text\": \"…\"}"))?;
    if text.len() > TEXT_BYTES_MAX {
        return Err(over());
    }
    let work = move || app.node.redact(&text);
    let (text, findings, json) =
        tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(error.to_string()))?;
    let found = findings.iter().map(|(detector, count)| Found { detector, count }).collect();
    Ok(Json(Redacted { text, found, secret: findings.has_secret(), json }))
}
