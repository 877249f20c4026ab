//! What came on standard input, as the members of one JSON object: whole where it is whole, and as far as it goes
//! where it is not; within the limits that the server has for one event. Pure.
//!
//! Invariants
//! - The text was redacted before: nothing here is cut that could still hold a secret to be found.
//! - What comes out is taken by the server: no member stands twice, no limit is passed.

use serde_json::value::RawValue;
use std::borrow::Cow;
use tacho_event::entry::push_string;
use tacho_event::limits::{DEPTH_MAX, EVENT_BYTES_MAX, FIELDS_MAX};

/// So much of standard input is read, bytes; what is behind it is only counted.
pub const INPUT_BYTES_MAX: usize = 4 << 20;

/// One event's members, bytes; the stamps must fit beside them.
const MEMBERS_BYTES_MAX: usize = EVENT_BYTES_MAX - (64 << 10);
/// Members of nested objects, and their depth, one less than the server takes.
const NESTED_FIELDS_MAX: usize = FIELDS_MAX - 64;
const NESTED_DEPTH_MAX: usize = DEPTH_MAX - 2;
/// Members of the event itself.
const MEMBERS_MAX: usize = 512;
/// Of what can't be read, so much is kept, bytes.
const UNREAD_BYTES_MAX: usize = 64 << 10;
/// Lengths to which strings are cut, tried in turn until the event fits, bytes.
const STRING_BYTES: [usize; 4] = [64 << 10, 8 << 10, 1 << 10, 128];

/// Members of one object, values as JSON text.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Members(pub Vec<(String, String)>);

impl Members {
    /// Reads a text. What is no JSON, or ends early, stands in `hook_input`, and why in `hook_error`.
    pub fn read(text: &str) -> Members {
        let mut members = Members::default();
        let text = text.trim_start_matches('\u{feff}').trim();
        let Err((rest, why)) = members.take_in(text) else { return members };
        members.set_text("hook_error", why);
        if !rest.is_empty() {
            members.set("hook_input_bytes", rest.len().to_string());
            members.set_text("hook_input", &rest[..floor(rest, UNREAD_BYTES_MAX)]);
        }
        members
    }

    fn take_in<'t>(&mut self, text: &'t str) -> Result<(), (&'t str, &'static str)> {
        if text.is_empty() {
            return Err((text, "standard input was empty"));
        }
        let Some(mut rest) = text.strip_prefix('{').map(str::trim_start) else {
            return Err((text, "standard input is no JSON object"));
        };
        if let Some(behind) = rest.strip_prefix('}') {
            return end(behind);
        }
        loop {
            let member = (|| {
                let (name, behind) = value(rest)?;
                let name: String = serde_json::from_str(name).ok()?;
                let (value, behind) = value(behind.trim_start().strip_prefix(':')?)?;
                Some((name, value, behind.trim_start()))
            })();
            let Some((name, value, behind)) = member else {
                return Err((rest, "standard input is broken or cut off"));
            };
            if self.0.len() == MEMBERS_MAX {
                return Err((rest, "standard input has more members than 512"));
            }
            self.push(name, value);
            match (behind.strip_prefix(','), behind.strip_prefix('}')) {
                (Some(more), _) => rest = more.trim_start(),
                (_, Some(behind)) => return end(behind),
                _ => return Err((behind, "standard input is broken or cut off")),
            }
        }
    }

    /// Adds a member under its name, or under the name with a number where the name is taken.
    fn push(&mut self, name: String, value: &str) {
        let mut free = name.clone();
        for number in 2.. {
            if self.get(&free).is_none() {
                break;
            }
            free = format!("{name}#{number}");
        }
        self.0.push((free, one_line(value).into_owned()));
    }

    /// A member's JSON text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A member that is a string.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).filter(|raw| raw.starts_with('"')).and_then(|raw| serde_json::from_str(raw).ok())
    }

    /// Whether one of the names is there with a value.
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some_and(|value| value != "null"))
    }

    /// Sets a member to JSON text.
    pub fn set(&mut self, name: &str, value: String) {
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some(member) => member.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Sets a member to a string.
    pub fn set_text(&mut self, name: &str, text: &str) {
        self.set(name, quote(text));
    }

    /// The object as one line of JSON.
    pub fn line(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size() + 2);
        out.push(b'{');
        for (name, value) in &self.0 {
            if out.len() > 1 {
                out.push(b',');
            }
            push_string(name, &mut out);
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'}');
        out
    }

    fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len() + 8).sum()
    }

    /// Cuts what is longer, deeper or wider than the server takes, and says in `hook_cut_bytes` how much.
    pub fn fit(&mut self) {
        let before = self.size();
        for longest in STRING_BYTES {
            if self.size() <= MEMBERS_BYTES_MAX {
                break;
            }
            for (name, value) in &mut self.0 {
                cut_strings(value, longest);
                name.truncate(floor(name, longest));
            }
        }
        self.leave_out();
        let cut = before.saturating_sub(self.size());
        if cut > 0 {
            self.set("hook_cut_bytes", cut.to_string());
        }
    }

    /// Puts a note in place of members, the widest first, until the rest is within the limits.
    fn leave_out(&mut self) {
        loop {
            let shapes: Vec<Shape> = self.0.iter().map(|(_, value)| Shape::of(value)).collect();
            let deep = shapes.iter().position(|shape| shape.depth > NESTED_DEPTH_MAX);
            let fields = shapes.iter().map(|shape| shape.fields).sum::<usize>() + self.0.len();
            let widest = || (0..shapes.len()).max_by_key(|at| shapes[*at].fields);
            let longest = || (0..shapes.len()).max_by_key(|at| self.0[*at].1.len());
            let next = deep
                .or_else(|| (fields > NESTED_FIELDS_MAX).then(widest).flatten())
                .or_else(|| (self.size() > MEMBERS_BYTES_MAX).then(longest).flatten());
            let Some(at) = next else { return };
            let (bytes, Shape { fields, depth }) = (self.0[at].1.len(), shapes[at]);
            self.0[at].1 = quote(&format!("[left out: {bytes} bytes, {fields} fields, {depth} levels]"));
        }
    }
}

/// One JSON value at the start of a text, and what is behind it.
fn value(text: &str) -> Option<(&str, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let value = values.next()?.ok()?.get();
    Some((value, &text[values.byte_offset()..]))
}

fn end(behind: &str) -> Result<(), (&str, &'static str)> {
    if behind.trim().is_empty() { Ok(()) } else { Err((behind.trim(), "more follows the JSON object")) }
}

/// A text as JSON.
pub fn quote(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    push_string(text, &mut out);
    String::from_utf8(out).expect("escaping keeps UTF-8")
}

/// JSON without line ends: they stand between tokens only, since a string has them escaped.
fn one_line(json: &str) -> Cow<'_, str> {
    if json.contains(['\n', '\r']) { json.replace(['\n', '\r'], " ").into() } else { json.into() }
}

/// The last place up to `max` where a character begins.
fn floor(text: &str, max: usize) -> usize {
    text.floor_char_boundary(max)
}

#[derive(Clone, Copy)]
struct Shape {
    depth: usize,
    fields: usize,
}

impl Shape {
    fn of(json: &str) -> Shape {
        let (mut depth, mut deepest, mut fields) = (0usize, 0, 0);
        for_tokens(json, |token| match token.as_bytes()[0] {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' => fields += 1,
            _ => {}
        });
        Shape { depth: deepest, fields }
    }
}

/// Cuts the strings in a JSON text that are longer than `max` bytes.
fn cut_strings(json: &mut String, max: usize) {
    if json.len() <= max {
        return;
    }
    let mut out = String::with_capacity(json.len());
    for_tokens(json, |token| {
        if token.len() <= max + 2 || !token.starts_with('"') {
            out.push_str(token);
            return;
        }
        let end = escape_floor(token, floor(token, max));
        out.push_str(&token[..end]);
        out.push_str(&format!("… [{} bytes cut]\"", token.len() - end - 1));
    });
    if out.len() < json.len() {
        *json = out;
    }
}

/// The last place up to `end` that is not inside of an escape.
fn escape_floor(token: &str, end: usize) -> usize {
    let bytes = token.as_bytes();
    // `\uXXXX` is the longest, and two of them may be one character.
    let mut start = end.saturating_sub(12).max(1);
    while start > 1 && bytes[start - 1] == b'\\' {
        start -= 1;
    }
    let mut at = start;
    loop {
        let next = match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\\'), Some(b'u')) => at + 6,
            (Some(b'\\'), Some(_)) => at + 2,
            _ => at + 1,
        };
        if next > end {
            return at.min(end);
        }
        at = next;
    }
}

/// Strings, brackets, and runs of anything else, in order; together they are the text.
fn for_tokens<'t>(json: &'t str, mut visit: impl FnMut(&'t str)) {
    let bytes = json.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        at += 1;
        match bytes[start] {
            b'"' => {
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(bytes.len());
            }
            b'{' | b'}' | b'[' | b']' | b':' => {}
            _ => {
                while at < bytes.len() && !b"\"{}[]:".contains(&bytes[at]) {
                    at += 1;
                }
            }
        }
        visit(&json[start..at]);
    }
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;
