//! What people are told: one message, before it has any channel's form. It is kept as JSON until it is delivered.

use crate::LabelSet;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tacho_alert::Severity;
use tacho_alert::notify::{Alert, Notification};

/// Alerts that one message carries; the rest is counted.
const ALERTS_MAX: usize = 100;
/// A code for replies, characters: it has to fit the 64 bytes that a button may carry.
const CODE_CHARS_MAX: usize = 32;

/// Why people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notice {
    Firing,
    Resolved,
    /// Nothing new, and nobody has answered.
    Repeated,
    /// The people before have not answered.
    Escalated,
    /// Somebody has answered; only for channels that keep a state of their own.
    Acknowledged,
    /// What there was over a day or a week.
    Digest,
    /// Somebody tries the channel.
    Test,
}

impl Notice {
    pub fn as_str(self) -> &'static str {
        match self {
            Notice::Firing => "firing",
            Notice::Resolved => "resolved",
            Notice::Repeated => "repeated",
            Notice::Escalated => "escalated",
            Notice::Acknowledged => "acknowledged",
            Notice::Digest => "digest",
            Notice::Test => "test",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The same for each try of the same message, another for each other message.
    pub id: String,
    /// The same for all messages of one group of alerts while it lasts.
    pub thread: String,
    /// Short name of the thread for replies; empty where nothing can be replied.
    #[serde(default)]
    pub code: String,
    pub notice: Notice,
    /// What it tells of where that is not an alert, as programs read it: `incident.opened`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    pub severity: Severity,
    pub title: String,
    /// More than the title says; may be empty.
    #[serde(default)]
    pub text: String,
    pub at_us: i64,
    pub receiver: String,
    #[serde(default)]
    pub group_labels: LabelSet,
    #[serde(default)]
    pub alerts: Vec<Told>,
    /// Alerts of the group beyond those that are listed.
    #[serde(default)]
    pub truncated: u64,
    #[serde(default)]
    pub links: Links,
}

/// One alert of a message.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Told {
    pub fingerprint: String,
    pub labels: LabelSet,
    pub annotations: LabelSet,
    pub starts_us: i64,
    #[serde(default)]
    pub ends_us: Option<i64>,
    /// What the rule computed: `count` is 11.
    #[serde(default)]
    pub values: LabelSet,
    /// What has to hold for it to fire, as its rule writes it: `count > 10`.
    #[serde(default)]
    pub condition: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Links {
    /// Where it is looked at.
    #[serde(default)]
    pub dashboard: Option<String>,
    /// A signed link (see [`crate::inbound::link`]) to a page that asks whether to acknowledge.
    #[serde(default)]
    pub acknowledge: Option<String>,
}

impl Message {
    /// The message of a notification that is due. Its id is made of what it is about; thread, code and links are the
    /// caller's, who knows the episode.
    pub fn of(notification: &Notification, thread: &str, code: &str, links: Links) -> Message {
        use tacho_alert::notify::Notice as Due;
        let notice = match notification.notice {
            Due::First | Due::Changed => Notice::Firing,
            Due::Repeated => Notice::Repeated,
            Due::Resolved => Notice::Resolved,
        };
        let all = notification.firing.iter().chain(&notification.resolved);
        let severity = all.clone().map(severity).max().unwrap_or(Severity::Info);
        let alerts: Vec<Told> = all.clone().take(ALERTS_MAX).map(Told::of).collect();
        let about = (&notification.receiver, &notification.group_key, notification.at_us, notice.as_str());
        Message {
            id: digest(&format!("{about:?}")),
            thread: thread.to_string(),
            code: code.to_string(),
            notice,
            about: None,
            severity,
            title: title(&notification.firing, &notification.resolved),
            text: String::new(),
            at_us: notification.at_us,
            receiver: notification.receiver.clone(),
            group_labels: notification.group_labels.clone(),
            truncated: (all.count() - alerts.len()) as u64,
            alerts,
            links,
        }
    }

    /// A message that says that it is a test.
    pub fn test(receiver: &str, at_us: i64) -> Message {
        let labels: LabelSet =
            [("alertname", "test"), ("severity", "info")].map(|(n, v)| (n.to_string(), v.to_string())).into();
        let summary = "Somebody tries this channel. Nothing is wrong, and nobody has to do anything.";
        let annotations = [("summary".to_string(), summary.to_string())].into();
        let fingerprint = digest(&format!("test {receiver}"))[..16].to_string();
        let told =
            Told { fingerprint, labels: labels.clone(), annotations, starts_us: at_us, ..Told::default() };
        Message {
            id: digest(&format!("test {receiver} {at_us}")),
            thread: format!("test-{}", &digest(&format!("test {receiver} {at_us}"))[..16]),
            code: String::new(),
            notice: Notice::Test,
            about: None,
            severity: Severity::Info,
            title: format!("Test message to \"{receiver}\""),
            text: String::new(),
            at_us,
            receiver: receiver.to_string(),
            group_labels: labels,
            alerts: vec![told],
            truncated: 0,
            links: Links::default(),
        }
    }

    /// The code, when it is one that every channel can carry.
    pub(crate) fn reply_code(&self) -> Option<&str> {
        let fits = (1..=CODE_CHARS_MAX).contains(&self.code.len()) && is_code(&self.code);
        let asks = matches!(self.notice, Notice::Firing | Notice::Repeated | Notice::Escalated);
        (fits && asks).then_some(self.code.as_str())
    }

    /// The incident that it tells of: then the group is the incident, and its alerts are those of the incident.
    pub fn incident(&self) -> Option<&str> {
        let incident = self.group_labels.get("incident").map(String::as_str);
        incident.filter(|_| self.about.is_some() || self.alerts.is_empty())
    }

    /// What it is, as programs read it: `alert.firing`, `incident.opened`.
    pub(crate) fn kind(&self) -> String {
        self.about.clone().unwrap_or_else(|| format!("alert.{}", self.notice.as_str()))
    }

    pub(crate) fn is_resolved(&self) -> bool {
        self.notice == Notice::Resolved
    }
}

pub(crate) fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl Told {
    pub fn of(alert: &Alert) -> Told {
        Told {
            fingerprint: digest(&format!("{:?}", alert.labels))[..16].to_string(),
            labels: alert.labels.clone(),
            annotations: alert.annotations.clone(),
            starts_us: alert.starts_us,
            ends_us: alert.ends_us,
            values: LabelSet::new(),
            condition: None,
            url: None,
        }
    }

    /// Its annotations, with the condition among them unless the rule says something else under that name.
    pub(crate) fn annotated(&self) -> LabelSet {
        let mut all = self.annotations.clone();
        if let Some(condition) = &self.condition {
            all.entry("condition".into()).or_insert_with(|| condition.clone());
        }
        all
    }
}

fn severity(alert: &Alert) -> Severity {
    match alert.labels.get("severity").map(String::as_str) {
        Some("critical") => Severity::Critical,
        Some("warning") => Severity::Warning,
        _ => Severity::Info,
    }
}

fn title(firing: &[Alert], resolved: &[Alert]) -> String {
    let Some(first) = firing.iter().chain(resolved).next() else { return String::new() };
    let name = first.labels.get("alertname").map_or("alert", String::as_str);
    let first = first.annotations.get("summary").map_or(name, String::as_str);
    match firing.len() + resolved.len() {
        1 => first.to_string(),
        _ if firing.is_empty() => format!("{first} ({} resolved)", resolved.len()),
        _ if resolved.is_empty() => format!("{first} ({} firing)", firing.len()),
        _ => format!("{first} ({} firing, {} resolved)", firing.len(), resolved.len()),
    }
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
