//! Whose word stands of what several tell of one action: its name, its agent, its session, its id.
//!
//! Invariant: what a witness tells, assumes or inherits ranks above all that an agent reports of itself.

use crate::observation::{Observation, TASK_NOTIFICATION, TOOL_RESULT};
use crate::observer::Observer;
use serde::{Deserialize, Serialize};

/// A text, by how much its teller knows; of equals the first in the alphabet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Best {
    pub(crate) rank: u8,
    pub(crate) text: String,
}

impl Best {
    pub(crate) fn offer(&mut self, rank: u8, text: &str) {
        if !text.is_empty() && (rank > self.rank || rank == self.rank && text < self.text.as_str()) {
            *self = Best { rank, text: text.to_string() };
        }
    }

    /// What a later state of the same event says takes the place of what the earlier one said.
    pub(crate) fn offer_again(&mut self, rank: u8, text: &str) {
        if rank == self.rank && !text.is_empty() {
            self.text = text.to_string();
        }
        self.offer(rank, text);
    }
}

/// Added to the rank of all that a witness tells: nothing that an agent says itself comes near it.
const WITNESS: u8 = 16;

/// What the rank of anything begins at, by who says it.
fn floor(is_witness: bool) -> u8 {
    if is_witness { WITNESS } else { 0 }
}

/// How a name or an agent is ranked by who says it.
pub(crate) fn rank(observer: Observer) -> u8 {
    match observer {
        Observer::Hook => 6,
        Observer::Log => 5,
        Observer::Transcript => 4,
        Observer::Span => 3,
        Observer::Mcp => 2,
        Observer::Event => 1,
    }
}

/// The same of a name: one that says only what kind of record tells comes after all that name something, and how an
/// action ended says nothing of its name. What an agent reports of itself comes after both.
pub(crate) fn name_rank(observation: &Observation<'_>) -> u8 {
    let name = observation.name;
    let is_general = matches!(name, TOOL_RESULT | "tool" | "mcp_tool" | TASK_NOTIFICATION)
        || name == observation.kind.as_str()
        || observation.hook == Some(name)
        || name.starts_with("claude_code.tool")
        || name.starts_with("agent_audit.");
    match observation.is_outcome() {
        true => 0,
        false if is_general => floor(observation.is_witness()) + 1,
        false => floor(observation.is_witness()) + 1 + rank(observation.observer),
    }
}

/// The same of an agent: none and the program's name come last, and so does whoever tells only how an action ended.
pub(crate) fn agent_rank(observation: &Observation<'_>) -> u8 {
    if observation.part.is_some() {
        return inherited_rank(observation.is_witness());
    }
    let is_weak = observation.said_agent().is_none() || observation.is_outcome();
    floor(observation.is_witness()) + if is_weak { 1 } else { 1 + rank(observation.observer) }
}

/// The same of an agent that a span has of one around it, or that follows from a session that is a part: that beats an assumed one, and nothing else of its kind.
pub(crate) fn inherited_rank(is_witness: bool) -> u8 {
    floor(is_witness) + 2
}

/// The same of a call's id: the agent's own comes before one that our hook gave.
pub(crate) fn call_rank(observation: &Observation<'_>) -> u8 {
    floor(observation.is_witness()) + if has_own_call(observation) { 2 } else { 1 }
}

/// The same of a session: one that is told comes before one that is inherited, where a witness tells; of what agents
/// say themselves the first stands.
pub(crate) fn session_rank(is_witness: bool, is_inherited: bool) -> u8 {
    floor(is_witness) + if is_witness && !is_inherited { 2 } else { 1 }
}

/// Whether a rank is that of a witness.
pub(crate) fn is_witnessed(rank: u8) -> bool {
    rank > WITNESS
}

/// Whether the id of the call is the agent's own, or of a request the provider's.
pub(crate) fn has_own_call(observation: &Observation<'_>) -> bool {
    observation.call.is_some() && !is_made_up(observation) || observation.strong_request().is_some()
}

/// Whether our hook made the id up. Gemini CLI's hooks have none; ids that earlier versions gave are of one session only.
pub(crate) fn is_made_up(observation: &Observation<'_>) -> bool {
    match observation.hook {
        Some("BeforeTool" | "AfterTool") => true,
        Some("BeforeModel" | "AfterModel" | "AfterAgent") => {
            observation.call.is_some_and(|call| call.starts_with("hook-"))
        }
        _ => false,
    }
}
