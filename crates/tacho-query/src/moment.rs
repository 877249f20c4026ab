//! What a query is asked of: one moment of the log, and what is concluded of its events.

use crate::actions::Concluded;
use crate::sight::Sight;
use std::sync::Arc;
use tacho_action::Overlay;
use tacho_event::time::Micros;
use tacho_store::Snapshot;

/// An open call counts as hung after this time, if nothing else is set: ten minutes.
pub const HUNG_US: Micros = 600_000_000;

/// A snapshot of the store with the overlay of its events. The overlay may be behind by what came last: such events
/// stand for themselves.
#[derive(Debug, Clone)]
pub struct Moment {
    pub snapshot: Arc<Snapshot>,
    pub overlay: Arc<Overlay>,
    /// After which time an open call counts as hung, microseconds.
    pub hung_us: Micros,
    /// Whose events are seen.
    pub sight: Sight,
}

impl From<Arc<Snapshot>> for Moment {
    /// A moment of which nothing is concluded.
    fn from(snapshot: Arc<Snapshot>) -> Moment {
        Moment { snapshot, overlay: Arc::default(), hung_us: HUNG_US, sight: Sight::All }
    }
}

impl Moment {
    /// How many of the newest entries stand for themselves because they were not looked at yet: a call that two of them tell
    /// of counts twice.
    #[must_use]
    pub fn unjoined(&self) -> u64 {
        self.snapshot.size.saturating_sub(self.overlay.position())
    }

    /// The same for somebody who sees only their own.
    #[must_use]
    pub fn seen_by(self, sight: Sight) -> Moment {
        Moment { sight, ..self }
    }

    /// The same with another view of its events.
    pub(crate) fn of(&self, snapshot: Arc<Snapshot>) -> Moment {
        Moment { snapshot, ..self.clone() }
    }

    pub(crate) fn concluded(&self) -> Concluded {
        Concluded { overlay: Arc::clone(&self.overlay), hung_us: self.hung_us }
    }
}
