//! One run of a response.

use sha2::{Digest, Sha256};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Webhook,
    Command,
    StopAgent,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Webhook, Kind::Command, Kind::StopAgent];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Webhook => "webhook",
            Kind::Command => "command",
            Kind::StopAgent => "stop_agent",
        }
    }
}

/// What bounds a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub kind: Kind,
    /// Whether a person has to agree to each run.
    pub approve: bool,
    /// Whether it only says what it would do.
    pub dry_run: bool,
    /// Runs within an hour; more are refused.
    pub per_hour: u32,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Until a person agrees.
    Waiting,
    Due,
    Running,
    Succeeded,
    Failed,
    TimedOut,
    /// It was not begun, for a reason.
    Refused,
    /// A person said no, or nobody answered in time.
    Declined,
    /// The server went away while it ran.
    Unknown,
}

impl Standing {
    pub const ALL: [Standing; 9] = [
        Standing::Waiting,
        Standing::Due,
        Standing::Running,
        Standing::Succeeded,
        Standing::Failed,
        Standing::TimedOut,
        Standing::Refused,
        Standing::Declined,
        Standing::Unknown,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Waiting => "waiting",
            Standing::Due => "due",
            Standing::Running => "running",
            Standing::Succeeded => "succeeded",
            Standing::Failed => "failed",
            Standing::TimedOut => "timed_out",
            Standing::Refused => "refused",
            Standing::Declined => "declined",
            Standing::Unknown => "unknown",
        }
    }

    pub fn is_over(self) -> bool {
        !matches!(self, Standing::Waiting | Standing::Due | Standing::Running)
    }

    /// Whether it was begun and did not do what it should.
    pub fn has_failed(self) -> bool {
        matches!(self, Standing::Failed | Standing::TimedOut | Standing::Unknown)
    }
}

/// What a run is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct About {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Whom it concerns, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// A run that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// See [`id_of`].
    pub id: String,
    pub response: String,
    pub about: About,
    /// The rule that names the response; nothing when a person asks for it.
    pub rule: Option<String>,
    pub by: Option<String>,
    pub reason: Option<String>,
    pub dry_run: bool,
    /// Why a person has to agree to this one, whatever the settings say.
    pub doubt: Option<String>,
    /// Why it must not be begun.
    pub refused: Option<String>,
}

/// Who agreed, or did not.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Agreed {
    pub by: String,
    pub at_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a person says to a run that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub standing: Standing,
    /// In words, such as the end of what a program wrote.
    pub what: String,
    /// More for the log.
    pub result: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Run {
    pub id: String,
    pub response: String,
    pub kind: Kind,
    pub about: About,
    pub rule: Option<String>,
    pub by: Option<String>,
    pub reason: Option<String>,
    pub dry_run: bool,
    pub standing: Standing,
    pub asked_us: i64,
    pub agreed: Option<Agreed>,
    pub began_us: Option<i64>,
    pub ended_us: Option<i64>,
    /// What came of it, or why it waits.
    pub what: Option<String>,
    /// Events of its own that are on the log.
    pub said: u64,
}

/// What is to be said on the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Saying {
    /// The event's id there.
    pub event: String,
    pub name: &'static str,
    pub at_us: i64,
    pub run: Run,
    /// In one line, for those who read a timeline.
    pub text: String,
    pub by: Option<String>,
    pub result: serde_json::Value,
}

impl Run {
    /// A saying of this run under an id of its own.
    pub(super) fn saying(
        &mut self,
        name: &'static str,
        at_us: i64,
        text: String,
        by: Option<&str>,
        result: serde_json::Value,
    ) -> Saying {
        let event = format!("response/{}/{}", self.id, self.said);
        self.said += 1;
        let text =
            format!("response {}{}: {text}", self.response, if self.dry_run { " (dry run)" } else { "" });
        Saying { event, name, at_us, run: self.clone(), text, by: by.map(str::to_string), result }
    }
}

/// Names a run: the same response about the same thing is run once. `number` tells those apart that a person asked for
/// again.
pub fn id_of(response: &str, about: &About, dry_run: bool, number: u32) -> String {
    let mut hash = Sha256::new();
    hash.update("response\n");
    for text in [Some(response), about.alert.as_deref(), about.incident.as_deref()] {
        let text = text.unwrap_or_default();
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    // Whom a run of an alert concerns follows from the alert.
    if about.alert.is_none() {
        for text in [&about.agent, &about.session] {
            let text = text.as_deref().unwrap_or_default();
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
    }
    hash.update([u8::from(dry_run)]);
    hash.update(number.to_be_bytes());
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
