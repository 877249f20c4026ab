//! Taking out again what was joined before its partner came.

use super::Action;
use super::kept::Left;
use crate::ids::key;
use crate::member::{Member, flag};
use crate::near::Likeness;
use crate::standing::Best;
use std::collections::BTreeSet;

impl Action {
    /// Takes some of several observations of a call out again as an action of its own, with the keys of the id that they name
    /// the call by. Both are then named by the first observation that they have.
    pub(crate) fn detach(&mut self, is_out: &dyn Fn(&Member) -> bool) -> Option<Action> {
        let (first_out, first_left) =
            (self.first_of(&|member| is_out(member))?, self.first_of(&|member| !is_out(member))?);
        let (out, left) = std::mem::take(&mut self.members).into_iter().partition(is_out);
        let mut alone = Action {
            id: first_out,
            members: out,
            left: Left::default(),
            open_in: None,
            keys: Vec::new(),
            nodes: Vec::new(),
            started: None,
            shared: Vec::new(),
            shown: None,
            ..self.clone()
        };
        self.id = self.left.first_index().map_or(first_left, |hidden| hidden.min(first_left));
        self.members = left;
        if alone.has_id() {
            let id = self.call.text.as_bytes();
            let session = self.session.unwrap_or_default();
            let its = [key(&[b"call", id]), key(&[b"call of session", &session, id])];
            (alone.keys, self.keys) = self.keys.drain(..).partition(|key| its.contains(key));
        }
        let numbers = |members: &[Member]| -> BTreeSet<u64> {
            members.iter().filter_map(|member| member.request).collect()
        };
        let (own, left) = (numbers(&alone.members), numbers(&self.members));
        let is_its = |key: &u64| own.contains(key) && !left.contains(key);
        alone.keys.extend(self.keys.iter().copied().filter(is_its));
        self.keys.retain(|key| !is_its(key));
        for action in [self, &mut alone] {
            action.name_again();
        }
        Some(alone)
    }

    fn first_of(&self, is_it: &dyn Fn(&Member) -> bool) -> Option<u64> {
        self.members.iter().filter(|member| is_it(member)).map(|member| member.index).min()
    }

    fn has_id(&self) -> bool {
        self.members.iter().any(|member| member.has(flag::CALLED))
    }

    /// By what it is called and compared, now that others tell of it no more.
    fn name_again(&mut self) {
        let is_named = |member: &Member| member.has(flag::CALLED);
        if !self.members.iter().any(|member| member.call != 0 && !is_named(member)) {
            self.made_up = Best::default();
        }
        self.has_own_call = self.has_id();
        self.is_called = self.members.iter().any(|member| member.is_witness() && is_named(member));
        if !self.has_own_call {
            self.given = None;
            self.call = self.made_up.clone();
        }
        let witnessed = self.is_witnessed();
        let told = self.members.iter().filter(|member| !witnessed || member.is_witness());
        let said = told.filter_map(|member| member.said.map(|said| (!said.is_whole(), member.index, said)));
        let input = said.min_by_key(|(is_part, index, _)| (*is_part, *index)).map(|(.., said)| said);
        self.likeness = self.likeness.map(|known| Likeness { input, ..known });
    }
}
