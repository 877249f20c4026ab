//! What a channel does not take: a channel of another kind tells it, and whoever asks how the server is hears of it.

use super::{Alerting, Inner};
use crate::clock::now_us;
use std::collections::HashSet;
use tacho_alert::Severity;
use tacho_deliver::{Channel, Message, Notice};
use tacho_store::alert_file::{self, AlertChanges, Sending};

/// A critical message that its channel has not taken by then goes to another one too.
pub(super) const CRITICAL_US: i64 = 60_000_000;
/// After so many tries a channel counts as failing.
pub(super) const FAILING: u32 = 3;
/// Messages behind failing ones that are handed over at once, and those of which that is remembered.
const HANDED_AT_ONCE: u32 = 1000;
const HANDED_MAX: usize = 10_000;
/// What messages that stand for undelivered ones begin with: they are not replaced again.
const INSTEAD: &str = "instead/";

impl Inner {
    /// Looks again which channels fail, where something was tried.
    pub(in crate::alerting) fn look_at_channels(&mut self) {
        if !std::mem::take(&mut self.was_tried) {
            return;
        }
        let words = |(lane, since_us, count, why): (String, i64, u64, String)| {
            let since = tacho_event::time::format(since_us);
            format!("{count} messages to {lane} are not taken since {since}: {why}")
        };
        match self.file.failing(FAILING) {
            Ok(failing) => self.failing = failing.into_iter().map(words).collect(),
            Err(error) => tracing::error!(%error, "messages that wait can't be read"),
        }
    }
}

impl Alerting {
    /// Has a channel of another kind tell what one does not take.
    pub(super) fn hand_over(&self, message: &alert_file::Message, told: &Message, channel: &Channel) {
        if told.id.starts_with(INSTEAD) || told.notice == Notice::Test {
            return;
        }
        let now = now_us();
        let mut inner = self.inner.lock();
        let Some((receiver, other)) = inner.other(channel, &told.receiver) else { return };
        let instead = Message {
            id: format!("{INSTEAD}{}", told.id),
            title: format!("[not delivered by {} to {}] {}", channel.kind, told.receiver, told.title),
            receiver: receiver.clone(),
            ..told.clone()
        };
        let messages = vec![alert_file::Message {
            id: format!("{}/{}", instead.id, message.lane),
            lane: format!("{receiver}/{}", other.place),
            state: Sending::Waiting,
            due_us: now,
            at_us: now,
            attempts: 0,
            error: None,
            body: serde_json::to_string(&instead).unwrap_or_default(),
        }];
        if let Err(error) = inner.file.save(&AlertChanges { messages, ..AlertChanges::default() }) {
            tracing::error!(%error, "a message could not be handed to another channel");
        }
    }

    /// Hands over what is critical and waits behind messages that its channel does not take.
    pub(super) fn hand_over_held(&self, handed: &mut HashSet<String>) {
        let late = {
            let inner = self.inner.lock();
            // Nothing failed: nothing is held up.
            if inner.failing.is_empty() {
                return handed.clear();
            }
            inner.file.held_up(now_us() - CRITICAL_US, FAILING, HANDED_AT_ONCE)
        };
        let late = late.unwrap_or_else(|error| {
            tracing::error!(%error, "messages that wait can't be read");
            Vec::new()
        });
        for message in late {
            let Ok(told) = serde_json::from_str::<Message>(&message.body) else { continue };
            // To hand it over again would change nothing: the other message has an id of its own.
            if handed.len() >= HANDED_MAX || !handed.insert(message.id.clone()) {
                continue;
            }
            let channel = self.inner.lock().channel(&message.lane);
            if let Some(channel) = channel.filter(|_| told.severity == Severity::Critical) {
                self.hand_over(&message, &told, &channel);
            }
        }
    }
}
