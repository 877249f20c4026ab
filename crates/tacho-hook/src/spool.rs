//! The spool: events on disk between the hook that wrote them and the server that answered for them.
//!
//! On disk, in one folder for each server address, readable by its owner only:
//!
//! ```text
//! lock            held by whoever appends, cleans up or moves anything here
//! sender.lock     held by the sender for as long as it lives
//! boot            the boot that the numbers in sessions/ are good for
//! lost            how many events found no room, and since when
//! segments/N      frames, one a line; the highest N is written to
//! sessions/NAME   the last number of a session, and what its hooks told
//! aside/ID        events of hooks that could not get the lock in time
//! position        up to where the server has answered: segment and byte
//! rejected        events that the server refused, with its reason
//! status          what the sender did last
//! ```
//!
//! Invariants
//! - A frame is written with one call under the lock; its place in the segments is the order of delivery.
//! - [`Spool::append`] returns after the frame is on disk, with its folder where the segment is new.
//! - A segment is deleted only when the server has answered for all of it and the numbers of its sessions are on disk.
//! - What finds no room is counted, and the count becomes an event when there is room.
//!
//! Limits: [`SEGMENT_BYTES`], the spool's own `bytes_max`, [`ASIDE_MAX`], [`SESSIONS_DAYS`].

mod append;
pub mod frame;
pub mod loss;
pub mod read;
mod recover;
mod sessions;

pub use append::Appended;
pub use frame::Frame;
pub use sessions::file_name;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A segment is closed at this size, bytes.
pub const SEGMENT_BYTES: u64 = 1 << 20;
/// So many events may stand aside.
pub const ASIDE_MAX: usize = 1000;
/// A session's number is kept so long after its last event, days.
pub const SESSIONS_DAYS: u64 = 30;
/// A hook waits so long for the lock, then its event stands aside.
const LOCK_WAIT: Duration = Duration::from_secs(4);
/// Between two tries for the lock.
const LOCK_PAUSES: [Duration; 2] = [Duration::from_micros(100), Duration::from_millis(5)];

/// A spool's folder.
pub struct Spool {
    folder: PathBuf,
    bytes_max: u64,
}

/// The lock on a spool; let go when dropped.
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Spool {
    /// Opens the spool in a folder and makes what is missing of it.
    ///
    /// # Errors
    /// When the folder can't be made or written to.
    pub fn open(folder: &Path, bytes_max: u64) -> io::Result<Spool> {
        let spool = Spool { folder: folder.to_owned(), bytes_max };
        if !spool.path("lost").exists() {
            for name in ["segments", "sessions", "aside"] {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(spool.path(name))?;
            }
            match spool.lock(LOCK_WAIT) {
                Ok(lock) if !spool.path("lost").exists() => {
                    let end = spool.end()?;
                    spool.start_segment(end.segment, &lock)?;
                    loss::create(&spool, &lock)?;
                }
                Ok(_) => {}
                // In a crowd somebody else does it; the event of this one must not be lost for that.
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
                Err(error) => return Err(error),
            }
        }
        Ok(spool)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn segment(&self, number: u64) -> PathBuf {
        self.path("segments").join(format!("{number:010}"))
    }

    /// Takes the lock, or gives up after `wait`.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`], or what the system says.
    pub fn lock(&self, wait: Duration) -> io::Result<Lock> {
        let file = private(OpenOptions::new().write(true)).open(self.path("lock"))?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if start.elapsed() > wait => {
                    return Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        "another process holds the spool's lock",
                    ));
                }
                // Short at first: a holder writes one line. Longer later: a thousand hooks must not spin.
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep((start.elapsed() / 4).clamp(LOCK_PAUSES[0], LOCK_PAUSES[1]));
                }
            }
        }
    }

    /// The sender's lock, if no sender holds it.
    ///
    /// # Errors
    /// What the system says.
    pub fn try_sender_lock(&self) -> io::Result<Option<File>> {
        let file = private(OpenOptions::new().write(true)).open(self.path("sender.lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Makes a segment ready, so that the hook that writes to it first need not sync the folder.
    pub(crate) fn start_segment(&self, number: u64, _: &Lock) -> io::Result<()> {
        private(OpenOptions::new().append(true)).open(self.segment(number))?;
        sync_folder(&self.path("segments"))
    }

    /// Numbers of the segments, in order, with their sizes.
    ///
    /// # Errors
    /// What the system says.
    pub fn segments(&self) -> io::Result<Vec<(u64, u64)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.path("segments"))? {
            let entry = entry?;
            if let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
                found.push((number, entry.metadata()?.len()));
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

/// Files here hold what agents did: nobody else reads them.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.create(true).mode(0o600)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Puts a small file in place as a whole.
pub(crate) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = private(OpenOptions::new().write(true).truncate(true)).open(&beside)?;
    file.write_all(text)?;
    file.sync_data()?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
#[path = "spool/tests.rs"]
mod tests;
