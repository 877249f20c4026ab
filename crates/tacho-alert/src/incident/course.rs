//! What becomes of an incident by itself: its alerts end, what changed before is found, its time runs out.

use super::body::{Incident, Saying};
use super::cause::{Change, suggest};
use super::group::End;
use super::incidents::Incidents;
use super::line::{Kind, Line};
use super::state::State;
use crate::notify::{Act, Entry as History, Raised};
use crate::rule::Severity;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use tacho_event::time::format;

/// What lines of an alert's history about responses begin with.
const RESPONSE: &str = "response ";
/// Changes that one incident keeps, the newest.
const CHANGES_MAX: usize = 50;

impl Incidents {
    /// Takes what became of an alert that belongs to an incident; false when it belongs to none that is open.
    pub fn see(&mut self, raised: &Raised) -> bool {
        let Some(id) = self.of_alert.get(raised.id()).cloned() else { return false };
        let Some(incident) = self.open.get_mut(&id) else { return false };
        if acted(incident, raised.id(), &raised.history) {
            self.changed.insert(id.clone());
        }
        let member = incident.alerts.iter_mut().find(|member| member.id == raised.id());
        if let (Some(member), Some(end)) = (member, End::of(raised))
            && member.ends_us.is_none()
        {
            member.ends_us = Some(end.at_us);
            let title = member.title.clone();
            incident.last_us = incident.last_us.max(end.at_us);
            resolved(incident, raised.id(), &title, &end);
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
        let before = std::mem::take(&mut incident.changes);
        let known: HashMap<u64, &Change> = before.iter().map(|change| (change.entry.index, change)).collect();
        for change in &mut changes {
            match known.get(&change.entry.index) {
                // Its end is told with the event that tells it.
                Some(before) if before.running.is_some() => change.clone_from(before),
                _ => {}
            }
        }
        for change in changes.iter().filter(|change| !known.contains_key(&change.entry.index)) {
            let text = format!("{} of {}: {}", change.kind.as_str(), change.agent, change.text);
            let line = Line::new(change.at_us, Kind::Change, text);
            incident.write(Line { entry: Some(change.entry.clone()), ..line });
        }
        (incident.changes, incident.looked) = (changes, Some(looked));
        let cause = suggest(incident);
        if cause != incident.cause {
            incident.cause = cause;
            let indices: Vec<u64> = incident.changes.iter().map(|change| change.entry.index).collect();
            // The words of an alert may name a person; its id and its events do not.
            let cause = incident.cause.as_ref();
            let cause = cause.map(|cause| json!({"entry": cause.entry, "alert": cause.alert}));
            let result = json!({"suggested_cause": cause, "changes": indices});
            self.sayings.push(incident.saying("alert_incident_explained", now_us, result));
        }
        self.changed.insert(id.to_string());
    }

    /// Takes the time: clocks that ran out, and incidents that went away by themselves.
    pub fn pass(&mut self, now_us: i64) {
        let waiting = |incident: &&mut Incident| incident.answered.is_none();
        let mut gone = Vec::new();
        for incident in self.open.values_mut().filter(waiting) {
            // Nobody has to answer for what was over by itself, unless it was critical.
            // One without alerts was opened by a person, who closes it.
            let over = incident.severity < Severity::Critical
                && incident.first_answer().is_none()
                && !incident.alerts.is_empty()
                && incident.alerts.iter().all(|member| member.is_about_it || member.ends_us.is_some())
                && incident.more == 0;
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
            let text = match incident.was_late() {
                true => "closed by itself: its alerts are over, and nobody has answered",
                false => "closed by itself: its alerts were over before anybody had to answer",
            };
            let line = Line::new(now_us, Kind::State, text);
            incident.write(Line { event: Some(saying.event.clone()), ..line });
            self.sayings.push(saying);
            self.close(incident);
        }
    }
}

/// Takes what was done about an alert since it was asked last: it is in the timeline, and what a person did is an answer.
/// False for nothing.
pub(super) fn acted(incident: &mut Incident, alert: &str, history: &[History]) -> bool {
    let Some(member) = incident.alerts.iter_mut().find(|member| member.id == alert) else { return false };
    let since_us = member.acted_us;
    let told = |entry: &&History| entry.by.is_some() || entry.event.is_some();
    let new: Vec<&History> = history.iter().filter(told).filter(|entry| entry.at_us > since_us).collect();
    let Some(last_us) = new.iter().map(|entry| entry.at_us).max() else { return false };
    member.acted_us = last_us;
    let title = member.title.clone();
    for History { at_us, what, by, note, event } in new {
        if event.is_some() {
            // What was sent, and what was done by itself.
            let kind = if what.starts_with(RESPONSE) { Kind::Response } else { Kind::Delivery };
            let line = Line::new(*at_us, kind, what.clone());
            incident.write_once(Line { by: by.clone(), note: note.clone(), event: event.clone(), ..line });
            continue;
        }
        by.iter().for_each(|by| incident.answer(by, *at_us));
        // The word that its event on the log has.
        let word = what.split(' ').next().unwrap_or_default();
        let kind = match word {
            // Its end has a line of its own.
            word if word == Act::Resolve.as_str() => continue,
            word if word == Act::Acknowledge.as_str() => Kind::Acknowledged,
            _ => Kind::Note,
        };
        let event = Some(format!("alert/{alert}/{word}/{at_us}"));
        let line = Line::new(*at_us, kind, format!("alert {what}: {title}"));
        incident.write(Line { by: by.clone(), note: note.clone(), event, ..line });
    }
    true
}

pub(super) fn resolved(incident: &mut Incident, alert: &str, title: &str, end: &End) {
    let line = Line::new(end.at_us, Kind::Resolved, format!("over: {title}"));
    let (event, by) = match &end.by {
        Some((by, at_us)) => (format!("alert/{alert}/resolved/{at_us}"), Some(by.clone())),
        None => (format!("alert/{alert}/resolved"), None),
    };
    incident.write(Line { by, event: Some(event), ..line });
}
