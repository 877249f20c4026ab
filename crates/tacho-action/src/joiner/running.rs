//! Commands of Codex that run on when their call has its answer: the log tells the number of the process with that answer, and
//! the exit code with that of a later `write_stdin`, a call of its own which names the number.
//!
//! Invariants
//! - A number is used again once its process is over. So which end is whose is decided anew with each word of a number, by the
//!   times that witnesses tell: that of a launch is the first one after it, and lies before the next launch. In which order
//!   they came says nothing.
//! - What an agent says itself neither launches nor ends what a witness tells of, nor says when.
//!
//! Limit: of the calls that launched processes under one number of a session the newest [`SAME_ID_MAX`] are looked at, and of
//! those that told ends.

use super::Joiner;
use super::sharing::SAME_ID_MAX;
use crate::action::Exit;
use crate::ids::key;
use crate::member::{Member, flag};
use crate::observation::Observation;
use std::collections::BTreeSet;
use tacho_event::time::Micros;
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
    /// Lets calls that left processes running under one number be over when their exit codes are told.
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
        match observation.name == LOOKS_AFTER {
            true if observation.exited => self.list_shared(id, ends),
            true => return None,
            false => self.list_shared(id, runs),
        }
        let mut launches = self.told_of(runs, launched);
        let mut exits = self.told_of(ends, exited);
        launches.sort_unstable();
        exits.sort_unstable();
        for (at, (launched_us, id)) in launches.iter().enumerate() {
            let next_us = launches.get(at + 1).map(|(next_us, _)| *next_us);
            let is_its = |(exit, _): &&(Exit, u64)| {
                *launched_us <= exit.at_us && next_us.is_none_or(|next_us| exit.at_us < next_us)
            };
            let exit = exits.iter().find(is_its).map(|(exit, _)| *exit);
            if let Some(action) = self.actions.get_mut(id).filter(|action| action.exit != exit) {
                action.exit = exit;
                changed.insert(*id);
            }
        }
        Some(())
    }

    /// What witnesses tell of it in the newest calls under a number, each with its call.
    fn told_of<T>(&self, number: u64, told: impl Fn(&[&Member]) -> Option<T>) -> Vec<(T, u64)> {
        let newest = self.shared.get(&number).into_iter().flat_map(|ids| ids.iter().rev().take(SAME_ID_MAX));
        let calls = newest.filter_map(|id| self.actions.get(id));
        let each = calls.filter_map(|action| {
            let witnesses: Vec<&Member> =
                action.members.iter().filter(|member| member.is_witness()).collect();
            Some((told(&witnesses)?, action.id))
        });
        each.collect()
    }
}

fn launched(witnesses: &[&Member]) -> Option<Micros> {
    witnesses.iter().filter(|member| member.has(flag::LAUNCH)).map(|member| member.time_us).min()
}

/// The newest word of it.
fn exited(witnesses: &[&Member]) -> Option<Exit> {
    let exits = witnesses.iter().filter(|member| member.has(flag::EXITED));
    let newest = exits.max_by_key(|member| (member.time_us, member.index))?;
    Some(Exit { at_us: newest.time_us, is_failure: newest.outcome() == Outcome::Failure })
}
