//! Alerts that belong together become an incident, or join the one that they fit.

use super::body::{ALERTS_MAX, Beginning, CAUSES_MAX, Incident, Member};
use super::course::{acted, resolved};
use super::group::Incoming;
use super::incidents::Incidents;
use super::line::{Kind, Line};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use tacho_event::time::format;

/// Incidents that are not closed; an alert that would open one more is refused and counted.
const OPEN_MAX: usize = 10_000;

impl Incidents {
    /// Puts alerts that belong together into the oldest incident that they fit, else into a new one.
    pub(super) fn gather(&mut self, alerts: &[&Incoming], mut fits: BTreeSet<String>) {
        let age = |id: &&String| self.open.get(*id).map(|incident| (incident.opened_us, incident.id.clone()));
        let id = match fits.iter().min_by_key(age).cloned() {
            Some(id) => id,
            None => {
                let opens = |alert: &&&Incoming| alert.opens && alert.severity >= self.settings.opens_at;
                let Some(first) = alerts.iter().find(opens) else { return };
                let storm = self.storm(first);
                if storm.is_none() && self.is_full() {
                    self.refused += alerts.len() as u64;
                    return;
                }
                storm.unwrap_or_else(|| self.begin(first, alerts))
            }
        };
        let Some(mut incident) = self.open.remove(&id) else { return };
        for alert in alerts {
            self.ask_again(&mut incident, alert);
            self.add(&mut incident, alert);
        }
        fits.remove(&id);
        self.relate(&mut incident, fits, alerts);
        self.enter(&incident);
        self.changed.insert(id.clone());
        self.open.insert(id, incident);
    }

    pub(super) fn is_full(&self) -> bool {
        self.open.len() >= OPEN_MAX
    }

    fn begin(&mut self, first: &Incoming, alerts: &[&Incoming]) -> String {
        let id = id_of(&first.id);
        let mut incident = Incident::new(Beginning {
            id: id.clone(),
            title: first.title.clone(),
            name: first.name.clone(),
            severity: first.severity,
            at_us: first.at_us,
            due_us: first.at_us + self.settings.answer_us(first.severity),
        });
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

    pub(super) fn add(&mut self, incident: &mut Incident, alert: &Incoming) {
        if alert.severity > incident.severity {
            incident.severity = alert.severity;
            (incident.title, incident.name) = (alert.title.clone(), alert.name.clone());
            let due = alert.at_us + self.settings.answer_us(alert.severity);
            incident.due_us = incident.due_us.min(due);
        }
        incident.first_us = incident.first_us.min(alert.at_us);
        incident.last_us = incident.last_us.max(alert.ends.as_ref().map_or(alert.at_us, |end| end.at_us));
        let new = incident.causes.len() < CAUSES_MAX && incident.causes.insert(alert.cause.clone());
        for entity in &alert.entities {
            incident.link(entity.kind, &entity.value, u32::from(new));
        }
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
            ends_us: alert.ends.as_ref().map(|end| end.at_us),
            evidence: alert.evidence.clone(),
            acted_us: i64::MIN,
            cause: alert.cause.clone(),
            is_about_it: alert.about.is_some(),
        });
        let line =
            Line::new(alert.at_us, Kind::Alert, format!("{}: {}", alert.severity.as_str(), alert.title));
        incident.write(Line { event: Some(format!("alert/{}/firing", alert.id)), ..line });
        let result = json!({"alert": alert.id, "rule": alert.rule});
        self.sayings.push(incident.saying("alert_incident_alert", alert.at_us, result));
        acted(incident, &alert.id, &alert.history);
        if let Some(end) = &alert.ends {
            resolved(incident, &alert.id, &alert.title, end);
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
}

/// Names the incident that an alert opens.
fn id_of(alert: &str) -> String {
    let mut hash = Sha256::new();
    hash.update("incident\n");
    hash.update(alert);
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
