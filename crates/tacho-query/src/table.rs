//! The table `events`: the newest events in Arrow and the Parquet segments of one snapshot, read only.
//!
//! Invariants
//! - Which snapshot is read is decided by the session ([`Scope`]), not by the table: one catalog serves every query.
//! - A segment or row group is left out only when no row of it can match; every filter is applied again above.
//! - Files and row groups are read newest first, so that a query for the newest rows stops early.
//! - Nothing here writes: DataFusion's own refusals of insert, update, delete and truncate stand.

use crate::prune::{Pruner, segment_may_match};
use crate::slices;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DataFusionError, Result, ScalarValue, Statistics};
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfigBuilder, FileSource, ParquetFileReaderFactory, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::object_store::ObjectStore;
use datafusion::object_store::path::Path;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sort_pushdown::SortOrderPushdownResult;
use datafusion::physical_plan::union::UnionExec;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tacho_event::section::Section;
use tacho_store::{SegmentFile, Snapshot, schema};

use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;

/// What one query sees; carried by its session's configuration.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) agents: datafusion::arrow::array::RecordBatch,
}

/// What a [`TableProvider`]'s scan returns.
pub(crate) type ScanFuture<'a> = Pin<Box<dyn Future<Output = Result<Arc<dyn ExecutionPlan>>> + Send + 'a>>;

/// How many of the newest files are read in slices. Events of different classes lie in different files.
const SLICED_FILES: usize = 3;

/// How segments are read: shared by all queries of an engine.
#[derive(Debug)]
pub(crate) struct EventsTable {
    url: ObjectStoreUrl,
    reader: Arc<dyn ParquetFileReaderFactory>,
    pruner: Pruner,
}

impl EventsTable {
    pub(crate) fn new(
        url: ObjectStoreUrl,
        store: Arc<dyn ObjectStore>,
        footers: Arc<FileMetadataCache>,
    ) -> EventsTable {
        let reader = CachedParquetFileReaderFactory::new(Arc::clone(&store), Arc::clone(&footers));
        EventsTable { url, reader: Arc::new(reader), pruner: Pruner::new(store, footers) }
    }

    async fn plan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let scope = scope(state)?;
        let partitions = state.config().target_partitions();
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        let files = self.files(&scope.snapshot, filters, reads_texts(projection)).await?;
        // An empty table still needs a plan: the one over memory.
        if !scope.snapshot.hot.is_empty() || files.is_empty() {
            inputs.push(hot(&scope.snapshot, partitions, projection, limit)?);
        }
        if !files.is_empty() {
            inputs.push(self.segments(files, partitions, projection, filters, limit)?);
        }
        match inputs.len() {
            1 => Ok(inputs.remove(0)),
            _ => UnionExec::try_new(inputs),
        }
    }

    /// The files that may hold a matching row, newest first; in slices when their rows are wide.
    async fn files(&self, snapshot: &Snapshot, filters: &[Expr], wide: bool) -> Result<Vec<PartitionedFile>> {
        let mut segments: Vec<&Arc<SegmentFile>> =
            snapshot.segments.iter().filter(|segment| segment_may_match(filters, segment)).collect();
        segments.sort_by_key(|segment| std::cmp::Reverse((segment.time_max, segment.last)));
        let mut files: Vec<PartitionedFile> = Vec::with_capacity(segments.len());
        for (i, segment) in segments.into_iter().enumerate() {
            let file = partitioned(segment)?;
            let kept = self.pruner.row_groups(segment, &file.object_meta, filters).await?;
            let rows = kept.is_none().then_some(segment.rows as usize);
            let with_rows =
                |file: PartitionedFile, rows| file.with_statistics(Arc::new(statistics(segment, rows)));
            if wide && i < SLICED_FILES {
                let footer = self.pruner.footer(&file.object_meta).await?;
                let kept = kept.unwrap_or_else(|| vec![true; footer.num_row_groups()]);
                files.extend(slices::newest_first(&file, &footer, &kept, rows, &with_rows));
            } else if let Some(kept) = kept {
                if kept.contains(&true) {
                    files.push(with_rows(file.with_extension(slices::access(&kept)), None));
                }
            } else {
                files.push(with_rows(file, rows));
            }
        }
        Ok(files)
    }

    fn segments(
        &self,
        files: Vec<PartitionedFile>,
        partitions: usize,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // Known only while every row of every file is read.
        let rows = files
            .iter()
            .try_fold(0, |rows, file| Some(rows + file.statistics.as_ref()?.num_rows.get_value()?));
        let mut groups = vec![Vec::new(); partitions.min(files.len())];
        let count = groups.len();
        for (i, file) in files.into_iter().enumerate() {
            groups[i % count].push(file);
        }
        let statistics = Statistics {
            num_rows: rows.map_or(Precision::Absent, Precision::Exact),
            ..Statistics::new_unknown(&schema::schema())
        };
        let config = FileScanConfigBuilder::new(self.url.clone(), self.source(projection, filters)?)
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_statistics(statistics)
            .with_limit(limit)
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    fn source(&self, projection: Option<&Vec<usize>>, filters: &[Expr]) -> Result<Arc<dyn FileSource>> {
        // Decoding only the rows that pass pays when the columns are wide texts, and costs when they are narrow.
        let late = reads_texts(projection) || reads_few(filters);
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
        Box::pin(self.plan(state, projection, filters, limit))
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

/// The newest events, newest batch first, dealt out to partitions.
fn hot(
    snapshot: &Snapshot,
    partitions: usize,
    projection: Option<&Vec<usize>>,
    limit: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let mut parts = vec![Vec::new(); partitions.clamp(1, snapshot.hot.len().max(1))];
    let count = parts.len();
    for (i, batch) in snapshot.hot.iter().rev().enumerate() {
        parts[i % count].push(batch.clone());
    }
    let source =
        MemorySourceConfig::try_new(&parts, schema::schema(), projection.cloned())?.with_limit(limit);
    Ok(DataSourceExec::from_data_source(source))
}

/// The segment as DataFusion names files.
fn partitioned(segment: &SegmentFile) -> Result<PartitionedFile> {
    // A data folder may be named relative to where the program was started.
    let location = Path::from_absolute_path(std::path::absolute(&segment.path)?)
        .map_err(|error| DataFusionError::Internal(format!("path of a segment: {error}")))?;
    let mut file = PartitionedFile::new(String::new(), segment.bytes);
    file.object_meta.location = location;
    // The cache of footers asks for size and time of change: the digest stands for both.
    let stamp =
        u32::from_be_bytes([segment.digest[0], segment.digest[1], segment.digest[2], segment.digest[3]]);
    file.object_meta.last_modified += Duration::from_nanos(u64::from(stamp));
    Ok(file)
}

/// What the catalog knows of a segment, and how many of its rows are read.
fn statistics(segment: &SegmentFile, rows: Option<usize>) -> Statistics {
    let schema = schema::schema();
    let mut statistics = Statistics::new_unknown(&schema);
    statistics.num_rows = rows.map_or(Precision::Absent, Precision::Exact);
    let mut set = |name: &str, min: ScalarValue, max: ScalarValue| {
        let column = schema.index_of(name).expect("a column of the schema");
        statistics.column_statistics[column] = ColumnStatistics {
            null_count: Precision::Exact(0),
            min_value: Precision::Exact(min),
            max_value: Precision::Exact(max),
            ..ColumnStatistics::new_unknown()
        };
    };
    let time = |us: i64| ScalarValue::TimestampMicrosecond(Some(us), Some("UTC".into()));
    set("timestamp", time(segment.time_min), time(segment.time_max));
    let index = |index: u64| ScalarValue::Int64(Some(index as i64));
    set("index", index(segment.first), index(segment.last));
    statistics
}

/// Makes the source read the row groups of a file newest first. The order stays a preference: sorts remain.
fn newest_first(source: Arc<dyn FileSource>) -> Result<Arc<dyn FileSource>> {
    let schema = schema::schema();
    let time = Arc::new(Column::new("timestamp", schema.index_of("timestamp")?));
    let order = [PhysicalSortExpr::new_default(time).desc()];
    match source.try_pushdown_sort(&order, &EquivalenceProperties::new(schema))? {
        SortOrderPushdownResult::Exact { inner } | SortOrderPushdownResult::Inexact { inner } => Ok(inner),
        SortOrderPushdownResult::Unsupported => Ok(source),
    }
}

fn reads_texts(projection: Option<&Vec<usize>>) -> bool {
    let texts = schema::TEXTS_AT..schema::TEXTS_AT + Section::TEXTS.len();
    projection.is_none_or(|columns| columns.iter().any(|column| texts.contains(column)))
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
