//! Short ids that agents give what they report: which action a report means that names an action by such an id.
//!
//! Where session or agent are said they tell the actions of one id apart. An outcome that says no agent means the action of
//! its sender that has this id and whose end is not known yet; where several wait, or none waits and they are several
//! agents', it stays alone.
//!
//! Limit: of the actions of one sender under one id the newest [`SAME_ID_MAX`] are looked at.

use super::Joiner;
use crate::action::Action;
use crate::entry::Closure;
use crate::observation::{Observation, Observer, is_strong, key};

/// So many actions of one sender and id are compared.
const SAME_ID_MAX: usize = 64;

/// The agent of what was sent without one.
const NOBODY: &str = "unknown";

/// What an agent's own report is found by where it or the other one names no session: agent and id.
pub(super) fn key_of(observation: &Observation<'_>) -> Option<u64> {
    let id = short_id(observation).filter(|_| !is_nobodys(observation))?;
    Some(key(&[b"reported", observation.agent.as_bytes(), id.as_bytes()]))
}

/// The agent's short id of a call that it reports: others may have the same.
fn short_id<'a>(observation: &Observation<'a>) -> Option<&'a str> {
    observation.call.filter(|call| observation.observer == Observer::Mcp && !is_strong(call))
}

/// The sender of a report and the id.
pub(super) fn sent_as(observation: &Observation<'_>) -> Option<u64> {
    let id = short_id(observation)?;
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

    /// The action that an outcome means which says no agent.
    pub(super) fn meant(&self, observation: &Observation<'_>) -> Option<u64> {
        let sent = sent_as(observation).filter(|_| is_nobodys(observation))?;
        let fits = |action: &&Action| {
            let told = action.session().zip(observation.session);
            told.is_none_or(|(one, other)| one == other.0)
        };
        let newest = self.reports.get(&sent)?.iter().rev().take(SAME_ID_MAX);
        let actions: Vec<&Action> = newest.filter_map(|id| self.actions.get(id)).filter(fits).collect();
        let own = |action: &&&Action| action.agent() == observation.agent;
        let waiting: Vec<&Action> = actions.iter().copied().filter(|action| waits(action)).collect();
        let mut own_waiting = waiting.iter().filter(own);
        let found = match (waiting.as_slice(), own_waiting.next(), own_waiting.next()) {
            ([one], ..) | (_, Some(one), None) => Some(*one),
            // It is told again, or was over before.
            ([], ..) => {
                let [last, before @ ..] = actions.as_slice() else { return None };
                let is_one_agents = before.iter().all(|action| action.agent() == last.agent());
                if is_one_agents { Some(*last) } else { actions.iter().find(own).copied() }
            }
            _ => None,
        };
        found.map(|action| action.id)
    }

    /// Takes an action out from among those of its sender's id.
    pub(super) fn drop_report(&mut self, report: Option<u64>, id: u64) {
        let Some(report) = report else { return };
        if let Some(actions) = self.reports.get_mut(&report) {
            actions.remove(&id);
            if actions.is_empty() {
                self.reports.remove(&report);
            }
        }
    }

    /// Puts the action `id` in the place of `gone`, which it took in.
    pub(super) fn hand_on_report(&mut self, report: Option<u64>, gone: u64, id: u64) {
        self.drop_report(report, gone);
        let Some(action) = self.actions.get_mut(&id).filter(|action| action.report.is_none()) else { return };
        action.report = report;
        if let Some(report) = report {
            self.reports.entry(report).or_default().insert(id);
        }
    }
}

/// Whether nobody has said how an action ended.
fn waits(action: &Action) -> bool {
    matches!(action.closure(false), Closure::Open | Closure::Asynchronous | Closure::Unknown)
}
