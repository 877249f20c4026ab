//! What those who keep the folder in order need of its parts.

use super::Node;
use crate::retention::Removals;
use crate::verify::Check;
use crate::work::Work;
use tacho_event::id::IdKey;
use tacho_event::time::Micros;
use tacho_record::keyring::KeyRing;
use tacho_record::recorder::Recorder;

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
