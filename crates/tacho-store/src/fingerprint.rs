//! A checksum over the columns that no leaf hash covers: what was handed to the Parquet writer must be what
//! is read back before a segment may count.
//!
//! Invariant: the value depends on rows and their order alone, never on where one batch ends and the next begins.

use crate::schema::{COLUMNS, WHO_AT, at};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};

/// One CRC-32 per column. Finds what an encoder got wrong; whoever wants to cheat meets the file's SHA-256.
pub(crate) struct Fingerprint {
    rows: u64,
    columns: Vec<crc32fast::Hasher>,
}

impl Fingerprint {
    pub(crate) fn new() -> Fingerprint {
        Fingerprint { rows: 0, columns: vec![crc32fast::Hasher::new(); COLUMNS] }
    }

    /// Adds rows in the order of the full schema.
    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        // The entry's bytes say nothing of a time that the sender did not claim, nor of the fingerprint.
        for at in [at::TIMESTAMP, at::CONTENT].into_iter().chain(WHO_AT..COLUMNS) {
            let array = batch.column(at);
            if array.null_count() < array.len() {
                add_column(&mut self.columns[at], array, self.rows);
            }
        }
        self.rows += batch.num_rows() as u64;
    }

    /// The checksums by column.
    pub(crate) fn finish(self) -> Vec<u32> {
        self.columns.into_iter().map(crc32fast::Hasher::finalize).collect()
    }
}

fn add_column(hasher: &mut crc32fast::Hasher, array: &ArrayRef, before: u64) {
    for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
        hasher.update(&(before + row as u64).to_le_bytes());
        match array.data_type() {
            DataType::Int64 => hasher.update(&array.as_primitive::<Int64Type>().value(row).to_le_bytes()),
            DataType::Timestamp(..) => {
                let value = array.as_primitive::<TimestampMicrosecondType>().value(row);
                hasher.update(&value.to_le_bytes());
            }
            DataType::Utf8View => {
                let value = array.as_string_view().value(row);
                hasher.update(&(value.len() as u64).to_le_bytes());
                hasher.update(value.as_bytes());
            }
            DataType::FixedSizeBinary(_) => hasher.update(array.as_fixed_size_binary().value(row)),
            other => unreachable!("no column behind the header has type {other}"),
        }
    }
}
