//! `canonical_agent(id)`: the agent that an id is another name of, as the registry says; the id itself without one.
//!
//! Invariants
//! - The names are those of the query's moment and come with its settings, so views that are planned once see them.
//! - `canonical_agent(x) = 'a'` becomes `x IN (every id that counts as a)`, because statistics and Bloom filters of
//!   segments know only what senders said.

use crate::table::text;
use crate::views::AgentEdit;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, LogicalPlan, Operator, ScalarFunctionArgs, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

const NAME: &str = "canonical_agent";

/// Ids that are another name of an agent, with that agent's own id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(Arc<HashMap<String, String>>);

impl Names {
    pub(crate) fn new(agents: &[AgentEdit]) -> Names {
        let next: HashMap<&str, &str> = agents
            .iter()
            .filter_map(|agent| Some((agent.agent_id.as_str(), agent.alias_of.as_deref()?)))
            .collect();
        let resolved = next.keys().filter_map(|id| {
            let mut at = *id;
            // A name of a name counts as the last one. Names that go round in a circle stay what they are.
            for _ in 0..next.len() {
                at = next.get(at)?;
                if !next.contains_key(at) {
                    return Some(((*id).to_string(), at.to_string()));
                }
            }
            None
        });
        Names(Arc::new(resolved.collect()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }

    /// Every id that counts as this agent.
    fn ids(&self, agent: &str) -> Vec<Expr> {
        let own = (self.of(agent) == agent).then_some(agent);
        let others = self.0.iter().filter(|(_, of)| *of == agent).map(|(id, _)| id.as_str());
        own.into_iter().chain(others).map(text).collect()
    }
}

impl ConfigExtension for Names {
    const PREFIX: &'static str = "agents";
}

impl ExtensionOptions for Names {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, _value: &str) -> Result<()> {
        plan_err!("there is no setting agents.{key}")
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct CanonicalAgent {
    signature: Signature,
}

impl CanonicalAgent {
    pub(crate) fn new() -> CanonicalAgent {
        CanonicalAgent { signature: Signature::exact(vec![DataType::Utf8View], Volatility::Stable) }
    }
}

impl ScalarUDFImpl for CanonicalAgent {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given = args.args.swap_remove(0);
        let Some(names) = args.config_options.extensions.get::<Names>().filter(|names| !names.is_empty())
        else {
            return Ok(given);
        };
        Ok(match given {
            ColumnarValue::Array(ids) => ColumnarValue::Array(renamed(&ids, names)),
            ColumnarValue::Scalar(ScalarValue::Utf8View(Some(id))) => {
                ColumnarValue::Scalar(ScalarValue::Utf8View(Some(names.of(&id).to_string())))
            }
            null @ ColumnarValue::Scalar(_) => null,
        })
    }
}

fn renamed(ids: &ArrayRef, names: &Names) -> ArrayRef {
    let ids = ids.as_string_view();
    if !ids.iter().flatten().any(|id| names.0.contains_key(id)) {
        return Arc::new(ids.clone());
    }
    let mut out = StringViewBuilder::with_capacity(ids.len()).with_deduplicate_strings();
    ids.iter().for_each(|id| out.append_option(id.map(|id| names.of(id))));
    Arc::new(out.finish())
}

/// Lets filters by agent reach the scan.
#[derive(Debug)]
pub(crate) struct SplitNames;

impl OptimizerRule for SplitNames {
    fn name(&self) -> &str {
        "split_names"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Filter(mut filter) = plan else { return Ok(Transformed::no(plan)) };
        let options = config.options();
        let names = options.extensions.get::<Names>().cloned().unwrap_or_default();
        let predicate = filter.predicate.transform(|expr| Ok(split(expr, &names)))?;
        filter.predicate = predicate.data;
        Ok(Transformed::new_transformed(LogicalPlan::Filter(filter), predicate.transformed))
    }
}

fn split(expr: Expr, names: &Names) -> Transformed<Expr> {
    let found = match &expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            let sides = argument(left).map(|id| (id, right)).or(argument(right).map(|id| (id, left)));
            sides.and_then(|(id, agent)| Some((id, names.ids(literal(agent)?))))
        }
        Expr::InList(InList { expr, list, negated: false }) => argument(expr).and_then(|id| {
            let agents: Option<Vec<&str>> = list.iter().map(literal).collect();
            Some((id, agents?.into_iter().flat_map(|agent| names.ids(agent)).collect()))
        }),
        _ => None,
    };
    match found {
        // An id that counts as another agent has no rows: the comparison finds that itself.
        Some((id, ids)) if !ids.is_empty() => Transformed::yes(id.clone().in_list(ids, false)),
        _ => Transformed::no(expr),
    }
}

/// The id itself in place of a call of the function, for when no agent has another name.
pub(crate) fn unnamed(expr: Expr) -> Transformed<Expr> {
    match expr {
        Expr::ScalarFunction(mut call) if call.func.name() == NAME && call.args.len() == 1 => {
            Transformed::yes(call.args.swap_remove(0))
        }
        other => Transformed::no(other),
    }
}

/// The column that a `canonical_agent` is asked of.
fn argument(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == NAME => {
            // Or what the action says in place of the column, which [`crate::heirs`] looks at next.
            call.args.first().filter(|arg| matches!(arg, Expr::Column(_) | Expr::ScalarFunction(_)))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn alias(id: &str, of: &str) -> AgentEdit {
        AgentEdit { agent_id: id.into(), alias_of: Some(of.into()), ..AgentEdit::default() }
    }

    #[test]
    fn names_of_names_end_and_circles_stay() {
        let names = Names::new(&[alias("c", "b"), alias("b", "a"), alias("x", "y"), alias("y", "x")]);
        for (id, agent) in [("a", "a"), ("b", "a"), ("c", "a"), ("x", "x"), ("y", "y"), ("new", "new")] {
            assert_eq!(names.of(id), agent);
        }
        assert_eq!((names.ids("a").len(), names.ids("b").len(), names.ids("x").len()), (3, 0, 1));
    }
}
