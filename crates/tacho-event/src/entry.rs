//! The permanent bytes of an event: RFC 8785 canonical JSON in a safe profile (ASCII member names in sorted
//! order, integers below 2^53, no floats, no nulls), hashed into the log. `docs/formats/entry.md` is the
//! specification; golden vectors in the tests pin the bytes for ever.
//!
//! Invariant: the bytes depend on [`Header`] and [`Place`] alone, never on configuration, clock or keys.

use crate::id::Id;
use crate::strings::special;
use crate::time::{Day, Micros};
use crate::words::{ActionType, Class, Known, Level, Outcome, Phase};

/// The entry format that new events are rendered with.
pub const VERSION: u8 = 1;

/// What stays on the log for ever; holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'a> {
    pub id: Id,
    /// The sender's time, or the time of acceptance when it gave none.
    pub timestamp_us: Micros,
    /// Whether `timestamp_us` is the sender's claim.
    pub time_claimed: bool,
    pub agent: &'a str,
    pub agent_version: Option<&'a str>,
    pub session: Option<Id>,
    pub producer_seq: Option<u64>,
    pub call: Option<&'a str>,
    pub parent: Option<&'a str>,
    pub phase: Option<Phase>,
    pub action_type: ActionType,
    pub action_name: &'a str,
    pub class: Class,
    pub level: Level,
    pub outcome: Outcome,
    pub known: Known,
    pub source: &'a str,
    /// Fingerprint of the credential that wrote the event.
    pub writer: [u8; 8],
    /// The class whose clock the non-personal sections run on.
    pub retention: Class,
    /// The day whose secrets the sections are salted with.
    pub period: Day,
    /// Tag that the holder of the subject's secret can recompute; present when the event has a data subject.
    pub subject: Option<[u8; 16]>,
    /// Digest over the sections' commitments.
    pub body: [u8; 32],
}

/// What sequencing adds: the event's place in the total order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Server time: never earlier than that of the entry before.
    pub time_us: Micros,
    /// Running number within the session, from 0, without gaps. Present when the event has a session.
    pub session_seq: Option<u64>,
    /// 0 for the first state of an id, then 1, 2, … for later states.
    pub revision: u32,
}

/// Appends the entry's bytes to `out`.
pub fn render(header: &Header<'_>, place: &Place, out: &mut Vec<u8>) {
    out.push(b'{');
    member("action", out);
    push_string(header.action_name, out);
    next("agent", out);
    push_string(header.agent, out);
    optional("agent_version", header.agent_version, out);
    next("body", out);
    push_hex(&header.body, out);
    optional("call", header.call, out);
    if header.time_claimed {
        next("claimed", out);
        push_int(header.timestamp_us, out);
    }
    word("class", header.class.as_str(), out);
    next("id", out);
    push_id(&header.id, out);
    word("known", header.known.as_str(), out);
    word("level", header.level.as_str(), out);
    word("outcome", header.outcome.as_str(), out);
    optional("parent", header.parent, out);
    word("period", &header.period.text(), out);
    if let Some(phase) = header.phase {
        word("phase", phase.as_str(), out);
    }
    if let Some(seq) = header.producer_seq {
        next("producer_seq", out);
        push_uint(seq, out);
    }
    word("retention", header.retention.as_str(), out);
    if place.revision > 0 {
        next("revision", out);
        push_uint(u64::from(place.revision), out);
    }
    if let Some(session) = &header.session {
        next("session", out);
        push_id(session, out);
    }
    if let Some(seq) = place.session_seq {
        next("session_seq", out);
        push_uint(seq, out);
    }
    word("source", header.source, out);
    if let Some(tag) = &header.subject {
        next("subject", out);
        push_hex(tag, out);
    }
    next("time", out);
    push_int(place.time_us, out);
    word("type", header.action_type.as_str(), out);
    next("v", out);
    push_uint(u64::from(VERSION), out);
    next("writer", out);
    push_hex(&header.writer, out);
    out.push(b'}');
}

fn member(name: &str, out: &mut Vec<u8>) {
    push_key(name, out);
}

fn next(name: &str, out: &mut Vec<u8>) {
    out.push(b',');
    push_key(name, out);
}

fn optional(name: &str, value: Option<&str>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        word(name, value, out);
    }
}

fn word(name: &str, value: &str, out: &mut Vec<u8>) {
    next(name, out);
    push_string(value, out);
}

/// Appends `{"name":"value",…}` of the set members, which must come sorted; nothing when all are unset.
pub(crate) fn render_texts(fields: &[(&str, Option<&str>)], out: &mut Vec<u8>) {
    let mut separator = b'{';
    for (name, value) in fields {
        if let Some(value) = value {
            out.push(separator);
            push_key(name, out);
            push_string(value, out);
            separator = b',';
        }
    }
    if separator == b',' {
        out.push(b'}');
    }
}

pub(crate) fn push_key(name: &str, out: &mut Vec<u8>) {
    debug_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "member names are plain ASCII");
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends a JSON string as RFC 8785 wants it: only what must be escaped is escaped.
pub fn push_string(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.push(b'"');
    // What needs no escape, which is nearly all, is copied run by run.
    let mut at = 0;
    loop {
        let run = at;
        at = special(bytes, run);
        out.extend_from_slice(&bytes[run..at]);
        let Some(byte) = bytes.get(at) else { break };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x0d => out.extend_from_slice(b"\\r"),
            _ => {
                out.extend_from_slice(b"\\u00");
                push_digits(*byte, out);
            }
        }
        at += 1;
    }
    out.push(b'"');
}

pub(crate) fn push_int(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    push_uint(value.unsigned_abs(), out);
}

fn push_uint(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn push_id(id: &Id, out: &mut Vec<u8>) {
    out.push(b'"');
    id.push_to(out);
    out.push(b'"');
}

fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() * 2 + 2);
    out.push(b'"');
    bytes.iter().for_each(|byte| push_digits(*byte, out));
    out.push(b'"');
}

/// The two hexadecimal digits of a byte.
fn push_digits(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
}

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
