//! Answers sums over known columns from the sums that segments carry, and the rows that those leave out.
//!
//! `sum(tokens_input)` by agent and day is the same over rows as over sums by agent and day: `events` is replaced by
//! a table whose rows stand for many ([`crate::weighted`]), `count(*)` by the sum of what they stand for, and so on.
//!
//! Invariants
//! - Only a query whose every expression is known to give the same over sums is changed; any doubt leaves it as it is.
//! - Names and types of what comes out stay.

use crate::over::{Over, without_alias};
use crate::prune::is_time;
use crate::remember::remembered;
use crate::summed::{Summed, is_dimension, of_sums};
use crate::weighted::{Range, Weighted, schema};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams, Cast};
use datafusion::logical_expr::logical_plan::TableScanBuilder;
use datafusion::logical_expr::utils::{conjunction, find_aggregate_exprs};
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, Filter, LogicalPlan, Projection, cast, lit};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use std::sync::Arc;
use tacho_event::time::DAY_US;
use tacho_store::rollup::{Span, TIME_MAX, TIME_MIN};

/// What a plan calls the table that takes the place of `events`.
pub(crate) const TABLE: &str = "event_sums";

#[derive(Debug)]
pub(crate) struct RollUps;

impl OptimizerRule for RollUps {
    fn name(&self) -> &str {
        "roll_ups"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Aggregate(aggregate) = &plan else { return Ok(Transformed::no(plan)) };
        Ok(match rolled_up(aggregate)? {
            Some(better) => Transformed::new(better, true, TreeNodeRecursion::Jump),
            None => Transformed::no(plan),
        })
    }
}

fn rolled_up(aggregate: &Aggregate) -> Result<Option<LogicalPlan>> {
    let Some(over) = Over::of(aggregate, &of_sums)? else { return Ok(None) };
    let Some((range, conditions)) = over.conditions() else { return Ok(None) };
    let Some(spans) = over.spans() else { return Ok(None) };
    if over.groups.iter().any(|group| matches!(group, Expr::GroupingSet(_))) || !range.is_long() {
        return Ok(None);
    }
    if !over.groups.iter().all(|group| is_dimension(&without_times(group.clone()))) {
        return Ok(None);
    }
    if needs_hours(range, &spans)
        && over.lacks_hours(range)?
        && let Some(kept) = remembered(aggregate)?
    {
        return Ok(Some(kept));
    }
    let mut made = Vec::with_capacity(over.functions.len());
    for function in &over.functions {
        match over.sums(function) {
            Some(sums) => made.push(sums),
            None => return Ok(None),
        }
    }
    over.plan(aggregate, range, spans, conditions, made).map(Some)
}

/// Whether sums by day tell of less than half of the time.
fn needs_hours(range: Range, spans: &[Span]) -> bool {
    let Range { from, to } = range.whole(Span::Day);
    !spans.contains(&Span::Day) || to.saturating_sub(from) < range.to.saturating_sub(range.from) / 2
}

impl Over {
    /// The time that is asked for and the other conditions.
    fn conditions(&self) -> Option<(Range, Vec<Expr>)> {
        let (mut range, mut others) = (Range::default(), Vec::new());
        for filter in &self.filters {
            if is_dimension(filter) {
                if !others.contains(filter) {
                    others.push(filter.clone());
                }
            } else {
                range = range.narrowed(filter)?;
            }
        }
        Some((range, others))
    }

    /// The spans whose sums can be told apart as the query does.
    fn spans(&self) -> Option<Vec<Span>> {
        let mut spans = Span::ALL.to_vec();
        for group in &self.groups {
            group
                .apply(|part| {
                    if let Some(longest) = truncated_to(part) {
                        spans.retain(|span| span.micros() <= longest.micros());
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
                .ok()?;
        }
        Some(spans)
    }

    /// The function over sums; nothing when it needs the rows.
    fn sums(&self, function: &Expr) -> Option<Expr> {
        let Expr::AggregateFunction(AggregateFunction { func, params }) = without_alias(function) else {
            return None;
        };
        let AggregateFunctionParams { args, distinct, filter, order_by, null_treatment } = params;
        let [arg] = args.as_slice() else { return None };
        let is_filtered = filter.as_ref().is_none_or(|filter| is_dimension(filter));
        if !is_filtered || !order_by.is_empty() || null_treatment.is_some() {
            return None;
        }
        let summed = Summed::with(filter.as_deref());
        let name = func.name();
        // What asks only which values there are gets the same from groups as from rows.
        if is_dimension(arg) && (*distinct || ["min", "max", "bool_or", "bool_and"].contains(&name)) {
            return (!arg.column_refs().is_empty()).then(|| without_alias(function).clone());
        }
        match name {
            _ if *distinct => None,
            "count" => summed.count(arg),
            "sum" => summed.sum(arg),
            "avg" => summed.average(arg),
            "min" if is_time(arg) => Some(summed.filtered(min(of_sums(TIME_MIN)))),
            "max" if is_time(arg) => Some(summed.filtered(max(of_sums(TIME_MAX)))),
            _ => None,
        }
    }

    fn plan(
        self,
        aggregate: &Aggregate,
        range: Range,
        spans: Vec<Span>,
        conditions: Vec<Expr>,
        made: Vec<Expr>,
    ) -> Result<LogicalPlan> {
        let events = source_as_provider(&self.scan.source)?;
        let table = Arc::new(Weighted::new(events, range, spans));
        let used = self.groups.iter().chain(&made).chain(&conditions).flat_map(Expr::column_refs);
        let mut columns =
            used.map(|column| schema().index_of(&column.name)).collect::<Result<Vec<_>, _>>()?;
        columns.sort_unstable();
        columns.dedup();
        let scan = TableScanBuilder::new(TABLE, provider_as_source(table))
            .with_projection(Some(columns))
            .with_filters(conditions.clone())
            .build()?;
        let mut input = LogicalPlan::TableScan(scan);
        if let Some(conditions) = conjunction(conditions) {
            input = LogicalPlan::Filter(Filter::try_new(conditions, Arc::new(input))?);
        }
        let functions = find_aggregate_exprs(&made);
        let groups = self.groups.len();
        let sums = Aggregate::try_new(Arc::new(input), self.groups, functions.clone())?;
        let column = |at: usize| Expr::Column(Column::from(sums.schema.qualified_field(at)));
        let mut exprs: Vec<Expr> = (0..groups).map(column).collect();
        for expr in made {
            let named = expr.transform_down(|part| {
                Ok(match functions.iter().position(|function| *function == part) {
                    Some(at) => Transformed::new(column(groups + at), true, TreeNodeRecursion::Jump),
                    None => Transformed::no(part),
                })
            })?;
            exprs.push(named.data);
        }
        let outputs = exprs.into_iter().zip(aggregate.schema.iter());
        let outputs = outputs
            .map(|(expr, (qualifier, field))| {
                let expr = cast_to(expr, field.data_type(), &sums.schema)?;
                Ok(expr.alias_qualified(qualifier.cloned(), field.name()))
            })
            .collect::<Result<Vec<_>>>()?;
        let sums = Arc::new(LogicalPlan::Aggregate(sums));
        Ok(LogicalPlan::Projection(Projection::try_new(outputs, sums)?))
    }
}

fn cast_to(expr: Expr, wanted: &DataType, schema: &DFSchema) -> Result<Expr> {
    Ok(if expr.get_type(schema)? == *wanted { expr } else { cast(expr, wanted.clone()) })
}

/// The longest span that `date_trunc(part, timestamp)` or `date_bin(width, timestamp)` keeps apart; nothing for other
/// expressions.
fn truncated_to(expr: &Expr) -> Option<Span> {
    let Expr::ScalarFunction(call) = expr else { return None };
    match (call.func.name(), call.args.as_slice()) {
        ("date_trunc", [Expr::Literal(part, _), time]) if is_time(time) => {
            match part.try_as_str()??.to_lowercase().as_str() {
                "hour" => Some(Span::Hour),
                "day" | "week" | "month" | "quarter" | "year" => Some(Span::Day),
                _ => None,
            }
        }
        ("date_bin", [Expr::Literal(width, _), time]) if is_time_at_all(time) => within(width),
        ("date_bin", [Expr::Literal(width, _), time, Expr::Literal(origin, _)]) if is_time_at_all(time) => {
            let ScalarValue::TimestampNanosecond(Some(origin), _) = origin else { return None };
            within(width).filter(|span| origin % (span.micros() * 1000) == 0)
        }
        _ => None,
    }
}

/// The time, also in the unit that `date_bin` wants.
fn is_time_at_all(expr: &Expr) -> bool {
    match expr {
        Expr::Cast(Cast { expr, field }) => field.data_type().is_temporal() && is_time(expr),
        expr => is_time(expr),
    }
}

/// The longest span that fits whole into widths of that length, counted from 1970.
fn within(width: &ScalarValue) -> Option<Span> {
    let ScalarValue::IntervalMonthDayNano(Some(width)) = width else { return None };
    let us = i64::from(width.days).checked_mul(DAY_US)?.checked_add(width.nanoseconds / 1000)?;
    let fits = |span: &Span| us > 0 && us % span.micros() == 0;
    let is_even = width.months == 0 && width.nanoseconds % 1000 == 0;
    Span::ALL.into_iter().filter(|span| is_even && fits(span)).max_by_key(|span| span.micros())
}

/// The expression with a constant for each time that is cut to a span.
fn without_times(expr: Expr) -> Expr {
    let constant = |part: Expr| {
        Ok(match truncated_to(&part) {
            Some(_) => Transformed::new(lit(0i64), true, TreeNodeRecursion::Jump),
            None => Transformed::no(part),
        })
    };
    expr.clone().transform_down(constant).map_or(expr, |done| done.data)
}
