//! Of row groups that are asked for ids: whether a column of theirs may hold one, and in which rows.

use super::Pruner;
use crate::places::{self, Places};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use std::fs::File;
use std::sync::Arc;
use tacho_store::SegmentFile;

impl Pruner {
    /// Which rows of a row group may pass the filters, in order, where these ask for ids; nothing when it may be any.
    ///
    /// # Errors
    /// When the footer, a filter or a column cannot be read.
    pub(crate) fn rows(
        &self,
        segment: &SegmentFile,
        footer: &Arc<ParquetMetaData>,
        group: usize,
        filters: &[Expr],
    ) -> Result<Option<Vec<usize>>> {
        let columns = footer.row_group(group).columns();
        places::rows(filters, &|name, wanted| {
            let Some(at) = columns.iter().position(|chunk| chunk.column_path().string() == name) else {
                return Ok(Vec::new()); // an older file without the column: null in every row
            };
            if !self.chunk_may_hold(segment, group, at, &columns[at], wanted)? {
                return Ok(Vec::new());
            }
            let key = (segment.digest, group, at);
            if let Some(Some(known)) = self.places.get(&key) {
                return Ok(known.of(wanted));
            }
            let read = Arc::new(Places::read(&segment.path, footer, group, at)?);
            self.places.put(key, Some(Arc::clone(&read)), read.bytes());
            Ok(read.of(wanted))
        })
    }

    /// Whether some row of the column may hold the text.
    ///
    /// # Errors
    /// When the filter cannot be read.
    pub(super) fn chunk_may_hold(
        &self,
        segment: &SegmentFile,
        group: usize,
        at: usize,
        chunk: &ColumnChunkMetaData,
        wanted: &str,
    ) -> Result<bool> {
        if !range_may_hold(chunk, wanted) {
            return Ok(false);
        }
        Ok(self.filter(segment, group, at, chunk)?.is_none_or(|filter| filter.check(wanted)))
    }

    fn filter(
        &self,
        segment: &SegmentFile,
        group: usize,
        at: usize,
        chunk: &ColumnChunkMetaData,
    ) -> Result<Option<Arc<Sbbf>>> {
        let key = (segment.digest, group, at);
        if let Some(known) = self.filters.get(&key) {
            return Ok(known);
        }
        let filter = match chunk.bloom_filter_offset() {
            None => None,
            Some(_) => {
                let file = File::open(&segment.path).map_err(DataFusionError::IoError)?;
                Sbbf::read_from_column_chunk(chunk, &file)?.map(Arc::new)
            }
        };
        let bytes = filter.as_ref().map_or(0, |_| chunk.bloom_filter_length().unwrap_or(0) as usize);
        self.filters.put(key, filter.clone(), bytes);
        Ok(filter)
    }
}

/// Whether the value lies between the least and greatest of the column chunk. Both may be shortened in the
/// file, but only outwards.
fn range_may_hold(chunk: &ColumnChunkMetaData, wanted: &str) -> bool {
    let Some(statistics) = chunk.statistics() else { return true };
    if statistics.null_count_opt() == Some(chunk.num_values() as u64) {
        return false;
    }
    statistics.min_bytes_opt().is_none_or(|min| min <= wanted.as_bytes())
        && statistics.max_bytes_opt().is_none_or(|max| wanted.as_bytes() <= max)
}
