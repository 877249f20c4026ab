//! Telling others that somebody has answered: pagers keep a state of their own, and go on calling until they know.

use super::Inner;
use std::collections::HashSet;
use tacho_deliver::{Message, Notice};
use tacho_store::StoreError;
use tacho_store::alert_file::{self, Sending};

/// The newest messages that are looked at: an alert that people have not answered within them is told again first.
const MESSAGES_MAX: u32 = 1_000;

impl Inner {
    /// Posts to each pager that was told of an alert that all of what it was told of is acknowledged, once it is.
    pub(super) fn tell_answered(&mut self, id: &str, by: &str, now_us: i64) -> Result<(), StoreError> {
        let mut seen = HashSet::new();
        for sent in self.file.newest(MESSAGES_MAX)? {
            let Ok(told) = serde_json::from_str::<Message>(&sent.body) else { continue };
            let asks = matches!(told.notice, Notice::Firing | Notice::Repeated | Notice::Escalated);
            let about = told.alerts.iter().any(|alert| alert.fingerprint == id);
            // Newest first: what was told last of a thread is what it is about.
            if !asks || !about || !seen.insert((sent.lane.clone(), told.thread.clone())) {
                continue;
            }
            let answered = |id: &str| self.desk.get(id).is_none_or(|raised| raised.acknowledged.is_some());
            if !told.alerts.iter().all(|alert| answered(&alert.fingerprint)) {
                continue;
            }
            let message = Message {
                id: format!("answered/{}/{now_us}", told.thread),
                notice: Notice::Acknowledged,
                text: format!("By {by}."),
                at_us: now_us,
                ..told
            };
            if !self.channel(&sent.lane).is_some_and(|channel| channel.wants(&message)) {
                continue;
            }
            self.pending.messages.push(alert_file::Message {
                id: format!("{}/{}", message.id, sent.lane),
                lane: sent.lane,
                state: Sending::Waiting,
                due_us: now_us,
                at_us: now_us,
                attempts: 0,
                error: None,
                body: serde_json::to_string(&message).unwrap_or_default(),
            });
        }
        Ok(())
    }
}
