//! One group at one instant: its aggregates, what is usual for it, whether the condition holds.

use crate::alert::{Alert, Change, Truth};
use crate::cell::Cell;
use crate::compile::{Adding, Step};
use crate::group::Labels;
use crate::run::{Group, Now, Run};
use crate::source::{borrowed, holds};
use crate::transition::{Seen, Transition};
use crate::value::Value;
use std::borrow::Cow;
use tacho_pipe::Over;

impl Run {
    /// The group's columns: keys and aggregates.
    pub(crate) fn finish(&self, adding: &Adding, cells: &[Cell]) -> Vec<Value<'static>> {
        let seconds = self.rule.window_us as f64 / 1e6;
        cells.iter().zip(&adding.functions).map(|(cell, function)| cell.finish(*function, seconds)).collect()
    }

    /// Evaluates one group at an instant.
    pub(crate) fn judge(
        &mut self,
        adding: &Adding,
        group: &mut Group,
        at_us: i64,
        peers: Option<&[Vec<Value<'static>>]>,
        now: &mut Now<'_>,
    ) {
        let before = group.window.buckets();
        group.window.evict(at_us - self.rule.window_us);
        self.buckets = self.buckets.saturating_sub(before - group.window.buckets());
        let standing = || self.standing.then(|| Cow::Owned(adding.fresh()));
        let cells = group.window.until(at_us).or_else(standing);
        let (mut truth, mut values) = (Truth::Not, group.keys.iter().map(borrowed).collect::<Vec<_>>());
        if let Some(cells) = cells {
            values.extend(self.finish(adding, &cells));
            let baselines = self.baselines(adding, group, at_us, peers, &values);
            let learning = self.compiled.after.baselines.iter().zip(&baselines);
            let learning =
                learning.filter(|(asked, _)| asked.over != Over::Peers).any(|(_, found)| found.is_null());
            let held = holds(&self.compiled.after.steps, &mut values, &baselines);
            truth = match (held, learning) {
                (true, _) => Truth::Holds,
                (false, true) => Truth::Learning,
                (false, false) => Truth::Not,
            };
        }
        let window = (at_us - self.rule.window_us, at_us);
        if let Some(change) = group.alert.step(at_us, truth, group.heard_us, self.patience()) {
            let values = values.into_iter().map(Value::owned);
            let named = self.compiled.after.names.iter().cloned().zip(values).skip(self.compiled.after.keys);
            let evidence = group.seen.iter().filter(|seen| (window.0..window.1).contains(&seen.time_us));
            let evidence = evidence.copied().collect();
            self.tell(change, &group.alert, &group.labels, named.collect(), window, evidence, now);
        }
    }

    fn baselines(
        &self,
        adding: &Adding,
        group: &Group,
        at_us: i64,
        peers: Option<&[Vec<Value<'static>>]>,
        values: &[Value<'_>],
    ) -> Vec<Value<'static>> {
        let asked = self.compiled.after.baselines.iter().enumerate();
        let found = asked.map(|(at, asked)| match asked.over {
            Over::Peers => over_peers(asked, peers.unwrap_or_default(), group, values),
            _ => {
                let length = match asked.over {
                    Over::History(Some(us)) | Over::SameHour(us) => us,
                    _ => self.rule.history_us,
                };
                let how = (asked.function, asked.over, length, self.rule.windows_min);
                let read = |cells: &[Cell]| self.column_values(adding, &group.keys, cells);
                Value::number(group.history.baseline(&self.wanted, at_us, at, how, read))
            }
        });
        found.collect()
    }

    /// The baselines' columns of one window.
    pub(crate) fn column_values(
        &self,
        adding: &Adding,
        keys: &[Value<'static>],
        cells: &[Cell],
    ) -> Box<[f64]> {
        let after = &self.compiled.after;
        let mut values = keys.to_vec();
        values.extend(self.finish(adding, cells));
        let evals: Vec<_> = after.steps.iter().filter(|step| matches!(step, Step::Eval(_))).collect();
        let nulls = vec![Value::Null; after.baselines.len()];
        for step in evals {
            holds(std::slice::from_ref(step), &mut values, &nulls);
        }
        let column = |asked: &crate::term::Baseline| values[asked.column].as_number().unwrap_or(f64::NAN);
        after.baselines.iter().map(column).collect()
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one message")]
    pub(crate) fn tell(
        &self,
        change: Change,
        alert: &Alert,
        labels: &Labels,
        values: Vec<(String, Value<'static>)>,
        window: (i64, i64),
        evidence: Vec<Seen>,
        now: &mut Now<'_>,
    ) {
        now.out.push(Transition {
            rule: self.rule.id.clone(),
            rule_hash: self.rule.hash,
            change,
            group: labels.clone(),
            values,
            at_us: window.1,
            window,
            episode_us: alert.episode_us,
            flapping: alert.is_flapping(),
            tree_size: now.tree_size,
            evidence,
        });
    }
}

/// A statistic of the other groups of the same evaluation.
fn over_peers(
    asked: &crate::term::Baseline,
    all: &[Vec<Value<'static>>],
    group: &Group,
    own: &[Value<'_>],
) -> Value<'static> {
    let column = asked.column - group.keys.len();
    let mut values: Vec<f64> =
        all.iter().filter_map(|values| values.get(column).and_then(Value::as_number)).collect();
    // Its own value once: equal ones of others stay.
    let mine = own[asked.column].as_number();
    if let Some(at) = values.iter().position(|value| Some(*value) == mine) {
        values.swap_remove(at);
    }
    Value::number(crate::cell::statistic(asked.function, &values))
}
