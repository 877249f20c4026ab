//! Spans and the records in them: what they inherit, and which of their calls turn out to be one.

use super::Joiner;
use crate::entry::{Entry, Record};
use crate::ids::key;
use crate::kin::{Heritage, Node, Part, Request, Role};
use crate::member::request_key;
use crate::observation::Observation;
use crate::observer::Observer;
use crate::twins::{Twin, library_key};
use crate::{Figure, Overlay};
use std::collections::BTreeSet;
use tacho_event::words::{ActionType, Outcome, Phase};

impl Joiner {
    /// Puts a span, or a record in one, among its kin, and hands on what is inherited.
    pub(super) fn relate(
        &mut self,
        observation: &Observation<'_>,
        action: Option<u64>,
        overlay: &mut Overlay,
        changed: &mut BTreeSet<u64>,
    ) {
        let is_kin = observation.span.is_some() || observation.observer == Observer::Log;
        // What an agent says of its spans is nobody's kin but its own.
        let span_key = if observation.is_witness() { span_key } else { own_span_key };
        let parent = observation.parent.filter(|_| is_kin).map(span_key);
        let key = match (observation.span, parent) {
            (Some(span), _) => span_key(span),
            (None, Some(_)) => record_key(observation.index),
            (None, None) => return,
        };
        let mut node = Node::new(observation.index, parent, role(observation));
        node.is_witness = observation.is_witness();
        node.part = part(observation);
        node.session = observation.session.map(|session| session.0);
        node.agent = observation.said_agent().map(str::to_string);
        node.action = action;
        node.request = request(observation);
        node.library = observation.library.filter(|_| observation.span.is_some()).map(library_key);
        if let Some(action) = action.and_then(|id| self.actions.get_mut(&id)) {
            action.nodes.push(key);
        }
        for heritage in self.kin.add(key, node, observation.owner(), observation.told_at()) {
            self.inherit(heritage, overlay, changed);
        }
        let is_first = self.kin.get(key).is_some_and(|node| node.index == observation.index);
        if is_first {
            self.loosen(key, changed);
        }
        for (one, other) in self.kin.joined(key) {
            // One of an earlier pair may have become the other by now.
            let are_known = self.actions.contains_key(&one) && self.actions.contains_key(&other);
            // Hooks of two requests are never one: `pairing` takes what is told beside them from the one to the other.
            let are_apart = observation.is_model() && self.are_hooked(one, other);
            if are_known && !are_apart && self.may_unite(one, Some(&other), observation) {
                changed.remove(&one.max(other));
                changed.insert(self.merge(one, other));
            }
        }
        // A span that was told of twice is the first one.
        if is_first {
            let mut spans = self.kin.settle(key, Twin::of(observation));
            for span in &spans {
                self.join_beside(*span, observation, changed);
            }
            let beside: Vec<u64> = spans.iter().flat_map(|span| self.kin.spans_beside(*span)).collect();
            spans.extend(beside);
            spans.push(key);
            self.nest(&spans, observation, changed);
        }
    }

    /// Whether hooks told of both, apart.
    fn are_hooked(&self, one: u64, other: u64) -> bool {
        let is_hooked = |id| self.actions.get(&id).is_some_and(|action| action.hooked().is_some());
        one != other && is_hooked(one) && is_hooked(other)
    }

    /// The event of the span of a model's call that a record stands in.
    pub(super) fn span_around(&self, record: u64) -> Option<u64> {
        let around = self.kin.get(self.kin.get(record_key(record))?.parent?)?;
        (around.role == Role::Model).then_some(around.index)
    }

    /// Makes one of what other libraries tell of the same call beside this span.
    fn join_beside(&mut self, key: u64, observation: &Observation<'_>, changed: &mut BTreeSet<u64>) {
        for other in self.kin.beside(key) {
            let Some(own) = self.kin.get(key).and_then(|node| node.action) else { return };
            let pair = self.actions.get(&own).zip(self.actions.get(&other));
            let may_be_one = pair.is_some_and(|(own, other)| !own.shares_library(other));
            if own != other && may_be_one && self.may_unite(own, Some(&other), observation) {
                changed.remove(&own.max(other));
                changed.insert(self.merge(own, other));
            }
        }
    }

    fn inherit(&mut self, heritage: Heritage, overlay: &mut Overlay, changed: &mut BTreeSet<u64>) {
        let Some(node) = self.kin.get(heritage.key) else { return };
        match node.action.and_then(|id| self.actions.get_mut(&id)) {
            Some(action) => {
                action.inherit(heritage.session, heritage.agent.as_deref(), node.is_witness);
                changed.insert(action.id);
            }
            None => {
                let index = node.index;
                let mut record = match overlay.entry(index) {
                    Some(Entry::Shown(record)) => record.as_ref().clone(),
                    // What left because of a limit is not told of again.
                    Some(Entry::Hidden { .. }) => return,
                    None => Record { action: index, observations: 1, ..Record::default() },
                };
                record.session = record.session.or(heritage.session);
                record.agent = record.agent.or(heritage.agent);
                overlay.set(index, Some(Entry::Shown(Box::new(record))));
            }
        }
    }
}

/// What the span of a call of a model says of it.
fn request(observation: &Observation<'_>) -> Option<Request> {
    observation.span.filter(|_| observation.is_model())?;
    let took = observation.figures[Figure::DurationUs as usize].unwrap_or(0).max(0);
    Some(Request {
        lasts: (observation.time_us, observation.time_us.saturating_add(took)),
        is_failure: observation.outcome == Outcome::Failure,
        has_tokens: observation.figures[..2].iter().flatten().any(|tokens| *tokens > 0),
        answer: observation.strong_request().map(request_key),
    })
}

fn role(observation: &Observation<'_>) -> Role {
    match observation.kind {
        _ if observation.is_model() => Role::Model,
        // A tool that asks the outside is of another kind, and still a tool.
        _ if observation.call.is_some() => Role::Wall,
        ActionType::Tool | ActionType::Skill | ActionType::Lifecycle => Role::Wall,
        _ => Role::Other,
    }
}

/// What a record tells of the span that it stands in.
fn part(observation: &Observation<'_>) -> Part {
    let is_call = matches!(observation.kind, ActionType::Tool | ActionType::Skill | ActionType::External);
    let is_decision = is_call && matches!(observation.phase, Some(Phase::Asked | Phase::Decided));
    match observation.observer {
        Observer::Span if is_decision && observation.call.is_none() => Part::Wait,
        Observer::Log if is_decision => Part::Decision,
        Observer::Log if observation.is_model() && observation.call.is_none() => Part::Model,
        _ => Part::None,
    }
}

/// A record in a span.
fn record_key(index: u64) -> u64 {
    key(&[b"record", &index.to_be_bytes()])
}

/// A span's id as a number.
fn span_key(span: &str) -> u64 {
    match u64::from_str_radix(span, 16) {
        Ok(id) if span.len() == 16 => id,
        _ => key(&[b"span", span.as_bytes()]),
    }
}

/// The same of an agent's own span.
fn own_span_key(span: &str) -> u64 {
    key(&[b"own span", span.as_bytes()])
}
