//! Sequencing: the pure function that turns the journal's records, in order, into places in the log.
//!
//! Invariants
//! - Depends on nothing but the records before: no clock, no randomness, no configuration, no keys.
//! - Server time never runs backwards, whatever the journal's clock did.
//! - Numbers within a session have no gaps.

use crate::known::Known;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use tacho_event::entry::Place;
use tacho_event::id::Id;
use tacho_event::record::{Accepted, Batch, Head, Malformed};
use tacho_event::time::Micros;

/// How many newest states are compared with when looking for duplicates.
pub const WINDOW: u32 = 10_000_000;

/// What the sequencer decided about one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// On the log at this index.
    Entry { index: u64, place: Place },
    /// Same id and content as an event before: nothing new.
    Duplicate,
}

/// A batch with its places: what followers read, in order.
#[derive(Debug)]
pub struct Sequenced {
    /// Number of the journal's record.
    pub record: u64,
    pub batch: Batch,
    /// One for each event of the batch.
    pub decisions: Vec<Decision>,
    /// Server time of the log after this batch.
    pub time_us: Micros,
}

impl Sequenced {
    /// The events that are on the log, with index and place.
    ///
    /// # Panics
    /// Never for a batch that was sequenced: every event of it was read then.
    pub fn entries(&self) -> impl Iterator<Item = (u64, Place, Accepted<'_>)> {
        self.placed(self.batch.events())
    }

    /// The same without their sections, which costs a third.
    ///
    /// # Panics
    /// As [`Sequenced::entries`].
    pub fn heads(&self) -> impl Iterator<Item = (u64, Place, Head<'_>)> {
        self.placed(self.batch.heads())
    }

    fn placed<T>(
        &self,
        events: impl Iterator<Item = Result<T, Malformed>>,
    ) -> impl Iterator<Item = (u64, Place, T)> {
        events.zip(&self.decisions).filter_map(|(event, decision)| match decision {
            Decision::Entry { index, place } => {
                Some((*index, *place, event.expect("a sequenced batch was read before")))
            }
            Decision::Duplicate => None,
        })
    }

    /// What the sender is told.
    pub fn receipt(&self) -> Receipt {
        let indexes = self.decisions.iter().filter_map(|decision| match decision {
            Decision::Entry { index, .. } => Some(*index),
            Decision::Duplicate => None,
        });
        let (mut accepted, mut range) = (0, None);
        for index in indexes {
            accepted += 1;
            range = Some((range.map_or(index, |(first, _)| first), index));
        }
        Receipt { accepted, duplicates: self.decisions.len() as u32 - accepted, range }
    }
}

/// The answer to an append: every event of the batch is durable and has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    pub accepted: u32,
    pub duplicates: u32,
    /// First and last index of the accepted events; `None` when all were duplicates.
    pub range: Option<(u64, u64)>,
}

/// An entry that is no longer in the journal, as far as sequencing must know it.
#[derive(Debug, Clone, Copy)]
pub struct Past {
    pub index: u64,
    pub time_us: Micros,
    pub session: Option<(Id, u64)>,
    /// `None` when the id was assigned here, or lies further back than [`WINDOW`] states.
    pub state: Option<PastState>,
}

/// By what a duplicate of the entry is known.
#[derive(Debug, Clone, Copy)]
pub struct PastState {
    pub writer: [u8; 8],
    pub id: Id,
    pub revision: u32,
    pub content: u64,
}

/// The state between two records.
#[derive(Debug)]
pub struct Sequencer {
    size: u64,
    time_us: Micros,
    sessions: HashMap<Id, u64>,
    known: Known,
}

impl Default for Sequencer {
    fn default() -> Sequencer {
        Sequencer { size: 0, time_us: 0, sessions: HashMap::new(), known: Known::new(WINDOW) }
    }
}

impl Sequencer {
    /// How many entries the log has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many states duplicates are known by, at most [`WINDOW`], and how many sessions are numbered.
    pub fn remembers(&self) -> (usize, usize) {
        (self.known.len(), self.sessions.len())
    }

    /// Server time of the newest entry.
    pub fn time_us(&self) -> Micros {
        self.time_us
    }

    /// Takes back an entry that was sequenced before and released from the journal. Call it in index order.
    pub fn recall(&mut self, past: &Past) {
        self.size = past.index + 1;
        self.time_us = self.time_us.max(past.time_us);
        if let Some((session, seq)) = past.session {
            self.sessions.insert(session, seq + 1);
        }
        if let Some(PastState { writer, id, revision, content }) = &past.state {
            let slot = slot(writer, id, *revision);
            if self.known.get(slot).is_none() {
                self.known.insert(slot, *content);
            }
        }
    }

    /// Decides every event of a record, in order.
    ///
    /// # Errors
    /// [`Malformed`] when the batch is not what the journal writes.
    pub fn record(&mut self, batch: &Batch, journal_time_us: Micros) -> Result<Vec<Decision>, Malformed> {
        self.time_us = self.time_us.max(journal_time_us);
        batch.heads().map(|head| Ok(self.event(&head?))).collect()
    }

    fn event(&mut self, event: &Head<'_>) -> Decision {
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
    /// States chain: each (id, revision) has a slot of its own, so that a retry of any state is recognised, also of one
    /// that an earlier version remembered by the former fingerprint.
    fn revision(&mut self, event: &Head<'_>, content: u64) -> Option<u32> {
        let mut revision = 0;
        loop {
            let slot = slot(&event.header.writer, &event.header.id, revision);
            match self.known.get(slot) {
                Some(known) if known == content || event.former == Some(known) => return None,
                Some(_) => revision += 1,
                None => {
                    self.known.insert(slot, content);
                    return Some(revision);
                }
            }
        }
    }
}

/// Ids are scoped to the credential that wrote them.
fn slot(writer: &[u8; 8], id: &Id, revision: u32) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(writer);
    hasher.update(id.0);
    hasher.update(revision.to_be_bytes());
    let digest = hasher.finalize();
    digest[..8].iter().fold(0, |n, byte| n << 8 | u64::from(*byte))
}
