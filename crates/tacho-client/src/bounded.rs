//! Any value as JSON, as much of it as a call may cost.
//!
//! The bound: so many values are looked at and so many bytes of text are kept, however large what is given is. What is
//! left out is said where it was. A text may have half of the bytes that are left, so that those behind it have some; an
//! object inside of another leaves values for its neighbours.
//!
//! A list or an object ends its own serialization with an error when there is no room for more, so that the rest of it is
//! not walked; what there is of it then lies in `Budget::stopped`, where the one around finds it.

mod parts;

use serde::ser::{self, Serialize};
use serde_json::{Number, Value};
use std::fmt::{self, Display, Write};

/// How much one event may hold. The same numbers in every language: sdks/conformance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub values: usize,
    pub bytes: usize,
}

pub(crate) const FULL: Size = Size { values: 4000, bytes: 128 << 10 };
/// While memory is more than half full.
pub(crate) const TIGHT: Size = Size { values: 250, bytes: 4 << 10 };
/// A text may always have so many bytes.
const TEXT_LEAST: usize = 16;
/// Values that an object inside of another leaves for each of its neighbours.
const RESERVE: usize = 16;
/// Members of an event that may come behind one; nobody knows them yet.
const TO_COME: usize = 16;
/// Nesting; the server takes 64.
const DEPTH: usize = 60;
const WORD_MAX: usize = 256;
/// The name under which `serde_json` hands over JSON that is not parsed.
const RAW: &str = "$serde_json::private::RawValue";

/// What of an event's size is left.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    pub values: usize,
    bytes: usize,
    /// Bytes of texts that were cut off.
    pub cut: u64,
    /// Items and members that were left out.
    pub left_out: u64,
    stopped: Option<Value>,
}

#[derive(Debug)]
pub(crate) struct Failed(String);

impl Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<T: Display>(message: T) -> Failed {
        Failed(message.to_string())
    }
}

impl Budget {
    pub(crate) fn new(size: Size) -> Budget {
        Budget { values: size.values, bytes: size.bytes, cut: 0, left_out: 0, stopped: None }
    }

    /// One member of an event; nothing when there is no room for it. What has no form in JSON is told as text.
    pub(crate) fn member(
        &mut self,
        name: &str,
        value: &(impl Serialize + ?Sized),
    ) -> Option<(String, Value)> {
        if self.values == 0 {
            self.left_out += 1;
            return None;
        }
        self.values -= 1;
        let name = self.text(name);
        let floor = reserve(TO_COME, self.values);
        let value = self.inside(value, floor, 1);
        Some((name, value.unwrap_or_else(|error| Value::String(format!("[no JSON: {error}]")))))
    }

    fn inside(
        &mut self,
        value: &(impl Serialize + ?Sized),
        floor: usize,
        depth: usize,
    ) -> Result<Value, Failed> {
        self.stopped = None;
        let made = value.serialize(Bounded { budget: self, floor, depth });
        made.or_else(|error| self.stopped.take().ok_or(error))
    }

    /// At most half of the bytes that are left, and no half of a word: half a secret is no longer known for one.
    fn text(&mut self, text: &str) -> String {
        let room = (self.bytes / 2).max(TEXT_LEAST);
        if text.len() <= room {
            self.bytes = self.bytes.saturating_sub(text.len());
            return text.to_owned();
        }
        let kept = start(text, room);
        self.bytes = self.bytes.saturating_sub(kept.len());
        self.cut += (text.len() - kept.len()) as u64;
        format!("{kept}… [{} bytes cut]", text.len() - kept.len())
    }
}

/// Values that are left to so many neighbours, of those that there are.
fn reserve(neighbours: usize, values: usize) -> usize {
    neighbours.saturating_mul(RESERVE).min(values / 2)
}

/// The beginning of a text, up to the last space.
fn start(text: &str, room: usize) -> &str {
    let end = (0..=room.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let kept = &text[..end];
    match kept.rfind([' ', '\n']) {
        Some(space) if space > 0 && space + WORD_MAX >= end => &kept[..=space],
        _ => kept,
    }
}

/// A text of the caller's as long as an event may have one.
pub(crate) fn short(text: &str) -> String {
    Budget::new(FULL).text(text)
}

/// What is shown, up to the length that a text may have: behind that, nothing more is asked for.
pub(crate) fn shown(value: fmt::Arguments<'_>) -> String {
    struct Room(String);
    impl Write for Room {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let room = FULL.bytes / 2 - self.0.len();
            let end = (0..=room.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            self.0.push_str(&text[..end]);
            if text.len() <= room { Ok(()) } else { Err(fmt::Error) }
        }
    }
    let mut room = Room(String::new());
    match room.write_fmt(value) {
        Ok(()) => room.0,
        Err(_) => format!("{}… [cut]", start(&room.0, room.0.len())),
    }
}

/// Makes one value.
struct Bounded<'b> {
    budget: &'b mut Budget,
    /// So many values are left for others.
    floor: usize,
    depth: usize,
}

impl<'b> Bounded<'b> {
    fn list(self, size: Option<usize>, variant: Option<&str>) -> parts::List<'b> {
        parts::List::new(self, size, variant)
    }

    fn members(self, size: Option<usize>, variant: Option<&str>) -> parts::Members<'b> {
        parts::Members::new(self, size, variant)
    }
}

impl<'b> ser::Serializer for Bounded<'b> {
    type Ok = Value;
    type Error = Failed;
    type SerializeSeq = parts::List<'b>;
    type SerializeTuple = parts::List<'b>;
    type SerializeTupleStruct = parts::List<'b>;
    type SerializeTupleVariant = parts::List<'b>;
    type SerializeMap = parts::Members<'b>;
    type SerializeStruct = parts::Members<'b>;
    type SerializeStructVariant = parts::Members<'b>;

    fn serialize_bool(self, value: bool) -> Result<Value, Failed> {
        Ok(value.into())
    }
    fn serialize_i8(self, value: i8) -> Result<Value, Failed> {
        Ok(value.into())
    }
    fn serialize_i16(self, value: i16) -> Result<Value, Failed> {
        Ok(value.into())
    }
    fn serialize_i32(self, value: i32) -> Result<Value, Failed> {
        Ok(value.into())
    }
    fn serialize_i64(self, value: i64) -> Result<Value, Failed> {
        Ok(value.into())
    }
    fn serialize_i128(self, value: i128) -> Result<Value, Failed> {
        Ok(i64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from))
    }
    fn serialize_u8(self, value: u8) -> Result<Value, Failed> {
        Ok(value.into())
    }
    fn serialize_u16(self, value: u16) -> Result<Value, Failed> {
        Ok(value.into())
    }
    fn serialize_u32(self, value: u32) -> Result<Value, Failed> {
        Ok(value.into())
    }
    fn serialize_u64(self, value: u64) -> Result<Value, Failed> {
        Ok(value.into())
    }
    fn serialize_u128(self, value: u128) -> Result<Value, Failed> {
        Ok(u64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from))
    }
    fn serialize_f32(self, value: f32) -> Result<Value, Failed> {
        self.serialize_f64(f64::from(value))
    }
    fn serialize_f64(self, value: f64) -> Result<Value, Failed> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn serialize_char(self, value: char) -> Result<Value, Failed> {
        Ok(value.to_string().into())
    }
    fn serialize_str(self, value: &str) -> Result<Value, Failed> {
        Ok(self.budget.text(value).into())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<Value, Failed> {
        Ok(format!("[{} bytes]", value.len()).into())
    }
    fn serialize_none(self) -> Result<Value, Failed> {
        Ok(Value::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Failed> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Value, Failed> {
        Ok(Value::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Failed> {
        Ok(Value::Null)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Value, Failed> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, Failed> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Failed> {
        let mut around = self.members(Some(1), None);
        around.add(variant.to_owned(), value)?;
        around.done()
    }
    fn serialize_seq(self, size: Option<usize>) -> Result<parts::List<'b>, Failed> {
        Ok(self.list(size, None))
    }
    fn serialize_tuple(self, size: usize) -> Result<parts::List<'b>, Failed> {
        Ok(self.list(Some(size), None))
    }
    fn serialize_tuple_struct(self, _: &'static str, size: usize) -> Result<parts::List<'b>, Failed> {
        Ok(self.list(Some(size), None))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        size: usize,
    ) -> Result<parts::List<'b>, Failed> {
        Ok(self.list(Some(size), Some(variant)))
    }
    fn serialize_map(self, size: Option<usize>) -> Result<parts::Members<'b>, Failed> {
        Ok(self.members(size, None))
    }
    fn serialize_struct(self, _: &'static str, size: usize) -> Result<parts::Members<'b>, Failed> {
        Ok(self.members(Some(size), None))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        size: usize,
    ) -> Result<parts::Members<'b>, Failed> {
        Ok(self.members(Some(size), Some(variant)))
    }
}

#[cfg(test)]
#[path = "bounded_tests.rs"]
mod tests;
