//! Follows the log with the rules.
//!
//! The rules' memory is a function of the log, so nothing of it is kept: at the start, and when the rules are edited, the
//! log is read again from as far back as a rule remembers. What fired meanwhile is compared with what is kept as open.
//!
//! Invariants
//! - Events come to the rules once and in order: live batches, and the store for what was missed.
//! - The clock runs with the events; without events it runs behind the wall clock by [`BEHIND_US`], so that no batch
//!   that is being recorded comes too late.

mod begin;
mod say;

use super::rerouted::Stamp;
use super::{Alerting, past};
use crate::clock::now_us;
use crate::concluded::Retold;
use crate::http::App;
use crate::live::Listener;
use std::collections::HashMap;
use std::error::Error;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tacho_alert::row::Recorded;
use tacho_alert::{Change, Engine, Transition};
use tacho_record::sequence::Sequenced;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// How often is looked at what time brings.
const TICK: Duration = Duration::from_millis(200);
/// How far the clock stays behind when no event comes.
const BEHIND_US: i64 = 2_000_000;
/// How often the position is saved when nothing else is, and how often at most what the rules found.
const SAVE: Duration = Duration::from_secs(5);
const SAVE_FOUND: Duration = Duration::from_millis(10);
/// How often the states of rules are shown anew, the registry is asked who is expected, and old alerts are forgotten.
const SHOW: Duration = Duration::from_secs(1);
const SETS: Duration = Duration::from_secs(15);
const FORGET: Duration = Duration::from_secs(3600);
/// Most of a second of full load: reading it from the store instead costs half as much again.
const WAITING_BYTES: usize = 64 << 20;
/// How long is waited for what is concluded of a batch.
const CONCLUDED: Duration = Duration::from_secs(2);
/// Entries that are read at once.
const STEP: u64 = 16_384;

/// Follows until the server stops.
pub(crate) async fn follow(app: Arc<App>, alerting: Arc<Alerting>) {
    let running = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        match runtime.map(|runtime| runtime.block_on(Worker::run(app, Arc::clone(&alerting)))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => alerting.fail(&format!("rules are no longer followed: {error}")),
            Err(error) => alerting.fail(&format!("rules can't be followed: {error}")),
        }
    });
    if let Err(error) = running.await {
        tracing::error!(%error, "following the rules ended early");
    }
}

struct Worker {
    app: Arc<App>,
    alerting: Arc<Alerting>,
    engine: Engine,
    /// The next entry that the rules have not seen.
    next: u64,
    /// No batch came since the last tick.
    is_quiet: bool,
    /// What the rules found is not saved yet: that comes [`SAVE_FOUND`] after the last time.
    is_unsaved: bool,
    saved: Instant,
    shown: Instant,
    sets: Instant,
    forgot: Instant,
    /// Of the routing's file.
    routed: Option<Stamp>,
    /// When each rule fired last.
    fired: HashMap<String, i64>,
}

impl Worker {
    async fn run(app: Arc<App>, alerting: Arc<Alerting>) -> Result<(), Box<dyn Error>> {
        let mut live = app.node.listen(WAITING_BYTES, alerting.waiting.clone());
        let mut stopping = app.stopping();
        let mut reload = alerting.reload.subscribe();
        let start = Instant::now();
        let mut worker = Worker {
            engine: Engine::new(Vec::new())?,
            next: 0,
            is_quiet: false,
            is_unsaved: false,
            saved: start,
            shown: start,
            sets: start,
            forgot: start,
            routed: alerting.stamp(),
            fired: HashMap::new(),
            app,
            alerting,
        };
        let position = worker.alerting.inner.lock().file.position()?;
        let book = worker.alerting.book();
        if !worker.begin(&book, position, &stopping)? {
            return Ok(());
        }
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let unsaved_until = worker.saved + SAVE_FOUND;
            tokio::select! {
                _ = stopping.changed() => {
                    worker.save();
                    return Ok(());
                }
                _ = reload.changed() => {
                    live.forget();
                    let book = worker.alerting.reread()?;
                    let position = (worker.next, worker.engine.clock_us().unwrap_or_else(behind));
                    if !worker.begin(&book, Some(position), &stopping)? {
                        return Ok(());
                    }
                }
                next = live.next() => match next {
                    Some(Ok(batch)) => worker.batch(&batch).await?,
                    // The next batch, or a quiet tick, has them read from the store.
                    Some(Err(_)) => {}
                    None => return Err("the log ended".into()),
                },
                _ = sleep_until(unsaved_until), if worker.is_unsaved => worker.save(),
                _ = ticks.tick() => worker.tick(&live)?,
            }
        }
    }

    fn read(&mut self, range: Range<u64>, retold: &mut Retold) -> Result<(), Box<dyn Error>> {
        let snapshot = self.app.node.snapshot_blocking(range.end);
        let engine = &mut self.engine;
        self.next = range.end;
        past::each(&snapshot, range, retold, &mut |event| past::observe(engine, event))?;
        Ok(())
    }

    /// Gives a batch to the rules, and before it what was missed.
    async fn batch(&mut self, batch: &Sequenced) -> Result<(), Box<dyn Error>> {
        let Some((first, last)) = batch.receipt().range else { return Ok(()) };
        if last < self.next {
            return Ok(());
        }
        self.is_quiet = false;
        self.catch_up(first)?;
        let mut position = self.app.node.concluded().position();
        // Without what is concluded, a call that two witnesses tell of counts twice: better than not at all.
        drop(tokio::time::timeout(CONCLUDED, position.wait_for(|size| *size > last)).await);
        let concluded = self.app.node.concluded();
        for (index, place, event) in batch.entries() {
            if index >= self.next {
                let told_before = concluded.told_before(index).unwrap_or_default();
                past::observe(&mut self.engine, &Recorded::new(&event, place, index, told_before));
            }
        }
        self.next = last + 1;
        self.conclude();
        Ok(())
    }

    /// Reads what was missed before an entry.
    fn catch_up(&mut self, until: u64) -> Result<(), Box<dyn Error>> {
        let mut retold = self.app.node.concluded().retold();
        while self.next < until {
            self.read(self.next..(self.next + STEP).min(until), &mut retold)?;
            self.conclude();
        }
        Ok(())
    }

    fn tick(&mut self, live: &Listener) -> Result<(), Box<dyn Error>> {
        // A batch may have been recorded and be on its way here: only after a whole tick without one is it missed.
        if std::mem::replace(&mut self.is_quiet, true) && live.is_empty() {
            let status = self.app.node.status();
            let (size, waiting) = (status.size(), status.queued().0);
            self.catch_up(size)?;
            if waiting == 0 {
                self.engine.advance(behind());
            }
        }
        self.conclude();
        // What was found goes with the position that it follows from.
        if self.is_unsaved || self.saved.elapsed() >= SAVE {
            self.save();
        } else {
            self.alerting.settle(None);
        }
        self.say();
        if self.sets.elapsed() >= SETS {
            self.expect();
        }
        if self.shown.elapsed() >= SHOW {
            self.shown = Instant::now();
            let board = self.alerting.board().next(&mut self.engine, &self.fired, self.next, now_us());
            self.alerting.show(board);
            self.reroute();
        }
        if self.forgot.elapsed() >= FORGET {
            self.forgot = Instant::now();
            self.alerting.forget();
        }
        Ok(())
    }

    /// Takes the routing when its file was saved.
    fn reroute(&mut self) {
        let routed = self.alerting.stamp();
        if routed.is_some() && routed != self.routed {
            match self.alerting.reroute() {
                Ok(()) => self.routed = routed,
                Err(error) => tracing::error!(%error, "the routing can't be taken; it is tried again"),
            }
        }
    }

    /// Takes what the rules found.
    fn conclude(&mut self) {
        let found = self.engine.transitions();
        if found.is_empty() {
            return;
        }
        found.iter().for_each(|transition| self.fired(transition));
        self.take(&found);
        // Of what a flood finds much is saved together: a transaction costs more than what is in it.
        match self.saved.elapsed() >= SAVE_FOUND {
            true => self.save(),
            false => self.is_unsaved = true,
        }
    }

    fn fired(&mut self, transition: &Transition) {
        if transition.change == Change::Firing {
            self.fired.insert(transition.rule.clone(), transition.at_us);
        }
    }

    fn take(&self, found: &[Transition]) {
        let mut inner = self.alerting.inner.lock();
        for transition in found {
            if transition.change == Change::Resolved && inner.goes_on(&transition.rule, &transition.group) {
                continue;
            }
            let news = inner.desk.take(transition);
            inner.say(news);
        }
    }

    fn save(&mut self) {
        (self.saved, self.is_unsaved) = (Instant::now(), false);
        // What is recorded later than this instant of the rules is not judged yet, whatever the wall clock says.
        self.alerting.settle(Some((self.next, self.engine.clock_us().unwrap_or_else(behind))));
    }

    /// Who is expected to work, as the registry says.
    fn expect(&mut self) {
        self.sets = Instant::now();
        match self.app.node.store().catalog().agents() {
            Ok(agents) => {
                let own = agents.into_iter().filter(|agent| agent.expected && agent.alias_of.is_none());
                self.engine.set("fleet.active", own.map(|agent| agent.id).collect());
            }
            Err(error) => tracing::error!(%error, "the registry of agents can't be read"),
        }
    }
}

/// What the clock may be when nothing is being recorded.
fn behind() -> i64 {
    now_us() - BEHIND_US
}
