//! Sessions with what each source told of them, and sub-agents counted as the agent that started them. And the sessions
//! that began, did not end, and are silent.

use crate::judge::Window;
use crate::report::{Finding, Kind};
use crate::rows::{PartRow, SessionRow};
use crate::witness::{is_watching, standing};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tacho_event::id::Id;
use tacho_event::time;

/// A session over all its sources: what it is, is told by its witnesses, or by the agent itself where it has none.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub id: String,
    /// As its sender called it.
    pub name: String,
    /// The agent that it is of: of those that no other one started the one with the most events.
    pub agent: String,
    pub sources: BTreeMap<String, Told>,
    pub is_witnessed: bool,
    /// Calls without an id, by agent and source.
    pub unnamed: BTreeMap<(String, String), u64>,
    /// Every agent that acts in it, sub-agents left out.
    pub agents: BTreeSet<String>,
    /// When it last began, as one says who also tells of ends, and the event; and when it last ended.
    pub began: Option<(i64, u64)>,
    pub ended_us: Option<i64>,
    pub changed: Option<u64>,
    pub hooked: Option<u64>,
    /// It is a sub-agent's, or the program's own: another session has what hooks tell of it.
    pub started: bool,
    pub first_us: i64,
    pub last_us: i64,
    pub last_index: u64,
}

/// What a source told of a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub first_us: i64,
    pub last_us: i64,
    pub last_index: u64,
}

/// All sessions of the range.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    pub by_id: BTreeMap<String, Session>,
    /// Whom a sub-agent of a session counts as.
    counts_as: HashMap<(String, String), String>,
    /// Of which session one is a part.
    wholes: HashMap<String, String>,
}

/// Claude Code gives its sub-agents ids of this form, Codex UUIDs; a transcript says no more of them.
fn is_sub_id(agent: &str) -> bool {
    let is_claudes = || agent.starts_with('a') && agent[1..].bytes().all(|byte| byte.is_ascii_hexdigit());
    match agent.len() {
        17 => is_claudes(),
        36 => Id::parse(agent).is_some(),
        _ => false,
    }
}

impl Sessions {
    pub(crate) fn new(rows: &[SessionRow], parts: &[PartRow]) -> Sessions {
        let mut of: BTreeMap<&str, Vec<&SessionRow>> = BTreeMap::new();
        for row in rows {
            of.entry(&row.session).or_default().push(row);
        }
        let mut sessions = Sessions::default();
        for (id, rows) in of {
            sessions.add(id, &rows);
        }
        sessions.meet(rows);
        parts.iter().for_each(|row| sessions.take_part(row, rows));
        sessions
    }

    /// What is told of a part is told of the whole, where hooks tell of it as well; whoever acts in it counts as the whole's agent.
    fn take_part(&mut self, parted: &PartRow, rows: &[SessionRow]) {
        let PartRow { part, whole } = parted;
        if part == whole || !self.by_id.contains_key(part) {
            return;
        }
        let Some(whole) = self.by_id.get_mut(whole) else { return };
        for row in rows.iter().filter(|row| row.session == *part) {
            whole.note(row);
            if row.agent != whole.agent {
                self.counts_as.insert((whole.id.clone(), row.agent.clone()), whole.agent.clone());
            }
        }
        self.wholes.insert(part.clone(), whole.id.clone());
    }

    /// The session in which what is told of one counts.
    pub(crate) fn whole<'a>(&'a self, session: &'a str) -> &'a str {
        self.wholes.get(session).map_or(session, String::as_str)
    }

    /// Telemetry of Codex tells of a sub-agent in a session of its own, hooks and session files in the one that it is of:
    /// there the sub-agent has that session's id. What they tell of it they told of its session, and it counts as the same agent.
    fn meet(&mut self, rows: &[SessionRow]) {
        for row in rows.iter().filter(|row| row.agent != row.session) {
            let counted_as = self.agent(Some(&row.session), &row.agent).to_owned();
            let Some(own) = self.by_id.get_mut(&row.agent) else { continue };
            own.started = true;
            own.note(row);
            own.rename(&row.agent, &counted_as);
            self.counts_as.insert((row.agent.clone(), row.agent.clone()), counted_as);
        }
    }

    fn add(&mut self, id: &str, rows: &[&SessionRow]) {
        let counting = standing(rows, |row| &row.source);
        let mut events: BTreeMap<&str, (u64, bool)> = BTreeMap::new();
        for row in &counting {
            let of = events.entry(&row.agent).or_default();
            *of = (of.0 + row.events, of.1 || row.sub || is_sub_id(&row.agent));
        }
        let agents = rows.iter().map(|row| row.agent.as_str());
        let own = events.iter().filter(|(_, (_, sub))| !sub);
        // Of equals the first by name: the same one every time.
        let main = own.min_by_key(|(name, (count, _))| (u64::MAX - count, **name)).map(|(name, _)| *name);
        let subs = events.iter().filter(|(_, (_, sub))| *sub).map(|(name, _)| *name);
        let folded: BTreeSet<&str> = match main {
            Some(_) => subs.chain(agents.filter(|agent| is_sub_id(agent))).collect(),
            None => BTreeSet::new(),
        };
        let main = main.or_else(|| events.keys().next().copied()).unwrap_or_default();
        let mut session = Session {
            id: id.to_owned(),
            name: counting.iter().find_map(|row| row.name.clone()).unwrap_or_else(|| id.to_owned()),
            agent: main.to_owned(),
            is_witnessed: counting.iter().any(|row| is_watching(&row.source)),
            first_us: i64::MAX,
            last_us: i64::MIN,
            ..Session::default()
        };
        for row in rows {
            let agent = if folded.contains(row.agent.as_str()) { main } else { &row.agent };
            session.take(agent, row);
        }
        for sub in folded {
            self.counts_as.insert((id.to_owned(), sub.to_owned()), main.to_owned());
        }
        self.by_id.insert(id.to_owned(), session);
    }

    /// The agent that counts for what another did in a session.
    pub(crate) fn agent<'a>(&'a self, session: Option<&str>, agent: &'a str) -> &'a str {
        let key = session.map(|session| (session.to_owned(), agent.to_owned()));
        key.and_then(|key| self.counts_as.get(&key)).map_or(agent, String::as_str)
    }
}

impl Session {
    fn take(&mut self, agent: &str, row: &SessionRow) {
        self.agents.insert(agent.to_owned());
        self.note(row);
        if self.is_witnessed && !is_watching(&row.source) {
            return;
        }
        if row.unnamed > 0 {
            *self.unnamed.entry((agent.to_owned(), row.source.clone())).or_default() += row.unnamed;
        }
        self.first_us = self.first_us.min(row.first_us);
        self.last_us = self.last_us.max(row.last_us);
        self.last_index = self.last_index.max(row.last_index);
        // A session's file tells of its beginning and never of its end: nothing follows from that.
        let began = row.began_us.zip(row.began).filter(|_| row.source != "transcript");
        (self.began, self.ended_us) = (self.began.max(began), self.ended_us.max(row.ended_us));
        self.changed = self.changed.max(row.changed);
        self.hooked = self.hooked.max(row.hooked);
        self.started |= row.started;
    }

    /// Has one of its agents count as another one.
    fn rename(&mut self, agent: &str, counted_as: &str) {
        if self.agent == agent {
            counted_as.clone_into(&mut self.agent);
        }
        if self.agents.remove(agent) {
            self.agents.insert(counted_as.to_owned());
        }
        for ((of, source), count) in std::mem::take(&mut self.unnamed) {
            let of = if of == agent { counted_as.to_owned() } else { of };
            *self.unnamed.entry((of, source)).or_default() += count;
        }
    }

    /// That a source told of it.
    fn note(&mut self, row: &SessionRow) {
        let new = Told { first_us: row.first_us, last_us: row.last_us, last_index: row.last_index };
        let told = self.sources.entry(row.source.clone()).or_insert(new);
        told.first_us = told.first_us.min(row.first_us);
        told.last_us = told.last_us.max(row.last_us);
        told.last_index = told.last_index.max(row.last_index);
    }

    /// A finding about this session.
    pub(crate) fn finding(&self, kind: Kind, source: &str) -> Finding {
        let key = match source {
            "" => self.name.clone(),
            source => format!("{source}/{}", self.name),
        };
        let mut finding = Finding::new(kind, &key).of(&self.agent, source);
        finding.session = Some(self.name.clone());
        finding.last_us = self.last_us;
        finding.is_own_word = !self.is_witnessed;
        finding
    }
}

/// Sessions that began, did not end after that, and are silent.
pub(crate) fn open(sessions: &Sessions, window: &Window) -> Vec<Finding> {
    let silent = |session: &&Session| window.until_us - session.last_us >= window.session_silence_us;
    // By the senders' clocks: what is imported comes onto the log when it does.
    let is_open = |session: &&Session| {
        session.began.is_some_and(|(began_us, _)| session.ended_us.is_none_or(|ended_us| ended_us < began_us))
    };
    let all = sessions.by_id.values().filter(|session| session.last_us >= window.from_us);
    all.filter(is_open)
        .filter(silent)
        .map(|session| {
            let silence = crate::judge::about(window.until_us - session.last_us);
            let what = format!("session {} of {} began, did not end and has been silent for {silence}", session.name, session.agent);
            let mut finding = session.finding(Kind::SessionOpen, "").says(
                what,
                "look at its last events; a process that was killed sends no end, and a hook that is killed with it is lost \
                 (agent-audit-log writes to disk first)",
            );
            finding.since = Some(time::format(session.last_us));
            finding.evidence.events = session.began.map(|(_, index)| index).into_iter().chain([session.last_index]).collect();
            finding.evidence.events.dedup();
            finding
        })
        .collect()
}

#[cfg(test)]
#[path = "sessions_tests.rs"]
mod tests;
