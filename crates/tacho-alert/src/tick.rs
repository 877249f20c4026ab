//! What happens without an event: instants at which a rule looks at all of its groups.

use crate::alert::{Patience, State, Truth};
use crate::cell::Cell;
use crate::compile::{Adding, Shape};
use crate::rule::{Every, NoData};
use crate::run::{Now, Run, new_group, remember};
use crate::source::{OfList, holds};
use crate::things::Things;
use crate::transition::Seen;
use crate::value::Value;
use crate::window::Window;
use std::sync::Arc;
use tacho_pipe::Over;

/// The group of the alert that no event comes.
pub(crate) fn no_data_labels() -> crate::group::Labels {
    vec![("no_data".to_string(), "true".to_string())]
}

impl Run {
    /// Evaluates everything at an instant.
    pub(crate) fn tick(&mut self, at_us: i64, now: &mut Now<'_>) {
        self.began_us.get_or_insert(at_us);
        if self.data_is_missing(at_us, now) {
            return;
        }
        let shape = Arc::clone(&self.compiled.shape);
        match &*shape {
            Shape::Events(adding) => self.tick_groups(adding, at_us, now),
            Shape::Open(kind, adding) => {
                self.snapshot(kind, adding, at_us, now);
                self.tick_groups(adding, at_us, now);
            }
            Shape::Absent { by, expect } => self.tick_absent(by.len(), expect.as_deref(), at_us, now),
            Shape::Sequence { .. } => self.tick_chains(at_us, now),
        }
    }

    /// Says when no event passed for too long; whether groups keep their state.
    fn data_is_missing(&mut self, at_us: i64, now: &mut Now<'_>) -> bool {
        let since = self.last_data_us.or(self.began_us).unwrap_or(at_us);
        let missing = at_us - since > self.rule.no_data_for_us.max(self.rule.window_us);
        match self.rule.no_data {
            NoData::Ok => false,
            NoData::KeepLast => missing,
            NoData::Alert => {
                let truth = if missing { Truth::Holds } else { Truth::Not };
                let mut alert = self.no_data;
                if let Some(change) = alert.step(at_us, truth, since, Patience { hold_us: 0, keep_us: 0 }) {
                    let labels = no_data_labels();
                    let window = (at_us - self.rule.window_us, at_us);
                    self.tell(change, &alert, &labels, Vec::new(), window, Vec::new(), now);
                }
                self.no_data = alert;
                false
            }
        }
    }

    fn tick_groups(&mut self, adding: &Adding, at_us: i64, now: &mut Now<'_>) {
        if self.standing {
            let window = Window::new(1, adding.fresh());
            self.groups.of(std::iter::empty(), || new_group(&[], Vec::new(), window));
        }
        let stream = self.rule.every == Every::Stream;
        let mut groups = self.groups.lend();
        let peers = self.compiled.after.baselines.iter().any(|asked| asked.over == Over::Peers);
        let all: Vec<Vec<Value<'static>>> = if peers {
            let cells = groups.iter_mut().filter_map(|group| {
                group.window.evict(at_us - self.rule.window_us);
                group.window.until(at_us)
            });
            cells.map(|cells| self.finish(adding, &cells)).collect()
        } else {
            Vec::new()
        };
        for group in groups.iter_mut() {
            let at_us = if stream { at_us.max(group.newest_us + 1) } else { at_us };
            self.judge(adding, group, at_us, peers.then_some(&all), now);
            if !self.compiled.after.baselines.is_empty() {
                let keys = group.keys.clone();
                let read = |cells: &[Cell]| self.column_values(adding, &keys, cells);
                group.history.close(&self.wanted, now.clock_us - self.rule.lag_us, read);
            }
        }
        groups.retain(|group| {
            !group.window.is_empty()
                || !group.history.is_empty()
                || group.alert.state != State::Inactive
                || group.alert.is_over
        });
        self.buckets = groups.iter_mut().map(|group| group.window.buckets()).sum();
        self.groups = groups;
    }

    /// Puts what is open now into the groups, in place of what was open before.
    fn snapshot(&mut self, kind: &str, adding: &Adding, at_us: i64, now: &Now<'_>) {
        self.groups.iter_mut().for_each(|group| group.window.evict(i64::MAX));
        let mut things = std::mem::replace(&mut self.things, Things::new(0));
        let before = std::mem::take(&mut self.contributing);
        for (mut values, index) in things.rows(kind, at_us, now.calls) {
            if !holds(&self.compiled.before, &mut values, &[]) {
                continue;
            }
            let source = OfList { values: &values, baselines: &[] };
            let names = &self.compiled.after.names;
            let made = || {
                let keys: Vec<Value<'static>> =
                    adding.keys.iter().map(|key| key.value(&source).owned()).collect();
                new_group(names, keys, Window::new(1, adding.fresh()))
            };
            match self.groups.of(adding.keys.iter().map(|key| key.value(&source)), made) {
                Some(group) => {
                    if !before.contains(&index.index) {
                        group.heard_us = now.heard_us;
                    }
                    self.contributing.insert(index.index);
                    group.window.add(at_us - 1, |at, cells| adding.add(at, cells, index.index, &source));
                    let known = group.seen.iter().any(|seen| seen.index == index.index);
                    if !known {
                        remember(&mut group.seen, Seen { time_us: at_us - 1, ..index }, self.rule.sample);
                    }
                }
                None => self.health.refused += 1,
            }
        }
        self.things = things;
    }
}
