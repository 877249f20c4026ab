//! What changed before an incident, and which of it is suggested as its cause.
//!
//! The rule is plain, so that anybody can judge it: the newest change of an agent of the incident, else the earliest alert.

use super::body::Incident;
use super::line::Entry;

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Deployment,
    Configuration,
    Prompt,
    Model,
    Version,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Deployment => "deployment",
            Kind::Configuration => "configuration",
            Kind::Prompt => "prompt",
            Kind::Model => "model",
            Kind::Version => "version",
        }
    }
}

/// Something that was changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    pub at_us: i64,
    pub kind: Kind,
    pub agent: String,
    pub text: String,
    /// Whether the agent is one of the incident; deployments of others are shown too.
    pub same_agent: bool,
    pub entry: Entry,
    /// The action that it is, while nobody has told of its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<u64>,
}

/// What is suggested, and what for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cause {
    pub text: String,
    /// The event that it rests on.
    pub entry: Option<Entry>,
    /// The alert, where it is one.
    pub alert: Option<String>,
}

/// The cause that the rule above suggests; nothing for an incident without alerts.
pub fn suggest(incident: &Incident) -> Option<Cause> {
    let newest = incident.changes.iter().filter(|change| change.same_agent);
    let newest = newest.max_by_key(|change| (change.at_us, change.entry.index));
    if let Some(change) = newest {
        let before = ago(incident.first_us - change.at_us);
        return Some(Cause {
            text: format!(
                "{} of {} {before} the first alert: {}",
                change.kind.as_str(),
                change.agent,
                change.text
            ),
            entry: Some(change.entry.clone()),
            alert: None,
        });
    }
    let first = incident.alerts.iter().min_by_key(|member| (member.at_us, &member.id))?;
    Some(Cause {
        text: format!("no change of its agents was found before it; it began with: {}", first.title),
        entry: first.evidence.clone(),
        alert: Some(first.id.clone()),
    })
}

/// How long before.
fn ago(us: i64) -> String {
    match us / 1_000_000 {
        i64::MIN..=-1 => "just after".to_string(),
        seconds @ 0..=119 => format!("{seconds} s before"),
        seconds => format!("{} min before", seconds / 60),
    }
}
