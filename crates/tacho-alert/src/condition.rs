//! What has to hold for a rule to fire, in the words of its query, with units: people compare it with what was measured.
//!
//! Limits: [`CHARS_MAX`]; a longer one is cut and says so.

use crate::rule::Rule;
use crate::unit::{Units, spelled};
use tacho_pipe::{Expr, Node, Stage, parse};

const CHARS_MAX: usize = 500;
const CUT: &str = " … (cut)";

impl Rule {
    /// What has to hold for the rule to fire: what it asks of what it added up, else of each event. Nothing where that is
    /// not a question, as in a rule that fires for every event.
    pub fn condition(&self) -> Option<String> {
        let stages = parse(&self.query).ok()?.stages;
        let adds =
            |stage: &Stage| matches!(stage, Stage::Aggregate(_) | Stage::Sequence(_) | Stage::Absent { .. });
        let asked = match stages.iter().rposition(adds) {
            // A sequence that was seen, an event that was missed: that is the question itself.
            Some(at) => joined(&stages[at + 1..], &self.units).or_else(|| match &stages[at] {
                Stage::Aggregate(_) => None,
                stage => Some(stage.to_string()),
            }),
            None => joined(&stages, &self.units),
        };
        asked.map(|text| one_line(&text))
    }
}

/// All filters as one.
fn joined(stages: &[Stage], units: &Units) -> Option<String> {
    let filters = stages.iter().filter_map(|stage| match stage {
        Stage::Filter(filter) => Some(filter.clone()),
        _ => None,
    });
    let mut filters: Vec<Expr> = filters.collect();
    let last = filters.pop()?;
    if filters.is_empty() {
        return Some(spelled(&last, units));
    }
    let span = last.span;
    filters.push(last);
    Some(spelled(&Expr { node: Node::And(filters), span }, units))
}

fn one_line(text: &str) -> String {
    let whole = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if whole.chars().count() <= CHARS_MAX {
        return whole;
    }
    let kept: String = whole.chars().take(CHARS_MAX - CUT.chars().count()).collect();
    format!("{}{CUT}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(query: &str) -> Option<String> {
        let text = format!("id: r\nwindow: 15m\nquery: |\n  {query}\n");
        crate::read("r.yaml", &text).unwrap_or_else(|error| panic!("{query}: {error:?}"))[0].condition()
    }

    #[test]
    fn what_is_asked_of_what_was_added_up_is_the_condition_else_what_is_asked_of_an_event() {
        for (query, expected) in [
            (
                "agent_audit_log | action_type = 'metric' | last(cpu_ppm) as cpu by agent_id | cpu > 950000",
                Some("cpu > 95 %"),
            ),
            ("agent_audit_log | action = 'forbidden'", Some("action = 'forbidden'")),
            ("agent_audit_log | duration_ms > 5s", Some("duration_ms > 5s")),
            (
                "agent_audit_log | count() as all, count() if (outcome_status = 'failure') as bad by agent_id \
                 | eval rate = bad / all | rate > 0.5 or bad > 100 | all >= 10",
                Some("(rate > 0.5 or bad > 100) and all >= 10"),
            ),
            ("agent_audit_log | absent by agent_id", Some("absent by agent_id")),
            ("agent_audit_log | count() by agent_id", None),
        ] {
            assert_eq!(condition(query).as_deref(), expected, "{query}");
        }
    }

    #[test]
    fn every_rule_that_is_built_in_has_one_that_fits_a_message() {
        for rule in crate::builtin::rules().unwrap() {
            let condition = rule.condition();
            assert!(
                condition.is_some_and(|text| (1..=CHARS_MAX).contains(&text.chars().count())),
                "{}",
                rule.id
            );
        }
    }

    #[test]
    fn a_long_one_is_cut_and_says_so() {
        let many = vec!["action = 'forbidden'"; 100].join(" or ");
        let cut = condition(&format!("agent_audit_log | {many}")).unwrap();
        assert!(cut.ends_with(CUT) && cut.chars().count() <= CHARS_MAX, "{cut}");
    }
}
