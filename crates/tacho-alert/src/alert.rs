//! The life of one alert: inactive, learning, pending, firing. A pure state machine in virtual time.
//!
//! Invariant: what mutes an alert is not known here, so that the truth is never lost.

/// What an evaluation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    Holds,
    Not,
    /// It can't be said yet: a baseline has too few windows.
    Learning,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    #[default]
    Inactive,
    Learning,
    Pending,
    Firing,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Inactive => "inactive",
            State::Learning => "learning",
            State::Pending => "pending",
            State::Firing => "firing",
        }
    }
}

/// What became of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Learning,
    Pending,
    Firing,
    Resolved,
    /// Pending or learning, and nothing came of it.
    Inactive,
}

/// How long a condition has to hold, and how long it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    pub(crate) hold_us: i64,
    pub(crate) keep_us: i64,
}

/// Changes of truth within the last evaluations that make an alert a flapping one.
const FLAP_CHANGES: u32 = 6;
const FLAP_EVALUATIONS: u32 = 21;

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Alert {
    pub(crate) state: State,
    /// When the condition began to hold.
    since_us: i64,
    /// When it held last.
    last_us: i64,
    /// When this firing began: part of its name.
    pub(crate) episode_us: i64,
    /// Whether it held, newest in the lowest bit.
    seen: u32,
    /// When somebody ended it by hand last.
    ended_us: i64,
    /// Whether all that it is about was there already when somebody ended it.
    pub(crate) is_over: bool,
}

impl Alert {
    /// Takes an evaluation. Evaluations come in the order of time. `heard_us` is when the newest event that contributes was
    /// recorded: what holds of nothing newer than the end by hand is over.
    pub(crate) fn step(
        &mut self,
        now_us: i64,
        truth: Truth,
        heard_us: i64,
        patience: Patience,
    ) -> Option<Change> {
        self.seen = self.seen << 1 | u32::from(truth == Truth::Holds);
        self.is_over &= truth == Truth::Holds && heard_us <= self.ended_us;
        let truth = if self.is_over { Truth::Not } else { truth };
        let before = self.state;
        match (truth, before) {
            (Truth::Holds, State::Firing) => self.last_us = now_us,
            (Truth::Holds, _) => {
                if before != State::Pending {
                    self.since_us = now_us;
                }
                self.last_us = now_us;
                self.state =
                    if now_us - self.since_us >= patience.hold_us { State::Firing } else { State::Pending };
                if self.state == State::Firing {
                    self.episode_us = now_us.max(self.ended_us + 1);
                }
            }
            (_, State::Firing) if now_us - self.last_us < patience.keep_us => {}
            (Truth::Not, _) => self.state = State::Inactive,
            (Truth::Learning, _) => self.state = State::Learning,
        }
        if self.state == before {
            return None;
        }
        Some(match (before, self.state) {
            (State::Firing, _) => Change::Resolved,
            (_, State::Firing) => Change::Firing,
            (_, State::Pending) => Change::Pending,
            (_, State::Learning) => Change::Learning,
            (_, State::Inactive) => Change::Inactive,
        })
    }

    /// Takes that somebody says it is over; whether it fired, and since before that.
    pub(crate) fn resolve(&mut self, at_us: i64) -> bool {
        let ends = self.state == State::Firing && self.episode_us <= at_us;
        if ends {
            (self.state, self.ended_us, self.is_over) = (State::Inactive, at_us, true);
        }
        ends
    }

    /// Whether the condition comes and goes: such an alert is told of less often, never hidden.
    pub(crate) fn is_flapping(&self) -> bool {
        let recent = self.seen & ((1 << FLAP_EVALUATIONS) - 1);
        let changes = (recent ^ (recent >> 1)) & ((1 << (FLAP_EVALUATIONS - 1)) - 1);
        changes.count_ones() >= FLAP_CHANGES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(patience: Patience, truths: &[(i64, Truth)]) -> Vec<(i64, Change)> {
        let mut alert = Alert::default();
        truths.iter().filter_map(|(at, truth)| Some((*at, alert.step(*at, *truth, *at, patience)?))).collect()
    }

    #[test]
    fn a_condition_has_to_hold_for_its_time_and_is_remembered_for_its_time() {
        use Truth::{Holds, Not};
        let patience = Patience { hold_us: 20, keep_us: 15 };
        let truths = [(0, Holds), (10, Not), (20, Holds), (30, Holds), (40, Holds), (50, Not), (60, Not)];
        let expected = [
            (0, Change::Pending),
            (10, Change::Inactive),
            (20, Change::Pending),
            (40, Change::Firing),
            (60, Change::Resolved),
        ];
        assert_eq!(run(patience, &truths), expected);
    }

    #[test]
    fn what_was_ended_by_hand_fires_again_for_what_is_new_or_found_anew() {
        let patience = Patience { hold_us: 0, keep_us: 50 };
        let fired = |alert: &mut Alert, at, truth, heard| alert.step(at, truth, heard, patience);
        let mut alert = Alert::default();
        assert_eq!(fired(&mut alert, 10, Truth::Holds, 9), Some(Change::Firing));
        assert!(!alert.resolve(9) && alert.resolve(20) && !alert.resolve(20));
        assert_eq!(fired(&mut alert, 30, Truth::Holds, 20), None, "nothing is new");
        assert_eq!(fired(&mut alert, 20, Truth::Holds, 21), Some(Change::Firing));
        assert_eq!(alert.episode_us, 21, "another alert than the one that was ended");
        assert!(alert.resolve(40));
        assert_eq!(fired(&mut alert, 50, Truth::Not, 21), None);
        assert_eq!(fired(&mut alert, 60, Truth::Holds, 21), Some(Change::Firing), "it is found anew");
        // Who ends it often makes no flapping alert of it.
        for at in (70..200).step_by(10) {
            assert!(alert.resolve(at));
            assert_eq!(fired(&mut alert, at + 1, Truth::Holds, at), None);
            assert_eq!(fired(&mut alert, at + 2, Truth::Holds, at + 1), Some(Change::Firing));
        }
        assert!(!alert.is_flapping());
    }

    #[test]
    fn learning_is_seen() {
        let patience = Patience { hold_us: 0, keep_us: 0 };
        let truths = [(0, Truth::Learning), (1, Truth::Learning), (2, Truth::Holds), (3, Truth::Learning)];
        assert_eq!(
            run(patience, &truths),
            [(0, Change::Learning), (2, Change::Firing), (3, Change::Resolved)]
        );
    }

    #[test]
    fn what_comes_and_goes_is_flapping() {
        let patience = Patience { hold_us: 0, keep_us: 0 };
        let mut alert = Alert::default();
        for at in 0..8 {
            alert.step(at, if at % 2 == 0 { Truth::Holds } else { Truth::Not }, at, patience);
        }
        assert!(alert.is_flapping());
        (8..40).for_each(|at| {
            alert.step(at, Truth::Holds, at, patience);
        });
        assert!(!alert.is_flapping());
    }
}
