//! Whose running numbers are looked at one by one: those of which some may be missing, as far as their bounds and their count tell.

use crate::numbers::{LOG, WHOLE};
use crate::rows::NumberedRow;
use crate::witness::is_watching;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Sessions whose numbers have to be looked at one by one: some are missing, were given twice by what begins again, or
/// do not begin at the beginning, which may only mean that the range begins later. Those that a witness numbered first,
/// then the newest; behind them the others of their users, whose processes may have numbered both.
pub fn suspicious(rows: &[NumberedRow]) -> Vec<String> {
    let is = |row: &&NumberedRow| {
        if row.producer.is_some() {
            return false;
        }
        let least = if row.source == LOG { 0 } else { 1 };
        let again = row.source == LOG && row.events > row.given;
        let late = row.lowest > least && WHOLE.contains(&row.source.as_str());
        row.highest - row.lowest + 1 > row.given || again || late
    };
    let (told, own): (Vec<_>, Vec<_>) = rows.iter().filter(is).partition(|row| is_watching(&row.source));
    let found = told.into_iter().chain(own);
    let users: BTreeSet<&str> =
        found.clone().filter(|row| row.source == LOG).filter_map(|row| row.user.as_deref()).collect();
    let is_beside = |row: &&NumberedRow| {
        row.source == LOG && row.user.as_deref().is_some_and(|user| users.contains(user))
    };
    let mut sessions: Vec<String> =
        found.chain(rows.iter().filter(is_beside)).map(|row| row.session.clone()).collect();
    let mut known = BTreeSet::new();
    sessions.retain(|session| known.insert(session.clone()));
    sessions
}

/// Producers of whose numbers some may be missing, the newest first.
pub fn suspicious_producers(rows: &[NumberedRow]) -> Vec<String> {
    let mut found: Vec<Produced<'_>> = produced(rows).into_values().filter(Produced::has_gaps).collect();
    found.sort_by_key(|of| (Reverse(of.last_us), of.producer));
    found.into_iter().map(|of| of.producer.to_owned()).collect()
}

/// What a producer numbered within the range, in all sessions.
pub(crate) struct Produced<'r> {
    producer: &'r str,
    /// The session that its first row tells of.
    pub(crate) session: &'r str,
    pub(crate) given: u64,
    lowest: u64,
    highest: u64,
    last_us: i64,
}

impl Produced<'_> {
    pub(crate) fn due(&self) -> u64 {
        self.highest - self.lowest + 1
    }

    fn has_gaps(&self) -> bool {
        self.due() > self.given
    }
}

pub(crate) fn produced(rows: &[NumberedRow]) -> BTreeMap<&str, Produced<'_>> {
    let mut of: BTreeMap<&str, Produced<'_>> = BTreeMap::new();
    for row in rows {
        let Some(producer) = row.producer.as_deref() else { continue };
        let session = row.session.as_str();
        let (lowest, highest, last_us) = (row.lowest, row.highest, row.last_us);
        let known =
            of.entry(producer).or_insert(Produced { producer, session, given: 0, lowest, highest, last_us });
        known.given = known.given.saturating_add(row.given);
        (known.lowest, known.highest) = (known.lowest.min(lowest), known.highest.max(highest));
        known.last_us = known.last_us.max(last_us);
    }
    of
}
