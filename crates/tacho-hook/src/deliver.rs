//! The sender's steps: one batch at a time, in the order of the spool, each done before the next begins.
//!
//! Invariants
//! - The position passes an event only when the server has answered for it, or it stands in `rejected`.
//! - Each step leaves the spool so that a sender that starts anew goes on: what it may send twice has the same id.
//!
//! Limits: [`BATCH_EVENTS`], [`BATCH_BYTES`], and the waits in [`answer`].

pub mod answer;
pub mod http;
pub mod run;

use crate::debug;
use crate::spool::read::{self, Aside, Batch, Position};
use crate::spool::{Spool, loss};
use answer::{Answer, Verdict, judge};
use std::io;
use std::time::Duration;
use tacho_event::time;

/// Events in one request.
pub const BATCH_EVENTS: usize = 100;
/// A request is closed at this size, bytes.
pub const BATCH_BYTES: usize = 1 << 20;
/// For what must be done under the spool's lock.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The server answered for a batch; nothing is stored of that yet.
    Posted,
    /// Refused or broken events stand in `rejected` now.
    PutAside,
    /// The position is stored.
    Advanced { events: usize },
    /// An answered segment is deleted.
    Deleted,
    /// The server did not take it: wait, then step again.
    Wait { ms: u64, error: String, is_key: bool },
    /// Nothing is left to send, and nothing to tell that could be told.
    Idle,
}

/// What is known between two steps, and lost when the process dies.
enum Stage {
    Look,
    Answered { batch: Batch, rejected: Vec<Aside> },
    Stored { batch: Batch },
    Clean { segments: Vec<u64> },
}

/// Carries a spool to a server, step by step.
pub struct Courier<'c> {
    spool: &'c Spool,
    post: &'c mut dyn FnMut(&[u8]) -> Result<Answer, String>,
    now_us: &'c dyn Fn() -> i64,
    position: Position,
    stage: Stage,
    /// Events in the next request: fewer after one that the server could not read as a whole.
    events_max: usize,
    /// Tries that failed in a row.
    failures: u32,
}

impl<'c> Courier<'c> {
    pub fn new(
        spool: &'c Spool,
        post: &'c mut dyn FnMut(&[u8]) -> Result<Answer, String>,
        now_us: &'c dyn Fn() -> i64,
    ) -> Courier<'c> {
        let position = read::position(spool);
        Courier { spool, post, now_us, position, stage: Stage::Look, events_max: BATCH_EVENTS, failures: 0 }
    }

    /// Does one step.
    ///
    /// # Errors
    /// What the system says about the spool. The step may be done again.
    pub fn step(&mut self) -> io::Result<Step> {
        match std::mem::replace(&mut self.stage, Stage::Look) {
            Stage::Look => self.look(),
            Stage::Answered { batch, rejected } => {
                let at = time::format((self.now_us)());
                read::reject(self.spool, &at, &rejected)?;
                self.stage = Stage::Stored { batch };
                Ok(Step::PutAside)
            }
            Stage::Stored { batch } => {
                read::advance(self.spool, batch.next)?;
                let passed = self.position.segment < batch.next.segment;
                self.position = batch.next;
                if passed {
                    self.stage = Stage::Clean { segments: read::answered(self.spool, self.position, false)? };
                }
                Ok(Step::Advanced { events: batch.events.len() })
            }
            Stage::Clean { mut segments } => {
                let Some(number) = segments.pop() else { return self.look() };
                self.stage = Stage::Clean { segments };
                let lock = self.spool.lock(LOCK_WAIT)?;
                self.position = read::delete(self.spool, &lock, number, self.position)?;
                Ok(Step::Deleted)
            }
        }
    }

    /// Deletes what is answered for, the segment that is written to as well: for a sender that ends.
    pub fn clean(&mut self) -> io::Result<()> {
        self.stage = Stage::Clean { segments: read::answered(self.spool, self.position, true)? };
        Ok(())
    }

    /// When all is answered for: makes room, and writes the event that tells what was lost. `true` when it waits now; what
    /// can't be told, as on a full disk, is told later.
    fn tell_loss(&mut self) -> bool {
        self.try_tell_loss().unwrap_or_else(|error| {
            debug::say(format_args!("the loss of events could not be told yet: {error}"));
            false
        })
    }

    fn try_tell_loss(&mut self) -> io::Result<bool> {
        if loss::read(self.spool).count == 0 {
            return Ok(false);
        }
        for number in read::answered(self.spool, self.position, true)? {
            let lock = self.spool.lock(LOCK_WAIT)?;
            self.position = read::delete(self.spool, &lock, number, self.position)?;
        }
        self.spool.tell_loss(LOCK_WAIT, (self.now_us)())
    }

    fn look(&mut self) -> io::Result<Step> {
        let batch = read::batch(self.spool, self.position, self.events_max, BATCH_BYTES)?;
        if batch.events.is_empty() {
            if batch.broken.is_empty() && batch.next == self.position {
                return if self.tell_loss() { self.look() } else { Ok(Step::Idle) };
            }
            let rejected = batch.broken.clone();
            self.stage = Stage::Answered { batch, rejected };
            return self.step();
        }
        let mut body = batch.events.join(&b'\n');
        body.push(b'\n');
        let answer = (self.post)(&body);
        match judge(&answer, batch.events.len(), self.failures) {
            Verdict::Taken { refused } => {
                self.failures = 0;
                self.events_max = (self.events_max * 2).min(BATCH_EVENTS);
                let event = |line: usize| batch.events.get(line).cloned();
                let mut rejected = batch.broken.clone();
                rejected.extend(
                    refused
                        .into_iter()
                        .filter_map(|(line, reason)| Some(Aside { reason, line: event(line)? })),
                );
                self.stage = Stage::Answered { batch, rejected };
                Ok(Step::Posted)
            }
            Verdict::Split => {
                self.events_max = batch.events.len().div_ceil(2);
                self.look()
            }
            Verdict::Wait { ms, error, is_key } => {
                self.failures += 1;
                Ok(Step::Wait { ms, error, is_key })
            }
        }
    }
}

#[cfg(test)]
#[path = "deliver/tests.rs"]
mod tests;
