//! An open data folder, wired: key ring, recorder, store, query engine. Everything that serves or imports uses it.

mod inside;
mod proofs;

use crate::clock::{FreshIds, now_us, random};
use crate::concluded::Concluded;
use crate::config::Config;
use crate::folder::Keys;
use crate::follow::StoreFollower;
use crate::live::{Listener, Live, LiveFollower};
use crate::retention::{Ages, Removals};
use crate::told::Told;
use crate::verify::Check;
use crate::work::Work;
use parking_lot::Mutex;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tacho_event::record::Batch;
use tacho_event::time::Micros;
use tacho_ingest::accept::Sender;
use tacho_ingest::{Ingest, Options, Tally, otlp};
use tacho_merkle::VerifierKey;
use tacho_query::{Engine, Moment};
use tacho_record::keyring::KeyRing;
use tacho_record::log::{Lock, Log, Released};
use tacho_record::recorder::{Answer, Clock, Full, Recorder, Status};
use tacho_record::sealer::TileFolder;
use tacho_record::sequence::{Sequenced, Sequencer, WINDOW};
use tacho_record::{Receipt, RecordError};
use tacho_store::{Snapshot, Store};
use tokio::sync::watch;

/// How long a query waits for the store to have everything that was acknowledged before it.
const CATCH_UP: std::time::Duration = std::time::Duration::from_secs(2);

/// One data folder, recording.
pub(crate) struct Node {
    data: PathBuf,
    verifiers: Vec<VerifierKey>,
    ring: Arc<std::sync::Mutex<KeyRing>>,
    ingest: Arc<Ingest>,
    told: Arc<Told>,
    clock: Clock,
    removals: Removals,
    work: Arc<Work>,
    hot_limit_bytes: usize,
    recorder: Recorder,
    store: Arc<Store>,
    engine: Engine,
    concluded: Arc<Concluded>,
    hung_us: Micros,
    visible: watch::Receiver<u64>,
    live: Arc<Live>,
    last_check: Mutex<Option<Check>>,
}

/// Batches that were handed over.
pub(crate) struct Begun(std::sync::mpsc::Receiver<Result<Vec<Receipt>, Arc<RecordError>>>);

impl Begun {
    /// Waits until they are durable.
    pub(crate) fn wait(self) -> Result<Vec<Receipt>, Arc<RecordError>> {
        self.0
            .recv()
            .unwrap_or_else(|_| Err(Arc::new(RecordError::Poisoned { why: "the recorder went away".into() })))
    }
}

impl Node {
    /// Opens a folder, or starts a new one; recovers what a crash left.
    pub(crate) fn open(data: &Path, config: &Config) -> Result<Node, Box<dyn Error>> {
        Node::open_at(data, config, now_us)
    }

    /// The same by another clock than the machine's.
    pub(crate) fn open_at(data: &Path, config: &Config, clock: Clock) -> Result<Node, Box<dyn Error>> {
        // First of all: nothing may be read or mended while another process writes.
        let lock = Lock::take(data)?;
        let keys = Keys::open(data, config.origin.as_deref())?;
        let ring = Arc::new(std::sync::Mutex::new(keys.ring(data)?));
        // A replay may bring more than the follower lets come together: cuts wait until the recorder runs.
        let options =
            tacho_store::Options { hot_bytes_max: usize::MAX, ..tacho_store::Options::new(keys.origin()) };
        let store = Arc::new(Store::open(data, options)?);
        let log = recover(data, lock, &keys, &store)?;
        let status = Arc::new(Status::default());
        let (concluded, joining) = Concluded::open(data, keys.origin(), &store.snapshot())?;
        let (visible_sender, visible) = watch::channel(store.snapshot().size);
        let live = Arc::<Live>::default();
        let tiles = TileFolder(data.join("log"));
        let ingest = Arc::new(inside::ingest(config, &keys)?);
        let told = Arc::new(Told::new(Arc::clone(&ingest), Arc::clone(&ring), &store, clock));
        store.told_by(Arc::clone(&told) as Arc<dyn tacho_store::Teller>);
        let work = Arc::<Work>::default();
        let writer = StoreFollower::new(
            Arc::clone(&store),
            tiles,
            Arc::clone(&status),
            visible_sender,
            &config.store,
            &work,
        );
        let followers: Vec<Box<dyn tacho_record::recorder::Follower>> =
            vec![Box::new(writer), Box::new(joining), Box::new(LiveFollower(Arc::clone(&live)))];
        let every = std::time::Duration::from_millis(config.seal.milliseconds.max(1));
        let recorder = Recorder::start(log, Arc::clone(&ring), clock, status, every, followers);
        told.start(recorder.submitter());
        let node = Node {
            data: data.to_path_buf(),
            verifiers: keys.verifiers()?,
            ring,
            ingest,
            told,
            clock,
            work,
            hot_limit_bytes: config.store.memory_mb << 20,
            removals: Removals::new(Ages::new(&config.retention, &config.classes)),
            recorder,
            store,
            engine: Engine::new(inside::limits(config))?,
            concluded,
            hung_us: Micros::from(config.actions.hung_minutes) * 60_000_000,
            visible,
            live,
            last_check: Mutex::default(),
        };
        // Edits that were made while nobody recorded. What fails here is tried again, and keeps nobody from reading.
        if let Err(error) = crate::edits::record(&node) {
            tracing::error!(%error, "edits of the catalog could not be put on the log");
        }
        Ok(node)
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.store
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn verifiers(&self) -> &[VerifierKey] {
        &self.verifiers
    }

    pub(crate) fn status(&self) -> &Arc<Status> {
        self.recorder.status()
    }

    /// Puts the segments on the log that it does not have yet.
    pub(crate) fn tell_segments(&self) -> Result<(), tacho_store::StoreError> {
        self.told.all()
    }

    /// Decodes, redacts and commits a body's events; nothing is recorded yet.
    pub(crate) fn ingest(
        &self,
        body: &[u8],
        sender: &Sender<'_>,
        options: &Options<'_>,
    ) -> (Tally, Vec<Batch>) {
        let now = (self.clock)();
        let (mut ids, mut batches) = (FreshIds::at(now), Vec::new());
        let tally =
            self.ingest.body(body, sender, options, now, &mut || ids.next(), &self.ring, &mut batches);
        (tally, batches)
    }

    /// The same for a request of OpenTelemetry.
    pub(crate) fn ingest_otlp(
        &self,
        request: &otlp::Request<'_>,
        sender: &Sender<'_>,
    ) -> Result<(Tally, Vec<Batch>), otlp::Malformed> {
        let now = (self.clock)();
        let (mut ids, mut batches) = (FreshIds::at(now), Vec::new());
        let tally = self.ingest.otlp(request, sender, now, &mut || ids.next(), &self.ring, &mut batches)?;
        Ok((tally, batches))
    }

    pub(crate) fn submit(&self, batches: Vec<Batch>, answer: Answer) -> Result<(), Full> {
        let _admitted = self.removals.admit(&batches)?;
        self.recorder.submit(batches, answer)
    }

    /// Records batches and waits until they are durable, also when the queue is full: for imports.
    pub(crate) fn record(&self, batches: Vec<Batch>) -> Result<Vec<Receipt>, Arc<RecordError>> {
        self.begin(batches)?.wait()
    }

    /// Hands batches over, also when the queue is full; the answer comes later.
    pub(crate) fn begin(&self, batches: Vec<Batch>) -> Result<Begun, Arc<RecordError>> {
        loop {
            if self.removals.admit(&batches).is_err() {
                return Err(Arc::new(crate::retention::left()));
            }
            let (answer, answered) = std::sync::mpsc::channel();
            let done = Box::new(move |receipts| drop(answer.send(receipts)));
            if self.submit(batches.clone(), done).is_ok() {
                return Ok(Begun(answered));
            }
            // Senders over HTTP are told to come back; an import waits by itself.
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// What a query sees now: everything that was acknowledged before the call.
    pub(crate) async fn snapshot(&self) -> Arc<Snapshot> {
        let wanted = self.status().size();
        let mut visible = self.visible.clone();
        // When the store has stopped, or waits for space, the query answers with what there is.
        drop(tokio::time::timeout(CATCH_UP, visible.wait_for(|size| *size >= wanted)).await);
        self.store.snapshot()
    }

    /// The same with what is concluded of its events, for queries.
    pub(crate) async fn moment(&self) -> Moment {
        let wanted = self.status().size();
        let mut position = self.concluded.position();
        drop(tokio::time::timeout(CATCH_UP, position.wait_for(|size| *size >= wanted)).await);
        // In this order: what is shown in the place of another event must be in the snapshot.
        let overlay = self.concluded.overlay();
        let mut visible = self.visible.clone();
        let wanted = wanted.max(overlay.position());
        drop(tokio::time::timeout(CATCH_UP, visible.wait_for(|size| *size >= wanted)).await);
        Moment { overlay, hung_us: self.hung_us, ..Moment::from(self.store.snapshot()) }
    }

    pub(crate) fn concluded(&self) -> &Arc<Concluded> {
        &self.concluded
    }

    /// The same for a thread that may wait: at least the first `size` entries.
    pub(crate) fn snapshot_blocking(&self, size: u64) -> Arc<Snapshot> {
        while self.visible() < size && self.status().stopped().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        self.store.snapshot()
    }

    /// Entries that queries see.
    pub(crate) fn visible(&self) -> u64 {
        self.store.snapshot().size
    }

    /// Hears of every batch from now on: see [`Live::listen`].
    pub(crate) fn listen(&self, bytes_max: usize, waiting: watch::Sender<usize>) -> Listener {
        self.live.listen(bytes_max, waiting)
    }

    pub(crate) fn tiles(&self) -> TileFolder {
        TileFolder(self.data.join("log"))
    }
}

/// The log as the journal has it; what segments do not hold yet goes into the store.
fn recover(data: &Path, lock: Lock, keys: &Keys, store: &Arc<Store>) -> Result<Log, Box<dyn Error>> {
    let released = released(store)?;
    let follow = |batch: &Sequenced| {
        store.append(batch.record, &batch.batch, &batch.decisions).map_err(|error| RecordError::Poisoned {
            why: format!("the store could not take record {}: {error}", batch.record),
        })
    };
    let given = tacho_record::Options::new(random);
    Ok(Log::recover(data, lock, keys.origin(), keys.signers()?, released, given, follow)?)
}

/// What the journal need not hold: the sequencer brought up to it from the segments.
pub(crate) fn released(store: &Store) -> Result<Released, Box<dyn Error>> {
    let mut sequencer = Sequencer::default();
    store.past(u64::from(WINDOW), &mut |past| sequencer.recall(&past))?;
    Ok(Released { next_record: store.position().next_record, sequencer })
}
