//! Which spans and hooks of Gemini CLI are of one request to a model, and of what its log and its file tell: by their times. A
//! span and the log's answer go on together; the hook of the answer runs within both, that of the proposal before them; the
//! file tells when all is over.

use super::pairing::{Part, Parts};
use crate::near::WINDOW_US;
use std::collections::{BTreeMap, BTreeSet};
use tacho_event::time::Micros;

/// Hooks tell their time in milliseconds: so far may one seem to lie outside, microseconds.
const ROUNDED_US: Micros = 2_000;

impl Parts {
    /// Puts spans and hooks beside what is told of the same request.
    pub(super) fn surround(&self, homes: &mut BTreeMap<u64, u64>) {
        let together = |span: &Part, answer: &Part| {
            let overlap = span.began_us <= answer.time_us && answer.began_us <= span.time_us;
            let apart = span.began_us.abs_diff(answer.began_us) + span.time_us.abs_diff(answer.time_us);
            overlap.then_some(apart)
        };
        let before = |part: &Part, filed: &Part| {
            let behind = filed.time_us - part.time_us;
            (-ROUNDED_US..=WINDOW_US).contains(&behind).then_some(behind.unsigned_abs())
        };
        let within = |hooks: &Part, other: &Part| {
            let gap = other.began_us - hooks.began_us;
            // No hook tells that a request failed.
            let is_answered = hooks.began_us < hooks.time_us;
            let until_us = if is_answered { other.began_us.max(hooks.time_us) } else { other.time_us };
            let is_in = (!is_answered || other.began_us <= hooks.time_us + ROUNDED_US)
                && until_us <= other.time_us + ROUNDED_US;
            (is_in && (-ROUNDED_US..=WINDOW_US).contains(&gap)).then_some(gap.unsigned_abs())
        };
        let alone = |parts: &'_ [Part], homes: &BTreeMap<u64, u64>| -> BTreeSet<u64> {
            parts.iter().map(|part| part.index).filter(|index| !homes.contains_key(index)).collect()
        };
        nearest(&self.spans, &self.answered, &together, homes, None);
        let filed = alone(&self.filed, homes);
        nearest(&self.spans, &self.filed, &before, homes, Some(&filed));
        nearest(&self.hooked, &self.spans, &within, homes, None);
        nearest(&self.hooked, &self.answered, &within, homes, None);
        nearest(&self.hooked, &self.filed, &before, homes, Some(&filed));
    }
}

/// Gives each part that has no home the nearest of others, which no other one of these has; what is nearest comes first.
fn nearest(
    parts: &[Part],
    others: &[Part],
    apart: &dyn Fn(&Part, &Part) -> Option<u64>,
    homes: &mut BTreeMap<u64, u64>,
    free: Option<&BTreeSet<u64>>,
) {
    let mut taken: BTreeSet<u64> = parts.iter().filter_map(|part| root(homes, part.index)).collect();
    let mut pairs = Vec::new();
    for part in parts.iter().filter(|part| !homes.contains_key(&part.index)) {
        for other in others.iter().filter(|other| free.is_none_or(|free| free.contains(&other.index))) {
            pairs.extend(apart(part, other).map(|apart| (apart, part.index, other.index)));
        }
    }
    pairs.sort_unstable();
    for (_, part, other) in pairs {
        let end = root(homes, other).unwrap_or(other);
        if !homes.contains_key(&part) && taken.insert(end) {
            homes.insert(part, other);
        }
    }
}

/// The last home of a part that has one.
fn root(homes: &BTreeMap<u64, u64>, part: u64) -> Option<u64> {
    let mut at = *homes.get(&part)?;
    while let Some(next) = homes.get(&at) {
        at = *next;
    }
    Some(at)
}
