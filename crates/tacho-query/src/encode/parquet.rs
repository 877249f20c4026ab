//! Answers as a Parquet file.
//!
//! *Limits*: [`GROUP_ROWS`] or [`GROUP_BYTES`] are held in memory until they are written.

use super::plain;
use crate::error::{Kind, QueryError};
use arrow::array::{ArrayRef, RecordBatch, StringViewArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

const GROUP_ROWS: usize = 64 << 10;
const GROUP_BYTES: usize = 32 << 20;

pub(super) struct File {
    schema: SchemaRef,
    writer: ArrowWriter<Vec<u8>>,
}

impl File {
    pub(super) fn new(answer: &SchemaRef) -> Result<File, QueryError> {
        let fields = answer.fields().iter().map(|field| match is_plain(field.data_type()) {
            true => Arc::clone(field),
            false => Arc::new(Field::new(field.name(), DataType::Utf8View, true)),
        });
        let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(parquet::basic::ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let writer =
            ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties)).map_err(unwritten)?;
        Ok(File { schema, writer })
    }

    pub(super) fn batch(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), QueryError> {
        let columns = batch.columns().iter().map(as_written).collect::<Result<Vec<_>, _>>()?;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(unwritten)?;
        self.writer.write(&batch).map_err(unwritten)?;
        if self.writer.in_progress_size() > GROUP_BYTES {
            self.writer.flush().map_err(unwritten)?;
        }
        out.append(self.writer.inner_mut());
        Ok(())
    }

    pub(super) fn finish(self, out: &mut Vec<u8>) -> Result<(), QueryError> {
        out.append(&mut self.writer.into_inner().map_err(unwritten)?);
        Ok(())
    }
}

/// Whether Parquet has the type. What JSON operators give is a union, which becomes text.
fn is_plain(kind: &DataType) -> bool {
    !matches!(kind, DataType::Union(..) | DataType::Interval(_) | DataType::Null)
}

fn as_written(column: &ArrayRef) -> Result<ArrayRef, QueryError> {
    if is_plain(column.data_type()) {
        return Ok(Arc::clone(column));
    }
    let text = |row| {
        let is_null = column.is_null(row) || *column.data_type() == DataType::Null;
        (!is_null).then(|| plain(column, row)).transpose()
    };
    let texts = (0..column.len()).map(text).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(texts.iter().map(Option::as_deref).collect::<StringViewArray>()))
}

fn unwritten(error: impl std::fmt::Display) -> QueryError {
    QueryError::new(Kind::Value, format!("the answer cannot be written as Parquet: {error}"))
        .hint("cast the column to text")
}
