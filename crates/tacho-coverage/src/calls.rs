//! Calls over their sources: what each saw of those that any saw, and which it did not see.

use crate::config::Config;
use crate::homes::{Homes, Name, name};
use crate::judge::{Window, named};
use crate::report::{Evidence, Finding, Kind};
use crate::rows::CallRow;
use crate::sessions::{Session, Sessions};
use crate::witness::{is_watching, standing};
use std::collections::{BTreeMap, BTreeSet};

/// A call over its sources: what it is, is told by its witnesses, or by the agent itself where it has none.
#[derive(Debug, Default)]
struct Call<'r> {
    id: &'r str,
    session: Option<&'r str>,
    agent: String,
    seen: BTreeMap<&'r str, &'r CallRow>,
    is_witnessed: bool,
    first_index: u64,
    first_us: i64,
    last_us: i64,
    done_us: Option<i64>,
    never_ran: bool,
    unhooked: bool,
    unlogged: bool,
}

/// Sources that can't see some calls.
const BLIND: [&str; 2] = ["hook", "otel_log"];

/// Counts of one agent and source.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub seen: u64,
    pub in_its_sessions: u64,
}

/// What the calls come to.
#[derive(Debug, Default)]
pub(crate) struct Weighed {
    pub by_source: BTreeMap<(String, String), Tally>,
    /// Calls of each agent that any source saw.
    pub all: BTreeMap<String, u64>,
    /// Those of them that a source neither saw nor could see.
    pub hidden: BTreeMap<(String, String), u64>,
    pub unseen: Vec<Finding>,
}

/// Calls of one agent in one session.
struct Group<'c, 'r> {
    session: Option<&'c Session>,
    agent: &'c str,
    calls: Vec<&'c Call<'r>>,
    /// Calls without an id, of sources that give none.
    unnamed: BTreeMap<&'c str, u64>,
    /// Calls that any source saw.
    count: u64,
}

pub(crate) fn weigh(rows: &[CallRow], sessions: &Sessions, config: &Config, window: &Window) -> Weighed {
    let calls = gather(rows, sessions);
    let mut weighed = Weighed::default();
    for group in groups(&calls, sessions, window) {
        *weighed.all.entry(group.agent.to_owned()).or_default() += group.count;
        for source in BLIND {
            let hidden = weighed.hidden.entry((group.agent.to_owned(), source.to_owned())).or_default();
            *hidden += group.hidden_from(source);
        }
        for source in group.sources() {
            let tally = weighed.by_source.entry((group.agent.to_owned(), source.to_owned())).or_default();
            tally.seen += group.seen_by(source);
            tally.in_its_sessions += group.count - group.hidden_from(source);
            // Nobody has to tell of himself, unless the operator asks for that.
            if is_watching(source) || config.wanted(group.agent).any(|wanted| wanted == source) {
                weighed.unseen.extend(group.finding(source));
            }
        }
    }
    weighed
}

fn gather<'r>(rows: &'r [CallRow], sessions: &'r Sessions) -> Vec<Call<'r>> {
    let homes = Homes::new(rows, sessions);
    let mut of: BTreeMap<(Name<'_>, Option<&str>), Vec<&CallRow>> = BTreeMap::new();
    for row in rows {
        of.entry((name(row), homes.of(row))).or_default().push(row);
    }
    let call = |(((id, _), session), rows): ((Name<'r>, Option<&'r str>), Vec<&'r CallRow>)| {
        let counting = standing(&rows, |row| &row.source);
        let all = || counting.iter();
        Call {
            id,
            session,
            agent: counting
                .first()
                .map(|row| sessions.agent(session, &row.agent).to_owned())
                .unwrap_or_default(),
            is_witnessed: all().any(|row| is_watching(&row.source)),
            first_index: all().map(|row| row.first_index).min().unwrap_or_default(),
            first_us: all().map(|row| row.first_us).min().unwrap_or_default(),
            last_us: all().map(|row| row.last_us).max().unwrap_or_default(),
            done_us: all().filter_map(|row| row.done_us).max(),
            // What is broken off and told by nothing that ran with it may never have begun.
            never_ran: all().any(|row| row.never_ran) || all().all(|row| row.broken_off),
            unhooked: all().any(|row| row.unhooked),
            unlogged: all().any(|row| row.unlogged),
            seen: rows.iter().map(|row| (row.source.as_str(), *row)).collect(),
        }
    };
    let calls = of.into_iter().map(call);
    // What an agent says of itself adds no call to a session that witnesses tell of.
    let is_added = |call: &Call<'_>| {
        let session = call.session.and_then(|id| sessions.by_id.get(id));
        !call.is_witnessed && session.is_some_and(|session| session.is_witnessed)
    };
    calls.filter(|call| !is_added(call)).collect()
}

fn groups<'c, 'r>(calls: &'c [Call<'r>], sessions: &'c Sessions, window: &Window) -> Vec<Group<'c, 'r>> {
    let mut of: BTreeMap<(Option<&str>, &str), Vec<&Call<'_>>> = BTreeMap::new();
    for session in sessions.by_id.values().filter(|session| session.last_us >= window.from_us) {
        for (agent, _) in session.unnamed.keys() {
            of.entry((Some(&session.id), agent)).or_default();
        }
    }
    for call in calls.iter().filter(|call| call.counts(window)) {
        of.entry((call.session, &call.agent)).or_default().push(call);
    }
    let group = |((session, agent), calls): ((Option<&'c str>, &'c str), Vec<&'c Call<'r>>)| {
        let session = session.and_then(|id| sessions.by_id.get(id));
        let named: BTreeSet<&str> = calls.iter().flat_map(|call| call.seen.keys().copied()).collect();
        let unnamed = session.into_iter().flat_map(|session| &session.unnamed);
        let unnamed: BTreeMap<&str, u64> = unnamed
            .filter(|((of, source), _)| of == agent && !named.contains(source.as_str()))
            .map(|((_, source), count)| (source.as_str(), *count))
            .collect();
        let count = (calls.len() as u64).max(unnamed.values().copied().max().unwrap_or_default());
        Group { session, agent, calls, unnamed, count }
    };
    of.into_iter().map(group).filter(|group| group.is_due(window)).collect()
}

impl Call<'_> {
    /// Whether the call can be judged: it ran, within the range, and every source had time to tell.
    fn counts(&self, window: &Window) -> bool {
        let settled = self.done_us.is_some_and(|done| done <= window.settled_us())
            || self.last_us <= window.until_us - window.session_silence_us;
        !self.never_ran && settled && self.first_us >= window.from_us && self.first_us < window.to_us
    }
}

impl<'r> Call<'r> {
    /// Whether a source has to tell of the call: not of what it can't see by its nature.
    fn is_due_from(&self, source: &str) -> bool {
        let is_hidden = self.unhooked && source == "hook" || self.unlogged && source == "otel_log";
        self.seen.contains_key(source) || !is_hidden
    }

    /// The sources whose word counts.
    fn tellers(&self) -> impl Iterator<Item = &'r str> {
        self.seen.keys().copied().filter(|source| !self.is_witnessed || is_watching(source))
    }
}

impl Group<'_, '_> {
    /// What is compared by number is compared once all of it had time to come.
    fn is_due(&self, window: &Window) -> bool {
        let is_quiet = self.session.is_none_or(|session| session.last_us <= window.settled_us());
        is_quiet || self.unnamed.is_empty()
    }

    /// Sources that told of the session, and of its calls.
    fn sources(&self) -> BTreeSet<&str> {
        let seen = self.calls.iter().flat_map(|call| call.seen.keys().copied());
        let told = self.session.into_iter().flat_map(|session| session.sources.keys().map(String::as_str));
        told.filter(|source| is_watching(source)).chain(seen).chain(self.unnamed.keys().copied()).collect()
    }

    fn seen_by(&self, source: &str) -> u64 {
        match self.unnamed.get(source) {
            Some(count) => *count,
            None => self.calls.iter().filter(|call| call.seen.contains_key(source)).count() as u64,
        }
    }

    /// How many of the calls a source neither saw nor could see.
    fn hidden_from(&self, source: &str) -> u64 {
        self.calls.iter().filter(|call| !call.is_due_from(source)).count() as u64
    }

    /// The calls that a source had to see and did not.
    fn finding(&self, source: &str) -> Option<Finding> {
        let session = self.session?;
        if let Some(seen) = self.unnamed.get(source) {
            let missing = self.count.saturating_sub(*seen);
            return (missing > 0).then(|| self.by_number(session, source, missing));
        }
        let told = session.sources.get(source)?;
        // A transcript is read when it is: what happened after its last line may yet come.
        let due = |call: &&&Call<'_>| {
            let may_come = source == "transcript" && !(told.first_us..=told.last_us).contains(&call.first_us);
            !may_come && call.is_due_from(source)
        };
        let missing: Vec<&Call<'_>> =
            self.calls.iter().filter(|call| !call.seen.contains_key(source)).filter(due).copied().collect();
        let first = missing.iter().map(|call| call.first_us).min()?;
        // Nothing came from the hooks any more: they were switched off, whatever was lost before.
        let after = missing.iter().filter(|call| call.first_us > told.last_us).count() as u64;
        let ended = source == "hook" && after > 0;
        let by: BTreeSet<&str> = missing.iter().flat_map(|call| call.tellers()).collect();
        let by: Vec<&str> = by.into_iter().collect();
        let (count, of) = (missing.len() as u64, self.count - self.hidden_from(source));
        let (agent, name) = (self.agent, &session.name);
        let mut finding = if ended {
            session.finding(Kind::HooksOff, "hook").says(
                format!("the hooks of {agent} fell silent in session {name}: {after} of {of} calls came after that, told by {}", by.join(", ")),
                "find out who changed the settings (ConfigChange is among the events if a hook still told of it), or whether the session went on with --bare; \
                 managed settings can't be switched off by a user",
            )
        } else {
            session.finding(Kind::CallsUnseen, source).says(
                format!(
                    "{} did not see {count} of {of} calls of {agent} in session {name} that {} saw",
                    named(source),
                    by.join(", ")
                ),
                advice(source),
            )
        };
        finding.agent = Some(agent.to_owned());
        finding.since = Some(tacho_event::time::format(first));
        finding.evidence = evidence(&missing, of);
        if ended {
            finding.evidence.events.extend(session.changed);
        }
        Some(finding)
    }

    /// A source that gives calls no id is compared by their number.
    fn by_number(&self, session: &Session, source: &str, missing: u64) -> Finding {
        let (agent, name, of) = (self.agent, &session.name, self.count);
        let mut finding = session.finding(Kind::CallsUnseen, source).says(
            format!("{} told of {} of {of} calls of {agent} in session {name} (it gives calls no id, so they are compared by number)", named(source), of - missing),
            advice(source),
        );
        finding.agent = Some(agent.to_owned());
        finding.evidence = Evidence { missing, of, events: vec![session.last_index], ..evidence(&[], of) };
        finding
    }
}

fn evidence(missing: &[&Call<'_>], of: u64) -> Evidence {
    let mut by_time: Vec<&&Call<'_>> = missing.iter().collect();
    by_time.sort_by_key(|call| (call.first_us, call.id));
    by_time.truncate(crate::report::EVENTS_NAMED_MAX);
    Evidence {
        events: by_time.iter().map(|call| call.first_index).collect(),
        calls: by_time.iter().map(|call| call.id.to_owned()).collect(),
        missing: missing.len() as u64,
        of,
        gaps: Vec::new(),
    }
}

fn advice(source: &str) -> &'static str {
    match source {
        "hook" => {
            "check that PreToolUse, PostToolUse, PostToolUseFailure and PostToolBatch all run the hook, without a matcher; \
             http hooks are lost when the server is away, agent-audit-log keeps them"
        }
        "otel_log" => {
            "check the exporter of logs (OTEL_LOGS_EXPORTER, endpoint) and whether the process could flush at its end"
        }
        "otel_span" => "check the exporter of traces and its sampling: a sampled trace leaves calls out",
        "transcript" => {
            "import the session's file again, and those of its sub-agents beside it: what is recorded already stays as it is"
        }
        _ => {
            "check what the sender leaves out, and whether its requests were refused (tachograph_events_rejected_total)"
        }
    }
}

#[cfg(test)]
#[path = "calls_tests.rs"]
mod tests;
