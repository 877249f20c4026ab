//! The table `events`: the newest events in Arrow and the Parquet segments of one snapshot, read only.
//!
//! Invariants
//! - Which snapshot is read is decided by the session ([`Scope`]), not by the table: one catalog serves every query.
//! - A segment or row group is left out only when no row of it can match; every filter is applied again above.
//! - Files and row groups are read newest first, so that a query for the newest rows stops early.
//! - Nothing here writes: DataFusion's own refusals of insert, update, delete and truncate stand.

use crate::actions::Concluded;
use crate::caches::{Cache, Shares};
use crate::chosen;
use crate::lacking::Lacking;
use crate::names::Names;
use crate::phrases::Need;
use crate::prune::segment_may_match;
use crate::pruner::Pruner;
use crate::sight::Sight;
use crate::slices::{self, Part};
use crate::sources::{hot, newest_first, partitioned};
use crate::sparse::{Asked, Spread};
use crate::states::States;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DataFusionError, Result, ScalarValue, Statistics};
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfigBuilder, FileSource, ParquetFileReaderFactory, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::object_store::ObjectStore;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::union::UnionExec;
use std::pin::Pin;
use std::sync::Arc;
use tacho_event::section::Section;
use tacho_event::time::Micros;
use tacho_store::rollup::Span;
use tacho_store::{SegmentFile, Snapshot, schema};

use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;

/// What one query sees; carried by its session's configuration.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) agents: RecordBatch,
    pub(crate) names: Names,
    pub(crate) concluded: Concluded,
    pub(crate) sight: Sight,
}

/// What a [`TableProvider`]'s scan returns.
pub(crate) type ScanFuture<'a> = Pin<Box<dyn Future<Output = Result<Arc<dyn ExecutionPlan>>> + Send + 'a>>;

/// How files are cut.
#[derive(Debug, Clone, Copy)]
enum Cut {
    None,
    /// The newest in slices, as their rows are wide and a few may do.
    Newest,
    /// The rows that may hold an id, or the row groups in so many parts.
    Equal(usize),
}

/// What is read of segments.
struct Files {
    files: Vec<Part>,
    /// Of these few rows lie in the time that is asked for.
    sparse: Vec<Part>,
}

/// How many of the newest files are read in slices. Events of different classes lie in different files.
const SLICED_FILES: usize = 3;

/// How segments are read: shared by all queries of an engine.
#[derive(Debug)]
pub(crate) struct EventsTable {
    url: ObjectStoreUrl,
    reader: Arc<dyn ParquetFileReaderFactory>,
    pruner: Pruner,
    states: Arc<States>,
    lacking: Lacking,
}

impl EventsTable {
    pub(crate) fn new(
        url: ObjectStoreUrl,
        store: Arc<dyn ObjectStore>,
        footers: Arc<FileMetadataCache>,
        shares: &Shares,
    ) -> EventsTable {
        let reader = CachedParquetFileReaderFactory::new(Arc::clone(&store), Arc::clone(&footers));
        EventsTable {
            url,
            reader: Arc::new(reader),
            pruner: Pruner::new(store, footers, shares),
            states: Arc::new(States::new(shares.states)),
            lacking: Lacking::default(),
        }
    }

    /// What is kept of aggregates.
    pub(crate) fn states(&self) -> Arc<States> {
        Arc::clone(&self.states)
    }

    /// What is kept of segments.
    pub(crate) fn caches(&self) -> Vec<Cache> {
        let states = Cache::new("states", self.states.bytes());
        self.pruner.caches().into_iter().chain([states]).collect()
    }

    /// Which segments have no sums by hour.
    pub(crate) fn lacking(&self) -> &Lacking {
        &self.lacking
    }

    /// A plan for the rows of a snapshot that may pass the filters.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub(crate) async fn plan(
        &self,
        state: &dyn Session,
        snapshot: &Snapshot,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let partitions = state.config().target_partitions();
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        let cut = match (reads_few(filters), reads_texts(projection)) {
            (true, _) => Cut::Equal(partitions),
            (false, true) => Cut::Newest,
            (false, false) => Cut::None,
        };
        let Files { files, sparse } = self.files(state, snapshot, filters, cut, partitions).await?;
        // An empty table still needs a plan: the one over memory.
        if !snapshot.hot.is_empty() || (files.is_empty() && sparse.is_empty()) {
            inputs.push(hot(snapshot, partitions, projection, limit)?);
        }
        // Decoding only the rows that pass pays when the columns are wide texts, and costs when they are narrow.
        let late = reads_texts(projection) || reads_few(filters);
        for (files, late) in [(files, late), (sparse, true)] {
            if !files.is_empty() {
                let source = self.source(late)?;
                inputs.push(self.segments(files, source, partitions, projection, limit)?);
            }
        }
        match inputs.len() {
            1 => Ok(inputs.remove(0)),
            _ => UnionExec::try_new(inputs),
        }
    }

    /// The files that may hold a matching row, newest first.
    async fn files(
        &self,
        state: &dyn Session,
        snapshot: &Snapshot,
        filters: &[Expr],
        cut: Cut,
        partitions: usize,
    ) -> Result<Files> {
        let (need, asked) = (Need::of(filters), Asked::of(state, filters)?);
        let mut segments: Vec<&Arc<SegmentFile>> =
            snapshot.segments.iter().filter(|segment| segment_may_match(filters, segment)).collect();
        segments.sort_by_key(|segment| std::cmp::Reverse((segment.time_max, segment.last)));
        let (mut files, mut sparse) = (Vec::with_capacity(segments.len()), Vec::new());
        for (i, segment) in segments.into_iter().enumerate() {
            let file = partitioned(segment)?;
            let kept = self.pruner.row_groups(segment, &file.object_meta, filters).await?;
            let rows = kept.is_none().then_some(segment.rows as usize);
            if kept.as_ref().is_some_and(|kept| !kept.contains(&true)) {
                continue;
            }
            let file = self.file(segment).await?;
            if let Some(parts) = self.blocks(segment, &file, kept.as_deref(), &need, partitions).await? {
                files.extend(parts);
                continue;
            }
            if let Cut::Equal(parts) = cut
                && let Some(parts) = self.few(segment, &file, kept.as_deref(), filters, parts).await?
            {
                files.extend(parts);
                continue;
            }
            let spread = self.spread(segment, &file, &asked).await?;
            if spread == Spread::Nowhere {
                continue;
            }
            match (cut, kept) {
                (Cut::Newest, kept) if i < SLICED_FILES => {
                    let footer = self.pruner.footer(&file.object_meta).await?;
                    let kept = kept.unwrap_or_else(|| vec![true; footer.num_row_groups()]);
                    files.extend(slices::newest_first(&file, &footer, &kept, rows));
                }
                (_, kept) => {
                    let into = if spread == Spread::Sparse { &mut sparse } else { &mut files };
                    let file = match kept {
                        Some(kept) => file.with_extension(slices::access(&kept)),
                        None => file,
                    };
                    into.push(Part { file, rows });
                }
            }
        }
        Ok(Files { files, sparse })
    }

    /// The rows that may hold an id, by row group, or the row groups in so many parts where it is not known which rows;
    /// nothing when it may be any row of the file.
    async fn few(
        &self,
        segment: &SegmentFile,
        file: &PartitionedFile,
        kept: Option<&[bool]>,
        filters: &[Expr],
        parts: usize,
    ) -> Result<Option<Vec<Part>>> {
        let footer = self.pruner.footer(&file.object_meta).await?;
        let mut found = Vec::new();
        for group in (0..footer.num_row_groups()).filter(|group| kept.is_none_or(|kept| kept[*group])) {
            match self.pruner.rows(segment, &footer, group, filters)? {
                Some(rows) => found.extend(slices::rows(file, &footer, group, &rows, parts)),
                None => return Ok(kept.map(|kept| slices::equal(file, &footer, kept, parts))),
            }
        }
        Ok(Some(found))
    }

    /// The segment with what is known of its columns.
    async fn file(&self, segment: &SegmentFile) -> Result<PartitionedFile> {
        let file = partitioned(segment)?;
        let known = self.pruner.known(segment, &file.object_meta).await?;
        Ok(file.with_statistics(known))
    }

    /// How the rows that are asked for lie in the segment, where its sums tell.
    async fn spread(&self, segment: &SegmentFile, file: &PartitionedFile, asked: &Asked) -> Result<Spread> {
        if asked.is_all_of(segment) {
            return Ok(Spread::Dense);
        }
        match self.pruner.tally(segment, &file.object_meta).await? {
            Some(tally) => asked.spread(&tally, self.pruner.footer(&file.object_meta).await?.as_ref()),
            None => Ok(Spread::Dense),
        }
    }

    /// The blocks of rows that may hold the phrases that are looked for, dealt out to the partitions; nothing when
    /// leaving the others out would not pay.
    async fn blocks(
        &self,
        segment: &SegmentFile,
        file: &PartitionedFile,
        kept: Option<&[bool]>,
        need: &Need,
        partitions: usize,
    ) -> Result<Option<Vec<Part>>> {
        if *need == Need::Nothing {
            return Ok(None);
        }
        let Some(grams) = self.pruner.grams(segment, &file.object_meta).await? else { return Ok(None) };
        let blocks: Vec<usize> = (0..grams.blocks()).filter(|block| need.may_hold(&grams, *block)).collect();
        if blocks.len() > grams.blocks() / 2 {
            return Ok(None);
        }
        let footer = self.pruner.footer(&file.object_meta).await?;
        let kept = kept.map_or_else(|| vec![true; footer.num_row_groups()], <[bool]>::to_vec);
        let parts = blocks.chunks(blocks.len().div_ceil(partitions).max(1));
        Ok(Some(parts.map(|part| slices::blocks(file, &footer, &kept, part, grams.block_rows())).collect()))
    }

    fn segments(
        &self,
        files: Vec<Part>,
        source: Arc<dyn FileSource>,
        partitions: usize,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // Known only while every row of every file is read.
        let rows = files.iter().try_fold(0, |rows, part| Some(rows + part.rows?));
        let mut groups = vec![Vec::new(); partitions.min(files.len())];
        let count = groups.len();
        for (i, part) in files.into_iter().enumerate() {
            groups[i % count].push(part.file);
        }
        let statistics = Statistics {
            num_rows: rows.map_or(Precision::Absent, Precision::Exact),
            ..Statistics::new_unknown(&schema::schema())
        };
        let config = FileScanConfigBuilder::new(self.url.clone(), source)
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_statistics(statistics)
            .with_limit(limit)
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    /// A plan for the rows with these indexes, which are in order.
    ///
    /// # Errors
    /// When a segment cannot be named.
    pub(crate) async fn rows_at(
        &self,
        scope: &Scope,
        indexes: &[i64],
        projection: Option<&Vec<usize>>,
        partitions: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let newest = chosen::newest(&scope.snapshot.hot, indexes)?;
        let memory = MemorySourceConfig::try_new(&[newest], schema::schema(), projection.cloned())?;
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = vec![DataSourceExec::from_data_source(memory)];
        for part in indexes.chunks(indexes.len().div_ceil(partitions).max(1)) {
            let holds = |segment: &&Arc<SegmentFile>| chosen::holds(segment, part);
            let mut files = Vec::new();
            for segment in scope.snapshot.segments.iter().filter(holds) {
                files.push(self.file(segment).await?);
            }
            if files.is_empty() {
                continue;
            }
            let source = ParquetSource::new(schema::schema())
                .with_parquet_file_reader_factory(Arc::clone(&self.reader))
                .with_bloom_filter_on_read(false)
                .with_predicate(chosen::among(part)?)
                .with_pushdown_filters(true);
            let config = FileScanConfigBuilder::new(self.url.clone(), Arc::new(source))
                .with_file_groups(vec![FileGroup::new(files)])
                .with_projection_indices(projection.cloned())?
                .build();
            inputs.push(DataSourceExec::from_data_source(config));
        }
        match inputs.len() {
            1 => Ok(inputs.remove(0)),
            _ => UnionExec::try_new(inputs),
        }
    }

    /// The sums over the rows of the segment by this span; nothing when it has none.
    ///
    /// # Errors
    /// When the segment cannot be read.
    pub(crate) async fn sums(&self, segment: &SegmentFile, span: Span) -> Result<Option<RecordBatch>> {
        self.pruner.sums(segment, &partitioned(segment)?.object_meta, span).await
    }

    /// `late` decodes the columns of the rows alone that pass.
    fn source(&self, late: bool) -> Result<Arc<dyn FileSource>> {
        let source = ParquetSource::new(schema::schema())
            .with_parquet_file_reader_factory(Arc::clone(&self.reader))
            .with_bloom_filter_on_read(false) // the pruner has asked them already, without reading them again
            .with_pushdown_filters(late)
            .with_reorder_filters(late);
        newest_first(Arc::new(source))
    }
}

impl TableProvider for EventsTable {
    fn schema(&self) -> SchemaRef {
        schema::schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn scan<'s, 'a, 'b, 'c, 'f>(
        &'s self,
        state: &'a dyn Session,
        projection: Option<&'b Vec<usize>>,
        filters: &'c [Expr],
        limit: Option<usize>,
    ) -> ScanFuture<'f>
    where
        's: 'f,
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let snapshot = &scope(state)?.snapshot;
            self.pruner.follow(snapshot);
            self.plan(state, snapshot, projection, filters, limit).await
        })
    }
}

/// The scope of the session's query.
///
/// # Errors
/// An internal error when the session was not made by the engine.
pub(crate) fn scope(state: &dyn Session) -> Result<Arc<Scope>> {
    state
        .config()
        .get_extension::<Scope>()
        .ok_or_else(|| DataFusionError::Internal("the session has no snapshot".into()))
}

fn reads_texts(projection: Option<&Vec<usize>>) -> bool {
    projection.is_none_or(|columns| columns.iter().any(|column| is_wide(*column)))
}

/// Whether a column holds the long texts of events.
pub(crate) fn is_wide(column: usize) -> bool {
    (schema::TEXTS_AT..schema::TEXTS_AT + Section::TEXTS.len()).contains(&column)
}

/// Whether a filter asks for the rows of one value: few, so that late decoding pays for any column.
fn reads_few(filters: &[Expr]) -> bool {
    filters.iter().any(|filter| {
        filter.column_refs().iter().any(|column| matches!(column.name.as_str(), "event_id" | "session_uuid"))
    })
}

/// A text literal of the columns' own type, so that comparisons reach statistics and filters without a cast.
pub(crate) fn text(value: &str) -> Expr {
    Expr::Literal(ScalarValue::Utf8View(Some(value.to_string())), None)
}

/// A time literal of the columns' own type.
pub(crate) fn time_literal(us: Micros) -> Expr {
    Expr::Literal(ScalarValue::TimestampMicrosecond(Some(us), Some("UTC".into())), None)
}
