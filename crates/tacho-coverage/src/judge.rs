//! The report of rows.

use crate::config::Config;
use crate::report::{Cut, FINDINGS_MAX, Figure, Finding, Report, formulas};
use crate::rows::{CallRow, NumberRow, NumberedRow, PartRow, SeenRow, SessionRow, TroubleRow};
use crate::sessions::Sessions;
use crate::witness::is_witness;
use crate::{agents, ask, calls, hooks, numbered, numbers, points, sessions};
use std::collections::{BTreeMap, BTreeSet};
use tacho_event::time;

/// What a report is made of. Rows come one above their limit when there are more.
#[derive(Debug, Clone, Default)]
pub struct Input {
    pub from_us: i64,
    pub to_us: i64,
    pub now_us: i64,
    pub tree_size: u64,
    /// Entries that were not joined yet.
    pub unjoined: u64,
    /// Only this agent.
    pub agent: Option<String>,
    pub calls: Vec<CallRow>,
    pub sessions: Vec<SessionRow>,
    pub parts: Vec<PartRow>,
    pub troubles: Vec<TroubleRow>,
    pub numbers: Vec<NumberRow>,
    pub numbered: Vec<NumberedRow>,
    /// Sessions that are suspicious, beyond those whose numbers were read.
    pub numbers_cut: bool,
    pub seen: Vec<SeenRow>,
    /// Agents that the registry expects.
    pub expected: Vec<String>,
}

/// The time that is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub from_us: i64,
    pub to_us: i64,
    /// Up to where rows were read.
    pub until_us: i64,
    pub grace_us: i64,
    pub session_silence_us: i64,
}

impl Window {
    /// What was over by then, every source had time to tell of.
    pub(crate) fn settled_us(&self) -> i64 {
        self.until_us - self.grace_us
    }
}

/// Makes the report. The same input gives the same report.
pub fn judge(mut input: Input, config: &Config) -> Report {
    let (from_us, cut) = cut(&mut input, config.grace_us);
    let window = Window {
        from_us,
        to_us: input.to_us,
        until_us: input.now_us.min(input.to_us.saturating_add(config.grace_us)),
        grace_us: config.grace_us,
        session_silence_us: config.session_silence_us,
    };
    let known = Sessions::new(&input.sessions, &input.parts);
    let weighed = calls::weigh(&input.calls, &known, config, &window);
    let (points, mut findings) = points::states(&input.seen, config, window.until_us);
    findings.extend(agents::silent(&input.expected, &input.seen, config.agent_silence_us, window.until_us));
    findings.extend(hooks::find(&known, &input.troubles, config, &window));
    findings.extend(numbers::gaps(&input.numbers, &known, &window));
    findings.extend(sessions::open(&known, &window));
    let figures = figures(&input, &known, &weighed, config, &window);
    findings.extend(weighed.unseen);
    if let Some(agent) = &input.agent {
        findings.retain(|finding| finding.agent.as_ref() == Some(agent));
    }
    let mut ids = BTreeSet::new();
    findings.retain(|finding| ids.insert(finding.id.clone()));
    // An agent's own word pushes nothing else off the end.
    let place = |f: &Finding| (f.severity, f.is_own_word, f.kind);
    findings.sort_by(|a, b| (place(a), &a.id).cmp(&(place(b), &b.id)));
    let findings_more = findings.len().saturating_sub(FINDINGS_MAX) as u64;
    findings.truncate(FINDINGS_MAX);
    Report {
        from: time::format(input.from_us),
        to: time::format(input.to_us),
        tree_size: input.tree_size,
        unjoined: input.unjoined,
        figures,
        points: if input.agent.is_some() { Vec::new() } else { points },
        findings,
        findings_more,
        cut,
        formulas: formulas(),
    }
}

/// Where there was too much to read, only what is newer than the oldest row counts: of older calls and sessions some
/// sources are missing. Witnesses' rows come first: where all of them were read, no more than the agents' own word is
/// missing, and the range stays whole. Gives the beginning, and what was cut.
fn cut(input: &mut Input, grace_us: i64) -> (i64, Vec<Cut>) {
    let (mut from_us, mut cut) = (input.from_us, Vec::new());
    let mut short = |what, limit: usize, oldest: Option<i64>| {
        let since = oldest.map(|oldest| oldest.saturating_add(grace_us));
        from_us = from_us.max(since.unwrap_or(from_us));
        cut.push(Cut { what, limit: limit as u64, since: since.map(time::format) });
    };
    if input.calls.len() > ask::CALLS_MAX {
        input.calls.truncate(ask::CALLS_MAX);
        short(
            "calls",
            ask::CALLS_MAX,
            input.calls.last().and_then(|row| is_witness(&row.source).then_some(row.last_us)),
        );
    }
    if input.sessions.len() > ask::SESSIONS_MAX {
        input.sessions.truncate(ask::SESSIONS_MAX);
        short(
            "sessions",
            ask::SESSIONS_MAX,
            input.sessions.last().and_then(|row| is_witness(&row.source).then_some(row.last_us)),
        );
    }
    if input.troubles.len() > ask::TROUBLES_MAX {
        input.troubles.truncate(ask::TROUBLES_MAX);
        short("sessions with hooks that failed", ask::TROUBLES_MAX, None);
    }
    if input.numbers_cut {
        short("sessions with numbers missing", ask::NUMBERED_MAX, None);
    }
    if input.numbers.len() > ask::NUMBERS_MAX {
        // Rows come in the order of the log: what is missing is the newest, and no gap lies before it.
        input.numbers.truncate(ask::NUMBERS_MAX);
        short("running numbers", ask::NUMBERS_MAX, None);
    }
    if input.seen.len() > ask::ACTIONS_MAX {
        input.seen.truncate(ask::ACTIONS_MAX);
        short("actions by agent and source", ask::ACTIONS_MAX, None);
    }
    (from_us, cut)
}

/// One figure for each agent and each source that told of it, or has to.
fn figures(
    input: &Input,
    known: &Sessions,
    weighed: &calls::Weighed,
    config: &Config,
    window: &Window,
) -> Vec<Figure> {
    let mut figures: BTreeMap<(String, String), Figure> = BTreeMap::new();
    let mut last: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut sessions: BTreeMap<&str, u64> = BTreeMap::new();
    for session in known.by_id.values().filter(|session| session.last_us >= window.from_us) {
        for agent in &session.agents {
            *sessions.entry(agent).or_default() += 1;
            for wanted in config.wanted(agent) {
                figures.entry((agent.clone(), wanted.to_owned())).or_default();
            }
        }
    }
    let mut told: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    for row in input.sessions.iter().filter(|row| row.last_us >= window.from_us) {
        let agent = known.agent(Some(&row.session), &row.agent);
        let key = (agent.to_owned(), row.source.clone());
        let newest = last.entry(key.clone()).or_insert(row.last_us);
        *newest = (*newest).max(row.last_us);
        let figure = figures.entry(key).or_default();
        figure.events += row.events;
        figure.sessions_seen += u64::from(told.insert((agent, &row.source, &row.session)));
    }
    for key in weighed.by_source.keys() {
        figures.entry(key.clone()).or_default();
    }
    let mut numbered: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    let agent_of = |session: &str| known.by_id.get(session).map_or("", |session| session.agent.as_str());
    let mut count = |session, source, (given, due): (u64, u64)| {
        let (all_given, all_due) = numbered.entry((agent_of(session), source)).or_default();
        (*all_given, *all_due) = (*all_given + given, *all_due + due);
    };
    for row in input.numbered.iter().filter(|row| row.producer.is_none()) {
        count(&row.session, &row.source, (row.given, row.highest - row.lowest + 1));
    }
    for of in numbered::produced(&input.numbered).into_values() {
        count(of.session, numbers::OWN, (of.given, of.due()));
    }
    let wanted = |agent: &str| input.agent.as_deref().is_none_or(|only| only == agent);
    let finish = |((agent, source), mut figure): ((String, String), Figure)| {
        let key = (agent, source);
        let tally = weighed.by_source.get(&key).copied().unwrap_or_default();
        figure.calls_seen = tally.seen;
        figure.calls_in_its_sessions = tally.in_its_sessions;
        // Nobody has to report over MCP: there is nothing that it should have seen.
        let all = weighed.all.get(&key.0).filter(|_| key.1 != "mcp");
        let hidden = weighed.hidden.get(&key);
        figure.calls_all = all.copied().unwrap_or_default() - hidden.copied().unwrap_or_default();
        figure.calls_share = share(figure.calls_seen, figure.calls_all);
        figure.sessions_all = sessions.get(key.0.as_str()).copied().unwrap_or_default();
        (figure.numbers_seen, figure.numbers_all) =
            numbered.get(&(key.0.as_str(), key.1.as_str())).copied().unwrap_or_default();
        figure.last_seen = last.get(&key).map(|at_us| time::format(*at_us));
        (figure.agent, figure.source) = key;
        figure
    };
    figures.into_iter().filter(|((agent, _), _)| wanted(agent)).map(finish).collect()
}

/// Four places, rounded down: only what is whole is 1.
fn share(seen: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| (seen.saturating_mul(10_000) / all) as f64 / 10_000.0)
}

/// A source in a sentence.
pub(crate) fn named(source: &str) -> String {
    match source {
        "hook" => "the hooks".to_owned(),
        "otel_log" => "the logs of OpenTelemetry".to_owned(),
        "otel_span" => "the spans of OpenTelemetry".to_owned(),
        "transcript" => "the transcript".to_owned(),
        other => format!("the source {other}"),
    }
}

/// A length of time in its two largest units.
pub(crate) fn about(us: i64) -> String {
    const UNITS: [i64; 4] = [86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000];
    let us = us.max(0);
    let at = UNITS.iter().position(|unit| us >= *unit).unwrap_or(3);
    let finest = UNITS[(at + 1).min(3)];
    tacho_pipe::format_us(us / finest * finest)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
