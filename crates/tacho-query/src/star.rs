//! Answers with all columns of the log: found over `events`, with the columns laid over what was found.
//!
//! `SELECT *` computes some 130 columns. To carry them through each rule of the planner took longer than to find an event
//! by its id. They depend on nothing that the query says, so they are settled once, the query is planned without them,
//! and they stand on top of its physical plan.
//!
//! Invariants
//! - Between the answer and the view stand a limit, a sort and filters at most, in this order, so that the columns may
//!   be computed last. Everything else is planned as it is written.
//! - The answer has the names, types and rows that it has when it is planned as a whole.

use crate::actions::{Concluded, plain};
use crate::beneath::beneath;
use crate::catalog::scan;
use crate::confine::Confine;
use crate::late;
use crate::table::EventsTable;
use crate::views::OBSERVATIONS;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchemaRef, DataFusionError, Result, ScalarValue};
use datafusion::datasource::source_as_provider;
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr::Sort as By;
use datafusion::logical_expr::logical_plan::TableScanBuilder;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Expr, ExprSchemable, Filter, Limit, LogicalPlan, Projection, Sort, TableScan,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::physical_expr::create_physical_expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    Expr as Written, Ident, ObjectName, OrderByKind, Query, Select, SelectItem, SetExpr, Statement as Sql,
    TableFactor, WildcardAdditionalOptions,
};
use std::any::Any;
use std::sync::Arc;
use tacho_store::schema;

const VIEWS: [&str; 2] = ["agent_audit_log", OBSERVATIONS];

/// The views whose columns are settled.
pub(crate) struct Stars(Vec<Star>);

struct Star {
    /// What the view's own projection is known by.
    schema: DFSchemaRef,
    columns: Arc<[Expr]>,
}

/// A query over `events`, and what is computed of its rows.
pub(crate) struct Laid {
    pub(crate) plan: LogicalPlan,
    /// The query sorts by what is computed of its rows.
    pub(crate) is_computed: bool,
    schema: DFSchemaRef,
    columns: Arc<[Expr]>,
}

impl Stars {
    /// Settles the columns of the views.
    ///
    /// # Errors
    /// When a view is not what [`crate::views`] says: a fault of ours that every test would show.
    pub(crate) fn new(state: &SessionState) -> Result<Stars> {
        let one = |name: &&str| {
            let view = scan(state, name)?;
            let mut node = &view;
            while let LogicalPlan::SubqueryAlias(alias) = node {
                node = &alias.input;
            }
            let LogicalPlan::Projection(projection) = node else {
                return Err(DataFusionError::Internal(format!("{name} is not a list of columns")));
            };
            let options = state.config_options();
            let typed = TypeCoercion::new().analyze(node.clone(), options)?;
            match Confine.analyze(typed, options)? {
                LogicalPlan::Projection(settled) => {
                    Ok(Star { schema: Arc::clone(&projection.schema), columns: settled.expr.into() })
                }
                _ => Err(DataFusionError::Internal(format!("{name} lost its columns"))),
            }
        };
        Ok(Stars(VIEWS.iter().map(one).collect::<Result<_>>()?))
    }

    /// The query without its columns. `stars` says that all projections above the view stand for its columns as they are.
    ///
    /// # Errors
    /// None of its own.
    pub(crate) fn lift_off(&self, plan: &LogicalPlan, stars: bool) -> Result<Option<Laid>> {
        let (mut limit, mut sort) = (None, None);
        // Of the sort, then of the filters.
        let mut exprs: Vec<Expr> = Vec::new();
        let mut node = plan;
        let (star, view) = loop {
            if let LogicalPlan::Projection(projection) = node
                && let Some(star) = self.of(projection)
            {
                break (star, node);
            }
            node = match node {
                LogicalPlan::Limit(one) if limit.is_none() && sort.is_none() && exprs.is_empty() => {
                    limit = Some(one);
                    &one.input
                }
                LogicalPlan::Sort(one) if sort.is_none() && exprs.is_empty() => {
                    exprs.extend(one.expr.iter().map(|by| by.expr.clone()));
                    sort = Some(one);
                    &one.input
                }
                LogicalPlan::Filter(one) => {
                    exprs.push(one.predicate.clone());
                    &one.input
                }
                LogicalPlan::Projection(_) if !stars => return Ok(None),
                node => {
                    let Some((below, next)) = beneath(node, &exprs)? else { return Ok(None) };
                    exprs = below;
                    next
                }
            };
        };
        let Some((mut exprs, mut node)) = beneath(view, &exprs)? else { return Ok(None) };
        while let LogicalPlan::Filter(one) = node {
            exprs.push(one.predicate.clone());
            node = &one.input;
        }
        let LogicalPlan::TableScan(events) = node else { return Ok(None) };
        if !is_whole(events)? || exprs.iter().any(holds_query) {
            return Ok(None);
        }
        let filters = exprs.split_off(sort.map_or(0, |sort| sort.expr.len()));
        let keys = exprs;
        let mut plan = narrowed(events, star.columns.iter().chain(&filters).chain(&keys))?;
        if let Some(filter) = conjunction(filters) {
            plan = LogicalPlan::Filter(Filter::try_new(filter, Arc::new(plan))?);
        }
        let mut is_computed = false;
        if let Some(Sort { expr, fetch, .. }) = sort {
            let expr: Vec<By> = expr.iter().zip(keys).map(|(by, expr)| By { expr, ..by.clone() }).collect();
            is_computed = late::is_computed(&expr);
            plan = LogicalPlan::Sort(Sort { expr, input: Arc::new(plan), fetch: *fetch });
        }
        if let Some(limit) = limit {
            plan = LogicalPlan::Limit(Limit { input: Arc::new(plan), ..limit.clone() });
        }
        let schema = Arc::clone(plan.schema());
        Ok(Some(Laid { plan, is_computed, schema, columns: Arc::clone(&star.columns) }))
    }

    fn of(&self, projection: &Projection) -> Option<&Star> {
        self.0.iter().find(|star| Arc::ptr_eq(&star.schema, &projection.schema))
    }
}

impl Laid {
    /// The columns over the plan of [`Laid::plan`].
    ///
    /// # Errors
    /// None of its own.
    pub(crate) fn over(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        state: &SessionState,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let changes =
            state.config_options().extensions.get::<Concluded>().map(|told| *told.overlay.changes());
        let changes = changes.unwrap_or_default();
        let context = PhysicalPlanningContext::default();
        let one = |column: &Expr| {
            let settled = column
                .clone()
                .transform_up(|part| plain(part, &changes).transform_data(|part| self.at(part, state)))?;
            let (_, name) = column.qualified_name();
            let expr = create_physical_expr(&settled.data, &self.schema, state.execution_props(), &context)?;
            Ok(ProjectionExpr::new(expr, name))
        };
        let columns = self.columns.iter().map(one).collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(ProjectionExec::try_new(columns, plan)?))
    }

    /// `now()` is when the query began.
    fn at(&self, part: Expr, state: &SessionState) -> Result<Transformed<Expr>> {
        match &part {
            Expr::ScalarFunction(call) if call.func.name() == "now" => {
                let DataType::Timestamp(_, zone) = part.get_type(&self.schema)? else {
                    return Err(DataFusionError::Internal("now() is no time".into()));
                };
                let began = state.execution_props().query_execution_start_time;
                let ns = began.and_then(|began| began.timestamp_nanos_opt());
                Ok(Transformed::yes(Expr::Literal(ScalarValue::TimestampNanosecond(ns, zone), None)))
            }
            _ => Ok(Transformed::no(part)),
        }
    }
}

/// The rows of `events` with the columns that these expressions read.
fn narrowed<'e>(events: &TableScan, exprs: impl Iterator<Item = &'e Expr>) -> Result<LogicalPlan> {
    let schema = schema::schema();
    let names = exprs.flat_map(Expr::column_refs).map(Column::name);
    let mut columns = names.map(|name| Ok(schema.index_of(name)?)).collect::<Result<Vec<usize>>>()?;
    columns.sort_unstable();
    columns.dedup();
    let scan = TableScanBuilder::new(events.table_name.clone(), Arc::clone(&events.source));
    Ok(LogicalPlan::TableScan(scan.with_projection(Some(columns)).build()?))
}

fn is_whole(scan: &TableScan) -> Result<bool> {
    let events = source_as_provider(&scan.source)?;
    Ok((events.as_ref() as &dyn Any).is::<EventsTable>() && scan.fetch.is_none() && scan.filters.is_empty())
}

/// Whether an expression asks a query of its own, whose columns [`beneath`] does not see.
fn holds_query(expr: &Expr) -> bool {
    let asks = |part: &Expr| {
        Ok(matches!(
            part,
            Expr::InSubquery(_)
                | Expr::Exists(_)
                | Expr::ScalarSubquery(_)
                | Expr::SetComparison(_)
                | Expr::OuterReferenceColumn(..)
        ))
    };
    expr.exists(asks).unwrap_or(true)
}

/// `SELECT * FROM view …` with one column in place of the star, if that is all it says of columns.
///
/// To plan the star would compare the names of its columns each with each.
pub(crate) fn starless(statement: &Statement) -> Option<Statement> {
    let Statement::Statement(sql) = statement else { return None };
    let Sql::Query(query) = sql.as_ref() else { return None };
    if query.with.is_some() || !query.pipe_operators.is_empty() || !sorts_by_columns(query) {
        return None;
    }
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let [SelectItem::Wildcard(options)] = select.projection.as_slice() else { return None };
    if *options != WildcardAdditionalOptions::default() || !reads_view(select) {
        return None;
    }
    let column = SelectItem::UnnamedExpr(Written::Identifier(Ident::new("index")));
    let body = SetExpr::Select(Box::new(Select { projection: vec![column], ..select.as_ref().clone() }));
    Some(Statement::Statement(Box::new(Sql::Query(Box::new(Query {
        body: Box::new(body),
        ..query.as_ref().clone()
    })))))
}

/// A number in ORDER BY would be a place in the star.
fn sorts_by_columns(query: &Query) -> bool {
    query.order_by.as_ref().is_none_or(|order| match &order.kind {
        OrderByKind::Expressions(keys) => {
            keys.iter().all(|key| matches!(key.expr, Written::Identifier(_) | Written::CompoundIdentifier(_)))
        }
        OrderByKind::All(_) => false,
    })
}

fn reads_view(select: &Select) -> bool {
    let [from] = select.from.as_slice() else { return false };
    let TableFactor::Table { name: ObjectName(parts), alias: None, .. } = &from.relation else {
        return false;
    };
    let [part] = parts.as_slice() else { return false };
    let name = part.as_ident().map(|ident| ident.value.as_str());
    let plain = select.exclude.is_none() && select.distinct.is_none() && from.joins.is_empty();
    plain && name.is_some_and(|name| VIEWS.contains(&name))
}
