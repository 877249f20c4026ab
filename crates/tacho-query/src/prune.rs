//! Which comparisons of a filter a set of rows cannot pass, and segments that hold no row that can.
//!
//! Invariant: an answer "cannot match" is a proof; whatever is not understood may match.

use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use tacho_store::SegmentFile;

/// Whether some row of the segment can pass all the filters, told by what the catalog knows.
pub(crate) fn segment_may_match(filters: &[Expr], segment: &SegmentFile) -> bool {
    let test = |column: &Column, op: Operator, value: &ScalarValue| {
        let (min, max) = match column.name.as_str() {
            "timestamp" => (segment.time_min, segment.time_max),
            "index" => (segment.first as i64, segment.last as i64),
            _ => return true,
        };
        let Some(value) = integer(value) else { return true };
        match op {
            Operator::Eq => min <= value && value <= max,
            Operator::Lt => min < value,
            Operator::LtEq => min <= value,
            Operator::Gt => max > value,
            Operator::GtEq => max >= value,
            _ => true,
        }
    };
    filters.iter().all(|filter| may_match(filter, &test))
}

/// Walks a filter: `test` judges the comparisons of a column with a value, everything else may match.
pub(crate) fn may_match(filter: &Expr, test: &dyn Fn(&Column, Operator, &ScalarValue) -> bool) -> bool {
    match filter {
        Expr::Alias(alias) => may_match(&alias.expr, test),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            may_match(left, test) && may_match(right, test)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            may_match(left, test) || may_match(right, test)
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (left.as_ref(), right.as_ref()) {
            (Expr::Column(column), Expr::Literal(value, _)) => test(column, *op, value),
            (Expr::Literal(value, _), Expr::Column(column)) => {
                op.swap().is_none_or(|op| test(column, op, value))
            }
            _ => true,
        },
        Expr::InList(list) if !list.negated => match list.expr.as_ref() {
            Expr::Column(column) => list.list.iter().any(|item| match item {
                Expr::Literal(value, _) => test(column, Operator::Eq, value),
                _ => true,
            }),
            _ => true,
        },
        Expr::Between(between) if !between.negated => {
            match (between.expr.as_ref(), between.low.as_ref(), between.high.as_ref()) {
                (Expr::Column(column), Expr::Literal(low, _), Expr::Literal(high, _)) => {
                    test(column, Operator::GtEq, low) && test(column, Operator::LtEq, high)
                }
                _ => true,
            }
        }
        _ => true,
    }
}

/// The texts that some filter compares a column with: only then are footers worth asking.
pub(crate) fn asks_for_text(filters: &[Expr]) -> bool {
    let found = std::cell::Cell::new(false);
    let test = |_: &Column, op: Operator, value: &ScalarValue| {
        if op == Operator::Eq && text(value).is_some() {
            found.set(true);
        }
        true
    };
    filters.iter().for_each(|filter| {
        // Both sides of an OR must be seen: `true` would end it, so its sides are visited one by one.
        each_side(filter, &mut |side| {
            may_match(side, &test);
        });
    });
    found.get()
}

fn each_side(filter: &Expr, visit: &mut dyn FnMut(&Expr)) {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or | Operator::And, right }) => {
            each_side(left, visit);
            each_side(right, visit);
        }
        other => visit(other),
    }
}

pub(crate) fn text(value: &ScalarValue) -> Option<&str> {
    match value {
        ScalarValue::Utf8(Some(text))
        | ScalarValue::Utf8View(Some(text))
        | ScalarValue::LargeUtf8(Some(text)) => Some(text),
        _ => None,
    }
}

/// Whether the expression is the time of an event.
pub(crate) fn is_time(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(column) if column.name == "timestamp")
}

/// The comparison of the time of an event with a value, when the filter is one: `timestamp OP microseconds`.
pub(crate) fn time_compared(filter: &Expr) -> Option<(Operator, i64)> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = filter else { return None };
    match (left.as_ref(), right.as_ref()) {
        (time, Expr::Literal(value, _)) if is_time(time) => Some((*op, integer(value)?)),
        (Expr::Literal(value, _), time) if is_time(time) => Some((op.swap()?, integer(value)?)),
        _ => None,
    }
}

/// Integers, and times in microseconds.
pub(crate) fn integer(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::Int64(Some(value)) | ScalarValue::TimestampMicrosecond(Some(value), _) => Some(*value),
        ScalarValue::Int32(Some(value)) => Some(i64::from(*value)),
        _ => None,
    }
}
