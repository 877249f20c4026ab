//! Ids of calls that a session gives again and again: runtimes count them in each answer of a model, or in each of the
//! conversations that agents of one session have.
//!
//! Of the calls under such an id an observation is of the one nearest in time that it fits. Each witness tells its own in
//! order, so in which order one's word comes beside another's, and how much later, says nothing.
//!
//! Limit: those near in time that `places` finds.

use super::Joiner;
use super::sharing::of_session;
use crate::action::Action;
use crate::entry::Closure;
use crate::ids::{agent_key, is_strong};
use crate::member::{lasts, slot};
use crate::observation::Observation;
use crate::observer::Observer;
use crate::standing::is_made_up;
use tacho_event::time::Micros;
use tacho_event::words::Phase;

/// What an observation is found by that names a call by an id which its session may give again. Those that our hook made up
/// are given once.
pub(super) fn given_again(observation: &Observation<'_>) -> Option<u64> {
    let call = observation.call.filter(|call| !is_strong(call) && !is_made_up(observation))?;
    Some(of_session(observation.session?, call))
}

impl Joiner {
    /// The call that a witness means by such an id.
    pub(super) fn nearest_given(&self, key: u64, observation: &Observation<'_>) -> Option<u64> {
        let lasts = lasts(observation);
        // A notice tells of what goes on, however long ago that began.
        let is_notice = observation.phase == Some(Phase::Message);
        let agent = agent_key(observation.agent);
        let near = self.near.around(key, lasts, Micros::MAX);
        let mut actions: Vec<_> = near
            .iter()
            .filter_map(|id| self.actions.get(id))
            .map(|action| {
                let is_over = is_notice && action.closure(false) != Closure::Asynchronous;
                ((is_over, !action.is_told_of(agent), action.apart_us(lasts), action.id), action)
            })
            .collect();
        actions.sort_unstable_by_key(|(by, _)| *by);
        let may_be = |action: &Action| {
            (is_notice || !action.is_of_other_agent(agent, observation)) && self.fits(action.id, observation)
        };
        actions.into_iter().find(|(_, action)| may_be(action)).map(|(_, action)| action.id)
    }

    /// Whether an id is now that of another call that witnesses tell of.
    pub(super) fn is_given_to_another(&self, key: u64, id: u64) -> bool {
        let other = self.keys.get(&key).filter(|other| **other != id);
        other.and_then(|other| self.actions.get(other)).is_some_and(Action::is_witnessed)
    }

    /// Whether an action that has the same id can be the same: one that its session may give again is, once its call is over.
    /// An outcome that an agent reports is always that of an action before.
    pub(super) fn fits(&self, id: u64, observation: &Observation<'_>) -> bool {
        let Some(action) = self.actions.get(&id) else { return false };
        let is_outcome = observation.observer == Observer::Mcp && observation.phase == Some(Phase::Result);
        let is_given = observation.call.is_some_and(|call| !is_strong(call)) && !is_made_up(observation);
        let is_again = is_given && !is_outcome && action.has_told(slot(observation), lasts(observation));
        let is_over = || {
            let is_abandoned = observation.is_witness() && self.is_over(action);
            action.closure(is_abandoned) != Closure::Open
        };
        !(is_again && is_over())
    }
}
