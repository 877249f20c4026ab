//! Gives what functions over many rows are asked of columns of its own, where it has to be looked at or joined first.
//!
//! A query inside that gives one value can be joined to the rows that go into a function, not to the function. And
//! a window function sees all rows of its partition at once, where what its argument computes would be without limits.

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr::{AggregateFunction, Alias, Sort, WindowFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, Projection, Window};
use datafusion::optimizer::AnalyzerRule;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Lift;

impl AnalyzerRule for Lift {
    fn name(&self) -> &str {
        "lift"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let lifted = plan.transform_up_with_subqueries(lift)?;
        if !lifted.transformed {
            return Ok(lifted.data);
        }
        // What stands above has more columns below it than before.
        Ok(lifted
            .data
            .transform_up_with_subqueries(|node| node.recompute_schema().map(Transformed::yes))?
            .data)
    }
}

/// Makes a node over another input.
type Above = Box<dyn FnOnce(Arc<LogicalPlan>) -> Result<LogicalPlan>>;

fn lift(node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let names = NamePreserver::new(&node);
    let mut columns = Columns::default();
    let mut each = |exprs: &[Expr], part: fn(Expr, &mut Columns) -> Expr| -> Vec<Expr> {
        let one = |expr: &Expr| names.save(expr).restore(part(expr.clone(), &mut columns));
        exprs.iter().map(one).collect()
    };
    let (input, made): (_, Above) = match &node {
        LogicalPlan::Aggregate(Aggregate { input, group_expr, aggr_expr, .. }) => {
            let groups = each(group_expr, |expr, columns| columns.query(expr));
            let functions = each(aggr_expr, of_function);
            (
                input,
                Box::new(|input| Ok(LogicalPlan::Aggregate(Aggregate::try_new(input, groups, functions)?))),
            )
        }
        LogicalPlan::Window(Window { input, window_expr, .. }) => {
            let functions = each(window_expr, of_function);
            (input, Box::new(|input| Ok(LogicalPlan::Window(Window::try_new(functions, input)?))))
        }
        _ => return Ok(Transformed::no(node)),
    };
    if columns.0.is_empty() {
        return Ok(Transformed::no(node));
    }
    let all = input.schema().columns().into_iter().map(Expr::Column).chain(columns.0).collect();
    let input = LogicalPlan::Projection(Projection::try_new(all, Arc::clone(input))?);
    Ok(Transformed::yes(made(Arc::new(input))?))
}

/// Columns that are needed below.
#[derive(Default)]
struct Columns(Vec<Expr>);

impl Columns {
    fn lifted(&mut self, expr: Expr) -> Expr {
        let name = format!("__lifted_{}", self.0.len());
        self.0.push(expr.alias(name.clone()));
        datafusion::logical_expr::ident(name)
    }

    /// The expression, or a column in place of one that has a query inside.
    fn query(&mut self, expr: Expr) -> Expr {
        match expr {
            Expr::GroupingSet(_) => expr,
            _ if expr.exists(|part| Ok(matches!(part, Expr::ScalarSubquery(_)))).unwrap_or(false) => {
                self.lifted(expr)
            }
            _ => expr,
        }
    }

    /// A column in place of everything that is computed.
    fn computed(&mut self, expr: Expr) -> Expr {
        match expr {
            Expr::Column(_) | Expr::Literal(..) => expr,
            _ => self.lifted(expr),
        }
    }

    fn sorted(&mut self, by: Vec<Sort>) -> Vec<Sort> {
        by.into_iter().map(|sort| Sort { expr: self.query(sort.expr), ..sort }).collect()
    }
}

fn of_function(expr: Expr, columns: &mut Columns) -> Expr {
    match expr {
        Expr::Alias(Alias { expr, .. }) => of_function(*expr, columns),
        Expr::AggregateFunction(AggregateFunction { func, mut params }) => {
            params.args = params.args.into_iter().map(|arg| columns.query(arg)).collect();
            params.filter = params.filter.map(|filter| Box::new(columns.query(*filter)));
            params.order_by = columns.sorted(params.order_by);
            Expr::AggregateFunction(AggregateFunction { func, params })
        }
        Expr::WindowFunction(call) => {
            let WindowFunction { fun, mut params } = *call;
            params.args = params.args.into_iter().map(|arg| columns.computed(arg)).collect();
            params.filter = params.filter.map(|filter| Box::new(columns.query(*filter)));
            params.partition_by = params.partition_by.into_iter().map(|by| columns.query(by)).collect();
            params.order_by = columns.sorted(params.order_by);
            Expr::WindowFunction(Box::new(WindowFunction { fun, params }))
        }
        other => other,
    }
}
