//! Whether what has the same id is of another session or agent, and in which session it is told.
//!
//! Files tell of a call again in the session of a fork, and name no agent that was given a name: they keep nothing apart.

use super::Action;
use crate::ids::key;
use crate::joiner::Whole;
use crate::member::{Member, flag, slot};
use crate::near::Likeness;
use crate::observation::Observation;
use crate::observer::Observer;
use crate::standing::inherited_rank;
use tacho_event::words::Phase;

impl Action {
    /// Whether a witness told of the same step in another session. A notice may come in the session that goes on.
    pub(crate) fn is_seen_elsewhere(&self, observation: &Observation<'_>) -> bool {
        let is_seen = observation.is_witness()
            && observation.observer != Observer::Transcript
            && observation.phase != Some(Phase::Message);
        let slot = slot(observation);
        let is_other = |member: &Member| {
            let told = member.session.zip(observation.session);
            member.slot == slot && told.is_some_and(|(one, other)| one != other.0)
        };
        is_seen && self.members.iter().any(is_other)
    }

    /// The session in which it is told by one who may tell of a part.
    pub(crate) fn told_in(&self) -> Option<[u8; 16]> {
        self.members.iter().find(|member| member.observer.may_tell_of_a_part())?.session
    }

    /// Has what is told of a part be told in the whole.
    pub(crate) fn move_told(&mut self, part: [u8; 16], whole: &Whole) {
        let is_its = |member: &Member| member.observer.may_tell_of_a_part() && member.session == Some(part);
        for member in self.members.iter_mut().filter(|member| is_its(member)) {
            member.session = Some(whole.session);
            if let Some(agent) = whole.agent.as_ref().filter(|_| !member.has(flag::AGENT_SAID)) {
                member.agent = key(&[agent.as_bytes()]);
                member.part = Some(part);
                self.agent.offer(inherited_rank(member.is_witness()), agent);
            }
        }
        // Others may tell of it there as well.
        if self.members.iter().any(|member| member.session == Some(part)) {
            return;
        }
        self.session = self.session.map(|known| if known == part { whole.session } else { known });
        let place = Likeness::place(part, &self.name.text);
        if let Some(known) = self.likeness.as_mut().filter(|known| known.place == place) {
            known.place = Likeness::place(whole.session, &self.name.text);
        }
    }

    /// Whether a witness of the same kind names another agent, or another one that saw it and names one.
    pub(crate) fn is_of_other_agent(&self, agent: u64, observation: &Observation<'_>) -> bool {
        let is_said = observation.said_agent().is_some() && observation.observer != Observer::Transcript;
        let is_other = |member: &Member| {
            let both_say = is_said && member.has(flag::AGENT_SAID) && member.observer != Observer::Transcript;
            member.is_witness()
                && member.agent != agent
                && (both_say || member.observer == observation.observer)
        };
        self.members.iter().any(is_other)
    }

    /// Whether a witness names this agent.
    pub(crate) fn is_told_of(&self, agent: u64) -> bool {
        self.members.iter().any(|member| member.is_witness() && member.agent == agent)
    }
}
