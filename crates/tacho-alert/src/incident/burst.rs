//! What one rule finds in many places at once: the same cause, even where the alerts name nothing in common.
//!
//! Two guards. Alerts of one rule that have nothing in common with anything, three of them within a minute, belong together
//! by rule and time, for as long as they are at most a minute apart. And a rule opens so many incidents in a minute ([`STORM_AT`]), whatever its alerts have in common: what is
//! beyond them joins the oldest of those.

use super::body::Incident;
use super::entity::{Entity, Kind as EntityKind};
use super::group::Incoming;
use super::incidents::Incidents;
use super::line::{Kind, Line};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Alerts of a rule within [`BURST_US`] of each other: from so many on they are one thing.
const BURST_AT: usize = 3;
const BURST_US: i64 = 60_000_000;
/// Incidents that one rule opens within [`BURST_US`].
const STORM_AT: usize = 20;

/// What ties the alerts of a burst together.
fn by_rule(rule: &str) -> Entity {
    Entity { kind: EntityKind::Burst, value: rule.to_string() }
}

impl Incident {
    fn is_of(&self, entity: &Entity) -> bool {
        self.links.iter().any(|link| link.kind == entity.kind && link.value == entity.value)
    }

    /// When the last alert of a rule began. Where not all of them are listed, when anything happened last.
    fn newest_us(&self, rule: &str) -> i64 {
        let listed = self.alerts.iter().filter(|member| member.rule == rule).map(|member| member.at_us);
        if self.more > 0 { self.last_us } else { listed.max().unwrap_or(self.last_us) }
    }

    /// Whether a burst of a rule that it has goes on at a moment.
    pub(super) fn bursts_at(&self, rule: &str, at_us: i64) -> bool {
        at_us >= self.first_us.saturating_sub(BURST_US)
            && at_us <= self.newest_us(rule).saturating_add(BURST_US)
    }
}

impl Incidents {
    /// Gives the alerts of a burst what ties them together. They are in the order of time.
    pub(super) fn burst(&mut self, alerts: &mut [Incoming]) {
        for (rule, lone) in self.lone(alerts) {
            let tie = by_rule(&rule);
            let first_us = alerts[lone[0]].at_us;
            // Incidents of one alert that nothing else belongs to; and those that are of a burst already.
            let near = self.of_rule(&rule, first_us);
            let goes_on: Vec<i64> =
                near.iter().filter(|found| found.is_of(&tie)).map(|found| found.newest_us(&rule)).collect();
            let single = near.iter().filter(|found| found.causes.len() == 1 && !found.is_of(&tie));
            let single: Vec<(i64, String)> = single.map(|found| (found.first_us, found.id.clone())).collect();
            let mut times: Vec<i64> = lone.iter().map(|place| alerts[*place].at_us).collect();
            times.extend(single.iter().map(|(at_us, _)| *at_us));
            times.sort_unstable();
            let runs: Vec<(i64, i64)> = times
                .windows(BURST_AT)
                .map(|run| (run[0], run[BURST_AT - 1]))
                .filter(|(first_us, last_us)| last_us - first_us <= BURST_US)
                .collect();
            let in_run = |at_us: i64| runs.iter().any(|(first, last)| (*first..=*last).contains(&at_us));
            let mut known_us = goes_on.into_iter().max();
            for place in lone {
                let at_us = alerts[place].at_us;
                let goes_on = known_us.is_some_and(|known_us| at_us <= known_us.saturating_add(BURST_US));
                if goes_on || in_run(at_us) {
                    alerts[place].entities.insert(tie.clone());
                    known_us = Some(at_us);
                }
            }
            for (_, id) in single.into_iter().filter(|(at_us, _)| in_run(*at_us)) {
                self.tie(&id, &tie);
            }
        }
    }

    /// Places of alerts that have nothing in common with another one or with an incident, by rule.
    fn lone(&self, alerts: &[Incoming]) -> BTreeMap<String, Vec<usize>> {
        let mut causes: HashMap<&Entity, BTreeSet<&str>> = HashMap::new();
        for alert in alerts {
            for entity in &alert.entities {
                causes.entry(entity).or_default().insert(&alert.cause);
            }
        }
        let mut lone: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for (place, alert) in alerts.iter().enumerate() {
            let counts = alert.opens && alert.about.is_none() && !alert.rule.is_empty();
            let shares = || alert.entities.iter().any(|entity| causes[entity].len() > 1);
            if counts && !shares() && seen.insert(&alert.cause) {
                let said: Vec<&Entity> = alert.entities.iter().collect();
                if self.fitting(alert, &said, &BTreeSet::new()).is_empty() {
                    lone.entry(alert.rule.clone()).or_default().push(place);
                }
            }
        }
        lone
    }

    /// The incidents with an alert of a rule that are at most a minute before a moment.
    fn of_rule(&self, rule: &str, at_us: i64) -> Vec<&Incident> {
        let ids = self.by_rule.get(rule).into_iter().flatten();
        let open = ids.filter_map(|id| self.open.get(id));
        open.filter(|found| found.state.takes_alerts() && found.last_us.saturating_add(BURST_US) >= at_us)
            .collect()
    }

    fn tie(&mut self, id: &str, tie: &Entity) {
        let Some(mut incident) = self.open.remove(id) else { return };
        incident.link(tie.kind, &tie.value, 0);
        self.enter(&incident);
        self.changed.insert(id.to_string());
        self.open.insert(id.to_string(), incident);
    }

    /// The incident that takes what a rule finds once it has opened too many in a minute.
    pub(super) fn storm(&mut self, alert: &Incoming) -> Option<String> {
        if alert.rule.is_empty() {
            return None;
        }
        let since_us = alert.at_us.saturating_sub(BURST_US);
        let mut near = self.of_rule(&alert.rule, alert.at_us);
        near.retain(|found| found.opened_us >= since_us && !found.detached.contains(&alert.cause));
        if near.len() < STORM_AT {
            return None;
        }
        let oldest = near.iter().min_by_key(|found| (found.opened_us, &found.id))?;
        let (id, tie) = (oldest.id.clone(), by_rule(&alert.rule));
        if !oldest.is_of(&tie) {
            self.tie(&id, &tie);
            let incident = self.open.get_mut(&id)?;
            let result = json!({"rule": alert.rule, "incidents_max": STORM_AT});
            let saying = incident.saying("alert_incident_limit", alert.at_us, result);
            let text =
                format!("{STORM_AT} incidents of rule {} in a minute: the rest belongs here", alert.rule);
            let line = Line::new(alert.at_us, Kind::Limit, text);
            incident.write(Line { event: Some(saying.event.clone()), ..line });
            self.sayings.push(saying);
        }
        Some(id)
    }
}
