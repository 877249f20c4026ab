//! Sums against adding up the rows.

use super::add::value;
use super::*;
use crate::schema::schema;
use arrow::array::{
    ArrayRef, AsArray, Int64Array, StringViewArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Time, agent, outcome, tokens of a row; all the rest is null or one word.
type Short = (i64, u8, bool, Option<i64>);

fn batch(rows: &[Short]) -> RecordBatch {
    let of = |field: &Field| -> ArrayRef {
        let words = |word: &dyn Fn(&Short) -> String| -> ArrayRef {
            Arc::new(rows.iter().map(|row| Some(word(row))).collect::<StringViewArray>())
        };
        match field.name().as_str() {
            "timestamp" => {
                let times: TimestampMicrosecondArray = rows.iter().map(|row| Some(row.0)).collect();
                Arc::new(times.with_timezone("UTC"))
            }
            "agent_id" => words(&|row| format!("agent-{}", row.1)),
            "outcome_status" => words(&|row| if row.2 { "success" } else { "failure" }.to_string()),
            "action_type" | "action_name" | "class" | "level" => words(&|_| "same".to_string()),
            "tokens_input" => Arc::new(rows.iter().map(|row| row.3).collect::<Int64Array>()),
            _ => new_null_array(field.data_type(), rows.len()),
        }
    };
    let columns = schema().fields().iter().map(|field| of(field)).collect();
    let nullable: Vec<_> =
        schema().fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(nullable)), columns).unwrap()
}

fn tables(batches: &[&[Short]]) -> Vec<(Span, RecordBatch)> {
    let mut adder = Adder::new();
    batches.iter().for_each(|rows| adder.add(&batch(rows)));
    let made = adder.finish().unwrap();
    made.into_iter().map(|(span, bytes)| (span, decode(bytes.into()).unwrap())).collect()
}

proptest! {
    /// The table says of each group what adding up its rows gives.
    #[test]
    fn sums_are_those_of_the_rows(
        rows in prop::collection::vec((-3 * DAY_US..3 * DAY_US, 0..2u8, any::<bool>(),
            prop::option::of(-9..9i64)), 300..400),
        at in 0..300usize,
    ) {
        let (first, rest) = rows.split_at(at);
        for (span, table) in tables(&[first, rest]) {
            let mut want = BTreeMap::new();
            for (time, agent, good, tokens) in &rows {
                let group = want.entry((span.start(*time), *agent, *good)).or_insert((0, *time, *time, 0, 0));
                *group = (group.0 + 1, group.1.min(*time), group.2.max(*time),
                    group.3 + tokens.unwrap_or(0), group.4 + i64::from(tokens.is_some()));
            }
            let time = |name: &str, row: usize| {
                table.column_by_name(name).unwrap().as_primitive::<TimestampMicrosecondType>().value(row)
            };
            let int = |name: &str, row: usize| {
                value(table.column_by_name(name).unwrap().as_primitive::<Int64Type>(), row)
            };
            let word = |name: &str, row: usize| {
                table.column_by_name(name).unwrap().as_string_view().value(row).to_string()
            };
            let found: BTreeMap<_, _> = (0..table.num_rows()).map(|row| {
                let agent = word("agent_id", row).strip_prefix("agent-").unwrap().parse().unwrap();
                let group = (time("timestamp", row), agent, word("outcome_status", row) == "success");
                let sum = int("tokens_input", row);
                let count = int("tokens_input_rows", row).unwrap();
                assert_eq!(sum.is_some(), count > 0);
                let times = (time(TIME_MIN, row), time(TIME_MAX, row));
                (group, (int(ROWS, row).unwrap(), times.0, times.1, sum.unwrap_or(0), count))
            }).collect();
            prop_assert_eq!(found, want);
        }
    }
}

#[test]
fn a_table_that_does_not_pay_is_left_out() {
    let hourly: Vec<Short> = (0..48).map(|n| (n * Span::Hour.micros(), 0, true, Some(n))).collect();
    let spans: Vec<Span> = tables(&[&hourly]).into_iter().map(|(span, _)| span).collect();
    assert_eq!(spans, [Span::Day], "24 rows a day, one an hour");
}

#[test]
fn a_sum_that_does_not_fit_is_no_sum() {
    let rows = [(0, 0, true, Some(i64::MAX)); 20];
    assert!(tables(&[&rows]).is_empty());
}
