//! What a session file says once, and which of its lines it holds for.

use super::is_request;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::TextFact;
use tacho_event::id::Id;
use tacho_event::limits::ID_BYTES_MAX;

/// What a session file says once for all that follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Thread {
    session: Option<String>,
    agent: Option<String>,
    agent_version: Option<String>,
    parent: Option<String>,
    turn: Option<String>,
    model: Option<String>,
}

impl Thread {
    /// A file of Codex without its first line is called after its session.
    pub(super) fn begin(&mut self, file: &str, events: &[Event<'_>]) {
        if self.session.is_none() && !events.iter().any(begins) {
            self.session = session_of_name(file);
        }
    }

    /// Learns from an event what it says, and tells it what it does not say.
    pub(super) fn carry(&mut self, event: &mut Event<'_>) {
        let is_start = is_start(event);
        if begins(event) && self.session.is_none() {
            for (own, told) in [
                (&mut self.session, &event.session),
                (&mut self.agent, &event.agent),
                (&mut self.agent_version, &event.agent_version),
                (&mut self.parent, &event.parent),
            ] {
                *own = told.as_deref().filter(|text| text.len() <= ID_BYTES_MAX).map(str::to_string);
            }
        }
        for (fact, own) in [(TextFact::TurnId, &mut self.turn), (TextFact::Model, &mut self.model)] {
            if let Some(told) = event.facts.text(fact) {
                if own.as_deref() != Some(told) {
                    *own = Some(told.to_string());
                }
            } else if let Some(own) = own.as_ref().filter(|_| fact == TextFact::TurnId || is_request(event)) {
                event.facts.set_text(fact, own.clone());
            }
        }
        if is_start {
            return;
        }
        let fill = |place: &mut Option<Cow<'_, str>>, own: &Option<String>| {
            if place.is_none() {
                *place = own.clone().map(Cow::Owned);
            }
        };
        fill(&mut event.session, &self.session);
        fill(&mut event.agent, &self.agent);
        fill(&mut event.agent_version, &self.agent_version);
        fill(&mut event.parent, &self.parent);
    }
}

fn is_start(event: &Event<'_>) -> bool {
    event.action_name.as_deref() == Some("session_start")
}

/// Whether it names the session of all that follows.
fn begins(event: &Event<'_>) -> bool {
    is_start(event) && event.session.is_some()
}

/// The session that a file's name ends in.
fn session_of_name(file: &str) -> Option<String> {
    let stem = file.split(".jsonl").next()?;
    let tail = stem.get(stem.len().checked_sub(36)?..)?;
    Id::parse(tail).map(|id| id.text())
}
