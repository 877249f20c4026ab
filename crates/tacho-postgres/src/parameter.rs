//! Values that a client sends for `$1`, `$2`, …: read as the type that the statement has there.

use crate::kind::{Kind, Scalar};
use crate::value::Format;
use crate::{list, numeric};
use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Float32Array, Float64Array, Int16Array,
    Int32Array, Int64Array, IntervalMonthDayNanoArray, ListArray, StringArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, new_empty_array, new_null_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast_with_options, concat};
use arrow::datatypes::{DataType, Field, IntervalMonthDayNano};
use arrow::util::display::FormatOptions;
use bytes::{Buf, Bytes};
use std::sync::Arc;

const EPOCH_US: i64 = 946_684_800_000_000;
const EPOCH_DAYS: i32 = 10_957;
/// Items of a list.
const ITEMS_MAX: usize = 100_000;

/// Reads a value; the array has it alone.
///
/// # Errors
/// A sentence that says what was expected.
pub fn decode(kind: Kind, format: Format, value: Option<Bytes>) -> Result<ArrayRef, String> {
    let Some(bytes) = value else { return Ok(new_null_array(&kind.arrow(), 1)) };
    match (format, kind.is_list) {
        (Format::Binary, false) => one(kind.scalar, bytes),
        (Format::Binary, true) => listed(kind, items(kind, bytes)?),
        (Format::Text, is_list) => {
            let text = std::str::from_utf8(&bytes).map_err(|_| "a value is not UTF-8 text".to_string())?;
            if !is_list {
                return written(kind.scalar, text);
            }
            let read = |item: Option<String>| match item {
                None => Ok(new_null_array(&kind.item().arrow(), 1)),
                Some(item) => written(kind.scalar, &item),
            };
            listed(kind, list::parse(text)?.into_iter().map(read).collect::<Result<_, String>>()?)
        }
    }
}

fn listed(kind: Kind, items: Vec<ArrayRef>) -> Result<ArrayRef, String> {
    if items.len() > ITEMS_MAX {
        return Err(format!("a list has {} items, expected at most {ITEMS_MAX}", items.len()));
    }
    let of = kind.item().arrow();
    let parts: Vec<&dyn Array> = items.iter().map(AsRef::as_ref).collect();
    let values =
        if parts.is_empty() { new_empty_array(&of) } else { concat(&parts).map_err(|e| e.to_string())? };
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    let field = Arc::new(Field::new("item", of, true));
    Ok(Arc::new(ListArray::try_new(field, offsets, values, None).map_err(|e| e.to_string())?))
}

/// A text as the type it is wanted as, by the same rules as a cast.
fn written(scalar: Scalar, text: &str) -> Result<ArrayRef, String> {
    let kind = Kind { scalar, is_list: false };
    let wrong = || format!("\"{}\" is no {}", list::shown(text), kind.name());
    let text = match scalar {
        Scalar::Text | Scalar::Json | Scalar::Numeric => text.to_string(),
        Scalar::Bytea => {
            let digits = text.strip_prefix("\\x").ok_or_else(wrong)?;
            let digit = |at: usize| digits.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
            let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(digit).collect();
            return Ok(Arc::new(BinaryArray::from(vec![bytes.ok_or_else(wrong)?.as_slice()])));
        }
        // `+00`, as PostgreSQL writes it, lacks the minutes that others want.
        Scalar::Timestamp | Scalar::Timestamptz if has_short_zone(text.trim()) => {
            format!("{}:00", text.trim())
        }
        _ => text.trim().to_string(),
    };
    let strict = arrow::compute::CastOptions { safe: false, format_options: FormatOptions::default() };
    cast_with_options(&StringArray::from(vec![text]), &kind.arrow(), &strict).map_err(|_| wrong())
}

fn has_short_zone(text: &str) -> bool {
    let Some(at) = text.len().checked_sub(3) else { return false };
    let zone = &text.as_bytes()[at..];
    matches!(zone[0], b'+' | b'-') && zone[1..].iter().all(u8::is_ascii_digit) && text.contains(':')
}

fn one(scalar: Scalar, mut bytes: Bytes) -> Result<ArrayRef, String> {
    let kind = Kind { scalar, is_list: false };
    if let Ok(size) = usize::try_from(kind.size())
        && bytes.len() != size
    {
        return Err(format!("a {} has {} bytes, expected {size}", kind.name(), bytes.len()));
    }
    Ok(match scalar {
        Scalar::Bool => Arc::new(BooleanArray::from(vec![bytes.get_u8() != 0])),
        Scalar::Bytea => Arc::new(BinaryArray::from(vec![&bytes[..]])),
        Scalar::Int2 => Arc::new(Int16Array::from(vec![bytes.get_i16()])),
        Scalar::Int4 => Arc::new(Int32Array::from(vec![bytes.get_i32()])),
        Scalar::Int8 => Arc::new(Int64Array::from(vec![bytes.get_i64()])),
        Scalar::Float4 => Arc::new(Float32Array::from(vec![bytes.get_f32()])),
        Scalar::Float8 => Arc::new(Float64Array::from(vec![bytes.get_f64()])),
        Scalar::Numeric => Arc::new(StringArray::from(vec![numeric::text(bytes)?])),
        Scalar::Text | Scalar::Json => {
            let text =
                String::from_utf8(bytes.into()).map_err(|_| "a value is not UTF-8 text".to_string())?;
            Arc::new(StringArray::from(vec![text]))
        }
        Scalar::Date => Arc::new(Date32Array::from(vec![bytes.get_i32().saturating_add(EPOCH_DAYS)])),
        Scalar::Time => Arc::new(Time64MicrosecondArray::from(vec![bytes.get_i64()])),
        Scalar::Timestamp | Scalar::Timestamptz => {
            let micros = TimestampMicrosecondArray::from(vec![bytes.get_i64().saturating_add(EPOCH_US)]);
            let utc = scalar == Scalar::Timestamptz;
            Arc::new(if utc { micros.with_timezone("+00:00") } else { micros })
        }
        Scalar::Interval => {
            let (micros, days, months) = (bytes.get_i64(), bytes.get_i32(), bytes.get_i32());
            let value = IntervalMonthDayNano::new(months, days, micros.saturating_mul(1000));
            Arc::new(IntervalMonthDayNanoArray::from(vec![value]))
        }
    })
}

/// The items of a list of one dimension.
fn items(kind: Kind, mut bytes: Bytes) -> Result<Vec<ArrayRef>, String> {
    let wrong = || "a list cannot be read: expected one dimension".to_string();
    let int = |bytes: &mut Bytes| if bytes.len() < 4 { Err(wrong()) } else { Ok(bytes.get_i32()) };
    let (dimensions, _, oid) = (int(&mut bytes)?, int(&mut bytes)?, int(&mut bytes)?);
    if dimensions == 0 {
        return Ok(Vec::new());
    }
    let sent = Kind::by_oid(oid as u32).ok_or_else(wrong)?;
    let (count, _) = (int(&mut bytes)?, int(&mut bytes)?);
    let count = usize::try_from(count).map_err(|_| wrong())?;
    if dimensions != 1 || count > ITEMS_MAX || count * 4 > bytes.len() {
        return Err(wrong());
    }
    let mut items = Vec::with_capacity(count);
    for _ in 0..count {
        let length = int(&mut bytes)?;
        if length == -1 {
            items.push(new_null_array(&kind.item().arrow(), 1));
            continue;
        }
        let length = usize::try_from(length).map_err(|_| wrong())?;
        if length > bytes.len() {
            return Err(wrong());
        }
        let item = one(sent.scalar, bytes.split_to(length))?;
        items.push(widened(item, &kind.item().arrow())?);
    }
    Ok(items)
}

fn widened(item: ArrayRef, wanted: &DataType) -> Result<ArrayRef, String> {
    if item.data_type() == wanted {
        return Ok(item);
    }
    arrow::compute::cast(&item, wanted).map_err(|error| error.to_string())
}

#[cfg(test)]
#[path = "parameter_tests.rs"]
mod tests;
