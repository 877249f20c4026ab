//! Sessions that are a part of another one, as some of those who tell of a sub-agent have it. Gemini CLI writes what a
//! sub-agent does into a file of its own, which has a session of its own and names no other, while hooks and telemetry tell
//! of it in the session that started it. The file of that one names the part, where the call that started the sub-agent is
//! over. Codex's telemetry gives a sub-agent a session of its own, while hooks and session files tell of it in the session
//! that started it: there the part's id is the agent's.
//!
//! Invariant: what is told of a part is put together with others as if it were told in the whole, whichever comes first. Its
//! events stay in the session that they say.
//!
//! Limits: a part is remembered as long as a session is; of what was told of it before it was known as one the newest
//! [`TOLD_MAX`] calls and requests are moved. No part has parts, so nothing is moved twice: sub-agents of Gemini CLI start none
//! of their own, and those of Codex all are of the first session.

use super::Joiner;
use crate::observation::Observation;
use crate::observer::Observer;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tacho_event::id::Id;

/// So many calls and requests of a part are put together anew.
const TOLD_MAX: usize = 4_096;
/// The tool of Gemini CLI that starts a sub-agent.
const INVOKE_AGENT: &str = "invoke_agent";

/// That of which a session is a part, and the agent whose part it is, where that has a name of its own there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Whole {
    pub(crate) session: [u8; 16],
    pub(crate) agent: Option<String>,
}

impl Whole {
    /// What is told of the part, as told in the whole.
    pub(super) fn place<'a>(&'a self, observation: &Observation<'a>) -> Observation<'a> {
        let agent = self.agent.as_deref().filter(|_| observation.said_agent().is_none());
        Observation {
            session: Some(Id(self.session)),
            agent: agent.unwrap_or(observation.agent),
            part: observation.session.filter(|_| agent.is_some()),
            ..observation.clone()
        }
    }
}

impl Joiner {
    /// That of which the session of an observation is a part.
    pub(super) fn whole_of(&self, observation: &Observation<'_>) -> Option<Whole> {
        let part = observation.session.filter(|_| observation.observer.may_tell_of_a_part())?;
        self.sessions.get(&part.0)?.part_of.clone()
    }

    /// Takes up that a session is a part of another one, and puts together anew what was told of it before.
    pub(super) fn take_part(&mut self, observation: &Observation<'_>, changed: &mut BTreeSet<u64>) {
        let Some((part, whole)) = part_and_whole(observation) else { return };
        let known = self.sessions.get(&part);
        if known.is_some_and(|known| known.part_of.is_some() || known.has_parts) {
            return;
        }
        for session in [part, whole.session] {
            self.touch_session(session, observation.owner(), observation.told_at());
        }
        self.sessions.entry(part).or_default().part_of = Some(whole.clone());
        self.sessions.entry(whole.session).or_default().has_parts = true;
        let told = self.near.told_in(part, TOLD_MAX);
        for id in &told {
            if let Some(action) = self.actions.get_mut(id) {
                action.move_told(part, &whole);
                self.near.put(action);
            }
        }
        for id in told {
            changed.insert(id);
            self.join_anew(id, changed);
        }
    }

    /// Decides anew with what an action belongs together, now that it has another place.
    fn join_anew(&mut self, id: u64, changed: &mut BTreeSet<u64>) {
        // It may have become one with another already.
        let Some(action) = self.actions.get(&id) else { return };
        let Some((likeness, lasts)) = action.likeness.zip(action.lasts()) else { return };
        if action.is_model() {
            self.pair_around(likeness.place, lasts, changed);
        } else {
            self.sort_out(likeness.place, lasts, changed);
        }
    }
}

/// A session that is a part, and of what, as an observation tells.
fn part_and_whole(observation: &Observation<'_>) -> Option<([u8; 16], Whole)> {
    let session = observation.session?;
    let started = observation
        .started
        .filter(|_| observation.observer == Observer::Transcript && observation.name == INVOKE_AGENT);
    let acts = observation
        .said_agent()
        .filter(|_| matches!(observation.observer, Observer::Hook | Observer::Transcript));
    let (part, agent) = match (started, acts) {
        (Some(started), _) => (Id::parse(started)?, None),
        (None, Some(agent)) => (Id::parse(agent)?, Some(agent)),
        _ => return None,
    };
    let agent = agent.map(|_| part.text());
    (part != session).then_some((part.0, Whole { session: session.0, agent }))
}
