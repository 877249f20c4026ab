//! What people register: agents that they expect, and the API keys that may write or read.

use super::Catalog;
use super::edits::{self, Action, Stamp};
use crate::error::StoreError;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tacho_event::time::Micros;

/// An agent as people describe it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agent {
    /// The id that stands in entries.
    pub id: String,
    /// The agent that this id is another name of.
    pub alias_of: Option<String>,
    pub name: Option<String>,
    pub version: Option<String>,
    pub team: Option<String>,
    /// Whether its silence is worth an alert.
    pub expected: bool,
    pub note: Option<String>,
}

/// A credential. The key itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: String,
    pub name: String,
    pub role: String,
    /// The only agent that it may write for.
    pub agent: Option<String>,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// Events a second that it may write; `None` without limit.
    pub rate_per_second: Option<u32>,
    /// Microseconds since 1970 UTC, as the two below.
    pub created_us: Micros,
    pub last_used_us: Option<Micros>,
    pub revoked_us: Option<Micros>,
    /// Whose events it may read, as JSON; `None` for all.
    pub limits: Option<String>,
}

const KEY_COLUMNS: &str =
    "id, name, role, agent, hash, rate_per_second, created_us, last_used_us, revoked_us, limits";

impl Catalog {
    /// All registered agents, by id.
    ///
    /// # Errors
    /// [`StoreError::Catalog`], as all methods here.
    pub fn agents(&self) -> Result<Vec<Agent>, StoreError> {
        let connection = self.lock();
        let sql = "SELECT id, alias_of, name, version, team, expected, note FROM agents ORDER BY id";
        let read = || -> rusqlite::Result<Vec<Agent>> {
            connection.prepare(sql)?.query_map([], read_agent)?.collect()
        };
        read().map_err(self.refused())
    }

    /// Registers an agent, or replaces what was registered of it.
    ///
    /// # Errors
    /// [`StoreError::Catalog`].
    pub fn put_agent(&self, agent: &Agent, stamp: &Stamp) -> Result<(), StoreError> {
        let Agent { id, alias_of, name, version, team, expected, note } = agent;
        self.edit(|transaction| {
            let sql =
                "INSERT OR REPLACE INTO agents (id, alias_of, name, version, team, expected, note, salt)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let values = params![id, alias_of, name, version, team, expected, note, stamp.salt];
            transaction.execute(sql, values)?;
            let digest = edits::of_agent(agent, &stamp.salt);
            edits::note(transaction, stamp.at_us, Action::AgentRegistered, id, Some(digest))
        })
    }

    /// Forgets what was registered of an agent; its events stay. Returns whether there was anything.
    ///
    /// # Errors
    /// [`StoreError::Catalog`].
    pub fn remove_agent(&self, id: &str, stamp: &Stamp) -> Result<bool, StoreError> {
        self.edit(|transaction| {
            let is_gone = transaction.execute("DELETE FROM agents WHERE id = ?1", [id])? > 0;
            if is_gone {
                edits::note(transaction, stamp.at_us, Action::AgentRemoved, id, None)?;
            }
            Ok(is_gone)
        })
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`StoreError::Catalog`], also when id or hash is there already.
    pub fn insert_key(&self, key: &ApiKey, stamp: &Stamp) -> Result<(), StoreError> {
        self.edit(|transaction| {
            let sql = format!(
                "INSERT INTO api_keys ({KEY_COLUMNS}, salt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
            );
            let values = params![
                key.id,
                key.name,
                key.role,
                key.agent,
                key.hash,
                key.rate_per_second,
                key.created_us,
                key.last_used_us,
                key.revoked_us,
                key.limits,
                stamp.salt,
            ];
            transaction.execute(&sql, values)?;
            let digest = edits::of_key(key, &stamp.salt);
            edits::note(transaction, stamp.at_us, Action::KeyCreated, &key.id, Some(digest))
        })
    }

    /// All keys, also revoked ones, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Catalog`].
    pub fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let connection = self.lock();
        let sql = format!("SELECT {KEY_COLUMNS} FROM api_keys ORDER BY created_us, id");
        let read = || -> rusqlite::Result<Vec<ApiKey>> {
            connection.prepare(&sql)?.query_map([], read_key)?.collect()
        };
        read().map_err(self.refused())
    }

    /// The key with this SHA-256, unless it was revoked.
    ///
    /// # Errors
    /// [`StoreError::Catalog`].
    pub fn find_key(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        let sql = format!("SELECT {KEY_COLUMNS} FROM api_keys WHERE hash = ?1 AND revoked_us IS NULL");
        self.lock().query_row(&sql, [hash], read_key).optional().map_err(self.refused())
    }

    /// Revokes a key for ever. Returns whether it was there and still good.
    ///
    /// # Errors
    /// [`StoreError::Catalog`].
    pub fn revoke_key(&self, id: &str, stamp: &Stamp) -> Result<bool, StoreError> {
        self.edit(|transaction| {
            let sql = "UPDATE api_keys SET revoked_us = ?2, salt = ?3 WHERE id = ?1 AND revoked_us IS NULL";
            if transaction.execute(sql, params![id, stamp.at_us, stamp.salt])? == 0 {
                return Ok(false);
            }
            let sql = format!("SELECT {KEY_COLUMNS} FROM api_keys WHERE id = ?1");
            let key = transaction.query_row(&sql, [id], read_key)?;
            let digest = edits::of_key(&key, &stamp.salt);
            edits::note(transaction, stamp.at_us, Action::KeyRevoked, id, Some(digest))?;
            Ok(true)
        })
    }

    /// Notes when a key was used last; call it now and then, not for each request.
    ///
    /// # Errors
    /// [`StoreError::Catalog`].
    pub fn touch_key(&self, id: &str, now_us: Micros) -> Result<(), StoreError> {
        let sql = "UPDATE api_keys SET last_used_us = ?2 WHERE id = ?1";
        self.lock().execute(sql, params![id, now_us]).map(|_| ()).map_err(self.refused())
    }

    /// A change and its edit, both or neither.
    pub(super) fn edit<T>(
        &self,
        act: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.lock();
        let run = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            let done = act(&transaction)?;
            transaction.commit().map(|()| done)
        };
        run(&mut connection).map_err(self.refused())
    }
}

pub(super) fn read_agent(row: &Row<'_>) -> rusqlite::Result<Agent> {
    Ok(Agent {
        id: row.get(0)?,
        alias_of: row.get(1)?,
        name: row.get(2)?,
        version: row.get(3)?,
        team: row.get(4)?,
        expected: row.get(5)?,
        note: row.get(6)?,
    })
}

fn read_key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        id: row.get(0)?,
        name: row.get(1)?,
        role: row.get(2)?,
        agent: row.get(3)?,
        hash: row.get(4)?,
        rate_per_second: row.get(5)?,
        created_us: row.get(6)?,
        last_used_us: row.get(7)?,
        revoked_us: row.get(8)?,
        limits: row.get(9)?,
    })
}
