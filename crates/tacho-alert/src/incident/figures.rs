//! How long it took: to answer, and to be over, by severity.

use super::body::Incident;
use super::state::State;
use crate::rule::Severity;

/// Figures of one severity. A mean is over those that have the value, and missing where none has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    pub severity: Severity,
    pub opened: usize,
    pub answered: usize,
    /// Nobody had answered in time.
    pub late: usize,
    pub resolved: usize,
    pub closed: usize,
    pub answer_us: Option<Times>,
    pub resolve_us: Option<Times>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    pub mean_us: i64,
    pub median_us: i64,
}

/// The figures of all severities, the worst first.
pub fn figures(incidents: &[Incident]) -> Vec<Figures> {
    [Severity::Critical, Severity::Warning, Severity::Info].map(|severity| of(incidents, severity)).to_vec()
}

fn of(incidents: &[Incident], severity: Severity) -> Figures {
    // One that was merged is told of by the other.
    let own = incidents.iter().filter(|incident| incident.merged_into.is_none());
    let own: Vec<&Incident> = own.filter(|incident| incident.severity == severity).collect();
    let count = |wanted: &dyn Fn(&Incident) -> bool| own.iter().filter(|incident| wanted(incident)).count();
    let answers = own.iter().filter_map(|one| Some(one.first_answer()?.at_us - one.opened_us));
    // What went away by itself was mended by nobody.
    let mended = own.iter().filter(|one| one.first_answer().is_some());
    let ends = mended.filter_map(|one| Some(one.resolved_us? - one.opened_us));
    Figures {
        severity,
        opened: own.len(),
        answered: count(&|one| one.first_answer().is_some()),
        late: count(&|one| one.was_late()),
        resolved: count(&|one| one.resolved_us.is_some()),
        closed: count(&|one| one.state == State::Closed),
        answer_us: times(answers.collect()),
        resolve_us: times(ends.collect()),
    }
}

fn times(mut all: Vec<i64>) -> Option<Times> {
    all.sort_unstable();
    let middle = all.len() / 2;
    let median_us = match all.len() {
        0 => return None,
        odd if odd % 2 == 1 => all[middle],
        _ => (all[middle - 1] + all[middle]) / 2,
    };
    let sum: i128 = all.iter().map(|us| i128::from(*us)).sum();
    Some(Times { mean_us: (sum / all.len() as i128) as i64, median_us })
}
