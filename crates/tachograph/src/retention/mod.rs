//! What leaves the store, and when: sections whose time is over, and people who are erased. One operation for both
//! (`docs/guide/retention.md`): text out of segments and journal, the commitment stays, the secret is destroyed.
//!
//! Invariants
//! - One removal at a time.
//! - What is left to do is told by the key ring alone: a secret that has the name of a subject who is being erased, a
//!   period whose time is over. A removal that a crash ended is repeated from its beginning, which changes nothing twice.
//! - The log tells of a removal before the secret is destroyed, never the other way round.

pub(crate) mod expiry;
pub(crate) mod export;
pub(crate) mod holds;
mod removal;
pub(crate) mod schedule;
pub(crate) mod status;
pub(crate) mod subject;

use parking_lot::{Mutex, MutexGuard, RwLock, RwLockReadGuard};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tacho_event::record::Batch;
use tacho_event::words::Class;
use tacho_ingest::classify::Classes;
use tacho_merkle::commit::TagKey;
use tacho_record::RecordError;
use tacho_record::recorder::Full;

/// Events that were accepted with a secret that has another name since are refused for so long; their senders come again.
/// No request takes longer from accept to the recorder's queue.
const WATCHED: Duration = Duration::from_secs(600);

/// How long everything is kept.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Schedule {
    /// Hours between two runs; 0 switches them off.
    pub every_hours: u64,
    /// Seconds from the start to the first one.
    pub first_after_seconds: u64,
    /// Age up to which events are hot: small files, as they were cut.
    pub hot_days: u32,
    /// Age up to which they are warm: files are merged; older ones are cold.
    pub warm_days: u32,
    /// Age at which section `who` expires.
    pub personal_days: std::num::NonZeroU32,
}

impl Default for Schedule {
    fn default() -> Self {
        let personal_days = std::num::NonZeroU32::new(30).expect("30 is not zero");
        Schedule { every_hours: 24, first_after_seconds: 120, hot_days: 7, warm_days: 30, personal_days }
    }
}

/// How long each kind of section is kept, days.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ages {
    pub hot: u32,
    pub warm: u32,
    pub personal: u32,
    classes: [u32; Class::ALL.len()],
}

impl Ages {
    pub(crate) fn new(schedule: &Schedule, classes: &Classes) -> Ages {
        let days = |class| classes.rule(class).retention_days;
        Ages {
            hot: schedule.hot_days,
            warm: schedule.warm_days,
            personal: schedule.personal_days.get(),
            classes: [days(Class::Critical), days(Class::HighPriority), days(Class::Standard)],
        }
    }

    pub(crate) fn of(&self, class: Class) -> u32 {
        self.classes[usize::from(class.code()) - 1]
    }
}

/// What was removed since the start.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub runs: AtomicU64,
    pub failed_runs: AtomicU64,
    pub periods: AtomicU64,
    pub expired_entries: AtomicU64,
    pub subjects: AtomicU64,
    pub erased_entries: AtomicU64,
}

/// What a batch is refused with that was accepted before its subject was erased.
pub(crate) fn left() -> RecordError {
    let source = std::io::Error::other("a person whose events these are is being erased: send them again");
    RecordError::Io { doing: "cannot record to", path: "wal".into(), source }
}

type Watched = Vec<(TagKey, Instant)>;

/// Keeps subjects from leaving while it lives.
pub(crate) struct Admitted<'r>(#[expect(dead_code, reason = "it is held")] RwLockReadGuard<'r, Watched>);

/// Removals of one node.
pub(crate) struct Removals {
    pub ages: Ages,
    pub counts: Counts,
    one: Mutex<()>,
    stopped: AtomicBool,
    watched: RwLock<Watched>,
}

impl Removals {
    pub(crate) fn new(ages: Ages) -> Removals {
        let (counts, one, stopped, watched) = Default::default();
        Removals { ages, counts, one, stopped, watched }
    }

    /// Ends what is under way, soon; it goes on with the next start.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// No removal runs while the answer is held.
    pub(crate) fn pause(&self) -> MutexGuard<'_, ()> {
        self.one.lock()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Lets batches pass into the recorder's queue while the answer is held: none of them belongs to somebody who is
    /// being erased.
    ///
    /// # Errors
    /// [`Full`]: sent again, they are accepted with a new secret.
    pub(crate) fn admit(&self, batches: &[Batch]) -> Result<Admitted<'_>, Full> {
        let watched = self.watched.read();
        let recent: Vec<&TagKey> =
            watched.iter().filter(|(_, since)| since.elapsed() < WATCHED).map(|(key, _)| key).collect();
        let is_theirs = |batch: &Batch| {
            batch.heads().flatten().any(|head| {
                head.header
                    .subject
                    .is_some_and(|tag| recent.iter().any(|key| key.tag(&head.header.id.0) == tag))
            })
        };
        if !recent.is_empty() && batches.iter().any(is_theirs) {
            return Err(Full);
        }
        Ok(Admitted(watched))
    }

    /// From here on events of this subject are refused; `rename` is done before any other is asked about.
    fn watch<T>(&self, secret: &[u8; 32], rename: impl FnOnce() -> T) -> T {
        let mut watched = self.watched.write();
        watched.retain(|(_, since)| since.elapsed() < WATCHED);
        watched.push((TagKey::new(secret), Instant::now()));
        rename()
    }
}

#[cfg(test)]
mod tests;
