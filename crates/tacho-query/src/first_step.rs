//! The first step of an aggregate over rows of `events`: states by group.

use crate::question::Question;
use crate::states::start_of;
use crate::table::EventsTable;
use crate::weighted::Range;
use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array};
use datafusion::arrow::datatypes::{DataType, SchemaRef, TimeUnit, TimestampMicrosecondType};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, Result};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarUDF, Signature, SimpleScalarUDF, Volatility, col, lit,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::{AggregateFunctionExpr, LoweredAggregateBuilder};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::union::UnionExec;
use std::sync::Arc;
use tacho_store::{Snapshot, schema};

/// Made once for a question: nothing of it depends on which rows it is asked of.
pub(crate) struct FirstStep<'q> {
    asked: &'q Question,
    /// Columns of events.
    read: Vec<usize>,
    names: DFSchema,
    groups: Vec<(Arc<dyn PhysicalExpr>, String)>,
    functions: Vec<Arc<AggregateFunctionExpr>>,
    filters: Vec<Option<Arc<dyn PhysicalExpr>>>,
}

impl<'q> FirstStep<'q> {
    /// # Errors
    /// When an expression does not fit the columns of events, which would be a fault of ours.
    pub(crate) fn of(state: &dyn Session, asked: &'q Question) -> Result<FirstStep<'q>> {
        let all = schema::schema();
        let mut read = vec![all.index_of("timestamp")?];
        for column in asked.exprs().flat_map(Expr::column_refs) {
            read.push(all.index_of(&column.name)?);
        }
        read.sort_unstable();
        read.dedup();
        let physical = all.project(&read)?;
        let names = DFSchema::try_from(physical.clone())?;
        let mut groups = Vec::with_capacity(asked.groups.len());
        for (at, group) in asked.groups.iter().enumerate() {
            groups.push((state.create_physical_expr(group.clone(), &names)?, format!("g{at}")));
        }
        let (mut functions, mut filters) = (Vec::new(), Vec::new());
        let context = PhysicalPlanningContext::default();
        // Groups alone could be cut short by a LIMIT above them, and what is kept must be whole.
        let counted = [count(lit(1i64))];
        let asked_of = if asked.functions.is_empty() { counted.as_slice() } else { &asked.functions };
        for (at, function) in asked_of.iter().enumerate() {
            let builder =
                LoweredAggregateBuilder::new(function, &names, &physical, state.execution_props(), &context);
            let made = builder.with_name(format!("f{at}")).build()?;
            functions.push(made.aggregate);
            filters.push(made.filter);
        }
        Ok(FirstStep { asked, read, names, groups, functions, filters })
    }

    /// The rows of parts of the snapshot, each with a condition of its own on the time.
    ///
    /// # Errors
    /// When a segment cannot be read.
    async fn rows(
        &self,
        state: &dyn Session,
        events: &EventsTable,
        parts: &[(Snapshot, Vec<Expr>)],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::with_capacity(parts.len());
        for (part, times) in parts {
            let given: Vec<Expr> = self.asked.filters.iter().chain(times).cloned().collect();
            let rows = events.plan(state, part, Some(&self.read), &given, None).await?;
            inputs.push(match conjunction(given) {
                Some(given) => {
                    Arc::new(FilterExec::try_new(state.create_physical_expr(given, &self.names)?, rows)?)
                }
                None => rows,
            });
        }
        match inputs.len() {
            1 => Ok(inputs.remove(0)),
            _ => UnionExec::try_new(inputs),
        }
    }

    /// The states of the rows.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub(crate) async fn over(
        &self,
        state: &dyn Session,
        events: &EventsTable,
        parts: &[(Snapshot, Vec<Expr>)],
    ) -> Result<AggregateExec> {
        self.states(self.rows(state, events, parts).await?, self.groups.clone())
    }

    /// The states of the rows by piece of time, whose beginning is the first column.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub(crate) async fn by_piece(
        &self,
        state: &dyn Session,
        events: &EventsTable,
        part: (Snapshot, Vec<Expr>),
        pieces: &[Range],
    ) -> Result<AggregateExec> {
        let piece = function_of(pieces).call(vec![col("timestamp")]);
        let piece = (state.create_physical_expr(piece, &self.names)?, "piece".to_string());
        let groups = std::iter::once(piece).chain(self.groups.iter().cloned()).collect();
        self.states(self.rows(state, events, &[part]).await?, groups)
    }

    fn states(
        &self,
        rows: Arc<dyn ExecutionPlan>,
        groups: Vec<(Arc<dyn PhysicalExpr>, String)>,
    ) -> Result<AggregateExec> {
        let schema: SchemaRef = rows.schema();
        let by = PhysicalGroupBy::new_single(groups);
        let (functions, filters) = (self.functions.clone(), self.filters.clone());
        AggregateExec::try_new(AggregateMode::Partial, by, functions, filters, rows, schema)
    }
}

/// A function that gives the beginning of the piece that a time lies in.
fn function_of(pieces: &[Range]) -> ScalarUDF {
    let pieces = pieces.to_vec();
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let signature = Signature::exact(vec![time], Volatility::Immutable);
    let call = move |args: &[ColumnarValue]| {
        let times = ColumnarValue::values_to_arrays(args)?.swap_remove(0);
        let starts: Int64Array =
            times.as_primitive::<TimestampMicrosecondType>().unary(|time| start_of(time, &pieces));
        Ok(ColumnarValue::Array(Arc::new(starts) as ArrayRef))
    };
    ScalarUDF::from(SimpleScalarUDF::new_with_signature("piece", signature, DataType::Int64, Arc::new(call)))
}
