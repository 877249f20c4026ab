//! A rule as it is meant: every default filled in.

use std::collections::BTreeMap;
use tacho_pipe::plan::Plan;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// When a rule is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// As each event is recorded.
    Stream,
    /// At multiples of so many microseconds.
    Us(i64),
}

/// The clock that a rule's windows are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The recorder's: never runs backwards, nothing comes late.
    #[default]
    Server,
    /// The senders'.
    Event,
}

/// What it means that no event passed the rule's filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoData {
    #[default]
    Ok,
    Alert,
    KeepLast,
}

/// Who has to acknowledge, and what happens when nobody does.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ack {
    #[serde(default)]
    pub required: bool,
    pub escalate: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub id: String,
    pub title: String,
    pub severity: Severity,
    pub query: String,
    pub plan: Plan,
    pub window_us: i64,
    pub every: Every,
    pub clock: Clock,
    pub lag_us: i64,
    pub for_us: i64,
    pub keep_us: i64,
    pub no_data: NoData,
    pub no_data_for_us: i64,
    pub history_us: i64,
    pub windows_min: u32,
    pub groups_max: usize,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// What the values are in, by column.
    pub units: BTreeMap<String, String>,
    pub actions: Vec<String>,
    /// Responses of the server's configuration that its alerts ask for.
    pub responses: Vec<String>,
    pub ack: Ack,
    /// How many events an alert names.
    pub sample: usize,
    pub controls: Vec<String>,
    /// SHA-256 of what the rule means: stored with every alert that it raises.
    pub hash: [u8; 32],
    pub tests: Vec<crate::trial::TestText>,
}

impl Rule {
    /// How often the rule looks whether something changed without an event.
    pub fn tick_us(&self) -> i64 {
        match self.every {
            Every::Us(us) => us,
            Every::Stream => default_every(self.window_us),
        }
    }

    /// The hash as text.
    pub fn hash_text(&self) -> String {
        self.hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A fifth of the window, at most a minute, in whole seconds.
pub(crate) fn default_every(window_us: i64) -> i64 {
    (window_us / 5).clamp(1_000_000, 60_000_000) / 1_000_000 * 1_000_000
}
