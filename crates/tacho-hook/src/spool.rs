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
//! aside/ID        events of hooks that could not get the lock in time; ID.part while it is written
//! position        up to where the server has answered: segment and byte
//! rejected        events that the server refused, with its reason
//! status          what the sender did last
//! ```
//!
//! Invariants
//! - A frame is written with one call under the lock; its place in the segments is the order of delivery. So are the
//!   numbers of its session: what is written without the lock has none.
//! - Only the last segment grows, so one that has a follower is as long as it will ever be.
//! - A segment's name is on disk before anything is written to it; [`Spool::append`] returns after the frame is.
//! - A segment is deleted only when the server has answered for all of it and the numbers of its sessions are on disk.
//! - What finds no room is counted, and the count becomes an event when there is room.
//!
//! Limits: [`SEGMENT_BYTES`], the spool's own `bytes_max`, [`ASIDE_MAX`], [`SESSIONS_DAYS`].

mod append;
mod aside;
pub mod frame;
mod lock;
pub mod loss;
pub mod read;
mod recover;
mod sessions;

pub use append::{Appended, Make};
pub use frame::Frame;
pub use lock::Lock;
pub use sessions::file_name;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A segment is closed at this size, bytes.
pub const SEGMENT_BYTES: u64 = 1 << 20;
/// So many events may stand aside.
pub const ASIDE_MAX: usize = 1000;
/// A session's number is kept so long after its last event, days.
pub const SESSIONS_DAYS: u64 = 30;
/// A hook waits so long for the lock, then its event stands aside.
pub const LOCK_WAIT: Duration = Duration::from_secs(4);

/// A spool's folder.
pub struct Spool {
    folder: PathBuf,
    bytes_max: u64,
}

impl Spool {
    /// Names the spool in a folder and makes its folders. The files in them are made under the lock, by who is first.
    ///
    /// # Errors
    /// When the folder can't be made or written to.
    pub fn open(folder: &Path, bytes_max: u64) -> io::Result<Spool> {
        let spool = Spool { folder: folder.to_owned(), bytes_max };
        // The last one is there when all are.
        if !spool.path("aside").is_dir() {
            for name in ["segments", "sessions", "aside"] {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(spool.path(name))?;
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

    /// Makes the segment behind the one that is deleted, its name on disk.
    pub(crate) fn start_segment(&self, number: u64, _: &Lock) -> io::Result<()> {
        private(OpenOptions::new().append(true)).open(self.segment(number))?;
        sync_folder(&self.path("segments"))
    }

    /// Numbers of the segments, in order, with their sizes. The names are read before any size, so the size of one that
    /// has a follower here is its last, also for who does not hold the lock.
    ///
    /// # Errors
    /// What the system says.
    pub fn segments(&self) -> io::Result<Vec<(u64, u64)>> {
        self.sizes(&self.numbers()?)
    }

    fn numbers(&self) -> io::Result<Vec<u64>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.path("segments"))? {
            found.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// One that the sender deleted in between is none.
    fn sizes(&self, numbers: &[u64]) -> io::Result<Vec<(u64, u64)>> {
        let size = |number: &u64| match std::fs::metadata(self.segment(*number)) {
            Ok(found) => Some(Ok((*number, found.len()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => Some(Err(error)),
        };
        numbers.iter().filter_map(size).collect()
    }
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
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

#[cfg(test)]
mod race_tests;
