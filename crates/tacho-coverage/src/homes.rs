//! Which session a call belongs to, where what is told of it names none, or more than one.
//!
//! Invariants
//! - Where witnesses tell of a call, only they say whose it is.
//! - An id that nobody else has by chance is one call, as it is one action: a session that was forked repeats what its
//!   parent did under the same ids. It belongs where it was seen to run, and of transcripts to the session that began first.

use crate::rows::CallRow;
use crate::sessions::Sessions;
use crate::witness::is_watching;
use std::collections::BTreeMap;
use tacho_action::is_strong;

/// Whether only a transcript has it there, when the session began, and which it is: the least of these is the home.
type Claim<'r> = (bool, i64, &'r str);

/// The sessions of all calls.
pub(crate) struct Homes<'r> {
    /// As a witness names it; none where witnesses name none, and then no word of the agent does.
    witnessed: BTreeMap<&'r str, Option<Claim<'r>>>,
    own: BTreeMap<&'r str, &'r str>,
}

impl<'r> Homes<'r> {
    pub(crate) fn new(rows: &'r [CallRow], sessions: &Sessions) -> Homes<'r> {
        let mut homes = Homes { witnessed: BTreeMap::new(), own: BTreeMap::new() };
        for row in rows {
            let session = row.session.as_deref();
            if is_watching(&row.source) {
                let claim = session.map(|id| {
                    let began_us = sessions.by_id.get(id).map_or(row.first_us, |session| session.first_us);
                    (row.source == "transcript", began_us, id)
                });
                let home = homes.witnessed.entry(&row.call).or_default();
                *home = home.iter().copied().chain(claim).min();
            } else if let Some(session) = session {
                homes.own.entry(&row.call).or_insert(session);
            }
        }
        homes
    }

    /// The session that a row counts in. A short id in two sessions is two calls.
    pub(crate) fn of(&self, row: &'r CallRow) -> Option<&'r str> {
        let session = row.session.as_deref();
        match self.witnessed.get(row.call.as_str()) {
            Some(home) => {
                let home = home.map(|(_, _, session)| session);
                if is_strong(&row.call) { home } else { home.and(session).or(home) }
            }
            None => session.or_else(|| self.own.get(row.call.as_str()).copied()),
        }
    }
}
