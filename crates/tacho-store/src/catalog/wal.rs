//! The catalog's write-ahead log, `catalog.sqlite-wal`: changed pages, one after the other, until SQLite takes them over.

use super::Catalog;
use crate::error::StoreError;
use rusqlite::Connection;
use std::time::Duration;

/// How long to wait for another program that uses the catalog.
const BUSY: Duration = Duration::from_secs(5);

/// Says which mode it is in now. Stepped to its end: a new file is written behind the row, and what fails there is told
/// by the next step only.
pub(super) fn set(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection.busy_timeout(BUSY)?;
    connection.prepare("PRAGMA journal_mode = WAL")?.query_map([], |row| row.get(0))?.collect()
}

impl Catalog {
    /// Takes what was deleted out of the write-ahead log too: its pages go into the file, where deleted rows are zeros,
    /// and it is cut to nothing. Waits for nobody: `false` while another connection uses the catalog.
    ///
    /// # Errors
    /// [`StoreError::Catalog`] when SQLite cannot write the file.
    pub fn truncate_wal(&self) -> Result<bool, StoreError> {
        let connection = self.lock();
        let run = || {
            connection.busy_timeout(Duration::ZERO)?;
            // The row: whether it was busy, then pages of the log and those that were taken over.
            let busy =
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
            connection.busy_timeout(BUSY)?;
            busy
        };
        run().map(|busy| !busy).map_err(self.refused())
    }
}
