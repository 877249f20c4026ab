//! What people do about the shape of incidents: open one, take alerts and events in or out, merge two.
//!
//! Invariants
//! - Opening under the same id, attaching what is attached, merging what is merged changes nothing and says nothing.
//! - One that was merged is closed for ever and names the other; its timeline stays as it was.

use super::body::{ALERTS_MAX, Beginning, CAUSES_MAX, Incident};
use super::entity::Entity;
use super::group::Incoming;
use super::incidents::Incidents;
use super::line::{Kind, Line};
use super::state::State;
use super::step::{Made, check_texts, made};
use crate::rule::Severity;
use serde_json::json;
use tacho_event::time::format;

/// An incident that somebody opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// Its id: the same one is opened once.
    pub id: String,
    pub title: String,
    pub severity: Severity,
    /// What it is about.
    pub entities: Vec<Entity>,
    /// Why it is opened.
    pub reason: Option<String>,
}

impl Incident {
    /// # Errors
    /// When it was merged into another, which takes its place.
    pub(super) fn stands_alone(&self) -> Result<(), String> {
        match &self.merged_into {
            Some(other) => Err(format!("it was merged into incident {other}: do it there")),
            None => Ok(()),
        }
    }

    fn takes_more(&self) -> Result<(), String> {
        self.stands_alone()?;
        match self.state {
            State::Closed => Err("the incident is closed: move it to investigation again first".into()),
            _ => Ok(()),
        }
    }

    /// Writes a line of what somebody did, and says it.
    fn did(&mut self, made: Made, by: &str, note: Option<&str>, now_us: i64) -> super::Saying {
        let Made { name, mut result, kind, text, .. } = made;
        result["by"] = by.into();
        result["note"] = note.into();
        let saying = self.saying(name, now_us, result);
        self.write(Line {
            by: Some(by.to_string()),
            note: note.map(str::to_string),
            event: Some(saying.event.clone()),
            ..Line::new(now_us, kind, text)
        });
        saying
    }
}

impl Incidents {
    /// Opens an incident by hand; gives the one of this id when it is there already.
    ///
    /// # Errors
    /// When a text is missing or too long, or there are too many incidents; nothing is changed then.
    pub fn begin_by_hand(&mut self, new: New, by: &str, now_us: i64) -> Result<Incident, String> {
        if let Some(known) = self.known(&new.id) {
            return Ok(known.clone());
        }
        let New { id, title, severity, entities, reason } = new;
        let (title, reason) = (title.trim().to_string(), reason.as_deref().map(str::trim));
        let reason = reason.filter(|reason| !reason.is_empty());
        check_texts(std::iter::once(title.as_str()).chain(reason), by)?;
        if title.is_empty() {
            return Err("the title is empty: say what happened".into());
        }
        if self.is_full() {
            return Err("there are too many open incidents: close or merge some first".into());
        }
        let due_us = now_us + self.settings.answer_us(severity);
        let name = title.clone();
        let mut incident = Incident::new(Beginning { id, title, name, severity, at_us: now_us, due_us });
        for Entity { kind, value } in &entities {
            incident.link(*kind, value, 1);
        }
        let result = json!({"alerts": [], "answer_due_at": format(due_us)});
        let made = made("alert_incident_opened", result, Kind::Opened, "the incident was opened by hand");
        let mut saying = incident.did(made, by, reason, now_us);
        saying.severity = severity;
        self.sayings.push(saying);
        self.put(incident.clone());
        Ok(incident)
    }

    /// An incident has all that it was opened with. Opening it is not taking care of it: nobody has answered yet.
    pub fn begun(&mut self, id: &str) -> Option<Incident> {
        let mut incident = self.known(id)?.clone();
        (incident.answered, incident.answered_before) = (None, None);
        self.replace(incident.clone());
        Some(incident)
    }

    /// Takes an alert into an incident; nothing when there is no such incident.
    ///
    /// # Errors
    /// When the incident takes none, or the alert belongs to another one; nothing is changed then.
    pub fn attach_alert(
        &mut self,
        id: &str,
        alert: &Incoming,
        by: &str,
        note: Option<&str>,
        now_us: i64,
    ) -> Result<Option<Incident>, String> {
        let Some(mut incident) = self.known(id).cloned() else { return Ok(None) };
        check_texts(note, by)?;
        incident.takes_more()?;
        match self.of_alert.get(&alert.id) {
            Some(of) if of == id => return Ok(Some(incident)),
            Some(of) => {
                return Err(format!(
                    "the alert belongs to incident {of}: detach it there first, or merge the two"
                ));
            }
            None => {}
        }
        incident.detached.remove(&alert.cause);
        self.add(&mut incident, alert);
        let text = format!("attached by hand: {}", alert.title);
        let made = made("alert_incident_attached", json!({"alert": alert.id}), Kind::Note, text);
        let saying = incident.did(made, by, note, now_us);
        self.sayings.push(saying);
        incident.answer(by, now_us);
        self.replace(incident.clone());
        Ok(Some(incident))
    }

    /// Merges an incident into another, which has its alerts from then on; gives the other. Nothing when one of them is
    /// not known. One that is closed has to be recalled before.
    ///
    /// # Errors
    /// When that makes no sense; nothing is changed then.
    pub fn merge(
        &mut self,
        id: &str,
        into: &str,
        by: &str,
        note: Option<&str>,
        now_us: i64,
    ) -> Result<Option<Incident>, String> {
        let (Some(mut from), Some(mut to)) = (self.known(id).cloned(), self.known(into).cloned()) else {
            return Ok(None);
        };
        check_texts(note, by)?;
        if id == into {
            return Err("an incident can't be merged into itself".into());
        }
        if from.merged_into.as_deref() == Some(into) {
            return Ok(Some(to));
        }
        from.stands_alone()?;
        to.takes_more().map_err(|why| format!("{into}: {why}"))?;
        take_over(&mut to, &from, now_us, self.settings.answer_us(from.severity));
        to.answer(by, now_us);
        from.answer(by, now_us);
        from.merged_into = Some(into.to_string());
        from.related.insert(into.to_string());
        from.state = State::Closed;
        from.resolved_us.get_or_insert(now_us);
        from.closed_us = Some(now_us);
        let text = format!("incident {id} was merged into it: {}", from.title);
        let result = json!({"from": id, "alerts": from.alerts.len() as u64 + from.more});
        let came = to.did(made("alert_incident_merged", result, Kind::Merged, text), by, note, now_us);
        let text = format!("merged into incident {into}: {}", to.title);
        let went = from.did(
            made("alert_incident_merged", json!({"into": into}), Kind::Merged, text),
            by,
            note,
            now_us,
        );
        self.sayings.extend([went, came]);
        // First the one that leaves: its alerts then belong to the other.
        self.replace(from);
        self.replace(to.clone());
        Ok(Some(to))
    }

    /// Writes a line of what happened about an incident that is at hand, once; false when none is.
    pub fn remark(&mut self, id: &str, line: Line) -> bool {
        let found = self.open.get_mut(id).or_else(|| self.leaving.get_mut(id));
        let Some(incident) = found else { return false };
        if incident.write_once(line) {
            self.changed.insert(id.to_string());
        }
        true
    }

    /// The open incident that an alert belongs to.
    pub fn of_alert(&self, alert: &str) -> Option<&str> {
        self.of_alert.get(alert).map(String::as_str)
    }
}

/// Gives an incident what another one has: alerts, what they have in common, and their lines.
fn take_over(to: &mut Incident, from: &Incident, now_us: i64, answer_us: i64) {
    for member in &from.alerts {
        if to.alerts.iter().any(|known| known.id == member.id) {
            continue;
        }
        match to.alerts.len() < ALERTS_MAX {
            true => to.alerts.push(member.clone()),
            false => to.more += 1,
        }
    }
    to.more += from.more;
    for cause in from.causes.iter().filter(|cause| !to.detached.contains(*cause)) {
        if to.causes.len() < CAUSES_MAX {
            to.causes.insert(cause.clone());
        }
    }
    for link in &from.links {
        to.link(link.kind, &link.value, link.causes);
    }
    let theirs = |line: &&Line| {
        matches!(
            line.kind,
            Kind::Alert | Kind::Resolved | Kind::Acknowledged | Kind::Delivery | Kind::Response | Kind::Event
        )
    };
    for line in from.timeline.iter().filter(theirs) {
        to.write(line.clone());
    }
    to.first_us = to.first_us.min(from.first_us);
    to.last_us = to.last_us.max(from.last_us);
    to.related.insert(from.id.clone());
    if from.severity > to.severity {
        to.severity = from.severity;
        to.due_us = to.due_us.min(now_us + answer_us);
    }
    if to.answered.is_none() {
        to.answered.clone_from(&from.answered);
    }
}

pub(super) fn detach_alert(incident: &mut Incident, alert: &str) -> Result<Made, String> {
    let place = incident.alerts.iter().position(|member| member.id == alert);
    let place =
        place.ok_or_else(|| format!("alert \"{alert}\" is not one of the incident's that are listed"))?;
    let member = incident.alerts.remove(place);
    if !incident.alerts.iter().any(|other| other.cause == member.cause) {
        incident.causes.remove(&member.cause);
        if incident.detached.len() < CAUSES_MAX {
            incident.detached.insert(member.cause);
        }
    }
    let text = format!("no longer part of it: {}", member.title);
    Ok(made("alert_incident_detached", json!({"alert": alert}), Kind::Detached, text))
}

pub(super) fn detach_event(incident: &mut Incident, index: u64) -> Result<Made, String> {
    let is_it = |line: &Line| {
        line.kind == Kind::Event && line.entry.as_ref().is_some_and(|entry| entry.index == index)
    };
    let place = incident.timeline.iter().position(is_it);
    let place = place.ok_or_else(|| format!("entry {index} is not attached to the incident"))?;
    let line = incident.timeline.remove(place);
    let text = format!("no longer part of it: entry {index}, {}", line.text);
    Ok(made("alert_incident_detached", json!({"index": index}), Kind::Detached, text))
}
