//! Reading an answer's cells by column name.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use tacho_event::time::Micros;

/// One row of a batch. A column that is missing or of another type reads as null.
#[derive(Clone, Copy)]
pub(crate) struct RowRef<'a> {
    pub(crate) batch: &'a RecordBatch,
    pub(crate) row: usize,
}

impl<'a> RowRef<'a> {
    pub(crate) fn all(batches: &'a [RecordBatch]) -> impl Iterator<Item = RowRef<'a>> {
        batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| RowRef { batch, row }))
    }

    fn cell(self, name: &str) -> Option<&'a ArrayRef> {
        self.batch.column_by_name(name).filter(|column| column.is_valid(self.row))
    }

    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        let column = self.cell(name).filter(|column| *column.data_type() == DataType::Utf8View)?;
        Some(column.as_string_view().value(self.row))
    }

    pub(crate) fn int(self, name: &str) -> Option<i64> {
        Some(self.cell(name)?.as_primitive_opt::<Int64Type>()?.value(self.row))
    }

    pub(crate) fn time(self, name: &str) -> Option<Micros> {
        Some(self.cell(name)?.as_primitive_opt::<TimestampMicrosecondType>()?.value(self.row))
    }
}
