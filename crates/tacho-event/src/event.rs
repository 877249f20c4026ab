//! The event as a source hands it over: decoded, not yet validated, redacted or committed.

use crate::fact::Facts;
use crate::time::Micros;
use crate::words::{ActionType, Class, Level, Outcome, Phase};
use std::borrow::Cow;

/// One thing that an agent did or that happened to it.
///
/// Invariant: every field of the sender's object is in exactly one place: lifted here, or in `extra`.
/// Sections hold JSON text as the sender wrote it.
#[derive(Debug, Clone, Default)]
pub struct Event<'a> {
    /// As the sender wrote it; assigned when missing.
    pub id: Option<Cow<'a, str>>,
    pub claimed_us: Option<Micros>,
    pub agent: Option<Cow<'a, str>>,
    pub agent_version: Option<Cow<'a, str>>,
    pub session: Option<Cow<'a, str>>,
    pub conversation: Option<Cow<'a, str>>,
    pub user: Option<Cow<'a, str>>,
    pub ip: Option<Cow<'a, str>>,
    pub user_agent: Option<Cow<'a, str>>,
    /// Joins the observations of one call (`tool_use_id` and its kin).
    pub call: Option<Cow<'a, str>>,
    /// The call or agent that caused this one.
    pub parent: Option<Cow<'a, str>>,
    pub phase: Option<Phase>,
    /// The sender's own running number: shows loss before the recorder.
    pub producer_seq: Option<u64>,
    pub action_type: Option<ActionType>,
    pub action_name: Option<Cow<'a, str>>,
    /// What the sender says; configuration may raise it, never lower it.
    pub class: Option<Class>,
    pub level: Option<Level>,
    pub outcome: Option<Outcome>,
    /// The outcome that follows from what else is told, where the sender says none. It is no part of what a repeated event is
    /// known by: before it was concluded, the same was recorded without.
    pub concluded: Option<Outcome>,
    pub facts: EventFacts<'a>,
    pub input: Option<Cow<'a, str>>,
    pub output: Option<Cow<'a, str>>,
    pub error: Option<Cow<'a, str>>,
    pub decision: Option<Cow<'a, str>>,
    pub access: Option<Cow<'a, str>>,
    /// Members that the canonical event does not name: name and JSON text, in the sender's order.
    pub extra: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// Facts while they are still being gathered: texts may be owned.
#[derive(Debug, Clone, Default)]
pub struct EventFacts<'a> {
    ints: Facts<'a>,
    texts: Vec<(crate::fact::TextFact, Cow<'a, str>)>,
}

impl<'a> EventFacts<'a> {
    /// Sets an integer fact; the first value wins, so that explicit fields beat derived ones.
    pub fn set_int(&mut self, fact: crate::fact::IntFact, value: i64) {
        self.ints.ints[fact as usize].get_or_insert(value);
    }

    /// Gives an integer fact another value.
    pub fn replace_int(&mut self, fact: crate::fact::IntFact, value: i64) {
        self.ints.ints[fact as usize] = Some(value);
    }

    /// Sets a text fact; the first value wins.
    pub fn set_text(&mut self, fact: crate::fact::TextFact, value: impl Into<Cow<'a, str>>) {
        if self.text(fact).is_none() {
            self.texts.push((fact, value.into()));
        }
    }

    pub fn int(&self, fact: crate::fact::IntFact) -> Option<i64> {
        self.ints.int(fact)
    }

    pub fn text(&self, fact: crate::fact::TextFact) -> Option<&str> {
        self.texts.iter().find(|(f, _)| *f == fact).map(|(_, value)| value.as_ref())
    }

    /// The text facts that are set.
    pub fn texts(&self) -> impl Iterator<Item = (crate::fact::TextFact, &str)> {
        self.texts.iter().map(|(fact, value)| (*fact, value.as_ref()))
    }

    /// The integer facts by position.
    pub fn ints(&self) -> &[Option<i64>; crate::fact::IntFact::COUNT] {
        &self.ints.ints
    }
}
