//! Runs: what one process numbered from zero, where several processes number one session, after one another or at once.
//!
//! No record says which process wrote it. So each one goes on with a run that stands just before it; whether that is the
//! run it came from makes no difference to what is missing, for runs that stand at the same number are alike. Processes
//! whose records all came need no gap, in whichever way they interleave. Where no run stands just before a record, it
//! closes the smallest gap that explains it: what is missing is at least that.
//!
//! Limits: a record whose time is behind those of larger numbers is looked for in the [`HOLES_OPEN_MAX`] newest gaps; of
//! records with one number and one time [`AT_ONCE_MAX`] count.

use crate::rows::NumberRow;
use std::collections::BTreeMap;

/// Gaps that a record may still fill, the newest of them.
const HOLES_OPEN_MAX: usize = 256;
const AT_ONCE_MAX: u64 = 1000;

/// Numbers that did not come, with the records on both sides: none is before the beginning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hole<'r> {
    pub first: u64,
    pub last: u64,
    pub before: Option<&'r NumberRow>,
    pub behind: &'r NumberRow,
}

/// Runs of one session, fed in the order of time.
#[derive(Debug, Default)]
pub(crate) struct Runs<'r> {
    /// The last records of runs by their number, the newest at the end.
    ends: BTreeMap<u64, Vec<&'r NumberRow>>,
    pub holes: Vec<Hole<'r>>,
}

impl<'r> Runs<'r> {
    /// Takes records with one number and one time. More than one are of as many processes, or one that came by two ways
    /// or is told in parts: so those beyond the first leave no gap before them.
    pub(crate) fn take(&mut self, row: &'r NumberRow) {
        if !self.go_on(row) {
            self.jump(row);
        }
        for _ in 1..row.events.min(AT_ONCE_MAX) {
            if !self.go_on(row) {
                self.ends.entry(row.number).or_default().push(row);
            }
        }
    }

    /// The record is the next of a run, the first of one, or one that came late.
    fn go_on(&mut self, row: &'r NumberRow) -> bool {
        let is_next = row.number > 0 && self.leave(row.number - 1).is_some();
        if !is_next && self.fill(row) {
            return true;
        }
        if is_next || row.number == 0 {
            self.ends.entry(row.number).or_default().push(row);
        }
        is_next || row.number == 0
    }

    /// A run goes on behind a gap; where all stand further, it is one whose beginning did not come.
    fn jump(&mut self, row: &'r NumberRow) {
        let nearest = self.ends.range(..row.number).next_back().map(|(number, _)| *number);
        let before = nearest.and_then(|number| self.leave(number));
        let first = before.map_or(0, |before| before.number + 1);
        self.holes.push(Hole { first, last: row.number - 1, before, behind: row });
        self.ends.entry(row.number).or_default().push(row);
    }

    /// Takes away the newest end at a number.
    fn leave(&mut self, number: u64) -> Option<&'r NumberRow> {
        let ends = self.ends.get_mut(&number)?;
        let end = ends.pop();
        if ends.is_empty() {
            self.ends.remove(&number);
        }
        end
    }

    fn fill(&mut self, row: &'r NumberRow) -> bool {
        let open = self.holes.len().saturating_sub(HOLES_OPEN_MAX);
        let is_in = |hole: &Hole<'_>| (hole.first..=hole.last).contains(&row.number);
        let Some(at) = self.holes[open..].iter().rposition(is_in) else { return false };
        self.holes.splice(open + at..=open + at, self.holes[open + at].without(row));
        true
    }

    pub(crate) fn count(&self) -> usize {
        self.ends.values().map(Vec::len).sum()
    }
}

impl<'r> Hole<'r> {
    /// What is left when a record of it came.
    fn without(self, row: &'r NumberRow) -> impl Iterator<Item = Hole<'r>> {
        let until = row.number.checked_sub(1).map(|last| Hole { last, behind: row, ..self });
        let since = Hole { first: row.number + 1, before: Some(row), ..self };
        until.into_iter().chain([since]).filter(|hole| hole.first <= hole.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A process's numbers from zero with their times; those that arrive.
    type Process = Vec<(u64, i64, bool)>;

    /// Times of processes overlap, and many records have the time of another.
    fn process(arrives: f64) -> impl Strategy<Value = Process> {
        let steps = prop::collection::vec((0i64..4, prop::bool::weighted(arrives)), 0..40);
        (0i64..60, steps).prop_map(|(mut at_us, steps)| {
            let timed = steps.into_iter().enumerate().map(|(number, (step, comes))| {
                at_us += step;
                (number as u64, at_us, comes)
            });
            timed.collect()
        })
    }

    /// Rows as they are asked for: one for each number and time.
    fn rows(processes: &[Process]) -> Vec<NumberRow> {
        let mut events: BTreeMap<(i64, u64), u64> = BTreeMap::new();
        for (number, at_us, _) in processes.iter().flatten().filter(|(_, _, comes)| *comes) {
            *events.entry((*at_us, *number)).or_default() += 1;
        }
        let row = |((at_us, number), events)| NumberRow {
            producer: None,
            session: "s".into(),
            agent: "a".into(),
            source: "otel_log".into(),
            number,
            at_us,
            index: 0,
            events,
            alike: false,
            user: None,
            writer: String::new(),
        };
        events.into_iter().map(row).collect()
    }

    fn missing(rows: &[NumberRow]) -> u64 {
        let mut runs = Runs::default();
        rows.iter().for_each(|row| runs.take(row));
        runs.holes.iter().map(|hole| hole.last - hole.first + 1).sum()
    }

    proptest! {
        #[test]
        fn processes_whose_records_all_came_leave_no_gap(processes in prop::collection::vec(process(1.0), 0..5)) {
            prop_assert_eq!(missing(&rows(&processes)), 0);
        }

        #[test]
        fn no_more_is_missing_than_did_not_come(processes in prop::collection::vec(process(0.8), 0..5)) {
            let lost = processes.iter().flatten().filter(|(_, _, comes)| !comes).count();
            let found = missing(&rows(&processes));
            prop_assert!(found <= lost as u64, "{} of {}", found, lost);
        }

        #[test]
        fn of_one_process_all_is_found_but_the_end_whatever_the_order_of_its_times(
            came in prop::collection::btree_set(0u64..60, 1..40), times in prop::collection::vec(0i64..99, 60)
        ) {
            let process: Process = came.iter().map(|number| (*number, times[*number as usize], true)).collect();
            let last = came.last().expect("one is there");
            prop_assert_eq!(missing(&rows(&[process])), last + 1 - came.len() as u64);
        }
    }

    #[test]
    fn a_record_that_came_by_two_ways_leaves_no_gap() {
        let mut rows = rows(&[(0..9).map(|number| (number, number as i64, true)).collect()]);
        rows[3..6].iter_mut().for_each(|row| row.events = 2);
        assert_eq!(missing(&rows), 0);
    }
}
