//! Sends the messages that wait: each channel in its own order, several channels beside one another.
//!
//! Guarantee: at least once. A message is taken out only when its channel has answered; after a crash in between it is sent
//! again under the same id, which most vendors leave out. What a channel refuses for good, what it has not taken
//! after [`ATTEMPTS_MAX`] tries, and what is critical and was not taken within [`CRITICAL_US`], goes to a channel of
//! another kind.
//!
//! Limits: [`LANES_MAX`] channels at a time. Each channel has a bucket of tokens; when more wait for it than its burst, it
//! gets all of them as one message, but for those that keep a state of each alert. A bucket begins with one token, so
//! that starting again and again sends no faster.

mod late;
#[cfg(test)]
mod tests;

use super::regular::Regular;
use super::{Alerting, Inner, RECEIPT, mail, tell};
use crate::clock::{now_us, random};
use crate::deliver::Guard;
use late::{CRITICAL_US, FAILING};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tacho_alert::Severity;
use tacho_deliver::bucket::Bucket;
use tacho_deliver::held::together;
use tacho_deliver::{Channel, Message, Verdict};
use tacho_store::alert_file::{self, AlertChanges, Sending};

const LANES_MAX: usize = 8;
/// Lanes that are looked at: those before may have to wait for their tokens.
const LOOKED_MAX: u32 = 500;
/// Messages that become one.
const TOGETHER_MAX: usize = 10_000;
/// About three days with the pauses between them.
const ATTEMPTS_MAX: u32 = 880;
const FIRST_PAUSE_US: i64 = 1_000_000;
const PAUSE_MAX_US: i64 = 300_000_000;
/// How long is waited at most before looking again.
const LOOK: Duration = Duration::from_secs(1);

/// Sends until alerting closes; then waits for what is under way.
pub(crate) fn deliver(alerting: &Arc<Alerting>) {
    let guard = Arc::new(Guard::new(&alerting.config.allow_private));
    let busy = Arc::new(parking_lot::Mutex::new(HashSet::<String>::new()));
    let mut threads = Vec::new();
    let mut regular = Regular::new();
    let mut handed = HashSet::new();
    loop {
        regular.pass(alerting, &guard, now_us());
        alerting.hand_over_held(&mut handed);
        let due = {
            let mut inner = alerting.inner.lock();
            if inner.closing {
                break;
            }
            let (due, wait) = inner.due(&busy.lock(), now_us());
            if due.is_empty() {
                alerting.posted.wait_for(&mut inner, wait);
                continue;
            }
            due
        };
        threads.retain(|thread: &std::thread::JoinHandle<()>| !thread.is_finished());
        for message in due {
            busy.lock().insert(message.lane.clone());
            let (alerting, guard, busy) = (Arc::clone(alerting), Arc::clone(&guard), Arc::clone(&busy));
            threads.push(std::thread::spawn(move || {
                let lane = message.lane.clone();
                alerting.send(message, &guard);
                busy.lock().remove(&lane);
                alerting.posted.notify_all();
            }));
        }
    }
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("sending a message ended early; it is sent again at the next start");
        }
    }
}

impl Inner {
    /// The next message of each channel that is free and has a token; and how long to wait where there is none.
    fn due(&mut self, busy: &HashSet<String>, now: i64) -> (Vec<alert_file::Message>, Duration) {
        let (mut due, mut wait) = (Vec::new(), LOOK);
        let found = self.file.due(now, LOOKED_MAX).unwrap_or_else(|error| {
            tracing::error!(%error, "messages that wait can't be read");
            Vec::new()
        });
        let free = found.into_iter().filter(|message| !busy.contains(&message.lane));
        for message in free {
            if due.len() + busy.len() >= LANES_MAX {
                break;
            }
            // What has no channel any more is told so at once.
            let channel = self.channel(&message.lane);
            let token = channel.as_ref().map_or(Ok(()), |channel| {
                let new = || Bucket::new(channel.limit, now);
                let bucket = self.buckets.entry(message.lane.clone()).or_insert_with(new);
                bucket.take(channel.limit, now)
            });
            match token {
                Ok(()) => due.push(self.gathered(message, channel.as_ref())),
                Err(missing_us) => wait = wait.min(Duration::from_micros(missing_us.max(1000) as u64)),
            }
        }
        (due, wait)
    }

    /// The message itself, or one that stands for it and all behind it, where more wait than the channel takes at once.
    fn gathered(&mut self, first: alert_file::Message, channel: Option<&Channel>) -> alert_file::Message {
        let Some(channel) = channel.filter(|channel| channel.takes_digests()) else { return first };
        if self.file.waiting_count(&first.lane).is_ok_and(|count| count <= u64::from(channel.limit.burst)) {
            return first;
        }
        // What failed is tried again by itself: it must not take the others with it.
        let waiting = self.file.waiting(&first.lane).unwrap_or_default().into_iter();
        let waiting =
            waiting.filter(|message| message.attempts == 0 || message.id == first.id).take(TOGETHER_MAX);
        // One that is not readable is told so by itself.
        let read = |message: alert_file::Message| Some((serde_json::from_str(&message.body).ok()?, message));
        let (told, waiting): (Vec<Message>, Vec<alert_file::Message>) = waiting.filter_map(read).unzip();
        let Some(digest) = together(&told) else { return first };
        let body = serde_json::to_string(&digest).unwrap_or_default();
        let whole =
            alert_file::Message { id: format!("{}/{}", digest.id, first.lane), body, ..first.clone() };
        let saying = tell::digested(&whole.id, &digest, channel.kind, &told, now_us());
        match self.file.gather(&waiting, &whole, saying) {
            Ok(()) => whole,
            Err(error) => {
                tracing::error!(%error, "messages can't be gathered");
                first
            }
        }
    }

    pub(super) fn channel(&self, lane: &str) -> Option<Channel> {
        let (receiver, place) = lane.rsplit_once('/')?;
        self.channels.get(receiver)?.iter().find(|channel| channel.place == place).cloned()
    }

    /// A channel of another kind than one that fails: the receiver's own first.
    fn other(&self, failed: &Channel, receiver: &str) -> Option<(String, Channel)> {
        let own = self.channels.get_key_value(receiver).into_iter();
        let mut names: Vec<_> = self.channels.iter().collect();
        names.sort_by_key(|(name, _)| name.as_str());
        let usable = |channel: &&Channel| channel.kind != failed.kind && channel.reaches_people();
        own.chain(names)
            .find_map(|(name, channels)| Some((name.clone(), channels.iter().find(usable)?.clone())))
    }
}

impl Alerting {
    fn send(&self, mut message: alert_file::Message, guard: &Guard) {
        let Ok(told) = serde_json::from_str::<Message>(&message.body) else {
            message.state = Sending::Failed;
            message.error = Some("the message is not readable".into());
            return self.tried(&message, &[]);
        };
        let (channel, kept) = {
            let inner = self.inner.lock();
            let thread = receipt_key(&message.lane, &told.thread);
            let kept = inner.file.note(RECEIPT, &thread).ok().flatten();
            (inner.channel(&message.lane), kept)
        };
        let Some(channel) = channel else {
            message.state = Sending::Failed;
            message.error = Some("the routing has no such channel any more".into());
            let saying = tell::sent(&message, &told, "none", None, now_us());
            return self.tried(&message, &[saying]);
        };
        let verdict = crate::deliver::send(&channel, &told, kept.as_deref(), guard);
        let now = now_us();
        message.attempts += 1;
        match verdict {
            Verdict::Delivered { receipt } => {
                (message.state, message.error) = (Sending::Sent, None);
                let saying = tell::sent(&message, &told, channel.kind, receipt.as_deref(), now);
                self.tried(&message, &[saying]);
                if let (None, Some(receipt)) = (kept, receipt) {
                    self.keep(receipt_key(&message.lane, &told.thread), receipt);
                }
            }
            Verdict::Retry { after_us, why } if message.attempts < ATTEMPTS_MAX => {
                message.due_us = now + after_us.unwrap_or(0).max(pause(message.attempts));
                message.error = Some(why);
                let is_late = told.severity == Severity::Critical && now - message.at_us >= CRITICAL_US;
                // Said and handed over once: both have an id of their own.
                let saying = tell::sent(&message, &told, channel.kind, None, now);
                let sayings = if message.attempts == FAILING { vec![saying] } else { Vec::new() };
                self.tried(&message, &sayings);
                if is_late {
                    self.hand_over(&message, &told, &channel);
                }
            }
            Verdict::Retry { why, .. } | Verdict::Refused { why } => {
                self.failed(message, &told, &channel, why)
            }
            Verdict::Gone => {
                self.failed(message, &told, &channel, "it asks not to be called any more".into())
            }
        }
    }

    /// A channel will not take a message: the log says so, and a channel of another kind is tried.
    fn failed(&self, mut message: alert_file::Message, told: &Message, channel: &Channel, why: String) {
        tracing::error!(lane = %message.lane, "a message could not be delivered: {why}");
        (message.state, message.error) = (Sending::Failed, Some(why));
        let now = now_us();
        let saying = tell::sent(&message, told, channel.kind, None, now);
        self.tried(&message, &[saying]);
        self.hand_over(&message, told, channel);
    }

    fn tried(&self, message: &alert_file::Message, sayings: &[(String, String)]) {
        let mut inner = self.inner.lock();
        inner.remark_sent(message);
        inner.pending.tried.push(message.clone());
        inner.was_tried = true;
        inner.pending.sayings.extend_from_slice(sayings);
        if let Err(error) = inner.save(None) {
            // It is sent again, under the same id.
            tracing::error!(%error, id = %message.id, "what became of a message can't be saved");
        }
    }

    fn keep(&self, key: String, receipt: String) {
        let notes = vec![(RECEIPT, key, Some(receipt))];
        if let Err(error) = self.inner.lock().file.save(&AlertChanges { notes, ..AlertChanges::default() }) {
            tracing::error!(%error, "a receipt can't be kept: later messages begin a new thread");
        }
    }

    /// Posts a marked test message to every channel of a receiver.
    pub(crate) fn test(&self, receiver: &str) -> Result<usize, super::Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        if !inner.book.routing.names().iter().any(|name| name == receiver) {
            return Err(super::Refused::Unknown(format!("the routing has no receiver \"{receiver}\"")));
        }
        let mut messages = Vec::new();
        for name in inner.desk.dispatcher().roster.reach(receiver, now) {
            let channels = inner.channels.get(&name).map_or(&[][..], Vec::as_slice);
            messages.extend(mail(&Message::test(&name, now), channels, now));
        }
        let count = messages.len();
        let changes = AlertChanges { messages, ..AlertChanges::default() };
        inner.file.save(&changes).map_err(|error| super::Refused::Failed(error.to_string()))?;
        drop(inner);
        self.posted.notify_all();
        Ok(count)
    }
}

fn receipt_key(lane: &str, thread: &str) -> String {
    format!("{lane} {thread}")
}

/// Grows by half with each try, and differs by a quarter so that many do not come back together.
fn pause(attempts: u32) -> i64 {
    let grown = (1..attempts.min(40)).fold(FIRST_PAUSE_US, |us, _| (us + us / 2).min(PAUSE_MAX_US));
    let mut noise = [0; 1];
    random(&mut noise);
    grown + grown / 4 * i64::from(noise[0]) / 255
}
