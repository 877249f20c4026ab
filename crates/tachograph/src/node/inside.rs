//! What those who keep the folder in order need of its parts.

use super::Node;
use crate::config::Config;
use crate::folder::Keys;
use crate::retention::Removals;
use crate::verify::Check;
use crate::work::Work;
use std::error::Error;
use tacho_event::id::IdKey;
use tacho_event::time::Micros;
use tacho_ingest::accept::Acceptor;
use tacho_ingest::classify::Classifier;
use tacho_ingest::{Ingest, Newcomers};
use tacho_query::Limits;
use tacho_record::keyring::KeyRing;
use tacho_record::recorder::Recorder;
use tacho_redact::{Findings, Redactor};

/// What every event passes through.
pub(super) fn ingest(config: &Config, keys: &Keys) -> Result<Ingest, Box<dyn Error>> {
    let acceptor = Acceptor {
        redactor: Redactor::new(&config.redaction)?,
        minimisation: config.minimise.clone(),
        id_key: keys.id_key(),
    };
    let classifier = Classifier::new(&config.classes)?;
    Ok(Ingest { acceptor, classifier, newcomers: Newcomers::new(config.ingest.new_users_per_day) })
}

/// What queries may take.
pub(super) fn limits(config: &Config) -> Limits {
    Limits {
        memory_bytes: config.query.memory_mb << 20,
        cache_bytes: config.query.cache_mb << 20,
        time: std::time::Duration::from_secs(config.query.seconds),
        rows_max: config.query.rows as u64,
        concurrency: config.query.at_once,
    }
}

impl Node {
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    pub(crate) fn work(&self) -> &Work {
        &self.work
    }

    pub(crate) fn removals(&self) -> &Removals {
        &self.removals
    }

    pub(crate) fn ring(&self) -> std::sync::MutexGuard<'_, KeyRing> {
        self.ring.lock().expect("nothing panics while it holds the key ring")
    }

    /// What redaction makes of a text, what it found, and whether the text was read as JSON.
    pub(crate) fn redact(&self, text: &str) -> (String, Findings, bool) {
        let (redactor, mut findings) = (&self.ingest.acceptor.redactor, Findings::default());
        let json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        let redacted =
            if json { redactor.json(text, &mut findings) } else { redactor.text(text, &mut findings) };
        (redacted.into_owned(), findings, json)
    }

    pub(crate) fn id_key(&self) -> &IdKey {
        &self.ingest.acceptor.id_key
    }

    /// What the time is by the node's clock.
    pub(crate) fn now_us(&self) -> Micros {
        (self.clock)()
    }

    /// Puts all of them on the log once more, because what tells of them expires.
    pub(crate) fn tell_segments_again(&self, reason: &str) -> Result<(), tacho_store::StoreError> {
        self.told.again(reason)
    }

    /// Above this a segment is cut.
    pub(crate) fn hot_limit_bytes(&self) -> usize {
        self.hot_limit_bytes
    }

    /// What the last verification of the whole folder found.
    pub(crate) fn last_check(&self) -> Option<Check> {
        self.last_check.lock().clone()
    }

    pub(crate) fn set_check(&self, check: Check) {
        *self.last_check.lock() = Some(check);
    }

    pub(crate) fn hot_bytes(&self) -> usize {
        self.store.hot_bytes()
    }
}
