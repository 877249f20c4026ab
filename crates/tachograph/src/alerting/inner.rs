//! What changes together is taken from the file and saved to it.

use super::oncall::OVERRIDE;
use super::silence::SILENCE;
use super::{BOOK, Book, Inner, THREAD, TOLD, tell};
use crate::clock::now_us;
use std::error::Error;
use std::sync::Arc;
use tacho_alert::notify::{Changed, Due, News, Override, Raised, Silence, Told};
use tacho_deliver::Channel;
use tacho_store::alert_file::{AlertChanges, Message, Sending};

impl Inner {
    /// Takes what the file keeps.
    pub(super) fn recall(&mut self) -> Result<(), Box<dyn Error>> {
        let open = self.file.open_alerts()?;
        let open = open.iter().map(|body| serde_json::from_str(body)).collect::<Result<Vec<Raised>, _>>()?;
        let told = self.file.notes(TOLD)?.into_iter().map(|(key, body)| {
            let told: Told = serde_json::from_str(&body)?;
            Ok::<_, serde_json::Error>((key, told))
        });
        let told = told.collect::<Result<Vec<_>, _>>()?;
        let silences = self.file.notes(SILENCE)?;
        let silences = silences.iter().map(|(_, body)| serde_json::from_str(body));
        let silences = silences.collect::<Result<Vec<Silence>, _>>()?;
        let overrides = self.file.notes(OVERRIDE)?;
        let overrides = overrides.iter().map(|(_, body)| serde_json::from_str(body));
        let mut overrides = overrides.collect::<Result<Vec<Override>, _>>()?;
        // The one that was made last counts first.
        overrides.sort_by_key(|taken| taken.made_us);
        self.desk.recall(open, told, silences, overrides);
        self.recall_windows()?;
        Ok(())
    }

    /// Reads the channels of the routing, and says on the log which rules count from now on.
    pub(super) fn take_book(&mut self) {
        let (channels, errors) = tell::channels(&self.book.routing);
        self.channels = channels;
        if !errors.is_empty() {
            let mut book = Book::clone(&self.book);
            book.errors.extend(errors);
            self.book = Arc::new(book);
        }
        for error in &self.book.errors {
            tracing::error!("alerting: {error}");
        }
        let unknown = self.responses.unknown(&self.book.rules);
        if !unknown.is_empty() {
            let mut book = Book::clone(&self.book);
            book.errors.extend(unknown);
            self.book = Arc::new(book);
        }
        let digest = self.book.digest();
        let before = self.file.notes(BOOK).unwrap_or_default();
        if before.first().is_none_or(|(_, before)| *before != digest) {
            // That the rules are those that are built in is nothing to say of a new folder.
            if !before.is_empty() || !self.book.files.is_empty() || !self.book.errors.is_empty() {
                self.pending.sayings.push(tell::book(&self.book, &digest, now_us()));
            }
            self.pending.notes.push((BOOK, BOOK.into(), Some(digest)));
        }
    }

    /// Makes messages of what is due, one for each channel.
    pub(super) fn post(&mut self, due: &Due, url: &str, now_us: i64) {
        if let Due::Page { alert, level, receivers, whom, at_us, .. } = due {
            self.pending.sayings.push(tell::escalated(alert, (receivers, whom), *level, *at_us));
        }
        for (receiver, mut message) in tell::messages(due, &self.desk, url) {
            self.sign(&mut message, url, now_us);
            let alerts: Vec<&str> = message.alerts.iter().map(|told| told.fingerprint.as_str()).collect();
            let thread = serde_json::json!({"alerts": alerts, "at_us": now_us});
            self.pending.notes.push((THREAD, message.code.clone(), Some(thread.to_string())));
            let channels = self.channels.get(&receiver).map_or(&[][..], Vec::as_slice);
            self.pending.messages.extend(mail(&message, channels, now_us));
        }
    }

    /// Has the log told what became of an alert.
    pub(super) fn say(&mut self, news: Option<News>) {
        let saying = match news {
            Some(News::Raised(raised)) => {
                self.respond_to(&raised);
                tell::raised(&raised, &self.desk.receivers(&raised))
            }
            Some(News::Resolved(raised)) => tell::resolved(&raised),
            None => return,
        };
        self.pending.sayings.push(saying);
    }

    /// Saves what changed since this was done last.
    pub(super) fn save(&mut self, position: Option<(u64, i64)>) -> Result<(), tacho_store::StoreError> {
        self.see_responses();
        let Changed { mut alerts, groups } = self.desk.take_changed();
        alerts.extend(self.take_late());
        self.see_cases(&alerts);
        let pending = &mut self.pending;
        for raised in alerts {
            let body = serde_json::to_string(&raised).unwrap_or_default();
            let open = raised.alert.ends_us.is_none();
            pending.alerts.push((raised.id().to_string(), open, raised.alert.starts_us, body));
        }
        for (key, told) in groups {
            let body = told.map(|told| serde_json::to_string(&told).unwrap_or_default());
            pending.notes.push((TOLD, key, body));
        }
        if position.is_some() {
            pending.position = position;
        }
        if pending.is_empty() {
            return Ok(());
        }
        self.file.save(pending)?;
        self.pending = AlertChanges::default();
        self.fault = None;
        Ok(())
    }
}

/// A message as it waits in the outbox, once for each channel of its receiver that wants it.
pub(super) fn mail(message: &tacho_deliver::Message, channels: &[Channel], now_us: i64) -> Vec<Message> {
    let body = serde_json::to_string(message).unwrap_or_default();
    let wanting = channels.iter().filter(|channel| channel.wants(message));
    let mail = |channel: &Channel| Message {
        id: format!("{}/{}", message.id, channel.place),
        lane: format!("{}/{}", message.receiver, channel.place),
        state: Sending::Waiting,
        due_us: now_us,
        at_us: now_us,
        attempts: 0,
        error: None,
        body: body.clone(),
    };
    wanting.map(mail).collect()
}
