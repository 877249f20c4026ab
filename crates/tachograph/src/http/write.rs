//! The ways in over HTTP: `POST /log`, `POST /v1/events`, `POST /insert/jsonline`. Any format, single, array or
//! NDJSON, plain, gzip or zstd.
//!
//! Guarantee: an event that the answer counts as accepted is on disk and in the total order.

use super::App;
use super::auth::Role;
use super::context::Origin;
use super::problem::Problem;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tacho_event::limits::BODY_BYTES_MAX;
use tacho_event::words::Known;
use tacho_ingest::accept::Sender;
use tacho_ingest::formats::Format;
use tacho_ingest::{Mapping, Options, Rejected, mapping};
use tacho_record::Receipt;

/// Bodies up to this size are taken in on the connection's own thread: handing them over costs more.
const SMALL_BODY: usize = 16 << 10;

/// A body must be there within this time: a slow sender holds memory that others wait for.
const BODY_TIME: Duration = Duration::from_secs(60);

/// So much of a refused body is read, and for so long.
const DRAIN_BYTES: usize = 1 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// What became of a request's events.
#[derive(Debug, Default, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Recorded {
    /// Events that are on the log now.
    pub accepted: u64,
    /// Events that were on the log before: same id and content.
    pub duplicates: u64,
    /// Lines that were refused, at most a thousand of them named.
    pub rejected: Vec<RejectedLine>,
    pub rejected_count: u64,
    /// Index of the first accepted event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_index: Option<u64>,
    /// Where a part of a file of history ended: the parameter `place` of the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// A line that was refused.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct RejectedLine {
    /// Line of the body, or position in its array, from 1.
    pub line: u64,
    /// What is wrong and what was expected.
    pub reason: String,
}

impl From<Rejected> for RejectedLine {
    fn from(rejected: Rejected) -> RejectedLine {
        RejectedLine { line: rejected.line, reason: rejected.reason.to_string() }
    }
}

/// Parameters of the ways in. Others that VictoriaLogs' shippers send (`_stream_fields`, `debug`, `decolorize_fields`)
/// change nothing: every member is kept and queryable anyway.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// The format's name, when it should not be recognised by itself.
    pub format: Option<String>,
    /// Members that may hold the time, as VictoriaLogs' clients name them: the first that is there.
    #[serde(rename = "_time_field")]
    pub time_field: Option<String>,
    /// Members that may hold the message: the first that is there.
    #[serde(rename = "_msg_field")]
    pub msg_field: Option<String>,
    /// `name=value`, by commas: fields of every event.
    pub extra_fields: Option<String>,
    /// Fields that are not recorded, by commas; a `*` at the end stands for anything.
    pub ignore_fields: Option<String>,
    /// The name of a file of history, for `admin`: its events count as imported, and the same line of the same file is
    /// the same event.
    pub import: Option<String>,
    /// Where in that file this body begins, when it comes in parts: `place` of the answer to the part before.
    pub place: Option<String>,
    /// The events' source, when they do not come from their sender alone: an MCP server that an agent reports through.
    #[param(value_type = Option<String>)]
    pub via: Option<Via>,
}

/// A program between a sender and this server. It changes nothing in how far events are believed.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Via {
    Mcp,
}

/// The way in, and how far what comes by it is believed: never said by the body itself.
fn believed(parameters: &Parameters) -> (&'static str, Known) {
    match (&parameters.import, parameters.via) {
        (Some(_), _) => ("import", Known::Imported),
        (None, Some(Via::Mcp)) => ("mcp", Known::SelfReported),
        (None, None) => ("http", Known::SelfReported),
    }
}

/// Records events of any format.
#[utoipa::path(post, path = "/v1/events", tag = "record", params(Parameters), request_body = String, responses(
    (status = 200, description = "Recorded durably; refused lines are named", body = Recorded),
    (status = 400, description = "The body can't be read", body = Problem),
    (status = 413, description = "The body is too large", body = Problem),
    (status = 422, description = "Every event was refused", body = Recorded),
    (status = 429, description = "The credential sends too fast", body = Problem),
    (status = 503, description = "Too much is waiting, or the recorder has stopped", body = Problem),
    (status = 507, description = "The disk is full", body = Problem)))]
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    Query(parameters): Query<Parameters>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    // History may name any number of users and events of any age, which is for the owner alone.
    let role = if parameters.import.is_some() { Role::Admin } else { Role::Agent };
    let credential = match app.auth().check(&headers, role) {
        Ok(credential) => credential,
        Err(problem) => return Err(drained(body, problem).await),
    };
    if let Err(problem) = app.auth().may_write(&credential) {
        app.metrics.limited.fetch_add(1, Ordering::Relaxed);
        return Err(drained(body, problem).await);
    }
    let read = format_of(&parameters);
    let read = read.and_then(|format| Ok((format, mapping_of(&parameters)?, place_of(&parameters)?)));
    let (format, mapping, place) = match read {
        Ok(read) => read,
        Err(problem) => return Err(drained(body, problem).await),
    };
    let body = read_body(&app, &headers, body).await?;
    let named = headers.get("x-agent-id").and_then(|value| value.to_str().ok()).map(str::to_string);
    let agent = named.clone().or_else(|| credential.agent.clone());
    // What comes through another program did not happen where that one runs.
    let is_own = parameters.import.is_none() && parameters.via.is_none();
    let origin = is_own.then(|| app.context.origin(&extensions, &headers, &body));
    let is_part = parameters.import.is_some();
    let work = {
        let app = Arc::clone(&app);
        let writer = credential.writer;
        let sees_hooks = credential.is_witness() && parameters.via.is_none();
        move || {
            let (source, known) = believed(&parameters);
            let sender = Sender { writer, source, known, sees_hooks, agent: agent.as_deref() };
            let options = Options {
                format,
                mapping: Some(&mapping),
                replay: parameters.import.is_some(),
                place: place.as_ref(),
                file: parameters.import.as_deref().unwrap_or_default(),
                request: origin.as_ref().and_then(Origin::context),
                named: named.as_deref(),
            };
            app.node.ingest(&body, &sender, &options)
        }
    };
    let (tally, batches) = work_on(&app, work, &headers).await?;
    app.metrics.count_refused(&tally);
    let place = is_part.then(|| serde_json::to_string(&tally.place).ok()).flatten();
    let mut recorded = Recorded {
        place,
        rejected_count: tally.refused_lines,
        rejected: tally.refused.into_iter().map(Into::into).collect(),
        ..Recorded::default()
    };
    app.auth().charge(&credential, tally.events + tally.refused_lines);
    if !batches.is_empty() {
        for receipt in app.record(batches).await? {
            recorded.add(&receipt);
        }
    }
    app.metrics.count(&recorded);
    Ok(answer(recorded, &headers))
}

fn answer(recorded: Recorded, headers: &HeaderMap) -> Response {
    let all_refused = recorded.rejected_count > 0 && recorded.accepted + recorded.duplicates == 0;
    let status = if all_refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    // RFC 7240: for senders that hand the answer on to somebody, as hooks do.
    let wants_little = headers.get("prefer").is_some_and(|prefer| prefer.as_bytes() == b"return=minimal");
    if wants_little && status == StatusCode::OK {
        return (status, Json(serde_json::json!({}))).into_response();
    }
    (status, Json(recorded)).into_response()
}

impl Recorded {
    pub(super) fn add(&mut self, receipt: &Receipt) {
        self.accepted += u64::from(receipt.accepted);
        self.duplicates += u64::from(receipt.duplicates);
        if let Some((first, last)) = receipt.range {
            self.first_index.get_or_insert(first);
            self.last_index = Some(last);
        }
    }
}

fn format_of(parameters: &Parameters) -> Result<Option<Format>, Problem> {
    let Some(name) = parameters.format.as_deref() else { return Ok(None) };
    let format = Format::by_name(name).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        let detail = format!("format \"{name}\" is unknown: expected one of {}", known.join(", "));
        Problem::bad_request(detail)
    })?;
    Ok(Some(format))
}

fn place_of(parameters: &Parameters) -> Result<Option<tacho_ingest::Place>, Problem> {
    let Some(text) = parameters.place.as_deref() else { return Ok(None) };
    let wrong = |error| Problem::bad_request(format!("\"place\" is not what an answer gave: {error}"));
    serde_json::from_str(text).map(Some).map_err(wrong)
}

fn mapping_of(parameters: &Parameters) -> Result<Mapping, Problem> {
    let named = mapping::Parameters {
        time_field: parameters.time_field.as_deref(),
        msg_field: parameters.msg_field.as_deref(),
        extra_fields: parameters.extra_fields.as_deref(),
        ignore_fields: parameters.ignore_fields.as_deref(),
    };
    Mapping::new(&named).map_err(|error| Problem::bad_request(error.to_string()))
}

/// Small bodies here, large ones in their turn, on a thread that may block.
pub(super) async fn work_on<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> T + Send + 'static,
    headers: &HeaderMap,
) -> Result<T, Problem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length <= SMALL_BODY)
        && !headers.contains_key(header::CONTENT_ENCODING)
    {
        return Ok(work());
    }
    let turn = app.turns.take(app.is_behind()).await;
    let work = move || {
        let done = work();
        drop(turn);
        done
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(error.to_string()))
}

/// Refuses after a small body was read: with an unread one the connection would be closed under a client that
/// already sends its next request.
pub(super) async fn drained(body: Body, problem: Problem) -> Problem {
    let read = axum::body::to_bytes(body, DRAIN_BYTES);
    drop(tokio::time::timeout(DRAIN_TIME, read).await);
    problem
}

/// Reads and decompresses a body within the limits.
pub(super) async fn read_body(app: &App, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let wanted = length.unwrap_or(1usize << 20).min(BODY_BYTES_MAX);
    if length.is_some_and(|length| length > BODY_BYTES_MAX) {
        return Err(over());
    }
    // Bodies in memory are bounded together: one sender's large body may make others wait, never the process die.
    let kilobytes = (wanted / 1024 + 1) as u32;
    let _held = app
        .bodies
        .try_acquire_many(kilobytes)
        .map_err(|_| Problem::busy("the bodies that are being read fill the memory set aside for them"))?;
    let bytes = whole(body, BODY_BYTES_MAX, over).await?;
    // RFC 9110: names of codings are the same in capitals.
    let encoding = headers.get(header::CONTENT_ENCODING);
    let encoding = encoding.map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
    match encoding.as_deref() {
        None | Some("identity" | "") => Ok(bytes),
        Some("gzip" | "x-gzip") => decompress("gzip", flate2::read::MultiGzDecoder::new(bytes.as_ref())),
        Some("zstd") => match zstd::stream::read::Decoder::new(bytes.as_ref()) {
            Ok(decoder) => decompress("zstd", decoder),
            Err(error) => Err(Problem::bad_request(format!("the body is not zstd: {error}"))),
        },
        Some(other) => {
            let detail = format!("Content-Encoding \"{other}\" is unknown: expected gzip, zstd or none");
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The encoding is not understood", detail))
        }
    }
}

/// Reads a body to its end, within its size and time.
pub(super) async fn whole(body: Body, bytes_max: usize, over: fn() -> Problem) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, bytes_max)).await;
    let read = read.map_err(|_| {
        let detail = format!("expected the whole body within {} s", BODY_TIME.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, "The body came too slowly", detail)
    })?;
    read.map_err(|error| {
        if std::error::Error::source(&error).is_some_and(|cause| cause.to_string().contains("limit")) {
            over()
        } else {
            Problem::bad_request(format!("the body ended early: {error}"))
        }
    })
}

fn decompress(name: &str, decoder: impl Read) -> Result<Bytes, Problem> {
    let mut out = Vec::new();
    let bound = BODY_BYTES_MAX as u64 + 1;
    decoder
        .take(bound)
        .read_to_end(&mut out)
        .map_err(|error| Problem::bad_request(format!("the body is not whole {name}: {error}")))?;
    if out.len() as u64 == bound {
        return Err(over());
    }
    Ok(out.into())
}

fn over() -> Problem {
    Problem::too_large(format!("expected at most {BODY_BYTES_MAX} bytes, also after decompression"))
}
