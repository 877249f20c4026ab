//! An event that is told again, because the hook stands in more than one of an agent's settings. Pure.
//!
//! An agent runs the lines of the user's settings and of a project's side by side, with the same text on standard input.
//! Claude Code and Gemini CLI leave out a line that reads as another one, Codex none. Ours never read alike: `install`
//! writes the program's place into the user's settings, and its name alone into a project's, which others share. So what
//! comes by another line is the same event told again, and what comes by the same line is another event.
//!
//! Invariants
//! - What comes by one line alone is never left out. Of equal events by several lines as many count as came by the one
//!   that told most.
//!
//! Limits: [`AGAIN_US_MAX`], and as many as a state remembers of a kind.

use super::state::{State, remember};
use serde::{Deserialize, Serialize};

/// So far apart may two lines tell of one event: each may run for ten seconds, and an agent may run one after the other.
const AGAIN_US_MAX: i64 = 20_000_000;

/// What was told, when it was told first, and by which lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    what: u64,
    at_us: i64,
    lines: Vec<u32>,
}

impl Telling {
    /// `program` is how the line names it; `parts` are all that makes the event what it is.
    pub fn new(program: &str, parts: &[&str], at_us: i64) -> Telling {
        let (mut sum, mut bytes) = (crc32fast::Hasher::new(), 0_u64);
        for part in parts {
            sum.update(&(part.len() as u64).to_be_bytes());
            sum.update(part.as_bytes());
            bytes += part.len() as u64;
        }
        let what = u64::from(sum.finalize()) << 32 | bytes & u64::from(u32::MAX);
        Telling { what, at_us, lines: vec![crc32fast::hash(program.as_bytes())] }
    }
}

impl State {
    /// Remembers what is told; `true` when another line told it already.
    pub fn is_again(&mut self, telling: Telling) -> bool {
        self.told.retain(|told| told.at_us.abs_diff(telling.at_us) <= AGAIN_US_MAX.unsigned_abs());
        let is_same = |told: &&mut Telling| {
            told.what == telling.what && telling.lines.iter().all(|line| !told.lines.contains(line))
        };
        if let Some(told) = self.told.iter_mut().find(is_same) {
            told.lines.extend(telling.lines);
            return true;
        }
        remember(&mut self.told, telling);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "/usr/local/bin/agent-audit-log";
    const NAME: &str = "agent-audit-log";

    /// Of each telling (its line, its event, its second) whether it counts.
    fn counted(tellings: &[(&str, &str, i64)]) -> Vec<bool> {
        let mut state = State::default();
        let mut counts = |(line, event, second): &(&str, &str, i64)| {
            !state.is_again(Telling::new(line, &["ann", event], second * 1_000_000))
        };
        tellings.iter().map(&mut counts).collect()
    }

    #[test]
    fn what_two_lines_tell_counts_once_in_whichever_order() {
        assert_eq!(counted(&[(PLACE, "a", 0), (NAME, "a", 0)]), [true, false]);
        assert_eq!(
            counted(&[(NAME, "a", 0), (NAME, "b", 0), (PLACE, "b", 1), (PLACE, "a", 19)]),
            [true, true, false, false]
        );
        let third = counted(&[(PLACE, "a", 0), (NAME, "a", 0), ("~/agent-audit-log", "a", 0)]);
        assert_eq!(third, [true, false, false]);
    }

    #[test]
    fn what_happens_again_counts_again() {
        assert_eq!(counted(&[(PLACE, "a", 0), (PLACE, "a", 0)]), [true, true], "one line, two events");
        let twice = [(PLACE, "a", 0), (NAME, "a", 0), (NAME, "a", 1), (PLACE, "a", 1)];
        assert_eq!(counted(&twice), [true, false, true, false]);
        let crossed = [(PLACE, "a", 0), (PLACE, "a", 0), (NAME, "a", 0), (NAME, "a", 0), (NAME, "a", 0)];
        assert_eq!(counted(&crossed), [true, true, false, false, true]);
        assert_eq!(counted(&[(PLACE, "a", 0), (NAME, "a", 21)]), [true, true], "too far apart");
        assert_eq!(counted(&[(PLACE, "a", 21), (NAME, "a", 0)]), [true, true], "the clock was set back");
    }

    #[test]
    fn where_one_part_ends_is_a_part_of_what_is_told() {
        let what = |parts: &[&str]| Telling::new(PLACE, parts, 0).what;
        assert_ne!(what(&["ab", "c"]), what(&["a", "bc"]));
    }
}
