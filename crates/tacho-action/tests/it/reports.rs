//! What an agent reports of itself, beside what a witness tells.

use crate::scene::{closures, event, hook, join, session};
use tacho_action::{Closure, Observation, Observer};
use tacho_event::words::{Outcome, Phase};

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
        assert!(record.differ, "that the agent says otherwise is marked");
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
