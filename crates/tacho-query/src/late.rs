//! The newest n rows in two steps: which they are by narrow columns, then the rest of those rows alone.
//!
//! Texts are most of an event. To decode them for every row that passes a filter, only to keep a hundred, took most
//! of such queries.
//!
//! Invariants
//! - A row is known by its `index`, which no other row has. The first step gives indexes of rows that belong to the
//!   answer, as many as the sort keeps, and all filters and the sort stay above the second.
//! - Only a sort of whole rows of `events` is taken: between them stand projections, names and one filter.

use crate::beneath::beneath;
use crate::table::{EventsTable, ScanFuture, is_wide, scope};
use crate::winners::Winners;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr::Sort as By;
use datafusion::logical_expr::logical_plan::TableScanBuilder;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, Sort, TableProviderFilterPushDown, TableScan, TableType,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use std::any::Any;
use std::sync::Arc;
use tacho_store::schema;

/// Most rows that are looked up one by one.
const ROWS_MAX: usize = 16_384;

#[derive(Debug)]
pub(crate) struct LateRows;

impl OptimizerRule for LateRows {
    fn name(&self) -> &str {
        "late_rows"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Sort(sort) = &plan else { return Ok(Transformed::no(plan)) };
        let Some(winners) = winners(sort)? else { return Ok(Transformed::no(plan)) };
        let source = provider_as_source(Arc::new(winners));
        let replaced = plan.transform_down(|node| match node {
            LogicalPlan::TableScan(scan) => {
                let scan = TableScan { source: Arc::clone(&source), ..scan };
                Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
            }
            other => Ok(Transformed::no(other)),
        })?;
        Ok(Transformed::new(replaced.data, true, TreeNodeRecursion::Jump))
    }
}

/// The table of the rows that the sort keeps, when they can be told by narrow columns.
fn winners(sort: &Sort) -> Result<Option<WinnersTable>> {
    let Some(fetch) = sort.fetch.filter(|fetch| *fetch <= ROWS_MAX) else { return Ok(None) };
    let mut keys: Vec<Expr> = sort.expr.iter().map(|by| by.expr.clone()).collect();
    let mut filter = None;
    let mut node = sort.input.as_ref();
    let scan = loop {
        if filter.is_none()
            && let Some((below, next)) = beneath(node, &keys)?
        {
            (keys, node) = (below, next);
            continue;
        }
        node = match node {
            LogicalPlan::Filter(inner) if filter.is_none() => {
                filter = Some(inner.predicate.clone());
                &inner.input
            }
            LogicalPlan::TableScan(scan) => break scan,
            _ => return Ok(None),
        }
    };
    let by = sort.expr.iter().zip(keys).map(|(by, expr)| By { expr, ..by.clone() }).collect();
    narrow(scan, filter, by, fetch)
}

fn narrow(scan: &TableScan, filter: Option<Expr>, by: Vec<By>, fetch: usize) -> Result<Option<WinnersTable>> {
    let Ok(events) = source_as_provider(&scan.source) else { return Ok(None) };
    let is_events = (events.as_ref() as &dyn Any).is::<EventsTable>();
    let wide = scan.projection.as_ref().is_none_or(|columns| columns.iter().any(|at| is_wide(*at)));
    if !is_events || !wide || scan.fetch.is_some() {
        return Ok(None);
    }
    let exprs = || filter.iter().chain(&scan.filters).chain(by.iter().map(|by| &by.expr));
    let schema = schema::schema();
    let mut columns = vec![schema::at::INDEX];
    for column in exprs().flat_map(Expr::column_refs) {
        match schema.index_of(&column.name) {
            Ok(at) if !is_wide(at) => columns.push(at),
            _ => return Ok(None),
        }
    }
    if exprs().any(Expr::is_volatile) {
        return Ok(None);
    }
    columns.sort_unstable();
    columns.dedup();
    let rows = TableScanBuilder::new(scan.table_name.clone(), Arc::clone(&scan.source))
        .with_projection(Some(columns))
        .with_filters(scan.filters.clone())
        .build()?;
    let mut plan = LogicalPlanBuilder::from(LogicalPlan::TableScan(rows));
    if let Some(filter) = filter {
        plan = plan.filter(filter)?;
    }
    let index = Expr::Column(Column::new(Some(scan.table_name.clone()), "index"));
    let is_computed = is_computed(&by);
    let narrow = plan.sort_with_limit(by, Some(fetch))?.project([index])?.build()?;
    Ok(Some(WinnersTable { events, narrow, is_computed }))
}

/// Whether a sort is by more than columns of events.
pub(crate) fn is_computed(by: &[By]) -> bool {
    !by.iter().all(|by| matches!(by.expr, Expr::Column(_)))
}

/// Keeps the first rows that were found from becoming a filter of files. Where it is of a computed key, DataFusion 55 has
/// failed with "input schema only has 0 columns": in files whose columns hold one value each, as far as was seen.
pub(crate) fn unguessed(state: &mut SessionState) {
    state.config_mut().options_mut().optimizer.enable_topk_dynamic_filter_pushdown = false;
}

/// The rows of `events` whose indexes a plan gives.
#[derive(Debug)]
struct WinnersTable {
    events: Arc<dyn TableProvider>,
    narrow: LogicalPlan,
    /// It sorts by what is computed.
    is_computed: bool,
}

impl TableProvider for WinnersTable {
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
        _filters: &'c [Expr],
        _limit: Option<usize>,
    ) -> ScanFuture<'f>
    where
        's: 'f,
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let narrow = match state.as_any().downcast_ref::<SessionState>() {
                Some(state) if self.is_computed => {
                    let mut state = state.clone();
                    unguessed(&mut state);
                    state.create_physical_plan(&self.narrow).await?
                }
                _ => state.create_physical_plan(&self.narrow).await?,
            };
            let events = Arc::clone(&self.events);
            let partitions = state.config().target_partitions();
            Ok(Arc::new(Winners::new(narrow, events, scope(state)?, projection.cloned(), partitions)?) as _)
        })
    }
}
