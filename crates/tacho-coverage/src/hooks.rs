//! Sessions that hooks should have told of and did not, sources that had to tell and did not, and hooks that failed.

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
    let mut found = Vec::new();
    for session in sessions.by_id.values() {
        if !session.is_witnessed || session.last_us < window.from_us || session.first_us > window.settled_us()
        {
            continue;
        }
        let wanted: BTreeSet<&str> = config.wanted(&session.agent).collect();
        if !session.sources.contains_key("hook") {
            let known = since.get(session.agent.as_str()).is_some_and(|since| *since <= session.first_us);
            let why =
                why_off(session, safe.get(session.id.as_str()).copied(), known, wanted.contains("hook"));
            found.extend(why.map(|(why, event)| hooks_off(session, &why, event)));
        }
        let absent =
            wanted.iter().filter(|source| **source != "hook" && !session.sources.contains_key(**source));
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
