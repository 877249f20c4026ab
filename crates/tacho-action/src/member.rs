//! One observation of an action, as far as it is remembered.

mod course;

use crate::Figure;
use crate::entry::{Closure, Record};
use crate::ids::key;
use crate::kin::Repeats;
use crate::observation::{Observation, TASK_NOTIFICATION};
use crate::observer::Observer;
use crate::said::Said;
use crate::standing::{has_own_call, rank};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use tacho_event::time::Micros;
use tacho_event::words::{ActionType, Known, Outcome, Phase};

/// One observation of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) index: u64,
    pub(crate) time_us: Micros,
    /// Who tells, and what of: the same does not tell the same twice.
    pub(crate) slot: u64,
    pub(crate) state: u64,
    pub(crate) revision: u32,
    pub(crate) observer: Observer,
    pub(crate) phase: Option<u8>,
    pub(crate) outcome: u8,
    pub(crate) known: u8,
    /// Its sender's key.
    pub(crate) writer: u64,
    pub(crate) flags: u16,
    pub(crate) figures: [Option<i64>; Figure::ALL.len()],
    pub(crate) session: Option<[u8; 16]>,
    /// The session that the event has, where that is a part of another one, and its agent called after it.
    pub(crate) part: Option<[u8; 16]>,
    pub(crate) agent: u64,
    /// The agent that it was sent to.
    to: u64,
    pub(crate) name: u64,
    pub(crate) call: u64,
    /// The library that tells of a call of a model or a tool by a span.
    pub(crate) library: Option<u64>,
    /// The number of a model's answer, by which its action is found.
    pub(crate) request: Option<u64>,
    pub(crate) repeats: Repeats,
    /// What the call's input says, as far as it tells that.
    pub(crate) said: Option<Said>,
}

pub(crate) mod flag {
    pub(crate) const INPUT: u16 = 1;
    pub(crate) const OUTPUT: u16 = 2;
    pub(crate) const ERROR: u16 = 4;
    pub(crate) const REFUSED: u16 = 8;
    pub(crate) const UNKNOWN_TOOL: u16 = 16;
    pub(crate) const LAUNCH: u16 = 32;
    pub(crate) const NOTICE: u16 = 64;
    pub(crate) const COST_TOLD: u16 = 128;
    pub(crate) const AGENT_ASSUMED: u16 = 256;
    /// It only says how an action of the agent ended.
    pub(crate) const OUTCOME: u16 = 512;
    /// That the call never ran is read out of the text that the model was given: the agent may have written it, and Claude
    /// Code writes the same of a call that was interrupted.
    pub(crate) const FROM_TEXT: u16 = 1024;
    pub(crate) const AGENT_SAID: u16 = 2048;
    pub(crate) const EXITED: u16 = 4096;
    pub(crate) const HOOKED_ANSWER: u16 = 8192;
    /// It names the call by an id of the call's own.
    pub(crate) const CALLED: u16 = 16384;
    /// A span around all that is done about the call, also while it waits to be allowed: how it went the spans within tell.
    pub(crate) const AROUND: u16 = 32768;
}

impl Member {
    pub(crate) fn new(observation: &Observation<'_>) -> Member {
        let mut flags = 0;
        let mut set = |flag, on| flags |= if on { flag } else { 0 };
        set(flag::INPUT, observation.input.is_some());
        set(flag::OUTPUT, observation.has_output);
        set(flag::ERROR, observation.has_error);
        set(
            flag::UNKNOWN_TOOL,
            matches!(observation.error_type, Some("unknown_tool" | "tool_not_registered")),
        );
        let is_denied = observation.phase == Some(Phase::Decided) && observation.outcome == Outcome::Failure;
        set(
            flag::REFUSED,
            is_denied || matches!(observation.error_type, Some("refused" | "policy_violation")),
        );
        let is_launch = observation.phase == Some(Phase::Result) && observation.outcome == Outcome::Running;
        set(flag::LAUNCH, is_launch && !observation.is_model());
        set(flag::EXITED, observation.exited);
        set(flag::HOOKED_ANSWER, observation.is_hooked_answer());
        set(flag::CALLED, has_own_call(observation));
        set(flag::NOTICE, observation.name == TASK_NOTIFICATION);
        let cost = observation.figures[Figure::CostMicros as usize];
        set(flag::COST_TOLD, cost.is_some() && !observation.cost_estimated);
        set(flag::AGENT_ASSUMED, observation.agent_assumed);
        set(flag::AGENT_SAID, observation.said_agent().is_some());
        set(flag::OUTCOME, observation.is_outcome());
        let is_batch = observation.hook == Some("PostToolBatch") && observation.outcome == Outcome::Failure;
        set(flag::FROM_TEXT, is_batch || observation.is_line_of_a_refusal());
        set(flag::AROUND, observation.is_around());
        let is_call = observation.is_model() || crate::twins::is_tool_run(observation);
        let is_span = observation.observer == Observer::Span && is_call;
        Member {
            index: observation.index,
            time_us: observation.time_us,
            slot: slot(observation),
            state: observation.state,
            revision: observation.revision,
            observer: observation.observer,
            phase: observation.phase.map(Phase::code),
            outcome: observation.outcome.code(),
            known: observation.known.code(),
            writer: observation.writer,
            flags,
            figures: observation.figures,
            session: observation.session.map(|session| session.0),
            part: observation.part.map(|part| part.0),
            agent: key(&[observation.agent.as_bytes()]),
            to: told_key(observation.started),
            name: key(&[observation.name.as_bytes()]),
            call: told_key(observation.call),
            library: observation.library.filter(|_| is_span).map(crate::twins::library_key),
            request: observation.strong_request().map(request_key),
            repeats: Repeats::Nothing,
            said: None,
        }
    }

    /// Whether somebody else than the agent itself tells: no report of its own takes the place of that.
    pub(crate) fn is_witness(&self) -> bool {
        self.observer.is_witness()
    }

    pub(crate) fn is_self_reported(&self) -> bool {
        self.known == Known::SelfReported.code()
    }

    /// Whether `later` is a later state of the same event: that one stands. Of a hook the first does.
    pub(crate) fn is_state_before(&self, later: &Member) -> bool {
        self.observer != Observer::Hook && self.state == later.state && self.revision < later.revision
    }

    /// Whether this is a state of the same event, and agent, session or call that both say are others: the same id, given
    /// twice. A message is answered by whom it was sent to.
    pub(crate) fn is_of_another(&self, observation: &Observation<'_>) -> bool {
        if self.state != observation.state {
            return false;
        }
        let (to, call) = (told_key(observation.started), told_key(observation.call));
        let agent = observation.said_agent().filter(|_| self.has(flag::AGENT_SAID));
        let other_agent = agent.map(|agent| key(&[agent.as_bytes()])).is_some_and(|agent| {
            let answers = self.to == agent && (to == 0 || to == self.agent);
            self.agent != agent && !(answers && observation.kind == ActionType::Communication)
        });
        let told = self.session.zip(observation.session);
        let other_session = told.is_some_and(|(known, told)| known != told.0);
        other_agent || other_session || self.call != 0 && call != 0 && self.call != call
    }

    /// Whether `other` is a hook that tells of the same step of the call as this one, which stands: the first, whoever sent
    /// the other. Of an answer, which its sender's hooks tell piece by piece, the end stands, else what was told last.
    pub(crate) fn is_told_again_by(&self, other: &Member) -> bool {
        let stands = |member: &Member| (!member.is_piece(), member.time_us, member.index);
        let is_same = self.slot == other.slot;
        if self.has(flag::HOOKED_ANSWER) {
            return is_same && self.writer == other.writer && stands(other) < stands(self);
        }
        is_same && self.observer == Observer::Hook && self.index < other.index
    }

    /// Whether it is a piece of an answer and more is to come: that ends nothing.
    pub(crate) fn is_piece(&self) -> bool {
        self.has(flag::HOOKED_ANSWER) && self.outcome() == Outcome::Running
    }

    pub(crate) fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// The tokens that went in and came out.
    pub(crate) fn tokens(&self) -> Option<[i64; 2]> {
        let [tokens_in, tokens_out, ..] = self.figures;
        Some([tokens_in?, tokens_out?])
    }

    pub(crate) fn phase(&self) -> Option<Phase> {
        self.phase.and_then(Phase::from_code)
    }

    pub(crate) fn outcome(&self) -> Outcome {
        Outcome::from_code(self.outcome).unwrap_or(Outcome::Unknown)
    }

    /// Whether the event alone says all that the record would.
    pub(crate) fn says_all_of(&self, record: &Record) -> bool {
        let is_plain = !self.has(flag::AROUND) && self.step().is_none_or(|(_, at)| at == self.time_us);
        record.observations == 1
            && is_plain
            && record.closure.is_none_or(|closure| closure == Closure::told(self.outcome(), self.phase()))
            && record.outcome.is_none()
            && record.session.is_none()
            && record.agent.is_none()
            && record.name.is_none()
            && record.call.is_none()
            && record.figures.iter().all(Option::is_none)
    }

    /// How much of the action the event shows, when that is how it ended.
    pub(crate) fn worth(&self, is_model: bool, closure: Closure, outcome: Outcome) -> impl Ord + use<> {
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
        let is_own = !self.has(flag::NOTICE | flag::OUTCOME);
        // Nor does what tells of a refusal for one that ran.
        let is_why = closure == Closure::Refused || !self.has(flag::REFUSED);
        let phase = self.phase.unwrap_or_default();
        let agrees = self.outcome() == outcome;
        let by = (rank(self.observer), phase, self.revision, Reverse(self.time_us), Reverse(self.index));
        (self.is_witness(), is_own, is_why, tokens, texts, agrees, tier, by)
    }
}

/// The members that tell the state of things now.
pub(crate) fn newest(members: &[Member]) -> impl Iterator<Item = &Member> {
    counted(members).filter(|member| !members.iter().any(|later| member.is_state_before(later)))
}

/// What counts of what is told. A hook runs once for each step of a call: of two that tell of the same step one stands. And a
/// call that ran did run, whatever its output reads like. A transcript's line says of itself that the call ended badly: of it
/// only the reason is void.
pub(crate) fn counted(members: &[Member]) -> impl Iterator<Item = &Member> {
    let is_void = |member: &Member, other: &Member| {
        let is_read = member.observer == Observer::Hook;
        other.is_told_again_by(member) || is_read && member.is_belied_by(other)
    };
    // What is told around several calls of a model is told of none of them, unless nothing else is known.
    let is_known = members.iter().any(|member| !member.repeats.is_of_many());
    let counts = move |member: &&Member| !(is_known && member.repeats.is_of_many());
    let is_voided = move |member: &Member| members.iter().any(|other| is_void(member, other));
    members.iter().filter(counts).filter(move |member| !is_voided(member))
}

/// Who tells, and of what: the same witness does not tell the same of one call twice.
pub(crate) fn slot(observation: &Observation<'_>) -> u64 {
    let phase = observation.phase.map_or(0, Phase::code);
    let what = [observation.observer as u8, phase];
    // A call ends once: well or badly, by one of two hooks.
    let hook = match observation.hook {
        Some("PostToolUseFailure") => "PostToolUse",
        hook => hook.unwrap_or_default(),
    };
    key(&[&what, hook.as_bytes()])
}

/// What an action is found by under the number of a model's answer.
pub(crate) fn request_key(request: &str) -> u64 {
    key(&[b"request", request.as_bytes()])
}

/// A text that may be missing.
fn told_key(text: Option<&str>) -> u64 {
    text.map_or(0, |text| key(&[text.as_bytes()]))
}

/// From when to when what an observation tells of went on.
pub(crate) fn lasts(observation: &Observation<'_>) -> (Micros, Micros) {
    Member::new(observation).lasts()
}
