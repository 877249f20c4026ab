//! `/mcp`: the Model Context Protocol over streamable HTTP, both eras of it on one path.
//!
//! Every call of a tool becomes a request to this server's own interface, with the headers and the address of whoever
//! called: keys, roles, limits and what is told of failed logins are the same code.
//!
//! *Invariants*
//! - No session is kept: a request stands for itself, in the old protocol too, and nothing grows.
//! - Without keys only this machine may ask; with keys a web page may not, unless it came from the same address.
//!
//! *Limits*: a message has [`MESSAGE_BYTES_MAX`], its place in the memory for bodies is held while it is read.

use super::auth::Role;
use super::problem::Problem;
use super::{App, logins::Why, observe, write};
use crate::clock;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use futures::StreamExt;
use futures::future::BoxFuture;
use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use tacho_event::id::Id;
use tacho_mcp::limits::{MESSAGE_BYTES_MAX, REPLY_BYTES_MAX};
use tacho_mcp::message::{Refused, readable};
use tacho_mcp::{AuditServer, Caller, Defaults, Fault, Pins, Reply, ServerLog, Transport};
use tower::ServiceExt;

/// Headers of the caller that go with each request: who it is and where from.
const HANDED_ON: [&str; 5] = ["authorization", "x-api-key", "x-agent-id", "host", "origin"];

/// So much of a message that is too large is read and thrown away, and for so long.
const DISCARD_BYTES: usize = 8 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(5);

type Service = StreamableHttpService<AuditServer, NeverSessionManager>;

#[derive(Clone)]
struct Mcp {
    app: Arc<App>,
    service: Service,
}

/// The path, over the interface that its tools ask.
pub(super) fn routes(app: &Arc<App>, interface: Router) -> Router {
    let pins = Pins { keys: app.node.verifiers().to_vec(), own: true };
    let log = Arc::new(ServerLog::new(Own { interface }));
    let server = AuditServer::new(log, pins, Defaults::default(), Arc::new(fresh));
    // Who may ask is judged below, with the keys of this server.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MESSAGE_BYTES_MAX)
        .disable_allowed_hosts();
    let service = Service::new(move || Ok(server.clone()), Arc::default(), config);
    Router::new()
        .route("/mcp", any(answer))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(app), observe::observe))
        .with_state(Mcp { app: Arc::clone(app), service })
}

fn fresh() -> String {
    let mut random = [0; 10];
    clock::random(&mut random);
    Id::v7(clock::now_us().unsigned_abs() / 1000, random).text()
}

async fn answer(State(mcp): State<Mcp>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    if let Err(problem) = may_ask(&mcp.app, &parts.headers) {
        return Err(write::drained(body, problem).await);
    }
    let body = match parts.method {
        Method::POST => read(&mcp.app, &parts.headers, body).await?,
        _ => Bytes::new(),
    };
    let body = match taken(&parts.headers, body) {
        Ok(body) => body,
        Err(refused) => return Ok((StatusCode::BAD_REQUEST, Json(refused.answer())).into_response()),
    };
    let response = mcp.service.handle(Request::from_parts(parts, Body::from(body))).await;
    Ok(response.map(Body::new))
}

/// Any key opens the path; what it may do is judged for each call.
fn may_ask(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let auth = app.auth();
    let found = auth.check_own(headers, Role::Read);
    if let Err(problem) = found {
        auth.check(headers, Role::Agent).map_err(|_| problem)?;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let own =
        headers.get(header::HOST).and_then(|host| host.to_str().ok()).and_then(|host| host.parse().ok());
    let is_own = origin.as_ref().and_then(Uri::authority).is_some_and(|from| {
        let loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&from.host());
        loopback || own.is_some_and(|own: axum::http::uri::Authority| own == *from)
    });
    if is_own {
        return Ok(());
    }
    let detail = "Origin is another one than Host: a web page of elsewhere may not ask";
    let problem = Problem::new(StatusCode::FORBIDDEN, "Asked from elsewhere", detail);
    Err(problem.refuse(Why::Elsewhere, None))
}

async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let over = || Problem::too_large(format!("a message: expected at most {MESSAGE_BYTES_MAX} bytes"));
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MESSAGE_BYTES_MAX) {
        discard(body).await;
        return Err(over());
    }
    let kilobytes = (length.unwrap_or(MESSAGE_BYTES_MAX) / 1024 + 1) as u32;
    let held = app.bodies.try_acquire_many(kilobytes);
    let _held =
        held.map_err(|_| Problem::busy("the bodies that are being read fill the memory set aside for them"))?;
    write::whole(body, MESSAGE_BYTES_MAX, over).await
}

/// The message as the SDK takes it: what it can't take it would refuse without saying which request that was. A body that is
/// said to be no JSON it refuses itself.
fn taken(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Refused> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if body.is_empty() || !kind.starts_with("application/json") {
        return Ok(body);
    }
    Ok(match readable(&body)? {
        Cow::Borrowed(_) => body,
        Cow::Owned(mended) => mended.into(),
    })
}

/// Lets a client send what is refused, so that it hears why instead of losing its connection.
async fn discard(body: Body) {
    let read = async {
        let (mut chunks, mut seen) = (body.into_data_stream(), 0);
        while let Some(Ok(chunk)) = chunks.next().await {
            seen += chunk.len();
            if seen > DISCARD_BYTES {
                break;
            }
        }
    };
    drop(tokio::time::timeout(DISCARD_TIME, read).await);
}

/// This server's own interface, asked in the name of a caller.
struct Own {
    interface: Router,
}

impl Transport for Own {
    fn send(&self, caller: &Caller, request: tacho_mcp::Request) -> BoxFuture<'static, Result<Reply, Fault>> {
        let asked = asked(caller, request);
        let interface = self.interface.clone();
        Box::pin(async move {
            let asked = asked.map_err(|error| Fault::refused(format!("it can't be asked for: {error}")))?;
            let response = match interface.oneshot(asked).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            let status = response.status().as_u16();
            let body = axum::body::to_bytes(response.into_body(), REPLY_BYTES_MAX).await;
            let body = body.map_err(|_| {
                Fault::refused(format!(
                    "the answer has over {REPLY_BYTES_MAX} bytes, or broke off: ask for less"
                ))
            })?;
            Ok(Reply { status, body: body.into() })
        })
    }
}

fn asked(caller: &Caller, request: tacho_mcp::Request) -> Result<Request, axum::http::Error> {
    let method = if request.body.is_some() { Method::POST } else { Method::GET };
    let body = request.body.unwrap_or_default();
    let mut asked = Request::builder()
        .method(method)
        .uri(request.target)
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_LENGTH, body.len())
        .body(Body::from(body))?;
    if let Caller(Some(parts)) = caller {
        for name in HANDED_ON {
            if let Some(value) = parts.headers.get(name) {
                asked.headers_mut().insert(name, value.clone());
            }
        }
        if let Some(peer) = parts.extensions.get::<super::connections::Peer>() {
            asked.extensions_mut().insert(*peer);
        }
    }
    Ok(asked)
}
