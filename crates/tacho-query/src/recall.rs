//! States of an aggregate's first step: those that are kept, and those that are made now and kept from here on.
//!
//! Invariant: what comes out is the same whether a state was kept or not; that it is kept is told only once the whole
//! piece was read.

use crate::question::Question;
use crate::states::{SEGMENT_BYTES_MAX, States};
use crate::weighted::Range;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch};
use datafusion::arrow::compute::{concat_batches, sort_to_indices, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Int64Type, SchemaRef};
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
};
use futures::stream::{self, BoxStream, StreamExt};
use std::fmt;
use std::sync::Arc;

/// States are worth keeping when they are this many times fewer than the rows of the segment.
const WORTH: usize = 2;

/// Pieces of a segment that nothing is known of yet.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    pub(crate) segment: [u8; 32],
    /// Of the segment.
    pub(crate) rows: usize,
    pub(crate) pieces: Vec<Range>,
}

#[derive(Debug, Clone)]
pub(crate) struct Recall {
    states: Arc<States>,
    asked: Arc<Question>,
    known: Vec<RecordBatch>,
    missing: Vec<Missing>,
    /// For each of the missing: the beginning of the piece, then the columns of this plan.
    plans: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
}

impl Recall {
    /// A plan with at most so many partitions; the missing are dealt out to them.
    pub(crate) fn new(
        states: Arc<States>,
        asked: Arc<Question>,
        schema: SchemaRef,
        known: Vec<RecordBatch>,
        missing: Vec<(Missing, Arc<dyn ExecutionPlan>)>,
        partitions: usize,
    ) -> Recall {
        let (missing, plans): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(missing.len().clamp(1, partitions.max(1))),
            EmissionType::Both,
            Boundedness::Bounded,
        ));
        Recall { states, asked, known, missing, plans, properties }
    }

    /// What a plan makes of the missing pieces.
    fn made(&self, at: usize, context: Arc<TaskContext>) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let rows = CoalescePartitionsExec::new(Arc::clone(&self.plans[at])).execute(0, context)?;
        let (states, asked) = (Arc::clone(&self.states), Arc::clone(&self.asked));
        let gathered =
            Gathered { states, asked, missing: self.missing[at].clone(), batches: Vec::new(), bytes: 0 };
        let schema = self.schema();
        let made = stream::unfold((rows, Some(gathered)), move |(mut rows, gathered)| {
            let schema = Arc::clone(&schema);
            async move {
                let mut gathered = gathered?;
                match rows.next().await {
                    Some(Ok(batch)) => {
                        let states = RecordBatch::try_new(schema, batch.columns()[1..].to_vec());
                        let states = states.map_err(Into::into).and_then(|states| {
                            gathered.add(&batch)?;
                            Ok(states)
                        });
                        Some((states, (rows, Some(gathered))))
                    }
                    Some(Err(error)) => Some((Err(error), (rows, None))),
                    None => gathered.keep(schema).err().map(|error| (Err(error), (rows, None))),
                }
            }
        });
        Ok(made.boxed())
    }
}

/// What was made of the missing pieces so far.
struct Gathered {
    states: Arc<States>,
    asked: Arc<Question>,
    missing: Missing,
    batches: Vec<RecordBatch>,
    bytes: usize,
}

impl Gathered {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        if self.bytes > SEGMENT_BYTES_MAX {
            return Ok(());
        }
        let columns = batch.columns().iter().map(own_texts).collect::<Result<_>>()?;
        let batch = RecordBatch::try_new(batch.schema(), columns)?;
        self.bytes += batch.get_array_memory_size();
        match self.bytes <= SEGMENT_BYTES_MAX {
            true => self.batches.push(batch),
            false => self.batches.clear(),
        }
        Ok(())
    }

    /// Keeps them, each piece by itself.
    fn keep(self, schema: SchemaRef) -> Result<()> {
        let Missing { segment, rows, pieces } = self.missing;
        let states: usize = self.batches.iter().map(RecordBatch::num_rows).sum();
        if self.bytes > SEGMENT_BYTES_MAX || states > rows / WORTH {
            self.states.refuse(&self.asked, segment);
            return Ok(());
        }
        let Some(first) = self.batches.first() else {
            let empty = |piece| (piece, RecordBatch::new_empty(Arc::clone(&schema)));
            self.states.put(&self.asked, segment, pieces.into_iter().map(empty).collect(), 0);
            return Ok(());
        };
        let all = concat_batches(&first.schema(), &self.batches)?;
        let all = take_record_batch(&all, &sort_to_indices(all.column(0), None, None)?)?;
        let bytes = all.get_array_memory_size();
        let states = RecordBatch::try_new(schema, all.columns()[1..].to_vec())?;
        let starts = all.column(0).as_primitive::<Int64Type>().values();
        let part = |piece: Range| {
            let first = starts.partition_point(|start| *start < piece.from);
            let end = starts.partition_point(|start| *start <= piece.from);
            (piece, states.slice(first, end - first))
        };
        self.states.put(&self.asked, segment, pieces.into_iter().map(part).collect(), bytes);
        Ok(())
    }
}

/// The column without the room that was set aside for texts, which for sets of a few takes far more than they do.
fn own_texts(column: &ArrayRef) -> Result<ArrayRef> {
    Ok(match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()),
        DataType::List(field) => {
            let list = column.as_list::<i32>();
            let values = own_texts(list.values())?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Arc::new(ListArray::try_new(Arc::clone(field), offsets, values, nulls)?)
        }
        _ => Arc::clone(column),
    })
}

impl DisplayAs for Recall {
    fn fmt_as(&self, _style: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing: usize = self.missing.iter().map(|missing| missing.pieces.len()).sum();
        write!(f, "Recall: kept={}, missing={missing}", self.known.len())
    }
}

impl ExecutionPlan for Recall {
    fn name(&self) -> &str {
        "Recall"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.plans.iter().collect()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        plans: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Recall { plans, ..self.as_ref().clone() }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let partitions = self.properties.partitioning.partition_count();
        let known = if partition == 0 { self.known.clone() } else { Vec::new() };
        let plan = self.clone();
        let mine: Vec<usize> = (0..self.missing.len()).filter(|at| at % partitions == partition).collect();
        let made = stream::iter(mine).flat_map(move |at| match plan.made(at, Arc::clone(&context)) {
            Ok(made) => made,
            Err(error) => stream::once(async { Err(error) }).boxed(),
        });
        let all = stream::iter(known).map(Ok).chain(made);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), all)))
    }
}
