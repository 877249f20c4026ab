//! What the overlay says of one event.

use serde::{Deserialize, Serialize};
use tacho_event::fact::IntFact;
use tacho_event::time::Micros;
use tacho_event::words::{Outcome, Phase};

/// How a call ended, or that it did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Closure {
    /// No end was told yet.
    Open = 0,
    Success = 1,
    Failure = 2,
    /// It was not allowed to run.
    Refused = 3,
    /// There is no such tool.
    UnknownTool = 4,
    /// Its turn or session ended without an answer.
    Abandoned = 5,
    /// It goes on in the background, and its end was not told yet.
    Asynchronous = 6,
    /// It ended, and nobody said how.
    Unknown = 7,
}

impl Closure {
    /// The word in answers; nothing for an open call.
    pub fn as_str(self) -> Option<&'static str> {
        Some(match self {
            Closure::Open => return None,
            Closure::Success => "success",
            Closure::Failure => "failure",
            Closure::Refused => "refused",
            Closure::UnknownTool => "unknown_tool",
            Closure::Abandoned => "abandoned",
            Closure::Asynchronous => "asynchronous",
            Closure::Unknown => "unknown",
        })
    }

    /// The closure that one event tells by itself.
    pub fn told(outcome: Outcome, phase: Option<Phase>) -> Closure {
        match (outcome, phase) {
            (Outcome::Success, _) => Closure::Success,
            (Outcome::Failure | Outcome::Partial, _) => Closure::Failure,
            (Outcome::Running, Some(Phase::Result)) => Closure::Asynchronous,
            (Outcome::Running, _) => Closure::Open,
            (Outcome::Unknown, Some(Phase::Proposed | Phase::Asked | Phase::Decided)) => Closure::Open,
            (Outcome::Unknown, _) => Closure::Unknown,
        }
    }
}

/// Integers that an action may have from another observation than the one that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Figure {
    TokensInput = 0,
    TokensOutput = 1,
    TokensCacheRead = 2,
    TokensCacheWrite = 3,
    CostMicros = 4,
    DurationUs = 5,
}

impl Figure {
    pub const ALL: [Figure; 6] = [
        Figure::TokensInput,
        Figure::TokensOutput,
        Figure::TokensCacheRead,
        Figure::TokensCacheWrite,
        Figure::CostMicros,
        Figure::DurationUs,
    ];

    pub fn fact(self) -> IntFact {
        match self {
            Figure::TokensInput => IntFact::TokensInput,
            Figure::TokensOutput => IntFact::TokensOutput,
            Figure::TokensCacheRead => IntFact::TokensCacheRead,
            Figure::TokensCacheWrite => IntFact::TokensCacheWrite,
            Figure::CostMicros => IntFact::CostMicros,
            Figure::DurationUs => IntFact::DurationUs,
        }
    }
}

/// What is known of an event beside what it says itself. Events without an entry stand for themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// Another observation of the same action is shown.
    Hidden {
        /// Index of the action's first observation.
        action: u64,
        /// The action's session, 16 bytes of its UUID, where the event says none.
        session: Option<[u8; 16]>,
        /// The action's agent, where the event says none or only the program's name.
        agent: Option<String>,
    },
    Shown(Box<Record>),
}

impl Entry {
    /// The session that the event inherits.
    pub fn session(&self) -> Option<[u8; 16]> {
        match self {
            Entry::Hidden { session, .. } => *session,
            Entry::Shown(record) => record.session,
        }
    }

    /// The agent that the event inherits.
    pub fn agent(&self) -> Option<&str> {
        match self {
            Entry::Hidden { agent, .. } => agent.as_deref(),
            Entry::Shown(record) => record.agent.as_deref(),
        }
    }
}

/// What the shown event stands for. Where a value is nothing, the event's own holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Index of the action's first observation, which names the action.
    pub action: u64,
    /// How many events tell of it.
    pub observations: u32,
    /// Bit by bit who tells of it, as [`crate::Observer`] numbers them.
    pub observers: u8,
    /// Nothing for events that are no calls and inherited something.
    pub closure: Option<Closure>,
    /// One witness says success, another failure.
    pub differ: bool,
    /// Earliest time of each phase: proposed, asked, decided, executed, result.
    pub times: [Option<Micros>; 5],
    pub outcome: Option<u8>,
    /// The session that it inherits, 16 bytes of its UUID.
    pub session: Option<[u8; 16]>,
    pub agent: Option<String>,
    pub name: Option<String>,
    pub call: Option<String>,
    pub figures: [Option<i64>; 6],
}

impl Record {
    /// The outcome of the whole action, where the shown event says another one.
    pub fn outcome(&self) -> Option<Outcome> {
        Outcome::from_code(self.outcome?)
    }

    /// Who tells of the action, in words.
    pub fn observers(&self) -> String {
        let told = crate::Observer::ALL.into_iter().filter(|observer| self.observers & observer.bit() != 0);
        told.map(crate::Observer::as_str).collect::<Vec<_>>().join(", ")
    }
}
