//! Calls of a model that lie within others: the outer one is of the call that it repeats, and adds nothing to what is told of
//! several.
//!
//! Invariant: which one that is follows from all spans that are known, not from the order in which they came. So an outer
//! one is taken out again when another comes to lie within it, and put where it belongs then.

use super::Joiner;
use crate::kin::Repeats;
use crate::observation::Observation;
use std::collections::BTreeSet;

impl Joiner {
    /// Takes the calls around a new span out of those within them: that may be of another now.
    pub(super) fn loosen(&mut self, key: u64, changed: &mut BTreeSet<u64>) {
        if !self.kin.is_nesting(key) {
            return;
        }
        // The outermost first: it stands with the one that the next repeats.
        let mut outers = self.kin.outers(key);
        outers.retain(|outer| self.kin.is_nested(*outer));
        for outer in outers.into_iter().rev() {
            let Some(id) = self.kin.get(outer).and_then(|node| node.action) else { continue };
            let Some(action) = self.actions.get(&id) else { continue };
            let tellers = self.kin.tellers(outer);
            let own = || action.members.iter().filter(|member| tellers.contains(&member.index));
            // What is known by the same number of an answer is of one call, wherever it lies.
            let numbers: BTreeSet<u64> = own().filter_map(|member| member.request).collect();
            let (own, rest) = self.detach(id, &|member| {
                let is_its = member.request.is_some_and(|request| numbers.contains(&request));
                is_its || tellers.contains(&member.index)
            });
            changed.extend([own, rest]);
        }
    }

    /// Puts the calls around some spans, and these themselves, where they belong.
    pub(super) fn nest(&mut self, spans: &[u64], observation: &Observation<'_>, changed: &mut BTreeSet<u64>) {
        for span in spans {
            let outers = self.kin.outers(*span);
            for outer in [*span].into_iter().chain(outers) {
                self.nest_one(outer, observation, changed);
            }
        }
    }

    fn nest_one(&mut self, outer: u64, observation: &Observation<'_>, changed: &mut BTreeSet<u64>) {
        let tellers = self.kin.tellers(outer);
        let action = |joiner: &Joiner, key| joiner.kin.get(key).and_then(|node| node.action);
        if let Some(home) = self.kin.nest(outer)
            && let (Some(one), Some(other)) = (action(self, outer), action(self, home))
            && one != other
            && self.actions.contains_key(&one)
            && self.actions.contains_key(&other)
            && self.may_unite(one, Some(&other), observation)
        {
            changed.remove(&one.max(other));
            changed.insert(self.merge(one, other));
        }
        let repeats = self.kin.repeats(outer);
        let Some(action) = action(self, outer).and_then(|id| self.actions.get_mut(&id)) else { return };
        if action.repeat(&tellers, repeats) {
            self.near.put(action);
            changed.insert(action.id);
        }
    }
}

impl Repeats {
    /// Whether what tells this counts for nothing of its own.
    pub(crate) fn is_of_many(self) -> bool {
        matches!(self, Repeats::OneOfMany { .. })
    }
}
