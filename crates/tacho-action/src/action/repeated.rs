//! What counts of a span around the span of the same call, as another library tells of it: the inner one's figures.

use super::Action;
use crate::Figure;
use crate::kin::Repeats;
use crate::member::{Member, counted};
use crate::standing::rank;
use std::cmp::Reverse;
use std::collections::BTreeSet;

impl Action {
    /// Whether one library tells of both by spans of its own: then they are two calls.
    pub(crate) fn shares_library(&self, other: &Action) -> bool {
        let libraries = |action: &Action| -> BTreeSet<u64> {
            action.members.iter().filter_map(|member| member.library).collect()
        };
        !libraries(self).is_disjoint(&libraries(other))
    }

    /// Says of some observations what they tell again. Whether that is new.
    pub(crate) fn repeat(&mut self, indexes: &BTreeSet<u64>, repeats: Repeats) -> bool {
        let mut is_new = false;
        for member in self.members.iter_mut().filter(|member| indexes.contains(&member.index)) {
            is_new |= std::mem::replace(&mut member.repeats, repeats) != repeats;
        }
        is_new
    }

    /// A figure as the inner one tells it, where the shown event is an outer one and the inner one was told tokens.
    pub(super) fn inner_figure(&self, shown: &Member, place: usize) -> Option<i64> {
        const COST: usize = Figure::CostMicros as usize;
        let inner = || counted(&self.members).filter(|member| member.repeats == Repeats::Nothing);
        let is_told = || inner().any(|member| member.figures[..2].iter().flatten().any(|tokens| *tokens > 0));
        if shown.repeats != Repeats::One || place > COST || !is_told() {
            return None;
        }
        let counts = self.counts();
        let told = inner()
            .filter(|member| counts(member))
            .filter_map(|member| Some((member, member.figures[place]?)));
        let best = told.max_by_key(|(member, figure)| (rank(member.observer), Reverse(*figure)));
        best.map(|(_, figure)| figure).filter(|figure| Some(*figure) != shown.figures[place])
    }

    /// A figure of a span around several calls of which none was told tokens: nobody else knows them.
    pub(super) fn outer_figure(&self, place: usize) -> Option<i64> {
        let untold = Repeats::OneOfMany { is_told: false };
        let outer = self
            .members
            .iter()
            .filter(|member| place <= Figure::CostMicros as usize && member.repeats == untold);
        outer.filter_map(|member| member.figures[place]).min()
    }
}
