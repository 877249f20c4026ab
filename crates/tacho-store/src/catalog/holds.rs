//! Legal holds: which events may not be erased and do not expire, until somebody releases them.

use super::Catalog;
use super::edits::{self, Action, Stamp, Table};
use super::values::Values;
use crate::error::StoreError;
use rusqlite::{Connection, Row, params};
use tacho_event::time::Micros;

/// A hold covers an event when everything that is named fits; one that names nothing covers all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hold {
    /// What people call it.
    pub id: String,
    /// Agent's id as entries have it.
    pub agent: Option<String>,
    /// Session as its sender names it.
    pub session: Option<String>,
    /// The data subject.
    pub user: Option<String>,
    /// Retention class.
    pub class: Option<String>,
    /// Recorded at or after this moment, and before the other.
    pub from_us: Option<Micros>,
    pub to_us: Option<Micros>,
    pub reason: Option<String>,
    pub created_us: Micros,
}

const COLUMNS: &str = "id, agent, session, user, class, from_us, to_us, reason, created_us";

impl Catalog {
    /// All holds, by id.
    ///
    /// # Errors
    /// [`StoreError::Catalog`], as all methods here.
    pub fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        let connection = self.lock();
        let sql = format!("SELECT {COLUMNS} FROM holds ORDER BY id");
        let read = || -> rusqlite::Result<Vec<Hold>> {
            connection.prepare(&sql)?.query_map([], read_hold)?.collect()
        };
        read().map_err(self.refused())
    }

    /// Sets a hold. Says whether it is new: one that is there is not changed.
    ///
    /// # Errors
    /// [`StoreError::Catalog`].
    pub fn set_hold(&self, hold: &Hold, stamp: &Stamp) -> Result<bool, StoreError> {
        let Hold { id, agent, session, user, class, from_us, to_us, reason, created_us } = hold;
        self.edit(|transaction| {
            let sql = format!(
                "INSERT OR IGNORE INTO holds ({COLUMNS}, salt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
            );
            let values =
                params![id, agent, session, user, class, from_us, to_us, reason, created_us, stamp.salt];
            if transaction.execute(&sql, values)? == 0 {
                return Ok(false);
            }
            let digest = digest(hold, &stamp.salt);
            edits::note(transaction, stamp.at_us, Action::HoldSet, id, Some(digest))?;
            Ok(true)
        })
    }

    /// Releases a hold: what it names is no longer kept. Returns whether it was there.
    ///
    /// # Errors
    /// [`StoreError::Catalog`].
    pub fn release_hold(&self, id: &str, stamp: &Stamp) -> Result<bool, StoreError> {
        self.edit(|transaction| {
            let is_gone = transaction.execute("DELETE FROM holds WHERE id = ?1", [id])? > 0;
            if is_gone {
                edits::note(transaction, stamp.at_us, Action::HoldReleased, id, None)?;
            }
            Ok(is_gone)
        })
    }
}

fn read_hold(row: &Row<'_>) -> rusqlite::Result<Hold> {
    Ok(Hold {
        id: row.get(0)?,
        agent: row.get(1)?,
        session: row.get(2)?,
        user: row.get(3)?,
        class: row.get(4)?,
        from_us: row.get(5)?,
        to_us: row.get(6)?,
        reason: row.get(7)?,
        created_us: row.get(8)?,
    })
}

fn digest(hold: &Hold, salt: &[u8]) -> [u8; 32] {
    let Hold { id, agent, session, user, class, from_us, to_us, reason, created_us } = hold;
    let mut hash = Values::new(b"tacho/catalog/hold/v1\0", salt);
    hash.text(Some(id)).text(agent.as_deref()).text(session.as_deref()).text(user.as_deref());
    hash.text(class.as_deref()).number(*from_us).number(*to_us).text(reason.as_deref());
    hash.number(Some(*created_us));
    hash.finish()
}

/// A row by table and id, and its digest.
type Digested = ((Table, String), [u8; 32]);

/// Every hold's digest.
pub(super) fn digests(connection: &Connection) -> rusqlite::Result<Vec<Digested>> {
    let sql = format!("SELECT {COLUMNS}, salt FROM holds");
    let read = |row: &Row<'_>| {
        let hold = read_hold(row)?;
        let digest = digest(&hold, &row.get::<_, Vec<u8>>(9)?);
        Ok(((Table::Holds, hold.id), digest))
    };
    connection.prepare(&sql)?.query_map([], read)?.collect()
}
