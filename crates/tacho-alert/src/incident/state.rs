//! Where an incident stands, and where it can go from there.

/// From the first alert to the last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is known; nobody looks into it yet.
    Reception,
    /// Somebody finds out what it is.
    Investigation,
    /// The cause is known, and being mended.
    Remediation,
    /// It is over; what is learned from it is written down.
    PostMortem,
    Closed,
}

/// A state that can follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    pub state: State,
    /// Whether it has to be said why.
    pub needs_note: bool,
}

impl State {
    pub const ALL: [State; 5] =
        [State::Reception, State::Investigation, State::Remediation, State::PostMortem, State::Closed];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Reception => "reception",
            State::Investigation => "investigation",
            State::Remediation => "remediation",
            State::PostMortem => "post_mortem",
            State::Closed => "closed",
        }
    }

    pub fn parse(text: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether alerts still belong to it.
    pub fn takes_alerts(self) -> bool {
        self < State::PostMortem
    }

    /// What can follow. `checked`: it was contained, and somebody verified that.
    pub fn next(self, checked: bool) -> Vec<Next> {
        let go = |state, needs_note| Next { state, needs_note };
        match self {
            // Closed at once: it was none.
            State::Reception => vec![go(State::Investigation, false), go(State::Closed, true)],
            State::Investigation => vec![go(State::Remediation, false), go(State::Closed, true)],
            State::Remediation => {
                vec![go(State::PostMortem, !checked), go(State::Investigation, false)]
            }
            State::PostMortem => vec![go(State::Closed, false), go(State::Remediation, true)],
            State::Closed => vec![go(State::Investigation, true)],
        }
    }
}
