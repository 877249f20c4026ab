//! From alert to person: which receivers, when, and who answers. Alertmanager's names and meaning.
//!
//! Invariants
//! - Pure state machines: alerts and times go in, notifications that are due come out; sending is somebody else's.
//! - What mutes an alert (silence, inhibition, time interval) never changes what is known of it.

mod config;
mod desk;
mod dispatch;
mod escalate;
mod inhibit;
mod interval;
mod maintenance;
mod matcher;
mod raised;
mod roster;
mod route;
mod schedule;
mod silence;

pub use config::{Config, InhibitText, PersonText, Receiver, RouteText, defaults};
pub use desk::{Changed, Desk, Due, News};
pub use dispatch::{Dispatcher, Muted, Notice, Notification, Told};
pub use escalate::{Escalation, EscalationText, Escalations, Level, LevelText, Page};
pub use interval::TimeInterval;
pub use maintenance::{Strategy, Window, WindowText};
pub use matcher::{Matcher, parse_matchers};
pub use raised::{Act, Entry, Evidence, Outside, Raised, Standing};
pub use roster::{Reached, Roster, Target};
pub use schedule::{AHEAD_MAX_US, Override, RotationText, Schedule, ScheduleText, Turn};
pub use silence::{Silence, Silences};

pub(crate) use raised::{id_of, name_of};

use crate::alert::Change;
use crate::rule::Rule;
use crate::transition::Transition;
use std::collections::BTreeMap;

/// The labels of an alert: they are its identity.
pub type LabelSet = BTreeMap<String, String>;

/// An alert as routing sees it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Alert {
    /// Names this firing: the same rule and group get another when they fire again.
    pub id: String,
    pub labels: LabelSet,
    pub annotations: LabelSet,
    pub starts_us: i64,
    /// When it was resolved.
    pub ends_us: Option<i64>,
    /// It comes and goes: its changes are told only when a repetition is due.
    pub flapping: bool,
    /// Receivers that the rule itself names, beside those of the routing tree.
    pub actions: Vec<String>,
    /// Somebody has answered, or wants to hear no more until then: that it goes on is not told again before.
    pub quiet_until_us: Option<i64>,
    /// The maintenance window that it began in, where that means that it is not told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<String>,
}

impl Alert {
    /// The alert that a transition tells of; only firing and resolved ones reach people.
    pub fn of(rule: &Rule, transition: &Transition) -> Option<Alert> {
        let ends_us = match transition.change {
            Change::Firing => None,
            Change::Resolved => Some(transition.at_us),
            _ => return None,
        };
        let mut labels: LabelSet = transition.group.iter().cloned().collect();
        labels.extend(rule.labels.clone());
        labels.insert("alertname".into(), rule.id.clone());
        labels.insert("severity".into(), rule.severity.as_str().into());
        let values = transition.values.iter().map(|(name, value)| (name.as_str(), value.to_string()));
        let known: Vec<(&str, String)> = transition
            .group
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .chain(values)
            .collect();
        let filled = |text: &String| {
            known
                .iter()
                .fold(text.clone(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
        };
        let mut annotations: LabelSet =
            rule.annotations.iter().map(|(name, text)| (name.clone(), filled(text))).collect();
        annotations.entry("summary".into()).or_insert_with(|| rule.title.clone());
        Some(Alert {
            id: id_of(transition),
            labels,
            annotations,
            starts_us: transition.episode_us,
            ends_us,
            flapping: transition.flapping,
            actions: rule.actions.clone(),
            quiet_until_us: None,
            suppressed: None,
        })
    }

    /// Labels as one text: equal only for equal labels.
    pub(crate) fn key(&self) -> String {
        label_key(&self.labels)
    }
}

pub(crate) fn label_key(labels: &LabelSet) -> String {
    labels.iter().map(|(name, value)| format!("{name}={value:?},")).collect()
}
