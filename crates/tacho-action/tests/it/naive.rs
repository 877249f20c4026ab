//! Any order of the same observations gives the same actions, and those that a model finds that looks at everything.

use crate::scene::{End, end, ends, event, follow, hook, join, session};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tacho_action::{Closure, Joiner, Observation, Observer, Overlay};
use tacho_event::words::{Known, Outcome, Phase};

const CALLS: [&str; 5] = [
    "toolu_0000000000000001",
    "toolu_0000000000000002",
    "toolu_0000000000000003",
    "call_000000000000000004",
    "call_000000000000000005",
];

/// One witness of a call, by number.
fn witness(which: u8, call: &'static str, time_us: i64) -> Observation<'static> {
    let log = Observation { observer: Observer::Log, call: Some(call), ..event(time_us) };
    let line = Observation { observer: Observer::Transcript, known: Known::Imported, ..log.clone() };
    match which {
        0 => hook(time_us, "PreToolUse", Some(call)),
        1 => hook(time_us, "PostToolUse", Some(call)),
        2 => hook(time_us, "PostToolUseFailure", Some(call)),
        3 => hook(time_us, "PostToolBatch", Some(call)),
        4 => Observation { phase: Some(Phase::Decided), ..log },
        5 => Observation { phase: Some(Phase::Decided), outcome: Outcome::Failure, ..log },
        6 => Observation { phase: Some(Phase::Result), outcome: Outcome::Success, has_output: true, ..log },
        7 => Observation { phase: Some(Phase::Proposed), outcome: Outcome::Running, ..line },
        8 => {
            Observation { phase: Some(Phase::Result), outcome: Outcome::Success, name: "tool_result", ..line }
        }
        9 => Observation {
            phase: Some(Phase::Result),
            outcome: Outcome::Failure,
            error_type: Some("unknown_tool"),
            ..line
        },
        _ => Observation {
            phase: Some(Phase::Result),
            outcome: Outcome::Failure,
            error_type: Some("refused"),
            name: "tool_result",
            ..line
        },
    }
}

/// What a model finds that knows only sets.
fn naive(log: &[Observation<'_>]) -> BTreeMap<Vec<i64>, (Closure, Outcome)> {
    let mut calls: BTreeMap<&str, Vec<&Observation<'_>>> = BTreeMap::new();
    for observation in log {
        if let Some(call) = observation.call {
            calls.entry(call).or_default().push(observation);
        }
    }
    let counted = told_once(log);
    let over = log.iter().filter(|each| each.call.is_none()).map(|each| each.time_us).max();
    let found = calls.into_values().map(|each| {
        let counts = |one: &Observation<'_>| counted.iter().any(|other| other.time_us == one.time_us);
        let any =
            |test: &dyn Fn(&&&Observation<'_>) -> bool| each.iter().any(|each| counts(each) && test(&each));
        let is_result = |each: &&&Observation<'_>| each.phase == Some(Phase::Result);
        let succeeded = any(&|each| is_result(each) && each.outcome == Outcome::Success);
        let failed = any(&|each| is_result(each) && each.outcome == Outcome::Failure);
        let rejected = any(&|each| !is_result(each) && each.outcome == Outcome::Failure);
        // Hooks tell of results of calls that ran, but for the one of all calls, and so do those whose call was accepted.
        let ran = any(&|each| is_result(each) && each.hook.is_some() && each.outcome != Outcome::Unknown)
            || any(&|each| each.phase == Some(Phase::Decided) && each.outcome != Outcome::Failure);
        let refused = rejected || !ran && any(&|each| each.error_type == Some("refused"));
        let last = each.iter().map(|each| each.time_us).max();
        let verdict = if any(&|each| each.error_type == Some("unknown_tool")) {
            (Closure::UnknownTool, Outcome::Failure)
        } else if refused && !succeeded {
            (Closure::Refused, Outcome::Failure)
        } else if failed {
            (Closure::Failure, Outcome::Failure)
        } else if succeeded {
            (Closure::Success, Outcome::Success)
        } else if any(&is_result) {
            (Closure::Unknown, Outcome::Unknown)
        } else if over >= last {
            (Closure::Abandoned, Outcome::Unknown)
        } else {
            (Closure::Open, Outcome::Running)
        };
        let mut times: Vec<i64> = each.iter().map(|each| each.time_us).collect();
        times.sort_unstable();
        (times, verdict)
    });
    found.collect()
}

/// Without the hooks that tell of a step that one before them told of.
fn told_once<'a>(log: &[Observation<'a>]) -> Vec<Observation<'a>> {
    let step = |hook: &'a str| if hook.starts_with("PostToolUse") { "PostToolUse" } else { hook };
    let mut told = BTreeSet::new();
    let is_first = |each: &&Observation<'a>| match (each.call, each.hook) {
        (Some(call), Some(hook)) => told.insert((call, step(hook))),
        _ => true,
    };
    log.iter().filter(is_first).cloned().collect()
}

fn found(log: &[Observation<'_>], overlay: &Overlay) -> BTreeMap<Vec<i64>, (Closure, Outcome)> {
    let calls = ends(log, overlay).into_values();
    let is_end = |end: &End| end.events.iter().any(|time| time % 10_000 == 9_999);
    calls.filter(|end| !is_end(end)).map(|end| (end.events, (end.closure, end.outcome))).collect()
}

/// Observations of five calls in an order of their own, and perhaps the end of the session somewhere.
fn logs() -> impl Strategy<Value = Vec<Observation<'static>>> {
    let each = (0..CALLS.len(), 0..11_u8, 0..1000_i64);
    (prop::collection::vec(each, 1..40), prop::option::of(0..1_000_i64)).prop_flat_map(|(told, over)| {
        let mut log: Vec<_> = told
            .into_iter()
            .enumerate()
            .map(|(n, (call, which, time))| witness(which, CALLS[call], time * 10_000 + n as i64))
            .collect();
        log.extend(over.map(|time| end(time * 10_000 + 9_999, "SessionEnd")));
        Just(log).prop_shuffle()
    })
}

proptest! {
    #[test]
    fn what_is_found_is_what_a_naive_model_finds(log in logs()) {
        prop_assert_eq!(found(&log, &join(&log)), naive(&log));
    }

    #[test]
    fn the_order_does_not_matter(log in logs(), seed in any::<u64>()) {
        let log = told_once(&log);
        let mut other = log.clone();
        other.sort_by_key(|each| (each.time_us as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
        prop_assert_eq!(ends(&log, &join(&log)), ends(&other, &join(&other)));
    }

    #[test]
    fn a_stop_in_between_changes_nothing(log in logs(), cut in 0..40_usize) {
        let cut = cut.min(log.len());
        let (mut joiner, mut overlay) = (Joiner::default(), Overlay::default());
        follow(&mut joiner, &mut overlay, &log[..cut], 0);
        let mut joiner = Joiner::load(&joiner.bytes()).unwrap();
        let chunks = overlay.take_dirty();
        let mut overlay = Overlay::default();
        for (number, bytes) in &chunks {
            overlay.load(*number, bytes).unwrap();
        }
        follow(&mut joiner, &mut overlay, &log, cut);
        let whole = join(&log);
        prop_assert_eq!(overlay.changes(), whole.changes());
        prop_assert!(overlay.entries().eq(whole.entries()));
    }
}

#[test]
fn calls_of_another_session_are_not_ended() {
    let open = hook(1, "PreToolUse", Some(CALLS[0]));
    let log = [Observation { session: Some(session(2)), ..open }, end(9_999, "SessionEnd")];
    let closures: Vec<Closure> = found(&log, &join(&log)).into_values().map(|(closure, _)| closure).collect();
    assert_eq!(closures, [Closure::Open]);
}
