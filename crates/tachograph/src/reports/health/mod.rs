//! Health checks: figures of the record, each compared with a threshold.
//!
//! Invariants
//! - A check is good, wants attention, or can't be answered and says why. There is no score.
//! - A figure is what a query over the covered entries gives; what is measured instead (disk, queues) stands in that
//!   query as a number, and its section says so.

mod capacity;
mod daily;
mod monthly;
mod thresholds;
mod weekly;

pub(super) use capacity::{CAPACITY, GROWTH};
pub(super) use daily::{AVAILABILITY, PERFORMANCE};
pub(super) use monthly::{DAYS, EACH_TOOL, SLA, TOOLS};
pub(crate) use thresholds::Thresholds;
pub(super) use weekly::SECURITY;

use super::kinds::Kind;
use serde_json::{Map, Value};

pub(crate) static ALL: &[Kind] = &[daily::KIND, weekly::KIND, monthly::KIND];

/// The columns of every section of checks.
pub(crate) const COLUMNS: [&str; 8] =
    ["check", "figure", "unit", "threshold", "state", "counted", "entry", "note"];

/// Where a figure should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// A threshold by its name.
    AtMost(&'static str),
    AtLeast(&'static str),
    /// There should be none.
    Zero,
}

/// One figure of a section's row. Beside its column `NAME` stand `NAME_of`, how many it was taken over, and `NAME_entry`,
/// the newest entry that shows it; both may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Check {
    name: &'static str,
    what: &'static str,
    unit: &'static str,
    bound: Bound,
    of: &'static str,
    missing: &'static str,
    look: &'static str,
}

pub(super) const fn check(name: &'static str, what: &'static str, unit: &'static str, bound: Bound) -> Check {
    Check { name, what, unit, bound, of: "", missing: "nothing of the kind was recorded", look: "" }
}

impl Check {
    /// What it was taken over.
    pub(super) const fn of(self, of: &'static str) -> Check {
        Check { of, ..self }
    }

    /// Why there may be no figure.
    pub(super) const fn missing(self, missing: &'static str) -> Check {
        Check { missing, ..self }
    }

    /// Where to look when it wants attention.
    pub(super) const fn look(self, look: &'static str) -> Check {
        Check { look, ..self }
    }

    /// Compares its figure; cells in the order of [`COLUMNS`].
    fn judge(&self, row: &mut Map<String, Value>, thresholds: &Thresholds) -> Vec<Value> {
        let mut take = |ending: &str| row.remove(&format!("{}{ending}", self.name)).unwrap_or_default();
        let (figure, counted, entry) = (take(""), take("_of"), take("_entry"));
        let (words, is_good) = match self.bound {
            Bound::AtMost(name) => {
                let limit = thresholds.get(name);
                (format!("at most {limit}"), figure.as_f64().map(|figure| figure <= limit))
            }
            Bound::AtLeast(name) => {
                let limit = thresholds.get(name);
                (format!("at least {limit}"), figure.as_f64().map(|figure| figure >= limit))
            }
            Bound::Zero => ("at most 0".to_string(), figure.as_f64().map(|figure| figure == 0.0)),
        };
        let (state, note) = match is_good {
            Some(true) => (GOOD, ""),
            Some(false) => (ATTENTION, self.look),
            None => (UNANSWERED, self.missing),
        };
        let counted = match counted {
            Value::Null => Value::Null,
            number if self.of.is_empty() => number,
            number => format!("{}: {number}", self.of).into(),
        };
        let threshold = Value::from(words);
        vec![self.what.into(), figure, self.unit.into(), threshold, state.into(), counted, entry, note.into()]
    }
}

pub(crate) const GOOD: &str = "good";
pub(crate) const ATTENTION: &str = "attention";
pub(crate) const UNANSWERED: &str = "cannot be answered";

/// One row for each check, from the one that the query gave.
pub(super) fn judged(
    checks: &[Check],
    found: Vec<Map<String, Value>>,
    thresholds: &Thresholds,
) -> Vec<Vec<Value>> {
    let mut row = found.into_iter().next().unwrap_or_default();
    checks.iter().map(|check| check.judge(&mut row, thresholds)).collect()
}

/// How many checks ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = HealthTally)]
pub(crate) struct Tally {
    pub good: usize,
    pub attention: usize,
    pub unanswered: usize,
}

impl Tally {
    /// Adds the rows of a section of checks.
    pub(super) fn add(&mut self, rows: &[Vec<Value>]) {
        for row in rows {
            match row.get(4).and_then(Value::as_str) {
                Some(GOOD) => self.good += 1,
                Some(ATTENTION) => self.attention += 1,
                _ => self.unanswered += 1,
            }
        }
    }

    pub(super) fn words(self) -> String {
        let Tally { good, attention, unanswered } = self;
        let checks = good + attention + unanswered;
        format!(
            "{checks} checks: {good} good, {attention} that want attention, {unanswered} that can't be answered."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::kinds::Shape;
    use super::*;
    use serde_json::json;

    fn judged_one(figure: Value, bound: Bound) -> Vec<Value> {
        let check = check("late", "Late answers", "%", bound).of("answers").missing("no answer").look("here");
        let mut row = json!({"late": figure, "late_of": 7, "late_entry": 3}).as_object().unwrap().clone();
        check.judge(&mut row, &Thresholds::default())
    }

    #[test]
    fn a_figure_on_its_threshold_is_good_and_one_beyond_it_says_where_to_look() {
        let at = Bound::AtMost("failure_percent");
        let state = |figure: Value, bound| judged_one(figure, bound)[4].clone();
        assert_eq!((state(json!(5), at), state(json!(5.01), at)), (json!(GOOD), json!(ATTENTION)));
        let least = Bound::AtLeast("availability_percent");
        assert_eq!((state(json!(99.9), least), state(json!(99.89), least)), (json!(GOOD), json!(ATTENTION)));
        assert_eq!(
            (state(json!(0), Bound::Zero), state(json!(1), Bound::Zero)),
            (json!(GOOD), json!(ATTENTION))
        );
        let row = judged_one(json!(9), at);
        let want = json!(["Late answers", 9, "%", "at most 5", ATTENTION, "answers: 7", 3, "here"]);
        assert_eq!(Value::from(row), want);
    }

    #[test]
    fn without_a_figure_a_check_says_why_and_counts_as_neither() {
        let row = judged_one(Value::Null, Bound::Zero);
        assert_eq!((&row[4], &row[7]), (&json!(UNANSWERED), &json!("no answer")));
        let mut tally = Tally::default();
        tally.add(&[row, judged_one(json!(0), Bound::Zero), judged_one(json!(1), Bound::Zero)]);
        assert_eq!(tally, Tally { good: 1, attention: 1, unanswered: 1 });
        assert!(tally.words().starts_with("3 checks: 1 good, 1 that want"), "{}", tally.words());
    }

    #[test]
    fn every_check_has_a_column_and_every_threshold_a_use() {
        let mut used = std::collections::BTreeSet::new();
        for part in Kind::all().flat_map(|kind| kind.sections) {
            used.extend(Thresholds::names().filter(|name| part.sql.contains(&format!("$t_{name}"))));
            match part.shape {
                Shape::Rows => {}
                Shape::Drawn(drawings) => {
                    for drawing in drawings {
                        assert!(part.columns.contains(&drawing.column), "{}: {}", part.title, drawing.column);
                        assert!(part.columns.contains(&drawing.along), "{}: {}", part.title, drawing.along);
                        used.extend(drawing.threshold);
                    }
                }
                Shape::Checks(checks) => {
                    assert_eq!(part.columns, COLUMNS);
                    for check in checks {
                        assert!(part.sql.contains(&format!("AS {}", check.name)), "{}", check.name);
                        match check.bound {
                            Bound::AtMost(name) | Bound::AtLeast(name) => drop(used.insert(name)),
                            Bound::Zero => {}
                        }
                    }
                }
            }
        }
        assert_eq!(used, Thresholds::names().collect());
    }
}
