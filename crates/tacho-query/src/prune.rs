//! What need not be read: segments by time and index, row groups by least and greatest value and Bloom filter.
//!
//! Invariants
//! - An answer "cannot match" is a proof; whatever is not understood may match.
//! - Footers and filters are read once and cached, because reading them costs more than the rows they save.

use crate::kept::Kept;
use datafusion::arrow::array::RecordBatch;
use datafusion::common::{Column, DataFusionError, Result, ScalarValue};
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::object_store::{ObjectMeta, ObjectStore};
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;
use std::fs::File;
use std::sync::Arc;
use tacho_store::rollup::{Span, read_sums};
use tacho_store::{Grams, SegmentFile, schema};

/// Memory for Bloom filters, bytes.
const FILTERS_BYTES_MAX: usize = 128 << 20;
/// The same for tables of letters: those of 64 million events.
const GRAMS_BYTES_MAX: usize = 128 << 20;
/// The same for sums.
const SUMS_BYTES_MAX: usize = 128 << 20;

/// Whether some row of the segment can pass all the filters, told by what the catalog knows.
pub(crate) fn segment_may_match(filters: &[Expr], segment: &SegmentFile) -> bool {
    let test = |column: &Column, op: Operator, value: &ScalarValue| {
        let (min, max) = match column.name.as_str() {
            "timestamp" => (segment.time_min, segment.time_max),
            "index" => (segment.first as i64, segment.last as i64),
            _ => return true,
        };
        let Some(value) = integer(value) else { return true };
        match op {
            Operator::Eq => min <= value && value <= max,
            Operator::Lt => min < value,
            Operator::LtEq => min <= value,
            Operator::Gt => max > value,
            Operator::GtEq => max >= value,
            _ => true,
        }
    };
    filters.iter().all(|filter| may_match(filter, &test))
}

/// Walks a filter: `test` judges the comparisons of a column with a value, everything else may match.
fn may_match(filter: &Expr, test: &dyn Fn(&Column, Operator, &ScalarValue) -> bool) -> bool {
    match filter {
        Expr::Alias(alias) => may_match(&alias.expr, test),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            may_match(left, test) && may_match(right, test)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            may_match(left, test) || may_match(right, test)
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (left.as_ref(), right.as_ref()) {
            (Expr::Column(column), Expr::Literal(value, _)) => test(column, *op, value),
            (Expr::Literal(value, _), Expr::Column(column)) => {
                op.swap().is_none_or(|op| test(column, op, value))
            }
            _ => true,
        },
        Expr::InList(list) if !list.negated => match list.expr.as_ref() {
            Expr::Column(column) => list.list.iter().any(|item| match item {
                Expr::Literal(value, _) => test(column, Operator::Eq, value),
                _ => true,
            }),
            _ => true,
        },
        Expr::Between(between) if !between.negated => {
            match (between.expr.as_ref(), between.low.as_ref(), between.high.as_ref()) {
                (Expr::Column(column), Expr::Literal(low, _), Expr::Literal(high, _)) => {
                    test(column, Operator::GtEq, low) && test(column, Operator::LtEq, high)
                }
                _ => true,
            }
        }
        _ => true,
    }
}

/// The texts that some filter compares a column with: only then are footers worth asking.
fn asks_for_text(filters: &[Expr]) -> bool {
    let found = std::cell::Cell::new(false);
    let test = |_: &Column, op: Operator, value: &ScalarValue| {
        if op == Operator::Eq && text(value).is_some() {
            found.set(true);
        }
        true
    };
    filters.iter().for_each(|filter| {
        // Both sides of an OR must be seen: `true` would end it, so its sides are visited one by one.
        each_side(filter, &mut |side| {
            may_match(side, &test);
        });
    });
    found.get()
}

fn each_side(filter: &Expr, visit: &mut dyn FnMut(&Expr)) {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or | Operator::And, right }) => {
            each_side(left, visit);
            each_side(right, visit);
        }
        other => visit(other),
    }
}

fn text(value: &ScalarValue) -> Option<&str> {
    match value {
        ScalarValue::Utf8(Some(text))
        | ScalarValue::Utf8View(Some(text))
        | ScalarValue::LargeUtf8(Some(text)) => Some(text),
        _ => None,
    }
}

/// Whether the expression is the time of an event.
pub(crate) fn is_time(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(column) if column.name == "timestamp")
}

/// The comparison of the time of an event with a value, when the filter is one: `timestamp OP microseconds`.
pub(crate) fn time_compared(filter: &Expr) -> Option<(Operator, i64)> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = filter else { return None };
    match (left.as_ref(), right.as_ref()) {
        (time, Expr::Literal(value, _)) if is_time(time) => Some((*op, integer(value)?)),
        (Expr::Literal(value, _), time) if is_time(time) => Some((op.swap()?, integer(value)?)),
        _ => None,
    }
}

/// Integers, and times in microseconds.
fn integer(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::Int64(Some(value)) | ScalarValue::TimestampMicrosecond(Some(value), _) => Some(*value),
        ScalarValue::Int32(Some(value)) => Some(i64::from(*value)),
        _ => None,
    }
}

/// Footers, Bloom filters and sums of segments.
#[derive(Debug)]
pub(crate) struct Pruner {
    store: Arc<dyn ObjectStore>,
    footers: Arc<FileMetadataCache>,
    /// By digest of the segment, row group and column.
    filters: Kept<([u8; 32], usize, usize), Arc<Sbbf>>,
    /// By digest of the segment.
    grams: Kept<[u8; 32], Arc<Grams>>,
    sums: Kept<([u8; 32], Span), RecordBatch>,
}

impl Pruner {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, footers: Arc<FileMetadataCache>) -> Pruner {
        Pruner {
            store,
            footers,
            filters: Kept::new(FILTERS_BYTES_MAX),
            grams: Kept::new(GRAMS_BYTES_MAX),
            sums: Kept::new(SUMS_BYTES_MAX),
        }
    }

    /// Which row groups may hold a row that passes the filters; `None` when they do not tell.
    ///
    /// # Errors
    /// When the segment's footer or a filter cannot be read.
    pub(crate) async fn row_groups(
        &self,
        segment: &SegmentFile,
        meta: &ObjectMeta,
        filters: &[Expr],
    ) -> Result<Option<Vec<bool>>> {
        if !asks_for_text(filters) {
            return Ok(None);
        }
        let footer = self.footer(meta).await?;
        let mut kept = Vec::with_capacity(footer.num_row_groups());
        for group in 0..footer.num_row_groups() {
            kept.push(self.group_may_match(segment, &footer, group, filters)?);
        }
        Ok(if kept.iter().all(|keep| *keep) { None } else { Some(kept) })
    }

    /// Which letters stand in the texts of each block of the segment; nothing when it was not written down.
    ///
    /// # Errors
    /// When the footer or the tables cannot be read.
    pub(crate) async fn grams(&self, segment: &SegmentFile, meta: &ObjectMeta) -> Result<Option<Arc<Grams>>> {
        if let Some(known) = self.grams.get(&segment.digest) {
            return Ok(known);
        }
        let footer = self.footer(meta).await?;
        let grams = Grams::read(&segment.path, &footer)
            .map_err(|error| DataFusionError::External(Box::new(error)))?
            .map(Arc::new);
        let bytes = grams.as_ref().map_or(0, |grams| grams.bytes());
        self.grams.put(segment.digest, grams.clone(), bytes);
        Ok(grams)
    }

    /// The sums over the rows of the segment by this span; nothing when it has none.
    ///
    /// # Errors
    /// When the footer or the sums cannot be read.
    pub(crate) async fn sums(
        &self,
        segment: &SegmentFile,
        meta: &ObjectMeta,
        span: Span,
    ) -> Result<Option<RecordBatch>> {
        let key = (segment.digest, span);
        if let Some(known) = self.sums.get(&key) {
            return Ok(known);
        }
        let footer = self.footer(meta).await?;
        let table = read_sums(&segment.path, &footer, span)
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let bytes = table.as_ref().map_or(0, RecordBatch::get_array_memory_size);
        self.sums.put(key, table.clone(), bytes);
        Ok(table)
    }

    /// The segment's footer, read once.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn footer(&self, meta: &ObjectMeta) -> Result<Arc<ParquetMetaData>> {
        DFParquetMetadata::new(self.store.as_ref(), meta)
            .with_file_metadata_cache(Some(Arc::clone(&self.footers)))
            .fetch_metadata()
            .await
    }

    fn group_may_match(
        &self,
        segment: &SegmentFile,
        footer: &ParquetMetaData,
        group: usize,
        filters: &[Expr],
    ) -> Result<bool> {
        let failed = std::cell::RefCell::new(None);
        let test = |column: &Column, op: Operator, value: &ScalarValue| {
            if column.name == "index" {
                return index_may_match(&footer.row_group(group).columns()[schema::at::INDEX], op, value);
            }
            let Some(wanted) = text(value).filter(|_| op == Operator::Eq) else { return true };
            let columns = footer.row_group(group).columns();
            let Some(at) = columns.iter().position(|chunk| chunk.column_path().string() == column.name)
            else {
                return true; // an older file without the column
            };
            if !range_may_hold(&columns[at], wanted) {
                return false;
            }
            match self.filter(segment, group, at, &columns[at]) {
                Ok(filter) => filter.is_none_or(|filter| filter.check(wanted)),
                Err(error) => {
                    failed.replace(Some(error));
                    true
                }
            }
        };
        let keep = filters.iter().all(|filter| may_match(filter, &test));
        match failed.into_inner() {
            Some(error) => Err(error),
            None => Ok(keep),
        }
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

/// Whether some index of a row group can pass the comparison.
fn index_may_match(chunk: &ColumnChunkMetaData, op: Operator, value: &ScalarValue) -> bool {
    let (Some(Statistics::Int64(known)), Some(value)) = (chunk.statistics(), integer(value)) else {
        return true;
    };
    match op {
        Operator::Eq => {
            known.min_opt().is_none_or(|min| *min <= value) && known.max_opt().is_none_or(|max| *max >= value)
        }
        Operator::Lt => known.min_opt().is_none_or(|min| *min < value),
        Operator::LtEq => known.min_opt().is_none_or(|min| *min <= value),
        Operator::Gt => known.max_opt().is_none_or(|max| *max > value),
        Operator::GtEq => known.max_opt().is_none_or(|max| *max >= value),
        _ => true,
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
