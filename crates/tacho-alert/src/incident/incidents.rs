//! The incidents that are not closed: takes alerts, steps and time, and tells what changed.
//!
//! Invariants
//! - An alert belongs to at most one incident, and to the same one for ever.
//! - What changed is told to whoever keeps it ([`Incidents::take_changed`]); from that, the same incidents are made again.

use super::body::{ALERTS_MAX, CAUSES_MAX, Incident, Kind, LINKS_MAX, Line, Link, Member, Saying, Settings};
use super::cause::{Change, suggest};
use super::entity::Entity;
use super::group::Incoming;
use super::state::State;
use crate::notify::Raised;
use crate::rule::Severity;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tacho_event::time::format;

/// Incidents that are not closed; an alert that would open one more is refused and counted.
const OPEN_MAX: usize = 10_000;
/// Changes that one incident keeps, the newest.
const CHANGES_MAX: usize = 50;

#[derive(Debug, Default)]
pub struct Incidents {
    pub(super) settings: Settings,
    pub(super) open: BTreeMap<String, Incident>,
    by_entity: HashMap<Entity, BTreeSet<String>>,
    by_cause: HashMap<String, BTreeSet<String>>,
    of_alert: HashMap<String, String>,
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

    fn enter(&mut self, incident: &Incident) {
        let id = &incident.id;
        for link in &incident.links {
            let entity = Entity { kind: link.kind, value: link.value.clone() };
            self.by_entity.entry(entity).or_default().insert(id.clone());
        }
        for cause in &incident.causes {
            self.by_cause.entry(cause.clone()).or_default().insert(id.clone());
        }
        for member in &incident.alerts {
            self.of_alert.insert(member.id.clone(), id.clone());
        }
    }

    fn leave(&mut self, incident: &Incident) {
        for link in &incident.links {
            let entity = Entity { kind: link.kind, value: link.value.clone() };
            forget(&mut self.by_entity, &entity, &incident.id);
        }
        for cause in &incident.causes {
            forget(&mut self.by_cause, cause, &incident.id);
        }
        for member in &incident.alerts {
            self.of_alert.remove(&member.id);
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

    /// The incidents that an alert fits: by its cause at any time, by something in common within the window.
    pub(super) fn fitting(&self, alert: &Incoming, said: &[&Entity]) -> BTreeSet<String> {
        if let Some(about) = &alert.about {
            return self.open.get(about).map(|incident| incident.id.clone()).into_iter().collect();
        }
        let takes = |id: &&String| self.open.get(*id).is_some_and(|found| found.state.takes_alerts());
        let near = |id: &&String| self.open.get(*id).is_some_and(|found| self.is_near(found, alert.at_us));
        let same = self.by_cause.get(&alert.cause).into_iter().flatten().filter(takes);
        let common = said.iter().filter_map(|entity| self.by_entity.get(*entity)).flatten();
        same.chain(common.filter(takes).filter(near)).cloned().collect()
    }

    fn is_near(&self, incident: &Incident, at_us: i64) -> bool {
        let window = self.settings.window_us;
        at_us >= incident.first_us.saturating_sub(window) && at_us <= incident.last_us.saturating_add(window)
    }

    /// How many different causes share a value in incidents that are near, without some.
    pub(super) fn degree(&self, entity: &Entity, at_us: i64, without: &BTreeSet<&str>) -> usize {
        let ids = self.by_entity.get(entity).into_iter().flatten();
        let near = ids.filter_map(|id| self.open.get(id)).filter(|found| self.is_near(found, at_us));
        near.map(|incident| {
            let link =
                incident.links.iter().find(|link| link.kind == entity.kind && link.value == entity.value);
            let known = without.iter().filter(|cause| incident.causes.contains(**cause)).count();
            (link.map_or(0, |link| link.causes) as usize).saturating_sub(known)
        })
        .sum()
    }

    /// Takes alerts that began.
    pub fn take(&mut self, mut alerts: Vec<Incoming>) {
        alerts.sort_by(|one, other| (one.at_us, &one.id).cmp(&(other.at_us, &other.id)));
        alerts.dedup_by(|one, other| one.id == other.id);
        alerts.retain(|alert| !self.of_alert.contains_key(&alert.id));
        for instant in alerts.chunk_by(|one, other| one.at_us == other.at_us) {
            for part in self.parts(instant) {
                let alerts: Vec<&Incoming> = part.alerts.iter().map(|place| &instant[*place]).collect();
                self.gather(&alerts, part.fits);
            }
        }
    }

    /// Puts alerts that belong together into the oldest incident that they fit, else into a new one.
    fn gather(&mut self, alerts: &[&Incoming], mut fits: BTreeSet<String>) {
        let age = |id: &&String| self.open.get(*id).map(|incident| (incident.opened_us, incident.id.clone()));
        let id = match fits.iter().min_by_key(age).cloned() {
            Some(id) => id,
            None => {
                let opens = |alert: &&&Incoming| alert.opens && alert.severity >= self.settings.opens_at;
                let Some(first) = alerts.iter().find(opens) else { return };
                if self.open.len() >= OPEN_MAX {
                    self.refused += alerts.len() as u64;
                    return;
                }
                self.begin(first, alerts)
            }
        };
        let Some(mut incident) = self.open.remove(&id) else { return };
        for alert in alerts {
            self.add(&mut incident, alert);
        }
        fits.remove(&id);
        self.relate(&mut incident, fits, alerts);
        self.enter(&incident);
        self.changed.insert(id.clone());
        self.open.insert(id, incident);
    }

    fn begin(&mut self, first: &Incoming, alerts: &[&Incoming]) -> String {
        let id = id_of(&first.id);
        let mut incident = Incident {
            id: id.clone(),
            title: first.title.clone(),
            severity: first.severity,
            state: State::Reception,
            opened_us: first.at_us,
            due_us: first.at_us + self.settings.answer_us(first.severity),
            late_us: None,
            answered: None,
            contained: None,
            resolved_us: None,
            closed_us: None,
            first_us: first.at_us,
            last_us: first.at_us,
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
        };
        let ids: Vec<&str> = alerts.iter().map(|alert| alert.id.as_str()).collect();
        let result = json!({"alerts": ids, "answer_due_at": format(incident.due_us)});
        let mut saying = incident.saying("alert_incident_opened", first.at_us, result);
        saying.severity = first.severity;
        let line = Line::new(first.at_us, Kind::Opened, "the incident was opened");
        incident.write(Line { event: Some(saying.event.clone()), ..line });
        self.sayings.push(saying);
        self.open.insert(id.clone(), incident);
        id
    }

    fn add(&mut self, incident: &mut Incident, alert: &Incoming) {
        if alert.severity > incident.severity {
            (incident.severity, incident.title) = (alert.severity, alert.title.clone());
            let due = alert.at_us + self.settings.answer_us(alert.severity);
            incident.due_us = incident.due_us.min(due);
        }
        incident.first_us = incident.first_us.min(alert.at_us);
        incident.last_us = incident.last_us.max(alert.ends_us.unwrap_or(alert.at_us));
        let new = incident.causes.len() < CAUSES_MAX && incident.causes.insert(alert.cause.clone());
        for entity in &alert.entities {
            let room = incident.links.len() < LINKS_MAX;
            let link = |link: &&mut Link| link.kind == entity.kind && link.value == entity.value;
            match incident.links.iter_mut().find(link) {
                Some(link) => link.causes += u32::from(new),
                None if room => {
                    incident.links.push(Link { kind: entity.kind, value: entity.value.clone(), causes: 1 })
                }
                None => {}
            }
        }
        incident.links.sort_by(|one, other| (one.kind, &one.value).cmp(&(other.kind, &other.value)));
        if incident.alerts.len() >= ALERTS_MAX {
            self.overflow(incident, alert.at_us);
            return;
        }
        incident.alerts.push(Member {
            id: alert.id.clone(),
            rule: alert.rule.clone(),
            title: alert.title.clone(),
            severity: alert.severity,
            at_us: alert.at_us,
            ends_us: alert.ends_us,
            evidence: alert.evidence.clone(),
        });
        let line =
            Line::new(alert.at_us, Kind::Alert, format!("{}: {}", alert.severity.as_str(), alert.title));
        incident.write(Line { event: Some(format!("alert/{}/firing", alert.id)), ..line });
        let result = json!({"alert": alert.id, "rule": alert.rule});
        self.sayings.push(incident.saying("alert_incident_alert", alert.at_us, result));
        if let Some((by, at_us)) = &alert.acknowledged {
            acknowledged(incident, &alert.id, by, *at_us);
        }
        if let Some(ends_us) = alert.ends_us {
            resolved(incident, &alert.id, &alert.title, ends_us);
        }
    }

    /// One alert more than are listed: counted, and told once.
    fn overflow(&mut self, incident: &mut Incident, at_us: i64) {
        incident.more += 1;
        if incident.more > 1 {
            return;
        }
        let text = format!("more than {ALERTS_MAX} alerts: the rest are counted and not listed");
        let saying = incident.saying("alert_incident_limit", at_us, json!({"alerts_max": ALERTS_MAX}));
        let line = Line::new(at_us, Kind::Limit, text);
        incident.write(Line { event: Some(saying.event.clone()), ..line });
        self.sayings.push(saying);
    }

    /// Alerts that fit other incidents too tie them to this one, and merge nothing: people may be at work on each.
    fn relate(&mut self, incident: &mut Incident, others: BTreeSet<String>, alerts: &[&Incoming]) {
        let at_us = alerts.iter().map(|alert| alert.at_us).max().unwrap_or(incident.last_us);
        for other in others {
            if !incident.related.insert(other.clone()) {
                continue;
            }
            let saying = incident.saying("alert_incident_related", at_us, json!({"other": other}));
            let line = |text| Line {
                event: Some(saying.event.clone()),
                ..Line::new(at_us, Kind::Related, format!("has something in common with incident {text}"))
            };
            incident.write(line(&other));
            if let Some(found) = self.open.get_mut(&other) {
                found.related.insert(incident.id.clone());
                found.write(line(&incident.id));
                self.changed.insert(other);
            }
            self.sayings.push(saying);
        }
    }

    /// Takes what became of an alert that belongs to an incident; false when it belongs to none that is open.
    pub fn see(&mut self, raised: &Raised) -> bool {
        let Some(id) = self.of_alert.get(raised.id()).cloned() else { return false };
        let Some(incident) = self.open.get_mut(&id) else { return false };
        if let Some((by, at_us)) = &raised.acknowledged {
            let event = format!("alert/{}/acknowledged/{at_us}", raised.id());
            let told = incident.timeline.iter().any(|line| line.event.as_ref() == Some(&event));
            if !told {
                acknowledged(incident, raised.id(), by, *at_us);
                self.changed.insert(id.clone());
            }
        }
        let member = incident.alerts.iter_mut().find(|member| member.id == raised.id());
        if let (Some(member), Some(ends_us)) = (member, raised.alert.ends_us)
            && member.ends_us.is_none()
        {
            member.ends_us = Some(ends_us);
            let title = member.title.clone();
            incident.last_us = incident.last_us.max(ends_us);
            resolved(incident, raised.id(), &title, ends_us);
            self.changed.insert(id);
        }
        true
    }

    /// Takes what was found to have changed before an incident.
    pub fn explain(&mut self, id: &str, mut changes: Vec<Change>, looked: BTreeSet<String>, now_us: i64) {
        let Some(incident) = self.open.get_mut(id) else { return };
        changes.sort_by_key(|change| std::cmp::Reverse((change.at_us, change.entry.index)));
        changes.truncate(CHANGES_MAX);
        changes.reverse();
        let known: BTreeSet<u64> = incident.changes.iter().map(|change| change.entry.index).collect();
        for change in changes.iter().filter(|change| !known.contains(&change.entry.index)) {
            let text = format!("{} of {}: {}", change.kind.as_str(), change.agent, change.text);
            let line = Line::new(change.at_us, Kind::Change, text);
            incident.write(Line { entry: Some(change.entry.clone()), ..line });
        }
        (incident.changes, incident.looked) = (changes, Some(looked));
        let cause = suggest(incident);
        if cause != incident.cause {
            incident.cause = cause;
            let indices: Vec<u64> = incident.changes.iter().map(|change| change.entry.index).collect();
            let result = json!({"suggested_cause": incident.cause, "changes": indices});
            self.sayings.push(incident.saying("alert_incident_explained", now_us, result));
        }
        self.changed.insert(id.to_string());
    }

    /// Takes the time: clocks that ran out, and incidents that went away by themselves.
    pub fn pass(&mut self, now_us: i64) {
        let waiting =
            |incident: &&mut Incident| incident.answered.is_none() && incident.state == State::Reception;
        let mut gone = Vec::new();
        for incident in self.open.values_mut().filter(waiting) {
            // Nobody has to answer for what was over by itself, unless it was critical.
            let over = incident.severity < Severity::Critical && incident.firing() == 0 && incident.more == 0;
            if over && now_us >= incident.last_us.saturating_add(self.settings.window_us) {
                gone.push(incident.id.clone());
            } else if !over && incident.late_us.is_none() && now_us >= incident.due_us {
                incident.late_us = Some(incident.due_us);
                let due = format(incident.due_us);
                let result = json!({"answer_due_at": due, "alerts": incident.alerts.len()});
                let saying = incident.saying("incident_breach", now_us, result);
                let line = Line::new(now_us, Kind::Late, format!("nobody had answered by {due}"));
                incident.write(Line { event: Some(saying.event.clone()), ..line });
                self.sayings.push(Saying { severity: incident.severity, ..saying });
                self.changed.insert(incident.id.clone());
            }
        }
        for id in gone {
            let Some(mut incident) = self.open.remove(&id) else { continue };
            incident.state = State::Closed;
            (incident.resolved_us, incident.closed_us) = (Some(incident.last_us), Some(now_us));
            let saying = incident.saying("alert_incident_state", now_us, json!({"to": "closed", "by": null}));
            let text = "closed by itself: its alerts were over before anybody had to answer";
            let line = Line::new(now_us, Kind::State, text);
            incident.write(Line { event: Some(saying.event.clone()), ..line });
            self.sayings.push(saying);
            self.close(incident);
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

    fn close(&mut self, incident: Incident) {
        self.leave(&incident);
        self.changed.insert(incident.id.clone());
        self.leaving.insert(incident.id.clone(), incident);
    }
}

fn acknowledged(incident: &mut Incident, alert: &str, by: &str, at_us: i64) {
    let line = Line::new(at_us, Kind::Acknowledged, "an alert was acknowledged");
    let event = Some(format!("alert/{alert}/acknowledged/{at_us}"));
    incident.write(Line { by: Some(by.to_string()), event, ..line });
    incident.answer(by, at_us);
}

fn resolved(incident: &mut Incident, alert: &str, title: &str, ends_us: i64) {
    let line = Line::new(ends_us, Kind::Resolved, format!("over: {title}"));
    incident.write(Line { event: Some(format!("alert/{alert}/resolved")), ..line });
}

/// Names the incident that an alert opens.
fn id_of(alert: &str) -> String {
    let mut hash = Sha256::new();
    hash.update("incident\n");
    hash.update(alert);
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn forget<K: std::hash::Hash + Eq>(map: &mut HashMap<K, BTreeSet<String>>, key: &K, id: &str) {
    if let Some(ids) = map.get_mut(key) {
        ids.remove(id);
        if ids.is_empty() {
            map.remove(key);
        }
    }
}
