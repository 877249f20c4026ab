//! `rules replay`: rules over history, and how often each would have fired.
//!
//! Limits: each rule names its newest firings only, and has the limits that it has when events come.

use crate::alert::Change;
use crate::calls::Calls;
use crate::engine::Engine;
use crate::row::Row;
use crate::rule::Rule;
use crate::run::Sets;
use crate::transition::{Health, Transition};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

const WEEK_US: f64 = 604_800_000_000.0;
/// How far time goes on after the last event, so that what it completes is seen. No longer: silence that is only the
/// end of history must raise nothing.
const REST_US: i64 = 60_000_000;
/// Firings that a report names, for each rule.
pub const NAMED_MAX: usize = 20;

/// What a rule would have done.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    pub rule: String,
    pub events: u64,
    pub from_us: i64,
    pub to_us: i64,
    pub firings: u64,
    /// The last of them, oldest first.
    pub newest: VecDeque<Transition>,
    pub health: Health,
}

impl Replay {
    /// Alerts a week, as often as in the time that was replayed; absent when that is less than an hour.
    pub fn per_week(&self) -> Option<f64> {
        let span = (self.to_us - self.from_us) as f64;
        (span >= WEEK_US / 168.0).then(|| self.firings as f64 * WEEK_US / span)
    }

    /// The report as text, with so many of the newest firings.
    pub fn text(&self, named: usize) -> String {
        let span = tacho_pipe::format_us((self.to_us - self.from_us) / 1_000_000 * 1_000_000);
        let times = if self.firings == 1 { "time" } else { "times" };
        let mut out =
            format!("{}: {} events over {span}, fired {} {times}", self.rule, self.events, self.firings);
        match self.per_week() {
            Some(weekly) => out.push_str(&format!(", {weekly:.1} a week\n")),
            None => out.push_str(", too short a time to say how often a week\n"),
        }
        for change in self.newest.iter().rev().take(named) {
            let group: Vec<String> =
                change.group.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
            let values: Vec<String> = change
                .values
                .iter()
                .map(|(name, value)| format!("{name} = {}", plain(&value.to_string())))
                .collect();
            let at = tacho_event::time::format(change.at_us);
            let seen = change.evidence.last().map_or(String::new(), |seen| format!("  event {}", seen.index));
            out.push_str(&format!("  {at}  {}  {}{seen}\n", group.join(" "), values.join(", ")));
        }
        self.health.troubles().iter().for_each(|trouble| out.push_str(&format!("  note: {trouble}\n")));
        out
    }
}

/// What an agent wrote must not move the cursor, start a line or turn the direction of text.
fn plain(text: &str) -> String {
    let turns = |c: char| c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c);
    text.chars().map(|c| if turns(c) { ' ' } else { c }).collect()
}

impl Health {
    /// What a rule could not do, in words; nothing when all is well.
    pub fn troubles(&self) -> Vec<String> {
        let told = [
            (self.learning as u64, "groups have too little history to say what is usual for them"),
            (self.late, "events came later than the rule waits (lag)"),
            (self.refused, "events were of groups beyond max_groups and were not counted"),
            (self.skipped, "instants were left out because time leapt too far"),
        ];
        let some = told.iter().filter(|(count, _)| *count > 0);
        some.map(|(count, what)| format!("{count} {what}")).collect()
    }
}

/// Rules that are being replayed, all over the same events.
#[derive(Debug)]
pub struct Replayer {
    engine: Engine,
    reports: Vec<Replay>,
    /// The place of each rule's report.
    places: HashMap<String, usize>,
    events: u64,
    /// The times of the first event and of the last.
    span_us: Option<(i64, i64)>,
}

impl Replayer {
    /// Starts; imported events count, as they do not for alerts.
    ///
    /// # Errors
    /// When a rule can't be evaluated as events come.
    pub fn new(rules: &[Rule], sets: &Sets) -> Result<Replayer, String> {
        let mut engine = Engine::new(rules.to_vec())?.with_imports();
        for (name, members) in sets {
            engine.set(name, members.clone());
        }
        let report = |rule: &Rule| Replay {
            rule: rule.id.clone(),
            events: 0,
            from_us: 0,
            to_us: 0,
            firings: 0,
            newest: VecDeque::new(),
            health: Health::default(),
        };
        Ok(Replayer {
            engine,
            reports: rules.iter().map(report).collect(),
            places: rules.iter().enumerate().map(|(at, rule)| (rule.id.clone(), at)).collect(),
            events: 0,
            span_us: None,
        })
    }

    /// As [`Engine::with_calls`].
    pub fn with_calls(mut self, calls: Arc<dyn Calls>) -> Replayer {
        self.engine = self.engine.with_calls(calls);
        self
    }

    /// Takes the next event, in the order of the log.
    pub fn observe(&mut self, row: &dyn Row) {
        self.engine.observe(row);
        let now = row.recorded_us();
        self.events += 1;
        self.span_us = Some(self.span_us.map_or((now, now), |(first, last)| (first, last.max(now))));
        self.take();
    }

    fn take(&mut self) {
        for change in self.engine.transitions() {
            let Some(at) = self.places.get(&change.rule).filter(|_| change.change == Change::Firing) else {
                continue;
            };
            let report = &mut self.reports[*at];
            report.firings += 1;
            if report.newest.len() == NAMED_MAX {
                report.newest.pop_front();
            }
            report.newest.push_back(change);
        }
    }

    /// Lets the last windows end, and reports in the order of the rules.
    pub fn finish(mut self) -> Vec<Replay> {
        let (from_us, to_us) = self.span_us.unwrap_or((0, 0));
        if self.events > 0 {
            self.engine.advance(to_us + REST_US);
            self.take();
        }
        for (report, (_, health)) in self.reports.iter_mut().zip(self.engine.health()) {
            (report.events, report.from_us, report.to_us) = (self.events, from_us, to_us);
            report.health = health;
        }
        self.reports
    }
}
