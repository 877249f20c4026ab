//! What tests of rules say: what happens, what people do meanwhile, and what has to be true when.

use crate::alert::State;
use crate::file::Span;
use crate::notify::Strategy;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One test of a rule, in virtual time that begins at zero.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestText {
    pub name: String,
    /// Rules that run beside it, of the same file or built in: what inhibits has to fire too.
    #[serde(default)]
    pub with: Vec<String>,
    #[serde(default)]
    pub events: Vec<serde_json::Map<String, serde_json::Value>>,
    /// Sets that `absent … expect` may name.
    #[serde(default)]
    pub sets: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub silences: Vec<SilenceText>,
    #[serde(default)]
    pub answers: Vec<AnswerText>,
    /// Nothing listed: nothing may fire at any time.
    #[serde(default)]
    pub expect: Vec<Expected>,
}

/// A silence, or a maintenance window, that is there in a test.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilenceText {
    pub name: String,
    pub matchers: Vec<String>,
    pub from: Option<Span>,
    pub to: Span,
    /// It is a maintenance window of this strategy.
    pub maintenance: Option<Strategy>,
}

/// Somebody does something about the open alerts of a group.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerText {
    pub at: Span,
    #[serde(rename = "do")]
    pub what: Answer,
    #[serde(default)]
    pub group: BTreeMap<String, String>,
    /// Of another rule that runs beside.
    pub rule: Option<String>,
    /// How long a snooze is.
    #[serde(rename = "for")]
    pub length: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    Acknowledge,
    Snooze,
    Resolve,
}

/// What has to be true of one group at one time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub at: String,
    #[serde(default)]
    pub group: BTreeMap<String, String>,
    /// Of another rule that runs beside.
    pub rule: Option<String>,
    pub state: State,
    #[serde(default)]
    pub value: BTreeMap<String, serde_json::Value>,
    /// Receivers that have to be told of the group by then, and others may be; an empty list: nobody may.
    pub receivers: Option<Vec<String>>,
    /// Receivers that may not be told of the group by then.
    #[serde(default)]
    pub not_told: Vec<String>,
    /// All times until then at which a receiver was told of the group.
    #[serde(default)]
    pub told_at: BTreeMap<String, Vec<Span>>,
    /// Receivers that the escalation has to reach by then, and others may be; an empty list: it may reach nobody.
    pub escalated: Option<Vec<String>>,
    /// What mutes the alert of the group at this time.
    pub muted: Option<MutedText>,
    /// The silence, the window, the hours or the firing rule that mutes it.
    pub muted_by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MutedText {
    None,
    Inhibited,
    Silenced,
    Maintenance,
    /// By the hours of a route: a mute or an active time interval.
    TimeInterval,
}

impl MutedText {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            MutedText::None => "none",
            MutedText::Inhibited => "inhibited",
            MutedText::Silenced => "silenced",
            MutedText::Maintenance => "maintenance",
            MutedText::TimeInterval => "time_interval",
        }
    }
}
