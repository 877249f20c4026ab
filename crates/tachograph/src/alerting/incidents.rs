//! Incidents, live: alerts are gathered into them, what changed before is looked for, and each step is on the log.
//!
//! Alerts wait in `alerts.sqlite` from the transaction that raises them until the one that gathers them. In between the log
//! is asked what their events are about, outside of every lock.
//!
//! Invariant: a crash between two steps loses no alert and doubles no incident: ids follow from alerts.

use super::{Alerting, Inner, Refused, before, tell};
use crate::clock::now_us;
use crate::http::App;
use serde::de::Error as _;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tacho_alert::Severity;
use tacho_alert::incident::{Figures, Incident, Incidents, Incoming, Saying, Settings, State, Step, figures};
use tacho_alert::notify::Raised;
use tacho_store::StoreError;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// The kind of notes of alerts that wait to be gathered.
const WAITS: &str = "ungathered";
/// How often is looked whether something is to be done.
const LOOK: Duration = Duration::from_millis(250);
/// How long is waited at most after something failed, or while an event is not on the log.
const PAUSE: Duration = Duration::from_secs(10);
/// Incidents that are looked into at once, and events whose places are asked for at once.
const AT_ONCE: usize = 20;
const PLACES_AT_ONCE: usize = 500;
/// Closed incidents of one answer or report.
pub(crate) const CLOSED_MAX: u32 = 10_000;
/// Events of alerting are on the log within this time.
const SAID_WITHIN_US: i64 = 2 * 86_400_000_000;

/// `[alerts.incidents]` of the configuration.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub enabled: bool,
    /// Alerts below this severity join an incident, and open none.
    pub opens_at: Severity,
    /// How far apart alerts with something in common may be.
    pub window: Length,
    /// How far before the first alert changes are looked for.
    pub before: Length,
    /// How long the first answer may take.
    pub answer_critical: Length,
    pub answer_warning: Length,
    pub answer_info: Length,
}

/// A length of time as people write it: `30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length(pub i64);

impl<'de> serde::Deserialize<'de> for Length {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        tacho_pipe::parse_us(&text).filter(|us| *us > 0).map(Length).ok_or_else(|| {
            D::Error::custom(format!(
                "\"{text}\" is no length of time: expected 30s, 15m, 24h, 7d or the like"
            ))
        })
    }
}

impl Default for Config {
    fn default() -> Self {
        let usual = Settings::default();
        Config {
            enabled: true,
            opens_at: usual.opens_at,
            window: Length(usual.window_us),
            before: Length(2 * 3_600_000_000),
            answer_critical: Length(usual.critical_us),
            answer_warning: Length(usual.warning_us),
            answer_info: Length(usual.info_us),
        }
    }
}

impl Config {
    fn settings(&self) -> Settings {
        Settings {
            opens_at: self.opens_at,
            window_us: self.window.0,
            critical_us: self.answer_critical.0,
            warning_us: self.answer_warning.0,
            info_us: self.answer_info.0,
        }
    }
}

/// Incidents, and the alerts that wait to be gathered into them.
#[derive(Debug, Default)]
pub(super) struct Cases {
    /// Nothing where incidents are switched off.
    incidents: Option<Incidents>,
    waiting: BTreeMap<String, Raised>,
}

impl Inner {
    /// Takes the incidents and the waiting alerts that the file keeps.
    pub(super) fn recall_cases(&mut self, config: &Config) -> Result<(), Box<dyn std::error::Error>> {
        if !config.enabled {
            return Ok(());
        }
        let kept = self.file.open_incidents()?;
        let kept =
            kept.iter().map(|body| serde_json::from_str(body)).collect::<Result<Vec<Incident>, _>>()?;
        let mut incidents = Incidents::new(config.settings());
        incidents.recall(kept);
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
    fn closed_case(&self, id: &str) -> Result<Option<Incident>, StoreError> {
        let body = self.file.incident(id)?;
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }
}

/// What is said of an incident, as an event.
fn said(saying: &Saying) -> tell::Saying {
    let failed = saying.name == "incident_breach";
    let mut outcome =
        serde_json::json!({"status": if failed { "failure" } else { "success" }, "result": saying.result});
    if failed {
        outcome["error"] = serde_json::json!({
            "type": "answer_late", "message": format!("nobody has answered the incident \"{}\"",
                saying.result["title"].as_str().unwrap_or_default()),
        });
    }
    let more = serde_json::json!({"call_id": saying.incident, "outcome": outcome});
    tell::event(saying.event.clone(), saying.name, tell::level(saying.severity), saying.at_us, more)
}

impl Alerting {
    fn on(inner: &mut Inner) -> Result<&mut Incidents, Refused> {
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
        let closed = match Alerting::on(&mut inner)?.known(id) {
            Some(_) => None,
            None => inner.closed_case(id).map_err(failed)?,
        };
        let incidents = Alerting::on(&mut inner)?;
        incidents.recall(closed.into_iter().collect());
        let done = incidents.step(id, step, by, note, now).map_err(Refused::Wrong)?;
        let done = done.ok_or_else(|| Refused::Unknown(format!("there is no incident \"{id}\"")))?;
        inner.save(None).map_err(failed)?;
        Ok(done)
    }

    /// Figures over the incidents that were opened since a moment, and how many there are.
    pub(crate) fn figures(&self, since_us: i64) -> Result<(usize, Vec<Figures>), Refused> {
        let mut all = self.open_incidents()?;
        all.retain(|incident| incident.opened_us >= since_us);
        all.extend(self.closed_incidents(since_us, CLOSED_MAX)?);
        Ok((all.len(), figures(&all)))
    }
}

/// Gathers alerts and looks into incidents until the server stops.
pub(crate) async fn investigate(app: Arc<App>, alerting: Arc<Alerting>) {
    if !alerting.config().incidents.enabled {
        return;
    }
    let mut stopping = app.stopping();
    let mut every = interval(LOOK);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let start = Instant::now();
    let (mut look_at, mut place_at, mut pause) = (start, start, Duration::ZERO);
    loop {
        tokio::select! {
            _ = stopping.changed() => return,
            _ = every.tick() => {}
        }
        gather(&app, &alerting).await;
        if Instant::now() >= look_at && !look(&app, &alerting).await {
            look_at = Instant::now() + PAUSE;
        }
        if Instant::now() >= place_at {
            pause =
                if place(&app, &alerting).await { Duration::ZERO } else { (pause * 2).clamp(LOOK, PAUSE) };
            place_at = Instant::now() + pause;
        }
    }
}

/// Gathers the alerts that wait.
async fn gather(app: &App, alerting: &Alerting) {
    let indices: BTreeSet<u64> = {
        let inner = alerting.inner.lock();
        if inner.cases.waiting.is_empty() {
            return;
        }
        let evidence = inner.cases.waiting.values().flat_map(|raised| &raised.evidence);
        evidence.map(|seen| seen.index).collect()
    };
    let events = before::witnesses(app, &indices).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the events of alerts can't be read; they are gathered by their labels");
        Vec::new()
    });
    let mut inner = alerting.inner.lock();
    let Inner { cases, pending, .. } = &mut *inner;
    let Some(incidents) = &mut cases.incidents else { return };
    // What came meanwhile waits for its own events.
    let asked = |raised: &Raised| raised.evidence.iter().all(|seen| indices.contains(&seen.index));
    let (ready, rest): (BTreeMap<_, _>, _) =
        std::mem::take(&mut cases.waiting).into_iter().partition(|(_, raised)| asked(raised));
    cases.waiting = rest;
    incidents.take(ready.values().map(|raised| Incoming::of(raised, &events)).collect());
    pending.notes.extend(ready.into_keys().map(|id| (WAITS, id, None)));
    keep(&mut inner);
}

/// Looks for what changed before incidents. False when that failed.
async fn look(app: &App, alerting: &Alerting) -> bool {
    let wanting: Vec<Incident> = {
        let mut inner = alerting.inner.lock();
        let Ok(incidents) = Alerting::on(&mut inner) else { return true };
        incidents.open().filter(|incident| incident.wants_look()).take(AT_ONCE).cloned().collect()
    };
    let before_us = alerting.config().incidents.before.0;
    for incident in wanting {
        let agents = incident.agents();
        match before::changes(app, &incident, &agents, before_us).await {
            Ok(changes) => {
                let mut inner = alerting.inner.lock();
                let Ok(incidents) = Alerting::on(&mut inner) else { return true };
                incidents.explain(&incident.id, changes, agents, now_us());
                keep(&mut inner);
            }
            Err(error) => {
                tracing::warn!(%error, "what changed before an incident can't be looked for; it is tried again");
                return false;
            }
        }
    }
    true
}

/// Finds the places of lines whose events were recorded meanwhile. False when none was found.
async fn place(app: &App, alerting: &Alerting) -> bool {
    let events = {
        let mut inner = alerting.inner.lock();
        let Ok(incidents) = Alerting::on(&mut inner) else { return false };
        incidents.unplaced(PLACES_AT_ONCE)
    };
    if events.is_empty() {
        return true;
    }
    match before::places(app, &events, now_us() - SAID_WITHIN_US).await {
        Ok(places) => {
            let mut inner = alerting.inner.lock();
            if let Ok(incidents) = Alerting::on(&mut inner) {
                incidents.place(&places);
                keep(&mut inner);
            }
            !places.is_empty()
        }
        Err(error) => {
            tracing::warn!(%error, "the places of an incident's lines can't be looked up; it is tried again");
            false
        }
    }
}

/// Saves; what can't be saved now is saved with the next change.
fn keep(inner: &mut Inner) {
    if let Err(error) = inner.save(None) {
        tracing::error!(%error, "incidents can't be saved; it is tried again");
    }
}
