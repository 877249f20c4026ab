//! Requests to a model and their answers, where a log tells of each apart and neither has an id (Codex, Gemini CLI), and what
//! a session's file tells of the same; with hooks without ids, what these and spans tell of it (Gemini CLI).
//!
//! Invariant: which of them belong together is decided anew with each that comes, by what they say of their times and tokens;
//! in which order they came says nothing. So what was joined is taken apart again where its partner came later.
//!
//! Limit: those near in time that `places` finds.

use super::Joiner;
use super::nearest::clear_pairs;
use super::surrounding::TOLD_US;
use crate::action::{Action, has_own_call};
use crate::member::{Member, lasts, newest};
use crate::near::{ANSWER_US, Likeness, WINDOW_US};
use crate::observation::Observation;
use crate::observer::Observer;
use std::collections::{BTreeMap, BTreeSet};
use tacho_event::time::Micros;
use tacho_event::words::{Outcome, Phase};

/// One observation, or both hooks of a request, where it is now, and what it is compared by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) index: u64,
    /// Its event, of which it is the newest state.
    state: u64,
    action: u64,
    pub(super) time_us: Micros,
    pub(super) began_us: Micros,
    agent: u64,
    pub(super) tokens: Option<[i64; 2]>,
    /// The event of the span of a model's call that it says it was written in.
    within: Option<u64>,
}

/// What is told of one session: requests and answers of its log, what its file tells of answers; spans and hooks, where
/// there are hooks.
#[derive(Default)]
pub(super) struct Parts {
    asked: Vec<Part>,
    pub(super) answered: Vec<Part>,
    pub(super) filed: Vec<Part>,
    pub(super) spans: Vec<Part>,
    /// From the proposal to the answer, or to the proposal where none was told.
    pub(super) hooked: Vec<Part>,
}

/// Whether only a log's word that a model was asked is there: it waits for the log's word of the answer.
pub(super) fn is_asking(member: &Member) -> bool {
    member.observer == Observer::Log && member.phase() == Some(Phase::Proposed)
}

/// Whether an observation is a half that has nothing but its time to be known by.
pub(super) fn is_half(observation: &Observation<'_>) -> bool {
    observation.is_model()
        && matches!(observation.observer, Observer::Log | Observer::Transcript)
        && !has_own_call(observation)
}

/// Whether what an observation tells of a request is put together with what others do.
fn is_part(observation: &Observation<'_>) -> bool {
    let is_beside = matches!(observation.observer, Observer::Span | Observer::Hook);
    let is_piece = observation.is_hooked_answer() && observation.outcome == Outcome::Running;
    is_half(observation) || observation.is_model() && is_beside && !is_piece && !has_own_call(observation)
}

impl Joiner {
    /// Puts together what belongs together of the session that an observation tells of.
    pub(super) fn pair(&mut self, observation: &Observation<'_>, changed: &mut BTreeSet<u64>) {
        let Some(Likeness { place, .. }) = Likeness::of(observation).filter(|_| is_part(observation)) else {
            return;
        };
        let parts = self.parts(place, lasts(observation));
        if !parts.hooked.is_empty() || is_half(observation) {
            self.put_together(&parts, changed);
        }
    }

    /// The same of the session of a place, at a time.
    pub(super) fn pair_around(&mut self, place: u64, lasts: (Micros, Micros), changed: &mut BTreeSet<u64>) {
        let parts = self.parts(place, lasts);
        self.put_together(&parts, changed);
    }

    fn put_together(&mut self, parts: &Parts, changed: &mut BTreeSet<u64>) {
        let homes = parts.homes();
        let home = |mut index: u64| {
            while let Some(next) = homes.get(&index) {
                index = *next;
            }
            index
        };
        let mut at: BTreeMap<u64, u64> = parts.all().map(|part| (part.index, part.action)).collect();
        for part in parts.apart() {
            let id = at[&part.index];
            let is_among_others =
                at.iter().any(|(other, action)| *action == id && home(*other) != home(part.index));
            if is_among_others {
                let (own, rest) = self.detach(id, &|member| member.state == part.state);
                at.values_mut().filter(|action| **action == id).for_each(|action| *action = rest);
                at.insert(part.index, own);
                changed.extend([own, rest]);
            }
        }
        for part in parts.all() {
            let (one, other) = (at[&part.index], at[&home(part.index)]);
            if one != other {
                let whole = self.merge(one, other);
                at.values_mut()
                    .filter(|action| [one, other].contains(action))
                    .for_each(|action| *action = whole);
                changed.insert(whole);
            }
        }
    }

    fn parts(&self, place: u64, around: (Micros, Micros)) -> Parts {
        let mut parts = Parts::default();
        let near = self.near.around(place, around, ANSWER_US);
        for action in near.iter().filter_map(|id| self.actions.get(id)) {
            for member in newest(&action.members).filter(|member| member.is_witness()) {
                let list = match (member.observer, member.phase()) {
                    (Observer::Log, Some(Phase::Proposed)) => &mut parts.asked,
                    (Observer::Log, Some(Phase::Result)) => &mut parts.answered,
                    (Observer::Transcript, _) if !action.is_called() => &mut parts.filed,
                    (Observer::Span, _) if !action.is_called() => &mut parts.spans,
                    _ => continue,
                };
                // What has an id of its own is known by it.
                let tokens = if action.is_called() { None } else { member.tokens() };
                let (time_us, began_us) = (member.time_us, member.lasts().0);
                let time_us = if member.observer == Observer::Span { member.lasts().1 } else { time_us };
                let (index, state, action, agent) = (member.index, member.state, action.id, member.agent);
                let within = self.span_around(index);
                list.push(Part { index, state, action, time_us, began_us, agent, tokens, within });
            }
            parts.hooked.extend(hooks(action));
        }
        // Nothing but hooks without ids makes it a session in which spans are known by their times alone.
        if parts.hooked.is_empty() {
            parts.spans.clear();
        }
        let Parts { asked, answered, filed, spans, hooked } = &mut parts;
        for list in [asked, answered, filed, spans, hooked] {
            // Of what is equally near that comes first which was first, not which came first.
            list.sort_by_key(|part| (part.time_us, part.began_us, part.index));
        }
        parts
    }

    /// Takes observations out of their action. Tells the actions of these and of the rest.
    pub(super) fn detach(&mut self, id: u64, is_out: &dyn Fn(&Member) -> bool) -> (u64, u64) {
        let Some(mut rest) = self.actions.remove(&id) else { return (id, id) };
        let Some(mut own) = rest.detach(is_out) else {
            self.actions.insert(id, rest);
            return (id, id);
        };
        self.told.leave(id);
        self.list_open(id, rest.open_in.take(), None);
        let is_its = |node: &u64| {
            let index = self.kin.get(*node).map(|node| node.index);
            own.members.iter().any(|member| Some(member.index) == index)
        };
        (own.nodes, rest.nodes) = rest.nodes.into_iter().partition(is_its);
        self.near.remove(id);
        let (shared, started) = (std::mem::take(&mut rest.shared), rest.started);
        let ids = (own.id, rest.id);
        for action in [own, rest] {
            self.settle(action);
        }
        self.hand_on_shared(&shared, id, ids.1);
        if let Some(started) = started {
            self.started.insert(started, ids.1);
        }
        ids
    }

    /// Takes up an action under the id that it has now.
    fn settle(&mut self, action: Action) {
        let id = action.id;
        for key in &action.keys {
            self.keys.insert(*key, id);
        }
        for node in &action.nodes {
            self.kin.set_action(*node, Some(id));
        }
        self.near.put(&action);
        self.actions.insert(id, action);
    }
}

/// The hooks of a request that have no id of their own.
fn hooks(action: &Action) -> Option<Part> {
    let (proposed, answered) = action.hooked().filter(|_| !action.is_called())?;
    let first = action
        .members
        .iter()
        .filter(|member| member.observer == Observer::Hook)
        .min_by_key(|member| member.index)?;
    let (began_us, time_us) = (proposed.or(answered)?, answered.or(proposed)?);
    let tokens = action.hooked_tokens();
    let Member { index, state, agent, .. } = *first;
    Some(Part { index, state, action: action.id, time_us, began_us, agent, tokens, within: None })
}

impl Parts {
    fn all(&self) -> impl Iterator<Item = &Part> {
        self.asked.iter().chain(&self.answered).chain(&self.filed).chain(&self.spans).chain(&self.hooked)
    }

    /// Those that can be taken out of an action again: hooks stay where they are, and beside them all others.
    fn apart(&self) -> impl Iterator<Item = &Part> {
        let answered = self.answered.iter().filter(|_| !self.hooked.is_empty());
        self.asked.iter().chain(&self.filed).chain(&self.spans).chain(answered)
    }

    /// Where each belongs that does not stand for itself: a file's word with the log's answer, a request with its answer.
    fn homes(&self) -> BTreeMap<u64, u64> {
        let mut homes = filed_with(&self.filed, &self.answered);
        let (timed, answers): (Vec<&Part>, Vec<&Part>) =
            self.answered.iter().partition(|part| part.began_us < part.time_us);
        // It was asked when the answer says that it began.
        let apart = |asked: &Part, answer: &&Part| {
            let is_before = asked.time_us <= answer.time_us && answer.began_us - asked.time_us <= ANSWER_US;
            is_before.then_some(answer.began_us.abs_diff(asked.time_us))
        };
        // Unless it says in which span it was asked.
        let is_of = |span: u64| self.spans.iter().any(|other| other.index == span);
        let (sure, asked): (Vec<Part>, Vec<Part>) =
            self.asked.iter().partition(|asked| asked.within.is_some_and(is_of));
        homes.extend(sure.iter().filter_map(|asked| asked.within.map(|span| (asked.index, span))));
        for (asked, answer) in clear_pairs(&asked, &timed, TOLD_US, apart) {
            homes.insert(asked.index, answer.index);
        }
        let alone: Vec<&Part> = self.filed.iter().filter(|part| !homes.contains_key(&part.index)).collect();
        // What may be of several of these is of no other answer.
        let is_left = |part: &&Part| {
            let is_its = |answer: &&Part| apart(part, answer).is_some_and(|apart| apart <= TOLD_US);
            !homes.contains_key(&part.index) && !timed.iter().any(is_its)
        };
        let mut asked: Vec<&Part> = self.asked.iter().filter(is_left).collect();
        for (answers, within_us) in [(answers, ANSWER_US), (alone, WINDOW_US)] {
            for answer in answers {
                let may_be = |part: &&&Part| {
                    part.time_us <= answer.time_us
                        && answer.began_us.saturating_sub(part.time_us) <= within_us
                };
                // Else it was asked last before it.
                let apart = |part: &&Part| (answer.began_us.abs_diff(part.time_us), u64::MAX - part.index);
                let meant = asked.iter().filter(may_be).min_by_key(|part| apart(part)).map(|part| part.index);
                if let Some(meant) = meant {
                    homes.insert(meant, answer.index);
                    asked.retain(|part| part.index != meant);
                }
            }
        }
        self.surround(&mut homes);
        homes
    }
}

/// What a session's file tells with the log's word of the same tokens, by whose request it was and when they say that it was
/// over. Sub-agents at once may have the same tokens; of another name for the same agent both are only further away.
fn filed_with(filed: &[Part], answered: &[Part]) -> BTreeMap<u64, u64> {
    let apart = |part: &Part, answer: &Part| {
        let gap = (part.began_us - answer.time_us).max(answer.began_us - part.time_us);
        let is_same = part.tokens.is_some() && answer.tokens == part.tokens;
        let other = if part.agent == answer.agent { 0 } else { WINDOW_US.unsigned_abs() };
        (is_same && gap <= WINDOW_US).then_some(part.time_us.abs_diff(answer.time_us) + other)
    };
    let pairs = clear_pairs(filed, answered, TOLD_US, apart);
    pairs.into_iter().map(|(part, answer)| (part.index, answer.index)).collect()
}
