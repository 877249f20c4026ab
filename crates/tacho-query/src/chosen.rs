//! Rows that are asked for by their indexes.

use datafusion::arrow::array::{AsArray, RecordBatch, UInt64Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, binary, in_list, lit};
use std::sync::Arc;
use tacho_store::{SegmentFile, schema};

/// Those of the newest events with one of these indexes, which are in order as the events are.
///
/// # Errors
/// None of its own.
pub(crate) fn newest(hot: &[RecordBatch], indexes: &[i64]) -> Result<Vec<RecordBatch>> {
    let mut found = Vec::new();
    for batch in hot {
        let here = batch.column(schema::at::INDEX).as_primitive::<Int64Type>().values();
        let (Some(first), Some(last)) = (here.first(), here.last()) else { continue };
        let asked = between(indexes, *first, *last).iter();
        let rows: Vec<u64> =
            asked.filter_map(|index| here.binary_search(index).ok()).map(|row| row as u64).collect();
        if !rows.is_empty() {
            found.push(take_record_batch(batch, &UInt64Array::from(rows))?);
        }
    }
    Ok(found)
}

/// Whether the segment may hold one of the rows.
pub(crate) fn holds(segment: &SegmentFile, indexes: &[i64]) -> bool {
    !between(indexes, segment.first as i64, segment.last as i64).is_empty()
}

/// A filter that passes these indexes. Their range stands beside them, as statistics are compared with it.
///
/// # Errors
/// None of its own.
pub(crate) fn among(indexes: &[i64]) -> Result<Arc<dyn PhysicalExpr>> {
    let schema = schema::schema();
    let index = || Arc::new(Column::new("index", schema::at::INDEX)) as Arc<dyn PhysicalExpr>;
    let value = |index: Option<&i64>| lit(ScalarValue::Int64(index.copied()));
    let from = binary(index(), Operator::GtEq, value(indexes.first()), &schema)?;
    let to = binary(index(), Operator::LtEq, value(indexes.last()), &schema)?;
    let one = in_list(index(), indexes.iter().map(|index| value(Some(index))).collect(), &false, &schema)?;
    binary(binary(from, Operator::And, to, &schema)?, Operator::And, one, &schema)
}

fn between(indexes: &[i64], first: i64, last: i64) -> &[i64] {
    let from = indexes.partition_point(|index| *index < first);
    let to = indexes.partition_point(|index| *index <= last);
    &indexes[from..to.max(from)]
}
