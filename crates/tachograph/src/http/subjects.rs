//! What a person may ask for: their data, and that it goes. For role `admin`.
//!
//! Both are told to the log, which does not name the person.

use super::App;
use super::auth::Role;
use super::problem::Problem;
use crate::commitments::Mode;
use crate::retention::export::{self, Form};
use crate::retention::subject::{self, Erased, Unknown};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use std::error::Error;
use std::io::Write;
use std::sync::Arc;

/// Bytes of an export that are sent together, and how many of these may wait for a slow reader.
const CHUNK_BYTES: usize = 64 << 10;
const CHUNKS: usize = 8;

/// How a person is to be erased.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// `erase` takes everything that belongs to the person, `anonymise` only who it was. Default: `erase`.
    pub mode: Option<Mode>,
    /// Why, for the record. Do not name the person in it.
    pub reason: Option<String>,
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `json` or `csv`; else the header Accept decides, and JSON is the default.
    pub format: Option<Form>,
}

/// Erases a person's data, or makes it anonymous.
#[utoipa::path(post, path = "/v1/subjects/{user}/erase", tag = "operate", request_body = Option<Wish>,
    params(("user" = String, Path, description = "the user as events name it")), responses(
    (status = 200, description = "No file holds it any more; what a legal hold keeps is counted", body = Erased),
    (status = 404, description = "Nobody was recorded by that name", body = Problem)))]
pub(crate) async fn erase(
    State(app): State<Arc<App>>,
    Path(user): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Erased>, Problem> {
    let credential = app.auth().check(&headers, Role::Admin)?;
    let wish = match body.trim_ascii() {
        b"" => Wish { mode: None, reason: None },
        body => serde_json::from_slice(body).map_err(|error| Problem::bad_request(error.to_string()))?,
    };
    let work = move || {
        let mode = wish.mode.unwrap_or(Mode::Erase);
        // Before anything goes: afterwards nobody can say what named the person.
        let person =
            app.alerting().map(|_| subject::person(&app.node, &user)).transpose().map_err(problem)?;
        let erased = subject::erase(&app.node, &user, mode, &credential.name, wish.reason.as_deref())
            .map_err(problem)?;
        // What a legal hold keeps stays with the alerts about it.
        if let (Some(alerting), Some(person), 0) = (app.alerting(), person, erased.held) {
            alerting.forget_person(&person)?;
        }
        Ok(erased)
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(error.to_string()))?.map(Json)
}

/// Gives everything that is recorded of a person.
#[utoipa::path(get, path = "/v1/subjects/{user}/export", tag = "operate", params(Asked,
    ("user" = String, Path, description = "the user as events name it")), responses(
    (status = 200, description = "JSON {user, count, events: [{index, entry, who, facts, input, …, gone}]}, or CSV with \
        a column for each section", body = String),
    (status = 404, description = "Nobody was recorded by that name", body = Problem)))]
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    Path(user): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // One's own is not only for administrators.
    let credential = match app.auth().check_own(&headers, Role::Read) {
        Ok(own) if own.limits.as_ref().is_some_and(|limits| limits.user.as_ref() == Some(&user)) => own,
        _ => app.auth().check(&headers, Role::Admin)?,
    };
    let accepts_csv = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes() == b"text/csv");
    let form = asked.format.unwrap_or(if accepts_csv { Form::Csv } else { Form::Json });
    let find = move || {
        let found = export::find(&app.node, &user)?;
        subject::tell_export(&app.node, &user, &credential.name, found.len())?;
        Ok(found)
    };
    let found = tokio::task::spawn_blocking(move || find().map_err(problem));
    let found = found.await.map_err(|error| Problem::internal(error.to_string()))??;
    let (sender, receiver) = tokio::sync::mpsc::channel(CHUNKS);
    tokio::task::spawn_blocking(move || {
        let mut out = std::io::BufWriter::with_capacity(CHUNK_BYTES, Chunks(sender.clone()));
        let written = found.write(form, &mut out).map_err(|error| error.to_string());
        let written = written.and_then(|()| out.flush().map_err(|error| error.to_string()));
        if let Err(error) = written {
            // The answer began as a good one: it ends in the middle, which no reader takes for its end.
            drop(sender.blocking_send(Err(std::io::Error::other(error))));
        }
    });
    let chunks = futures::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    let kind = if form == Form::Csv { "text/csv; charset=utf-8" } else { "application/json" };
    Ok(([(header::CONTENT_TYPE, kind)], Body::from_stream(chunks)).into_response())
}

/// Hands on what is written to the connection.
struct Chunks(tokio::sync::mpsc::Sender<Result<Bytes, std::io::Error>>);

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it ends here")]
fn problem(error: Box<dyn Error>) -> Problem {
    match error.downcast_ref::<Unknown>() {
        Some(unknown) => Problem::not_found(unknown.to_string()),
        None => Problem::internal(format!("{error}; it is tried again with the next run, and after a start")),
    }
}
