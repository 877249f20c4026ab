//! Compaction: small segments become large ones.
//!
//! Invariants
//! - A file is rewritten only when its bytes are those that the catalog lists: damage is never laundered.
//! - Entries never change: every row of a new file gives the leaf that the tree holds.

use crate::encoding::Purpose;
use crate::error::StoreError;
use crate::read::Open;
use crate::row::conform;
use crate::schema::EVERY;
use crate::segment::{Leaf, SegmentWriter, check_digest};
use crate::snapshot::SegmentFile;
use crate::store::Store;
use crate::valued::Valued;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A segment is not made larger than this, bytes or rows.
pub const TARGET_BYTES: u64 = 256 << 20;
pub const TARGET_ROWS: u64 = 2_000_000;
/// Fewer neighbours are not worth a rewrite.
const FAN_IN: usize = 4;

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
        let Some(old) = self.mergeable(*from) else { return Ok(None) };
        let new = self.merge(&old, leaf, stopped)?;
        self.replace(&old, &new)?;
        Ok(Some(new.iter().map(|segment| segment.bytes).sum()))
    }

    /// Whether there is a run of small neighbours now. Waits for a merge that is under way.
    pub fn has_mergeable(&self) -> bool {
        let from = *self.merged_from.lock();
        self.mergeable(from).is_some()
    }

    /// The first run that is worth merging among segments that begin at `from` or later.
    fn mergeable(&self, from: u64) -> Option<Vec<Arc<SegmentFile>>> {
        let mut classes: BTreeMap<String, Vec<Arc<SegmentFile>>> = BTreeMap::new();
        for segment in self.segments().into_iter().filter(|segment| segment.first >= from) {
            classes.entry(segment.class.clone()).or_default().push(segment);
        }
        classes.into_values().find_map(|segments| {
            let sizes: Vec<(u64, u64)> = segments.iter().map(|s| (s.bytes, s.rows)).collect();
            run_to_merge(&sizes).map(|run| segments[run].to_vec())
        })
    }

    /// Writes the rows of neighbouring segments of one class into one.
    fn merge(
        &self,
        old: &[Arc<SegmentFile>],
        leaf: Leaf<'_>,
        stopped: &dyn Fn() -> bool,
    ) -> Result<Vec<Arc<SegmentFile>>, StoreError> {
        let Some(first) = old.first() else { return Ok(Vec::new()) };
        let valued = Valued::in_files(old.iter().map(Arc::as_ref))?;
        let mut writer = SegmentWriter::new(&self.site, &first.class, first.first, Purpose::Kept, &valued)?;
        for segment in old {
            check_digest(segment)?;
            let open = Open::new(&segment.path)?;
            for batch in open.batches((0..open.row_groups()).collect(), &EVERY)? {
                if stopped() {
                    return Err(StoreError::Stopped);
                }
                writer.push(&conform(&batch?)?)?;
            }
        }
        Ok(writer.finish(leaf)?.map(Arc::new).into_iter().collect())
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
