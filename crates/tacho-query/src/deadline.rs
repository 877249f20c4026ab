//! Ends the planning of a query whose time is over: planning does not give way, so nobody outside could stop it.

use crate::error::{Kind, QueryError};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

type Rule = Arc<dyn OptimizerRule + Send + Sync>;

/// The rules, before each of them a look at the clock.
pub(crate) fn watched(rules: Vec<Rule>, limit: Duration) -> Vec<Rule> {
    let look: Rule = Arc::new(Deadline { limit });
    rules.into_iter().flat_map(|rule| [Arc::clone(&look), rule]).collect()
}

#[derive(Debug)]
struct Deadline {
    limit: Duration,
}

impl OptimizerRule for Deadline {
    fn name(&self) -> &str {
        "deadline"
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as i64;
        let started = config.query_execution_start_time().map_or(now, |time| time.timestamp_micros());
        if now.saturating_sub(started) > self.limit.as_micros() as i64 {
            return Err(DataFusionError::External(Box::new(out_of_time(self.limit))));
        }
        Ok(Transformed::no(plan))
    }
}

pub(crate) fn out_of_time(limit: Duration) -> QueryError {
    QueryError::new(Kind::Timeout, format!("the query took longer than {limit:?}"))
        .hint("ask for a shorter time or fewer columns")
}
