//! Alerts that nobody has answered an incident: they go on until somebody has, and end then.
//!
//! Invariants
//! - They last as long as that is so, whatever the window of their rule.
//! - They end before anything that is due is told, so that a message which still waits does not go out.

use super::{Inner, tell};
use tacho_alert::Labels;
use tacho_alert::incident::{ITSELF, Incident, Member, State};
use tacho_alert::notify::Act;

/// The built-in rules that look at `incident_breach`.
const RULES: [&str; 2] = ["incident_breach", "incident_breach_warning"];

/// Why such an alert is over, and by whom.
type End = (String, &'static str);

impl Inner {
    /// Ends the alerts that an incident was not answered in time, once that is over.
    pub(super) fn end_answered(&mut self, now_us: i64) {
        let over = self.desk.open().filter_map(|raised| {
            let incident = self.unanswered(&raised.rule, &raised.group)?;
            Some((raised.id().to_string(), self.breach_end(incident)?))
        });
        for (alert, (by, why)) in over.collect::<Vec<_>>() {
            if let Ok(Some(raised)) = self.desk.act(&alert, &Act::Resolve, &by, Some(why), now_us) {
                let saying = tell::acted(&raised, &Act::Resolve, &by, Some(why), now_us);
                self.pending.sayings.push(saying);
            }
        }
    }

    /// Whether an alert goes on although its rule holds no longer.
    pub(super) fn goes_on(&self, rule: &str, group: &Labels) -> bool {
        self.unanswered(rule, group).is_some_and(|incident| self.breach_end(incident).is_none())
    }

    /// The incident that an alert says nobody has answered.
    fn unanswered(&self, rule: &str, group: &Labels) -> Option<&Incident> {
        let incidents = self.cases.incidents.as_ref().filter(|_| RULES.contains(&rule))?;
        let (_, id) = group.iter().find(|(name, _)| name == "call_id")?;
        incidents.known(id)
    }

    /// What ends the alerts that nobody has answered an incident; nothing while that is so.
    fn breach_end(&self, incident: &Incident) -> Option<End> {
        if incident.state == State::Closed {
            return Some((ITSELF.into(), "the incident is closed"));
        }
        let Some(answer) = &incident.answered else {
            let again = (ITSELF.into(), "somebody has to answer again: there is more time");
            return incident.late_us.is_none().then_some(again);
        };
        let others = incident.alerts.iter().filter(|member| member.ends_us.is_none() && !member.is_about_it);
        let taken = |one: &Member| self.desk.get(&one.id).is_none_or(|raised| raised.acknowledged.is_some());
        let all = { others }.all(taken);
        all.then(|| (answer.by.clone(), "every alert of the incident is acknowledged"))
    }
}
