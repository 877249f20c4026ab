//! Calls of one tool at once, as Gemini CLI's spans and log records tell of them, alone and beside live hooks. Times are those
//! of real sessions, from a moment before the first call on.

use crate::gemini::{HELLO, OOPS, at_once, imported, logged, tool_hook, tool_span, writes};
use crate::models::orders;
use crate::scene::groups;
use tacho_action::Observation;

const SLOW: &str = r#"{"command":"make"}"#;

type Log = Vec<Observation<'static>>;

/// Hooks before spans and log records, which come in any order; and hooks, in any order, after spans and log records.
fn live_and_late(hooks: &[Observation<'static>], told: &[Observation<'static>]) -> Vec<Log> {
    let live = orders(told).into_iter().map(|told| [hooks.to_vec(), told].concat());
    let (spans, records) = told.split_at(told.len() / 2);
    let late = orders(hooks)
        .into_iter()
        .flat_map(|hooks| [[spans, records, &hooks].concat(), [records, spans, &hooks].concat()]);
    live.chain(late).collect()
}

/// Two commands whose hooks both ended while both spans went on.
fn beside_hooks() -> Log {
    vec![
        tool_hook(305, "BeforeTool", "hook-01a203b0-e8e6-790e-9c12-4fa097c4429c", HELLO),
        tool_hook(314, "BeforeTool", "hook-01a203b0-e8ea-75e4-8344-1f2d3eec21f9", OOPS),
        tool_hook(550, "AfterTool", "hook-01a203b0-e8ea-75e4-8344-1f2d3eec21f9", OOPS),
        tool_hook(614, "AfterTool", "hook-01a203b0-e8e6-790e-9c12-4fa097c4429c", HELLO),
        tool_span(372, 267, "39f7e14c94984b27", "run_shell_command__run_shell_command_1795358255290_1"),
        tool_span(370, 316, "97c3d8755e198eba", "run_shell_command__run_shell_command_1795358255287_0"),
        logged(687_001, 384, HELLO),
        logged(687_002, 336, OOPS),
    ]
}

#[test]
fn spans_beside_live_hooks_are_joined_by_how_long_the_log_says_that_their_calls_took() {
    let all = beside_hooks();
    let want = [vec![305_000, 370_000, 614_000, 687_001], vec![314_000, 372_000, 550_000, 687_002]];
    for order in live_and_late(&all[..4], &all[4..]) {
        let times: Vec<_> = order.iter().map(|of| of.time_us).collect();
        assert_eq!(groups(&order), want, "{times:?}");
    }
}

/// A span that comes before the hooks of its call is not taken for that of a call whose end no hook has told.
#[test]
fn a_span_waits_for_the_hooks_of_its_call() {
    let all = at_once();
    let want = [vec![640_000, 707_000, 817_000], vec![654_000, 708_000, 770_000]];
    for order in [[0, 4, 1, 2, 3, 5], [4, 0, 1, 2, 3, 5], [5, 1, 0, 3, 2, 4], [4, 5, 1, 0, 2, 3]] {
        assert_eq!(groups(&order.map(|at: usize| all[at].clone())), want, "{order:?}");
    }
}

/// In which order hooks tell of ends says nothing of the spans: here the call that was over last of the three by its hook is
/// the one whose span ended first.
#[test]
fn the_order_in_which_hooks_tell_of_ends_joins_no_span() {
    let ids = ["hook-01a203bf-3ac9", "hook-01a203bf-3ae6", "hook-01a203bf-3aff"];
    let all = [
        tool_hook(701, "BeforeTool", ids[0], SLOW),
        tool_hook(745, "BeforeTool", ids[2], HELLO),
        tool_hook(777, "BeforeTool", ids[1], OOPS),
        tool_hook(1_128, "AfterTool", ids[1], OOPS),
        tool_hook(1_149, "AfterTool", ids[0], SLOW),
        tool_hook(1_211, "AfterTool", ids[2], HELLO),
        tool_span(969, 318, "39f7e14c94984b27", "run_shell_command__run_shell_command_1795359193507_1"),
        tool_span(991, 297, "97c3d8755e198eba", "run_shell_command__run_shell_command_1795359193509_2"),
        tool_span(951, 460, "1282f201ca649183", "run_shell_command__run_shell_command_1795359193341_0"),
        logged(1_412_001, 722, SLOW),
        logged(1_412_002, 588, HELLO),
        logged(1_412_003, 588, OOPS),
    ];
    assert_eq!(groups(&all).len(), 6, "three calls, three spans");
    let mut all = all.to_vec();
    all.extend([
        imported(1_413_001, "run_shell_command__run_shell_command_1795359193341_0", SLOW),
        imported(1_413_002, "run_shell_command__run_shell_command_1795359193507_1", HELLO),
        imported(1_413_003, "run_shell_command__run_shell_command_1795359193509_2", OOPS),
    ]);
    let want = [
        vec![701_000, 951_000, 1_149_000, 1_412_001, 1_413_001],
        vec![745_000, 969_000, 1_211_000, 1_412_002, 1_413_002],
        vec![777_000, 991_000, 1_128_000, 1_412_003, 1_413_003],
    ];
    assert_eq!(groups(&all), want);
}

/// A busy machine took up to 21 ms from one call of an answer to the next: what was asked for later may take less and
/// end last.
#[test]
fn calls_that_took_nearly_equally_long_stay_apart() {
    let told = [
        tool_span(708, 100, "97c3d8755e198eba", "run_shell_command__611_0"),
        tool_span(707, 110, "39f7e14c94984b27", "run_shell_command__598_1"),
        logged(854_001, 158, HELLO),
        logged(854_002, 149, OOPS),
    ];
    assert_eq!(groups(&told).len(), 4);
}

/// Which record is whose is not told of twins: the hooks of one of them may have the record of another one.
#[test]
fn a_span_that_ended_before_a_hook_told_the_end_is_that_of_another_call() {
    let ids = ["hook-01a203b0-f9ac", "hook-01a203b0-f9be", "hook-01a203b0-f9ab"];
    let all = [
        tool_hook(640, "BeforeTool", ids[0], HELLO),
        tool_hook(641, "BeforeTool", ids[1], HELLO),
        tool_hook(642, "BeforeTool", ids[2], HELLO),
        tool_hook(900, "AfterTool", ids[0], HELLO),
        tool_hook(800, "AfterTool", ids[1], HELLO),
        tool_hook(810, "AfterTool", ids[2], HELLO),
        logged(1_013_001, 230, HELLO),
        logged(1_013_002, 313, HELLO),
        logged(1_013_003, 373, HELLO),
        tool_span(700, 167, "97c3d8755e198eba", "run_shell_command__run_shell_command_1795358259376_0"),
        tool_span(701, 249, "39f7e14c94984b27", "run_shell_command__run_shell_command_1795358259507_1"),
        tool_span(702, 308, "1282f201ca649183", "run_shell_command__run_shell_command_1795358259508_2"),
    ];
    assert_eq!(groups(&all).len(), 6, "three calls, three spans");
}

#[test]
fn spans_and_log_records_of_calls_at_once_are_joined_by_how_long_they_took() {
    let commands = at_once()[4..].to_vec();
    let writes = writes()[6..12].to_vec();
    let want = [vec![707_000, 854_001], vec![708_000, 854_002]];
    for order in [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]] {
        assert_eq!(groups(&order.map(|at: usize| commands[at].clone())), want, "{order:?}");
    }
    let want = [vec![384_000, 591_001], vec![679_000, 795_001], vec![871_000, 943_001]];
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 4, 5, 0, 1, 2]] {
        assert_eq!(groups(&order.map(|at: usize| writes[at].clone())), want, "{order:?}");
    }
    // Those that ran one after the other need not have been asked for at one time: each record comes at its span's end.
    let mut behind = writes.clone();
    (behind[3].figures[5], behind[4].figures[5], behind[5].figures[5]) =
        (Some(210_000), Some(490_000), Some(100_000));
    assert_eq!(groups(&behind), want);
    // Where two took equally long, nothing tells which record is whose.
    let mut even = commands.clone();
    even[0].figures[5] = Some(144_000);
    even[3].figures[5] = Some(217_000);
    assert_eq!(groups(&even).len(), 4);
    // One that was asked for at another time is none of them.
    let mut later = commands;
    later[3].figures[5] = Some(130_000);
    assert_eq!(groups(&later).len(), 4);
}

const LONG: &str = r#"{"command":"sleep 9; echo long"}"#;
const SHORT: &str = r#"{"command":"sleep 1; exit 3"}"#;
const MIDDLE: &str = r#"{"command":"sleep 4"}"#;

/// Commands that took differently long, of which all records came when the longest was over; the last of each a session's
/// file tells. The spans of the first three: 9, 1 and 4 seconds.
struct AtOnce {
    hooks: Log,
    told: Log,
    filed: Log,
}

fn commands(count: usize) -> AtOnce {
    let ids = ["run_shell_command__1795376901000_0", "run_shell_command__1795376901003_1", "run_shell__2"];
    let hooked = ["hook-01a204aa-0001", "hook-01a204aa-0002", "hook-01a204aa-0003"];
    let spans = ["39f7e14c94984b27", "97c3d8755e198eba", "1282f201ca649183"];
    let inputs = [LONG, SHORT, MIDDLE];
    let end = 9_037_000;
    let each = |of: &dyn Fn(usize, i64) -> Log| -> Log {
        [9_000, 1_000, 4_000].into_iter().enumerate().take(count).flat_map(|(n, took)| of(n, took)).collect()
    };
    let at = |n: usize| 70 + 5 * n as i64;
    AtOnce {
        hooks: each(&|n, took| {
            let before = tool_hook(5 + n as i64, "BeforeTool", hooked[n], inputs[n]);
            vec![before, tool_hook(at(n) + took - 60 - n as i64, "AfterTool", hooked[n], inputs[n])]
        }),
        told: [
            each(&|n, took| vec![tool_span(at(n), took - 40, spans[n], ids[n])]),
            each(&|n, took| vec![logged(end + n as i64, at(n) + took - 40 - n as i64, inputs[n])]),
        ]
        .concat(),
        filed: each(&|n, _| vec![imported(end + 3_000 + n as i64, ids[n], inputs[n])]),
    }
}

/// Which of the three calls an observation is of, by what it says of it.
fn call_of(observation: &Observation<'_>) -> usize {
    let of_id = |call: &str| ["_0", "_1", "_2"].iter().position(|end| call.ends_with(end));
    let of_input = |input: &str| [LONG, SHORT, MIDDLE].iter().position(|known| *known == input);
    let found = observation.input.and_then(of_input);
    found.or_else(|| observation.call.and_then(of_id)).expect("one of the three")
}

/// Whether in the end each call is one, and has no parts of another one.
fn assert_sorted(log: &Log, calls: usize) {
    let order = || log.iter().map(|of| (of.observer, of.time_us)).collect::<Vec<_>>();
    let found = groups(log);
    let of = |time: &i64| log.iter().find(|of| of.time_us == *time).map(call_of);
    for group in &found {
        assert!(group.iter().all(|time| of(time) == of(&group[0])), "{group:?}: {:?}", order());
    }
    assert_eq!(found.len(), calls, "{:?}", order());
}

/// The same, and that no row had parts of two calls on the way.
fn assert_always_sorted(log: &Log, calls: usize) {
    for until in 1..log.len() {
        let told = log[..until].to_vec();
        assert_sorted(&told, groups(&told).len());
    }
    assert_sorted(log, calls);
}

#[test]
fn a_record_is_of_the_call_that_took_as_long_in_whichever_order_all_come() {
    for count in [2, 3] {
        let AtOnce { hooks, told, .. } = commands(count);
        orders(&told).iter().for_each(|order| assert_always_sorted(order, count));
        for order in orders(&told).iter().step_by(7) {
            assert_sorted(&[hooks.clone(), order.clone()].concat(), count);
            assert_sorted(&[order.clone(), hooks.clone()].concat(), count);
        }
    }
}

#[test]
fn an_import_finds_them_sorted_wherever_it_comes_in_between() {
    let AtOnce { hooks, told, filed } = commands(2);
    let told_alone = orders(&[told.clone(), filed.clone()].concat());
    told_alone.iter().step_by(3).for_each(|order| assert_always_sorted(order, 2));
    let hooks_alone = orders(&[hooks.clone(), filed.clone()].concat());
    hooks_alone.iter().step_by(3).for_each(|order| assert_always_sorted(order, 2));
    let mut all = [hooks, told, filed].concat();
    for turn in 0..all.len() {
        all.rotate_left(turn);
        assert_sorted(&all, 2);
        assert_sorted(&all.iter().rev().cloned().collect(), 2);
    }
}

/// Of the pair that time alone put together the file says otherwise: each part goes where it belongs.
#[test]
fn a_session_file_takes_apart_what_time_had_put_together() {
    let wrong = [
        tool_span(70, 960, "97c3d8755e198eba", "run_shell_command__1795376901003_1"),
        logged(1_031_000, 1_000, LONG),
    ];
    assert_eq!(groups(&wrong).len(), 1, "nothing else is told");
    let filed = [
        imported(1_040_000, "run_shell_command__1795376901003_1", SHORT),
        imported(1_040_001, "run_shell_command__1795376901000_0", LONG),
    ];
    for order in orders(&[wrong.to_vec(), filed.to_vec()].concat()) {
        let want = [vec![70_000, 1_040_000], vec![1_031_000, 1_040_001]];
        assert_eq!(groups(&order), want, "{:?}", order.iter().map(|of| of.time_us).collect::<Vec<_>>());
    }
}

/// Two commands of a real session beside hooks, as the server had them. The last hook came after the spans.
#[test]
fn two_commands_of_a_real_session_stay_two() {
    let ids = ["run_shell_command__run_0", "run_shell_command__run_1"];
    let real = vec![
        tool_hook(462, "BeforeTool", "hook-01a204aa-0055", LONG),
        tool_hook(470, "BeforeTool", "hook-01a204aa-002d", SHORT),
        tool_hook(1_585, "AfterTool", "hook-01a204aa-002d", SHORT),
        tool_span(535, 1_073, "97c3d8755e198eba", ids[1]),
        tool_span(531, 9_053, "39f7e14c94984b27", ids[0]),
        logged(9_584_001, 9_123, LONG),
        logged(9_584_002, 1_147, SHORT),
        tool_hook(9_567, "AfterTool", "hook-01a204aa-0055", LONG),
        imported(9_585_001, ids[0], LONG),
        imported(9_585_002, ids[1], SHORT),
    ];
    assert_always_sorted(&real, 2);
    // The same without hooks, the short call's span first.
    let alone = [&real[3..7], &real[8..]].concat();
    assert_always_sorted(&alone, 2);
    assert_always_sorted(&alone[..4].to_vec(), 2);
}
