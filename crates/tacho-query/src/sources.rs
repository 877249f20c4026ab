//! Snapshots in the words of DataFusion: newest events as a table in memory, segments as files.

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

/// The newest events, newest batch first, dealt out to partitions.
pub(crate) fn hot(
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
