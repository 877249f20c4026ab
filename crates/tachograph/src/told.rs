//! Segment files, put on the log: whoever changes one later must change the log, too. `verify` compares them.
//!
//! Invariants
//! - All files that the log does not have yet are told together, in one record: below the last entry that it tells
//!   of, the log has every listed file.
//! - A file that takes the place of others is told before it is listed.

use crate::clock::FreshIds;
use crate::edits::OWN;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, OnceLock, Weak, mpsc};
use std::time::Duration;
use tacho_ingest::{Ingest, Options};
use tacho_merkle::Hash;
use tacho_record::keyring::KeyRing;
use tacho_record::recorder::{Clock, Submitter};
use tacho_store::{SegmentFile, Store, StoreError, Teller};

/// How long to wait when the recorder's queue is full.
const WAIT: Duration = Duration::from_millis(20);

/// Tells the log of segments.
pub(crate) struct Told {
    ingest: Arc<Ingest>,
    ring: Arc<std::sync::Mutex<KeyRing>>,
    /// The store holds this.
    store: Weak<Store>,
    clock: Clock,
    recorder: OnceLock<Submitter>,
    /// Digests that the log has. After a start each is told once more, and is a duplicate, or a later state without the
    /// names of files that are no more. Locked while telling.
    known: Mutex<HashSet<[u8; 32]>>,
}

impl Told {
    pub(crate) fn new(
        ingest: Arc<Ingest>,
        ring: Arc<std::sync::Mutex<KeyRing>>,
        store: &Arc<Store>,
        clock: Clock,
    ) -> Told {
        let store = Arc::downgrade(store);
        Told { ingest, ring, store, clock, recorder: OnceLock::new(), known: Mutex::default() }
    }

    /// From here on there is a recorder to tell.
    pub(crate) fn start(&self, recorder: Submitter) {
        drop(self.recorder.set(recorder));
    }

    /// Tells of all listed files. When this returns, the log has them durably.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when the recorder ends, [`StoreError::Untold`] when it refuses.
    pub(crate) fn all(&self) -> Result<(), StoreError> {
        self.tell(&[], &[])
    }

    /// Tells of all listed files once more, because what told of them expires: `reason` names the expiry, so that it is
    /// told once.
    ///
    /// # Errors
    /// As [`Told::all`].
    pub(crate) fn again(&self, reason: &str) -> Result<(), StoreError> {
        self.all()?;
        let snapshot = self.store.upgrade().ok_or(StoreError::Stopped)?.snapshot();
        let lines = snapshot.segments.iter().map(|segment| {
            // It takes its own place: without saying so it would look like a file that somebody put there.
            let mut event = event(segment, &[name(segment)]);
            event["id"] = format!("segment/{}/{reason}", Hash::new(segment.digest)).into();
            event.to_string() + "\n"
        });
        self.record(lines.collect::<String>().as_bytes())
    }

    fn record(&self, lines: &[u8]) -> Result<(), StoreError> {
        let recorder = self.recorder.get().ok_or(StoreError::Stopped)?;
        let now = (self.clock)();
        let (mut ids, mut batches) = (FreshIds::at(now), Vec::new());
        let (options, mut fresh) = (Options::default(), || ids.next());
        let tally = self.ingest.body(lines, &OWN, &options, now, &mut fresh, &self.ring, &mut batches);
        if let Some(refused) = tally.refused.first() {
            return Err(StoreError::Untold(refused.reason.to_string()));
        }
        loop {
            let (answer, answered) = mpsc::channel();
            let done =
                Box::new(move |receipts: Result<Vec<_>, Arc<_>>| drop(answer.send(receipts.map(drop))));
            if recorder.submit(batches.clone(), done).is_ok() {
                let told = answered.recv().map_err(|_| StoreError::Stopped)?;
                return told.map_err(|error| StoreError::Untold(error.to_string()));
            }
            if recorder.is_closed() {
                return Err(StoreError::Stopped);
            }
            std::thread::sleep(WAIT);
        }
    }
}

impl Teller for Told {
    fn tell(&self, old: &[Arc<SegmentFile>], new: &[Arc<SegmentFile>]) -> Result<(), StoreError> {
        let mut known = self.known.lock();
        let snapshot = self.store.upgrade().ok_or(StoreError::Stopped)?.snapshot();
        let replaced: Vec<String> = old.iter().map(|segment| name(segment)).collect();
        let listed = snapshot.segments.iter().map(|segment| (segment, [].as_slice()));
        let all = listed.chain(new.iter().map(|segment| (segment, replaced.as_slice())));
        let untold: Vec<_> = all.filter(|(segment, _)| !known.contains(&segment.digest)).collect();
        if untold.is_empty() {
            return Ok(());
        }
        let lines: String =
            untold.iter().map(|(segment, replaced)| event(segment, replaced).to_string() + "\n").collect();
        self.record(lines.as_bytes())?;
        known.extend(untold.iter().map(|(segment, _)| segment.digest));
        Ok(())
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").finish_non_exhaustive()
    }
}

fn name(segment: &SegmentFile) -> String {
    segment.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A file that takes the place of others names them: one that is told of without, where the log has others already, was
/// put there by somebody else.
fn event(segment: &SegmentFile, replaced: &[String]) -> serde_json::Value {
    let digest = Hash::new(segment.digest).to_string();
    serde_json::json!({
        "id": format!("segment/{digest}"),
        "agent": {"id": "tachograph"},
        "action": {"type": "audit", "name": "segment_written"},
        // Kept longest: while the file is there, the log must tell what it is.
        "class": "critical",
        "level": "INFO",
        "outcome": {"status": "success", "result": {
            "file": name(segment), "replaces": replaced, "sha256": digest, "bytes": segment.bytes,
            "rows": segment.rows, "first_index": segment.first, "last_index": segment.last,
        }},
    })
}
