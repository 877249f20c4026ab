//! Watches what goes into joins and `unnest`, which write a value once for each row that it meets.
//!
//! Texts of tables are shared by those rows, lists and texts that functions made are copied: one list of a megabyte
//! beside ten thousand rows took the memory of the machine.

use crate::error::{Kind, QueryError};
use crate::weigh::Weights;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
    replace_children_if_necessary,
};
use futures::StreamExt;
use std::fmt;
use std::sync::Arc;

/// What the copies of one value in one batch may take.
const COPIES_BYTES_MAX: usize = 256 << 20;

/// Puts a [`Guard`] before each operator that copies values.
#[derive(Debug)]
pub(crate) struct WatchCopies;

impl PhysicalOptimizerRule for WatchCopies {
    fn name(&self) -> &str {
        "watch_copies"
    }

    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let size_max = COPIES_BYTES_MAX / config.execution.batch_size.get();
        let watched = plan.transform_up(|node| {
            let unnest = node.downcast_ref::<UnnestExec>();
            if unnest.is_none() && !node.name().contains("Join") {
                return Ok(Transformed::no(node));
            }
            let taken_apart: Vec<usize> = unnest.map_or_else(Vec::new, |unnest| {
                unnest.list_column_indices().iter().map(|list| list.index_in_input_schema).collect()
            });
            let views_too = node.name().contains("Cross");
            let mut children: Vec<Arc<dyn ExecutionPlan>> =
                node.children().into_iter().map(Arc::clone).collect();
            let mut changed = false;
            for child in &mut children {
                let copied = |(at, data_type): (usize, &DataType)| {
                    (!taken_apart.contains(&at) && is_copied(data_type, views_too)).then_some(at)
                };
                let schema = child.schema();
                let types = schema.fields().iter().map(|field| field.data_type());
                let columns: Vec<usize> = types.enumerate().filter_map(copied).collect();
                if !columns.is_empty() {
                    *child = Arc::new(Guard { input: Arc::clone(child), columns, size_max });
                    changed = true;
                }
            }
            Ok(if changed {
                Transformed::yes(replace_children_if_necessary(node, children)?)
            } else {
                Transformed::no(node)
            })
        })?;
        Ok(watched.data)
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn is_copied(data_type: &DataType, views_too: bool) -> bool {
    match data_type {
        DataType::Utf8View | DataType::BinaryView => views_too,
        DataType::Null | DataType::Boolean | DataType::FixedSizeBinary(_) => false,
        other => !other.is_primitive(),
    }
}

/// Lets batches through whose values are small enough to be copied.
#[derive(Debug)]
struct Guard {
    input: Arc<dyn ExecutionPlan>,
    columns: Vec<usize>,
    size_max: usize,
}

fn check(batch: &RecordBatch, columns: &[usize], size_max: usize) -> Result<()> {
    for at in columns {
        let size = Weights::of(batch.column(*at)).greatest();
        if size > size_max {
            let name = batch.schema_ref().field(*at).name().clone();
            let message =
                format!("a value of {name} has {size} bytes, and a join or unnest copies {size_max} at most");
            let error = QueryError::new(Kind::TooMuchMemory, message);
            return Err(DataFusionError::External(Box::new(
                error.hint("make it shorter before, as with left(…)"),
            )));
        }
    }
    Ok(())
}

impl DisplayAs for Guard {
    fn fmt_as(&self, _style: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard: size_max={}", self.size_max)
    }
}

impl ExecutionPlan for Guard {
    fn name(&self) -> &str {
        "Guard"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
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
        let input = children.swap_remove(0);
        Ok(Arc::new(Guard { input, columns: self.columns.clone(), size_max: self.size_max }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (columns, size_max) = (self.columns.clone(), self.size_max);
        let input = self.input.execute(partition, context)?;
        let schema = input.schema();
        let checked =
            input.map(move |batch| batch.and_then(|batch| check(&batch, &columns, size_max).map(|()| batch)));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, checked)))
    }
}
