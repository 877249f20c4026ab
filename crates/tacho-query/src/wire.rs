//! What PostgreSQL's clients need beyond a query's text: parameters, the shape of an answer before there is one, and the
//! tables that they look types and names up in.
//!
//! Queries of these clients begin from a session of their own, so that nothing of it shows elsewhere; limits, sight and
//! checks are those of every query.

mod catalog;
mod dialect;
mod functions;
mod tables;

pub(crate) use catalog::build;

use crate::engine::{Answer, Ask, Engine};
use crate::error::{Kind, QueryError};
use crate::moment::Moment;
use crate::statement;
use crate::views::AgentEdit;
use datafusion::arrow::array::{ArrayRef, StringBuilder};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Parameters of one statement.
const PARAMETERS_MAX: usize = 1000;

/// A statement with parameters.
#[derive(Debug, Clone, Default)]
pub struct Statement {
    pub text: String,
    /// Types that the client says its parameters have, as a cast names them; those that it leaves open are found out.
    pub types: Vec<Option<String>>,
}

/// What a statement takes and gives.
#[derive(Debug, Clone)]
pub struct Shape {
    pub parameters: Vec<DataType>,
    pub schema: SchemaRef,
}

/// What is done with a statement.
#[derive(Debug)]
pub(crate) enum Deed {
    Describe,
    /// One value in each array.
    Run(Vec<ArrayRef>),
}

impl Engine {
    /// Finds out what a statement takes and gives.
    ///
    /// # Errors
    /// As [`Engine::sql`].
    pub async fn describe(
        &self,
        moment: impl Into<Moment>,
        agents: &[AgentEdit],
        statement: &Statement,
    ) -> Result<Shape, QueryError> {
        let ask = Ask::Wire(statement.clone(), Deed::Describe);
        self.shape(moment.into(), agents, ask).await
    }

    /// Answers a statement with values for its parameters, each an array of one value.
    ///
    /// # Errors
    /// As [`Engine::sql`].
    pub async fn run(
        &self,
        moment: impl Into<Moment>,
        agents: &[AgentEdit],
        statement: &Statement,
        values: Vec<ArrayRef>,
    ) -> Result<Answer, QueryError> {
        self.ask(moment.into(), agents, Ask::Wire(statement.clone(), Deed::Run(values))).await
    }
}

/// A statement as a plan, and its parameters' types.
pub(crate) async fn plan(
    state: &SessionState,
    statement: &Statement,
) -> Result<(LogicalPlan, Vec<DataType>), QueryError> {
    let mut parsed = statement::parse(state, &statement.text)?;
    dialect::soften(&mut parsed, &statement.types);
    let plan = state.statement_to_plan(parsed).await?;
    let types = parameters(&plan, &statement.types)?;
    Ok((plan, types))
}

/// What parameters are: what they are cast to, else what they stand beside, else text.
fn parameters(plan: &LogicalPlan, said: &[Option<String>]) -> Result<Vec<DataType>, QueryError> {
    let mut cast = BTreeMap::new();
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                if let Expr::Cast(outer) = expr
                    && let Expr::Placeholder(placeholder) = outer.expr.as_ref()
                {
                    cast.insert(placeholder.id.clone(), outer.field.data_type().clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    let found = plan.get_parameter_types()?;
    let mut count = said.len();
    for id in found.keys() {
        let number = id.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
        let Some(number) = number.filter(|number| (1..=PARAMETERS_MAX).contains(number)) else {
            let message = format!("there is no parameter {id}: expected $1 to ${PARAMETERS_MAX}");
            return Err(QueryError::new(Kind::Syntax, message));
        };
        count = count.max(number);
    }
    let of = |at: usize| {
        let id = format!("${at}");
        let beside = || found.get(&id).cloned().flatten().filter(|found| !found.is_null());
        cast.get(&id).cloned().or_else(beside).unwrap_or(DataType::Utf8)
    };
    Ok((1..=count).map(of).collect())
}

/// Puts nulls of their types in the place of the parameters.
pub(crate) fn emptied(plan: LogicalPlan, types: &[DataType]) -> Result<LogicalPlan, QueryError> {
    let nulls = types.iter().map(ScalarValue::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(plan.replace_params_with_values(&ParamValues::from(nulls))?)
}

/// Puts values in the place of the parameters.
pub(crate) fn filled(
    plan: LogicalPlan,
    types: &[DataType],
    values: &[ArrayRef],
) -> Result<LogicalPlan, QueryError> {
    if values.len() != types.len() {
        let message = format!("the statement has {} parameters, {} were given", types.len(), values.len());
        return Err(QueryError::new(Kind::Value, message));
    }
    let value = |(of, value): (&DataType, &ArrayRef)| ScalarValue::try_from_array(value, 0)?.cast_to(of);
    let values = types.iter().zip(values).map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(plan.replace_params_with_values(&ParamValues::from(values))?)
}

/// What a plan gives, with the types that it will have when it runs.
pub(crate) fn schema(state: &SessionState, plan: LogicalPlan) -> Result<SchemaRef, QueryError> {
    let analyzed = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {})?;
    Ok(Arc::clone(analyzed.schema().inner()))
}

/// A column of what has no type elsewhere (JSON, structures) as JSON text.
///
/// # Errors
/// [`Kind::Internal`] for a type that cannot be written.
pub fn json_texts(column: &ArrayRef) -> Result<ArrayRef, QueryError> {
    let mut out = StringBuilder::new();
    for row in 0..column.len() {
        if column.is_null(row) {
            out.append_null();
            continue;
        }
        let mut json = Vec::new();
        crate::encode::push_json(column, row, &mut json)?;
        out.append_value(String::from_utf8_lossy(&json));
    }
    Ok(Arc::new(out.finish()))
}
