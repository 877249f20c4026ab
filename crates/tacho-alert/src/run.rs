//! One rule at work: what it remembers of the events, and the alerts that come of it.
//!
//! Invariants
//! - Windows are half open: an evaluation at T is about [T - window, T).
//! - Whether an event counts is decided when it comes: one that is older than the lag does not, and that is counted.
//! - What has a limit (groups, buckets) says when it is reached; groups that are there go on being right.

use crate::alert::{Alert, Patience, State};
use crate::calls::Calls;
use crate::compile::{Adding, Compiled, Shape, compile};
use crate::group::{Groups, Labels};
use crate::history::{History, Wanted};
use crate::row::Row;
use crate::rule::{Clock, Every, NoData, Rule};
use crate::sequence::Chain;
use crate::source::{holds, passes};
use crate::term::Source;
use crate::things::Things;
use crate::transition::{Health, Seen, Transition};
use crate::value::Value;
use crate::window::Window;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use tacho_pipe::Over;
use tacho_pipe::plan::Input;

/// Buckets of all groups of one rule.
const BUCKETS_MAX: usize = 1_000_000;
/// What is open is looked for so far back.
const OPEN_US: i64 = 86_400_000_000;
/// Sets that `absent … expect` names, by name.
pub type Sets = BTreeMap<String, Vec<String>>;

#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) labels: Labels,
    pub(crate) keys: Vec<Value<'static>>,
    pub(crate) window: Window,
    pub(crate) history: History,
    pub(crate) alert: Alert,
    pub(crate) seen: VecDeque<Seen>,
    pub(crate) newest_us: i64,
    /// When the newest event that contributes was recorded.
    pub(crate) heard_us: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) rule: Rule,
    pub(crate) compiled: Compiled,
    pub(crate) groups: Groups<Group>,
    pub(crate) things: Things,
    /// The first events of the things that contributed when this was looked at last.
    pub(crate) contributing: HashSet<u64>,
    pub(crate) chains: Groups<Chain>,
    pub(crate) wanted: Wanted,
    /// Whether the condition holds of nothing: then the group of everything is always there.
    pub(crate) standing: bool,
    pub(crate) buckets: usize,
    pub(crate) health: Health,
    pub(crate) last_data_us: Option<i64>,
    pub(crate) no_data: Alert,
    /// When the rule began to look.
    pub(crate) began_us: Option<i64>,
    /// Whether what several witnesses tell of one call counts several times.
    pub(crate) takes_observations: bool,
}

/// What a step of the engine knows beside the event.
pub(crate) struct Now<'a> {
    pub(crate) clock_us: i64,
    /// When the event at hand was recorded; of an instant, its clock.
    pub(crate) heard_us: i64,
    pub(crate) tree_size: u64,
    pub(crate) sets: &'a Sets,
    pub(crate) calls: Option<&'a dyn Calls>,
    pub(crate) out: &'a mut Vec<Transition>,
}

impl Run {
    pub(crate) fn new(rule: Rule) -> Result<Run, String> {
        let compiled = compile(&rule)?;
        let after = &compiled.after;
        let longest = after.baselines.iter().map(|baseline| match baseline.over {
            Over::Peers => 0,
            Over::History(Some(us)) | Over::SameHour(us) => us,
            _ => rule.history_us,
        });
        let windows = longest.max().unwrap_or(0) / rule.window_us;
        let zero = after.baselines.iter().map(|baseline| after.zero[baseline.column]).collect();
        let wanted = Wanted { window_us: rule.window_us, windows, zero };
        let mut run = Run {
            groups: Groups::new(rule.groups_max),
            things: Things::new(rule.groups_max),
            contributing: HashSet::new(),
            chains: Groups::new(rule.groups_max),
            standing: false,
            buckets: 0,
            health: Health::default(),
            last_data_us: None,
            no_data: Alert::default(),
            began_us: None,
            takes_observations: match &rule.plan.input {
                Input::Table { table, .. } => table.name == "observations",
                // Whose word counts is no matter of who came first, and what is open counts once.
                Input::Open(_) => true,
                _ => false,
            },
            wanted,
            rule,
            compiled,
        };
        if let Shape::Events(adding) = &*run.compiled.shape
            && adding.keys.is_empty()
        {
            let mut values = run.finish(adding, &adding.fresh());
            let nulls = vec![Value::Null; run.compiled.after.baselines.len()];
            run.standing = holds(&run.compiled.after.steps, &mut values, &nulls);
        }
        Ok(run)
    }

    pub(crate) fn patience(&self) -> Patience {
        Patience { hold_us: self.rule.for_us, keep_us: self.rule.keep_us }
    }

    /// Whether anything can change without an event.
    pub(crate) fn is_idle(&self) -> bool {
        self.groups.len() == 0
            && self.chains.len() == 0
            && self.things.len() == 0
            && !self.standing
            && self.rule.no_data == NoData::Ok
            && !matches!(*self.compiled.shape, Shape::Absent { .. })
    }

    /// Takes an event that the index found.
    pub(crate) fn observe(&mut self, row: &dyn Row, now: &mut Now<'_>) {
        if let Shape::Open(kind, _) = *self.compiled.shape {
            // Conditions are asked of what is open, when the time comes.
            return self.things.observe(kind, row, now.calls);
        }
        let Some(source) = passes(&self.compiled.before, self.compiled.base, row) else { return };
        let time_us = match self.rule.clock {
            Clock::Server => row.recorded_us(),
            // Nothing happens after it was recorded: a clock that runs ahead is set back.
            Clock::Event => row.claimed_us().min(row.recorded_us()),
        };
        if time_us + self.rule.lag_us < now.clock_us {
            self.health.late += 1;
            return;
        }
        self.last_data_us = Some(self.last_data_us.map_or(time_us, |last| last.max(time_us)));
        let seen = Seen { time_us, index: row.index(), id: row.id() };
        let shape = Arc::clone(&self.compiled.shape);
        match &*shape {
            Shape::Events(adding) => self.add(adding, &source, seen, now),
            Shape::Open(..) => {}
            Shape::Absent { by, expect } => self.present(by, expect.is_some(), &source, seen, now),
            Shape::Sequence { by, within_us, steps } => {
                self.follow(by, *within_us, steps, &source, seen, now)
            }
        }
    }

    fn add(&mut self, adding: &Adding, source: &dyn Source, seen: Seen, now: &mut Now<'_>) {
        let exact = self.rule.every == Every::Stream;
        let step_us = match self.rule.every {
            Every::Stream => 1,
            Every::Us(us) => crate::check::gcd(self.rule.window_us, us),
        };
        let room = self.buckets < BUCKETS_MAX;
        let names = &self.compiled.after.names;
        let made = || {
            let keys: Vec<Value<'static>> = adding.keys.iter().map(|key| key.value(source).owned()).collect();
            new_group(names, keys, Window::new(step_us, adding.fresh()))
        };
        // Lent out, so that the rest of the rule can be read while one group changes.
        let mut groups = self.groups.lend();
        match groups.of(adding.keys.iter().map(|key| key.value(source)), made).filter(|_| room) {
            Some(group) => {
                self.take(adding, group, source, seen);
                group.heard_us = group.heard_us.max(now.heard_us);
                if exact {
                    self.judge(adding, group, group.newest_us + 1, None, now);
                }
            }
            None => self.health.refused += 1,
        }
        self.groups = groups;
    }

    fn take(&mut self, adding: &Adding, group: &mut Group, source: &dyn Source, seen: Seen) {
        let before = group.window.buckets();
        group.window.add(seen.time_us, |at, cells| adding.add(at, cells, seen.index, source));
        self.buckets += group.window.buckets() - before;
        if !self.compiled.after.baselines.is_empty() {
            let window = seen.time_us.div_euclid(self.rule.window_us);
            group.history.add(
                window,
                || adding.fresh(),
                |at, cell| adding.add(at, [Some(cell), None], seen.index, source),
            );
        }
        group.newest_us = group.newest_us.max(seen.time_us);
        remember(&mut group.seen, seen, self.rule.sample);
    }

    /// The state of every group.
    pub(crate) fn states(&mut self) -> Vec<(Labels, State)> {
        let groups = self.groups.iter_mut().map(|group| (group.labels.clone(), group.alert.state));
        let chains = self.chains.iter_mut().map(|chain| (chain.labels().clone(), chain.alert.state));
        groups.chain(chains).collect()
    }

    /// The groups that fire; that no event comes is one of them.
    pub(crate) fn firing(&mut self) -> Vec<Labels> {
        let silent = (self.no_data.state == State::Firing).then(crate::tick::no_data_labels);
        let states = self.states().into_iter().filter(|(_, state)| *state == State::Firing);
        states.map(|(labels, _)| labels).chain(silent).collect()
    }

    /// See [`crate::Engine::memory_us`].
    pub(crate) fn memory_us(&self) -> i64 {
        let standing = match *self.compiled.shape {
            Shape::Open(..) | Shape::Absent { .. } => OPEN_US,
            Shape::Sequence { within_us, .. } => within_us,
            Shape::Events(_) => 0,
        };
        let history = self.wanted.windows * self.rule.window_us;
        let alert = self.rule.window_us + self.rule.for_us + self.rule.keep_us + self.rule.lag_us;
        alert.max(standing).max(history).max(self.rule.no_data_for_us)
    }

    pub(crate) fn health(&mut self) -> Health {
        let (mut learning, mut firing) = (0, usize::from(self.no_data.state == State::Firing));
        let alerts = self.groups.iter_mut().map(|group| group.alert.state);
        for state in alerts.chain(self.chains.iter_mut().map(|chain| chain.alert.state)) {
            learning += usize::from(state == State::Learning);
            firing += usize::from(state == State::Firing);
        }
        let refused = self.health.refused + self.things.refused() + self.chains.refused;
        Health { groups: self.groups.len() + self.chains.len(), learning, firing, refused, ..self.health }
    }
}

pub(crate) fn remember(seen: &mut VecDeque<Seen>, one: Seen, max: usize) {
    if seen.len() >= max {
        seen.pop_front();
    }
    if max > 0 {
        seen.push_back(one);
    }
}

pub(crate) fn labelled(names: &[String], keys: &[Value<'static>]) -> Labels {
    names.iter().zip(keys).map(|(name, key)| (name.clone(), key.to_string())).collect()
}

pub(crate) fn new_group(names: &[String], keys: Vec<Value<'static>>, window: Window) -> Group {
    Group {
        labels: labelled(names, &keys),
        keys,
        window,
        history: History::default(),
        alert: Alert::default(),
        seen: VecDeque::new(),
        newest_us: i64::MIN,
        heard_us: i64::MIN,
    }
}
