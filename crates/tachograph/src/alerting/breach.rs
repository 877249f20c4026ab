//! Alerts that nobody has answered an incident, once somebody has.
//!
//! Invariant: they end before anything that is due is told, so that a message which still waits does not go out.

use super::{Inner, tell};
use tacho_alert::incident::Incident;
use tacho_alert::notify::Act;

/// The built-in rules that look at `incident_breach`.
const RULES: [&str; 2] = ["incident_breach", "incident_breach_warning"];
const NOTE: &str = "every alert of the incident is acknowledged";

impl Inner {
    /// Ends the alerts that an incident was not answered in time, where it is now and all its other alerts are acknowledged
    /// or over.
    pub(super) fn end_answered(&mut self, now_us: i64) {
        let Some(incidents) = &self.cases.incidents else { return };
        let answered = incidents.open().filter(|one| one.late_us.is_some() && one.more == 0);
        let over: Vec<(String, String)> = answered.flat_map(|one| self.answered(one)).collect();
        for (alert, by) in over {
            if let Ok(Some(raised)) = self.desk.act(&alert, &Act::Resolve, &by, Some(NOTE), now_us) {
                let saying = tell::acted(&raised, &Act::Resolve, &by, Some(NOTE), now_us);
                self.pending.sayings.push(saying);
            }
        }
    }

    /// The open alerts of an incident that say that nobody answered, and who has.
    fn answered(&self, incident: &Incident) -> Vec<(String, String)> {
        let Some(answer) = &incident.answered else { return Vec::new() };
        let open = incident.alerts.iter().filter(|member| member.ends_us.is_none());
        let (breaches, others): (Vec<_>, Vec<_>) =
            open.partition(|member| RULES.contains(&member.rule.as_str()));
        let taken = |id: &str| self.desk.get(id).is_none_or(|raised| raised.acknowledged.is_some());
        match others.iter().all(|member| taken(&member.id)) {
            true => breaches.iter().map(|member| (member.id.clone(), answer.by.clone())).collect(),
            false => Vec::new(),
        }
    }
}
