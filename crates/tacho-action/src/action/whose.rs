//! Whether what has the same id is of another session or agent, and of which session a file tells.
//!
//! Files tell of a call again in the session of a fork, and name no agent that was given a name: they keep nothing apart.

use super::Action;
use crate::member::{Member, flag, slot};
use crate::near::Likeness;
use crate::observation::Observation;
use crate::observer::Observer;
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

    /// The session whose file tells of it.
    pub(crate) fn filed_in(&self) -> Option<[u8; 16]> {
        self.members.iter().find(|member| member.observer == Observer::Transcript)?.session
    }

    /// Has what the file of a session told be told in another one.
    pub(crate) fn move_filed(&mut self, from: [u8; 16], to: [u8; 16]) {
        let is_its =
            |member: &&mut Member| member.observer == Observer::Transcript && member.session == Some(from);
        self.members.iter_mut().filter(is_its).for_each(|member| member.session = Some(to));
        // Others may tell of it there as well.
        if self.members.iter().any(|member| member.session == Some(from)) {
            return;
        }
        self.session = self.session.map(|known| if known == from { to } else { known });
        let place = Likeness::place(from, &self.name.text);
        if let Some(known) = self.likeness.as_mut().filter(|known| known.place == place) {
            known.place = Likeness::place(to, &self.name.text);
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
