//! `date_trunc` for many times of UTC: DataFusion's own looks up the zone of each time, which took most of a sum by
//! day.
//!
//! Invariant: what the wrapped function gives for each time alone is what comes out.

use datafusion::arrow::array::{ArrayRef, AsArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, FieldRef, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use std::collections::HashMap;
use std::sync::Arc;
use tacho_event::time::DAY_US;

/// Parts that all times of a day of UTC share.
const LONGER_THAN_A_DAY: [&str; 4] = ["week", "month", "quarter", "year"];

#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct DateTrunc {
    inner: Arc<ScalarUDF>,
}

impl DateTrunc {
    pub(crate) fn of(inner: Arc<ScalarUDF>) -> ScalarUDF {
        ScalarUDF::from(DateTrunc { inner })
    }

    fn without_zone(
        &self,
        args: &ScalarFunctionArgs,
        times: TimestampMicrosecondArray,
    ) -> Result<ColumnarValue> {
        let mut args = args.clone();
        let with_type = |field: &FieldRef| Arc::new(field.as_ref().clone().with_data_type(NO_ZONE));
        args.arg_fields[1] = with_type(&args.arg_fields[1]);
        args.return_field = with_type(&args.return_field);
        args.number_rows = times.len();
        args.args[1] = ColumnarValue::Array(Arc::new(times));
        self.inner.invoke_with_args(args)
    }
}

const NO_ZONE: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

impl ScalarUDFImpl for DateTrunc {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
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

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        self.inner.output_ordering(inputs)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (Some(part), Some(times)) = (part(&args.args), times(&args.args)) else {
            return self.inner.invoke_with_args(args);
        };
        let longer = LONGER_THAN_A_DAY.contains(&part.as_str());
        let made = if longer {
            let days = Days::of(times);
            let starts = days.starts.iter().map(|day| day.saturating_mul(DAY_US)).collect::<Vec<_>>().into();
            days.spread(times, &self.without_zone(&args, starts)?.into_array(days.starts.len())?)
        } else {
            let made = self.without_zone(&args, times.clone().with_timezone_opt(None::<Arc<str>>))?;
            made.into_array(args.number_rows)?.as_primitive::<TimestampMicrosecondType>().clone()
        };
        let made: ArrayRef = Arc::new(made.with_timezone_opt(times.timezone()));
        Ok(ColumnarValue::Array(made))
    }
}

fn part(args: &[ColumnarValue]) -> Option<String> {
    match args.first()? {
        ColumnarValue::Scalar(ScalarValue::Utf8(part) | ScalarValue::Utf8View(part)) => {
            part.as_ref().map(|part| part.to_lowercase())
        }
        _ => None,
    }
}

/// The second argument, when it is a column of times of UTC.
fn times(args: &[ColumnarValue]) -> Option<&TimestampMicrosecondArray> {
    match args.get(1)? {
        ColumnarValue::Array(array) => {
            let times = array.as_primitive_opt::<TimestampMicrosecondType>()?;
            times.timezone().filter(|zone| ["UTC", "+00:00"].contains(zone)).map(|_| times)
        }
        ColumnarValue::Scalar(_) => None,
    }
}

/// The days that a column of times has, each once.
struct Days {
    starts: Vec<i64>,
    places: HashMap<i64, usize>,
}

impl Days {
    fn of(times: &TimestampMicrosecondArray) -> Days {
        let mut days = Days { starts: Vec::new(), places: HashMap::new() };
        let mut last = None;
        for day in times.iter().flatten().map(|time| time.div_euclid(DAY_US)) {
            if last != Some(day) && !days.places.contains_key(&day) {
                days.places.insert(day, days.starts.len());
                days.starts.push(day);
            }
            last = Some(day);
        }
        days
    }

    /// What was made of the days, for each time.
    fn spread(&self, times: &TimestampMicrosecondArray, made: &ArrayRef) -> TimestampMicrosecondArray {
        let made = made.as_primitive::<TimestampMicrosecondType>();
        let mut last = (i64::MIN, 0);
        let spread = times.iter().map(|time| {
            let day = time?.div_euclid(DAY_US);
            if day != last.0 {
                last = (day, self.places.get(&day).map_or(0, |place| made.value(*place)));
            }
            Some(last.1)
        });
        spread.collect()
    }
}
