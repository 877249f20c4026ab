//! What the first step of aggregates made of segments, by question, segment and piece of time.
//!
//! Invariants
//! - States are those of all rows of the segment whose time lies in the piece; a piece without a row has states without
//!   a row.
//! - What was made of a segment goes with it: an erased section is in no state that is kept.
//!
//! Limits: questions that nobody asked for longest make room; a segment of which a question's states are nearly as
//! much as its rows is remembered as such, and read.

use crate::question::Question;
use crate::weighted::Range;
use datafusion::arrow::record_batch::RecordBatch;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tacho_event::time::Micros;
use tacho_store::rollup::Span;
use tacho_store::{SegmentFile, Snapshot};

/// Memory for the states that one question makes of one segment, bytes.
pub(crate) const SEGMENT_BYTES_MAX: usize = 8 << 20;
/// What a state takes beside its values, bytes.
const PIECE_BYTES: usize = 512;
/// Pieces of one segment: of more, the rows are read.
const PIECES_MAX: usize = 512;
/// Reading so few rows costs no more than looking up states.
const ROWS_MIN: u64 = 4096;

type Digest = [u8; 32];

#[derive(Debug)]
pub(crate) struct States {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Memory for all of them, bytes.
    bytes_max: usize,
    answers: HashMap<Arc<Question>, Answers>,
    bytes: usize,
    /// Counts questions.
    now: u64,
    /// Of the newest snapshot.
    segments: HashSet<Digest>,
}

#[derive(Debug, Default)]
struct Answers {
    asked: u64,
    /// With what they take, bytes.
    pieces: HashMap<(Digest, Range), (RecordBatch, usize)>,
    /// Segments whose states do not pay.
    dear: HashSet<Digest>,
}

/// What is known of the pieces of a segment.
pub(crate) struct Known {
    pub(crate) states: Vec<RecordBatch>,
    pub(crate) missing: Vec<Range>,
}

impl States {
    pub(crate) fn new(bytes_max: usize) -> States {
        States { kept: Mutex::new(Kept { bytes_max, ..Kept::default() }) }
    }

    /// What is kept, and how much may be, bytes.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        let kept = self.kept.lock();
        (kept.bytes, kept.bytes_max)
    }

    /// What is known of these pieces; nothing when the segment is better read.
    pub(crate) fn of(&self, asked: &Arc<Question>, segment: &SegmentFile, pieces: &[Range]) -> Option<Known> {
        let mut known = Known { states: Vec::new(), missing: Vec::new() };
        let mut kept = self.kept.lock();
        kept.now += 1;
        let now = kept.now;
        let Some(answers) = kept.answers.get_mut(asked) else {
            known.missing = pieces.to_vec();
            return Some(known);
        };
        answers.asked = now;
        if answers.dear.contains(&segment.digest) {
            return None;
        }
        for piece in pieces {
            match answers.pieces.get(&(segment.digest, *piece)) {
                Some((states, _)) => known.states.push(states.clone()),
                None => known.missing.push(*piece),
            }
        }
        Some(known)
    }

    /// Keeps the states of pieces of a segment; `bytes` is what they take together.
    pub(crate) fn put(
        &self,
        asked: &Arc<Question>,
        segment: Digest,
        pieces: Vec<(Range, RecordBatch)>,
        bytes: usize,
    ) {
        let each = bytes / pieces.len().max(1) + PIECE_BYTES;
        let mut kept = self.kept.lock();
        // Two that ask the same at once keep it once.
        let is_new = |piece: &Range| {
            let known = kept.answers.get(asked);
            !known.is_some_and(|known| known.pieces.contains_key(&(segment, *piece)))
        };
        let pieces: Vec<_> = pieces.into_iter().filter(|(piece, _)| is_new(piece)).collect();
        let answers = kept.answers_with_room(asked, each * pieces.len());
        let pieces = pieces.into_iter().map(|(piece, states)| ((segment, piece), (states, each)));
        answers.pieces.extend(pieces);
    }

    /// Remembers that the segment is better read.
    pub(crate) fn refuse(&self, asked: &Arc<Question>, segment: Digest) {
        let mut kept = self.kept.lock();
        if kept.answers.get(asked).is_none_or(|known| !known.dear.contains(&segment)) {
            kept.answers_with_room(asked, PIECE_BYTES).dear.insert(segment);
        }
    }

    /// Drops what was made of segments that are no more.
    pub(crate) fn follow(&self, snapshot: &Snapshot) {
        let is_same = {
            let segments = &self.kept.lock().segments;
            segments.len() == snapshot.segments.len()
                && snapshot.segments.iter().all(|segment| segments.contains(&segment.digest))
        };
        if !is_same {
            self.drop_but(&snapshot.segments.iter().map(|segment| segment.digest).collect());
        }
    }

    fn drop_but(&self, segments: &HashSet<Digest>) {
        let mut kept = self.kept.lock();
        let Kept { answers, bytes, segments: last, .. } = &mut *kept;
        last.clone_from(segments);
        answers.retain(|_, one| {
            let before = one.bytes();
            one.pieces.retain(|(digest, _), _| segments.contains(digest));
            one.dear.retain(|digest| segments.contains(digest));
            *bytes -= before - one.bytes();
            one.bytes() > 0
        });
    }
}

impl Answers {
    fn bytes(&self) -> usize {
        let pieces: usize = self.pieces.values().map(|(_, bytes)| bytes).sum();
        pieces + self.dear.len() * PIECE_BYTES
    }
}

impl Kept {
    /// What is known of a question, and room for so many bytes more, which the caller fills.
    fn answers_with_room(&mut self, asked: &Arc<Question>, bytes: usize) -> &mut Answers {
        while self.bytes + bytes > self.bytes_max && !self.answers.is_empty() {
            let oldest = self.answers.iter().min_by_key(|(_, answers)| answers.asked);
            let Some(oldest) = oldest.map(|(question, _)| Arc::clone(question)) else { break };
            self.bytes -= self.answers.remove(&oldest).map_or(0, |answers| answers.bytes());
        }
        self.bytes += bytes;
        self.now += 1;
        let answers = self.answers.entry(Arc::clone(asked)).or_default();
        answers.asked = self.now;
        answers
    }
}

/// The pieces of a segment that lie in the range as a whole: all of it, or its days and hours. None when it is better read.
pub(crate) fn pieces(range: Range, segment: &SegmentFile) -> Vec<Range> {
    if segment.rows < ROWS_MIN {
        return Vec::new();
    }
    if range.holds(segment) {
        return vec![Range::default()];
    }
    split(range, segment.time_min, segment.time_max).unwrap_or_default()
}

/// The days and hours that lie in the range as a whole and reach into these times; nothing when they are too many.
fn split(range: Range, first: Micros, last: Micros) -> Option<Vec<Range>> {
    let hours = range.whole(Span::Hour);
    let (mut pieces, mut at) = (Vec::new(), hours.from.max(Span::Hour.start(first)));
    while at < hours.to && at <= last {
        let piece = piece_of(at, hours);
        pieces.push(piece);
        if pieces.len() > PIECES_MAX {
            return None;
        }
        at = piece.to;
    }
    Some(pieces)
}

/// The piece that a time lies in: the day when all of it is in the range, else the hour.
fn piece_of(time: Micros, within: Range) -> Range {
    let day =
        Range { from: Span::Day.start(time), to: Span::Day.start(time).saturating_add(Span::Day.micros()) };
    if within.from <= day.from && day.to <= within.to {
        return day;
    }
    let from = Span::Hour.start(time);
    Range { from, to: from.saturating_add(Span::Hour.micros()) }
}

/// Where the piece begins that a time lies in, for pieces that [`pieces`] gave.
pub(crate) fn start_of(time: Micros, pieces: &[Range]) -> Micros {
    let behind = pieces.partition_point(|piece| piece.from <= time);
    pieces[..behind].last().map_or(Micros::MIN, |piece| piece.from)
}

#[cfg(test)]
#[path = "states_tests.rs"]
mod tests;
