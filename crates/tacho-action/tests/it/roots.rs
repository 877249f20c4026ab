//! Calls of a model with no span around them, which two libraries tell of in traces of their own.

use crate::models::told;
use crate::scene::{groups, session, span};
use tacho_action::Observation;
use tacho_event::words::ActionType;

/// The same call in a trace of its own: nothing is above it.
fn alone(library: &'static str, id: &'static str, from: i64, took: i64, tokens: i64) -> Observation<'static> {
    Observation { parent: None, ..told(library, id, from, took, tokens) }
}

#[test]
fn one_call_that_two_libraries_tell_of_in_traces_of_their_own_counts_once() {
    let outer = alone("openllmetry", "00000000000000e1", 100, 900, 182);
    let inner = alone("openinference", "00000000000000e2", 110, 880, 182);
    for log in [[outer.clone(), inner.clone()], [inner.clone(), outer.clone()]] {
        assert_eq!(groups(&log), [vec![100, 110]]);
    }
    let in_turn = alone("openinference", "00000000000000e2", 500, 900, 182);
    assert_eq!(groups(&[outer.clone(), in_turn]), [vec![100, 500]], "began in turn and ended in turn");
    let failed = [
        alone("openllmetry", "00000000000000e1", 100, 900, 0),
        alone("openinference", "00000000000000e2", 110, 880, 0),
    ];
    assert_eq!(groups(&failed), [vec![100, 110]], "neither was told tokens");
    let named =
        |of: &Observation<'static>, number| Observation { session: Some(session(number)), ..of.clone() };
    assert_eq!(groups(&[named(&outer, 1), inner.clone()]), [vec![100, 110]], "one of them knows the session");
    // Each with a span of its own library around it.
    let around = |library, id, time| Observation {
        kind: ActionType::Workflow,
        library: Some(library),
        ..span(time, id, None)
    };
    let log = [
        around("openllmetry", "00000000000000d1", 1),
        around("openinference", "00000000000000d2", 2),
        Observation { parent: Some("00000000000000d1"), ..outer },
        Observation { parent: Some("00000000000000d2"), ..inner },
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 3, 0, 1], [0, 3, 2, 1]] {
        let log = order.map(|at| log[at].clone());
        assert_eq!(groups(&log), [vec![1], vec![2], vec![100, 110]], "{order:?}");
    }
}

/// The OpenAI Agents SDK's own export names the agent, a library beside it only the program.
#[test]
fn a_programs_name_is_no_agent_that_says_otherwise_where_the_tokens_are_the_same() {
    let named = |agent| Observation {
        agent,
        agent_assumed: false,
        ..alone("openai.agents", "00000000000000e1", 100, 900, 182)
    };
    let own = named("planner");
    let program = |agent, tokens| Observation {
        agent,
        agent_assumed: true,
        ..alone("openinference", "00000000000000e2", 110, 880, tokens)
    };
    for log in [[own.clone(), program("app", 182)], [program("app", 182), own.clone()]] {
        assert_eq!(groups(&log), [vec![100, 110]]);
    }
    assert_eq!(groups(&[own.clone(), program("app", 183)]).len(), 2, "other tokens");
    let long = |library, id, from, took| Observation { agent: library, ..alone(library, id, from, took, 0) };
    let untold =
        Observation { agent_assumed: false, ..long("openai.agents", "00000000000000e1", 100_000, 900_000) };
    let near = long("openinference", "00000000000000e2", 100_300, 899_900);
    assert_eq!(groups(&[untold.clone(), near]), [vec![100_000, 100_300]], "no tokens, and the same times");
    let within = long("openinference", "00000000000000e2", 110_000, 880_000);
    assert_eq!(groups(&[untold, within]).len(), 2, "no tokens, and about the same times");
    let other = Observation { agent: "other app", agent_assumed: true, ..own };
    assert_eq!(groups(&[other, program("app", 182)]).len(), 2, "two programs");
}

#[test]
fn calls_in_traces_of_their_own_that_are_not_surely_one_stay_apart() {
    let outer = alone("openllmetry", "00000000000000e1", 100, 900, 182);
    let inner = alone("openinference", "00000000000000e2", 110, 880, 182);
    let apart = |of: Observation<'static>, why: &str| {
        assert_eq!(groups(&[outer.clone(), of.clone()]).len(), 2, "{why}");
        assert_eq!(groups(&[of, outer.clone()]).len(), 2, "{why}, the other way round");
    };
    apart(Observation { library: Some("openllmetry"), ..inner.clone() }, "of one library");
    apart(Observation { agent: "another", ..inner.clone() }, "another agent");
    apart(Observation { model: Some("gpt-4o-mini"), ..inner.clone() }, "another model");
    apart(Observation { parent: Some("00000000000000f0"), ..inner.clone() }, "one has a span around it");
    apart(alone("openinference", "00000000000000e2", 110, 880, 183), "other tokens");
    let long = alone("openllmetry", "00000000000000e1", 100_000, 900_000, 182);
    let untold = |from, took| alone("openinference", "00000000000000e2", from, took, 0);
    assert_eq!(groups(&[long.clone(), untold(110_000, 880_000)]).len(), 2, "only one was told tokens");
    assert_eq!(groups(&[long, untold(100_300, 899_900)]).len(), 1, "and at the same time as the other");
    apart(alone("openinference", "00000000000000e2", 1_001, 880, 182), "after it");
    apart(
        alone("openinference", "00000000000000e2", 700, 880, 182),
        "they share the smaller part of their time",
    );
    let named =
        |of: &Observation<'static>, number| Observation { session: Some(session(number)), ..of.clone() };
    assert_eq!(groups(&[named(&outer, 1), named(&inner, 2)]).len(), 2, "two sessions");
    let late = alone("openinference", "00000000000000e2", 400, 900, 0);
    let silent = alone("openllmetry", "00000000000000e1", 100, 900, 0);
    assert_eq!(groups(&[silent, late]).len(), 2, "no tokens, and neither within nor together");
    let answered = |of: &Observation<'static>, request| Observation { request: Some(request), ..of.clone() };
    let answers = [answered(&outer, "chatcmpl-000000000001"), answered(&inner, "chatcmpl-000000000002")];
    assert_eq!(groups(&answers).len(), 2, "two answers");
}

#[test]
fn calls_at_once_in_traces_of_their_own_are_as_many_as_the_library_that_tells_of_most() {
    const IDS: [&str; 6] = [
        "00000000000000c1",
        "00000000000000c2",
        "00000000000000c3",
        "00000000000000c4",
        "00000000000000c5",
        "00000000000000c6",
    ];
    let call = |n: usize| {
        let library = if n < 3 { "openllmetry" } else { "openinference" };
        alone(library, IDS[n], 100 + 10 * (n as i64 % 3) + n as i64 / 3, 900, 182)
    };
    let all: Vec<_> = (0..6).map(call).collect();
    let lengths = |log: &[Observation<'static>]| {
        let mut lengths: Vec<usize> = groups(log).iter().map(Vec::len).collect();
        lengths.sort_unstable();
        lengths
    };
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [0, 3, 1, 4, 2, 5], [3, 0, 4, 2, 5, 1]] {
        let log = order.map(|at| all[at].clone());
        assert_eq!(lengths(&log), [2, 2, 2], "{order:?}");
        let fewer: Vec<_> = order.iter().filter(|at| **at != 4).map(|at| all[*at].clone()).collect();
        assert_eq!(lengths(&fewer), [1, 2, 2], "one library saw a call less: {order:?}");
    }
}
