//! Escalation: who is told next while nobody answers.

use crate::rule::Severity;
use std::collections::BTreeMap;

/// Alerts that wait for an answer.
const WAITING_MAX: usize = 100_000;
const MINUTE_US: i64 = 60_000_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Whoever is on call in a schedule.
    Schedule(String),
    Receiver(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Since the alert began.
    pub after_us: i64,
    pub targets: Vec<Target>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    pub levels: Vec<Level>,
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
        Escalation { levels }
    }
}

/// Somebody is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub alert: String,
    pub level: usize,
    pub at_us: i64,
    pub targets: Vec<Target>,
}

#[derive(Debug, Clone)]
struct Waiting {
    began_us: i64,
    policy: Escalation,
    next: usize,
    acknowledged: Option<(String, i64)>,
    snoozed_us: i64,
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
        let new = Waiting { began_us: now_us, policy, next: 0, acknowledged: None, snoozed_us: i64::MIN };
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

    /// The levels that are due by now, each once and in the order of time.
    pub fn due(&mut self, now_us: i64) -> Vec<Page> {
        let mut pages = Vec::new();
        for (alert, waiting) in &mut self.waiting {
            if waiting.acknowledged.is_some() {
                continue;
            }
            while let Some(level) = waiting.policy.levels.get(waiting.next) {
                let at_us = (waiting.began_us + level.after_us).max(waiting.snoozed_us);
                if at_us > now_us {
                    break;
                }
                let (alert, targets) = (alert.clone(), level.targets.clone());
                pages.push(Page { alert, level: waiting.next, at_us, targets });
                waiting.next += 1;
            }
        }
        pages.sort_by(|a, b| (a.at_us, &a.alert).cmp(&(b.at_us, &b.alert)));
        pages
    }

    /// When anything is due next.
    pub fn next_us(&self) -> Option<i64> {
        let waiting = self.waiting.values().filter(|waiting| waiting.acknowledged.is_none());
        let next = waiting.filter_map(|waiting| {
            let level = waiting.policy.levels.get(waiting.next)?;
            Some((waiting.began_us + level.after_us).max(waiting.snoozed_us))
        });
        next.min()
    }
}
