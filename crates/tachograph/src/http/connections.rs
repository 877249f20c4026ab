//! Connections: how many there may be at a time, how long the head of a request may take, and how they end.
//!
//! *Limits*
//! - More connections than there are places wait in the kernel's queue until one ends.
//! - The head of a request is there within the given time, or the connection is closed; so is one that stays silent
//!   between two requests.
//! - Requests that are under way when the server stops have [`STOP_TIME`].

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

/// What is not answered by then was not acknowledged.
const STOP_TIME: Duration = Duration::from_secs(30);
/// How long to wait when the system gives no connection, such as for want of open files.
const RETRY: Duration = Duration::from_millis(100);

/// A connection of HTTP/2 is asked this often whether it is there, and has that long to say so.
const ASK_EVERY: Duration = Duration::from_secs(60);
const ASK_TIME: Duration = Duration::from_secs(20);
/// Calls of one connection at a time, and bytes of the head of each.
const STREAMS_MAX: u32 = 64;
const HEAD_MAX: u32 = 16 << 10;

/// Who is at the other end of a connection; every request over a socket carries it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub IpAddr);

/// The places of connections, seen by those who count them.
#[derive(Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    pub all: usize,
}

impl Places {
    pub(crate) fn new(all: usize) -> Places {
        Places { free: Arc::new(Semaphore::new(all)), all }
    }

    pub(crate) fn taken(&self) -> usize {
        self.all - self.free.available_permits().min(self.all)
    }
}

/// Serves until `stopped` completes, then ends what is under way.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    places: &Places,
    head_time: Duration,
    stopped: impl Future<Output = ()>,
) {
    let one = |stream, peer, stopping| one(stream, peer, router.clone(), head_time, stopping);
    each(listener, places, stopped, one).await;
}

/// The same for HTTP/2, as gRPC wants it. A connection that is silent is asked whether it is there.
pub(crate) async fn serve_http2(
    listener: TcpListener,
    router: Router,
    places: &Places,
    stopped: impl Future<Output = ()>,
) {
    let one = |stream, peer, stopping| one_http2(stream, peer, router.clone(), stopping);
    each(listener, places, stopped, one).await;
}

async fn each<C: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    places: &Places,
    stopped: impl Future<Output = ()>,
    one: impl Fn(TcpStream, SocketAddr, watch::Receiver<bool>) -> C,
) {
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            (stream, peer, place) = accept(&listener, &places.free) => {
                let connection = one(stream, peer, stopping.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
        }
    }
    drop(listener);
    stop.send_replace(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_TIME, ended).await.is_err() {
        tracing::warn!("{} connections did not end in time", connections.len());
    }
}

async fn accept(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let place = Arc::clone(free).acquire_owned().await.expect("the places are never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

async fn one(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    head_time: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    let service = service_fn(move |request| router.clone().oneshot(of(request, peer)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_time)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}

async fn one_http2(stream: TcpStream, peer: SocketAddr, router: Router, mut stopping: watch::Receiver<bool>) {
    let service = service_fn(move |request| router.clone().oneshot(of(request, peer)));
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(ASK_EVERY)
        .keep_alive_timeout(ASK_TIME)
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}

/// A request that says who it is from.
fn of(request: hyper::Request<Incoming>, peer: SocketAddr) -> Request {
    let mut request: Request = request.map(axum::body::Body::new);
    request.extensions_mut().insert(Peer(peer.ip()));
    request
}
