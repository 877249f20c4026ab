//! What the sequencer must know of entries that are no longer in the journal.

use crate::error::StoreError;
use crate::read::{Open, Wanted};
use crate::schema::{at, schema};
use crate::snapshot::{SegmentFile, Snapshot};
use crate::store::Store;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use std::sync::Arc;
use tacho_record::sequence::Past;

impl Store {
    /// Every entry in segments, in index order: duplicates are known by the newest `most` states at least, for which eight
    /// columns are read; of what is older only the sessions are read, which are four.
    ///
    /// # Errors
    /// [`StoreError`] names the segment or the entry that cannot be read.
    pub fn past(&self, most: u64, each: &mut dyn FnMut(Past)) -> Result<(), StoreError> {
        let snapshot = Snapshot { segments: self.segments(), ..Snapshot::default() };
        let from = newest_states(&snapshot.segments, most)?;
        for (range, wanted) in [(0..from, Wanted::Sessions), (from..u64::MAX, Wanted::States)] {
            snapshot.rows(range, wanted, &mut |row| {
                each(row.past()?);
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// An index from which on there are at least so many states, or all that there are. Segments of several classes overlap.
fn newest_states(segments: &[Arc<SegmentFile>], most: u64) -> Result<u64, StoreError> {
    let mut newest: Vec<_> = segments.iter().collect();
    newest.sort_by_key(|segment| std::cmp::Reverse(segment.last));
    let (mut from, mut found) = (u64::MAX, 0);
    for segment in newest {
        if found >= most {
            return Ok(from);
        }
        found += states(Open::new(&segment.path)?.metadata());
        from = from.min(segment.first);
    }
    Ok(0)
}

/// Rows of a segment that a duplicate is known by: those with a fingerprint of their content. None where the file does not
/// tell: then older ones are read, too.
fn states(file: &ParquetMetaData) -> u64 {
    let name = schema().field(at::CONTENT).name().clone();
    let of_group = |group: usize| {
        let group = file.row_group(group);
        let chunk = group.columns().iter().find(|chunk| chunk.column_path().string() == name);
        let nulls = chunk.and_then(|chunk| chunk.statistics()).and_then(Statistics::null_count_opt);
        nulls.map_or(0, |nulls| (group.num_rows().max(0) as u64).saturating_sub(nulls))
    };
    (0..file.num_row_groups()).map(of_group).sum()
}
