//! Sessions that are a part of another one. Gemini CLI writes what a sub-agent does into a file of its own, which has a session
//! of its own and names no other, while hooks and telemetry tell of it in the session that started it. The file of that one
//! names the part, where the call that started the sub-agent is over.
//!
//! Invariant: what the file of a part tells is put together with others as if it were told in the whole, whichever file comes
//! first. Its events stay in the session that they say. Sub-agents of Gemini CLI start none, so a part has no parts and nothing is
//! moved twice.
//!
//! Limits: a part is remembered as long as a session is; of what its file told before it was known as one the newest [`TOLD_MAX`]
//! calls and requests are moved.

use super::Joiner;
use crate::observation::Observation;
use crate::observer::Observer;
use std::collections::BTreeSet;
use tacho_event::id::Id;

/// So many calls and requests of a part are put together anew.
const TOLD_MAX: usize = 4_096;
/// The tool of Gemini CLI that starts a sub-agent.
const INVOKE_AGENT: &str = "invoke_agent";

impl Joiner {
    /// What the file of a part tells, as told in the whole.
    pub(super) fn in_whole<'a>(&self, observation: &Observation<'a>) -> Option<Observation<'a>> {
        let part = observation.session.filter(|_| observation.observer == Observer::Transcript)?;
        let whole = self.sessions.get(&part.0)?.part_of?;
        Some(Observation { session: Some(Id(whole)), ..observation.clone() })
    }

    /// Takes up that a session is a part of another one, and puts together anew what its file told before.
    pub(super) fn take_part(&mut self, observation: &Observation<'_>, changed: &mut BTreeSet<u64>) {
        let Some((part, whole)) = part_and_whole(observation) else { return };
        let known = self.sessions.get(&part);
        if known.is_some_and(|known| known.part_of.is_some() || known.has_parts) {
            return;
        }
        for session in [part, whole] {
            self.touch_session(session, observation.owner(), observation.told_at());
        }
        self.sessions.entry(part).or_default().part_of = Some(whole);
        self.sessions.entry(whole).or_default().has_parts = true;
        let told = self.near.filed_in(part, TOLD_MAX);
        for id in &told {
            if let Some(action) = self.actions.get_mut(id) {
                action.move_filed(part, whole);
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

/// The session that a file names as that of a sub-agent, and its own.
fn part_and_whole(observation: &Observation<'_>) -> Option<([u8; 16], [u8; 16])> {
    let is_its = observation.observer == Observer::Transcript && observation.name == INVOKE_AGENT;
    let part = Id::parse(observation.started.filter(|_| is_its)?)?;
    let whole = observation.session.filter(|whole| *whole != part)?;
    Some((part.0, whole.0))
}
