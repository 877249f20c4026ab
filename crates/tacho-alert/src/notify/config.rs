//! The routing configuration: Alertmanager's YAML, so far as it says who is told when.

use crate::file::{Span, with_nearest};
use crate::notify::TimeInterval;
use crate::notify::escalate::EscalationText;
use crate::notify::maintenance::WindowText;
use crate::notify::schedule::ScheduleText;
use serde::Deserialize;

/// A configuration file, bytes.
const FILE_BYTES_MAX: usize = 4 << 20;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Settings of channels; not for routing.
    #[serde(default)]
    pub global: serde_json::Value,
    #[serde(default)]
    pub templates: Vec<String>,
    pub route: RouteText,
    pub receivers: Vec<Receiver>,
    #[serde(default)]
    pub inhibit_rules: Vec<InhibitText>,
    #[serde(default, alias = "mute_time_intervals")]
    pub time_intervals: Vec<NamedInterval>,
    // What Alertmanager does not have: who is on call, who is told next, and when work is planned.
    #[serde(default)]
    pub people: Vec<PersonText>,
    #[serde(default)]
    pub schedules: Vec<ScheduleText>,
    #[serde(default)]
    pub escalations: Vec<EscalationText>,
    #[serde(default)]
    pub maintenance: Vec<WindowText>,
}

/// Somebody, and how they are reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonText {
    pub name: String,
    pub receiver: Option<String>,
    #[serde(default)]
    pub receivers: Vec<String>,
}

/// A named list of channels; the channels' own settings are read by those who send.
#[derive(Debug, Clone, Deserialize)]
pub struct Receiver {
    pub name: String,
    /// Whoever is on call in this schedule is told besides.
    #[serde(default)]
    pub schedule: Option<String>,
    #[serde(flatten)]
    pub channels: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedInterval {
    pub name: String,
    pub time_intervals: Vec<TimeInterval>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteText {
    pub receiver: Option<String>,
    pub group_by: Option<Vec<String>>,
    pub group_wait: Option<Span>,
    pub group_interval: Option<Span>,
    pub repeat_interval: Option<Span>,
    #[serde(default)]
    pub matchers: Vec<String>,
    #[serde(default, rename = "match")]
    pub equal: crate::notify::LabelSet,
    #[serde(default)]
    pub match_re: crate::notify::LabelSet,
    #[serde(default, rename = "continue")]
    pub goes_on: bool,
    #[serde(default)]
    pub mute_time_intervals: Vec<String>,
    #[serde(default)]
    pub active_time_intervals: Vec<String>,
    /// The policy of what ends up here, where its rule names none.
    pub escalation: Option<String>,
    #[serde(default)]
    pub routes: Vec<RouteText>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InhibitText {
    #[serde(default)]
    pub source_matchers: Vec<String>,
    #[serde(default)]
    pub target_matchers: Vec<String>,
    #[serde(default)]
    pub source_match: crate::notify::LabelSet,
    #[serde(default)]
    pub target_match: crate::notify::LabelSet,
    #[serde(default)]
    pub equal: Vec<String>,
}

impl Config {
    /// The names of its receivers.
    pub fn names(&self) -> Vec<String> {
        self.receivers.iter().map(|receiver| receiver.name.clone()).collect()
    }

    /// What is to be said of the policy that a rule names; nothing when it is there.
    pub fn lacks_policy(&self, rule: &crate::Rule) -> Option<String> {
        let known = || self.escalations.iter().map(|policy| policy.name.as_str());
        let name = rule.ack.escalate.as_deref().filter(|name| known().all(|known| known != *name))?;
        let near = tacho_pipe::nearest(name, known());
        let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        Some(format!("ack.escalate: the routing has no escalation \"{name}\"{near}"))
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// With the line, when it can't be read.
    pub fn read(file: &str, text: &str) -> Result<Config, crate::FileError> {
        let fail = |line: usize, message: String| crate::FileError { file: file.to_string(), line, message };
        if text.len() > FILE_BYTES_MAX {
            return Err(fail(
                1,
                format!("the file has {} bytes, expected at most {FILE_BYTES_MAX}", text.len()),
            ));
        }
        serde_saphyr::from_str(text).map_err(|error| {
            let line = error.location().map_or(1, |place| place.line() as usize);
            fail(line, with_nearest(&error.without_snippet().to_string()))
        })
    }
}

/// The routing that is there before anybody says otherwise: severities and tiers.
const DEFAULTS: &str = include_str!("../../rules/routing.yaml");

/// The default configuration.
///
/// # Errors
/// Never for the text that is built in: a test reads it.
pub fn defaults() -> Result<Config, crate::FileError> {
    Config::read("routing.yaml", DEFAULTS)
}
