//! Spans without an input beside log records without an id: those of Gemini CLI. Its log record says how long a call took
//! from when the model asked for it, and comes when all calls that were asked for with it are over; its span says when the
//! call began to run and when it ended. Live hooks, which the record has joined by its input, only narrow that down: in which
//! order they tell of the ends is not that of the spans, since each span lasts as long as the hooks of its call do.
//!
//! Where as many records as spans are known of what overlaps, and each record came when one span ended, those two are one.
//! Else calls at once were asked for at one time: the record that took longest belongs to the span that ended last, and so on,
//! if that gives one time at which all were asked for and no two took equally long. In doubt they stay apart.

use super::at_once::{Pairs, Parts, ROUNDED_US};
use tacho_event::time::Micros;

/// The calls of one answer were asked for within so much, microseconds: up to 21 ms were seen on a busy machine.
const ASKED_US: Micros = 25_000;

/// Behind the end of the last span its records come within so much, microseconds: up to 4 ms were seen.
const OVER_US: Micros = 10_000;
/// What needs nobody's leave runs so soon after it was asked for, microseconds.
const BEGUN_US: Micros = 200_000;

/// A span or a record, and from when to when it goes on.
#[derive(Debug, Clone, Copy)]
struct Told {
    place: usize,
    is_span: bool,
    from: Micros,
    to: Micros,
}

impl Told {
    fn took_us(&self) -> Micros {
        self.to - self.from
    }

    fn overlaps(&self, (from, to): (Micros, Micros)) -> bool {
        self.from <= to + ROUNDED_US && from <= self.to + ROUNDED_US
    }
}

/// Adds each span with its record, of all that have no partner; none of those that went on at once where that is not clear.
pub(super) fn by_length(parts: &Parts, pairs: &mut Pairs) {
    let is_free = |loose: &usize| !pairs.values().any(|taken| taken == loose);
    let spans = parts.named.iter().enumerate().filter(|(place, _)| !pairs.contains_key(place));
    let spans = spans.filter_map(|(place, part)| Some((place, true, part.span?)));
    let records = parts.loose.iter().enumerate().filter(|(place, _)| is_free(place));
    let records = records.filter_map(|(place, part)| Some((place, false, part.record?)));
    let told = |(place, is_span, (from, to))| Told { place, is_span, from, to };
    let mut known: Vec<Told> = spans.chain(records).map(told).collect();
    let waiting = waiting(parts, pairs);
    while let Some(first) = known.pop() {
        let (mut group, rest) = overlapping(known, (first.from, first.to));
        known = rest;
        group.push(first);
        let is_waited_for =
            group.iter().any(|told| !told.is_span && waiting.iter().any(|lasts| told.overlaps(*lasts)));
        if !is_waited_for {
            pairs.extend(clear(parts, group));
        }
    }
}

/// When calls went on of which only hooks tell: their records are still to come, and any of the spans may be theirs.
fn waiting(parts: &Parts, pairs: &Pairs) -> Vec<(Micros, Micros)> {
    let is_free = |loose: &usize| !pairs.values().any(|taken| taken == loose);
    let alone =
        parts.loose.iter().enumerate().filter(|(place, part)| is_free(place) && part.record.is_none());
    let hooked = alone.filter_map(|(_, part)| part.hooked);
    hooked.filter_map(|(proposed, answered)| proposed.or(answered).zip(answered.or(proposed))).collect()
}

fn clear(parts: &Parts, group: Vec<Told>) -> Vec<(usize, usize)> {
    let (mut spans, mut records): (Vec<Told>, Vec<Told>) = group.into_iter().partition(|told| told.is_span);
    if spans.len() != records.len() {
        return Vec::new();
    }
    spans.sort_by_key(|span| (span.to, span.from));
    records.sort_by_key(|record| record.to);
    let mut both: Vec<(Told, Told)> = spans.iter().copied().zip(records.clone()).collect();
    if !are_clear_by_end(&both) {
        records.sort_by_key(Told::took_us);
        both = spans.into_iter().zip(records).collect();
        if !are_clear_by_length(&both) {
            return Vec::new();
        }
    }
    let fits = |(span, record): &(Told, Told)| parts.loose[record.place].may_be_of(&parts.named[span.place]);
    let are_fit = both.iter().all(fits);
    both.iter().filter(|_| are_fit).map(|(span, record)| (span.place, record.place)).collect()
}

/// Whether each record came when its span ended, and no other then: they ran one after the other.
fn are_clear_by_end(pairs: &[(Told, Told)]) -> bool {
    let is_then = |(span, record): &(Told, Told)| (record.to - span.to).abs() <= ROUNDED_US;
    pairs.iter().all(is_then) && pairs.windows(2).all(|two| two[1].1.to - two[0].1.to > 2 * ROUNDED_US)
}

/// Whether all were asked for at one time, if the one that took longest ended last, and no two took equally long. Records
/// that come long after the last span ended are of calls beside one that went on: of another tool, where these ran as soon
/// as they were asked for, or of this one, and its span is still to come.
fn are_clear_by_length(pairs: &[(Told, Told)]) -> bool {
    let asked = || pairs.iter().map(|(span, record)| span.to - record.took_us());
    let spread = asked().max().zip(asked().min()).map_or(0, |(last, first)| last - first);
    let apart = |two: &[(Told, Told)]| {
        let [(span, record), (next_span, next_record)] = [two[0], two[1]];
        (next_record.took_us() - record.took_us()).min(next_span.to - span.to)
    };
    let came = pairs.iter().map(|(_, record)| record.to).max();
    let ended = pairs.iter().map(|(span, _)| span.to).max();
    let is_over = came.zip(ended).is_some_and(|(came, ended)| came - ended <= OVER_US);
    let begins_soon = |(span, record): &(Told, Told)| record.took_us() - span.took_us() <= BEGUN_US;
    let is_whole = is_over || pairs.iter().all(begins_soon);
    // What was asked for later and took less ends last as well: as far apart as that may be they have to be.
    is_whole && spread <= ASKED_US && pairs.windows(2).all(|two| apart(two) > 2 * spread.max(ASKED_US / 2))
}

/// What overlaps a time, or what overlaps that; and the rest.
fn overlapping(mut known: Vec<Told>, mut around: (Micros, Micros)) -> (Vec<Told>, Vec<Told>) {
    let mut found = Vec::new();
    loop {
        let (more, rest): (Vec<Told>, Vec<Told>) = known.into_iter().partition(|told| told.overlaps(around));
        if more.is_empty() {
            return (found, rest);
        }
        around = more.iter().fold(around, |(from, to), told| (from.min(told.from), to.max(told.to)));
        found.extend(more);
        known = rest;
    }
}
