//! Which columns of a file hold a value. Most of them do not: what senders tell fills some forty of a hundred and forty.
//!
//! They are written without compression. A page of nulls is a few bytes either way, and whoever writes or reads a compressed column makes
//! itself a compressor and a decompressor first: some hundred kilobytes, for each column of each part of each query.

use crate::error::StoreError;
use crate::read::Open;
use crate::schema::COLUMNS;
use crate::snapshot::SegmentFile;
use arrow::array::{Array, RecordBatch};
use parquet::file::metadata::ParquetMetaData;

/// See the module. A column that is left out by mistake is only larger.
pub(crate) struct Valued([bool; COLUMNS]);

impl Valued {
    /// Those of the rows that a file is written from.
    pub(crate) fn in_batches<'b>(batches: impl Iterator<Item = &'b RecordBatch>) -> Valued {
        let mut found = Valued([false; COLUMNS]);
        for batch in batches {
            for (has, column) in found.0.iter_mut().zip(batch.columns()) {
                *has |= column.null_count() < column.len();
            }
        }
        found
    }

    /// Those of the files that a file is written from.
    ///
    /// # Errors
    /// [`StoreError`] when a file has no readable footer.
    pub(crate) fn in_files<'f>(files: impl Iterator<Item = &'f SegmentFile>) -> Result<Valued, StoreError> {
        let mut found = Valued([false; COLUMNS]);
        for file in files {
            found.add(Open::new(&file.path)?.metadata());
        }
        Ok(found)
    }

    fn add(&mut self, footer: &ParquetMetaData) {
        for group in footer.row_groups() {
            for (at, has) in self.0.iter_mut().enumerate() {
                let nulls = group.columns().get(at).and_then(|column| column.statistics()?.null_count_opt());
                *has |= nulls != u64::try_from(group.num_rows()).ok();
            }
        }
    }

    /// Whether some row has a value in this column.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.0[column]
    }
}
