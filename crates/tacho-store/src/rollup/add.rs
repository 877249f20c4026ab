//! Gathers the sums of a segment while its rows are written.
//!
//! Limits: [`GROUPS_MAX`] groups of each span; with more there are no sums.

use super::{INT_DIMENSIONS, MEASURES, MEASURES_AT, Span, TABLE_BYTES_MAX, TEXT_DIMENSIONS, sums_schema};
use crate::schema::at;
use arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, Int64Builder, RecordBatch, StringViewBuilder,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::collections::HashMap;
use std::sync::Arc;
use tacho_event::time::Micros;

/// A table of sums must have this many times fewer rows than the segment.
const WORTH: usize = 8;
/// Most groups that are gathered at once.
const GROUPS_MAX: usize = 1 << 17;
const LEVEL: i32 = 9;

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Group {
    start: Micros,
    /// Places in the list of words; 0 is no word.
    words: [u32; TEXT_DIMENSIONS.len()],
    ints: [Option<i64>; INT_DIMENSIONS.len()],
}

#[derive(Debug, Clone, Copy)]
struct Sums {
    rows: i64,
    times: (Micros, Micros),
    /// Sum and number of rows of each measure.
    measures: [(i64, i64); MEASURES.len()],
}

/// Adds up the rows of a segment that is being written.
#[derive(Debug)]
pub(crate) struct Adder {
    rows: usize,
    words: Vec<String>,
    known: HashMap<String, u32>,
    /// Of each span; nothing once it does not pay.
    spans: [Option<HashMap<Group, Sums>>; Span::ALL.len()],
}

impl Adder {
    pub(crate) fn new() -> Adder {
        Adder {
            rows: 0,
            words: Vec::new(),
            known: HashMap::new(),
            spans: [Some(HashMap::new()), Some(HashMap::new())],
        }
    }

    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        if self.spans.iter().all(Option::is_none) {
            return;
        }
        self.rows += batch.num_rows();
        let words = TEXT_DIMENSIONS.map(|(_, column)| self.words_of(batch, column));
        let times = batch.column(at::TIMESTAMP).as_primitive::<TimestampMicrosecondType>().values();
        let ints = INT_DIMENSIONS.map(|(_, column)| batch.column(column).as_primitive::<Int64Type>());
        let measures = MEASURES_AT.map(|column| batch.column(column).as_primitive::<Int64Type>());
        for (row, time) in times.iter().enumerate() {
            let mut group = Group {
                start: 0,
                words: std::array::from_fn(|i| words[i][row]),
                ints: ints.map(|column| value(column, row)),
            };
            for (span, groups) in Span::ALL.iter().zip(&mut self.spans) {
                group.start = span.start(*time);
                if groups.as_mut().is_some_and(|groups| !add_row(groups, &group, *time, row, &measures)) {
                    *groups = None;
                }
            }
        }
    }

    fn words_of(&mut self, batch: &RecordBatch, column: usize) -> Vec<u32> {
        let mut last: (Option<&str>, u32) = (None, 0);
        let mut found = Vec::with_capacity(batch.num_rows());
        for word in batch.column(column).as_string_view().iter() {
            if word != last.0 {
                last = (word, word.map_or(0, |word| self.place_of(word)));
            }
            found.push(last.1);
        }
        found
    }

    fn place_of(&mut self, word: &str) -> u32 {
        if let Some(place) = self.known.get(word) {
            return *place;
        }
        self.words.push(word.to_string());
        let place = self.words.len() as u32;
        self.known.insert(word.to_string(), place);
        place
    }

    /// The tables that pay, as bytes for the file.
    ///
    /// # Errors
    /// When one cannot be encoded.
    pub(crate) fn finish(mut self) -> Result<Vec<(Span, Vec<u8>)>, ParquetError> {
        let mut made = Vec::new();
        for (at, span) in Span::ALL.into_iter().enumerate() {
            let Some(groups) = self.spans[at].take().filter(|groups| groups.len() * WORTH <= self.rows)
            else {
                continue;
            };
            let mut groups: Vec<_> = groups.into_iter().collect();
            groups.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            let bytes = encode(&self.table(&groups)?)?;
            if bytes.len() <= TABLE_BYTES_MAX {
                made.push((span, bytes));
            }
        }
        Ok(made)
    }

    fn table(&self, groups: &[(Group, Sums)]) -> Result<RecordBatch, ParquetError> {
        let times = |of: fn(&(Group, Sums)) -> Micros| -> ArrayRef {
            let times: TimestampMicrosecondArray = groups.iter().map(of).map(Some).collect();
            Arc::new(times.with_timezone("UTC"))
        };
        let mut columns = vec![times(|(group, _)| group.start)];
        for dimension in 0..TEXT_DIMENSIONS.len() {
            let mut words = StringViewBuilder::with_capacity(groups.len());
            for (group, _) in groups {
                let place = group.words[dimension] as usize;
                words.append_option(place.checked_sub(1).map(|place| &self.words[place]));
            }
            columns.push(Arc::new(words.finish()));
        }
        for dimension in 0..INT_DIMENSIONS.len() {
            columns.push(Arc::new(
                groups.iter().map(|(group, _)| group.ints[dimension]).collect::<Int64Array>(),
            ));
        }
        columns.push(Arc::new(groups.iter().map(|(_, sums)| Some(sums.rows)).collect::<Int64Array>()));
        columns.push(times(|(_, sums)| sums.times.0));
        columns.push(times(|(_, sums)| sums.times.1));
        for measure in 0..MEASURES.len() {
            let (mut sums, mut rows) = (Int64Builder::new(), Int64Builder::new());
            for (_, group) in groups {
                let (sum, count) = group.measures[measure];
                sums.append_option((count > 0).then_some(sum));
                rows.append_value(count);
            }
            columns.extend([Arc::new(sums.finish()) as ArrayRef, Arc::new(rows.finish())]);
        }
        Ok(RecordBatch::try_new(sums_schema(), columns)?)
    }
}

pub(super) fn value(column: &Int64Array, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}

/// Whether the row was added: not when there are too many groups, or a sum does not fit.
fn add_row(
    groups: &mut HashMap<Group, Sums>,
    group: &Group,
    time: Micros,
    row: usize,
    measures: &[&Int64Array; MEASURES.len()],
) -> bool {
    if !groups.contains_key(group) {
        if groups.len() >= GROUPS_MAX {
            return false;
        }
        let none = Sums { rows: 0, times: (time, time), measures: [(0, 0); MEASURES.len()] };
        groups.insert(group.clone(), none);
    }
    let sums = groups.get_mut(group).expect("inserted above when it was missing");
    sums.rows += 1;
    sums.times = (sums.times.0.min(time), sums.times.1.max(time));
    for (column, (sum, count)) in measures.iter().zip(&mut sums.measures) {
        let Some(value) = value(column, row) else { continue };
        let Some(added) = sum.checked_add(value) else { return false };
        (*sum, *count) = (added, *count + 1);
    }
    true
}

fn encode(table: &RecordBatch) -> Result<Vec<u8>, ParquetError> {
    let level = ZstdLevel::try_new(LEVEL)?;
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties))?;
    writer.write(table)?;
    writer.into_inner()
}
