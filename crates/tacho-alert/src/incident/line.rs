//! Lines of a timeline, and where the log has what they tell.

/// A place on the log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    pub index: u64,
    pub id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Change,
    Opened,
    Alert,
    Acknowledged,
    Resolved,
    State,
    Note,
    Event,
    Role,
    Contained,
    Verified,
    FollowUp,
    Late,
    /// Somebody has to answer again.
    Asked,
    Limit,
    Related,
    /// An alert or event that somebody took out of it.
    Detached,
    Merged,
    /// Somebody was told of it, or could not be.
    Delivery,
    /// An automatic response to one of its alerts, or to it.
    Response,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Change => "change",
            Kind::Opened => "opened",
            Kind::Alert => "alert",
            Kind::Acknowledged => "acknowledged",
            Kind::Resolved => "resolved",
            Kind::State => "state",
            Kind::Note => "note",
            Kind::Event => "event",
            Kind::Role => "role",
            Kind::Contained => "contained",
            Kind::Verified => "verified",
            Kind::FollowUp => "follow_up",
            Kind::Late => "late",
            Kind::Asked => "asked",
            Kind::Limit => "limit",
            Kind::Related => "related",
            Kind::Detached => "detached",
            Kind::Merged => "merged",
            Kind::Delivery => "delivery",
            Kind::Response => "response",
        }
    }
}

/// A line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Line {
    pub at_us: i64,
    pub kind: Kind,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The id under which the log has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Its place on the log, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
}

impl Line {
    pub(super) fn new(at_us: i64, kind: Kind, text: impl Into<String>) -> Line {
        Line { at_us, kind, text: text.into(), by: None, note: None, event: None, entry: None }
    }
}
