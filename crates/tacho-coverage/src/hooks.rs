//! Sessions that hooks should have told of and did not, sources that had to tell and did not, and hooks that failed.
//!
//! Gemini CLI writes a sub-agent's session into a file of its own, which names no parent. What hooks and telemetry tell of it
//! they tell in the session that started it: one of the same agent, which goes on meanwhile. So it is with what Codex asks its model
//! for itself (a title), and with the id under which Claude Code starts before it goes on with an older session.

use crate::config::Config;
use crate::judge::{Window, named};
use crate::report::{Finding, Kind};
use crate::rows::TroubleRow;
use crate::sessions::{Session, Sessions};
use crate::witness::is_watching;
use std::collections::{BTreeMap, BTreeSet};
use tacho_event::time;

pub(crate) fn find(
    sessions: &Sessions,
    troubles: &[TroubleRow],
    config: &Config,
    window: &Window,
) -> Vec<Finding> {
    let safe: BTreeMap<&str, &TroubleRow> =
        troubles.iter().filter(|row| row.safe_mode).map(|row| (row.session.as_str(), row)).collect();
    let since = hooked_since(sessions);
    let going_on = GoingOn::new(sessions);
    let mut found = Vec::new();
    for session in sessions.by_id.values() {
        if !session.is_witnessed || session.last_us < window.from_us || session.first_us > window.settled_us()
        {
            continue;
        }
        let wanted: BTreeSet<&str> = config.wanted(&session.agent).collect();
        let is_told = |source: &str| {
            session.sources.contains_key(source) || session.started && going_on.told(session, source)
        };
        if !is_told("hook") {
            let known = since.get(session.agent.as_str()).is_some_and(|since| *since <= session.first_us);
            let why =
                why_off(session, safe.get(session.id.as_str()).copied(), known, wanted.contains("hook"));
            found.extend(why.map(|(why, event)| hooks_off(session, &why, event)));
        }
        let absent = wanted.iter().filter(|source| **source != "hook" && !is_told(source));
        found.extend(absent.map(|source| absent_source(session, source)));
    }
    found.extend(troubles.iter().filter(|row| row.failed > 0).map(|row| failing(row, sessions)));
    found
}

/// Since when the hooks of each agent tell.
fn hooked_since(sessions: &Sessions) -> BTreeMap<&str, i64> {
    let mut since: BTreeMap<&str, i64> = BTreeMap::new();
    for session in sessions.by_id.values() {
        if let Some(told) = session.sources.get("hook") {
            let first = since.entry(&session.agent).or_insert(told.first_us);
            *first = (*first).min(told.first_us);
        }
    }
    since
}

/// When each source told of sessions that no other one started, by agent: from when on, and until when the longest of these
/// and those before.
struct GoingOn<'s>(BTreeMap<(&'s str, &'s str), Vec<(i64, i64)>>);

impl<'s> GoingOn<'s> {
    fn new(sessions: &'s Sessions) -> GoingOn<'s> {
        let mut told: BTreeMap<(&str, &str), Vec<(i64, i64)>> = BTreeMap::new();
        for session in sessions.by_id.values().filter(|session| !session.started) {
            for (source, of) in &session.sources {
                told.entry((&session.agent, source)).or_default().push((of.first_us, of.last_us));
            }
        }
        for spans in told.values_mut() {
            spans.sort_unstable();
            let mut until_us = i64::MIN;
            for span in spans {
                until_us = until_us.max(span.1);
                span.1 = until_us;
            }
        }
        GoingOn(told)
    }

    /// Whether a source told of another session of the agent both before and after this one began.
    fn told(&self, session: &Session, source: &str) -> bool {
        let Some(spans) = self.0.get(&(session.agent.as_str(), source)) else { return false };
        let before = spans.partition_point(|(from_us, _)| *from_us <= session.first_us);
        before > 0 && spans[before - 1].1 >= session.first_us
    }
}

/// Why hooks should have told of a session that they told nothing of, and the event that says so.
fn why_off(
    session: &Session,
    safe: Option<&TroubleRow>,
    known: bool,
    wanted: bool,
) -> Option<(String, Option<u64>)> {
    let agent = &session.agent;
    if let Some(row) = safe {
        return Some(("it ran in safe mode, which leaves hooks out".to_owned(), Some(row.last_index)));
    }
    if let Some(event) = session.hooked {
        return Some((
            "it says that it has hooks and runs them, and none of them arrived here".to_owned(),
            Some(event),
        ));
    }
    if known {
        return Some((format!("hooks of {agent} told of other sessions before it"), None));
    }
    wanted.then(|| (format!("coverage.sources asks for hooks of {agent}"), None))
}

fn hooks_off(session: &Session, why: &str, event: Option<u64>) -> Finding {
    let sources: Vec<&str> =
        session.sources.keys().map(String::as_str).filter(|source| is_watching(source)).collect();
    let mut finding = session.finding(Kind::HooksOff, "hook").says(
        format!(
            "no hook told of session {} of {}, which {} saw: {why}",
            session.name,
            session.agent,
            sources.join(", ")
        ),
        "look for --bare, --safe-mode, disableAllHooks or changed settings where it ran; managed settings can't be \
         switched off by a user",
    );
    finding.since = Some(time::format(session.first_us));
    finding.evidence.events = event.into_iter().chain([session.last_index]).collect();
    finding.evidence.events.dedup();
    finding
}

fn absent_source(session: &Session, source: &str) -> Finding {
    let mut finding = session.finding(Kind::SourceAbsent, source).says(
        format!(
            "{} told nothing of session {} of {}, and coverage.sources asks for it",
            named(source),
            session.name,
            session.agent
        ),
        "set the source up where the agent runs, or take it out of coverage.sources",
    );
    finding.since = Some(time::format(session.first_us));
    finding.evidence.events = vec![session.last_index];
    finding
}

fn failing(row: &TroubleRow, sessions: &Sessions) -> Finding {
    let name = sessions.by_id.get(&row.session).map_or(row.session.as_str(), |session| &session.name);
    let agent = sessions.agent(Some(&row.session), &row.agent);
    let mut finding = Finding::new(Kind::HookFailing, name).of(agent, "hook").says(
        format!("{agent} ran {} hooks in session {name} that failed or were cancelled", row.failed),
        "what such a hook was to tell is lost: look at the agent's debug output, at the hook's timeout, and whether the \
         server was there",
    );
    finding.session = Some(name.to_owned());
    finding.last_us = row.last_us;
    finding.evidence.events = vec![row.last_index];
    finding.evidence.missing = row.failed;
    finding
}

#[cfg(test)]
#[path = "hooks_tests.rs"]
mod tests;
