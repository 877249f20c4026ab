//! An aggregate as a table: what is kept of its first step, the first step over everything else, and the second.
//!
//! Invariant: each event in the range of time is in exactly one of: a piece of a segment, whose states are kept or made
//! and kept; the rest of that segment; a segment that is better read, or of whose events more is known than they say; the
//! newest events.

use crate::first_step::FirstStep;
use crate::question::Question;
use crate::recall::{Missing, Recall};
use crate::states::{Known, pieces};
use crate::table::{EventsTable, ScanFuture, Scope, scope};
use crate::weighted::Range;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use std::any::Any;
use std::sync::Arc;
use tacho_store::rollup::Span;
use tacho_store::{SegmentFile, Snapshot};

#[derive(Debug)]
pub(crate) struct Remembered {
    events: Arc<dyn TableProvider>,
    range: Range,
    /// Of events beside which something is known.
    asked: Question,
    /// Of the others, whose states are kept.
    plain: Arc<Question>,
    schema: SchemaRef,
}

/// Where the states of a question come from.
#[derive(Default)]
struct Sources {
    known: Vec<RecordBatch>,
    missing: Vec<(Arc<SegmentFile>, Vec<Range>)>,
    /// Segments of which all is read.
    bare: Vec<Arc<SegmentFile>>,
    /// Segments of which what lies outside of whole hours is read.
    edges: Vec<Arc<SegmentFile>>,
}

impl Remembered {
    pub(crate) fn new(
        events: Arc<dyn TableProvider>,
        range: Range,
        asked: Question,
        plain: Question,
        schema: SchemaRef,
    ) -> Remembered {
        Remembered { events, range, asked, plain: Arc::new(plain), schema }
    }

    fn sources(&self, events: &EventsTable, scope: &Scope) -> Sources {
        let mut sources = Sources::default();
        let states = events.states();
        states.follow(&scope.snapshot);
        events.lacking().see(&scope.snapshot, &[]);
        let asks_overlay = self.asked != *self.plain;
        for segment in scope.snapshot.segments.iter().filter(|segment| self.range.meets(segment)) {
            let is_told_of = asks_overlay && scope.concluded.overlay.touches(segment.first, segment.last);
            let pieces = if is_told_of { Vec::new() } else { pieces(self.range, segment) };
            let known = (!pieces.is_empty()).then(|| states.of(&self.plain, segment, &pieces)).flatten();
            let Some(Known { states, missing }) = known else {
                sources.bare.push(Arc::clone(segment));
                continue;
            };
            sources.known.extend(states.into_iter().filter(|states| states.num_rows() > 0));
            if !missing.is_empty() {
                sources.missing.push((Arc::clone(segment), missing));
            }
            if !self.range.holds(segment) && !self.range.whole(Span::Hour).holds(segment) {
                sources.edges.push(Arc::clone(segment));
            }
        }
        sources
    }

    async fn plan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let events = (self.events.as_ref() as &dyn Any).downcast_ref::<EventsTable>();
        let events = events.ok_or_else(|| DataFusionError::Internal("not the table of events".into()))?;
        let scope = scope(state)?;
        let Sources { known, missing, bare, edges } = self.sources(events, &scope);
        let size = scope.snapshot.size;
        let mut parts = Vec::new();
        if !edges.is_empty() {
            let times = self.range.filters().into_iter().chain(self.range.whole(Span::Hour).outside());
            parts.push((Snapshot { segments: edges, hot: Vec::new(), size }, times.collect()));
        }
        if parts.is_empty() || !bare.is_empty() || !scope.snapshot.hot.is_empty() {
            let rest = Snapshot { segments: bare, hot: scope.snapshot.hot.clone(), size };
            parts.push((rest, self.range.filters()));
        }
        let read = FirstStep::of(state, &self.asked)?.over(state, events, &parts).await?;
        let (by, functions, rows) =
            (read.group_expr().as_final(), read.aggr_expr().to_vec(), read.input_schema());
        let schema = read.schema();
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = vec![Arc::new(read)];
        if !known.is_empty() || !missing.is_empty() {
            inputs.push(self.recall(state, events, schema, known, missing).await?);
        }
        let states = if inputs.len() == 1 { inputs.remove(0) } else { UnionExec::try_new(inputs)? };
        let mode = match self.asked.groups.is_empty() || state.config().target_partitions() < 2 {
            true => AggregateMode::Final,
            false => AggregateMode::FinalPartitioned,
        };
        let filters = vec![None; functions.len()];
        let all = AggregateExec::try_new(mode, by, functions, filters, states, rows)?;
        self.named(Arc::new(all), projection)
    }

    async fn recall(
        &self,
        state: &dyn Session,
        events: &EventsTable,
        schema: SchemaRef,
        known: Vec<RecordBatch>,
        missing: Vec<(Arc<SegmentFile>, Vec<Range>)>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let step = FirstStep::of(state, &self.plain)?;
        let mut plans: Vec<(Missing, Arc<dyn ExecutionPlan>)> = Vec::with_capacity(missing.len());
        for (segment, pieces) in missing {
            let (digest, rows) = (segment.digest, segment.rows as usize);
            let part = Snapshot { segments: vec![segment], hot: Vec::new(), size: 0 };
            let made = step.by_piece(state, events, (part, within(&pieces)), &pieces).await?;
            plans.push((Missing { segment: digest, rows, pieces }, Arc::new(made)));
        }
        let partitions = state.config().target_partitions();
        let (states, asked) = (events.states(), Arc::clone(&self.plain));
        Ok(Arc::new(Recall::new(states, asked, schema, known, plans, partitions)))
    }

    /// The columns under the names of the table.
    fn named(
        &self,
        all: Arc<dyn ExecutionPlan>,
        projection: Option<&Vec<usize>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let made = all.schema();
        let named = columns.into_iter().map(|at| {
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(made.field(at).name(), at));
            (column, self.schema.field(at).name().clone())
        });
        Ok(Arc::new(ProjectionExec::try_new(named.collect::<Vec<_>>(), all)?))
    }
}

/// A condition for the times of the pieces, which are in order.
fn within(pieces: &[Range]) -> Vec<Expr> {
    let mut runs: Vec<Range> = Vec::new();
    for piece in pieces {
        match runs.last_mut() {
            Some(last) if last.to == piece.from => last.to = piece.to,
            _ => runs.push(*piece),
        }
    }
    let runs = runs.into_iter().map(|run| run.filters().into_iter().reduce(Expr::and));
    runs.collect::<Option<Vec<Expr>>>().into_iter().flatten().reduce(Expr::or).into_iter().collect()
}

impl TableProvider for Remembered {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn scan<'s, 'a, 'b, 'c, 'f>(
        &'s self,
        state: &'a dyn Session,
        projection: Option<&'b Vec<usize>>,
        _filters: &'c [Expr],
        _limit: Option<usize>,
    ) -> ScanFuture<'f>
    where
        's: 'f,
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        Box::pin(self.plan(state, projection))
    }
}
