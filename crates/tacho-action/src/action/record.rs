//! What an action's shown observation is told to stand for.

use super::Action;
use crate::entry::{Closure, Figure, Record};
use crate::ids::key;
use crate::member::{Member, counted, flag, newest};
use crate::standing::{Best, rank};
use std::cmp::Reverse;
use tacho_event::id::Id;
use tacho_event::words::{Outcome, Phase};

impl Action {
    fn is_call(&self) -> bool {
        self.kind != 0 || self.members.iter().any(|member| member.phase.is_some())
    }

    /// The action's agent for one of its observations, where that says none or only the program's name.
    pub(super) fn agent_of(&self, member: &Member) -> Option<String> {
        if let Some(part) = member.part {
            return Some(Id(part).text());
        }
        let text = Some(&self.agent.text).filter(|text| !text.is_empty() && !member.has(flag::AGENT_SAID));
        text.filter(|text| key(&[text.as_bytes()]) != member.agent).cloned()
    }

    pub(super) fn record(&self, shown: &Member, closure: Closure, outcome: Outcome) -> Record {
        let mut record = Record {
            action: self.id,
            observations: (self.members.len() as u32).saturating_add(self.left.count),
            // What is no call has no end either: it only has a state now.
            closure: Some(closure).filter(|_| self.is_call()),
            differ: self.differ(),
            ..Record::default()
        };
        let witnessed = self.is_witnessed();
        for member in &self.members {
            record.observers |= member.observer.bit();
            if witnessed && !member.is_witness() || member.is_piece() || member.repeats.is_of_many() {
                continue;
            }
            if let Some((place, told)) = member.step() {
                let time = &mut record.times[place];
                *time = Some(time.map_or(told, |known| known.min(told)));
            }
        }
        record.outcome = Some(outcome.code()).filter(|code| *code != shown.outcome);
        record.session = self.session().filter(|_| shown.session.is_none());
        let differs = |best: &Best, own: u64| {
            let text = Some(best.text.clone()).filter(|text| !text.is_empty());
            text.filter(|text| key(&[text.as_bytes()]) != own)
        };
        record.name = differs(&self.name, shown.name);
        record.call = differs(&self.call, shown.call);
        record.agent = self.agent_of(shown);
        for (place, own) in shown.figures.iter().enumerate() {
            let is_told = own.is_some() && !(is_duration(place) && shown.has(flag::AROUND));
            if !is_told {
                record.figures[place] = self.best_figure(place).or_else(|| self.outer_figure(place));
            } else {
                record.figures[place] = self.inner_figure(shown, place);
            }
        }
        if let Some(cost) = self.fuller_estimate(shown) {
            record.figures[Figure::CostMicros as usize] = Some(cost);
        }
        if let Some(ended_us) = self.launched_until() {
            // That it was launched is not when it was over.
            record.times[4] = Some(ended_us);
            // Nor is that it was over when it began: where nobody told of a step before, the launch says since when it ran.
            if record.times[..4].iter().all(Option::is_none) {
                record.times[3] = self.launched_from();
            }
            let began_us = record.times.iter().flatten().min().copied().unwrap_or(ended_us);
            record.figures[Figure::DurationUs as usize] = Some(ended_us.saturating_sub(began_us));
        }
        record
    }

    /// The cost as one estimated it who knew of more kinds of tokens: what was read from a cache costs less.
    fn fuller_estimate(&self, shown: &Member) -> Option<i64> {
        const COST: usize = Figure::CostMicros as usize;
        let kinds = |member: &Member| member.figures[..COST].iter().filter(|tokens| tokens.is_some()).count();
        let own = shown.figures[COST].filter(|_| !shown.has(flag::COST_TOLD))?;
        let counts = self.counts();
        let members = counted(&self.members).filter(|member| counts(member) && kinds(member) > kinds(shown));
        let fuller =
            members.filter_map(|member| Some((kinds(member), rank(member.observer), member.figures[COST]?)));
        fuller.max().map(|(.., cost)| cost).filter(|cost| *cost != own)
    }

    /// A figure from whoever knows best.
    fn best_figure(&self, place: usize) -> Option<i64> {
        // Until the answer began, or it was decided, is not how long the call took.
        let is_part = |phase| matches!(phase, Phase::Proposed | Phase::Asked | Phase::Decided);
        let is_run = |member: &Member| !member.has(flag::AROUND) && !member.phase().is_some_and(is_part);
        let is_whole = |member: &&Member| !is_duration(place) || is_run(member);
        let counts = self.counts();
        let members = newest(&self.members).filter(|member| counts(member)).filter(is_whole);
        let told = members.filter_map(|member| Some((member, member.figures[place]?)));
        told.max_by_key(|(member, figure)| (rank(member.observer), Reverse(*figure)))
            .map(|(_, figure)| figure)
    }
}

fn is_duration(figure: usize) -> bool {
    figure == Figure::DurationUs as usize
}
