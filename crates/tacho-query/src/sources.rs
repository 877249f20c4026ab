//! Snapshots in the words of DataFusion: newest events as a table in memory, segments as files.

use datafusion::arrow::array::RecordBatch;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::FileSource;
use datafusion::datasource::source::DataSourceExec;
use datafusion::object_store::path::Path;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sort_pushdown::SortOrderPushdownResult;
use std::sync::Arc;
use std::time::Duration;
use tacho_store::{SegmentFile, Snapshot, schema};

/// The newest events, newest first, dealt out to partitions. Were there fewer than is asked for, DataFusion would deal them out
/// itself, and count what all columns and pieces of a batch share once for each: more than queries may use.
pub(crate) fn hot(
    snapshot: &Snapshot,
    partitions: usize,
    projection: Option<&Vec<usize>>,
    limit: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let pieces = if snapshot.hot.len() < partitions { partitions } else { 1 };
    let mut parts = vec![Vec::new(); partitions.max(1)];
    let all = snapshot.hot.iter().rev().flat_map(|batch| newest_first_of(batch, pieces));
    for (i, piece) in all.enumerate() {
        parts[i % partitions.max(1)].push(piece);
    }
    let source =
        MemorySourceConfig::try_new(&parts, schema::schema(), projection.cloned())?.with_limit(limit);
    Ok(DataSourceExec::from_data_source(source))
}

/// A batch in so many pieces of one size, the newest rows first.
fn newest_first_of(batch: &RecordBatch, pieces: usize) -> impl Iterator<Item = RecordBatch> {
    let rows = batch.num_rows();
    let cut = move |at: usize| rows * at / pieces;
    (0..pieces).rev().map(move |at| batch.slice(cut(at), cut(at + 1) - cut(at)))
}

/// The segment as DataFusion names files.
pub(crate) fn partitioned(segment: &SegmentFile) -> Result<PartitionedFile> {
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

/// Makes the source read the row groups of a file newest first. The order stays a preference: sorts remain.
pub(crate) fn newest_first(source: Arc<dyn FileSource>) -> Result<Arc<dyn FileSource>> {
    let schema = schema::schema();
    let time = Arc::new(Column::new("timestamp", schema.index_of("timestamp")?));
    let order = [PhysicalSortExpr::new_default(time).desc()];
    match source.try_pushdown_sort(&order, &EquivalenceProperties::new(schema))? {
        SortOrderPushdownResult::Exact { inner } | SortOrderPushdownResult::Inexact { inner } => Ok(inner),
        SortOrderPushdownResult::Unsupported => Ok(source),
    }
}
