//! Files of which a query takes few rows, though the least and greatest values of their parts let through many.
//!
//! Whoever brings in what happened before has events of long ago beside those of today, and each part of a file that has
//! one of today's may hold more. The sums over a file's rows tell how many there really are, by time and by words such as
//! the kind of action. Where they are few, the columns of the conditions are read first, and the others of the rows that
//! pass alone. Where times come in order that would cost more than it saves: the parts leave out the rest by themselves.
//!
//! Invariant: that a file has no row that passes is a proof, as each row is in exactly one of its sums.
//!
//! Limits: of a file's sums only the [`Tally`] is kept, and words that have more than [`VALUES_MAX`] values are not in it.

use crate::summed::is_dimension;
use crate::weighted::Range;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray};
use datafusion::arrow::compute::{filter, sum};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, TimestampMicrosecondType};
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::physical_expr::PhysicalExpr;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;
use tacho_event::time::Micros;
use tacho_store::SegmentFile;
use tacho_store::rollup::{ROWS, Span, dimensions, sums_schema};
use tacho_store::schema::at;

/// Reading the columns of the conditions first pays when this many times fewer rows pass than would be read: rows of one
/// time lie side by side, those of one word anywhere.
const WORTH_OF_TIME: i64 = 4;
const WORTH_OF_WORDS: i64 = 64;
const VALUES_MAX: usize = 2048;

/// How the rows that are asked for lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    Nowhere,
    Sparse,
    Dense,
}

/// How many rows of a file there are in each span of time, and of each word.
#[derive(Debug)]
pub(crate) struct Tally {
    span: Span,
    times: BTreeMap<Micros, i64>,
    /// By the name of the column: its values, and their rows.
    words: HashMap<&'static str, RecordBatch>,
}

impl Tally {
    /// Adds up the sums of a file.
    ///
    /// # Errors
    /// When they have not the columns of sums.
    pub(crate) fn of(sums: &RecordBatch, span: Span) -> Result<Tally> {
        let column = |name: &str| {
            Ok::<_, datafusion::error::DataFusionError>(sums.column(sums.schema().index_of(name)?))
        };
        let rows = column(ROWS)?.as_primitive::<Int64Type>().values();
        let mut times = BTreeMap::new();
        for (time, rows) in
            sums.column(0).as_primitive::<TimestampMicrosecondType>().values().iter().zip(rows)
        {
            *times.entry(*time).or_insert(0) += rows;
        }
        let mut words = HashMap::new();
        for name in dimensions() {
            if let Some(table) = values_of(name, column(name)?, rows)? {
                words.insert(name, table);
            }
        }
        Ok(Tally { span, times, words })
    }

    pub(crate) fn bytes(&self) -> usize {
        let words: usize = self.words.values().map(RecordBatch::get_array_memory_size).sum();
        words + self.times.len() * 2 * size_of::<i64>()
    }
}

/// The values of a column of sums, each once, and how many rows have it; nothing when there are too many.
fn values_of(name: &str, column: &ArrayRef, rows: &[i64]) -> Result<Option<RecordBatch>> {
    let (values, counts): (ArrayRef, Vec<i64>) = match column.data_type() {
        DataType::Utf8View => {
            let (values, counts) = added(column.as_string_view().iter(), rows);
            (Arc::new(values.into_iter().collect::<StringViewArray>()), counts)
        }
        _ => {
            let (values, counts) = added(column.as_primitive::<Int64Type>().iter(), rows);
            (Arc::new(values.into_iter().collect::<Int64Array>()), counts)
        }
    };
    if counts.len() > VALUES_MAX {
        return Ok(None);
    }
    Ok(Some(RecordBatch::try_new(
        Arc::new(table_of(name)?),
        vec![values, Arc::new(Int64Array::from(counts))],
    )?))
}

fn added<V: Hash + Eq>(values: impl Iterator<Item = Option<V>>, rows: &[i64]) -> (Vec<Option<V>>, Vec<i64>) {
    let mut counts: HashMap<Option<V>, i64> = HashMap::new();
    for (value, rows) in values.zip(rows) {
        *counts.entry(value).or_insert(0) += rows;
    }
    counts.into_iter().unzip()
}

/// The columns of a table of one word.
fn table_of(name: &str) -> Result<Schema> {
    let word = Field::clone(sums_schema().field_with_name(name)?).with_nullable(true);
    Ok(Schema::new(vec![word, Field::new(ROWS, DataType::Int64, false)]))
}

/// What of a query's conditions the tally of a file can tell.
pub(crate) struct Asked {
    range: Range,
    /// Conditions on one column each.
    words: Vec<(String, Arc<dyn PhysicalExpr>)>,
}

impl Asked {
    /// The parts of the filters that a tally can tell; the others let all through.
    ///
    /// # Errors
    /// When a filter is no expression over its column, which would be a fault of ours.
    pub(crate) fn of(state: &dyn Session, filters: &[Expr]) -> Result<Asked> {
        let (mut range, mut words) = (Range::default(), Vec::new());
        for part in filters.iter().flat_map(split_conjunction) {
            if let Some(name) = word_of(part) {
                let schema = DFSchema::try_from(table_of(&name)?)?;
                words.push((name, state.create_physical_expr(part.clone(), &schema)?));
            } else {
                range = range.narrowed(part).unwrap_or(range);
            }
        }
        Ok(Asked { range, words })
    }

    /// Whether nothing is asked that could leave out a row of the file.
    pub(crate) fn is_all_of(&self, segment: &SegmentFile) -> bool {
        self.words.is_empty() && self.range.holds(segment)
    }

    /// Tells it from the tally and the statistics of the file's row groups.
    ///
    /// # Errors
    /// When a condition cannot be computed.
    pub(crate) fn spread(&self, tally: &Tally, footer: &ParquetMetaData) -> Result<Spread> {
        let of_time: i64 = tally.times.range(self.range.starts(tally.span)).map(|(_, rows)| rows).sum();
        let mut of_words = i64::MAX;
        for (name, condition) in &self.words {
            if let Some(table) = tally.words.get(name.as_str()) {
                let passes = condition.evaluate(table)?.into_array(table.num_rows())?;
                let rows = filter(table.column(1), passes.as_boolean())?;
                of_words = of_words.min(sum(rows.as_primitive::<Int64Type>()).unwrap_or(0));
            }
        }
        let reached = reached(footer, self.range);
        let is_sparse = of_time.saturating_mul(WORTH_OF_TIME) <= reached
            || of_words.saturating_mul(WORTH_OF_WORDS) <= reached;
        Ok(match of_time.min(of_words) {
            0 => Spread::Nowhere,
            _ if is_sparse => Spread::Sparse,
            _ => Spread::Dense,
        })
    }
}

const PLAIN: [Operator; 4] = [Operator::Eq, Operator::NotEq, Operator::And, Operator::Or];

/// The column of words that the condition is about, where it costs no more than a comparison for each of them.
fn word_of(condition: &Expr) -> Option<String> {
    let is_dear = |part: &Expr| match part {
        Expr::Like(_) | Expr::SimilarTo(_) | Expr::ScalarFunction(_) => true,
        Expr::BinaryExpr(BinaryExpr { op, .. }) => !PLAIN.contains(op),
        _ => false,
    };
    let columns = condition.column_refs();
    let mut names = columns.iter().map(|column| column.name.as_str());
    let (Some(name), None) = (names.next(), names.next()) else { return None };
    let is_plain = is_dimension(condition) && !condition.exists(|part| Ok(is_dear(part))).unwrap_or(true);
    is_plain.then(|| name.to_string())
}

/// How many rows there are in the row groups that may have one in the range.
fn reached(footer: &ParquetMetaData, range: Range) -> i64 {
    let may = |statistics: Option<&Statistics>| match statistics {
        Some(Statistics::Int64(known)) => match (known.min_opt(), known.max_opt()) {
            (Some(first), Some(last)) => range.reaches(*first, *last),
            _ => true,
        },
        _ => true,
    };
    let groups = footer.row_groups().iter().filter(|group| may(group.column(at::TIMESTAMP).statistics()));
    groups.map(|group| group.num_rows()).sum()
}
