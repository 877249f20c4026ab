//! Calls of a model within a call of a model: which of the inner ones an outer one repeats.
//!
//! An outer span that tries again, or asks another model, holds several inner ones. It repeats the one whose answer it
//! gives back: that under the id of its own answer, else the one that ended last. One that failed and was told no tokens is
//! not what an outer one repeats that went well: then there was another try, which nobody else tells of.

use super::{Kin, Part, Role};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tacho_event::time::Micros;

/// So far up or down a trace is looked for a model's span.
const NEAR_MAX: usize = 256;

/// What the span of a call of a model says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) lasts: (Micros, Micros),
    pub(crate) is_failure: bool,
    pub(crate) has_tokens: bool,
    /// The number of the provider's answer, where no other one has it.
    pub(crate) answer: Option<u64>,
}

/// What is known of a call of a model that others lie within.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Nest {
    /// The inner call that it repeats.
    home: Option<u64>,
    /// Whether any within it was told tokens, and whether these are several calls.
    is_told: bool,
    are_several: bool,
}

/// What a member of an action tells again of calls within it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Repeats {
    #[default]
    Nothing,
    /// The one within.
    One,
    /// One of several: of itself it counts for nothing, unless none of them was told tokens.
    OneOfMany { is_told: bool },
}

impl Kin {
    /// The calls of a model around a span, the nearest first.
    pub(crate) fn outers(&self, key: u64) -> Vec<u64> {
        let mut outers: Vec<u64> = Vec::new();
        let mut at = key;
        while let Some(above) = self.model_above(at).filter(|above| *above != key && !outers.contains(above))
        {
            if outers.len() == NEAR_MAX {
                break;
            }
            outers.push(above);
            at = above;
        }
        outers
    }

    /// The spans of calls of a model that lie within this one, or below a span that is none, with none between.
    pub(crate) fn inners(&self, key: u64) -> Vec<u64> {
        let mut inners = self.models_below(key);
        inners.retain(|inner| self.request(*inner).is_some());
        inners
    }

    pub(crate) fn request(&self, key: u64) -> Option<Request> {
        self.nodes.get(&key)?.request
    }

    /// Whether a span may say anew which calls lie within which.
    pub(crate) fn is_nesting(&self, key: u64) -> bool {
        let is_wall = self.nodes.get(&key).is_none_or(|node| node.role == Role::Wall);
        !is_wall && (self.request(key).is_some() || !self.models_below(key).is_empty())
    }

    /// Whether it was said of an outer call which one it repeats.
    pub(crate) fn is_nested(&self, key: u64) -> bool {
        self.nodes.get(&key).is_some_and(|node| node.nest.home.is_some())
    }

    /// What tells of an outer call itself: its span, the records in it, what other libraries tell of it beside it. By index.
    pub(crate) fn tellers(&self, outer: u64) -> BTreeSet<u64> {
        let Some(own) = self.nodes.get(&outer) else { return BTreeSet::new() };
        let records = self.children.get(&outer).into_iter().flatten().filter_map(|key| self.nodes.get(key));
        let records = records.filter(|node| node.part == Part::Model);
        let beside = self.twins.beside(outer).into_iter().filter_map(|key| self.nodes.get(&key));
        let beside = beside.filter(|node| node.nest.home.is_none() && node.action == own.action);
        records.chain(beside).map(|node| node.index).chain([own.index]).collect()
    }

    /// Decides which inner call an outer one repeats: by what is known of all within it.
    pub(crate) fn nest(&mut self, outer: u64) -> Option<u64> {
        let own = self.request(outer)?;
        let inners = self.inners(outer);
        let is_told = |key: &u64| {
            self.nodes.get(key).is_some_and(|node| node.nest.is_told)
                || self.request(*key).is_some_and(|request| request.has_tokens)
        };
        let may_be = |key: &&u64| {
            own.is_failure || is_told(key) || !self.request(**key).is_some_and(|request| request.is_failure)
        };
        let rank = |key: &&u64| {
            let request = self.request(**key);
            let is_its = own.answer.is_some() && request.and_then(|request| request.answer) == own.answer;
            (is_its, request.map(|request| (request.lasts.1, request.lasts.0)), **key)
        };
        let home = inners.iter().filter(may_be).max_by_key(rank).copied();
        let is_told = inners.iter().any(is_told);
        let node = self.nodes.get_mut(&outer)?;
        node.nest = Nest { home, is_told, are_several: false };
        home
    }

    /// What an outer call tells again, now that it stands with the one that it repeats.
    pub(crate) fn repeats(&mut self, outer: u64) -> Repeats {
        let actions: BTreeSet<Option<u64>> = self
            .inners(outer)
            .into_iter()
            .map(|key| self.nodes.get(&key).and_then(|node| node.action))
            .collect();
        let nest = self.nodes.get(&outer).map(|node| node.nest).unwrap_or_default();
        let Some(home) = nest.home else { return Repeats::Nothing };
        let is_within = self.nodes.get(&home).is_some_and(|node| node.nest.are_several);
        let are_several = actions.len() > 1 || is_within;
        if let Some(node) = self.nodes.get_mut(&outer) {
            node.nest.are_several = are_several;
        }
        if are_several { Repeats::OneOfMany { is_told: nest.is_told } } else { Repeats::One }
    }

    /// The spans of other libraries that may tell of the same call.
    pub(crate) fn spans_beside(&self, key: u64) -> Vec<u64> {
        self.twins.beside(key)
    }

    pub(super) fn model_above(&self, key: u64) -> Option<u64> {
        let mut at = self.nodes.get(&key)?.parent?;
        for _ in 0..NEAR_MAX {
            let node = self.nodes.get(&at)?;
            match node.role {
                Role::Model => return Some(at).filter(|at| *at != key),
                Role::Wall => return None,
                Role::Other => at = node.parent?,
            }
        }
        None
    }

    pub(super) fn models_below(&self, key: u64) -> Vec<u64> {
        let mut found = Vec::new();
        let mut next: Vec<u64> = self.children.get(&key).into_iter().flatten().copied().collect();
        for _ in 0..NEAR_MAX {
            let Some(at) = next.pop() else { break };
            match self.nodes.get(&at).map(|node| node.role) {
                Some(Role::Model) if at != key => found.push(at),
                Some(Role::Other) => next.extend(self.children.get(&at).into_iter().flatten()),
                _ => {}
            }
        }
        found
    }
}
