//! Requests to a model that failed, told of by two libraries: without tokens, each within spans of its own library.

use crate::models::orders;
use crate::scene::{groups, session, span};
use tacho_action::Observation;
use tacho_event::words::{ActionType, Outcome, Phase};

const INFERENCE: &str = "openinference";
const LLMETRY: &str = "openllmetry";
const ROOT: &str = "00000000000000e0";
/// No request begins before: the times of the chains are less.
const FIRST: i64 = 1_000;

/// A span that a library puts around others.
fn around(library: &'static str, id: &'static str, parent: Option<&'static str>) -> Observation<'static> {
    let time = i64::from_str_radix(id, 16).expect("ids are numbers");
    Observation { kind: ActionType::Workflow, library: Some(library), ..span(time, id, parent) }
}

/// A request that failed: below which span, from when to when.
fn failed(
    library: &'static str,
    id: &'static str,
    parent: Option<&'static str>,
    (from, to): (i64, i64),
) -> Observation<'static> {
    Observation {
        kind: ActionType::External,
        name: "model_request",
        phase: Some(Phase::Executed),
        outcome: Outcome::Failure,
        model: Some("gpt-4o"),
        library: Some(library),
        figures: [None, None, None, None, None, Some(to - from)],
        ..span(from, id, parent)
    }
}

/// LangChain's agent: the one library's span around all, below it the chains of both.
fn chains() -> [Observation<'static>; 3] {
    [
        around(LLMETRY, ROOT, None),
        around(INFERENCE, "00000000000000d1", Some(ROOT)),
        around(LLMETRY, "00000000000000d2", Some(ROOT)),
    ]
}

fn inference(id: &'static str, lasts: (i64, i64)) -> Observation<'static> {
    failed(INFERENCE, id, Some("00000000000000d1"), lasts)
}

fn llmetry(id: &'static str, lasts: (i64, i64)) -> Observation<'static> {
    failed(LLMETRY, id, Some("00000000000000d2"), lasts)
}

/// Requests in all orders: few of them among the chains in all orders, many with the chains before, between and behind.
fn logs(requests: &[Observation<'static>]) -> Vec<Vec<Observation<'static>>> {
    let chains = chains();
    if requests.len() < 3 {
        return orders(&[&chains[..], requests].concat());
    }
    let put = |order: &Vec<Observation<'static>>, at: usize| {
        let between = (at + 1).min(order.len());
        [&order[..at], &chains[..2], &order[at..between], &chains[2..], &order[between..]].concat()
    };
    let all = orders(requests);
    all.iter().flat_map(|order| (0..=order.len()).map(|at| put(order, at)).collect::<Vec<_>>()).collect()
}

/// The rows of requests, in whichever order all comes.
fn in_all_orders(requests: &[Observation<'static>], check: impl Fn(Vec<Vec<i64>>, &str)) {
    for log in logs(requests) {
        let mut found = groups(&log);
        found.retain(|group| group[0] >= FIRST);
        let came: Vec<_> = log.iter().map(|told| told.time_us).collect();
        check(found, &format!("{came:?}"));
    }
}

fn always(requests: &[Observation<'static>], expected: &[&[i64]], why: &str) {
    in_all_orders(requests, |found, came| assert_eq!(found, expected, "{why}: {came}"));
}

/// So many rows: of calls at once any span of the one library may stand with any of the other.
fn counts(requests: &[Observation<'static>], expected: usize, why: &str) {
    in_all_orders(requests, |found, came| assert_eq!(found.len(), expected, "{why}: {came}"));
}

/// The times are those of real runs of LangChain's agents and of LangGraph.
#[test]
fn a_request_that_failed_below_chains_of_two_libraries_is_one() {
    for (one, other) in [
        ((8_370, 24_540), (9_230, 26_320)),
        ((9_840, 35_710), (14_440, 38_980)),
        ((5_000, 90_000), (5_100, 80_000)),
    ] {
        let told = [inference("0000000000000a01", one), llmetry("0000000000000b01", other)];
        always(&told, &[&[one.0, other.0]], "at once");
    }
    let quick = [inference("0000000000000a01", (8_000, 8_500)), llmetry("0000000000000b01", (8_400, 9_200))];
    always(&quick, &[&[8_000, 8_400]], "within the same millisecond");
}

#[test]
fn tries_that_both_libraries_tell_of_stay_as_many() {
    let tries = [
        inference("0000000000000a01", (10_000, 20_000)),
        llmetry("0000000000000b01", (10_300, 20_700)),
        inference("0000000000000a02", (21_000, 31_000)),
        llmetry("0000000000000b02", (21_300, 31_700)),
    ];
    always(&tries, &[&[10_000, 10_300], &[21_000, 21_300]], "one after the other");
    // The one library has a span for all tries, the other one for each.
    let around = [inference("0000000000000a01", (10_000, 45_000)), tries[1].clone(), tries[3].clone()];
    counts(&around, 2, "the span around tries is of one of them");
    // The one library saw the first try only, the other one the second.
    always(&[tries[0].clone(), tries[3].clone()], &[&[10_000], &[21_300]], "each of another");
    let late = llmetry("0000000000000b02", (19_000, 31_700));
    always(&[tries[0].clone(), late], &[&[10_000], &[19_000]], "the next begins when the first ends");
}

#[test]
fn requests_at_once_that_failed_are_as_many_as_a_library_tells_of() {
    let both = [
        inference("0000000000000a01", (10_000, 40_000)),
        llmetry("0000000000000b01", (10_500, 41_000)),
        inference("0000000000000a02", (12_000, 44_000)),
        llmetry("0000000000000b02", (12_400, 45_000)),
    ];
    counts(&both, 2, "two of two");
    counts(&both[..3], 2, "two of one, one of the other");
    always(&[both[0].clone(), both[2].clone()], &[&[10_000], &[12_000]], "of one library only");
    // One that failed at once while another one waits.
    let long = [
        inference("0000000000000a01", (10_000, 900_000)),
        llmetry("0000000000000b01", (10_500, 901_000)),
        inference("0000000000000a02", (12_000, 44_000)),
        llmetry("0000000000000b02", (12_400, 45_000)),
    ];
    counts(&long, 2, "a long one and a short one");
}

#[test]
fn what_is_not_surely_one_request_that_failed_stays_two() {
    let one = inference("0000000000000a01", (10_000, 40_000));
    let other = llmetry("0000000000000b01", (10_500, 41_000));
    let apart = |change: fn(&mut Observation<'static>), why: &str| {
        let mut changed = other.clone();
        change(&mut changed);
        always(&[one.clone(), changed], &[&[10_000], &[10_500]], why);
    };
    apart(|told| told.outcome = Outcome::Success, "one of them went well");
    apart(|told| told.outcome = Outcome::Unknown, "nobody says how one went");
    apart(|told| told.figures[0] = Some(182), "one of them was told tokens");
    apart(|told| told.model = Some("gpt-4o-mini"), "another model");
    apart(|told| told.library = Some("vendor"), "the span above is of another library");
    apart(|told| told.parent = Some("00000000000000f0"), "in another trace");
    apart(|told| told.figures[5] = Some(900_000), "they do not end together");
    let named =
        |of: &Observation<'static>, number| Observation { session: Some(session(number)), ..of.clone() };
    always(&[named(&one, 1), named(&other, 2)], &[&[10_000], &[10_500]], "two sessions");
}

/// The one library names an agent, for the other it is the program: in traces of their own only a session says that they belong
/// together.
#[test]
fn in_traces_of_their_own_they_are_one_in_one_session() {
    let one = failed(INFERENCE, "0000000000000a01", None, (10_000, 40_000));
    let other = failed(LLMETRY, "0000000000000b01", None, (14_500, 41_000));
    let other = Observation { agent: "RunnableSequence", agent_assumed: false, ..other };
    let named =
        |of: &Observation<'static>, number| Observation { session: Some(session(number)), ..of.clone() };
    let both = |one: &Observation<'static>, other: &Observation<'static>| {
        [[one.clone(), other.clone()], [other.clone(), one.clone()]].map(|log| groups(&log).len())
    };
    assert_eq!(both(&named(&one, 1), &named(&other, 1)), [1, 1], "one session");
    assert_eq!(both(&named(&one, 1), &named(&other, 2)), [2, 2], "two sessions");
    assert_eq!(both(&one, &other), [2, 2], "nobody says which session");
    assert_eq!(both(&named(&one, 1), &other), [2, 2], "one says which session");
    let agent = Observation { agent: "writer", agent_assumed: false, ..one };
    assert_eq!(both(&named(&agent, 1), &named(&other, 1)), [2, 2], "two agents");
    // The chains around them say it.
    let chained = [
        Observation { session: Some(session(1)), ..around(INFERENCE, "00000000000000d1", None) },
        Observation { session: Some(session(1)), ..around(LLMETRY, "00000000000000d2", None) },
        inference("0000000000000a01", (10_000, 40_000)),
        Observation {
            agent: other.agent,
            agent_assumed: false,
            ..llmetry("0000000000000b01", (14_500, 41_000))
        },
    ];
    for log in orders(&chained) {
        let came: Vec<_> = log.iter().map(|told| told.time_us).collect();
        assert_eq!(groups(&log).len(), 3, "{came:?}");
    }
}
