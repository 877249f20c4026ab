//! What people do about alerts: acknowledge, snooze, assign, resolve; and alerts from outside. Each is on the log.

use super::{Alerting, tell};
use crate::clock::now_us;
use tacho_alert::notify::{Act, Entry, Outside, Raised};

/// Why something can't be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no such open alert or silence.
    Unknown(String),
    /// It makes no sense, and why.
    Wrong(String),
    /// It could not be kept.
    Failed(String),
}

impl Alerting {
    /// Does something about an open alert; it counts when this returns.
    pub(crate) fn act(&self, id: &str, act: &Act, by: &str, note: Option<&str>) -> Result<Raised, Refused> {
        let mut inner = self.inner.lock();
        // Said once more by the same person it is no news, whoever else said it meanwhile, and nobody is told again; a note
        // is kept all the same.
        let said = |entry: &Entry| entry.what == Act::Acknowledge.as_str() && entry.by.as_deref() == Some(by);
        let has_it = |raised: &&Raised| raised.acknowledged.is_some() && raised.history.iter().any(said);
        let act = match (act, inner.desk.get(id).filter(has_it)) {
            (Act::Acknowledge, Some(_)) if note.is_some_and(|note| !note.trim().is_empty()) => &Act::Note,
            (Act::Acknowledge, Some(raised)) => return Ok(raised.clone()),
            _ => act,
        };
        // Within the lock: what is written into a history stands in the order of time.
        let now = now_us();
        let done = inner.desk.act(id, act, by, note, now).map_err(Refused::Wrong)?;
        let raised = done.ok_or_else(|| Refused::Unknown(format!("there is no open alert \"{id}\"")))?;
        inner.pending.sayings.push(tell::acted(&raised, act, by, note, now));
        for over in inner.desk.take_over() {
            inner.post(&over, &self.url, now);
        }
        let told = if *act == Act::Acknowledge { inner.tell_answered(id, by, now) } else { Ok(()) };
        told.and_then(|()| inner.save(None)).map_err(|error| Refused::Failed(error.to_string()))?;
        drop(inner);
        self.posted.notify_all();
        Ok(raised)
    }

    /// Takes alerts of somebody else's rules.
    pub(crate) fn outside(&self, alerts: Vec<Outside>) -> Result<(), Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        for alert in alerts {
            let news = inner.desk.outside(alert, now);
            inner.say(news);
        }
        inner.save(None).map_err(|error| Refused::Failed(error.to_string()))?;
        drop(inner);
        self.settle(None);
        Ok(())
    }
}
