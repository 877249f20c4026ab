//! Makes lookups through `either(a, b)` prunable: `either(a, b) = 'x'` becomes `a = 'x' OR (a IS NULL AND b = 'x')`.
//! `user_of(a, t) = 'x'` becomes `a = 'x' AND (a IS NOT NULL OR t IS NOT NULL)`: where both are null it is false, not
//! null. Only `= 'system'` takes those rows in.
//!
//! The views name ids as their senders did and fall back to the UUID on the log. Statistics and Bloom filters
//! know only columns, so the equality has to reach the scan as comparisons of columns. `coalesce` would have
//! become a CASE before any rule of ours could recognise it. The two forms are equal for every null.

use crate::functions::{EITHER, SYSTEM, USER_OF};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

#[derive(Debug)]
pub(crate) struct SplitEither;

impl OptimizerRule for SplitEither {
    fn name(&self) -> &str {
        "split_either"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        match plan {
            LogicalPlan::Filter(mut filter) => {
                let predicate = filter.predicate.transform(split)?;
                filter.predicate = predicate.data;
                let changed = predicate.transformed;
                Ok(Transformed::new_transformed(LogicalPlan::Filter(filter), changed))
            }
            LogicalPlan::TableScan(mut scan) => {
                let mut changed = false;
                for filter in &mut scan.filters {
                    let done = filter.clone().transform(split)?;
                    changed |= done.transformed;
                    *filter = done.data;
                }
                Ok(Transformed::new_transformed(LogicalPlan::TableScan(scan), changed))
            }
            other => Ok(Transformed::no(other)),
        }
    }
}

fn split(expr: Expr) -> Result<Transformed<Expr>> {
    if let Some(user) = of_user(&expr) {
        return Ok(Transformed::yes(user));
    }
    let pair = match &expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            match (arguments(left, EITHER), arguments(right, EITHER)) {
                (Some((a, b)), None) => {
                    Some((a.clone().eq((**right).clone()), a, b.clone().eq((**right).clone())))
                }
                (None, Some((a, b))) => {
                    Some((a.clone().eq((**left).clone()), a, b.clone().eq((**left).clone())))
                }
                _ => None,
            }
        }
        Expr::InList(InList { expr, list, negated: false }) => arguments(expr, EITHER).map(|(a, b)| {
            (a.clone().in_list(list.clone(), false), a, b.clone().in_list(list.clone(), false))
        }),
        _ => None,
    };
    Ok(match pair {
        Some((first, a, second)) => Transformed::yes(first.or(a.clone().is_null().and(second))),
        None => Transformed::no(expr),
    })
}

/// A comparison of `user_of` with texts, as one of its columns.
fn of_user(expr: &Expr) -> Option<Expr> {
    let (call, texts): (&Expr, Vec<&Expr>) = match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match left.as_ref() {
            Expr::Literal(..) => (right, vec![left]),
            _ => (left, vec![right]),
        },
        Expr::InList(InList { expr, list, negated: false }) => (expr, list.iter().collect()),
        _ => return None,
    };
    let (user, tag) = arguments(call, USER_OF)?;
    let mut system = false;
    for text in &texts {
        let Expr::Literal(value, _) = text else { return None };
        system |= value.try_as_str()?? == SYSTEM;
    }
    let named = user.clone().in_list(texts.into_iter().cloned().collect(), false);
    Some(if system {
        named.or(user.clone().is_null().and(tag.clone().is_null()))
    } else {
        named.and(user.clone().is_not_null().or(tag.clone().is_not_null()))
    })
}

/// The two columns of a call of this function.
fn arguments<'e>(expr: &'e Expr, name: &str) -> Option<(&'e Expr, &'e Expr)> {
    let Expr::ScalarFunction(call) = expr else { return None };
    match call.args.as_slice() {
        [a @ Expr::Column(_), b @ Expr::Column(_)] if call.func.name() == name => Some((a, b)),
        _ => None,
    }
}
