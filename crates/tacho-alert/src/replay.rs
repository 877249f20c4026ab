//! `rules replay`: a rule over history, and how often it would have fired.

use crate::alert::Change;
use crate::engine::Engine;
use crate::row::Row;
use crate::rule::Rule;
use crate::transition::{Health, Transition};

const WEEK_US: f64 = 604_800_000_000.0;
/// Firings that a report names.
const NAMED_MAX: usize = 20;

/// What a rule would have done.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    pub rule: String,
    pub events: u64,
    pub from_us: i64,
    pub to_us: i64,
    pub firings: u64,
    /// The first of them.
    pub first: Vec<Transition>,
    pub health: Health,
}

impl Replay {
    /// Alerts a week, as often as in the time that was replayed; absent when that is less than an hour.
    pub fn per_week(&self) -> Option<f64> {
        let span = (self.to_us - self.from_us) as f64;
        (span >= WEEK_US / 168.0).then(|| self.firings as f64 * WEEK_US / span)
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let span = tacho_pipe::format_us((self.to_us - self.from_us) / 1_000_000 * 1_000_000);
        let mut out =
            format!("{}: {} events over {span}, fired {} times", self.rule, self.events, self.firings);
        match self.per_week() {
            Some(weekly) => out.push_str(&format!(", {weekly:.1} a week\n")),
            None => out.push_str(", too short a time to say how often a week\n"),
        }
        for change in &self.first {
            let group: Vec<String> =
                change.group.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let values: Vec<String> =
                change.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            let at = tacho_event::time::format(change.at_us);
            out.push_str(&format!("  {at}  {}  {}\n", group.join(" "), values.join(", ")));
        }
        out
    }
}

/// Runs a rule over events in the order of the log; imported ones count.
///
/// # Errors
/// When the rule can't be evaluated as events come.
pub fn replay<R: Row>(rule: &Rule, rows: impl Iterator<Item = R>) -> Result<Replay, String> {
    let mut engine = Engine::new(vec![rule.clone()])?.with_imports();
    let mut report = Replay {
        rule: rule.id.clone(),
        events: 0,
        from_us: 0,
        to_us: 0,
        firings: 0,
        first: Vec::new(),
        health: Health::default(),
    };
    let take = |report: &mut Replay, engine: &mut Engine| {
        for change in engine.transitions().into_iter().filter(|change| change.change == Change::Firing) {
            report.firings += 1;
            if report.first.len() < NAMED_MAX {
                report.first.push(change);
            }
        }
    };
    for row in rows {
        engine.observe(&row);
        report.from_us = if report.events == 0 { row.recorded_us() } else { report.from_us };
        report.to_us = report.to_us.max(row.recorded_us());
        report.events += 1;
        take(&mut report, &mut engine);
    }
    engine.advance(report.to_us + rule.tick_us() + rule.lag_us);
    take(&mut report, &mut engine);
    report.health = engine.health().pop().map_or(Health::default(), |(_, health)| health);
    Ok(report)
}
