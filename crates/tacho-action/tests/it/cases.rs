//! What is measured of real agents, case by case.

use crate::scene::{closures, end, ends, event, groups, hook, join, session, span};
use tacho_action::{Closure, Observation, Observer, Overlay};
use tacho_event::words::{ActionType, Outcome, Phase};

const CALL: &str = "toolu_01A09q90qw90lq917835";

#[test]
fn a_request_for_permission_is_of_the_call_with_its_tool_and_input() {
    let pre = |time, call, input| Observation { input: Some(input), ..hook(time, "PreToolUse", Some(call)) };
    let asked = Observation { input: Some(r#"{"b":2,"a":1}"#), ..hook(3, "PermissionRequest", None) };
    let log = [
        pre(1, "toolu_0000000000000001", r#"{"a":1,"b":2}"#),
        pre(2, "toolu_0000000000000002", r#"{"a":9}"#),
        asked.clone(),
    ];
    assert_eq!(groups(&log), [vec![1, 3], vec![2]]);
    let first = [asked.clone(), log[0].clone(), log[1].clone()];
    assert_eq!(groups(&first), [vec![1, 3], vec![2]], "also when it came first");
    let elsewhere = Observation { session: Some(session(2)), ..asked };
    assert_eq!(groups(&[log[0].clone(), elsewhere]), [vec![1], vec![3]]);
}

#[test]
fn hooks_without_an_id_are_joined_with_telemetry_that_has_one() {
    let input = Some(r#"{"command":"ls"}"#);
    let tell = |of: Observation<'static>| Observation { input, name: "run_shell_command", ..of };
    let id = "run_shell_command_1795225765124_0";
    let executed = Observation {
        session: Some(session(1)),
        call: Some(id),
        phase: Some(Phase::Executed),
        outcome: Outcome::Success,
        ..span(1_200_000, "00000000000000aa", None)
    };
    let result = Observation {
        observer: Observer::Log,
        phase: Some(Phase::Result),
        outcome: Outcome::Success,
        ..event(1_900_000)
    };
    // The same command runs again: each witness tells of it once more.
    let again =
        |of: &Observation<'static>, call| Observation { time_us: of.time_us + 4_000_000, call, ..of.clone() };
    let first =
        [hook(1_000_000, "BeforeTool", None), hook(1_800_000, "AfterTool", None), executed, result].map(tell);
    let mut log = first.to_vec();
    log.extend([0, 1, 3].map(|at| again(&first[at], None)));
    log.push(again(&first[2], Some("run_shell_command_1795225769124_0")));
    assert_eq!(groups(&log).iter().map(Vec::len).collect::<Vec<_>>(), [4, 4]);
    assert!(closures(&log).iter().all(|closure| *closure == Closure::Success));
}

#[test]
fn a_short_id_is_used_again_once_its_call_is_over() {
    let log = [
        hook(1, "PreToolUse", Some("call_1")),
        hook(2, "PostToolUse", Some("call_1")),
        hook(3, "PreToolUse", Some("call_1")),
        hook(4, "PostToolUse", Some("call_1")),
    ];
    assert_eq!(groups(&log), [vec![1, 2], vec![3, 4]]);
    let other = Observation { session: Some(session(2)), ..hook(5, "PostToolUse", Some("call_1")) };
    assert_eq!(groups(&[log[0].clone(), other]), [vec![1], vec![5]]);
}

#[test]
fn the_end_of_a_turn_abandons_what_is_open_of_its_agent() {
    let sub = Observation { agent: "sub", ..hook(2, "PreToolUse", Some("toolu_0000000000000002")) };
    let log = [hook(1, "PreToolUse", Some(CALL)), sub, end(3, "Stop")];
    assert_eq!(closures(&log)[..2], [Closure::Abandoned, Closure::Open]);
    let late = [log[0].clone(), log[1].clone(), log[2].clone(), hook(4, "PostToolUse", Some(CALL))];
    assert!(closures(&late).contains(&Closure::Success), "a result that comes late counts");
}

#[test]
fn children_inherit_from_parents_that_come_later_in_any_order() {
    let root = Observation {
        session: Some(session(7)),
        agent: "boss",
        agent_assumed: false,
        ..span(1, "00000000000000a1", None)
    };
    let log = [
        Observation { kind: ActionType::Lifecycle, ..root },
        Observation { kind: ActionType::Workflow, ..span(2, "00000000000000a2", Some("00000000000000a1")) },
        Observation { phase: Some(Phase::Executed), ..span(3, "00000000000000a3", Some("00000000000000a2")) },
        Observation {
            observer: Observer::Log,
            span: None,
            kind: ActionType::Log,
            ..span(4, "", Some("00000000000000a2"))
        },
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let log = order.map(|at| log[at].clone());
        for end in ends(&log, &join(&log)).into_values() {
            assert_eq!((end.session, end.agent.as_str()), (Some([7; 16]), "boss"), "{order:?}");
        }
    }
    assert!(ends(&log[1..], &join(&log[1..])).into_values().all(|end| end.session.is_none()));
}

#[test]
fn waiting_for_permission_is_of_the_call_around_it_in_any_order() {
    let fetch = |of: Observation<'static>| Observation { kind: ActionType::External, name: "WebFetch", ..of };
    let executed =
        Observation { call: Some(CALL), phase: Some(Phase::Executed), ..span(1, "00000000000000d1", None) };
    let waits =
        Observation { phase: Some(Phase::Decided), ..span(2, "00000000000000d2", Some("00000000000000d1")) };
    let decided = Observation {
        observer: Observer::Log,
        span: None,
        call: Some(CALL),
        phase: Some(Phase::Decided),
        ..span(3, "", Some("00000000000000d2"))
    };
    let all = [fetch(executed), waits, fetch(decided)];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
        assert_eq!(groups(&order.map(|at| all[at].clone())), [vec![1, 2, 3]], "{order:?}");
    }
    assert_eq!(groups(&all[1..]), [vec![2, 3]], "also where the call's own span is lost");
}

#[test]
fn a_failure_that_any_witness_tells_stands_and_is_marked() {
    let well = Observation { observer: Observer::Log, ..hook(2, "PostToolUse", Some(CALL)) };
    let log = [hook(1, "PostToolUseFailure", Some(CALL)), Observation { hook: None, ..well }];
    let overlay = join(&log);
    let records: Vec<_> = (0..2).filter_map(|index| overlay.record(index)).collect();
    assert_eq!(records.len(), 1);
    assert!(records[0].differ);
    assert_eq!(records[0].closure, Some(Closure::Failure));
}

#[test]
fn events_that_nobody_tells_of_twice_leave_no_trace() {
    let log = [hook(1, "PreToolUse", Some(CALL)), event(2), Observation { session: None, ..event(3) }];
    let overlay = join(&log);
    assert!(overlay.is_empty());
    assert_eq!(overlay.changes(), Overlay::default().changes());
}

#[test]
fn memory_is_bounded_and_told() {
    let calls: Vec<String> = (0..tacho_action::ACTIONS_MAX + 500).map(|n| format!("toolu_{n:016}")).collect();
    let log: Vec<_> =
        calls.iter().enumerate().map(|(n, call)| hook(n as i64, "PostToolUse", Some(call))).collect();
    let mut joiner = tacho_action::Joiner::default();
    crate::scene::follow(&mut joiner, &mut Overlay::default(), &log, 0);
    let tally = joiner.tally();
    assert_eq!(
        (tally.actions, tally.left_closed, tally.left_open),
        (tacho_action::ACTIONS_MAX as u64, 500, 0)
    );
}

#[test]
fn a_call_has_its_tools_own_name_whoever_tells_it() {
    let log = Observation {
        observer: Observer::Log,
        hook: None,
        name: "mcp_tool",
        input: Some("{}"),
        has_output: true,
        ..hook(2, "PostToolUse", Some(CALL))
    };
    let span = Observation { name: "mcp__demo__add", call: Some(CALL), ..span(1, "00000000000000d1", None) };
    let log = [Observation { phase: Some(Phase::Executed), ..span }, log];
    let overlay = join(&log);
    let names: Vec<_> = (0..2).filter_map(|index| overlay.record(index)?.name.clone()).collect();
    assert_eq!(names, ["mcp__demo__add"]);
}

#[test]
fn the_next_prompt_abandons_what_was_escaped_from() {
    let sub = Observation { agent: "sub", ..hook(3, "PreToolUse", Some("toolu_0000000000000002")) };
    let log = [
        end(1, "UserPromptSubmit"),
        hook(2, "PreToolUse", Some(CALL)),
        sub,
        end(4, "UserPromptSubmit"),
        hook(5, "PreToolUse", Some("toolu_0000000000000003")),
    ];
    let of = |log: &[Observation<'_>]| {
        let ends = ends(log, &join(log));
        [2, 3, 5].map(|time| ends.get(&time).map(|end| end.closure))
    };
    assert_eq!(of(&log[..3]), [Some(Closure::Open), Some(Closure::Open), None]);
    assert_eq!(of(&log), [Some(Closure::Abandoned), Some(Closure::Open), Some(Closure::Open)]);
    // A background task that tells of its end is no prompt of a person.
    let notice =
        Observation { kind: ActionType::Workflow, name: "TaskNotification", ..end(4, "UserPromptSubmit") };
    assert_eq!(of(&[log[1].clone(), notice])[0], Some(Closure::Open));
}

#[test]
fn an_outcome_that_an_agent_reports_is_found_by_the_actions_id_alone() {
    let report =
        |time, phase| Observation { observer: Observer::Mcp, call: Some("e1"), phase, ..event(time) };
    let outcome = |time| Observation {
        kind: ActionType::Workflow,
        name: "outcome",
        ..report(time, Some(Phase::Result))
    };
    let without = |of: Observation<'static>| Observation { session: None, ..of };
    let action = report(1, None);
    assert_eq!(groups(&[action.clone(), without(outcome(2))]), [vec![1, 2]]);
    assert_eq!(groups(&[without(outcome(2)), action.clone()]), [vec![1, 2]], "also when it came first");
    assert_eq!(groups(&[without(action.clone()), outcome(2)]), [vec![1, 2]]);
    let later = Observation { outcome: Outcome::Success, ..outcome(3) };
    let log = [action.clone(), Observation { outcome: Outcome::Failure, ..outcome(2) }, without(later)];
    assert_eq!(groups(&log), [vec![1, 2, 3]], "a second outcome is of the same action");
    let elsewhere = Observation { session: Some(session(2)), ..outcome(2) };
    assert_eq!(groups(&[action.clone(), elsewhere]).len(), 2, "another session is another action");
    let other = Observation { agent: "other", ..without(outcome(2)) };
    assert_eq!(groups(&[action, other]).len(), 2, "another agent too");
    let log = [report(1, None), outcome(2), report(3, None), outcome(4)];
    let ended = log.map(|of| Observation { outcome: Outcome::Success, ..of });
    assert_eq!(groups(&ended), [vec![1, 2], vec![3, 4]], "an id that is used again is another action");
}

#[test]
fn of_twin_calls_at_once_the_first_is_asked_about_first() {
    let pre = |time, call| hook(time, "PreToolUse", Some(call));
    let [first, second] = ["toolu_0000000000000001", "toolu_0000000000000002"];
    let asked = |time| hook(time, "PermissionRequest", None);
    let log = [pre(1, first), pre(2, second), asked(3), hook(4, "PostToolUse", Some(first)), asked(5)];
    assert_eq!(groups(&log), [vec![1, 3, 4], vec![2, 5]]);
    // One that is over is not asked about any more.
    let log = [pre(1, first), hook(2, "PostToolUse", Some(first)), pre(3, second), asked(4)];
    assert_eq!(groups(&log), [vec![1, 2], vec![3, 4]]);
}

#[test]
fn a_call_that_our_own_hook_stopped_is_refused_unless_it_ran() {
    const CALL: &str = "toolu_01A09q90qw90lq917835";
    let stopped = Observation { error_type: Some("refused"), ..hook(1, "PreToolUse", Some(CALL)) };
    assert_eq!(closures(std::slice::from_ref(&stopped)), [Closure::Refused]);
    assert_eq!(closures(&[stopped.clone(), hook(2, "PostToolBatch", Some(CALL))]), [Closure::Refused]);
    assert_eq!(closures(&[stopped.clone(), end(9, "SessionEnd")])[0], Closure::Refused);
    assert_eq!(closures(&[stopped, hook(2, "PostToolUse", Some(CALL))]), [Closure::Success]);
}

#[test]
fn an_output_that_reads_like_a_refusal_refuses_no_call_that_ran() {
    const CALL: &str = "toolu_01A09q90qw90lq917835";
    let before = hook(1, "PreToolUse", Some(CALL));
    let batch = Observation {
        error_type: Some("refused"),
        outcome: Outcome::Failure,
        ..hook(3, "PostToolBatch", Some(CALL))
    };
    assert_eq!(closures(&[before.clone(), batch.clone()]), [Closure::Refused]);
    let ran = hook(2, "PostToolUse", Some(CALL));
    assert_eq!(closures(&[before.clone(), ran.clone(), batch.clone()]), [Closure::Success]);
    assert_eq!(
        closures(&[before.clone(), batch.clone(), Observation { time_us: 4, index: 4, ..ran }]),
        [Closure::Success]
    );
    let failed = hook(2, "PostToolUseFailure", Some(CALL));
    assert_eq!(closures(&[before.clone(), failed, batch.clone()]), [Closure::Failure]);
    let unknown = Observation { error_type: Some("unknown_tool"), ..batch };
    assert_eq!(closures(&[before.clone(), unknown.clone()]), [Closure::UnknownTool]);
    assert_eq!(closures(&[before, hook(2, "PostToolUse", Some(CALL)), unknown]), [Closure::Success]);
}
