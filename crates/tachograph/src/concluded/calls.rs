//! Which calls are open, for alert rules: what is concluded of all events, and the same of events that are read again.

use super::Concluded;
use parking_lot::Mutex;
use tacho_action::{Closure, Entry, Joiner, Observation, Overlay, header_concerns};
use tacho_alert::Calls;
use tacho_event::entry::Place;
use tacho_event::record::Accepted;

impl Calls for Concluded {
    fn action(&self, index: u64) -> Option<u64> {
        action(&self.inner.lock().overlay, index)
    }

    fn is_over(&self, index: u64) -> Option<bool> {
        is_over(&self.inner.lock().overlay, index)
    }
}

/// Joins events that are read again, one by one: at each of them a call is as open as it was then.
///
/// Invariant: events come in the order of the log. A call that began before the first of them is known from there on only.
#[derive(Debug, Default)]
pub(crate) struct Rejoined(Mutex<(Joiner, Overlay)>);

impl Rejoined {
    pub(crate) fn observe(&self, index: u64, place: &Place, event: &Accepted<'_>) {
        let mut inner = self.0.lock();
        let (joiner, overlay) = &mut *inner;
        if place.revision > 0 || header_concerns(&event.header) {
            joiner.observe(&Observation::of(index, place, event), overlay);
        }
        overlay.set_position(index + 1);
    }
}

impl Calls for Rejoined {
    fn action(&self, index: u64) -> Option<u64> {
        action(&self.0.lock().1, index)
    }

    fn is_over(&self, index: u64) -> Option<bool> {
        is_over(&self.0.lock().1, index)
    }
}

fn action(overlay: &Overlay, index: u64) -> Option<u64> {
    let is_known = index < overlay.position();
    is_known.then(|| match overlay.entry(index) {
        Some(Entry::Hidden { action, .. }) => *action,
        Some(Entry::Shown(record)) => record.action,
        // Alone so far: it names its own action.
        None => index,
    })
}

fn is_over(overlay: &Overlay, index: u64) -> Option<bool> {
    Some(overlay.record(index)?.closure? != Closure::Open)
}
