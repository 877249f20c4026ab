//! The file of what alerting remembers: `alerts.sqlite`, `docs/formats/alerts.md`.
//!
//! Invariants
//! - One transaction holds a position in the log and everything that followed from the log up to it: after a crash what
//!   lies behind is concluded again, and gives the same alerts and messages under the same ids.
//! - What is to be sent, and what is to be said on the log, is here before it is tried, and stays until it is done.
//! - Commits are synced: an acknowledgement that was answered is not lost.

mod incidents;

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
    CREATE TABLE notes (kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT;
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

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    Waiting,
    Sent,
    Failed,
}

impl Sending {
    pub fn as_str(self) -> &'static str {
        match self {
            Sending::Waiting => "waiting",
            Sending::Sent => "sent",
            Sending::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Sending {
        match text {
            "sent" => Sending::Sent,
            "failed" => Sending::Failed,
            _ => Sending::Waiting,
        }
    }
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same message is taken once.
    pub id: String,
    /// What goes one after the other: a channel of a receiver.
    pub lane: String,
    pub state: Sending,
    pub due_us: i64,
    /// When it was made.
    pub at_us: i64,
    pub attempts: u32,
    pub error: Option<String>,
    pub body: String,
}

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

    /// The notes of a kind, by their ids.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn notes(&self, kind: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.pairs("SELECT id, body FROM notes WHERE kind = ?1 ORDER BY id", [kind])
    }

    /// One note.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn note(&self, kind: &str, id: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT body FROM notes WHERE kind = ?1 AND id = ?2";
        let found = self.connection.query_row(sql, [kind, id], |row| row.get(0));
        found.optional().map_err(refused(&self.path))
    }

    /// What is still to be put on the log, and a limit of them.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn sayings(&self, limit: u32) -> Result<Vec<(String, String)>, StoreError> {
        self.pairs("SELECT id, body FROM sayings ORDER BY rowid LIMIT ?1", [limit])
    }

    /// These are on the log.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn said(&mut self, ids: &[String]) -> Result<(), StoreError> {
        let failed = refused(&self.path);
        let transaction = self.connection.transaction().map_err(&failed)?;
        for id in ids {
            transaction.execute("DELETE FROM sayings WHERE id = ?1", [id]).map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)
    }

    /// The oldest message of each lane, of those that are due.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn due(&self, now_us: i64, limit: u32) -> Result<Vec<Message>, StoreError> {
        // One that waits to be tried again holds up what is behind it in its lane: order within a channel is kept.
        let sql = "SELECT id, lane, state, due_us, at_us, attempts, error, body FROM outbox
             WHERE seq IN (SELECT min(seq) FROM outbox WHERE state = 'waiting' GROUP BY lane) AND due_us <= ?1
             ORDER BY seq LIMIT ?2";
        self.messages(sql, params![now_us, limit])
    }

    /// Everything that waits in a lane, oldest first.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn waiting(&self, lane: &str) -> Result<Vec<Message>, StoreError> {
        let sql = "SELECT id, lane, state, due_us, at_us, attempts, error, body FROM outbox
             WHERE state = 'waiting' AND lane = ?1 ORDER BY seq";
        self.messages(sql, params![lane])
    }

    /// Puts one message in the place of those that wait.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn gather(&mut self, waiting: &[Message], whole: &Message) -> Result<(), StoreError> {
        let failed = refused(&self.path);
        let log = self.log.clone();
        let transaction = self.connection.transaction().map_err(&failed)?;
        for Message { id, .. } in waiting {
            let sql =
                "UPDATE outbox SET state = 'sent', error = 'told with others in one message' WHERE id = ?1";
            transaction.execute(sql, [id]).map_err(&failed)?;
        }
        let changes = AlertChanges { messages: vec![whole.clone()], ..AlertChanges::default() };
        put(&transaction, &changes, &log).map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }

    /// The newest messages.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn newest(&self, limit: u32) -> Result<Vec<Message>, StoreError> {
        let sql = "SELECT id, lane, state, due_us, at_us, attempts, error, body FROM outbox ORDER BY seq DESC LIMIT ?1";
        self.messages(sql, params![limit])
    }

    /// Messages by lane and state.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn counts(&self) -> Result<Vec<(String, Sending, u64)>, StoreError> {
        let failed = refused(&self.path);
        let sql = "SELECT lane, state, count(*) FROM outbox GROUP BY lane, state";
        let mut statement = self.connection.prepare(sql).map_err(&failed)?;
        let rows = statement.query_map([], |row| {
            let state: String = row.get(1)?;
            Ok((row.get(0)?, Sending::parse(&state), row.get::<_, i64>(2)? as u64))
        });
        rows.map_err(&failed)?.collect::<Result<_, _>>().map_err(&failed)
    }

    /// What became of an attempt to send.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn tried(&mut self, message: &Message, sayings: &[(String, String)]) -> Result<(), StoreError> {
        let failed = refused(&self.path);
        let transaction = self.connection.transaction().map_err(&failed)?;
        let sql = "UPDATE outbox SET state = ?2, due_us = ?3, attempts = ?4, error = ?5 WHERE id = ?1";
        let Message { id, state, due_us, attempts, error, .. } = message;
        transaction.execute(sql, params![id, state.as_str(), due_us, attempts, error]).map_err(&failed)?;
        for (id, body) in sayings {
            say(&transaction, id, body).map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)
    }

    /// Forgets alerts that are over and messages that are done, when they are older than a moment.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn forget(&mut self, before_us: i64) -> Result<usize, StoreError> {
        let failed = refused(&self.path);
        let alerts = "DELETE FROM alerts WHERE NOT open AND starts_us < ?1";
        let messages = "DELETE FROM outbox WHERE state <> 'waiting' AND at_us < ?1";
        let alerts = self.connection.execute(alerts, [before_us]).map_err(&failed)?;
        let incidents = "DELETE FROM incidents WHERE NOT open AND opened_us < ?1";
        self.connection.execute(incidents, [before_us]).map_err(&failed)?;
        Ok(alerts + self.connection.execute(messages, [before_us]).map_err(&failed)?)
    }

    fn texts(&self, sql: &str, given: impl rusqlite::Params) -> Result<Vec<String>, StoreError> {
        let failed = refused(&self.path);
        let mut statement = self.connection.prepare(sql).map_err(&failed)?;
        let rows = statement.query_map(given, |row| row.get(0)).map_err(&failed)?;
        rows.collect::<Result<_, _>>().map_err(&failed)
    }

    fn pairs(&self, sql: &str, given: impl rusqlite::Params) -> Result<Vec<(String, String)>, StoreError> {
        let failed = refused(&self.path);
        let mut statement = self.connection.prepare(sql).map_err(&failed)?;
        let rows = statement.query_map(given, |row| Ok((row.get(0)?, row.get(1)?))).map_err(&failed)?;
        rows.collect::<Result<_, _>>().map_err(&failed)
    }

    fn messages(&self, sql: &str, given: impl rusqlite::Params) -> Result<Vec<Message>, StoreError> {
        let failed = refused(&self.path);
        let mut statement = self.connection.prepare(sql).map_err(&failed)?;
        let read = |row: &rusqlite::Row<'_>| {
            let state: String = row.get(2)?;
            Ok(Message {
                id: row.get(0)?,
                lane: row.get(1)?,
                state: Sending::parse(&state),
                due_us: row.get(3)?,
                at_us: row.get(4)?,
                attempts: row.get(5)?,
                error: row.get(6)?,
                body: row.get(7)?,
            })
        };
        let rows = statement.query_map(given, read).map_err(&failed)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, lane: &str, due_us: i64) -> Message {
        Message {
            id: id.into(),
            lane: lane.into(),
            state: Sending::Waiting,
            due_us,
            at_us: 1,
            attempts: 0,
            error: None,
            body: "{}".into(),
        }
    }

    #[test]
    fn what_was_saved_is_there_again_and_the_same_message_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = AlertFile::open(folder.path(), "log.example").unwrap();
        assert_eq!(file.position().unwrap(), None);
        let changes = AlertChanges {
            position: Some((7, 70)),
            alerts: vec![("a".into(), true, 5, "A".into()), ("b".into(), false, 6, "B".into())],
            notes: vec![("silence", "s".into(), Some("S".into()))],
            messages: vec![message("m", "ops/0", 10)],
            sayings: vec![("x".into(), "X".into())],
            ..AlertChanges::default()
        };
        file.save(&changes).unwrap();
        file.save(&changes).unwrap();
        drop(file);
        let mut file = AlertFile::open(folder.path(), "log.example").unwrap();
        assert_eq!(file.position().unwrap(), Some((7, 70)));
        assert_eq!(file.open_alerts().unwrap(), ["A"]);
        assert_eq!(file.closed_alerts(100, 10).unwrap(), ["B"]);
        assert_eq!(file.alert("b").unwrap().as_deref(), Some("B"));
        assert_eq!(file.notes("silence").unwrap(), [("s".to_string(), "S".to_string())]);
        assert_eq!(file.newest(10).unwrap().len(), 1);
        assert_eq!(file.sayings(10).unwrap().len(), 1);
        file.said(&["x".into()]).unwrap();
        assert!(file.sayings(10).unwrap().is_empty());
        let gone = AlertChanges { notes: vec![("silence", "s".into(), None)], ..AlertChanges::default() };
        file.save(&gone).unwrap();
        assert!(file.notes("silence").unwrap().is_empty());
        assert_eq!(file.forget(100).unwrap(), 1);
        assert!(AlertFile::open(folder.path(), "other.example").is_err());
    }

    #[test]
    fn a_message_that_has_to_be_tried_again_holds_up_its_lane_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = AlertFile::open(folder.path(), "log.example").unwrap();
        let messages = vec![message("1", "a", 10), message("2", "a", 10), message("3", "b", 10)];
        file.save(&AlertChanges { messages, ..AlertChanges::default() }).unwrap();
        let due = |file: &AlertFile, now| {
            file.due(now, 10).unwrap().into_iter().map(|message| message.id).collect::<Vec<_>>()
        };
        assert_eq!(due(&file, 9), [""; 0]);
        assert_eq!(due(&file, 10), ["1", "3"]);
        let later = Message { due_us: 20, attempts: 1, error: Some("503".into()), ..message("1", "a", 10) };
        file.tried(&later, &[]).unwrap();
        assert_eq!(due(&file, 10), ["3"]);
        file.tried(&Message { state: Sending::Sent, ..later }, &[("said".into(), "S".into())]).unwrap();
        assert_eq!(due(&file, 20), ["2", "3"]);
        assert_eq!(file.sayings(9).unwrap().len(), 1);
        let counts = file.counts().unwrap();
        assert!(counts.contains(&("a".into(), Sending::Sent, 1)));
        assert!(counts.contains(&("a".into(), Sending::Waiting, 1)));
    }

    #[test]
    fn many_messages_become_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = AlertFile::open(folder.path(), "log.example").unwrap();
        let messages = vec![message("1", "a", 10), message("2", "a", 10), message("3", "b", 10)];
        file.save(&AlertChanges { messages, ..AlertChanges::default() }).unwrap();
        let waiting = file.waiting("a").unwrap();
        file.gather(&waiting, &message("1 and 2", "a", 10)).unwrap();
        assert_eq!(file.waiting("a").unwrap(), [message("1 and 2", "a", 10)]);
        assert_eq!(file.waiting("b").unwrap().len(), 1);
    }

    #[test]
    fn a_file_that_is_none_is_refused_and_can_be_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(ALERT_FILE), "no database at all, but long enough to be one")
            .unwrap();
        assert!(AlertFile::open(folder.path(), "log.example").is_err());
        let aside = AlertFile::put_aside(folder.path(), 5).unwrap();
        assert!(aside.exists());
        assert!(AlertFile::open(folder.path(), "log.example").is_ok());
    }
}
