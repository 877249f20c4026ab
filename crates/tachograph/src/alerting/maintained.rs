//! Maintenance windows, live: what is planned in the routing, what was begun by hand, and that both are on the log.
//!
//! A window that is begun by hand is a silence that says what becomes of what fires within it.

use super::tell::{self, Saying};
use super::{Alerting, Inner, Refused};
use crate::clock::now_us;
use tacho_alert::notify::{Strategy, Window};
use tacho_event::time::format;

/// The kind of note that keeps which windows of the routing are on, since when.
const WORKING: &str = "maintenance";

/// A maintenance window, as it is seen.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    /// The name of one that is planned in the routing, the id of one that was begun by hand.
    pub id: String,
    pub planned: bool,
    pub matchers: Vec<String>,
    pub strategy: Strategy,
    pub comment: String,
    pub by: Option<String>,
    pub approved_by: Option<String>,
    pub from_us: Option<i64>,
    pub until_us: Option<i64>,
    pub is_on: bool,
    /// It counts when a second person has agreed.
    pub is_asked: bool,
    /// Open alerts that it keeps quiet.
    pub mutes: usize,
}

impl Alerting {
    /// Every maintenance window that is not over.
    pub(crate) fn maintenance(&self) -> Result<Vec<Work>, Refused> {
        let now = now_us();
        let begun = self.silences()?.into_iter().filter_map(|(asked, mutes)| {
            let silence = asked.silence;
            Some(Work {
                planned: false,
                matchers: silence.matchers.iter().map(ToString::to_string).collect(),
                strategy: silence.maintenance?,
                comment: silence.comment,
                by: Some(silence.created_by),
                approved_by: silence.approved_by,
                from_us: Some(silence.starts_us),
                until_us: Some(silence.ends_us),
                is_on: asked.credential.is_none() && (silence.starts_us..silence.ends_us).contains(&now),
                is_asked: asked.credential.is_some(),
                id: silence.id,
                mutes,
            })
        });
        let mut all: Vec<Work> = begun.collect();
        let inner = self.inner.lock();
        let windows = inner.desk.dispatcher().windows().iter();
        let ahead = windows.filter(|window| window.period.is_none_or(|(_, until_us)| until_us > now));
        all.extend(
            ahead.map(|window| Work {
                id: window.name.clone(),
                planned: true,
                matchers: window.matchers.iter().map(ToString::to_string).collect(),
                strategy: window.strategy,
                comment: window.comment.clone(),
                by: None,
                approved_by: None,
                from_us: window
                    .period
                    .map_or_else(|| inner.working.get(&window.name).copied(), |(from, _)| Some(from)),
                until_us: window.period.map(|(_, until)| until),
                is_on: window.is_on(now),
                is_asked: false,
                mutes: inner.kept_quiet(window, now),
            }),
        );
        all.sort_by_key(|work| (!work.is_on, work.from_us));
        Ok(all)
    }
}

impl Inner {
    fn kept_quiet(&self, window: &Window, now_us: i64) -> usize {
        let quiet = |suppressed: &Option<String>| suppressed.as_ref() == Some(&window.name);
        let open = self.desk.open().filter(|raised| {
            quiet(&raised.alert.suppressed) || (window.is_on(now_us) && window.concerns(raised.labels()))
        });
        open.count()
    }

    /// Takes which windows were on.
    pub(super) fn recall_windows(&mut self) -> Result<(), tacho_store::StoreError> {
        let notes = self.file.notes(WORKING)?.into_iter();
        self.working = notes.map(|(name, body)| (name, body.parse().unwrap_or(0))).collect();
        Ok(())
    }

    /// Has the log told which windows of the routing began and ended.
    pub(super) fn pass_windows(&mut self, now_us: i64) {
        let windows = self.desk.dispatcher().windows().iter().filter(|window| window.is_on(now_us));
        let on: Vec<Window> = windows.cloned().collect();
        let over: Vec<(String, i64)> = self
            .working
            .iter()
            .filter(|(name, _)| on.iter().all(|window| window.name != **name))
            .map(|(name, since_us)| (name.clone(), *since_us))
            .collect();
        for (name, since_us) in over {
            self.working.remove(&name);
            self.pending.notes.push((WORKING, name.clone(), None));
            self.pending.sayings.push(said(&name, since_us, None, now_us));
        }
        for window in on {
            if !self.working.contains_key(&window.name) {
                self.working.insert(window.name.clone(), now_us);
                self.pending.notes.push((WORKING, window.name.clone(), Some(now_us.to_string())));
                self.pending.sayings.push(said(&window.name, now_us, Some(&window), now_us));
            }
        }
    }
}

/// A window of the routing began, or ended.
fn said(name: &str, since_us: i64, begun: Option<&Window>, at_us: i64) -> Saying {
    let mut result = serde_json::json!({"window": name, "since": format(since_us)});
    if let Some(window) = begun {
        let matchers: Vec<String> = window.matchers.iter().map(ToString::to_string).collect();
        result["matchers"] = serde_json::json!(matchers);
        result["strategy"] = window.strategy.as_str().into();
        result["comment"] = window.comment.as_str().into();
    }
    let (id, event) = match begun {
        Some(_) => ("begun", "alert_maintenance_begun"),
        None => ("ended", "alert_maintenance_ended"),
    };
    let outcome = serde_json::json!({"outcome": {"status": "success", "result": result}});
    tell::event(format!("maintenance/{name}/{since_us}/{id}"), event, "WARNING", at_us, outcome)
}
