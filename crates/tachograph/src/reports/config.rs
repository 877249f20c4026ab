//! `[reports]` of the configuration.

use super::health::Thresholds;
use super::{Kind, Paper};

/// What health checks are compared with, and which reports are made by themselves.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub thresholds: Thresholds,
    /// Reports that are made when their time is over, and kept.
    pub schedule: Vec<Scheduled>,
    pub formats: Vec<Paper>,
    /// Minutes after the end of the time.
    pub after_minutes: u32,
    /// How long they are kept; those that may name people as long as personal data at most.
    pub keep_days: u32,
    /// Receivers of the routing that are told when one was made.
    pub receivers: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            thresholds: Thresholds::default(),
            schedule: Vec::new(),
            formats: vec![Paper::Html, Paper::Json],
            after_minutes: 15,
            keep_days: 400,
            receivers: Vec::new(),
        }
    }
}

/// A report by its name.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Scheduled(pub &'static Kind);

impl TryFrom<String> for Scheduled {
    type Error = String;

    fn try_from(name: String) -> Result<Scheduled, String> {
        Kind::find(&name).map(Scheduled).ok_or_else(|| Kind::unknown(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_is_refused_with_those_that_are() {
        let read = |text: &str| toml::from_str::<Config>(text).map_err(|error| error.to_string());
        assert_eq!(read("schedule = [\"health-daily\"]").unwrap().schedule[0].0.id, "health-daily");
        let error = read("schedule = [\"health-hourly\"]").unwrap_err();
        assert!(
            error.contains("there is no report \"health-hourly\": expected one of agent-activity"),
            "{error}"
        );
        assert!(read("formats = [\"docx\"]").unwrap_err().contains("docx"));
        assert!(read("kept_days = 3").unwrap_err().contains("keep_days"));
    }
}
