//! The journal's unit: a batch of accepted events, encoded once and read in place ever after.
//!
//! `docs/formats/journal.md` is the specification. Live path and recovery read the same bytes through the
//! same [`Accepted`] view, so what a restart rebuilds is what was there before.
//!
//! Invariants
//! - Everything in an accepted event is final: sequencing adds only a [`crate::entry::Place`].
//! - A batch has one spelling: what decodes encodes to the same bytes. Tags ascend, varints are minimal, what is
//!   unused is zero; anything else is corruption, never skipped.

use crate::entry::Header;
use crate::fact::{Facts, IntFact, TextFact};
use crate::id::Id;
use crate::section::{Section, Who};
use crate::time::Day;
use crate::words::{ActionType, Class, Known, Level, Outcome, Phase};

const FORMAT: u8 = 1;
/// The batch comes from history (import, an old spool): duplicates are looked for without limit of age.
const FLAG_REPLAY: u8 = 1;

const FIXED_BYTES: usize = 96;
const TIME_CLAIMED: u8 = 1;
const HAS_CONTENT: u8 = 2;
const HAS_FORMER: u8 = 4;

const TAG_AGENT: u8 = 1;
const TAG_AGENT_VERSION: u8 = 2;
const TAG_SESSION: u8 = 3;
const TAG_PRODUCER_SEQ: u8 = 4;
const TAG_CALL: u8 = 5;
const TAG_PARENT: u8 = 6;
const TAG_ACTION_NAME: u8 = 7;
const TAG_SOURCE: u8 = 8;
const TAG_SUBJECT: u8 = 9;
const TAG_WHO: u8 = 16;
const TAG_TEXT_SECTION: u8 = 24;
const TAG_INT_FACT: u8 = 32;
const TAG_TEXT_FACT: u8 = 128;

/// An accepted event: validated, classified, redacted, committed. Only this can reach a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted<'a> {
    pub header: Header<'a>,
    pub who: Who<'a>,
    pub facts: Facts<'a>,
    /// The verbatim sections, in the order of [`Section::TEXTS`].
    pub texts: [Option<&'a str>; 6],
    /// Keyed fingerprint of what the sender said; absent when the id was assigned here, for then there is
    /// nothing to compare with.
    pub content: Option<u64>,
    /// The same as earlier versions computed it, without agent and session: what they recorded is known by it.
    pub former: Option<u64>,
    /// The data subject's number in the key ring.
    pub subject_slot: Option<u32>,
}

impl<'a> Accepted<'a> {
    /// The bytes of a section, as committed; `scratch` is used for the rendered ones. `None` when absent.
    pub fn section<'s>(&'s self, section: Section, scratch: &'s mut Vec<u8>) -> Option<&'s [u8]> {
        scratch.clear();
        match section {
            Section::Who => self.who.render(scratch),
            Section::Facts => self.facts.render(scratch),
            text => return self.texts[text as usize - 2].map(str::as_bytes),
        }
        (!scratch.is_empty()).then_some(scratch.as_slice())
    }

    /// Appends the journal's bytes of this event.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        self.encode_fixed(out);
        let header = &self.header;
        put_bytes(TAG_AGENT, header.agent.as_bytes(), out);
        put_text(TAG_AGENT_VERSION, header.agent_version, out);
        if let Some(session) = &header.session {
            put_bytes(TAG_SESSION, &session.0, out);
        }
        if let Some(seq) = header.producer_seq {
            out.push(TAG_PRODUCER_SEQ);
            put_varint(seq, out);
        }
        put_text(TAG_CALL, header.call, out);
        put_text(TAG_PARENT, header.parent, out);
        put_bytes(TAG_ACTION_NAME, header.action_name.as_bytes(), out);
        put_bytes(TAG_SOURCE, header.source.as_bytes(), out);
        if let Some(tag) = &header.subject {
            put_bytes(TAG_SUBJECT, tag, out);
        }
        for (i, (_, value)) in self.who.fields().into_iter().enumerate() {
            put_text(TAG_WHO + i as u8, value, out);
        }
        for (i, value) in self.texts.iter().enumerate() {
            put_text(TAG_TEXT_SECTION + i as u8, *value, out);
        }
        for (i, value) in self.facts.ints.iter().enumerate() {
            if let Some(value) = value {
                out.push(TAG_INT_FACT + i as u8);
                put_varint(zigzag(*value), out);
            }
        }
        for (i, value) in self.facts.texts.iter().enumerate() {
            put_text(TAG_TEXT_FACT + i as u8, *value, out);
        }
        let len = (out.len() - start - 4) as u32;
        out[start..start + 4].copy_from_slice(&len.to_le_bytes());
    }

    fn encode_fixed(&self, out: &mut Vec<u8>) {
        let header = &self.header;
        out.extend_from_slice(&header.id.0);
        out.extend_from_slice(&header.body);
        out.extend_from_slice(&header.timestamp_us.to_le_bytes());
        let flags = if header.time_claimed { TIME_CLAIMED } else { 0 }
            | if self.content.is_some() { HAS_CONTENT } else { 0 }
            | if self.former.is_some() { HAS_FORMER } else { 0 };
        out.extend_from_slice(&[
            flags,
            header.action_type.code(),
            header.class.code(),
            header.level.code(),
            header.outcome.code(),
            header.known.code(),
            header.phase.map_or(0, Phase::code),
            header.retention.code(),
        ]);
        out.extend_from_slice(&self.content.unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&header.writer);
        out.extend_from_slice(&header.period.0.to_le_bytes());
        // Slots count from 1 in the journal: 0 says that nobody is the subject.
        out.extend_from_slice(&self.subject_slot.map_or(0, |slot| slot + 1).to_le_bytes());
        out.extend_from_slice(&self.former.unwrap_or(0).to_le_bytes());
    }

    /// Reads one event's bytes in place.
    ///
    /// # Errors
    /// [`Malformed`] with the place, when the bytes are not what [`Accepted::encode`] writes.
    pub fn decode(bytes: &'a [u8]) -> Result<Accepted<'a>, Malformed> {
        let mut cursor = Cursor { bytes, at: 0 };
        let head = Head::decode(&mut cursor)?;
        let mut event = Accepted {
            header: head.header,
            who: Who::default(),
            facts: Facts::default(),
            texts: [None; 6],
            content: head.content,
            former: head.former,
            subject_slot: head.subject_slot,
        };
        let mut last = 0;
        while cursor.at < bytes.len() {
            let tag = cursor.ascending(&mut last)?;
            decode_listed(tag, &mut event, &mut cursor)?;
        }
        Ok(event)
    }
}

/// An event without its sections, which stand behind it: all that sequencing and the entry need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head<'a> {
    pub header: Header<'a>,
    /// As [`Accepted::content`].
    pub content: Option<u64>,
    /// As [`Accepted::former`].
    pub former: Option<u64>,
    subject_slot: Option<u32>,
}

impl<'a> Head<'a> {
    /// Reads up to the first section.
    fn decode(cursor: &mut Cursor<'a>) -> Result<Head<'a>, Malformed> {
        let mut head = decode_fixed(cursor)?;
        let header = &mut head.header;
        let (mut agent, mut action_name, mut source) = (None, None, None);
        let mut last = 0;
        while cursor.bytes.get(cursor.at).is_some_and(|tag| *tag < TAG_WHO) {
            match cursor.ascending(&mut last)? {
                TAG_AGENT => agent = Some(cursor.text()?),
                TAG_AGENT_VERSION => header.agent_version = Some(cursor.text()?),
                TAG_SESSION => header.session = Some(Id(cursor.array_field()?)),
                TAG_PRODUCER_SEQ => header.producer_seq = Some(cursor.varint()?),
                TAG_CALL => header.call = Some(cursor.text()?),
                TAG_PARENT => header.parent = Some(cursor.text()?),
                TAG_ACTION_NAME => action_name = Some(cursor.text()?),
                TAG_SOURCE => source = Some(cursor.text()?),
                TAG_SUBJECT => header.subject = Some(cursor.array_field()?),
                _ => return Err(cursor.malformed("a known tag")),
            }
        }
        header.agent = agent.ok_or(cursor.malformed("the agent"))?;
        header.action_name = action_name.ok_or(cursor.malformed("the action name"))?;
        header.source = source.ok_or(cursor.malformed("the source"))?;
        Ok(head)
    }
}

fn decode_fixed<'a>(cursor: &mut Cursor<'a>) -> Result<Head<'a>, Malformed> {
    let id = Id(cursor.array()?);
    let body = cursor.array()?;
    let timestamp_us = i64::from_le_bytes(cursor.array()?);
    let [flags, action_type, class, level, outcome, known, phase, retention] = cursor.array()?;
    let content = u64::from_le_bytes(cursor.array()?);
    let writer = cursor.array()?;
    let period = Day(i32::from_le_bytes(cursor.array()?));
    let slot = u32::from_le_bytes(cursor.array()?);
    let former = u64::from_le_bytes(cursor.array()?);
    debug_assert_eq!(cursor.at, FIXED_BYTES);
    if flags & !(TIME_CLAIMED | HAS_CONTENT | HAS_FORMER) != 0 {
        return Err(cursor.malformed("known flags"));
    }
    let is_bare = flags & HAS_FORMER != 0 && flags & HAS_CONTENT == 0;
    if flags & HAS_CONTENT == 0 && content != 0 || flags & HAS_FORMER == 0 && former != 0 || is_bare {
        return Err(cursor.malformed("no content fingerprint where the flag says that there is none"));
    }
    let header = Header {
        id,
        timestamp_us,
        time_claimed: flags & TIME_CLAIMED != 0,
        agent: "",
        agent_version: None,
        session: None,
        producer_seq: None,
        call: None,
        parent: None,
        phase: match phase {
            0 => None,
            code => Some(Phase::from_code(code).ok_or(cursor.malformed("a phase"))?),
        },
        action_type: ActionType::from_code(action_type).ok_or(cursor.malformed("an action type"))?,
        action_name: "",
        class: Class::from_code(class).ok_or(cursor.malformed("a class"))?,
        level: Level::from_code(level).ok_or(cursor.malformed("a level"))?,
        outcome: Outcome::from_code(outcome).ok_or(cursor.malformed("an outcome"))?,
        known: Known::from_code(known).ok_or(cursor.malformed("how it is known"))?,
        source: "",
        writer,
        retention: Class::from_code(retention).ok_or(cursor.malformed("a retention class"))?,
        period,
        subject: None,
        body,
    };
    Ok(Head {
        header,
        content: (flags & HAS_CONTENT != 0).then_some(content),
        former: (flags & HAS_FORMER != 0).then_some(former),
        subject_slot: slot.checked_sub(1),
    })
}

fn decode_listed<'a>(tag: u8, event: &mut Accepted<'a>, cursor: &mut Cursor<'a>) -> Result<(), Malformed> {
    match tag {
        TAG_WHO..TAG_TEXT_SECTION => {
            let at = usize::from(tag - TAG_WHO);
            let value = cursor.text()?;
            match event.who.fields_mut().into_iter().nth(at) {
                Some(slot) => *slot = Some(value),
                None => return Err(cursor.malformed("a known tag")),
            }
        }
        TAG_TEXT_SECTION..TAG_INT_FACT => {
            let at = usize::from(tag - TAG_TEXT_SECTION);
            let value = cursor.text()?;
            *event.texts.get_mut(at).ok_or(cursor.malformed("a known tag"))? = Some(value);
        }
        TAG_INT_FACT..TAG_TEXT_FACT => {
            let at = usize::from(tag - TAG_INT_FACT);
            let value = unzigzag(cursor.varint()?);
            *event.facts.ints.get_mut(at).ok_or(cursor.malformed("a known tag"))? = Some(value);
        }
        TAG_TEXT_FACT.. => {
            let at = usize::from(tag - TAG_TEXT_FACT);
            let value = cursor.text()?;
            *event.facts.texts.get_mut(at).ok_or(cursor.malformed("a known tag"))? = Some(value);
        }
        _ => return Err(cursor.malformed("a known tag")),
    }
    Ok(())
}

/// The little of an event that tells whether it has to do with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance<'a> {
    pub phase: Option<Phase>,
    pub action_type: ActionType,
    pub outcome: Outcome,
    /// Its text, not looked at.
    pub action_name: &'a [u8],
    /// Whether it names a call or a parent.
    pub has_kin: bool,
}

impl<'a> Glance<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Glance<'a>, Malformed> {
        let mut cursor = Cursor { bytes, at: 0 };
        // Where the words stand among the fixed fields: behind id, body, time and flags.
        cursor.take(16 + 32 + 8 + 1)?;
        let [action_type, _, _, outcome, _, phase] = cursor.array()?;
        cursor.take(FIXED_BYTES - cursor.at)?;
        let action_type = ActionType::from_code(action_type).ok_or(cursor.malformed("an action type"))?;
        let outcome = Outcome::from_code(outcome).ok_or(cursor.malformed("an outcome"))?;
        let phase = Phase::from_code(phase);
        let mut glance = Glance { phase, action_type, outcome, action_name: &[], has_kin: false };
        while let Some(tag) = cursor.bytes.get(cursor.at).copied().filter(|tag| *tag < TAG_SOURCE) {
            cursor.at += 1;
            let value = cursor.varint()?;
            if tag == TAG_PRODUCER_SEQ {
                continue;
            }
            let value = cursor.take(usize::try_from(value).unwrap_or(usize::MAX))?;
            glance.has_kin |= matches!(tag, TAG_CALL | TAG_PARENT);
            if tag == TAG_ACTION_NAME {
                glance.action_name = value;
            }
        }
        Ok(glance)
    }
}

/// Gathers accepted events into one journal record.
#[derive(Debug, Clone)]
pub struct BatchBuilder {
    bytes: Vec<u8>,
    count: u32,
}

const BATCH_HEADER_BYTES: usize = 6;

impl BatchBuilder {
    pub fn new(replay: bool) -> Self {
        BatchBuilder::with_capacity(replay, 4096)
    }

    /// A builder that has memory for a record of `size_bytes` before it must grow.
    pub fn with_capacity(replay: bool, size_bytes: usize) -> Self {
        let mut bytes = Vec::with_capacity(size_bytes);
        bytes.extend_from_slice(&[FORMAT, if replay { FLAG_REPLAY } else { 0 }, 0, 0, 0, 0]);
        BatchBuilder { bytes, count: 0 }
    }

    pub fn push(&mut self, event: &Accepted<'_>) {
        event.encode(&mut self.bytes);
        self.count += 1;
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    /// Size of the record so far, bytes.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    pub fn finish(mut self) -> Batch {
        self.bytes[2..BATCH_HEADER_BYTES].copy_from_slice(&self.count.to_le_bytes());
        Batch { bytes: self.bytes }
    }
}

/// A finished batch: the bytes of one journal record's payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    bytes: Vec<u8>,
}

impl Batch {
    /// Takes bytes from the journal after checking every event in them.
    ///
    /// # Errors
    /// [`Malformed`] when they are not one whole batch.
    pub fn parse(bytes: Vec<u8>) -> Result<Batch, Malformed> {
        let batch = Batch { bytes };
        if batch.bytes.len() < BATCH_HEADER_BYTES || batch.bytes[0] != FORMAT || batch.bytes[1] > FLAG_REPLAY
        {
            return Err(Malformed { at: 0, expected: "a batch header of version 1" });
        }
        let mut count = 0;
        for event in batch.events() {
            event?;
            count += 1;
        }
        if count != batch.count() {
            return Err(Malformed { at: 2, expected: "as many events as the header says" });
        }
        Ok(batch)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the batch comes from history.
    pub fn is_replay(&self) -> bool {
        self.bytes[1] & FLAG_REPLAY != 0
    }

    pub fn count(&self) -> u32 {
        u32::from_le_bytes([self.bytes[2], self.bytes[3], self.bytes[4], self.bytes[5]])
    }

    /// The events in order, read in place; ends after the first malformed one.
    pub fn events(&self) -> impl Iterator<Item = Result<Accepted<'_>, Malformed>> + Clone {
        self.read(Accepted::decode)
    }

    /// The events in order without their sections, which are not looked at: a batch was made here or parsed, so
    /// they are good.
    pub fn heads(&self) -> impl Iterator<Item = Result<Head<'_>, Malformed>> + Clone {
        self.read(|bytes| Head::decode(&mut Cursor { bytes, at: 0 }))
    }

    /// What tells whether an event has to do with others, of each event in order: cheaper than [`Batch::heads`].
    pub fn glances(&self) -> impl Iterator<Item = Result<Glance<'_>, Malformed>> + Clone {
        self.read(Glance::decode)
    }

    fn read<'a, T, F>(&'a self, decode: F) -> Events<'a, F>
    where
        F: Fn(&'a [u8]) -> Result<T, Malformed>,
    {
        Events { bytes: &self.bytes, at: BATCH_HEADER_BYTES, decode }
    }
}

/// Iterator over the events of a [`Batch`], each read by `decode`.
#[derive(Debug, Clone)]
struct Events<'a, F> {
    bytes: &'a [u8],
    at: usize,
    decode: F,
}

impl<'a, T, F: Fn(&'a [u8]) -> Result<T, Malformed>> Iterator for Events<'a, F> {
    type Item = Result<T, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let start = self.at;
        self.at = self.bytes.len();
        let mut cursor = Cursor { bytes: self.bytes, at: start };
        let event = cursor.array().map(u32::from_le_bytes).and_then(|len| cursor.take(len as usize));
        Some(match event {
            Ok(bytes) => {
                let end = cursor.at;
                let event = (self.decode)(bytes);
                if event.is_ok() {
                    self.at = end;
                }
                event.map_err(|e| Malformed { at: start + 4 + e.at, ..e })
            }
            Err(error) => Err(error),
        })
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { at: self.at, expected }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or(self.malformed("more bytes"))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    /// The next tag, which must be above the last one.
    fn ascending(&mut self, last: &mut u8) -> Result<u8, Malformed> {
        let tag = self.byte()?;
        if tag <= *last {
            return Err(self.malformed("tags in ascending order"));
        }
        *last = tag;
        Ok(tag)
    }

    /// A length-prefixed field of exactly `N` bytes.
    fn array_field<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        if self.varint()? != N as u64 {
            return Err(self.malformed("a field of fixed length"));
        }
        self.array()
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let mut value = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                // The tenth byte holds the last bit, and no integer ends in a byte that adds nothing.
                let one_spelling = byte != 0 && (shift < 63 || byte == 1);
                return one_spelling.then_some(value).ok_or(self.malformed("an integer in its one spelling"));
            }
        }
        Err(self.malformed("an integer of at most 64 bits"))
    }

    fn text(&mut self) -> Result<&'a str, Malformed> {
        let len = self.varint()?;
        let len = usize::try_from(len).map_err(|_| self.malformed("a length that fits"))?;
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map_err(|_| self.malformed("UTF-8 text"))
    }
}

fn put_text(tag: u8, value: Option<&str>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        put_bytes(tag, value.as_bytes(), out);
    }
}

fn put_bytes(tag: u8, value: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    put_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

const _: () =
    assert!(IntFact::COUNT <= (TAG_TEXT_FACT - TAG_INT_FACT) as usize, "integer facts fit their tags");
const _: () = assert!(TextFact::COUNT <= 128, "text facts fit their tags");

/// Bytes that are not what the journal writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed journal record at byte {at}: expected {expected}")]
pub struct Malformed {
    pub at: usize,
    pub expected: &'static str,
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
