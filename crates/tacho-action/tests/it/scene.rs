//! Observations that need few words to write.

use std::collections::BTreeMap;
use tacho_action::{Closure, Entry, Joiner, Observation, Observer, Overlay, Record};
use tacho_event::id::Id;
use tacho_event::words::{ActionType, Known, Outcome, Phase};

pub(crate) fn session(number: u8) -> Id {
    Id([number; 16])
}

/// An event of no special kind; its time stands for it, so no two may have the same.
pub(crate) fn event(time_us: i64) -> Observation<'static> {
    Observation {
        index: 0,
        recorded_us: 0,
        state: 0,
        revision: 0,
        writer: 0,
        time_us,
        session: Some(session(1)),
        agent: "agent",
        agent_assumed: false,
        part: None,
        call: None,
        parent: None,
        span: None,
        phase: None,
        kind: ActionType::Tool,
        name: "Bash",
        outcome: Outcome::Unknown,
        known: Known::Observed,
        observer: Observer::Hook,
        hook: None,
        request: None,
        model: None,
        library: None,
        started: None,
        error_type: None,
        exited: false,
        figures: [None; 6],
        cost_estimated: false,
        input: None,
        has_output: false,
        has_error: false,
        process: None,
    }
}

pub(crate) fn hook<'a>(time_us: i64, hook: &'a str, call: Option<&'a str>) -> Observation<'a> {
    let (phase, outcome) = match hook {
        "PreToolUse" | "BeforeTool" => (Phase::Proposed, Outcome::Running),
        "PermissionRequest" => (Phase::Asked, Outcome::Unknown),
        "PostToolUse" | "AfterTool" => (Phase::Result, Outcome::Success),
        "PostToolUseFailure" => (Phase::Result, Outcome::Failure),
        _ => (Phase::Result, Outcome::Unknown),
    };
    Observation { call, phase: Some(phase), outcome, hook: Some(hook), input: Some("{}"), ..event(time_us) }
}

pub(crate) fn end<'a>(time_us: i64, hook: &'a str) -> Observation<'a> {
    let kind = if matches!(hook, "Stop" | "UserPromptSubmit") {
        ActionType::Communication
    } else {
        ActionType::Lifecycle
    };
    Observation { kind, name: hook, hook: Some(hook), ..event(time_us) }
}

pub(crate) fn span<'a>(time_us: i64, id: &'a str, parent: Option<&'a str>) -> Observation<'a> {
    let observer = Observer::Span;
    Observation { span: Some(id), parent, observer, session: None, agent_assumed: true, ..event(time_us) }
}

pub(crate) fn model<'a>(of: Observation<'a>, tokens: i64) -> Observation<'a> {
    let mut figures = [None; 6];
    (figures[0], figures[1]) = (Some(tokens), Some(1));
    let (kind, name) = (ActionType::External, "model_request");
    Observation { kind, name, outcome: Outcome::Success, phase: Some(Phase::Executed), figures, ..of }
}

/// Gives the observations their indexes, and joins them.
pub(crate) fn join(log: &[Observation<'_>]) -> Overlay {
    let (mut joiner, mut overlay) = (Joiner::default(), Overlay::default());
    follow(&mut joiner, &mut overlay, log, 0);
    overlay
}

pub(crate) fn follow(joiner: &mut Joiner, overlay: &mut Overlay, log: &[Observation<'_>], from: usize) {
    for (index, observation) in log.iter().enumerate().skip(from) {
        // An id of its own, where the test gives none.
        let state = if observation.state == 0 { u64::MAX - index as u64 } else { observation.state };
        joiner.observe(&Observation { index: index as u64, state, ..observation.clone() }, overlay);
    }
}

/// What is known in the end, whatever the order: of each shown event, known by its time, what it stands for.
pub(crate) fn ends(log: &[Observation<'_>], overlay: &Overlay) -> BTreeMap<i64, End> {
    let mut members: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
    let mut shown = BTreeMap::new();
    for (index, observation) in log.iter().enumerate() {
        let (action, record) = match overlay.entry(index as u64) {
            Some(Entry::Hidden { action, .. }) => (*action, None),
            Some(Entry::Shown(record)) => (record.action, Some(record.as_ref().clone())),
            None => (index as u64, Some(Record::default())),
        };
        members.entry(action).or_default().push(observation.time_us);
        if let Some(record) = record {
            assert!(shown.insert(action, (observation, record)).is_none(), "two events stand for {action}");
        }
    }
    let end = |(action, (observation, record)): (u64, (&Observation<'_>, Record))| {
        let mut events = members.remove(&action).unwrap_or_default();
        events.sort_unstable();
        let told = Closure::told(observation.outcome, observation.phase);
        let end = End {
            events,
            closure: record.closure.unwrap_or(told),
            outcome: record.outcome().unwrap_or(observation.outcome),
            session: observation.session.map(|id| id.0).or(record.session),
            agent: record.agent.unwrap_or_else(|| observation.agent.to_string()),
        };
        (observation.time_us, end)
    };
    shown.into_iter().map(end).collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    /// The times of the observations.
    pub(crate) events: Vec<i64>,
    pub(crate) closure: Closure,
    pub(crate) outcome: Outcome,
    pub(crate) session: Option<[u8; 16]>,
    pub(crate) agent: String,
}

/// Times of the events that are one action, for each.
pub(crate) fn groups(log: &[Observation<'_>]) -> Vec<Vec<i64>> {
    let mut groups: Vec<_> = ends(log, &join(log)).into_values().map(|end| end.events).collect();
    groups.sort();
    groups
}

pub(crate) fn closures(log: &[Observation<'_>]) -> Vec<Closure> {
    ends(log, &join(log)).into_values().map(|end| end.closure).collect()
}
