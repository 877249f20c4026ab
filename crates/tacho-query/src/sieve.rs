//! Drops rows that do not fulfil a condition, and lets nothing of the plan above through to what it reads.
//!
//! DataFusion's own filter hands conditions of the query on to the files below it, where they would be worked out before
//! this one.

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
};
use futures::StreamExt;
use std::fmt;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub(crate) struct Sieve {
    rows: Arc<dyn ExecutionPlan>,
    condition: Arc<dyn PhysicalExpr>,
    /// The first so many columns are handed on.
    columns: usize,
    properties: Arc<PlanProperties>,
}

impl Sieve {
    /// # Errors
    /// When there are fewer columns.
    pub(crate) fn new(
        rows: Arc<dyn ExecutionPlan>,
        condition: Arc<dyn PhysicalExpr>,
        columns: usize,
    ) -> Result<Sieve> {
        let schema = Arc::new(rows.schema().project(&(0..columns).collect::<Vec<_>>())?);
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema),
            rows.properties().partitioning.clone(),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Ok(Sieve { rows, condition, columns, properties })
    }
}

fn passed(batch: &RecordBatch, condition: &Arc<dyn PhysicalExpr>, columns: usize) -> Result<RecordBatch> {
    let kept = condition.evaluate(batch)?.into_array(batch.num_rows())?;
    let batch = batch.project(&(0..columns).collect::<Vec<_>>())?;
    // Where the condition is null the row is nobody's: it is dropped.
    Ok(filter_record_batch(&batch, kept.as_boolean())?)
}

impl DisplayAs for Sieve {
    fn fmt_as(&self, _style: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sieve: columns={}", self.columns)
    }
}

impl ExecutionPlan for Sieve {
    fn name(&self) -> &str {
        "Sieve"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.rows]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Sieve::new(children.swap_remove(0), Arc::clone(&self.condition), self.columns)?))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (condition, columns) = (Arc::clone(&self.condition), self.columns);
        let rows = self.rows.execute(partition, context)?;
        let rows = rows.map(move |batch| passed(&batch?, &condition, columns));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}
