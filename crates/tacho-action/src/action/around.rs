//! Whether the hooks of a call lie within a span as those of its own call do.

use super::Action;
use crate::Figure;
use crate::member::{Member, counted};
use crate::observation::Observation;
use crate::observer::Observer;
use tacho_event::time::Micros;
use tacho_event::words::Phase;

/// Hooks tell their time in milliseconds: so far may one seem to lie outside, microseconds.
const ROUNDED_US: Micros = 2_000;

impl Action {
    /// From when to when the span goes on that tells of it.
    pub(crate) fn span_lasts(&self) -> Option<(Micros, Micros)> {
        let mut spans = self.members.iter().filter(|member| member.observer == Observer::Span);
        spans.find(|span| span.figures[Figure::DurationUs as usize].is_some()).map(Member::lasts)
    }

    /// When hooks told of it, as proposed and as answered.
    pub(crate) fn hooked(&self) -> Option<(Option<Micros>, Option<Micros>)> {
        let at = |phase| {
            let is_it = |member: &&Member| member.observer == Observer::Hook && member.phase() == Some(phase);
            let told = self.members.iter().filter(is_it).filter(|member| !member.is_piece());
            told.map(|member| member.time_us).min()
        };
        let hooked = (at(Phase::Proposed), at(Phase::Result));
        (hooked != (None, None)).then_some(hooked)
    }

    /// The tokens of the answer that stands, as hooks tell them.
    pub(crate) fn hooked_tokens(&self) -> Option<[i64; 2]> {
        counted(&self.members).filter(|member| member.observer == Observer::Hook).find_map(Member::tokens)
    }

    /// Whether the span of another action can be that of this call. Of a call that has no answer yet it can.
    pub(crate) fn may_lie_in(&self, other: &Action) -> bool {
        let Some(((from, to), (proposed, answered))) = other.span_lasts().zip(self.hooked()) else {
            return false;
        };
        proposed.is_none_or(|at| at <= from + ROUNDED_US)
            && answered.is_none_or(|at| from - ROUNDED_US <= at && at <= to + ROUNDED_US)
    }

    /// Whether hooks told of it from its proposal to its answer.
    pub(crate) fn is_hooked_whole(&self) -> bool {
        matches!(self.hooked(), Some((Some(_), Some(_))))
    }

    /// Whether it is a call with an id of its own, for this observation: a witness goes by what witnesses tell.
    pub(crate) fn is_called_for(&self, observation: &Observation<'_>) -> bool {
        if observation.is_witness() && self.is_witnessed() { self.is_called } else { self.has_own_call }
    }

    /// Whether witnesses name it by an id of its own.
    pub(crate) fn is_called(&self) -> bool {
        self.is_called
    }

    /// Whether witnesses name both by ids of their own.
    pub(crate) fn is_called_beside(&self, other: &Action) -> bool {
        self.is_called && other.is_called
    }
}
