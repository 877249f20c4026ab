//! The ends of turns, sub-agents and sessions: what is open of them gets no answer any more.
//!
//! Limit: of a session the turns of [`TURNS_MAX`] agents are known, those that ended last.

use super::Joiner;
use crate::action::Action;
use crate::ids::key;
use crate::observation::{End, Observation};
use crate::shares::Owner;
use std::collections::{BTreeMap, BTreeSet};
use tacho_event::time::Micros;

/// Agents of one session whose turns are known to have ended.
const TURNS_MAX: usize = 1024;

impl Joiner {
    /// A turn, a sub-agent or a session has ended: what is open of it gets no answer any more.
    pub(super) fn end(&mut self, end: End, observation: &Observation<'_>, changed: &mut BTreeSet<u64>) {
        let Some(session) = observation.session else { return };
        self.touch_session(session.0, observation.owner(), observation.told_at());
        let Some(known) = self.sessions.get_mut(&session.0) else { return };
        let agent = key(&[observation.agent.as_bytes()]);
        let (turns, ended) = match observation.is_witness() {
            true => (&mut known.turns, &mut known.ended),
            false => (&mut known.own_turns, &mut known.own_ended),
        };
        let last = match end {
            End::Session => ended.get_or_insert(observation.time_us),
            End::Turn | End::SubAgent => {
                make_room(turns, agent);
                turns.entry(agent).or_insert(observation.time_us)
            }
        };
        *last = observation.time_us.max(*last);
        changed.extend(known.open.iter().copied());
        if end == End::SubAgent {
            let started = key(&[b"started", &session.0, observation.agent.as_bytes()]);
            let action = self.started.get(&started).and_then(|id| self.actions.get_mut(id));
            if let Some(action) = action.filter(|action| observation.is_witness() || !action.is_witnessed()) {
                action.finished_us = action.finished_us.max(Some(observation.time_us));
                changed.insert(action.id);
            }
        }
    }

    /// Notes that a session was told of. Once a witness tells of it, it is a witness's.
    pub(super) fn touch_session(&mut self, session: [u8; 16], owner: Owner, told_at: (u64, Micros)) {
        self.sessions.entry(session).or_default();
        let known = self.session_shares.owner(session);
        let owner = known.filter(|known| known.is_witness && !owner.is_witness).unwrap_or(owner);
        self.session_shares.note(session, owner, false, told_at);
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

/// Forgets the turn that ended first where there is no place for that of one more agent.
fn make_room(turns: &mut BTreeMap<u64, Micros>, agent: u64) {
    if turns.len() < TURNS_MAX || turns.contains_key(&agent) {
        return;
    }
    if let Some(first) = turns.iter().min_by_key(|(_, ended)| **ended).map(|(agent, _)| *agent) {
        turns.remove(&first);
    }
}
