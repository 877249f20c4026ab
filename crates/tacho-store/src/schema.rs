//! The columns of an event: one list for hot batches, segments and queries. `docs/formats/segment.md` documents them.
//!
//! Invariants
//! - Columns are only ever appended: the place of a column never changes, and an older file lacks the later ones.
//! - Header columns are never null where the entry always has the member; erasing sets section columns to null.

use crate::read::BATCH_ROWS;
use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;

/// Positions of the columns of the permanent header; the names are those of [`schema`].
pub mod at {
    pub const INDEX: usize = 0;
    pub const RECORDED_AT: usize = 1;
    pub const TIMESTAMP: usize = 2;
    pub const TIME_CLAIMED: usize = 3;
    pub const EVENT_ID: usize = 4;
    pub const AGENT_ID: usize = 5;
    pub const AGENT_VERSION: usize = 6;
    pub const SESSION_UUID: usize = 7;
    pub const SESSION_SEQ: usize = 8;
    pub const PRODUCER_SEQ: usize = 9;
    pub const CALL_ID: usize = 10;
    pub const PARENT_ID: usize = 11;
    pub const PHASE: usize = 12;
    pub const ACTION_TYPE: usize = 13;
    pub const ACTION_NAME: usize = 14;
    pub const CLASS: usize = 15;
    pub const LEVEL: usize = 16;
    pub const OUTCOME_STATUS: usize = 17;
    pub const KNOWN: usize = 18;
    pub const SOURCE: usize = 19;
    pub const WRITER: usize = 20;
    pub const RETENTION: usize = 21;
    pub const PERIOD: usize = 22;
    pub const SUBJECT_TAG: usize = 23;
    pub const BODY: usize = 24;
    pub const REVISION: usize = 25;
    pub const V: usize = 26;
    pub const CONTENT: usize = 27;
    /// How many there are.
    pub const HEADER: usize = 28;
}

/// Columns of the permanent header and of the place in the order, as `(name, kind, nullable)`.
const HEADER: [(&str, Kind, bool); at::HEADER] = [
    ("index", Kind::Int, false),
    ("recorded_at", Kind::Time, false),
    ("timestamp", Kind::Time, false),
    ("time_claimed", Kind::Flag, false),
    ("event_id", Kind::Text, false),
    ("agent_id", Kind::Text, false),
    ("agent_version", Kind::Text, true),
    ("session_uuid", Kind::Text, true),
    ("session_seq", Kind::Int, true),
    ("producer_seq", Kind::Int, true),
    ("call_id", Kind::Text, true),
    ("parent_id", Kind::Text, true),
    ("phase", Kind::Text, true),
    ("action_type", Kind::Text, false),
    ("action_name", Kind::Text, false),
    ("class", Kind::Text, false),
    ("level", Kind::Text, false),
    ("outcome_status", Kind::Text, false),
    ("known", Kind::Text, false),
    ("source", Kind::Text, false),
    ("writer", Kind::Text, false),
    ("retention", Kind::Text, false),
    ("period", Kind::Date, false),
    ("subject_tag", Kind::Bytes(16), true),
    ("body", Kind::Bytes(32), false),
    ("revision", Kind::Small, false),
    ("v", Kind::Small, false),
    // Not part of the entry: what recognises a duplicate after a restart.
    ("content", Kind::Int, true),
];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Int,
    Small,
    Time,
    Flag,
    Date,
    Text,
    Bytes(i32),
}

impl Kind {
    fn data_type(self) -> DataType {
        match self {
            Kind::Int => DataType::Int64,
            Kind::Small => DataType::Int32,
            Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Kind::Flag => DataType::Boolean,
            Kind::Date => DataType::Date32,
            Kind::Text => DataType::Utf8View,
            Kind::Bytes(len) => DataType::FixedSizeBinary(len),
        }
    }
}

/// Columns of section `who`, in the order of [`tacho_event::section::Who::fields`].
pub const WHO: [&str; 6] =
    ["who_conversation", "who_id", "who_ip", "who_session", "who_user", "who_user_agent"];

/// Position of the first `who` column; facts, texts and commitments follow in this order.
pub const WHO_AT: usize = HEADER.len();
pub const INT_FACTS_AT: usize = WHO_AT + WHO.len();
pub const TEXT_FACTS_AT: usize = INT_FACTS_AT + IntFact::COUNT;
pub const TEXTS_AT: usize = TEXT_FACTS_AT + TextFact::COUNT;
/// Commitments of sections that are gone, in the order of [`Section::ALL`]; null while a section is there.
pub const COMMITMENTS_AT: usize = TEXTS_AT + Section::TEXTS.len();
/// Why sections are gone: `erased` or `expired`, as `name=why` separated by spaces.
pub const GONE_AT: usize = COMMITMENTS_AT + Section::ALL.len();
/// Lengths in bytes of sections that are gone: `body` covers them beside the commitments, so without them an
/// erased event's body could not be recomputed. Null while a section is there.
pub const LENGTHS_AT: usize = GONE_AT + 1;
/// How many columns there are.
pub const COLUMNS: usize = LENGTHS_AT + Section::ALL.len();

/// The positions of all of them.
pub(crate) const EVERY: [usize; COLUMNS] = {
    let mut columns = [0; COLUMNS];
    let mut at = 0;
    while at < COLUMNS {
        columns[at] = at;
        at += 1;
    }
    columns
};

/// The schema of version 1.
pub fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Arc::new(Schema::new(fields())));
    Arc::clone(&SCHEMA)
}

/// The same for rows of which columns are left out: those that are never null are, there.
pub(crate) fn partial_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let nullable = fields().into_iter().map(|field| field.with_nullable(true));
        Arc::new(Schema::new(nullable.collect::<Vec<_>>()))
    });
    Arc::clone(&SCHEMA)
}

/// A column of nulls. Those of a batch are made once, for a batch leaves out most of its columns.
pub(crate) fn nulls(kind: &DataType, rows: usize) -> ArrayRef {
    static NULLS: LazyLock<Vec<ArrayRef>> = LazyLock::new(|| {
        let kinds: BTreeSet<DataType> = fields().into_iter().map(|field| field.data_type().clone()).collect();
        kinds.iter().map(|kind| new_null_array(kind, BATCH_ROWS)).collect()
    });
    match NULLS.iter().find(|nulls| nulls.data_type() == kind && rows <= BATCH_ROWS) {
        Some(nulls) => nulls.slice(0, rows),
        None => new_null_array(kind, rows),
    }
}

fn fields() -> Vec<Field> {
    let text = |name: &str| Field::new(name, DataType::Utf8View, true);
    let mut fields: Vec<Field> =
        HEADER.iter().map(|(name, kind, null)| Field::new(*name, kind.data_type(), *null)).collect();
    fields.extend(WHO.map(text));
    fields.extend(IntFact::ALL.iter().map(|fact| Field::new(fact.name(), DataType::Int64, true)));
    fields.extend(TextFact::ALL.iter().map(|fact| text(fact.name())));
    fields.extend(Section::TEXTS.map(|section| text(section.name())));
    let commitment = |section: Section| {
        Field::new(format!("{}_commitment", section.name()), DataType::FixedSizeBinary(32), true)
    };
    fields.extend(Section::ALL.map(commitment));
    fields.push(text("gone"));
    let length = |section: Section| Field::new(format!("{}_length", section.name()), DataType::Int64, true);
    fields.extend(Section::ALL.map(length));
    fields
}

/// Position of a column by name.
pub fn column(name: &str) -> Option<usize> {
    schema().index_of(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_its_place() {
        let schema = schema();
        assert_eq!(schema.fields().len(), COLUMNS);
        assert_eq!(column("who_length"), Some(LENGTHS_AT));
        assert_eq!(column("event_id"), Some(at::EVENT_ID));
        assert_eq!(column("subject_tag"), Some(at::SUBJECT_TAG));
        assert_eq!(column("content"), Some(at::CONTENT));
        assert_eq!(column("who_conversation"), Some(WHO_AT));
        assert_eq!(column(IntFact::ALL[0].name()), Some(INT_FACTS_AT));
        assert_eq!(column(TextFact::ALL[0].name()), Some(TEXT_FACTS_AT));
        assert_eq!(column("input"), Some(TEXTS_AT));
        assert_eq!(column("who_commitment"), Some(COMMITMENTS_AT));
        assert_eq!(column("gone"), Some(GONE_AT));
    }
}
