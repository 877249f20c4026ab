//! OpenTelemetry over HTTP: `/v1/otlp/v1/{logs,traces,metrics}` here, `/v1/{logs,traces,metrics}` on a port of its own
//! (4318, where exporters look), and the OpenAI Agents SDK's own exporter at `/v1/traces/ingest` on both.
//!
//! Guarantee: as for `/log`, what an answer does not count as rejected is on disk and in the total order. Answers are
//! in the encoding of the request: the export's response, or a `google.rpc.Status`.

use super::App;
use super::auth::{Credential, Role};
use super::problem::Problem;
use super::write::{Recorded, drained, read_body, work_on};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tacho_event::limits::EVENT_BYTES_MAX;
use tacho_event::record::Batch;
use tacho_event::words::Known;
use tacho_ingest::accept::Sender;
use tacho_ingest::formats::Format;
use tacho_ingest::otlp::{Encoding, Request, Signal, reply};
use tacho_ingest::{Options, Tally};

/// Routes under `/v1/otlp` of the main port, and at the root of the other one.
pub(super) fn signals() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/logs", post(logs))
        .route("/v1/traces", post(traces))
        .route("/v1/metrics", post(metrics))
}

/// The port of its own.
pub(super) fn router(app: Arc<App>) -> Router {
    signals()
        .route("/v1/traces/ingest", post(openai_agents))
        .fallback(async || {
            Problem::not_found("no such path; this port takes OTLP at /v1/logs, /v1/traces and /v1/metrics")
        })
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), super::observe::observe))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(app)
}

/// Records the log records of an OTLP request.
#[utoipa::path(post, path = "/v1/otlp/v1/logs", operation_id = "otlp_logs", tag = "record", request_body(content = String,
    content_type = "application/x-protobuf"), responses(
    (status = 200, description = "ExportLogsServiceResponse; refused records are counted in it", body = String),
    (status = 400, description = "The request is no OTLP", body = String),
    (status = 429, description = "The credential sends too fast", body = String),
    (status = 503, description = "Too much is waiting, or the recorder has stopped", body = String)))]
pub(super) async fn logs(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    export(app, Signal::Logs, headers, body).await
}

/// Records the spans of an OTLP request.
#[utoipa::path(post, path = "/v1/otlp/v1/traces", operation_id = "otlp_traces", tag = "record", request_body(content = String,
    content_type = "application/x-protobuf"), responses(
    (status = 200, description = "ExportTraceServiceResponse; as for logs", body = String)))]
pub(super) async fn traces(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    export(app, Signal::Traces, headers, body).await
}

/// Records the points of an OTLP request's metrics.
#[utoipa::path(post, path = "/v1/otlp/v1/metrics", operation_id = "otlp_metrics", tag = "record", request_body(content = String,
    content_type = "application/x-protobuf"), responses(
    (status = 200, description = "ExportMetricsServiceResponse; as for logs", body = String)))]
pub(super) async fn metrics(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    export(app, Signal::Metrics, headers, body).await
}

async fn export(app: Arc<App>, signal: Signal, headers: HeaderMap, body: Body) -> Response {
    let encoding = match encoding(&headers) {
        Ok(encoding) => encoding,
        Err(problem) => return refuse(Encoding::Json, drained(body, problem).await),
    };
    let credential = match may(&app, &headers) {
        Ok(credential) => credential,
        Err(problem) => return refuse(encoding, drained(body, problem).await),
    };
    let body = match read_body(&app, &headers, body).await {
        Ok(body) => body,
        Err(problem) => return refuse(encoding, problem),
    };
    match take(&app, signal, encoding, &headers, credential, body).await {
        Ok(tally) => answer(StatusCode::OK, encoding, reply::taken(signal, encoding, &tally)),
        Err(problem) => refuse(encoding, problem),
    }
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/x-protobuf" | "application/protobuf" => Ok(Encoding::Protobuf),
        "application/json" => Ok(Encoding::Json),
        other => {
            let detail = format!(
                "Content-Type \"{}\" is unknown: expected application/x-protobuf or application/json",
                other.escape_debug()
            );
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The encoding is not understood", detail))
        }
    }
}

/// Who sends, if they may send now.
pub(super) fn may(app: &App, headers: &HeaderMap) -> Result<Credential, Problem> {
    let credential = app.auth().check(headers, Role::Agent)?;
    app.auth().may_write(&credential).inspect_err(|_| {
        app.metrics.limited.fetch_add(1, Ordering::Relaxed);
    })?;
    Ok(credential)
}

/// Records a request that was read.
pub(super) async fn take(
    app: &Arc<App>,
    signal: Signal,
    encoding: Encoding,
    headers: &HeaderMap,
    credential: Credential,
    body: Bytes,
) -> Result<Tally, Problem> {
    let agent = agent(headers, &credential);
    let (writer, known) = (credential.writer, known(&credential));
    let node = Arc::clone(app);
    let work = move || {
        let sender = Sender { writer, source: "otlp", known, sees_hooks: false, agent: agent.as_deref() };
        node.node.ingest_otlp(&Request { signal, encoding, body: &body }, &sender)
    };
    let taken = work_on(app, work, headers).await?;
    let (tally, batches) = taken.map_err(|malformed| Problem::bad_request(malformed.to_string()))?;
    record(app, &credential, tally, batches).await
}

/// What a program's instrumentation saw is not what an agent says of itself, where the key may be a witness's.
fn known(credential: &Credential) -> Known {
    if credential.is_witness() { Known::Observed } else { Known::SelfReported }
}

fn agent(headers: &HeaderMap, credential: &Credential) -> Option<String> {
    let named = headers.get("x-agent-id").and_then(|value| value.to_str().ok()).map(str::to_string);
    named.or_else(|| credential.agent.clone())
}

async fn record(
    app: &App,
    credential: &Credential,
    tally: Tally,
    batches: Vec<Batch>,
) -> Result<Tally, Problem> {
    app.metrics.count_refused(&tally);
    app.auth().charge(credential, tally.events + tally.refused_lines);
    let mut recorded = Recorded::default();
    if !batches.is_empty() {
        for receipt in app.record(batches).await? {
            recorded.add(&receipt);
        }
    }
    app.metrics.count(&recorded);
    Ok(tally)
}

/// Records what the OpenAI Agents SDK's own exporter posts. It looks at the status only.
#[utoipa::path(post, path = "/v1/traces/ingest", tag = "record", request_body = String, responses(
    (status = 200, description = "Recorded", body = String),
    (status = 400, description = "There is no list of traces and spans", body = Problem)))]
pub(super) async fn openai_agents(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let credential = match may(&app, &headers) {
        Ok(credential) => credential,
        Err(problem) => return Err(drained(body, problem).await),
    };
    let body = read_body(&app, &headers, body).await?;
    let agent = agent(&headers, &credential);
    let (writer, known) = (credential.writer, known(&credential));
    let node = Arc::clone(&app);
    let work = move || {
        let items = items(&body)?;
        let sender = Sender { writer, source: "otlp", known, sees_hooks: false, agent: agent.as_deref() };
        let options = Options { format: Some(Format::OpenaiAgents), ..Options::default() };
        Ok::<_, String>(node.node.ingest(items, &sender, &options))
    };
    let (tally, batches) = work_on(&app, work, &headers).await?.map_err(Problem::bad_request)?;
    let tally = record(&app, &credential, tally, batches).await?;
    let answer = serde_json::json!({ "accepted": tally.events, "rejected": tally.refused_lines });
    Ok(axum::Json(answer).into_response())
}

/// The body as it came while it is small enough for one line, so that its spans know one another; else its items.
fn items(body: &[u8]) -> Result<&[u8], String> {
    #[derive(serde::Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        data: &'a serde_json::value::RawValue,
    }
    let expected = "expected {\"data\":[…]} of traces and spans";
    let data: Data<'_> = serde_json::from_slice(body).map_err(|error| format!("{expected}: {error}"))?;
    if !data.data.get().starts_with('[') {
        return Err(format!("{expected}: data is no array"));
    }
    Ok(if body.len() <= EVENT_BYTES_MAX { body } else { data.data.get().as_bytes() })
}

/// An error as OTLP's senders read it. A full disk is worth another try; only 429 and 503 tell them so.
fn refuse(encoding: Encoding, problem: Problem) -> Response {
    let (code, _) = code(&problem);
    let body = reply::refused(encoding, code, &problem.detail, problem.retry_after);
    let mut response = problem.into_response();
    if response.status() == StatusCode::INSUFFICIENT_STORAGE {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    let answer = answer(response.status(), encoding, body);
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().insert(header::CONTENT_TYPE, kind(encoding));
    *response.body_mut() = answer.into_body();
    response
}

fn answer(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, kind(encoding))], body).into_response()
}

fn kind(encoding: Encoding) -> HeaderValue {
    HeaderValue::from_static(match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    })
}

/// gRPC's code of a problem, and whether the same request may do better later.
pub(super) fn code(problem: &Problem) -> (i32, bool) {
    match problem.status {
        400 => (3, false),
        401 => (16, false),
        403 => (7, false),
        404 | 405 | 415 => (12, false),
        408 => (4, false),
        413 => (8, false),
        429 => (8, true),
        503 | 507 => (14, true),
        _ => (13, false),
    }
}
