//! Rows of segments and newest events, in index order over all classes.
//!
//! Limits: one batch of [`BATCH_ROWS`] rows per class is in memory at a time.

use crate::error::StoreError;
use crate::row::{Row, Rows};
use crate::schema::{COLUMNS, GONE_AT, INT_FACTS_AT, TEXTS_AT, WHO, WHO_AT, at, schema};
use crate::segment::{FORMAT, FORMAT_KEY};
use crate::snapshot::{SegmentFile, Snapshot};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::statistics::Statistics;
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tacho_event::fact::IntFact;
use tacho_event::time::Day;

/// Rows that are decoded at once.
pub const BATCH_ROWS: usize = 4096;

/// The column of the retention that a sender asked for.
const KEPT_AT: usize = INT_FACTS_AT + IntFact::RetentionUs as usize;

/// Which columns are read. What is not read is null in the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Whose session it is, and its number there.
    Sessions,
    /// The same, and by what a duplicate is known.
    States,
    /// What entries are rendered from. Sections read as absent.
    Header,
    /// The header, section `who`, how long the sender wants it kept, and which sections are gone; the other sections
    /// read as absent.
    Subject,
    /// The header and the facts; the other sections read as absent.
    Facts,
    All,
}

impl Wanted {
    pub(crate) fn columns(self) -> Vec<usize> {
        let sessions = [at::INDEX, at::RECORDED_AT, at::SESSION_UUID, at::SESSION_SEQ];
        match self {
            Wanted::Sessions => sessions.to_vec(),
            Wanted::States => {
                [&sessions[..], &[at::WRITER, at::EVENT_ID, at::REVISION, at::CONTENT]].concat()
            }
            Wanted::Header => (0..WHO_AT).collect(),
            Wanted::Subject => (0..WHO_AT + WHO.len()).chain([KEPT_AT, GONE_AT]).collect(),
            Wanted::Facts => (0..WHO_AT).chain(INT_FACTS_AT..TEXTS_AT).collect(),
            Wanted::All => (0..COLUMNS).collect(),
        }
    }
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, StoreError>>>;

/// A column that belongs to a section may only come with a new format: who does not know it cannot check `body`.
fn check_format(path: &Path, metadata: &ParquetMetaData) -> Result<(), StoreError> {
    let pairs = metadata.file_metadata().key_value_metadata().into_iter().flatten();
    let found = pairs.filter(|pair| pair.key == FORMAT_KEY).find_map(|pair| pair.value.as_deref());
    if found == Some(FORMAT) {
        return Ok(());
    }
    let found = found.map_or("none".to_string(), |found| format!("{found:?}"));
    let what = format!("its {FORMAT_KEY} is {found}, expected {FORMAT:?}");
    Err(StoreError::Parquet { path: path.to_path_buf(), what })
}

/// A segment file that is open for reading.
pub(crate) struct Open {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl Open {
    /// # Errors
    /// [`StoreError::Io`], or [`StoreError::Parquet`] when the file has no readable footer or another format.
    pub(crate) fn new(path: &Path) -> Result<Open, StoreError> {
        let file = File::open(path).map_err(StoreError::io("cannot open", path))?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let found = ArrowReaderMetadata::load(&file, options.clone()).map_err(StoreError::parquet(path))?;
        check_format(path, found.metadata())?;
        let metadata = ArrowReaderMetadata::try_new(
            Arc::clone(found.metadata()),
            options.with_schema(with_views(found.schema())),
        );
        let metadata = metadata.map_err(StoreError::parquet(path))?;
        Ok(Open { path: path.to_path_buf(), metadata })
    }

    pub(crate) fn row_groups(&self) -> usize {
        self.metadata().num_row_groups()
    }

    /// Rows of each row group.
    pub(crate) fn row_group_rows(&self, group: usize) -> u64 {
        self.metadata().row_group(group).num_rows().max(0) as u64
    }

    /// Decodes the chosen row groups and columns.
    pub(crate) fn batches(&self, groups: Vec<usize>, wanted: &[usize]) -> Result<Batches, StoreError> {
        self.limited(groups, wanted, None)
    }

    fn limited(
        &self,
        groups: Vec<usize>,
        wanted: &[usize],
        rows: Option<Range<usize>>,
    ) -> Result<Batches, StoreError> {
        let (path, want) = (self.path.as_path(), schema());
        let names = wanted.iter().map(|at| want.field(*at).name().as_str());
        let mask = ProjectionMask::columns(self.metadata.parquet_schema(), names);
        // Opened anew: who shares a file with another reader shares its place in it.
        let file = File::open(path).map_err(StoreError::io("cannot open", path))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let mut builder = builder.with_batch_size(BATCH_ROWS).with_row_groups(groups).with_projection(mask);
        if let Some(rows) = rows {
            builder = builder.with_offset(rows.start).with_limit(rows.len());
        }
        let reader = builder.build().map_err(StoreError::parquet(path))?;
        let path = path.to_path_buf();
        Ok(Box::new(reader.map(move |batch| batch.map_err(StoreError::arrow(&path)))))
    }

    pub(crate) fn metadata(&self) -> &Arc<ParquetMetaData> {
        self.metadata.metadata()
    }

    /// The first and the last day on which something of a row group was recorded; `None` when it does not tell.
    pub(crate) fn days(&self, group: usize) -> Option<RangeInclusive<Day>> {
        match self.metadata().row_group(group).column(at::PERIOD).statistics()? {
            Statistics::Int32(days) => Some(Day(*days.min_opt()?)..=Day(*days.max_opt()?)),
            _ => None,
        }
    }

    /// Row groups that can hold entries of an index range, by their statistics.
    fn groups_of(&self, range: &Range<u64>) -> Vec<usize> {
        let overlaps = |group: &usize| {
            let column = self.metadata().row_group(*group).column(at::INDEX);
            match column.statistics() {
                Some(Statistics::Int64(s)) => {
                    s.min_opt().is_none_or(|min| (*min as u64) < range.end)
                        && s.max_opt().is_none_or(|max| *max as u64 >= range.start)
                }
                _ => true,
            }
        };
        (0..self.row_groups()).filter(overlaps).collect()
    }
}

/// A file's columns with texts as views into its pages, which is how rows hold them.
fn with_views(found: &Schema) -> SchemaRef {
    let fields = found.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The rows of one segment that lie in an index range.
fn segment_rows(file: &SegmentFile, wanted: Wanted, range: &Range<u64>) -> Result<Batches, StoreError> {
    let open = Open::new(&file.path)?;
    let groups = open.groups_of(range);
    if range.start <= file.first && file.last < range.end {
        return open.batches(groups, &wanted.columns());
    }
    // Where the range lies within the row groups: the index column alone is small.
    let (mut start, mut end) = (0, 0);
    for batch in open.batches(groups.clone(), &[at::INDEX])? {
        let batch = batch?;
        let indexes = batch.column(0).as_primitive_opt::<Int64Type>().map(|column| column.values());
        for index in indexes.into_iter().flatten() {
            start += usize::from((*index as u64) < range.start);
            end += usize::from((*index as u64) < range.end);
        }
    }
    open.limited(groups, &wanted.columns(), Some(start..end.max(start)))
}

/// One source of rows in index order.
struct Stream {
    batches: Batches,
    rows: Rows,
    at: usize,
}

impl Stream {
    fn new(batches: Batches) -> Result<Option<Stream>, StoreError> {
        let rows = Rows::new(&RecordBatch::new_empty(schema()))?;
        Stream { batches, rows, at: 0 }.loaded()
    }

    /// Moves on to the next batch when this one is used up; `None` at the end.
    fn loaded(mut self) -> Result<Option<Stream>, StoreError> {
        while self.at >= self.rows.len() {
            match self.batches.next() {
                Some(batch) => (self.rows, self.at) = (Rows::new(&batch?)?, 0),
                None => return Ok(None),
            }
        }
        Ok(Some(self))
    }

    fn index(&self) -> u64 {
        self.rows.row(self.at).index()
    }
}

impl Snapshot {
    /// Gives every entry of an index range in order.
    ///
    /// # Errors
    /// Those of `each`; [`StoreError::Parquet`] or [`StoreError::Io`] names the segment that cannot be read;
    /// [`StoreError::Order`] when an index stands in two places.
    pub fn rows(
        &self,
        range: Range<u64>,
        wanted: Wanted,
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut classes: BTreeMap<&str, Vec<Arc<SegmentFile>>> = BTreeMap::new();
        for segment in self.segments.iter().filter(|s| s.first < range.end && s.last >= range.start) {
            classes.entry(&segment.class).or_default().push(Arc::clone(segment));
        }
        let mut streams = Vec::with_capacity(classes.len() + 1);
        for segments in classes.into_values() {
            streams.extend(Stream::new(chained(segments, wanted, range.clone()))?);
        }
        let hot: Vec<_> = self.hot.iter().cloned().map(Ok).collect();
        streams.extend(Stream::new(Box::new(hot.into_iter()))?);
        merge(streams, &range, each)
    }
}

/// The segments of one class, opened one after the other.
fn chained(segments: Vec<Arc<SegmentFile>>, wanted: Wanted, range: Range<u64>) -> Batches {
    Box::new(segments.into_iter().flat_map(move |segment| -> Batches {
        match segment_rows(&segment, wanted, &range) {
            Ok(batches) => batches,
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }))
}

fn merge(
    mut streams: Vec<Stream>,
    range: &Range<u64>,
    each: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut next = range.start;
    while let Some(first) = (0..streams.len()).min_by_key(|i| streams[*i].index()) {
        // This source goes on until another one has an earlier entry.
        let others = streams.iter().enumerate().filter(|(i, _)| *i != first);
        let until = others.map(|(_, stream)| stream.index()).min().unwrap_or(u64::MAX);
        let mut stream = streams.swap_remove(first);
        while stream.at < stream.rows.len() {
            let row = stream.rows.row(stream.at);
            let index = row.index();
            if index > until {
                break;
            }
            if range.contains(&index) {
                if index < next {
                    return Err(StoreError::Order { what: "entry", found: index, expected: next });
                }
                next = index + 1;
                each(&row)?;
            }
            stream.at += 1;
        }
        streams.extend(stream.loaded()?);
    }
    Ok(())
}
