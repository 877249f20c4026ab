//! Who comes: TLS, the end of somebody's query, or signing in to a session.

use super::Shared;
use super::session::Session;
use super::wire::{Connection, Gone};
use crate::clock::random;
use crate::http::{self, App};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use tacho_postgres::{Failure, Message, Reply, Settings, Start, code};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// The next session's number, by which its query can be ended.
static NUMBER: AtomicI32 = AtomicI32::new(1);

/// Hears what a client wants, and signs it in.
pub(super) async fn arrive(
    stream: TcpStream,
    peer: SocketAddr,
    app: Arc<App>,
    shared: Arc<Shared>,
    tls: Option<TlsAcceptor>,
) -> Result<Option<Session>, Gone> {
    let mut connection = Connection::new(Box::new(stream));
    let (mut secure, mut asked) = (false, 0);
    loop {
        // TLS and GSSAPI once each; who asks on is no client.
        asked += 1;
        match (connection.start().await?, &tls) {
            (Start::Tls, Some(tls)) if !secure => {
                connection.answer(b'S').await?;
                let stream = tls.accept(connection.into_stream()?).await?;
                connection = Connection::new(Box::new(stream));
                secure = true;
            }
            (Start::Tls | Start::Gss, _) if asked < 4 => connection.answer(b'N').await?,
            (Start::Tls | Start::Gss, _) => return Ok(None),
            (Start::Cancel { process, secret }, _) => {
                let running = shared.running.lock();
                if let Some((known, ended)) = running.get(&process)
                    && known[..] == secret[..]
                {
                    // Kept for a query that looks only now and then.
                    ended.notify_one();
                }
                return Ok(None);
            }
            (Start::Hello { minor, parameters }, tls) => {
                if !secure && tls.is_some() && !peer.ip().is_loopback() {
                    let failure = Failure::new(code::NOT_ALLOWED, "only connections under TLS are taken")
                        .hint("connect with sslmode=require");
                    return refuse(connection, &failure).await;
                }
                return sign_in(connection, peer, app, shared, (minor, parameters)).await;
            }
        }
    }
}

async fn refuse(mut connection: Connection, failure: &Failure) -> Result<Option<Session>, Gone> {
    connection.put(&Reply::Fatal(failure));
    connection.flush().await?;
    Ok(None)
}

async fn sign_in(
    mut connection: Connection,
    peer: SocketAddr,
    app: Arc<App>,
    shared: Arc<Shared>,
    (minor, parameters): (u16, BTreeMap<String, String>),
) -> Result<Option<Session>, Gone> {
    let unknown: Vec<&str> =
        parameters.keys().filter(|name| name.starts_with("_pq_.")).map(String::as_str).collect();
    if minor > 0 || !unknown.is_empty() {
        connection.put(&Reply::Version(unknown));
    }
    if parameters.get("replication").is_some_and(|value| !matches!(value.as_str(), "false" | "off" | "0")) {
        return refuse(connection, &Failure::new(code::UNSUPPORTED, "there is no replication here")).await;
    }
    let mut password = None;
    if http::needs_key(&app) {
        connection.put(&Reply::PasswordWanted);
        connection.flush().await?;
        match connection.first().await? {
            Message::Password(given) => password = Some(given),
            _ => return Ok(None),
        }
    }
    let key = match http::admit(&app, password.as_deref(), peer.ip()) {
        Ok(key) => key,
        Err(problem) => {
            let code = if problem.status == 403 { code::NOT_ALLOWED } else { code::PASSWORD };
            let failure =
                Failure::new(code, problem.detail).hint("the password is a key: tachograph key create NAME");
            return refuse(connection, &failure).await;
        }
    };
    let Ok(place) = Arc::clone(&shared.places).try_acquire_owned() else {
        let message = format!("there are {} sessions already, which is the limit", shared.sessions_max);
        let failure = Failure::new(code::TOO_MANY_CONNECTIONS, message).hint("see postgres.sessions");
        return refuse(connection, &failure).await;
    };
    let mut secret = [0; 4];
    random(&mut secret);
    let mut session = Session {
        ended: Arc::default(),
        number: NUMBER.fetch_add(1, Ordering::Relaxed),
        settings: Settings::default(),
        prepared: HashMap::new(),
        portals: HashMap::new(),
        app,
        shared,
        connection,
        peer,
        key,
        secret,
        _place: place,
    };
    session.app.metrics.postgres_sessions.fetch_add(1, Ordering::Relaxed);
    session.shared.running.lock().insert(session.number, (secret, Arc::clone(&session.ended)));
    session.welcome(&parameters).await?;
    Ok(Some(session))
}

/// `-c name=value` of the parameter `options`.
pub(super) fn options(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let words = text.split_whitespace().filter(|word| *word != "-c");
    words.filter_map(|word| word.trim_start_matches("--").trim_start_matches("-c").split_once('='))
}
