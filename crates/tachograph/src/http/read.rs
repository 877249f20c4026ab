//! Asking over HTTP: SQL, search, one event, its proof, a session. Answers by `Accept`: JSON, NDJSON, CSV, Arrow.
//!
//! Every answer is about one moment of the log, at least as new as everything that was acknowledged before.

use super::App;
use super::auth::Role;
use super::problem::Problem;
pub(super) use super::reader::{reader, registry};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tacho_event::time::Micros;
use tacho_query::{Answer, Encoder, EventKey, Format, Moment, QueryError, Search, Sight};

/// A query's text, bytes.
const QUERY_BYTES_MAX: usize = 256 << 10;

/// The query of a GET request.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Sql {
    /// One SELECT in PostgreSQL's dialect.
    pub query: String,
}

/// Asks in SQL.
#[utoipa::path(get, path = "/v1/sql", tag = "ask", params(Sql), responses(
    (status = 200, description = "JSON {columns, rows, …}, NDJSON, CSV or an Arrow stream, by Accept; a member or last line `error` when it is not whole", body = String),
    (status = 400, description = "The query is not understood, with its place", body = Problem),
    (status = 422, description = "The query asks for too much", body = Problem)))]
pub(crate) async fn sql_get(
    State(app): State<Arc<App>>,
    Query(sql): Query<Sql>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sight = reader(&app, &headers)?;
    answer(&app, &headers, sight, sql.query).await
}

/// Asks in SQL; the body is the query itself, or `{"query": "…"}`.
#[utoipa::path(post, path = "/v1/sql", tag = "ask", request_body = String, responses(
    (status = 200, description = "As GET", body = String),
    (status = 400, description = "The query is not understood, with its place", body = Problem),
    (status = 422, description = "The query asks for too much", body = Problem)))]
pub(crate) async fn sql_post(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let sight = match reader(&app, &headers) {
        Ok(sight) => sight,
        Err(problem) => return Err(super::write::drained(body, problem).await),
    };
    let over = || Problem::too_large(format!("a query: expected at most {QUERY_BYTES_MAX} bytes"));
    let body = super::write::whole(body, QUERY_BYTES_MAX, over).await?;
    answer(&app, &headers, sight, query_text(&body)?).await
}

fn query_text(body: &Bytes) -> Result<String, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::bad_request("the query is not UTF-8 text"))?;
    if !text.trim_start().starts_with('{') {
        return Ok(text.to_string());
    }
    let sql: Sql = serde_json::from_str(text)
        .map_err(|error| Problem::bad_request(format!("expected {{\"query\": \"SELECT …\"}}: {error}")))?;
    Ok(sql.query)
}

pub(super) async fn answer(
    app: &App,
    headers: &HeaderMap,
    sight: Sight,
    query: String,
) -> Result<Response, Problem> {
    app.metrics.queries.fetch_add(1, Ordering::Relaxed);
    let started = Instant::now();
    let agents = registry(app)?;
    let moment = app.node.moment().await.seen_by(sight);
    let answer = app.node.engine().sql(moment, &agents, &query).await?;
    let slow = Slow { text: query, started };
    Ok(respond(app, headers, answer, None, Some(slow)).await?)
}

/// A query that is running, for the list of the slowest.
struct Slow {
    text: String,
    started: Instant,
}

/// Writes an answer in the wanted format. An error after the first rows ends the body with the problem where the
/// format has a place for it, else breaks it off: a client must not take a part for the whole.
async fn respond(
    app: &App,
    headers: &HeaderMap,
    mut answer: Answer,
    cursor: Option<String>,
    slow: Option<Slow>,
) -> Result<Response, QueryError> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let format = Format::of_accept(accept);
    let mut encoder = Encoder::new(format, Arc::clone(&answer.schema), answer.log_size)?.with_cursor(cursor);
    encoder = encoder.with_error_line(accept.contains(ERROR_LINE)).with_unjoined(answer.unjoined);
    let (size, unjoined) = (answer.log_size.to_string(), answer.unjoined.to_string());
    let kind = [(header::CONTENT_TYPE, format.media_type())];
    let tree = [("x-log-size", size), ("x-log-unjoined", unjoined)];
    // Most answers are small: they are written whole, so that an error is still an honest status.
    let mut first = Vec::new();
    loop {
        match answer.next().await? {
            Some(batch) => encoder.batch(&batch, &mut first)?,
            None => {
                encoder.finish(&mut first)?;
                app.slowest.note(slow.as_ref().map(|slow| (slow.text.as_str(), slow.started.elapsed())));
                return Ok((kind, tree, first).into_response());
            }
        }
        if first.len() > WHOLE_BYTES {
            break;
        }
    }
    let rest = stream::unfold(Some((answer, encoder)), |state| async move {
        let (mut answer, mut encoder) = state?;
        let mut out = Vec::new();
        let step = match answer.next().await {
            Ok(Some(batch)) => encoder.batch(&batch, &mut out).map(|()| Some((answer, encoder))),
            Ok(None) => encoder.finish(&mut out).map(|()| None),
            Err(error) if encoder.fail(&told(&error), &mut out) => Ok(None),
            Err(error) => Err(error),
        };
        match step {
            Ok(next) => Some((Ok(Bytes::from(out)), next)),
            Err(error) => Some((Err(error), None)),
        }
    });
    let start = stream::once(async move { Ok(Bytes::from(first)) });
    let body = Body::from_stream(futures::StreamExt::chain(start, rest));
    app.slowest.note(slow.as_ref().map(|slow| (slow.text.as_str(), slow.started.elapsed())));
    Ok((kind, tree, body).into_response())
}

/// In `Accept`: CSV that is not whole says why in a last line.
pub(crate) const ERROR_LINE: &str = "error=line";

/// The problem as JSON, for the end of an answer that has begun.
fn told(error: &QueryError) -> String {
    serde_json::to_string(&Problem::from(error.clone())).expect("a problem has a JSON form")
}

/// A search as it stands in a URL.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Searching {
    /// Words, "phrases", field:value, each with `-` before it for "not".
    q: String,
    /// At or after this time: RFC 3339, or Unix time.
    from: Option<String>,
    /// Before this time.
    to: Option<String>,
    agent: Option<String>,
    session: Option<String>,
    /// Type or name of the action.
    r#type: Option<String>,
    /// `success`, `failed`, `partial`, `running`.
    status: Option<String>,
    user: Option<String>,
    /// At most 10,000; 100 when it is not given.
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

impl Searching {
    fn search(self) -> Result<Search, Problem> {
        Ok(Search {
            q: self.q,
            from: moment("from", self.from)?,
            to: moment("to", self.to)?,
            agent: self.agent,
            session: self.session,
            action: self.r#type,
            status: self.status,
            user: self.user,
            limit: self.limit,
            cursor: self.cursor,
        })
    }
}

pub(super) fn moment(name: &str, text: Option<String>) -> Result<Option<Micros>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let parsed = tacho_event::time::parse(&text);
    let time =
        parsed.map_err(|error| Problem::bad_request(format!("{name} \"{text}\" is no time: {error}")))?;
    Ok(Some(time))
}

/// Answers up to this size are written whole before the status is sent, bytes.
const WHOLE_BYTES: usize = 4 << 20;

/// Free text, filters and a cursor; newest first.
#[utoipa::path(get, path = "/v1/search", tag = "ask", params(Searching), responses(
    (status = 200, description = "As /v1/sql", body = String),
    (status = 400, description = "The search is not understood", body = Problem)))]
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    Query(parameters): Query<Searching>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sight = reader(&app, &headers)?;
    app.metrics.queries.fetch_add(1, Ordering::Relaxed);
    let moment = app.node.moment().await.seen_by(sight);
    let page = app.node.engine().search(moment, &parameters.search()?).await?;
    Ok(respond(&app, &headers, page.answer, page.cursor, None).await?)
}

/// One event with everything that is known of it, by id or by index.
#[utoipa::path(get, path = "/v1/events/{id}", tag = "ask", params(("id" = String, Path)), responses(
    (status = 200, description = "header, who, facts, sections; why a section is gone", body = String),
    (status = 404, description = "No such event", body = Problem)))]
pub(crate) async fn event(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<serde_json::Value>, Problem> {
    let sight = reader(&app, &headers)?;
    Ok(Json(find(&app, sight, &id).await?))
}

async fn find(app: &App, sight: Sight, id: &str) -> Result<serde_json::Value, Problem> {
    let snapshot = app.node.snapshot().await;
    let key = match id.parse() {
        Ok(index) if index < snapshot.size => EventKey::Index(index),
        _ => EventKey::Id(id),
    };
    let found = app.node.engine().event(Moment::from(snapshot).seen_by(sight), key).await?;
    found.ok_or_else(|| Problem::not_found(format!("no event has the id or index {id}")))
}

/// The C2SP tlog-proof of an event; the entry is its extra data, so that the file can be checked alone.
#[utoipa::path(get, path = "/v1/events/{id}/proof", tag = "prove", params(("id" = String, Path)), responses(
    (status = 200, description = "c2sp.org/tlog-proof@v1", body = String),
    (status = 404, description = "No such event, or not sealed yet, though up to two seconds are waited for it", body = Problem)))]
pub(crate) async fn proof(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sight = reader(&app, &headers)?;
    let event = find(&app, sight, &id).await?;
    let index =
        event["header"]["index"].as_u64().ok_or_else(|| Problem::internal("an event without an index"))?;
    app.node.sealed_past(index).await;
    let prove = move || app.node.prove(index).map_err(|error| Problem::not_found(error.to_string()).retry(1));
    let proof = tokio::task::spawn_blocking(prove).await;
    let proof = proof.map_err(|error| Problem::internal(error.to_string()))??;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], proof.to_string()).into_response())
}

/// A session from its first event to its last, as a person reads it.
#[utoipa::path(get, path = "/v1/sessions/{id}", tag = "ask", params(("id" = String, Path)), responses(
    (status = 200, description = "JSON, or text when Accept is text/plain", body = String),
    (status = 404, description = "No such session", body = Problem)))]
pub(crate) async fn session(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sight = reader(&app, &headers)?;
    let moment = app.node.moment().await.seen_by(sight);
    let timeline = app.node.engine().timeline(moment, &id).await?;
    let timeline = timeline.ok_or_else(|| Problem::not_found(format!("no session has the id {id}")))?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.starts_with("text/plain") {
        return Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], timeline.text()).into_response());
    }
    Ok(Json(timeline).into_response())
}

/// The slowest queries since the start.
#[utoipa::path(get, path = "/v1/queries", tag = "operate", responses(
    (status = 200, description = "The ten slowest, slowest first: query, milliseconds", body = String)))]
pub(crate) async fn queries(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Json<serde_json::Value>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    Ok(Json(app.slowest.json()))
}
