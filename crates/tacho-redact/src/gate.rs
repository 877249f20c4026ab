//! The first look at a text: for the literals that anything to redact begins with, and for digits.
//!
//! Most events hold nothing to redact and are decided here, without allocation. At every second byte a window of
//! three is looked up in a set of 8 KiB, which holds what needles begin with, each once from its first and once from
//! its second byte; only where it may be one, a second set and then the needles themselves are asked. The few bytes of
//! [`MARKS`] are searched for by themselves. Digits are looked for at every fourth byte, since no number that matters
//! has fewer than four in a row. All passes are linear; what a needle triggers is bounded by its detector.

use crate::detectors::Detector;
use crate::patterns::Pattern;
use crate::windows::{Windows, first_four};
use crate::work;
use std::ops::Range;

/// Needles that begin with one of these may be too short for a window, or are too frequent there.
const MARKS: [u8; 3] = [b'@', b'+', b'\\'];

/// Two letters, without regard to case, tell the bucket of a needle.
const BUCKETS: usize = 1 << 10;

/// What a needle stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// A built-in detector, by its place in the redactor's list.
    Detector(usize),
    /// A word of a sensitive name.
    Name,
    /// A configured pattern, by its place.
    Pattern(usize),
    /// JSON that writes an ordinary character as an escape, behind which any needle may hide.
    Escape,
}

/// A literal that is looked for, in lower case, and those that begin with it: no needle begins with another.
#[derive(Debug, Clone)]
struct Needle {
    literal: String,
    uses: Vec<(String, Use)>,
}

pub(crate) struct Gate {
    /// What needles begin with, but for those that are searched for by a mark.
    starts: Windows,
    /// The same, and what they go on with from their second byte on.
    windows: Windows,
    /// By their bucket, in alphabetical order within it.
    needles: Vec<Needle>,
    /// Where the needles of each bucket begin.
    buckets: Vec<usize>,
    /// Detectors called at runs of digits.
    digits: Vec<usize>,
}

impl Gate {
    pub(crate) fn new(detectors: &[&Detector], names: &[String], patterns: &[Pattern]) -> Self {
        let mut wanted: Vec<(String, Use)> = Vec::new();
        for (index, detector) in detectors.iter().enumerate() {
            wanted.extend(
                detector.needles.iter().map(|needle| (needle.to_ascii_lowercase(), Use::Detector(index))),
            );
        }
        for (index, pattern) in patterns.iter().enumerate() {
            wanted.extend(pattern.literals.iter().map(|literal| (literal.clone(), Use::Pattern(index))));
        }
        wanted.extend(crate::keys::needles(names).into_iter().map(|needle| (needle, Use::Name)));
        let escapes = [r"\u00", r"\/"].iter().chain(crate::disguise::ESCAPES);
        wanted.extend(escapes.map(|escape| ((*escape).to_owned(), Use::Escape)));
        wanted.sort_by(|(a, _), (b, _)| a.cmp(b));
        wanted.dedup();

        let (mut starts, mut windows) = (Windows::of_four(), Windows::of_three());
        let mut needles: Vec<Needle> = Vec::new();
        for (literal, used) in wanted {
            match needles.last_mut() {
                Some(needle) if literal.starts_with(&needle.literal) => needle.uses.push((literal, used)),
                _ => needles.push(Needle { literal: literal.clone(), uses: vec![(literal, used)] }),
            }
        }
        let mut placed = Vec::new();
        for needle in needles {
            let bytes = needle.literal.as_bytes();
            if !MARKS.contains(&bytes[0]) {
                starts.add(bytes);
                windows.add(bytes);
                windows.add(&bytes[1..]);
            }
            let second = bytes.get(1).map_or(0..=31, |byte| *byte..=*byte);
            placed.extend(second.map(|second| (bucket(bytes[0], second), needle.clone())));
        }
        placed.sort_by_key(|(bucket, _)| *bucket);
        let before = |bucket| placed.partition_point(|(own, _)| *own < bucket);
        Self {
            starts,
            windows,
            buckets: (0..=BUCKETS).map(before).collect(),
            needles: placed.into_iter().map(|(_, needle)| needle).collect(),
            digits: (0..detectors.len()).filter(|&index| detectors[index].digits).collect(),
        }
    }

    /// Calls `visit` with every use of every needle seen, its place and length: needles in the order of their places,
    /// then digits.
    pub(crate) fn each(&self, text: &str, mut visit: impl FnMut(Use, usize, usize)) {
        let bytes = text.as_bytes();
        work::add(bytes.len());
        let mut from = 0;
        let [a, b, c] = MARKS;
        for mark in memchr::memchr3_iter(a, b, c, bytes) {
            self.within(bytes, from..mark, &mut visit);
            self.compare(bytes, mark, first_four(&bytes[mark..]), &mut visit);
            from = mark + 1;
        }
        self.within(bytes, from..bytes.len(), &mut visit);
        if !self.digits.is_empty() {
            digit_runs(bytes, |start, len| {
                self.digits.iter().for_each(|&index| visit(Use::Detector(index), start, len));
            });
        }
    }

    /// The needles that start in a range.
    fn within(&self, bytes: &[u8], range: Range<usize>, visit: &mut impl FnMut(Use, usize, usize)) {
        let near = &bytes[range.start..bytes.len().min(range.end + 3)];
        let mut rest = near;
        while let Some(seen) = rest.first_chunk() {
            let seen = u32::from_le_bytes(*seen);
            // What a needle begins with stands here, or one byte earlier.
            if self.windows.has(seen) {
                let at = range.start + near.len() - rest.len();
                if at > range.start {
                    self.start(bytes, at - 1, seen << 8 | u32::from(bytes[at - 1]), visit);
                }
                self.start(bytes, at, seen, visit);
            }
            rest = &rest[2..];
        }
        let from = (near.len() - rest.len()).saturating_sub(1);
        let mut seen = first_four(&near[from..]);
        for at in range.start + from..range.end {
            self.start(bytes, at, seen, visit);
            seen >>= 8;
        }
    }

    /// The needles that start at a place, where these four bytes stand.
    #[inline]
    fn start(&self, bytes: &[u8], at: usize, seen: u32, visit: &mut impl FnMut(Use, usize, usize)) {
        if self.starts.has(seen) {
            self.compare(bytes, at, seen, visit);
        }
    }

    /// The same where it is one of the needles, in all likelihood.
    #[inline(never)]
    fn compare(&self, bytes: &[u8], at: usize, seen: u32, visit: &mut impl FnMut(Use, usize, usize)) {
        let [first, second, ..] = seen.to_le_bytes();
        let bucket = bucket(first, second);
        let needles = &self.needles[self.buckets[bucket]..self.buckets[bucket + 1]];
        // What the text begins with is the last that is not behind it in the alphabet.
        let rest = || bytes[at..].iter().map(u8::to_ascii_lowercase);
        let behind = needles.partition_point(|needle| needle.literal.bytes().le(rest()));
        let Some(needle) = behind.checked_sub(1).map(|last| &needles[last]) else { return };
        for (literal, used) in &needle.uses {
            let seen = bytes.get(at..at + literal.len());
            if seen.is_some_and(|seen| seen.eq_ignore_ascii_case(literal.as_bytes())) {
                visit(*used, at, literal.len());
            }
        }
    }
}

fn bucket(first: u8, second: u8) -> usize {
    usize::from(first & 31) << 5 | usize::from(second & 31)
}

/// Calls `visit` with the start and length of every run of four digits or more.
fn digit_runs(bytes: &[u8], mut visit: impl FnMut(usize, usize)) {
    let mut at = 3;
    let mut done = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 4;
            continue;
        }
        let start =
            bytes[done..at].iter().rposition(|byte| !byte.is_ascii_digit()).map_or(done, |i| done + i + 1);
        let end = bytes[at..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |i| at + i);
        if end - start >= 4 {
            visit(start, end - start);
        }
        done = end;
        at = end + 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digit_runs_finds_every_run_of_four_wherever_it_starts() {
        for pad in 0..9 {
            let text = format!("{}1234 123 {}56789", "a".repeat(pad), "b".repeat(pad));
            let mut found = Vec::new();
            digit_runs(text.as_bytes(), |start, len| found.push(&text[start..start + len]));
            assert_eq!(found, ["1234", "56789"], "{pad}");
        }
    }

    #[test]
    fn overlapping_and_folded_needles_are_all_seen() {
        let patterns = [Pattern::new(0, "secret=x").unwrap(), Pattern::new(1, "ret=xy").unwrap()];
        let gate = Gate::new(&[], &["secret".to_owned()], &patterns);
        let mut seen = Vec::new();
        gate.each("a SECRET=xy", |used, at, _| seen.push((used, at)));
        assert_eq!(seen, [(Use::Name, 2), (Use::Pattern(0), 2), (Use::Pattern(1), 5)]);
    }
    proptest! {
        #[test]
        fn every_needle_is_seen_wherever_it_stands(
            parts in prop::collection::vec("[a-z]{1,4}|@|k|K1|pw|[+:. ]|\\\\(u200b|/|n)|sk-|sK|TOKEN|api[_-]key|é", 0..12),
            name in "[a-z]{1,5}",
        ) {
            let text = parts.concat();
            let detectors: Vec<_> = crate::detectors::ALL.iter().collect();
            let names = ["k", "token", "api_key", "pw", &name].map(str::to_owned);
            let gate = Gate::new(&detectors, &names, &[]);
            let mut seen = Vec::new();
            gate.each(&text, |used, at, len| seen.push((at, len, used)));
            let lower = text.to_ascii_lowercase();
            let mut wanted: Vec<_> = gate.needles.iter().flat_map(|needle| &needle.uses).map(|(literal, used)| (literal, *used)).collect();
            wanted.sort_by_key(|(literal, used)| (*literal, format!("{used:?}")));
            wanted.dedup();
            let mut there: Vec<_> = wanted
                .iter()
                .flat_map(|(literal, used)| {
                    let starts = (0..lower.len()).filter(|at| lower.as_bytes()[*at..].starts_with(literal.as_bytes()));
                    starts.map(|at| (at, literal.len(), *used))
                })
                .collect();
            let is_number = |(at, len, _): &(usize, usize, Use)| text[*at..*at + *len].bytes().all(|b| b.is_ascii_digit());
            seen.retain(|one| !is_number(one));
            prop_assert!(seen.is_sorted_by_key(|(at, len, _)| (*at, *len)), "{:?}", seen);
            seen.sort_by_key(|one| format!("{one:?}"));
            there.sort_by_key(|one| format!("{one:?}"));
            prop_assert_eq!(seen, there);
        }
    }
}
