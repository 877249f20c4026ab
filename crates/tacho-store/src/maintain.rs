//! Rewriting segments: small ones become large ones, and sections are taken out when they expire or are erased.
//!
//! Invariants
//! - A file is rewritten only when its bytes are those that the catalog lists: damage is never laundered.
//! - Entries never change: every row of a new file gives the leaf that the tree holds.
//! - What remains of a section gives the entry's `body` again, or the section is not taken out.

use crate::encoding::Purpose;
use crate::error::StoreError;
use crate::read::{Open, Wanted};
use crate::row::{Part, Row, Rows, conform, text_column};
use crate::schema::{COLUMNS, COMMITMENTS_AT, GONE_AT, INT_FACTS_AT, LENGTHS_AT, TEXTS_AT, WHO_AT, schema};
use crate::segment::{Leaf, SegmentWriter, check_digest};
use crate::snapshot::{SegmentFile, Snapshot};
use crate::store::Store;
use crate::valued::Valued;
use arrow::array::{
    ArrayRef, BooleanArray, FixedSizeBinaryBuilder, Int64Builder, RecordBatch, StringViewBuilder,
};
use arrow::compute::nullif;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use tacho_event::section::Section;
use tacho_merkle::commit::body;

/// A segment is not made larger than this, bytes or rows.
pub const TARGET_BYTES: u64 = 256 << 20;
pub const TARGET_ROWS: u64 = 2_000_000;
/// Fewer neighbours are not worth a rewrite.
const FAN_IN: usize = 4;

/// Why sections are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Erased,
    Expired,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Erased => "erased",
            Why::Expired => "expired",
        }
    }
}

/// The commitment to a section's bytes, from the row and the key ring; `None` when its secret is gone.
pub type Commit<'a> = &'a dyn Fn(&Row<'_>, Section, &[u8]) -> Option<[u8; 32]>;

impl Store {
    /// Merges one run of small neighbouring segments of a class. Returns whether there was one; call it again
    /// until there is none. Snapshots that show the old files keep them readable.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when an old file is not the one listed; everything stays as it was.
    pub fn compact(&self, leaf: Leaf<'_>) -> Result<bool, StoreError> {
        self.compact_unless(leaf, &|| false).map(|merged| merged.is_some())
    }

    /// The same; gives up when `stopped` says so. Gives the bytes of the new file, or `None` when there was no run.
    ///
    /// # Errors
    /// As [`Store::compact`]; [`StoreError::Stopped`] when it gave up: everything is as it was.
    pub fn compact_unless(
        &self,
        leaf: Leaf<'_>,
        stopped: &dyn Fn() -> bool,
    ) -> Result<Option<u64>, StoreError> {
        let from = self.merged_from.lock();
        let mut classes: BTreeMap<String, Vec<Arc<SegmentFile>>> = BTreeMap::new();
        for segment in self.segments().into_iter().filter(|segment| segment.first >= *from) {
            classes.entry(segment.class.clone()).or_default().push(segment);
        }
        for segments in classes.into_values() {
            let sizes: Vec<(u64, u64)> = segments.iter().map(|s| (s.bytes, s.rows)).collect();
            if let Some(run) = run_to_merge(&sizes) {
                let old = &segments[run];
                let new = self.rewrite(old, leaf, &mut |batch| match stopped() {
                    false => Ok(batch),
                    true => Err(StoreError::Stopped),
                })?;
                self.replace(old, &new)?;
                return Ok(Some(new.iter().map(|segment| segment.bytes).sum()));
            }
        }
        Ok(None)
    }

    /// Takes sections out of every row for which `select` names some, and leaves their commitments, one segment after
    /// the other. Returns how many rows changed. What is not in segments is cut first, when it stood in the journal
    /// below `turned`. What comes later is cut and merged meanwhile: under load this takes minutes.
    ///
    /// `select` sees header, section `who` and the retention that the sender asked for. `commit` is asked for every open
    /// section of a row that is selected, for what it says must give the row's `body`. The old files go with the last
    /// snapshot that shows them; destroy the secrets only after this has returned.
    ///
    /// The journal holds the same text: it must have turned over before. `turned` is the first record of its new
    /// file; everything below it can be released when this has returned, and must be.
    ///
    /// # Errors
    /// [`StoreError::Behind`] when records below `turned` are not in segments, and so could not be released;
    /// [`StoreError::Row`] when the commitments do not give the body, or a secret of a selected section is gone
    /// already; [`StoreError::Changed`] when a file is not the one listed; [`StoreError::Stopped`] when `stopped` says
    /// so. Segments before that one are changed then, each whole: call it again.
    pub fn erase(
        &self,
        select: &dyn Fn(&Row<'_>) -> Vec<Section>,
        why: Why,
        commit: Commit<'_>,
        leaf: Leaf<'_>,
        turned: u64,
        stopped: &dyn Fn() -> bool,
    ) -> Result<u64, StoreError> {
        let _erasing = self.erasing.lock();
        if self.position().next_record < turned {
            self.cut(leaf)?;
        }
        let held = self.position().next_record;
        if held < turned {
            return Err(StoreError::Behind { held, turned });
        }
        let (apart, mut changed) = (Apart::new(self), 0);
        for segment in self.segments().into_iter().filter(|segment| segment.first < apart.end) {
            if stopped() {
                return Err(StoreError::Stopped);
            }
            if !is_touched(&segment, select, why)? {
                continue;
            }
            let (old, before) = ([segment], changed);
            let new = self.rewrite(&old, leaf, &mut |batch| {
                let (batch, count) = take_out(&batch, select, why, commit)?;
                changed += count;
                if stopped() { Err(StoreError::Stopped) } else { Ok(batch) }
            })?;
            if changed > before {
                self.replace(&old, &new)?;
            }
        }
        Ok(changed)
    }

    /// Writes the rows of neighbouring segments of one class anew, each batch changed by `edit`.
    fn rewrite(
        &self,
        old: &[Arc<SegmentFile>],
        leaf: Leaf<'_>,
        edit: &mut dyn FnMut(RecordBatch) -> Result<RecordBatch, StoreError>,
    ) -> Result<Vec<Arc<SegmentFile>>, StoreError> {
        let Some(first) = old.first() else { return Ok(Vec::new()) };
        let valued = Valued::in_files(old.iter().map(Arc::as_ref))?;
        let mut writer = SegmentWriter::new(&self.site, &first.class, first.first, Purpose::Kept, &valued)?;
        if old.len() == 1 {
            writer = writer.replacing(first);
        }
        let every: Vec<usize> = (0..COLUMNS).collect();
        for segment in old {
            check_digest(segment)?;
            let open = Open::new(&segment.path)?;
            let groups = (0..open.row_groups()).collect();
            for batch in open.batches(&segment.path, groups, &every)? {
                writer.push(&edit(conform(&batch?)?)?)?;
            }
        }
        Ok(writer.finish(leaf)?.map(Arc::new).into_iter().collect())
    }
}

/// Segments that an erasure has for itself: a merge would bring back what was taken out of one of them.
struct Apart<'s> {
    store: &'s Store,
    /// Those that begin below.
    end: u64,
}

impl Apart<'_> {
    /// Waits until the merge that runs has ended.
    fn new(store: &Store) -> Apart<'_> {
        let end = store.position().next_index;
        *store.merged_from.lock() = end;
        Apart { store, end }
    }
}

impl Drop for Apart<'_> {
    fn drop(&mut self) {
        *self.store.merged_from.lock() = 0;
    }
}

/// The first run of neighbours, given as (bytes, rows), that is worth merging: at least [`FAN_IN`], within the
/// target, and none larger than the rest together, so that a row is rewritten a few times in its life only.
fn run_to_merge(sizes: &[(u64, u64)]) -> Option<Range<usize>> {
    for first in 0..sizes.len() {
        let (mut bytes, mut rows, mut largest, mut best) = (0, 0, 0, None);
        for (last, size) in sizes.iter().enumerate().skip(first) {
            bytes += size.0;
            rows += size.1;
            largest = largest.max(size.1);
            if bytes > TARGET_BYTES || rows > TARGET_ROWS {
                break;
            }
            if last + 1 - first >= FAN_IN && largest <= rows / 2 {
                best = Some(first..last + 1);
            }
        }
        if best.is_some() {
            return best;
        }
    }
    None
}

/// Whether a segment has a row of which something would be taken out.
fn is_touched(
    segment: &Arc<SegmentFile>,
    select: &dyn Fn(&Row<'_>) -> Vec<Section>,
    why: Why,
) -> Result<bool, StoreError> {
    let alone = Snapshot { segments: vec![Arc::clone(segment)], ..Snapshot::default() };
    let mut touched = false;
    let looked = alone.rows(0..u64::MAX, Wanted::Subject, &mut |row| {
        touched = !is_done(row, &select(row), why);
        // One is enough.
        if touched { Err(StoreError::Stopped) } else { Ok(()) }
    });
    if touched { Ok(true) } else { looked.map(|()| false) }
}

/// Whether the selected sections are gone, as far as the row's list tells: which of them the event never had it does
/// not, but those of one clock go together.
fn is_done(row: &Row<'_>, selected: &[Section], why: Why) -> bool {
    let listed = row.gone_text().unwrap_or_default();
    let gone = |section: &Section, why: Option<&str>| {
        let mut parts = listed.split(' ').filter_map(|part| part.split_once('='));
        parts.any(|(name, found)| name == section.name() && why.is_none_or(|why| why == found))
    };
    [true, false].into_iter().all(|is_personal| {
        let of_clock = || selected.iter().filter(move |section| section.is_personal() == is_personal);
        of_clock().any(|section| gone(section, Some(why.as_str())))
            || of_clock().all(|section| gone(section, None))
    })
}

/// What is left of a section that is taken out.
struct Rest {
    section: Section,
    commitment: [u8; 32],
    length: u64,
}

/// A batch without the selected sections, and how many rows changed.
fn take_out(
    batch: &RecordBatch,
    select: &dyn Fn(&Row<'_>) -> Vec<Section>,
    why: Why,
    commit: Commit<'_>,
) -> Result<(RecordBatch, u64), StoreError> {
    let rows = Rows::new(batch)?;
    let mut rests = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let selected = select(&row);
        rests.push(if selected.is_empty() { Vec::new() } else { rest_of(&row, &selected, commit)? });
    }
    let changed = rests.iter().filter(|rest| !rest.is_empty()).count() as u64;
    if changed == 0 {
        return Ok((batch.clone(), 0));
    }
    let mut columns = batch.columns().to_vec();
    for section in Section::ALL {
        let taken: BooleanArray =
            rests.iter().map(|rest| Some(rest.iter().any(|rest| rest.section == section))).collect();
        if taken.true_count() > 0 {
            for at in columns_of(section) {
                columns[at] = nullif(&columns[at], &taken)?;
            }
            put_rests(section, &rows, &rests, &mut columns)?;
        }
    }
    columns[GONE_AT] = gone_column(&rows, &rests, why);
    Ok((RecordBatch::try_new(schema(), columns)?, changed))
}

/// Commitments and lengths of the selected sections that are there, checked against the row's body.
fn rest_of(row: &Row<'_>, selected: &[Section], commit: Commit<'_>) -> Result<Vec<Rest>, StoreError> {
    let damaged = |what: String| StoreError::Row { index: row.index(), what };
    let (mut rests, mut listed, mut scratch, mut complete) = (Vec::new(), Vec::new(), Vec::new(), true);
    for section in Section::ALL {
        let is_selected = selected.contains(&section);
        match row.section(section, &mut scratch)? {
            Part::Absent => {}
            Part::Gone { commitment, length, .. } => listed.push((section.name(), length, commitment)),
            Part::Open(bytes) => match commit(row, section, bytes) {
                Some(commitment) => {
                    let length = bytes.len() as u64;
                    listed.push((section.name(), length, commitment));
                    if is_selected {
                        rests.push(Rest { section, commitment, length });
                    }
                }
                None if is_selected => {
                    let what = format!("the secret of section {} is gone already", section.name());
                    return Err(damaged(what));
                }
                None => complete = false,
            },
        }
    }
    let found = body(&listed).expect("section names are between 1 and 255 bytes");
    if complete && *found.as_bytes() != row.header()?.body {
        return Err(damaged("the commitments of its sections do not give its body".to_string()));
    }
    Ok(rests)
}

/// The columns that hold a section's content.
fn columns_of(section: Section) -> Range<usize> {
    match section {
        Section::Who => WHO_AT..INT_FACTS_AT,
        Section::Facts => INT_FACTS_AT..TEXTS_AT,
        text => text_column(text)..text_column(text) + 1,
    }
}

fn put_rests(
    section: Section,
    rows: &Rows,
    rests: &[Vec<Rest>],
    columns: &mut [ArrayRef],
) -> Result<(), StoreError> {
    let mut commitments = FixedSizeBinaryBuilder::with_capacity(rows.len(), 32);
    let mut lengths = Int64Builder::with_capacity(rows.len());
    for (row, rests) in rows.iter().zip(rests) {
        let new =
            rests.iter().find(|rest| rest.section == section).map(|rest| (rest.commitment, rest.length));
        let kept = || match row.section(section, &mut Vec::new()) {
            Ok(Part::Gone { commitment, length, .. }) => Some((commitment, length)),
            _ => None,
        };
        match new.or_else(kept) {
            Some((commitment, length)) => {
                commitments.append_value(commitment)?;
                lengths.append_value(length as i64);
            }
            None => {
                commitments.append_null();
                lengths.append_null();
            }
        }
    }
    columns[COMMITMENTS_AT + section as usize] = Arc::new(commitments.finish());
    columns[LENGTHS_AT + section as usize] = Arc::new(lengths.finish());
    Ok(())
}

fn gone_column(rows: &Rows, rests: &[Vec<Rest>], why: Why) -> ArrayRef {
    let mut gone = StringViewBuilder::with_capacity(rows.len());
    for (row, rests) in rows.iter().zip(rests) {
        let before = row.gone_text().map(str::to_string);
        let new = rests.iter().map(|rest| format!("{}={}", rest.section.name(), why.as_str()));
        let parts: Vec<String> = before.into_iter().chain(new).collect();
        gone.append_option((!parts.is_empty()).then(|| parts.join(" ")));
    }
    Arc::new(gone.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_merged_when_no_row_is_rewritten_too_often() {
        let small = |count| vec![(1000, 10); count];
        assert_eq!(run_to_merge(&small(3)), None);
        assert_eq!(run_to_merge(&small(5)), Some(0..5));
        // A large one is left alone until its neighbours together are as large.
        assert_eq!(run_to_merge(&[(9000, 90), (1000, 10), (1000, 10), (1000, 10)]), None);
        assert_eq!(run_to_merge(&[&[(9000, 90)], small(4).as_slice()].concat()), Some(1..5));
        assert_eq!(run_to_merge(&[(TARGET_BYTES / 3, 10); 9]), None);
        let quarter = [(TARGET_BYTES / 4, TARGET_ROWS / 4); 9];
        assert_eq!(run_to_merge(&quarter), Some(0..4));
    }
}
