//! What the joiner looks at of an event: an observation of a call, a span, or the end of a turn or session.

use crate::ids::{is_span_id, is_strong, key};
use crate::observer::Observer;
use crate::shares::Owner;
use tacho_event::entry::{Header, Place};
use tacho_event::fact::{Facts, IntFact, TextFact};
use tacho_event::id::Id;
use tacho_event::record::{Accepted, Glance};
use tacho_event::section::Section;
use tacho_event::time::Micros;
use tacho_event::words::{ActionType, Known, Outcome, Phase};

/// The name of every call of a model, whoever tells of it.
pub(crate) const MODEL_REQUEST: &str = "model_request";
/// A background task of Claude Code has ended: it names the call that started it.
pub(crate) const TASK_NOTIFICATION: &str = "TaskNotification";

/// The answer to a call in a transcript that does not name the tool with it.
pub(crate) const TOOL_RESULT: &str = "tool_result";

/// The agent of what was sent without one.
pub(crate) const NOBODY: &str = "unknown";

/// One event, as far as joining needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation<'a> {
    pub index: u64,
    /// When the server had it: the log's own time, which no sender sets.
    pub recorded_us: Micros,
    /// The event's id under its sender's key, and which of its states this is: 0 is the first.
    pub state: u64,
    pub revision: u32,
    /// Its sender's key.
    pub writer: u64,
    pub time_us: Micros,
    pub session: Option<Id>,
    pub agent: &'a str,
    /// The agent is the program's name, because the record named none.
    pub agent_assumed: bool,
    /// The session that the event has, where that is a part of another one, and its agent called after it.
    pub part: Option<Id>,
    pub call: Option<&'a str>,
    pub parent: Option<&'a str>,
    /// The span's own id, also where its call has another one.
    pub span: Option<&'a str>,
    pub phase: Option<Phase>,
    pub kind: ActionType,
    pub name: &'a str,
    pub outcome: Outcome,
    pub known: Known,
    pub observer: Observer,
    pub hook: Option<&'a str>,
    /// The request to a model as provider or library counts it.
    pub request: Option<&'a str>,
    /// The model that was asked.
    pub model: Option<&'a str>,
    /// The library that tells.
    pub library: Option<&'a str>,
    /// The sub-agent that the call started.
    pub started: Option<&'a str>,
    pub error_type: Option<&'a str>,
    /// It says with which code a process ended: it runs no more.
    pub exited: bool,
    pub figures: [Option<i64>; 6],
    pub cost_estimated: bool,
    pub input: Option<&'a str>,
    pub has_output: bool,
    pub has_error: bool,
    /// The process that the call left running, or looked after: see [`Observation::process_in`].
    pub process: Option<u64>,
}

/// Whether an event may be of an action that is told of more than once. Cheap: most are not, and need not be decoded further.
pub fn concerns(glance: &Glance<'_>) -> bool {
    if glance.has_kin {
        return true;
    }
    match glance.phase {
        None if is_unfinished(glance.action_type, glance.outcome) => true,
        Some(Phase::Message) | None => match glance.action_type {
            ActionType::Lifecycle | ActionType::Communication => {
                std::str::from_utf8(glance.action_name).is_ok_and(|name| End::of(name).is_some())
            }
            ActionType::External => glance.action_name == MODEL_REQUEST.as_bytes(),
            _ => false,
        },
        Some(_) => true,
    }
}

/// Whether an event tells of what is still to end: a later state of it may tell how. So of a message the answer.
fn is_unfinished(kind: ActionType, outcome: Outcome) -> bool {
    outcome == Outcome::Running || kind == ActionType::Communication && outcome == Outcome::Unknown
}

/// The same of a header.
pub fn header_concerns(header: &Header<'_>) -> bool {
    concerns(&Glance {
        phase: header.phase,
        action_type: header.action_type,
        outcome: header.outcome,
        action_name: header.action_name.as_bytes(),
        has_kin: header.call.is_some() || header.parent.is_some(),
    })
}

/// What ends with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The agent's turn: its open calls get no answer any more.
    Turn,
    /// The work of a sub-agent.
    SubAgent,
    /// Everything of the session.
    Session,
}

impl End {
    pub(crate) fn of(hook: &str) -> Option<End> {
        Some(match hook {
            "Stop" | "StopFailure" | "AfterAgent" => End::Turn,
            // Whoever presses Escape ends a turn without a word; the next one tells.
            "UserPromptSubmit" | "BeforeAgent" => End::Turn,
            "SubagentStop" => End::SubAgent,
            "SessionEnd" => End::Session,
            _ => return None,
        })
    }
}

impl<'a> Observation<'a> {
    /// Reads an accepted event.
    pub fn of(index: u64, place: &Place, event: &Accepted<'a>) -> Observation<'a> {
        let section = |section: Section| event.texts[section as usize - Section::Input as usize];
        let has = |name| section(name).is_some();
        let told = Observation {
            input: section(Section::Input),
            has_output: has(Section::Output),
            has_error: has(Section::Error),
            ..Observation::told(index, place, &event.header, &event.facts)
        };
        Observation { process: told.process_in(section(Section::Output)), ..told }
    }

    /// Reads what is not in the sections of texts.
    pub fn told(index: u64, place: &Place, header: &Header<'a>, facts: &Facts<'a>) -> Observation<'a> {
        let text = |fact: TextFact| facts.text(fact);
        let int = |fact: IntFact| facts.int(fact);
        let span = match (header.source, text(TextFact::SpanId)) {
            (_, Some(span)) => Some(span),
            // A span whose call has no id of its own is known by its span's; so is one in a file, which tells no step of a call.
            ("otlp", None) => header.call.filter(|call| is_span_id(call)),
            (_, None) if header.known == Known::Imported && header.phase.is_none() => {
                header.call.filter(|call| is_span_id(call))
            }
            _ => None,
        };
        let hook = text(TextFact::HookEvent);
        Observation {
            index,
            recorded_us: place.time_us,
            state: key(&[b"state", &header.writer, &header.id.0]),
            revision: place.revision,
            writer: key(&[b"writer", &header.writer]),
            time_us: header.timestamp_us,
            session: header.session,
            agent: header.agent,
            agent_assumed: int(IntFact::AgentAssumed) == Some(1),
            part: None,
            call: header.call.filter(|call| span != Some(call)),
            parent: header.parent,
            span,
            phase: header.phase,
            kind: header.action_type,
            name: header.action_name,
            outcome: header.outcome,
            known: header.known,
            observer: Observer::of(header.source, header.known.as_str(), hook, span.is_some()),
            hook,
            request: text(TextFact::RequestId),
            model: text(TextFact::Model),
            library: text(TextFact::Logger),
            started: text(TextFact::ToAgent),
            error_type: text(TextFact::ErrorType),
            exited: int(IntFact::ExitCode).is_some(),
            figures: crate::Figure::ALL.map(|figure| int(figure.fact())),
            cost_estimated: int(IntFact::CostEstimated) == Some(1),
            input: None,
            has_output: false,
            has_error: false,
            process: None,
        }
    }

    /// Whether the event tells of a call's life, and not only of something on its way.
    pub(crate) fn is_act(&self) -> bool {
        match self.phase {
            Some(Phase::Message) => self.name == TASK_NOTIFICATION && self.call.is_some(),
            Some(_) => true,
            None => self.is_model() || self.is_report() || self.is_state(),
        }
    }

    /// In whose share it is remembered.
    pub(crate) fn owner(&self) -> Owner {
        Owner { is_witness: self.is_witness(), writer: self.writer, agent: key(&[self.agent.as_bytes()]) }
    }

    /// The event, and when the server had it.
    pub(crate) fn told_at(&self) -> (u64, Micros) {
        (self.index, self.recorded_us)
    }

    /// Whether somebody else than the agent itself tells.
    pub(crate) fn is_witness(&self) -> bool {
        self.observer.is_witness()
    }

    /// One of several states of an event, or one that may get another.
    fn is_state(&self) -> bool {
        self.revision > 0 || self.begins()
    }

    /// Whether it is an answer in a file, which may be written down before all its tokens are known.
    fn may_grow(&self) -> bool {
        self.observer == Observer::Transcript && self.is_model()
    }

    /// Whether later states of the event may tell how it ended. Hooks and telemetry give each step an id of its own.
    pub(crate) fn begins(&self) -> bool {
        match self.phase {
            None if self.observer == Observer::Hook => false,
            None => is_unfinished(self.kind, self.outcome) || self.may_grow(),
            Some(Phase::Proposed | Phase::Asked | Phase::Decided) => {
                self.observer == Observer::Event && self.hook.is_none() && self.span.is_none()
            }
            Some(Phase::Executed | Phase::Result | Phase::Message) => false,
        }
    }

    /// Whether it is nothing but a later state of its event: where there is none to join, it stands for itself.
    pub(crate) fn is_only_state(&self) -> bool {
        let is_more = self.is_model() || self.is_report() || self.begins();
        self.phase.is_none() && !is_more
    }

    /// Its agent, where it says one.
    pub(crate) fn said_agent(&self) -> Option<&'a str> {
        Some(self.agent).filter(|agent| !self.agent_assumed && *agent != NOBODY)
    }

    /// A whole call in one event, told by whoever made it: such reports know no phases.
    fn is_report(&self) -> bool {
        let is_told = matches!(self.observer, Observer::Mcp | Observer::Event);
        let is_call = matches!(self.kind, ActionType::Tool | ActionType::Skill | ActionType::External);
        is_told && is_call && self.call.is_some()
    }

    /// An agent's report of how an action ended. It names an action by its id and nothing else of it.
    pub(crate) fn is_outcome(&self) -> bool {
        let told = (self.observer, self.phase, self.kind);
        told == (Observer::Mcp, Some(Phase::Result), ActionType::Workflow)
    }

    pub(crate) fn is_model(&self) -> bool {
        self.kind == ActionType::External && self.name == MODEL_REQUEST
    }

    /// What a model answers, as a hook tells it: piece by piece where it streams.
    pub(crate) fn is_hooked_answer(&self) -> bool {
        self.is_model() && self.hook.is_some() && self.phase == Some(Phase::Result)
    }

    /// Whether it is Claude Code's answer to the model that a call was refused, as its transcript has it.
    pub(crate) fn is_line_of_a_refusal(&self) -> bool {
        self.observer == Observer::Transcript
            && self.name == TOOL_RESULT
            && self.error_type == Some("refused")
    }

    /// Whether it is a span that tells of a call and not how that went: Claude Code's, around those of waiting and of running.
    pub(crate) fn is_around(&self) -> bool {
        let told = (self.observer, self.phase, self.outcome);
        told == (Observer::Span, Some(Phase::Executed), Outcome::Unknown) && !self.is_model()
    }

    /// A request to a model under a number that no other one has.
    pub(crate) fn strong_request(&self) -> Option<&'a str> {
        self.request.filter(|request| self.is_model() && is_strong(request))
    }

    pub(crate) fn end(&self) -> Option<End> {
        let hook = self.hook.unwrap_or(self.name);
        match self.kind {
            ActionType::Lifecycle | ActionType::Communication => End::of(hook),
            _ => None,
        }
    }
}
