//! Spans without an input beside log records without an id: those of Gemini CLI. Its log record says how long a call took
//! from when the model asked for it, and comes when all calls that were asked for with it are over; its span says when the
//! call began to run and when it ended. Live hooks, which the record has joined by its input, only narrow that down: in which
//! order they tell of the ends is not that of the spans, since each span lasts as long as the hooks of its call do.
//!
//! Where as many records as spans are known of what overlaps, and each record came when one span ended, those two are one.
//! Else calls at once were asked for at one time: the record that took longest belongs to the span that ended last, and so on,
//! if that gives one time at which all were asked for and no two took equally long. In doubt they stay apart.

use super::Joiner;
use crate::Figure;
use crate::action::Action;
use crate::member::{Member, lasts};
use crate::near::WINDOW_US;
use crate::observation::Observation;
use crate::observer::Observer;
use crate::standing::is_made_up;
use std::collections::BTreeSet;
use tacho_event::time::Micros;

/// Between the end of a call's span and what its record counts to may lie so much, microseconds.
const ROUNDED_US: Micros = 2_000;
/// The calls of one answer were asked for within so much, microseconds: up to 21 ms were seen on a busy machine.
const ASKED_US: Micros = 25_000;

/// An action that a span or a record alone tells of, and from when to when.
#[derive(Debug, Clone, Copy)]
struct Told {
    action: u64,
    is_span: bool,
    from: Micros,
    to: Micros,
}

impl Told {
    fn of(action: &Action) -> Option<Told> {
        let is_by = |observer| action.members.iter().any(|member| member.observer == observer);
        let (is_span, is_log) = (is_by(Observer::Span), is_by(Observer::Log));
        let is_one =
            is_span != is_log && (is_log || !is_by(Observer::Hook)) && (is_span || !action.is_called());
        let took = |member: &&Member| member.figures[Figure::DurationUs as usize].is_some();
        let by = if is_span { Observer::Span } else { Observer::Log };
        let told = action.members.iter().filter(|member| is_one && member.observer == by).find(took)?;
        let (from, to) = told.lasts();
        Some(Told { action: action.id, is_span, from, to })
    }

    fn took_us(&self) -> Micros {
        self.to - self.from
    }

    fn overlaps(&self, (from, to): (Micros, Micros)) -> bool {
        self.from <= to + ROUNDED_US && from <= self.to + ROUNDED_US
    }
}

impl Joiner {
    /// Joins the spans and the records of calls at once. Tells what the action is now.
    pub(super) fn join_at_once(
        &mut self,
        mut id: u64,
        observation: &Observation<'_>,
        changed: &mut BTreeSet<u64>,
    ) -> u64 {
        let is_told = matches!(observation.observer, Observer::Span | Observer::Log);
        let is_one_of = is_told || is_made_up(observation);
        let is_asked = is_one_of && observation.is_witness() && !observation.is_model();
        let Some(action) = self.actions.get(&id).filter(|_| is_asked) else { return id };
        let Some(place) = action.likeness.map(|likeness| likeness.place) else { return id };
        // What it has joined just now may leave clear what is left of that time.
        let all = || action.members.iter().map(Member::lasts);
        let from = all().map(|(from, _)| from).min().unwrap_or(observation.time_us);
        let to = all().map(|(_, to)| to).max().unwrap_or(observation.time_us);
        for (span, record) in self.at_once(place, (from, to)) {
            let one = self.merge(span, record);
            changed.remove(&span.max(record));
            changed.insert(one);
            if id == span || id == record {
                id = one;
            }
        }
        id
    }

    /// Each span with its record, of all that went on at once around a time; none where it is not clear.
    fn at_once(&self, place: u64, around: (Micros, Micros)) -> Vec<(u64, u64)> {
        let near = self.near.around(place, around, WINDOW_US);
        let known = near.iter().filter_map(|id| Told::of(self.actions.get(id)?));
        let (mut spans, mut records): (Vec<Told>, Vec<Told>) =
            overlapping(known.collect(), around).into_iter().partition(|told| told.is_span);
        if spans.len() != records.len() || self.waits_for_a_record(&near, &records) {
            return Vec::new();
        }
        spans.sort_by_key(|span| span.to);
        records.sort_by_key(|record| record.to);
        let mut pairs: Vec<(Told, Told)> = spans.iter().copied().zip(records.clone()).collect();
        if !are_clear_by_end(&pairs) {
            records.sort_by_key(Told::took_us);
            pairs = spans.into_iter().zip(records).collect();
            if !are_clear_by_length(&pairs) {
                return Vec::new();
            }
        }
        let fits = |(span, record): &(Told, Told)| {
            record.took_us() + ROUNDED_US >= span.took_us()
                && record.to + ROUNDED_US >= span.to
                && self.may_be_one(span.action, record.action)
                && self.are_hooks_within(span, record)
        };
        let are_fit = pairs.iter().all(fits);
        pairs.iter().filter(|_| are_fit).map(|(span, record)| (span.action, record.action)).collect()
    }

    /// Whether hooks tell of one more call among these, whose record is still to come: any of the spans may be its.
    fn waits_for_a_record(&self, near: &BTreeSet<u64>, records: &[Told]) -> bool {
        let waits = |action: &Action| {
            let is_alone = action.members.iter().all(|member| member.observer == Observer::Hook);
            let (proposed, answered) = action.hooked().filter(|_| is_alone)?;
            let lasts = (proposed.or(answered)?, answered.or(proposed)?);
            Some(records.iter().any(|record| record.overlaps(lasts)))
        };
        near.iter().filter_map(|id| self.actions.get(id)).any(|action| waits(action) == Some(true))
    }

    /// Whether what hooks tell of a record's call lies within the span.
    fn are_hooks_within(&self, span: &Told, record: &Told) -> bool {
        let both = self.actions.get(&span.action).zip(self.actions.get(&record.action));
        both.is_some_and(|(span, call)| call.hooked().is_none() || call.may_lie_in(span))
    }
}

/// Whether each record came when its span ended, and no other then: they ran one after the other.
fn are_clear_by_end(pairs: &[(Told, Told)]) -> bool {
    let is_then = |(span, record): &(Told, Told)| (record.to - span.to).abs() <= ROUNDED_US;
    pairs.iter().all(is_then) && pairs.windows(2).all(|two| two[1].1.to - two[0].1.to > 2 * ROUNDED_US)
}

/// Whether all were asked for at one time, if the one that took longest ended last, and no two took equally long.
fn are_clear_by_length(pairs: &[(Told, Told)]) -> bool {
    let asked = || pairs.iter().map(|(span, record)| span.to - record.took_us());
    let spread = asked().max().zip(asked().min()).map_or(0, |(last, first)| last - first);
    let apart = |two: &[(Told, Told)]| {
        let [(span, record), (next_span, next_record)] = [two[0], two[1]];
        (next_record.took_us() - record.took_us()).min(next_span.to - span.to)
    };
    // What was asked for later and took less ends last as well: as far apart as that may be they have to be.
    spread <= ASKED_US && pairs.windows(2).all(|two| apart(two) > 2 * spread.max(ASKED_US / 2))
}

/// Whether a span and a record that both say how long the call took are of two calls: they do not overlap.
pub(super) fn is_at_another_time(action: &Action, observation: &Observation<'_>) -> bool {
    let is_timed = observation.figures[Figure::DurationUs as usize].is_some() && !observation.is_model();
    let told = Told::of(action).filter(|told| is_timed && is_other(told.is_span, observation.observer));
    told.is_some_and(|told| !told.overlaps(lasts(observation)))
}

/// Whether one of them is a span and the other one a record.
fn is_other(is_span: bool, observer: Observer) -> bool {
    observer == if is_span { Observer::Log } else { Observer::Span }
}

/// What overlaps a time, or what overlaps that.
fn overlapping(mut known: Vec<Told>, mut around: (Micros, Micros)) -> Vec<Told> {
    let mut found = Vec::new();
    loop {
        let (more, rest): (Vec<Told>, Vec<Told>) = known.into_iter().partition(|told| told.overlaps(around));
        if more.is_empty() {
            return found;
        }
        around = more.iter().fold(around, |(from, to), told| (from.min(told.from), to.max(told.to)));
        found.extend(more);
        known = rest;
    }
}
