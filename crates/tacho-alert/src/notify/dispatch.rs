//! Grouping, deduplication, inhibition, silences, mute intervals, repetition: which notification is due when.
//!
//! Invariants
//! - A group is told first after its `group_wait`, then at most each `group_interval`, and again without news each
//!   `repeat_interval`.
//! - An alert that is muted stays in its group: when the mute ends while it fires, it is told.
//! - What was told as firing is told as resolved, once.

mod kept;

pub use kept::Told;

use crate::notify::config::Config;
use crate::notify::route::{Route, Tree};
use crate::notify::{Alert, LabelSet, Silences};
use std::collections::{BTreeMap, BTreeSet};

/// Alerts that are kept at a time.
const ALERTS_MAX: usize = 100_000;

/// Why an alert is not told; an attribute, not a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Muted {
    Silenced(String),
    /// By an alert of these labels.
    Inhibited(LabelSet),
}

/// Why a notification is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    First,
    Changed,
    Repeated,
    Resolved,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub receiver: String,
    pub notice: Notice,
    pub at_us: i64,
    /// When the group was told first: with its name, the name of this episode.
    pub began_us: i64,
    /// The group's name: the same for all its notifications.
    pub group_key: String,
    pub group_labels: LabelSet,
    pub firing: Vec<Alert>,
    pub resolved: Vec<Alert>,
}

#[derive(Debug, Clone)]
struct Group {
    route: Route,
    labels: LabelSet,
    alerts: BTreeMap<String, Alert>,
    next_us: i64,
    /// What was told last, by alert: whether as firing.
    told: BTreeSet<String>,
    told_us: Option<i64>,
    /// When it was told first.
    began_us: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct Dispatcher {
    tree: Tree,
    groups: BTreeMap<String, Group>,
    /// Groups whose [`Told`] is another than when this was asked last.
    changed: BTreeSet<String>,
    /// The firing alerts that may mute others, by their labels: few of all.
    muting: BTreeMap<String, LabelSet>,
    /// Alerts of all groups.
    held: usize,
    pub silences: Silences,
    /// Alerts that were not taken, because there are too many.
    pub refused: u64,
}

impl Dispatcher {
    /// # Errors
    /// When the configuration contradicts itself.
    pub fn new(config: &Config) -> Result<Dispatcher, String> {
        let tree = Tree::build(config)?;
        Ok(Dispatcher {
            tree,
            groups: BTreeMap::new(),
            changed: BTreeSet::new(),
            muting: BTreeMap::new(),
            held: 0,
            silences: Silences::default(),
            refused: 0,
        })
    }

    /// The receivers that an alert of these labels ends up with: for tests of the routing.
    pub fn receivers(&self, labels: &LabelSet) -> Vec<String> {
        let mut found = Vec::new();
        self.tree.root.find(labels, &mut found);
        found.iter().map(|route| route.receiver.clone()).collect()
    }

    /// Takes an alert: a new one, one that goes on, or one that is resolved.
    pub fn alert(&mut self, alert: &Alert, now_us: i64) {
        let mut routes = Vec::new();
        self.tree.root.find(&alert.labels, &mut routes);
        let direct = alert.actions.iter().map(|receiver| self.tree.root.direct(receiver));
        let routes: Vec<Route> = routes.into_iter().cloned().chain(direct).collect();
        if alert.ends_us.is_none() && self.tree.inhibitions.iter().any(|rule| rule.is_source(&alert.labels)) {
            self.muting.insert(alert.key(), alert.labels.clone());
        } else {
            self.muting.remove(&alert.key());
        }
        for route in routes {
            let labels: LabelSet = match &route.group_by {
                None => alert.labels.clone(),
                Some(names) => {
                    let named = names.iter().filter_map(|name| alert.labels.get_key_value(name));
                    named.map(|(name, value)| (name.clone(), value.clone())).collect()
                }
            };
            let key = format!("{}:{{{}}}", route.path, crate::notify::label_key(&labels));
            if alert.ends_us.is_some() && !self.groups.contains_key(&key) {
                continue;
            }
            if self.held >= ALERTS_MAX
                && !self.groups.get(&key).is_some_and(|group| group.alerts.contains_key(&alert.key()))
            {
                self.refused += 1;
                continue;
            }
            // An alert that began long ago has waited already.
            let next_us =
                now_us.max((alert.starts_us + route.group_wait_us).min(now_us + route.group_wait_us));
            let (alerts, told) = (BTreeMap::new(), BTreeSet::new());
            let new = Group { route, labels, alerts, next_us, told, told_us: None, began_us: None };
            self.changed.insert(key.clone());
            let before = self.groups.entry(key).or_insert(new).alerts.insert(alert.key(), alert.clone());
            self.held += usize::from(before.is_none());
        }
    }

    /// Why an alert is muted now, if it is.
    pub fn muted(&self, alert: &Alert, now_us: i64) -> Option<Muted> {
        if let Some(silence) = self.silences.muting(&alert.labels, now_us) {
            return Some(Muted::Silenced(silence.id.clone()));
        }
        let others = self.muting.values().filter(|source| **source != alert.labels);
        let mut muting = others
            .filter(|source| self.tree.inhibitions.iter().any(|rule| rule.mutes(source, &alert.labels)));
        muting.next().map(|source| Muted::Inhibited(source.clone()))
    }

    /// The notifications that are due by now, in the order of time.
    pub fn due(&mut self, now_us: i64) -> Vec<Notification> {
        let due = self.groups.iter().filter(|(_, group)| group.next_us <= now_us);
        let mut due: BTreeSet<(i64, String)> = due.map(|(key, group)| (group.next_us, key.clone())).collect();
        let mut out = Vec::new();
        while let Some((at_us, key)) = due.pop_first() {
            out.extend(self.flush(&key, at_us));
            // Where much time has passed, a group is due several times.
            if let Some(group) = self.groups.get(&key).filter(|group| group.next_us <= now_us) {
                due.insert((group.next_us, key));
            }
        }
        out
    }

    /// When anything is due next.
    pub fn next_us(&self) -> Option<i64> {
        self.groups.values().map(|group| group.next_us).min()
    }

    fn flush(&mut self, key: &str, at_us: i64) -> Option<Notification> {
        let mut group = self.groups.remove(key)?;
        self.changed.insert(key.to_string());
        group.next_us = at_us + group.route.group_interval_us;
        let quiet = self.is_quiet(&group.route, at_us);
        let mut told = BTreeSet::new();
        let (mut firing, mut resolved) = (Vec::new(), Vec::new());
        for (name, alert) in &group.alerts {
            let loud = !quiet && self.muted(alert, at_us).is_none();
            match alert.ends_us {
                None if loud => {
                    told.insert(name.clone());
                    firing.push(alert.clone());
                }
                // Told before, muted now: it is not news that it goes on.
                None if group.told.contains(name) => {
                    told.insert(name.clone());
                }
                None => {}
                Some(_) if loud && group.told.contains(name) => resolved.push(alert.clone()),
                Some(_) => {}
            }
        }
        let notice = group.notice(&firing, &resolved, at_us);
        // What ended is told now, or never; a mute of the whole group keeps it until that is over.
        let owed =
            |name: &String, alert: &Alert| alert.ends_us.is_none() || (quiet && group.told.contains(name));
        let kept: BTreeMap<String, Alert> = group
            .alerts
            .iter()
            .filter(|(name, alert)| owed(name, alert))
            .map(|(n, a)| (n.clone(), a.clone()))
            .collect();
        if quiet {
            told.extend(group.told.iter().filter(|name| kept.contains_key(*name)).cloned());
        }
        let labels = group.labels.clone();
        let receiver = group.route.receiver.clone();
        self.held -= group.alerts.len() - kept.len();
        group.alerts = kept;
        if notice.is_some() {
            group.told = told;
            group.told_us = Some(at_us);
            group.began_us.get_or_insert(at_us);
        }
        let began_us = group.began_us.unwrap_or(at_us);
        if !group.alerts.is_empty() {
            self.groups.insert(key.to_string(), group);
        }
        let notice = notice?;
        let group_key = key.to_string();
        Some(Notification {
            receiver,
            notice,
            at_us,
            began_us,
            group_key,
            group_labels: labels,
            firing,
            resolved,
        })
    }

    fn is_quiet(&self, route: &Route, at_us: i64) -> bool {
        let within = |names: &[String]| {
            let intervals = names.iter().filter_map(|name| self.tree.intervals.get(name)).flatten();
            // Broken intervals were refused with the configuration: one that fails here mutes nothing.
            intervals.map(|interval| interval.contains(at_us)).any(|within| within == Ok(true))
        };
        within(&route.mute) || (!route.active.is_empty() && !within(&route.active))
    }
}

impl Group {
    fn notice(&self, firing: &[Alert], resolved: &[Alert], at_us: i64) -> Option<Notice> {
        let new = firing.iter().filter(|alert| !self.told.contains(&alert.key()));
        let (mut new, mut ended) = (new.peekable(), resolved.iter().peekable());
        let Some(told_us) = self.told_us.filter(|_| !self.told.is_empty()) else {
            return new.peek().map(|_| Notice::First);
        };
        let unanswered = |alert: &Alert| alert.quiet_until_us.is_none_or(|until| until <= at_us);
        if at_us >= told_us + self.route.repeat_interval_us && firing.iter().any(unanswered) {
            return Some(Notice::Repeated);
        }
        if new.any(|alert| !alert.flapping) {
            return Some(Notice::Changed);
        }
        if ended.peek().is_some() && (firing.is_empty() || ended.any(|alert| !alert.flapping)) {
            return Some(if firing.is_empty() { Notice::Resolved } else { Notice::Changed });
        }
        None
    }
}
