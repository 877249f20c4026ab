//! A session: one message after the other until the client leaves.
//!
//! *Limits*: [`PREPARED_MAX`] prepared statements of [`PREPARED_BYTES_MAX`] together, and as many portals.

use super::Shared;
use super::answer::{Running, Trouble};
use super::arrival::options;
use super::wire::{Connection, Gone};
use crate::http::{self, App};
use arrow::array::ArrayRef;
use axum::http::HeaderMap;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tacho_postgres::{Failure, Message, Reply, Said, Settings, code};
use tacho_query::{AgentEdit, Shape, Sight, Statement};
use tokio::sync::{Notify, OwnedSemaphorePermit};

/// Prepared statements of a session, and their texts together, bytes.
pub(super) const PREPARED_MAX: usize = 256;
pub(super) const PREPARED_BYTES_MAX: usize = 4 << 20;

/// A statement that waits to be asked.
pub(super) struct Prepared {
    pub(super) statement: Statement,
    pub(super) said: Said,
    /// What a query takes and gives; other statements take nothing.
    pub(super) shape: Option<Shape>,
}

/// A statement with its values.
pub(super) struct Portal {
    pub(super) prepared: Arc<Prepared>,
    pub(super) values: Vec<ArrayRef>,
    pub(super) formats: Vec<i16>,
    pub(super) running: Option<Running>,
}

pub(super) struct Session {
    pub(super) app: Arc<App>,
    pub(super) shared: Arc<Shared>,
    pub(super) connection: Connection,
    pub(super) peer: SocketAddr,
    /// The key, as HTTP would carry it: each statement is let in by it.
    pub(super) key: HeaderMap,
    pub(super) settings: Settings,
    pub(super) prepared: HashMap<String, Arc<Prepared>>,
    pub(super) portals: HashMap<String, Portal>,
    /// Notified when somebody ends what runs.
    pub(super) ended: Arc<Notify>,
    pub(super) number: i32,
    pub(super) secret: [u8; 4],
    pub(super) _place: OwnedSemaphorePermit,
}

impl Session {
    pub(super) async fn welcome(&mut self, parameters: &BTreeMap<String, String>) -> Result<(), Gone> {
        let given = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let given = given.filter(|(name, _)| !matches!(*name, "user" | "database" | "options"));
        let more = parameters.get("options").map(String::as_str).unwrap_or_default();
        for (name, value) in given.chain(options(more)) {
            // One that cannot be is left out: a client's habits must not keep it out.
            drop(self.settings.set(name.to_lowercase(), Some(value.to_string())));
        }
        self.connection.put(&Reply::Welcome);
        for (name, value) in self.settings.told() {
            self.connection.put(&Reply::Parameter(name, value));
        }
        self.connection.put(&Reply::Key { process: self.number, secret: &self.secret });
        self.connection.put(&Reply::Ready(self.settings.state));
        self.connection.flush().await
    }

    /// Whose events it sees now, and what the registry says of agents.
    pub(super) fn sees(&self) -> Result<(Sight, Vec<AgentEdit>), Failure> {
        let seen =
            http::reader(&self.app, &self.key).and_then(|sight| Ok((sight, http::registry(&self.app)?)));
        seen.map_err(|problem| Failure::new(code::PRIVILEGE, problem.detail))
    }

    /// Answers until one side ends it.
    pub(super) async fn run(mut self) {
        let mut stopping = self.app.stopping();
        let idle = self.shared.idle;
        loop {
            let message = tokio::select! {
                _ = stopping.changed() => {
                    return self.end(&Failure::new(code::SHUTDOWN, "the server is stopping")).await;
                }
                message = tokio::time::timeout(idle, self.connection.next()) => message,
            };
            let answered = match message {
                Ok(Ok(Message::Terminate)) => return,
                Ok(Ok(message)) => self.answer(message).await,
                Ok(Err(gone)) => Err(gone),
                Err(_) => {
                    return self
                        .end(&Failure::new(code::IDLE, "the session said nothing for too long"))
                        .await;
                }
            };
            match answered {
                Ok(()) => {}
                Err(Gone::Malformed(what)) => {
                    return self.end(&Failure::new(code::PROTOCOL, what.to_string())).await;
                }
                Err(gone) => {
                    tracing::debug!(peer = %self.peer, "a session over PostgreSQL's wire ended: {gone}");
                    return;
                }
            }
        }
    }

    async fn end(&mut self, failure: &Failure) {
        self.connection.put(&Reply::Fatal(failure));
        // Who is gone need not be told.
        drop(self.connection.flush().await);
    }

    async fn answer(&mut self, message: Message) -> Result<(), Gone> {
        let answered = match message {
            Message::Query(text) => {
                let answered = self.query(&text).await;
                // What it began ends with it, whatever became of it.
                self.portals.clear();
                self.told(answered).await?;
                return self.ready().await;
            }
            Message::Parse { name, text, types } => self.parse(name, text, &types).await,
            Message::Bind { portal, statement, formats, values, results } => {
                self.bind(portal, &statement, &formats, values, results)
            }
            Message::Describe(target, name) => self.describe(target, &name),
            Message::Execute { portal, rows_max } => self.execute(&portal, rows_max).await,
            Message::Close(target, name) => {
                self.close(target, &name);
                Ok(())
            }
            Message::Flush => return self.connection.flush().await,
            Message::Sync => return self.sync().await,
            Message::Password(_) | Message::Copy | Message::Terminate => Ok(()),
        };
        if self.told(answered).await? {
            return Ok(());
        }
        // The rest belongs to what failed, up to where the client says that it does not.
        loop {
            match self.connection.next().await? {
                Message::Sync => return self.sync().await,
                Message::Terminate => return Err(Gone::Left),
                _ => {}
            }
        }
    }

    /// Tells the client what failed; says whether nothing did.
    async fn told(&mut self, answered: Result<(), Trouble>) -> Result<bool, Gone> {
        let failure = match answered {
            Ok(()) => return Ok(true),
            Err(Trouble::Gone(gone)) => return Err(gone),
            Err(Trouble::Failed(failure)) => failure,
        };
        self.app.metrics.postgres_errors.fetch_add(1, Ordering::Relaxed);
        self.settings.fail();
        self.connection.put(&Reply::Error(&failure));
        self.connection.flush().await?;
        Ok(false)
    }

    async fn sync(&mut self) -> Result<(), Gone> {
        // Outside of a transaction a portal lives no longer than this.
        if self.settings.state == tacho_postgres::State::Idle {
            self.portals.clear();
        }
        self.ready().await
    }

    async fn ready(&mut self) -> Result<(), Gone> {
        self.connection.put(&Reply::Ready(self.settings.state));
        self.connection.flush().await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shared.running.lock().remove(&self.number);
        self.app.metrics.postgres_sessions.fetch_sub(1, Ordering::Relaxed);
    }
}
