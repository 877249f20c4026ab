//! Incidents, live: alerts are gathered into them, what changed before is looked for, and each step is on the log.
//!
//! Alerts wait in `alerts.sqlite` from the transaction that raises them until the one that gathers them. In between the log
//! is asked what their events are about, outside of every lock.
//!
//! Invariant: a crash between two steps loses no alert and doubles no incident: ids follow from alerts.

mod config;

pub(crate) use config::{Config, Length};

use super::{Alerting, Inner, Refused, mail, tell};
use crate::clock::now_us;
use std::collections::BTreeMap;
use tacho_alert::incident::{Figures, Incident, Incidents, Saying, State, Step, figures};
use tacho_alert::notify::{Desk, Raised};
use tacho_deliver::{Links, Message, Notice, Told};
use tacho_store::StoreError;

/// The kind of notes of alerts that wait to be gathered.
pub(super) const WAITS: &str = "ungathered";
/// What those who are told of every incident hear of, and its name for programs.
const TOLD: [(&str, &str); 4] = [
    ("alert_incident_opened", "incident.opened"),
    ("alert_incident_asked", "incident.asked"),
    ("alert_incident_state", "incident.state"),
    ("incident_breach", "incident.breach"),
];
/// Alerts that a message lists; the others are counted.
const ALERTS_MAX: usize = 20;
/// Agents that a message names; the others are counted.
const AGENTS_MAX: usize = 10;
/// Closed incidents of one answer or report.
pub(crate) const CLOSED_MAX: u32 = 10_000;

/// Incidents, and the alerts that wait to be gathered into them.
#[derive(Debug, Default)]
pub(super) struct Cases {
    /// Nothing where incidents are switched off.
    pub(super) incidents: Option<Incidents>,
    pub(super) waiting: BTreeMap<String, Raised>,
    /// Receivers that are told of every incident.
    tell: Vec<String>,
    /// The beginning of links.
    url: String,
}

impl Inner {
    /// Takes the incidents and the waiting alerts that the file keeps.
    pub(super) fn recall_cases(
        &mut self,
        config: &Config,
        url: &str,
    ) -> Result<(), Box<dyn std::error::Error>> {
        if !config.enabled {
            return Ok(());
        }
        self.cases.tell = config.tell.clone();
        self.cases.url = url.trim_end_matches('/').to_string();
        let kept = self.file.open_incidents()?;
        let mut incidents = Incidents::new(config.settings());
        for body in kept {
            match serde_json::from_str::<Incident>(&body) {
                Ok(incident) => incidents.recall(vec![incident]),
                // The log has what was said of it; the others go on.
                Err(error) => {
                    tracing::error!(%error, "an incident that is kept can't be read and is left out")
                }
            }
        }
        self.cases.incidents = Some(incidents);
        for (id, _) in self.file.notes(WAITS)? {
            if let Some(body) = self.file.alert(&id)? {
                self.cases.waiting.insert(id, serde_json::from_str(&body)?);
            }
        }
        Ok(())
    }

    /// Takes alerts that changed, and puts what follows for incidents to the rest that is to be saved.
    pub(super) fn see_cases(&mut self, alerts: &[Raised]) {
        let Some(incidents) = &mut self.cases.incidents else { return };
        for raised in alerts {
            let waits = self.cases.waiting.contains_key(raised.id());
            // One that the file knows already was gathered, or belongs to nothing.
            let known = || matches!(self.file.alert(raised.id()), Ok(Some(_)));
            if waits || !incidents.see(raised) && !known() {
                self.cases.waiting.insert(raised.id().to_string(), raised.clone());
                self.pending.notes.push((WAITS, raised.id().to_string(), Some("{}".into())));
            }
        }
        let (kept, sayings) = incidents.take_changed();
        let told = sayings.iter().filter_map(|saying| {
            let (_, about) = TOLD.iter().find(|(name, _)| *name == saying.name)?;
            Some((saying, *about))
        });
        for (told, receiver) in told.flat_map(|told| self.cases.tell.iter().map(move |to| (told, to))) {
            let incident = kept.iter().find(|incident| incident.id == told.0.incident);
            let alerts =
                incident.map_or_else(Vec::new, |incident| listed(incident, &self.desk, &self.cases.url));
            let saying = told.0;
            let message = Message { alerts, ..word(told, incident, receiver, &self.cases.url) };
            let channels = self.channels.get(receiver).map_or(&[][..], Vec::as_slice);
            self.pending.messages.extend(mail(&message, channels, saying.at_us));
        }
        for incident in kept {
            let body = serde_json::to_string(&incident).unwrap_or_default();
            let open = incident.state != State::Closed || !incident.is_placed();
            self.pending.incidents.push((incident.id, open, incident.opened_us, body));
        }
        self.pending.sayings.extend(sayings.iter().map(said));
    }

    /// Lets the time pass.
    pub(super) fn pass_cases(&mut self, now_us: i64) {
        if let Some(incidents) = &mut self.cases.incidents {
            incidents.pass(now_us);
        }
    }

    /// A closed incident that is not at hand.
    pub(super) fn closed_case(&self, id: &str) -> Result<Option<Incident>, StoreError> {
        let body = self.file.incident(id)?;
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }
}

/// What is said of an incident to those who are told of every one: not an alert that somebody has to answer.
fn word((saying, about): (&Saying, &str), incident: Option<&Incident>, receiver: &str, url: &str) -> Message {
    let text = |name: &str| saying.result[name].as_str().unwrap_or_default();
    let what = match saying.name {
        "alert_incident_opened" => "Incident".to_string(),
        "incident_breach" => "Nobody has answered the incident".to_string(),
        "alert_incident_asked" => "Somebody has to answer the incident again".to_string(),
        _ => format!("Incident is now in {}", text("to").replace('_', "-")),
    };
    let note = saying.result["note"].as_str().map_or(String::new(), |note| format!(": {note}"));
    let by = saying.result["by"].as_str().map(|by| format!("By {by}{note}"));
    let lines: Vec<String> = by.into_iter().chain(incident.into_iter().flat_map(facts)).collect();
    // Of the moment that is told of: the incident may have gone on within the same instant.
    let labels =
        [("incident", saying.incident.as_str()), ("severity", text("severity")), ("state", text("state"))];
    let id = |text: String| tell::digest(&text);
    Message {
        id: id(format!("{}/{receiver}", saying.event)),
        thread: id(format!("incident/{}/{receiver}", saying.incident)),
        code: String::new(),
        notice: Notice::Digest,
        about: Some(about.to_string()),
        severity: saying.severity,
        title: format!("{what} ({}): {}", text("severity"), text("title")),
        text: lines.join("\n"),
        at_us: saying.at_us,
        receiver: receiver.to_string(),
        group_labels: labels.map(|(name, value)| (name.to_string(), value.to_string())).into(),
        alerts: Vec::new(),
        truncated: incident.map_or(0, |one| (one.alerts.len().saturating_sub(ALERTS_MAX)) as u64 + one.more),
        links: Links { dashboard: Some(format!("{url}/incidents/{}", saying.incident)), ..Links::default() },
    }
}

/// The newest alerts of an incident, with what is known of those that are open.
fn listed(incident: &Incident, desk: &Desk, url: &str) -> Vec<Told> {
    let newest = incident.alerts.iter().rev().take(ALERTS_MAX);
    newest.map(|member| tell::member(member, desk, url)).collect()
}

/// What who is told has to know of it, a line each.
fn facts(incident: &Incident) -> Vec<String> {
    let agents: Vec<String> = incident.agents().into_iter().collect();
    let more = agents.len().saturating_sub(AGENTS_MAX);
    let mut named = agents.iter().take(AGENTS_MAX).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 {
        named.push_str(&format!(" and {more} more"));
    }
    let alerts = incident.alerts.len() as u64 + incident.more;
    let answered = incident.answered.as_ref().map(|answer| format!("answered by {}", answer.by));
    let mut lines = vec![
        format!("Title: {}", incident.title),
        format!(
            "Severity: {}, state: {}",
            incident.severity.as_str(),
            incident.state.as_str().replace('_', "-")
        ),
        format!("Alerts: {alerts}, {} of them firing", incident.firing()),
    ];
    lines.extend((!named.is_empty()).then(|| format!("Agents: {named}")));
    lines.extend(incident.cause.as_ref().map(|cause| format!("Suggested cause: {}", cause.text)));
    lines.push(answered.map_or_else(
        || format!("To be answered by {}", tacho_event::time::format(incident.due_us)),
        |answered| format!("It was {answered}"),
    ));
    lines
}

/// What is said of an incident, as an event.
fn said(saying: &Saying) -> tell::Saying {
    // That nobody has answered is a finding, and no failed action of tachograph's.
    let mut outcome = serde_json::json!({"status": "success", "result": saying.result});
    if saying.name == "incident_breach" {
        outcome["error"] = serde_json::json!({
            "type": "answer_late", "message": format!("nobody has answered the incident \"{}\"",
                saying.result["title"].as_str().unwrap_or_default()),
        });
    }
    let more = serde_json::json!({"call_id": saying.incident, "outcome": outcome});
    tell::event(saying.event.clone(), saying.name, tell::level(saying.severity), saying.at_us, more)
}

impl Alerting {
    pub(super) fn on(inner: &mut Inner) -> Result<&mut Incidents, Refused> {
        let off = "incidents are switched off: set [alerts.incidents] enabled = true in the configuration";
        inner.cases.incidents.as_mut().ok_or_else(|| Refused::Wrong(off.into()))
    }

    /// The incidents that are not closed, newest first.
    pub(crate) fn open_incidents(&self) -> Result<Vec<Incident>, Refused> {
        let mut inner = self.inner.lock();
        let mut all: Vec<Incident> = Alerting::on(&mut inner)?.open().cloned().collect();
        all.sort_by_key(|incident| std::cmp::Reverse(incident.opened_us));
        Ok(all)
    }

    /// Incidents that are not closed, by severity and whether somebody has answered.
    pub(crate) fn incident_counts(&self) -> BTreeMap<(&'static str, bool), u64> {
        let inner = self.inner.lock();
        let mut counts = BTreeMap::new();
        for incident in inner.cases.incidents.iter().flat_map(Incidents::open) {
            *counts.entry((incident.severity.as_str(), incident.answered.is_some())).or_default() += 1;
        }
        counts
    }

    /// Incidents that are closed and were opened since a moment, newest first.
    pub(crate) fn closed_incidents(&self, since_us: i64, limit: u32) -> Result<Vec<Incident>, Refused> {
        let failed = |error: StoreError| Refused::Failed(error.to_string());
        let mut inner = self.inner.lock();
        let leaving = Alerting::on(&mut inner)?.leaving().filter(|one| one.opened_us >= since_us);
        let mut all: Vec<Incident> = leaving.cloned().collect();
        let bodies = inner.file.closed_incidents(since_us, limit).map_err(failed)?;
        drop(inner);
        all.extend(bodies.iter().filter_map(|body| serde_json::from_str::<Incident>(body).ok()));
        all.sort_by_key(|incident| std::cmp::Reverse(incident.opened_us));
        Ok(all)
    }

    /// One incident, closed or not.
    pub(crate) fn incident(&self, id: &str) -> Result<Incident, Refused> {
        let mut inner = self.inner.lock();
        let known = Alerting::on(&mut inner)?.known(id).cloned();
        let found = match known {
            Some(incident) => Some(incident),
            None => inner.closed_case(id).map_err(|error| Refused::Failed(error.to_string()))?,
        };
        found.ok_or_else(|| Refused::Unknown(format!("there is no incident \"{id}\"")))
    }

    /// Does something about an incident; it counts when this returns.
    pub(crate) fn step(
        &self,
        id: &str,
        step: &Step,
        by: &str,
        note: Option<&str>,
    ) -> Result<Incident, Refused> {
        let now = now_us();
        let failed = |error: StoreError| Refused::Failed(error.to_string());
        let mut inner = self.inner.lock();
        inner.at_hand(id)?;
        let done = Alerting::on(&mut inner)?.step(id, step, by, note, now).map_err(Refused::Wrong)?;
        let done = done.ok_or_else(|| Refused::Unknown(format!("there is no incident \"{id}\"")))?;
        inner.save(None).map_err(failed)?;
        Ok(done)
    }

    /// Figures over the incidents that were opened since a moment, and how many there are; one that was merged is not.
    pub(crate) fn figures(&self, since_us: i64) -> Result<(usize, Vec<Figures>), Refused> {
        let mut all = self.open_incidents()?;
        all.retain(|incident| incident.opened_us >= since_us);
        all.extend(self.closed_incidents(since_us, CLOSED_MAX)?);
        let alone = all.iter().filter(|incident| incident.merged_into.is_none()).count();
        Ok((alone, figures(&all)))
    }
}
