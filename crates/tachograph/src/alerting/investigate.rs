//! Looks into incidents while the server runs: gathers alerts, looks for what changed before, finds the places of lines.

use super::incidents::WAITS;
use super::{Alerting, Inner, before, ended};
use crate::clock::now_us;
use crate::http::App;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tacho_alert::incident::Incoming;
use tacho_alert::notify::Raised;
use tokio::time::{Instant, sleep};

/// How often is looked whether something is to be done.
const LOOK: Duration = Duration::from_millis(250);
/// In a flood of alerts the log is asked for a tenth of the time: recording comes first.
const RESTS: u32 = 9;
/// How long is waited at most after something failed, or while an event is not on the log.
const PAUSE: Duration = Duration::from_secs(10);
/// How often is looked whether changes that still ran have ended: rarely where it takes long to find out.
const END: Duration = Duration::from_secs(1);
const END_MAX: Duration = Duration::from_secs(60);
const END_RESTS: u32 = 50;
/// Of one that has not ended within this time nothing more is expected.
const END_WITHIN_US: i64 = 86_400_000_000;
/// How often capacity is measured for the weekly report.
const MEASURE: Duration = Duration::from_secs(3600);
/// Incidents that are looked into at once, and events whose places are asked for at once.
const AT_ONCE: usize = 100;
const PLACES_AT_ONCE: usize = 500;
/// Events of alerting are on the log within this time.
const SAID_WITHIN_US: i64 = 2 * 86_400_000_000;

/// Gathers alerts and looks into incidents until the server stops.
pub(crate) async fn investigate(app: Arc<App>, alerting: Arc<Alerting>) {
    if !alerting.config().incidents.enabled {
        return;
    }
    let mut stopping = app.stopping();
    let start = Instant::now();
    let (mut look_at, mut place_at, mut pause) = (start, start, Duration::ZERO);
    let (mut measure_at, mut rest, mut end_at) = (start, LOOK, start);
    loop {
        tokio::select! {
            _ = stopping.changed() => return,
            _ = sleep(rest) => {}
        }
        let began = Instant::now();
        if Instant::now() >= measure_at {
            measure_at = Instant::now() + MEASURE;
            measure(&app, &alerting);
        }
        gather(&app, &alerting).await;
        if Instant::now() >= look_at && !look(&app, &alerting).await {
            look_at = Instant::now() + PAUSE;
        }
        if Instant::now() >= end_at {
            let asked = Instant::now();
            end(&app, &alerting).await;
            end_at = Instant::now() + (asked.elapsed() * END_RESTS).clamp(END, END_MAX);
        }
        if Instant::now() >= place_at {
            pause =
                if place(&app, &alerting).await { Duration::ZERO } else { (pause * 2).clamp(LOOK, PAUSE) };
            place_at = Instant::now() + pause;
        }
        rest = (began.elapsed() * RESTS).clamp(LOOK, PAUSE);
    }
}

/// Measures capacity for the weekly report, where somebody gets it. Nobody waits for that.
fn measure(app: &Arc<App>, alerting: &Arc<Alerting>) {
    if alerting.config().digests.weekly.is_empty() {
        return;
    }
    let (app, alerting) = (Arc::clone(app), Arc::clone(alerting));
    tokio::task::spawn_blocking(move || match crate::capacity::measure(&app, app.node.data()) {
        Ok(found) => alerting.inner.lock().capacity = Some(found.words()),
        Err(error) => tracing::warn!(%error, "capacity can't be measured for the weekly report"),
    });
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
        HashMap::new()
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
    let wanting: Vec<(String, i64, BTreeSet<String>)> = {
        let mut inner = alerting.inner.lock();
        let Ok(incidents) = Alerting::on(&mut inner) else { return true };
        let wanting = incidents.open().filter(|incident| incident.wants_look()).take(AT_ONCE);
        wanting.map(|incident| (incident.id.clone(), incident.first_us, incident.agents())).collect()
    };
    if wanting.is_empty() {
        return true;
    }
    match before::changes(app, &wanting, alerting.config().incidents.before.0).await {
        Ok(changes) => {
            let mut inner = alerting.inner.lock();
            let Ok(incidents) = Alerting::on(&mut inner) else { return true };
            for ((id, _, agents), changes) in wanting.into_iter().zip(changes) {
                incidents.explain(&id, changes, agents, now_us());
            }
            keep(&mut inner);
            true
        }
        Err(error) => {
            tracing::warn!(%error, "what changed before incidents can't be looked for; it is tried again");
            false
        }
    }
}

/// Looks whether changes that still ran when they were found have ended.
async fn end(app: &App, alerting: &Alerting) {
    let running = {
        let mut inner = alerting.inner.lock();
        let Ok(incidents) = Alerting::on(&mut inner) else { return };
        incidents.running(now_us() - END_WITHIN_US)
    };
    let Some((since_us, actions)) = running else { return };
    match ended::ends(app, &actions, since_us).await {
        Ok(ends) if ends.is_empty() => {}
        Ok(ends) => {
            let mut inner = alerting.inner.lock();
            if let Ok(incidents) = Alerting::on(&mut inner) {
                incidents.ended(&ends);
                keep(&mut inner);
            }
        }
        Err(error) => {
            tracing::warn!(%error, "how changes before incidents ended can't be looked up; it is tried again");
        }
    }
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
