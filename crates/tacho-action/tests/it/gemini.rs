//! Gemini CLI as it was recorded: hooks whose ids our hook made up, spans with ids and without arguments, log records with
//! arguments and without ids, a session file with both. Times are those of a real session, from its first call on.

use crate::models::orders;
use crate::scene::{closures, event, groups, hook, model, session, span};
use tacho_action::{Closure, Observation, Observer};
use tacho_event::words::{ActionType, Outcome, Phase};

pub(crate) const OOPS: &str = r#"{"command":"exit 3"}"#;
pub(crate) const HELLO: &str = r#"{"command":"python3 hello.py"}"#;

pub(crate) fn tool_hook(
    ms: i64,
    of: &'static str,
    id: &'static str,
    input: &'static str,
) -> Observation<'static> {
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

pub(crate) fn tool_span(ms: i64, took_ms: i64, id: &'static str, call: &'static str) -> Observation<'static> {
    Observation { call: Some(call), ..lasting(span(ms * 1_000, id, None), took_ms) }
}

pub(crate) fn logged(us: i64, took_ms: i64, input: &'static str) -> Observation<'static> {
    let log = lasting(event(us), took_ms);
    Observation { observer: Observer::Log, phase: Some(Phase::Result), input: Some(input), ..log }
}

pub(crate) fn imported(us: i64, call: &'static str, input: &'static str) -> Observation<'static> {
    Observation {
        observer: Observer::Transcript,
        call: Some(call),
        figures: [None; 6],
        ..logged(us, 0, input)
    }
}

/// Two calls of one tool at once: hooks, spans, log records.
pub(crate) fn at_once() -> [Observation<'static>; 8] {
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

#[test]
fn spans_that_tell_their_arguments_are_of_the_calls_that_were_given_the_same() {
    let mut all = at_once();
    // By times and lengths either could be meant.
    all[3].time_us = 790_000;
    all[7].figures[5] = all[6].figures[5];
    let [spans, rest] = [4..6, 0..4].map(|range| all[range].to_vec());
    let alone = [spans.clone(), rest.clone(), all[6..].to_vec()].concat();
    assert_eq!(groups(&alone).len(), 4);
    let arguments = [
        r#"{"callId":"run_shell_command__611_1","args":{"command":"exit 3"}}"#,
        r#"{"callId":"run_shell_command__598_0","args":{"command":"python3 hello.py"}}"#,
    ];
    let told = |(span, input): (&Observation<'static>, &'static str)| Observation {
        input: Some(input),
        ..span.clone()
    };
    let spans: Vec<_> = spans.iter().zip(arguments).map(told).collect();
    let want = [vec![640_000, 707_000, 790_000, 854_001], vec![654_000, 708_000, 770_000, 854_002]];
    let records = all[6..].to_vec();
    for sent in orders(&[spans, rest, records]) {
        assert_eq!(groups(&sent.concat()), want);
    }
}

pub(crate) fn model_hook(ms: i64, of: &'static str, id: &'static str) -> Observation<'static> {
    let asks = of == "BeforeModel";
    let (phase, outcome) =
        if asks { (Phase::Proposed, Outcome::Running) } else { (Phase::Result, Outcome::Success) };
    let hook = Observation { call: Some(id), hook: Some(of), ..model(event(ms * 1_000), 800) };
    let figures = if asks { [None; 6] } else { hook.figures };
    Observation { phase: Some(phase), outcome, figures, ..hook }
}

pub(crate) fn model_span(ms: i64, took_ms: i64, id: &'static str) -> Observation<'static> {
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

/// Calls of `write_file` in one answer run one after the other. Nothing of their contents is kept.
pub(crate) fn writes() -> Vec<Observation<'static>> {
    const ONE: &str = r#"{"file_path":"/w/one.txt","content":"[dropped 4 characters]"}"#;
    const TWO: &str = r#"{"file_path":"/w/two.txt","content":"[dropped 4 characters]"}"#;
    const THREE: &str = r#"{"file_path":"/w/three.txt","content":"[dropped 26 characters]"}"#;
    let all = vec![
        tool_hook(308, "BeforeTool", "hook-01a20361-2333-72cc-99e4-254fadbbfae7", ONE),
        tool_hook(538, "AfterTool", "hook-01a20361-2333-72cc-99e4-254fadbbfae7", ONE),
        tool_hook(592, "BeforeTool", "hook-01a20361-244a-73b9-a6d9-a6cb342e868f", TWO),
        tool_hook(778, "AfterTool", "hook-01a20361-244a-73b9-a6d9-a6cb342e868f", TWO),
        tool_hook(795, "BeforeTool", "hook-01a20361-2504-7a6d-bde4-d5f26375b45b", THREE),
        tool_hook(903, "AfterTool", "hook-01a20361-2504-7a6d-bde4-d5f26375b45b", THREE),
        tool_span(384, 207, "2bd24edc738e6f35", "write_file__write_file_1795353027243_0"),
        tool_span(679, 116, "0b3b76a6197a1ec3", "write_file__write_file_1795353027245_1"),
        tool_span(871, 72, "1282f201ca649183", "write_file__write_file_1795353027245_2"),
        logged(591_001, 285, ONE),
        logged(795_001, 488, TWO),
        logged(943_001, 635, THREE),
        imported(944_001, "write_file__write_file_1795353027243_0", ONE),
        imported(944_002, "write_file__write_file_1795353027245_1", TWO),
        imported(944_003, "write_file__write_file_1795353027245_2", THREE),
    ];
    all.into_iter().map(|of| Observation { name: "write_file", ..of }).collect()
}

#[test]
fn of_calls_whose_contents_are_not_kept_the_rest_tells_which_is_meant() {
    let all = writes();
    let want = [
        vec![308_000, 384_000, 538_000, 591_001, 944_001],
        vec![592_000, 679_000, 778_000, 795_001, 944_002],
        vec![795_000, 871_000, 903_000, 943_001, 944_003],
    ];
    let live = |found: &[Vec<i64>]| found.iter().map(|group| group[..4].to_vec()).collect::<Vec<_>>();
    assert_eq!(groups(&all), want);
    assert_eq!(groups(&all[..12]), live(&want));
    let mut logs_first = all[6..].to_vec();
    logs_first.extend_from_slice(&all[..6]);
    assert_eq!(groups(&logs_first), want);
    let backwards: Vec<_> = all.iter().rev().cloned().collect();
    assert_eq!(groups(&backwards), want);
    // Hooks and log records, whose times alone tell nothing.
    let hooks_and_logs = [&all[..6], &all[9..12]].concat();
    assert_eq!(groups(&hooks_and_logs).len(), 3);
    // The same file with as many characters twice: either call may be meant.
    let same = |of: &Observation<'static>| Observation { input: all[0].input, ..of.clone() };
    let twins = [&all[..2], &all[2..4], &all[9..11]].concat();
    let twins: Vec<_> = twins.iter().map(same).collect();
    assert_eq!(groups(&twins).len(), 4);
}

#[test]
fn a_record_and_a_span_that_do_not_overlap_are_two_calls() {
    let denied = Observation { error_type: Some("policy_violation"), ..logged(604_001, 1, OOPS) };
    let later = [
        denied,
        tool_span(1_245, 155, "39f7e14c94984b27", "run_shell_command__598_0"),
        logged(1_404_001, 162, HELLO),
    ];
    let want = [vec![604_001], vec![1_245_000, 1_404_001]];
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [0, 2, 1]] {
        assert_eq!(groups(&order.map(|at: usize| later[at].clone())), want, "{order:?}");
    }
}

#[test]
fn a_call_that_a_policy_denied_is_refused_to_all() {
    let of = |of: Observation<'static>| Observation { outcome: Outcome::Failure, ..of };
    let log = Observation { error_type: Some("policy_violation"), ..of(logged(252_000, 63, OOPS)) };
    assert_eq!(closures(&[log]), [Closure::Refused]);
}
