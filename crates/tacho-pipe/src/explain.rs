//! A plan in words: what is read, what each stage does, what each aggregate and baseline means, and the SQL.

use crate::ast::{Function, Over};
use crate::duration::format_us;
use crate::plan::{Call, Input, Op, Origin, Plan, Stage, Term};
use crate::sql::{Range, translate};
use std::fmt::Write as _;

/// Explains a query and its plan over a range of time.
pub fn explain(query: &crate::Query, plan: &Plan, range: &Range) -> String {
    let mut out = format!("{query}\n\nplan\n");
    describe(plan, query, range, &mut out);
    let meanings = meanings(plan, range);
    if !meanings.is_empty() {
        out.push_str("\nmeaning\n");
        for line in meanings {
            let _ = writeln!(out, "  {line}");
        }
    }
    out.push_str("\nsql\n");
    match translate(plan, range) {
        Ok(sql) => out.push_str(&format!("  {sql}\n")),
        Err(reason) => out.push_str(&format!("  none: {reason}\n")),
    }
    out
}

fn describe(plan: &Plan, query: &crate::Query, range: &Range, out: &mut String) {
    let first = match &plan.input {
        Input::Table { table, window_us: None } if range.from_us == Range::BEGINNING_US => {
            format!("events of {} from the first one on", table.name)
        }
        Input::Table { table, window_us } => {
            let window = format_us(window_us.unwrap_or(range.to_us - range.from_us));
            format!("events of {} within {window}, from included, to excluded", table.name)
        }
        Input::Open(table) => format!("each {} that has begun and not ended", table.name),
        Input::Plan(_) => "the rows of the query in brackets".into(),
    };
    let _ = writeln!(out, "  1. read {first}");
    let mut grouped = false;
    for (i, (stage, written)) in plan.stages.iter().zip(&query.stages).enumerate() {
        let what = match &stage.op {
            Op::Filter(_) if grouped => "keep the groups for which it holds that",
            Op::Filter(_) => "keep the events for which it holds that",
            Op::Aggregate { by, .. } if by.is_empty() => "add up everything:",
            Op::Aggregate { .. } => "add up by group:",
            Op::Eval(_) => "compute",
            Op::Project(_) => "show only",
            Op::Sort(_) | Op::Limit(_) | Op::Top { .. } | Op::Dedup(_) => "order and cut:",
            Op::Join { .. } => "put beside:",
            Op::Sequence { .. } => "find one after the other:",
            Op::Absent { .. } => "find who is silent:",
        };
        grouped |= matches!(stage.op, Op::Aggregate { .. } | Op::Sequence { .. } | Op::Absent { .. });
        let _ = writeln!(out, "  {}. {what} {written}", i + 2);
    }
}

fn meanings(plan: &Plan, range: &Range) -> Vec<String> {
    let mut lines = Vec::new();
    for stage in &plan.stages {
        if let Op::Aggregate { calls, by } = &stage.op {
            for (call, out) in calls.iter().zip(&stage.columns[by.len()..]) {
                let only =
                    if call.only_if.is_some() { ", of the events for which its condition holds" } else { "" };
                lines.push(format!("{}: {}{only}", out.name, meaning(call)));
            }
        }
    }
    for (at, stage) in plan.stages.iter().enumerate() {
        if let Op::Filter(term) = &stage.op {
            term.each(&mut |term| {
                if let Term::Baseline { function, column, over } = term {
                    lines.push(baseline(plan, at, *function, *column, *over, range));
                }
            });
        }
    }
    lines
}

/// What an aggregate gives, in one line.
fn meaning(call: &Call) -> String {
    match call.function {
        Function::Count if call.arguments.is_empty() => "how many events".into(),
        Function::Count => "how many events have a value".into(),
        Function::Distinct => {
            "how many different values; exact up to 10,000, and no more are told apart".into()
        }
        Function::Sum => "the sum, 0 of nothing; kept in millionths".into(),
        Function::Avg => "the mean of the values that are there".into(),
        Function::Min => "the least value".into(),
        Function::Max => "the greatest value".into(),
        Function::Stddev => "the standard deviation of the sample (n - 1)".into(),
        Function::Median => "the value in the middle".into(),
        Function::Mad => "the median of the distances from the median".into(),
        Function::Percentile(p) => {
            let share = Function::share(p);
            format!("{} of 100 values are at most this; between two values by proportion", share * 100.0)
        }
        Function::First => "the first value, in the order of the log".into(),
        Function::Last => "the last value, in the order of the log".into(),
        Function::Rate if call.arguments.is_empty() => "events for each second of the window".into(),
        Function::Rate => "the sum for each second of the window".into(),
        Function::Ratio => {
            "the first over the second, absent when the second is 0; a condition counts where it holds".into()
        }
    }
}

fn baseline(plan: &Plan, at: usize, function: Function, column: usize, over: Over, range: &Range) -> String {
    let before: Option<&Stage> = at.checked_sub(1).and_then(|at| plan.stages.get(at));
    let (name, of) = before
        .and_then(|stage| stage.columns.get(column))
        .map_or(("?".to_string(), Origin::Measure), |out| (out.name.clone(), out.of));
    let function = function.name();
    let empty = if of == Origin::Count {
        "windows without events count as 0"
    } else {
        "windows without events do not count"
    };
    let window = format_us(range.to_us - range.from_us);
    let history = |length: i64| {
        format!(
            "{function}({name}): the {function} of {name} over the earlier windows of {window} of the same group, within \
             {}, the current one left out; {empty}; until there are {} windows the group is learning",
            format_us(length),
            range.windows_min
        )
    };
    match over {
        Over::Implied => history(range.history_us),
        Over::History(length) => history(length.unwrap_or(range.history_us)),
        Over::Peers => format!(
            "{function}({name}) over peers: the {function} of {name} of the other groups of the same evaluation, without \
             the group itself"
        ),
        Over::SameHour(length) => format!(
            "{function}({name}) over same_hour: the {function} of {name} over the windows of the same group in the same \
             hour of the week, within {}; until there are 3 the group is learning",
            format_us(length)
        ),
    }
}
