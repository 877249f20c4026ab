//! How much memory window functions will take for the rows that go into them: what is kept, and what is written.
//!
//! A function may write the largest value that it has seen for each row that it answers at once.
//!
//! Invariants
//! - Arguments are columns, so to look at them costs nothing: see [`crate::lift`].
//! - Rows that are answered as they come go in so few at once that their values stay under [`BATCH_BYTES_MAX`]. For
//!   rows that wait for others, all that is written has to fit into the memory of queries.

use crate::growth::BATCH_BYTES_MAX;
use crate::weigh::{SLOT_BYTES, Weights};
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::compute::partition;
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::window::WindowExpr;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

type Keys = Vec<Arc<dyn PhysicalExpr>>;

/// Which rows are answered at once.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    /// Each alone, as it comes.
    Alone,
    /// Those that are equal in the keys.
    Equal(Keys),
    /// Those that are equal in the keys, and all of them are kept until then, or even to the end of the query.
    Together { keys: Keys, to_the_end: bool },
}

#[derive(Debug, Clone)]
pub(crate) struct Watched {
    /// Functions that write a value many times.
    pub(crate) copied: Vec<Arc<dyn WindowExpr>>,
    pub(crate) order: Order,
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            Order::Alone => "alone",
            Order::Equal(_) => "equal",
            Order::Together { .. } => "together",
        };
        write!(f, "copied={}, order={order}", self.copied.len())
    }
}

/// What one partition of the plan has seen.
pub(crate) struct Seen {
    watched: Watched,
    memory: MemoryReservation,
    /// What ended runs have left, bytes.
    left: usize,
    /// The run that may go on in the next batch: its rows, and what they take themselves.
    rows: usize,
    bytes: usize,
    /// The largest value of each function that copies: of this run where it is kept, else of all.
    greatest: Vec<usize>,
}

impl Seen {
    pub(crate) fn new(watched: Watched, memory: MemoryReservation) -> Seen {
        let greatest = vec![0; watched.copied.len()];
        Seen { watched, memory, left: 0, rows: 0, bytes: 0, greatest }
    }

    /// The batch in parts, none of which makes too much.
    ///
    /// # Errors
    /// When the memory of queries does not hold what will be made of it.
    pub(crate) fn admit(&mut self, batch: &RecordBatch) -> Result<Vec<RecordBatch>> {
        let rows = batch.num_rows();
        let values = self.values(batch)?;
        match self.watched.order.clone() {
            Order::Alone => self.look(&values, 0..rows),
            Order::Equal(keys) => {
                self.look(&values, 0..rows);
                let mut longest = self.rows;
                for (n, run) in runs(&keys, batch)?.into_iter().enumerate() {
                    self.rows = if n == 0 { self.rows + run.len() } else { run.len() };
                    longest = longest.max(self.rows);
                }
                self.memory.try_resize(longest.saturating_mul(self.row()))?;
            }
            Order::Together { keys, to_the_end } => {
                let kept: Vec<Weights> = batch.columns().iter().map(Weights::of).collect();
                for (n, run) in runs(&keys, batch)?.into_iter().enumerate() {
                    if n > 0 {
                        self.end_run(to_the_end);
                    }
                    self.look(&values, run.clone());
                    self.rows += run.len();
                    let all = run.flat_map(|row| kept.iter().map(move |column| column.at(row)));
                    self.bytes = all.fold(self.bytes, usize::saturating_add);
                }
                self.memory.try_resize(self.left.saturating_add(self.run()))?;
                return Ok(vec![batch.clone()]);
            }
        }
        let at_once = (BATCH_BYTES_MAX / self.row()).max(1);
        Ok((0..rows).step_by(at_once).map(|from| batch.slice(from, at_once.min(rows - from))).collect())
    }

    /// The sizes of what the functions that copy are asked of.
    fn values(&self, batch: &RecordBatch) -> Result<Vec<Vec<Weights>>> {
        let weigh = |function: &Arc<dyn WindowExpr>| {
            Ok(function.evaluate_args(batch)?.iter().map(Weights::of).collect())
        };
        self.watched.copied.iter().map(weigh).collect()
    }

    fn look(&mut self, values: &[Vec<Weights>], rows: Range<usize>) {
        for (greatest, arguments) in self.greatest.iter_mut().zip(values) {
            let sizes = rows.clone().flat_map(|row| arguments.iter().map(move |argument| argument.at(row)));
            *greatest = sizes.fold(*greatest, usize::max);
        }
    }

    /// What the functions may write for a row.
    fn row(&self) -> usize {
        self.greatest.iter().fold(SLOT_BYTES, |sum, size| sum.saturating_add(*size))
    }

    /// What the run takes.
    fn run(&self) -> usize {
        let written = if self.greatest.is_empty() { 0 } else { self.row().saturating_mul(self.rows) };
        self.bytes.saturating_add(written)
    }

    fn end_run(&mut self, stays: bool) {
        if stays {
            self.left = self.left.saturating_add(self.run());
        }
        (self.rows, self.bytes) = (0, 0);
        self.greatest.fill(0);
    }
}

/// Rows that are equal in the keys and stand together. The first ones may belong to those at the end of the batch
/// before: to take that for granted errs on the safe side.
fn runs(keys: &Keys, batch: &RecordBatch) -> Result<Vec<Range<usize>>> {
    let rows = batch.num_rows();
    if keys.is_empty() {
        return Ok(std::iter::once(0..rows).collect());
    }
    let value = |key: &Arc<dyn PhysicalExpr>| key.evaluate(batch)?.into_array(rows);
    let columns: Vec<ArrayRef> = keys.iter().map(value).collect::<Result<_>>()?;
    Ok(partition(&columns)?.ranges())
}
