//! `[alerts.incidents]` of the configuration.

use serde::de::Error as _;
use tacho_alert::Severity;
use tacho_alert::incident::Settings;

/// `[alerts.incidents]` of the configuration.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub enabled: bool,
    /// Alerts below this severity join an incident, and open none.
    pub opens_at: Severity,
    /// How far apart alerts with something in common may be.
    pub window: Length,
    /// How far before the first alert changes are looked for.
    pub before: Length,
    /// How long the first answer may take.
    pub answer_critical: Length,
    pub answer_warning: Length,
    pub answer_info: Length,
    /// Receivers that are told when an incident begins, changes its state, or is not answered in time.
    pub tell: Vec<String>,
}

/// A length of time as people write it: `30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length(pub i64);

impl<'de> serde::Deserialize<'de> for Length {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        tacho_pipe::parse_us(&text).filter(|us| *us > 0).map(Length).ok_or_else(|| {
            D::Error::custom(format!(
                "\"{text}\" is no length of time: expected 30s, 15m, 24h, 7d or the like"
            ))
        })
    }
}

impl Default for Config {
    fn default() -> Self {
        let usual = Settings::default();
        Config {
            enabled: true,
            opens_at: usual.opens_at,
            window: Length(usual.window_us),
            before: Length(2 * 3_600_000_000),
            answer_critical: Length(usual.critical_us),
            answer_warning: Length(usual.warning_us),
            answer_info: Length(usual.info_us),
            tell: Vec::new(),
        }
    }
}

impl Config {
    pub(super) fn settings(&self) -> Settings {
        Settings {
            opens_at: self.opens_at,
            window_us: self.window.0,
            critical_us: self.answer_critical.0,
            warning_us: self.answer_warning.0,
            info_us: self.answer_info.0,
        }
    }
}
