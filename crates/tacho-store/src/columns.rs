//! Typed builders behind [`crate::hot::to_batch`]: one per column, made at the column's first value.
//!
//! Most facts of most events are unset. A column without a value costs nothing while rows are added, and all
//! such columns of a batch share one block of zeros, so memory follows what was said, not what could be.

use crate::schema::{COLUMNS, schema};
use arrow::array::{
    Array, ArrayRef, BooleanBuilder, FixedSizeBinaryBuilder, Int32Builder, Int64Builder, RecordBatch,
    StringViewBuilder, make_array,
};
use arrow::buffer::Buffer;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use std::cell::RefCell;
use std::sync::Arc;

/// The columns of a batch that is being built.
pub(crate) struct Columns {
    columns: Vec<Column>,
    /// Finished rows; values are added to the row after them.
    rows: usize,
    /// Rows that memory is taken for when a column gets its first value.
    expected: usize,
}

struct Column {
    data: Data,
    /// Rows that have a value or a null; later rows up to the current one are null.
    len: usize,
}

enum Data {
    Empty,
    Int(Int64Builder),
    Small(Int32Builder),
    Flag(BooleanBuilder),
    Text(StringViewBuilder),
    Bytes(FixedSizeBinaryBuilder),
}

/// First block of a text column, bytes: a batch of one event must not take a page for each column.
const BLOCK_BYTES_MIN: usize = 256;
const BLOCK_BYTES_MAX: usize = 256 << 10;

impl Columns {
    pub(crate) fn new(expected: usize) -> Columns {
        let columns = (0..COLUMNS).map(|_| Column { data: Data::Empty, len: 0 }).collect();
        Columns { columns, rows: 0, expected }
    }

    /// How many rows are finished.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Ends the current row.
    pub(crate) fn end_row(&mut self) {
        self.rows += 1;
    }

    pub(crate) fn int(&mut self, at: usize, value: i64) {
        let (column, rows, expected) = self.column(at);
        if matches!(column.data, Data::Empty) {
            column.data = Data::Int(Int64Builder::with_capacity(expected));
        }
        if let Data::Int(builder) = &mut column.data {
            builder.append_nulls(rows - column.len);
            builder.append_value(value);
            column.len = rows + 1;
        }
    }

    pub(crate) fn small(&mut self, at: usize, value: i32) {
        let (column, rows, expected) = self.column(at);
        if matches!(column.data, Data::Empty) {
            column.data = Data::Small(Int32Builder::with_capacity(expected));
        }
        if let Data::Small(builder) = &mut column.data {
            builder.append_nulls(rows - column.len);
            builder.append_value(value);
            column.len = rows + 1;
        }
    }

    pub(crate) fn flag(&mut self, at: usize, value: bool) {
        let (column, rows, expected) = self.column(at);
        if matches!(column.data, Data::Empty) {
            column.data = Data::Flag(BooleanBuilder::with_capacity(expected));
        }
        if let Data::Flag(builder) = &mut column.data {
            builder.append_nulls(rows - column.len);
            builder.append_value(value);
            column.len = rows + 1;
        }
    }

    pub(crate) fn text(&mut self, at: usize, value: &str) {
        let (column, rows, expected) = self.column(at);
        if matches!(column.data, Data::Empty) {
            let block = (expected * 32).clamp(BLOCK_BYTES_MIN, BLOCK_BYTES_MAX) as u32;
            column.data = Data::Text(StringViewBuilder::with_capacity(expected).with_fixed_block_size(block));
        }
        if let Data::Text(builder) = &mut column.data {
            for _ in column.len..rows {
                builder.append_null();
            }
            builder.append_value(value);
            column.len = rows + 1;
        }
    }

    pub(crate) fn bytes(&mut self, at: usize, value: &[u8]) -> Result<(), ArrowError> {
        let (column, rows, expected) = self.column(at);
        if matches!(column.data, Data::Empty) {
            let width = value.len() as i32;
            column.data = Data::Bytes(FixedSizeBinaryBuilder::with_capacity(expected, width));
        }
        if let Data::Bytes(builder) = &mut column.data {
            builder.append_nulls(rows - column.len);
            builder.append_value(value)?;
            column.len = rows + 1;
        }
        Ok(())
    }

    fn column(&mut self, at: usize) -> (&mut Column, usize, usize) {
        (&mut self.columns[at], self.rows, self.expected)
    }

    /// The rows as a batch.
    ///
    /// # Errors
    /// [`ArrowError`] when a column that is never null got no value in some row.
    pub(crate) fn finish(self) -> Result<RecordBatch, ArrowError> {
        let schema = schema();
        let nulls = Nulls::new(self.rows);
        let mut arrays = Vec::with_capacity(COLUMNS);
        for (column, field) in self.columns.into_iter().zip(schema.fields()) {
            arrays.push(column.finish(self.rows, field.data_type(), &nulls)?);
        }
        RecordBatch::try_new(schema, arrays)
    }
}

impl Column {
    fn finish(self, rows: usize, want: &DataType, nulls: &Nulls) -> Result<ArrayRef, ArrowError> {
        let missing = rows - self.len;
        let array: ArrayRef = match self.data {
            Data::Empty => return nulls.array(want),
            Data::Int(mut builder) => {
                builder.append_nulls(missing);
                Arc::new(builder.finish())
            }
            Data::Small(mut builder) => {
                builder.append_nulls(missing);
                Arc::new(builder.finish())
            }
            Data::Flag(mut builder) => {
                builder.append_nulls(missing);
                Arc::new(builder.finish())
            }
            Data::Text(mut builder) => {
                (0..missing).for_each(|_| builder.append_null());
                Arc::new(builder.finish())
            }
            Data::Bytes(mut builder) => {
                builder.append_nulls(missing);
                Arc::new(builder.finish())
            }
        };
        // Times and days are the same integers under another type.
        if array.data_type() == want { Ok(array) } else { cast(&array, want) }
    }
}

/// Columns of nulls only: all of one batch share one block of zeros, and those of one type the whole array.
pub(crate) struct Nulls {
    rows: usize,
    zeros: Buffer,
    made: RefCell<Vec<ArrayRef>>,
}

impl Nulls {
    pub(crate) fn new(rows: usize) -> Nulls {
        // The widest column has 32 bytes a row; texts want the alignment of 16 bytes.
        Nulls { rows, zeros: Buffer::from_vec(vec![0i128; rows * 2]), made: RefCell::default() }
    }

    /// A column of nulls.
    ///
    /// # Errors
    /// [`ArrowError`] for a type that the schema does not have.
    pub(crate) fn array(&self, of: &DataType) -> Result<ArrayRef, ArrowError> {
        let mut made = self.made.borrow_mut();
        if let Some(array) = made.iter().find(|array| array.data_type() == of) {
            return Ok(Arc::clone(array));
        }
        let builder = arrow::array::ArrayDataBuilder::new(of.clone()).len(self.rows);
        let valid = arrow::buffer::NullBuffer::new(arrow::buffer::BooleanBuffer::new(
            self.zeros.clone(),
            0,
            self.rows,
        ));
        let data = builder.nulls(Some(valid)).add_buffer(self.zeros.clone()).build()?;
        let array = make_array(data);
        made.push(Arc::clone(&array));
        Ok(array)
    }
}
