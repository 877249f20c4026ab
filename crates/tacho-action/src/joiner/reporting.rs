//! Ids that agents give what they report: which action a report means that names an action by such an id.
//!
//! Where session or agent are said they tell the actions of one id apart. An outcome that says no agent means the action of
//! its sender that has this id and whose end is not known yet; where several wait, or none waits and they are several
//! agents', it stays alone.
//!
//! Limit: of the actions of one sender under one id the newest [`SAME_ID_MAX`] are looked at.

use super::Joiner;
use super::sharing::{SAME_ID_MAX, waits};
use crate::action::Action;
use crate::ids::{is_strong, key};
use crate::observation::{NOBODY, Observation};
use crate::observer::Observer;

/// What the outcome that an agent reports means.
pub(super) enum Reported {
    As(u64),
    /// Several actions have the id, and which of them is meant is not said.
    Unclear,
    /// It is no outcome, or its sender reported no action under this id.
    No,
}

/// What an agent's own report is found by where it or the other one names no session: agent and id.
pub(super) fn key_of(observation: &Observation<'_>) -> Option<u64> {
    let id = short_id(observation).filter(|_| !is_nobodys(observation))?;
    Some(key(&[b"reported", observation.agent.as_bytes(), id.as_bytes()]))
}

/// The agent's short id of a call that it reports: others may have the same.
fn short_id<'a>(observation: &Observation<'a>) -> Option<&'a str> {
    observation.call.filter(|call| observation.observer == Observer::Mcp && !is_strong(call))
}

/// The sender of a report and the id, which may be that of several agents.
pub(super) fn sent_as(observation: &Observation<'_>) -> Option<u64> {
    let id = observation.call.filter(|_| observation.observer == Observer::Mcp)?;
    Some(key(&[b"sent", &observation.writer.to_be_bytes(), id.as_bytes()]))
}

/// An outcome whose agent was not said: the name of another agent may stand there.
pub(super) fn is_nobodys(observation: &Observation<'_>) -> bool {
    observation.is_outcome() && (observation.agent_assumed || observation.agent == NOBODY)
}

impl Joiner {
    /// The action that has the agent and id of a report, where one of them names no session.
    pub(super) fn reported(&self, key: u64, observation: &Observation<'_>) -> Option<u64> {
        let action = self.actions.get(self.keys.get(&key)?)?;
        (action.session().is_none() || observation.session.is_none()).then_some(action.id)
    }

    /// The action of its sender that an outcome means.
    pub(super) fn reported_as(&self, observation: &Observation<'_>) -> Reported {
        let sent = sent_as(observation).filter(|_| observation.is_outcome());
        let Some(known) = sent.and_then(|sent| self.shared.get(&sent)) else { return Reported::No };
        let fits = |action: &&Action| {
            let told = action.session().zip(observation.session);
            told.is_none_or(|(one, other)| one == other.0)
        };
        let newest = known.iter().rev().take(SAME_ID_MAX);
        let actions: Vec<&Action> = newest.filter_map(|id| self.actions.get(id)).filter(fits).collect();
        let own = |action: &&Action| action.agent() == observation.agent;
        let owned: Vec<&Action> = actions.iter().copied().filter(own).collect();
        let found = match is_nobodys(observation) {
            true => nobodys(&actions, &owned),
            false => the_one(&owned),
        };
        match found {
            Some(action) => Reported::As(action.id),
            None if actions.len() > 1 && owned.len() != actions.len() => Reported::Unclear,
            None => Reported::No,
        }
    }
}

/// The action of one agent that an outcome means: the one that waits, or the last, where it is told again.
fn the_one<'a>(actions: &[&'a Action]) -> Option<&'a Action> {
    let mut waiting = actions.iter().filter(|action| waits(action));
    match (waiting.next(), waiting.next()) {
        (Some(one), None) => Some(one),
        (None, _) => actions.first().copied(),
        _ => None,
    }
}

/// The same of an outcome that says no agent.
fn nobodys<'a>(actions: &[&'a Action], own: &[&'a Action]) -> Option<&'a Action> {
    let waiting: Vec<&Action> = actions.iter().copied().filter(|action| waits(action)).collect();
    let mut own_waiting = own.iter().filter(|action| waits(action));
    match (waiting.as_slice(), own_waiting.next(), own_waiting.next()) {
        ([one], ..) | (_, Some(one), None) => Some(*one),
        // It is told again, or was over before.
        ([], ..) => {
            let [last, before @ ..] = actions else { return None };
            let is_one_agents = before.iter().all(|action| action.agent() == last.agent());
            if is_one_agents { Some(*last) } else { own.first().copied() }
        }
        _ => None,
    }
}
