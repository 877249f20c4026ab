//! Filters by session and agent where events inherit them: statistics and Bloom filters know only what senders said.
//!
//! `session_now(b, i) = 'x'` becomes `b = 'x'`, or the indexes between which events inherit x, with the function asked
//! there. Where none does, the comparison of the column alone is left.

use crate::actions::{Concluded, Told};
use crate::functions::EITHER;
use crate::table::text;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{InList, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator, ScalarUDF, lit};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use std::sync::Arc;
use tacho_action::{Overlay, Range};
use tacho_event::id::Id;

#[derive(Debug)]
pub(crate) struct SplitHeirs {
    session_told: Arc<ScalarUDF>,
    agent_told: Arc<ScalarUDF>,
}

impl SplitHeirs {
    pub(crate) fn new() -> SplitHeirs {
        let function = |told: Told| Arc::new(crate::actions::function(told));
        SplitHeirs { session_told: function(Told::SessionSure), agent_told: function(Told::AgentSure) }
    }

    fn split(&self, expr: Expr, overlay: &Overlay) -> Transformed<Expr> {
        let Some((asked, texts)) = compared(&expr) else { return Transformed::no(expr) };
        let found = self.of_session(asked, &texts, overlay).or_else(|| self.of_agent(asked, &texts, overlay));
        found.map_or_else(|| Transformed::no(expr), Transformed::yes)
    }

    /// Of `session_now(b, i)`, alone or as the second of `either(a, …)`.
    fn of_session(&self, asked: &Expr, texts: &[&str], overlay: &Overlay) -> Option<Expr> {
        let (first, now) = match call(asked, EITHER) {
            Some([a @ Expr::Column(_), b]) => (Some(a), b),
            _ => (None, asked),
        };
        let [own @ Expr::Column(_), index @ Expr::Column(_)] = call(now, Told::Session.name())? else {
            return None;
        };
        let ids = texts.iter().filter_map(|text| Id::parse(text));
        let range = ids.filter_map(|id| overlay.heirs_of_session(&id)).reduce(Range::with);
        let mut found = among(own, texts);
        if let Some(range) = range {
            let told =
                ScalarFunction::new_udf(Arc::clone(&self.session_told), vec![own.clone(), index.clone()]);
            let heirs = between(index, range).and(among(&Expr::ScalarFunction(told), texts));
            found = found.or(own.clone().is_null().and(heirs));
        }
        Some(match first {
            Some(a) => among(a, texts).or(a.clone().is_null().and(found)),
            None => found,
        })
    }

    fn of_agent(&self, asked: &Expr, texts: &[&str], overlay: &Overlay) -> Option<Expr> {
        let [own @ Expr::Column(_), index @ Expr::Column(_)] = call(asked, Told::Agent.name())? else {
            return None;
        };
        let range = texts.iter().filter_map(|text| overlay.heirs_of_agent(text)).reduce(Range::with);
        let may = match range {
            Some(range) => among(own, texts).or(between(index, range)),
            None => among(own, texts),
        };
        let told = ScalarFunction::new_udf(Arc::clone(&self.agent_told), vec![own.clone(), index.clone()]);
        Some(may.and(among(&Expr::ScalarFunction(told), texts)))
    }
}

impl OptimizerRule for SplitHeirs {
    fn name(&self) -> &str {
        "split_heirs"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let options = config.options();
        let Some(concluded) = options.extensions.get::<Concluded>() else { return Ok(Transformed::no(plan)) };
        let overlay = &concluded.overlay;
        match plan {
            LogicalPlan::Filter(mut filter) => {
                let predicate = filter.predicate.transform(|expr| Ok(self.split(expr, overlay)))?;
                filter.predicate = predicate.data;
                Ok(Transformed::new_transformed(LogicalPlan::Filter(filter), predicate.transformed))
            }
            LogicalPlan::TableScan(mut scan) => {
                let mut changed = false;
                for filter in &mut scan.filters {
                    let done = filter.clone().transform(|expr| Ok(self.split(expr, overlay)))?;
                    changed |= done.transformed;
                    *filter = done.data;
                }
                Ok(Transformed::new_transformed(LogicalPlan::TableScan(scan), changed))
            }
            other => Ok(Transformed::no(other)),
        }
    }
}

/// What is compared with texts, and with which.
fn compared(expr: &Expr) -> Option<(&Expr, Vec<&str>)> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match literal(right) {
            Some(text) => Some((left, vec![text])),
            None => Some((right, vec![literal(left)?])),
        },
        Expr::InList(InList { expr, list, negated: false }) => {
            Some((expr, list.iter().map(literal).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(ScalarValue::Utf8View(Some(text)) | ScalarValue::Utf8(Some(text)), _) => Some(text),
        _ => None,
    }
}

/// The two arguments of a call of this function.
fn call<'e>(expr: &'e Expr, name: &str) -> Option<&'e [Expr; 2]> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == name => call.args.as_slice().try_into().ok(),
        _ => None,
    }
}

fn among(expr: &Expr, texts: &[&str]) -> Expr {
    match texts {
        [one] => expr.clone().eq(text(one)),
        _ => expr.clone().in_list(texts.iter().map(|one| text(one)).collect(), false),
    }
}

fn between(index: &Expr, range: Range) -> Expr {
    let (first, last) = (lit(range.first as i64), lit(range.last as i64));
    index.clone().gt_eq(first).and(index.clone().lt_eq(last))
}
