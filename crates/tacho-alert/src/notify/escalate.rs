//! Escalation: who is told next while nobody answers.
//!
//! Invariant: the clock of an alert that is muted or snoozed when a level is due stands until it is so no more; no level is
//! left out, and none comes together with the one before.

use crate::file::Span;
use crate::notify::Target;
use crate::rule::Severity;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Alerts that wait for an answer.
const WAITING_MAX: usize = 100_000;
const MINUTE_US: i64 = 60_000_000;
/// Levels of a policy, and how often it may be gone through again.
const LEVELS_MAX: usize = 50;
const REPEAT_MAX: u32 = 100;

/// A policy as a file has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalationText {
    pub name: String,
    pub levels: Vec<LevelText>,
    /// How often all levels are gone through again.
    #[serde(default)]
    pub repeat: u32,
    /// How long after the last level they begin anew; 15 minutes when absent.
    pub repeat_after: Option<Span>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelText {
    /// Since the alert began, or since the round did.
    pub after: Span,
    #[serde(default)]
    pub receivers: Vec<String>,
    #[serde(default)]
    pub people: Vec<String>,
    #[serde(default)]
    pub schedules: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Since the alert began, or since the round did.
    pub after_us: i64,
    pub targets: Vec<Target>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    pub name: String,
    pub levels: Vec<Level>,
    pub repeat: u32,
    pub repeat_after_us: i64,
}

impl Escalation {
    /// Critical alerts page at once and the next level after 15 minutes; warnings escalate after 15 minutes;
    /// the rest never does.
    pub fn of(severity: Severity) -> Escalation {
        let level = |minutes: i64, receiver: &str| Level {
            after_us: minutes * MINUTE_US,
            targets: vec![Target::Receiver(receiver.into())],
        };
        let levels = match severity {
            Severity::Critical => {
                vec![level(0, "oncall"), level(15, "oncall-second"), level(30, "management")]
            }
            Severity::Warning => vec![level(15, "oncall")],
            Severity::Info => Vec::new(),
        };
        Escalation { name: severity.as_str().into(), levels, repeat: 0, repeat_after_us: 15 * MINUTE_US }
    }

    /// # Errors
    /// When it has no levels, they do not follow one another, or one tells nobody.
    pub(crate) fn read(text: &EscalationText) -> Result<Escalation, String> {
        let level = |level: &LevelText| Level {
            after_us: level.after.0,
            targets: (level.receivers.iter().cloned().map(Target::Receiver))
                .chain(level.people.iter().cloned().map(Target::Person))
                .chain(level.schedules.iter().cloned().map(Target::Schedule))
                .collect(),
        };
        let levels: Vec<Level> = text.levels.iter().map(level).collect();
        let repeat_after_us = text.repeat_after.map_or(15 * MINUTE_US, |span| span.0);
        if levels.len() > LEVELS_MAX || text.repeat > REPEAT_MAX {
            return Err(format!("expected at most {LEVELS_MAX} levels and repeat: {REPEAT_MAX}"));
        }
        if let Some(at) = levels.iter().position(|level| level.targets.is_empty()) {
            return Err(format!("level {} tells nobody: give it receivers, people or schedules", at + 1));
        }
        if levels.windows(2).any(|two| two[0].after_us >= two[1].after_us) {
            return Err("each level comes later than the one before: `after` counts from the begin".into());
        }
        if text.repeat > 0 && (levels.is_empty() || repeat_after_us < MINUTE_US) {
            return Err("to repeat it needs a level, and repeat_after of 1m at least".into());
        }
        Ok(Escalation { name: text.name.clone(), levels, repeat: text.repeat, repeat_after_us })
    }

    /// The level of a number, counted through all rounds, and when it is due after the begin.
    fn level(&self, number: usize) -> Option<(i64, &Level)> {
        let rounds = self.repeat as usize + 1;
        let (round, at) = (number.checked_div(self.levels.len())?, number % self.levels.len());
        let length_us = self.levels.last()?.after_us + self.repeat_after_us;
        let level = self.levels.get(at).filter(|_| round < rounds)?;
        Some((length_us.saturating_mul(round as i64).saturating_add(level.after_us), level))
    }
}

/// Somebody is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub alert: String,
    /// The level's number, counted through all rounds.
    pub level: usize,
    pub at_us: i64,
    /// Whether nobody could have answered before.
    pub at_once: bool,
    pub targets: Vec<Target>,
    /// From when on the levels are counted.
    pub began_us: i64,
}

#[derive(Debug, Clone)]
struct Waiting {
    began_us: i64,
    policy: Escalation,
    next: usize,
    acknowledged: Option<(String, i64)>,
    snoozed_us: i64,
    /// It was muted when its next level was due.
    held: bool,
}

impl Waiting {
    /// The next level, when it is due by the clock, and when with the snooze.
    fn next(&self) -> Option<(i64, i64, &Level)> {
        let (after_us, level) = self.policy.level(self.next).filter(|_| self.acknowledged.is_none())?;
        let planned_us = self.began_us.saturating_add(after_us);
        Some((planned_us, planned_us.max(self.snoozed_us), level))
    }
}

/// Alerts and how far each has escalated.
#[derive(Debug, Clone, Default)]
pub struct Escalations {
    waiting: BTreeMap<String, Waiting>,
}

impl Escalations {
    /// An alert began. One that waits already goes on where it is.
    ///
    /// # Errors
    /// When too many wait.
    pub fn begin(&mut self, alert: &str, policy: Escalation, now_us: i64) -> Result<(), String> {
        if self.waiting.len() >= WAITING_MAX && !self.waiting.contains_key(alert) {
            return Err(format!("{WAITING_MAX} alerts wait for an answer already"));
        }
        let (acknowledged, snoozed_us) = (None, i64::MIN);
        let new = Waiting { began_us: now_us, policy, next: 0, acknowledged, snoozed_us, held: false };
        self.waiting.entry(alert.to_string()).or_insert(new);
        Ok(())
    }

    /// An alert that waited before a restart goes on with its level.
    ///
    /// # Errors
    /// When too many wait.
    pub fn resume(
        &mut self,
        alert: &str,
        policy: Escalation,
        began_us: i64,
        next: usize,
        acknowledged: Option<(String, i64)>,
    ) -> Result<(), String> {
        self.begin(alert, policy, began_us)?;
        if let Some(waiting) = self.waiting.get_mut(alert) {
            (waiting.next, waiting.acknowledged) = (next, acknowledged);
        }
        Ok(())
    }

    /// Somebody answers: no further level is told. Whether the alert waited.
    pub fn acknowledge(&mut self, alert: &str, by: &str, now_us: i64) -> bool {
        let found = self.waiting.get_mut(alert).filter(|waiting| waiting.acknowledged.is_none());
        found.map(|waiting| waiting.acknowledged = Some((by.to_string(), now_us))).is_some()
    }

    /// Nothing is told until a moment; then the next level is due. An acknowledgement ends with it.
    pub fn snooze(&mut self, alert: &str, until_us: i64) -> bool {
        let found = self.waiting.get_mut(alert);
        found
            .map(|waiting| {
                waiting.snoozed_us = until_us;
                waiting.acknowledged = None;
            })
            .is_some()
    }

    /// The alert is over.
    pub fn resolve(&mut self, alert: &str) -> bool {
        self.waiting.remove(alert).is_some()
    }

    /// Who answered, and when.
    pub fn acknowledged(&self, alert: &str) -> Option<(&str, i64)> {
        let answer = self.waiting.get(alert)?.acknowledged.as_ref()?;
        Some((&answer.0, answer.1))
    }

    /// The levels that are due by now, each once and in the order of time; none of an alert that is muted.
    pub fn due(&mut self, now_us: i64, is_muted: &dyn Fn(&str, i64) -> bool) -> Vec<Page> {
        let mut pages = Vec::new();
        for (alert, waiting) in &mut self.waiting {
            while let Some((planned_us, due_us, level)) = waiting.next().filter(|next| next.1 <= now_us) {
                let at_us = if waiting.held { now_us } else { due_us };
                if is_muted(alert, at_us) {
                    waiting.held = true;
                    break;
                }
                let at_once = waiting.next == 0 && level.after_us == 0;
                let targets = level.targets.clone();
                waiting.began_us += at_us - planned_us;
                let (level, began_us) = (waiting.next, waiting.began_us);
                (waiting.next, waiting.held) = (level + 1, false);
                pages.push(Page { alert: alert.clone(), level, at_us, at_once, targets, began_us });
            }
        }
        pages.sort_by(|a, b| (a.at_us, &a.alert).cmp(&(b.at_us, &b.alert)));
        pages
    }

    /// The alerts that nobody answered, with the last level that was told and whom all levels until then mean.
    pub(crate) fn unanswered(&self, now_us: i64) -> impl Iterator<Item = (&str, usize, Vec<Target>)> {
        let waiting = self.waiting.iter().filter(move |(_, waiting)| {
            waiting.next > 0 && waiting.acknowledged.is_none() && waiting.snoozed_us <= now_us
        });
        waiting.map(|(alert, waiting)| {
            let levels = waiting.policy.levels.iter().take(waiting.next);
            let targets = levels.flat_map(|level| level.targets.iter().cloned());
            (alert.as_str(), waiting.next - 1, targets.collect())
        })
    }

    /// The alerts that were muted when their next level was due.
    pub(crate) fn held(&self) -> impl Iterator<Item = &str> {
        self.waiting.iter().filter(|(_, waiting)| waiting.held).map(|(alert, _)| alert.as_str())
    }

    /// When anything is due next; what is muted has no time.
    pub fn next_us(&self) -> Option<i64> {
        let waiting = self.waiting.values().filter(|waiting| !waiting.held);
        waiting.filter_map(|waiting| Some(waiting.next()?.1)).min()
    }
}
