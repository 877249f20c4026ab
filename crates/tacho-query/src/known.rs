//! What is known of a segment's columns without reading them, from the catalog and the footer.
//!
//! Most columns of most segments hold one value or none: no sender fills all of them. The engine puts that value in place of the
//! column, in what is asked for and in filters, and does not read it.
//!
//! Invariant: a value is told only where it is that of every row of the file, so it is that of any of its rows.

use datafusion::arrow::array::Array;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics};
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::file::metadata::ParquetMetaData;
use tacho_store::{SegmentFile, schema};

/// The number of rows, the range of time and index, and each column whose rows are all the same.
///
/// # Errors
/// When the footer's statistics are of other types than the columns.
pub(crate) fn known(segment: &SegmentFile, footer: &ParquetMetaData) -> Result<Statistics> {
    let schema = schema::schema();
    let mut known = Statistics::new_unknown(&schema);
    known.num_rows = Precision::Exact(segment.rows as usize);
    let columns = footer.file_metadata().schema_descr();
    for (field, column) in schema.fields().iter().zip(&mut known.column_statistics) {
        let converter = StatisticsConverter::try_new(field.name(), &schema, columns)?;
        // A file from before there was such a column.
        if converter.parquet_column_index().is_some()
            && let Some(value) = same(&converter, footer)?
        {
            *column = match value.is_null() {
                true => ColumnStatistics { null_count: known.num_rows, ..ColumnStatistics::new_unknown() },
                false => between(value.clone(), value),
            };
        }
    }
    let time = |us: i64| ScalarValue::TimestampMicrosecond(Some(us), Some("UTC".into()));
    let index = |index: u64| ScalarValue::Int64(Some(index as i64));
    known.column_statistics[schema::at::TIMESTAMP] = between(time(segment.time_min), time(segment.time_max));
    known.column_statistics[schema::at::INDEX] = between(index(segment.first), index(segment.last));
    Ok(known)
}

/// The value that every row has, which may be null; nothing when they differ, or when the footer does not tell.
fn same(converter: &StatisticsConverter<'_>, footer: &ParquetMetaData) -> Result<Option<ScalarValue>> {
    let groups = footer.row_groups();
    let nulls = converter.row_group_null_counts(groups)?;
    if nulls.null_count() > 0 {
        return Ok(None);
    }
    let all_null = nulls.iter().flatten().zip(groups).all(|(nulls, group)| nulls == group.num_rows() as u64);
    if all_null {
        return Ok(Some(ScalarValue::try_new_null(converter.arrow_field().data_type())?));
    }
    // Long texts are cut short in the footer: then two of them may only begin alike.
    let exact =
        [converter.row_group_is_min_value_exact(groups)?, converter.row_group_is_max_value_exact(groups)?];
    if nulls.iter().flatten().any(|nulls| nulls > 0)
        || exact.iter().flatten().any(|exact| exact != Some(true))
    {
        return Ok(None);
    }
    let (least, greatest) = (converter.row_group_mins(groups)?, converter.row_group_maxes(groups)?);
    let value = ScalarValue::try_from_array(&least, 0)?;
    for bounds in [least, greatest] {
        for group in 0..bounds.len() {
            if bounds.is_null(group) || ScalarValue::try_from_array(&bounds, group)? != value {
                return Ok(None);
            }
        }
    }
    Ok(Some(value))
}

fn between(least: ScalarValue, greatest: ScalarValue) -> ColumnStatistics {
    ColumnStatistics {
        null_count: Precision::Exact(0),
        min_value: Precision::Exact(least),
        max_value: Precision::Exact(greatest),
        ..ColumnStatistics::new_unknown()
    }
}
