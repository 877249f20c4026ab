//! Live events as they are recorded: as server-sent events here, over a WebSocket in [`socket`].
//!
//! Guarantee: in order; a watcher that is too slow is told how many batches it missed, and finds them by search. One that
//! comes back and says what it saw last gets what came since, then goes on live, without a gap and without a repetition.
//!
//! *Limits*: [`RESUME_MAX`] entries are looked at for who comes back, [`CHUNK`] at a time.

pub(super) mod socket;

use super::App;
use super::problem::Problem;
use super::read::reader;
use crate::live::{Listener, Missed};
use crate::retention::export;
use crate::streams::Stream as Named;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use futures::stream::{self, Stream, StreamExt};
use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;
use tacho_event::entry::{self, Header, Place};
use tacho_event::fact::Facts;
use tacho_event::record::Accepted;
use tacho_event::section::Section;
use tacho_query::Sight;
use tacho_record::sequence::Sequenced;
use tacho_store::StoreError;
use tokio::sync::watch;

/// Entries that are looked at for who comes back; who was away for longer is told that some are missing.
const RESUME_MAX: u64 = 10_000;
/// Entries that are read at a time.
const CHUNK: u64 = 500;
/// Bytes of batches that may wait for one watcher.
const WAITING_BYTES: usize = 8 << 20;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/v1/tail", get(tail)).route("/v1/tail/ws", get(socket::tail_ws))
}

/// What to watch.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Watch {
    /// Only this agent.
    pub agent: Option<String>,
    /// Only this named stream.
    pub stream: Option<Named>,
    /// Begins behind this index; the header Last-Event-ID goes before it.
    pub after: Option<u64>,
}

/// Follows the log live; with the header Last-Event-ID from what came behind that index.
#[utoipa::path(get, path = "/v1/tail", tag = "ask", params(Watch), responses(
    (status = 200, description = "text/event-stream: each message's data is one event as JSON, its id the index",
        body = String)))]
pub(crate) async fn tail(
    State(app): State<Arc<App>>,
    Query(watch): Query<Watch>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let told = watch.told(&app, &headers).await?;
    Ok(Sse::new(told.map(|told| Ok::<_, Infallible>(told.event()))).keep_alive(KeepAlive::default()))
}

/// What a watcher is told.
enum Told {
    /// An event as JSON on one line, with its index.
    Event(u64, String),
    /// So many batches were missed: the watcher is too slow.
    Missed(u64),
    /// So many entries at least lie between what the watcher saw last and what follows.
    Skipped(u64),
}

impl Told {
    fn event(self) -> Event {
        match self {
            Told::Event(index, json) => Event::default().id(index.to_string()).data(json),
            Told::Missed(count) => Event::default().event("missed").data(count.to_string()),
            Told::Skipped(_) => Event::default().event("missed").data("1"),
        }
    }
}

impl Watch {
    /// What came behind the index that was seen last, then what comes.
    async fn told(
        self,
        app: &Arc<App>,
        headers: &HeaderMap,
    ) -> Result<impl Stream<Item = Told> + use<>, Problem> {
        let sight = reader(app, headers)?;
        let last = headers.get("last-event-id").map(|last| {
            let read = last.to_str().ok().and_then(|last| last.trim().parse::<u64>().ok());
            read.ok_or_else(|| {
                Problem::bad_request("Last-Event-ID is none that this stream gave: expected an index")
            })
        });
        let last = last.transpose()?.or(self.after);
        let wanted = Arc::new(Wanted { watch: self, sight });
        // Listens before it looks back, so that nothing falls in between.
        let live = app.node.listen(WAITING_BYTES, watch::Sender::new(0));
        let (from, size) = match last {
            None => (0, 0),
            Some(last) => (last.saturating_add(1), app.node.snapshot().await.size),
        };
        let before = since(Arc::clone(app), Arc::clone(&wanted), from, size);
        Ok(before.chain(follow(live, app.stopping(), wanted, size)))
    }
}

/// What somebody wants to see and may.
struct Wanted {
    watch: Watch,
    sight: Sight,
}

impl Wanted {
    fn has(&self, header: &Header<'_>, facts: &Facts<'_>, user: Option<&str>) -> bool {
        self.sight.sees(header.agent, user)
            && self.watch.agent.as_ref().is_none_or(|agent| header.agent == *agent)
            && self.watch.stream.is_none_or(|stream| stream.has(header, facts))
    }
}

/// The entries from one on up to a size, as their messages.
fn since(app: Arc<App>, wanted: Arc<Wanted>, from: u64, size: u64) -> impl Stream<Item = Told> {
    let start = from.max(size.saturating_sub(RESUME_MAX));
    let missed = (start > from && from < size).then(|| Told::Skipped(start - from));
    let chunks = stream::unfold(start, move |at| {
        let (app, wanted) = (Arc::clone(&app), Arc::clone(&wanted));
        async move {
            if at >= size || *app.stopping().borrow() {
                return None;
            }
            let end = (at + CHUNK).min(size);
            let read = tokio::task::spawn_blocking(move || recorded(&app, &wanted, at..end)).await;
            match read {
                Ok(Ok(messages)) => Some((messages, end)),
                // What can't be read was missed: a search says why.
                _ => Some((vec![Told::Skipped(size - at)], size)),
            }
        }
    });
    stream::iter(missed).chain(chunks.flat_map(stream::iter))
}

fn recorded(app: &App, wanted: &Wanted, range: Range<u64>) -> Result<Vec<Told>, StoreError> {
    let mut messages = Vec::new();
    app.node.store().snapshot().rows(range, tacho_store::read::Wanted::All, &mut |row| {
        if wanted.has(&row.header()?, &row.facts(), row.who().user) {
            let mut json = Vec::new();
            export::json(row, &mut json)?;
            json.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
            let text = String::from_utf8(json).expect("entries and sections are UTF-8 text");
            messages.push(Told::Event(row.index(), text));
        }
        Ok(())
    })?;
    Ok(messages)
}

/// What is recorded from now on, from a size upwards.
fn follow(
    live: Listener,
    stopping: watch::Receiver<bool>,
    wanted: Arc<Wanted>,
    size: u64,
) -> impl Stream<Item = Told> {
    let batches = stream::unfold((live, stopping), |(mut live, mut stopping)| async move {
        let events = tokio::select! {
            next = live.next() => next?,
            _ = stopping.changed() => return None,
        };
        Some((events, (live, stopping)))
    });
    batches.flat_map(move |batch| {
        stream::iter(match batch {
            Ok(batch) => messages(&batch, &wanted, size),
            Err(Missed(count)) => vec![Told::Missed(count)],
        })
    })
}

fn messages(batch: &Sequenced, wanted: &Wanted, size: u64) -> Vec<Told> {
    let wanted = batch.entries().filter(|(index, _, event)| {
        *index >= size && wanted.has(&event.header, &event.facts, event.who.user)
    });
    let message =
        |(index, place, event): (u64, Place, Accepted<'_>)| Told::Event(index, json(index, &place, &event));
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
