//! Sequencing: the pure function that turns the journal's records, in order, into places in the log.
//!
//! Invariants
//! - Depends on nothing but the records before: no clock, no randomness, no configuration, no keys.
//! - Server time never runs backwards, whatever the journal's clock did.
//! - Numbers within a session have no gaps.

use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use tacho_event::entry::Place;
use tacho_event::id::Id;
use tacho_event::record::{Accepted, Batch, Malformed};
use tacho_event::time::Micros;

/// How many newest states are compared with when looking for duplicates.
pub const WINDOW: usize = 10_000_000;

/// What the sequencer decided about one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// On the log at this index.
    Entry { index: u64, place: Place },
    /// Same id and content as an event before: nothing new.
    Duplicate,
}

/// The state between two records.
#[derive(Debug, Default)]
pub struct Sequencer {
    size: u64,
    time_us: Micros,
    sessions: HashMap<Id, u64>,
    /// Fingerprint of (writer, id, revision) to fingerprint of content.
    seen: HashMap<u64, u64>,
    order: VecDeque<u64>,
}

impl Sequencer {
    /// How many entries the log has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Server time of the newest entry.
    pub fn time_us(&self) -> Micros {
        self.time_us
    }

    /// Decides every event of a record, in order.
    ///
    /// # Errors
    /// [`Malformed`] when the batch is not what the journal writes.
    pub fn record(&mut self, batch: &Batch, journal_time_us: Micros) -> Result<Vec<Decision>, Malformed> {
        self.time_us = self.time_us.max(journal_time_us);
        batch.events().map(|event| Ok(self.event(&event?))).collect()
    }

    fn event(&mut self, event: &Accepted<'_>) -> Decision {
        let revision = match event.content {
            // The id was assigned here: there is nothing that it could repeat.
            None => 0,
            Some(content) => match self.revision(event, content) {
                Some(revision) => revision,
                None => return Decision::Duplicate,
            },
        };
        let session_seq = event.header.session.map(|session| {
            let next = self.sessions.entry(session).or_insert(0);
            *next += 1;
            *next - 1
        });
        let index = self.size;
        self.size += 1;
        Decision::Entry { index, place: Place { time_us: self.time_us, session_seq, revision } }
    }

    /// Which state of its id the event is; `None` when it was seen before.
    ///
    /// States chain: each (id, revision) has a slot of its own, so that a retry of any state is recognised.
    fn revision(&mut self, event: &Accepted<'_>, content: u64) -> Option<u32> {
        let mut revision = 0;
        loop {
            let slot = slot(event, revision);
            match self.seen.get(&slot) {
                Some(known) if *known == content => return None,
                Some(_) => revision += 1,
                None => {
                    self.remember(slot, content);
                    return Some(revision);
                }
            }
        }
    }

    fn remember(&mut self, slot: u64, content: u64) {
        if self.order.len() == WINDOW
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.seen.insert(slot, content);
        self.order.push_back(slot);
    }
}

/// Ids are scoped to the credential that wrote them.
fn slot(event: &Accepted<'_>, revision: u32) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(event.header.writer);
    hasher.update(event.header.id.0);
    hasher.update(revision.to_be_bytes());
    let digest = hasher.finalize();
    digest[..8].iter().fold(0, |n, byte| n << 8 | u64::from(*byte))
}
