//! Redaction by the sending thread, while callers have the lock for themselves.

use super::{Backlog, SLICE_BYTES};
use crate::waiting::Waiting;

impl Backlog {
    /// What is moved next and is not redacted.
    pub(crate) fn unclean(&self) -> Vec<Waiting> {
        let mut bytes = 0;
        let next = self.memory.iter().take_while(|event| {
            bytes += event.bytes();
            bytes <= SLICE_BYTES || bytes == event.bytes()
        });
        next.filter(|event| event.stamps > 0).cloned().collect()
    }

    /// Takes them back, where they are still in memory.
    pub(crate) fn cleaned(&mut self, events: Vec<Waiting>) {
        let mut events = events.into_iter().peekable();
        for place in &mut self.memory {
            while events.next_if(|event| event.number < place.number).is_some() {}
            if let Some(event) = events.next_if(|event| event.number == place.number) {
                self.memory_bytes = self.memory_bytes + event.bytes() - place.bytes();
                *place = event;
            }
            if events.peek().is_none() {
                return;
            }
        }
    }
}
