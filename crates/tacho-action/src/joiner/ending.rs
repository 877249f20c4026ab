//! The ends of turns, sub-agents and sessions: what is open of them gets no answer any more.

use super::Joiner;
use crate::action::Action;
use crate::ids::key;
use crate::observation::{End, Observation};
use std::collections::BTreeSet;

impl Joiner {
    /// A turn, a sub-agent or a session has ended: what is open of it gets no answer any more.
    pub(super) fn end(&mut self, end: End, observation: &Observation<'_>, changed: &mut BTreeSet<u64>) {
        let Some(session) = observation.session else { return };
        self.touch_session(session.0, observation.index);
        let Some(known) = self.sessions.get_mut(&session.0) else { return };
        let agent = key(&[observation.agent.as_bytes()]);
        let (turns, ended) = match observation.is_witness() {
            true => (&mut known.turns, &mut known.ended),
            false => (&mut known.own_turns, &mut known.own_ended),
        };
        let last = match end {
            End::Session => ended.get_or_insert(observation.time_us),
            End::Turn | End::SubAgent => turns.entry(agent).or_insert(observation.time_us),
        };
        *last = observation.time_us.max(*last);
        changed.extend(known.open.iter().copied());
        if end == End::SubAgent {
            let started = key(&[b"started", &session.0, observation.agent.as_bytes()]);
            let action = self.started.get(&started).and_then(|id| self.actions.get_mut(id));
            if let Some(action) = action.filter(|action| observation.is_witness() || !action.is_witnessed()) {
                action.finished = true;
                changed.insert(action.id);
            }
        }
    }

    pub(super) fn touch_session(&mut self, session: [u8; 16], index: u64) {
        let known = self.sessions.entry(session).or_default();
        self.session_order.remove(&(known.touched, session));
        known.touched = index;
        self.session_order.insert((index, session));
    }

    /// Whether everything that was told of an action lies before the end of its turn or session.
    pub(super) fn is_over(&self, action: &Action) -> bool {
        let Some(session) = action.session().and_then(|session| self.sessions.get(&session)) else {
            return false;
        };
        let agent = key(&[action.agent().as_bytes()]);
        let told = session.ended.max(session.turns.get(&agent).copied());
        let own = session.own_ended.max(session.own_turns.get(&agent).copied());
        let end = if action.is_witnessed() { told } else { told.max(own) };
        end.is_some_and(|end| end >= action.last_us())
    }
}
