//! What need not be read of a segment: row groups by least and greatest value and Bloom filter, blocks of rows by the
//! letters in them, and rows by the sums over them.
//!
//! Invariants
//! - An answer "cannot match" is a proof.
//! - Footers, filters, letters and sums are read once and kept, because reading them costs more than the rows they save.

mod ids;

use crate::caches::{Cache, Shares};
use crate::kept::Kept;
use crate::known::known;
use crate::places::Places;
use crate::prune::{asks_for_text, integer, may_match, text};
use crate::sources::partitioned;
use crate::sparse::Tally;
use datafusion::arrow::array::RecordBatch;
use datafusion::common::{
    Column, ColumnStatistics, DataFusionError, Result, ScalarValue, Statistics as Known,
};
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::logical_expr::{Expr, Operator};
use datafusion::object_store::{ObjectMeta, ObjectStore};
use parking_lot::Mutex;
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;
use std::collections::HashSet;
use std::sync::Arc;
use tacho_store::rollup::{Span, read_sums};
use tacho_store::{Grams, SegmentFile, Snapshot, schema};

/// Footers, Bloom filters and sums of segments.
#[derive(Debug)]
pub(crate) struct Pruner {
    store: Arc<dyn ObjectStore>,
    footers: Arc<FileMetadataCache>,
    /// By digest of the segment, row group and column.
    filters: Kept<([u8; 32], usize, usize), Arc<Sbbf>>,
    places: Kept<([u8; 32], usize, usize), Arc<Places>>,
    /// By digest of the segment.
    grams: Kept<[u8; 32], Arc<Grams>>,
    sums: Kept<([u8; 32], Span), RecordBatch>,
    tallies: Kept<[u8; 32], Arc<Tally>>,
    known: Kept<[u8; 32], Arc<Known>>,
    /// Digests of the newest snapshot's segments.
    segments: Mutex<HashSet<[u8; 32]>>,
}

impl Pruner {
    pub(crate) fn new(
        store: Arc<dyn ObjectStore>,
        footers: Arc<FileMetadataCache>,
        shares: &Shares,
    ) -> Pruner {
        Pruner {
            store,
            footers,
            filters: Kept::new(shares.filters),
            places: Kept::new(shares.places),
            grams: Kept::new(shares.letters),
            sums: Kept::new(shares.sums),
            tallies: Kept::new(shares.tallies),
            known: Kept::new(shares.columns),
            segments: Mutex::default(),
        }
    }

    /// What is kept, and how much may be, bytes.
    pub(crate) fn caches(&self) -> [Cache; 7] {
        let footers = self.footers.list_entries().values().map(|kept| kept.size_bytes).sum();
        [
            Cache::new("footers", (footers, self.footers.cache_limit())),
            Cache::new("filters", self.filters.bytes()),
            Cache::new("places", self.places.bytes()),
            Cache::new("letters", self.grams.bytes()),
            Cache::new("sums", self.sums.bytes()),
            Cache::new("tallies", self.tallies.bytes()),
            Cache::new("columns", self.known.bytes()),
        ]
    }

    /// Lets go of what was read of segments that are no more: merged ones, and those of which something was erased.
    pub(crate) fn follow(&self, snapshot: &Snapshot) {
        let mut last = self.segments.lock();
        let digests = || snapshot.segments.iter().map(|segment| segment.digest);
        if snapshot.segments.len() == last.len() && digests().all(|digest| last.contains(&digest)) {
            return;
        }
        *last = digests().collect();
        let is_there = |digest: &[u8; 32]| last.contains(digest);
        self.filters.retain(|(digest, _, _)| is_there(digest));
        self.places.retain(|(digest, _, _)| is_there(digest));
        self.grams.retain(is_there);
        self.sums.retain(|(digest, _)| is_there(digest));
        self.tallies.retain(is_there);
        self.known.retain(is_there);
        let files: HashSet<_> = snapshot
            .segments
            .iter()
            .filter_map(|segment| Some(partitioned(segment).ok()?.object_meta.location))
            .collect();
        for path in self.footers.list_entries().into_keys().filter(|path| !files.contains(path)) {
            self.footers.remove(&path);
        }
    }

    /// Which row groups may hold a row that passes the filters; `None` when they do not tell.
    ///
    /// # Errors
    /// When the segment's footer or a filter cannot be read.
    pub(crate) async fn row_groups(
        &self,
        segment: &SegmentFile,
        meta: &ObjectMeta,
        filters: &[Expr],
    ) -> Result<Option<Vec<bool>>> {
        if !asks_for_text(filters) {
            return Ok(None);
        }
        let footer = self.footer(meta).await?;
        let mut kept = Vec::with_capacity(footer.num_row_groups());
        for group in 0..footer.num_row_groups() {
            kept.push(self.group_may_match(segment, &footer, group, filters)?);
        }
        Ok(if kept.iter().all(|keep| *keep) { None } else { Some(kept) })
    }

    /// Which letters stand in the texts of each block of the segment; nothing when it was not written down.
    ///
    /// # Errors
    /// When the footer or the tables cannot be read.
    pub(crate) async fn grams(&self, segment: &SegmentFile, meta: &ObjectMeta) -> Result<Option<Arc<Grams>>> {
        if let Some(known) = self.grams.get(&segment.digest) {
            return Ok(known);
        }
        let footer = self.footer(meta).await?;
        let grams = Grams::read(&segment.path, &footer)
            .map_err(|error| DataFusionError::External(Box::new(error)))?
            .map(Arc::new);
        let bytes = grams.as_ref().map_or(0, |grams| grams.bytes());
        self.grams.put(segment.digest, grams.clone(), bytes);
        Ok(grams)
    }

    /// The sums over the rows of the segment by this span; nothing when it has none.
    ///
    /// # Errors
    /// When the footer or the sums cannot be read.
    pub(crate) async fn sums(
        &self,
        segment: &SegmentFile,
        meta: &ObjectMeta,
        span: Span,
    ) -> Result<Option<RecordBatch>> {
        let key = (segment.digest, span);
        if let Some(known) = self.sums.get(&key) {
            return Ok(known);
        }
        let footer = self.footer(meta).await?;
        let table = read_sums(&segment.path, &footer, span)
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let bytes = table.as_ref().map_or(0, RecordBatch::get_array_memory_size);
        self.sums.put(key, table.clone(), bytes);
        Ok(table)
    }

    /// How many rows of the segment have which word and time; nothing when it has no sums. The sums themselves, which are
    /// larger, are not kept for it.
    ///
    /// # Errors
    /// When the footer or the sums cannot be read.
    pub(crate) async fn tally(&self, segment: &SegmentFile, meta: &ObjectMeta) -> Result<Option<Arc<Tally>>> {
        if let Some(known) = self.tallies.get(&segment.digest) {
            return Ok(known);
        }
        let footer = self.footer(meta).await?;
        let mut tally = None;
        for span in [Span::Hour, Span::Day] {
            let table = match self.sums.get(&(segment.digest, span)) {
                Some(known) => known,
                None => read_sums(&segment.path, &footer, span)
                    .map_err(|error| DataFusionError::External(Box::new(error)))?,
            };
            if let Some(table) = table {
                tally = Some(Arc::new(Tally::of(&table, span)?));
                break;
            }
        }
        self.tallies.put(segment.digest, tally.clone(), tally.as_ref().map_or(0, |tally| tally.bytes()));
        Ok(tally)
    }

    /// What the footer tells of all rows of the segment.
    ///
    /// # Errors
    /// When the footer cannot be read.
    pub(crate) async fn known(&self, segment: &SegmentFile, meta: &ObjectMeta) -> Result<Arc<Known>> {
        if let Some(Some(found)) = self.known.get(&segment.digest) {
            return Ok(found);
        }
        let found = Arc::new(known(segment, self.footer(meta).await?.as_ref())?);
        let bytes = found.column_statistics.len() * size_of::<ColumnStatistics>();
        self.known.put(segment.digest, Some(Arc::clone(&found)), bytes);
        Ok(found)
    }

    /// The segment's footer, read once.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn footer(&self, meta: &ObjectMeta) -> Result<Arc<ParquetMetaData>> {
        DFParquetMetadata::new(self.store.as_ref(), meta)
            .with_file_metadata_cache(Some(Arc::clone(&self.footers)))
            .fetch_metadata()
            .await
    }

    fn group_may_match(
        &self,
        segment: &SegmentFile,
        footer: &ParquetMetaData,
        group: usize,
        filters: &[Expr],
    ) -> Result<bool> {
        let failed = std::cell::RefCell::new(None);
        let test = |column: &Column, op: Operator, value: &ScalarValue| {
            if column.name == "index" {
                return index_may_match(&footer.row_group(group).columns()[schema::at::INDEX], op, value);
            }
            let Some(wanted) = text(value).filter(|_| op == Operator::Eq) else { return true };
            let columns = footer.row_group(group).columns();
            let Some(at) = columns.iter().position(|chunk| chunk.column_path().string() == column.name)
            else {
                return true; // an older file without the column
            };
            self.chunk_may_hold(segment, group, at, &columns[at], wanted).unwrap_or_else(|error| {
                failed.replace(Some(error));
                true
            })
        };
        let keep = filters.iter().all(|filter| may_match(filter, &test));
        match failed.into_inner() {
            Some(error) => Err(error),
            None => Ok(keep),
        }
    }
}

/// Whether some index of a row group can pass the comparison.
fn index_may_match(chunk: &ColumnChunkMetaData, op: Operator, value: &ScalarValue) -> bool {
    let (Some(Statistics::Int64(known)), Some(value)) = (chunk.statistics(), integer(value)) else {
        return true;
    };
    match op {
        Operator::Eq => {
            known.min_opt().is_none_or(|min| *min <= value) && known.max_opt().is_none_or(|max| *max >= value)
        }
        Operator::Lt => known.min_opt().is_none_or(|min| *min < value),
        Operator::LtEq => known.min_opt().is_none_or(|min| *min <= value),
        Operator::Gt => known.max_opt().is_none_or(|max| *max > value),
        Operator::GtEq => known.max_opt().is_none_or(|max| *max >= value),
        _ => true,
    }
}
