//! The incidents in the file of alerting.

use super::{AlertFile, refused};
use crate::error::StoreError;
use rusqlite::{OptionalExtension, Transaction, params};

/// Made where it is missing: files of the same version may be older than incidents.
pub(super) const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS incidents (
        id TEXT PRIMARY KEY NOT NULL,
        open INTEGER NOT NULL,
        opened_us INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS incidents_by_time ON incidents (open, opened_us);
";

impl AlertFile {
    /// The incidents that are not closed.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn open_incidents(&self) -> Result<Vec<String>, StoreError> {
        self.texts("SELECT body FROM incidents WHERE open ORDER BY opened_us, id", [])
    }

    /// Incidents that are closed and were opened at a moment or later, newest first.
    ///
    /// # Errors
    /// See [`AlertFile::position`].
    pub fn closed_incidents(&self, since_us: i64, limit: u32) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT body FROM incidents WHERE NOT open AND opened_us >= ?1
             ORDER BY opened_us DESC, id LIMIT ?2";
        self.texts(sql, params![since_us, limit])
    }

    /// # Errors
    /// See [`AlertFile::position`].
    pub fn incident(&self, id: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT body FROM incidents WHERE id = ?1";
        let found = self.connection.query_row(sql, [id], |row| row.get(0));
        found.optional().map_err(refused(&self.path))
    }
}

pub(super) fn put(
    transaction: &Transaction<'_>,
    incidents: &[(String, bool, i64, String)],
) -> rusqlite::Result<()> {
    for (id, open, opened_us, body) in incidents {
        let sql = "INSERT OR REPLACE INTO incidents (id, open, opened_us, body) VALUES (?1, ?2, ?3, ?4)";
        transaction.execute(sql, params![id, open, opened_us, body])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert_file::AlertChanges;

    #[test]
    fn incidents_are_kept_and_those_that_are_closed_are_forgotten_by_age() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = AlertFile::open(folder.path(), "log.example").unwrap();
        let row = |id: &str, open, opened_us| (id.to_string(), open, opened_us, id.to_uppercase());
        let incidents = vec![row("a", true, 5), row("b", false, 6), row("c", false, 7)];
        file.save(&AlertChanges { incidents, ..AlertChanges::default() }).unwrap();
        assert_eq!(file.open_incidents().unwrap(), ["A"]);
        assert_eq!(file.closed_incidents(0, 9).unwrap(), ["C", "B"]);
        assert_eq!(file.closed_incidents(7, 9).unwrap(), ["C"]);
        file.forget(7, &[]).unwrap();
        assert_eq!(file.incident("b").unwrap(), None);
        assert_eq!(file.incident("a").unwrap().as_deref(), Some("A"), "what is open is not forgotten");
    }
}
