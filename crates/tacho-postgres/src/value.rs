//! Values of Arrow as PostgreSQL writes them, as text and as bytes.
//!
//! Times are UTC and say so; texts are as PostgreSQL's own settings write them (`ISO`, `hex`, `postgres`).

use crate::kind::{Kind, Scalar};
use crate::{list, numeric};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{
    Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, IntervalMonthDayNano,
    IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use bytes::{BufMut, BytesMut};
use std::fmt::Write;
use tacho_event::time::{self, Day, Micros};

/// Microseconds and days from 1970 to 2000, where PostgreSQL begins to count.
const EPOCH_US: i64 = 946_684_800_000_000;
const EPOCH_DAYS: i32 = 10_957;

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    #[default]
    Text,
    Binary,
}

impl Format {
    pub(crate) fn code(self) -> i16 {
        match self {
            Format::Text => 0,
            Format::Binary => 1,
        }
    }

    /// The format of one of many, from the codes that a client gave: none for text, one for all, or one for each.
    ///
    /// # Errors
    /// A sentence, when there is no such code.
    pub fn of(codes: &[i16], at: usize) -> Result<Format, String> {
        let code = if codes.len() == 1 { codes.first() } else { codes.get(at) };
        match code.copied().unwrap_or(0) {
            0 => Ok(Format::Text),
            1 => Ok(Format::Binary),
            other => Err(format!("there is no format {other}: 0 is text, 1 is binary")),
        }
    }
}

/// The rows of a batch, ready to be written.
#[derive(Debug)]
pub struct Rows {
    columns: Vec<(Kind, Format, ArrayRef)>,
    count: usize,
}

impl Rows {
    /// Takes columns as the types that were announced for them.
    ///
    /// # Errors
    /// When a column cannot be of its type.
    pub fn new(columns: &[ArrayRef], kinds: &[(Kind, Format)]) -> Result<Rows, ArrowError> {
        let count = columns.first().map_or(0, |column| column.len());
        let columns = columns.iter().zip(kinds).map(|(column, (kind, format))| {
            let wanted = kind.arrow();
            let column = if *column.data_type() == wanted { column.clone() } else { cast(column, &wanted)? };
            Ok((*kind, *format, column))
        });
        Ok(Rows { columns: columns.collect::<Result<_, ArrowError>>()?, count })
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// Appends one row as a message.
    pub fn put(&self, row: usize, out: &mut BytesMut) {
        crate::reply::framed(b'D', out, |out| {
            out.put_i16(self.columns.len() as i16);
            for (kind, format, column) in &self.columns {
                value(*kind, *format, column, row, out);
            }
        });
    }
}

/// Appends a value with its length, or that there is none.
pub(crate) fn value(kind: Kind, format: Format, column: &ArrayRef, row: usize, out: &mut BytesMut) {
    if column.is_null(row) {
        out.put_i32(-1);
        return;
    }
    let at = out.len();
    out.put_i32(0);
    match (kind.is_list, format) {
        (false, Format::Binary) => binary(kind.scalar, column, row, out),
        (true, Format::Binary) => list::binary(kind.item(), &column.as_list::<i32>().value(row), out),
        (false, Format::Text) => {
            let mut written = String::new();
            text(kind.scalar, column, row, &mut written);
            out.put_slice(written.as_bytes());
        }
        (true, Format::Text) => {
            let written = list::text(kind.item(), &column.as_list::<i32>().value(row));
            out.put_slice(written.as_bytes());
        }
    }
    let length = (out.len() - at - 4) as i32;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

fn binary(scalar: Scalar, column: &ArrayRef, row: usize, out: &mut BytesMut) {
    match scalar {
        Scalar::Bool => out.put_u8(u8::from(column.as_boolean().value(row))),
        Scalar::Bytea => out.put_slice(column.as_binary::<i32>().value(row)),
        Scalar::Int2 => out.put_i16(column.as_primitive::<Int16Type>().value(row)),
        Scalar::Int4 => out.put_i32(column.as_primitive::<Int32Type>().value(row)),
        Scalar::Int8 => out.put_i64(column.as_primitive::<Int64Type>().value(row)),
        Scalar::Float4 => out.put_f32(column.as_primitive::<Float32Type>().value(row)),
        Scalar::Float8 => out.put_f64(column.as_primitive::<Float64Type>().value(row)),
        Scalar::Numeric => numeric::binary(column.as_string::<i32>().value(row), out),
        Scalar::Text | Scalar::Json => out.put_slice(column.as_string::<i32>().value(row).as_bytes()),
        Scalar::Date => {
            out.put_i32(column.as_primitive::<Date32Type>().value(row).saturating_sub(EPOCH_DAYS));
        }
        Scalar::Time => out.put_i64(column.as_primitive::<Time64MicrosecondType>().value(row)),
        Scalar::Timestamp | Scalar::Timestamptz => {
            out.put_i64(
                column.as_primitive::<TimestampMicrosecondType>().value(row).saturating_sub(EPOCH_US),
            );
        }
        Scalar::Interval => {
            let interval = column.as_primitive::<IntervalMonthDayNanoType>().value(row);
            out.put_i64(interval.nanoseconds / 1000);
            out.put_i32(interval.days);
            out.put_i32(interval.months);
        }
    }
}

/// Appends a value as text; writing into a string cannot fail.
pub(crate) fn text(scalar: Scalar, column: &ArrayRef, row: usize, out: &mut String) {
    let _ = match scalar {
        Scalar::Bool => write!(out, "{}", if column.as_boolean().value(row) { "t" } else { "f" }),
        Scalar::Bytea => {
            out.push_str("\\x");
            column.as_binary::<i32>().value(row).iter().try_for_each(|byte| write!(out, "{byte:02x}"))
        }
        Scalar::Int2 => write!(out, "{}", column.as_primitive::<Int16Type>().value(row)),
        Scalar::Int4 => write!(out, "{}", column.as_primitive::<Int32Type>().value(row)),
        Scalar::Int8 => write!(out, "{}", column.as_primitive::<Int64Type>().value(row)),
        Scalar::Float4 => float(f64::from(column.as_primitive::<Float32Type>().value(row)), true, out),
        Scalar::Float8 => float(column.as_primitive::<Float64Type>().value(row), false, out),
        Scalar::Numeric | Scalar::Text | Scalar::Json => {
            out.push_str(column.as_string::<i32>().value(row));
            Ok(())
        }
        Scalar::Date => {
            out.push_str(&Day(column.as_primitive::<Date32Type>().value(row)).text());
            Ok(())
        }
        Scalar::Time => {
            clock(column.as_primitive::<Time64MicrosecondType>().value(row), out);
            Ok(())
        }
        Scalar::Timestamp => {
            out.push_str(&moment(column.as_primitive::<TimestampMicrosecondType>().value(row)));
            Ok(())
        }
        Scalar::Timestamptz => {
            let moment = moment(column.as_primitive::<TimestampMicrosecondType>().value(row));
            write!(out, "{moment}+00")
        }
        Scalar::Interval => {
            interval(column.as_primitive::<IntervalMonthDayNanoType>().value(row), out);
            Ok(())
        }
    };
}

fn float(value: f64, short: bool, out: &mut String) -> std::fmt::Result {
    if value.is_infinite() {
        return write!(out, "{}Infinity", if value < 0.0 { "-" } else { "" });
    }
    // What is far from one has an exponent, or it would be three hundred digits.
    let far = value != 0.0 && !(1e-5..1e15).contains(&value.abs()) && !value.is_nan();
    match (far, short) {
        (true, true) => write!(out, "{:e}", value as f32),
        (true, false) => write!(out, "{value:e}"),
        (false, true) => write!(out, "{}", value as f32),
        (false, false) => write!(out, "{value}"),
    }
}

/// `2026-11-21 23:00:00.5`.
fn moment(micros: Micros) -> String {
    let text = time::format(micros).replace('T', " ");
    let text = text.trim_end_matches('Z');
    match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        None => text.to_string(),
    }
}

fn clock(micros: i64, out: &mut String) {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let _ = write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction > 0 {
        let digits = format!("{fraction:06}");
        let _ = write!(out, ".{}", digits.trim_end_matches('0'));
    }
}

/// `1 year 2 mons -3 days 04:05:06.7`.
fn interval(interval: IntervalMonthDayNano, out: &mut String) {
    let start = out.len();
    let parts = [
        (interval.months / 12, "year", "years"),
        (interval.months % 12, "mon", "mons"),
        (interval.days, "day", "days"),
    ];
    for (count, one, many) in parts {
        if count != 0 {
            let space = if out.len() > start { " " } else { "" };
            let _ = write!(out, "{space}{count} {}", if count == 1 { one } else { many });
        }
    }
    let micros = interval.nanoseconds / 1000;
    if micros != 0 || out.len() == start {
        out.push_str(if out.len() > start { " " } else { "" });
        out.push_str(if micros < 0 { "-" } else { "" });
        clock(micros.saturating_abs(), out);
    }
}

#[cfg(test)]
#[path = "value_tests.rs"]
mod tests;
