//! What is sent by the clock: the daily digest, the weekly report, and the heartbeat.
//!
//! Invariants
//! - A digest begins where the one before ended, so that each alert is told once as new; the note of its end and its
//!   messages are saved together.
//! - Where nothing was raised the digest says so: silence looks like a digest that was not sent.

use super::{Alerting, Inner, mail};
use crate::deliver::{Guard, beat};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tacho_alert::notify::Raised;
use tacho_deliver::digest::{Period, message};
use tacho_deliver::heartbeat::Heartbeat;
use tacho_deliver::{Links, Told, Verdict};
use tacho_store::alert_file::{self, AlertChanges};

/// The kind of note that keeps when the last one ended.
const DIGEST: &str = "digest";
const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 24 * 60 * MINUTE_US;
/// 1970 began on a Thursday.
const MONDAY_US: i64 = 4 * DAY_US;
/// A digest reaches back so far at most, however long the server was away.
const REACH_US: i64 = 31 * DAY_US;
/// Alerts that one digest looks at.
const ALERTS_MAX: u32 = 10_000;

/// `[alerts.digests]` of the configuration.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Digests {
    /// Receivers of the daily digest.
    pub daily: Vec<String>,
    /// Receivers of the weekly report, on Mondays.
    pub weekly: Vec<String>,
    /// When, UTC.
    pub at: Hour,
}

/// A time of the day, as `08:00`; in microseconds from midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Hour(i64);

impl Default for Hour {
    fn default() -> Self {
        Hour(8 * 60 * MINUTE_US)
    }
}

impl TryFrom<String> for Hour {
    type Error = String;

    fn try_from(text: String) -> Result<Hour, String> {
        let number = |text: &str, below: i64| text.parse().ok().filter(|number| (0..below).contains(number));
        let two = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let parts = text.split_once(':').filter(|(hour, minute)| two(hour) && two(minute));
        let parts = parts.and_then(|(hour, minute)| Some((number(hour, 24)?, number(minute, 60)?)));
        let (hour, minute): (i64, i64) =
            parts.ok_or_else(|| format!("\"{text}\" is no time of the day, expected such as 08:00"))?;
        Ok(Hour((hour * 60 + minute) * MINUTE_US))
    }
}

/// What goes by the clock, and when it is looked at next.
pub(super) struct Regular {
    digests_us: i64,
    beat_us: i64,
    beating: Arc<AtomicBool>,
}

impl Regular {
    pub(super) fn new() -> Regular {
        Regular { digests_us: 0, beat_us: 0, beating: Arc::default() }
    }

    /// Sends what is due by now.
    pub(super) fn pass(&mut self, alerting: &Arc<Alerting>, guard: &Arc<Guard>, now_us: i64) {
        if now_us >= self.digests_us {
            self.digests_us = now_us + MINUTE_US / 2;
            alerting.post_digests(now_us);
        }
        let Some(heartbeat) = alerting.heartbeat.clone() else { return };
        if now_us < self.beat_us || self.beating.load(Ordering::Acquire) || !alerting.is_well() {
            return;
        }
        self.beat_us = now_us + heartbeat.every_us;
        self.beating.store(true, Ordering::Release);
        let (guard, beating) = (Arc::clone(guard), Arc::clone(&self.beating));
        // Beside the messages: an address that does not answer holds nothing up. Nobody waits for it at the end.
        std::thread::spawn(move || {
            say(&heartbeat, &guard);
            beating.store(false, Ordering::Release);
        });
    }
}

fn say(heartbeat: &Heartbeat, guard: &Guard) {
    match beat(heartbeat, guard) {
        Verdict::Delivered { .. } => {}
        Verdict::Retry { why, .. } | Verdict::Refused { why } => {
            tracing::error!("the heartbeat is not taken: {why}");
        }
        Verdict::Gone => tracing::error!("the heartbeat's address asks not to be called any more"),
    }
}

impl Alerting {
    /// Whether rules follow and what changes is kept: the heartbeat says so to others.
    fn is_well(&self) -> bool {
        self.inner.lock().fault.is_none() && self.board.lock().fault.is_none()
    }

    fn post_digests(&self, now_us: i64) {
        let Digests { daily, weekly, at } = &self.config.digests;
        for (period, name, length_us, begins_us, receivers) in [
            (Period::Daily, "daily", DAY_US, at.0, daily),
            (Period::Weekly, "weekly", 7 * DAY_US, at.0 + MONDAY_US, weekly),
        ] {
            if receivers.is_empty() {
                continue;
            }
            let end_us = (now_us - begins_us).div_euclid(length_us) * length_us + begins_us;
            let done = self.inner.lock().post_digest(period, name, end_us, receivers, &self.url, now_us);
            if let Err(error) = done {
                tracing::error!(%error, "the {name} digest can't be made");
            }
        }
    }
}

impl Inner {
    fn post_digest(
        &mut self,
        period: Period,
        name: &str,
        end_us: i64,
        receivers: &[String],
        url: &str,
        now_us: i64,
    ) -> Result<(), tacho_store::StoreError> {
        let before: Option<i64> = self.file.note(DIGEST, name)?.and_then(|text| text.parse().ok());
        if before.is_some_and(|before| before >= end_us) {
            return Ok(());
        }
        let notes = vec![(DIGEST, name.to_string(), Some(end_us.to_string()))];
        // The first time there is nothing that a digest would be the end of.
        let messages = match before {
            None => Vec::new(),
            Some(before) => {
                let from_us = before.max(end_us - REACH_US);
                self.digest(period, (from_us, end_us), receivers, url, now_us)?
            }
        };
        self.file.save(&AlertChanges { notes, messages, ..AlertChanges::default() })
    }

    fn digest(
        &self,
        period: Period,
        (from_us, end_us): (i64, i64),
        receivers: &[String],
        url: &str,
        now_us: i64,
    ) -> Result<Vec<alert_file::Message>, tacho_store::StoreError> {
        let alerts = self.told_between(from_us, end_us)?;
        let mut messages = Vec::new();
        for receiver in receivers {
            let Some(channels) = self.channels.get(receiver).filter(|channels| !channels.is_empty()) else {
                tracing::error!(
                    "a digest is for receiver \"{receiver}\", which has no channels in the routing"
                );
                continue;
            };
            let links = Links { dashboard: Some(format!("{url}/alerts")), acknowledge: None };
            let mut told = message(period, receiver, &alerts, from_us, end_us, links);
            if let (Period::Weekly, Some(capacity)) = (period, &self.capacity) {
                told.text = format!("{}\n\n{capacity}", told.text);
            }
            messages.extend(mail(&told, channels, now_us));
        }
        Ok(messages)
    }

    /// What fired between two moments, also when it had begun before.
    fn told_between(&self, from_us: i64, end_us: i64) -> Result<Vec<Told>, tacho_store::StoreError> {
        let mut bodies = self.file.closed_alerts(end_us, ALERTS_MAX)?;
        bodies.extend(self.file.open_alerts()?);
        let raised = bodies.iter().filter_map(|body| serde_json::from_str::<Raised>(body).ok());
        let within = |raised: &Raised| {
            raised.alert.starts_us < end_us && raised.alert.ends_us.is_none_or(|ends_us| ends_us >= from_us)
        };
        let told = |raised: Raised| {
            // What ended since then had not ended yet.
            let ends_us = raised.alert.ends_us.filter(|ends_us| *ends_us < end_us);
            let (fingerprint, condition) = (raised.id().to_string(), raised.condition);
            Told { fingerprint, condition, ends_us, ..Told::of(&raised.alert) }
        };
        Ok(raised.filter(within).map(told).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Monday, 2026-11-23T00:00:00Z.
    const MONDAY: i64 = 1_795_392_000_000_000;

    fn alerting(data: &std::path::Path, digests: Digests) -> Alerting {
        let routing = "route: {receiver: people}\nreceivers:\n  - name: oncall\n  - name: people\n    \
                       webhook_configs: [{url: 'https://example.com/in'}]\n    pagerduty_configs: [{routing_key: R}]\n";
        std::fs::write(data.join("routing.yaml"), routing).unwrap();
        let config = super::super::Config { digests, ..Default::default() };
        Alerting::open(data, &config, "log", "https://log.example.com".into()).unwrap()
    }

    fn waiting(alerting: &Alerting) -> Vec<tacho_deliver::Message> {
        let waiting = alerting.inner.lock().file.waiting("people/webhook_configs[0]").unwrap();
        waiting.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }

    #[test]
    fn a_time_of_the_day_is_read_strictly() {
        let read = |text: &str| Hour::try_from(text.to_string());
        assert_eq!(read("23:59"), Ok(Hour((23 * 60 + 59) * MINUTE_US)));
        for text in ["24:00", "8:00", "08:60", "0800", "-1:00", "+8:00", ""] {
            assert!(read(text).unwrap_err().contains("expected such as 08:00"), "{text}");
        }
    }

    #[test]
    fn a_digest_is_posted_once_a_day_from_where_the_last_one_ended() {
        let data = tempfile::tempdir().unwrap();
        let people = vec!["people".to_string()];
        let all = Digests { daily: people.clone(), weekly: people, at: Hour::default() };
        let first = alerting(data.path(), all.clone());
        let at = |day: i64, hour: i64| MONDAY + day * DAY_US + hour * 60 * MINUTE_US;
        first.post_digests(at(-1, 9));
        assert_eq!(waiting(&first), [], "nothing came before the first day");
        first.post_digests(at(0, 7));
        assert_eq!(waiting(&first), []);
        first.inner.lock().capacity = Some("Capacity: plenty".into());
        first.post_digests(at(0, 8));
        first.post_digests(at(0, 9));
        let told = waiting(&first);
        assert!(told[1].text.ends_with("\n\nCapacity: plenty"), "{}", told[1].text);
        let titles: Vec<&str> = told.iter().map(|told| told.title.split(':').next().unwrap()).collect();
        assert_eq!(titles, ["Daily digest", "Weekly report"]);
        assert!(
            told[0].text.starts_with("From 2026-11-22T08:00:00Z to 2026-11-23T08:00:00Z."),
            "{}",
            told[0].text
        );
        assert!(told[0].text.ends_with("Nothing was raised."));
        // Away for three days: the next one tells of all of them, and what began while it was away.
        let labels = [("alertname", "down"), ("severity", "critical")];
        let outside = tacho_alert::notify::Outside {
            labels: labels.map(|(name, value)| (name.to_string(), value.to_string())).into(),
            annotations: BTreeMap::new(),
            starts_us: at(1, 0),
            expires_us: i64::MAX / 2,
            url: None,
        };
        let mut inner = first.inner.lock();
        assert!(inner.desk.outside(outside, at(1, 0)).is_some());
        inner.save(None).unwrap();
        drop(inner);
        drop(first);
        let second = alerting(data.path(), all);
        second.post_digests(at(3, 12));
        let told = waiting(&second);
        assert_eq!(told.len(), 3);
        assert!(
            told[2].text.starts_with("From 2026-11-23T08:00:00Z to 2026-11-26T08:00:00Z."),
            "{}",
            told[2].text
        );
        assert_eq!(told[2].title, "Daily digest: 1 critical, 0 warning, 0 info");
        assert_eq!(told[2].alerts[0].labels["alertname"], "down");
        second.post_digests(at(4, 8));
        let still = waiting(&second).remove(3);
        assert!(still.text.contains("1 alert, 1 still firing."), "it goes on: {}", still.text);
        let pages = second.inner.lock().file.waiting("people/pagerduty_configs[0]").unwrap();
        assert_eq!(pages.len(), 0, "nobody is paged for a digest");
    }
}
