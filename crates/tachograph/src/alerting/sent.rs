//! What became of a message, in the history of the alerts that it tells of and in the timeline of their incident.

use super::Inner;
use crate::clock::now_us;
use tacho_alert::incident::{Line, LineKind};
use tacho_alert::notify::Entry;
use tacho_deliver::{Message, Notice};
use tacho_store::alert_file::{self, Sending};

impl Inner {
    /// Writes that a message was delivered, or will never be. What is tried again is not written.
    pub(super) fn remark_sent(&mut self, message: &alert_file::Message) {
        let Ok(told) = serde_json::from_str::<Message>(&message.body) else { return };
        let place = message.lane.rsplit('/').next().unwrap_or_default();
        let kind =
            self.channel(&message.lane).map_or_else(|| place.to_string(), |channel| channel.kind.to_string());
        let (receiver, notice) = (&told.receiver, told.notice.as_str());
        let (name, what) = match message.state {
            Sending::Sent => ("notification_sent", format!("told {receiver} by {kind} ({notice})")),
            Sending::Failed => {
                ("notification_failed", format!("could not tell {receiver} by {kind} ({notice})"))
            }
            _ => return,
        };
        // Within the lock: a history stands in the order of time.
        let (at_us, note) = (now_us(), message.error.clone());
        let event = Some(format!("{name}/{}", message.id));
        if let Some(id) = told.incident() {
            if let Some(incidents) = &mut self.cases.incidents {
                let text = what.replace(&format!(" ({notice})"), " of it");
                incidents.remark(
                    id,
                    Line { at_us, kind: LineKind::Delivery, text, by: None, note, event, entry: None },
                );
            }
            return;
        }
        // A digest tells of everything, and of nothing new.
        if !matches!(told.notice, Notice::Digest | Notice::Test) {
            for alert in &told.alerts {
                let entry =
                    Entry { at_us, what: what.clone(), by: None, note: note.clone(), event: event.clone() };
                self.remark(&alert.fingerprint, entry);
            }
        }
    }
}
