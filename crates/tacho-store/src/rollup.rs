//! Sums over the rows of a segment, by hour and by day: what an aggregate over known columns need not add up again.
//!
//! A group is one value of each of [`dimensions`]; none of them is personal. For each group there is how many rows it has,
//! the least and greatest time, and of each of [`MEASURES`] the sum and how many rows have it. Sums of groups add up,
//! so a query may add those of many segments to rows that it reads one by one.
//!
//! Invariants
//! - The sums of a file are those of its rows: both are written together, and again when a section is erased.
//! - Sums that do not pay, or do not fit into 64 bits, are left out: then the rows answer.
//!
//! On disk: `docs/formats/segment.md`.

mod add;

pub(crate) use add::Adder;

use crate::error::StoreError;
use crate::inset;
use crate::schema::{INT_FACTS_AT, TEXT_FACTS_AT, at};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::time::{DAY_US, Micros};

/// How long the groups of a table of sums are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    Hour,
    Day,
}

impl Span {
    pub const ALL: [Span; 2] = [Span::Hour, Span::Day];

    pub fn micros(self) -> Micros {
        match self {
            Span::Hour => DAY_US / 24,
            Span::Day => DAY_US,
        }
    }

    /// The start of the span that the time lies in.
    pub fn start(self, time: Micros) -> Micros {
        time - time.rem_euclid(self.micros())
    }

    /// Metadata of the segment that says where the table is.
    pub fn key(self) -> &'static str {
        match self {
            Span::Hour => "tachograph.sums.hour",
            Span::Day => "tachograph.sums.day",
        }
    }
}

/// Of the form of the tables.
pub(crate) const VERSION: u32 = 1;
/// Most bytes of a table that are believed.
const TABLE_BYTES_MAX: usize = 64 << 20;

const TEXT_DIMENSIONS: [(&str, usize); 7] = [
    ("agent_id", at::AGENT_ID),
    ("action_type", at::ACTION_TYPE),
    ("action_name", at::ACTION_NAME),
    ("class", at::CLASS),
    ("level", at::LEVEL),
    ("outcome_status", at::OUTCOME_STATUS),
    ("model", TEXT_FACTS_AT + TextFact::Model as usize),
];
const INT_DIMENSIONS: [(&str, usize); 2] = [
    ("sensitive", INT_FACTS_AT + IntFact::Sensitive as usize),
    ("cost_estimated", INT_FACTS_AT + IntFact::CostEstimated as usize),
];

/// Columns of events that a group has one value of, beside its time.
pub fn dimensions() -> impl Iterator<Item = &'static str> {
    TEXT_DIMENSIONS.iter().chain(&INT_DIMENSIONS).map(|(name, _)| *name)
}

/// Columns of events that are added up.
pub const MEASURES: [&str; 6] = [
    "tokens_input",
    "tokens_output",
    "tokens_cache_read",
    "tokens_cache_write",
    "duration_us",
    "cost_micros",
];
const MEASURES_AT: [usize; 6] = [
    INT_FACTS_AT + IntFact::TokensInput as usize,
    INT_FACTS_AT + IntFact::TokensOutput as usize,
    INT_FACTS_AT + IntFact::TokensCacheRead as usize,
    INT_FACTS_AT + IntFact::TokensCacheWrite as usize,
    INT_FACTS_AT + IntFact::DurationUs as usize,
    INT_FACTS_AT + IntFact::CostMicros as usize,
];
/// How many rows a group has, and their least and greatest time.
pub const ROWS: &str = "rows";
pub const TIME_MIN: &str = "time_min";
pub const TIME_MAX: &str = "time_max";

/// The name of the column that says how many rows have the measure.
pub fn rows_with(measure: &str) -> String {
    format!("{measure}_rows")
}

/// The columns of a table of sums. Dimensions have the names and types they have in events; `timestamp` is the start of
/// the span.
pub fn sums_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let time = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let mut fields = vec![Field::new("timestamp", time(), false)];
        fields.extend(TEXT_DIMENSIONS.map(|(name, _)| Field::new(name, DataType::Utf8View, name == "model")));
        fields.extend(INT_DIMENSIONS.map(|(name, _)| Field::new(name, DataType::Int64, true)));
        fields.push(Field::new(ROWS, DataType::Int64, false));
        fields.extend([TIME_MIN, TIME_MAX].map(|name| Field::new(name, time(), false)));
        for name in MEASURES {
            fields.push(Field::new(name, DataType::Int64, true));
            fields.push(Field::new(rows_with(name), DataType::Int64, false));
        }
        Arc::new(Schema::new(fields))
    });
    Arc::clone(&SCHEMA)
}

/// The table of sums of a segment; nothing when it has none that this program knows.
///
/// # Errors
/// [`StoreError`] when the file cannot be read or the table is damaged.
pub fn read_sums(
    path: &Path,
    metadata: &ParquetMetaData,
    span: Span,
) -> Result<Option<RecordBatch>, StoreError> {
    let Some(bytes) = inset::read(path, metadata, span.key(), VERSION, TABLE_BYTES_MAX)? else {
        return Ok(None);
    };
    let damaged = |error| StoreError::Parquet {
        path: path.to_path_buf(),
        what: format!("its {} cannot be read: {error}", span.key()),
    };
    Ok(Some(decode(bytes.into()).map_err(damaged)?))
}

fn decode(bytes: Bytes) -> Result<RecordBatch, ParquetError> {
    let options = ArrowReaderOptions::new().with_schema(sums_schema());
    let metadata = ArrowReaderMetadata::load(&bytes, options)?;
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, metadata).build()?;
    let batches = reader.collect::<Result<Vec<_>, _>>()?;
    Ok(arrow::compute::concat_batches(&sums_schema(), &batches)?)
}

#[cfg(test)]
#[path = "rollup/rollup_tests.rs"]
mod tests;
