//! Checks a folder at rest: catalog against itself, against the files, and against the order of the log.
//!
//! Changes nothing, and never stops at the first fault.

use crate::catalog::{Catalog, name_of};
use crate::error::StoreError;
use crate::read::Open;
use crate::schema::at;
use crate::segment::{Name, check_digest};
use crate::snapshot::SegmentFile;
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Everything that is wrong with the catalog and the files of a data folder; empty when all is well.
///
/// Reads every segment once. The rows themselves are checked by [`crate::segment::verify_file`].
pub fn check(folder: &Path) -> Vec<StoreError> {
    let (path, segments_folder) = (folder.join("catalog.sqlite"), folder.join("segments"));
    let catalog = match Catalog::inspect(&path) {
        Ok(catalog) => catalog,
        Err(error) => return vec![error],
    };
    let mut found = catalog.integrity();
    let (segments, damaged) = catalog.segments(&segments_folder).unwrap_or_else(|e| (Vec::new(), vec![e]));
    found.extend(damaged);
    found.extend(unexpected(&segments_folder, &segments));
    let position = catalog.position();
    let mut seen = Seen::default();
    for segment in &segments {
        found.extend(check_digest(segment).err());
        found.extend(read_indexes(segment, &mut seen).err());
    }
    match position {
        Ok(position) => found.extend(seen.gaps(position.next_index).map(|what| catalog.damaged(what))),
        Err(error) => found.push(error),
    }
    found
}

/// Files that nobody lists and no crash leaves behind. A crash leaves temporary files and segments that were not
/// listed yet or no longer: they count for nothing, and the next open clears them away.
fn unexpected(folder: &Path, segments: &[SegmentFile]) -> Vec<StoreError> {
    let listed: HashSet<String> = segments.iter().map(name_of).collect();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return vec![StoreError::io("cannot list", folder)(error)],
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let unlisted = paths.filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !listed.contains(name) && !Name::is_temporary(name) && Name::parse(name).is_none()
    });
    let what = "the catalog does not list it".to_string();
    unlisted.map(|path| StoreError::Changed { path, what: what.clone() }).collect()
}

/// One bit for each index.
#[derive(Default)]
struct Seen {
    bits: Vec<u64>,
}

impl Seen {
    /// Returns whether the index is new.
    fn add(&mut self, index: u64) -> bool {
        let (word, bit) = ((index / 64) as usize, 1u64 << (index % 64));
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        let is_new = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        is_new
    }

    fn has(&self, index: u64) -> bool {
        self.bits.get((index / 64) as usize).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    /// The first index below the position that no segment has, and the first one above it that one has.
    fn gaps(&self, position: u64) -> impl Iterator<Item = String> {
        let missing = (0..position).find(|index| !self.has(*index));
        let missing =
            missing.map(|index| format!("no segment holds entry {index}, which is below the position"));
        let end = self.bits.len() as u64 * 64;
        let beyond = (position..end).find(|index| self.has(*index));
        let beyond = beyond.map(|index| format!("a segment holds entry {index}, the position is {position}"));
        missing.into_iter().chain(beyond)
    }
}

/// Reads the index column of a segment and compares it with what the catalog says of it.
fn read_indexes(segment: &SegmentFile, seen: &mut Seen) -> Result<(), StoreError> {
    let damaged = |what: String| StoreError::Parquet { path: segment.path.clone(), what };
    let mut rows = 0;
    let mut read = || -> Result<(), StoreError> {
        let open = Open::new(&segment.path)?;
        let groups = (0..open.row_groups()).collect();
        for batch in open.batches(&segment.path, groups, &[at::INDEX])? {
            let batch = batch?;
            let column = batch.columns().first().and_then(|column| column.as_primitive_opt::<Int64Type>());
            for index in column.into_iter().flat_map(|column| column.values().iter()) {
                let index = *index as u64;
                rows += 1;
                if !(segment.first..=segment.last).contains(&index) {
                    let (first, last) = (segment.first, segment.last);
                    return Err(damaged(format!("it holds entry {index}, expected {first} to {last}")));
                }
                if !seen.add(index) {
                    return Err(damaged(format!("it holds entry {index}, which another row holds too")));
                }
            }
        }
        Ok(())
    };
    // Changed bytes may make the Parquet reader give up.
    catch_unwind(AssertUnwindSafe(&mut read))
        .unwrap_or_else(|_| Err(damaged("the reader gave up".into())))?;
    if rows == segment.rows {
        Ok(())
    } else {
        Err(damaged(format!("it has {rows} rows, expected {}", segment.rows)))
    }
}
