//! One aggregate over some events: can take another event, be joined with its like, and give its value.
//!
//! Invariants
//! - The value depends on the set of events, never on the order in which they came: sums are integers of millionths,
//!   lists are sorted before they are read.
//! - What can be taken away again ([`Cell::subtract`]) is exact.

use crate::value::Value;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use tacho_pipe::Function;

/// Different values that are told apart; a window with more says this number.
pub(crate) const DISTINCT_MAX: usize = 10_000;
/// Values that one bucket keeps for medians and percentiles; beyond, every further one is left out and told.
pub(crate) const VALUES_MAX: usize = 10_000;

/// Digests are spread already; the set need not be hashed well.
type Digests = HashSet<u64, foldhash::fast::RandomState>;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Count(u64),
    /// Millionths, and how many values.
    Sum(i128, u64),
    Ratio(i128, i128),
    Least(Option<f64>),
    Most(Option<f64>),
    Values(Vec<f64>),
    Distinct(Digests),
    First(Option<(u64, Value<'static>)>),
    Last(Option<(u64, Value<'static>)>),
}

fn millionths(value: &Value<'_>) -> Option<i128> {
    // 2^53 units are more than any sender's integer; beyond them a float has no millionths anyway.
    value.as_number().map(|number| (number.clamp(-9e15, 9e15) * 1e6).round() as i128)
}

impl Cell {
    pub(crate) fn new(function: Function) -> Cell {
        match function {
            Function::Count => Cell::Count(0),
            Function::Sum | Function::Avg | Function::Rate => Cell::Sum(0, 0),
            Function::Ratio => Cell::Ratio(0, 0),
            Function::Min => Cell::Least(None),
            Function::Max => Cell::Most(None),
            Function::Stddev | Function::Median | Function::Mad | Function::Percentile(_) => {
                Cell::Values(Vec::new())
            }
            Function::Distinct => Cell::Distinct(Digests::default()),
            Function::First => Cell::First(None),
            Function::Last => Cell::Last(None),
        }
    }

    /// Takes an event's arguments. `counted` says that the function was written without one.
    pub(crate) fn add(&mut self, index: u64, arguments: &[Value<'_>]) {
        let value = arguments.first().unwrap_or(&Value::Bool(true));
        if value.is_null() && !matches!(self, Cell::Ratio(..)) {
            return;
        }
        match self {
            Cell::Count(n) => *n += 1,
            Cell::Sum(sum, n) => {
                *sum += millionths(value).unwrap_or(0);
                *n += 1;
            }
            Cell::Ratio(a, b) => {
                *a += millionths(value).unwrap_or(0);
                *b += arguments.get(1).and_then(millionths).unwrap_or(0);
            }
            Cell::Least(least) => *least = fold(*least, value.as_number(), f64::min),
            Cell::Most(most) => *most = fold(*most, value.as_number(), f64::max),
            Cell::Values(values) if values.len() < VALUES_MAX => values.extend(value.as_number()),
            Cell::Values(_) => {}
            Cell::Distinct(seen) if seen.len() < DISTINCT_MAX => {
                seen.insert(digest(value));
            }
            Cell::Distinct(_) => {}
            Cell::First(first) if first.as_ref().is_none_or(|(have, _)| index < *have) => {
                *first = Some((index, value.clone().owned()));
            }
            Cell::Last(last) if last.as_ref().is_none_or(|(have, _)| index > *have) => {
                *last = Some((index, value.clone().owned()));
            }
            Cell::First(_) | Cell::Last(_) => {}
        }
    }

    pub(crate) fn merge(&mut self, other: &Cell) {
        match (self, other) {
            (Cell::Count(a), Cell::Count(b)) => *a += b,
            (Cell::Sum(a, n), Cell::Sum(b, m)) => {
                *a += b;
                *n += m;
            }
            (Cell::Ratio(a, n), Cell::Ratio(b, m)) => {
                *a += b;
                *n += m;
            }
            (Cell::Least(a), Cell::Least(b)) => *a = fold(*a, *b, f64::min),
            (Cell::Most(a), Cell::Most(b)) => *a = fold(*a, *b, f64::max),
            (Cell::Values(a), Cell::Values(b)) => a.extend(b),
            (Cell::Distinct(a), Cell::Distinct(b)) => {
                let free = DISTINCT_MAX.saturating_sub(a.len());
                let fresh: Vec<u64> = b.iter().filter(|one| !a.contains(one)).take(free).copied().collect();
                a.extend(fresh);
            }
            (Cell::First(a), Cell::First(Some(b))) if a.as_ref().is_none_or(|a| b.0 < a.0) => {
                *a = Some(b.clone())
            }
            (Cell::Last(a), Cell::Last(Some(b))) if a.as_ref().is_none_or(|a| b.0 > a.0) => {
                *a = Some(b.clone())
            }
            _ => {}
        }
    }

    /// Whether [`Cell::subtract`] undoes [`Cell::merge`].
    pub(crate) fn is_reversible(&self) -> bool {
        matches!(self, Cell::Count(_) | Cell::Sum(..) | Cell::Ratio(..))
    }

    pub(crate) fn subtract(&mut self, other: &Cell) {
        match (self, other) {
            (Cell::Count(a), Cell::Count(b)) => *a -= b,
            (Cell::Sum(a, n), Cell::Sum(b, m)) => {
                *a -= b;
                *n -= m;
            }
            (Cell::Ratio(a, n), Cell::Ratio(b, m)) => {
                *a -= b;
                *n -= m;
            }
            _ => {}
        }
    }

    /// The value over a window of so many seconds.
    pub(crate) fn finish(&self, function: Function, seconds: f64) -> Value<'static> {
        match self {
            Cell::Count(n) => Value::Number(*n as f64),
            Cell::Sum(sum, n) => match function {
                Function::Avg => Value::number((*n > 0).then(|| *sum as f64 / 1e6 / *n as f64)),
                Function::Rate => Value::number(Some(*sum as f64 / 1e6 / seconds)),
                _ => Value::Number(*sum as f64 / 1e6),
            },
            Cell::Ratio(a, b) => Value::number((*b != 0).then(|| *a as f64 / *b as f64)),
            Cell::Least(value) | Cell::Most(value) => Value::number(*value),
            Cell::Values(values) => Value::number(statistic(function, values)),
            Cell::Distinct(seen) => Value::Number(seen.len() as f64),
            Cell::First(value) | Cell::Last(value) => {
                value.as_ref().map_or(Value::Null, |(_, value)| value.clone())
            }
        }
    }
}

fn fold(a: Option<f64>, b: Option<f64>, with: fn(f64, f64) -> f64) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(with(a, b)),
        (a, b) => a.or(b),
    }
}

fn digest(value: &Value<'_>) -> u64 {
    let mut bytes = Vec::with_capacity(32);
    value.push_key(&mut bytes);
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// A function of a list of numbers, in any order.
pub(crate) fn statistic(function: Function, values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (least, most) = (*sorted.first()?, *sorted.last()?);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    match function {
        Function::Min => Some(least),
        Function::Max => Some(most),
        Function::Avg => Some(mean(&sorted)),
        Function::Median => Some(percentile(&sorted, 0.5)),
        Function::Percentile(p) => Some(percentile(&sorted, Function::share(p))),
        Function::Mad => {
            let middle = percentile(&sorted, 0.5);
            let mut distances: Vec<f64> = sorted.iter().map(|value| (value - middle).abs()).collect();
            distances.sort_by(f64::total_cmp);
            Some(percentile(&distances, 0.5))
        }
        Function::Stddev if sorted.len() > 1 => {
            let middle = mean(&sorted);
            let squares: f64 = sorted.iter().map(|value| (value - middle).powi(2)).sum();
            Some((squares / (sorted.len() - 1) as f64).sqrt())
        }
        _ => None,
    }
}

/// As `percentile_cont` of SQL: between two values by proportion.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (sorted[high] - sorted[low]) * part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_those_of_sql() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(statistic(Function::Median, &values), Some(2.5));
        assert_eq!(statistic(Function::Percentile(25_000), &values), Some(1.75));
        assert_eq!(statistic(Function::Mad, &values), Some(1.0));
        assert_eq!(statistic(Function::Stddev, &[1.0, 3.0]), Some(2.0_f64.sqrt()));
        assert_eq!(statistic(Function::Stddev, &[1.0]), None);
        assert_eq!(statistic(Function::Median, &[]), None);
    }

    #[test]
    fn what_is_added_can_be_taken_away_exactly() {
        let mut total = Cell::new(Function::Sum);
        let mut part = Cell::new(Function::Sum);
        for i in 0..1_000 {
            let cell = if i % 2 == 0 { &mut total } else { &mut part };
            cell.add(i, &[Value::Number(0.1)]);
        }
        let before = total.clone();
        total.merge(&part);
        assert_eq!(total.finish(Function::Sum, 1.0), Value::Number(100.0));
        total.subtract(&part);
        assert_eq!(total, before);
    }
}
