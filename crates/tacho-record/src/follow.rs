//! Followers: the threads that read the log in order behind the recorder, and the first of them, the sealer.

use crate::error::RecordError;
use crate::queue::{Feed, News, Waker};
use crate::sealer::Sealer;
use crate::sequence::Sequenced;
use crate::status::{Status, lock};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use tacho_event::time::Micros;

/// How often followers are woken without news, if nothing else is said: once a second.
pub const TICK: Duration = Duration::from_secs(1);
/// Tiles are synced, and the journal may be released, after so many entries or so many ticks.
const SYNC_ENTRIES: u64 = 200_000;
const SYNC_TICKS: u32 = 60;

/// Reads the log in order behind the recorder.
pub trait Follower: Send {
    fn name(&self) -> &'static str;

    /// Takes the next batch.
    ///
    /// # Errors
    /// Any error stops the recorder: a follower that missed a batch can't go on.
    fn follow(&mut self, batch: &Arc<Sequenced>) -> Result<(), RecordError>;

    /// Called once a second, or as often as the recorder was told.
    ///
    /// # Errors
    /// [`RecordError::Io`] is reported and tried again at the next tick; any other error stops the recorder.
    fn tick(&mut self) -> Result<(), RecordError>;

    /// Called once, when the recorder goes and there is no more to follow.
    ///
    /// # Errors
    /// As [`Follower::tick`]; nothing is tried again any more.
    fn close(&mut self) -> Result<(), RecordError> {
        self.tick()
    }

    /// The first record that this follower needs the journal for after a restart.
    fn position(&self) -> u64;
}

/// Wakes the followers until the recorder goes.
pub(crate) fn tick(every: Duration, stop: &Receiver<()>, followers: &[Waker]) {
    while stop.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        followers.iter().for_each(Waker::wake);
    }
}

/// A follower's thread: batches until the recorder goes, then its end.
pub(crate) fn follow(mut follower: Box<dyn Follower>, feed: &Feed, place: usize, status: &Status) {
    let tell = |follower: &dyn Follower, done: &Result<(), RecordError>| {
        let entry = &mut lock(&status.followers)[place];
        (entry.position, entry.fault) = (follower.position(), done.as_ref().err().map(ToString::to_string));
    };
    loop {
        let (followed, is_due, is_end) = match feed.next() {
            News::Batch(batch, is_due) => (follower.follow(&batch), is_due, false),
            News::Tick => (Ok(()), true, false),
            News::End => (follower.close(), false, true),
        };
        if let Err(error) = &followed {
            status.stop(format!("{}: {error}", follower.name()));
        }
        if followed.is_err() || is_end {
            return tell(follower.as_ref(), &followed);
        }
        if is_due {
            let ticked = follower.tick();
            tell(follower.as_ref(), &ticked);
            match ticked {
                Ok(()) | Err(RecordError::Io { .. }) => {} // tried again at the next tick
                Err(error) => return status.stop(format!("{}: {error}", follower.name())),
            }
        }
    }
}

/// The sealer as a follower.
pub(crate) struct SealFollower {
    sealer: Sealer,
    time_us: Micros,
    next_record: u64,
    position: u64,
    ticks: u32,
    status: Arc<Status>,
}

impl SealFollower {
    pub(crate) fn new(
        sealer: Sealer,
        time_us: Micros,
        next_record: u64,
        status: Arc<Status>,
    ) -> SealFollower {
        status.synced.store(sealer.synced_size(), Ordering::Release);
        SealFollower { sealer, time_us, next_record, position: 0, ticks: 0, status }
    }

    fn seal(&mut self) -> Result<(), RecordError> {
        let sealed = self.sealer.seal(self.time_us);
        self.status.sealed.store(self.sealer.sealed_size(), Ordering::Release);
        sealed
    }

    fn sync(&mut self) -> Result<(), RecordError> {
        self.sealer.sync()?;
        self.status.synced.store(self.sealer.synced_size(), Ordering::Release);
        (self.position, self.ticks) = (self.next_record, 0);
        Ok(())
    }
}

impl Follower for SealFollower {
    fn name(&self) -> &'static str {
        "sealer"
    }

    fn follow(&mut self, batch: &Arc<Sequenced>) -> Result<(), RecordError> {
        self.sealer.follow(batch)?;
        (self.time_us, self.next_record) = (batch.time_us, batch.record + 1);
        Ok(())
    }

    fn tick(&mut self) -> Result<(), RecordError> {
        self.seal()?;
        self.ticks += 1;
        let unsynced = self.sealer.size() - self.sealer.synced_size();
        let asked = self.status.wanted() > self.sealer.synced_size();
        if unsynced >= SYNC_ENTRIES || (unsynced > 0 && (asked || self.ticks >= SYNC_TICKS)) {
            self.sync()?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), RecordError> {
        self.seal()?;
        if self.sealer.size() > self.sealer.synced_size() { self.sync() } else { Ok(()) }
    }

    fn position(&self) -> u64 {
        self.position
    }
}
