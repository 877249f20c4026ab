//! Watches what goes into window functions, which keep the rows of a partition and write a value once for each row.
//!
//! Neither is taken from the memory of queries by DataFusion: one text of a megabyte beside ten thousand rows took
//! the memory of the machine.
//!
//! Invariant: rows are counted before the functions see them, by [`crate::meter`].

use crate::meter::{Order, Seen, Watched};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::logical_expr::{WindowFrameBound, WindowFrameUnits};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::window::{StandardWindowExpr, WindowExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec, WindowUDFExpr};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputOrderMode, PlanProperties, SendableRecordBatchStream,
    replace_children_if_necessary,
};
use futures::{StreamExt, stream};
use std::fmt;
use std::sync::Arc;

/// Puts a [`Meter`] before each operator of window functions.
#[derive(Debug)]
pub(crate) struct WatchWindows;

impl PhysicalOptimizerRule for WatchWindows {
    fn name(&self) -> &str {
        "watch_windows"
    }

    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let watched = plan.transform_up(|node| {
            let (functions, order) = if let Some(node) = node.downcast_ref::<WindowAggExec>() {
                let first = node.window_expr().first();
                let keys = first.map_or_else(Vec::new, |first| first.partition_by().to_vec());
                (node.window_expr(), Order::Together { keys, to_the_end: true })
            } else if let Some(node) = node.downcast_ref::<BoundedWindowAggExec>() {
                (node.window_expr(), streamed(node))
            } else {
                return Ok(Transformed::no(node));
            };
            let copied = functions.iter().filter(|function| copies(function)).cloned().collect();
            let input = Arc::clone(node.children()[0]);
            let meter = Arc::new(Meter { input, watched: Watched { copied, order } });
            Ok(Transformed::yes(replace_children_if_necessary(node, vec![meter])?))
        })?;
        Ok(watched.data)
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// How long rows wait in an operator that goes with its input.
fn streamed(node: &BoundedWindowAggExec) -> Order {
    let functions = node.window_expr();
    let Some(first) = functions.first().filter(|_| matches!(node.input_order_mode, InputOrderMode::Sorted))
    else {
        return Order::Together { keys: Vec::new(), to_the_end: true };
    };
    let ends_early = |function: &Arc<dyn WindowExpr>| {
        let end = &function.get_window_frame().end_bound;
        !shifts(function) && matches!(end, WindowFrameBound::CurrentRow | WindowFrameBound::Preceding(_))
    };
    let by_row = |function: &Arc<dyn WindowExpr>| function.get_window_frame().units == WindowFrameUnits::Rows;
    let partition = first.partition_by().iter().cloned();
    if !functions.iter().all(ends_early) {
        Order::Together { keys: partition.collect(), to_the_end: false }
    } else if functions.iter().all(by_row) {
        Order::Alone
    } else {
        Order::Equal(partition.chain(first.order_by().iter().map(|by| Arc::clone(&by.expr))).collect())
    }
}

/// Whether the function can write one large value for many rows.
fn copies(function: &Arc<dyn WindowExpr>) -> bool {
    let fixed = |data_type: &DataType| data_type.is_primitive() || matches!(data_type, DataType::Boolean);
    !function.field().is_ok_and(|field| fixed(field.data_type())) && !shifts(function)
}

/// `lag` and `lead` write each value once.
fn shifts(function: &Arc<dyn WindowExpr>) -> bool {
    let standard = function.as_any().downcast_ref::<StandardWindowExpr>();
    let named = standard.and_then(|it| it.get_standard_func_expr().as_any().downcast_ref::<WindowUDFExpr>());
    named.is_some_and(|it| ["lag", "lead"].contains(&it.fun().name()))
}

/// Takes from the memory of queries what window functions will keep and write.
#[derive(Debug)]
struct Meter {
    input: Arc<dyn ExecutionPlan>,
    watched: Watched,
}

impl DisplayAs for Meter {
    fn fmt_as(&self, _style: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Meter: {}", self.watched)
    }
}

impl ExecutionPlan for Meter {
    fn name(&self) -> &str {
        "Meter"
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
        Ok(Arc::new(Meter { input, watched: self.watched.clone() }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let memory = MemoryConsumer::new("Meter").register(context.memory_pool());
        let mut seen = Seen::new(self.watched.clone(), memory);
        let input = self.input.execute(partition, context)?;
        let schema = input.schema();
        let parts = input.flat_map(move |batch| {
            let parts = batch.and_then(|batch| seen.admit(&batch));
            let parts: Vec<Result<RecordBatch>> = match parts {
                Ok(parts) => parts.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            stream::iter(parts)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, parts)))
    }
}
