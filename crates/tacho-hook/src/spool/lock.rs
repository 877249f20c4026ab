//! Locks of the spool: files that the kernel locks for a process and unlocks when it ends, however it ends. There is no
//! stale lock, and no process id to trust.
//!
//! | lock | held by | for |
//! |---|---|---|
//! | `lock` | hooks, and the sender when it takes in or deletes | writing a line, deleting a file; no sync but for the rare |
//! | `sender.lock` | the sender | as long as it lives |
//! | `lost` | who counts or tells a loss | one small write and its sync |
//!
//! Taken in this order, so nobody waits in a circle.

use super::{Spool, private};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// The thread that waits for a lock does nothing else: so much stack, bytes.
const STACK_BYTES: usize = 64 << 10;

/// The lock on a spool; let go when dropped.
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Spool {
    /// Takes the lock, or gives up after `wait`.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`], or what the system says.
    pub fn lock(&self, wait: Duration) -> io::Result<Lock> {
        loop {
            let path = self.path("lock");
            let file = hold(private(OpenOptions::new().write(true)).open(&path)?, wait)?;
            // Who deleted the folder while we waited has made ours a lock on nothing.
            if is_at(&file, &path) {
                return Ok(Lock(file));
            }
        }
    }

    /// The sender's lock, if no sender holds it. Who gets it and sends nothing hides a sender's end from a hook that
    /// asks in this moment: let go of it with `deliver::run::let_go`, which looks again.
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

    /// Whether an open file is still the spool's `sender.lock`: a folder that was deleted and made anew has another
    /// one, perhaps with another sender.
    pub fn is_sender_lock(&self, file: impl AsFd) -> bool {
        is_at(file, &self.path("sender.lock"))
    }
}

/// Locks a file. The kernel keeps those who wait in a queue and wakes one at a time: a thousand hooks that asked again
/// and again would take the processors from the one that holds it.
pub(super) fn hold(file: File, wait: Duration) -> io::Result<File> {
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::Error(error)) => return Err(error),
        Err(TryLockError::WouldBlock) if wait.is_zero() => return Err(timed_out()),
        Err(TryLockError::WouldBlock) => {}
    }
    // Handed from hand to hand: if nobody takes it any more, it is dropped here and so let go.
    let (give, take) = sync_channel(0);
    let waiting = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        let locked = file.lock();
        drop(give.send(locked.map(|()| file)));
    });
    // Without a thread there is no waiting.
    waiting.map_err(|_| timed_out())?;
    take.recv_timeout(wait).unwrap_or_else(|_| Err(timed_out()))
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "another process holds the spool's lock")
}

fn is_at(file: impl AsFd, path: &Path) -> bool {
    let open = rustix::fs::fstat(file).map(|found| (found.st_dev, found.st_ino));
    let named = rustix::fs::stat(path).map(|found| (found.st_dev, found.st_ino));
    open.is_ok() && open == named
}
