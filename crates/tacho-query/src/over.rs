//! An aggregate with what it reads of `events`, all in columns of that table.

use crate::beneath::{beneath, replaced};
use crate::table::EventsTable;
use crate::weighted::Range;
use datafusion::common::Result;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, TableScan};
use std::any::Any;

/// An aggregate over `events`, all in columns of that table.
pub(crate) struct Over {
    pub(crate) scan: TableScan,
    pub(crate) groups: Vec<Expr>,
    pub(crate) functions: Vec<Expr>,
    pub(crate) filters: Vec<Expr>,
}

impl Over {
    /// Its expressions with each column as `named` gives it; nothing when there is more below the aggregate than names and
    /// filters.
    ///
    /// # Errors
    /// When the plan names a column that is not there.
    pub(crate) fn of(aggregate: &Aggregate, named: &dyn Fn(&str) -> Expr) -> Result<Option<Over>> {
        let (groups, functions) = (aggregate.group_expr.len(), aggregate.aggr_expr.len());
        // Groups, functions, then filters: all go down together.
        let mut exprs: Vec<Expr> = aggregate.group_expr.iter().chain(&aggregate.aggr_expr).cloned().collect();
        let mut node = aggregate.input.as_ref();
        let scan = loop {
            if let Some((below, next)) = beneath(node, &exprs)? {
                (exprs, node) = (below, next);
                continue;
            }
            node = match node {
                LogicalPlan::Filter(inner) => {
                    exprs.extend(split_conjunction_owned(inner.predicate.clone()));
                    &inner.input
                }
                LogicalPlan::TableScan(scan) => break scan,
                _ => return Ok(None),
            }
        };
        let Ok(table) = source_as_provider(&scan.source) else { return Ok(None) };
        if !(table.as_ref() as &dyn Any).is::<EventsTable>() || scan.fetch.is_some() {
            return Ok(None);
        }
        exprs.extend(scan.filters.iter().cloned().flat_map(split_conjunction_owned));
        let mut exprs = replaced(&exprs, &|column| Some(named(&column.name)))?;
        let filters = exprs.split_off(groups + functions);
        let functions = exprs.split_off(groups);
        Ok(Some(Over { scan: scan.clone(), groups: exprs, functions, filters }))
    }

    /// Whether many of its rows would be read for want of sums by hour.
    ///
    /// # Errors
    /// When the plan's table is none.
    pub(crate) fn lacks_hours(&self, range: Range) -> Result<bool> {
        let table = source_as_provider(&self.scan.source)?;
        let events = (table.as_ref() as &dyn Any).downcast_ref::<EventsTable>();
        Ok(events.is_some_and(|events| events.lacking().is_much(range)))
    }
}

pub(crate) fn without_alias(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => without_alias(&alias.expr),
        other => other,
    }
}
