//! One action: what its observations say together.
//!
//! Invariant: what is concluded depends on which observations there are, not on their order. Only the action's name,
//! the index of its first observation, and ties between equals do.

use crate::entry::{Closure, Entry, Figure, Record};
use crate::near::Likeness;
use crate::observation::{Observation, Observer, TASK_NOTIFICATION, key};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use tacho_event::time::Micros;
use tacho_event::words::{ActionType, Known, Outcome, Phase};

/// Observations of one action that are remembered one by one; more are hidden and counted.
pub const OBSERVATIONS_MAX: usize = 64;

const TOOL: u8 = 1;
const MODEL: u8 = 2;

/// One observation of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) index: u64,
    pub(crate) time_us: Micros,
    /// Who tells, and what of: the same does not tell the same twice.
    pub(crate) slot: u64,
    observer: Observer,
    phase: Option<u8>,
    outcome: u8,
    known: u8,
    flags: u16,
    figures: [Option<i64>; Figure::ALL.len()],
    session: Option<[u8; 16]>,
    agent: u64,
    name: u64,
    call: u64,
}

mod flag {
    pub(super) const INPUT: u16 = 1;
    pub(super) const OUTPUT: u16 = 2;
    pub(super) const ERROR: u16 = 4;
    pub(super) const REFUSED: u16 = 8;
    pub(super) const UNKNOWN_TOOL: u16 = 16;
    pub(super) const LAUNCH: u16 = 32;
    pub(super) const NOTICE: u16 = 64;
    pub(super) const COST_TOLD: u16 = 128;
    pub(super) const AGENT_ASSUMED: u16 = 256;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Action {
    /// Index of its first observation.
    pub(crate) id: u64,
    pub(crate) members: Vec<Member>,
    /// Observations beyond [`OBSERVATIONS_MAX`].
    more: u32,
    /// Whether it is a call that can be open, and whether one of a model.
    kind: u8,
    pub(crate) session: Option<[u8; 16]>,
    agent: Best,
    name: Best,
    call: Best,
    /// Its background work has ended.
    pub(crate) finished: bool,
    pub(crate) likeness: Option<Likeness>,
    /// Some observation names the call by the agent's own id.
    pub(crate) has_own_call: bool,
    /// What it is found by: calls and requests, spans, the sub-agent that it started.
    pub(crate) keys: Vec<u64>,
    pub(crate) nodes: Vec<u64>,
    pub(crate) started: Option<u64>,
    /// What was last said of it.
    shown: Option<u64>,
}

/// A text, by how much its teller knows; of equals the first in the alphabet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Best {
    rank: u8,
    text: String,
}

impl Best {
    fn offer(&mut self, rank: u8, text: &str) {
        if !text.is_empty() && (rank > self.rank || rank == self.rank && text < self.text.as_str()) {
            *self = Best { rank, text: text.to_string() };
        }
    }
}

/// How a name or an agent is ranked by who says it.
fn rank(observer: Observer) -> u8 {
    match observer {
        Observer::Hook => 6,
        Observer::Log => 5,
        Observer::Mcp => 4,
        Observer::Event => 3,
        Observer::Transcript => 3,
        Observer::Span => 2,
    }
}

fn name_rank(observation: &Observation<'_>) -> u8 {
    let name = observation.name;
    let is_general = matches!(name, "tool_result" | "tool" | TASK_NOTIFICATION)
        || name.starts_with("claude_code.tool")
        || name.starts_with("agent_audit.");
    if is_general { 1 } else { rank(observation.observer) }
}

impl Member {
    fn new(observation: &Observation<'_>) -> Member {
        let mut flags = 0;
        let mut set = |flag, on| flags |= if on { flag } else { 0 };
        set(flag::INPUT, observation.input.is_some());
        set(flag::OUTPUT, observation.has_output);
        set(flag::ERROR, observation.has_error);
        set(flag::UNKNOWN_TOOL, observation.error_type == Some("unknown_tool"));
        let is_denied = observation.phase == Some(Phase::Decided) && observation.outcome == Outcome::Failure;
        set(flag::REFUSED, is_denied || observation.error_type == Some("refused"));
        let is_launch = observation.phase == Some(Phase::Result) && observation.outcome == Outcome::Running;
        set(flag::LAUNCH, is_launch && !observation.is_model());
        set(flag::NOTICE, observation.name == TASK_NOTIFICATION);
        let cost = observation.figures[Figure::CostMicros as usize];
        set(flag::COST_TOLD, cost.is_some() && !observation.cost_estimated);
        set(flag::AGENT_ASSUMED, observation.agent_assumed);
        Member {
            index: observation.index,
            time_us: observation.time_us,
            slot: slot(observation),
            observer: observation.observer,
            phase: observation.phase.map(Phase::code),
            outcome: observation.outcome.code(),
            known: observation.known.code(),
            flags,
            figures: observation.figures,
            session: observation.session.map(|session| session.0),
            agent: key(&[observation.agent.as_bytes()]),
            name: key(&[observation.name.as_bytes()]),
            call: observation.call.map_or(0, |call| key(&[call.as_bytes()])),
        }
    }

    fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// From when to when what it tells of went on: a span says when it began, a result when it was over.
    fn lasts(&self) -> (Micros, Micros) {
        let took = self.figures[Figure::DurationUs as usize].unwrap_or(0).max(0);
        match (self.observer, self.phase()) {
            (Observer::Span, _) => (self.time_us, self.time_us.saturating_add(took)),
            (_, Some(Phase::Result)) => (self.time_us.saturating_sub(took), self.time_us),
            _ => (self.time_us, self.time_us),
        }
    }

    fn phase(&self) -> Option<Phase> {
        self.phase.and_then(Phase::from_code)
    }

    fn outcome(&self) -> Outcome {
        Outcome::from_code(self.outcome).unwrap_or(Outcome::Unknown)
    }

    /// The outcome, where this is the end of the call.
    fn ended(&self) -> Option<Outcome> {
        let is_end =
            self.has(flag::NOTICE) || matches!(self.phase(), Some(Phase::Executed | Phase::Result) | None);
        Some(self.outcome()).filter(|_| is_end && !self.has(flag::LAUNCH))
    }

    /// How much of the action the event shows, when that is how it ended.
    fn worth(&self, is_model: bool, outcome: Outcome) -> impl Ord + use<> {
        let weigh = |flag, weight| if self.has(flag) { weight } else { 0 };
        let texts = if outcome == Outcome::Failure {
            weigh(flag::INPUT, 3) + weigh(flag::ERROR, 4) + weigh(flag::OUTPUT, 2)
        } else {
            weigh(flag::INPUT, 4) + weigh(flag::OUTPUT, 2) + weigh(flag::ERROR, 1)
        };
        let counts = self.figures[Figure::TokensInput as usize].is_some_and(|tokens| tokens > 0);
        let tokens = if is_model && counts { 1 + weigh(flag::COST_TOLD, 1) } else { 0 };
        let tier = match Known::from_code(self.known) {
            Some(Known::Observed) => 2,
            Some(Known::Imported) => 1,
            _ => 0,
        };
        // What is no call of its own stands for none while there is another.
        let is_own = !self.has(flag::NOTICE);
        let phase = self.phase.unwrap_or_default();
        let agrees = self.outcome() == outcome;
        let by = (rank(self.observer), phase, Reverse(self.time_us), Reverse(self.index));
        (is_own, tokens, texts, agrees, tier, by)
    }
}

/// Who tells, and of what: the same witness does not tell the same of one call twice.
pub(crate) fn slot(observation: &Observation<'_>) -> u64 {
    let phase = observation.phase.map_or(0, Phase::code);
    let what = [observation.observer as u8, phase];
    key(&[&what, observation.hook.unwrap_or_default().as_bytes()])
}

/// Whether the id of the call is the agent's own. Gemini CLI's hooks have none: theirs was made by our hook.
pub(crate) fn has_own_call(observation: &Observation<'_>) -> bool {
    let is_given = matches!(observation.hook, Some("BeforeTool" | "AfterTool"));
    observation.call.is_some() && !is_given || observation.strong_request().is_some()
}

/// From when to when what an observation tells of went on.
pub(crate) fn lasts(observation: &Observation<'_>) -> (Micros, Micros) {
    Member::new(observation).lasts()
}

impl Action {
    pub(crate) fn new(observation: &Observation<'_>) -> Action {
        Action {
            id: observation.index,
            members: Vec::with_capacity(2),
            more: 0,
            kind: 0,
            session: None,
            agent: Best::default(),
            name: Best::default(),
            call: Best::default(),
            finished: false,
            likeness: None,
            has_own_call: false,
            keys: Vec::new(),
            nodes: Vec::new(),
            started: None,
            shown: None,
        }
    }

    pub(crate) fn add(&mut self, observation: &Observation<'_>) {
        if matches!(observation.kind, ActionType::Tool | ActionType::Skill | ActionType::External) {
            self.kind |= TOOL;
        }
        if observation.is_model() {
            self.kind |= MODEL;
        }
        self.name.offer(name_rank(observation), observation.name);
        let known = if observation.agent_assumed { 1 } else { 1 + rank(observation.observer) };
        self.agent.offer(known, observation.agent);
        if let Some(call) = observation.call {
            self.call.offer(if has_own_call(observation) { 2 } else { 1 }, call);
        }
        self.session = self.session.or(observation.session.map(|session| session.0));
        if self.members.len() < OBSERVATIONS_MAX {
            self.members.push(Member::new(observation));
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// Takes in another action that turned out to be this one.
    pub(crate) fn absorb(&mut self, other: Action) {
        self.id = self.id.min(other.id);
        self.kind |= other.kind;
        self.name.offer(other.name.rank, &other.name.text);
        self.agent.offer(other.agent.rank, &other.agent.text);
        self.call.offer(other.call.rank, &other.call.text);
        self.session = self.session.or(other.session);
        self.finished |= other.finished;
        self.likeness = self.likeness.or(other.likeness);
        self.has_own_call |= other.has_own_call;
        self.started = self.started.or(other.started);
        self.more = self.more.saturating_add(other.more);
        for member in other.members {
            if self.members.len() < OBSERVATIONS_MAX {
                self.members.push(member);
            } else {
                self.more = self.more.saturating_add(1);
            }
        }
    }

    /// Takes a session or an agent that one of its observations inherits.
    pub(crate) fn inherit(&mut self, session: Option<[u8; 16]>, agent: Option<&str>) {
        self.session = self.session.or(session);
        if let Some(agent) = agent {
            // An inherited agent beats an assumed one, and nothing else.
            self.agent.offer(2, agent);
        }
    }

    pub(crate) fn agent(&self) -> &str {
        &self.agent.text
    }

    pub(crate) fn has_slot(&self, slot: u64) -> bool {
        self.members.iter().any(|member| member.slot == slot)
    }

    /// How far in time from what is told of it, microseconds.
    pub(crate) fn apart_us(&self, (from, to): (Micros, Micros)) -> Micros {
        let first = self.members.iter().map(|member| member.lasts().0).min().unwrap_or(from);
        let last = self.members.iter().map(|member| member.lasts().1).max().unwrap_or(to);
        first.saturating_sub(to).max(from.saturating_sub(last)).max(0)
    }

    pub(crate) fn last_us(&self) -> Micros {
        self.members.iter().map(|member| member.time_us).max().unwrap_or_default()
    }

    fn any(&self, flag: u16) -> bool {
        self.members.iter().any(|member| member.has(flag))
    }

    /// How it ended; `is_over` says that its turn or session did.
    pub(crate) fn closure(&self, is_over: bool) -> Closure {
        let ends = || self.members.iter().filter_map(Member::ended);
        let failed = ends().any(|outcome| matches!(outcome, Outcome::Failure | Outcome::Partial));
        let is_tool = self.kind & TOOL != 0;
        if self.any(flag::UNKNOWN_TOOL) {
            return Closure::UnknownTool;
        }
        let succeeded = ends().any(|outcome| outcome == Outcome::Success);
        if self.any(flag::REFUSED) && !succeeded {
            return Closure::Refused;
        }
        if failed {
            return Closure::Failure;
        }
        if self.any(flag::LAUNCH) {
            // That it was started well says nothing of how it went on.
            let notices = self.members.iter().filter(|member| member.has(flag::NOTICE));
            let went_well = notices.filter_map(Member::ended).any(|outcome| outcome == Outcome::Success);
            return if went_well || self.finished { Closure::Success } else { Closure::Asynchronous };
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
        let ends = || self.members.iter().filter_map(Member::ended);
        match closure {
            Closure::Success => Outcome::Success,
            Closure::Failure if !ends().any(|outcome| outcome == Outcome::Failure) => Outcome::Partial,
            Closure::Failure | Closure::Refused | Closure::UnknownTool => Outcome::Failure,
            Closure::Asynchronous | Closure::Open => Outcome::Running,
            Closure::Abandoned | Closure::Unknown => Outcome::Unknown,
        }
    }

    fn differ(&self) -> bool {
        let ends = || self.members.iter().filter_map(Member::ended);
        ends().any(|outcome| outcome == Outcome::Success) && ends().any(|outcome| outcome == Outcome::Failure)
    }

    /// Says of its observations what is known now: each index with its entry.
    pub(crate) fn tell(&mut self, is_over: bool, each: &mut dyn FnMut(u64, Option<Entry>)) -> Closure {
        let closure = self.closure(is_over);
        let outcome = self.outcome(closure);
        let is_model = self.kind & MODEL != 0;
        let Some(shown) = self.members.iter().max_by_key(|member| member.worth(is_model, outcome)) else {
            return closure;
        };
        let record = self.record(shown, closure, outcome);
        for member in &self.members {
            let entry = if member.index != shown.index {
                Some(Entry::Hidden { action: self.id })
            } else if says_nothing(&record, shown) {
                None
            } else {
                Some(Entry::Shown(Box::new(record.clone())))
            };
            each(member.index, entry);
        }
        self.shown = Some(shown.index);
        closure
    }

    fn record(&self, shown: &Member, closure: Closure, outcome: Outcome) -> Record {
        let mut record = Record {
            action: self.id,
            observations: self.members.len() as u32 + self.more,
            closure: Some(closure),
            differ: self.differ(),
            ..Record::default()
        };
        for member in &self.members {
            record.observers |= member.observer.bit();
            let place = match member.phase() {
                Some(Phase::Proposed) => 0,
                Some(Phase::Asked) => 1,
                Some(Phase::Decided) => 2,
                Some(Phase::Executed) => 3,
                Some(Phase::Result) => 4,
                Some(Phase::Message) | None => continue,
            };
            let time = &mut record.times[place];
            *time = Some(time.map_or(member.time_us, |known| known.min(member.time_us)));
        }
        record.outcome = Some(outcome.code()).filter(|code| *code != shown.outcome);
        record.session = self.session.filter(|_| shown.session.is_none());
        let differs = |best: &Best, own: u64| {
            let text = Some(best.text.clone()).filter(|text| !text.is_empty());
            text.filter(|text| key(&[text.as_bytes()]) != own)
        };
        record.name = differs(&self.name, shown.name);
        record.call = differs(&self.call, shown.call);
        record.agent = differs(&self.agent, shown.agent).filter(|_| shown.has(flag::AGENT_ASSUMED));
        for (place, own) in shown.figures.iter().enumerate() {
            if own.is_none() {
                record.figures[place] = self.best_figure(place);
            }
        }
        record
    }

    /// A figure from whoever knows best.
    fn best_figure(&self, place: usize) -> Option<i64> {
        let told = self.members.iter().filter_map(|member| Some((member, member.figures[place]?)));
        told.max_by_key(|(member, figure)| (rank(member.observer), Reverse(*figure)))
            .map(|(_, figure)| figure)
    }
}

/// Whether the event alone says all that the record would.
fn says_nothing(record: &Record, own: &Member) -> bool {
    record.observations == 1
        && record.closure == Some(Closure::told(own.outcome(), own.phase()))
        && record.outcome.is_none()
        && record.session.is_none()
        && record.agent.is_none()
        && record.name.is_none()
        && record.call.is_none()
        && record.figures.iter().all(Option::is_none)
}
