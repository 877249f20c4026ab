//! The messages on their way: what is due, what became of a try.

use super::{AlertChanges, AlertFile, put, refused};
use crate::error::StoreError;
use rusqlite::{Transaction, params};

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    Waiting,
    Sent,
    Failed,
    /// Told in another message, together with others.
    Digested,
}

impl Sending {
    pub fn as_str(self) -> &'static str {
        match self {
            Sending::Waiting => "waiting",
            Sending::Sent => "sent",
            Sending::Failed => "failed",
            Sending::Digested => "digested",
        }
    }

    fn parse(text: &str) -> Sending {
        match text {
            "sent" => Sending::Sent,
            "failed" => Sending::Failed,
            "digested" => Sending::Digested,
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

/// Messages of a lane that wait to be tried again before the others wait for them.
const PAUSED_MAX: u32 = 5;

/// Made where it is missing: a flood waits in few lanes.
pub(super) const INDEX: &str = "CREATE INDEX IF NOT EXISTS outbox_lanes ON outbox (state, lane, seq)";

impl AlertFile {
    /// The oldest message of each lane, of those that are due. One that waits to be tried again holds up what is behind
    /// it of its own thread, which has an order; of other threads only once [`PAUSED_MAX`] wait so: then it is the channel
    /// that fails, and not the message.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn due(&self, now_us: i64, limit: u32) -> Result<Vec<Message>, StoreError> {
        let sql = "WITH paused AS (SELECT lane, seq, CASE WHEN json_valid(body) THEN json_extract(body, '$.thread') END
                 AS thread FROM outbox WHERE state = 'waiting' AND due_us > ?1),
             failing AS (SELECT lane FROM paused GROUP BY lane HAVING count(*) >= ?3)
             SELECT id, lane, state, due_us, at_us, attempts, error, body FROM outbox
             WHERE seq IN (SELECT min(seq) FROM outbox AS own WHERE state = 'waiting' AND due_us <= ?1
                 AND lane NOT IN (SELECT lane FROM failing)
                 AND NOT EXISTS (SELECT 1 FROM paused WHERE paused.lane = own.lane AND paused.seq < own.seq
                     AND paused.thread IS CASE WHEN json_valid(own.body) THEN json_extract(own.body, '$.thread') END)
                 GROUP BY lane)
             ORDER BY seq LIMIT ?2";
        self.messages(sql, params![now_us, limit, PAUSED_MAX])
    }

    /// Messages that were not tried by then, in lanes where others were tried so often and still wait; the oldest first.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn held_up(&self, before_us: i64, attempts: u32, limit: u32) -> Result<Vec<Message>, StoreError> {
        let sql = "SELECT id, lane, state, due_us, at_us, attempts, error, body FROM outbox
             WHERE state = 'waiting' AND attempts = 0 AND at_us <= ?1
                 AND lane IN (SELECT lane FROM outbox WHERE state = 'waiting' AND attempts >= ?2)
             ORDER BY seq LIMIT ?3";
        self.messages(sql, params![before_us, attempts, limit])
    }

    /// Lanes in which messages were tried so often and still wait: since when, how many, and why the newest failed.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn failing(&self, attempts: u32) -> Result<Vec<(String, i64, u64, String)>, StoreError> {
        let failed = refused(&self.path);
        let sql = "SELECT lane, min(at_us), count(*), max(coalesce(error, '')) FROM outbox
             WHERE state = 'waiting' AND attempts >= ?1 GROUP BY lane ORDER BY lane";
        let mut statement = self.connection.prepare(sql).map_err(&failed)?;
        let rows = statement.query_map([attempts], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?.unsigned_abs(), row.get(3)?))
        });
        rows.and_then(Iterator::collect).map_err(&failed)
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

    /// How many wait in a lane.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn waiting_count(&self, lane: &str) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM outbox WHERE state = 'waiting' AND lane = ?1";
        let count = self.connection.query_row(sql, [lane], |row| row.get::<_, i64>(0));
        count.map(|count| count as u64).map_err(refused(&self.path))
    }

    /// Puts one message in the place of those that wait, and has the log told.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn gather(
        &mut self,
        waiting: &[Message],
        whole: &Message,
        saying: (String, String),
    ) -> Result<(), StoreError> {
        let failed = refused(&self.path);
        let log = self.log.clone();
        let transaction = self.connection.transaction().map_err(&failed)?;
        for Message { id, .. } in waiting {
            let sql = "UPDATE outbox SET state = 'digested', error = ?2 WHERE id = ?1";
            transaction.execute(sql, [id, &whole.id]).map_err(&failed)?;
        }
        let (messages, sayings) = (vec![whole.clone()], vec![saying]);
        let changes = AlertChanges { messages, sayings, ..AlertChanges::default() };
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

/// What became of an attempt to send.
pub(super) fn tried(transaction: &Transaction<'_>, message: &Message) -> rusqlite::Result<()> {
    let sql = "UPDATE outbox SET state = ?2, due_us = ?3, attempts = ?4, error = ?5 WHERE id = ?1";
    let Message { id, state, due_us, attempts, error, .. } = message;
    transaction.execute(sql, params![id, state.as_str(), due_us, attempts, error])?;
    Ok(())
}
