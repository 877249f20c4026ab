//! Values as JSON text, under the names that the sender gave them.

use super::json::NO_HEX;
use super::wire::{AnyValue, KeyValue, Value};
use crate::fields::{Fields, Refused, holds_json, quote};
use base64::Engine as _;
use std::borrow::Cow;
use std::fmt::Write;
use tacho_event::limits::{EVENT_BYTES_MAX, FIELDS_MAX, INTEGER_MAX};

const YEAR_2200_US: i64 = 7_258_118_400 * 1_000_000;

/// Named JSON texts, in the sender's order. A name may stand twice.
#[derive(Debug, Default, Clone)]
pub(super) struct Members {
    list: Vec<(String, String)>,
    bytes: usize,
    values: usize,
}

impl Members {
    /// Adds every attribute. `is_section` says where a text that holds JSON stands for the JSON.
    pub(super) fn attributes(&mut self, attributes: &[KeyValue], is_section: fn(&str) -> bool) {
        for attribute in attributes {
            let value = match text_of(attribute) {
                // Arguments and results are JSON in a text, as a rule.
                Some(text) if is_section(&attribute.key) && holds_json(text) => text.to_owned(),
                _ => json(attribute.value.as_ref(), &mut self.values),
            };
            self.add(attribute.key.clone(), value);
        }
    }

    pub(super) fn add(&mut self, name: impl Into<String>, value: String) {
        let name = name.into();
        self.bytes += name.len() + value.len();
        self.values += 1;
        self.list.push((name, value));
    }

    /// Adds a text that is not empty.
    pub(super) fn add_text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.add(name, quote(text));
        }
    }

    /// Adds a number that is not zero.
    pub(super) fn add_count(&mut self, name: &str, count: impl Into<u64>) {
        let count = count.into();
        if count != 0 {
            self.add(name, count.to_string());
        }
    }

    /// Counts a text that is no member towards the event's size.
    pub(super) fn weigh(&mut self, text: &str) {
        self.bytes += text.len();
    }

    /// Counts values within texts that were added whole.
    pub(super) fn add_values(&mut self, values: usize) {
        self.values += values;
    }

    /// Lets a name be lifted before the others.
    pub(super) fn first(&mut self, name: &str) {
        if let Some(at) = self.list.iter().position(|(n, _)| n == name) {
            self.list[..=at].rotate_right(1);
        }
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) {
        for (name, _) in self.list.iter_mut().filter(|(name, _)| name == from) {
            *name = to.to_owned();
        }
    }

    pub(super) fn fields(&self) -> Fields<'_> {
        Fields::of(self.list.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), value.as_str())))
    }

    /// Whether these and what is shared with them make an event within the limits.
    pub(super) fn check(&self, shared: &Members) -> Result<(), Refused> {
        let limit =
            |what, found, max| if found > max { Err(Refused::Limit { what, found, max }) } else { Ok(()) };
        limit("the size of the event", self.bytes + shared.bytes, EVENT_BYTES_MAX)?;
        limit("the number of fields", self.values + shared.values, FIELDS_MAX)
    }
}

/// An attribute's text.
pub(super) fn text_of(attribute: &KeyValue) -> Option<&str> {
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The text of the first attribute that has one of the names, in the order of the names.
pub(super) fn text_under<'a>(attributes: &'a [KeyValue], names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        attributes
            .iter()
            .filter(|attribute| attribute.key == *name)
            .find_map(text_of)
            .filter(|t| !t.is_empty())
    })
}

pub(super) fn has(attributes: &[KeyValue], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.key == name)
}

/// A value's JSON text; counts the values in it.
pub(super) fn json(value: Option<&AnyValue>, values: &mut usize) -> String {
    let mut out = String::new();
    push(value, values, &mut out);
    out
}

/// Attributes as one object.
pub(super) fn object(attributes: &[KeyValue], values: &mut usize) -> String {
    let mut out = String::new();
    push_object(attributes, values, &mut out);
    out
}

fn push(value: Option<&AnyValue>, values: &mut usize, out: &mut String) {
    *values += 1;
    match value.and_then(|value| value.value.as_ref()) {
        None => out.push_str("null"),
        Some(Value::String(text)) => out.push_str(&quote(text)),
        Some(Value::Bool(flag)) => out.push_str(if *flag { "true" } else { "false" }),
        Some(Value::Int(number)) => write!(out, "{number}").expect("a String takes text"),
        Some(Value::Double(number)) => push_double(*number, out),
        Some(Value::Bytes(bytes)) => {
            let text = base64::engine::general_purpose::STANDARD.encode(bytes);
            write!(out, "\"{text}\"").expect("a String takes text");
        }
        Some(Value::Array(array)) => {
            out.push('[');
            for (at, item) in array.values.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push(Some(item), values, out);
            }
            out.push(']');
        }
        Some(Value::KvList(list)) => push_object(&list.values, values, out),
    }
}

fn push_object(attributes: &[KeyValue], values: &mut usize, out: &mut String) {
    out.push('{');
    for (at, attribute) in attributes.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&quote(&attribute.key));
        out.push(':');
        push(attribute.value.as_ref(), values, out);
    }
    out.push('}');
}

/// JSON has no word for numbers that are none: they stand as texts.
pub(super) fn push_double(number: f64, out: &mut String) {
    match serde_json::Number::from_f64(number) {
        Some(number) => write!(out, "{number}").expect("a String takes text"),
        None if number.is_nan() => out.push_str("\"NaN\""),
        None if number > 0.0 => out.push_str("\"Infinity\""),
        None => out.push_str("\"-Infinity\""),
    }
}

/// An id in words: hexadecimal, or the text that the sender wrote in its place.
pub(super) fn id_text(bytes: &[u8]) -> Cow<'_, str> {
    match bytes.strip_prefix(&NO_HEX) {
        Some(text) if !text.is_empty() => String::from_utf8_lossy(text),
        _ => hex(bytes).into(),
    }
}

/// Bytes of an id in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes text");
        text
    })
}

/// Whether these are a trace's id: 16 bytes, not all zero.
pub(super) fn is_trace(bytes: &[u8]) -> bool {
    bytes.len() == 16 && is_told(bytes)
}

/// Whether these are a span's id: 8 bytes, not all zero.
pub(super) fn is_span(bytes: &[u8]) -> bool {
    bytes.len() == 8 && is_told(bytes)
}

/// Whether something stands in the place of an id: not empty, not all zeros.
pub(super) fn is_told(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| *byte != 0)
}

/// A number as an entry may hold it.
pub(super) fn within_entry(number: u64) -> Option<i64> {
    i64::try_from(number).ok().filter(|number| *number <= INTEGER_MAX)
}

/// Nanoseconds as the claimed time; what a microsecond does not hold is kept as it came, and so is a time from 2200 on:
/// a broken clock, as for every other format.
pub(super) fn moment(nanos: u64, name: &str, members: &mut Members) -> Option<i64> {
    if nanos == 0 {
        return None;
    }
    let micros = within_entry(nanos / 1000).filter(|micros| *micros < YEAR_2200_US);
    if micros.is_none() || !nanos.is_multiple_of(1000) {
        members.add(name, nanos.to_string());
    }
    micros
}
