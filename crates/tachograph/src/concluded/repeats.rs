//! Which events only repeat what another witness told of a call before: alert rules count a call's failure once, whoever
//! tells of it.
//!
//! Limits: [`ACTIONS_MAX`] calls and [`REPEATS_MAX`] events are remembered, the newest. Of older events those are taken
//! for repetitions that queries do not show.

use std::collections::{HashMap, HashSet, VecDeque};
use tacho_action::{Closure, Entry, Overlay};
use tacho_event::words::{Outcome, Phase};

const ACTIONS_MAX: usize = 65_536;
const REPEATS_MAX: usize = 65_536;

#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// Of each call, by its first event: whether it was told to be under way, and to be over.
    told: HashMap<u64, [bool; 2]>,
    order: VecDeque<u64>,
    repeats: HashSet<u64>,
    repeats_order: VecDeque<u64>,
    /// The first event that was noted.
    first: Option<u64>,
}

impl Repeats {
    /// Notes an event, after the overlay has taken it.
    pub(super) fn note(&mut self, index: u64, outcome: Outcome, phase: Option<Phase>, overlay: &Overlay) {
        self.first.get_or_insert(index);
        let action = match overlay.entry(index) {
            Some(Entry::Hidden { action, .. }) => *action,
            Some(Entry::Shown(record)) => record.action,
            // Alone so far: it names its own action.
            None => index,
        };
        if !self.told.contains_key(&action) {
            if self.order.len() >= ACTIONS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.told.remove(&oldest);
            }
            self.order.push_back(action);
        }
        let is_over = !matches!(Closure::told(outcome, phase), Closure::Open | Closure::Asynchronous);
        let told = self.told.entry(action).or_default();
        if std::mem::replace(&mut told[usize::from(is_over)], true) {
            if self.repeats_order.len() >= REPEATS_MAX
                && let Some(oldest) = self.repeats_order.pop_front()
            {
                self.repeats.remove(&oldest);
            }
            self.repeats.insert(index);
            self.repeats_order.push_back(index);
        }
    }

    pub(super) fn has(&self, index: u64, overlay: &Overlay) -> bool {
        match self.first {
            Some(first) if index >= first => self.repeats.contains(&index),
            _ => matches!(overlay.entry(index), Some(Entry::Hidden { .. })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacho_action::Record;

    #[test]
    fn a_second_witness_repeats_and_a_next_phase_does_not() {
        let (mut repeats, mut overlay) = (Repeats::default(), Overlay::default());
        let shown = |action| Some(Entry::Shown(Box::new(Record { action, ..Record::default() })));
        repeats.note(5, Outcome::Unknown, Some(Phase::Proposed), &overlay);
        overlay.set(5, shown(5));
        overlay.set(6, Some(Entry::Hidden { action: 5, session: None }));
        repeats.note(6, Outcome::Unknown, Some(Phase::Proposed), &overlay);
        overlay.set(7, Some(Entry::Hidden { action: 5, session: None }));
        repeats.note(7, Outcome::Failure, Some(Phase::Result), &overlay);
        overlay.set(8, Some(Entry::Hidden { action: 5, session: None }));
        repeats.note(8, Outcome::Failure, Some(Phase::Result), &overlay);
        repeats.note(9, Outcome::Failure, Some(Phase::Result), &overlay);
        overlay.set(2, Some(Entry::Hidden { action: 1, session: None }));
        let told: Vec<bool> = [2, 3, 5, 6, 7, 8, 9].map(|index| repeats.has(index, &overlay)).to_vec();
        assert_eq!(told, [true, false, false, true, false, true, false]);
    }
}
