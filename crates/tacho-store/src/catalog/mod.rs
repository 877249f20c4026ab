//! The catalog: which segments count, up to where the journal may be released, and what people registered.
//!
//! On disk, `docs/formats/catalog.md`: `catalog.sqlite`, WAL mode, every commit synced.
//!
//! Invariants
//! - A cut, a compaction or an erasure is one transaction: before it the old files count, after it the new ones.
//! - Each row that decides what is on the log carries a SHA-256 over its values, so a flipped byte is found.
//! - What people register changes together with the edit that the log is to be told of.
//! - A catalog of a later version is refused, never guessed at.

mod edits;
mod holds;
mod people;
mod values;
mod version;
mod wal;

pub use edits::{Action, Edit, Registered, Stamp, Table, row_name};
pub use holds::Hold;
pub use people::{Agent, ApiKey};

use crate::error::StoreError;
use crate::snapshot::SegmentFile;
use parking_lot::{Mutex, MutexGuard};
use rusqlite::{Connection, OpenFlags, Row, params};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Up to where the store holds the log: everything below is in listed segments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// First index that is not in a segment.
    pub next_index: u64,
    /// Number of the first journal record that is still needed.
    pub next_record: u64,
}

/// An open catalog.
#[derive(Debug)]
pub struct Catalog {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Catalog {
    /// Opens the catalog, or makes an empty one; brings an older one up to date. It is durable when this returns.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when a later program wrote it, [`StoreError::Catalog`] when SQLite refuses,
    /// [`StoreError::Io`] when file or folder cannot be synced.
    pub fn open(path: &Path) -> Result<Catalog, StoreError> {
        // Open before SQLite writes: a handle is told of every failed write-back from then on. SQLite itself takes
        // no notice when the folder, which names its two new files, cannot be synced.
        let above = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = File::open(above).map_err(StoreError::io("cannot open", above))?;
        let mut connection = Connection::open(path).map_err(refused(path))?;
        let mode = wal::set(&connection).map_err(refused(path))?;
        if mode != ["wal"] {
            let what = format!("it stays in journal mode {mode:?}, expected \"wal\"");
            return Err(StoreError::CatalogDamaged { path: path.to_path_buf(), what });
        }
        let settings = "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON";
        connection.execute_batch(settings).map_err(refused(path))?;
        version::migrate(&mut connection, path)?;
        let file = File::open(path).map_err(StoreError::io("cannot open", path))?;
        file.sync_all().map_err(StoreError::io("cannot sync", path))?;
        folder.sync_all().map_err(StoreError::io("cannot sync", above))?;
        Ok(Catalog { path: path.to_path_buf(), connection: Mutex::new(connection) })
    }

    /// Opens an existing catalog of this or an earlier version to look at; changes nothing.
    ///
    /// # Errors
    /// As [`Catalog::open`].
    pub(crate) fn inspect(path: &Path) -> Result<Catalog, StoreError> {
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(refused(path))?;
        version::check(&connection, path)?;
        Ok(Catalog { path: path.to_path_buf(), connection: Mutex::new(connection) })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock()
    }

    fn refused(&self) -> impl FnOnce(rusqlite::Error) -> StoreError + '_ {
        refused(&self.path)
    }

    pub(crate) fn damaged(&self, what: String) -> StoreError {
        StoreError::CatalogDamaged { path: self.path.clone(), what }
    }

    /// The segments that count, by first index, and which listed rows are damaged. `folder` is where files lie.
    ///
    /// # Errors
    /// [`StoreError::Catalog`] when SQLite cannot read the table.
    pub(crate) fn segments(&self, folder: &Path) -> Result<(Vec<SegmentFile>, Vec<StoreError>), StoreError> {
        let (good, damaged) = self.rows(folder)?;
        let what = |name| self.damaged(format!("the row of segment {name:?} is not what was written"));
        Ok((good, damaged.into_iter().map(what).collect()))
    }

    /// The same; of the damaged rows the names.
    pub(crate) fn rows(&self, folder: &Path) -> Result<(Vec<SegmentFile>, Vec<String>), StoreError> {
        let connection = self.lock();
        let sql = "SELECT name, first, last, rows, bytes, time_min, time_max, class, digest, checksum
                   FROM segments ORDER BY first, class";
        let mut statement = connection.prepare(sql).map_err(self.refused())?;
        let mut rows = statement.query([]).map_err(self.refused())?;
        let (mut good, mut damaged) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next().map_err(self.refused())? {
            let name: String = row.get(0).unwrap_or_default();
            match read_segment(row, folder) {
                Ok(Some(segment)) => good.push(segment),
                // SQLite may hand out a value that is not of the column's type when its pages were changed.
                Ok(None) | Err(_) => damaged.push(name),
            }
        }
        Ok((good, damaged))
    }

    /// The position.
    ///
    /// # Errors
    /// [`StoreError::CatalogDamaged`] when its row is not what was written.
    pub fn position(&self) -> Result<Position, StoreError> {
        let read = |row: &Row<'_>| {
            let position = Position {
                next_index: row.get::<_, i64>(0)? as u64,
                next_record: row.get::<_, i64>(1)? as u64,
            };
            Ok((position, row.get::<_, Vec<u8>>(2)?))
        };
        let sql = "SELECT next_index, next_record, checksum FROM position";
        let read = self.lock().query_row(sql, [], read);
        let damaged = |_| self.damaged("the row of the position is not what was written".to_string());
        let (position, checksum) = read.map_err(damaged)?;
        if checksum == position_checksum(&position) {
            Ok(position)
        } else {
            Err(self.damaged("the row of the position is not what was written".to_string()))
        }
    }

    /// Takes a cut's segments and moves the position, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Order`] when the position is not `from`; [`StoreError::Catalog`] when the commit failed.
    pub(crate) fn cut(
        &self,
        segments: &[Arc<SegmentFile>],
        from: Position,
        to: Position,
    ) -> Result<(), StoreError> {
        let found = self.position()?;
        if found != from {
            let (found, expected) = (found.next_index, from.next_index);
            return Err(StoreError::Order { what: "the position", found, expected });
        }
        let mut connection = self.lock();
        let run = |connection: &mut Connection| -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            for segment in segments {
                insert(&transaction, segment)?;
            }
            put_position(&transaction, &to)?;
            transaction.commit()
        };
        run(&mut connection).map_err(self.refused())
    }

    /// Replaces segments by others that hold the same entries, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::CatalogDamaged`] when one of the old ones is not listed.
    pub(crate) fn replace(
        &self,
        old: &[Arc<SegmentFile>],
        new: &[Arc<SegmentFile>],
    ) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(self.refused())?;
        for segment in old {
            let name = name_of(segment);
            let sql = "DELETE FROM segments WHERE name = ?1";
            if transaction.execute(sql, [&name]).map_err(self.refused())? != 1 {
                return Err(self.damaged(format!("segment {name} is not listed: it cannot be replaced")));
            }
        }
        for segment in new {
            insert(&transaction, segment).map_err(self.refused())?;
        }
        transaction.commit().map_err(self.refused())
    }

    /// What SQLite itself finds wrong with the file, and whether its tables are still the ones that were made.
    pub(crate) fn integrity(&self) -> Vec<StoreError> {
        match version::faults(&self.lock()) {
            Ok(faults) => faults.into_iter().map(|fault| self.damaged(fault)).collect(),
            Err(error) => vec![self.refused()(error)],
        }
    }
}

fn refused(path: &Path) -> impl FnOnce(rusqlite::Error) -> StoreError + '_ {
    move |source| StoreError::Catalog { path: path.to_path_buf(), source }
}

pub(crate) fn name_of(segment: &SegmentFile) -> String {
    segment.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read_segment(row: &Row<'_>, folder: &Path) -> rusqlite::Result<Option<SegmentFile>> {
    let number = |at: usize| row.get::<_, i64>(at);
    let name: String = row.get(0)?;
    let (digest, checksum): (Vec<u8>, Vec<u8>) = (row.get(8)?, row.get(9)?);
    let Ok(digest) = digest.try_into() else { return Ok(None) };
    let segment = SegmentFile {
        path: folder.join(name),
        first: number(1)? as u64,
        last: number(2)? as u64,
        rows: number(3)? as u64,
        bytes: number(4)? as u64,
        time_min: number(5)?,
        time_max: number(6)?,
        class: row.get(7)?,
        digest,
        doomed: AtomicBool::new(false),
    };
    Ok((checksum == segment_checksum(&segment)).then_some(segment))
}

fn insert(connection: &Connection, segment: &SegmentFile) -> rusqlite::Result<()> {
    let sql = "INSERT INTO segments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let values = params![
        name_of(segment),
        segment.first as i64,
        segment.last as i64,
        segment.rows as i64,
        segment.bytes as i64,
        segment.time_min,
        segment.time_max,
        segment.class,
        segment.digest,
        segment_checksum(segment),
    ];
    connection.execute(sql, values).map(|_| ())
}

fn put_position(connection: &Connection, position: &Position) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO position VALUES (1, ?1, ?2, ?3)";
    let (index, record) = (position.next_index as i64, position.next_record as i64);
    connection.execute(sql, params![index, record, position_checksum(position)]).map(|_| ())
}

/// SHA-256 over the row: integers as 8 bytes big-endian, texts with their length before them.
fn segment_checksum(segment: &SegmentFile) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(b"tacho/catalog/segment/v1\0");
    let name = name_of(segment);
    for text in [&name, &segment.class] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    for number in [segment.first, segment.last, segment.rows, segment.bytes] {
        hash.update(number.to_be_bytes());
    }
    hash.update(segment.time_min.to_be_bytes());
    hash.update(segment.time_max.to_be_bytes());
    hash.update(segment.digest);
    hash.finalize().into()
}

fn position_checksum(position: &Position) -> [u8; 32] {
    let hash = Sha256::new()
        .chain_update(b"tacho/catalog/position/v1\0")
        .chain_update(position.next_index.to_be_bytes())
        .chain_update(position.next_record.to_be_bytes());
    hash.finalize().into()
}
