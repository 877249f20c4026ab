//! What a report says.

use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Findings that a report has at most, and what each of them names at most.
pub const FINDINGS_MAX: usize = 1000;
pub(crate) const EVENTS_NAMED_MAX: usize = 20;

/// What was looked at, what it comes to, and what is missing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Report {
    /// The range in the time that senders say (RFC 3339); calls outside it are not counted.
    pub from: String,
    pub to: String,
    /// Size of the log that the report is about.
    pub tree_size: u64,
    /// So many of its newest entries were not joined yet: a call that two of them tell of is two.
    pub unjoined: u64,
    pub figures: Vec<Figure>,
    pub points: Vec<PointState>,
    /// The gravest first.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub findings_more: u64,
    /// What was left out because there was too much of it.
    pub cut: Vec<Cut>,
    /// What each figure is made of.
    #[schema(value_type = Object)]
    pub formulas: BTreeMap<&'static str, &'static str>,
}

/// What a source saw of an agent. Each share is a count of a count.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Figure {
    pub agent: String,
    /// `hook`, `otel_log`, `otel_span`, `transcript`, or the way in.
    pub source: String,
    pub calls_seen: u64,
    /// Calls that any source saw.
    pub calls_all: u64,
    /// Those of them in sessions that this source told of at all.
    pub calls_in_its_sessions: u64,
    /// calls_seen / calls_all, four places; null without a call.
    pub calls_share: Option<f64>,
    pub sessions_seen: u64,
    pub sessions_all: u64,
    /// Running numbers that came, and that should have come.
    pub numbers_seen: u64,
    pub numbers_all: u64,
    pub events: u64,
    pub last_seen: Option<String>,
}

/// A declared point and who saw it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PointState {
    pub point: String,
    /// `seen`, `silent` or `never_seen`.
    pub state: &'static str,
    pub events: u64,
    /// By a witness, where one ever saw it.
    pub last_seen: Option<String>,
    /// Index of that event.
    pub last_index: Option<u64>,
    /// The longest silence that is allowed, as it was written.
    pub silence: Option<String>,
    pub by_source: Vec<Seen>,
}

/// A point as one source saw it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Seen {
    pub source: String,
    pub events: u64,
    pub last_seen: String,
}

/// Something that is missing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Finding {
    /// The same for the same gap in every report.
    pub id: String,
    pub kind: Kind,
    pub severity: Severity,
    pub agent: Option<String>,
    pub source: Option<String>,
    pub session: Option<String>,
    /// Since when, RFC 3339.
    pub since: Option<String>,
    /// What is missing.
    pub what: String,
    /// What to do about it.
    pub advice: String,
    pub evidence: Evidence,
    /// The last moment that it is about: once that is out of the range, nothing says whether it is still so.
    #[serde(skip)]
    pub last_us: i64,
    /// No witness tells of what it is about.
    #[serde(skip)]
    pub is_own_word: bool,
}

/// What a finding can be looked up by.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Evidence {
    /// Indices of events; the first 20.
    pub events: Vec<u64>,
    /// Ids of calls; the first 20.
    pub calls: Vec<String>,
    /// How many things are missing: calls, numbers.
    pub missing: u64,
    /// Of how many.
    pub of: u64,
    /// Missing running numbers; the first 20 gaps.
    pub gaps: Vec<Gap>,
}

/// Running numbers that did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Gap {
    pub first: u64,
    pub last: u64,
}

/// What kind of thing is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A session that hooks should have told of, and did not, or no more.
    HooksOff,
    /// Calls that one source saw and another did not.
    CallsUnseen,
    /// A source that has to tell of a session, and told nothing.
    SourceAbsent,
    /// Running numbers that did not come.
    SequenceGap,
    /// Hooks that the agent ran without success.
    HookFailing,
    /// A declared point that nobody ever saw.
    PointNeverSeen,
    /// A declared point that was not seen for longer than it may be.
    PointSilent,
    /// An agent that is expected and silent.
    AgentSilent,
    /// A session that began, did not end, and is silent.
    SessionOpen,
}

impl Kind {
    pub const ALL: [Kind; 9] = [
        Kind::HooksOff,
        Kind::CallsUnseen,
        Kind::SourceAbsent,
        Kind::SequenceGap,
        Kind::HookFailing,
        Kind::PointNeverSeen,
        Kind::PointSilent,
        Kind::AgentSilent,
        Kind::SessionOpen,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::HooksOff => "hooks_off",
            Kind::CallsUnseen => "calls_unseen",
            Kind::SourceAbsent => "source_absent",
            Kind::SequenceGap => "sequence_gap",
            Kind::HookFailing => "hook_failing",
            Kind::PointNeverSeen => "point_never_seen",
            Kind::PointSilent => "point_silent",
            Kind::AgentSilent => "agent_silent",
            Kind::SessionOpen => "session_open",
        }
    }

    pub fn severity(self) -> Severity {
        match self {
            Kind::HooksOff => Severity::Critical,
            Kind::SessionOpen => Severity::Info,
            _ => Severity::Warning,
        }
    }
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Critical,
    Warning,
    Info,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// Something that was too much to read.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Cut {
    pub what: &'static str,
    pub limit: u64,
    /// Nothing before this moment was looked at in what was cut, RFC 3339.
    pub since: Option<String>,
}

/// Each figure and its formula.
pub fn formulas() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        (
            "calls_all",
            "calls of the agent within the range that any source told of, joined by their id and by session; calls of \
             its sub-agents count as its own; not counted: calls that were refused or of a tool that is not there, \
             calls that only an agent itself tells of in a session that witnesses tell of, calls that are still running, and those younger than the grace time",
        ),
        (
            "calls_seen",
            "those of calls_all that this source told of; where it gives calls no id, as many as it told of",
        ),
        ("calls_in_its_sessions", "those of calls_all in sessions that this source told anything of"),
        ("calls_share", "calls_seen / calls_all"),
        ("sessions_seen", "sessions of the agent within the range that this source told anything of"),
        ("sessions_all", "sessions of the agent within the range that any source told anything of"),
        (
            "numbers_seen",
            "running numbers that this source gave in the range, each counted once a session, or once for the process of a client",
        ),
        (
            "numbers_all",
            "the highest less the lowest number plus one, added up over the sessions of the range, or the processes of clients",
        ),
    ])
}

impl Finding {
    /// A finding about nothing in particular yet; `key` tells it from others of its kind.
    pub(crate) fn new(kind: Kind, key: &str) -> Finding {
        Finding {
            id: format!("{}/{key}", kind.as_str()),
            kind,
            severity: kind.severity(),
            agent: None,
            source: None,
            session: None,
            since: None,
            what: String::new(),
            advice: String::new(),
            evidence: Evidence::default(),
            last_us: i64::MAX,
            is_own_word: false,
        }
    }

    pub(crate) fn of(mut self, agent: &str, source: &str) -> Finding {
        self.agent = Some(agent.to_owned()).filter(|agent| !agent.is_empty());
        self.source = Some(source.to_owned()).filter(|source| !source.is_empty());
        self
    }

    pub(crate) fn says(mut self, what: String, advice: impl Into<String>) -> Finding {
        (self.what, self.advice) = (what, advice.into());
        self
    }
}
