//! One data folder, open for writing: journal, sequencer and sealer in their fixed order.
//!
//! Locks: the folder's file `lock` is held while the log is open, so a second process refuses.

use crate::error::RecordError;
use crate::journal::{self, Journal, Record};
use crate::sealer::Sealer;
use crate::sequence::{Decision, Sequencer};
use crate::{Observer, Step};
use std::fs::File;
use std::path::{Path, PathBuf};
use tacho_event::entry;
use tacho_event::record::Batch;
use tacho_event::time::Micros;
use tacho_merkle::tile::TileReader;
use tacho_merkle::{SignerKey, TlogProof, leaf_hash};

/// The answer to an append: every event of the batch is durable and has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    pub accepted: u32,
    pub duplicates: u32,
    /// First and last index of the accepted events; `None` when all were duplicates.
    pub range: Option<(u64, u64)>,
}

/// A data folder that this process writes.
#[derive(Debug)]
pub struct Log {
    journal: Journal,
    sequencer: Sequencer,
    sealer: Sealer,
    observer: Observer,
    _lock: File,
}

impl Log {
    /// Opens a folder, or starts a new one; replays the journal and checks it against what was signed.
    ///
    /// # Errors
    /// [`RecordError::InUse`] when another process has it, [`RecordError::Corrupt`] when bytes were changed.
    pub fn open(
        folder: &Path,
        origin: &str,
        signers: Vec<SignerKey>,
        observer: Observer,
    ) -> Result<Log, RecordError> {
        std::fs::create_dir_all(folder).map_err(RecordError::io("cannot create", folder))?;
        let lock = lock(folder)?;
        let mut sequencer = Sequencer::default();
        let mut sealer = Sealer::open(&folder.join("log"), origin, signers, observer)?;
        std::fs::create_dir_all(wal(folder)).map_err(RecordError::io("cannot create", folder))?;
        let end = journal::read(&wal(folder), |record| {
            for (_, bytes) in entries_of(&mut sequencer, &record, &wal(folder))? {
                sealer.push(leaf_hash(&bytes))?;
            }
            Ok(())
        })?;
        // Only now may anything be cut off: when a signed entry is missing, the evidence stays as it is.
        sealer.check_recovered()?;
        let journal = Journal::open(&wal(folder), observer, end)?;
        Ok(Log { journal, sequencer, sealer, observer, _lock: lock })
    }

    /// Records a group of batches with one sync. When this returns, all of them are durable.
    ///
    /// `now_us` is the recorder's clock; a clock set back does not disorder the log.
    ///
    /// # Errors
    /// See [`Journal::append`]: on an error nothing of the group is on the log.
    pub fn append(&mut self, now_us: Micros, group: Vec<Batch>) -> Result<Vec<Receipt>, RecordError> {
        self.journal.append(now_us, &group)?;
        let mut receipts = Vec::with_capacity(group.len());
        for batch in group {
            let count = batch.count();
            let record = Record { number: 0, time_us: now_us, batch };
            let entries = entries_of(&mut self.sequencer, &record, Path::new("wal"))?;
            for (_, bytes) in &entries {
                self.sealer.push(leaf_hash(bytes))?;
            }
            let range = entries.first().zip(entries.last()).map(|((first, _), (last, _))| (*first, *last));
            let accepted = entries.len() as u32;
            receipts.push(Receipt { accepted, duplicates: count - accepted, range });
        }
        (self.observer)(Step::Sequenced);
        Ok(receipts)
    }

    /// Publishes a checkpoint when there is something new.
    ///
    /// # Errors
    /// See [`Sealer::seal`].
    pub fn seal(&mut self) -> Result<(), RecordError> {
        if self.sealer.sealed_size() == self.sequencer.size() {
            return Ok(());
        }
        self.sealer.seal(self.sequencer.time_us())
    }

    /// How many entries are on the log, and how many of them the published checkpoint covers.
    pub fn sizes(&self) -> (u64, u64) {
        (self.sequencer.size(), self.sealer.sealed_size())
    }

    /// The C2SP tlog-proof of an entry that the published checkpoint covers.
    ///
    /// # Errors
    /// [`RecordError::Corrupt`] when a tile is missing or damaged, or the index is not covered yet.
    pub fn prove(&self, index: u64) -> Result<TlogProof, RecordError> {
        let failed = |error: tacho_merkle::tile::TileError| {
            RecordError::corrupt(Path::new("log/tile"), index, error.to_string())
        };
        let mut reader = TileReader::new(&self.sealer, self.sealer.sealed_size()).map_err(failed)?;
        let hashes = reader.inclusion(index).map_err(failed)?;
        Ok(TlogProof { index, extra: None, hashes, checkpoint: self.sealer.checkpoint()? })
    }
}

/// Reads a folder's journal and gives every entry with its index. Changes nothing.
///
/// # Errors
/// As [`Log::open`].
pub fn replay(folder: &Path, mut each: impl FnMut(u64, &[u8])) -> Result<(), RecordError> {
    let _lock = lock(folder)?;
    let mut sequencer = Sequencer::default();
    journal::read(&wal(folder), |record| {
        for (index, bytes) in entries_of(&mut sequencer, &record, &wal(folder))? {
            each(index, &bytes);
        }
        Ok(())
    })?;
    Ok(())
}

/// The entries that a record adds to the log: index and permanent bytes.
fn entries_of(
    sequencer: &mut Sequencer,
    record: &Record,
    path: &Path,
) -> Result<Vec<(u64, Vec<u8>)>, RecordError> {
    let damaged = |error: tacho_event::record::Malformed| {
        RecordError::corrupt(path, error.at as u64, error.to_string())
    };
    let decisions = sequencer.record(&record.batch, record.time_us).map_err(damaged)?;
    let mut entries = Vec::with_capacity(decisions.len());
    for (event, decision) in record.batch.events().zip(decisions) {
        if let Decision::Entry { index, place } = decision {
            let mut bytes = Vec::with_capacity(512);
            entry::render(&event.map_err(damaged)?.header, &place, &mut bytes);
            entries.push((index, bytes));
        }
    }
    Ok(entries)
}

fn wal(folder: &Path) -> PathBuf {
    folder.join("wal")
}

fn lock(folder: &Path) -> Result<File, RecordError> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(RecordError::io("cannot create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(RecordError::InUse { path: folder.to_path_buf() }),
        Err(std::fs::TryLockError::Error(error)) => Err(RecordError::io("cannot lock", &path)(error)),
    }
}
