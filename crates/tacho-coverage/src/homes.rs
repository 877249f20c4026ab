//! Which session a call belongs to, where what is told of it names none, or more than one.
//!
//! Invariants
//! - Where witnesses tell of a call, only they say whose it is.
//! - An id that nobody else has by chance is one call, as it is one action: a session that was forked repeats what its
//!   parent did under the same ids. It belongs where it was seen to run, and of transcripts to the session that began first.
//! - Any other id, which a runtime counts, is as many calls as there are actions of that id: in each conversation it begins anew, and
//!   a sub-agent's is in the session of the agent that started it.

use crate::rows::CallRow;
use crate::sessions::Sessions;
use crate::witness::is_watching;
use std::collections::BTreeMap;
use tacho_action::is_strong;

/// Whether only a transcript has it there, when the session began, and which it is: the least of these is the home.
type Claim<'r> = (bool, i64, &'r str);

/// An id, and the action where others may have the same id.
pub(crate) type Name<'r> = (&'r str, Option<u64>);

pub(crate) fn name(row: &CallRow) -> Name<'_> {
    (&row.call, (!is_strong(&row.call)).then_some(row.action))
}

/// The sessions of all calls.
pub(crate) struct Homes<'r> {
    /// As a witness names it; none where witnesses name none, and then no word of the agent does.
    witnessed: BTreeMap<Name<'r>, Option<Claim<'r>>>,
    own: BTreeMap<Name<'r>, &'r str>,
}

impl<'r> Homes<'r> {
    pub(crate) fn new(rows: &'r [CallRow], sessions: &'r Sessions) -> Homes<'r> {
        let mut homes = Homes { witnessed: BTreeMap::new(), own: BTreeMap::new() };
        for row in rows {
            let session = row.session.as_deref().map(|id| sessions.whole(id));
            if is_watching(&row.source) {
                let claim = session.map(|id| {
                    let began_us = sessions.by_id.get(id).map_or(row.first_us, |session| session.first_us);
                    (row.source == "transcript", began_us, id)
                });
                let home = homes.witnessed.entry(name(row)).or_default();
                *home = home.iter().copied().chain(claim).min();
            } else if let Some(session) = session {
                homes.own.entry(name(row)).or_insert(session);
            }
        }
        homes
    }

    /// The session that a row counts in.
    pub(crate) fn of(&self, row: &'r CallRow) -> Option<&'r str> {
        match self.witnessed.get(&name(row)) {
            Some(home) => home.map(|(_, _, session)| session),
            None => row.session.as_deref().or_else(|| self.own.get(&name(row)).copied()),
        }
    }
}
