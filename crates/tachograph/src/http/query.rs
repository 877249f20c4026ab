//! Asking in the pipe language: the text becomes SQL, and the answer is that of `/v1/sql`.

use super::App;
use super::problem::{Place, Problem};
use super::read::{answer, reader};
use crate::clock::now_us;
use crate::pipe::{Asking, Meaning, Refused};
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tacho_pipe::QUERY_BYTES_MAX;

/// What stands around the text when it comes as JSON, bytes.
const JSON_BYTES: usize = 4 << 10;

/// Asks in the pipe language; the body is the query itself, or `{"query": "…"}`.
#[utoipa::path(post, path = "/v1/query", tag = "ask", params(Asking), request_body = String, responses(
    (status = 200, description = "As /v1/sql; with explain the meaning and the SQL", content(
        (Meaning = "application/json"), (String = "text/plain"))),
    (status = 400, description = "The query is not understood, with its place", body = Problem),
    (status = 422, description = "The query asks for too much", body = Problem)))]
pub(crate) async fn query(
    State(app): State<Arc<App>>,
    asking: Result<Query<Asking>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let sight = match reader(&app, &headers) {
        Ok(sight) => sight,
        Err(problem) => return Err(super::write::drained(body, problem).await),
    };
    let over = || Problem::too_large(format!("a query: expected at most {QUERY_BYTES_MAX} bytes"));
    let body = super::write::whole(body, QUERY_BYTES_MAX + JSON_BYTES, over).await?;
    let Query(asking) = asking.map_err(|wrong| Problem::bad_request(wrong.body_text()))?;
    let asked = asking.of(&text(&body)?, now_us())?;
    if asking.explain && headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/json") {
        return Ok(axum::Json(asked.meaning()).into_response());
    }
    if asking.explain {
        let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        return Ok((kind, asked.explain()).into_response());
    }
    let sql =
        asked.sql.map_err(|reason| Problem::bad_request(format!("the query can't be asked: {reason}")))?;
    answer(&app, &headers, sight, sql).await
}

fn text(body: &Bytes) -> Result<String, Problem> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        query: String,
    }
    let text = std::str::from_utf8(body).map_err(|_| Problem::bad_request("the query is not UTF-8 text"))?;
    // No query begins so.
    if !text.trim_start().starts_with('{') {
        return Ok(text.to_string());
    }
    let given: Given = serde_json::from_str(text).map_err(|error| {
        Problem::bad_request(format!("expected {{\"query\": \"agent_audit_log | …\"}}: {error}"))
    })?;
    Ok(given.query)
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        match refused {
            Refused::Time(why) => Problem::bad_request(why),
            Refused::Query { error, shown } => Problem::bad_request(shown).at(Place {
                line: error.line as u64,
                column: error.column as u64,
                expected: error.expected,
                nearest: error.nearest,
            }),
        }
    }
}
