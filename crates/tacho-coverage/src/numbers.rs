//! Running numbers: what a source numbered and did not arrive.
//!
//! A log of OpenTelemetry begins at zero with each process, and a session may have several, after one another or at once:
//! each is a run of its own ([`Runs`]). A hook's spool numbers a session from one. Others may begin anywhere.
//!
//! Limits: a gap of [`MERGED_MAX`] numbers is one, whatever another process told.

use crate::judge::{Window, named};
use crate::report::{EVENTS_NAMED_MAX, Evidence, Finding, Gap, Kind};
use crate::rows::{NumberRow, NumberedRow};
use crate::runs::{Hole, Runs};
use crate::sessions::Sessions;
use crate::witness::is_watching;
use std::collections::{BTreeMap, BTreeSet};
use tacho_event::time;

/// Sessions whose numbers have to be looked at one by one: some are missing, were given twice by what begins again, or
/// do not begin at the beginning, which may only mean that the range begins later. Those that a witness numbered first,
/// then the newest.
pub fn suspicious(rows: &[NumberedRow]) -> Vec<String> {
    let is = |row: &&NumberedRow| {
        let least = if row.source == "otel_log" { 0 } else { 1 };
        let again = row.source == "otel_log" && row.events > row.given;
        let late = row.lowest > least && WHOLE.contains(&row.source.as_str());
        row.highest - row.lowest + 1 > row.given || again || late
    };
    let (told, own): (Vec<_>, Vec<_>) = rows.iter().filter(is).partition(|row| is_watching(&row.source));
    let mut found: Vec<String> = told.into_iter().chain(own).map(|row| row.session.clone()).collect();
    let mut known = BTreeSet::new();
    found.retain(|session| known.insert(session.clone()));
    found
}

/// Sources whose first number is known.
const WHOLE: [&str; 2] = ["otel_log", "hook"];

/// Numbers in a row that two processes may have told in the same words at the same time: settings and hooks at their start.
const MERGED_MAX: u64 = 128;

pub(crate) fn gaps(rows: &[NumberRow], sessions: &Sessions, window: &Window) -> Vec<Finding> {
    let mut of: BTreeMap<(&str, &str), Vec<&NumberRow>> = BTreeMap::new();
    for row in rows {
        of.entry((&row.session, &row.source)).or_default().push(row);
    }
    of.into_values().filter_map(|rows| finding(rows, sessions, window)).collect()
}

fn finding(mut rows: Vec<&NumberRow>, sessions: &Sessions, window: &Window) -> Option<Finding> {
    rows.sort_by_key(|row| (row.at_us, row.number, row.index));
    let first = *rows.first()?;
    let source = first.source.as_str();
    let Numbers { mut holes, of, runs } =
        if source == "otel_log" { begun_again(&rows, window.grace_us) } else { given_once(&rows, source) };
    // One that is so young that it may still be filled is none.
    holes.retain(|hole| hole.behind.at_us <= window.settled_us());
    holes.sort_by_key(|hole| (hole.behind.at_us, hole.first));
    let beside = |hole: &Hole<'_>| hole.before.unwrap_or(hole.behind).at_us;
    let since = holes.first().map(beside)?;
    let missing = sum(&holes);
    let mut evidence = Evidence { of, missing, ..Evidence::default() };
    for hole in holes.iter().take(EVENTS_NAMED_MAX) {
        evidence.gaps.push(Gap { first: hole.first, last: hole.last });
        let known = hole.before.into_iter().chain([hole.behind]);
        evidence.events.extend(known.map(|row| row.index));
    }
    evidence.events.dedup();
    evidence.events.truncate(EVENTS_NAMED_MAX);
    let session = sessions.by_id.get(&first.session);
    let name = session.map_or(first.session.as_str(), |session| &session.name);
    let agent = sessions.agent(Some(&first.session), &first.agent);
    let agent = session.map_or(agent, |session| &session.agent);
    let listed: Vec<String> = evidence.gaps.iter().take(3).map(Gap::text).collect();
    let more = if evidence.gaps.len() > 3 { " and more" } else { "" };
    let (least, within) = match runs {
        0 | 1 => ("", String::new()),
        runs => ("at least ", format!("{runs} runs of ")),
    };
    let what = format!(
        "{least}{} of {} events that {} numbered in {within}session {name} of {agent} did not arrive: {}{more}",
        evidence.missing,
        evidence.of,
        named(source),
        listed.join(", ")
    );
    let mut finding = Finding::new(Kind::SequenceGap, &format!("{source}/{name}")).of(agent, source);
    finding = finding.says(what, advice(source));
    finding.session = Some(name.to_owned());
    finding.since = Some(time::format(since));
    finding.last_us = session.map_or(i64::MAX, |session| session.last_us);
    finding.is_own_word = !is_watching(source);
    finding.evidence = evidence;
    Some(finding)
}

/// What the numbers of a session tell.
struct Numbers<'r> {
    holes: Vec<Hole<'r>>,
    /// How many were given.
    of: u64,
    runs: usize,
}

/// Each process numbers from zero.
fn begun_again<'r>(rows: &[&'r NumberRow], grace_us: i64) -> Numbers<'r> {
    let mut runs = Runs::default();
    rows.iter().for_each(|row| runs.take(row));
    let alike: BTreeSet<(u64, i64)> =
        rows.iter().filter(|row| row.alike).map(|row| (row.number, row.at_us)).collect();
    let count = runs.count();
    runs.holes.retain(|hole| !is_merged(hole, &alike, grace_us));
    let came: u64 = rows.iter().map(|row| row.events).sum();
    Numbers { of: came.saturating_add(sum(&runs.holes)), holes: runs.holes, runs: count }
}

fn sum(holes: &[Hole<'_>]) -> u64 {
    holes.iter().map(|hole| hole.last - hole.first + 1).fold(0, u64::saturating_add)
}

/// Whether all of a gap may be what another process told in the same words within the same tick of the clock: that is
/// recorded once.
fn is_merged(hole: &Hole<'_>, alike: &BTreeSet<(u64, i64)>, grace_us: i64) -> bool {
    let until_us = hole.behind.at_us;
    let since_us = hole.before.map_or(until_us - grace_us, |before| before.at_us);
    let is_told = |number| alike.range((number, since_us)..=(number, until_us)).next().is_some();
    hole.last - hole.first < MERGED_MAX && since_us <= until_us && (hole.first..=hole.last).all(is_told)
}

/// A session is numbered once, wherever it begins.
fn given_once<'r>(rows: &[&'r NumberRow], source: &str) -> Numbers<'r> {
    let mut of: BTreeMap<u64, &NumberRow> = BTreeMap::new();
    for row in rows {
        of.entry(row.number).or_insert(row);
    }
    let lowest = of.keys().next().copied().unwrap_or_default();
    let least = if source == "hook" { lowest.min(1) } else { lowest };
    let (mut next, mut before, mut holes) = (least, None, Vec::new());
    for (number, behind) in &of {
        if *number > next {
            holes.push(Hole { first: next, last: number - 1, before, behind });
        }
        (next, before) = (number + 1, Some(*behind));
    }
    Numbers { holes, of: next - least, runs: 1 }
}

impl Gap {
    fn text(&self) -> String {
        if self.first == self.last {
            self.first.to_string()
        } else {
            format!("{} to {}", self.first, self.last)
        }
    }
}

fn advice(source: &str) -> &'static str {
    match source {
        "hook" => {
            "look into the spool where the agent ran (agent-audit-log status): what was rejected or found no room is there"
        }
        "otel_log" => {
            "an exporter that can't reach the server drops what it can't hold: check its endpoint and its log, or put a collector with a queue between"
        }
        _ => "ask the sender for the missing numbers, and check whether its requests were refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window =
        Window { from_us: 0, to_us: 1000, until_us: 1000, grace_us: 100, session_silence_us: 100 };

    fn rows(source: &str, numbers: &[(u64, i64)]) -> Vec<NumberRow> {
        let row = |(number, at_us): &(u64, i64)| NumberRow {
            session: "s".into(),
            agent: "a".into(),
            source: source.into(),
            number: *number,
            at_us: *at_us,
            index: at_us.unsigned_abs(),
            events: 1,
            alike: false,
        };
        numbers.iter().map(row).collect()
    }

    fn missing(source: &str, numbers: &[(u64, i64)]) -> Vec<(u64, u64)> {
        let found = gaps(&rows(source, numbers), &Sessions::default(), &WINDOW);
        found.iter().flat_map(|finding| &finding.evidence.gaps).map(|gap| (gap.first, gap.last)).collect()
    }

    #[test]
    fn a_gap_is_named_with_the_events_on_both_sides() {
        let found =
            gaps(&rows("otel_log", &[(0, 1), (1, 2), (4, 3), (5, 4), (7, 5)]), &Sessions::default(), &WINDOW);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].id, "sequence_gap/otel_log/s");
        assert_eq!((found[0].evidence.missing, found[0].evidence.of), (3, 8));
        assert_eq!(found[0].evidence.events, [2, 3, 4, 5]);
        assert!(found[0].what.ends_with("did not arrive: 2 to 3, 6"), "{}", found[0].what);
    }

    #[test]
    fn each_source_begins_where_it_begins() {
        assert_eq!(missing("otel_log", &[(2, 1), (3, 2)]), [(0, 1)]);
        assert_eq!(missing("hook", &[(2, 1), (3, 2)]), [(1, 1)]);
        assert_eq!(missing("http", &[(7, 1), (9, 2)]), [(8, 8)]);
        assert_eq!(missing("hook", &[(0, 1), (1, 2)]), []);
    }

    #[test]
    fn order_of_arrival_does_not_matter_and_the_newest_gap_may_still_be_filled() {
        assert_eq!(missing("otel_log", &[(2, 3), (0, 1), (1, 2)]), []);
        assert_eq!(missing("otel_log", &[(0, 1), (3, 950)]), []);
    }

    #[test]
    fn a_log_that_begins_again_is_judged_apart_and_one_event_in_parts_is_one_number() {
        assert_eq!(missing("otel_log", &[(0, 1), (1, 2), (0, 10), (1, 11), (3, 12)]), [(2, 2)]);
        assert_eq!(missing("hook", &[(1, 1), (2, 2), (2, 2), (3, 3)]), []);
    }

    #[test]
    fn two_processes_at_once_leave_no_gap_and_what_one_of_them_lacks_is_at_least_that() {
        let run = |start: i64, numbers: &[u64]| -> Vec<(u64, i64)> {
            numbers.iter().map(|number| (*number, start + *number as i64 * 10)).collect()
        };
        let whole: Vec<u64> = (0..50).collect();
        assert_eq!(missing("otel_log", &[run(0, &whole), run(33, &whole)].concat()), []);
        let lacking: Vec<u64> = (0..50).filter(|number| !(20..=21).contains(number)).collect();
        let both = [run(0, &whole), run(33, &lacking)].concat();
        let found = gaps(&rows("otel_log", &both), &Sessions::default(), &WINDOW);
        assert_eq!((found[0].evidence.missing, found[0].evidence.of), (2, 100));
        let what = &found[0].what;
        assert!(
            what.starts_with("at least 2 of 100 events") && what.contains("in 2 runs of session s"),
            "{what}"
        );
        assert!(what.ends_with("did not arrive: 20 to 21"), "{what}");
    }

    #[test]
    fn a_process_that_goes_on_after_another_one_began_and_fell_silent_is_whole() {
        assert_eq!(missing("otel_log", &[(0, 1), (1, 2), (2, 3), (0, 10), (1, 11), (3, 20), (4, 21)]), []);
    }

    #[test]
    fn what_two_processes_may_have_told_in_the_same_words_at_once_is_no_gap() {
        let numbers = [(0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (3, 6), (4, 7), (4, 8)];
        let mut rows = rows("otel_log", &numbers);
        let found = |rows: &[NumberRow]| gaps(rows, &Sessions::default(), &WINDOW).len();
        assert_eq!(found(&rows), 1, "1 and 2 tell of calls, and no two calls are alike");
        rows.iter_mut().for_each(|row| row.alike = true);
        assert_eq!(found(&rows), 0);
        let later = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 500), (3, 510)];
        let mut rows = self::rows("otel_log", &later);
        rows.iter_mut().for_each(|row| row.alike = true);
        assert_eq!(found(&rows), 1, "what was told before the process began is not what it told");
    }

    #[test]
    fn only_suspicious_sessions_are_looked_at_closely() {
        let row = |session: &str, source: &str, lowest, highest, given, events| NumberedRow {
            session: session.into(),
            source: source.into(),
            lowest,
            highest,
            given,
            events,
            last_us: 0,
        };
        let rows = [
            row("whole", "otel_log", 0, 9, 10, 10),
            row("gap", "otel_log", 0, 9, 9, 9),
            row("again", "otel_log", 0, 9, 10, 15),
            row("parts", "hook", 1, 9, 9, 15),
            row("late", "hook", 2, 9, 8, 8),
            row("late", "otel_log", 1, 9, 9, 9),
            row("anywhere", "http", 7, 9, 3, 3),
        ];
        assert_eq!(suspicious(&rows), ["gap", "again", "late"]);
    }
}
