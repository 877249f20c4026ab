//! The clock of an incident: until when somebody has to answer, who did, and what makes it begin anew.
//!
//! Invariant: of each critical alert somebody takes notice within its time, also of one that joins an incident that was
//! answered before.

use super::body::{Answer, Incident};
use super::group::Incoming;
use super::incidents::Incidents;
use super::line::{Kind, Line};
use crate::rule::Severity;
use serde_json::json;
use tacho_event::time::format;

/// Who does what happens by itself: that is no answer.
pub const ITSELF: &str = "tachograph";

impl Incident {
    /// Somebody takes care: the clock stops.
    pub(super) fn answer(&mut self, by: &str, at_us: i64) {
        if by != ITSELF {
            self.answered.get_or_insert_with(|| Answer { by: by.to_string(), at_us });
        }
    }

    /// The first answer, also where the clock began anew since.
    pub fn first_answer(&self) -> Option<&Answer> {
        self.answered_before.as_ref().or(self.answered.as_ref())
    }

    /// Whether nobody had answered in time, once or more often.
    pub fn was_late(&self) -> bool {
        self.late_before || self.late_us.is_some()
    }

    /// Whether somebody has to answer again: what was answered, or ran out, was not this.
    fn is_news(&self, alert: &Incoming) -> bool {
        let worse = alert.severity > self.severity;
        match self.answered {
            Some(_) => worse || alert.severity == Severity::Critical,
            None => worse && self.late_us.is_some(),
        }
    }
}

impl Incidents {
    /// Begins the clock anew for an alert that joins, where nobody would have to answer for it otherwise.
    pub(super) fn ask_again(&mut self, incident: &mut Incident, alert: &Incoming) {
        if !alert.opens || !incident.is_news(alert) {
            return;
        }
        incident.due_us = alert.at_us + self.settings.answer_us(alert.severity);
        incident.late_before |= incident.late_us.take().is_some();
        let answered = incident.answered.take();
        incident.answered_before = incident.answered_before.take().or(answered);
        let due = format(incident.due_us);
        let result = json!({"alert": alert.id, "rule": alert.rule, "answer_due_at": due});
        let mut saying = incident.saying("alert_incident_asked", alert.at_us, result);
        saying.severity = alert.severity;
        let text = format!("somebody has to answer again, by {due}: {}", alert.title);
        let line = Line::new(alert.at_us, Kind::Asked, text);
        incident.write(Line { event: Some(saying.event.clone()), ..line });
        self.sayings.push(saying);
    }
}
