//! Which action an observation means whose ids do not tell.

use super::Joiner;
use super::at_once::{ROUNDED_US, is_at_once, is_beside};
use super::pairing::{is_asking, is_half};
use crate::Figure;
use crate::action::Action;
use crate::ids::key;
use crate::member::{Member, lasts, slot};
use crate::near::{ANSWER_US, CLEAR_US, Candidate, Half, Likeness, WINDOW_US, choose};
use crate::observation::Observation;
use crate::observer::Observer;
use crate::standing::is_made_up;
use tacho_event::time::Micros;
use tacho_event::words::Phase;

/// A request that another agent is said to have sent is so much further away, microseconds: both witnesses may call one
/// agent differently.
const OTHER_AGENT_US: Micros = 500_000;
/// A program ends the span of a request and tells its log within a millisecond or two: what ends 12 ms apart is clearly another one.
const ENDS: Micros = 10;

impl Joiner {
    /// The action that an observation without a sure id must mean.
    pub(super) fn alike(
        &self,
        observation: &Observation<'_>,
        likeness: Likeness,
        own_call: bool,
    ) -> Option<u64> {
        if is_half(observation) && observation.phase == Some(Phase::Proposed) {
            return None;
        }
        let slot = slot(observation);
        let lasts = lasts(observation);
        let is_question = observation.phase == Some(Phase::Asked);
        let within = if observation.is_model() { ANSWER_US } else { WINDOW_US };
        let near = self.near.around(likeness.place, lasts, within);
        // Where witnesses tell of a call at that time no agent's word takes its place, also where its turn is still to come.
        let tells = |action: &Action| is_beside(action, observation, likeness.input);
        let is_told =
            observation.is_witness() && near.iter().filter_map(|id| self.actions.get(id)).any(tells);
        // A hook that asks was told of the call, or will be: no agent's word of one stands for that. And agents give ids to
        // what they report whole: where nobody tells of its steps the same tool at the same time is another call.
        let is_whole = !observation.is_witness() && observation.phase.is_none();
        let may_be = |action: &&Action| {
            let stands_alone = is_question && observation.is_witness() || is_whole && !action.has_steps();
            action.is_witnessed() || !stands_alone && !is_told
        };
        let candidates = near.iter().copied().filter_map(|id| {
            let action = self.actions.get(&id).filter(may_be)?;
            // Most have an id of their own: no need to look further.
            if own_call && action.is_called_for(observation) || action.has_slot(slot) {
                return None;
            }
            // Both hooks of a request have the id that our hook gave them: those of another have another one.
            if observation.is_model() && is_made_up(observation) && action.hooked().is_some() {
                return None;
            }
            // A log's word that a model was asked waits for the log's word of the answer: see `pairing`.
            if observation.is_model() && action.members.iter().all(is_asking) {
                return None;
            }
            let input = action.likeness.and_then(|likeness| likeness.input);
            if likeness.input.zip(input).is_none() && is_at_once(action, observation) {
                return None;
            }
            let half = Half::of(&action.members, observation);
            let waits_since = action.waits_since().filter(|since| is_question && *since <= lasts.0);
            let apart_us = told_apart_us(action, observation).unwrap_or_else(|| action.apart_us(lasts));
            Some(Candidate { action: id, input, apart_us, half, waits_since })
        });
        choose(likeness.input, candidates.collect())
    }

    /// What witnesses told of a call before one of them names it, where so far only an agent had named it by its id: its word
    /// keeps nobody apart.
    pub(super) fn seen_before(
        &self,
        named: Option<u64>,
        observation: &Observation<'_>,
        likeness: Option<Likeness>,
        own_call: bool,
    ) -> Option<u64> {
        let is_witnessed = |id: &u64| self.actions.get(id).is_some_and(Action::is_witnessed);
        if !observation.is_witness() || is_witnessed(&named?) {
            return None;
        }
        self.alike(observation, likeness?, own_call).filter(is_witnessed)
    }

    /// Makes one of an action whose input is known only now, and the one that witnesses told of by that input alone.
    pub(super) fn join_alike(
        &mut self,
        id: u64,
        observation: &Observation<'_>,
        likeness: Likeness,
        own_call: bool,
    ) -> u64 {
        let other = likeness.input.and_then(|_| self.alike(observation, likeness, own_call));
        let other = other.filter(|other| self.may_be_one(id, *other));
        other.map_or(id, |other| self.merge(id, other))
    }

    /// Whether witnesses may have told of one call as of two: no witness the same of both, and one of them without its id.
    pub(super) fn may_be_one(&self, one: u64, other: u64) -> bool {
        let Some((one, other)) = self.actions.get(&one).zip(self.actions.get(&other)) else { return false };
        let told = |action: &Action| action.is_witnessed() && action.session().is_some();
        let inputs = [one, other].map(|action| action.likeness.and_then(|likeness| likeness.input));
        let are_apart = matches!(inputs, [Some(one), Some(other)] if one.differs(other));
        // What agents say twice keeps no witnesses apart.
        let is_twice = one.members.iter().any(|member| member.is_witness() && other.has_slot(member.slot));
        one.id != other.id
            && told(one)
            && told(other)
            && !are_apart
            && !is_twice
            && !one.is_called_beside(other)
    }
}

/// How far a span and a log record of a request are apart that both say how long it took: by when they say that it ended. What lies
/// within them, before and behind says nothing, where one request follows another at once, or goes on beside it. A log may count the
/// last attempt only, a span all of them; what began before the span is no attempt of it.
fn told_apart_us(action: &Action, observation: &Observation<'_>) -> Option<Micros> {
    let other = match observation.observer {
        Observer::Span => Observer::Log,
        Observer::Log => Observer::Span,
        _ => return None,
    };
    let is_timed = |figures: &[Option<i64>]| figures[Figure::DurationUs as usize].is_some();
    if !observation.is_model() || !is_timed(&observation.figures) {
        return None;
    }
    let own = lasts(observation);
    let apart_us = |member: &Member| {
        let (span, log) = if other == Observer::Log { (own, member.lasts()) } else { (member.lasts(), own) };
        let is_other = member.agent != key(&[observation.agent.as_bytes()]);
        let apart_us =
            (span.1 - log.1).abs().saturating_mul(ENDS) + if is_other { OTHER_AGENT_US } else { 0 };
        let overlaps = span.0 <= log.1 && log.0 <= span.1;
        let is_far = is_other && (span.1 - log.1).abs() > CLEAR_US;
        let is_attempt = overlaps && !is_far && log.0 + ROUNDED_US >= span.0;
        if is_attempt { apart_us.min(WINDOW_US) } else { apart_us.saturating_add(WINDOW_US) }
    };
    let told = action.members.iter().filter(|member| member.observer == other && is_timed(&member.figures));
    told.map(apart_us).min()
}
