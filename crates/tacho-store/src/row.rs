//! Columns back into events: the inverse of [`crate::hot::to_batch`].
//!
//! Invariants
//! - A row gives the entry's permanent bytes again, byte for byte, whatever sections are gone.
//! - A row with a value that no writer of ours would have stored is an error with its index, never a guess.

use crate::error::StoreError;
use crate::schema::{
    COLUMNS, COMMITMENTS_AT, GONE_AT, INT_FACTS_AT, LENGTHS_AT, TEXT_FACTS_AT, TEXTS_AT, WHO, WHO_AT, at,
    nulls, partial_schema, schema,
};
use crate::take_out::Why;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, FixedSizeBinaryArray, PrimitiveArray, RecordBatch,
    StringViewArray,
};
use arrow::datatypes::{DataType, Date32Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use std::sync::Arc;
use tacho_event::entry::{self, Header, Place, VERSION};
use tacho_event::fact::{Facts, IntFact, TextFact};
use tacho_event::id::Id;
use tacho_event::section::{Section, Who};
use tacho_event::time::{Day, Micros};
use tacho_event::words::{ActionType, Class, Known, Level, Outcome, Phase};
use tacho_record::sequence::{Past, PastState};

/// A batch whose columns are ready to be read row by row. Columns of nulls only are not looked at again.
#[derive(Debug)]
pub struct Rows {
    rows: usize,
    columns: Vec<Column>,
}

#[derive(Debug)]
enum Column {
    Null,
    Int(PrimitiveArray<Int64Type>),
    Time(PrimitiveArray<TimestampMicrosecondType>),
    Small(PrimitiveArray<Int32Type>),
    Date(PrimitiveArray<Date32Type>),
    Flag(BooleanArray),
    Text(StringViewArray),
    Bytes(FixedSizeBinaryArray),
}

/// One entry of the log.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    rows: &'a Rows,
    at: usize,
}

/// What is there of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// The event never had it.
    Absent,
    /// The committed bytes.
    Open(&'a [u8]),
    /// The bytes were removed; what `body` needs of them is left. `length` is in bytes.
    Gone { commitment: [u8; 32], length: u64, why: &'a str },
}

/// Brings a batch to the schema of this version: an older file lacks the columns that were added later.
///
/// # Errors
/// [`StoreError::Arrow`] when a column has another type than documented.
pub fn conform(batch: &RecordBatch) -> Result<RecordBatch, StoreError> {
    let want = schema();
    let same = |(a, b): (&Arc<arrow::datatypes::Field>, &Arc<arrow::datatypes::Field>)| {
        a.name() == b.name() && a.data_type() == b.data_type()
    };
    let (found, fields) = (batch.schema(), want.fields());
    if found.fields().len() == fields.len() && found.fields().iter().zip(fields).all(same) {
        return Ok(RecordBatch::try_new(want, batch.columns().to_vec())?);
    }
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(fields.len());
    for field in fields {
        let column = match batch.column_by_name(field.name()) {
            Some(column) if column.data_type() == field.data_type() => Arc::clone(column),
            Some(column) => {
                let what = format!(
                    "column {} has type {}, expected {}",
                    field.name(),
                    column.data_type(),
                    field.data_type()
                );
                return Err(ArrowError::SchemaError(what).into());
            }
            None => nulls(field.data_type(), batch.num_rows()),
        };
        columns.push(column);
    }
    Ok(RecordBatch::try_new(partial_schema(), columns)?)
}

impl Rows {
    /// Reads a batch. Columns that are missing read as null.
    ///
    /// # Errors
    /// [`StoreError::Arrow`] when a column has another type than documented.
    pub fn new(batch: &RecordBatch) -> Result<Rows, StoreError> {
        let batch = conform(batch)?;
        let columns = batch.columns().iter().map(Column::new).collect();
        Ok(Rows { rows: batch.num_rows(), columns })
    }

    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The row at a position below [`Rows::len`].
    pub fn row(&self, at: usize) -> Row<'_> {
        debug_assert!(at < self.rows, "row {at} of {}", self.rows);
        Row { rows: self, at }
    }

    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows).map(|at| Row { rows: self, at })
    }
}

impl Column {
    fn new(array: &ArrayRef) -> Column {
        if array.null_count() == array.len() {
            return Column::Null;
        }
        match array.data_type() {
            DataType::Int64 => Column::Int(array.as_primitive().clone()),
            DataType::Int32 => Column::Small(array.as_primitive().clone()),
            DataType::Date32 => Column::Date(array.as_primitive().clone()),
            DataType::Timestamp(..) => Column::Time(array.as_primitive().clone()),
            DataType::Boolean => Column::Flag(array.as_boolean().clone()),
            DataType::Utf8View => Column::Text(array.as_string_view().clone()),
            DataType::FixedSizeBinary(_) => Column::Bytes(array.as_fixed_size_binary().clone()),
            _ => Column::Null, // the schema has no other type, and `conform` has compared
        }
    }
}

impl<'a> Row<'a> {
    fn int(&self, column: usize) -> Option<i64> {
        match &self.rows.columns[column] {
            Column::Int(array) if array.is_valid(self.at) => Some(array.value(self.at)),
            Column::Time(array) if array.is_valid(self.at) => Some(array.value(self.at)),
            Column::Small(array) if array.is_valid(self.at) => Some(i64::from(array.value(self.at))),
            Column::Date(array) if array.is_valid(self.at) => Some(i64::from(array.value(self.at))),
            Column::Flag(array) if array.is_valid(self.at) => Some(i64::from(array.value(self.at))),
            _ => None,
        }
    }

    fn text(&self, column: usize) -> Option<&'a str> {
        match &self.rows.columns[column] {
            Column::Text(array) if array.is_valid(self.at) => Some(array.value(self.at)),
            _ => None,
        }
    }

    fn bytes<const N: usize>(&self, column: usize) -> Option<[u8; N]> {
        match &self.rows.columns[column] {
            Column::Bytes(array) if array.is_valid(self.at) => array.value(self.at).try_into().ok(),
            _ => None,
        }
    }

    /// Index on the log; 0 when the column is missing.
    pub fn index(&self) -> u64 {
        self.int(at::INDEX).unwrap_or_default() as u64
    }

    /// The time that queries go by, microseconds since 1970 UTC.
    pub fn timestamp_us(&self) -> Micros {
        self.int(at::TIMESTAMP).unwrap_or_default()
    }

    /// Name of the retention class.
    pub fn retention(&self) -> &'a str {
        self.text(at::RETENTION).unwrap_or_default()
    }

    /// Id and tag of the data subject; `None` where the event has none.
    pub fn subject(&self) -> Option<(Id, [u8; 16])> {
        Some((self.text(at::EVENT_ID).and_then(Id::parse)?, self.bytes(at::SUBJECT_TAG)?))
    }

    /// The period that the secrets of its sections are of.
    pub fn period(&self) -> Day {
        Day(self.int(at::PERIOD).unwrap_or_default() as i32)
    }

    fn damaged(&self, column: usize) -> StoreError {
        let name = schema().field(column).name().clone();
        StoreError::Row {
            index: self.index(),
            what: format!("column {name} has no value that an entry can have"),
        }
    }

    fn need<T>(&self, column: usize, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.damaged(column))
    }

    fn word<T>(&self, column: usize, parse: fn(&str) -> Option<T>) -> Result<T, StoreError> {
        self.need(column, self.text(column).and_then(parse))
    }

    /// A text that may be missing, but must parse when it is there.
    fn optional<T>(&self, column: usize, parse: fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
        match self.text(column) {
            Some(text) => Ok(Some(self.need(column, parse(text))?)),
            None => Ok(None),
        }
    }

    /// The permanent header.
    ///
    /// # Errors
    /// [`StoreError::Row`] names the column that holds what no entry can have.
    pub fn header(&self) -> Result<Header<'a>, StoreError> {
        let version = self.need(at::V, self.int(at::V))?;
        if version != i64::from(VERSION) {
            let what = format!("it has version {version} of the entry format, expected {VERSION}");
            return Err(StoreError::Row { index: self.index(), what });
        }
        let period = self.need(at::PERIOD, self.int(at::PERIOD))?;
        Ok(Header {
            id: self.word(at::EVENT_ID, Id::parse)?,
            timestamp_us: self.need(at::TIMESTAMP, self.int(at::TIMESTAMP))?,
            time_claimed: self.need(at::TIME_CLAIMED, self.int(at::TIME_CLAIMED))? != 0,
            agent: self.need(at::AGENT_ID, self.text(at::AGENT_ID))?,
            agent_version: self.text(at::AGENT_VERSION),
            session: self.optional(at::SESSION_UUID, Id::parse)?,
            producer_seq: self.int(at::PRODUCER_SEQ).map(|seq| seq as u64),
            call: self.text(at::CALL_ID),
            parent: self.text(at::PARENT_ID),
            phase: self.optional(at::PHASE, Phase::parse)?,
            action_type: self.word(at::ACTION_TYPE, ActionType::parse)?,
            action_name: self.need(at::ACTION_NAME, self.text(at::ACTION_NAME))?,
            class: self.word(at::CLASS, Class::parse)?,
            level: self.word(at::LEVEL, Level::parse)?,
            outcome: self.word(at::OUTCOME_STATUS, Outcome::parse)?,
            known: self.word(at::KNOWN, Known::parse)?,
            source: self.need(at::SOURCE, self.text(at::SOURCE))?,
            writer: self.word(at::WRITER, parse_writer)?,
            retention: self.word(at::RETENTION, Class::parse)?,
            period: Day(period as i32),
            subject: self.bytes(at::SUBJECT_TAG),
            body: self.need(at::BODY, self.bytes(at::BODY))?,
        })
    }

    /// The place in the order.
    ///
    /// # Errors
    /// As [`Row::header`].
    pub fn place(&self) -> Result<Place, StoreError> {
        Ok(Place {
            time_us: self.need(at::RECORDED_AT, self.int(at::RECORDED_AT))?,
            session_seq: self.int(at::SESSION_SEQ).map(|seq| seq as u64),
            revision: self.need(at::REVISION, self.int(at::REVISION))? as u32,
        })
    }

    /// Appends the entry's permanent bytes.
    ///
    /// # Errors
    /// As [`Row::header`].
    pub fn entry(&self, out: &mut Vec<u8>) -> Result<(), StoreError> {
        entry::render(&self.header()?, &self.place()?, out);
        Ok(())
    }

    /// What the sequencer must know of the entry when it is no longer in the journal.
    ///
    /// # Errors
    /// As [`Row::header`].
    pub fn past(&self) -> Result<Past, StoreError> {
        let session = self.optional(at::SESSION_UUID, Id::parse)?;
        let state = |content: i64| -> Result<PastState, StoreError> {
            Ok(PastState {
                writer: self.word(at::WRITER, parse_writer)?,
                id: self.word(at::EVENT_ID, Id::parse)?,
                revision: self.need(at::REVISION, self.int(at::REVISION))? as u32,
                content: content as u64,
            })
        };
        Ok(Past {
            index: self.index(),
            time_us: self.need(at::RECORDED_AT, self.int(at::RECORDED_AT))?,
            session: session.zip(self.int(at::SESSION_SEQ).map(|seq| seq as u64)),
            state: self.int(at::CONTENT).map(state).transpose()?,
        })
    }

    /// The original identities; empty when the section is absent or gone.
    pub fn who(&self) -> Who<'a> {
        let mut who = Who::default();
        for (i, value) in who.fields_mut().into_iter().enumerate().take(WHO.len()) {
            *value = self.text(WHO_AT + i);
        }
        who
    }

    /// The lifted values; empty when the section is absent or gone.
    pub fn facts(&self) -> Facts<'a> {
        let mut facts = Facts::default();
        for i in 0..IntFact::COUNT {
            facts.ints[i] = self.int(INT_FACTS_AT + i);
        }
        for i in 0..TextFact::COUNT {
            facts.texts[i] = self.text(TEXT_FACTS_AT + i);
        }
        facts
    }

    /// A section as it was committed, or what is left of it; `scratch` is used for the rendered ones.
    ///
    /// # Errors
    /// [`StoreError::Row`] when a section is both there and gone, or gone without its length or reason.
    pub fn section<'s>(&self, section: Section, scratch: &'s mut Vec<u8>) -> Result<Part<'s>, StoreError>
    where
        'a: 's,
    {
        scratch.clear();
        let gone = self.gone(section)?;
        let open = match section {
            Section::Who => {
                self.who().render(scratch);
                (!scratch.is_empty()).then_some(scratch.as_slice())
            }
            Section::Facts => {
                self.facts().render(scratch);
                (!scratch.is_empty()).then_some(scratch.as_slice())
            }
            text => self.text(text_column(text)).map(str::as_bytes),
        };
        match (open, gone) {
            (Some(bytes), None) => Ok(Part::Open(bytes)),
            (None, Some(gone)) => Ok(gone),
            (None, None) => Ok(Part::Absent),
            (Some(_), Some(_)) => Err(self.damaged(COMMITMENTS_AT + section as usize)),
        }
    }

    fn gone(&self, section: Section) -> Result<Option<Part<'a>>, StoreError> {
        let (commitment_at, length_at) = (COMMITMENTS_AT + section as usize, LENGTHS_AT + section as usize);
        let (commitment, length, why) = (self.bytes(commitment_at), self.int(length_at), self.why(section)?);
        if commitment.is_none() && length.is_none() && why.is_none() {
            return Ok(None);
        }
        let commitment = self.need(commitment_at, commitment)?;
        let length = self.need(length_at, length)? as u64;
        Ok(Some(Part::Gone { commitment, length, why: self.need(GONE_AT, why)? }))
    }

    /// Why a section is gone. Every word of the column must be one that is written, and no section stands there twice.
    fn why(&self, section: Section) -> Result<Option<&'a str>, StoreError> {
        let mut found = None;
        for part in self.text(GONE_AT).into_iter().flat_map(|listed| listed.split(' ')) {
            let known = part.split_once('=').filter(|(name, why)| {
                Section::ALL.iter().any(|section| section.name() == *name)
                    && [Why::Erased, Why::Expired].iter().any(|known| known.as_str() == *why)
            });
            let (name, why) = self.need(GONE_AT, known)?;
            if name == section.name() && found.replace(why).is_some() {
                return Err(self.damaged(GONE_AT));
            }
        }
        Ok(found)
    }

    /// What column `gone` says, `name=why` separated by spaces.
    pub(crate) fn gone_text(&self) -> Option<&'a str> {
        self.text(GONE_AT)
    }
}

/// The column of a section that is kept as text.
pub(crate) fn text_column(section: Section) -> usize {
    TEXTS_AT + section as usize - Section::TEXTS[0] as usize
}

/// The writer's fingerprint from its 16 lower-case hexadecimal digits.
fn parse_writer(text: &str) -> Option<[u8; 8]> {
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if text.len() != 16 || !text.bytes().all(lower) {
        return None;
    }
    u64::from_str_radix(text, 16).ok().map(u64::to_be_bytes)
}

const _: () = assert!(COLUMNS > LENGTHS_AT, "the lengths come last");
