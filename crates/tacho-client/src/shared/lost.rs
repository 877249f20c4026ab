//! What found no room is counted, and the count is an event: a gap in the record is itself recorded.

use super::{Core, Shared, new_id, now_us};
use crate::event::{self, Event, Stamps};
use crate::waiting::Waiting;
use serde_json::json;
use std::time::Instant;
use tacho_event::time;

impl Shared {
    /// Puts the count behind what waits, when there is room again.
    pub(crate) fn tell_lost(&self, core: &mut Core) {
        if core.untold == 0 || core.closed {
            return;
        }
        let Some(event) = self.lost_event(core) else { return };
        if core.backlog.push(event).is_ok() {
            core.loss_is_told();
            core.due_at.get_or_insert_with(|| Instant::now() + self.options.batch_time);
        }
    }

    /// At the end: what the disk did not take is lost with the rest, and the count stays on disk for whoever takes the
    /// folder over, in room that is kept for it.
    pub(crate) fn leave_lost(&self, core: &mut Core) {
        for event in core.backlog.forsake() {
            core.lose(&event.id, "the client ended, and the disk took no more");
        }
        if core.untold == 0 {
            return;
        }
        let Some(event) = self.lost_event(core) else { return };
        if core.backlog.leave(event) {
            core.loss_is_told();
        }
    }

    fn lost_event(&self, core: &Core) -> Option<Waiting> {
        let mut event = Event::action("events_lost").kind("log").with("level", "WARNING");
        event = event.details(&json!({ "count": core.untold }));
        self.complete(&mut event);
        let (id, timestamp) = (new_id(), time::format(now_us()));
        let producer = Some((self.producer.as_str(), core.seq + 1));
        let stamps = Stamps { id: &id, timestamp: &timestamp, producer, host: &self.host };
        let id_name = event.id_name;
        let members = event::members(event, false).ok()?;
        let (line, stamps) = event::line(id_name, &members, &stamps);
        Some(Waiting { id, number: core.number + 1, line, stamps })
    }
}

impl Core {
    fn loss_is_told(&mut self) {
        self.number += 1;
        self.seq += 1;
        self.untold = 0;
    }
}
