//! Maintenance windows of the configuration: when work is planned, what it concerns, and what becomes of what fires then.

use crate::notify::interval::Interval;
use crate::notify::{LabelSet, Matcher, TimeInterval, parse_matchers};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const WINDOWS_MAX: usize = 1000;

/// What becomes of an alert that fires in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// What began within it is not told, also not when it goes on afterwards.
    #[default]
    Suppress,
    /// What still fires at the end is told then.
    DeliverAfter,
}

impl Strategy {
    pub fn as_str(self) -> &'static str {
        match self {
            Strategy::Suppress => "suppress",
            Strategy::DeliverAfter => "deliver_after",
        }
    }
}

/// A window as a file has it: one period, or times that come again.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowText {
    pub name: String,
    pub matchers: Vec<String>,
    /// Why.
    pub comment: String,
    pub strategy: Strategy,
    pub starts: Option<String>,
    pub ends: Option<String>,
    #[serde(default)]
    pub time_intervals: Vec<TimeInterval>,
}

/// A window that was read.
#[derive(Debug, Clone)]
pub struct Window {
    pub name: String,
    pub matchers: Vec<Matcher>,
    pub comment: String,
    pub strategy: Strategy,
    pub period: Option<(i64, i64)>,
    intervals: Vec<Interval>,
}

impl Window {
    fn read(text: &WindowText) -> Result<Window, String> {
        let moment = |name: &str, text: &str| {
            tacho_event::time::parse(text).map_err(|error| format!("{name}: {error}"))
        };
        let period = match (&text.starts, &text.ends) {
            (None, None) => None,
            (Some(starts), Some(ends)) => Some((moment("starts", starts)?, moment("ends", ends)?)),
            _ => return Err("a period needs both: starts and ends".into()),
        };
        if period.is_some_and(|(starts, ends)| ends <= starts) {
            return Err("it ends before it begins".into());
        }
        if period.is_some() != text.time_intervals.is_empty() {
            return Err("say when: starts and ends, or time_intervals".into());
        }
        let matchers = text.matchers.iter().map(|text| parse_matchers(text));
        let matchers = matchers.collect::<Result<Vec<_>, _>>()?.concat();
        if matchers.iter().all(|matcher| matcher.matches(&LabelSet::new())) {
            return Err(
                "it would match every alert: at least one matcher must not match the empty text".into()
            );
        }
        if text.comment.trim().is_empty() {
            return Err("it needs a comment: why".into());
        }
        let intervals = text.time_intervals.iter().map(|interval| interval.read(None));
        Ok(Window {
            name: text.name.clone(),
            matchers,
            comment: text.comment.clone(),
            strategy: text.strategy,
            period,
            intervals: intervals.collect::<Result<_, String>>()?,
        })
    }

    /// # Errors
    /// When one of them makes no sense, or two have one name.
    pub(crate) fn all(texts: &[WindowText]) -> Result<Vec<Window>, String> {
        if texts.len() > WINDOWS_MAX {
            return Err(format!("{} maintenance windows, expected at most {WINDOWS_MAX}", texts.len()));
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = texts.iter().find(|text| !names.insert(&text.name)) {
            return Err(format!("maintenance {}: there are two of this name", twice.name));
        }
        let read = |text: &WindowText| {
            Window::read(text).map_err(|error| format!("maintenance {}: {error}", text.name))
        };
        texts.iter().map(read).collect()
    }

    /// Whether work goes on at a moment.
    pub fn is_on(&self, us: i64) -> bool {
        self.period.is_some_and(|(from, to)| (from..to).contains(&us))
            || self.intervals.iter().any(|interval| interval.contains(us))
    }

    /// Whether an alert of these labels is concerned.
    pub fn concerns(&self, labels: &LabelSet) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches(labels))
    }
}
