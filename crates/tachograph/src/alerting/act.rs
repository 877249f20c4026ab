//! What people do about alerts: acknowledge, snooze, assign, resolve, silence. Each is on the log.

use super::{Alerting, SILENCE, tell};
use crate::clock::{now_us, random};
use tacho_alert::notify::{Act, Muted, Raised, Silence, parse_matchers};

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

/// A silence that somebody wants.
#[derive(Debug, Clone)]
pub(crate) struct NewSilence {
    /// Of the silence that it replaces.
    pub id: Option<String>,
    pub matchers: Vec<String>,
    pub starts_us: Option<i64>,
    pub ends_us: i64,
    pub by: String,
    pub comment: String,
    pub approved_by: Option<String>,
}

impl Alerting {
    /// Does something about an open alert; it counts when this returns.
    pub(crate) fn act(&self, id: &str, act: &Act, by: &str, note: Option<&str>) -> Result<Raised, Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        let done = inner.desk.act(id, act, by, note, now).map_err(Refused::Wrong)?;
        let raised = done.ok_or_else(|| Refused::Unknown(format!("there is no open alert \"{id}\"")))?;
        inner.pending.sayings.push(tell::acted(&raised, act, by, note, now));
        inner.save(None).map_err(|error| Refused::Failed(error.to_string()))?;
        drop(inner);
        self.posted.notify_all();
        Ok(raised)
    }

    /// Silences what the matchers name.
    pub(crate) fn silence(&self, wanted: NewSilence) -> Result<Silence, Refused> {
        let now = now_us();
        let mut matchers = Vec::new();
        for text in &wanted.matchers {
            matchers.extend(parse_matchers(text).map_err(Refused::Wrong)?);
        }
        let id = wanted.id.unwrap_or_else(fresh);
        let silence = Silence {
            id,
            matchers,
            starts_us: wanted.starts_us.unwrap_or(now).max(now),
            ends_us: wanted.ends_us,
            created_by: wanted.by,
            comment: wanted.comment,
            approved_by: wanted.approved_by.filter(|by| !by.trim().is_empty()),
        };
        if silence.approved_by.as_ref() == Some(&silence.created_by) {
            return Err(Refused::Wrong("a silence is approved by a second person".into()));
        }
        if silence.ends_us <= now {
            return Err(Refused::Wrong("the silence ends before it begins".into()));
        }
        let mut inner = self.inner.lock();
        let muted: Vec<String> = inner
            .desk
            .open()
            .filter(|raised| silence.matchers.iter().all(|matcher| matcher.matches(raised.labels())))
            .map(|raised| raised.id().to_string())
            .collect();
        inner.desk.silences().set(silence.clone()).map_err(Refused::Wrong)?;
        let body = serde_json::to_string(&silence).map_err(|error| Refused::Failed(error.to_string()))?;
        inner.pending.notes.push((SILENCE, silence.id.clone(), Some(body)));
        inner.pending.sayings.push(tell::silenced(&silence, &muted, now));
        inner.save(None).map_err(|error| Refused::Failed(error.to_string()))?;
        Ok(silence)
    }

    /// Ends a silence now.
    pub(crate) fn unsilence(&self, id: &str, by: &str) -> Result<(), Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        if !inner.desk.silences().expire(id, now) {
            return Err(Refused::Unknown(format!("there is no silence \"{id}\" that has not ended")));
        }
        inner.pending.notes.push((SILENCE, id.to_string(), None));
        inner.pending.sayings.push(tell::unsilenced(id, by, now));
        inner.save(None).map_err(|error| Refused::Failed(error.to_string()))
    }

    /// Silences that have not ended, and how many open alerts each mutes.
    pub(crate) fn silences(&self) -> Vec<(Silence, usize)> {
        let now = now_us();
        let mut inner = self.inner.lock();
        inner.desk.silences().forget(now);
        let all = inner.desk.silences().all().to_vec();
        let muted = |silence: &Silence| {
            let by_it =
                |raised: &&Raised| inner.desk.muted(raised, now) == Some(Muted::Silenced(silence.id.clone()));
            inner.desk.open().filter(by_it).count()
        };
        all.iter().map(|silence| (silence.clone(), muted(silence))).collect()
    }
}

fn fresh() -> String {
    let mut bytes = [0; 16];
    random(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
