//! An alert that was raised: what it says, who answered, and what became of it.
//!
//! Invariant: its id follows from rule, group and the begin of the firing alone, so that whoever computes the firing again
//! finds the same alert.

mod outside;

pub use outside::Outside;

use crate::notify::{Alert, LabelSet};
use crate::over::Over;
use crate::rule::{Rule, Severity};
use crate::transition::Transition;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Entries of one alert's history.
const HISTORY_MAX: usize = 500;
/// Characters of a name or note that somebody gives.
const TEXT_MAX: usize = 4096;
/// How long an alert may be snoozed.
const SNOOZE_MAX_US: i64 = 30 * 86_400_000_000;

/// What somebody does about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Acknowledge,
    Snooze {
        until_us: i64,
    },
    Resolve,
    Assign {
        to: String,
    },
    /// A note alone.
    Note,
}

impl Act {
    pub fn as_str(&self) -> &'static str {
        match self {
            Act::Acknowledge => "acknowledged",
            Act::Snooze { .. } => "snoozed",
            Act::Resolve => "resolved",
            Act::Assign { .. } => "assigned",
            Act::Note => "noted",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Firing,
    Acknowledged,
    Snoozed,
    Resolved,
}

/// A line of an alert's history.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    pub at_us: i64,
    pub what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The id of its event on the log, where it follows from neither alert nor time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

/// An event that an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Evidence {
    pub index: u64,
    pub id: String,
    pub at_us: i64,
}

/// An alert with everything that is known of it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Raised {
    pub alert: Alert,
    pub rule: String,
    pub rule_hash: String,
    pub title: String,
    pub severity: Severity,
    /// The columns that name the group; with the rule they tell which alert a change is about.
    pub group: Vec<(String, String)>,
    pub values: BTreeMap<String, serde_json::Value>,
    /// What they are in, where that is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub units: BTreeMap<String, String>,
    /// What had to hold for it to fire, as the rule wrote it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    pub window: (i64, i64),
    /// The instant of the evaluation that raised it, and the size of the log that it saw.
    pub at_us: i64,
    pub tree_size: u64,
    pub evidence: Vec<Evidence>,
    pub acknowledged: Option<(String, i64)>,
    pub snoozed_until_us: Option<i64>,
    pub assigned: Option<String>,
    /// An alert from outside is over then, unless it is told again.
    #[serde(default)]
    pub expires_us: Option<i64>,
    /// How many levels of the escalation were told.
    pub level: usize,
    /// From when on its levels are counted, where that is not its begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalates_us: Option<i64>,
    /// The receivers that were told by the escalation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paged: Vec<String>,
    pub history: Vec<Entry>,
}

/// Names the firing of a transition.
pub(crate) fn id_of(transition: &Transition) -> String {
    name_of(&transition.rule, &transition.group, transition.episode_us)
}

/// Names a firing.
pub(crate) fn name_of(rule: &str, group: &[(String, String)], episode_us: i64) -> String {
    let mut hash = Sha256::new();
    let mut put = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    put(rule);
    group.iter().for_each(|(name, value)| {
        put(name);
        put(value);
    });
    hash.update(episode_us.to_be_bytes());
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

impl Raised {
    /// The alert of a firing.
    pub(crate) fn of(rule: &Rule, alert: Alert, transition: &Transition) -> Raised {
        let values = transition.values.iter();
        let evidence = transition.evidence.iter();
        Raised {
            alert,
            rule: rule.id.clone(),
            rule_hash: rule.hash_text(),
            title: rule.title.clone(),
            severity: rule.severity,
            group: transition.group.clone(),
            values: values.map(|(name, value)| (name.clone(), serde_json::json!(value))).collect(),
            units: rule.units.clone(),
            condition: rule.condition(),
            window: transition.window,
            at_us: transition.at_us,
            tree_size: transition.tree_size,
            evidence: evidence
                .map(|seen| Evidence { index: seen.index, id: seen.id.text(), at_us: seen.time_us })
                .collect(),
            acknowledged: None,
            snoozed_until_us: None,
            assigned: None,
            expires_us: None,
            level: 0,
            escalates_us: None,
            paged: Vec::new(),
            history: vec![Entry {
                at_us: transition.at_us,
                what: "firing".into(),
                by: None,
                note: None,
                event: None,
            }],
        }
    }

    /// What the rule computed, as people read it.
    pub fn shown(&self) -> LabelSet {
        let shown = |(name, value): (&String, &serde_json::Value)| {
            (name.clone(), crate::unit::shown(value, self.units.get(name)))
        };
        self.values.iter().filter(|(_, value)| !value.is_null()).map(shown).collect()
    }

    pub fn id(&self) -> &str {
        &self.alert.id
    }

    /// Whether somebody else's rule raised it: then only they end it.
    pub fn is_from_outside(&self) -> bool {
        self.rule.is_empty()
    }

    /// That it is over, when it is.
    pub fn over(&self) -> Option<Over> {
        let group = self.group.iter().cloned().collect();
        let at_us = self.alert.ends_us?;
        Some(Over { alert: self.id().to_string(), rule: self.rule.clone(), group, at_us })
    }

    pub fn labels(&self) -> &LabelSet {
        &self.alert.labels
    }

    pub fn standing(&self, now_us: i64) -> Standing {
        if self.alert.ends_us.is_some() {
            Standing::Resolved
        } else if self.acknowledged.is_some() {
            Standing::Acknowledged
        } else if self.snoozed_until_us.is_some_and(|until| until > now_us) {
            Standing::Snoozed
        } else {
            Standing::Firing
        }
    }

    /// Takes what somebody does.
    ///
    /// # Errors
    /// When the alert is over, nobody is named, or a text or time is beyond its limit.
    pub(crate) fn act(&mut self, act: &Act, by: &str, note: Option<&str>, now_us: i64) -> Result<(), String> {
        let texts = [Some(by), note, if let Act::Assign { to } = act { Some(to.as_str()) } else { None }];
        if texts.into_iter().flatten().any(|text| text.chars().count() > TEXT_MAX) {
            return Err(format!("a name or note has more than {TEXT_MAX} characters"));
        }
        if by.trim().is_empty() {
            return Err("say who you are: \"by\" is empty".into());
        }
        if *act == Act::Note && note.is_none_or(|note| note.trim().is_empty()) {
            return Err("the note is empty".into());
        }
        if self.alert.ends_us.is_some() && *act != Act::Note {
            return Err("the alert is resolved".into());
        }
        match act {
            Act::Acknowledge => {
                self.acknowledged = Some((by.to_string(), now_us));
                (self.snoozed_until_us, self.alert.quiet_until_us) = (None, Some(i64::MAX));
            }
            Act::Snooze { until_us } if *until_us <= now_us || *until_us > now_us + SNOOZE_MAX_US => {
                return Err("a snooze ends later than now, and within 30 days".into());
            }
            Act::Snooze { until_us } => {
                self.acknowledged = None;
                (self.snoozed_until_us, self.alert.quiet_until_us) = (Some(*until_us), Some(*until_us));
            }
            Act::Resolve => self.alert.ends_us = Some(now_us),
            Act::Assign { to } if to.trim().is_empty() => return Err("say to whom: \"to\" is empty".into()),
            Act::Assign { to } => self.assigned = Some(to.clone()),
            Act::Note => {}
        }
        let what = match act {
            Act::Assign { to } => format!("assigned to {to}"),
            Act::Snooze { until_us } => format!("snoozed until {}", tacho_event::time::format(*until_us)),
            other => other.as_str().to_string(),
        };
        self.note(now_us, what, Some(by), note);
        Ok(())
    }

    /// Appends to the history.
    pub(crate) fn note(&mut self, at_us: i64, what: String, by: Option<&str>, note: Option<&str>) {
        let (by, note) = (by.map(str::to_string), note.map(str::to_string));
        self.push(Entry { at_us, what, by, note, event: None });
    }

    /// Appends what is on the log under an id of its own, once.
    pub fn remark(&mut self, entry: Entry) {
        if entry.event.is_none() || self.history.iter().all(|known| known.event != entry.event) {
            self.push(entry);
        }
    }

    /// Beyond its limit the middle is left out, begin and newest stay.
    fn push(&mut self, entry: Entry) {
        if self.history.len() >= HISTORY_MAX {
            self.history.remove(HISTORY_MAX / 2);
        }
        self.history.push(entry);
    }
}
