//! The journal (write-ahead log): the first durable place of every accepted batch, and the only queue.
//!
//! Limits: a record's payload is at most `RECORD_BYTES_MAX`, a file turns over after [`Options::file_bytes`].
//!
//! On disk, `docs/formats/journal.md`: files `wal/NNNNNNNNNNNNNNNN.wal`, named by the number of their first
//! record in hexadecimal; each is a header with the file's salt, then frames.
//!
//! Invariants
//! - Record numbers run from 0 without gaps over all files: a missing file or frame is seen.
//! - Only the last group of the last file may be torn, and only then is anything cut off: it was never
//!   acknowledged.

mod frame;
mod read;

#[cfg(test)]
mod tests;

pub use read::{End, read};

use crate::durable::replace;
use crate::error::RecordError;
use crate::poison::Poison;
use crate::{Options, Step};
use frame::{FRAME_BYTES, HEADER_BYTES, Head, Salt};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use tacho_event::record::Batch;
use tacho_event::time::Micros;

/// One record as read back.
#[derive(Debug, Clone)]
pub struct Record {
    pub number: u64,
    /// When it was written, by the recorder's clock.
    pub time_us: Micros,
    pub batch: Batch,
}

/// The open end of the journal.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    file: File,
    path: PathBuf,
    salt: Salt,
    size: u64,
    next_record: u64,
    /// First record number of each file, oldest first; the last one is being written.
    files: VecDeque<u64>,
    poison: Poison,
    options: Options,
}

impl Journal {
    /// Opens the journal for appending behind what [`read`] found, mending a torn end.
    ///
    /// The last file is written anew and synced: after a crash the page cache may show bytes that the disk
    /// never got, and nothing may be built on those. Call it only when the records read are known to be all
    /// that was promised, for what is torn is cut off here.
    ///
    /// # Errors
    /// [`RecordError::Io`], or [`RecordError::Poisoned`] when a sync failed; nothing was cut off then.
    pub fn open(folder: &Path, options: Options, end: End) -> Result<Journal, RecordError> {
        let End { next_record, mut files, last } = end;
        let (path, salt) = match last {
            Some((path, good, salt)) => {
                replace(&path, &good)?;
                (path, salt)
            }
            None => {
                files.push_back(next_record);
                create(folder, next_record, options)?
            }
        };
        let (file, size) = open_end(&path)?;
        let folder = folder.to_path_buf();
        Ok(Journal { folder, file, path, salt, size, next_record, files, poison: Poison::default(), options })
    }

    /// Writes a group of batches with one journal time and makes them durable with one sync.
    ///
    /// # Errors
    /// On [`RecordError::Io`] and [`RecordError::TooLarge`] nothing of the group is on the log and the journal
    /// goes on; on [`RecordError::Poisoned`] it refuses until it is opened again.
    pub fn append(&mut self, time_us: Micros, group: &[Batch]) -> Result<(), RecordError> {
        self.poison.check()?;
        let written = self.write(time_us, group);
        self.poison.note(written)
    }

    fn write(&mut self, time_us: Micros, group: &[Batch]) -> Result<(), RecordError> {
        if self.size > self.options.file_bytes.max(HEADER_BYTES as u64) {
            self.renew()?;
        }
        let mut bytes = Vec::with_capacity(group.iter().map(|b| b.bytes().len() + FRAME_BYTES).sum());
        for (batch, unsynced) in group.iter().zip(0u32..) {
            let head = Head { number: self.next_record + u64::from(unsynced), time_us, unsynced };
            self.salt.push(&head, batch.bytes(), &mut bytes)?;
        }
        if let Err(error) = self.file.write_all(&bytes) {
            // Part of the group may be there: cut it off, or the next group would follow a torn frame.
            self.file.set_len(self.size).map_err(|cut| RecordError::Poisoned {
                why: format!("a torn write to {} could not be cut off: {cut}", self.path.display()),
            })?;
            return Err(RecordError::io("cannot write", &self.path)(error));
        }
        (self.options.observer)(Step::JournalWritten);
        self.file.sync_data().map_err(RecordError::unsynced(&self.path))?;
        (self.options.observer)(Step::JournalSynced);
        self.size += bytes.len() as u64;
        self.next_record += group.len() as u64;
        Ok(())
    }

    /// Closes the file that is being written, so that everything recorded so far can be released. Does nothing when
    /// it holds no record yet.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn turn_over(&mut self) -> Result<(), RecordError> {
        self.poison.check()?;
        if self.closed().end == self.next_record {
            return Ok(());
        }
        let renewed = self.renew();
        self.poison.note(renewed)
    }

    /// The records in files that are closed; empty when all of them are released.
    pub fn closed(&self) -> Range<u64> {
        let open = self.files.back().copied().unwrap_or(self.next_record);
        self.files.front().copied().unwrap_or(open)..open
    }

    /// Goes on in a new file. When that fails, it is tried again before anything else is written.
    fn renew(&mut self) -> Result<(), RecordError> {
        let (path, salt) = create(&self.folder, self.next_record, self.options)?;
        (self.file, self.size) = open_end(&path)?;
        (self.path, self.salt) = (path, salt);
        self.files.push_back(self.next_record);
        Ok(())
    }

    /// The number that the next record gets.
    pub fn next_record(&self) -> u64 {
        self.next_record
    }

    /// Deletes the files whose records all stand below `record`: every follower is past them.
    ///
    /// # Errors
    /// [`RecordError::Io`]; what could not be deleted is tried again at the next call.
    pub fn release(&mut self, record: u64) -> Result<(), RecordError> {
        while let Some(second) = self.files.get(1).filter(|second| **second <= record) {
            let path = file_path(&self.folder, self.files[0]);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(RecordError::io("cannot delete", &path)(error));
                }
                _ => debug_assert!(*second > self.files[0], "files are in order"),
            }
            self.files.pop_front();
        }
        Ok(())
    }
}

fn file_path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:016x}.wal"))
}

fn create(folder: &Path, first: u64, options: Options) -> Result<(PathBuf, Salt), RecordError> {
    let (path, salt) = (file_path(folder, first), Salt::fresh(options.random));
    replace(&path, &salt.header())?;
    Ok((path, salt))
}

fn open_end(path: &Path) -> Result<(File, u64), RecordError> {
    let file = OpenOptions::new().append(true).open(path).map_err(RecordError::io("cannot open", path))?;
    let size = file.metadata().map_err(RecordError::io("cannot read", path))?.len();
    Ok((file, size))
}
