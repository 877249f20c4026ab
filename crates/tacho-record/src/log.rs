//! One data folder, open for writing: writer and sealer, and the recovery that brings both to where they were.
//!
//! Locks: the folder's file `lock` is held while the log is open, so a second process refuses.

use crate::Options;
use crate::durable::{create_folder, create_folders};
use crate::error::RecordError;
use crate::journal::Journal;
use crate::poison::Poison;
use crate::sealer::Sealer;
use crate::sequence::{Receipt, Sequenced, Sequencer};
use crate::writer::{self, Writer};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use tacho_event::entry;
use tacho_event::record::Batch;
use tacho_event::time::Micros;
use tacho_merkle::tile::TileReader;
use tacho_merkle::{Note, SignerKey, TlogProof};

/// Batches that the sealer may be behind the replay at a start.
const REPLAY_QUEUE: usize = 16;

/// A data folder that this process writes, for one thread; [`crate::Recorder`] takes it over for many.
#[derive(Debug)]
pub struct Log {
    pub(crate) writer: Writer,
    pub(crate) sealer: Sealer,
    pub(crate) lock: Lock,
    pub(crate) poison: Poison,
}

/// What the journal need not hold any more: a store has it.
#[derive(Debug, Default)]
pub struct Released {
    /// The first record that the journal must still hold.
    pub next_record: u64,
    /// Brought up to the entries before that record, by [`Sequencer::recall`].
    pub sequencer: Sequencer,
}

/// The lock of a data folder, held as long as this lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child that is being started holds a copy of the handle until its exec. When
        // unlocking fails, the handle's close still ends the lock.
        drop(self.file.unlock());
    }
}

impl Lock {
    /// Locks a folder, making it when it is not there.
    ///
    /// # Errors
    /// [`RecordError::InUse`] when another process has it, also where this one may not write.
    pub fn take(folder: &Path) -> Result<Lock, RecordError> {
        create_folders(folder)?;
        let path = folder.join("lock");
        let file = match File::create(&path) {
            Ok(file) => file,
            Err(error) => {
                Lock::look(folder)?;
                return Err(RecordError::io("cannot create", &path)(error));
            }
        };
        match file.try_lock() {
            Ok(()) => Ok(Lock { file }),
            Err(TryLockError::WouldBlock) => Err(RecordError::InUse { path: folder.to_path_buf() }),
            Err(TryLockError::Error(error)) => Err(RecordError::io("cannot lock", &path)(error)),
        }
    }

    /// Locks a folder to read it: as [`Lock::take`], and where nothing may be written together with other readers.
    /// `None` when there is nothing that could be locked.
    ///
    /// # Errors
    /// [`RecordError::InUse`] when another process writes there.
    pub fn share(folder: &Path) -> Result<Option<Lock>, RecordError> {
        match Lock::take(folder) {
            Ok(lock) => Ok(Some(lock)),
            Err(RecordError::Io { source, .. }) if is_forbidden(&source) => Lock::look(folder),
            Err(error) => Err(error),
        }
    }

    /// A shared lock by way of a file that is there already.
    fn look(folder: &Path) -> Result<Option<Lock>, RecordError> {
        let Ok(file) = File::open(folder.join("lock")) else { return Ok(None) };
        match file.try_lock_shared() {
            Ok(()) => Ok(Some(Lock { file })),
            Err(TryLockError::WouldBlock) => Err(RecordError::InUse { path: folder.to_path_buf() }),
            // Not every file system has locks.
            Err(TryLockError::Error(_)) => Ok(None),
        }
    }
}

/// EACCES, EPERM and EROFS.
fn is_forbidden(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem)
}

impl Log {
    /// Opens a folder whose journal holds everything, or starts a new one.
    ///
    /// # Errors
    /// [`RecordError::InUse`] when another process has it, [`RecordError::Corrupt`] when bytes were changed.
    pub fn open(
        folder: &Path,
        origin: &str,
        signers: Vec<SignerKey>,
        options: Options,
    ) -> Result<Log, RecordError> {
        let lock = Lock::take(folder)?;
        Log::recover(folder, lock, origin, signers, Released::default(), options, |_| Ok(()))
    }

    /// Replays the journal behind what was released, hands each batch to `follow`, and checks everything
    /// against what was signed.
    ///
    /// # Errors
    /// As [`Log::open`], and what `follow` refuses with.
    pub fn recover(
        folder: &Path,
        lock: Lock,
        origin: &str,
        signers: Vec<SignerKey>,
        released: Released,
        options: Options,
        mut follow: impl FnMut(&Sequenced) -> Result<(), RecordError>,
    ) -> Result<Log, RecordError> {
        let Released { next_record, mut sequencer } = released;
        let sealer = Sealer::open(&folder.join("log"), origin, signers, sequencer.size(), options.observer)?;
        let wal = wal(folder);
        create_folder(&wal)?;
        let (sealer, end) = beside(sealer, |seal| {
            writer::replay(&wal, next_record, &mut sequencer, |sequenced| {
                let sequenced = Arc::new(sequenced);
                seal(&sequenced)?;
                follow(&sequenced)
            })
        })?;
        // Only now may anything be cut off: when a signed entry is missing, the evidence stays as it is.
        sealer.check_recovered()?;
        let journal = Journal::open(&wal, options, end)?;
        Ok(Log { writer: Writer::new(journal, sequencer, options), sealer, lock, poison: Poison::default() })
    }

    /// Records a group of batches with one sync. When this returns, all of them are durable.
    ///
    /// # Errors
    /// See [`Writer::append`]. After any [`RecordError::Poisoned`] the log refuses until it is opened again.
    pub fn append(&mut self, now_us: Micros, group: Vec<Batch>) -> Result<Vec<Receipt>, RecordError> {
        self.unless_poisoned(|log| {
            let sequenced = log.writer.append(now_us, group)?;
            for batch in &sequenced {
                log.sealer.follow(batch)?;
            }
            Ok(sequenced.iter().map(Sequenced::receipt).collect())
        })
    }

    /// Publishes a checkpoint when there is something new.
    ///
    /// # Errors
    /// See [`Sealer::seal`].
    pub fn seal(&mut self) -> Result<(), RecordError> {
        self.unless_poisoned(|log| log.sealer.seal(log.writer.time_us()))
    }

    /// Closes the journal's file: what is recorded so far can then be released to the last byte, which an erasure
    /// needs. Gives the first record of the new file.
    ///
    /// # Errors
    /// See [`Writer::turn_over`].
    pub fn turn_over(&mut self) -> Result<u64, RecordError> {
        self.unless_poisoned(|log| {
            log.writer.turn_over()?;
            Ok(log.writer.closed().end)
        })
    }

    /// Makes the tiles durable, then deletes the journal's files whose records all stand below `record`.
    ///
    /// # Errors
    /// See [`Sealer::sync`] and [`Writer::release`].
    pub fn release(&mut self, record: u64) -> Result<(), RecordError> {
        self.unless_poisoned(|log| {
            log.sealer.seal(log.writer.time_us())?;
            log.sealer.sync()?;
            log.writer.release(record)
        })
    }

    fn unless_poisoned<T>(
        &mut self,
        act: impl FnOnce(&mut Log) -> Result<T, RecordError>,
    ) -> Result<T, RecordError> {
        self.poison.check()?;
        let done = act(self);
        self.poison.note(done)
    }

    /// How many entries are on the log, and how many of them the published checkpoint covers.
    pub fn sizes(&self) -> (u64, u64) {
        (self.writer.size(), self.sealer.sealed_size())
    }

    /// The published checkpoint.
    ///
    /// # Errors
    /// See [`Sealer::checkpoint`].
    pub fn checkpoint(&self) -> Result<Note, RecordError> {
        self.sealer.checkpoint()
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

/// Has the sealer hash in a thread of its own what `replay` hands it, in the same order: the two take the same time.
/// The sealer's error comes before the replay's, which may have gone a little further.
fn beside<T>(
    mut sealer: Sealer,
    replay: impl FnOnce(&mut dyn FnMut(&Arc<Sequenced>) -> Result<(), RecordError>) -> Result<T, RecordError>,
) -> Result<(Sealer, T), RecordError> {
    std::thread::scope(|scope| {
        let (batches, queue) = sync_channel::<Arc<Sequenced>>(REPLAY_QUEUE);
        let sealing = scope.spawn(move || {
            for batch in queue {
                sealer.follow(&batch)?;
            }
            Ok(sealer)
        });
        let replayed = replay(&mut |batch| {
            let gone = |_| RecordError::Poisoned { why: "the sealer could not follow the replay".into() };
            batches.send(Arc::clone(batch)).map_err(gone)
        });
        drop(batches);
        match sealing.join() {
            Ok(sealed) => Ok((sealed?, replayed?)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Reads a folder's journal, from what was released on, and gives every batch with its places. Changes nothing.
///
/// # Errors
/// As [`Log::open`].
pub fn read(
    folder: &Path,
    released: Released,
    mut each: impl FnMut(&Sequenced) -> Result<(), RecordError>,
) -> Result<(), RecordError> {
    let Released { next_record, mut sequencer } = released;
    writer::replay(&wal(folder), next_record, &mut sequencer, |sequenced| each(&sequenced))?;
    Ok(())
}

/// Reads a whole journal and gives every entry's index and permanent bytes. Changes nothing.
///
/// # Errors
/// As [`Log::open`].
pub fn replay(folder: &Path, mut each: impl FnMut(u64, &[u8])) -> Result<(), RecordError> {
    let _lock = Lock::take(folder)?;
    let mut bytes = Vec::with_capacity(512);
    read(folder, Released::default(), |sequenced| {
        for (index, place, event) in sequenced.entries() {
            bytes.clear();
            entry::render(&event.header, &place, &mut bytes);
            each(index, &bytes);
        }
        Ok(())
    })
}

fn wal(folder: &Path) -> PathBuf {
    folder.join("wal")
}
