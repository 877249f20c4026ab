//! A checksum over the columns that no leaf hash covers: what was handed to the Parquet writer must be what
//! is read back before a segment may count.
//!
//! Invariant: the value depends on rows and their order alone, never on where one batch ends and the next begins.

use crate::schema::{COLUMNS, WHO_AT, at};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use foldhash::fast::FixedState;
use std::hash::BuildHasher;

/// For each column the sum of the hashes of its values with their rows. Finds what an encoder got wrong; whoever wants to
/// cheat meets the file's SHA-256.
pub(crate) struct Fingerprint {
    rows: u64,
    columns: Vec<u64>,
}

impl Fingerprint {
    pub(crate) fn new() -> Fingerprint {
        Fingerprint { rows: 0, columns: vec![0; COLUMNS] }
    }

    /// Adds rows in the order of the full schema.
    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        // The entry's bytes say nothing of a time that the sender did not claim, nor of the fingerprint.
        for at in [at::TIMESTAMP, at::CONTENT].into_iter().chain(WHO_AT..COLUMNS) {
            let sum = sum_of(batch.column(at), self.rows);
            self.columns[at] = self.columns[at].wrapping_add(sum);
        }
        self.rows += batch.num_rows() as u64;
    }

    /// The checksums by column.
    pub(crate) fn finish(self) -> Vec<u64> {
        self.columns
    }
}

/// The sum of a column whose first row is behind so many others.
fn sum_of(array: &ArrayRef, before: u64) -> u64 {
    let hash = FixedState::default();
    match array.data_type() {
        _ if array.null_count() == array.len() => 0,
        DataType::Int64 => {
            let array = array.as_primitive::<Int64Type>();
            each_valid(array, |at| hash.hash_one((before + at as u64, array.value(at))))
        }
        DataType::Timestamp(..) => {
            let array = array.as_primitive::<TimestampMicrosecondType>();
            each_valid(array, |at| hash.hash_one((before + at as u64, array.value(at))))
        }
        DataType::Utf8View => {
            let array = array.as_string_view();
            each_valid(array, |at| hash.hash_one((before + at as u64, array.value(at))))
        }
        DataType::FixedSizeBinary(_) => {
            let array = array.as_fixed_size_binary();
            each_valid(array, |at| hash.hash_one((before + at as u64, array.value(at))))
        }
        other => unreachable!("no column behind the header has type {other}"),
    }
}

fn each_valid(array: &dyn Array, hash: impl Fn(usize) -> u64) -> u64 {
    let add = |sum: u64, at| sum.wrapping_add(hash(at));
    match array.nulls() {
        Some(nulls) => nulls.valid_indices().fold(0, add),
        None => (0..array.len()).fold(0, add),
    }
}
