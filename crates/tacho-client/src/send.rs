//! The sending thread: one request at a time, in order, each answered for before the next.
//!
//! Invariants
//! - An event leaves the backlog when the server has answered for it, and not before.
//! - What is in memory goes to the spool in some milliseconds, so that a process that dies loses no more than that.

use crate::answer::{Verdict, judge};
use crate::http::Wire;
use crate::options::Problem;
use crate::shared::{Core, Shared};
use crate::waiting::Waiting;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Looks so often for what dead processes left.
const ADOPT_EVERY: Duration = Duration::from_secs(60);

/// Runs until the client is closed and nothing more can be done.
pub(crate) fn run(shared: &Shared) {
    let wire = Wire::new(&shared.options);
    let mut failures = 0;
    let mut adopt_at = Instant::now() + ADOPT_EVERY;
    loop {
        let mut core = wait(shared, adopt_at);
        if Instant::now() >= adopt_at {
            adopt_at = Instant::now() + ADOPT_EVERY;
            core.backlog.adopt(SystemTime::now());
        }
        if core.closed {
            return shared.tell(core);
        }
        if core.persist_at.take_if(|at| *at <= Instant::now()).is_some() {
            shared.tell(core);
            spill(shared);
            continue;
        }
        let due = core.flushing > 0 || core.closing || core.due_at.is_some_and(|at| at <= Instant::now());
        if due {
            core.due_at = None;
        }
        if core.retry_at.is_some_and(|at| at > Instant::now()) {
            shared.tell(core);
            spill(shared);
            continue;
        }
        core.retry_at = None;
        loop {
            drop(core);
            clean_some(shared);
            core = shared.lock();
            if !core.backlog.fill_some(due) {
                break;
            }
        }
        let batch = core.backlog.next(due);
        shared.tell(core);
        if let Some(batch) = batch
            && !carry(shared, &wire, batch, &mut failures)
        {
            failures += 1;
        }
        shared.moved.notify_all();
    }
}

/// Waits until there is something to do.
fn wait(shared: &Shared, adopt_at: Instant) -> MutexGuard<'_, Core> {
    let mut core = shared.lock();
    loop {
        let now = Instant::now();
        let wanted = core.flushing > 0 || core.closing;
        let rests = core.retry_at.filter(|at| *at > now);
        let ready = if rests.is_some() {
            // While the server is away a whole batch in memory goes to disk.
            core.due_at.is_some_and(|at| at <= now)
        } else {
            core.backlog.is_full()
                || core.retry_at.is_some()
                || (wanted && !core.backlog.is_empty())
                || core.due_at.is_some_and(|at| at <= now)
        };
        let persist = core.persist_at.is_some_and(|at| at <= now);
        if ready || persist || core.closed || adopt_at <= now {
            return core;
        }
        let next = [rests, core.due_at, core.persist_at, Some(adopt_at)]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(adopt_at);
        let waited = shared.wake.wait_timeout(core, next.saturating_duration_since(now));
        core = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Sends a batch, in halves where the server can't take it whole; false when it has to wait.
fn carry(shared: &Shared, wire: &Wire, batch: Vec<Waiting>, failures: &mut u32) -> bool {
    let mut parts = vec![batch];
    while let Some(mut part) = parts.pop() {
        let body: String = part.iter().flat_map(|event| [event.line.as_str(), "\n"]).collect();
        match judge(&wire.post(body.as_bytes()), part.len()) {
            Verdict::Taken { receipt, refused } => {
                *failures = 0;
                let mut core = shared.lock();
                core.answered(&part, receipt, &refused);
                shared.tell_lost(&mut core);
                shared.tell(core);
            }
            Verdict::Split => {
                let rest = part.split_off(part.len().div_ceil(2));
                parts.extend([rest, part]);
            }
            Verdict::Wait { error, retry_after } => {
                let doubled = shared.options.retry_min.saturating_mul(1 << (*failures).min(16));
                let backoff = jittered(doubled.min(shared.options.retry_max), &shared.producer);
                let next_try = retry_after.map_or(backoff, |asked| asked.max(shared.options.retry_min));
                let mut core = shared.lock();
                core.failures += 1;
                core.retry_at = Some(Instant::now() + next_try);
                core.retry_is_asked = retry_after.is_some();
                core.problems.push(Problem::Away { error, next_try });
                shared.tell(core);
                spill(shared);
                return false;
            }
        }
    }
    true
}

/// Moves what is in memory to disk, a little at a time.
fn spill(shared: &Shared) {
    loop {
        clean_some(shared);
        if !shared.lock().backlog.spill_some() {
            return;
        }
    }
}

/// Redacts what is moved next, while callers have the lock for themselves.
fn clean_some(shared: &Shared) {
    let (mut events, cleaner) = {
        let core = shared.lock();
        (core.backlog.unclean(), Arc::clone(&core.backlog.cleaner))
    };
    events.iter_mut().for_each(|event| cleaner.clean(event));
    shared.lock().backlog.cleaned(events);
}

/// Up to a quarter longer: clients that lost the same server do not come back at the same moment.
fn jittered(wait: Duration, producer: &str) -> Duration {
    let share = u32::from_str_radix(&producer[..4], 16).unwrap_or_default();
    wait + wait / 4 * share / (1 << 16)
}
