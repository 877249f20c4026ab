//! All rules over the stream of events, in the order of the log and in virtual time.
//!
//! Invariants
//! - Time moves forward only; instants at or before an event's time are evaluated before the event is taken.
//! - An instant T of a rule is evaluated once the clock has reached T and the rule's lag: whatever comes later is late.

use crate::anchor::Index;
use crate::calls::Calls;
use crate::field::Field;
use crate::over::Over;
use crate::row::Row;
use crate::rule::Rule;
use crate::run::{Now, Run, Sets};
use crate::transition::{Health, Transition};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use tacho_event::words::Known;

/// Rules of one engine.
const RULES_MAX: usize = 100_000;
/// Instants that one leap of the clock evaluates for each rule; what lies before is left out and counted.
const LEAP_MAX: i64 = 10_000;

#[derive(Debug)]
pub struct Engine {
    runs: Vec<Run>,
    index: Index,
    /// When each rule is due: time, place in the list, instant.
    due: BinaryHeap<Reverse<(i64, u32)>>,
    next: Vec<i64>,
    stamps: Vec<u64>,
    events: u64,
    clock_us: Option<i64>,
    tree_size: u64,
    sets: Sets,
    imports: bool,
    calls: Option<Arc<dyn Calls>>,
    out: Vec<Transition>,
}

impl Engine {
    /// Takes rules.
    ///
    /// # Errors
    /// When a rule can't be evaluated as events come, or there are too many.
    pub fn new(rules: Vec<Rule>) -> Result<Engine, String> {
        if rules.len() > RULES_MAX {
            return Err(format!("{} rules, expected at most {RULES_MAX}", rules.len()));
        }
        let runs = rules.into_iter().map(|rule| {
            let id = rule.id.clone();
            Run::new(rule).map_err(|message| format!("rule {id}: {message}"))
        });
        let runs = runs.collect::<Result<Vec<_>, _>>()?;
        let index = Index::build(runs.iter().map(|run| &run.compiled));
        let count = runs.len();
        Ok(Engine {
            index,
            due: BinaryHeap::new(),
            next: vec![0; count],
            stamps: vec![0; count],
            events: 0,
            clock_us: None,
            tree_size: 0,
            sets: Sets::new(),
            imports: false,
            calls: None,
            out: Vec::new(),
            runs,
        })
    }

    /// Who is expected: the set that `absent … expect NAME` looks at.
    pub fn set(&mut self, name: &str, members: Vec<String>) {
        self.sets.insert(name.to_string(), members);
    }

    /// Looks at imported history too: for replays. What is imported while the log is followed never fires.
    pub fn with_imports(mut self) -> Engine {
        self.imports = true;
        self
    }

    /// Asks somebody who joins events which calls are open. Events are joined before they come here.
    pub fn with_calls(mut self, calls: Arc<dyn Calls>) -> Engine {
        self.calls = Some(calls);
        self
    }

    /// Takes the next event of the log.
    pub fn observe(&mut self, row: &dyn Row) {
        let clock = self.clock_us.map_or(row.recorded_us(), |clock| clock.max(row.recorded_us()));
        self.advance(clock);
        self.tree_size = self.tree_size.max(row.index() + 1);
        self.events += 1;
        if !self.imports && is_imported(row) {
            return;
        }
        let Engine { runs, index, stamps, events, tree_size, sets, calls, out, .. } = self;
        let calls = calls.as_deref();
        let heard_us = row.recorded_us();
        let mut now = Now { clock_us: clock, heard_us, tree_size: *tree_size, sets, calls, out };
        index.each(row, |at| {
            let at = at as usize;
            if stamps[at] != *events {
                stamps[at] = *events;
                if !row.is_told_before() || runs[at].takes_observations {
                    runs[at].observe(row, &mut now);
                }
            }
        });
    }

    /// Lets time pass: evaluates every instant that is due by then.
    pub fn advance(&mut self, clock_us: i64) {
        let before = self.clock_us;
        if before.is_some_and(|clock| clock_us < clock) {
            return;
        }
        self.clock_us = Some(clock_us);
        if before.is_none() {
            for (at, run) in self.runs.iter_mut().enumerate() {
                run.began_us.get_or_insert(clock_us);
                let tick = run.rule.tick_us();
                self.next[at] = (clock_us - run.rule.lag_us).div_euclid(tick) * tick + tick;
                self.due.push(Reverse((self.next[at] + run.rule.lag_us, at as u32)));
            }
        }
        while let Some(Reverse((due, at))) = self.due.peek().copied()
            && due <= clock_us
        {
            self.due.pop();
            self.tick(at as usize, clock_us);
        }
    }

    fn tick(&mut self, at: usize, clock_us: i64) {
        let run = &mut self.runs[at];
        let (tick, lag) = (run.rule.tick_us(), run.rule.lag_us);
        let last = (clock_us - lag).div_euclid(tick) * tick;
        let waiting = (last - self.next[at]) / tick;
        if run.is_idle() {
            self.next[at] = last;
        } else if waiting > LEAP_MAX {
            run.health.skipped += (waiting - LEAP_MAX) as u64;
            self.next[at] = last - LEAP_MAX * tick;
        }
        // Rules take their turns by time: an instant at a time.
        let instant = self.next[at];
        let (clock_us, tree_size) = (instant + lag, self.tree_size);
        let (sets, calls, out) = (&self.sets, self.calls.as_deref(), &mut self.out);
        let mut now = Now { clock_us, heard_us: clock_us, tree_size, sets, calls, out };
        run.tick(instant, &mut now);
        self.next[at] = instant + tick;
        self.due.push(Reverse((self.next[at] + lag, at as u32)));
    }

    /// Takes that somebody ended an alert by hand. What is recorded after that moment raises it anew; what was there before
    /// does not. The alert is found by its name; where the engine began to look later, by rule and group.
    pub fn resolve(&mut self, over: &Over) {
        let Engine { runs, tree_size, sets, out, clock_us, .. } = self;
        let Some(clock_us) = *clock_us else { return };
        let calls = None;
        let mut now = Now { clock_us, heard_us: clock_us, tree_size: *tree_size, sets, calls, out };
        if !runs
            .iter_mut()
            .any(|run| run.resolve(over.at_us, &|run, group, at| over.names(run, group, at), &mut now))
        {
            runs.iter_mut()
                .any(|run| run.resolve(over.at_us, &|run, group, _| over.is_about(run, group), &mut now));
        }
    }

    /// What became of alerts since this was asked last, in the order in which it happened.
    pub fn transitions(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.out)
    }

    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.runs.iter().map(|run| &run.rule)
    }

    /// Up to when everything is evaluated.
    pub fn clock_us(&self) -> Option<i64> {
        self.clock_us
    }

    /// How far back an event can lie that still counts for a rule: who starts anew begins there.
    pub fn memory_us(&self) -> i64 {
        self.runs.iter().map(Run::memory_us).max().unwrap_or(0)
    }

    /// The alerts that fire: rule and group.
    pub fn firing(&mut self) -> Vec<(String, crate::group::Labels)> {
        let of = |run: &mut Run| run.firing().into_iter().map(|group| (run.rule.id.clone(), group)).collect();
        self.runs.iter_mut().flat_map(|run| -> Vec<_> { of(run) }).collect()
    }

    /// How each rule is doing.
    pub fn health(&mut self) -> Vec<(String, Health)> {
        self.runs.iter_mut().map(|run| (run.rule.id.clone(), run.health())).collect()
    }

    /// The state of every group of a rule that is not inactive.
    pub fn states(&mut self, rule: &str) -> Vec<(crate::group::Labels, crate::alert::State)> {
        let Some(run) = self.runs.iter_mut().find(|run| run.rule.id == rule) else { return Vec::new() };
        let mut all: Vec<_> = run.states();
        all.retain(|(_, state)| *state != crate::alert::State::Inactive);
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }
}

/// Whether an event is history that was imported, also where it is an agent's own word.
fn is_imported(row: &dyn Row) -> bool {
    let says = |field, word| row.value(field).as_text() == Some(word);
    says(Field::Known, Known::Imported.as_str()) || says(Field::Source, "import")
}
