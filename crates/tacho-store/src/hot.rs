//! The newest events in Arrow: accepted batches become columns at once, small batches are merged as they age.
//!
//! Making a batch of a hundred columns costs as much as hundreds of rows, and merging batches copies them, so rows are
//! gathered in open columns until there are many or somebody wants to read them.
//!
//! Invariants
//! - Rows are in index order; every row is one entry of the log.
//! - There are few batches: eight of one size become one, so a row is copied a few times in all.

use crate::columns::{Columns, Nulls};
use crate::error::StoreError;
use crate::schema::{INT_FACTS_AT, TEXT_FACTS_AT, TEXTS_AT, WHO_AT, at, schema};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::concat;
use arrow::datatypes::DataType;
use std::sync::Arc;
use tacho_event::entry::{Place, VERSION};
use tacho_event::id::Id;
use tacho_event::record::{Accepted, Batch};
use tacho_record::sequence::Decision;

/// How many batches of one size are merged into one.
const FAN_IN: usize = 8;
/// Batches do not grow past this: merging must not copy gigabytes, and a scan can share the work.
const ROWS_MAX: usize = 128 << 10;
/// Rows that open columns take memory for at first.
const FIRST_ROWS: usize = 128;
/// Gathered rows become a batch at this number.
const OPEN_ROWS: usize = 4096;

/// The columns of the events of a batch that are on the log, in the order of [`schema`].
///
/// # Errors
/// [`StoreError::Batch`] when the batch is not what the journal writes, [`StoreError::Order`] when there is not
/// one decision for each event.
pub fn to_batch(batch: &Batch, decisions: &[Decision]) -> Result<RecordBatch, StoreError> {
    check_count(batch, decisions)?;
    let mut columns = Columns::new(decisions.len());
    push_rows(batch, decisions, &mut columns)?;
    Ok(columns.finish()?)
}

fn check_count(batch: &Batch, decisions: &[Decision]) -> Result<(), StoreError> {
    let (found, expected) = (decisions.len() as u64, u64::from(batch.count()));
    if found == expected {
        Ok(())
    } else {
        Err(StoreError::Order { what: "number of decisions", found, expected })
    }
}

fn push_rows(batch: &Batch, decisions: &[Decision], to: &mut Columns) -> Result<(), StoreError> {
    let mut scratch = Vec::with_capacity(64);
    for (event, decision) in batch.events().zip(decisions) {
        let event = event?;
        if let Decision::Entry { index, place } = decision {
            push_header(*index, place, &event, &mut scratch, to)?;
            push_sections(&event, to);
            to.end_row();
        }
    }
    Ok(())
}

fn push_header(
    index: u64,
    place: &Place,
    event: &Accepted<'_>,
    scratch: &mut Vec<u8>,
    to: &mut Columns,
) -> Result<(), StoreError> {
    let header = &event.header;
    // Integers without sign are stored as the same 64 or 32 bits with one: Parquet tools know those best.
    to.int(at::INDEX, index as i64);
    to.int(at::RECORDED_AT, place.time_us);
    to.int(at::TIMESTAMP, header.timestamp_us);
    to.flag(at::TIME_CLAIMED, header.time_claimed);
    to.text(at::EVENT_ID, id_text(&header.id, scratch));
    to.text(at::AGENT_ID, header.agent);
    if let Some(session) = &header.session {
        to.text(at::SESSION_UUID, id_text(session, scratch));
    }
    if let Some(seq) = place.session_seq {
        to.int(at::SESSION_SEQ, seq as i64);
    }
    if let Some(seq) = header.producer_seq {
        to.int(at::PRODUCER_SEQ, seq as i64);
    }
    for (column, value) in [
        (at::AGENT_VERSION, header.agent_version),
        (at::CALL_ID, header.call),
        (at::PARENT_ID, header.parent),
        (at::PHASE, header.phase.map(|phase| phase.as_str())),
    ] {
        if let Some(value) = value {
            to.text(column, value);
        }
    }
    to.text(at::ACTION_TYPE, header.action_type.as_str());
    to.text(at::ACTION_NAME, header.action_name);
    to.text(at::CLASS, header.class.as_str());
    to.text(at::LEVEL, header.level.as_str());
    to.text(at::OUTCOME_STATUS, header.outcome.as_str());
    to.text(at::KNOWN, header.known.as_str());
    to.text(at::SOURCE, header.source);
    to.text(at::WRITER, hex_text(&header.writer, scratch));
    to.text(at::RETENTION, header.retention.as_str());
    to.small(at::PERIOD, header.period.0);
    if let Some(tag) = &header.subject {
        to.bytes(at::SUBJECT_TAG, tag)?;
    }
    to.bytes(at::BODY, &header.body)?;
    to.small(at::REVISION, place.revision as i32);
    to.small(at::V, i32::from(VERSION));
    if let Some(content) = event.content {
        to.int(at::CONTENT, content as i64);
    }
    Ok(())
}

fn push_sections(event: &Accepted<'_>, to: &mut Columns) {
    for (i, (_, value)) in event.who.fields().into_iter().enumerate() {
        if let Some(value) = value {
            to.text(WHO_AT + i, value);
        }
    }
    for (i, value) in event.facts.ints.iter().enumerate() {
        if let Some(value) = value {
            to.int(INT_FACTS_AT + i, *value);
        }
    }
    let texts = event.facts.texts.iter().enumerate().map(|(i, value)| (TEXT_FACTS_AT + i, value));
    let sections = event.texts.iter().enumerate().map(|(i, value)| (TEXTS_AT + i, value));
    for (column, value) in texts.chain(sections) {
        if let Some(value) = value {
            to.text(column, value);
        }
    }
}

fn id_text<'s>(id: &Id, scratch: &'s mut Vec<u8>) -> &'s str {
    scratch.clear();
    id.push_to(scratch);
    std::str::from_utf8(scratch).expect("UUID text is ASCII")
}

fn hex_text<'s>(bytes: &[u8], scratch: &'s mut Vec<u8>) -> &'s str {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    scratch.clear();
    scratch.extend(bytes.iter().flat_map(|b| [HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]));
    std::str::from_utf8(scratch).expect("hexadecimal digits are ASCII")
}

/// The newest rows, oldest batch first.
#[derive(Debug, Default)]
pub struct Hot {
    batches: Vec<Sized>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Sized {
    batch: RecordBatch,
    bytes: usize,
}

/// Rows of small records behind the last batch.
struct Open {
    columns: Columns,
    /// About what they will take, bytes.
    bytes: usize,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Open({} rows, about {} bytes)", self.columns.rows(), self.bytes)
    }
}

impl Hot {
    /// Takes the rows of a sequenced record, which must follow on those before.
    ///
    /// # Errors
    /// As [`to_batch`]; nothing was taken when the count is wrong. A batch that was made or parsed has no malformed
    /// event; if one were found, the rows before it were taken.
    pub fn append(&mut self, batch: &Batch, decisions: &[Decision]) -> Result<(), StoreError> {
        check_count(batch, decisions)?;
        let rows = decisions.len().max(FIRST_ROWS);
        let open = self.open.get_or_insert_with(|| Open { columns: Columns::new(rows), bytes: 0 });
        push_rows(batch, decisions, &mut open.columns)?;
        open.bytes += 2 * batch.bytes().len();
        if open.columns.rows() >= OPEN_ROWS {
            self.close();
        }
        Ok(())
    }

    /// Takes rows that follow on those before; merges what has become many.
    pub fn push(&mut self, batch: RecordBatch) {
        self.close();
        if batch.num_rows() > 0 {
            self.push_closed(batch);
        }
    }

    /// Makes a batch of the rows that are still open, so that they can be read.
    pub fn close(&mut self) {
        if let Some(open) = self.open.take()
            && open.columns.rows() > 0
        {
            self.push_closed(open.columns.finish().expect("every row has the columns that are never null"));
        }
    }

    fn push_closed(&mut self, batch: RecordBatch) {
        self.batches.push(Sized { bytes: memory_bytes(&batch), batch });
        while let Some(first) = self.mergeable() {
            let parts: Vec<&RecordBatch> = self.batches[first..].iter().map(|sized| &sized.batch).collect();
            // What cannot be joined stays as it is: more batches, but nothing lost.
            let Ok(batch) = merge(&parts) else { return };
            self.batches.truncate(first);
            self.batches.push(Sized { bytes: memory_bytes(&batch), batch });
        }
    }

    /// Where the run of batches at the end starts that are no larger than the last one by more than a factor
    /// of [`FAN_IN`], when there are enough of them.
    fn mergeable(&self) -> Option<usize> {
        let tier = |sized: &Sized| sized.batch.num_rows().ilog(FAN_IN);
        let last = tier(self.batches.last()?);
        let run = self.batches.iter().rev().take_while(|sized| tier(sized) <= last).count();
        let first = self.batches.len() - run;
        let rows: usize = self.batches[first..].iter().map(|sized| sized.batch.num_rows()).sum();
        (run >= FAN_IN && rows <= ROWS_MAX).then_some(first)
    }

    /// Memory of all rows, bytes; an estimate for those that are still open.
    pub fn bytes(&self) -> usize {
        let closed: usize = self.batches.iter().map(|sized| sized.bytes).sum();
        closed + self.open.as_ref().map_or(0, |open| open.bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.open.as_ref().is_none_or(|open| open.columns.rows() == 0)
    }

    /// The closed rows in index order; see [`Hot::close`].
    pub fn batches(&self) -> impl Iterator<Item = &RecordBatch> {
        self.batches.iter().map(|sized| &sized.batch)
    }
}

/// Joins batches into one whose texts lie in one block for each column.
fn merge(parts: &[&RecordBatch]) -> Result<RecordBatch, StoreError> {
    let schema = schema();
    let rows = parts.iter().map(|part| part.num_rows()).sum();
    let nulls = Nulls::new(rows);
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for (i, field) in schema.fields().iter().enumerate() {
        let arrays: Vec<&dyn Array> = parts.iter().map(|part| part.column(i).as_ref()).collect();
        columns.push(if arrays.iter().all(|array| array.null_count() == array.len()) {
            nulls.array(field.data_type())?
        } else {
            compacted(concat(&arrays)?)
        });
    }
    Ok(RecordBatch::try_new(schema, columns)?)
}

fn compacted(array: ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        _ => array,
    }
}

/// Memory that a batch holds, bytes. Blocks shared by several columns count once.
pub fn memory_bytes(batch: &RecordBatch) -> usize {
    let mut seen = Vec::new();
    let mut total = 0;
    for column in batch.columns() {
        let data = column.to_data();
        let nulls = data.nulls().map(|nulls| nulls.buffer());
        for buffer in data.buffers().iter().chain(nulls) {
            if !seen.contains(&buffer.data_ptr()) {
                seen.push(buffer.data_ptr());
                total += buffer.capacity();
            }
        }
    }
    total
}
