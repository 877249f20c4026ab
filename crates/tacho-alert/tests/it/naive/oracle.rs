//! The second evaluator itself.

use super::{Case, Event, SHARES_FROM};
use std::collections::{BTreeMap, BTreeSet};
use tacho_alert::row::{Row, Sample};
use tacho_alert::{Every, Rule};

/// One event as the naive evaluator keeps it.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) time: i64,
    pub(super) key: String,
    pub(super) failed: bool,
    pub(super) tokens: f64,
    pub(super) share: Option<f64>,
}

pub(super) struct Naive<'a> {
    pub(super) case: &'a Case,
    pub(super) rule: &'a Rule,
    pub(super) kept: Vec<Kept>,
    pub(super) newest: BTreeMap<String, i64>,
    /// For each group: since when it holds, and whether it fires.
    pub(super) states: BTreeMap<String, (Option<i64>, bool)>,
    pub(super) found: Vec<(i64, String, bool)>,
}

impl Naive<'_> {
    pub(super) fn aggregate(&self, events: &[&Kept]) -> Option<f64> {
        let mut tokens: Vec<f64> = events.iter().map(|event| event.tokens).collect();
        tokens.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = share * (tokens.len() - 1) as f64;
            let (low, high) = (tokens[place.floor() as usize], tokens[place.ceil() as usize]);
            low + (high - low) * place.fract()
        };
        let shares: Vec<f64> = events.iter().filter_map(|event| event.share).collect();
        if self.case.aggregate >= SHARES_FROM && shares.is_empty() {
            return None;
        }
        (!events.is_empty()).then(|| match self.case.aggregate {
            0 => tokens.len() as f64,
            1 => events.iter().filter(|event| event.failed).count() as f64,
            2 => tokens.iter().sum(),
            3 => tokens[tokens.len() - 1],
            4 => at(0.5),
            5 => at(0.9),
            6 => tokens.iter().map(|value| value.to_bits()).collect::<BTreeSet<_>>().len() as f64,
            7 => tokens.iter().sum::<f64>() / tokens.len() as f64,
            8 => shares.iter().sum::<f64>() / shares.len() as f64,
            _ => shares.iter().copied().fold(f64::MIN, f64::max),
        })
    }

    pub(super) fn within(&self, key: &str, from: i64, to: i64) -> Option<f64> {
        let events = self.kept.iter().filter(|event| event.key == key && (from..to).contains(&event.time));
        self.aggregate(&events.collect::<Vec<_>>())
    }

    /// Whether the condition holds of a group at an instant.
    pub(super) fn holds(&self, key: &str, at: i64) -> bool {
        let window = self.rule.window_us;
        let Some(value) = self.within(key, at - window, at) else { return false };
        if self.case.condition == 0 {
            return value > self.case.threshold();
        }
        if self.case.condition == 3 {
            let others = self.newest.keys().filter(|other| *other != key);
            let others: Vec<f64> = others.filter_map(|other| self.within(other, at - window, at)).collect();
            return !others.is_empty() && value > others.iter().sum::<f64>() / others.len() as f64;
        }
        let last = (at - window).div_euclid(window) - 1;
        let windows: Vec<Option<f64>> =
            (last - 9..=last).map(|n| self.within(key, n * window, (n + 1) * window)).collect();
        // A window counts from the first event on, be there a value in it or none.
        let has_any = |n: i64| {
            let within = n * window..(n + 1) * window;
            self.kept.iter().any(|event| event.key == key && within.contains(&event.time))
        };
        let Some(first) = (last - 9..=last).position(has_any) else { return false };
        if windows.len() - first < 3 {
            return false;
        }
        let zero = matches!(self.case.aggregate, 0 | 1 | 2 | 6);
        let values = windows[first..].iter().filter_map(|value| value.or(zero.then_some(0.0)));
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let count = values.len();
        if count == 0 {
            return false;
        }
        match self.case.condition {
            1 => value > values.iter().sum::<f64>() / count as f64 * 1.5,
            _ => value > (values[(count - 1) / 2] + values[count / 2]) / 2.0,
        }
    }

    pub(super) fn judge(&mut self, key: &str, at: i64) {
        let holds = self.holds(key, at);
        let (since, fires) = self.states.entry(key.to_string()).or_default();
        let before = *fires;
        if !holds {
            (*since, *fires) = (None, false);
        } else {
            let begun = *since.get_or_insert(at);
            *fires = *fires || at - begun >= self.rule.for_us;
        }
        if *fires != before {
            self.found.push((at, key.to_string(), *fires));
        }
    }

    pub(super) fn tick(&mut self, at: i64) {
        for (key, newest) in self.newest.clone() {
            let at = if self.rule.every == Every::Stream { at.max(newest + 1) } else { at };
            self.judge(&key, at);
        }
    }

    pub(super) fn take(&mut self, sample: &Sample, event: &Event) {
        let clock = sample.recorded_us();
        let time = if self.case.event_time { sample.claimed_us() } else { clock };
        if time + self.rule.lag_us < clock || (self.case.filtered && !event.failed) {
            return;
        }
        let key = if self.case.keyed { format!("a{}", event.agent) } else { String::new() };
        let share = event.share.filter(|(_, how)| *how != "none").map(|(share, _)| share);
        let (failed, tokens) = (event.failed, event.tokens as f64);
        self.kept.push(Kept { time, key: key.clone(), failed, tokens, share });
        let newest = self.newest.entry(key.clone()).or_insert(time);
        *newest = (*newest).max(time);
        if self.rule.every == Every::Stream {
            let at = *newest + 1;
            self.judge(&key, at);
        }
    }
}
