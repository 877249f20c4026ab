//! The first look at a text: one automaton over its raw bytes, and a look for digits.
//!
//! Most events hold nothing to redact and are decided here, without allocation. The automaton is a DFA over
//! all needles (1 to 2 ns a byte); digits are looked for at every fourth byte, since no number that
//! matters has fewer than four in a row. Both passes are linear; what a needle triggers is bounded by its
//! detector.

use aho_corasick::{AhoCorasick, AhoCorasickKind, Anchored, BuildError, Input, MatchKind};

use crate::detectors::Detector;
use crate::patterns::Pattern;
use crate::work;

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

/// How many texts a gate is for: what is compiled longer searches faster.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Uses {
    Many,
    One,
}

struct Needle {
    /// Each use with the exact (lower-case) literal it is for.
    uses: Vec<(String, Use)>,
}

pub(crate) struct Gate {
    automaton: AhoCorasick,
    needles: Vec<Needle>,
    /// Detectors called at runs of digits.
    digits: Vec<usize>,
}

impl Gate {
    pub(crate) fn new(
        detectors: &[&Detector],
        names: &[String],
        patterns: &[Pattern],
        uses: Uses,
    ) -> Result<Self, BuildError> {
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

        // A search reports one needle per place. A needle that starts with another is therefore folded into
        // it (sorted order puts it right after), and its full literal compared on a hit.
        let mut needles: Vec<Needle> = Vec::new();
        let mut stems: Vec<String> = Vec::new();
        for (literal, used) in wanted {
            match (stems.last(), needles.last_mut()) {
                (Some(stem), Some(needle)) if literal.starts_with(stem.as_str()) => {
                    needle.uses.push((literal, used))
                }
                _ => {
                    stems.push(literal.clone());
                    needles.push(Needle { uses: vec![(literal, used)] });
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostFirst)
            .kind(Some(match uses {
                Uses::Many => AhoCorasickKind::DFA,
                Uses::One => AhoCorasickKind::NoncontiguousNFA,
            }))
            .build(&stems)?;
        let digits = (0..detectors.len()).filter(|&index| detectors[index].digits).collect();
        Ok(Self { automaton, needles, digits })
    }

    /// Calls `visit` with every use of every needle seen, its place and length.
    pub(crate) fn each(&self, text: &str, mut visit: impl FnMut(Use, usize, usize)) {
        let bytes = text.as_bytes();
        let mut from = 0;
        while let Some(hit) = self.automaton.find(Input::new(text).range(from..).anchored(Anchored::No)) {
            work::add(hit.end() - from);
            let rest = &bytes[hit.start()..];
            for (literal, used) in &self.needles[hit.pattern().as_usize()].uses {
                if rest.get(..literal.len()).is_some_and(|seen| seen.eq_ignore_ascii_case(literal.as_bytes()))
                {
                    visit(*used, hit.start(), literal.len());
                }
            }
            // One byte on, not past the hit: needles may overlap.
            from = hit.start() + 1;
        }
        if !self.digits.is_empty() {
            digit_runs(bytes, |start, len| {
                self.digits.iter().for_each(|&index| visit(Use::Detector(index), start, len));
            });
        }
    }
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

/// Places in raw JSON worth a closer look, in ascending order. Holds a few; when there are more, everything
/// after the last held counts.
pub(crate) struct Marks {
    at: [usize; Marks::MAX],
    len: usize,
    next: usize,
    overflow: bool,
    all: bool,
}

impl Marks {
    const MAX: usize = 64;

    pub(crate) fn none() -> Self {
        Self { at: [0; Self::MAX], len: 0, next: 0, overflow: false, all: false }
    }

    /// Everything is worth a look.
    pub(crate) fn all() -> Self {
        Self { all: true, ..Self::none() }
    }

    pub(crate) fn push(&mut self, at: usize) {
        match self.at.get_mut(self.len) {
            Some(slot) => {
                *slot = at;
                self.len += 1;
            }
            None => self.overflow = true,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0 && !self.all
    }

    /// Needles and digits come in two passes.
    pub(crate) fn sort(&mut self) {
        self.at[..self.len].sort_unstable();
        if self.overflow {
            // What did not fit may lie anywhere.
            self.all = true;
        }
    }

    /// Whether a mark lies in the range. Ranges must be asked for in ascending order.
    pub(crate) fn touch(&mut self, start: usize, end: usize) -> bool {
        while self.next < self.len && self.at[self.next] < start {
            self.next += 1;
        }
        self.all || self.next < self.len && self.at[self.next] < end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let gate = Gate::new(&[], &["secret".to_owned()], &patterns, Uses::Many).unwrap();
        let mut seen = Vec::new();
        gate.each("a SECRET=xy", |used, at, _| seen.push((used, at)));
        assert_eq!(seen, [(Use::Name, 2), (Use::Pattern(0), 2), (Use::Pattern(1), 5)]);
    }
}
