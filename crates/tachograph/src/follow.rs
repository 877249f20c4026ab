//! The store writer: the follower that brings events into the store, and cuts and merges segments in the background.

use crate::config::StoreLimits;
use crate::work::Work;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tacho_merkle::tile::TileReader;
use tacho_record::RecordError;
use tacho_record::recorder::{Follower, Status};
use tacho_record::sealer::TileFolder;
use tacho_record::sequence::Sequenced;
use tacho_store::segment::Leaf;
use tacho_store::{Cut, Store, StoreError};
use tokio::sync::watch;

/// Small segments are merged when no more events than this came in since the last tick: it takes a core for a while.
const QUIET_EVENTS: u64 = 2000;
/// So many cuts that nobody merged are merged under load as well: each query opens every segment.
const UNMERGED_MAX: u32 = 18;

/// How long to wait before looking again whether a cut has made room.
const WAIT: Duration = Duration::from_millis(10);

/// How long a cut that is due may keep the program from ending; its events are in the journal anyway.
const CLOSE: Duration = Duration::from_secs(10);

/// The store writer as a follower. Its position is what is in segments.
pub(crate) struct StoreFollower {
    store: Arc<Store>,
    tiles: TileFolder,
    status: Arc<Status>,
    visible: watch::Sender<u64>,
    next_index: u64,
    /// Newest events in memory above which a segment is cut, bytes.
    hot_bytes: usize,
    /// Ticks (seconds) after which they are cut all the same.
    hot_ticks: u32,
    /// Frozen, waiting until its tiles are durable: a recovery starts from them.
    frozen: Option<Cut>,
    cutting: Option<JoinHandle<Result<Option<u64>, StoreError>>>,
    ticks: u32,
    merging: Option<JoinHandle<Result<Option<u64>, StoreError>>>,
    work: Arc<Work>,
    /// Cuts since all neighbours were merged.
    unmerged: u32,
    /// The next index at the last tick.
    ticked_at: u64,
    ending: Arc<AtomicBool>,
}

impl StoreFollower {
    pub(crate) fn new(
        store: Arc<Store>,
        tiles: TileFolder,
        status: Arc<Status>,
        visible: watch::Sender<u64>,
        limits: &StoreLimits,
        work: &Arc<Work>,
    ) -> Self {
        let next_index = store.snapshot().size;
        let (hot_bytes, hot_ticks) = (limits.memory_mb << 20, limits.segment_minutes.saturating_mul(60));
        StoreFollower {
            store,
            tiles,
            status,
            visible,
            next_index,
            hot_bytes,
            hot_ticks,
            frozen: None,
            cutting: None,
            ticks: 0,
            merging: None,
            work: Arc::clone(work),
            unmerged: 0,
            ticked_at: next_index,
            ending: Arc::default(),
        }
    }

    /// Memory is full: waits until a cut has made room. The recorder waits with it, and refuses its senders.
    fn make_room(&mut self) -> Result<(), RecordError> {
        if let Err(error) = self.cut() {
            tracing::warn!(%error, "a segment could not be written; it is tried again");
        }
        if let Some(why) = self.status.stopped() {
            return Err(RecordError::Poisoned { why });
        }
        std::thread::sleep(WAIT);
        Ok(())
    }

    /// Starts a cut when there is reason for one, and goes on with the one that is under way.
    fn cut(&mut self) -> Result<(), StoreError> {
        if self.cutting.as_ref().is_some_and(|cutting| !cutting.is_finished()) {
            return Ok(());
        }
        if let Some(cutting) = self.cutting.take() {
            self.unmerged += 1;
            join(cutting)?;
        }
        let due = self.store.hot_bytes() > self.hot_bytes || self.ticks >= self.hot_ticks;
        if self.frozen.is_none() && due {
            self.frozen = self.store.freeze();
            self.ticks = 0;
        }
        if let Some(cut) = &self.frozen {
            self.status.want_synced(cut.range().end);
        }
        let synced = self.status.synced();
        if let Some(cut) = self.frozen.take_if(|cut| cut.range().end <= synced) {
            let (store, tiles) = (Arc::clone(&self.store), self.tiles.clone());
            let status = Arc::clone(&self.status);
            let work = Arc::clone(&self.work);
            self.cutting = Some(std::thread::spawn(move || {
                work.cuts.count(|| {
                    with_leaves(
                        tiles,
                        || status.sealed(),
                        |leaf| {
                            let written = cut.write(leaf)?;
                            let bytes = written.bytes();
                            store.commit(written).map(|()| Some(bytes))
                        },
                    )
                })
            }));
        }
        Ok(())
    }

    /// Merges small segments, one run at a time, while it is quiet or when there are too many. Cuts go on beside it.
    fn merge(&mut self) -> Result<(), StoreError> {
        if let Some(merging) = self.merging.take_if(|merging| merging.is_finished())
            && join(merging)?.is_none()
        {
            self.unmerged = 0;
        }
        if self.merging.is_some() {
            return Ok(());
        }
        let quiet = self.next_index - self.ticked_at <= QUIET_EVENTS;
        // Small ones may be there without a cut: what an expiry leaves is small, and none were merged while it went through them.
        if self.unmerged >= UNMERGED_MAX || (quiet && self.store.has_mergeable()) {
            let (store, tiles, status) =
                (Arc::clone(&self.store), self.tiles.clone(), Arc::clone(&self.status));
            let ending = Arc::clone(&self.ending);
            let work = Arc::clone(&self.work);
            self.merging = Some(std::thread::spawn(move || {
                let stopped = || ending.load(Ordering::Relaxed);
                work.merges.count(|| {
                    with_leaves(tiles, || status.sealed(), |leaf| store.compact_unless(leaf, &stopped))
                })
            }));
        }
        Ok(())
    }
}

/// Hands the leaf hashes of the tree to what writes segments. The tree grows meanwhile, and so do the segments that are
/// written: `sealed` is asked again for an entry beyond what it said before.
pub(crate) fn with_leaves<T>(
    tiles: TileFolder,
    sealed: impl Fn() -> u64,
    write: impl FnOnce(Leaf<'_>) -> T,
) -> T {
    let reader: Mutex<Option<(TileReader<TileFolder>, u64)>> = Mutex::new(None);
    write(&|index| {
        let mut reader = reader.lock();
        if reader.as_ref().is_none_or(|(_, size)| index >= *size) {
            let size = sealed();
            *reader = Some((TileReader::new(tiles.clone(), size).ok()?, size));
        }
        reader.as_mut()?.0.leaf(index).ok()
    })
}

fn join<T>(writing: JoinHandle<Result<T, StoreError>>) -> Result<T, StoreError> {
    match writing.join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

impl Drop for StoreFollower {
    fn drop(&mut self) {
        // What is under way holds files open: the folder is free only when it has ended.
        self.ending.store(true, Ordering::Relaxed);
        if let Some(Err(error)) = self.merging.take().map(join)
            && !matches!(error, StoreError::Stopped)
        {
            tracing::warn!(%error, "segments could not be merged");
        }
        if let Some(Err(error)) = self.cutting.take().map(join) {
            tracing::warn!(%error, "a segment could not be written; its events are still in the journal");
        }
    }
}

impl Follower for StoreFollower {
    fn name(&self) -> &'static str {
        "store"
    }

    fn follow(&mut self, batch: &Arc<Sequenced>) -> Result<(), RecordError> {
        while self.store.hot_bytes() > 2 * self.hot_bytes {
            self.make_room()?;
        }
        self.store.append(batch.record, &batch.batch, &batch.decisions).map_err(told)?;
        self.next_index += u64::from(batch.receipt().accepted);
        self.visible.send_replace(self.next_index);
        // Under full load there is no idle tick: look at the bound with each batch. What fails is tried again
        // at the next tick, and told there.
        if self.store.hot_bytes() > self.hot_bytes
            && let Err(error) = self.cut()
        {
            tracing::warn!(%error, "a segment could not be written; it is tried again");
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<(), RecordError> {
        self.ticks += 1;
        let done = self.cut().and_then(|()| self.merge());
        self.ticked_at = self.next_index;
        done.map_err(retried)
    }

    fn close(&mut self) -> Result<(), RecordError> {
        self.ending.store(true, Ordering::Relaxed);
        self.ticks += 1;
        self.cut().map_err(retried)?;
        // A cut that is due still waits for the sealer, which is closing too and syncs its last tiles now.
        let end = Instant::now() + CLOSE;
        while self.frozen.is_some() && self.status.stopped().is_none() && Instant::now() < end {
            std::thread::sleep(WAIT);
            self.cut().map_err(retried)?;
        }
        Ok(())
    }

    fn position(&self) -> u64 {
        self.store.position().next_record
    }
}

/// An error of appending: the follower missed a batch, so the recorder must stop.
fn told(error: StoreError) -> RecordError {
    RecordError::Poisoned { why: format!("the store could not take a batch: {error}") }
}

/// An error of cutting: tried again at the next tick, unless bytes were found changed.
fn retried(error: StoreError) -> RecordError {
    match error {
        StoreError::Io { doing, path, source } => RecordError::Io { doing, path, source },
        StoreError::Leaf { .. } | StoreError::Changed { .. } | StoreError::CatalogDamaged { .. } => {
            RecordError::Poisoned { why: error.to_string() }
        }
        other => RecordError::Io {
            doing: "cannot write a segment in",
            path: "segments".into(),
            source: std::io::Error::other(other.to_string()),
        },
    }
}
