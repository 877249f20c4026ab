//! Conditions ready to run: names are positions, patterns are compiled.
//!
//! Invariant: evaluating reads its source and nothing else, and takes time linear in the texts that it reads.

use crate::value::Value;
use regex::Regex;
use std::borrow::Cow;
use tacho_pipe::plan::{self, Want};
use tacho_pipe::sql::Cidr;
use tacho_pipe::{Arithmetic, Comparison, Function, Matching, Over};

/// What a condition reads.
pub(crate) trait Source {
    fn column(&self, at: usize) -> Value<'_>;
    fn member(&self, column: usize, path: &[String], want: Want) -> Value<'_>;
    /// The value of a baseline; absent while learning.
    fn baseline(&self, at: usize) -> Value<'_>;
}

/// What is usual, as a rule asks for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Baseline {
    pub(crate) function: Function,
    pub(crate) column: usize,
    pub(crate) over: Over,
}

#[derive(Debug, Clone)]
pub(crate) enum Term {
    Constant(Value<'static>),
    Column(usize),
    Member { columns: Vec<usize>, path: Vec<String>, dotted: Option<String>, want: Want },
    Not(Box<Term>),
    Negate(Box<Term>),
    And(Vec<Term>),
    Or(Vec<Term>),
    Compare(Comparison, Box<Term>, Box<Term>),
    Math(Arithmetic, Box<Term>, Box<Term>),
    In { value: Box<Term>, list: Vec<Value<'static>>, negated: bool },
    Contains(Box<Term>, String),
    StartsWith(Box<Term>, String),
    EndsWith(Box<Term>, String),
    Regex(Box<Term>, Regex),
    Cidr(Box<Term>, Cidr),
    Exists(Box<Term>),
    Scalar(String, Vec<Term>),
    Baseline(usize),
}

impl Term {
    /// Compiles a term; the baselines that it asks for are added to the list.
    ///
    /// # Errors
    /// When a pattern is no regular expression, or a time is none.
    pub(crate) fn compile(term: &plan::Term, baselines: &mut Vec<Baseline>) -> Result<Term, String> {
        let mut inner = |term: &plan::Term| Ok::<_, String>(Box::new(Term::compile(term, baselines)?));
        Ok(match term {
            plan::Term::Text(text) => Term::Constant(Value::Text(Cow::Owned(text.clone()))),
            plan::Term::Number(number) => Term::Constant(Value::Number(*number)),
            plan::Term::Bool(value) => Term::Constant(Value::Bool(*value)),
            plan::Term::Time(text) => {
                let us = tacho_event::time::parse(text)
                    .map_err(|error| format!("'{text}' is no time: {error}"))?;
                Term::Constant(Value::Number(us as f64))
            }
            plan::Term::Column(at) => Term::Column(*at),
            plan::Term::Member { columns, path, want } => Term::Member {
                columns: columns.clone(),
                dotted: (path.len() > 1).then(|| path.join(".")),
                path: path.clone(),
                want: *want,
            },
            plan::Term::Not(a) => Term::Not(inner(a)?),
            plan::Term::Negate(a) => Term::Negate(inner(a)?),
            plan::Term::Exists(a) => Term::Exists(inner(a)?),
            plan::Term::And(terms) => Term::And(Term::compile_all(terms, baselines)?),
            plan::Term::Or(terms) => Term::Or(Term::compile_all(terms, baselines)?),
            plan::Term::Scalar(name, terms) => {
                Term::Scalar(name.clone(), Term::compile_all(terms, baselines)?)
            }
            plan::Term::Compare(how, a, b) => Term::Compare(*how, inner(a)?, inner(b)?),
            plan::Term::Math(how, a, b) => Term::Math(*how, inner(a)?, inner(b)?),
            plan::Term::In { value, list, negated } => {
                let value = inner(value)?;
                let list = Term::compile_all(list, baselines)?;
                let constant = |term| if let Term::Constant(value) = term { value } else { Value::Null };
                Term::In { value, list: list.into_iter().map(constant).collect(), negated: *negated }
            }
            plan::Term::Match { value, how, pattern } => matching(inner(value)?, *how, pattern)?,
            plan::Term::Baseline { function, column, over } => {
                let wanted = Baseline { function: *function, column: *column, over: *over };
                let at = baselines.iter().position(|have| *have == wanted).unwrap_or_else(|| {
                    baselines.push(wanted);
                    baselines.len() - 1
                });
                Term::Baseline(at)
            }
        })
    }

    pub(crate) fn compile_all(
        terms: &[plan::Term],
        baselines: &mut Vec<Baseline>,
    ) -> Result<Vec<Term>, String> {
        terms.iter().map(|term| Term::compile(term, baselines)).collect()
    }

    /// Whether a condition holds; what is absent makes no comparison true.
    pub(crate) fn holds(&self, source: &dyn Source) -> bool {
        self.value(source).is_true()
    }

    pub(crate) fn value<'a>(&'a self, source: &'a dyn Source) -> Value<'a> {
        match self {
            Term::Constant(Value::Text(text)) => Value::Text(Cow::Borrowed(text)),
            Term::Constant(value) => value.clone(),
            Term::Column(at) => source.column(*at),
            Term::Baseline(at) => source.baseline(*at),
            Term::Member { columns, path, dotted, want } => {
                let found = columns.iter().find_map(|at| {
                    let whole =
                        dotted.as_ref().map(|name| source.member(*at, std::slice::from_ref(name), *want));
                    whole.into_iter().chain([source.member(*at, path, *want)]).find(|value| !value.is_null())
                });
                found.unwrap_or(Value::Null)
            }
            Term::Not(a) => Value::Bool(!a.holds(source)),
            Term::And(terms) => Value::Bool(terms.iter().all(|term| term.holds(source))),
            Term::Or(terms) => Value::Bool(terms.iter().any(|term| term.holds(source))),
            Term::Exists(a) => Value::Bool(!a.value(source).is_null()),
            Term::Compare(how, a, b) => Value::Bool(compare(*how, &a.value(source), &b.value(source))),
            Term::In { value, list, negated } => {
                let value = value.value(source);
                Value::Bool(!value.is_null() && list.contains(&value) != *negated)
            }
            Term::Negate(a) => Value::number(a.value(source).as_number().map(|number| -number)),
            Term::Math(how, a, b) => math(*how, a.value(source).as_number(), b.value(source).as_number()),
            Term::Contains(a, part) => with_text(a.value(source), |text| text.contains(part.as_str())),
            Term::StartsWith(a, part) => with_text(a.value(source), |text| text.starts_with(part.as_str())),
            Term::EndsWith(a, part) => with_text(a.value(source), |text| text.ends_with(part.as_str())),
            Term::Regex(a, regex) => with_text(a.value(source), |text| regex.is_match(text)),
            Term::Cidr(a, range) => with_text(a.value(source), |text| range.contains(text)),
            Term::Scalar(name, arguments) => scalar(name, arguments, source),
        }
    }
}

fn matching(value: Box<Term>, how: Matching, pattern: &str) -> Result<Term, String> {
    Ok(match how {
        Matching::Contains => Term::Contains(value, pattern.into()),
        Matching::StartsWith => Term::StartsWith(value, pattern.into()),
        Matching::EndsWith => Term::EndsWith(value, pattern.into()),
        Matching::Regex => {
            let built = regex::RegexBuilder::new(pattern).size_limit(tacho_pipe::PATTERN_BYTES_MAX).build();
            Term::Regex(
                value,
                built.map_err(|error| format!("'{pattern}' is no regular expression: {error}"))?,
            )
        }
        Matching::Cidr => {
            let range = tacho_pipe::sql::cidr(pattern);
            Term::Cidr(value, range.ok_or_else(|| format!("'{pattern}' is no range of addresses"))?)
        }
    })
}

fn with_text(value: Value<'_>, holds: impl FnOnce(&str) -> bool) -> Value<'static> {
    Value::Bool(value.as_text().is_some_and(holds))
}

fn compare(how: Comparison, a: &Value<'_>, b: &Value<'_>) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.partial_cmp(b),
        (Value::Text(a), Value::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    };
    order.is_some_and(|order| match how {
        Comparison::Equal => order == Equal,
        Comparison::NotEqual => order != Equal,
        Comparison::Less => order == Less,
        Comparison::LessOrEqual => order != Greater,
        Comparison::Greater => order == Greater,
        Comparison::GreaterOrEqual => order != Less,
    })
}

fn math(how: Arithmetic, a: Option<f64>, b: Option<f64>) -> Value<'static> {
    let (Some(a), Some(b)) = (a, b) else { return Value::Null };
    Value::number(match how {
        Arithmetic::Add => Some(a + b),
        Arithmetic::Subtract => Some(a - b),
        Arithmetic::Multiply => Some(a * b),
        Arithmetic::Divide => (b != 0.0).then(|| a / b),
        Arithmetic::Remainder => (b != 0.0).then(|| a % b),
    })
}

fn scalar<'a>(name: &str, arguments: &'a [Term], source: &'a dyn Source) -> Value<'a> {
    let value = arguments[0].value(source);
    let number = |apply: fn(f64) -> f64| Value::number(value.as_number().map(apply));
    match name {
        "abs" => number(f64::abs),
        "round" => number(f64::round),
        "floor" => number(f64::floor),
        "ceil" => number(f64::ceil),
        "wilson_upper" => wilson(value.as_number(), arguments[1].value(source).as_number(), 1.0),
        "wilson_lower" => wilson(value.as_number(), arguments[1].value(source).as_number(), -1.0),
        "time_between" => {
            math(Arithmetic::Subtract, value.as_number(), arguments[1].value(source).as_number())
        }
        "length" => Value::number(value.as_text().map(|text| text.chars().count() as f64)),
        "number" => Value::number(value.as_text().and_then(|text| text.trim_matches(AROUND).parse().ok())),
        "share" => Value::number(value.as_text().and_then(share)),
        "commands" => {
            value.as_text().map_or(Value::Null, |text| Value::Text(tacho_shell::commands(text).into()))
        }
        "lower" => value.as_text().map_or(Value::Null, |text| Value::Text(text.to_lowercase().into())),
        _ => value.as_text().map_or(Value::Null, |text| Value::Text(text.to_uppercase().into())),
    }
}

/// What a text may have around it: the same in SQL.
const AROUND: [char; 4] = [' ', '\t', '\r', '\n'];

/// A share of 1, be it written as one, as a percentage with its sign, or as a number above 1 that is one.
fn share(text: &str) -> Option<f64> {
    let text = text.trim_matches(AROUND);
    let number: f64 = text.trim_end_matches('%').trim_matches(AROUND).parse().ok()?;
    Some(if text.ends_with('%') || number.abs() > 1.0 { number / 100.0 } else { number })
}

/// The bound of a share of successes among tries, at 95 %.
fn wilson(successes: Option<f64>, tries: Option<f64>, sign: f64) -> Value<'static> {
    let (Some(k), Some(n)) = (successes, tries.filter(|n| *n > 0.0)) else { return Value::Null };
    let p = k / n;
    let root = (p * (1.0 - p) / n + 0.9604 / (n * n)).max(0.0).sqrt();
    Value::number(Some((p + 1.9208 / n + sign * 1.96 * root) / (1.0 + 3.8416 / n)))
}
