//! Edits of what people register, until the log has them: each stands here from the transaction that changed the row
//! until an event about it is durable. The event holds a digest of the row, so whoever changes the row in another
//! way is found.
//!
//! Invariants
//! - A row and its edit change in one transaction.
//! - A digest tells nothing about a row to those who do not have it: the row's salt is in it, and a new edit brings a
//!   new salt.

use super::people::{Agent, ApiKey};
use super::values::Values;
use super::{Catalog, holds, version};
use crate::error::StoreError;
use rusqlite::{Connection, Row, params};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use tacho_event::time::Micros;

/// When an edit is made, and the randomness that hides the row in its digest; both are handed in.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    pub at_us: Micros,
    pub salt: [u8; 32],
}

/// A table that people edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    Agents,
    ApiKeys,
    Holds,
}

impl Table {
    pub fn as_str(self) -> &'static str {
        match self {
            Table::Agents => "agents",
            Table::ApiKeys => "api_keys",
            Table::Holds => "holds",
        }
    }
}

/// What was done to a row. The name is that of the event on the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    AgentRegistered,
    AgentRemoved,
    /// It was there before edits were kept.
    AgentAdopted,
    KeyCreated,
    KeyRevoked,
    KeyAdopted,
    HoldSet,
    HoldReleased,
}

impl Action {
    pub const ALL: [Action; 8] = [
        Action::AgentRegistered,
        Action::AgentRemoved,
        Action::AgentAdopted,
        Action::KeyCreated,
        Action::KeyRevoked,
        Action::KeyAdopted,
        Action::HoldSet,
        Action::HoldReleased,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Action::AgentRegistered => "agent_registered",
            Action::AgentRemoved => "agent_removed",
            Action::AgentAdopted => "agent_adopted",
            Action::KeyCreated => "api_key_created",
            Action::KeyRevoked => "api_key_revoked",
            Action::KeyAdopted => "api_key_adopted",
            Action::HoldSet => "legal_hold_set",
            Action::HoldReleased => "legal_hold_released",
        }
    }

    pub fn parse(name: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.as_str() == name)
    }

    pub fn table(self) -> Table {
        match self {
            Action::AgentRegistered | Action::AgentRemoved | Action::AgentAdopted => Table::Agents,
            Action::KeyCreated | Action::KeyRevoked | Action::KeyAdopted => Table::ApiKeys,
            Action::HoldSet | Action::HoldReleased => Table::Holds,
        }
    }
}

/// One change of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Numbers are never used twice.
    pub seq: i64,
    /// 0 when nobody knows.
    pub at_us: Micros,
    pub action: Action,
    pub id: String,
    /// What [`Registered::rows`] says of the row after the edit; `None` when there is none any more.
    pub digest: Option<[u8; 32]>,
}

/// What people registered, each row by its digest, and the edits that the log does not have yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registered {
    pub rows: BTreeMap<(Table, String), [u8; 32]>,
    /// Oldest first.
    pub pending: Vec<Edit>,
}

impl Catalog {
    /// The oldest edits that the log does not have yet, at most so many.
    ///
    /// # Errors
    /// [`StoreError::Catalog`], as all methods here; [`StoreError::CatalogDamaged`] when an edit is none.
    pub fn edits(&self, count: u32) -> Result<Vec<Edit>, StoreError> {
        let found = read_edits(&self.lock(), count).map_err(self.refused())?;
        found.into_iter().collect::<Option<_>>().ok_or_else(|| self.damaged(DAMAGED.to_string()))
    }

    /// Drops the edits up to that number: the log has them, durably.
    ///
    /// # Errors
    /// [`StoreError::Catalog`]; they are told to the log once more then, which takes them as duplicates.
    pub fn forget_edits(&self, seq: i64) -> Result<(), StoreError> {
        let done = self.lock().execute("DELETE FROM edits WHERE seq <= ?1", [seq]);
        done.map(|_| ()).map_err(self.refused())
    }

    /// All rows and edits of one moment; `None` in a catalog of a version that kept no edits.
    ///
    /// # Errors
    /// As [`Catalog::edits`].
    pub fn registered(&self) -> Result<Option<Registered>, StoreError> {
        let connection = self.lock();
        let read = || -> rusqlite::Result<_> {
            let moment = connection.unchecked_transaction()?;
            if !version::has_edits(&moment)? {
                return Ok(None);
            }
            Ok(Some((digests(&moment)?, read_edits(&moment, u32::MAX)?)))
        };
        let Some((rows, pending)) = read().map_err(self.refused())? else { return Ok(None) };
        let pending = pending.into_iter().collect::<Option<_>>();
        let pending = pending.ok_or_else(|| self.damaged(DAMAGED.to_string()))?;
        Ok(Some(Registered { rows, pending }))
    }
}

const DAMAGED: &str = "a row of its edits is not what was written";

/// Notes a change of a row in the transaction that makes it.
pub(super) fn note(
    transaction: &Connection,
    at_us: Micros,
    action: Action,
    id: &str,
    digest: Option<[u8; 32]>,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO edits (at_us, action, id, digest, checksum) VALUES (?1, ?2, ?3, ?4, x'')";
    transaction.execute(sql, params![at_us, action.as_str(), id, digest])?;
    let edit = Edit { seq: transaction.last_insert_rowid(), at_us, action, id: id.to_string(), digest };
    let sql = "UPDATE edits SET checksum = ?2 WHERE seq = ?1";
    transaction.execute(sql, params![edit.seq, checksum(&edit)]).map(|_| ())
}

/// Tells the log of every row that was there before edits were kept.
pub(super) fn adopt(transaction: &Connection) -> rusqlite::Result<()> {
    for ((table, id), digest) in digests(transaction)? {
        let action = match table {
            Table::Agents => Action::AgentAdopted,
            Table::ApiKeys => Action::KeyAdopted,
            Table::Holds => Action::HoldSet,
        };
        note(transaction, 0, action, &id, Some(digest))?;
    }
    Ok(())
}

/// `None` in the place of an edit that is none.
fn read_edits(connection: &Connection, count: u32) -> rusqlite::Result<Vec<Option<Edit>>> {
    let sql = "SELECT seq, at_us, action, id, digest, checksum FROM edits ORDER BY seq LIMIT ?1";
    let read = |row: &Row<'_>| {
        let Some(action) = Action::parse(&row.get::<_, String>(2)?) else { return Ok(None) };
        let digest: Option<Vec<u8>> = row.get(4)?;
        let Ok(digest) = digest.map(<[u8; 32]>::try_from).transpose() else { return Ok(None) };
        let edit = Edit { seq: row.get(0)?, at_us: row.get(1)?, action, id: row.get(3)?, digest };
        Ok((row.get::<_, Vec<u8>>(5)? == checksum(&edit)).then_some(edit))
    };
    connection.prepare(sql)?.query_map([count], read)?.collect()
}

fn digests(connection: &Connection) -> rusqlite::Result<BTreeMap<(Table, String), [u8; 32]>> {
    let mut found = BTreeMap::new();
    let agents = "SELECT id, alias_of, name, version, team, expected, note, salt FROM agents";
    let read = |row: &Row<'_>| {
        let agent = super::people::read_agent(row)?;
        let digest = of_agent(&agent, &row.get::<_, Vec<u8>>(7)?);
        Ok(((Table::Agents, agent.id), digest))
    };
    for row in connection.prepare(agents)?.query_map([], read)? {
        let (name, digest) = row?;
        found.insert(name, digest);
    }
    // Not `read_key`: a key's hash that was cut is one more change to be found.
    let limits = if version::has_limits(connection)? { "limits" } else { "NULL" };
    let keys = format!(
        "SELECT id, name, role, agent, hash, rate_per_second, created_us, revoked_us, salt, {limits} FROM api_keys"
    );
    let read = |row: &Row<'_>| {
        let (id, limits): (String, Option<String>) = (row.get(0)?, row.get(9)?);
        let mut hash = Values::new(key_label(limits.as_deref()), &row.get::<_, Vec<u8>>(8)?);
        hash.text(Some(&id)).text(Some(&row.get::<_, String>(1)?)).text(Some(&row.get::<_, String>(2)?));
        hash.text(row.get::<_, Option<String>>(3)?.as_deref()).bytes(&row.get::<_, Vec<u8>>(4)?);
        hash.number(row.get(5)?).number(Some(row.get(6)?)).number(row.get(7)?);
        limit(&mut hash, limits.as_deref());
        Ok(((Table::ApiKeys, id), hash.finish()))
    };
    for row in connection.prepare(&keys)?.query_map([], read)? {
        let (name, digest) = row?;
        found.insert(name, digest);
    }
    if version::has_holds(connection)? {
        found.extend(holds::digests(connection)?);
    }
    Ok(found)
}

pub(super) fn of_agent(agent: &Agent, salt: &[u8]) -> [u8; 32] {
    let Agent { id, alias_of, name, version, team, expected, note } = agent;
    let mut hash = Values::new(b"tacho/catalog/agent/v1\0", salt);
    hash.text(Some(id)).text(alias_of.as_deref()).text(name.as_deref()).text(version.as_deref());
    hash.text(team.as_deref()).number(Some(i64::from(*expected))).text(note.as_deref());
    hash.finish()
}

/// Everything but when it was used last, which is nobody's edit.
pub(super) fn of_key(key: &ApiKey, salt: &[u8]) -> [u8; 32] {
    let ApiKey {
        id, name, role, agent, hash: secret, rate_per_second, created_us, revoked_us, limits, ..
    } = key;
    let mut hash = Values::new(key_label(limits.as_deref()), salt);
    hash.text(Some(id)).text(Some(name)).text(Some(role)).text(agent.as_deref()).bytes(secret);
    hash.number(rate_per_second.map(i64::from)).number(Some(*created_us)).number(*revoked_us);
    limit(&mut hash, limits.as_deref());
    hash.finish()
}

/// A key without limits is told as it was before there were any: what is on the log stands.
fn key_label(limits: Option<&str>) -> &'static [u8] {
    match limits {
        None => b"tacho/catalog/api_key/v1\0",
        Some(_) => b"tacho/catalog/api_key/v2\0",
    }
}

fn limit(hash: &mut Values, limits: Option<&str>) {
    if limits.is_some() {
        hash.text(limits);
    }
}

fn checksum(edit: &Edit) -> [u8; 32] {
    let mut hash = Values::new(b"tacho/catalog/edit/v1\0", &[]);
    hash.number(Some(edit.seq))
        .number(Some(edit.at_us))
        .text(Some(edit.action.as_str()))
        .text(Some(&edit.id));
    match &edit.digest {
        Some(digest) => hash.bytes(digest),
        None => hash.null(),
    };
    hash.finish()
}

/// The name under which an event speaks of a row: plain hexadecimal digits, which no redaction takes for anything else.
pub fn row_name(table: Table, id: &str) -> [u8; 32] {
    let label = Sha256::new().chain_update(b"tacho/catalog/row/v1\0").chain_update(table.as_str());
    label.chain_update(b"\0").chain_update(id).finalize().into()
}
