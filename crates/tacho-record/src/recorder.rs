//! The recorder: one thread that writes the journal for all senders, and the followers that read behind it.
//!
//! Invariants
//! - A job is answered after the sync of its group, or refused whole.
//! - New secrets of the key ring are durable before the group that uses them.
//! - Every follower sees every batch once, in order. A follower that is slow slows the recorder down, through
//!   its bounded queue; the recorder's own bounded queue then refuses senders.
//! - The journal is released at the lowest position of all followers, file by file.

pub use crate::follow::{Follower, TICK};
pub use crate::status::{FollowerStatus, Status, TIMES_US, Times};

use crate::error::RecordError;
use crate::follow::{SealFollower, follow, tick};
use crate::keyring::KeyRing;
use crate::log::{Lock, Log};
use crate::queue::{Feeder, queue};
use crate::sequence::{Receipt, Sequenced};
use crate::status::lock;
use crate::writer::Writer;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::Duration;
use tacho_event::record::Batch;
use tacho_event::time::Micros;

/// Jobs that may wait for the recorder.
pub const QUEUE_JOBS: usize = 4096;
/// Bytes of batches that may wait for the recorder.
pub const QUEUE_BYTES: usize = 64 << 20;
/// A group is closed when it has grown past this, bytes.
const GROUP_BYTES: usize = 4 << 20;

/// The recorder's clock; handed in, because the wall clock belongs to the binary.
pub type Clock = fn() -> Micros;

/// Told when a job is durable, or refused.
pub type Answer = Box<dyn FnOnce(Result<Vec<Receipt>, Arc<RecordError>>) + Send>;

struct Job {
    batches: Vec<Batch>,
    bytes: usize,
    answer: Answer,
}

/// The queue is full: nothing was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the recorder's queue is full: send again later")]
pub struct Full;

/// Hands in batches for a thread that the recorder waits for when it ends, such as one of a follower: it keeps the
/// recorder from nothing.
#[derive(Clone)]
pub struct Submitter {
    jobs: Weak<SyncSender<Job>>,
    status: Arc<Status>,
}

impl Submitter {
    /// See [`Recorder::submit`].
    ///
    /// # Errors
    /// [`Full`] as there, and when the recorder ends.
    pub fn submit(&self, batches: Vec<Batch>, answer: Answer) -> Result<(), Full> {
        submit(self.jobs.upgrade().as_deref(), &self.status, batches, answer)
    }

    /// Whether the recorder takes batches no more.
    pub fn is_closed(&self) -> bool {
        self.jobs.strong_count() == 0 || self.status.stopped().is_some()
    }
}

/// The handle of a running recorder. Dropping it records what waits, seals and stops.
pub struct Recorder {
    jobs: Option<Arc<SyncSender<Job>>>,
    status: Arc<Status>,
    threads: Vec<JoinHandle<()>>,
    ticks: Sender<()>,
    _lock: Lock,
}

impl Recorder {
    /// Takes over a recovered log; `followers` have seen everything that is on it, and may look at `status`. They
    /// are woken `every` so often, and as often a checkpoint is signed.
    pub fn start(
        log: Log,
        keys: Arc<Mutex<KeyRing>>,
        clock: Clock,
        status: Arc<Status>,
        every: Duration,
        followers: Vec<Box<dyn Follower>>,
    ) -> Recorder {
        let Log { writer, sealer, lock, poison } = log;
        if let Some(why) = poison.into_why() {
            status.stop(why);
        }
        status.size.store(writer.size(), Ordering::Release);
        status.set_remembers(writer.remembers());
        status.sealed.store(sealer.sealed_size(), Ordering::Release);
        status.set_closed(writer.closed());
        let (time_us, next_record) = (writer.time_us(), writer.next_record());
        let seal = SealFollower::new(sealer, time_us, next_record, Arc::clone(&status));
        let (mut threads, mut feeders, mut wakers) = (Vec::new(), Vec::new(), Vec::new());
        for follower in std::iter::once(Box::new(seal) as Box<dyn Follower>).chain(followers) {
            let (feeder, waker, feed) = queue();
            feeders.push(feeder);
            wakers.push(waker);
            let place = {
                let mut all = self::lock(&status.followers);
                all.push(FollowerStatus {
                    name: follower.name(),
                    position: follower.position(),
                    fault: None,
                });
                all.len() - 1
            };
            let status = Arc::clone(&status);
            threads.push(std::thread::spawn(move || follow(follower, &feed, place, &status)));
        }
        let (stop_ticks, ticks) = channel();
        threads.push(std::thread::spawn(move || tick(every, &ticks, &wakers)));
        let (jobs, waiting) = sync_channel(QUEUE_JOBS);
        let mut hand = Hand { writer, keys, clock, feeders, status: Arc::clone(&status) };
        threads.push(std::thread::spawn(move || hand.run(&waiting)));
        Recorder { jobs: Some(Arc::new(jobs)), status, threads, ticks: stop_ticks, _lock: lock }
    }

    /// Hands in batches; `answer` is called when all of them are durable.
    ///
    /// # Errors
    /// [`Full`] when too much waits already; `answer` is not called then.
    pub fn submit(&self, batches: Vec<Batch>, answer: Answer) -> Result<(), Full> {
        submit(self.jobs.as_deref(), &self.status, batches, answer)
    }

    /// The same for a thread that this recorder waits for when it is dropped.
    pub fn submitter(&self) -> Submitter {
        let jobs = self.jobs.as_ref().map(Arc::downgrade).unwrap_or_default();
        Submitter { jobs, status: Arc::clone(&self.status) }
    }

    /// Has the journal close its file, so that everything recorded so far is released to the last byte, as an erasure
    /// needs it: when `answer` is called the file is closed, and [`Status::closed`] tells up to which record. The
    /// files go when every follower is past them; looked at with each group, and with each call of this.
    ///
    /// # Errors
    /// [`Full`] as [`Recorder::submit`]; the file is closed with the next group then.
    pub fn turn_over(&self, answer: Answer) -> Result<(), Full> {
        self.status.turn_over.store(true, Ordering::Release);
        self.submit(Vec::new(), answer)
    }

    pub fn status(&self) -> &Arc<Status> {
        &self.status
    }
}

fn submit(
    jobs: Option<&SyncSender<Job>>,
    status: &Status,
    batches: Vec<Batch>,
    answer: Answer,
) -> Result<(), Full> {
    let bytes = batches.iter().map(|batch| batch.bytes().len()).sum();
    let waiting = status.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
    // One job larger than the whole queue is still taken when nothing else waits.
    let job = Job { batches, bytes, answer };
    let sent = match jobs {
        Some(jobs) if waiting == 0 || waiting + bytes <= QUEUE_BYTES => jobs.try_send(job),
        _ => Err(TrySendError::Full(job)),
    };
    if sent.is_err() {
        status.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        return Err(Full);
    }
    status.queued_jobs.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.jobs = None;
        self.ticks = channel().0;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                self.status.stop("a thread of the recorder panicked".to_string());
            }
        }
    }
}

/// The recorder's own thread.
struct Hand {
    writer: Writer,
    keys: Arc<Mutex<KeyRing>>,
    clock: Clock,
    /// Followers end when these go, with the thread that holds them.
    feeders: Vec<Feeder>,
    status: Arc<Status>,
}

impl Hand {
    fn run(&mut self, queue: &Receiver<Job>) {
        while let Ok(first) = queue.recv() {
            let mut bytes = first.bytes;
            let mut group = vec![first];
            while bytes < GROUP_BYTES
                && let Ok(job) = queue.try_recv()
            {
                bytes += job.bytes;
                group.push(job);
            }
            let jobs = group.len();
            self.record(group);
            self.status.queued_jobs.fetch_sub(jobs, Ordering::Relaxed);
            self.status.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    fn record(&mut self, mut group: Vec<Job>) {
        let counts: Vec<usize> = group.iter().map(|job| job.batches.len()).collect();
        let batches = group.iter_mut().flat_map(|job| job.batches.drain(..)).collect();
        match self.append(batches) {
            Ok(receipts) => {
                let mut receipts = receipts.into_iter();
                for (job, count) in group.into_iter().zip(counts) {
                    (job.answer)(Ok(receipts.by_ref().take(count).collect()));
                }
            }
            Err(error) => {
                if !matches!(error, RecordError::Io { .. } | RecordError::TooLarge { .. }) {
                    self.status.stop(error.to_string());
                }
                let error = Arc::new(error);
                group.into_iter().for_each(|job| (job.answer)(Err(Arc::clone(&error))));
            }
        }
    }

    fn append(&mut self, batches: Vec<Batch>) -> Result<Vec<Receipt>, RecordError> {
        if let Some(why) = self.status.stopped() {
            return Err(RecordError::Poisoned { why });
        }
        if self.status.turn_over.swap(false, Ordering::AcqRel)
            && let Err(error) = self.writer.turn_over()
        {
            self.status.turn_over.store(true, Ordering::Release);
            return Err(error);
        }
        let now_us = (self.clock)();
        lock(&self.keys).sync()?;
        // A group of nothing needs no sync.
        let sequenced = match batches.is_empty() {
            true => Vec::new(),
            false => {
                let sequenced = self.writer.append(now_us, batches)?;
                let took_us = (self.clock)().saturating_sub(now_us);
                self.status.groups().note(took_us.max(0).unsigned_abs());
                sequenced
            }
        };
        let receipts = sequenced.iter().map(Sequenced::receipt).collect();
        self.status.size.store(self.writer.size(), Ordering::Release);
        self.status.set_remembers(self.writer.remembers());
        for batch in sequenced {
            let batch = Arc::new(batch);
            // A follower that has gone has stopped the recorder already; this group is durable all the same.
            self.feeders.iter().for_each(|feeder| feeder.put(&batch));
        }
        let positions = self.status.followers().into_iter().map(|follower| follower.position);
        if let Some(lowest) = positions.min() {
            // Space that is freed later is no reason to refuse what was recorded.
            drop(self.writer.release(lowest));
        }
        self.status.set_closed(self.writer.closed());
        Ok(receipts)
    }
}
