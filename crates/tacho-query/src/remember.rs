//! Answers an aggregate from what its first step made of segments when the same was asked before.
//!
//! A dashboard asks the same again and again, each time about a little more, and segments never change. DataFusion adds up
//! in two steps anyway, so that cores can share the first: it makes *states* of rows (sums, sets of different values,
//! sketches for percentiles), the second puts states together. Those of a whole segment, or of its whole hours and days, are
//! kept ([`crate::states`]); only hours that have begun and the newest events are read again.
//!
//! Invariants
//! - Only an aggregate is changed whose every expression depends on the row alone; any doubt leaves it as it is.
//! - An answer is as exact as it was: nothing is estimated that the query does not ask an estimate of.
//! - Names and types of what comes out stay.

use crate::over::{Over, without_alias};
use crate::question::Question;
use crate::remembered::Remembered;
use crate::weighted::Range;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{Column, Result};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::logical_plan::TableScanBuilder;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, Projection};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use std::sync::Arc;

/// What a plan calls the table that takes the place of the aggregate.
pub(crate) const TABLE: &str = "kept_states";

#[derive(Debug)]
pub(crate) struct Remember;

impl OptimizerRule for Remember {
    fn name(&self) -> &str {
        "remember"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Aggregate(aggregate) = &plan else { return Ok(Transformed::no(plan)) };
        Ok(match remembered(aggregate)? {
            Some(better) => Transformed::new(better, true, TreeNodeRecursion::Jump),
            None => Transformed::no(plan),
        })
    }
}

/// The aggregate from kept states; nothing where that cannot be.
///
/// # Errors
/// When the plan names a column that is not there.
pub(crate) fn remembered(aggregate: &Aggregate) -> Result<Option<LogicalPlan>> {
    let of_events = |name: &str| Expr::Column(Column::new_unqualified(name));
    let Some(Over { scan, groups, functions, filters }) = Over::of(aggregate, &of_events)? else {
        return Ok(None);
    };
    let (mut range, mut others) = (Range::default(), Vec::new());
    for filter in filters {
        match range.narrowed(&filter) {
            Some(narrowed) => range = narrowed,
            None if others.contains(&filter) => {}
            None => others.push(filter),
        }
    }
    if !range.is_long() {
        return Ok(None);
    }
    let unnamed = |exprs: Vec<Expr>| exprs.iter().map(|expr| without_alias(expr).clone()).collect();
    let asked = Question { groups: unnamed(groups), functions: unnamed(functions), filters: others };
    let plain = asked.without_overlay()?;
    if !plain.depends_on_rows_alone() {
        return Ok(None);
    }
    let fields = aggregate.schema.fields().iter().enumerate();
    let fields = fields.map(|(at, field)| Field::clone(field).with_name(format!("c{at}")));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let events = source_as_provider(&scan.source)?;
    let table = Remembered::new(events, range, asked, plain, schema);
    let scan = TableScanBuilder::new(TABLE, provider_as_source(Arc::new(table))).build()?;
    let columns = scan.projected_schema.columns().into_iter().zip(aggregate.schema.iter());
    let outputs = columns
        .map(|(column, (qualifier, field))| {
            Expr::Column(column).alias_qualified(qualifier.cloned(), field.name())
        })
        .collect();
    let scan = Arc::new(LogicalPlan::TableScan(scan));
    Ok(Some(LogicalPlan::Projection(Projection::try_new(outputs, scan)?)))
}
