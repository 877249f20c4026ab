//! What was told before, of events that are read again: the same answer as when they were recorded.
//!
//! Invariant: events come in the order of the log. A call that began before the first of them is known from there on only.

use super::Concluded;
use super::repeats::Repeats;
use std::sync::Arc;
use tacho_action::Overlay;
use tacho_event::words::{Known, Outcome, Phase};

pub(crate) struct Retold {
    concluded: Arc<Concluded>,
    /// Asked for when an event is older than what is known of all.
    overlay: Option<Arc<Overlay>>,
    repeats: Repeats,
}

impl Retold {
    pub(super) fn new(concluded: Arc<Concluded>) -> Retold {
        Retold { concluded, overlay: None, repeats: Repeats::default() }
    }

    /// Whether another witness told the same of the call before.
    pub(crate) fn told_before(&mut self, index: u64, told: (Outcome, Option<Phase>, Known)) -> bool {
        if let Some(known) = self.concluded.told_before(index) {
            return known;
        }
        let overlay = self.overlay.get_or_insert_with(|| self.concluded.overlay());
        // What stands alone repeats nothing.
        if overlay.entry(index).is_none() {
            return false;
        }
        self.repeats.note(index, told, overlay);
        self.repeats.has(index).unwrap_or_default()
    }
}
