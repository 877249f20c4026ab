//! The row groups of a segment that is being written: their columns are encoded, or taken over from an older file as they lie there.
//!
//! To take something out of a file changes a few of its columns. The others, long texts among them, would be compressed once more to
//! the same bytes, which is most of what writing a file costs.

use crate::error::StoreError;
use crate::read::Open;
use crate::schema::{COLUMNS, schema};
use crate::segment::ROW_GROUP_ROWS;
use arrow::array::RecordBatch;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// A segment whose columns are taken over.
#[derive(Debug)]
pub(crate) struct Source {
    file: Arc<File>,
    footer: Arc<ParquetMetaData>,
}

impl Source {
    /// # Errors
    /// [`StoreError::Io`] when the file cannot be opened.
    pub(crate) fn new(path: &Path, open: &Open) -> std::result::Result<Source, StoreError> {
        let file = File::open(path).map_err(StoreError::io("cannot open", path))?;
        Ok(Source { file: Arc::new(file), footer: Arc::clone(open.metadata()) })
    }

    /// A column of a row group with its indexes; nothing when this version would write another column or other groups.
    fn column(
        &self,
        group: usize,
        at: usize,
        out: &SerializedFileWriter<impl Write + Send>,
    ) -> Option<Taken> {
        let rows = u64::try_from(self.footer.row_group(group).num_rows()).ok()?;
        let metadata = self.footer.row_group(group).columns().get(at)?;
        if rows > ROW_GROUP_ROWS as u64 || *metadata.column_descr() != *out.schema_descr().column(at) {
            return None;
        }
        let column_index = self.footer.column_index().and_then(|index| index.get(group)?.get(at)).cloned();
        let offset_index = self.footer.offset_index().and_then(|index| index.get(group)?.get(at)).cloned();
        let close = ColumnCloseResult {
            bytes_written: u64::try_from(metadata.compressed_size()).ok()?,
            rows_written: rows,
            metadata: metadata.clone(),
            bloom_filter: Sbbf::read_from_column_chunk(metadata, &*self.file).ok()?,
            column_index: column_index.filter(|index| !matches!(index, ColumnIndexMetaData::NONE)),
            offset_index,
        };
        Some(Taken { file: Arc::clone(&self.file), close })
    }
}

/// A column that is taken over, and the file that it lies in.
struct Taken {
    file: Arc<File>,
    close: ColumnCloseResult,
}

enum Column {
    Encoded(Box<ArrowColumnWriter>),
    Taken(Box<Taken>),
}

/// The row group that is being filled.
struct Group {
    columns: Vec<Column>,
    rows: usize,
}

/// See the module. Bytes go to `W`.
pub(crate) struct Groups<W: Write + Send> {
    out: SerializedFileWriter<W>,
    encoders: ArrowRowGroupWriterFactory,
    group: Option<Group>,
}

impl<W: Write + Send> Groups<W> {
    /// # Errors
    /// When the beginning cannot be written.
    pub(crate) fn new(sink: W, properties: WriterProperties) -> Result<Groups<W>> {
        // Arrow's own schema would tell other tools to read texts as views, which some of them cannot filter: it is left out.
        let described = ArrowSchemaConverter::new().convert(&schema())?;
        let out = SerializedFileWriter::new(sink, described.root_schema_ptr(), Arc::new(properties))?;
        let encoders = ArrowRowGroupWriterFactory::new(&out, schema());
        Ok(Groups { out, encoders, group: None })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// When columns are not those of the schema or the disk is full.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut at = 0;
        while at < batch.num_rows() {
            let group = match self.group.take() {
                Some(group) => group,
                None => self.begin(|_| None)?,
            };
            let rows = (ROW_GROUP_ROWS - group.rows).min(batch.num_rows() - at);
            self.group.insert(group).write(&batch.slice(at, rows))?;
            at += rows;
            if self.group.as_ref().is_some_and(|group| group.rows == ROW_GROUP_ROWS) {
                self.end_group()?;
            }
        }
        Ok(())
    }

    /// The rows that are written from here to the next call are those of a row group of `source`, of which the columns are taken over
    /// that `is_taken` says.
    ///
    /// # Errors
    /// When the group before it cannot be written.
    pub(crate) fn take_over(
        &mut self,
        source: &Source,
        group: usize,
        is_taken: impl Fn(usize) -> bool,
    ) -> Result<()> {
        self.end_group()?;
        let taken = |at| if is_taken(at) { source.column(group, at, &self.out) } else { None };
        self.group = Some(self.begin(taken)?);
        Ok(())
    }

    fn begin(&self, taken: impl Fn(usize) -> Option<Taken>) -> Result<Group> {
        let encoders = self.encoders.create_column_writers(self.out.flushed_row_groups().len())?;
        let columns = encoders.into_iter().enumerate().map(|(at, encoder)| match taken(at) {
            Some(taken) => Column::Taken(Box::new(taken)),
            None => Column::Encoded(Box::new(encoder)),
        });
        Ok(Group { columns: columns.collect(), rows: 0 })
    }

    /// Writes the row group that is being filled.
    ///
    /// # Errors
    /// When the disk is full, or a column that was taken over has another number of rows than were written.
    pub(crate) fn end_group(&mut self) -> Result<()> {
        let Some(group) = self.group.take().filter(|group| group.rows > 0) else { return Ok(()) };
        let mut out = self.out.next_row_group()?;
        for column in group.columns {
            match column {
                Column::Encoded(encoder) => encoder.close()?.append_to_row_group(&mut out)?,
                Column::Taken(taken) => {
                    let Taken { file, close } = *taken;
                    if close.rows_written != group.rows as u64 {
                        let what = format!("{} rows of a column for {} rows", close.rows_written, group.rows);
                        return Err(ParquetError::General(what));
                    }
                    out.append_column(&*file, close)?;
                }
            }
        }
        out.close().map(drop)
    }

    /// Bytes that lie between the row groups and the footer; `pair` tells of them by their offset.
    ///
    /// # Errors
    /// When the disk is full.
    pub(crate) fn write_inset(&mut self, bytes: &[u8], pair: impl FnOnce(usize) -> KeyValue) -> Result<()> {
        self.end_group()?;
        let pair = pair(self.out.bytes_written());
        self.out.write_all(bytes)?;
        self.out.append_key_value_metadata(pair);
        Ok(())
    }

    /// Writes what is left and the footer; gives what it was all written to.
    ///
    /// # Errors
    /// When the disk is full.
    pub(crate) fn finish(&mut self) -> Result<&mut W> {
        self.end_group()?;
        self.out.finish()?;
        Ok(self.out.inner_mut())
    }
}

impl Group {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        assert_eq!(
            self.columns.len(),
            COLUMNS,
            "no column of the schema is nested: each is one of Parquet's"
        );
        for ((field, array), column) in schema().fields().iter().zip(batch.columns()).zip(&mut self.columns) {
            if let Column::Encoded(encoder) = column {
                for leaf in compute_leaves(field, array)? {
                    encoder.write(&leaf)?;
                }
            }
        }
        self.rows += batch.num_rows();
        Ok(())
    }
}

#[cfg(test)]
#[path = "groups/groups_tests.rs"]
mod tests;
