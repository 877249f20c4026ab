//! Limits on functions whose result can be much larger than what goes in: `replace` multiplies its arguments,
//! `concat` in nested queries doubles each time. Such memory is outside of the pool, and to run out of it ends the
//! process.
//!
//! Invariants
//! - Before a function runs, the size of its result is estimated from above for each row; it sees only so many rows
//!   at once that their estimates together stay under [`BATCH_BYTES_MAX`].
//! - What it made is measured: one value and one batch have limits.
//! - The wrapped function never puts itself in our place, as its own simplification would.

use crate::error::{Kind, QueryError};
use crate::weigh::{SLOT_BYTES, Weights};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::{cast, concat};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type, Schema};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column};
use datafusion::scalar::ScalarValue;
use std::sync::Arc;

/// Greatest length that a number in a query may ask for: `repeat('x', 1000000000)` must not take the memory.
const LENGTH_MAX: i64 = 100_000;
/// Largest value that a function makes.
const VALUE_BYTES_MAX: usize = 16 << 20;
/// All values that a function makes of one batch.
pub(crate) const BATCH_BYTES_MAX: usize = 64 << 20;
/// Rows of a batch in a query that makes texts or lists. With more, what is made of long but ordinary texts would reach
/// the limits.
pub(crate) const BATCH_ROWS: usize = 4096;
/// Most patterns of one batch: a compiled one may take megabytes.
const PATTERNS_MAX: usize = 16;

/// How a result's size follows from the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Growth {
    /// At most all arguments together, so many times.
    Sum(usize),
    /// The first between the others.
    Separated,
    /// `replace(text, from, to)`
    Replaced,
    /// `regexp_replace(text, pattern, to, flags)`
    Matched,
    /// What is not larger, but compiles its second argument.
    Pattern,
    /// The first as often as the second says.
    Repeated,
    /// As many characters or elements as the second says.
    Padded,
    /// The third in place of elements of the first.
    Elements,
    /// The second, or the third for nulls, between the elements of the first.
    Joined,
}

/// The functions that grow.
pub(crate) const GROWING: [(&str, Growth); 27] = [
    ("concat", Growth::Sum(1)),
    ("concat_ws", Growth::Separated),
    ("overlay", Growth::Sum(2)),
    ("encode", Growth::Sum(2)),
    ("replace", Growth::Replaced),
    ("regexp_replace", Growth::Matched),
    ("regexp_like", Growth::Pattern),
    ("regexp_count", Growth::Pattern),
    ("regexp_instr", Growth::Pattern),
    ("regexp_match", Growth::Pattern),
    ("repeat", Growth::Repeated),
    ("lpad", Growth::Padded),
    ("rpad", Growth::Padded),
    ("string_to_array", Growth::Sum(SLOT_BYTES + 1)),
    ("make_array", Growth::Sum(2)),
    ("array_append", Growth::Sum(2)),
    ("array_prepend", Growth::Sum(2)),
    ("array_concat", Growth::Sum(2)),
    ("array_union", Growth::Sum(2)),
    ("arrays_zip", Growth::Sum(4)),
    ("flatten", Growth::Sum(2)),
    ("array_repeat", Growth::Repeated),
    ("array_resize", Growth::Padded),
    ("array_replace", Growth::Elements),
    ("array_replace_n", Growth::Elements),
    ("array_replace_all", Growth::Elements),
    ("array_to_string", Growth::Joined),
];

/// A function with limits on what it makes.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bounded {
    inner: Arc<ScalarUDF>,
    growth: Growth,
}

/// The function with its limits, if it is one that grows and has none yet.
pub(crate) fn bounded(udf: &Arc<ScalarUDF>) -> Option<ScalarUDF> {
    if udf.inner().is::<Bounded>() {
        return None;
    }
    let (_, growth) = GROWING.iter().find(|(name, _)| *name == udf.name())?;
    Some(ScalarUDF::from(Bounded { inner: Arc::clone(udf), growth: *growth }))
}

/// `||` of texts as a function with limits.
pub(crate) fn texts_joined() -> ScalarUDF {
    let inner = Joined { signature: Signature::any(2, Volatility::Immutable) };
    ScalarUDF::from(Bounded { inner: Arc::new(ScalarUDF::from(inner)), growth: Growth::Sum(1) })
}

/// Whether the plan has a function that makes texts or lists which may be long.
///
/// # Errors
/// None of its own.
pub(crate) fn makes_texts(plan: &LogicalPlan) -> Result<bool> {
    let makes = |expr: &Expr| match expr {
        Expr::BinaryExpr(binary) => binary.op == Operator::StringConcat,
        Expr::ScalarFunction(call) => {
            GROWING.iter().any(|(name, growth)| *name == call.func.name() && *growth != Growth::Pattern)
        }
        Expr::AggregateFunction(call) => ["array_agg", "string_agg"].contains(&call.func.name()),
        _ => false,
    };
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            found = found || expr.exists(|part| Ok(makes(part)))?;
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    })?;
    Ok(found)
}

fn too_large(message: String) -> DataFusionError {
    let error = QueryError::new(Kind::TooMuchMemory, message);
    DataFusionError::External(Box::new(error.hint("make the values shorter before, as with left(…)")))
}

impl Bounded {
    /// An upper bound of the result's bytes for each row.
    fn estimates(&self, weights: &[Weights], numbers: Option<&ArrayRef>, rows: usize) -> Vec<usize> {
        let number = |row: usize| {
            let numbers = numbers.map(|numbers| numbers.as_primitive::<Int64Type>());
            numbers.map_or(0, |all| {
                let row = if all.len() == 1 { 0 } else { row };
                if all.is_null(row) { 0 } else { usize::try_from(all.value(row)).unwrap_or(0) }
            })
        };
        let estimate = |row: usize| {
            let size = |argument: usize| weights.get(argument).map_or(0, |weights| weights.at(row));
            let all = (0..weights.len()).fold(0, |sum: usize, argument| sum.saturating_add(size(argument)));
            let (text, slots) = (size(0), size(0) / SLOT_BYTES + 1);
            match self.growth {
                Growth::Sum(times) => all.saturating_mul(times).saturating_add(weights.len() * SLOT_BYTES),
                Growth::Separated => all.saturating_add(text.saturating_mul(weights.len())),
                Growth::Replaced => text.saturating_add((text / size(1).max(1) + 1).saturating_mul(size(2))),
                // A reference to a group, two bytes, may stand for the whole text, but only once for each part.
                Growth::Matched => {
                    let matches = if weights.len() > 3 { text.saturating_add(1) } else { 1 };
                    let groups = (size(2) / 2).saturating_mul(text);
                    text.saturating_add(matches.saturating_mul(size(2))).saturating_add(groups)
                }
                Growth::Pattern => text.saturating_mul(2),
                Growth::Repeated => text.saturating_add(SLOT_BYTES).saturating_mul(number(row)),
                Growth::Padded => {
                    let one = if weights.len() > 2 { size(2) } else { 0 };
                    // A text is filled by characters of its third argument, a list by the whole of it.
                    let each = if self.inner.name() == "array_resize" { one + SLOT_BYTES } else { 4 };
                    text.saturating_add(number(row).saturating_mul(each))
                }
                Growth::Elements => text.saturating_add(slots.saturating_mul(size(2) + SLOT_BYTES)),
                Growth::Joined => {
                    let between = size(1).saturating_add(size(2));
                    text.saturating_mul(4).saturating_add(slots.saturating_mul(between))
                }
            }
        };
        (0..rows).map(estimate).collect()
    }

    /// The argument that says how often, checked.
    fn numbers(&self, args: &ScalarFunctionArgs) -> Result<Option<ArrayRef>> {
        let counted = matches!(self.growth, Growth::Repeated | Growth::Padded);
        let Some(argument) = args.args.get(1).filter(|_| counted) else { return Ok(None) };
        let numbers = cast(&argument.to_array(1)?, &DataType::Int64)?;
        let greatest = datafusion::arrow::compute::max(numbers.as_primitive::<Int64Type>());
        if greatest.is_some_and(|length| length > LENGTH_MAX) {
            let name = self.name();
            return Err(DataFusionError::Execution(format!("{name}: at most {LENGTH_MAX} can be asked for")));
        }
        Ok(Some(numbers))
    }

    fn check_patterns(&self, args: &ScalarFunctionArgs) -> Result<()> {
        if !matches!(self.growth, Growth::Matched | Growth::Pattern) {
            return Ok(());
        }
        let Some(ColumnarValue::Array(patterns)) = args.args.get(1) else { return Ok(()) };
        let patterns = cast(patterns, &DataType::Utf8View)?;
        let mut known: Vec<&str> = Vec::new();
        for pattern in patterns.as_string_view().iter().flatten() {
            if !known.contains(&pattern) {
                known.push(pattern);
            }
            if known.len() > PATTERNS_MAX {
                let name = self.name();
                return Err(DataFusionError::Execution(format!(
                    "{name}: the pattern must be the same for all rows"
                )));
            }
        }
        Ok(())
    }

    /// Refuses a result that is too large.
    fn check_made(&self, made: &Weights, rows: usize, spent: usize) -> Result<usize> {
        let name = self.name();
        if made.greatest() > VALUE_BYTES_MAX {
            return Err(too_large(format!("{name} makes a value of more than {VALUE_BYTES_MAX} bytes")));
        }
        let spent = spent.saturating_add(made.sum(rows));
        if spent > BATCH_BYTES_MAX {
            return Err(too_large(format!(
                "{name} makes more than {BATCH_BYTES_MAX} bytes of {rows} rows at once"
            )));
        }
        Ok(spent)
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(types)
    }

    fn simplify(&self, args: Vec<Expr>, _info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        Ok(ExprSimplifyResult::Original(args))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.check_patterns(&args)?;
        let numbers = self.numbers(&args)?;
        let single = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if single { 1 } else { args.number_rows };
        let weights: Vec<Weights> = args.args.iter().map(weigh).collect::<Result<_>>()?;
        let estimates = self.estimates(&weights, numbers.as_ref(), rows);
        if let Some(size) = estimates.iter().find(|size| **size > BATCH_BYTES_MAX) {
            let name = self.name();
            return Err(too_large(format!(
                "{name} could make a value of {size} bytes where {BATCH_BYTES_MAX} are the most"
            )));
        }
        let (mut parts, mut from, mut spent) = (Vec::new(), 0, 0);
        while from < rows {
            let mut sum = 0;
            let many = estimates[from..].iter().take_while(|size| {
                sum += **size;
                sum <= BATCH_BYTES_MAX
            });
            let count = many.count();
            let part = self.inner.invoke_with_args(rows_of(&args, from, count))?;
            let made = weigh(&part)?;
            // A single value is written for each row in the end, unless a function takes it up.
            let written = if matches!(part, ColumnarValue::Scalar(_)) { args.number_rows } else { count };
            spent = self.check_made(&made, written, spent)?;
            if count == rows {
                return Ok(part);
            }
            parts.push(part.into_array(count)?);
            from += count;
        }
        if parts.is_empty() {
            return self.inner.invoke_with_args(args);
        }
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        Ok(ColumnarValue::Array(concat(&parts)?))
    }
}

fn weigh(value: &ColumnarValue) -> Result<Weights> {
    Ok(match value {
        ColumnarValue::Array(array) => Weights::of(array),
        ColumnarValue::Scalar(scalar) => Weights::Same(Weights::of(&scalar.to_array()?).greatest()),
    })
}

fn rows_of(args: &ScalarFunctionArgs, from: usize, count: usize) -> ScalarFunctionArgs {
    let mut part = args.clone();
    for arg in &mut part.args {
        if let ColumnarValue::Array(array) = arg {
            *array = array.slice(from, count);
        }
    }
    // Of single values only, there is one row to look at, but the function may want to know all.
    if part.args.iter().any(|arg| matches!(arg, ColumnarValue::Array(_))) {
        part.number_rows = count;
    }
    part
}

/// DataFusion's operator `||` as a function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Joined {
    signature: Signature,
}

fn operator() -> BinaryExpr {
    let side = |at: usize| Arc::new(Column::new("", at)) as Arc<dyn PhysicalExpr>;
    BinaryExpr::new(side(0), Operator::StringConcat, side(1))
}

impl ScalarUDFImpl for Joined {
    fn name(&self) -> &str {
        "||"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let fields: Vec<Field> = types.iter().map(|one| Field::new("", one.clone(), true)).collect();
        operator().data_type(&Schema::new(fields))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), self.return_type(&types)?, nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let single = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if single { 1 } else { args.number_rows };
        let columns: Vec<ArrayRef> = args.args.iter().map(|arg| arg.to_array(rows)).collect::<Result<_>>()?;
        let fields: Vec<Field> =
            columns.iter().map(|column| Field::new("", column.data_type().clone(), true)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?;
        let made = operator().evaluate(&batch)?.into_array(rows)?;
        Ok(match single {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&made, 0)?),
            false => ColumnarValue::Array(made),
        })
    }
}
