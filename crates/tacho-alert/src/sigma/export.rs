//! Rules of ours to Sigma, as far as it can say them.
//!
//! Invariant: what is written asks for what the rule asks for. What is lost is when a rule is looked at, what alerts are
//! named by, who is told, and groups of events that have no value to group by, of which Sigma knows none.

use crate::rule::{NoData, Rule, Severity};
use crate::sigma::said::{Said, Why};
use crate::sigma::taxonomy;
use crate::yaml::quoted;
use std::fmt::Write;
use tacho_pipe::{
    Aggregate, ByKey, Call, Comparison, Expr, Function, Kind, Literal, Node, Query, Source, Stage, parse,
};

/// What came of an export.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// Documents of YAML.
    pub text: String,
    pub said: usize,
    pub left: Vec<Left>,
}

/// A rule that Sigma can't say.
#[derive(Debug, Clone)]
pub struct Left {
    pub id: String,
    pub why: String,
}

/// Writes rules as Sigma; those that it can't say are listed with the reason.
pub fn export(rules: &[Rule]) -> Export {
    let mut out = Export::default();
    for rule in rules {
        match document(rule) {
            Ok(text) => {
                if out.said > 0 {
                    out.text.push_str("---\n");
                }
                out.text.push_str(&text);
                out.said += 1;
            }
            Err(why) => out.left.push(Left { id: rule.id.clone(), why }),
        }
    }
    out
}

fn document(rule: &Rule) -> Result<String, Why> {
    if rule.for_us > 0 {
        return Err("it has to hold for a while (`for`), which Sigma can't ask for".into());
    }
    if rule.no_data == NoData::Alert {
        return Err("it tells of silence (`no_data`), which Sigma does not see".into());
    }
    let query = parse(&rule.query).map_err(|error| error.to_string())?;
    let mut before = table(&query)?;
    let split = query.stages.iter().position(|stage| !matches!(stage, Stage::Filter(_)));
    let (filters, rest) = query.stages.split_at(split.unwrap_or(query.stages.len()));
    before.extend(filters.iter().filter_map(|stage| match stage {
        Stage::Filter(condition) => Some(condition.clone()),
        _ => None,
    }));
    match rest {
        [] | [Stage::Fields(_)] => single(rule, &before),
        [Stage::Aggregate(aggregate), Stage::Filter(asked)] => added(rule, before, aggregate, asked),
        [Stage::Sequence(sequence)] => {
            if sequence.steps.iter().any(|step| (step.min, step.max) != (1, None)) {
                return Err("a step of its sequence counts, which Sigma's order does not".into());
            }
            let steps: Vec<Vec<Expr>> = sequence
                .steps
                .iter()
                .map(|step| before.iter().cloned().chain([step.condition.clone()]).collect())
                .collect();
            let by: Vec<String> = sequence.by.iter().map(|name| name.text.clone()).collect();
            correlation(rule, &steps, "temporal_ordered", &by, sequence.within_us, "")
        }
        [Stage::Aggregate(_)] => Err("it only adds up, and compares nothing".into()),
        [Stage::Absent { .. }, ..] => Err("it tells of what is absent, which Sigma does not see".into()),
        _ => Err("it computes more than Sigma has words for".into()),
    }
}

/// The condition that its source stands for.
fn table(query: &Query) -> Result<Vec<Expr>, Why> {
    match &query.source {
        Source::Table { name, .. } if name.text == "agent_audit_log" => Ok(Vec::new()),
        Source::Table { name, .. } => {
            Err(format!("it reads {}, and Sigma is about agent_audit_log", name.text))
        }
        Source::Open(name) => {
            Err(format!("it looks at what is open (open({})), and Sigma at what happened", name.text))
        }
        Source::Query(_) => Err("it has a query within a query".into()),
    }
}

/// What stands at the top of each document.
fn head(rule: &Rule, name: &str, title: &str, nth: u8) -> String {
    let mut id = [0; 16];
    id.copy_from_slice(&rule.hash[..16]);
    id[15] ^= nth;
    // A UUID of the kind whose content is its maker's business.
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let uuid = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
    format!("title: {}\nid: {uuid}\nname: {name}\nstatus: experimental\n", quoted(title))
}

fn tail(rule: &Rule) -> String {
    let level = match rule.severity {
        Severity::Critical => "critical",
        Severity::Warning => "medium",
        Severity::Info => "low",
    };
    let runbook = rule.annotations.get("runbook").map(|book| format!("references:\n  - {}\n", quoted(book)));
    format!("{}level: {level}\n", runbook.unwrap_or_default())
}

fn detection(conditions: &[Expr]) -> Result<String, Why> {
    let mut said = Said::default();
    let condition = said.all(conditions)?;
    Ok(format!(
        "logsource:\n  category: agent_activity\n  product: tachograph\ndetection:\n{}  condition: {condition}\n",
        said.text()
    ))
}

fn single(rule: &Rule, conditions: &[Expr]) -> Result<String, Why> {
    Ok(format!("{}{}{}", head(rule, &rule.id, &rule.title, 0), detection(conditions)?, tail(rule)))
}

/// A correlation and the rules that it is made of.
fn correlation(
    rule: &Rule,
    parts: &[Vec<Expr>],
    kind: &str,
    by: &[String],
    window_us: i64,
    condition: &str,
) -> Result<String, Why> {
    let names: Vec<String> = match parts {
        [_] => vec![format!("{}_base", rule.id)],
        _ => (1..=parts.len()).map(|n| format!("{}_{n}", rule.id)).collect(),
    };
    let places = by.iter().map(|name| {
        let place = taxonomy::own(name).ok_or_else(|| format!("\"{name}\" is no column"))?;
        Ok(place.parts().join("."))
    });
    let places = places.collect::<Result<Vec<_>, Why>>()?;
    let mut out = head(rule, &rule.id, &rule.title, 0);
    let _ = write!(out, "correlation:\n  type: {kind}\n  rules:\n");
    for name in &names {
        let _ = writeln!(out, "    - {name}");
    }
    if !places.is_empty() {
        out.push_str("  group-by:\n");
        for place in places {
            let _ = writeln!(out, "    - {place}");
        }
    }
    let _ = write!(out, "  timespan: {}\n{condition}{}", timespan(window_us)?, tail(rule));
    for (at, (part, name)) in parts.iter().zip(&names).enumerate() {
        let title = format!("{} ({})", rule.title, at + 1);
        let _ = write!(out, "---\n{}{}", head(rule, name, &title, at as u8 + 1), detection(part)?);
    }
    Ok(out)
}

/// One number and one unit, which is all that Sigma knows.
fn timespan(us: i64) -> Result<String, Why> {
    let units = [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000)];
    let found = units.into_iter().find(|(_, unit)| us % unit == 0 && us > 0);
    found
        .map(|(name, unit)| format!("{}{name}", us / unit))
        .ok_or_else(|| "its window is no whole seconds".into())
}

/// What adds up and is compared: a count, a sum, or several counts that all have to be there.
fn added(rule: &Rule, before: Vec<Expr>, aggregate: &Aggregate, asked: &Expr) -> Result<String, Why> {
    let by = aggregate.by.iter().map(|key| match key {
        ByKey::Path(path) => Ok(path.parts.join(".")),
        ByKey::Bucket { .. } => Err("it groups by time".to_string()),
    });
    let by = by.collect::<Result<Vec<_>, Why>>()?;
    let asked: Vec<&Expr> = match &asked.node {
        Node::And(terms) => terms.iter().collect(),
        _ => vec![asked],
    };
    if let [call] = aggregate.calls.as_slice() {
        let (kind, field) = measure(call)?;
        let mut condition = String::from("  condition:\n");
        for term in asked {
            let (how, number) = compared(term, call)?;
            if call.only_if.is_some() && !matches!(how, "gt" | "gte") {
                return Err("it asks for few of something, and Sigma knows no group that has none".into());
            }
            let _ = writeln!(condition, "    {how}: {number}");
        }
        condition.push_str(&field);
        let part = before.into_iter().chain(call.only_if.clone()).collect();
        return correlation(rule, &[part], kind, &by, rule.window_us, &condition);
    }
    let each = aggregate.calls.iter().map(|call| {
        let plain = call.function == Function::Count && call.arguments.is_empty();
        let only_if = call.only_if.as_ref().filter(|_| plain)?;
        let seen = asked.iter().any(|term| {
            compared(term, call).is_ok_and(|found| found == ("gt", 0.0) || found == ("gte", 1.0))
        });
        seen.then(|| before.iter().cloned().chain([only_if.clone()]).collect())
    });
    match each.collect::<Option<Vec<Vec<Expr>>>>() {
        Some(parts) if asked.len() == parts.len() => {
            correlation(rule, &parts, "temporal", &by, rule.window_us, "")
        }
        _ => Err("it compares several aggregates, and a correlation has one".into()),
    }
}

/// The type of the correlation, and the lines that name what is measured.
fn measure(call: &Call) -> Result<(&'static str, String), Why> {
    let kind = match call.function {
        Function::Count if call.arguments.is_empty() => return Ok(("event_count", String::new())),
        Function::Distinct => "value_count",
        Function::Sum => "value_sum",
        Function::Avg => "value_avg",
        Function::Median => "value_median",
        Function::Percentile(_) => "value_percentile",
        other => return Err(format!("Sigma has no correlation of {}", other.name())),
    };
    let [Expr { node: Node::Path(path), .. }] = call.arguments.as_slice() else {
        return Err("it measures something computed".into());
    };
    let place = taxonomy::own(&path.parts.join(".")).ok_or("it measures something that is no column")?;
    let percentile = match call.function {
        Function::Percentile(share) => format!("    percentile: {}\n", f64::from(share) / 1000.0),
        _ => String::new(),
    };
    Ok((kind, format!("    field: {}\n{percentile}", place.parts().join("."))))
}

/// `count >= 5`: the operator in Sigma's words, and the number in the unit of the column.
fn compared(term: &Expr, call: &Call) -> Result<(&'static str, f64), Why> {
    let fail = || "it compares with more than a number".to_string();
    let Node::Compare(how, left, right) = &term.node else { return Err(fail()) };
    let (Node::Path(path), Node::Literal(literal)) = (&left.node, &right.node) else { return Err(fail()) };
    let argument = match call.arguments.as_slice() {
        [Expr { node: Node::Path(path), .. }] => Some(path.parts.join(".")),
        _ => None,
    };
    let default = match &argument {
        Some(name) => format!("{}_{}", call.function.name(), name.replace('.', "_")),
        None => call.function.name(),
    };
    let name = call.alias.as_ref().map_or(default, |alias| alias.text.clone());
    if path.parts != [name] {
        return Err(fail());
    }
    let unit = argument.and_then(|name| taxonomy::own(&name)).map(|place| place.kind);
    let number = match (literal, unit) {
        (Literal::Number(number), _) => *number,
        (Literal::DurationUs(us), Some(Kind::Duration { unit_us })) => *us as f64 / unit_us as f64,
        _ => return Err(fail()),
    };
    let how = match how {
        Comparison::Greater => "gt",
        Comparison::GreaterOrEqual => "gte",
        Comparison::Less => "lt",
        Comparison::LessOrEqual => "lte",
        Comparison::Equal => "eq",
        Comparison::NotEqual => "neq",
    };
    Ok((how, number))
}
