//! Versions of the catalog: what its tables are in each, and how an older one is brought up to date.

use super::{Position, edits, put_position, refused};
use crate::error::StoreError;
use rusqlite::{Connection, Row};
use std::path::Path;

/// What brings a catalog from each version to the next; only ever appended to.
const MIGRATIONS: [&str; 4] = [
    "
    CREATE TABLE segments (
        name TEXT PRIMARY KEY NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        time_min INTEGER NOT NULL,
        time_max INTEGER NOT NULL,
        class TEXT NOT NULL,
        digest BLOB NOT NULL,
        checksum BLOB NOT NULL
    ) STRICT;
    CREATE TABLE position (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        next_index INTEGER NOT NULL,
        next_record INTEGER NOT NULL,
        checksum BLOB NOT NULL
    ) STRICT;
    CREATE TABLE agents (
        id TEXT PRIMARY KEY NOT NULL,
        alias_of TEXT,
        name TEXT,
        version TEXT,
        team TEXT,
        expected INTEGER NOT NULL DEFAULT 0,
        note TEXT
    ) STRICT;
    CREATE TABLE api_keys (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        agent TEXT,
        hash BLOB NOT NULL UNIQUE,
        rate_per_second INTEGER,
        created_us INTEGER NOT NULL,
        last_used_us INTEGER,
        revoked_us INTEGER
    ) STRICT;
",
    "
    ALTER TABLE agents ADD COLUMN salt BLOB NOT NULL DEFAULT x'';
    ALTER TABLE api_keys ADD COLUMN salt BLOB NOT NULL DEFAULT x'';
    CREATE TABLE edits (
        seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
        at_us INTEGER NOT NULL,
        action TEXT NOT NULL,
        id TEXT NOT NULL,
        digest BLOB,
        checksum BLOB NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE holds (
        id TEXT PRIMARY KEY NOT NULL,
        agent TEXT,
        session TEXT,
        user TEXT,
        class TEXT,
        from_us INTEGER,
        to_us INTEGER,
        reason TEXT,
        created_us INTEGER NOT NULL,
        salt BLOB NOT NULL
    ) STRICT;
",
    "
    ALTER TABLE api_keys ADD COLUMN limits TEXT;
",
];

/// The version that this program writes.
const NEWEST: i64 = MIGRATIONS.len() as i64;

/// The first version in which edits of what people register are kept for the log.
const EDITS_SINCE: i64 = 2;

/// The first version that has legal holds.
const HOLDS_SINCE: i64 = 3;

/// The first version in which a key may be limited.
const LIMITS_SINCE: i64 = 4;

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whether the catalog keeps the edits of what people register.
pub(super) fn has_edits(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(version(connection)? >= EDITS_SINCE)
}

/// Whether the catalog has legal holds.
pub(super) fn has_holds(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(version(connection)? >= HOLDS_SINCE)
}

/// Whether keys may be limited.
pub(super) fn has_limits(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(version(connection)? >= LIMITS_SINCE)
}

/// Refuses a version that this program does not know.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(connection).map_err(refused(path))?;
    if (1..=NEWEST).contains(&found) {
        return Ok(());
    }
    Err(StoreError::Newer { path: path.to_path_buf(), found, known: NEWEST })
}

pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(connection).map_err(refused(path))?;
    if !(0..=NEWEST).contains(&found) {
        return Err(StoreError::Newer { path: path.to_path_buf(), found, known: NEWEST });
    }
    let run = |connection: &mut Connection| -> rusqlite::Result<()> {
        let transaction = connection.transaction()?;
        for sql in &MIGRATIONS[found as usize..] {
            transaction.execute_batch(sql)?;
        }
        if found == 0 {
            put_position(&transaction, &Position::default())?;
        }
        if found < EDITS_SINCE {
            edits::adopt(&transaction)?;
        }
        transaction.pragma_update(None, "user_version", NEWEST)?;
        transaction.commit()
    };
    if found < NEWEST { run(connection).map_err(refused(path)) } else { Ok(()) }
}

/// What SQLite itself finds wrong with the file, and whether its tables are those of its version.
pub(super) fn faults(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let mut said: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    said.retain(|line| line != "ok");
    let fresh = Connection::open_in_memory()?;
    let steps = usize::try_from(version(connection)?).unwrap_or_default();
    MIGRATIONS.iter().take(steps).try_for_each(|sql| fresh.execute_batch(sql))?;
    if tables(connection)? != tables(&fresh)? {
        said.push("its tables are not those of its version".to_string());
    }
    Ok(said)
}

/// What SQLite keeps of each table and index: kind, name, table, text.
fn tables(connection: &Connection) -> rusqlite::Result<Vec<[Option<String>; 4]>> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
    let mut statement = connection.prepare(sql)?;
    let read = |row: &Row<'_>| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]);
    statement.query_map([], read)?.collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Action, Agent, Catalog, Stamp, Table};
    use super::*;

    /// A catalog as the first version left it, with an agent and a key.
    fn first_version(path: &Path) {
        let connection = Connection::open(path).unwrap();
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        put_position(&connection, &Position { next_index: 7, next_record: 3 }).unwrap();
        connection
            .execute_batch(
                "INSERT INTO agents VALUES ('ops/a', NULL, NULL, NULL, 'operations', 1, NULL);
                 INSERT INTO api_keys VALUES ('k1', 'ci', 'write', NULL, x'0102', 5, 9, NULL, NULL);
                 PRAGMA user_version = 1",
            )
            .unwrap();
    }

    #[test]
    fn a_catalog_of_the_first_version_is_read_as_it_is_and_brought_up_to_date() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.sqlite");
        first_version(&path);
        let old = Catalog::inspect(&path).unwrap();
        assert!(old.integrity().is_empty(), "{:?}", old.integrity());
        assert!(old.registered().unwrap().is_none(), "it says nothing about edits");
        drop(old);
        let new = Catalog::open(&path).unwrap();
        assert_eq!(new.position().unwrap(), Position { next_index: 7, next_record: 3 });
        assert!(new.integrity().is_empty(), "{:?}", new.integrity());
        let edits = new.edits(10).unwrap();
        let told: Vec<_> = edits.iter().map(|edit| (edit.action, edit.id.as_str())).collect();
        assert_eq!(told, [(Action::AgentAdopted, "ops/a"), (Action::KeyAdopted, "k1")]);
        let registered = new.registered().unwrap().unwrap();
        for (edit, table) in edits.iter().zip([Table::Agents, Table::ApiKeys]) {
            assert_eq!(registered.rows.get(&(table, edit.id.clone())).copied(), edit.digest);
        }
        let stamp = Stamp { at_us: 1, salt: [1; 32] };
        new.put_agent(&Agent { id: "ops/a".into(), ..Agent::default() }, &stamp).unwrap();
        drop(new);
        assert_eq!(Catalog::open(&path).unwrap().edits(10).unwrap().len(), 3, "adopted once only");
    }

    #[test]
    fn a_later_version_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.sqlite");
        drop(Catalog::open(&path).unwrap());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", NEWEST + 1).unwrap();
        for refused in [Catalog::open(&path), Catalog::inspect(&path)] {
            assert!(matches!(refused, Err(StoreError::Newer { found, .. }) if found == NEWEST + 1));
        }
    }
}
