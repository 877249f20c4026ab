//! What an agent reports of itself, beside what a witness tells.

use crate::scene::{closures, end, event, groups, hook, join, session};
use tacho_action::{Closure, Entry, Observation, Observer};
use tacho_event::words::{ActionType, Known, Outcome, Phase};

const CALL: &str = "toolu_01A09q90qw90lq917835";

#[test]
fn what_an_agent_reports_takes_the_place_of_nothing_that_a_witness_tells() {
    let post = Observation { input: None, has_output: true, ..hook(2, "PostToolUse", Some(CALL)) };
    let mut forged = Observation {
        observer: Observer::Mcp,
        agent: "evil",
        session: Some(session(9)),
        call: Some(CALL),
        outcome: Outcome::Failure,
        input: Some("harmless"),
        has_output: true,
        has_error: true,
        ..event(3)
    };
    forged.figures[4] = Some(99_500_000);
    for observer in [Observer::Mcp, Observer::Event] {
        let told = Observation { observer, ..forged.clone() };
        let log = [hook(1, "PreToolUse", Some(CALL)), post.clone(), told];
        let overlay = join(&log);
        let shown: Vec<_> =
            overlay.entries().filter_map(|(index, _)| Some((index, overlay.record(index)?))).collect();
        let (index, record) = shown[0];
        let last = overlay.entries().map(|(index, _)| index).max().unwrap();
        assert_eq!((shown.len(), index < last), (1, true), "{shown:?}");
        assert_eq!((record.closure, record.outcome()), (Some(Closure::Success), Some(Outcome::Success)));
        assert_eq!(record.figures[4], None);
        assert_eq!((record.agent.as_deref(), record.session), (None, None));
        assert!(!record.differ, "who reports is no witness");
    }
}

#[test]
fn who_reports_is_no_witness_whatever_it_calls_itself() {
    let seen = |source, known| Observer::of(source, known, Some("PostToolUseFailure"), true);
    assert_eq!([seen("mcp", "self_reported"), seen("mcp", "observed")], [Observer::Mcp; 2]);
    assert_eq!([seen("http", "self_reported"), seen("otlp", "self_reported")], [Observer::Event; 2]);
    assert_eq!([seen("http", "observed"), seen("otlp", "observed")], [Observer::Hook, Observer::Span]);
}

#[test]
fn of_two_hooks_that_tell_of_one_step_the_first_stands() {
    let mut second = hook(3, "PostToolUseFailure", Some(CALL));
    second.input = Some("much more than the first told");
    second.has_output = true;
    second.figures[4] = Some(99_500_000);
    let log = [hook(1, "PreToolUse", Some(CALL)), hook(2, "PostToolUse", Some(CALL)), second];
    let overlay = join(&log);
    let shown = overlay.entries().find_map(|(index, _)| Some((index, overlay.record(index)?))).unwrap();
    assert_eq!(shown.1.closure, Some(Closure::Success));
    assert!(shown.0 < log.len() as u64 && shown.1.figures[4].is_none(), "{shown:?}");
    assert!(shown.1.differ, "that another says otherwise is marked");
}

#[test]
fn a_refusal_that_only_the_agent_tells_is_none() {
    for (error_type, phase) in
        [(Some("unknown_tool"), None), (Some("refused"), None), (None, Some(Phase::Decided))]
    {
        let (call, outcome) = (Some(CALL), Outcome::Failure);
        let told = Observation { observer: Observer::Mcp, call, phase, outcome, error_type, ..event(3) };
        let log = [hook(1, "PreToolUse", Some(CALL)), hook(2, "PostToolUse", Some(CALL)), told];
        assert_eq!(closures(&log), [Closure::Success], "{error_type:?} {phase:?}");
    }
}

#[test]
fn reports_push_no_witness_out() {
    let report = |time| Observation {
        observer: Observer::Mcp,
        call: Some(CALL),
        outcome: Outcome::Success,
        ..event(time)
    };
    let mut log = vec![hook(1, "PreToolUse", Some(CALL))];
    log.extend((2..100).map(report));
    log.push(hook(100, "PostToolUseFailure", Some(CALL)));
    assert_eq!(closures(&log), [Closure::Failure]);
}

fn report(observation: Observation<'static>) -> Observation<'static> {
    Observation { observer: Observer::Event, known: Known::SelfReported, ..observation }
}

#[test]
fn what_an_agent_says_ends_no_call_that_a_witness_tells_of() {
    let open = hook(1, "PreToolUse", Some(CALL));
    assert_eq!(closures(&[open.clone(), report(hook(2, "PostToolUse", Some(CALL)))]), [Closure::Open]);
    for ending in ["SessionEnd", "Stop", "UserPromptSubmit"] {
        assert_eq!(closures(&[open.clone(), report(end(2, ending))])[0], Closure::Open, "{ending}");
        let own = report(open.clone());
        assert_eq!(closures(&[own, report(end(2, ending))])[0], Closure::Abandoned, "{ending}: its own call");
    }
}

#[test]
fn a_witness_names_the_session_whoever_told_of_the_call_first() {
    let own = Observation { session: Some(session(9)), ..report(hook(1, "PreToolUse", Some(CALL))) };
    let told = Observation { session: None, ..hook(2, "PostToolUse", Some(CALL)) };
    let log = [own, hook(1, "PreToolUse", Some(CALL)), told];
    let overlay = join(&log);
    let record = overlay.entries().find_map(|(index, _)| overlay.record(index)).unwrap();
    assert_ne!(record.session, Some(session(9).0));
}

#[test]
fn nobody_inherits_of_a_span_that_an_agent_tells_of_itself() {
    let span = |id, parent, time| Observation {
        observer: Observer::Span,
        span: Some(id),
        parent,
        session: None,
        agent_assumed: true,
        phase: Some(Phase::Executed),
        ..event(time)
    };
    let (above, below) = ("00000000000000a1", "00000000000000b1");
    let lie = Observation {
        agent: "evil",
        agent_assumed: false,
        session: Some(session(9)),
        ..report(span(above, None, 1))
    };
    let truth = Observation {
        agent: "good",
        agent_assumed: false,
        session: Some(session(1)),
        ..span(above, None, 3)
    };
    let overlay = join(&[lie, span(below, Some(above), 2), truth]);
    let record = overlay.record(1).unwrap();
    assert_eq!((record.agent.as_deref(), record.session), (Some("good"), Some(session(1).0)));
}

#[test]
fn states_of_one_event_are_one_action_and_the_last_one_stands() {
    let state = |time, revision, outcome| Observation {
        state: 7,
        revision,
        outcome,
        observer: Observer::Event,
        ..event(time)
    };
    let log = [
        state(1, 0, Outcome::Running),
        state(2, 1, Outcome::Failure),
        state(3, 2, Outcome::Success),
        Observation { state: 8, ..state(4, 0, Outcome::Running) },
    ];
    let overlay = join(&log);
    let shown: Vec<_> =
        (0..4).filter(|index| !matches!(overlay.entry(*index), Some(Entry::Hidden { .. }))).collect();
    assert_eq!(shown, [2, 3]);
    let record = overlay.record(2).unwrap();
    assert_eq!((record.closure, record.observations, record.differ), (Some(Closure::Success), 3, false));
    let worse =
        join(&[state(1, 0, Outcome::Running), state(2, 1, Outcome::Success), state(3, 2, Outcome::Failure)]);
    assert_eq!(worse.record(2).and_then(|record| record.closure), Some(Closure::Failure));
}

#[test]
fn an_outcome_that_is_reported_later_leaves_the_action_as_it_was_told() {
    let told = |time| Observation {
        observer: Observer::Mcp,
        known: Known::SelfReported,
        call: Some(CALL),
        ..event(time)
    };
    let action = Observation { agent: "me", outcome: Outcome::Running, ..told(1) };
    let outcome = Observation {
        agent: "unknown",
        session: None,
        kind: ActionType::Workflow,
        name: "outcome",
        phase: Some(Phase::Result),
        outcome: Outcome::Success,
        has_output: true,
        ..told(2)
    };
    let overlay = join(&[action, outcome]);
    let record = overlay.record(0).unwrap();
    assert_eq!((record.closure, record.outcome()), (Some(Closure::Success), Some(Outcome::Success)));
    assert_eq!((record.agent.as_deref(), record.name.as_deref()), (None, None));
}

fn said(time: i64) -> Observation<'static> {
    Observation { observer: Observer::Mcp, known: Known::SelfReported, call: Some(CALL), ..event(time) }
}

/// That an action has ended, as an agent reports it.
fn outcome(time: i64) -> Observation<'static> {
    Observation {
        kind: ActionType::Workflow,
        name: "outcome",
        phase: Some(Phase::Result),
        outcome: Outcome::Success,
        ..said(time)
    }
}

fn name_of(log: &[Observation<'_>]) -> Option<String> {
    let overlay = join(log);
    let record = overlay.entries().find_map(|(index, _)| overlay.record(index));
    record.expect("they are one action").name.clone()
}

#[test]
fn how_an_action_ended_says_nothing_of_its_name() {
    for name in ["send_report", "deploy", "outcome", "zip", "tool_result"] {
        let action = Observation { name, outcome: Outcome::Running, ..said(1) };
        assert_eq!(name_of(&[action.clone(), outcome(2)]), None, "{name}");
        let named = Observation { name: "another", ..outcome(2) };
        assert_eq!(name_of(&[action.clone(), named.clone()]), None, "{name}");
        assert_eq!(name_of(&[named, action]), None, "{name}, told of before");
    }
}

#[test]
fn what_says_only_its_kind_gives_way_to_a_name() {
    let told = |time, kind, name| Observation { kind, name, outcome: Outcome::Running, ..said(time) };
    for kind in [ActionType::External, ActionType::Skill, ActionType::Tool] {
        let unnamed = told(1, kind, kind.as_str());
        let log = [Observation { input: Some("{}"), ..unnamed }, told(2, kind, "zip")];
        assert_eq!(name_of(&log).as_deref(), Some("zip"), "{kind:?}");
    }
    let unnamed = Observation { name: "PostToolUse", ..hook(2, "PostToolUse", Some(CALL)) };
    let log = [Observation { name: "Write", ..hook(1, "PreToolUse", Some(CALL)) }, unnamed];
    assert_eq!(name_of(&log).as_deref(), Some("Write"));
}

#[test]
fn the_last_state_of_an_event_names_it() {
    let state = |time, revision, name| Observation {
        state: 7,
        revision,
        name,
        outcome: Outcome::Running,
        observer: Observer::Event,
        ..event(time)
    };
    let log = [state(1, 0, "m"), state(2, 1, "z"), state(3, 2, "n")];
    assert_eq!(name_of(&log), None, "the row is the last state and names itself");
}

fn under_short_id(agent: &'static str, number: u8, time: i64) -> Observation<'static> {
    let session = Some(session(number));
    Observation { agent, session, call: Some("e1"), outcome: Outcome::Running, ..said(time) }
}

/// An outcome of which only the id and the sender are said.
fn nobodys(time: i64) -> Observation<'static> {
    let (agent, session) = ("unknown", None);
    Observation { agent, agent_assumed: true, session, call: Some("e1"), ..outcome(time) }
}

#[test]
fn an_outcome_needs_no_more_than_the_short_id_of_its_action() {
    let log = [under_short_id("me", 1, 1), nobodys(2)];
    let overlay = join(&log);
    assert_eq!(overlay.record(0).and_then(|record| record.closure), Some(Closure::Success));
    assert_eq!(overlay.entry(1).and_then(Entry::session), Some(session(1).0), "its session is the action's");
    assert_eq!(overlay.heirs_of_session(&session(1)).map(|range| (range.first, range.last)), Some((1, 1)));
    // Said again it is told of the same action, and a new one under the same id is another matter.
    let again = Observation { outcome: Outcome::Failure, ..nobodys(3) };
    assert_eq!(groups(&[log[0].clone(), log[1].clone(), again]), [vec![1, 2, 3]]);
    let log = [log[0].clone(), log[1].clone(), under_short_id("me", 2, 3), nobodys(4), nobodys(5)];
    assert_eq!(groups(&log), [vec![1, 2], vec![3, 4, 5]]);
}

#[test]
fn whose_outcome_it_is_is_not_guessed() {
    let log = [under_short_id("me", 1, 1), under_short_id("you", 2, 2), nobodys(3)];
    assert_eq!(groups(&log), [vec![1], vec![2], vec![3]], "two wait under one id");
    let own = Observation { agent: "you", ..nobodys(3) };
    assert_eq!(
        groups(&[log[0].clone(), log[1].clone(), own]),
        [vec![1], vec![2, 3]],
        "its sender stands for you"
    );
    let over = Observation { outcome: Outcome::Success, ..under_short_id("me", 1, 1) };
    let over_too = Observation { outcome: Outcome::Success, ..log[1].clone() };
    assert_eq!(groups(&[over.clone(), over_too, nobodys(3)]), [vec![1], vec![2], vec![3]], "two are over");
    assert_eq!(groups(&[over, log[1].clone(), nobodys(3)]), [vec![1], vec![2, 3]], "one still waits");
    for stranger in [
        Observation { agent: "you", agent_assumed: false, ..nobodys(2) },
        Observation { writer: 9, ..nobodys(2) },
        Observation { session: Some(session(9)), ..nobodys(2) },
    ] {
        assert_eq!(groups(&[log[0].clone(), stranger.clone()]), [vec![1], vec![2]], "{stranger:?}");
    }
}
