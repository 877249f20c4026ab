//! Calls of tools that two libraries tell of side by side, by spans of their own.

use crate::scene::{groups, session, span};
use tacho_action::Observation;
use tacho_event::words::{ActionType, Outcome, Phase};

const ROOT: &str = "00000000000000e0";

/// A call of a tool as a library tells of it below one span: from when, for how long, with which input.
fn told(
    library: &'static str,
    id: &'static str,
    from: i64,
    took: i64,
    input: &'static str,
) -> Observation<'static> {
    let mut told = Observation {
        phase: Some(Phase::Executed),
        outcome: Outcome::Success,
        name: "get_price",
        library: Some(library),
        input: Some(input).filter(|input| !input.is_empty()),
        ..span(from, id, Some(ROOT))
    };
    told.figures[5] = Some(took);
    told
}

fn alone(of: &Observation<'static>) -> Observation<'static> {
    Observation { parent: None, ..of.clone() }
}

/// Something of a library that is around calls.
fn around(library: &'static str, id: &'static str, time: i64) -> Observation<'static> {
    Observation { kind: ActionType::Workflow, library: Some(library), ..span(time, id, None) }
}

const ACME: &str = r#"{"symbol":"ACME"}"#;

/// As LangChain's callbacks have it told: neither library knows of the other's spans.
#[test]
fn one_call_of_a_tool_that_two_libraries_tell_of_is_one() {
    let wrapped = r#"{"input_str":"{'symbol': 'ACME'}","inputs":{"symbol":"ACME"},"kwargs":{"name":null}}"#;
    let one = told("openinference", "00000000000000e1", 100_000, 5_000, r#""ACME""#);
    let other = told("openllmetry", "00000000000000e2", 100_400, 5_500, wrapped);
    let both = |one: &Observation<'static>, other: &Observation<'static>| {
        [[one.clone(), other.clone()], [other.clone(), one.clone()]].map(|log| groups(&log).len())
    };
    assert_eq!(both(&one, &other), [1, 1], "below one span");
    assert_eq!(both(&alone(&one), &alone(&other)), [1, 1], "in traces of their own");
    for placed in
        [one.clone(), other.clone()].map(|of| Observation { parent: Some("00000000000000d1"), ..of })
    {
        let library = placed.library.unwrap();
        let step = around(library, "00000000000000d1", 1);
        let step = Observation { parent: Some(ROOT), ..step };
        let mate = if library == "openinference" { &other } else { &one };
        assert_eq!(groups(&[placed, step, mate.clone()]).len(), 2, "with a span of its library around it");
    }
}

#[test]
fn calls_of_a_tool_at_once_with_the_same_input_are_as_many_as_one_library_tells() {
    let all = [
        told("openinference", "00000000000000a1", 100_000, 60_000, ACME),
        told("openllmetry", "00000000000000b1", 100_300, 60_100, ACME),
        told("openinference", "00000000000000a2", 103_000, 60_000, ACME),
        told("openllmetry", "00000000000000b2", 103_300, 60_100, ACME),
        told("openinference", "00000000000000a3", 103_500, 60_000, r#"{"symbol":"OTHER"}"#),
        told("openllmetry", "00000000000000b3", 103_700, 60_100, r#"{"symbol":"OTHER"}"#),
    ];
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [0, 2, 4, 1, 3, 5], [4, 1, 2, 0, 5, 3]] {
        for at in [|of: &Observation<'static>| of.clone(), alone] {
            let log = order.map(|place| at(&all[place]));
            assert_eq!(groups(&log).iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2], "{order:?}");
            let own: Vec<_> =
                log.iter().filter(|told| told.library == Some("openllmetry")).cloned().collect();
            assert_eq!(groups(&own).len(), 3, "of one library: {order:?}");
        }
    }
}

#[test]
fn calls_of_tools_side_by_side_that_are_not_surely_one_stay_apart() {
    let one = told("openinference", "00000000000000e1", 100_000, 5_000, ACME);
    let other = told("openllmetry", "00000000000000e2", 100_400, 7_500, ACME);
    let count = |one: &Observation<'static>, other: Observation<'static>| groups(&[one.clone(), other]).len();
    let with = |more: fn(&mut Observation<'static>)| {
        let mut changed = other.clone();
        more(&mut changed);
        changed
    };
    assert_eq!(count(&one, with(|told| told.name = "get_quote")), 2, "another tool");
    assert_eq!(count(&one, with(|told| told.input = Some(r#"{"symbol":"OTHER"}"#))), 2, "another input");
    assert_eq!(count(&one, with(|told| told.time_us = 105_001)), 2, "in turn");
    assert_eq!(count(&one, with(|told| told.parent = Some("00000000000000e9"))), 2, "below another span");
    let within = with(|told| told.parent = Some("00000000000000e1"));
    for input in [Some(r#"{"symbol":"OTHER"}"#), None] {
        assert_eq!(count(&one, Observation { input, ..within.clone() }), 2, "the one calls the other");
    }
    assert_eq!(
        count(&one, Observation { library: one.library, ..within }),
        2,
        "of one library it calls itself"
    );
    let called = |of: &Observation<'static>, call| Observation { call: Some(call), ..of.clone() };
    assert_eq!(count(&called(&one, "call_1"), called(&other, "call_2")), 2, "other ids of the call");
    let [one, other] = [alone(&one), alone(&other)];
    assert_eq!(
        count(&one, Observation { input: None, ..other.clone() }),
        2,
        "in a trace of its own without its input"
    );
    let named =
        |of: &Observation<'static>, number| Observation { session: Some(session(number)), ..of.clone() };
    assert_eq!(count(&named(&one, 1), named(&other, 2)), 2, "of two sessions");
    let by = |of: &Observation<'static>, agent| Observation { agent, ..of.clone() };
    assert_eq!(count(&by(&one, "desk"), by(&other, "shop")), 2, "of two programs");
    let agent = |of: &Observation<'static>, agent| Observation { agent_assumed: false, ..by(of, agent) };
    assert_eq!(count(&agent(&one, "buyer"), agent(&other, "seller")), 2, "of two agents");
    assert_eq!(count(&agent(&one, "buyer"), by(&other, "desk")), 1, "of an agent and its program");
}
