//! Makes every operator give way from time to time, so that a query can be stopped and others run beside it.
//!
//! DataFusion lets only the sources give way. A join makes any number of rows out of sources that have long ended,
//! and would keep its thread until it is done: a cross join of three tables held both threads of a small machine.

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct GiveWay;

impl PhysicalOptimizerRule for GiveWay {
    fn name(&self) -> &str {
        "give_way"
    }

    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wrapped = plan.transform_up(|node| {
            let makes_rows =
                ["Join", "Unnest", "Recursive", "Window"].iter().any(|part| node.name().contains(part));
            Ok(if makes_rows {
                Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>)
            } else {
                Transformed::no(node)
            })
        })?;
        Ok(wrapped.data)
    }

    fn schema_check(&self) -> bool {
        true
    }
}
