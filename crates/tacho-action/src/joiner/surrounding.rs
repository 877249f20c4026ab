//! Which spans and hooks of Gemini CLI are of one request to a model, and of what its log and its file tell: by their times
//! and tokens. A span and the log's answer go on together; the hook of the answer runs within both, that of the proposal
//! before them; the file tells when all is over. Requests may overlap: what differs in tokens is never one, and where the
//! times leave a doubt the parts stay apart (`nearest`).

use super::nearest::clear_pairs;
use super::pairing::{Part, Parts};
use crate::near::WINDOW_US;
use std::collections::BTreeMap;
use tacho_event::time::Micros;

/// Hooks tell their time in milliseconds: so far may one seem to lie outside, microseconds.
const ROUNDED_US: Micros = 2_000;
/// Spans, log records and files tell of one end within this time, microseconds.
pub(super) const TOLD_US: u64 = 25_000;
/// Hooks run for some time before a request begins and when it is answered: another must be this much further away,
/// microseconds.
const HOOKS_RUN_US: u64 = 500_000;

/// What is told of one request beside hooks.
#[derive(Default)]
struct Whole<'a> {
    /// The log's answer, and the span.
    around: Vec<&'a Part>,
    filed: Vec<&'a Part>,
}

impl Parts {
    /// Puts spans and hooks beside what is told of the same request.
    pub(super) fn surround(&self, homes: &mut BTreeMap<u64, u64>) {
        let apart = |span: &Part, answer: &Part| told_apart(span, answer, together);
        for (span, answer) in clear_pairs(&self.spans, &self.answered, TOLD_US, apart) {
            homes.insert(span.index, answer.index);
        }
        let alone = |parts: &'_ [Part]| -> Vec<Part> {
            parts.iter().filter(|part| !homes.contains_key(&part.index)).copied().collect()
        };
        let (spans, filed) = (alone(&self.spans), alone(&self.filed));
        for (span, file) in clear_pairs(&spans, &filed, TOLD_US, |span, file| told_apart(span, file, before))
        {
            homes.insert(span.index, file.index);
        }
        let wholes = self.wholes(homes);
        for (hooks, (root, _)) in
            clear_pairs(&self.hooked, &wholes, HOOKS_RUN_US, |hooks, (_, whole)| whole.apart(hooks))
        {
            homes.insert(hooks.index, *root);
        }
    }

    /// Each with the part that is the home of the others.
    fn wholes(&self, homes: &BTreeMap<u64, u64>) -> Vec<(u64, Whole<'_>)> {
        let mut wholes: BTreeMap<u64, Whole<'_>> = BTreeMap::new();
        let root = |part: &Part| homes.get(&part.index).copied().unwrap_or(part.index);
        for part in self.answered.iter().chain(&self.spans) {
            wholes.entry(root(part)).or_default().around.push(part);
        }
        for part in &self.filed {
            wholes.entry(root(part)).or_default().filed.push(part);
        }
        let mut wholes: Vec<_> = wholes.into_iter().collect();
        wholes.sort_by_key(|(_, whole)| whole.first());
        wholes
    }
}

impl Whole<'_> {
    fn first(&self) -> Option<(Micros, u64)> {
        self.around.iter().chain(&self.filed).map(|part| (part.time_us, part.index)).min()
    }

    /// How far hooks are from it, where they can be of the same request. The file tells late: its time counts only where
    /// nothing else tells.
    fn apart(&self, hooks: &Part) -> Option<u64> {
        if self.filed.iter().any(|filed| hooks.is_other_than(filed)) {
            return None;
        }
        let filed = || self.filed.iter().map(|filed| told_apart(hooks, filed, before));
        let around: Option<Vec<u64>> =
            self.around.iter().map(|other| told_apart(hooks, other, within)).collect();
        around?.into_iter().min().or_else(|| filed().min()?)
    }
}

impl Part {
    /// Whether both say their tokens, and others: then they are two requests.
    fn is_other_than(&self, other: &Part) -> bool {
        self.tokens.zip(other.tokens).is_some_and(|(own, others)| own != others)
    }
}

/// How far two are apart, by times and tokens. What does not say that it has the same tokens is further away than whatever
/// does.
fn told_apart(one: &Part, other: &Part, by_times: impl Fn(&Part, &Part) -> Option<u64>) -> Option<u64> {
    let is_told = one.tokens.is_some() && one.tokens == other.tokens;
    let untold = if is_told { 0 } else { WINDOW_US.unsigned_abs() };
    by_times(one, other).filter(|_| !one.is_other_than(other)).map(|apart| apart + untold)
}

/// A span and the log's answer.
fn together(span: &Part, answer: &Part) -> Option<u64> {
    let overlap = span.began_us <= answer.time_us && answer.began_us <= span.time_us;
    let apart = span.began_us.abs_diff(answer.began_us) + span.time_us.abs_diff(answer.time_us);
    overlap.then_some(apart)
}

/// What is over when the file tells.
fn before(part: &Part, filed: &Part) -> Option<u64> {
    let behind = filed.time_us - part.time_us;
    (-ROUNDED_US..=WINDOW_US).contains(&behind).then_some(behind.unsigned_abs())
}

/// Hooks, and a span or the log's answer around the later of them.
fn within(hooks: &Part, other: &Part) -> Option<u64> {
    let gap = other.began_us - hooks.began_us;
    let is_begun = (-ROUNDED_US..=WINDOW_US).contains(&gap);
    // No hook tells that a request failed.
    if hooks.began_us == hooks.time_us {
        return is_begun.then_some(gap.unsigned_abs());
    }
    let is_in = other.began_us <= hooks.time_us + ROUNDED_US
        && hooks.time_us.max(other.began_us) <= other.time_us + ROUNDED_US;
    (is_begun && is_in).then_some(gap.unsigned_abs() + other.time_us.abs_diff(hooks.time_us))
}
