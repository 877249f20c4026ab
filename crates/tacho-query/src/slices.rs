//! The newest file in slices, newest rows first, so that "the newest 100" need not decode a whole row group of
//! wide rows: once enough rows are found, the slices behind hold nothing newer and are left out unread.
//!
//! Invariant: the slices of a file together are the file, each row once.

use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetAccessPlan;
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use parquet::file::metadata::ParquetMetaData;

/// Rows of the first slices; the last one takes what is left. Each partition looks one slice ahead before it knows
/// what the first one gave, so there are several small ones.
const ROWS: [usize; 5] = [1024, 1024, 1024, 1024, 8192];

/// Rows within so many others share their pages.
const NEAR_ROWS: usize = 4096;

/// A file or a part of one.
pub(crate) struct Part {
    pub(crate) file: PartitionedFile,
    /// How many rows it has, where none is left out.
    pub(crate) rows: Option<usize>,
}

/// Row groups that an access plan has: all, or those that the filters left.
pub(crate) fn access(kept: &[bool]) -> ParquetAccessPlan {
    let mut plan = ParquetAccessPlan::new_none(kept.len());
    kept.iter().enumerate().filter(|(_, keep)| **keep).for_each(|(group, _)| plan.scan(group));
    plan
}

/// Cuts the last row group that is kept, which is the newest, into slices. `rows` is how many rows the file has,
/// when all of them are read.
pub(crate) fn newest_first(
    file: &PartitionedFile,
    footer: &ParquetMetaData,
    kept: &[bool],
    rows: Option<usize>,
) -> Vec<Part> {
    let Some(newest) = kept.iter().rposition(|keep| *keep) else { return Vec::new() };
    let of_group = footer.row_group(newest).num_rows() as usize;
    let mut slices = Vec::with_capacity(ROWS.len() + 1);
    let mut end = of_group;
    for rows in ROWS {
        // A slice that leaves next to nothing is not worth another look at the file.
        if end < rows * 2 {
            break;
        }
        let mut plan = ParquetAccessPlan::new_none(kept.len());
        plan.scan(newest);
        plan.scan_selection(newest, part(of_group, end - rows, end));
        slices.push(Part { file: file.clone().with_extension(plan), rows: Some(rows) });
        end -= rows;
    }
    let mut rest = access(kept);
    if end < of_group {
        rest.scan_selection(newest, part(of_group, 0, end));
    }
    let rows = rows.map(|rows| rows - (of_group - end));
    slices.push(Part { file: file.clone().with_extension(rest), rows });
    slices
}

/// Cuts each row group that is kept into so many parts of one size: one row is looked for in all of them at once.
pub(crate) fn equal(
    file: &PartitionedFile,
    footer: &ParquetMetaData,
    kept: &[bool],
    parts: usize,
) -> Vec<Part> {
    let one = |at: usize| {
        let mut plan = access(kept);
        for (group, _) in kept.iter().enumerate().filter(|(_, keep)| **keep) {
            let rows = footer.row_group(group).num_rows() as usize;
            plan.scan_selection(group, part(rows, rows * at / parts, rows * (at + 1) / parts));
        }
        Part { file: file.clone().with_extension(plan), rows: None }
    };
    (0..parts).map(one).collect()
}

/// These rows of a row group, in order; in so many parts where they lie far apart.
pub(crate) fn rows(
    file: &PartitionedFile,
    footer: &ParquetMetaData,
    group: usize,
    rows: &[usize],
    parts: usize,
) -> Vec<Part> {
    let span = rows.last().zip(rows.first()).map_or(0, |(last, first)| last - first);
    // Each part would decode the pages that they share.
    let parts = if span < NEAR_ROWS { 1 } else { parts };
    let of_group = footer.row_group(group).num_rows() as usize;
    let one = |rows: &[usize]| {
        let mut plan = ParquetAccessPlan::new_none(footer.num_row_groups());
        let one_by_one = rows.iter().map(|row| *row..row + 1);
        plan.scan(group);
        plan.scan_selection(group, RowSelection::from_consecutive_ranges(one_by_one, of_group));
        Part { file: file.clone().with_extension(plan), rows: None }
    };
    rows.chunks(rows.len().div_ceil(parts).max(1)).map(one).collect()
}

/// These blocks of so many rows, in order, of the row groups that are kept.
pub(crate) fn blocks(
    file: &PartitionedFile,
    footer: &ParquetMetaData,
    kept: &[bool],
    blocks: &[usize],
    block_rows: usize,
) -> Part {
    let mut plan = ParquetAccessPlan::new_none(kept.len());
    let mut before = 0;
    for (group, keep) in kept.iter().enumerate() {
        let rows = footer.row_group(group).num_rows() as usize;
        let inside = blocks.iter().filter_map(|block| {
            let start = (block * block_rows).checked_sub(before)?;
            (start < rows).then(|| start..(start + block_rows).min(rows))
        });
        let selection = RowSelection::from_consecutive_ranges(inside, rows);
        before += rows;
        if *keep && selection.selects_any() {
            plan.scan(group);
            plan.scan_selection(group, selection);
        }
    }
    Part { file: file.clone().with_extension(plan), rows: None }
}

/// The rows from `start` up to `end` of a row group with `rows` rows.
fn part(rows: usize, start: usize, end: usize) -> RowSelection {
    let parts = [RowSelector::skip(start), RowSelector::select(end - start), RowSelector::skip(rows - end)];
    parts.into_iter().filter(|part| part.row_count > 0).collect::<Vec<_>>().into()
}
