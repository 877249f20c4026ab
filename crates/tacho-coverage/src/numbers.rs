//! Running numbers: what a source numbered and did not arrive.
//!
//! A log of OpenTelemetry begins at zero with each process. A session may have several, after one another or at once, and a process
//! several sessions (`/clear`, `/resume`): what one user's processes numbered is put into runs together ([`Runs`]). A hook's spool
//! numbers a session from one, hooks and events of the user's own that go through it in one sequence. A client library numbers all
//! that its process sends, whatever the session, and says which process that is. Others may begin anywhere.
//!
//! Limits: a gap of [`MERGED_MAX`] numbers is one, whatever another process told.

use crate::judge::{Window, named};
use crate::report::{EVENTS_NAMED_MAX, Evidence, Finding, Gap, Kind};
use crate::rows::NumberRow;
use crate::runs::{Hole, Runs};
use crate::sessions::Sessions;
use crate::witness::is_watching;
use std::collections::{BTreeMap, BTreeSet};
use tacho_event::time;

/// What numbers processes, and not sessions.
pub(crate) const LOG: &str = "otel_log";

/// Sources whose first number is known.
pub(crate) const WHOLE: [&str; 2] = [LOG, HOOK];

const HOOK: &str = "hook";
/// Events of the user's own.
pub(crate) const OWN: &str = "http";

/// Numbers in a row that two processes may have told in the same words at the same time: settings and hooks at their start.
const MERGED_MAX: u64 = 128;

pub(crate) fn gaps(rows: &[NumberRow], sessions: &Sessions, window: &Window) -> Vec<Finding> {
    let mut of: BTreeMap<Sequence<'_>, Vec<&NumberRow>> = BTreeMap::new();
    let spools = spools(rows);
    for row in rows {
        let user = row.user.as_deref().filter(|_| row.source == LOG);
        let is_spooled = row.source == OWN && spools.contains(&(&row.session, &row.writer));
        let (source, whose) = match row.producer.as_deref() {
            Some(producer) => (OWN, Some(producer)),
            None if is_spooled => (HOOK, None),
            None => (row.source.as_str(), user),
        };
        of.entry((source, whose.is_some(), whose.unwrap_or(&row.session))).or_default().push(row);
    }
    let found = of.into_iter().flat_map(|((source, ..), mut rows)| {
        rows.sort_by_key(|row| (row.at_us, row.number, row.index));
        match source == LOG {
            true => by_session(&rows, begun_again(&rows, window.grace_us)),
            false => vec![given_once(source, &rows, window)],
        }
    });
    found.filter_map(|numbers| finding(numbers, sessions, window)).collect()
}

/// A source, whether it is a user's or a producer's, and that, or a session.
type Sequence<'r> = (&'r str, bool, &'r str);

/// Sessions, and the keys under which events of the user's own came out of the spool of the session's hooks.
fn spools(rows: &[NumberRow]) -> BTreeSet<(&str, &str)> {
    let mut of: BTreeMap<(&str, &str), Vec<&NumberRow>> = BTreeMap::new();
    let is_of_one = |row: &&NumberRow| row.producer.is_none() && [HOOK, OWN].contains(&row.source.as_str());
    for row in rows.iter().filter(is_of_one) {
        of.entry((&row.session, &row.writer)).or_default().push(row);
    }
    of.retain(|_, rows| is_one_spool(rows));
    of.into_keys().collect()
}

/// A spool gives each number once and delivers in their order, and what came one way fills gaps of the other. Of a sender beside it
/// that counts for itself one of these is otherwise.
fn is_one_spool(rows: &[&NumberRow]) -> bool {
    let of = |source: &str| first_given(rows.iter().copied().filter(|row| row.source == source));
    let (hooks, own, both) = (of(HOOK), of(OWN), first_given(rows.iter().copied()));
    let Some((own_least, _)) = own.first_key_value() else { return false };
    let is_apart = hooks.keys().all(|number| !own.contains_key(number));
    let is_ordered = both.values().is_sorted_by_key(|row| row.index);
    let apart = sum(&holes(&hooks, 1)) + sum(&holes(&own, *own_least));
    is_apart && is_ordered && !hooks.is_empty() && sum(&holes(&both, 1)) < apart
}

/// A gap is of the session that was told of behind it.
fn by_session<'r>(rows: &[&'r NumberRow], numbers: Numbers<'r>) -> Vec<Numbers<'r>> {
    let mut of: BTreeMap<&str, Numbers<'r>> = BTreeMap::new();
    for hole in numbers.holes {
        let own = of.entry(&hole.behind.session).or_insert(Numbers { holes: Vec::new(), of: 0, ..numbers });
        own.of = own.of.saturating_add(hole.last - hole.first + 1);
        own.holes.push(hole);
    }
    for row in rows {
        if let Some(own) = of.get_mut(row.session.as_str()) {
            own.of = own.of.saturating_add(row.events);
        }
    }
    of.into_values().collect()
}

fn finding(numbers: Numbers<'_>, sessions: &Sessions, window: &Window) -> Option<Finding> {
    let Numbers { source, mut holes, of, runs } = numbers;
    let first = holes.first()?.behind;
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
    let place = if name.is_empty() { String::new() } else { format!("in session {name} ") };
    let agent = sessions.agent(Some(&first.session), &first.agent);
    let agent = session.map_or(agent, |session| &session.agent);
    let listed: Vec<String> = evidence.gaps.iter().take(3).map(Gap::text).collect();
    let more = if evidence.gaps.len() > 3 { " and more" } else { "" };
    // Another run may hide that more is missing.
    let least = if runs > 1 { "at least " } else { "" };
    let what = format!(
        "{least}{} of {} events that {} numbered {place}of {agent} did not arrive: {}{more}",
        evidence.missing,
        evidence.of,
        named(source),
        listed.join(", ")
    );
    let whose = first.producer.as_deref().unwrap_or(name);
    let mut finding = Finding::new(Kind::SequenceGap, &format!("{source}/{whose}")).of(agent, source);
    finding = finding.says(what, advice(source));
    finding.session = Some(name.to_owned()).filter(|name| !name.is_empty());
    finding.since = Some(time::format(since));
    finding.last_us = session.map_or(i64::MAX, |session| session.last_us);
    finding.is_own_word = !is_watching(source);
    finding.evidence = evidence;
    Some(finding)
}

/// What numbers tell.
struct Numbers<'r> {
    source: &'r str,
    holes: Vec<Hole<'r>>,
    /// How many were given in the session; not known of several.
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
    Numbers { source: LOG, of: 0, holes: runs.holes, runs: count }
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

/// A session is numbered once, wherever it begins, and so is what a producer sends. Of that the range is all that was read, and some
/// that was numbered just before it began may be told as after.
fn given_once<'r>(source: &'r str, rows: &[&'r NumberRow], window: &Window) -> Numbers<'r> {
    let given = first_given(rows.iter().copied());
    let bounds = given.keys().next().zip(given.keys().next_back());
    let (lowest, highest) = bounds.map(|(lowest, highest)| (*lowest, *highest)).unwrap_or_default();
    let least = if source == HOOK { lowest.min(1) } else { lowest };
    let mut holes = holes(&given, least);
    holes.retain(|hole| hole.behind.producer.is_none() || hole.behind.at_us >= window.from_us);
    Numbers { source, holes, of: highest - least + 1, runs: 1 }
}

/// Each number as it was given first.
fn first_given<'r>(rows: impl Iterator<Item = &'r NumberRow>) -> BTreeMap<u64, &'r NumberRow> {
    let mut given: BTreeMap<u64, &NumberRow> = BTreeMap::new();
    for row in rows {
        given.entry(row.number).or_insert(row);
    }
    given
}

/// What is missing of a sequence from its least number on.
fn holes<'r>(given: &BTreeMap<u64, &'r NumberRow>, least: u64) -> Vec<Hole<'r>> {
    let (mut next, mut before, mut holes) = (least, None, Vec::new());
    for (number, behind) in given {
        if *number > next {
            holes.push(Hole { first: next, last: number - 1, before, behind });
        }
        (next, before) = (number + 1, Some(*behind));
    }
    holes
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
        HOOK => {
            "look into the spool where the agent ran (agent-audit-log status): what was rejected or found no room is there"
        }
        LOG => {
            "an exporter that can't reach the server drops what it can't hold: check its endpoint and its log, or put a collector with a queue between"
        }
        _ => "ask the sender for the missing numbers, and check whether its requests were refused",
    }
}

#[cfg(test)]
#[path = "numbers_tests.rs"]
mod tests;
