//! An incident with everything that is known of it.
//!
//! Limits: alerts that are listed ([`ALERTS_MAX`]; more are counted and told), lines of the timeline ([`LINES_MAX`]; the
//! middle is left out, the log has them all), things in common ([`LINKS_MAX`]), causes ([`CAUSES_MAX`]).

use super::cause::{Cause, Change};
use super::entity;
use super::line::{Entry, Line};
use super::state::{Next, State};
use crate::rule::Severity;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const ALERTS_MAX: usize = 200;
pub(super) const LINKS_MAX: usize = 100;
pub(super) const CAUSES_MAX: usize = 1000;
const LINES_MAX: usize = 1000;

const MINUTE_US: i64 = 60_000_000;

/// What makes alerts an incident, and how soon somebody has to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Alerts below this severity join an incident that is there, and open none.
    pub opens_at: Severity,
    /// How far apart alerts may be that have something in common.
    pub window_us: i64,
    pub critical_us: i64,
    pub warning_us: i64,
    pub info_us: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            opens_at: Severity::Warning,
            window_us: 30 * MINUTE_US,
            critical_us: 5 * MINUTE_US,
            warning_us: 60 * MINUTE_US,
            info_us: 24 * 60 * MINUTE_US,
        }
    }
}

impl Settings {
    /// How long the first answer may take.
    pub fn answer_us(&self, severity: Severity) -> i64 {
        match severity {
            Severity::Critical => self.critical_us,
            Severity::Warning => self.warning_us,
            Severity::Info => self.info_us,
        }
    }
}

/// An alert of an incident.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Member {
    pub id: String,
    pub rule: String,
    pub title: String,
    pub severity: Severity,
    pub at_us: i64,
    pub ends_us: Option<i64>,
    /// The newest event that it is about.
    pub evidence: Option<Entry>,
    /// What people did about it up to then is in the timeline.
    pub acted_us: i64,
    /// Its rule and group.
    #[serde(default)]
    pub cause: String,
    /// It says that nobody has answered the incident.
    #[serde(default)]
    pub is_about_it: bool,
}

/// Something that alerts of the incident have in common, and in how many different ones it occurs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Link {
    pub kind: entity::Kind,
    pub value: String,
    pub causes: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Answer {
    pub by: String,
    pub at_us: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Checked {
    pub by: String,
    pub at_us: i64,
    pub note: String,
}

/// What keeps it from going on, and who saw that it does.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Contained {
    pub by: String,
    pub at_us: i64,
    pub note: String,
    pub verified: Option<Checked>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FollowUp {
    pub number: u32,
    pub text: String,
    pub owner: Option<String>,
    pub due: Option<String>,
    pub done: Option<Answer>,
}

/// What is to be said on the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Saying {
    /// The event's id there.
    pub event: String,
    pub incident: String,
    pub name: &'static str,
    pub severity: Severity,
    pub at_us: i64,
    pub result: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Incident {
    pub id: String,
    pub title: String,
    /// The title of the rule behind it: what the log has in place of the title, which may name a person.
    pub name: String,
    pub severity: Severity,
    pub state: State,
    pub opened_us: i64,
    /// Until when somebody has to answer.
    pub due_us: i64,
    /// Nobody had by then.
    pub late_us: Option<i64>,
    /// Who answered first since somebody was asked last.
    pub answered: Option<Answer>,
    /// The first answer of all, and whether one came too late, before the clock began anew.
    #[serde(default)]
    pub answered_before: Option<Answer>,
    #[serde(default)]
    pub late_before: bool,
    pub contained: Option<Contained>,
    pub resolved_us: Option<i64>,
    pub closed_us: Option<i64>,
    /// The first and the last time that an alert of it began or ended.
    pub first_us: i64,
    pub last_us: i64,
    pub alerts: Vec<Member>,
    /// Alerts beyond those that are listed.
    pub more: u64,
    /// Rule and group of its alerts, each once.
    pub causes: BTreeSet<String>,
    pub links: Vec<Link>,
    /// What changed before.
    pub changes: Vec<Change>,
    /// The agents whose changes were looked for; nothing before they were.
    pub looked: Option<BTreeSet<String>>,
    pub cause: Option<Cause>,
    pub timeline: Vec<Line>,
    pub roles: BTreeMap<String, String>,
    pub follow_ups: Vec<FollowUp>,
    /// Incidents that had something in common with it when it was too late to be one.
    pub related: BTreeSet<String>,
    /// Events of its own that are on the log.
    pub said: u64,
    /// The incident that it was merged into.
    #[serde(default)]
    pub merged_into: Option<String>,
    /// Rule and group of alerts that somebody took out: they come back by hand only.
    #[serde(default)]
    pub detached: BTreeSet<String>,
}

/// The first facts of an incident.
#[derive(Debug)]
pub(super) struct Beginning {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) name: String,
    pub(super) severity: Severity,
    pub(super) at_us: i64,
    pub(super) due_us: i64,
}

impl Incident {
    pub(super) fn new(beginning: Beginning) -> Incident {
        let Beginning { id, title, name, severity, at_us, due_us } = beginning;
        Incident {
            id,
            title,
            name,
            severity,
            state: State::Reception,
            opened_us: at_us,
            due_us,
            late_us: None,
            answered: None,
            answered_before: None,
            late_before: false,
            contained: None,
            resolved_us: None,
            closed_us: None,
            first_us: at_us,
            last_us: at_us,
            alerts: Vec::new(),
            more: 0,
            causes: BTreeSet::new(),
            links: Vec::new(),
            changes: Vec::new(),
            looked: None,
            cause: None,
            timeline: Vec::new(),
            roles: BTreeMap::new(),
            follow_ups: Vec::new(),
            related: BTreeSet::new(),
            said: 0,
            merged_into: None,
            detached: BTreeSet::new(),
        }
    }

    /// The agents that it is about.
    pub fn agents(&self) -> BTreeSet<String> {
        let agents = self.links.iter().filter(|link| link.kind == entity::Kind::Agent);
        agents.map(|link| link.value.clone()).collect()
    }

    /// Whether what changed before is still to be looked for.
    pub fn wants_look(&self) -> bool {
        self.looked.as_ref().is_none_or(|looked| *looked != self.agents())
    }

    /// Listed alerts that are not over.
    pub fn firing(&self) -> usize {
        self.alerts.iter().filter(|member| member.ends_us.is_none()).count()
    }

    /// Where it can go from here.
    pub fn next(&self) -> Vec<Next> {
        if self.merged_into.is_some() {
            return Vec::new();
        }
        let checked = self.contained.as_ref().is_some_and(|contained| contained.verified.is_some());
        self.state.next(checked)
    }

    /// The timeline in the order of time.
    pub fn lines(&self) -> Vec<&Line> {
        let mut lines: Vec<&Line> = self.timeline.iter().collect();
        lines.sort_by_key(|line| line.at_us);
        lines
    }

    /// One message may tell of several of its alerts.
    pub(super) fn write_once(&mut self, line: Line) -> bool {
        let new = !self.timeline.iter().any(|known| known.event == line.event);
        if new {
            self.write(line);
        }
        new
    }

    pub(super) fn write(&mut self, line: Line) {
        if self.timeline.len() >= LINES_MAX {
            self.timeline.remove(LINES_MAX / 2);
        }
        self.timeline.push(line);
    }

    /// A saying of this incident under an id of its own.
    pub(super) fn saying(&mut self, name: &'static str, at_us: i64, mut result: serde_json::Value) -> Saying {
        let event = format!("incident/{}/{}", self.id, self.said);
        self.said += 1;
        result["title"] = self.name.as_str().into();
        result["severity"] = self.severity.as_str().into();
        result["state"] = self.state.as_str().into();
        Saying { event, incident: self.id.clone(), name, severity: Severity::Info, at_us, result }
    }

    /// Has something in common with others, as far as there is room.
    pub(super) fn link(&mut self, kind: entity::Kind, value: &str, causes: u32) {
        let full = self.links.len() >= LINKS_MAX;
        match self.links.iter_mut().find(|link| link.kind == kind && link.value == value) {
            Some(link) => link.causes += causes,
            None if full => {}
            None => {
                // Known to be of one alert, whether that is of a new cause or not.
                self.links.push(Link { kind, value: value.to_string(), causes: causes.max(1) });
                self.links.sort_by(|one, other| (one.kind, &one.value).cmp(&(other.kind, &other.value)));
            }
        }
    }
}
