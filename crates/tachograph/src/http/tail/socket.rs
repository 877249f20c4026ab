//! Live events over a WebSocket, for programs: each text message is one event as JSON, as in the stream of server-sent
//! events, and the socket says why it ends.
//!
//! Guarantee: in order; where something is left out, `{"skipped":n}` stands in its place. A watcher that is too slow is not told of what it missed but sent away with a code,
//! and comes back with `after`.
//!
//! *Limits*: [`WATCHERS_MAX`] sockets at a time; a message that is not taken within [`SEND_TIME`] ends the connection; who
//! does not answer a ping for [`SILENCE`] is gone; a watcher has nothing to say but [`SAID_MAX`] bytes of control frames.

use super::super::App;
use super::super::logins::Why;
use super::super::problem::Problem;
use super::{Told, Watch};
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, Stream, StreamExt};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, interval, timeout};

/// Sockets at a time. They are no longer requests, so they do not count among the connections.
pub(crate) const WATCHERS_MAX: usize = 256;
/// A watcher that takes nothing for so long is let go.
const SEND_TIME: Duration = Duration::from_secs(20);
/// How often a watcher is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(15);
/// A watcher that answered nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(50);
/// A watcher's own messages, bytes.
const SAID_MAX: usize = 4 << 10;

/// The places of watchers.
#[derive(Debug, Clone)]
pub(crate) struct Watchers(Arc<Semaphore>);

impl Default for Watchers {
    fn default() -> Watchers {
        Watchers(Arc::new(Semaphore::new(WATCHERS_MAX)))
    }
}

impl Watchers {
    pub(crate) fn count(&self) -> usize {
        WATCHERS_MAX - self.0.available_permits()
    }
}

/// Follows the log live over a WebSocket: each text message is one event as JSON, its `index` says where to come back.
#[utoipa::path(get, path = "/v1/tail/ws", tag = "ask", params(Watch), responses(
    (status = 101, description = "A WebSocket; closes with 1001 when the server stops, 1013 when the watcher is too slow"),
    (status = 403, description = "A web page of another address asks", body = Problem),
    (status = 503, description = "There are too many watchers", body = Problem)))]
pub(crate) async fn tail_ws(
    State(app): State<Arc<App>>,
    Query(watch): Query<Watch>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    check_origin(&headers)?;
    let after = watch.after;
    let told = watch.told(&app, &headers).await?;
    let upgrade = upgrade.map_err(|wrong| {
        Problem::bad_request(format!("{}: open it as a WebSocket, or follow /v1/tail", wrong.body_text()))
    })?;
    let place = Arc::clone(&app.watchers.0).try_acquire_owned().map_err(|_| {
        Problem::busy(format!("{WATCHERS_MAX} WebSockets are open already; /v1/tail has places of its own"))
    })?;
    let upgrade = upgrade.max_message_size(SAID_MAX).max_frame_size(SAID_MAX);
    Ok(upgrade.on_upgrade(move |socket| async move {
        serve(socket, told, after).await;
        drop(place);
    }))
}

/// A browser says which page asks, and lets any page open a WebSocket anywhere: only one of this address may.
fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let page = origin.split_once("://").map(|(_, host)| host);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if page.is_some() && page == host {
        return Ok(());
    }
    let detail = format!("Origin is \"{origin}\": a page of another address may not open this");
    Err(Problem::new(StatusCode::FORBIDDEN, "Asked from elsewhere", detail).refuse(Why::Elsewhere, None))
}

/// Tells until one side ends it.
async fn serve(socket: WebSocket, told: impl Stream<Item = Told>, after: Option<u64>) {
    let (mut sink, said) = socket.split();
    let end = tokio::select! {
        end = tell(&mut sink, told, after) => end,
        end = listen(said) => end,
    };
    // Who is gone need not be told so.
    if let Some(end) = end {
        drop(timeout(SEND_TIME, sink.send(Message::Close(Some(end)))).await);
    }
}

fn close(code: u16, reason: impl Into<String>) -> Option<CloseFrame> {
    Some(CloseFrame { code, reason: reason.into().into() })
}

/// Sends what there is; says how it ended, or nothing when nobody takes it.
async fn tell(
    sink: &mut SplitSink<WebSocket, Message>,
    told: impl Stream<Item = Told>,
    after: Option<u64>,
) -> Option<CloseFrame> {
    let (mut told, mut pings, mut last) = (pin!(told), interval(PING_EVERY), after);
    loop {
        let message = tokio::select! {
            told = told.next() => match told {
                Some(Told::Event(index, json)) => {
                    last = Some(index);
                    Message::text(json)
                }
                Some(Told::Skipped(count)) => Message::text(format!("{{\"skipped\":{count}}}")),
                Some(Told::Missed(_)) => {
                    let from = last.map_or_else(String::new, |last| format!(" with after={last}"));
                    return close(close_code::AGAIN, format!("too slow: events were missed; come back{from}"));
                }
                None => return close(close_code::AWAY, "the server is stopping"),
            },
            _ = pings.tick() => Message::Ping(Default::default()),
        };
        if !matches!(timeout(SEND_TIME, sink.send(message)).await, Ok(Ok(()))) {
            return None;
        }
    }
}

/// Waits until the watcher ends it, is gone, or says what nobody asked for.
async fn listen(mut said: SplitStream<WebSocket>) -> Option<CloseFrame> {
    let mut heard = Instant::now();
    loop {
        match tokio::time::timeout_at(heard + SILENCE, said.next()).await {
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => heard = Instant::now(),
            Ok(Some(Ok(Message::Text(_) | Message::Binary(_)))) => {
                return close(
                    close_code::UNSUPPORTED,
                    "this socket only tells: filters stand in its address",
                );
            }
            Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => return None,
        }
    }
}
