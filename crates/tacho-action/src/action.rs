//! One action: what its observations say together.
//!
//! Invariant: what is concluded depends on which observations there are, not on their order. Only the action's name,
//! the index of its first observation, ties between equals, and two hooks that tell of one step do.

mod apart;
mod around;
mod kept;
mod record;
mod repeated;
mod times;
mod whose;
mod word;

use crate::entry::{Closure, Entry};
use crate::member::{Member, counted, flag};
use crate::near::Likeness;
use crate::observation::Observation;
use crate::observer::Observer;
use crate::said::Said;
pub(crate) use crate::standing::has_own_call;
use crate::standing::{Best, agent_rank, call_rank, inherited_rank, is_witnessed, name_rank, session_rank};
use kept::Left;
pub use kept::OBSERVATIONS_MAX;
use serde::{Deserialize, Serialize};
use tacho_event::time::Micros;
use tacho_event::words::{ActionType, Outcome};

const TOOL: u8 = 1;
const MODEL: u8 = 2;

/// The end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Exit {
    pub(crate) at_us: Micros,
    pub(crate) is_failure: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Action {
    /// Index of its first observation.
    pub(crate) id: u64,
    pub(crate) members: Vec<Member>,
    /// Its other observations.
    left: Left,
    /// Whether it is a call that can be open, and whether one of a model.
    kind: u8,
    session: Option<[u8; 16]>,
    /// How much whoever told the session knows.
    session_rank: u8,
    /// The session among whose open ones it is.
    pub(crate) open_in: Option<[u8; 16]>,
    agent: Best,
    name: Best,
    call: Best,
    /// The id that our hook gave it.
    made_up: Best,
    /// When its background work ended, where a sub-agent's end tells.
    pub(crate) finished_us: Option<Micros>,
    /// How the process ended that it left running, where another call tells.
    pub(crate) exit: Option<Exit>,
    pub(crate) likeness: Option<Likeness>,
    /// Some observation names the call by the agent's own id: any, and one of a witness.
    has_own_call: bool,
    is_called: bool,
    /// What it is found by: calls and requests, spans, the sub-agent that it started.
    pub(crate) keys: Vec<u64>,
    pub(crate) nodes: Vec<u64>,
    pub(crate) started: Option<u64>,
    /// The id by which it is named, with its session, where that may give the same id again.
    pub(crate) given: Option<u64>,
    /// What others may have, too: event ids whose end is to come, and ids under which agents reported it.
    pub(crate) shared: Vec<u64>,
    /// What was last said of it.
    shown: Option<u64>,
}

impl Action {
    pub(crate) fn new(observation: &Observation<'_>) -> Action {
        Action {
            id: observation.index,
            members: Vec::with_capacity(2),
            left: Left::default(),
            kind: 0,
            session: None,
            session_rank: 0,
            open_in: None,
            agent: Best::default(),
            name: Best::default(),
            call: Best::default(),
            made_up: Best::default(),
            finished_us: None,
            exit: None,
            likeness: None,
            has_own_call: false,
            is_called: false,
            keys: Vec::new(),
            nodes: Vec::new(),
            started: None,
            given: None,
            shared: Vec::new(),
            shown: None,
        }
    }

    pub(crate) fn add(&mut self, observation: &Observation<'_>, said: Option<Said>) {
        if matches!(observation.kind, ActionType::Tool | ActionType::Skill | ActionType::External) {
            self.kind |= TOOL;
        }
        if observation.is_model() {
            self.kind |= MODEL;
        }
        match observation.revision {
            0 => self.name.offer(name_rank(observation), observation.name),
            _ => self.name.offer_again(name_rank(observation), observation.name),
        }
        self.agent.offer(agent_rank(observation), observation.agent);
        if let Some(call) = observation.call {
            let own = if has_own_call(observation) { None } else { Some(&mut self.made_up) };
            for best in own.into_iter().chain([&mut self.call]) {
                best.offer(call_rank(observation), call);
            }
        }
        let rank = session_rank(observation.is_witness(), false);
        self.tell_session(observation.session.map(|session| session.0), rank);
        self.has_own_call |= has_own_call(observation);
        self.is_called |= has_own_call(observation) && observation.is_witness();
        let mut member = Member::new(observation);
        member.said = said;
        self.keep(member);
    }

    /// The first of those that know best.
    fn tell_session(&mut self, session: Option<[u8; 16]>, rank: u8) {
        if session.is_some() && rank > self.session_rank {
            (self.session, self.session_rank) = (session, rank);
        }
    }

    /// Its session. What a witness tells of is put into none by the agent's own word.
    pub(crate) fn session(&self) -> Option<[u8; 16]> {
        self.session.filter(|_| is_witnessed(self.session_rank) || !self.is_witnessed())
    }

    /// Whether anybody but the agent itself tells of it.
    pub(crate) fn is_witnessed(&self) -> bool {
        self.members.iter().any(Member::is_witness)
    }

    /// Whether somebody tells of the steps of it.
    pub(crate) fn has_steps(&self) -> bool {
        self.members.iter().any(|member| member.phase.is_some())
    }

    /// Takes in another action that turned out to be this one.
    pub(crate) fn absorb(&mut self, other: Action) {
        self.id = self.id.min(other.id);
        self.kind |= other.kind;
        self.name.offer(other.name.rank, &other.name.text);
        self.agent.offer(other.agent.rank, &other.agent.text);
        self.call.offer(other.call.rank, &other.call.text);
        self.made_up.offer(other.made_up.rank, &other.made_up.text);
        self.tell_session(other.session, other.session_rank);
        self.finished_us = self.finished_us.max(other.finished_us);
        self.exit = self.exit.max(other.exit);
        let is_better =
            |known: Likeness, other: Likeness| known.is_beaten_by(&other) && known.place == other.place;
        let better =
            other.likeness.filter(|other| self.likeness.is_none_or(|known| is_better(known, *other)));
        self.likeness = better.or(self.likeness);
        self.has_own_call |= other.has_own_call;
        self.is_called |= other.is_called;
        self.started = self.started.or(other.started);
        self.given = self.given.or(other.given);
        self.left.absorb(other.left);
        other.members.into_iter().for_each(|member| self.keep(member));
    }

    /// Takes a session or an agent that one of its observations, a witness's or the agent's own, inherits.
    pub(crate) fn inherit(&mut self, session: Option<[u8; 16]>, agent: Option<&str>, is_witness: bool) {
        self.tell_session(session, session_rank(is_witness, true));
        if let Some(agent) = agent {
            self.agent.offer(inherited_rank(is_witness), agent);
        }
    }

    pub(crate) fn is_model(&self) -> bool {
        self.kind & MODEL != 0
    }

    pub(crate) fn agent(&self) -> &str {
        &self.agent.text
    }

    /// Whether an observation has an event's id in common with it and is something else.
    pub(crate) fn is_of_another(&self, observation: &Observation<'_>) -> bool {
        observation.revision > 0 && self.members.iter().any(|member| member.is_of_another(observation))
    }

    /// Whether some observation of it is a state of the same event.
    pub(crate) fn has_state_of(&self, observation: &Observation<'_>) -> bool {
        observation.revision > 0 && self.members.iter().any(|member| member.state == observation.state)
    }

    pub(crate) fn has_slot(&self, slot: u64) -> bool {
        self.members.iter().any(|member| member.slot == slot && !member.is_piece())
    }

    /// The same of what went on at another time: a span lies within another one of the same call.
    pub(crate) fn has_told(&self, slot: u64, (from, to): (Micros, Micros)) -> bool {
        let is_around = |member: &Member| {
            let (began, ended) = member.lasts();
            member.observer == Observer::Span && began <= to && from <= ended
        };
        let same = || self.members.iter().filter(|member| member.slot == slot && !member.is_piece());
        same().next().is_some() && !same().any(is_around)
    }

    fn any(&self, flag: u16) -> bool {
        let is_belied = |member: &Member| self.members.iter().any(|other| member.is_belied_by(other));
        self.telling().any(|member| member.has(flag) && !is_belied(member))
    }

    /// How it ended; `is_over` says that its turn or session did.
    pub(crate) fn closure(&self, is_over: bool) -> Closure {
        let ends = || self.ends();
        let failed = ends().any(|outcome| matches!(outcome, Outcome::Failure | Outcome::Partial));
        let is_tool = self.kind & TOOL != 0;
        if self.any(flag::UNKNOWN_TOOL) {
            return Closure::UnknownTool;
        }
        let succeeded = ends().any(|outcome| outcome == Outcome::Success);
        if self.any(flag::REFUSED) && !succeeded {
            return Closure::Refused;
        }
        if failed || self.exited_badly() {
            return Closure::Failure;
        }
        if self.any(flag::LAUNCH) {
            // That it was started well says nothing of how it went on.
            let ends = self.telling().filter(|member| member.ends_launched());
            let went_well = ends.filter_map(Member::ended).any(|outcome| outcome == Outcome::Success);
            let is_over = went_well || self.exit.is_some() || self.finished_us.is_some();
            return if is_over { Closure::Success } else { Closure::Asynchronous };
        }
        if succeeded {
            return Closure::Success;
        }
        if !is_tool || ends().any(|outcome| outcome == Outcome::Unknown) {
            return Closure::Unknown;
        }
        if is_over { Closure::Abandoned } else { Closure::Open }
    }

    fn outcome(&self, closure: Closure) -> Outcome {
        let ends = || self.ends();
        match closure {
            Closure::Success => Outcome::Success,
            Closure::Failure
                if !self.exited_badly() && !ends().any(|outcome| outcome == Outcome::Failure) =>
            {
                Outcome::Partial
            }
            Closure::Failure | Closure::Refused | Closure::UnknownTool => Outcome::Failure,
            Closure::Asynchronous | Closure::Open => Outcome::Running,
            Closure::Abandoned | Closure::Unknown => Outcome::Unknown,
        }
    }

    /// Says of its observations what is known now: each index with its entry.
    pub(crate) fn tell(&mut self, is_over: bool, each: &mut dyn FnMut(u64, Option<Entry>)) -> Closure {
        let closure = self.closure(is_over);
        let outcome = self.outcome(closure);
        let is_model = self.is_model();
        let Some(shown) =
            counted(&self.members).max_by_key(|member| member.worth(is_model, closure, outcome))
        else {
            return closure;
        };
        let record = self.record(shown, closure, outcome);
        self.left.tell(self.id, each);
        for member in &self.members {
            let entry = if member.index != shown.index {
                let session = self.session().filter(|_| member.session.is_none());
                Some(Entry::Hidden { action: self.id, session, agent: self.agent_of(member) })
            } else if shown.says_all_of(&record) {
                None
            } else {
                Some(Entry::Shown(Box::new(record.clone())))
            };
            each(member.index, entry);
        }
        self.shown = Some(shown.index);
        closure
    }
}
