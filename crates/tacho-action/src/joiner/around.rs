//! Spans without an input around hooks without an id: those of Gemini CLI, which ends a call's span behind the hook that
//! tells of its result, and begins it behind the hook that proposes it.
//!
//! Which hooks lie so within a span is not always one call's: calls at once overlap. So a span is joined only when one
//! call alone can be meant, and no other span can mean but that one; what is joined narrows down what is left. In
//! doubt they stay apart.

use super::Joiner;
use crate::action::Action;
use crate::member::lasts;
use crate::near::WINDOW_US;
use crate::observation::Observation;
use crate::observer::Observer;
use crate::standing::is_made_up;
use std::collections::BTreeSet;
use tacho_event::time::Micros;

impl Joiner {
    /// Joins what a span or a hook without an id leaves clear among the calls of its tool. Tells what its action is now.
    pub(super) fn join_around(
        &mut self,
        mut id: u64,
        observation: &Observation<'_>,
        changed: &mut BTreeSet<u64>,
    ) -> u64 {
        let is_one_of = observation.observer == Observer::Span || is_made_up(observation);
        let place = self.actions.get(&id).and_then(|action| action.likeness).map(|likeness| likeness.place);
        let Some(place) = place.filter(|_| is_one_of && observation.is_witness()) else { return id };
        while let Some((span, call)) = self.around(place, lasts(observation)) {
            let one = self.merge(span, call);
            changed.remove(&span.max(call));
            changed.insert(one);
            if id == span || id == call {
                id = one;
            }
        }
        id
    }

    /// A span, and the call that alone can be meant.
    fn around(&self, place: u64, lasts: (Micros, Micros)) -> Option<(u64, u64)> {
        let near = self.near.around(place, lasts, WINDOW_US);
        let known = || near.iter().filter_map(|id| self.actions.get(id));
        let is_call = |call: &&Action| {
            call.hooked().is_some() && call.span_lasts().is_none() && call.is_witnessed() && !call.is_called()
        };
        let calls: Vec<&Action> = known().filter(is_call).collect();
        if calls.is_empty() {
            return None;
        }
        let is_span = |span: &&Action| span.span_lasts().is_some() && span.hooked().is_none();
        let alone: Vec<(u64, &Action)> = known()
            .filter(is_span)
            .filter_map(|span| {
                let fits = |call: &&&Action| call.may_lie_in(span) && self.may_be_one(span.id, call.id);
                let mut meant = calls.iter().filter(fits);
                let call = meant.next().filter(|_| meant.next().is_none())?;
                Some((span.id, *call))
            })
            .collect();
        let is_clear = |(span, call): &&(u64, &Action)| {
            let is_anothers = alone.iter().any(|(other, same)| other != span && same.id == call.id);
            call.is_hooked_whole() && !is_anothers
        };
        alone.iter().find(is_clear).map(|(span, call)| (*span, call.id))
    }
}

/// Whether one of them is a tool's span, and all that is known of the other one told by hooks that have no id of their own. Of
/// a request to a model that failed no hook tells the end: the nearest is meant.
pub(super) fn is_around(action: &Action, observation: &Observation<'_>) -> bool {
    match observation.observer {
        _ if observation.is_model() => false,
        Observer::Span => action.hooked().is_some() && !action.is_called() && action.span_lasts().is_none(),
        Observer::Hook => {
            is_made_up(observation) && action.span_lasts().is_some() && action.hooked().is_none()
        }
        _ => false,
    }
}
