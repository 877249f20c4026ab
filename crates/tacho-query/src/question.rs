//! What an aggregate asks of rows of `events`, apart from the time.
//!
//! Invariant: two questions that are equal get the same states from the same rows.

use crate::actions::plain;
use crate::summed::is_query;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{Expr, Volatility, lit};
use tacho_action::Changes;

/// Groups, functions and conditions, in columns of `events`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    pub(crate) groups: Vec<Expr>,
    pub(crate) functions: Vec<Expr>,
    pub(crate) filters: Vec<Expr>,
}

/// Functions whose states can be put together in any order.
const FUNCTIONS: [&str; 10] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "bool_or",
    "bool_and",
    "approx_percentile_cont",
    "first_value",
    "last_value",
];
/// Of these the ones that may have an order: it decides which value it is, and nothing else.
const ORDERED: [&str; 3] = ["approx_percentile_cont", "first_value", "last_value"];
/// Whoever names one of these in a condition asks for few rows, or each time for others; unless it is whether there is one.
const OF_FEW: [&str; 3] = ["index", "event_id", "session_uuid"];

impl Question {
    pub(crate) fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.groups.iter().chain(&self.functions).chain(&self.filters)
    }

    /// The same asked of rows of which nothing is known beside what they say.
    ///
    /// # Errors
    /// None of its own.
    pub(crate) fn without_overlay(&self) -> Result<Question> {
        let none = Changes::default();
        let one = |expr: &Expr| Ok(expr.clone().transform_up(|expr| Ok(plain(expr, &none)))?.data);
        let all = |exprs: &[Expr]| exprs.iter().map(one).collect::<Result<Vec<_>>>();
        let mut filters = all(&self.filters)?;
        filters.retain(|filter| *filter != lit(true));
        Ok(Question { groups: all(&self.groups)?, functions: all(&self.functions)?, filters })
    }

    /// Whether it is the same at any moment, and its states are as good as rows.
    pub(crate) fn depends_on_rows_alone(&self) -> bool {
        let of_few = |filter: &Expr| {
            let is_whether = matches!(filter, Expr::IsNotNull(_) | Expr::IsNull(_));
            !is_whether && filter.column_refs().iter().any(|column| OF_FEW.contains(&column.name.as_str()))
        };
        (self.functions.len() + self.groups.len() > 0)
            && self.functions.iter().all(has_states)
            && !self.filters.iter().any(of_few)
            && self.exprs().all(|expr| !expr.exists(|part| Ok(is_moving(part))).unwrap_or(true))
    }
}

/// Whether the function is one of those that are known.
fn has_states(function: &Expr) -> bool {
    let Expr::AggregateFunction(AggregateFunction { func, params }) = function else { return false };
    let AggregateFunctionParams { distinct, order_by, null_treatment, .. } = params;
    FUNCTIONS.contains(&func.name())
        && (!distinct || func.name() == "count")
        && (order_by.is_empty() || ORDERED.contains(&func.name()))
        && null_treatment.is_none()
}

/// Whether the expression may be another at the next question: times, which most often say how long ago, and what
/// looks at more than its arguments.
fn is_moving(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(value, _) => matches!(
            value,
            ScalarValue::TimestampSecond(..)
                | ScalarValue::TimestampMillisecond(..)
                | ScalarValue::TimestampMicrosecond(..)
                | ScalarValue::TimestampNanosecond(..)
        ),
        Expr::ScalarFunction(call) => call.func.signature().volatility != Volatility::Immutable,
        Expr::GroupingSet(_) | Expr::WindowFunction(_) | Expr::Placeholder(_) | Expr::ScalarVariable(..) => {
            true
        }
        other => is_query(other),
    }
}
