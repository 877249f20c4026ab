//! Which events only repeat what another witness told of a call before: alert rules count a call's failure once, whoever
//! tells of it.
//!
//! Limits: [`ACTIONS_MAX`] calls and [`REPEATS_MAX`] events are remembered, the newest; of calls that only agents tell of no more
//! than half, so that none of them pushes out what witnesses told. Of older events nothing is known.

use std::collections::{HashMap, HashSet, VecDeque};
use tacho_action::{Closure, Entry, Overlay};
use tacho_event::words::{Known, Outcome, Phase};

const ACTIONS_MAX: usize = 65_536;
const REPEATS_MAX: usize = 65_536;

#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Repeats {
    /// Of each call, by its first event.
    told: HashMap<u64, Told>,
    /// In which order they came: those that only agents tell of, and the others. What became another's stands in both.
    orders: [VecDeque<u64>; 2],
    repeats: HashSet<u64>,
    repeats_order: VecDeque<u64>,
    /// From here on it is known.
    first: u64,
}

/// What was told of a call.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Told {
    is_witnessed: bool,
    /// Whether it was told to be under way, and to be over.
    ends: [bool; 2],
}

impl Repeats {
    /// Notes an event, after the overlay has taken it.
    pub(super) fn note(
        &mut self,
        index: u64,
        (outcome, phase, known): (Outcome, Option<Phase>, Known),
        overlay: &Overlay,
    ) {
        let action = match overlay.entry(index) {
            Some(Entry::Hidden { action, .. }) => *action,
            Some(Entry::Shown(record)) => record.action,
            // Alone so far: it names its own action.
            None => index,
        };
        let is_witnessed = known != Known::SelfReported;
        if self.told.get(&action).is_none_or(|told| is_witnessed && !told.is_witnessed) {
            self.make_room();
            self.orders[usize::from(is_witnessed)].push_back(action);
            self.told.entry(action).or_default().is_witnessed = is_witnessed;
        }
        let is_over = !matches!(Closure::told(outcome, phase), Closure::Open | Closure::Asynchronous);
        let told = self.told.entry(action).or_default();
        if std::mem::replace(&mut told.ends[usize::from(is_over)], true) {
            if self.repeats_order.len() >= REPEATS_MAX
                && let Some(oldest) = self.repeats_order.pop_front()
            {
                self.repeats.remove(&oldest);
                self.first = self.first.max(oldest + 1);
            }
            self.repeats.insert(index);
            self.repeats_order.push_back(index);
        }
    }

    fn make_room(&mut self) {
        while self.orders.iter().map(VecDeque::len).sum::<usize>() >= ACTIONS_MAX {
            let side = usize::from(self.orders[0].len() <= ACTIONS_MAX / 2);
            let side = if self.orders[side].is_empty() { 1 - side } else { side };
            let Some(oldest) = self.orders[side].pop_front() else { break };
            // What a witness told of meanwhile leaves with the witnesses'.
            if self.told.get(&oldest).is_some_and(|told| usize::from(told.is_witnessed) == side) {
                self.told.remove(&oldest);
            }
        }
    }

    /// All of it, for the file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("what repeats has a form in bytes")
    }

    /// Takes back what [`Repeats::bytes`] gave.
    pub(super) fn load(bytes: &[u8]) -> Result<Repeats, String> {
        postcard::from_bytes(bytes).map_err(|error| format!("which events repeat: {error}"))
    }

    /// Whether an event only repeats; nothing where that is not known.
    pub(super) fn has(&self, index: u64) -> Option<bool> {
        (index >= self.first).then(|| self.repeats.contains(&index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tacho_action::Record;
    use tacho_action::{Joiner, Observation, Observer};
    use tacho_event::words::ActionType;

    #[test]
    fn a_second_witness_repeats_and_a_next_phase_does_not() {
        let (mut repeats, mut overlay) = (Repeats::default(), Overlay::default());
        let shown = |action| Some(Entry::Shown(Box::new(Record { action, ..Record::default() })));
        repeats.note(5, (Outcome::Unknown, Some(Phase::Proposed), Known::Observed), &overlay);
        overlay.set(5, shown(5));
        overlay.set(6, Some(Entry::Hidden { action: 5, session: None, agent: None }));
        repeats.note(6, (Outcome::Unknown, Some(Phase::Proposed), Known::Observed), &overlay);
        overlay.set(7, Some(Entry::Hidden { action: 5, session: None, agent: None }));
        repeats.note(7, (Outcome::Failure, Some(Phase::Result), Known::Observed), &overlay);
        overlay.set(8, Some(Entry::Hidden { action: 5, session: None, agent: None }));
        repeats.note(8, (Outcome::Failure, Some(Phase::Result), Known::Observed), &overlay);
        repeats.note(9, (Outcome::Failure, Some(Phase::Result), Known::Observed), &overlay);
        let told = [5, 6, 7, 8, 9].map(|index| repeats.has(index));
        assert_eq!(told, [false, true, false, true, false].map(Some));
    }

    #[test]
    fn what_agents_tell_pushes_out_no_call_that_a_witness_told_of() {
        let (mut repeats, overlay) = (Repeats::default(), Overlay::default());
        let failed = |known| (Outcome::Failure, Some(Phase::Result), known);
        repeats.note(0, failed(Known::Observed), &overlay);
        for index in 1..ACTIONS_MAX as u64 + 5_000 {
            repeats.note(index, failed(Known::SelfReported), &overlay);
        }
        assert!(repeats.told.len() <= ACTIONS_MAX && repeats.told.contains_key(&0));
        let mut joined = overlay;
        let second = ACTIONS_MAX as u64 + 5_000;
        joined.set(second, Some(Entry::Hidden { action: 0, session: None, agent: None }));
        repeats.note(second, failed(Known::Observed), &joined);
        assert_eq!(repeats.has(second), Some(true));
    }

    /// What one of four witnesses tells of one of five calls.
    fn told(index: u64, call: &'static str, observer: Observer, is_over: bool) -> Observation<'static> {
        Observation {
            index,
            recorded_us: 0,
            state: index,
            revision: 0,
            writer: 1,
            time_us: 1_000 * index as i64,
            session: None,
            agent: "a1",
            agent_assumed: false,
            part: None,
            call: Some(call),
            parent: None,
            span: None,
            phase: Some(if is_over { Phase::Result } else { Phase::Proposed }),
            kind: ActionType::Tool,
            name: "Bash",
            outcome: if is_over { Outcome::Success } else { Outcome::Unknown },
            known: Known::Observed,
            observer,
            hook: (observer == Observer::Hook).then_some(if is_over { "PostToolUse" } else { "PreToolUse" }),
            request: None,
            model: None,
            library: None,
            started: None,
            error_type: None,
            exited: false,
            figures: [None; 6],
            cost_estimated: false,
            input: Some("{}"),
            has_output: is_over,
            has_error: false,
            process: None,
        }
    }

    proptest! {
        #[test]
        fn a_restart_at_any_place_changes_nothing(
            events in prop::collection::vec((0..5_usize, 0..3_usize, any::<bool>()), 1..60),
            saved in 0..60_usize,
        ) {
            let (mut joiner, mut overlay, mut live) = (Joiner::default(), Overlay::default(), Repeats::default());
            let observers = [Observer::Hook, Observer::Log, Observer::Span];
            let calls = ["c0", "c1", "c2", "c3", "c4"];
            let all: Vec<Observation<'_>> = events
                .iter()
                .enumerate()
                .map(|(at, (call, who, is_over))| told(at as u64, calls[*call], observers[*who], *is_over))
                .collect();
            let saved = saved.min(all.len());
            let take = |joiner: &mut Joiner, overlay: &mut Overlay, repeats: &mut Repeats, some: &[Observation<'_>]| {
                for one in some {
                    joiner.observe(one, overlay);
                    repeats.note(one.index, (one.outcome, one.phase, one.known), overlay);
                }
            };
            take(&mut joiner, &mut overlay, &mut live, &all[..saved]);
            let (kept, mut overlay_again) = ((joiner.bytes(), live.bytes()), overlay.clone());
            take(&mut joiner, &mut overlay, &mut live, &all[saved..]);
            // From what was saved on the rest is taken from the log.
            let mut joiner = Joiner::load(&kept.0).unwrap();
            let mut again = Repeats::load(&kept.1).unwrap();
            take(&mut joiner, &mut overlay_again, &mut again, &all[saved..]);
            for one in &all {
                prop_assert_eq!(again.has(one.index), live.has(one.index), "{:?}", one);
            }
        }
    }
}
