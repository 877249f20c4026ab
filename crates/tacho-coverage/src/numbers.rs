//! Running numbers: what a source numbered and did not arrive.
//!
//! A log of OpenTelemetry begins at zero with each process; a session that is resumed begins again, which shows as a
//! number given twice at two times. A hook's spool numbers a session from one and never twice. Others may begin anywhere.

use crate::judge::{Window, named};
use crate::report::{EVENTS_NAMED_MAX, Evidence, Finding, Gap, Kind};
use crate::rows::{NumberRow, NumberedRow};
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
    let (source, mut evidence, mut since) = (first.source.as_str(), Evidence::default(), None);
    for run in runs(&rows, source) {
        evidence.of += run.keys().next_back().map_or(0, |last| last + 1 - least(source, &run));
        for (gap, before, behind) in missing(&run, source, window) {
            evidence.missing += gap.last - gap.first + 1;
            since = since.or(before.or(Some(behind)).map(|row| row.at_us));
            if evidence.gaps.len() < EVENTS_NAMED_MAX {
                evidence.gaps.push(gap);
                evidence.events.extend(before.map(|row| row.index).into_iter().chain([behind.index]));
            }
        }
    }
    if evidence.missing == 0 {
        return None;
    }
    evidence.events.dedup();
    evidence.events.truncate(EVENTS_NAMED_MAX);
    let session = sessions.by_id.get(&first.session);
    let name = session.map_or(first.session.as_str(), |session| &session.name);
    let agent = sessions.agent(Some(&first.session), &first.agent);
    let agent = session.map_or(agent, |session| &session.agent);
    let listed: Vec<String> = evidence.gaps.iter().take(3).map(Gap::text).collect();
    let more = if evidence.gaps.len() > 3 { " and more" } else { "" };
    let what = format!(
        "{} of {} events that {} numbered in session {name} of {agent} did not arrive: {}{more}",
        evidence.missing,
        evidence.of,
        named(source),
        listed.join(", ")
    );
    let mut finding = Finding::new(Kind::SequenceGap, &format!("{source}/{name}")).of(agent, source);
    finding = finding.says(what, advice(source));
    finding.session = Some(name.to_owned());
    finding.since = since.map(time::format);
    finding.last_us = session.map_or(i64::MAX, |session| session.last_us);
    finding.is_own_word = !is_watching(source);
    finding.evidence = evidence;
    Some(finding)
}

/// Numbers that belong together, each with its first event.
type Run<'r> = BTreeMap<u64, &'r NumberRow>;

fn runs<'r>(rows: &[&'r NumberRow], source: &str) -> Vec<Run<'r>> {
    let mut runs: Vec<Run<'_>> = vec![Run::new()];
    for row in rows {
        let run = runs.last_mut().expect("there is one from the start");
        match run.get(&row.number) {
            Some(other) if source == "otel_log" && other.at_us != row.at_us => {
                runs.push(Run::from([(row.number, *row)]));
            }
            Some(_) => {}
            None => {
                run.insert(row.number, row);
            }
        }
    }
    runs
}

/// The number that a run begins with.
fn least(source: &str, run: &Run<'_>) -> u64 {
    let first = run.keys().next().copied().unwrap_or_default();
    match source {
        "otel_log" => 0,
        "hook" => first.min(1),
        _ => first,
    }
}

/// Gaps with the event before and the one behind; one that is so young that it may still be filled is none.
fn missing<'r>(
    run: &Run<'r>,
    source: &str,
    window: &Window,
) -> Vec<(Gap, Option<&'r NumberRow>, &'r NumberRow)> {
    let (mut next, mut before, mut found) = (least(source, run), None, Vec::new());
    for (number, row) in run {
        if *number > next && row.at_us <= window.settled_us() {
            found.push((Gap { first: next, last: number - 1 }, before, *row));
        }
        (next, before) = (number + 1, Some(*row));
    }
    found
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
