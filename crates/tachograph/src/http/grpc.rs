//! OpenTelemetry over gRPC: the three `Export` calls of OTLP, unary, plain or gzip.
//!
//! A message is handed on as bytes: what is in it is read by the recorder, as over HTTP.
//!
//! *Limits*: [`MESSAGE_MAX`] for a message, compressed or not; [`CALL_TIME`] for a call; calls share the memory that
//! is set aside for bodies, and wait for it.

use super::App;
use super::otlp::{code, may, take};
use super::problem::Problem;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hyper::body::Buf;
use std::sync::Arc;
use std::time::Duration;
use tacho_ingest::otlp::{Encoding, Signal, reply};
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Status};

/// Largest message, bytes.
const MESSAGE_MAX: usize = 16 << 20;

/// A call that takes longer is given up; what it brought may be on the log, and a second export is a duplicate then.
const CALL_TIME: Duration = Duration::from_secs(60);

/// The calls, by their paths.
pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/opentelemetry.proto.collector.logs.v1.LogsService/Export", post(logs))
        .route("/opentelemetry.proto.collector.trace.v1.TraceService/Export", post(traces))
        .route("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", post(metrics))
        .fallback(async || {
            Status::unimplemented("this port takes OTLP's Export calls only").into_http::<axum::body::Body>()
        })
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), super::observe::observe))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(app)
}

async fn logs(State(app): State<Arc<App>>, request: axum::extract::Request) -> Response {
    export(app, Signal::Logs, request).await
}

async fn traces(State(app): State<Arc<App>>, request: axum::extract::Request) -> Response {
    export(app, Signal::Traces, request).await
}

async fn metrics(State(app): State<Arc<App>>, request: axum::extract::Request) -> Response {
    export(app, Signal::Metrics, request).await
}

async fn export(app: Arc<App>, signal: Signal, request: axum::extract::Request) -> Response {
    let kind = request.headers().get("content-type").map(|kind| kind.as_bytes());
    if !kind.is_some_and(|kind| kind.starts_with(b"application/grpc")) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let credential = match may(&app, request.headers()) {
        Ok(credential) => credential,
        Err(problem) => return refused(problem),
    };
    let headers = request.headers().clone();
    let call = async {
        // One permit for each kilobyte, as for bodies over HTTP; here the length is not known before.
        let held = app.bodies.acquire_many((MESSAGE_MAX / 1024) as u32).await;
        let mut grpc = tonic::server::Grpc::new(Plain)
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MESSAGE_MAX);
        let service = tower::service_fn(|message: tonic::Request<Bytes>| {
            let (app, headers, credential) = (Arc::clone(&app), headers.clone(), credential.clone());
            async move {
                let body = message.into_inner();
                let tally =
                    take(&app, signal, Encoding::Protobuf, &lengthless(headers), credential, body).await;
                let tally = tally.map_err(|problem| status(&problem))?;
                let reply = reply::taken(signal, Encoding::Protobuf, &tally);
                Ok::<_, Status>(tonic::Response::new(Bytes::from(reply)))
            }
        });
        let answer = grpc.unary(service, request).await;
        drop(held);
        answer.map(axum::body::Body::new)
    };
    match tokio::time::timeout(CALL_TIME, call).await {
        Ok(answer) => answer,
        Err(_) => {
            let detail = format!("the call was not done within {} s", CALL_TIME.as_secs());
            refused(Problem::busy(detail))
        }
    }
}

/// A message may be large whatever its frames say: it is taken in where it may block.
fn lengthless(mut headers: HeaderMap) -> HeaderMap {
    headers.remove("content-length");
    headers
}

/// An answer without a message. Whoever watches the doors sees it as over HTTP.
fn refused(problem: Problem) -> Response {
    let mut answer = status(&problem).into_http::<axum::body::Body>();
    let told = problem.into_response();
    answer.extensions_mut().extend(told.extensions().clone());
    answer
}

/// A problem as gRPC tells it: with `RetryInfo` where another try may do better.
fn status(problem: &Problem) -> Status {
    let (code, is_worth_a_retry) = code(problem);
    let retry = is_worth_a_retry.then(|| problem.retry_after.unwrap_or(1));
    let details = reply::refused(Encoding::Protobuf, code, &problem.detail, retry);
    Status::with_details(Code::from_i32(code), problem.detail.clone(), details.into())
}

/// Messages as they came.
#[derive(Debug, Clone, Copy, Default)]
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Plain;
    type Decoder = Plain;

    fn encoder(&mut self) -> Plain {
        Plain
    }

    fn decoder(&mut self) -> Plain {
        Plain
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        bytes::BufMut::put(out, item);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_another_try_says_when() {
        for (http, code, retry) in
            [(503, 14, true), (507, 14, true), (429, 8, true), (413, 8, false), (400, 3, false)]
        {
            let told = StatusCode::from_u16(http).unwrap();
            let status = status(&Problem::new(told, "any", "the queue is full").retry(7));
            assert_eq!(status.code(), Code::from_i32(code), "{http}");
            let has_info = status.details().windows(9).any(|part| part == b"RetryInfo");
            assert_eq!(has_info, retry, "{http}");
        }
    }
}
