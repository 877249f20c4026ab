//! Grouping, deduplication, inhibition, silences, mute intervals, repetition: which notification is due when.
//!
//! Invariants
//! - A group is told first after its `group_wait`, then at most each `group_interval`, and again without news each
//!   `repeat_interval`.
//! - An alert that is muted stays in its group: when the mute ends while it fires, it is told.
//! - What was told as firing is told as resolved, once.

mod flush;
mod handed;
mod kept;

pub use kept::Told;

use crate::notify::config::Config;
use crate::notify::route::{Route, Tree};
use crate::notify::{Alert, Escalation, LabelSet, Roster, Silences, Strategy, Window};
use crate::rule::Severity;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Alerts that are kept at a time.
const ALERTS_MAX: usize = 100_000;

/// Why an alert is not told; an attribute, not a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Muted {
    Silenced(String),
    /// By an alert of these labels.
    Inhibited(LabelSet),
    /// By a maintenance window of this name or id.
    Maintained(String),
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
    /// Who was told, with whoever was on call then.
    reached: BTreeSet<String>,
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
    pub roster: Roster,
    /// Alerts that were not taken, because there are too many.
    pub refused: u64,
}

impl Dispatcher {
    /// # Errors
    /// When the configuration contradicts itself.
    pub fn new(config: &Config) -> Result<Dispatcher, String> {
        let roster = Roster::read(config)?;
        let tree = Tree::build(config, &roster)?;
        Ok(Dispatcher {
            tree,
            groups: BTreeMap::new(),
            changed: BTreeSet::new(),
            muting: BTreeMap::new(),
            held: 0,
            silences: Silences::default(),
            roster,
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
            let (alerts, told, reached) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
            let new = Group { route, labels, alerts, next_us, told, told_us: None, reached, began_us: None };
            self.changed.insert(key.clone());
            let before = self.groups.entry(key).or_insert(new).alerts.insert(alert.key(), alert.clone());
            self.held += usize::from(before.is_none());
        }
    }

    /// Who is reached by an alert of these labels at a moment, with whoever is on call.
    pub(crate) fn reached(&self, labels: &LabelSet, us: i64) -> Vec<String> {
        self.receivers(labels).iter().flat_map(|receiver| self.roster.reach(receiver, us)).collect()
    }

    /// The policy of an alert.
    pub fn policy(&self, named: Option<&str>, labels: &LabelSet, severity: Severity) -> Escalation {
        self.tree.policy(named, labels, severity)
    }

    /// The policies that the configuration names.
    pub fn escalations(&self) -> impl Iterator<Item = &Escalation> {
        self.tree.escalations()
    }

    /// The maintenance windows of the configuration.
    pub fn windows(&self) -> &[Window] {
        &self.tree.windows
    }

    /// The window of a strategy in which work on what these labels name goes on.
    pub(crate) fn maintained(&self, labels: &LabelSet, us: i64, strategy: Strategy) -> Option<String> {
        let mut windows = self.tree.windows.iter().filter(|window| window.strategy == strategy);
        let planned = windows.find(|window| window.concerns(labels) && window.is_on(us));
        let begun = || self.silences.working(labels, us, strategy).map(|silence| silence.id.clone());
        planned.map(|window| window.name.clone()).or_else(begun)
    }

    /// Why an alert is muted now, if it is.
    pub fn muted(&self, alert: &Alert, now_us: i64) -> Option<Muted> {
        let strategies = [Strategy::Suppress, Strategy::DeliverAfter].into_iter();
        let mut windows = strategies.filter_map(|one| self.maintained(&alert.labels, now_us, one));
        if let Some(window) = alert.suppressed.clone().or_else(|| windows.next()) {
            return Some(Muted::Maintained(window));
        }
        if let Some(silence) = self.silences.muting(&alert.labels, now_us) {
            return Some(Muted::Silenced(silence.id.clone()));
        }
        let others = self.muting.values().filter(|source| **source != alert.labels);
        let mut muting = others
            .filter(|source| self.tree.inhibitions.iter().any(|rule| rule.mutes(source, &alert.labels)));
        muting.next().map(|source| Muted::Inhibited(source.clone()))
    }

    /// The notifications that are due by now, in the order of time. What a group was to say again several times meanwhile, because
    /// nobody looked for long, is said once: nobody is helped by a day's repetitions at one moment.
    pub fn due(&mut self, now_us: i64) -> Vec<Notification> {
        let due = self.groups.iter().filter(|(_, group)| group.next_us <= now_us);
        let mut due: BTreeSet<(i64, String)> = due.map(|(key, group)| (group.next_us, key.clone())).collect();
        let mut out: Vec<Option<Notification>> = Vec::new();
        let mut repeated: HashMap<(String, String), usize> = HashMap::new();
        while let Some((at_us, key)) = due.pop_first() {
            for news in self.flush(&key, at_us) {
                let of = (news.group_key.clone(), news.receiver.clone());
                if let Some(before) = repeated.remove(&of) {
                    out[before] = None;
                }
                if news.notice == Notice::Repeated {
                    repeated.insert(of, out.len());
                }
                out.push(Some(news));
            }
            // Where much time has passed, a group is due several times: a machine that slept for days must not go
            // through each interval of them.
            let Some(group) = self.groups.get_mut(&key).filter(|group| group.next_us <= now_us) else {
                continue;
            };
            group.next_us = group.wakes_us().min(group.first_after(now_us));
            if group.next_us <= now_us {
                due.insert((group.next_us, key));
            }
        }
        out.into_iter().flatten().collect()
    }

    /// When anything is due next.
    pub fn next_us(&self) -> Option<i64> {
        self.groups.values().map(|group| group.next_us).min()
    }
}
