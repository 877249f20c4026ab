//! Reads the rows of `events` whose indexes its input gives, and nothing else.
//!
//! Limits: the input gives few rows, see [`crate::late`]. Texts are copied out of their pages, or each row would hold
//! on to a page of others.

use crate::table::{EventsTable, Scope};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
};
use futures::{StreamExt, TryStreamExt};
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use tacho_store::schema;

#[derive(Debug, Clone)]
pub(crate) struct Winners {
    /// Gives indexes, one column.
    narrow: Arc<dyn ExecutionPlan>,
    events: Arc<dyn TableProvider>,
    scope: Arc<Scope>,
    projection: Option<Vec<usize>>,
    partitions: usize,
    properties: Arc<PlanProperties>,
}

impl Winners {
    pub(crate) fn new(
        narrow: Arc<dyn ExecutionPlan>,
        events: Arc<dyn TableProvider>,
        scope: Arc<Scope>,
        projection: Option<Vec<usize>>,
        partitions: usize,
    ) -> Result<Winners> {
        let schema: SchemaRef = match &projection {
            Some(columns) => Arc::new(schema::schema().project(columns)?),
            None => schema::schema(),
        };
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        ));
        Ok(Winners { narrow, events, scope, projection, partitions, properties })
    }

    async fn read(self, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let mut indexes: Vec<i64> = Vec::new();
        let mut given = self.narrow.execute(0, Arc::clone(&context))?;
        while let Some(batch) = given.next().await {
            indexes.extend(batch?.column(0).as_primitive::<Int64Type>().values());
        }
        indexes.sort_unstable();
        let events = (self.events.as_ref() as &dyn Any).downcast_ref::<EventsTable>();
        let events = events.ok_or_else(|| DataFusionError::Internal("not the table of events".into()))?;
        let rows = events.rows_at(&self.scope, &indexes, self.projection.as_ref(), self.partitions).await?;
        CoalescePartitionsExec::new(rows).execute(0, context)
    }
}

/// The batch without what its pages hold beside it.
fn own_texts(batch: RecordBatch) -> Result<RecordBatch> {
    let own = |column: &ArrayRef| -> ArrayRef {
        match column.data_type() {
            DataType::Utf8View => Arc::new(column.as_string_view().gc()),
            _ => Arc::clone(column),
        }
    };
    Ok(RecordBatch::try_new(batch.schema(), batch.columns().iter().map(own).collect())?)
}

impl DisplayAs for Winners {
    fn fmt_as(&self, _style: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Winners: columns={}", self.schema().fields().len())
    }
}

impl ExecutionPlan for Winners {
    fn name(&self) -> &str {
        "Winners"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::SinglePartition]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.narrow]
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
        Ok(Arc::new(Winners { narrow: children.swap_remove(0), ..self.as_ref().clone() }))
    }

    fn execute(&self, _partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = futures::stream::once(self.clone().read(context)).try_flatten();
        let rows = rows.map(|batch| batch.and_then(own_texts));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}
