//! Gemini CLI as it was recorded: hooks whose ids our hook made up, spans with ids and without arguments, log records with
//! arguments and without ids, a session file with both. Times are those of a real session, from its first call on.

use crate::scene::{closures, event, groups, hook, model, session, span};
use tacho_action::{Closure, Observation, Observer};
use tacho_event::words::{ActionType, Outcome, Phase};

const OOPS: &str = r#"{"command":"exit 3"}"#;
const HELLO: &str = r#"{"command":"python3 hello.py"}"#;

fn tool_hook(ms: i64, of: &'static str, id: &'static str, input: &'static str) -> Observation<'static> {
    Observation { input: Some(input), ..hook(ms * 1_000, of, Some(id)) }
}

fn lasting(of: Observation<'static>, ms: i64) -> Observation<'static> {
    let mut figures = of.figures;
    figures[5] = Some(ms * 1_000);
    Observation {
        session: Some(session(1)),
        phase: Some(Phase::Executed),
        outcome: Outcome::Success,
        figures,
        ..of
    }
}

fn tool_span(ms: i64, took_ms: i64, id: &'static str, call: &'static str) -> Observation<'static> {
    Observation { call: Some(call), ..lasting(span(ms * 1_000, id, None), took_ms) }
}

fn logged(us: i64, took_ms: i64, input: &'static str) -> Observation<'static> {
    let log = lasting(event(us), took_ms);
    Observation { observer: Observer::Log, phase: Some(Phase::Result), input: Some(input), ..log }
}

fn imported(us: i64, call: &'static str, input: &'static str) -> Observation<'static> {
    Observation {
        observer: Observer::Transcript,
        call: Some(call),
        figures: [None; 6],
        ..logged(us, 0, input)
    }
}

/// Two calls of one tool at once: hooks, spans, log records.
fn at_once() -> [Observation<'static>; 8] {
    [
        tool_hook(640, "BeforeTool", "hook-00000000000000a2", HELLO),
        tool_hook(654, "BeforeTool", "hook-00000000000000a1", OOPS),
        tool_hook(770, "AfterTool", "hook-00000000000000a1", OOPS),
        tool_hook(817, "AfterTool", "hook-00000000000000a2", HELLO),
        tool_span(708, 100, "97c3d8755e198eba", "run_shell_command__611_1"),
        tool_span(707, 147, "39f7e14c94984b27", "run_shell_command__598_0"),
        logged(854_001, 219, HELLO),
        logged(854_002, 171, OOPS),
    ]
}

#[test]
fn calls_at_once_are_joined_by_the_span_around_the_hook_of_their_end() {
    let all = at_once();
    let want = [vec![640_000, 707_000, 817_000, 854_001], vec![654_000, 708_000, 770_000, 854_002]];
    for order in [
        [0, 1, 2, 3, 4, 5, 6, 7],
        [0, 1, 2, 3, 5, 4, 7, 6],
        [4, 5, 6, 7, 0, 1, 2, 3],
        [5, 4, 7, 6, 1, 0, 3, 2],
    ] {
        assert_eq!(groups(&order.map(|at| all[at].clone())), want, "{order:?}");
    }
    // What ends in both spans may be either call's: in doubt they stay apart.
    let mut both = all[..6].to_vec();
    both[3].time_us = 790_000;
    assert_eq!(groups(&both).len(), 4);
    // A call that has not ended may be meant as well.
    let early = [0, 1, 3, 4, 5].map(|at| all[at].clone());
    assert_eq!(groups(&early).len(), 4);
}

#[test]
fn a_session_file_tells_which_span_and_which_hooks_are_one() {
    let mut log = at_once().to_vec();
    log[3].time_us = 790_000;
    log.extend([
        imported(855_001, "run_shell_command__598_0", HELLO),
        imported(855_002, "run_shell_command__611_1", OOPS),
    ]);
    let want = [
        vec![640_000, 707_000, 790_000, 854_001, 855_001],
        vec![654_000, 708_000, 770_000, 854_002, 855_002],
    ];
    assert_eq!(groups(&log), want);
    log.rotate_right(2);
    assert_eq!(groups(&log), want);
}

fn model_hook(ms: i64, of: &'static str, id: &'static str) -> Observation<'static> {
    let asks = of == "BeforeModel";
    let (phase, outcome) =
        if asks { (Phase::Proposed, Outcome::Running) } else { (Phase::Result, Outcome::Success) };
    let hook = Observation { call: Some(id), hook: Some(of), ..model(event(ms * 1_000), 800) };
    let figures = if asks { [None; 6] } else { hook.figures };
    Observation { phase: Some(phase), outcome, figures, ..hook }
}

fn model_span(ms: i64, took_ms: i64, id: &'static str) -> Observation<'static> {
    let untold = Observation { figures: [None; 6], ..model(span(ms * 1_000, id, None), 0) };
    lasting(untold, took_ms)
}

#[test]
fn requests_that_follow_one_another_closely_are_told_apart() {
    let all = [
        model_hook(322, "BeforeModel", "hook-model-00000000000000b1"),
        model_hook(390, "AfterModel", "hook-model-00000000000000b1"),
        model_hook(480, "BeforeModel", "hook-model-00000000000000b2"),
        model_hook(547, "AfterModel", "hook-model-00000000000000b2"),
        model_span(371, 44, "1e3c192cb7af8a39"),
        model_span(527, 88, "b05227360350987a"),
    ];
    let want = [vec![322_000, 371_000, 390_000], vec![480_000, 527_000, 547_000]];
    for order in [[0, 1, 2, 3, 4, 5], [4, 5, 0, 1, 2, 3], [0, 1, 4, 2, 5, 3], [5, 4, 3, 2, 1, 0]] {
        assert_eq!(groups(&order.map(|at| all[at].clone())), want, "{order:?}");
    }
}

#[test]
fn an_id_that_a_hook_made_up_joins_nothing_of_another_session() {
    let ended = |mut log: Vec<Observation<'static>>, outcome| {
        log[1].outcome = outcome;
        log
    };
    let tools = vec![
        tool_hook(1, "BeforeTool", "hook-a9a39dad-10", HELLO),
        tool_hook(2, "AfterTool", "hook-a9a39dad-10", HELLO),
    ];
    let models = vec![
        model_hook(1, "BeforeModel", "hook-model-c1eb12ca-4"),
        model_hook(2, "AfterModel", "hook-model-c1eb12ca-4"),
    ];
    for log in [tools, models] {
        let again = ended(log.clone(), Outcome::Failure).into_iter().map(|of| Observation {
            time_us: of.time_us + 60_000_000,
            session: Some(session(2)),
            ..of
        });
        let both: Vec<_> = log.into_iter().chain(again).collect();
        assert_eq!(groups(&both), [vec![1_000, 2_000], vec![60_001_000, 60_002_000]]);
        assert_eq!(closures(&both), [Closure::Success, Closure::Failure]);
    }
}

#[test]
fn a_tool_that_is_not_there_is_one_call_to_all() {
    let untold = |of: Observation<'static>| Observation {
        name: "odd",
        kind: ActionType::Tool,
        outcome: Outcome::Failure,
        ..of
    };
    let told = Observation {
        phase: Some(Phase::Result),
        error_type: Some("unknown_tool"),
        ..tool_hook(1_180, "AfterAgent", "hook-unknown-35-0", "{}")
    };
    let log = Observation { error_type: Some("tool_not_registered"), ..logged(1_038_000, 0, "{}") };
    let all = [told, log, imported(1_039_000, "odd__odd_1795343469030_0", "{}")].map(untold);
    assert_eq!(groups(&all).len(), 1);
    assert_eq!(closures(&all[1..2]), [Closure::UnknownTool]);
}
