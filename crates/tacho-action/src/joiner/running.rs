//! Commands of Codex that run on when their call has its answer: the log tells the number of the process with that answer, and
//! the exit code with that of a later `write_stdin`, a call of its own which names the number.
//!
//! Limit: of processes under one number in a session the last is known, and of ends.

use super::Joiner;
use crate::action::Action;
use crate::ids::key;
use crate::member::flag;
use crate::observation::Observation;
use std::collections::BTreeSet;
use tacho_event::words::{Outcome, Phase};

/// What Codex calls the tool that looks after what runs.
const LOOKS_AFTER: &str = "write_stdin";
const RUNS: &str = "Process running with session ID ";

impl Observation<'_> {
    /// The number of the process that an answer tells of, where that left one running or looked after one.
    pub fn process_in(&self, output: Option<&str>) -> Option<u64> {
        if self.phase != Some(Phase::Result) {
            return None;
        }
        if self.name == LOOKS_AFTER {
            let input: serde_json::Value = serde_json::from_str(self.input?).ok()?;
            return input.get("session_id")?.as_u64();
        }
        if self.outcome != Outcome::Running {
            return None;
        }
        // What the command printed comes behind, and is not believed.
        let (head, _) = output?.split_once("Output:")?;
        let (_, number) = head.split_once(RUNS)?;
        number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }
}

impl Joiner {
    /// Lets a call that left a process running be over when its exit code is told.
    pub(super) fn end_process(
        &mut self,
        id: u64,
        observation: &Observation<'_>,
        changed: &mut BTreeSet<u64>,
    ) -> Option<()> {
        let (number, session) =
            observation.process.zip(observation.session).filter(|_| observation.is_witness())?;
        let key = |what: &[u8]| key(&[what, &session.0, &number.to_be_bytes()]);
        let (runs, ends) = (key(b"process runs"), key(b"process ends"));
        let own = match observation.name == LOOKS_AFTER {
            true if observation.exited => ends,
            true => return None,
            false => runs,
        };
        if self.keys.insert(own, id) != Some(id) {
            self.actions.get_mut(&id)?.keys.push(own);
        }
        let (launch, end) = (*self.keys.get(&runs)?, *self.keys.get(&ends)?);
        let ended = self.actions.get(&end)?.members.iter().find(|member| member.has(flag::EXITED))?;
        let (at_us, is_failure) = (ended.time_us, ended.outcome() == Outcome::Failure);
        // The number may be that of a process before.
        let is_before = |action: &&mut Action| {
            action.members.iter().all(|member| !member.has(flag::LAUNCH) || member.time_us <= at_us)
        };
        let action = self.actions.get_mut(&launch).filter(is_before)?;
        action.finished_us = action.finished_us.max(Some(at_us));
        action.finished_badly |= is_failure;
        changed.insert(launch);
        Some(())
    }
}
