//! Numbers within sessions: from 0, without gaps.

use super::Findings;
use std::collections::HashMap;
use tacho_event::entry::{Header, Place};
use tacho_event::id::Id;

/// How many entries each session has, and the largest number among them.
#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<Id, (u64, u64)>);

impl Sessions {
    pub(super) fn take(&mut self, header: &Header<'_>, place: &Place) {
        if let Some((session, seq)) = header.session.zip(place.session_seq) {
            let (count, last) = self.0.entry(session).or_default();
            (*count, *last) = (*count + 1, (*last).max(seq));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn check(&self, findings: &mut Findings) {
        for (session, (count, last)) in &self.0 {
            let (place, numbers) = (format!("session {session}"), last.saturating_add(1));
            if *count < numbers {
                let missing = numbers - count;
                let what = format!("has {count} entries, its numbers reach {last}: {missing} are missing");
                findings.completeness(place, what);
            } else if *count > numbers {
                findings.integrity(place, format!("has {count} entries, its numbers reach only {last}"));
            }
        }
    }
}
