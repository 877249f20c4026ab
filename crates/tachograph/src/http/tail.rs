//! Live events as server-sent events, as they are recorded.
//!
//! Guarantee: in order; a watcher that is too slow is told how many batches it missed, and finds them by search.

use super::App;
use super::auth::Role;
use super::problem::Problem;
use crate::streams::Stream as Named;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, Stream, StreamExt};
use std::convert::Infallible;
use std::sync::Arc;
use tacho_event::entry::{self, Place};
use tacho_event::record::Accepted;
use tacho_event::section::Section;
use tacho_record::sequence::Sequenced;
use tokio::sync::broadcast::error::RecvError;

/// What to watch.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Watch {
    /// Only this agent.
    pub agent: Option<String>,
    /// Only this named stream.
    pub stream: Option<Named>,
}

/// Follows the log live.
#[utoipa::path(get, path = "/v1/tail", tag = "ask", params(Watch), responses(
    (status = 200, description = "text/event-stream: each message's data is one event as JSON, its id the index",
        body = String)))]
pub(crate) async fn tail(
    State(app): State<Arc<App>>,
    Query(watch): Query<Watch>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    app.auth().check(&headers, Role::Read)?;
    Ok(Sse::new(follow(&app, watch)).keep_alive(KeepAlive::default()))
}

fn follow(app: &App, watch: Watch) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let (live, stopping) = (app.node.watch(), app.stopping());
    let batches = stream::unfold((live, stopping), |(mut live, mut stopping)| async move {
        let events = tokio::select! {
            batch = live.recv() => match batch {
                Ok(batch) => Ok(batch),
                Err(RecvError::Lagged(missed)) => Err(missed),
                Err(RecvError::Closed) => return None,
            },
            _ = stopping.changed() => return None,
        };
        Some((events, (live, stopping)))
    });
    batches.flat_map(move |batch| {
        stream::iter(match batch {
            Ok(batch) => messages(&batch, &watch),
            Err(missed) => vec![Ok(Event::default().event("missed").data(missed.to_string()))],
        })
    })
}

fn messages(batch: &Sequenced, watch: &Watch) -> Vec<Result<Event, Infallible>> {
    let wanted = batch.entries().filter(|(_, _, event)| {
        watch.agent.as_ref().is_none_or(|agent| event.header.agent == *agent)
            && watch.stream.is_none_or(|stream| stream.has(&event.header, &event.facts))
    });
    let message = |(index, place, event): (u64, Place, Accepted<'_>)| {
        Ok(Event::default().id(index.to_string()).data(json(index, &place, &event)))
    };
    wanted.map(message).collect()
}

/// The event as one JSON object: `index`, `entry` (the permanent bytes), then the sections that it has.
fn json(index: u64, place: &Place, event: &Accepted<'_>) -> String {
    let mut out = format!("{{\"index\":{index},\"entry\":").into_bytes();
    entry::render(&event.header, place, &mut out);
    let mut scratch = Vec::new();
    for section in Section::ALL {
        if let Some(bytes) = event.section(section, &mut scratch) {
            out.extend_from_slice(format!(",\"{}\":", section.name()).as_bytes());
            // Server-sent events end a message at a line feed; inside JSON one is only ever space between tokens.
            out.extend(bytes.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
        }
    }
    out.push(b'}');
    String::from_utf8(out).expect("entries and sections are UTF-8 text")
}
