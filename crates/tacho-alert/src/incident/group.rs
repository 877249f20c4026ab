//! Which incident an alert belongs to.
//!
//! Alerts belong together when they have the same cause (rule and group), or something in common within a time. Two guards
//! against one incident that swallows everything: by a value that more than [`COMMON_AT`] different causes share an alert
//! joins young incidents only, and an incident lists a limited number of alerts.
//!
//! Invariant: alerts of one instant are taken as a set; the order in which they come changes nothing.

use super::entity::{self, Entity, Witness};
use super::incidents::Incidents;
use super::line::Entry;
use crate::notify::{Act, Entry as History, Raised, label_key};
use crate::rule::Severity;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Different causes that may share a value.
pub(super) const COMMON_AT: usize = 50;

/// What a rule's label `incident` says of its alerts: they are about incidents, and open none.
const NEVER: (&str, &str) = ("incident", "never");
/// And of those that belong together whatever they are about: findings of one kind in one go.
const TOGETHER: (&str, &str) = ("incident", "together");

/// The end of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub at_us: i64,
    /// Who ended it by hand, and when that was said.
    pub by: Option<(String, i64)>,
}

impl End {
    pub(super) fn of(raised: &Raised) -> Option<End> {
        let last = raised.history.iter().rev().find(|entry| entry.what == Act::Resolve.as_str());
        let by = last.and_then(|entry| Some((entry.by.clone()?, entry.at_us)));
        Some(End { at_us: raised.alert.ends_us?, by })
    }
}

/// An alert that may belong to an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    pub id: String,
    pub rule: String,
    /// The rule's title: it names nobody.
    pub name: String,
    /// What the alert says, values filled in.
    pub title: String,
    pub severity: Severity,
    pub at_us: i64,
    pub ends: Option<End>,
    /// Rule and group.
    pub cause: String,
    pub entities: BTreeSet<Entity>,
    /// The incident that it is about, when it is about one.
    pub about: Option<String>,
    /// Whether it opens an incident where none fits, however severe it is.
    pub opens: bool,
    pub evidence: Option<Entry>,
    /// What became of it, and what people did about it.
    pub history: Vec<History>,
}

impl Incoming {
    /// The alert as grouping sees it, with what its events say, by their indices.
    pub fn of(raised: &Raised, events: &HashMap<u64, Witness>) -> Incoming {
        let labels = raised.labels();
        let never = labels.get(NEVER.0).is_some_and(|value| value == NEVER.1);
        let mine: Vec<&Witness> = raised.evidence.iter().filter_map(|seen| events.get(&seen.index)).collect();
        let title = raised.alert.annotations.get("summary").unwrap_or(&raised.title);
        let newest = raised.evidence.iter().max_by_key(|seen| seen.index);
        Incoming {
            id: raised.id().to_string(),
            rule: raised.rule.clone(),
            name: raised.title.clone(),
            title: title.clone(),
            severity: raised.severity,
            at_us: raised.at_us,
            ends: End::of(raised),
            cause: label_key(labels),
            entities: match never {
                true => BTreeSet::new(),
                false => entity::of(labels, &mine).into_iter().chain(finding(raised)).collect(),
            },
            about: labels.get("call_id").filter(|_| never).cloned(),
            opens: !never,
            evidence: newest.map(|seen| Entry { index: seen.index, id: seen.id.clone() }),
            history: raised.history.clone(),
        }
    }
}

/// The rule, and the kind of finding where the group's call begins with one (`agent_silent/a1`).
fn finding(raised: &Raised) -> Option<Entity> {
    let labels = raised.labels();
    labels.get(TOGETHER.0).filter(|value| *value == TOGETHER.1)?;
    let kind = labels.get("call_id").and_then(|call| call.split_once('/'));
    let value = kind.map_or_else(|| raised.rule.clone(), |(kind, _)| format!("{} {kind}", raised.rule));
    Some(Entity { kind: entity::Kind::Finding, value })
}

/// What ties alerts of one instant together.
#[derive(PartialEq, Eq, Hash)]
enum Tie<'a> {
    Entity(&'a Entity),
    Cause(&'a str),
    Incident(String),
}

/// Alerts of one instant that belong together, and the incidents that they fit.
pub(super) struct Part {
    /// Places within the instant, lowest first.
    pub(super) alerts: Vec<usize>,
    pub(super) fits: BTreeSet<String>,
}

impl Incidents {
    /// Splits the alerts of one instant into those that belong together.
    pub(super) fn parts(&self, instant: &[Incoming]) -> Vec<Part> {
        let common = self.common(instant);
        let mut root: Vec<usize> = (0..instant.len()).collect();
        let mut fits: Vec<BTreeSet<String>> = Vec::with_capacity(instant.len());
        let mut first: HashMap<Tie<'_>, usize> = HashMap::new();
        for (place, alert) in instant.iter().enumerate() {
            let said: Vec<&Entity> = alert.entities.iter().collect();
            let found = self.fitting(alert, &said, &common);
            let ties = said.into_iter().map(Tie::Entity);
            // What is about an incident has only that in common with others.
            let cause = alert.about.is_none().then_some(Tie::Cause(&alert.cause));
            let ties = ties.chain(cause).chain(found.iter().cloned().map(Tie::Incident));
            for tie in ties {
                let other = *first.entry(tie).or_insert(place);
                join(&mut root, place, other);
            }
            fits.push(found);
        }
        let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
        for (place, fits) in fits.into_iter().enumerate() {
            let part = parts
                .entry(find(&mut root, place))
                .or_insert_with(|| Part { alerts: Vec::new(), fits: BTreeSet::new() });
            part.alerts.push(place);
            part.fits.extend(fits);
        }
        parts.into_values().collect()
    }

    /// Values that too many different causes share, those of this instant included.
    fn common(&self, instant: &[Incoming]) -> BTreeSet<Entity> {
        let mut causes: BTreeMap<&Entity, BTreeSet<&str>> = BTreeMap::new();
        for alert in instant {
            for entity in &alert.entities {
                causes.entry(entity).or_default().insert(&alert.cause);
            }
        }
        let at_us = instant.first().map_or(0, |alert| alert.at_us);
        let common = causes.into_iter().filter(|(entity, new)| {
            let before: usize = self.degree(entity, at_us, new);
            before + new.len() > COMMON_AT
        });
        common.map(|(entity, _)| entity.clone()).collect()
    }
}

/// Sets that are joined have one root: the lowest place.
fn join(root: &mut [usize], one: usize, other: usize) {
    let (one, other) = (find(root, one), find(root, other));
    let (low, high) = (one.min(other), one.max(other));
    root[high] = low;
}

fn find(root: &mut [usize], mut place: usize) -> usize {
    while root[place] != place {
        root[place] = root[root[place]];
        place = root[place];
    }
    place
}
