//! Expressions above a node of a plan, in the columns below it.

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::{Expr, LogicalPlan};

/// One step down from a node that only computes or names columns: what the expressions are there, and the node below.
/// Nothing for other nodes.
pub(crate) fn beneath<'p>(
    node: &'p LogicalPlan,
    exprs: &[Expr],
) -> Result<Option<(Vec<Expr>, &'p LogicalPlan)>> {
    Ok(match node {
        LogicalPlan::Projection(inner) => {
            let under = |column: &Column| {
                let at = inner.schema.maybe_index_of_column(column)?;
                Some(inner.expr[at].clone().unalias())
            };
            Some((replaced(exprs, &under)?, inner.input.as_ref()))
        }
        LogicalPlan::SubqueryAlias(inner) => {
            let under = |column: &Column| {
                let at = inner.schema.maybe_index_of_column(column)?;
                Some(Expr::Column(Column::from(inner.input.schema().qualified_field(at))))
            };
            Some((replaced(exprs, &under)?, inner.input.as_ref()))
        }
        _ => None,
    })
}

/// The expressions with what their columns stand for.
pub(crate) fn replaced(exprs: &[Expr], under: &dyn Fn(&Column) -> Option<Expr>) -> Result<Vec<Expr>> {
    let one = |expr: &Expr| {
        let done = expr.clone().transform_down(|part| {
            Ok(match &part {
                Expr::Column(column) => match under(column) {
                    Some(below) => Transformed::new(below, true, TreeNodeRecursion::Jump),
                    None => Transformed::no(part),
                },
                _ => Transformed::no(part),
            })
        })?;
        Ok(done.data)
    };
    exprs.iter().map(one).collect()
}
