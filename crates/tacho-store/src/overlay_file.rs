//! The file of what is concluded of events: `overlay.sqlite`, `docs/formats/overlay.md`.
//!
//! Invariants
//! - It holds nothing that the log does not say: whoever cannot read it deletes it and reads the log again.
//! - One transaction holds a position and everything that was concluded up to it, so that a crash leaves an older
//!   whole. Commits are not synced for their own sake: what is lost is concluded again.

use crate::error::StoreError;
use rusqlite::{Connection, OptionalExtension, params};
use std::path::{Path, PathBuf};

/// The file in a data folder.
pub const OVERLAY_FILE: &str = "overlay.sqlite";

const TABLES: &str = "
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        log TEXT NOT NULL,
        position INTEGER NOT NULL,
        joiner BLOB NOT NULL,
        repeats BLOB NOT NULL
    ) STRICT;
    CREATE TABLE chunks (number INTEGER PRIMARY KEY NOT NULL, entries BLOB NOT NULL) STRICT;
";

/// An open file.
#[derive(Debug)]
pub struct OverlayFile {
    path: PathBuf,
    connection: Connection,
    log: String,
}

/// What was saved last.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Entries of the log that it is about.
    pub position: u64,
    pub joiner: Vec<u8>,
    /// Which of the newest events only repeat another.
    pub repeats: Vec<u8>,
    pub chunks: Vec<(u64, Vec<u8>)>,
}

impl OverlayFile {
    /// Opens the file of a folder, or makes a new one. One of another version or another log is made anew.
    ///
    /// # Errors
    /// [`StoreError::Catalog`] when SQLite refuses.
    pub fn open(folder: &Path, log: &str, version: u32) -> Result<OverlayFile, StoreError> {
        let path = folder.join(OVERLAY_FILE);
        let failed = refused(&path);
        let connection = Connection::open(&path).map_err(&failed)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON",
            )
            .map_err(&failed)?;
        let found: u32 =
            connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(&failed)?;
        let file = OverlayFile { connection, log: log.to_string(), path: path.clone() };
        if found != version || !file.is_of_log() {
            let anew = format!(
                "BEGIN; DROP TABLE IF EXISTS state; DROP TABLE IF EXISTS chunks; {TABLES}
                 PRAGMA user_version = {version}; COMMIT"
            );
            file.connection.execute_batch(&anew).map_err(&failed)?;
        }
        Ok(file)
    }

    fn is_of_log(&self) -> bool {
        let log = self.connection.query_row("SELECT log FROM state", [], |row| row.get::<_, String>(0));
        log.optional().is_ok_and(|log| log.is_none_or(|log| log == self.log))
    }

    /// What was saved last; nothing in a new file.
    ///
    /// # Errors
    /// [`StoreError::Catalog`] when SQLite cannot read it: then it is damaged, and [`OverlayFile::remove`] helps.
    pub fn load(&self) -> Result<Option<Saved>, StoreError> {
        let failed = refused(&self.path);
        let state = self.connection.query_row("SELECT position, joiner, repeats FROM state", [], |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?))
        });
        let Some((position, joiner, repeats)) = state.optional().map_err(&failed)? else { return Ok(None) };
        let mut statement =
            self.connection.prepare("SELECT number, entries FROM chunks ORDER BY number").map_err(&failed)?;
        let chunks = statement.query_map([], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)));
        let chunks = chunks.map_err(&failed)?.collect::<Result<_, _>>().map_err(&failed)?;
        Ok(Some(Saved { position, joiner, repeats, chunks }))
    }

    /// Saves what changed; a chunk without bytes is gone.
    ///
    /// # Errors
    /// [`StoreError::Catalog`] when SQLite cannot write it; nothing is saved then.
    pub fn save(&mut self, changed: &Saved) -> Result<(), StoreError> {
        let failed = refused(&self.path);
        let transaction = self.connection.transaction().map_err(&failed)?;
        for (number, entries) in &changed.chunks {
            let done = if entries.is_empty() {
                transaction.execute("DELETE FROM chunks WHERE number = ?1", [*number as i64])
            } else {
                let sql = "INSERT OR REPLACE INTO chunks (number, entries) VALUES (?1, ?2)";
                transaction.execute(sql, params![*number as i64, entries])
            };
            done.map_err(&failed)?;
        }
        let sql =
            "INSERT OR REPLACE INTO state (id, log, position, joiner, repeats) VALUES (1, ?1, ?2, ?3, ?4)";
        let state = params![self.log, changed.position as i64, changed.joiner, changed.repeats];
        transaction.execute(sql, state).map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }

    /// Deletes the file of a folder, that it is made anew.
    ///
    /// # Errors
    /// [`StoreError::Io`] when it cannot be deleted.
    pub fn remove(folder: &Path) -> Result<(), StoreError> {
        for name in [OVERLAY_FILE.to_string(), format!("{OVERLAY_FILE}-wal"), format!("{OVERLAY_FILE}-shm")] {
            let path = folder.join(name);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::io("cannot delete", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn refused(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
    let path = path.to_path_buf();
    move |source| StoreError::Catalog { path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(position: u64, chunks: Vec<(u64, Vec<u8>)>) -> Saved {
        Saved { position, joiner: vec![1, 2], repeats: vec![3], chunks }
    }

    #[test]
    fn what_was_saved_is_there_again_and_another_version_or_log_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = OverlayFile::open(dir.path(), "a", 1).unwrap();
        assert_eq!(file.load().unwrap(), None);
        file.save(&saved(5, vec![(0, vec![9]), (1, vec![8])])).unwrap();
        file.save(&saved(6, vec![(1, Vec::new()), (2, vec![7])])).unwrap();
        let all = saved(6, vec![(0, vec![9]), (2, vec![7])]);
        assert_eq!(file.load().unwrap(), Some(all));
        drop(file);
        assert!(OverlayFile::open(dir.path(), "a", 1).unwrap().load().unwrap().is_some());
        assert_eq!(OverlayFile::open(dir.path(), "b", 1).unwrap().load().unwrap(), None);
        let mut file = OverlayFile::open(dir.path(), "b", 1).unwrap();
        file.save(&saved(1, Vec::new())).unwrap();
        drop(file);
        assert_eq!(OverlayFile::open(dir.path(), "b", 2).unwrap().load().unwrap(), None);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_can_be_removed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(OVERLAY_FILE), b"no database at all, but long enough to be looked at")
            .unwrap();
        assert!(OverlayFile::open(dir.path(), "a", 1).is_err());
        OverlayFile::remove(dir.path()).unwrap();
        assert_eq!(OverlayFile::open(dir.path(), "a", 1).unwrap().load().unwrap(), None);
    }
}
