//! Whose word counts of how an action went, and whether those who saw it disagree.

use super::Action;
use crate::ids::key;
use crate::member::{Member, newest};
use crate::shares::Owner;
use tacho_event::words::Outcome;

impl Action {
    /// Whose word counts of how it went: the witnesses', and where there is none that of the key which reported it first.
    pub(super) fn counts(&self) -> impl Fn(&Member) -> bool + use<> {
        let witnessed = self.is_witnessed();
        let owner = self.first().map(|(_, _, writer)| writer);
        move |member| match witnessed {
            true => member.is_witness(),
            false => !member.is_self_reported() || Some(member.writer) == owner,
        }
    }

    /// What is told of it now by those whose word counts.
    pub(super) fn telling(&self) -> impl Iterator<Item = &Member> {
        let counts = self.counts();
        newest(&self.members).filter(move |member| counts(member))
    }

    pub(super) fn ends(&self) -> impl Iterator<Item = Outcome> + '_ {
        self.telling().filter_map(Member::ended)
    }

    /// Whether of those who saw it one says success and another failure. Whose own matter it is has seen nothing.
    pub(super) fn differ(&self) -> bool {
        let witnessed = self.is_witnessed();
        let saw = |member: &Member| if witnessed { member.is_witness() } else { !member.is_self_reported() };
        let stands = |member: &&Member| {
            saw(member)
                && !member.repeats.is_of_many()
                && !self.members.iter().any(|later| member.is_state_before(later))
        };
        let ends = || self.members.iter().filter(stands).filter_map(Member::ended);
        ends().any(|outcome| outcome == Outcome::Success) && ends().any(|outcome| outcome == Outcome::Failure)
    }

    /// In whose share it is remembered: that of the first who tells of it, of the witnesses where there are any.
    pub(crate) fn owner(&self) -> Owner {
        let is_witness = self.is_witnessed();
        let counts = self.members.iter().filter(|member| member.is_witness() == is_witness);
        let writer = counts.min_by_key(|member| member.index).map_or(0, |member| member.writer);
        Owner { is_witness, writer, agent: key(&[self.agent().as_bytes()]) }
    }
}
