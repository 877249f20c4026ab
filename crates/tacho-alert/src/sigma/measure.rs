//! Correlations that count or add up: `count() by … | count >= 5`.

use crate::sigma::build::{all, column, compare, expr, literal, name};
use crate::sigma::correlation::{Stages, counted};
use crate::sigma::item::Wrong;
use crate::sigma::offer;
use crate::sigma::taxonomy::{self, Place};
use crate::yaml::{Node, What};
use tacho_pipe::{Call, Comparison, Expr, Function, Kind, Literal, Span, Stage};

const OPERATORS: [(&str, Comparison); 6] = [
    ("gt", Comparison::Greater),
    ("gte", Comparison::GreaterOrEqual),
    ("lt", Comparison::Less),
    ("lte", Comparison::LessOrEqual),
    ("eq", Comparison::Equal),
    ("neq", Comparison::NotEqual),
];

/// What the condition of a correlation asks for.
struct Asked {
    field: Option<Place>,
    percentile: f64,
    bounds: Vec<(Comparison, f64)>,
}

impl Asked {
    fn read(node: &Node) -> Result<Asked, Wrong> {
        let mut asked = Asked { field: None, percentile: 50.0, bounds: Vec::new() };
        for (key, value) in node.members() {
            let number = || match value.what {
                What::Number(number) => Ok(number),
                _ => Err((value.line, format!("{} is {}, expected a number", key.text, value.named()))),
            };
            match (OPERATORS.iter().find(|(name, _)| *name == key.text), key.text.as_str()) {
                (Some((_, how)), _) => asked.bounds.push((*how, number()?)),
                (None, "percentile") => asked.percentile = number()?,
                (None, "field") => {
                    let one = value
                        .text()
                        .ok_or((value.line, "a list of fields is not supported: name one".to_string()))?;
                    asked.field = Some(taxonomy::place(&one).map_err(|why| (value.line, why))?);
                }
                (None, other) => {
                    let known = OPERATORS.iter().map(|(name, _)| *name).chain(["field", "percentile"]);
                    let message =
                        format!("unknown member \"{other}\" of the condition{}", offer(other, known));
                    return Err((key.line, message));
                }
            }
        }
        Ok(asked)
    }
}

/// The stages of a correlation of this type.
pub(super) fn stages(kind: &str, node: &Node, places: &[Place], condition: Expr) -> Result<Stages, Wrong> {
    let wrong = |why: &str| (node.line, format!("{kind}: {why}"));
    let asked = Asked::read(node)?;
    if asked.bounds.is_empty() {
        return Err(wrong("its condition compares nothing: expected gt, gte, lt, lte, eq or neq"));
    }
    let (function, result) = match kind {
        "event_count" => (Function::Count, "count"),
        "value_count" => (Function::Distinct, "values"),
        "value_sum" => (Function::Sum, "value"),
        "value_avg" => (Function::Avg, "value"),
        "value_median" => (Function::Median, "value"),
        _ => (share(asked.percentile).ok_or_else(|| wrong("percentile is between 0 and 100"))?, "value"),
    };
    let arguments = match (function, asked.field) {
        (Function::Count, None) => Vec::new(),
        (Function::Count, Some(_)) => return Err(wrong("it counts events, not a field")),
        (_, None) => return Err(wrong("its condition names no field")),
        (Function::Distinct, Some(place)) => vec![column(&place.parts())],
        (_, Some(place)) => {
            vec![numeric(&place).ok_or_else(|| wrong(&format!("\"{}\" is no number", place.column)))?]
        }
    };
    let alias = (function != Function::Count).then(|| name(result));
    let call = Call { function, arguments, only_if: None, alias, span: Span::default() };
    let each_event =
        asked.bounds.iter().all(|(how, _)| matches!(how, Comparison::Greater | Comparison::GreaterOrEqual));
    let bounds = asked
        .bounds
        .into_iter()
        .map(|(how, number)| compare(how, column(&[result.to_string()]), literal(Literal::Number(number))));
    let filter = Stage::Filter(all(bounds.collect()));
    Ok(Stages { stages: vec![Stage::Filter(condition), counted(vec![call], places), filter], each_event })
}

/// What adds up: a column of numbers, or a member of JSON read as one.
fn numeric(place: &Place) -> Option<Expr> {
    let value = column(&place.parts());
    match place.kind {
        _ if place.is_member() => Some(value),
        Kind::Number | Kind::Duration { .. } => Some(value),
        // Prices are decimal texts.
        Kind::Text => Some(expr(tacho_pipe::Node::Scalar("number".into(), vec![value]))),
        _ => None,
    }
}

/// `95`, `99.9`: to thousandths.
fn share(percent: f64) -> Option<Function> {
    let thousandths = (percent * 1000.0).round();
    (0.0..100_000.0).contains(&thousandths).then_some(Function::Percentile(thousandths as u32))
}
