//! `events` for sums: rows that stand for many where segments carry sums, and single rows for the rest.
//!
//! Invariants
//! - Each event in the range of time is in exactly one row: in a sum only when the whole span of that sum lies in the
//!   range, and by itself otherwise.
//! - A row for one event has its own time and weight one, so that both kinds are asked the same.

use crate::prune::time_compared;
use crate::table::{EventsTable, ScanFuture, scope, time_literal};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, SchemaRef, TimestampMicrosecondType};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, DataFusionError, Result};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Between, BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType, cast, col, lit,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use std::any::Any;
use std::sync::Arc;
use tacho_event::time::Micros;
use tacho_store::rollup::{ROWS, Span, TIME_MAX, TIME_MIN, sums_schema};
use tacho_store::{SegmentFile, Snapshot, schema};

/// The columns: those of the sums.
pub(crate) fn schema() -> SchemaRef {
    sums_schema()
}

/// From a time on, up to but without another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Range {
    pub(crate) from: Micros,
    pub(crate) to: Micros,
}

impl Default for Range {
    fn default() -> Range {
        Range { from: Micros::MIN, to: Micros::MAX }
    }
}

impl Range {
    /// The part of the range that passes a filter; nothing when the filter asks for more than a time.
    pub(crate) fn narrowed(self, filter: &Expr) -> Option<Range> {
        if let Expr::Between(Between { expr, negated: false, low, high }) = filter {
            let low = Expr::BinaryExpr(BinaryExpr::new(expr.clone(), Operator::GtEq, low.clone()));
            let high = Expr::BinaryExpr(BinaryExpr::new(expr.clone(), Operator::LtEq, high.clone()));
            return self.narrowed(&low)?.narrowed(&high);
        }
        let (op, time) = time_compared(filter)?;
        let after = time.saturating_add(1);
        let Range { from, to } = self;
        Some(match op {
            Operator::GtEq => Range { from: from.max(time), to },
            Operator::Gt => Range { from: from.max(after), to },
            Operator::Lt => Range { from, to: to.min(time) },
            Operator::LtEq => Range { from, to: to.min(after) },
            Operator::Eq => Range { from: from.max(time), to: to.min(after) },
            _ => return None,
        })
    }

    /// Whether some span can lie in it.
    pub(crate) fn is_long(self) -> bool {
        self.to.saturating_sub(self.from) >= 2 * Span::Hour.micros()
    }

    /// The spans that lie in it as a whole, as a range.
    pub(crate) fn whole(self, span: Span) -> Range {
        let up = |time: Micros| match span.start(time) {
            start if start == time => start,
            start => start.saturating_add(span.micros()),
        };
        let from = if self.from == Micros::MIN { self.from } else { up(self.from) };
        let to = if self.to == Micros::MAX { self.to } else { span.start(self.to) };
        Range { from, to: to.max(from) }
    }

    /// The starts of all spans that reach into it.
    pub(crate) fn starts(self, span: Span) -> std::ops::Range<Micros> {
        let from = if self.from == Micros::MIN { self.from } else { span.start(self.from) };
        from..self.to.max(from)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.from >= self.to
    }

    pub(crate) fn holds(self, segment: &SegmentFile) -> bool {
        self.from <= segment.time_min && segment.time_max < self.to
    }

    pub(crate) fn meets(self, segment: &SegmentFile) -> bool {
        self.reaches(segment.time_min, segment.time_max)
    }

    /// Whether a time between these two, themselves included, can lie in it.
    pub(crate) fn reaches(self, first: Micros, last: Micros) -> bool {
        first < self.to && self.from <= last
    }

    pub(crate) fn filters(self) -> Vec<Expr> {
        let from = (self.from > Micros::MIN).then(|| col("timestamp").gt_eq(time_literal(self.from)));
        let to = (self.to < Micros::MAX).then(|| col("timestamp").lt(time_literal(self.to)));
        from.into_iter().chain(to).collect()
    }

    /// A filter for the times outside; nothing when there are none.
    pub(crate) fn outside(self) -> Option<Expr> {
        let before = (self.from > Micros::MIN).then(|| col("timestamp").lt(time_literal(self.from)));
        let behind = (self.to < Micros::MAX).then(|| col("timestamp").gt_eq(time_literal(self.to)));
        before.into_iter().chain(behind).reduce(Expr::or)
    }
}

/// The table: what a query reads of it is decided when its snapshot is known.
#[derive(Debug)]
pub(crate) struct Weighted {
    events: Arc<dyn TableProvider>,
    range: Range,
    /// Spans whose sums the query may use.
    spans: Vec<Span>,
}

/// Where the rows of the table come from.
#[derive(Default)]
struct Parts {
    sums: Vec<RecordBatch>,
    /// Segments without sums.
    bare: Vec<Arc<SegmentFile>>,
    /// Segments of which only what lies outside a range is read row by row.
    edges: Vec<(Range, Vec<Arc<SegmentFile>>)>,
}

impl Weighted {
    pub(crate) fn new(events: Arc<dyn TableProvider>, range: Range, spans: Vec<Span>) -> Weighted {
        Weighted { events, range, spans }
    }

    async fn parts(&self, events: &EventsTable, snapshot: &Snapshot) -> Result<Parts> {
        let mut parts = Parts::default();
        let mut without_hours = Vec::new();
        for segment in snapshot.segments.iter().filter(|segment| self.range.meets(segment)) {
            // The longest span first: its sums are the fewest.
            let mut covered: Option<Range> = None;
            for span in [Span::Day, Span::Hour] {
                let all = self.range.holds(segment);
                let whole = if all { Range::default() } else { self.range.whole(span) };
                if whole.is_empty() || !self.spans.contains(&span) {
                    continue;
                }
                let Some(sums) = events.sums(segment, span).await? else {
                    without_hours.extend((span == Span::Hour).then(|| Arc::clone(segment)));
                    continue;
                };
                match covered.replace(whole) {
                    None => parts.sums.extend(within(&sums, whole)),
                    Some(inner) => {
                        parts.sums.extend(within(&sums, Range { from: whole.from, to: inner.from }));
                        parts.sums.extend(within(&sums, Range { from: inner.to, to: whole.to }));
                    }
                }
                if all {
                    break;
                }
            }
            match covered {
                None => parts.bare.push(Arc::clone(segment)),
                Some(covered) if covered.holds(segment) => {}
                Some(covered) => match parts.edges.iter_mut().find(|(range, _)| *range == covered) {
                    Some((_, segments)) => segments.push(Arc::clone(segment)),
                    None => parts.edges.push((covered, vec![Arc::clone(segment)])),
                },
            }
        }
        events.lacking().see(snapshot, &without_hours);
        Ok(parts)
    }

    async fn plan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let events = (self.events.as_ref() as &dyn Any).downcast_ref::<EventsTable>();
        let events = events.ok_or_else(|| DataFusionError::Internal("not the table of events".into()))?;
        let scope = scope(state)?;
        let Parts { sums, bare, edges } = self.parts(events, &scope.snapshot).await?;
        let columns = projection.cloned().unwrap_or_else(|| (0..schema().fields().len()).collect());
        let memory = MemorySourceConfig::try_new(&[sums], schema(), Some(columns.clone()))?;
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = vec![DataSourceExec::from_data_source(memory)];
        let size = scope.snapshot.size;
        if !bare.is_empty() || !scope.snapshot.hot.is_empty() {
            let part = Snapshot { segments: bare, hot: scope.snapshot.hot.clone(), size };
            inputs.push(self.rows(state, events, &part, &columns, filters, None).await?);
        }
        for (inner, segments) in edges {
            let part = Snapshot { segments, hot: Vec::new(), size };
            inputs.push(self.rows(state, events, &part, &columns, filters, inner.outside()).await?);
        }
        match inputs.len() {
            1 => Ok(inputs.remove(0)),
            _ => UnionExec::try_new(inputs),
        }
    }

    /// The rows of a part of the snapshot, each for itself.
    async fn rows(
        &self,
        state: &dyn Session,
        events: &EventsTable,
        part: &Snapshot,
        columns: &[usize],
        filters: &[Expr],
        edges: Option<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = schema::schema();
        let exprs: Vec<(Expr, String)> = columns
            .iter()
            .map(|column| schema().field(*column).name().clone())
            .map(|name| (for_one_row(&name), name))
            .collect();
        let times: Vec<Expr> = self.range.filters().into_iter().chain(edges).collect();
        let used = exprs.iter().map(|(expr, _)| expr).chain(&times).chain(filters);
        let mut read: Vec<usize> = Vec::new();
        for column in used.flat_map(Expr::column_refs) {
            read.push(all.index_of(&column.name)?);
        }
        read.sort_unstable();
        read.dedup();
        let given: Vec<Expr> = filters.iter().chain(&times).cloned().collect();
        let mut plan = events.plan(state, part, Some(&read), &given, None).await?;
        let names = DFSchema::try_from(all.project(&read)?)?;
        if let Some(times) = conjunction(times) {
            plan = Arc::new(FilterExec::try_new(state.create_physical_expr(times, &names)?, plan)?);
        }
        let exprs =
            exprs.into_iter().map(|(expr, name)| Ok((state.create_physical_expr(expr, &names)?, name)));
        Ok(Arc::new(ProjectionExec::try_new(exprs.collect::<Result<Vec<_>>>()?, plan)?))
    }
}

/// A column of the sums, for one event.
fn for_one_row(name: &str) -> Expr {
    match name {
        ROWS => lit(1i64),
        TIME_MIN | TIME_MAX => col("timestamp"),
        name => match name.strip_suffix("_rows") {
            Some(measure) => cast(col(measure).is_not_null(), DataType::Int64),
            None => col(name),
        },
    }
}

/// The sums whose spans start in the range; they are in the order of time.
fn within(sums: &RecordBatch, range: Range) -> Option<RecordBatch> {
    let starts = sums.column(0).as_primitive::<TimestampMicrosecondType>().values();
    let first = starts.partition_point(|start| *start < range.from);
    let end = starts.partition_point(|start| *start < range.to);
    (first < end).then(|| sums.slice(first, end - first))
}

impl TableProvider for Weighted {
    fn schema(&self) -> SchemaRef {
        schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn scan<'s, 'a, 'b, 'c, 'f>(
        &'s self,
        state: &'a dyn Session,
        projection: Option<&'b Vec<usize>>,
        filters: &'c [Expr],
        _limit: Option<usize>,
    ) -> ScanFuture<'f>
    where
        's: 'f,
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        Box::pin(self.plan(state, projection, filters))
    }
}
