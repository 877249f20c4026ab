//! Rules that keep a plan from taking the memory: functions get their limits, and what cannot be bounded is refused.
//!
//! Functions are looked up by name in the registry, but operators (`||`, `ARRAY[…]`) bring their own: so every
//! expression of every plan is gone through once more.

use crate::error::{Kind, QueryError};
use crate::functions::NOT_HERE;
use crate::growth::{BATCH_BYTES_MAX, bounded, texts_joined};
use crate::weigh::Weights;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::expr::{ScalarFunction, WindowFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator, WindowFunctionDefinition};
use datafusion::optimizer::{AnalyzerRule, ApplyOrder, OptimizerConfig, OptimizerRule};
use std::sync::Arc;

/// Widest value of a type with a fixed width.
const FIXED_WIDTH_MAX: i32 = 1024;

/// Puts functions with limits in the place of those without, after types are settled.
#[derive(Debug)]
pub(crate) struct Confine;

impl AnalyzerRule for Confine {
    fn name(&self) -> &str {
        "confine"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let confined = plan.transform_up_with_subqueries(|node| {
            check_places(&node)?;
            let names = NamePreserver::new(&node);
            let done = node.map_expressions(|expr| {
                let name = names.save(&expr);
                Ok(expr.transform_up(confine)?.update_data(|expr| name.restore(expr)))
            })?;
            if done.transformed { done.map_data(LogicalPlan::recompute_schema) } else { Ok(done) }
        })?;
        Ok(confined.data)
    }
}

/// Refuses queries inside that only a filter can be joined with, in words of ours.
fn check_places(node: &LogicalPlan) -> Result<()> {
    use LogicalPlan::{Aggregate, Projection, Sort, Window};
    if !matches!(node, Projection(_) | Aggregate(_) | Window(_) | Sort(_)) {
        return Ok(());
    }
    node.apply_expressions(|expr| {
        expr.apply(|part| match part {
            Expr::InSubquery(_) | Expr::Exists(_) | Expr::SetComparison(_) => {
                let message = "IN, EXISTS, ANY and ALL with a query stand in WHERE and HAVING only";
                let error = QueryError::new(Kind::Syntax, message).hint("join the query instead");
                Err(DataFusionError::External(Box::new(error)))
            }
            Expr::ScalarSubquery(_) if matches!(node, Sort(_)) => {
                let error =
                    QueryError::new(Kind::Syntax, "a query that gives one value cannot stand in ORDER BY");
                Err(DataFusionError::External(Box::new(error.hint("sort by a column of an inner query"))))
            }
            _ => Ok(TreeNodeRecursion::Continue),
        })
    })?;
    Ok(())
}

fn confine(expr: Expr) -> Result<Transformed<Expr>> {
    Ok(match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) => {
            let call = ScalarFunction::new_udf(Arc::new(texts_joined()), vec![*left, *right]);
            Transformed::yes(Expr::ScalarFunction(call))
        }
        Expr::ScalarFunction(mut call) => {
            if NOT_HERE.contains(&call.func.name()) {
                return Err(refused(Kind::Unknown, format!("there is no function {}", call.func.name())));
            }
            // `arrow_cast` becomes a cast only when constants are worked out, which would be too late to look.
            let names_type =
                |arg: &Expr| matches!(arg, Expr::Literal(text, _) if text.to_string().contains("FixedSize"));
            if call.func.name().contains("cast") && call.args.iter().any(names_type) {
                return Err(refused(Kind::Value, "types of a fixed size are not there".into()));
            }
            match bounded(&call.func) {
                Some(limited) => {
                    call.func = Arc::new(limited);
                    Transformed::yes(Expr::ScalarFunction(call))
                }
                None => Transformed::no(Expr::ScalarFunction(call)),
            }
        }
        Expr::WindowFunction(call) => {
            check_window(&call)?;
            Transformed::no(Expr::WindowFunction(call))
        }
        other => {
            if let Expr::Cast(cast) = &other {
                check_type(cast.field.data_type())?;
            } else if let Expr::TryCast(cast) = &other {
                check_type(cast.field.data_type())?;
            }
            Transformed::no(other)
        }
    })
}

/// Refuses functions that keep all rows before and go through them again for each row: `array_agg` would make a list
/// of them each time, the others do not give way for hours.
fn check_window(call: &WindowFunction) -> Result<()> {
    let WindowFunctionDefinition::AggregateUDF(udf) = &call.fun else { return Ok(()) };
    let (name, params) = (udf.name(), &call.params);
    if ["array_agg", "string_agg"].contains(&name) {
        return Err(refused(Kind::Syntax, format!("{name} cannot have OVER")));
    }
    let frame = &params.window_frame;
    let whole = frame.start_bound.is_unbounded() && frame.end_bound.is_unbounded();
    let keeps_all = ["median", "percentile_cont"].contains(&name) || (params.distinct && name != "count");
    if keeps_all && !whole {
        let distinct = if params.distinct { " with DISTINCT" } else { "" };
        return Err(refused(Kind::Syntax, format!("{name}{distinct} cannot have ORDER BY or ROWS in OVER")));
    }
    Ok(())
}

fn refused(kind: Kind, message: String) -> DataFusionError {
    DataFusionError::External(Box::new(QueryError::new(kind, message)))
}

/// Refuses constants that would be written for each row, and patterns that differ by row.
/// Runs after constants are worked out.
#[derive(Debug)]
pub(crate) struct CheckConstants;

impl OptimizerRule for CheckConstants {
    fn name(&self) -> &str {
        "check_constants"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let batch = config.options().execution.batch_size.get();
        let rows = |input: &LogicalPlan| input.max_rows().map_or(batch, |rows| rows.min(batch)).max(1);
        let rows = plan.inputs().into_iter().map(rows).max().unwrap_or(1);
        plan.apply_expressions(|expr| expr.apply(|expr| check(expr, BATCH_BYTES_MAX / rows)))?;
        Ok(Transformed::no(plan))
    }
}

fn check(expr: &Expr, size_max: usize) -> Result<TreeNodeRecursion> {
    match expr {
        Expr::Literal(value, _) => {
            let size = Weights::of(&value.to_array()?).greatest();
            if size > size_max {
                let message =
                    format!("a constant of {size} bytes for each row, where {size_max} are the most");
                return Err(refused(Kind::TooMuchMemory, message));
            }
        }
        Expr::BinaryExpr(BinaryExpr { op, right, .. }) => {
            let matches = [
                Operator::RegexMatch,
                Operator::RegexIMatch,
                Operator::RegexNotMatch,
                Operator::RegexNotIMatch,
            ];
            if matches.contains(op) && right.column_refs().len() + usize::from(right.is_volatile()) > 0 {
                return Err(refused(Kind::Value, "a pattern must be the same for all rows".into()));
            }
        }
        // A list to search in is not written for each row.
        Expr::ScalarFunction(call) if call.func.name().starts_with("array_has") => {
            for arg in call.args.iter().filter(|arg| !matches!(arg, Expr::Literal(..))) {
                arg.apply(|expr| check(expr, size_max))?;
            }
            return Ok(TreeNodeRecursion::Jump);
        }
        _ => {}
    }
    Ok(TreeNodeRecursion::Continue)
}

/// Even a null of such a type takes its whole width.
fn check_type(data_type: &DataType) -> Result<()> {
    match data_type {
        DataType::FixedSizeBinary(width) | DataType::FixedSizeList(_, width) if *width > FIXED_WIDTH_MAX => {
            Err(refused(Kind::Value, format!("a type of the width {width}; {FIXED_WIDTH_MAX} is the most")))
        }
        DataType::FixedSizeList(field, _) if field.data_type().is_nested() => {
            Err(refused(Kind::Value, "a list of a fixed length holds single values only".into()))
        }
        DataType::List(field) | DataType::LargeList(field) => check_type(field.data_type()),
        DataType::Struct(fields) => fields.iter().try_for_each(|field| check_type(field.data_type())),
        DataType::Dictionary(_, values) => check_type(values),
        _ => Ok(()),
    }
}
