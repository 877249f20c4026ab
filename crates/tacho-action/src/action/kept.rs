//! Which observations of an action are remembered one by one.
//!
//! Invariants
//! - Of an answer that hooks tell piece by piece the newest piece is remembered, and none beside its end: however many come,
//!   they take no place, and in which order they come says nothing.
//! - An observation that is not remembered one by one is hidden and counted, under the name that its action has now.
//!
//! Limits: [`OBSERVATIONS_MAX`] are remembered one by one; of the others the last [`LEFT_MAX`] follow their action when it
//! turns out to be another one.

use super::Action;
use crate::entry::Entry;
use crate::member::{Member, flag};
use serde::{Deserialize, Serialize};

/// Observations of one action that are remembered one by one; more are hidden and counted.
pub const OBSERVATIONS_MAX: usize = 64;
const LEFT_MAX: usize = 256;

/// Whose word came first: whether it says only how the action ended, its index, its sender's key.
pub(super) type First = (bool, u64, u64);

/// Observations that are hidden and counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Left {
    pub(super) count: u32,
    first: Option<First>,
    indexes: Vec<u64>,
    /// So many of these were said to be of this action.
    said: usize,
    action: u64,
}

impl Left {
    fn add(&mut self, member: &Member) {
        self.count = self.count.saturating_add(1);
        self.first = self.first.into_iter().chain([first(member)]).min();
        self.indexes.push(member.index);
    }

    pub(super) fn first_index(&self) -> Option<u64> {
        self.first.map(|(_, index, _)| index)
    }

    pub(super) fn absorb(&mut self, other: Left) {
        self.count = self.count.saturating_add(other.count);
        self.first = self.first.into_iter().chain(other.first).min();
        self.indexes.extend(other.indexes);
    }

    /// Says of them whose they are, where that is not said yet.
    pub(super) fn tell(&mut self, action: u64, each: &mut dyn FnMut(u64, Option<Entry>)) {
        if self.action != action {
            (self.action, self.said) = (action, 0);
        }
        for index in &self.indexes[self.said..] {
            each(*index, Some(Entry::Hidden { action, session: None, agent: None }));
        }
        self.indexes.drain(..self.indexes.len().saturating_sub(LEFT_MAX));
        self.said = self.indexes.len();
    }
}

fn first(member: &Member) -> First {
    (member.has(flag::OUTCOME), member.index, member.writer)
}

impl Action {
    /// Whose word of it came first.
    pub(super) fn first(&self) -> Option<First> {
        self.members.iter().map(first).chain(self.left.first).min()
    }

    /// Remembers an observation; beyond the limit a witness takes the place of what the agent said itself.
    pub(super) fn keep(&mut self, member: Member) {
        let is_full = self.members.len() >= OBSERVATIONS_MAX;
        let is_old = member.is_piece() && self.members.iter().any(|known| known.is_told_again_by(&member));
        let piece = self.members.iter().position(|known| known.is_piece() && member.is_told_again_by(known));
        let own = || self.members.iter().rposition(|known| !known.is_witness());
        let place = piece.or_else(|| own().filter(|_| is_full && member.is_witness()));
        let left = match place.filter(|_| !is_old) {
            Some(place) => std::mem::replace(&mut self.members[place], member),
            None if is_old || is_full => member,
            None => return self.members.push(member),
        };
        self.left.add(&left);
    }
}
