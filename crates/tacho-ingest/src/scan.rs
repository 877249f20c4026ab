//! One pass over JSON text: whether it is valid, and where the members of its objects stand.
//!
//! Invariants
//! - What is found valid is what serde_json finds valid, with the same members. Why other text is not, serde_json says.
//! - The stack is bounded by [`NESTING_MAX`]: deeper values are only found valid.

use crate::fields::unquote;
use crate::members::Member;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use tacho_event::limits::{DEPTH_MAX, FIELDS_MAX};
use tacho_event::strings::special;

/// So many values within each other are followed.
const NESTING_MAX: usize = 2 * DEPTH_MAX;

/// What is known of a text once its end is reached.
#[derive(Debug, Default)]
pub(crate) struct Scanned<'a> {
    /// None of the objects that stand in an array, are too deep, behind [`FIELDS_MAX`] others, or with a name that is no
    /// text.
    pub(crate) members: Vec<Member<'a>>,
    /// Members of all objects, read or not.
    pub(crate) fields: usize,
    /// So many arrays and objects are within each other.
    pub(crate) depth: usize,
}

/// Reads the object that a text is; `None` when it is anything else.
pub(crate) fn object(text: &str) -> Option<Scanned<'_>> {
    let members = Vec::with_capacity((text.len() / 20).min(64));
    let mut scan = Scan { text, bytes: text.as_bytes(), scanned: Scanned { members, ..Scanned::default() } };
    let (b'{', at) = scan.behind_space(0)? else { return None };
    let end = scan.object(at, 1, true)?;
    scan.behind_space(end).is_none().then_some(scan.scanned)
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    scanned: Scanned<'a>,
}

/// Each is given where to read, and says where what it read has ended; `None` where that is not valid.
impl<'a> Scan<'a> {
    /// The next byte that is not white, and where it stands.
    #[inline]
    fn behind_space(&self, mut at: usize) -> Option<(u8, usize)> {
        loop {
            match *self.bytes.get(at)? {
                b' ' | b'\n' | b'\t' | b'\r' => at += 1,
                byte => return Some((byte, at)),
            }
        }
    }

    /// A value that starts here with that byte.
    fn value(&mut self, byte: u8, at: usize, depth: usize, is_read: bool) -> Option<usize> {
        match byte {
            b'"' => self.string(at).map(|(end, _)| end),
            b'{' | b'[' if depth > NESTING_MAX => self.deep(at, depth),
            b'{' => self.object(at, depth, is_read),
            b'[' => self.array(at, depth),
            b'-' | b'0'..=b'9' => self.number(at),
            b't' => self.word(at, b"true"),
            b'f' => self.word(at, b"false"),
            b'n' => self.word(at, b"null"),
            _ => None,
        }
    }

    fn object(&mut self, at: usize, depth: usize, mut is_read: bool) -> Option<usize> {
        self.scanned.depth = self.scanned.depth.max(depth);
        let first = self.scanned.members.len();
        is_read &= depth == 1 || first < FIELDS_MAX;
        let (mut byte, mut at) = self.behind_space(at + 1)?;
        if byte == b'}' {
            return Some(at + 1);
        }
        loop {
            (byte == b'"').then_some(())?;
            let (name_end, is_plain) = self.string(at)?;
            let quoted = at..name_end;
            let (b':', colon) = self.behind_space(name_end)? else { return None };
            let (start, from) = self.behind_space(colon + 1)?;
            self.scanned.fields += 1;
            let name = if is_read { self.name(quoted, is_plain) } else { None };
            if let Some(name) = name {
                let number = self.scanned.members.len();
                self.scanned.members.push(Member { name, raw: "", inside: 0 });
                at = self.value(start, from, depth + 1, true)?;
                let inside = self.scanned.members.len() - number - 1;
                let member = &mut self.scanned.members[number];
                (member.raw, member.inside) = (&self.text[from..at], inside);
            } else {
                (depth > 1).then_some(())?;
                is_read = false;
                self.scanned.members.truncate(first);
                at = self.value(start, from, depth + 1, false)?;
            }
            match self.behind_space(at)? {
                (b',', comma) => (byte, at) = self.behind_space(comma + 1)?,
                (b'}', end) => return Some(end + 1),
                _ => return None,
            }
        }
    }

    /// A member's name; none when it is no text.
    fn name(&self, quoted: Range<usize>, is_plain: bool) -> Option<Cow<'a, str>> {
        match is_plain {
            true => Some(Cow::Borrowed(&self.text[quoted.start + 1..quoted.end - 1])),
            false => unquote(&self.text[quoted]),
        }
    }

    fn array(&mut self, at: usize, depth: usize) -> Option<usize> {
        self.scanned.depth = self.scanned.depth.max(depth);
        let (mut byte, mut at) = self.behind_space(at + 1)?;
        if byte == b']' {
            return Some(at + 1);
        }
        loop {
            at = self.value(byte, at, depth + 1, false)?;
            match self.behind_space(at)? {
                (b',', comma) => (byte, at) = self.behind_space(comma + 1)?,
                (b']', end) => return Some(end + 1),
                _ => return None,
            }
        }
    }

    /// An object or array of any depth.
    fn deep(&mut self, at: usize, depth: usize) -> Option<usize> {
        self.scanned.depth = depth;
        let mut values = serde_json::Deserializer::from_str(&self.text[at..]).into_iter::<&RawValue>();
        values.next()?.ok()?;
        Some(at + values.byte_offset())
    }

    /// A string, and whether it is without escapes.
    #[inline]
    fn string(&self, at: usize) -> Option<(usize, bool)> {
        let end = special(self.bytes, at + 1);
        match *self.bytes.get(end)? {
            b'"' => Some((end + 1, true)),
            _ => self.escaped(end).map(|end| (end, false)),
        }
    }

    /// The rest of a string, from an escape on.
    #[inline(never)]
    fn escaped(&self, mut at: usize) -> Option<usize> {
        loop {
            match *self.bytes.get(at)? {
                b'"' => return Some(at + 1),
                b'\\' => at = special(self.bytes, self.escape(at + 1)?),
                _ => return None,
            }
        }
    }

    /// An escape, from its second character on.
    fn escape(&self, at: usize) -> Option<usize> {
        match self.bytes.get(at)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 1),
            b'u' if self.bytes.get(at + 1..at + 5)?.iter().all(u8::is_ascii_hexdigit) => Some(at + 5),
            _ => None,
        }
    }

    fn number(&self, at: usize) -> Option<usize> {
        let is = |at: usize, bytes: &[u8]| self.bytes.get(at).is_some_and(|byte| bytes.contains(byte));
        let mut end = at + usize::from(is(at, b"-"));
        end = if is(end, b"0") { end + 1 } else { self.digits(end)? };
        if is(end, b".") {
            end = self.digits(end + 1)?;
        }
        if is(end, b"eE") {
            end += 1;
            end = self.digits(end + usize::from(is(end, b"+-")))?;
        }
        Some(end)
    }

    /// One digit or more.
    fn digits(&self, at: usize) -> Option<usize> {
        let mut end = at;
        while self.bytes.get(end).is_some_and(u8::is_ascii_digit) {
            end += 1;
        }
        (end > at).then_some(end)
    }

    fn word(&self, at: usize, word: &[u8]) -> Option<usize> {
        self.bytes[at..].starts_with(word).then(|| at + word.len())
    }
}

/// Why a text is no object, in serde_json's words.
pub(crate) fn why_not(text: &str) -> String {
    let error = serde_json::from_str::<Object>(text).err();
    error.map_or("not an object as JSON has it".to_string(), |error| error.to_string())
}

struct Object;

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

impl<'de> Visitor<'de> for Object {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        while map.next_entry::<String, &RawValue>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
