//! What hooks without an id tell of an action, and whether it has an id of its own.

use super::Action;
use crate::member::{Member, counted};
use crate::observation::Observation;
use crate::observer::Observer;
use tacho_event::time::Micros;
use tacho_event::words::Phase;

impl Action {
    /// When hooks told of it, as proposed and as answered.
    pub(crate) fn hooked(&self) -> Option<(Option<Micros>, Option<Micros>)> {
        let at = |phase| {
            let is_it = |member: &&Member| member.observer == Observer::Hook && member.phase() == Some(phase);
            let told = self.members.iter().filter(is_it).filter(|member| !member.is_piece());
            told.map(|member| member.time_us).min()
        };
        let hooked = (at(Phase::Proposed), at(Phase::Result));
        (hooked != (None, None)).then_some(hooked)
    }

    /// The tokens of the answer that stands, as hooks tell them.
    pub(crate) fn hooked_tokens(&self) -> Option<[i64; 2]> {
        counted(&self.members).filter(|member| member.observer == Observer::Hook).find_map(Member::tokens)
    }

    /// Whether it is a call with an id of its own, for this observation: a witness goes by what witnesses tell.
    pub(crate) fn is_called_for(&self, observation: &Observation<'_>) -> bool {
        if observation.is_witness() && self.is_witnessed() { self.is_called } else { self.has_own_call }
    }

    /// Whether witnesses name it by an id of its own.
    pub(crate) fn is_called(&self) -> bool {
        self.is_called
    }

    /// Whether witnesses name both by ids of their own.
    pub(crate) fn is_called_beside(&self, other: &Action) -> bool {
        self.is_called && other.is_called
    }
}
