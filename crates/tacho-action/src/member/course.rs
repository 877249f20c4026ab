//! What an observation tells of the course of a call: which step it was and when, whether the call ran, and its end.

use super::{Member, flag};
use crate::Figure;
use crate::observer::Observer;
use tacho_event::time::Micros;
use tacho_event::words::{Outcome, Phase};

impl Member {
    /// Whether it tells how what was launched ended, and not only that it was launched well.
    pub(crate) fn ends_launched(&self) -> bool {
        let is_sure = self.has(flag::NOTICE | flag::EXITED);
        matches!(self.ended(), Some(Outcome::Failure | Outcome::Partial)) || is_sure && self.ended().is_some()
    }

    /// From when to when what it tells of went on: a span says when it began, a result when it was over, a request when
    /// its answer began.
    pub(crate) fn lasts(&self) -> (Micros, Micros) {
        let took = self.figures[Figure::DurationUs as usize].unwrap_or(0).max(0);
        match (self.observer, self.phase()) {
            (Observer::Span, _) => (self.time_us, self.time_us.saturating_add(took)),
            (_, Some(Phase::Result | Phase::Proposed)) => (self.time_us.saturating_sub(took), self.time_us),
            _ => (self.time_us, self.time_us),
        }
    }

    /// Which step of the call it tells of, by its place in [`Record::times`], and when that was. What waits for a decision has
    /// it when it ends.
    pub(crate) fn step(&self) -> Option<(usize, Micros)> {
        let (from, to) = self.lasts();
        Some(match self.phase()? {
            Phase::Proposed => (0, from),
            Phase::Executed if self.has(flag::AROUND) => (0, from),
            Phase::Asked => (1, self.time_us),
            Phase::Decided => (2, to),
            Phase::Executed => (3, self.time_us),
            Phase::Result => (4, self.time_us),
            Phase::Message => return None,
        })
    }

    /// The outcome, where this is the end of the call.
    pub(crate) fn ended(&self) -> Option<Outcome> {
        let is_end =
            self.has(flag::NOTICE) || matches!(self.phase(), Some(Phase::Executed | Phase::Result) | None);
        Some(self.outcome()).filter(|_| is_end && !self.has(flag::LAUNCH) && !self.is_piece())
    }

    /// Whether `other` knows that the call ran, where this one has it from a text that it did not.
    pub(crate) fn is_belied_by(&self, other: &Member) -> bool {
        self.has(flag::FROM_TEXT) && other.knows_that_it_ran()
    }

    /// Whether it tells of something that only a call has that ran, or was allowed to.
    fn knows_that_it_ran(&self) -> bool {
        let ended = || {
            let took = self.figures[Figure::DurationUs as usize].is_some();
            // The hook of all calls of an answer comes for those that never ran, too, and does not say which.
            let is_told = self.observer == Observer::Hook && self.outcome() != Outcome::Unknown;
            is_told || took || self.outcome() == Outcome::Success
        };
        let tells = match self.phase() {
            Some(Phase::Result) => ended(),
            Some(Phase::Executed) => self.observer == Observer::Span && !self.has(flag::AROUND),
            Some(Phase::Decided) => true,
            _ => false,
        };
        tells && self.is_witness() && !self.has(flag::FROM_TEXT | flag::REFUSED | flag::UNKNOWN_TOOL)
    }
}
