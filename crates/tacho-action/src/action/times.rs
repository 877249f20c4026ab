//! When an action was, as far as it is told.

use super::Action;
use crate::entry::Closure;
use crate::member::{Member, flag};
use tacho_event::time::Micros;

impl Action {
    /// Since when it was proposed and nobody has told how it ended.
    pub(crate) fn waits_since(&self) -> Option<Micros> {
        let began = self.members.iter().map(|member| member.time_us).min();
        began.filter(|_| self.closure(false) == Closure::Open)
    }

    /// From the first that is told of it to the last: by witnesses, where there are any.
    pub(crate) fn lasts(&self) -> Option<(Micros, Micros)> {
        let witnessed = self.is_witnessed();
        let counts = |member: &&Member| !witnessed || member.is_witness();
        let all = || self.members.iter().filter(counts).map(Member::lasts);
        all().map(|(from, _)| from).min().zip(all().map(|(_, to)| to).max())
    }

    /// How far in time from what is told of it, microseconds.
    pub(crate) fn apart_us(&self, (from, to): (Micros, Micros)) -> Micros {
        let (first, last) = self.lasts().unwrap_or((from, to));
        first.saturating_sub(to).max(from.saturating_sub(last)).max(0)
    }

    pub(crate) fn last_us(&self) -> Micros {
        self.members.iter().map(|member| member.time_us).max().unwrap_or_default()
    }

    /// When what goes on in the background was over, where that is known.
    pub(super) fn launched_until(&self) -> Option<Micros> {
        if !self.telling().any(|member| member.has(flag::LAUNCH)) {
            return None;
        }
        let told = self.telling().filter(|member| member.ends_launched()).map(|member| member.time_us).min();
        told.or(self.finished_us)
    }
}
