//! Ids that runtimes count: the same one in several sessions, in the conversations of several agents of one session, and in
//! each answer of a model.

use crate::scene::{closures, ends, event, groups, hook, join, session, span};
use proptest::prelude::*;
use tacho_action::{Closure, Observation, Observer};
use tacho_event::words::{Known, Outcome, Phase};

/// As Kimi K2 names calls: by tool and place in the conversation.
const COUNTED: &str = "functions.Bash:0";
const DRAWN: &str = "toolu_01A09q90qw90lq917835";

fn of(number: u8, observation: Observation<'_>) -> Observation<'_> {
    Observation { session: Some(session(number)), ..observation }
}

fn imported(observation: Observation<'_>) -> Observation<'_> {
    Observation { observer: Observer::Transcript, known: Known::Imported, hook: None, ..observation }
}

/// The hooks of two users, of whom the second fails.
fn of_two<'a>(call: &'a str) -> [Observation<'a>; 4] {
    let told = |number, time, name| of(number, hook(time, name, Some(call)));
    [
        told(1, 1, "PreToolUse"),
        told(1, 2, "PostToolUse"),
        told(2, 3, "PreToolUse"),
        told(2, 4, "PostToolUseFailure"),
    ]
}

#[test]
fn a_counted_id_in_two_sessions_is_two_calls_however_long() {
    for order in [[0, 1, 2, 3], [0, 2, 1, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let log = order.map(|at| of_two(COUNTED)[at].clone());
        assert_eq!(groups(&log), [vec![1, 2], vec![3, 4]], "{order:?}");
        let files = log.map(imported);
        assert_eq!(groups(&files), [vec![1, 2], vec![3, 4]], "in files, {order:?}");
    }
    assert_eq!(closures(&of_two(COUNTED)), [Closure::Success, Closure::Failure]);
}

#[test]
fn an_id_drawn_by_chance_that_two_sessions_were_seen_to_use_is_two_calls() {
    for order in [[0, 1, 2, 3], [0, 2, 1, 3], [2, 0, 3, 1]] {
        let log = order.map(|at| of_two(DRAWN)[at].clone());
        assert_eq!(groups(&log), [vec![1, 2], vec![3, 4]], "{order:?}");
        let record =
            |time| Observation { observer: Observer::Log, hook: None, ..hook(time, "", Some(DRAWN)) };
        let more = [&log[..], &[of(2, record(5)), of(1, record(6))]].concat();
        assert_eq!(groups(&more), [vec![1, 2, 6], vec![3, 4, 5]], "{order:?}");
    }
}

#[test]
fn what_a_forks_file_repeats_and_what_names_no_session_is_the_call_that_was_seen() {
    let [pre, post, ..] = of_two(DRAWN);
    let again = |time, name| of(7, imported(hook(time, name, Some(DRAWN))));
    let bare =
        Observation { call: Some(DRAWN), phase: Some(Phase::Executed), ..span(5, "00000000000000a1", None) };
    let all = [pre, post, again(3, "PreToolUse"), again(4, "PostToolUse"), bare];
    for order in [[0, 1, 2, 3, 4], [4, 2, 3, 0, 1], [2, 0, 4, 1, 3]] {
        assert_eq!(groups(&order.map(|at| all[at].clone())), [vec![1, 2, 3, 4, 5]], "{order:?}");
    }
    // The notice of what goes on in the background comes in the session that was resumed.
    let notice = Observation {
        name: "TaskNotification",
        phase: Some(Phase::Message),
        ..of(2, hook(9, "UserPromptSubmit", Some(DRAWN)))
    };
    assert_eq!(groups(&[all[0].clone(), notice]), [vec![1, 9]]);
}

/// What one witness tells of a call of an agent, in its order.
fn told(witness: usize, call: &'static str, agent: &'static str, at: i64) -> Vec<Observation<'static>> {
    let by = |observer, offset, phase, outcome| Observation {
        observer,
        call: Some(call),
        agent,
        phase: Some(phase),
        outcome,
        ..event(at + offset)
    };
    let (well, goes) = (Outcome::Success, Outcome::Running);
    let lasting = |offset, took| {
        let mut span = by(Observer::Span, offset, Phase::Executed, Outcome::Unknown);
        span.figures[5] = Some(took);
        span
    };
    match witness {
        0 => ["PreToolUse", "PostToolUse", "PostToolBatch"]
            .into_iter()
            .zip([20_000, 80_000, 90_000])
            .map(|(name, offset)| Observation { agent, ..hook(at + offset, name, Some(call)) })
            .collect(),
        1 => vec![
            by(Observer::Log, 30_000, Phase::Decided, Outcome::Unknown),
            by(Observer::Log, 70_000, Phase::Result, well),
        ],
        // The span of its execution is over before that of the call around it.
        2 => vec![lasting(32_000, 40_000), lasting(25_000, 50_000)],
        _ => vec![
            imported(by(Observer::Transcript, 0, Phase::Proposed, goes)),
            imported(by(Observer::Transcript, 95_000, Phase::Result, well)),
        ],
    }
}

const AGENTS: [&str; 3] = ["claude-code", "aa7a91aa904e3ba88", "a31406bf90313d9a2"];

/// Calls by agent and beginning; those of one agent one after the other.
fn calls(counts: [usize; 3]) -> Vec<(&'static str, i64)> {
    let each = |agent: usize| {
        (0..counts[agent] as i64).map(move |n| (AGENTS[agent], n * 170_000 + agent as i64 * 1_003 + 1))
    };
    (0..3).flat_map(each).collect()
}

/// Each witness tells in the order of its events; in which order the witnesses come beside each other is any. Files are
/// imported later.
fn logs() -> impl Strategy<Value = (Vec<(&'static str, i64)>, Vec<Observation<'static>>)> {
    ([1..6_usize, 0..6_usize, 0..6_usize], prop::collection::vec(0..3_usize, 120), any::<bool>()).prop_map(
        |(counts, next, is_imported)| {
            let calls = calls(counts);
            let all_of = |witness: usize| -> Vec<Observation<'static>> {
                calls.iter().flat_map(|(agent, at)| told(witness, "call_0", agent, *at)).collect()
            };
            let mut live: Vec<Vec<_>> = (0..3).map(all_of).collect();
            for list in &mut live {
                list.sort_by_key(|event| event.time_us + event.figures[5].unwrap_or(0));
                list.reverse();
            }
            let mut log = Vec::new();
            for witness in next {
                log.extend(live[witness].pop());
            }
            live.into_iter().for_each(|list| log.extend(list.into_iter().rev()));
            if is_imported {
                log.extend(all_of(3));
            }
            (calls, log)
        },
    )
}

proptest! {
    #[test]
    fn an_id_that_is_given_again_is_of_the_call_at_that_time_however_late_its_witnesses_come((calls, log) in logs()) {
        let found = ends(&log, &join(&log));
        prop_assert_eq!(found.len(), calls.len());
        for end in found.values() {
            let (agent, at) = calls.iter().find(|(_, at)| (*at..at + 100_000).contains(&end.events[0])
                && end.agent == AGENTS[((*at - 1) % 170_000 / 1_003) as usize]).expect("one of them");
            prop_assert_eq!(&end.agent, agent);
            prop_assert!(end.events.iter().all(|time| (*at..at + 100_000).contains(time)), "{:?}", end);
            prop_assert_eq!(end.closure, Closure::Success);
        }
    }
}

#[test]
fn a_counted_id_is_used_again_once_its_turn_is_over() {
    let prompt = crate::scene::end(2, "UserPromptSubmit");
    let pre = |time| hook(time, "PreToolUse", Some("call_0"));
    let log = [pre(1), prompt, pre(3), hook(4, "PostToolUse", Some("call_0"))];
    assert_eq!(groups(&log), [vec![1], vec![2], vec![3, 4]]);
}
