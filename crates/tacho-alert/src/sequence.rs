//! One thing after the other: how far the events of a group got through the steps of a sequence.
//!
//! A sequence is there when its steps can be found in the events of the last `within`, in the order of time: so many
//! of the first, behind them so many of the second. A step with a bound is broken by one event too many before the
//! next step begins.

use crate::alert::{Alert, State, Truth};
use crate::group::Labels;
use crate::rule::Clock;
use crate::run::{Now, Run, labelled, remember};
use crate::term::{Source, Term};
use crate::transition::Seen;
use crate::value::Value;
use std::collections::VecDeque;

/// Events of one group that belong to any step.
const EVENTS_MAX: usize = 10_000;

#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) labels: Labels,
    keys: Vec<Value<'static>>,
    /// Time, place on the log, steps that it fits (a bit each); in the order of time.
    events: VecDeque<(i64, u64, u16)>,
    found: Option<(i64, i64)>,
    last_us: i64,
    /// When the newest event that can have completed it was recorded.
    pub(crate) heard_us: i64,
    pub(crate) alert: Alert,
    seen: VecDeque<Seen>,
}

impl Chain {
    pub(crate) fn new(labels: Labels, keys: Vec<Value<'static>>, last_us: i64) -> Chain {
        let (events, seen) = (VecDeque::new(), VecDeque::new());
        let heard_us = i64::MIN;
        Chain { labels, keys, events, found: None, last_us, heard_us, alert: Alert::default(), seen }
    }

    pub(crate) fn labels(&self) -> &Labels {
        &self.labels
    }

    pub(crate) fn keys(&self) -> &[Value<'static>] {
        &self.keys
    }

    /// When the group was heard of last.
    pub(crate) fn last_us(&self) -> i64 {
        self.last_us
    }

    pub(crate) fn touch(&mut self, time_us: i64) {
        self.last_us = self.last_us.max(time_us);
    }

    pub(crate) fn seen_mut(&mut self) -> &mut VecDeque<Seen> {
        &mut self.seen
    }

    pub(crate) fn evidence(&self) -> Vec<Seen> {
        self.seen.iter().copied().collect()
    }
}

/// How often each step has to be there.
type Bounds = (Term, u32, Option<u32>);

impl Run {
    pub(crate) fn follow(
        &mut self,
        by: &[usize],
        within_us: i64,
        steps: &[Bounds],
        source: &dyn Source,
        seen: Seen,
        now: &mut Now<'_>,
    ) {
        // By the recorder's clock nothing comes late: where the first step is not there yet, no later one is asked for.
        let begins = steps[0].0.holds(source);
        let in_order = self.rule.clock == Clock::Server && steps[0].1 > 0;
        if !begins && in_order && self.chains.get(by.iter().map(|at| source.column(*at))).is_none() {
            return;
        }
        let later = steps.iter().enumerate().skip(1).filter(|(_, (term, ..))| term.holds(source));
        let mask = later.fold(u16::from(begins), |mask, (at, _)| mask | 1 << at);
        if mask == 0 {
            return;
        }
        let names = &self.compiled.after.names;
        let made = || {
            let keys: Vec<Value<'static>> = by.iter().map(|at| source.column(*at).owned()).collect();
            Chain::new(labelled(names, &keys), keys, seen.time_us)
        };
        let mut chains = self.chains.lend();
        if let Some(chain) = chains.of(by.iter().map(|at| source.column(*at)), made) {
            self.advance(chain, within_us, steps, mask, seen, now);
        }
        self.chains = chains;
    }

    /// Takes an event that fits a step; looks for the sequence when it can have come to its end.
    fn advance(
        &mut self,
        chain: &mut Chain,
        within_us: i64,
        steps: &[Bounds],
        mask: u16,
        seen: Seen,
        now: &mut Now<'_>,
    ) {
        let place =
            chain.events.partition_point(|(time, index, _)| (*time, *index) < (seen.time_us, seen.index));
        chain.events.insert(place, (seen.time_us, seen.index, mask));
        remember(&mut chain.seen, seen, self.rule.sample.max(steps.len()));
        let newest = chain.events.back().map_or(seen.time_us, |(time, ..)| *time);
        while chain.events.front().is_some_and(|(time, ..)| *time <= newest - within_us) {
            chain.events.pop_front();
        }
        if chain.events.len() > EVENTS_MAX {
            chain.events.pop_front();
            self.health.refused += 1;
        }
        let last = 1_u16 << (steps.len() - 1);
        if mask & last == 0 && place + 1 == chain.events.len() {
            return;
        }
        if let Some(found) = find(chain.events.iter().copied(), steps) {
            chain.found = Some(found);
            chain.heard_us = now.heard_us;
            self.judge_chain(chain, newest + 1, now);
        }
    }

    fn judge_chain(&mut self, chain: &mut Chain, at_us: i64, now: &mut Now<'_>) {
        let from = at_us - self.rule.window_us;
        let mut truth = Truth::Not;
        let mut values = chain.keys.clone();
        if let Some((started, ended)) = chain.found.filter(|(_, ended)| *ended >= from) {
            values.extend([Value::Number(started as f64), Value::Number(ended as f64)]);
            if crate::source::holds(&self.compiled.after.steps, &mut values, &[]) {
                truth = Truth::Holds;
            }
        }
        if let Some(change) = chain.alert.step(at_us, truth, chain.heard_us, self.patience()) {
            let started = chain.found.map_or(from, |(started, _)| started);
            let named = self.compiled.after.names.iter().cloned().zip(values).skip(self.compiled.after.keys);
            let evidence = chain.seen.iter().filter(|seen| seen.time_us >= started).copied().collect();
            self.tell(
                change,
                &chain.alert,
                &chain.labels,
                named.collect(),
                (started.min(from), at_us),
                evidence,
                now,
            );
        }
    }

    pub(crate) fn tick_chains(&mut self, at_us: i64, now: &mut Now<'_>) {
        let mut chains = self.chains.lend();
        for chain in chains.iter_mut() {
            let newest = chain.events.back().map_or(i64::MIN, |(time, ..)| *time);
            self.judge_chain(chain, at_us.max(newest.saturating_add(1)), now);
        }
        let oldest = at_us - self.rule.window_us - self.rule.lag_us;
        chains.retain(|chain| {
            chain.alert.state != State::Inactive
                || chain.alert.is_over
                || chain.events.back().is_some_and(|(time, ..)| *time > oldest)
        });
        self.chains = chains;
    }
}

/// The first and the last moment of a sequence that is there.
fn find(events: impl Iterator<Item = (i64, u64, u16)>, steps: &[Bounds]) -> Option<(i64, i64)> {
    let (mut at, mut count, mut started) = (0, 0_u32, None);
    for (time, _, mask) in events {
        let fits = |step: usize| mask & (1 << step) != 0;
        let (_, min, max) = &steps[at];
        // Enough of this step, and an event of the next: on.
        if count >= *min && at + 1 < steps.len() && fits(at + 1) {
            at += 1;
            count = 1;
        } else if fits(at) {
            started.get_or_insert(time);
            count += 1;
            if max.is_some_and(|max| count > max) {
                return None;
            }
        }
        if at + 1 == steps.len() && count >= steps[at].1 {
            return Some((started.unwrap_or(time), time));
        }
    }
    None
}
