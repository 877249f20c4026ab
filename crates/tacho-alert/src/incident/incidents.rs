//! The incidents that are not closed: takes alerts, steps and time, and tells what changed.
//!
//! Invariants
//! - An alert belongs to at most one incident, and to the same one until somebody moves it.
//! - What changed is told to whoever keeps it ([`Incidents::take_changed`]); from that, the same incidents are made again.

use super::body::{Incident, Link, Saying, Settings};
use super::entity::{Entity, Kind};
use super::group::{COMMON_AT, Incoming};
use super::state::State;
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Debug, Default)]
pub struct Incidents {
    pub(super) settings: Settings,
    pub(super) open: BTreeMap<String, Incident>,
    by_entity: HashMap<Entity, BTreeSet<String>>,
    by_cause: HashMap<String, BTreeSet<String>>,
    /// By the rules of their alerts that are listed.
    pub(super) by_rule: HashMap<String, BTreeSet<String>>,
    pub(super) of_alert: HashMap<String, String>,
    pub(super) changed: BTreeSet<String>,
    /// Closed ones whose lines do not all have their place on the log.
    pub(super) leaving: BTreeMap<String, Incident>,
    /// Incidents with such lines.
    pub(super) unplaced: BTreeSet<String>,
    pub(super) sayings: Vec<Saying>,
    /// Alerts that could open no incident because there are too many.
    pub refused: u64,
}

impl Incidents {
    pub fn new(settings: Settings) -> Incidents {
        Incidents { settings, ..Incidents::default() }
    }

    /// Takes incidents that were kept.
    pub fn recall(&mut self, kept: Vec<Incident>) {
        for incident in kept {
            if !incident.is_placed() {
                self.unplaced.insert(incident.id.clone());
            }
            if incident.state == State::Closed {
                self.leaving.insert(incident.id.clone(), incident);
            } else {
                self.enter(&incident);
                self.open.insert(incident.id.clone(), incident);
            }
        }
    }

    pub(super) fn enter(&mut self, incident: &Incident) {
        let id = &incident.id;
        for link in &incident.links {
            let entity = Entity { kind: link.kind, value: link.value.clone() };
            self.by_entity.entry(entity).or_default().insert(id.clone());
        }
        for cause in &incident.causes {
            self.by_cause.entry(cause.clone()).or_default().insert(id.clone());
        }
        for member in &incident.alerts {
            self.by_rule.entry(member.rule.clone()).or_default().insert(id.clone());
            self.of_alert.entry(member.id.clone()).or_insert_with(|| id.clone());
        }
    }

    pub(super) fn leave(&mut self, incident: &Incident) {
        for link in &incident.links {
            let entity = Entity { kind: link.kind, value: link.value.clone() };
            forget(&mut self.by_entity, &entity, &incident.id);
        }
        for cause in &incident.causes {
            forget(&mut self.by_cause, cause, &incident.id);
        }
        for member in &incident.alerts {
            forget(&mut self.by_rule, &member.rule, &incident.id);
            if self.of_alert.get(&member.id) == Some(&incident.id) {
                self.of_alert.remove(&member.id);
            }
        }
    }

    /// What has to be kept since this was asked last, and what has to be said on the log.
    pub fn take_changed(&mut self) -> (Vec<Incident>, Vec<Saying>) {
        let changed = std::mem::take(&mut self.changed);
        let kept: Vec<Incident> = changed.iter().filter_map(|id| self.known(id).cloned()).collect();
        for incident in &kept {
            if incident.is_placed() {
                self.unplaced.remove(&incident.id);
                self.leaving.remove(&incident.id);
            } else {
                self.unplaced.insert(incident.id.clone());
            }
        }
        (kept, std::mem::take(&mut self.sayings))
    }

    /// An incident that is at hand: open, or closed a moment ago.
    pub fn known(&self, id: &str) -> Option<&Incident> {
        self.open.get(id).or_else(|| self.leaving.get(id))
    }

    /// Those that were closed a moment ago.
    pub fn leaving(&self) -> impl Iterator<Item = &Incident> {
        self.leaving.values()
    }

    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.open.values()
    }

    /// The incidents that an alert fits: by its cause at any time, by something in common within the window, by a burst while
    /// that goes on. By what too many
    /// share it fits those that are no older than the window: one burst is one incident, and does not go on for ever.
    pub(super) fn fitting(
        &self,
        alert: &Incoming,
        said: &[&Entity],
        common: &BTreeSet<Entity>,
    ) -> BTreeSet<String> {
        if let Some(about) = &alert.about {
            // It names the incident, or an alert of it.
            let id = self.of_alert.get(about).unwrap_or(about);
            return self.open.get(id).map(|incident| incident.id.clone()).into_iter().collect();
        }
        let takes = |id: &&String| {
            let found = self.open.get(*id);
            found.is_some_and(|found| found.state.takes_alerts() && !found.detached.contains(&alert.cause))
        };
        let near = |(is_common, entity, id): &(bool, &Entity, &String)| {
            let young =
                |found: &Incident| alert.at_us <= found.first_us.saturating_add(self.settings.window_us);
            let near = |found: &&Incident| match entity.kind {
                Kind::Burst => found.bursts_at(&entity.value, alert.at_us),
                _ => self.is_near(found, alert.at_us),
            };
            let found = self.open.get(*id).filter(near);
            found.is_some_and(|found| !is_common || young(found))
        };
        let same = self.by_cause.get(&alert.cause).into_iter().flatten().filter(takes);
        let shared = said.iter().flat_map(|entity| {
            let ids = self.by_entity.get(*entity).into_iter().flatten();
            ids.map(|id| (common.contains(*entity), *entity, id))
        });
        let shared = shared.filter(near).map(|(.., id)| id).filter(takes);
        same.chain(shared).cloned().collect()
    }

    fn is_near(&self, incident: &Incident, at_us: i64) -> bool {
        let window = self.settings.window_us;
        at_us >= incident.first_us.saturating_sub(window) && at_us <= incident.last_us.saturating_add(window)
    }

    /// How many different causes share a value in incidents that are near, without some; counted until it is common.
    pub(super) fn degree(&self, entity: &Entity, at_us: i64, without: &BTreeSet<&str>) -> usize {
        let ids = self.by_entity.get(entity).into_iter().flatten();
        let near = ids.filter_map(|id| self.open.get(id)).filter(|found| self.is_near(found, at_us));
        let mut degree = 0;
        for incident in near {
            let is_it = |link: &&Link| link.kind == entity.kind && link.value == entity.value;
            let causes = incident.links.iter().find(is_it).map_or(0, |link| link.causes as usize);
            let known = without.iter().filter(|cause| incident.causes.contains(**cause)).count();
            degree += causes.saturating_sub(known);
            if degree > COMMON_AT {
                break;
            }
        }
        degree
    }

    /// Takes alerts that began.
    pub fn take(&mut self, mut alerts: Vec<Incoming>) {
        alerts.sort_by(|one, other| (one.at_us, &one.id).cmp(&(other.at_us, &other.id)));
        alerts.dedup_by(|one, other| one.id == other.id);
        alerts.retain(|alert| !self.of_alert.contains_key(&alert.id));
        self.burst(&mut alerts);
        for instant in alerts.chunk_by(|one, other| one.at_us == other.at_us) {
            for part in self.parts(instant) {
                let alerts: Vec<&Incoming> = part.alerts.iter().map(|place| &instant[*place]).collect();
                self.gather(&alerts, part.fits);
            }
        }
    }

    /// Keeps an incident after a step: among the open ones, or apart.
    pub(super) fn put(&mut self, incident: Incident) {
        if incident.state == State::Closed {
            return self.close(incident);
        }
        self.enter(&incident);
        self.changed.insert(incident.id.clone());
        self.open.insert(incident.id.clone(), incident);
    }

    pub(super) fn close(&mut self, incident: Incident) {
        self.leave(&incident);
        self.changed.insert(incident.id.clone());
        self.leaving.insert(incident.id.clone(), incident);
    }
}

fn forget<K: std::hash::Hash + Eq>(map: &mut HashMap<K, BTreeSet<String>>, key: &K, id: &str) {
    if let Some(ids) = map.get_mut(key) {
        ids.remove(id);
        if ids.is_empty() {
            map.remove(key);
        }
    }
}
