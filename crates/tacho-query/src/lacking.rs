//! Which segments were found to have no sums by hour: where they are many of the rows that are asked of, states of aggregates
//! are kept instead ([`crate::remember`]).

use crate::weighted::Range;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::{Arc, Weak};
use tacho_store::{SegmentFile, Snapshot};

/// One row in so many without a sum is much: then the first question, which reads all, is at most so many times dearer.
const MUCH: u64 = 8;
/// Fewer rows are read as fast.
const ROWS_MIN: u64 = 4096;

#[derive(Debug, Default)]
pub(crate) struct Lacking {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Of the newest snapshot. A file that was replaced goes with its last holder: it must not wait for the next question here.
    segments: Vec<Weak<SegmentFile>>,
    /// By digest. What is no more is forgotten.
    without_hours: HashSet<[u8; 32]>,
}

impl Lacking {
    /// Remembers that these segments of the snapshot have no sums by hour.
    pub(crate) fn see(&self, snapshot: &Snapshot, without_hours: &[Arc<SegmentFile>]) {
        let mut seen = self.seen.lock();
        seen.segments = snapshot.segments.iter().map(Arc::downgrade).collect();
        let known = &mut seen.without_hours;
        known.extend(without_hours.iter().map(|segment| segment.digest));
        known.retain(|digest| snapshot.segments.iter().any(|segment| segment.digest == *digest));
    }

    /// Whether many rows would be read for want of sums by hour, as far as that is known.
    pub(crate) fn is_much(&self, range: Range) -> bool {
        let seen = self.seen.lock();
        let there = || seen.segments.iter().filter_map(Weak::upgrade);
        let meeting = || there().filter(|segment| range.meets(segment));
        let lacking = meeting().filter(|segment| seen.without_hours.contains(&segment.digest));
        let lacking: u64 = lacking.map(|segment| segment.rows).sum();
        lacking >= ROWS_MIN && lacking * MUCH >= meeting().map(|segment| segment.rows).sum()
    }
}
