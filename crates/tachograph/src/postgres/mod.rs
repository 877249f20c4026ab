//! The log over PostgreSQL's wire, for the many programs that speak it: read only, the same queries, limits and keys as
//! over HTTP. Off unless the configuration says where to listen.
//!
//! Invariants
//! - A password is a key, and it comes in clear text: so off loopback there is TLS or nobody listens.
//! - Every statement asks anew what its key may see; a revoked key ends at its next statement.
//!
//! *Limits*: sessions as configured; [`ARRIVALS_MAX`] that have not signed in yet, each for [`ARRIVAL_TIME`].

mod answer;
mod arrival;
mod session;
mod statement;
mod wire;

use crate::http::App;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::error::Error;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// Connections that have not signed in.
const ARRIVALS_MAX: usize = 64;
/// They have so long.
const ARRIVAL_TIME: Duration = Duration::from_secs(20);
/// How long to wait when the system gives no connection.
const RETRY: Duration = Duration::from_millis(100);
/// Sessions that are under way when the server stops have so long.
const STOP_TIME: Duration = Duration::from_secs(5);

/// What an operator may set.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where to listen; nowhere when nothing is said.
    #[serde(deserialize_with = "crate::config::listen")]
    pub listen: Option<SocketAddr>,
    /// Sessions at a time; the next one is refused.
    pub sessions: NonZeroU16,
    /// A session that says nothing for so long is ended.
    pub idle_minutes: NonZeroU16,
    /// PEM files for TLS.
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        let number = |n| NonZeroU16::new(n).expect("it is written here, and not zero");
        Config { listen: None, sessions: number(64), idle_minutes: number(240), certificate: None, key: None }
    }
}

/// The port, open.
pub(crate) struct Wire {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Shared,
}

/// What all sessions share.
pub(super) struct Shared {
    places: Arc<Semaphore>,
    sessions_max: u16,
    idle: Duration,
    /// Who may be told to stop a query, by the number and the secret that its session was given.
    running: Mutex<HashMap<i32, Ending>>,
}

/// Serves until the server stops, where there is a port.
pub(crate) async fn serve(wire: Option<Wire>, app: Arc<App>) {
    if let Some(wire) = wire {
        wire.serve(app).await;
    }
}

/// The secret of who may end a session's query, and how that is said.
type Ending = ([u8; 4], Arc<Notify>);

impl Wire {
    /// Opens the port where there is to be one. `has_keys` when there is somebody to sign in.
    pub(crate) async fn open(config: &Config, has_keys: bool) -> Result<Option<Wire>, Box<dyn Error>> {
        let Some(address) = config.listen else { return Ok(None) };
        let tls = match (&config.certificate, &config.key) {
            (Some(certificate), Some(key)) => Some(tls(certificate, key)?),
            (None, None) => None,
            _ => return Err("postgres: certificate and key belong together, one of them is missing".into()),
        };
        if !address.ip().is_loopback() && !has_keys {
            let why = format!(
                "refuses to listen on {address} (postgres.listen) without keys: anyone there could read"
            );
            return Err(why.into());
        }
        if !address.ip().is_loopback() && tls.is_none() {
            let why = format!(
                "refuses to listen on {address} (postgres.listen) without TLS: passwords there are keys, in clear text. \
                 Set postgres.certificate and postgres.key, or listen on 127.0.0.1"
            );
            return Err(why.into());
        }
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| format!("cannot listen on {address} (postgres.listen): {error}"))?;
        let shared = Shared {
            places: Arc::new(Semaphore::new(config.sessions.get().into())),
            sessions_max: config.sessions.get(),
            idle: Duration::from_secs(60 * u64::from(config.idle_minutes.get())),
            running: Mutex::default(),
        };
        Ok(Some(Wire { listener, tls, shared }))
    }

    /// For whoever starts the server.
    pub(crate) fn address(&self) -> Option<String> {
        Some(format!("postgres://{}", self.listener.local_addr().ok()?))
    }

    async fn serve(self, app: Arc<App>) {
        let Wire { listener, tls, shared } = self;
        let (shared, arrivals) = (Arc::new(shared), Arc::new(Semaphore::new(ARRIVALS_MAX)));
        let (mut stopping, mut sessions) = (app.stopping(), JoinSet::new());
        loop {
            let arrival = Arc::clone(&arrivals).acquire_owned().await.expect("the places are never closed");
            let (stream, peer) = tokio::select! {
                _ = stopping.changed() => break,
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        tracing::warn!(%error, "no connection of PostgreSQL's wire can be taken");
                        tokio::time::sleep(RETRY).await;
                        continue;
                    }
                },
            };
            while sessions.try_join_next().is_some() {}
            let (app, shared, tls) = (Arc::clone(&app), Arc::clone(&shared), tls.clone());
            sessions.spawn(async move {
                let arrived = arrive(stream, peer, app, shared, tls);
                // Once signed in it holds a session's place instead.
                match tokio::time::timeout(ARRIVAL_TIME, arrived).await {
                    Ok(Some(session)) => {
                        drop(arrival);
                        session.run().await;
                    }
                    Ok(None) => {}
                    Err(_) => tracing::debug!(%peer, "a client of PostgreSQL's wire did not sign in in time"),
                }
            });
        }
        let ended = async { while sessions.join_next().await.is_some() {} };
        drop(tokio::time::timeout(STOP_TIME, ended).await);
    }
}

fn tls(certificate: &Path, key: &Path) -> Result<TlsAcceptor, Box<dyn Error>> {
    let wrong = |path: &Path, error: &dyn std::fmt::Display| format!("postgres: {}: {error}", path.display());
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate).and_then(|chain| chain.collect::<Result<_, _>>());
    let chain = chain.map_err(|error| wrong(certificate, &error))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .map_err(|error| wrong(certificate, &error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Hears what a client wants before it signs in: TLS, the end of somebody's query, or a session.
async fn arrive(
    stream: TcpStream,
    peer: SocketAddr,
    app: Arc<App>,
    shared: Arc<Shared>,
    tls: Option<TlsAcceptor>,
) -> Option<session::Session> {
    drop(stream.set_nodelay(true));
    let arrived = arrival::arrive(stream, peer, app, shared, tls).await;
    arrived.unwrap_or_else(|gone| {
        tracing::debug!(%peer, "a client of PostgreSQL's wire is gone: {gone}");
        None
    })
}
