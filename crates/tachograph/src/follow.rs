//! The followers of the binary: the store writer, which cuts segments in the background, and the live tail.

use crate::config::StoreLimits;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tacho_merkle::tile::TileReader;
use tacho_record::RecordError;
use tacho_record::recorder::{Follower, Status};
use tacho_record::sealer::TileFolder;
use tacho_record::sequence::Sequenced;
use tacho_store::{Cut, Store, StoreError};
use tokio::sync::{broadcast, watch};

/// Segments are looked through for small neighbours after so many cuts.
const COMPACT_CUTS: u32 = 8;

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
    cutting: Option<JoinHandle<Result<(), StoreError>>>,
    ticks: u32,
    cuts: u32,
}

impl StoreFollower {
    pub(crate) fn new(
        store: Arc<Store>,
        tiles: TileFolder,
        status: Arc<Status>,
        visible: watch::Sender<u64>,
        limits: &StoreLimits,
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
            cuts: 0,
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
            self.cuts += 1;
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
        let (sealed, synced) = (self.status.sealed(), self.status.synced());
        if let Some(cut) = self.frozen.take_if(|cut| cut.range().end <= synced) {
            let (store, tiles) = (Arc::clone(&self.store), self.tiles.clone());
            let compact = self.cuts % COMPACT_CUTS == COMPACT_CUTS - 1;
            self.cutting = Some(std::thread::spawn(move || write(&store, &cut, tiles, sealed, compact)));
        }
        Ok(())
    }
}

/// Writes a cut and, now and then, merges small segments.
fn write(store: &Store, cut: &Cut, tiles: TileFolder, sealed: u64, compact: bool) -> Result<(), StoreError> {
    let reader = TileReader::new(tiles, sealed).map(parking_lot::Mutex::new).ok();
    let leaf = |index| reader.as_ref().and_then(|reader| reader.lock().leaf(index).ok());
    store.commit(cut.write(&leaf)?)?;
    // One merge at a time: appending goes on meanwhile, and the next cut waits behind it.
    if compact {
        store.compact(&leaf)?;
    }
    Ok(())
}

fn join(cutting: JoinHandle<Result<(), StoreError>>) -> Result<(), StoreError> {
    match cutting.join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

impl Drop for StoreFollower {
    fn drop(&mut self) {
        // A cut that is under way holds files open: the folder is free only when it has ended.
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
        while self.store.hot_bytes() > self.hot_bytes / 2 * 5 {
            self.make_room()?;
        }
        self.store.append(batch.record, &batch.batch, &batch.decisions).map_err(told)?;
        self.next_index += batch.entries().count() as u64;
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
        self.cut().map_err(retried)
    }

    fn close(&mut self) -> Result<(), RecordError> {
        self.tick()?;
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

/// Hands every batch to those who watch live. Needs nothing of the journal.
pub(crate) struct TailFollower(pub broadcast::Sender<Arc<Sequenced>>);

impl Follower for TailFollower {
    fn name(&self) -> &'static str {
        "tail"
    }

    fn follow(&mut self, batch: &Arc<Sequenced>) -> Result<(), RecordError> {
        // Nobody watching is no error.
        drop(self.0.send(Arc::clone(batch)));
        Ok(())
    }

    fn tick(&mut self) -> Result<(), RecordError> {
        Ok(())
    }

    fn position(&self) -> u64 {
        u64::MAX
    }
}
