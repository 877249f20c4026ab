//! The file of what alerting remembers: `alerts.sqlite`, `docs/formats/alerts.md`.
//!
//! Invariants
//! - One transaction holds a position in the log and everything that followed from the log up to it: after a crash what
//!   lies behind is concluded again, and gives the same alerts and messages under the same ids.
//! - What is to be sent, and what is to be said on the log, is here before it is tried, and stays until it is done.
//! - Commits are synced: an acknowledgement that was answered is not lost.

mod incidents;
mod notes;
mod outbox;
mod rewrite;
#[cfg(test)]
mod tests;

pub use outbox::{Message, Sending};

use crate::error::StoreError;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::path::{Path, PathBuf};

/// The file in a data folder.
pub const ALERT_FILE: &str = "alerts.sqlite";

const VERSION: u32 = 1;
const TABLES: &str = "
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        log TEXT NOT NULL,
        position INTEGER NOT NULL,
        clock_us INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE alerts (
        id TEXT PRIMARY KEY NOT NULL,
        open INTEGER NOT NULL,
        starts_us INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX alerts_by_time ON alerts (open, starts_us);
    CREATE TABLE notes (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        at INTEGER NOT NULL DEFAULT (unixepoch()),
        body TEXT NOT NULL,
        PRIMARY KEY (kind, id)
    ) STRICT;
    CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        lane TEXT NOT NULL,
        state TEXT NOT NULL,
        due_us INTEGER NOT NULL,
        at_us INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        error TEXT,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX outbox_due ON outbox (state, due_us);
    CREATE TABLE sayings (id TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) STRICT;
";

/// What is saved together. A body that is missing takes the thing out.
#[derive(Debug, Default)]
pub struct AlertChanges {
    /// Entries of the log that were looked at, and the clock then.
    pub position: Option<(u64, i64)>,
    /// Id, whether it is open, when it began, and the rest.
    pub alerts: Vec<(String, bool, i64, String)>,
    /// Kind, id, body.
    pub notes: Vec<(&'static str, String, Option<String>)>,
    pub messages: Vec<Message>,
    /// Messages that were tried to be sent, with what came of it.
    pub tried: Vec<Message>,
    /// Id, whether it is not closed, when it was opened, and the rest.
    pub incidents: Vec<(String, bool, i64, String)>,
    /// What is to be put on the log, by its id there.
    pub sayings: Vec<(String, String)>,
}

impl AlertChanges {
    pub fn is_empty(&self) -> bool {
        self.position.is_none()
            && self.alerts.is_empty()
            && self.notes.is_empty()
            && self.messages.is_empty()
            && self.tried.is_empty()
            && self.incidents.is_empty()
            && self.sayings.is_empty()
    }
}

/// An open file.
#[derive(Debug)]
pub struct AlertFile {
    path: PathBuf,
    connection: Connection,
    log: String,
}

impl AlertFile {
    /// Opens the file of a folder, or makes a new one.
    ///
    /// # Errors
    /// [`StoreError::Catalog`] when SQLite refuses it, or it is of another version or log.
    pub fn open(folder: &Path, log: &str) -> Result<AlertFile, StoreError> {
        let path = folder.join(ALERT_FILE);
        let failed = refused(&path);
        let connection = Connection::open(&path).map_err(&failed)?;
        let pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON";
        connection.execute_batch(pragmas).map_err(&failed)?;
        let found: u32 =
            connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(&failed)?;
        let file = AlertFile { connection, log: log.to_string(), path: path.clone() };
        match found {
            0 => {
                let anew = format!("BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT");
                file.connection.execute_batch(&anew).map_err(&failed)?;
            }
            VERSION => {}
            other => return Err(file.wrong(format!("it has version {other}, expected {VERSION}"))),
        }
        file.connection.execute_batch(incidents::TABLE).map_err(&failed)?;
        file.connection.execute_batch(outbox::INDEX).map_err(&failed)?;
        let of = file.connection.query_row("SELECT log FROM state", [], |row| row.get::<_, String>(0));
        match of.optional().map_err(&failed)? {
            Some(of) if of != log => Err(file.wrong(format!("it is about the log {of}, not {log}"))),
            _ => Ok(file),
        }
    }

    fn wrong(&self, what: String) -> StoreError {
        StoreError::CatalogDamaged { path: self.path.clone(), what }
    }

    /// Puts a file that can't be read aside; gives where it is now.
    ///
    /// # Errors
    /// [`StoreError::Io`] when it can't be moved.
    pub fn put_aside(folder: &Path, now_us: i64) -> Result<PathBuf, StoreError> {
        let aside = |name: &str| folder.join(format!("{name}.damaged-{now_us}"));
        for name in [ALERT_FILE.to_string(), format!("{ALERT_FILE}-wal"), format!("{ALERT_FILE}-shm")] {
            match std::fs::rename(folder.join(&name), aside(&name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::io("cannot move", &folder.join(&name))(error));
                }
                _ => {}
            }
        }
        Ok(aside(ALERT_FILE))
    }

    /// How far the log was looked at, and the clock then; nothing in a new file.
    ///
    /// # Errors
    /// [`StoreError::Catalog`], as everywhere here, when SQLite fails.
    pub fn position(&self) -> Result<Option<(u64, i64)>, StoreError> {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?));
        let found = self.connection.query_row("SELECT position, clock_us FROM state", [], read);
        found.optional().map_err(refused(&self.path))
    }

    /// Saves what changed, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Catalog`]; nothing is saved then.
    pub fn save(&mut self, changes: &AlertChanges) -> Result<(), StoreError> {
        let failed = refused(&self.path);
        let log = self.log.clone();
        let transaction = self.connection.transaction().map_err(&failed)?;
        put(&transaction, changes, &log).map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }

    /// The open alerts.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn open_alerts(&self) -> Result<Vec<String>, StoreError> {
        self.texts("SELECT body FROM alerts WHERE open ORDER BY starts_us", [])
    }

    /// Alerts that are over, newest first, and those that began before a moment only.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn closed_alerts(&self, before_us: i64, limit: u32) -> Result<Vec<String>, StoreError> {
        let sql =
            "SELECT body FROM alerts WHERE NOT open AND starts_us < ?1 ORDER BY starts_us DESC LIMIT ?2";
        self.texts(sql, params![before_us, limit])
    }

    /// # Errors
    /// See [`AlertFile::position`].
    pub fn alert(&self, id: &str) -> Result<Option<String>, StoreError> {
        let found =
            self.connection.query_row("SELECT body FROM alerts WHERE id = ?1", [id], |row| row.get(0));
        found.optional().map_err(refused(&self.path))
    }

    /// Forgets alerts that are over, messages that are done and the notes of `kinds`, when they are older than a moment.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn forget(&mut self, before_us: i64, kinds: &[&str]) -> Result<usize, StoreError> {
        let failed = refused(&self.path);
        let alerts = "DELETE FROM alerts WHERE NOT open AND starts_us < ?1";
        let messages = "DELETE FROM outbox WHERE state <> 'waiting' AND at_us < ?1";
        let alerts = self.connection.execute(alerts, [before_us]).map_err(&failed)?;
        let incidents = "DELETE FROM incidents WHERE NOT open AND opened_us < ?1";
        self.connection.execute(incidents, [before_us]).map_err(&failed)?;
        for kind in kinds {
            let notes = "DELETE FROM notes WHERE kind = ?1 AND at < ?2";
            self.connection.execute(notes, params![kind, before_us / 1_000_000]).map_err(&failed)?;
        }
        Ok(alerts + self.connection.execute(messages, [before_us]).map_err(&failed)?)
    }

    fn texts(&self, sql: &str, given: impl rusqlite::Params) -> Result<Vec<String>, StoreError> {
        let failed = refused(&self.path);
        let mut statement = self.connection.prepare(sql).map_err(&failed)?;
        let rows = statement.query_map(given, |row| row.get(0)).map_err(&failed)?;
        rows.collect::<Result<_, _>>().map_err(&failed)
    }
}

fn put(transaction: &Transaction<'_>, changes: &AlertChanges, log: &str) -> rusqlite::Result<()> {
    if let Some((position, clock_us)) = changes.position {
        let sql = "INSERT OR REPLACE INTO state (id, log, position, clock_us) VALUES (1, ?1, ?2, ?3)";
        transaction.execute(sql, params![log, position as i64, clock_us])?;
    }
    for (id, open, starts_us, body) in &changes.alerts {
        let sql = "INSERT OR REPLACE INTO alerts (id, open, starts_us, body) VALUES (?1, ?2, ?3, ?4)";
        transaction.execute(sql, params![id, open, starts_us, body])?;
    }
    for (kind, id, body) in &changes.notes {
        match body {
            Some(body) => transaction.execute(
                "INSERT OR REPLACE INTO notes (kind, id, body) VALUES (?1, ?2, ?3)",
                params![kind, id, body],
            )?,
            None => {
                transaction.execute("DELETE FROM notes WHERE kind = ?1 AND id = ?2", params![kind, id])?
            }
        };
    }
    for message in &changes.messages {
        let Message { id, lane, state, due_us, at_us, attempts, error, body } = message;
        let sql = "INSERT OR IGNORE INTO outbox (id, lane, state, due_us, at_us, attempts, error, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        transaction.execute(sql, params![id, lane, state.as_str(), due_us, at_us, attempts, error, body])?;
    }
    for message in &changes.tried {
        outbox::tried(transaction, message)?;
    }
    incidents::put(transaction, &changes.incidents)?;
    changes.sayings.iter().try_for_each(|(id, body)| say(transaction, id, body))
}

fn say(transaction: &Transaction<'_>, id: &str, body: &str) -> rusqlite::Result<()> {
    transaction.execute("INSERT OR IGNORE INTO sayings (id, body) VALUES (?1, ?2)", params![id, body])?;
    Ok(())
}

fn refused(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
    let path = path.to_path_buf();
    move |source| StoreError::Catalog { path: path.clone(), source }
}
