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
        let is_known = self.members.iter().any(|member| !member.repeats.is_of_many());
        let counts = |member: &&Member| {
            (!witnessed || member.is_witness()) && !(is_known && member.repeats.is_of_many())
        };
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
        told.or(self.exit.map(|exit| exit.at_us)).or(self.finished_us)
    }

    /// Since when what goes on in the background ran, as far as the answer that it was launched says.
    pub(super) fn launched_from(&self) -> Option<Micros> {
        let launches = self.telling().filter(|member| member.has(flag::LAUNCH));
        launches.map(|member| member.lasts().0).min()
    }

    /// Whether the process that it left running ended badly.
    pub(super) fn exited_badly(&self) -> bool {
        self.exit.is_some_and(|exit| exit.is_failure)
    }
}
