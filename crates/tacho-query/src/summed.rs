//! The functions of aggregates over sums: what gives the same as over the rows.

use crate::functions::USD;
use crate::prune::is_time;
use crate::rollups::TABLE;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Column, ScalarValue};
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{Expr, cast, lit, when};
use tacho_store::rollup::{MEASURES, ROWS, dimensions, rows_with};

/// A column of the table of sums.
pub(crate) fn of_sums(column: &str) -> Expr {
    Expr::Column(Column::new(Some(TABLE), column))
}

/// Functions over sums with the filter of the one over rows.
pub(crate) struct Summed<'a> {
    filter: Option<&'a Expr>,
}

impl<'a> Summed<'a> {
    pub(crate) fn with(filter: Option<&'a Expr>) -> Summed<'a> {
        Summed { filter }
    }

    pub(crate) fn filtered(&self, function: Expr) -> Expr {
        match function {
            Expr::AggregateFunction(mut function) => {
                function.params.filter = self.filter.cloned().map(Box::new);
                Expr::AggregateFunction(function)
            }
            other => other,
        }
    }

    fn total(&self, expr: Expr) -> Expr {
        self.filtered(sum(expr))
    }

    pub(crate) fn count(&self, arg: &Expr) -> Option<Expr> {
        let rows = match arg {
            Expr::Literal(value, _) if !value.is_null() => of_sums(ROWS),
            arg if is_time(arg) => of_sums(ROWS),
            arg => match measure(arg).or_else(|| measure_in_usd(arg)) {
                Some(measure) => of_sums(&rows_with(measure)),
                None => self.rows_where(arg)?,
            },
        };
        let total = self.total(rows);
        when(total.clone().is_null(), lit(0i64)).otherwise(total).ok()
    }

    /// The rows of a group whose value of a dimension is not null.
    fn rows_where(&self, arg: &Expr) -> Option<Expr> {
        if !is_dimension(arg) {
            return None;
        }
        when(arg.clone().is_not_null(), of_sums(ROWS)).end().ok()
    }

    pub(crate) fn sum(&self, arg: &Expr) -> Option<Expr> {
        if let Some(measure) = measure(arg) {
            return Some(self.total(of_sums(measure)));
        }
        // Dollars are millionths with a point: those of a sum are the sum of those.
        let measure = measure_in_usd(arg)?;
        let Expr::ScalarFunction(call) = arg else { return None };
        Some(call.func.call(vec![self.total(of_sums(measure))]))
    }

    pub(crate) fn average(&self, arg: &Expr) -> Option<Expr> {
        let number = |expr| cast(expr, DataType::Float64);
        if let Some(measure) = measure(arg) {
            let rows = self.total(of_sums(&rows_with(measure)));
            let some = when(rows.clone().gt(lit(0i64)), rows).end().ok()?;
            return Some(number(self.total(of_sums(measure))) / number(some));
        }
        if !is_dimension(arg) || !has_whole_values(arg) {
            return None;
        }
        let all = self.total(arg.clone() * number(of_sums(ROWS)));
        Some(all / number(self.total(self.rows_where(arg)?)))
    }
}

/// The measure that an expression is, as it stands or as a number with a point.
fn measure(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::Column(column) => MEASURES.into_iter().find(|name| *name == column.name),
        Expr::Cast(Cast { expr, field }) if *field.data_type() == DataType::Float64 => measure(expr),
        _ => None,
    }
}

/// The measure that an expression gives in dollars.
fn measure_in_usd(expr: &Expr) -> Option<&'static str> {
    let Expr::ScalarFunction(call) = expr else { return None };
    call.args.first().and_then(measure).filter(|_| call.func.name() == USD)
}

/// Whether the expression gives one value for all rows of a group.
pub(crate) fn is_dimension(expr: &Expr) -> bool {
    let known = |column: &&Column| dimensions().any(|name| name == column.name);
    !expr.is_volatile()
        && expr.column_refs().iter().all(known)
        && !expr.exists(|part| Ok(is_query(part))).unwrap_or(true)
}

pub(crate) fn is_query(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::OuterReferenceColumn(..)
    )
}

/// Whether the values of a choice are whole numbers: added in any order they give the same.
fn has_whole_values(expr: &Expr) -> bool {
    let Expr::Case(case) = expr else { return false };
    let mut values = case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr);
    values.all(|value| match value.as_ref() {
        Expr::Literal(ScalarValue::Float64(Some(value)), _) => value.fract() == 0.0 && value.abs() < 1e6,
        Expr::Literal(value, _) => value.is_null(),
        _ => false,
    })
}
