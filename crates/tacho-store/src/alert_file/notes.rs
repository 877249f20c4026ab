//! Notes by kind, and what is still to be put on the log.

use super::{AlertFile, refused};
use crate::error::StoreError;
use rusqlite::OptionalExtension;

impl AlertFile {
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

    fn pairs(&self, sql: &str, given: impl rusqlite::Params) -> Result<Vec<(String, String)>, StoreError> {
        let failed = refused(&self.path);
        let mut statement = self.connection.prepare(sql).map_err(&failed)?;
        let rows = statement.query_map(given, |row| Ok((row.get(0)?, row.get(1)?))).map_err(&failed)?;
        rows.collect::<Result<_, _>>().map_err(&failed)
    }
}
