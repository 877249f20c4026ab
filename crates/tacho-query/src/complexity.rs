//! Whether a plan is small enough to be worked on.
//!
//! A query inside that is used twice by the next one, and that twice again, is short as a text. As a plan it doubles
//! with each step, and so does a filter above computed columns when it is pushed through them. Planning does not
//! give way, so no time limit would end it.

use crate::error::{Kind, QueryError};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, DataFusionError};
use datafusion::logical_expr::{Expr, LogicalPlan};

/// Most operators of a plan.
const OPERATORS_MAX: usize = 4000;
/// Most parts of a column's expression, all that it stands for written out.
const PARTS_MAX: f64 = 20_000.0;

/// Refuses plans that would not end being planned.
///
/// # Errors
/// [`Kind::Syntax`].
pub(crate) fn check(plan: &LogicalPlan) -> Result<(), QueryError> {
    let mut count = 0;
    // Stops at the limit: a plan that shares its parts may have more of them than there is time.
    plan.apply_with_subqueries(|_| {
        count += 1;
        Ok(if count > OPERATORS_MAX { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    if count > OPERATORS_MAX {
        return Err(too_large(format!("the query has more than {OPERATORS_MAX} operators when written out")));
    }
    parts(plan)?;
    Ok(())
}

fn too_large(message: String) -> QueryError {
    QueryError::new(Kind::Syntax, message).hint("use what WITH names fewer times")
}

/// How many parts each column of the plan's answer has.
fn parts(plan: &LogicalPlan) -> Result<Vec<f64>, DataFusionError> {
    let mut below = Vec::new();
    for input in plan.inputs() {
        below.push(parts(input)?);
    }
    plan.apply_subqueries(|inside| parts(inside).map(|_| TreeNodeRecursion::Continue))?;
    let width = plan.schema().fields().len();
    let found = match plan {
        LogicalPlan::Projection(node) => written_out(&node.expr, node.input.schema(), &below[0])?,
        LogicalPlan::Aggregate(node) => {
            let groups = written_out(&node.group_expr, node.input.schema(), &below[0])?;
            groups.into_iter().chain(std::iter::repeat(1.0)).take(width).collect()
        }
        // Row by row the worst of all its inputs.
        LogicalPlan::Union(_) => (0..width)
            .map(|at| below.iter().filter_map(|input| input.get(at)).fold(1.0, |a: f64, b| a.max(*b)))
            .collect(),
        _ => below.concat().into_iter().chain(std::iter::repeat(1.0)).take(width).collect(),
    };
    match found.iter().any(|parts| *parts > PARTS_MAX) {
        true => Err(DataFusionError::External(Box::new(too_large(
            "an expression is too long when the columns that it uses are written out".into(),
        )))),
        false => Ok(found),
    }
}

fn written_out(exprs: &[Expr], schema: &DFSchema, below: &[f64]) -> Result<Vec<f64>, DataFusionError> {
    let one = |expr: &Expr| {
        let mut sum = 0.0;
        expr.apply(|part| {
            sum += match part {
                Expr::Column(column) => {
                    schema.maybe_index_of_column(column).and_then(|at| below.get(at).copied()).unwrap_or(1.0)
                }
                _ => 1.0,
            };
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(sum)
    };
    exprs.iter().map(one).collect()
}
