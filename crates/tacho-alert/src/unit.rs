//! Units of what a rule computes, and how people read a value: the same in messages, on the page and over HTTP.
//!
//! A unit is what the rule says (`units`), else what the name of the column behind an aggregate says (`cost_usd`,
//! `tokens_input`, `cpu_ppm`). Nothing where neither is known.

use std::collections::BTreeMap;
use tacho_pipe::plan::{Op, Out, Plan};
use tacho_pipe::{Call, Expr, Function, Kind, Literal, Node, Stage, parse};

/// By the name of a column of the result.
pub type Units = BTreeMap<String, String>;

/// A part of one, and a part of a million: people read both in per cent.
const SHARE: &str = "share";
const PPM: &str = "ppm";
/// Microseconds since 1970.
const TIME: &str = "time";
const USD: &str = "USD";

/// What the names of columns end in, and the unit that it is.
const ENDINGS: [(&str, &str); 10] = [
    ("_usd", USD),
    ("_ms", "ms"),
    ("_us", "us"),
    ("_seconds", "s"),
    ("_ppm", PPM),
    ("_percent", "%"),
    ("_bytes", "bytes"),
    ("_kb", "KB"),
    ("_mb", "MB"),
    ("_tokens", "tokens"),
];

/// The units of a query's columns; what the rule says goes before what is known.
pub(crate) fn units(query: &str, plan: &Plan, said: &Units) -> Units {
    let mut all = Units::new();
    let stages = parse(query).map(|query| query.stages).unwrap_or_default();
    let written = stages.iter().filter_map(|stage| match stage {
        Stage::Aggregate(aggregate) => Some(&aggregate.calls),
        _ => None,
    });
    let resolved = plan.stages.iter().filter_map(|stage| match &stage.op {
        Op::Aggregate { by, .. } => Some(&stage.columns[by.len()..]),
        _ => None,
    });
    for (calls, columns) in written.zip(resolved) {
        for (call, column) in calls.iter().zip(columns) {
            all.extend(of(call, column).map(|unit| (column.name.clone(), unit)));
        }
    }
    let times = plan.columns().into_iter().filter(|column| column.kind == Kind::Time);
    all.extend(times.map(|column| (column.name, TIME.to_string())));
    all.extend(said.iter().map(|(name, unit)| (name.clone(), unit.clone())));
    all
}

fn of(call: &Call, column: &Out) -> Option<String> {
    if let Kind::Duration { unit_us } = column.kind {
        let unit = [(1, "us"), (1_000, "ms"), (1_000_000, "s")].into_iter().find(|(us, _)| *us == unit_us);
        return unit.map(|(_, unit)| unit.to_string());
    }
    match call.function {
        Function::Count => Some("events".into()),
        Function::Ratio => Some(SHARE.into()),
        Function::Distinct | Function::Rate => None,
        _ => match &call.arguments.first()?.node {
            Node::Path(path) => named(path.parts.last()?).or_else(|| named(&column.name)).map(str::to_string),
            _ => named(&column.name).map(str::to_string),
        },
    }
}

/// The unit that a column's name tells.
fn named(name: &str) -> Option<&'static str> {
    let ending = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, unit)| *unit);
    ending.or_else(|| name.starts_with("tokens_").then_some("tokens"))
}

/// A value as people read it.
pub fn shown(value: &serde_json::Value, unit: Option<&String>) -> String {
    let Some(number) = value.as_f64() else {
        return value.as_str().map_or_else(|| value.to_string(), str::to_string);
    };
    match unit.map(String::as_str) {
        None => plain(number),
        Some(SHARE) => format!("{} %", plain(number * 100.0)),
        Some(PPM) => format!("{} %", plain(number / 10_000.0)),
        Some(TIME) => tacho_event::time::format(number as i64),
        Some("us") => length(number),
        Some("ms") => length(number * 1_000.0),
        Some("s") => length(number * 1_000_000.0),
        Some(unit) => format!("{} {unit}", plain(number)),
    }
}

/// At most four places behind the point.
fn plain(number: f64) -> String {
    format!("{}", (number * 10_000.0).round() / 10_000.0)
}

/// A length of time, to the millisecond, and to the second from a minute on.
fn length(us: f64) -> String {
    let step = if us.abs() >= 60e6 { 1e6 } else { 1e3 };
    match us.abs() < 1e3 || us < 0.0 {
        true => format!("{} us", plain(us)),
        false => tacho_pipe::format_us(((us / step).round() * step) as i64),
    }
}

/// A condition in which numbers stand as values are shown. Counts stay as they are.
pub(crate) fn spelled(condition: &Expr, units: &Units) -> String {
    let (mut condition, mut texts) = (condition.clone(), Vec::new());
    replace(&mut condition, units, &mut texts);
    let mut out = condition.to_string();
    for (at, text) in texts.iter().enumerate() {
        out = out.replacen(&format!("'{}'", placeholder(at)), text, 1);
    }
    out
}

/// What no query holds.
fn placeholder(at: usize) -> String {
    format!("\u{1}{at}\u{1}")
}

fn replace(expr: &mut Expr, units: &Units, texts: &mut Vec<String>) {
    match &mut expr.node {
        Node::And(all) | Node::Or(all) => all.iter_mut().for_each(|one| replace(one, units, texts)),
        Node::Not(one) => replace(one, units, texts),
        Node::Compare(_, left, right) => {
            let Node::Path(path) = &left.node else { return };
            let unit = path.parts.last().and_then(|name| units.get(name));
            let unit = unit.filter(|unit| *unit != "events" && *unit != TIME);
            let (Some(unit), Node::Literal(literal)) = (unit, &mut right.node) else { return };
            if let Literal::Number(number) = *literal {
                *literal = Literal::Text(placeholder(texts.len()));
                texts.push(shown(&number.into(), Some(unit)));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_shown_with_its_unit() {
        for (value, unit, expected) in [
            (json!(0.84), "share", "84 %"),
            (json!(953_000), "ppm", "95.3 %"),
            (json!(6.25), "USD", "6.25 USD"),
            (json!(1_860_000), "ms", "31m"),
            (json!(1_500), "ms", "1s500ms"),
            (json!(12), "us", "12 us"),
            (json!(11), "events", "11 events"),
            (json!(1_767_225_610_000_000_i64), "time", "2026-01-01T00:00:10.000000Z"),
            (json!("m-1"), "tokens", "m-1"),
            (json!(0.333_333_3), "share", "33.3333 %"),
        ] {
            assert_eq!(shown(&value, Some(&unit.to_string())), expected);
        }
        assert_eq!(shown(&json!(2.5), None), "2.5");
    }

    #[test]
    fn units_are_those_that_are_said_else_those_of_the_columns() {
        let rule = |units: &str, query: &str| {
            let text = format!("id: r\nwindow: 15m\n{units}query: |\n  {query}\n");
            crate::read("r.yaml", &text).unwrap().remove(0)
        };
        let query = "metrics | sum(cost_usd) as spent, max(tokens_input) as most, avg(duration_ms) as mean, count() as n, \
                     last(cpu_ppm) as cpu, last(quality) as quality by agent_id | spent > 5 and cpu > 950000 and quality < 0.85 and n >= 3";
        let found = rule("units: {quality: share}\n", query);
        let expected = [
            ("cpu", "ppm"),
            ("mean", "ms"),
            ("most", "tokens"),
            ("n", "events"),
            ("quality", "share"),
            ("spent", "USD"),
        ];
        assert_eq!(found.units, expected.map(|(name, unit)| (name.to_string(), unit.to_string())).into());
        assert_eq!(found.condition().unwrap(), "spent > 5 USD and cpu > 95 % and quality < 85 % and n >= 3");
        let wrong = crate::read(
            "r.yaml",
            "id: r\nunits: {spend: USD}\nquery: agent_audit_log | sum(cost_usd) as spent | spent > 5\n",
        );
        let wrong = wrong.unwrap_err().to_string();
        assert!(
            wrong.contains("units names \"spend\"") && wrong.contains("did you mean \"spent\"?"),
            "{wrong}"
        );
    }
}
