//! The overlay: what is known of events beside what they say, by index.
//!
//! Invariants
//! - A copy is cheap and never changes: chunks are shared until they are written to.
//! - `is_empty` and `changes` are exact, for queries leave out what has no effect.

use crate::entry::{Entry, Record};
use crate::{Figure, Malformed};
use std::collections::btree_map::Entry as MapEntry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tacho_event::id::Id;

/// Indexes in one chunk.
pub const CHUNK_ROWS: u64 = 4096;
const WORDS: usize = CHUNK_ROWS as usize / 64;

/// Entries of neighbouring indexes.
#[derive(Debug, Clone)]
struct Chunk {
    /// Which indexes have an entry, and which of these are hidden.
    known: [u64; WORDS],
    hidden: [u64; WORDS],
    entries: BTreeMap<u16, Entry>,
}

impl Default for Chunk {
    fn default() -> Chunk {
        Chunk { known: [0; WORDS], hidden: [0; WORDS], entries: BTreeMap::new() }
    }
}

/// How many shown events differ from themselves, by what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    pub hidden: u64,
    pub shown: u64,
    pub outcomes: u64,
    pub sessions: u64,
    pub agents: u64,
    pub names: u64,
    pub calls: u64,
    pub figures: [u64; Figure::ALL.len()],
}

/// Between which indexes something lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub first: u64,
    pub last: u64,
    count: u64,
}

impl Range {
    /// From the first of both to the last.
    pub fn with(self, other: Range) -> Range {
        let count = self.count.saturating_add(other.count);
        Range { first: self.first.min(other.first), last: self.last.max(other.last), count }
    }
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    chunks: BTreeMap<u64, Arc<Chunk>>,
    dirty: BTreeSet<u64>,
    changes: Changes,
    /// Where events lie that inherit a session or an agent.
    sessions: Arc<BTreeMap<Id, Range>>,
    agents: Arc<BTreeMap<String, Range>>,
    /// Entries of the log that were looked at.
    position: u64,
}

impl Overlay {
    /// How much of the log it is about.
    pub fn position(&self) -> u64 {
        self.position
    }

    pub fn set_position(&mut self, position: u64) {
        self.position = position;
    }

    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Whether every event stands for itself.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub fn entry(&self, index: u64) -> Option<&Entry> {
        let chunk = self.chunks.get(&(index / CHUNK_ROWS))?;
        chunk.entries.get(&((index % CHUNK_ROWS) as u16))
    }

    pub fn record(&self, index: u64) -> Option<&Record> {
        match self.entry(index)? {
            Entry::Shown(record) => Some(record),
            Entry::Hidden { .. } => None,
        }
    }

    /// Whether some index of this range has an entry.
    pub fn touches(&self, first: u64, last: u64) -> bool {
        self.chunks.range(first / CHUNK_ROWS..=last / CHUNK_ROWS).next().is_some()
    }

    /// For many look-ups near each other.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor { overlay: self, number: u64::MAX, chunk: None }
    }

    /// Where events inherit this session.
    pub fn heirs_of_session(&self, session: &Id) -> Option<Range> {
        self.sessions.get(session).copied()
    }

    /// Where events inherit this agent, or are told of by it first.
    pub fn heirs_of_agent(&self, agent: &str) -> Option<Range> {
        self.agents.get(agent).copied()
    }

    /// Writes what is known of an event; nothing when it stands for itself.
    pub fn set(&mut self, index: u64, entry: Option<Entry>) {
        if self.entry(index) == entry.as_ref() {
            return;
        }
        let number = index / CHUNK_ROWS;
        let chunk = Arc::make_mut(self.chunks.entry(number).or_default());
        let at = (index % CHUNK_ROWS) as u16;
        set_bit(&mut chunk.known, at, entry.is_some());
        set_bit(&mut chunk.hidden, at, matches!(entry, Some(Entry::Hidden { .. })));
        let new = entry.clone();
        let old = match entry {
            Some(entry) => chunk.entries.insert(at, entry),
            None => chunk.entries.remove(&at),
        };
        if chunk.entries.is_empty() {
            self.chunks.remove(&number);
        }
        self.dirty.insert(number);
        if let Some(old) = &old {
            self.count(index, old, -1);
        }
        if let Some(new) = &new {
            self.count(index, new, 1);
        }
    }

    fn count(&mut self, index: u64, entry: &Entry, by: i64) {
        let add = |count: &mut u64| *count = count.wrapping_add_signed(by);
        let changes = &mut self.changes;
        if let Some(session) = entry.session() {
            add(&mut changes.sessions);
            widen(Arc::make_mut(&mut self.sessions), Id(session), index, by);
        }
        if let Some(agent) = entry.agent() {
            add(&mut changes.agents);
            widen(Arc::make_mut(&mut self.agents), agent.to_string(), index, by);
        }
        let record = match entry {
            Entry::Hidden { .. } => return add(&mut changes.hidden),
            Entry::Shown(record) => record,
        };
        add(&mut changes.shown);
        if record.outcome.is_some() {
            add(&mut changes.outcomes);
        }
        if record.name.is_some() {
            add(&mut changes.names);
        }
        if record.call.is_some() {
            add(&mut changes.calls);
        }
        for (figure, count) in record.figures.iter().zip(&mut changes.figures) {
            if figure.is_some() {
                add(count);
            }
        }
    }

    /// Chunks that changed since the last call, as bytes; empty ones are gone.
    pub fn take_dirty(&mut self) -> Vec<(u64, Vec<u8>)> {
        let dirty = std::mem::take(&mut self.dirty);
        dirty.into_iter().map(|number| (number, self.bytes(number))).collect()
    }

    fn bytes(&self, number: u64) -> Vec<u8> {
        match self.chunks.get(&number) {
            None => Vec::new(),
            Some(chunk) => postcard::to_allocvec(&chunk.entries).expect("entries have a form in bytes"),
        }
    }

    /// Takes back a chunk that [`Overlay::take_dirty`] gave.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes are no chunk.
    pub fn load(&mut self, number: u64, bytes: &[u8]) -> Result<(), Malformed> {
        let wrong = |error: String| Malformed(format!("chunk {number}: {error}"));
        let entries: BTreeMap<u16, Entry> =
            postcard::from_bytes(bytes).map_err(|error| wrong(error.to_string()))?;
        if entries.keys().next_back().is_some_and(|at| u64::from(*at) >= CHUNK_ROWS) {
            return Err(wrong("an index outside of it".into()));
        }
        for (at, entry) in entries {
            self.set(number * CHUNK_ROWS + u64::from(at), Some(entry));
        }
        self.dirty.remove(&number);
        Ok(())
    }

    /// Every entry in order; for tests and tools.
    pub fn entries(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.chunks.iter().flat_map(|(number, chunk)| {
            chunk.entries.iter().map(move |(at, entry)| (number * CHUNK_ROWS + u64::from(*at), entry))
        })
    }
}

fn set_bit(bits: &mut [u64; WORDS], at: u16, on: bool) {
    let word = &mut bits[usize::from(at / 64)];
    *word = if on { *word | 1 << (at % 64) } else { *word & !(1 << (at % 64)) };
}

fn has_bit(bits: &[u64; WORDS], at: u16) -> bool {
    bits[usize::from(at / 64)] >> (at % 64) & 1 == 1
}

/// Looks up entries one after the other: cheap while they lie in one chunk.
#[derive(Debug, Clone)]
pub struct Cursor<'o> {
    overlay: &'o Overlay,
    number: u64,
    chunk: Option<&'o Chunk>,
}

impl<'o> Cursor<'o> {
    fn chunk(&mut self, index: u64) -> Option<&'o Chunk> {
        let number = index / CHUNK_ROWS;
        if number != self.number {
            (self.number, self.chunk) = (number, self.overlay.chunks.get(&number).map(Arc::as_ref));
        }
        self.chunk
    }

    pub fn is_hidden(&mut self, index: u64) -> bool {
        let at = (index % CHUNK_ROWS) as u16;
        self.chunk(index).is_some_and(|chunk| has_bit(&chunk.hidden, at))
    }

    pub fn entry(&mut self, index: u64) -> Option<&'o Entry> {
        let at = (index % CHUNK_ROWS) as u16;
        self.chunk(index).filter(|chunk| has_bit(&chunk.known, at))?.entries.get(&at)
    }

    pub fn record(&mut self, index: u64) -> Option<&'o Record> {
        match self.entry(index)? {
            Entry::Shown(record) => Some(record),
            Entry::Hidden { .. } => None,
        }
    }
}

/// Adds an index to a range, or takes one out: a range gets no narrower, it is only forgotten.
fn widen<K: Ord>(ranges: &mut BTreeMap<K, Range>, key: K, index: u64, by: i64) {
    match ranges.entry(key) {
        MapEntry::Vacant(free) => drop(free.insert(Range { first: index, last: index, count: 1 })),
        MapEntry::Occupied(mut known) => {
            let range = known.get_mut();
            range.first = range.first.min(index);
            range.last = range.last.max(index);
            range.count = range.count.saturating_add_signed(by);
            if range.count == 0 {
                known.remove();
            }
        }
    }
}
