//! What the recorder tells about itself, to anyone, while it runs.
//!
//! Locks: each holds plain values for the time of one look or change.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Upper bounds of the buckets of [`Times`], microseconds.
pub const TIMES_US: [u64; 13] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// How long something took, counted by size.
#[derive(Debug, Default)]
pub struct Times {
    /// One for each bound, and one for what is above all of them.
    buckets: [AtomicU64; TIMES_US.len() + 1],
    sum_us: AtomicU64,
}

impl Times {
    pub fn note(&self, took_us: u64) {
        let at = TIMES_US.iter().position(|bound| took_us <= *bound).unwrap_or(TIMES_US.len());
        self.buckets[at].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    /// How many took up to each bound, then all of them.
    pub fn counts(&self) -> [u64; TIMES_US.len() + 1] {
        let mut sum = 0;
        std::array::from_fn(|at| {
            sum += self.buckets[at].load(Ordering::Relaxed);
            sum
        })
    }

    /// All together, microseconds.
    pub fn sum_us(&self) -> u64 {
        self.sum_us.load(Ordering::Relaxed)
    }
}

/// A follower as others see it.
#[derive(Debug, Clone)]
pub struct FollowerStatus {
    pub name: &'static str,
    pub position: u64,
    /// What the last tick failed with.
    pub fault: Option<String>,
}

/// What the recorder tells about itself.
#[derive(Debug, Default)]
pub struct Status {
    pub(crate) size: AtomicU64,
    pub(crate) sealed: AtomicU64,
    pub(crate) synced: AtomicU64,
    wanted: AtomicU64,
    pub(crate) turn_over: AtomicBool,
    /// First record in a closed file of the journal, and first behind them.
    closed: Mutex<Range<u64>>,
    known_states: AtomicUsize,
    known_sessions: AtomicUsize,
    pub(crate) queued_jobs: AtomicUsize,
    pub(crate) queued_bytes: AtomicUsize,
    groups: Times,
    stopped: Mutex<Option<String>>,
    pub(crate) followers: Mutex<Vec<FollowerStatus>>,
}

impl Status {
    /// Entries on the log.
    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    /// Entries that the published checkpoint covers.
    pub fn sealed(&self) -> u64 {
        self.sealed.load(Ordering::Acquire)
    }

    /// Entries whose tiles are durable: only these may leave the journal for a store, because a recovery starts
    /// from the tiles of what the store holds.
    pub fn synced(&self) -> u64 {
        self.synced.load(Ordering::Acquire)
    }

    /// Asks the sealer to make the tiles of the first `size` entries durable soon.
    pub fn want_synced(&self, size: u64) {
        self.wanted.fetch_max(size, Ordering::AcqRel);
    }

    pub(crate) fn wanted(&self) -> u64 {
        self.wanted.load(Ordering::Acquire)
    }

    /// Records in closed files of the journal, which are deleted when every follower is past them.
    pub fn closed(&self) -> Range<u64> {
        lock(&self.closed).clone()
    }

    pub(crate) fn set_closed(&self, closed: Range<u64>) {
        *lock(&self.closed) = closed;
    }

    /// How long groups took until they were durable: written and synced, new secrets before them.
    pub fn groups(&self) -> &Times {
        &self.groups
    }

    /// States that duplicates are known by, and sessions that are numbered.
    pub fn remembers(&self) -> (usize, usize) {
        (self.known_states.load(Ordering::Relaxed), self.known_sessions.load(Ordering::Relaxed))
    }

    pub(crate) fn set_remembers(&self, (states, sessions): (usize, usize)) {
        self.known_states.store(states, Ordering::Relaxed);
        self.known_sessions.store(sessions, Ordering::Relaxed);
    }

    /// Jobs and bytes that wait.
    pub fn queued(&self) -> (usize, usize) {
        (self.queued_jobs.load(Ordering::Relaxed), self.queued_bytes.load(Ordering::Relaxed))
    }

    /// Why the recorder refuses everything until the folder is opened again.
    pub fn stopped(&self) -> Option<String> {
        lock(&self.stopped).clone()
    }

    pub fn followers(&self) -> Vec<FollowerStatus> {
        lock(&self.followers).clone()
    }

    pub(crate) fn stop(&self, why: String) {
        lock(&self.stopped).get_or_insert(why);
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Plain values: a panic elsewhere leaves them whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
