//! Spans and the records written in them: who is whose child, in whichever order they come.
//!
//! Invariants
//! - What a span says itself stands. What it lacks it has of its nearest ancestor that says it, once every span
//!   between them is known; so the order of arrival does not matter.
//! - A call of a model within a call of a model is the same one, told of by two libraries, unless a tool or an agent
//!   lies between them. Of several inner ones `nest` says which the outer repeats. `twins`: those side by side.
//!
//! Limits: [`SPANS_MAX`] spans, whose oldest leave as `shares` says.

mod nest;

use crate::shares::{Owner, Shares};
use crate::twins::{Twin, Twins};
use nest::Nest;
pub(crate) use nest::{Repeats, Request};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tacho_event::time::Micros;

/// Spans and records in spans that are remembered.
pub const SPANS_MAX: usize = 65_536;

/// What a span is for those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    /// A call of a model.
    Model,
    /// A tool or an agent: what a model does within is another call.
    Wall,
    Other,
}

/// What a record tells of the span around it, by which both are of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Part {
    None,
    /// A call of a model tells of itself.
    Model,
    /// The tool around it waits for permission.
    Wait,
    /// What was decided, told while the tool waited.
    Decision,
}

/// A span, or a record that was written in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Node {
    pub(crate) index: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) role: Role,
    /// Whether somebody else than the agent itself tells of it.
    pub(crate) is_witness: bool,
    pub(crate) part: Part,
    pub(crate) library: Option<u64>,
    pub(crate) action: Option<u64>,
    /// What it says itself, or has inherited.
    pub(crate) session: Option<[u8; 16]>,
    pub(crate) agent: Option<String>,
    /// The record of a call that this span repeats.
    repeats: Option<u64>,
    /// Of the span of a call of a model.
    pub(crate) request: Option<Request>,
    nest: Nest,
}

impl Node {
    pub(crate) fn new(index: u64, parent: Option<u64>, role: Role) -> Node {
        let (session, agent, action, repeats, library) = (None, None, None, None, None);
        let (part, is_witness, request, nest) = (Part::None, false, None, Nest::default());
        Node {
            index,
            parent,
            role,
            is_witness,
            part,
            library,
            action,
            session,
            agent,
            repeats,
            request,
            nest,
        }
    }
}

/// What an event inherits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heritage {
    pub(crate) key: u64,
    pub(crate) session: Option<[u8; 16]>,
    pub(crate) agent: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Kin {
    nodes: BTreeMap<u64, Node>,
    children: BTreeMap<u64, BTreeSet<u64>>,
    shares: Shares<u64>,
    twins: Twins,
}

impl Kin {
    /// Takes up a span and tells what it and its descendants inherit by that. One with a known key is left alone.
    pub(crate) fn add(
        &mut self,
        key: u64,
        node: Node,
        owner: Owner,
        told_at: (u64, Micros),
    ) -> Vec<Heritage> {
        if self.nodes.contains_key(&key) {
            return Vec::new();
        }
        if let Some(parent) = node.parent {
            self.children.entry(parent).or_default().insert(key);
        }
        self.nodes.insert(key, node);
        self.shares.note(key, owner, false, told_at);
        let mut found = Vec::new();
        let mut next = vec![key];
        while let Some(at) = next.pop() {
            if self.inherit(at, &mut found) || at == key {
                next.extend(self.children.get(&at).into_iter().flatten().filter(|child| **child != key));
            }
        }
        found
    }

    /// Gives a node what its parent has and it lacks.
    fn inherit(&mut self, key: u64, found: &mut Vec<Heritage>) -> bool {
        let parent = self.nodes.get(&key).and_then(|node| self.nodes.get(&node.parent?));
        let Some((session, agent)) = parent.map(|parent| (parent.session, parent.agent.clone())) else {
            return false;
        };
        let Some(node) = self.nodes.get_mut(&key) else { return false };
        let session = session.filter(|_| node.session.is_none());
        let agent = agent.filter(|_| node.agent.is_none());
        if session.is_none() && agent.is_none() {
            return false;
        }
        node.session = node.session.or(session);
        node.agent = node.agent.take().or_else(|| agent.clone());
        found.push(Heritage { key, session, agent });
        true
    }

    /// Takes up what a span that was added is compared by. Tells of which spans it is to be asked what stands beside.
    pub(crate) fn settle(&mut self, key: u64, twin: Option<Twin>) -> Vec<u64> {
        let Some(node) = self.nodes.get(&key) else { return Vec::new() };
        let (library, parent, session) = (node.library, node.parent, node.session);
        let mut moved = library.map(|library| self.twins.at(key, library)).unwrap_or_default();
        if let Some(twin) = twin {
            self.twins.add(key, parent, session, twin);
            moved.push(key);
        }
        for span in &moved {
            while self.climb(*span).is_some() {}
        }
        moved
    }

    /// Lets a call of a model stand where the span around it stands, when that is of its own library.
    fn climb(&mut self, span: u64) -> Option<()> {
        let (place, library) = self.twins.last(span)?;
        let around = self.nodes.get(&place).filter(|node| node.library == Some(library))?;
        let session = self.nodes.get(&span)?.session;
        self.twins.place(span, around.parent, session)
    }

    /// Actions that may be that of this span, told of by other libraries; the likeliest first.
    pub(crate) fn beside(&self, key: u64) -> Vec<u64> {
        self.twins.beside(key).into_iter().filter_map(|span| self.nodes.get(&span)?.action).collect()
    }

    pub(crate) fn get(&self, key: u64) -> Option<&Node> {
        self.nodes.get(&key)
    }

    pub(crate) fn set_action(&mut self, key: u64, action: Option<u64>) {
        if let Some(node) = self.nodes.get_mut(&key) {
            node.action = action;
        }
    }

    /// Actions that are one, now that this span is here: pairs of them.
    pub(crate) fn joined(&mut self, key: u64) -> Vec<(u64, u64)> {
        let mut pairs = Vec::new();
        let Some(node) = self.nodes.get(&key) else { return pairs };
        let role = node.role;
        if let Some(pair) = self.part(key) {
            pairs.push(pair);
        }
        for child in self.children.get(&key).into_iter().flatten() {
            pairs.extend(self.part(*child));
        }
        if role == Role::Wall {
            return pairs;
        }
        let above = self.model_above(key);
        let outer = if role == Role::Model { Some(key) } else { above };
        let mut inner = self.models_below(key);
        if let (Role::Model, Some(above)) = (role, above) {
            pairs.extend(self.pair(key, above));
        }
        inner.sort_by_key(|key| self.nodes.get(key).map(|node| node.index));
        if let Some(outer) = outer {
            for inner in inner {
                pairs.extend(self.pair(inner, outer));
            }
        }
        pairs
    }

    /// A record within a call, and that call.
    fn part(&self, key: u64) -> Option<(u64, u64)> {
        let node = self.nodes.get(&key)?;
        let parent = self.nodes.get(&node.parent?)?;
        let fits = match node.part {
            Part::None => false,
            Part::Model => parent.role == Role::Model,
            Part::Wait => parent.role == Role::Wall,
            Part::Decision => parent.part == Part::Wait,
        };
        Some((node.action?, parent.action?)).filter(|_| fits)
    }

    /// A record of a call below a span of it; of spans within spans see `nest`.
    fn pair(&mut self, inner: u64, outer: u64) -> Option<(u64, u64)> {
        let action = self.nodes.get(&inner).filter(|node| node.request.is_none())?.action?;
        let outer = self.nodes.get_mut(&outer)?;
        if outer.repeats.is_some_and(|known| known != inner) {
            return None;
        }
        outer.repeats = Some(inner);
        Some((action, outer.action?))
    }

    /// Forgets what is above the limit.
    pub(crate) fn trim(&mut self, now_us: Micros) -> u64 {
        let mut forgotten = 0;
        while self.shares.len() > SPANS_MAX {
            let Some(key) = self.shares.next(SPANS_MAX, now_us) else { break };
            self.forget(key);
            forgotten += 1;
        }
        forgotten
    }

    fn forget(&mut self, key: u64) {
        self.shares.leave(key);
        self.twins.remove(key);
        let Some(parent) = self.nodes.remove(&key).and_then(|node| node.parent) else { return };
        if let Some(children) = self.children.get_mut(&parent) {
            children.remove(&key);
            if children.is_empty() {
                self.children.remove(&parent);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }
}
