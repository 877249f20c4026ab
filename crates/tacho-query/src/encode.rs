//! Answers as JSON, NDJSON, CSV, Arrow stream and Parquet, batch by batch.
//!
//! Invariants
//! - Times are RFC 3339 with microseconds and `Z`; decimals keep every digit; bytes are lower-case hexadecimal.
//! - JSON and NDJSON have every column of every row, null where there is no value.
//! - Columns that hold JSON text (`input`, `action_details` …) stay strings; what `->` returns is JSON.

mod parquet;

use crate::error::{Kind, QueryError};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait, RecordBatch, StructArray, UnionArray,
};
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use std::fmt::Write as _;
use std::io::Write as _;
use tacho_event::time::{self, Day};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Ndjson,
    Csv,
    Arrow,
    Parquet,
}

impl Format {
    /// The media type of the bytes.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8",
            Format::Arrow => "application/vnd.apache.arrow.stream",
            Format::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The format that an `Accept` header asks for; JSON when it does not say.
    pub fn of_accept(accept: &str) -> Format {
        let asks = |part: &str| accept.to_ascii_lowercase().contains(part);
        match () {
            _ if asks("ndjson") || asks("jsonl") || asks("json-seq") => Format::Ndjson,
            _ if asks("csv") => Format::Csv,
            _ if asks("arrow") => Format::Arrow,
            _ if asks("parquet") => Format::Parquet,
            _ => Format::Json,
        }
    }
}

/// Writes one answer: [`Encoder::batch`] for each batch, [`Encoder::finish`] for the end. The bytes in that order
/// are the document.
pub struct Encoder {
    format: Format,
    schema: SchemaRef,
    /// `"name":` of each column.
    keys: Vec<Vec<u8>>,
    rows: u64,
    log_size: u64,
    unjoined: u64,
    error_line: bool,
    /// The cursor that JSON carries at its end.
    cursor: Option<String>,
    file: Option<File>,
}

/// Formats that others write.
enum File {
    Arrow(StreamWriter<Vec<u8>>),
    Parquet(parquet::File),
}

impl Encoder {
    /// # Errors
    /// [`Kind::Internal`] when the Arrow writer refuses the schema.
    pub fn new(format: Format, schema: SchemaRef, log_size: u64) -> Result<Encoder, QueryError> {
        let keys = schema.fields().iter().map(|field| {
            let mut key = Vec::new();
            push_json_text(field.name(), &mut key);
            key.push(b':');
            key
        });
        let file = match format {
            Format::Arrow => Some(File::Arrow(StreamWriter::try_new(Vec::new(), &schema).map_err(internal)?)),
            Format::Parquet => Some(File::Parquet(parquet::File::new(&schema)?)),
            _ => None,
        };
        Ok(Encoder {
            format,
            keys: keys.collect(),
            schema,
            rows: 0,
            log_size,
            unjoined: 0,
            error_line: false,
            cursor: None,
            file,
        })
    }

    /// A cursor that JSON says at its end.
    #[must_use]
    pub fn with_cursor(mut self, cursor: Option<String>) -> Encoder {
        self.cursor = cursor;
        self
    }

    /// How many entries JSON says at its end to be not joined yet, when there are any.
    #[must_use]
    pub fn with_unjoined(mut self, entries: u64) -> Encoder {
        self.unjoined = entries;
        self
    }

    /// CSV says in a last line why it is not whole: see [`Encoder::fail`].
    #[must_use]
    pub fn with_error_line(mut self, wanted: bool) -> Encoder {
        self.error_line = wanted;
        self
    }

    /// Appends the rows, after what stands before the first of them.
    ///
    /// # Errors
    /// [`Kind::Internal`] for a type that cannot be written.
    pub fn batch(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), QueryError> {
        if self.rows == 0 {
            self.start(out);
        }
        match self.format {
            Format::Arrow | Format::Parquet => match self.file.as_mut().expect("made with the format") {
                File::Arrow(writer) => {
                    writer.write(batch).map_err(internal)?;
                    out.append(writer.get_mut());
                }
                File::Parquet(file) => file.batch(batch, out)?,
            },
            Format::Json | Format::Ndjson => self.json_rows(batch, out)?,
            Format::Csv => csv_rows(batch, out)?,
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Appends the end.
    ///
    /// # Errors
    /// As [`Encoder::batch`].
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), QueryError> {
        if self.rows == 0 {
            self.start(out);
        }
        match self.format {
            Format::Arrow | Format::Parquet => match self.file.take().expect("made with the format") {
                File::Arrow(mut writer) => {
                    writer.finish().map_err(internal)?;
                    out.append(writer.get_mut());
                }
                File::Parquet(file) => file.finish(out)?,
            },
            Format::Json => {
                let _ = write!(out, "],\"rows_count\":{},\"tree_size\":{}", self.rows, self.log_size);
                if self.unjoined > 0 {
                    let _ = write!(out, ",\"unjoined\":{}", self.unjoined);
                }
                if let Some(cursor) = &self.cursor {
                    out.extend_from_slice(b",\"cursor\":");
                    push_json_text(cursor, out);
                }
                out.extend_from_slice(b"}\n");
            }
            Format::Ndjson | Format::Csv => {}
        }
        Ok(())
    }

    /// Appends why the answer ends before its end, `problem` being a JSON object: JSON as the member `error` behind its
    /// rows, NDJSON as a last line `{"error":…}`, CSV as that line where it is wanted. No row of CSV looks like it,
    /// because quotes in a value are doubled. Says whether the format could tell; if not, the bytes must break off.
    pub fn fail(self, problem: &str, out: &mut Vec<u8>) -> bool {
        if self.rows == 0 {
            self.start(out);
        }
        let _ = match self.format {
            Format::Json => {
                let (rows, size) = (self.rows, self.log_size);
                writeln!(out, "],\"rows_count\":{rows},\"tree_size\":{size},\"error\":{problem}}}")
            }
            Format::Csv if !self.error_line => return false,
            Format::Ndjson | Format::Csv => writeln!(out, "{{\"error\":{problem}}}"),
            Format::Arrow | Format::Parquet => return false,
        };
        true
    }

    fn start(&self, out: &mut Vec<u8>) {
        match self.format {
            Format::Json => {
                out.extend_from_slice(b"{\"columns\":[");
                for (i, field) in self.schema.fields().iter().enumerate() {
                    out.extend_from_slice(if i == 0 { b"{\"name\":" } else { b",{\"name\":" });
                    push_json_text(field.name(), out);
                    let _ = write!(out, ",\"type\":\"{}\"}}", type_name(field.data_type()));
                }
                out.extend_from_slice(b"],\"rows\":[");
            }
            Format::Csv => {
                for (i, field) in self.schema.fields().iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    push_csv_text(field.name(), out);
                }
                out.extend_from_slice(b"\r\n");
            }
            Format::Ndjson | Format::Arrow | Format::Parquet => {}
        }
    }

    fn json_rows(&self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), QueryError> {
        let lines = self.format == Format::Ndjson;
        for row in 0..batch.num_rows() {
            if !lines && (self.rows > 0 || row > 0) {
                out.push(b',');
            }
            out.push(b'{');
            for (at, (key, column)) in self.keys.iter().zip(batch.columns()).enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(key);
                push_json(column, row, out)?;
            }
            out.push(b'}');
            if lines {
                out.push(b'\n');
            }
        }
        Ok(())
    }
}

/// A column's type in words of PostgreSQL.
fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "boolean",
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => "integer",
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => "bigint",
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "double precision",
        DataType::Decimal128(..)
        | DataType::Decimal256(..)
        | DataType::Decimal64(..)
        | DataType::Decimal32(..) => "numeric",
        DataType::Timestamp(_, Some(_)) => "timestamptz",
        DataType::Timestamp(_, None) => "timestamp",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Interval(_) | DataType::Duration(_) => "interval",
        DataType::FixedSizeBinary(_) | DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            "bytea"
        }
        DataType::Union(..) => "json",
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "array",
        DataType::Struct(_) | DataType::Map(..) => "json",
        _ => "text",
    }
}

/// Appends one value as JSON.
pub(crate) fn push_json(column: &ArrayRef, row: usize, out: &mut Vec<u8>) -> Result<(), QueryError> {
    if column.is_null(row) {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    match column.data_type() {
        DataType::Null => out.extend_from_slice(b"null"),
        DataType::Boolean => {
            out.extend_from_slice(if column.as_boolean().value(row) { b"true" } else { b"false" });
        }
        DataType::Int64 => push_number::<Int64Type>(column, row, out),
        DataType::Int32 => push_number::<Int32Type>(column, row, out),
        DataType::Int16 => push_number::<Int16Type>(column, row, out),
        DataType::Int8 => push_number::<Int8Type>(column, row, out),
        DataType::UInt64 => push_number::<UInt64Type>(column, row, out),
        DataType::UInt32 => push_number::<UInt32Type>(column, row, out),
        DataType::UInt16 => push_number::<UInt16Type>(column, row, out),
        DataType::UInt8 => push_number::<UInt8Type>(column, row, out),
        DataType::Float64 => push_float(column.as_primitive::<Float64Type>().value(row), out),
        DataType::Float32 => push_float(f64::from(column.as_primitive::<Float32Type>().value(row)), out),
        DataType::Decimal128(..) => {
            out.extend_from_slice(column.as_primitive::<Decimal128Type>().value_as_string(row).as_bytes());
        }
        DataType::Utf8View => push_json_text(column.as_string_view().value(row), out),
        DataType::Utf8 => push_json_text(column.as_string::<i32>().value(row), out),
        DataType::LargeUtf8 => push_json_text(column.as_string::<i64>().value(row), out),
        DataType::List(_) => push_list(column.as_list::<i32>(), row, out)?,
        DataType::LargeList(_) => push_list(column.as_list::<i64>(), row, out)?,
        DataType::Struct(_) => push_struct(column.as_struct(), row, out)?,
        DataType::Union(..) => push_union(column, row, out)?,
        _ => push_json_text(&plain(column, row)?, out),
    }
    Ok(())
}

fn push_number<T: ArrowPrimitiveType>(column: &ArrayRef, row: usize, out: &mut Vec<u8>)
where
    T::Native: std::fmt::Display,
{
    let _ = write!(out, "{}", column.as_primitive::<T>().value(row));
}

/// JSON has no infinities: they and what is not a number become null.
fn push_float(value: f64, out: &mut Vec<u8>) {
    let _ = if value.is_finite() { write!(out, "{value}") } else { write!(out, "null") };
}

fn push_list<O: OffsetSizeTrait>(
    list: &GenericListArray<O>,
    row: usize,
    out: &mut Vec<u8>,
) -> Result<(), QueryError> {
    let items = list.value(row);
    out.push(b'[');
    for item in 0..items.len() {
        if item > 0 {
            out.push(b',');
        }
        push_json(&items, item, out)?;
    }
    out.push(b']');
    Ok(())
}

fn push_struct(array: &StructArray, row: usize, out: &mut Vec<u8>) -> Result<(), QueryError> {
    out.push(b'{');
    for (i, (name, column)) in array.column_names().iter().zip(array.columns()).enumerate() {
        if i > 0 {
            out.push(b',');
        }
        push_json_text(name, out);
        out.push(b':');
        push_json(column, row, out)?;
    }
    out.push(b'}');
    Ok(())
}

/// What the JSON operators return: a union of the types of JSON, objects and arrays as their text.
fn push_union(column: &ArrayRef, row: usize, out: &mut Vec<u8>) -> Result<(), QueryError> {
    let union = column.as_any().downcast_ref::<UnionArray>().expect("a union by its type");
    let value = union.value(row);
    let DataType::Union(fields, _) = union.data_type() else { return Ok(()) };
    let name =
        fields.iter().find(|(id, _)| *id == union.type_id(row)).map(|(_, field)| field.name().as_str());
    match (name, value.as_string_opt::<i32>()) {
        (Some("array" | "object"), Some(json)) if json.is_valid(0) => {
            out.extend_from_slice(json.value(0).as_bytes());
            Ok(())
        }
        _ => push_json(&value, 0, out),
    }
}

/// A value as text without quotes; empty for null.
pub(crate) fn plain(column: &ArrayRef, row: usize) -> Result<String, QueryError> {
    if column.is_null(row) {
        return Ok(String::new());
    }
    Ok(match column.data_type() {
        DataType::Utf8View => column.as_string_view().value(row).to_string(),
        DataType::Timestamp(unit, _) => {
            let us = match unit {
                TimeUnit::Second => {
                    column.as_primitive::<TimestampSecondType>().value(row).saturating_mul(1_000_000)
                }
                TimeUnit::Millisecond => {
                    column.as_primitive::<TimestampMillisecondType>().value(row).saturating_mul(1000)
                }
                TimeUnit::Microsecond => column.as_primitive::<TimestampMicrosecondType>().value(row),
                TimeUnit::Nanosecond => {
                    column.as_primitive::<TimestampNanosecondType>().value(row).div_euclid(1000)
                }
            };
            time::format(us)
        }
        DataType::Date32 => Day(column.as_primitive::<Date32Type>().value(row)).text(),
        DataType::FixedSizeBinary(_) => {
            let mut hex = String::new();
            for byte in column.as_fixed_size_binary().value(row) {
                let _ = write!(hex, "{byte:02x}");
            }
            hex
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::Struct(_) | DataType::Union(..) => {
            let mut json = Vec::new();
            push_json(column, row, &mut json)?;
            String::from_utf8_lossy(&json).into_owned()
        }
        _ => {
            let options = FormatOptions::default();
            ArrayFormatter::try_new(column.as_ref(), &options).map_err(internal)?.value(row).to_string()
        }
    })
}

fn csv_rows(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), QueryError> {
    for row in 0..batch.num_rows() {
        for (i, column) in batch.columns().iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            push_csv_text(&plain(column, row)?, out);
        }
        out.extend_from_slice(b"\r\n");
    }
    Ok(())
}

fn push_csv_text(text: &str, out: &mut Vec<u8>) {
    if text.contains([',', '"', '\n', '\r']) {
        out.push(b'"');
        out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

fn push_json_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("text can be written to memory");
}

fn internal(error: impl std::fmt::Display) -> QueryError {
    QueryError::new(Kind::Internal, error.to_string())
}
