//! Ids that several actions may have: states of an event under one id, reports of agents under one id, processes under one
//! number (`running`).
//!
//! The sender's id of an event is the sender's own matter: agents that share a key may each count from one. So states under
//! one id are one action only where agent, session and call, as far as both say them, are the same, and where the first of
//! them said that something is still to come. What leaves out one of them means the one action that it can mean; of several
//! the one that waits for its end; else it stands for itself.
//!
//! Limit: of the actions under one id the newest [`SAME_ID_MAX`] are compared with what leaves something out; what says the
//! same agent and session is found among all.

use super::{Joiner, reporting};
use crate::action::{Action, OBSERVATIONS_MAX};
use crate::entry::Closure;
use crate::ids::{is_strong, key};
use crate::observation::Observation;
use crate::standing::is_made_up;
use tacho_event::id::Id;

/// So many actions of one id are compared.
pub(super) const SAME_ID_MAX: usize = 64;

/// The id of an event with all that was said of whose it is.
fn state_key(observation: &Observation<'_>) -> u64 {
    let session = observation.session.map_or([0; 16], |session| session.0);
    let agent = observation.said_agent().unwrap_or_default();
    key(&[b"state", &observation.state.to_be_bytes(), &session, agent.as_bytes()])
}

/// The id of a call in a session.
pub(super) fn of_session(session: Id, call: &str) -> u64 {
    key(&[b"call of session", &session.0, call.as_bytes()])
}

impl Joiner {
    /// What an observation is found by that names a call by an id drawn by chance: by that id alone. Where witnesses told of
    /// the same call in another session, as where recorded answers of a model are played again, by id and session.
    fn everywhere(&self, call: &str, observation: &Observation<'_>) -> u64 {
        let everywhere = key(&[b"call", call.as_bytes()]);
        let known = self.keys.get(&everywhere).and_then(|id| self.actions.get(id));
        let elsewhere =
            known.zip(observation.session).filter(|(action, own)| action.session() != Some(own.0));
        let Some((action, session)) = elsewhere else { return everywhere };
        let own = of_session(session, call);
        if self.keys.contains_key(&own) || action.is_seen_elsewhere(observation) { own } else { everywhere }
    }

    /// What an observation is surely found by.
    pub(super) fn keys_of(&self, observation: &Observation<'_>) -> Vec<u64> {
        let call = observation.call.and_then(|call| {
            match (is_strong(call) && !is_made_up(observation), observation.session) {
                (true, _) => Some(self.everywhere(call, observation)),
                (false, Some(session)) => Some(of_session(session, call)),
                // Whose it is is looked for each time.
                (false, None) if reporting::is_nobodys(observation) => None,
                (false, None) => {
                    Some(key(&[b"call of agent", observation.agent.as_bytes(), call.as_bytes()]))
                }
            }
        });
        let request = observation.strong_request().map(crate::member::request_key);
        call.into_iter().chain(request).collect()
    }

    /// The action of which an observation is a later state.
    pub(super) fn state_before(&self, observation: &Observation<'_>) -> Option<u64> {
        if observation.revision == 0 {
            return None;
        }
        let is_it = |action: &&Action| !action.is_of_another(observation);
        let same = self.keys.get(&state_key(observation)).and_then(|id| self.actions.get(id)).filter(is_it);
        let found = same.or_else(|| {
            let newest = self.shared.get(&observation.state)?.iter().rev().take(SAME_ID_MAX);
            let actions: Vec<&Action> = newest.filter_map(|id| self.actions.get(id)).filter(is_it).collect();
            let mut waiting = actions.iter().filter(|action| waits(action));
            match (waiting.next(), waiting.next(), actions.as_slice()) {
                (Some(one), None, _) | (None, _, [one]) => Some(*one),
                _ => None,
            }
        })?;
        // A short id of a call is used again, once the call is over.
        let is_weak = observation.call.is_some_and(|call| !is_strong(call));
        let is_again = is_weak && observation.begins() && !waits(found);
        (!is_again).then_some(found.id)
    }

    /// Whether an action has an event's id in common with an observation and is something else, also where both have the id
    /// of a call. What a witness names by one that nobody else has by chance is the same call, also where it is told again
    /// in another session. What an agent says again of what was over is a correction, which stands for itself.
    pub(super) fn is_of_another(&self, id: u64, observation: &Observation<'_>) -> bool {
        let Some(action) = self.actions.get(&id) else { return false };
        let is_sure = observation.call.is_some_and(is_strong) || observation.strong_request().is_some();
        let is_own = !observation.is_witness() && !action.is_witnessed();
        let is_correction = is_own && !observation.is_outcome() && action.has_state_of(observation);
        is_correction || !(is_sure && observation.is_witness()) && action.is_of_another(observation)
    }

    /// Lets an action be found by what an observation of it says, where others may say the same.
    pub(super) fn share(&mut self, id: u64, observation: &Observation<'_>) {
        let Some(action) = self.actions.get_mut(&id) else { return };
        let begins = observation.begins();
        let sure = [reporting::key_of(observation), begins.then(|| state_key(observation))];
        for key in sure.into_iter().flatten() {
            if self.keys.insert(key, id) != Some(id) {
                action.keys.push(key);
            }
        }
        let report = reporting::sent_as(observation).filter(|_| !observation.is_outcome());
        for key in report.into_iter().chain(begins.then_some(observation.state)) {
            self.list_shared(id, key);
        }
    }

    /// Puts an action among those that have the same.
    pub(super) fn list_shared(&mut self, id: u64, key: u64) {
        let Some(action) = self.actions.get_mut(&id) else { return };
        if action.shared.len() < OBSERVATIONS_MAX && !action.shared.contains(&key) {
            action.shared.push(key);
            self.shared.entry(key).or_default().insert(id);
        }
    }

    /// Takes an action out from among those that have the same.
    pub(super) fn drop_shared(&mut self, shared: &[u64], id: u64) {
        for key in shared {
            if let Some(actions) = self.shared.get_mut(key) {
                actions.remove(&id);
                if actions.is_empty() {
                    self.shared.remove(key);
                }
            }
        }
    }

    /// Puts the action `id` in the place of `gone`, which it took in.
    pub(super) fn hand_on_shared(&mut self, shared: &[u64], gone: u64, id: u64) {
        self.drop_shared(shared, gone);
        for key in shared {
            self.list_shared(id, *key);
        }
    }
}

/// Whether nobody has said how an action ended.
pub(super) fn waits(action: &Action) -> bool {
    matches!(action.closure(false), Closure::Open | Closure::Asynchronous | Closure::Unknown)
}
