//! Incidents that people shape: opened by hand, with alerts and events taken in, merged. Each is on the log.

use super::{Alerting, Inner, Refused, before};
use crate::clock::now_us;
use crate::http::App;
use std::collections::{BTreeSet, HashMap};
use tacho_alert::incident::{Incident, Incoming, New, Step};
use tacho_alert::notify::Raised;
use tacho_store::StoreError;

fn failed(error: StoreError) -> Refused {
    Refused::Failed(error.to_string())
}

fn unknown(id: &str) -> Refused {
    Refused::Unknown(format!("there is no incident \"{id}\""))
}

/// An alert as incidents see it, with what its events say.
pub(crate) async fn incoming(app: &App, alerting: &Alerting, id: &str) -> Result<Incoming, Refused> {
    let raised = alerting.raised(id);
    let raised = raised.ok_or_else(|| Refused::Unknown(format!("there is no alert \"{id}\"")))?;
    let indices: BTreeSet<u64> = raised.evidence.iter().map(|seen| seen.index).collect();
    let events = before::witnesses(app, &indices).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the events of an alert can't be read; it is attached by its labels");
        HashMap::new()
    });
    Ok(Incoming::of(&raised, &events))
}

impl Inner {
    /// Has an incident at hand, also one that was closed long ago.
    pub(super) fn at_hand(&mut self, id: &str) -> Result<(), Refused> {
        if Alerting::on(self)?.known(id).is_none() {
            let closed = self.closed_case(id).map_err(failed)?.ok_or_else(|| unknown(id))?;
            Alerting::on(self)?.recall(vec![closed]);
        }
        Ok(())
    }
}

impl Alerting {
    /// An alert, open or over.
    pub(super) fn raised(&self, id: &str) -> Option<Raised> {
        let inner = self.inner.lock();
        inner.desk.get(id).cloned().or_else(|| serde_json::from_str(&inner.file.alert(id).ok()??).ok())
    }

    /// Opens an incident by hand with alerts and events, all or nothing; it counts when this returns. Gives the one of this
    /// id when it is there already.
    pub(crate) fn open_incident(
        &self,
        new: New,
        alerts: &[Incoming],
        events: &[Step],
        by: &str,
    ) -> Result<Incident, Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        let id = new.id.clone();
        match inner.at_hand(&id) {
            Ok(()) => return Alerting::on(&mut inner)?.known(&id).cloned().ok_or_else(|| unknown(&id)),
            Err(Refused::Unknown(_)) => {}
            Err(other) => return Err(other),
        }
        let incidents = Alerting::on(&mut inner)?;
        if let Some((alert, of)) =
            alerts.iter().find_map(|alert| Some((&alert.id, incidents.of_alert(&alert.id)?)))
        {
            return Err(Refused::Wrong(format!(
                "alert {alert} belongs to incident {of}: detach it there first, or merge the two"
            )));
        }
        let mut incident = incidents.begin_by_hand(new, by, now).map_err(Refused::Wrong)?;
        for alert in alerts {
            let done = incidents.attach_alert(&id, alert, by, None, now).map_err(Refused::Wrong)?;
            incident = done.unwrap_or(incident);
        }
        for step in events {
            let done = incidents.step(&id, step, by, None, now).map_err(Refused::Wrong)?;
            incident = done.unwrap_or(incident);
        }
        incident = incidents.begun(&id).unwrap_or(incident);
        inner.save(None).map_err(failed)?;
        Ok(incident)
    }

    /// Takes an alert into an incident; it counts when this returns.
    pub(crate) fn attach_alert(
        &self,
        id: &str,
        alert: &Incoming,
        by: &str,
        note: Option<&str>,
    ) -> Result<Incident, Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        inner.at_hand(id)?;
        let done =
            Alerting::on(&mut inner)?.attach_alert(id, alert, by, note, now).map_err(Refused::Wrong)?;
        inner.save(None).map_err(failed)?;
        done.ok_or_else(|| unknown(id))
    }

    /// Merges an incident into another, and gives the other; it counts when this returns.
    pub(crate) fn merge(
        &self,
        id: &str,
        into: &str,
        by: &str,
        note: Option<&str>,
    ) -> Result<Incident, Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        inner.at_hand(id)?;
        inner.at_hand(into)?;
        let done = Alerting::on(&mut inner)?.merge(id, into, by, note, now).map_err(Refused::Wrong)?;
        inner.save(None).map_err(failed)?;
        done.ok_or_else(|| unknown(id))
    }
}
