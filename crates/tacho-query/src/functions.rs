//! Functions that queries expect of PostgreSQL and DataFusion lacks, or has with another meaning.
//!
//! Invariants
//! - No function reads a file or the network.
//! - A function that could make a huge value out of a short query is bounded by [`crate::growth`], or not there.

use crate::growth;
use crate::holding;
use crate::names::CanonicalAgent;
use crate::to_char::{NumberTemplate, TimeTemplate, round};
use crate::trunc::DateTrunc;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Int64Builder, IntervalMonthDayNanoBuilder, StringArray,
    StringBuilder, StringViewBuilder, new_null_array,
};
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::compute::{cast, is_not_null};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Field, FieldRef, Int64Type, IntervalMonthDayNano, IntervalUnit, TimeUnit,
    TimestampMicrosecondType,
};
use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionImplementation, ScalarUDF, Signature, SimpleScalarUDF, TypeSignature,
    Volatility,
};
use datafusion::sql::sqlparser::ast;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tacho_event::time::{DAY_US, Day, Micros, day};

/// `either(a, b)`: the first unless it is null. See [`crate::rewrite`] for why it is a function of our own.
pub(crate) const EITHER: &str = "either";
/// `usd(micros)`: millionths as dollars.
pub(crate) const USD: &str = "usd";

/// `user_of(user, tag)`: the user; [`SYSTEM`] where nobody was ever named, which is where there is no tag. Null when
/// the user is gone. See [`crate::rewrite`] for why it is a function of our own.
pub(crate) const USER_OF: &str = "user_of";
/// The account that an action without a user belongs to.
pub(crate) const SYSTEM: &str = "system";

/// The first two would build the whole list of a row at once; the table functions remain. Types of the others
/// double with each nested query, and a type is written out wherever it is compared.
pub(crate) const NOT_HERE: [&str; 5] = ["generate_series", "range", "struct", "named_struct", "map"];

const TIME: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// Adds our functions and takes out what must not be there.
///
/// # Errors
/// When the registry refuses a function.
pub(crate) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    datafusion_functions_json::register_all(registry)?;
    for udf in own().into_iter().chain(crate::actions::functions()) {
        registry.register_udf(Arc::new(udf))?;
    }
    let uuid = registry.udf("uuid")?;
    registry.register_udf(Arc::new(uuid.as_ref().clone().with_aliases(["gen_random_uuid"])))?;
    let date_trunc = registry.udf("date_trunc")?;
    registry.register_udf(Arc::new(DateTrunc::of(date_trunc)))?;
    for (name, _) in growth::GROWING {
        if let Some(limited) = growth::bounded(&registry.udf(name)?) {
            registry.register_udf(Arc::new(limited))?;
        }
    }
    for name in NOT_HERE {
        registry.deregister_udf(name)?;
    }
    Ok(())
}

fn own() -> Vec<ScalarUDF> {
    let simple =
        |name: &str, signature: Signature, returns: DataType, call: fn(&[ArrayRef]) -> Result<ArrayRef>| {
            ScalarUDF::from(SimpleScalarUDF::new_with_signature(name, signature, returns, by_arrays(call)))
        };
    let exact = |types: Vec<DataType>| Signature::exact(types, Volatility::Immutable);
    let text = DataType::Utf8View;
    let interval = DataType::Interval(IntervalUnit::MonthDayNano);
    let ages = Signature::one_of(vec![TypeSignature::Any(1), TypeSignature::Any(2)], Volatility::Stable);
    let any = |count| Signature::any(count, Volatility::Immutable);
    vec![
        simple(EITHER, exact(vec![text.clone(), text.clone()]), text.clone(), either),
        holding::FUNCTION.as_ref().clone(),
        simple(USER_OF, exact(vec![text.clone(), DataType::FixedSizeBinary(16)]), text.clone(), user_of),
        simple(USD, exact(vec![DataType::Int64]), DataType::Decimal128(18, 6), usd),
        simple("to_char", any(2), DataType::Utf8, to_char),
        simple("date", any(1), DataType::Date32, |args| Ok(cast(&args[0], &DataType::Date32)?)),
        simple("age", ages, interval, age),
        ScalarUDF::from(CanonicalAgent::new()),
        simple("commands", exact(vec![text.clone()]), DataType::Utf8, commands),
        simple("jsonb_array_length", exact(vec![text]), DataType::Int64, json_array_length),
    ]
}

/// A function over columns, for arguments of which some are single values.
pub(crate) fn by_arrays(call: fn(&[ArrayRef]) -> Result<ArrayRef>) -> ScalarFunctionImplementation {
    Arc::new(move |args: &[ColumnarValue]| {
        let scalars = args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let result = call(&ColumnarValue::values_to_arrays(args)?)?;
        if scalars {
            return Ok(ColumnarValue::Scalar(datafusion::scalar::ScalarValue::try_from_array(&result, 0)?));
        }
        Ok(ColumnarValue::Array(result))
    })
}

fn either(args: &[ArrayRef]) -> Result<ArrayRef> {
    let (first, second) = (&args[0], &args[1]);
    Ok(match first.null_count() {
        0 => Arc::clone(first),
        nulls if nulls == first.len() => Arc::clone(second),
        _ => zip(&is_not_null(first)?, first, second)?,
    })
}

fn user_of(args: &[ArrayRef]) -> Result<ArrayRef> {
    let (user, tag) = (args[0].as_string_view(), &args[1]);
    if user.null_count() == 0 {
        return Ok(Arc::clone(&args[0]));
    }
    let mut out = StringViewBuilder::with_capacity(user.len()).with_deduplicate_strings();
    for (row, user) in user.iter().enumerate() {
        out.append_option(user.or_else(|| tag.is_null(row).then_some(SYSTEM)));
    }
    Ok(Arc::new(out.finish()))
}

/// `commands(text)`: what a command line runs, a command in each line.
fn commands(args: &[ArrayRef]) -> Result<ArrayRef> {
    let lines = args[0].as_string_view().iter().map(|text| text.map(tacho_shell::commands));
    Ok(Arc::new(lines.collect::<StringArray>()))
}

/// Millionths of a dollar as dollars: the same integer under another type, so nothing is rounded.
fn usd(args: &[ArrayRef]) -> Result<ArrayRef> {
    let dollars: Decimal128Array = args[0].as_primitive::<Int64Type>().unary::<_, Decimal128Type>(i128::from);
    Ok(Arc::new(dollars.with_precision_and_scale(18, 6)?))
}

fn to_char(args: &[ArrayRef]) -> Result<ArrayRef> {
    let templates = cast(&args[1], &DataType::Utf8View)?;
    let templates = templates.as_string_view();
    let mut out = StringBuilder::new();
    match args[0].data_type() {
        DataType::Null => return Ok(new_null_array(&DataType::Utf8, args[0].len())),
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => {
            let times = cast(&args[0], &TIME)?;
            let mut last: Option<(&str, TimeTemplate)> = None;
            for (time, template) in
                times.as_primitive::<TimestampMicrosecondType>().iter().zip(templates.iter())
            {
                let (Some(time), Some(template)) = (time, template) else {
                    out.append_null();
                    continue;
                };
                if last.as_ref().is_none_or(|(known, _)| *known != template) {
                    last = Some((template, TimeTemplate::compile(template)));
                }
                out.append_option(last.as_ref().and_then(|(_, compiled)| compiled.format(time)));
            }
        }
        number if number.is_numeric() => {
            let numbers = cast(&args[0], &DataType::Utf8)?;
            let mut last: Option<(&str, NumberTemplate)> = None;
            for (number, template) in numbers.as_string::<i32>().iter().zip(templates.iter()) {
                let (Some(number), Some(template)) = (number, template) else {
                    out.append_null();
                    continue;
                };
                if last.as_ref().is_none_or(|(known, _)| *known != template) {
                    let compiled = NumberTemplate::compile(template).map_err(|part| {
                        DataFusionError::Execution(format!(
                            "to_char does not know \"{part}\" in a number's template"
                        ))
                    })?;
                    last = Some((template, compiled));
                }
                let Some((_, compiled)) = &last else { continue };
                out.append_value(compiled.format(&round(&plain(number), compiled.fraction())));
            }
        }
        other => return plan_err!("to_char takes a time or a number, not {other}"),
    }
    Ok(Arc::new(out.finish()))
}

/// A float's text without an exponent.
fn plain(number: &str) -> String {
    match number.parse::<f64>() {
        Ok(value) if number.contains(['e', 'E']) && value.is_finite() => format!("{value}"),
        _ => number.to_string(),
    }
}

fn age(args: &[ArrayRef]) -> Result<ArrayRef> {
    let times = args.iter().map(|arg| cast(arg, &TIME)).collect::<std::result::Result<Vec<_>, _>>()?;
    let first = times[0].as_primitive::<TimestampMicrosecondType>();
    let mut out = IntervalMonthDayNanoBuilder::with_capacity(first.len());
    if let Some(second) = times.get(1) {
        for pair in first.iter().zip(second.as_primitive::<TimestampMicrosecondType>()) {
            out.append_option(pair.0.zip(pair.1).map(|(later, earlier)| between(later, earlier)));
        }
    } else {
        // PostgreSQL counts from midnight today.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64);
        let midnight = now - now.rem_euclid(DAY_US);
        first.iter().for_each(|time| out.append_option(time.map(|time| between(midnight, time))));
    }
    Ok(Arc::new(out.finish()))
}

/// Years, months, days and time from one moment to another as a person counts them.
fn between(later: Micros, earlier: Micros) -> IntervalMonthDayNano {
    if later < earlier {
        let IntervalMonthDayNano { months, days, nanoseconds } = between(earlier, later);
        return IntervalMonthDayNano::new(-months, -days, -nanoseconds);
    }
    let (to, from) = (civil(day(later)), civil(day(earlier)));
    let mut us = later.rem_euclid(DAY_US) - earlier.rem_euclid(DAY_US);
    let (mut days, mut months) = (to.2 - from.2, (to.0 - from.0) * 12 + to.1 - from.1);
    if us < 0 {
        us += DAY_US;
        days -= 1;
    }
    if days < 0 {
        // The month that is borrowed from is the earlier one's.
        let next = if from.1 == 12 { (from.0 + 1, 1) } else { (from.0, from.1 + 1) };
        let start = |(year, month): (i32, i32)| {
            Day::parse(&format!("{year:04}-{month:02}-01")).map_or(0, |day| day.0)
        };
        days += start(next) - start((from.0, from.1));
        months -= 1;
    }
    IntervalMonthDayNano::new(months, days, us * 1000)
}

/// Year, month and day.
fn civil(day: Day) -> (i32, i32, i32) {
    let text = day.text();
    let mut parts = text.split('-').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

fn json_array_length(args: &[ArrayRef]) -> Result<ArrayRef> {
    let mut out = Int64Builder::with_capacity(args[0].len());
    for json in args[0].as_string_view() {
        let items = json.and_then(|json| serde_json::from_str::<Vec<serde::de::IgnoredAny>>(json).ok());
        out.append_option(items.map(|items| items.len() as i64));
    }
    Ok(Arc::new(out.finish()))
}

/// Types of PostgreSQL that are texts here: `::jsonb`, `::json`, `::uuid`.
#[derive(Debug)]
pub(crate) struct Types;

impl TypePlanner for Types {
    fn plan_type_field(&self, sql_type: &ast::DataType) -> Result<Option<FieldRef>> {
        let text = matches!(sql_type, ast::DataType::JSON | ast::DataType::JSONB | ast::DataType::Uuid);
        Ok(text.then(|| Arc::new(Field::new("", DataType::Utf8View, true))))
    }
}
