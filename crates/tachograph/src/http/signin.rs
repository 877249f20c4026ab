//! Signing in at the page, signing out, and who one is. A key is sent once; from then on a cookie stands for it.

use super::App;
use super::auth::{Credential, Role};
use super::connections::Peer;
use super::logins::Why;
use super::problem::Problem;
use super::sessions::{IDLE, LONGEST, PAGE, cookies, has_cookie};
use crate::edits::OWN;
use crate::keys::Limits;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// A body, bytes.
const BODY_BYTES_MAX: usize = 4 << 10;

/// With what somebody signs in.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    pub key: String,
}

/// Who asks, and what they may.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Who {
    /// The name of the key; `local` where none is needed.
    pub name: String,
    /// `agent`, `write`, `viewer`, `auditor`, `operator` or `admin`.
    pub role: &'static str,
    /// Whose events the key sees, where it is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// Whether a cookie stands for the key: then one can sign out.
    pub signed_in: bool,
    /// A session ends after so many seconds without a request, and after so many in any case.
    pub idle_seconds: u64,
    pub longest_seconds: u64,
}

impl Who {
    pub(super) fn of(credential: Credential, signed_in: bool) -> Who {
        Who {
            role: credential.role.as_str(),
            name: credential.name,
            limits: credential.limits,
            signed_in,
            idle_seconds: IDLE.as_secs(),
            longest_seconds: LONGEST.as_secs(),
        }
    }
}

/// Whether a cookie, and no key, says who asks.
pub(super) fn by_cookie(headers: &HeaderMap) -> bool {
    has_cookie(headers) && !headers.contains_key(header::AUTHORIZATION) && !headers.contains_key("x-api-key")
}

/// Signs in with a key that may read. The cookie counts beside the header `X-Tachograph-Page` only.
#[utoipa::path(post, path = "/v1/session", tag = "access", request_body = SignIn, responses(
    (status = 200, description = "Who that is; the cookie stands for the key from now on", body = Who),
    (status = 401, description = "The key is unknown or was revoked", body = Problem),
    (status = 403, description = "The key may not read, or the header X-Tachograph-Page is missing", body = Problem),
    (status = 429, description = "Too many failed tries from this address", body = Problem)))]
pub(crate) async fn sign_in(
    State(app): State<Arc<App>>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let over = || Problem::too_large(format!("the body: expected at most {BODY_BYTES_MAX} bytes"));
    let body = super::write::whole(body, BODY_BYTES_MAX, over).await?;
    if !headers.contains_key(PAGE) {
        let detail = format!("only the page signs in: the header {PAGE} is missing; programs send their key");
        return Err(
            Problem::new(StatusCode::FORBIDDEN, "Asked from elsewhere", detail).refuse(Why::Elsewhere, None)
        );
    }
    let auth = app.auth();
    if !auth.is_required() {
        return Err(Problem::bad_request(
            "no key is needed here: everybody on this machine may do everything",
        ));
    }
    // The body holds a key: what is wrong with it is not told with it.
    let given: SignIn =
        serde_json::from_slice(&body).map_err(|_| Problem::bad_request("expected {\"key\": \"tgk_…\"}"))?;
    let (now, from) = (Instant::now(), client(&app, &extensions, &headers));
    if let Some(wait) = auth.sessions.must_wait(from, now) {
        let detail = "too many failed sign-ins from this address";
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "Too many tries", detail)
            .retry(wait.as_secs().max(1)));
    }
    let Some((hash, found)) = auth.find(&given.key) else {
        auth.sessions.failed(from, now);
        let detail = "this key is unknown or was revoked";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "An API key is needed", detail)
            .refuse(Why::UnknownKey, None));
    };
    if !found.role.allows(Role::Read) {
        auth.sessions.failed(from, now);
        let detail = format!(
            "the key \"{}\" has role {}, which sends and does not read",
            found.name,
            found.role.as_str()
        );
        return Err(Problem::new(StatusCode::FORBIDDEN, "The key may not do this", detail)
            .refuse(Why::Role, Some(&found.name)));
    }
    let text = auth.sessions.begin(hash, now);
    tell(&app, "login", found, from).await;
    let mut response = Json(Who::of(found.clone(), true)).into_response();
    hand_out(&mut response, &headers, Some(&text));
    Ok(response)
}

/// Says who asks.
#[utoipa::path(get, path = "/v1/session", tag = "access", responses(
    (status = 200, description = "Name, role and limits of whoever asks", body = Who),
    (status = 401, description = "A key is needed", body = Problem)))]
pub(crate) async fn who(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Who>, Problem> {
    let auth = app.auth();
    let found = match auth.check_own(&headers, Role::Read) {
        Ok(found) => found,
        // A key that only sends may know that it does.
        Err(problem) => auth.check_own(&headers, Role::Agent).map_err(|_| problem)?,
    };
    Ok(Json(Who::of(found, by_cookie(&headers))))
}

/// Signs out: the cookie stands for nothing any more.
#[utoipa::path(delete, path = "/v1/session", tag = "access", responses(
    (status = 204, description = "Nobody is signed in by this cookie")))]
pub(crate) async fn sign_out(
    State(app): State<Arc<App>>,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // Whoever could sign others out by a link would only annoy; still, only the page does.
    if !headers.contains_key(PAGE) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "Asked from elsewhere",
            format!("the header {PAGE} is missing"),
        ));
    }
    let auth = app.auth();
    if let Some(found) = auth.sessions.end(&headers).and_then(|hash| auth.known(&hash)) {
        tell(&app, "logout", found, client(&app, &extensions, &headers)).await;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    hand_out(&mut response, &headers, None);
    Ok(response)
}

fn hand_out(response: &mut Response, headers: &HeaderMap, text: Option<&str>) {
    for cookie in cookies(headers, text) {
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

/// Where somebody signs in from, behind proxies that are believed.
fn client(app: &App, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = extensions.get::<Peer>().map(|peer| peer.0)?;
    Some(app.context.client(peer, headers).to_canonical())
}

/// Puts it on the log; it is there when this returns. Where the log takes nothing any more one may still look at why. The
/// address is stored as a user's is, and can be erased.
async fn tell(app: &Arc<App>, action: &str, who: &Credential, from: Option<IpAddr>) {
    let event = serde_json::json!({
        "agent": {"id": "tachograph"},
        "action": {"type": "auth", "name": action},
        "level": "INFO",
        "ip": from.map(|from| from.to_string()),
        "outcome": {"status": "success", "result": {"key": who.name, "role": who.role.as_str(), "way": "page"}},
    });
    let node = Arc::clone(app);
    let taken =
        move || node.node.ingest(event.to_string().as_bytes(), &OWN, &tacho_ingest::Options::default()).1;
    if let Ok(batches) = tokio::task::spawn_blocking(taken).await
        && let Err(problem) = app.record(batches).await
    {
        tracing::error!(action, "who signed in or out could not be recorded: {}", problem.detail);
    }
}
