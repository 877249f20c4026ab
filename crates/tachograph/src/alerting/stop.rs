//! The stop list: agents that are not to go on. Whoever runs an agent asks for it: the hook program where it was switched
//! on (`AUDIT_LOG_ENFORCE`), or programs of one's own over HTTP. The recorder itself stops nothing.
//!
//! Invariant: a stop and its end are kept in one transaction with what the log is told of them.

use super::{Alerting, Inner, Refused, before, tell};
use crate::clock::now_us;
use crate::http::App;
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use tacho_event::time::format;

/// The kind of notes that keep stops.
const STOP: &str = "stop";
/// The kind of note that says that the list was lost, until the log has given it back.
const LOST: &str = "stops_lost";
/// Stops at a time.
const STOPS_MAX: usize = 10_000;
/// Characters of a name or reason.
const TEXT_MAX: usize = 1_024;
const MINUTES_MAX: u32 = 366 * 24 * 60;

/// An agent, or one session of it, that is not to go on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub(crate) struct Stop {
    pub agent: String,
    /// This session alone; every one when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub by: String,
    /// When it was stopped.
    pub since: String,
    /// When it may go on by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The run of a response that stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// A stop that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct NewStop {
    pub agent: String,
    pub session: Option<String>,
    pub reason: Option<String>,
    pub by: String,
    pub minutes: Option<u32>,
    pub run: Option<String>,
}

/// Stops by agent and session.
pub(super) type Stops = BTreeMap<(String, Option<String>), Stop>;

impl Stop {
    /// Whom it stops.
    pub(crate) fn words(&self) -> String {
        let session =
            self.session.as_ref().map_or_else(String::new, |session| format!(", session {session}"));
        format!("{}{session}", self.agent)
    }

    fn key(&self) -> (String, Option<String>) {
        (self.agent.clone(), self.session.clone())
    }

    fn is_over(&self, now_us: i64) -> bool {
        let until = self.until.as_ref().and_then(|until| tacho_event::time::parse(until).ok());
        until.is_some_and(|until| until <= now_us)
    }
}

impl Display for Refused {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (Refused::Unknown(why) | Refused::Wrong(why) | Refused::Failed(why)) = self;
        f.write_str(why)
    }
}

impl Inner {
    /// Takes the stops that the file keeps.
    pub(super) fn recall_stops(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        for (_, body) in self.file.notes(STOP)? {
            let stop: Stop = serde_json::from_str(&body)?;
            self.stops.insert(stop.key(), stop);
        }
        Ok(())
    }

    /// The file was lost: the log is asked for the stops, by this process or the next.
    pub(super) fn lose_stops(&mut self) {
        self.pending.notes.push((LOST, LOST.into(), Some("{}".into())));
    }

    /// Ends the stops whose time is over.
    pub(super) fn pass_stops(&mut self, now_us: i64) {
        let over: Vec<Stop> = self.stops.values().filter(|stop| stop.is_over(now_us)).cloned().collect();
        for stop in over {
            self.end_stop(&stop, None, Some("its time is over"), now_us);
        }
    }

    fn end_stop(&mut self, stop: &Stop, by: Option<&str>, note: Option<&str>, now_us: i64) {
        self.stops.remove(&stop.key());
        self.pending.notes.push((STOP, id(stop), None));
        let result = serde_json::json!({"agent": stop.agent, "session": stop.session, "since": stop.since, "by": by, "note": note});
        self.pending.sayings.push(event("agent_released", stop, now_us, result));
    }
}

impl Alerting {
    /// Puts an agent on the stop list; it counts when this returns. The same once more changes nothing.
    pub(crate) fn stop(&self, asked: NewStop) -> Result<Stop, Refused> {
        let now = now_us();
        let NewStop { agent, session, reason, by, minutes, run } = asked;
        let agent = agent.trim().to_string();
        let texts = [Some(&agent), session.as_ref(), reason.as_ref(), Some(&by)];
        if texts.into_iter().flatten().any(|text| text.chars().count() > TEXT_MAX) {
            return Err(Refused::Wrong(format!("a name or reason has more than {TEXT_MAX} characters")));
        }
        if agent.is_empty() || by.trim().is_empty() {
            return Err(Refused::Wrong("say which agent, and who you are".into()));
        }
        if agent == "tachograph" {
            return Err(Refused::Wrong(
                "tachograph is the recorder itself: it can't be stopped like an agent".into(),
            ));
        }
        if minutes.is_some_and(|minutes| !(1..=MINUTES_MAX).contains(&minutes)) {
            return Err(Refused::Wrong(format!("minutes: expected 1 to {MINUTES_MAX}")));
        }
        let until = minutes.map(|minutes| format(now + i64::from(minutes) * 60_000_000));
        let stop = Stop { agent, session, reason, by, since: format(now), until, run };
        let mut inner = self.inner.lock();
        let known = inner.stops.get(&stop.key());
        // A stop with an end is told anew, since its end is another.
        if let Some(known) =
            known.filter(|known| known.until.is_none() && stop.until.is_none() && known.reason == stop.reason)
        {
            return Ok(known.clone());
        }
        if known.is_none() && inner.stops.len() >= STOPS_MAX {
            return Err(Refused::Wrong(format!("{STOPS_MAX} agents are stopped already")));
        }
        let body = serde_json::to_string(&stop).unwrap_or_default();
        inner.pending.notes.push((STOP, id(&stop), Some(body)));
        let result = serde_json::to_value(&stop).unwrap_or_default();
        inner.pending.sayings.push(event("agent_stopped", &stop, now, result));
        inner.stops.insert(stop.key(), stop.clone());
        inner.save(None).map_err(|error| Refused::Failed(error.to_string()))?;
        Ok(stop)
    }

    /// Takes an agent off the stop list.
    pub(crate) fn release(
        &self,
        agent: &str,
        session: Option<&str>,
        by: &str,
        note: Option<&str>,
    ) -> Result<Stop, Refused> {
        if by.trim().is_empty()
            || [Some(by), note].into_iter().flatten().any(|text| text.chars().count() > TEXT_MAX)
        {
            return Err(Refused::Wrong(format!("say who you are, in at most {TEXT_MAX} characters")));
        }
        let mut inner = self.inner.lock();
        let key = (agent.to_string(), session.map(str::to_string));
        let stop = inner.stops.get(&key).cloned();
        let stop = stop.ok_or_else(|| {
            Refused::Unknown(format!("\"{agent}\" is not stopped: `tachograph agents stopped` lists who is"))
        })?;
        inner.end_stop(&stop, Some(by), note, now_us());
        inner.save(None).map_err(|error| Refused::Failed(error.to_string()))?;
        Ok(stop)
    }

    /// Takes the stops of the log, where the file that kept them was lost.
    pub(super) async fn regain_stops(&self, app: &App) {
        let is_lost = {
            let mut inner = self.inner.lock();
            // That it was lost may not be kept yet.
            let kept = inner.save(None).and_then(|()| inner.file.note(LOST, LOST));
            kept.unwrap_or_else(|error| {
                tracing::error!(%error, "whether the stop list was lost can't be read");
                None
            })
        };
        if is_lost.is_none() {
            return;
        }
        let found = match before::stops(app).await {
            Ok(found) => found,
            Err(error) => {
                return tracing::error!(%error, "who is stopped can't be read from the log: it is tried at the next start");
            }
        };
        let (mut open, now) = (Stops::new(), now_us());
        for (stops, stop) in found {
            match stops {
                true => drop(open.insert(stop.key(), stop)),
                false => drop(open.remove(&stop.key())),
            }
        }
        let mut inner = self.inner.lock();
        for stop in open.into_values().filter(|stop| !stop.is_over(now)) {
            if !inner.stops.contains_key(&stop.key()) {
                inner.pending.notes.push((STOP, id(&stop), serde_json::to_string(&stop).ok()));
                inner.stops.insert(stop.key(), stop);
            }
        }
        inner.pending.notes.push((LOST, LOST.into(), None));
        if let Err(error) = inner.save(None) {
            tracing::error!(%error, "who is stopped can't be saved; it is tried again");
        }
    }

    /// Who is stopped now.
    pub(crate) fn stopped(&self) -> Vec<Stop> {
        let now = now_us();
        self.inner.lock().stops.values().filter(|stop| !stop.is_over(now)).cloned().collect()
    }
}

fn id(stop: &Stop) -> String {
    tell::digest(&format!("{}\n{}", stop.agent, stop.session.as_deref().unwrap_or_default()))
}

fn event(name: &str, stop: &Stop, at_us: i64, result: serde_json::Value) -> tell::Saying {
    let outcome = serde_json::json!({"outcome": {"status": "success", "result": result}});
    tell::event(format!("{name}/{}/{at_us}", &id(stop)[..32]), name, "WARNING", at_us, outcome)
}
