//! A call that a witness tells of without its id, another one under an id that the agent claims first: they stay two.

use crate::scene::{event, groups, hook, join, model};
use tacho_action::{Entry, Observation, Observer};
use tacho_event::words::{ActionType, Known, Outcome, Phase};

const COST: usize = 4;

/// Orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let put = |order: &Vec<usize>, at: usize| {
        let mut order = order.clone();
        order.insert(at, count - 1);
        order
    };
    shorter.iter().flat_map(|order| (0..count).map(move |at| put(order, at))).collect()
}

fn cost(log: &[Observation<'_>]) -> i64 {
    let overlay = join(log);
    let shown = |(at, event): (usize, &Observation<'_>)| match overlay.entry(at as u64) {
        Some(Entry::Hidden { .. }) => None,
        Some(Entry::Shown(record)) => record.figures[COST].or(event.figures[COST]),
        None => event.figures[COST],
    };
    log.iter().enumerate().filter_map(shown).sum()
}

fn costing(observation: Observation<'static>, cost: i64) -> Observation<'static> {
    let mut figures = observation.figures;
    figures[COST] = Some(cost);
    Observation { figures, ..observation }
}

fn own(observation: Observation<'static>, observer: Observer) -> Observation<'static> {
    Observation { known: Known::SelfReported, observer, writer: 7, ..observation }
}

const LONG: &str = "toolu_02B19q90qw90lq917836";
const REQUEST: &str = "resp_0a1b2c3d4e5f60718293";

/// In whatever order they come: the calls that witnesses tell of at 1 and 4 are two, and each costs what its witness says.
fn stay_two(all: &[Observation<'static>], what: &str) {
    for order in orders(all.len()) {
        let log: Vec<_> = order.iter().map(|at| all[*at].clone()).collect();
        let found = groups(&log);
        assert_eq!((found.len(), cost(&log)), (2, 5), "{what} {order:?}: {found:?}");
        assert!(
            !found.iter().any(|group| group.contains(&1) && group.contains(&4)),
            "{what} {order:?}: {found:?}"
        );
    }
}

#[test]
fn what_an_agent_claims_under_an_id_makes_none_of_two_calls_of_a_tool() {
    let inputs = [("{}", "PreToolUse"), (r#"{"b":1}"#, "PreToolUse"), (r#"{"b":1}"#, "BeforeTool")];
    let ways = [Observer::Event, Observer::Mcp].map(|observer| [(observer, LONG), (observer, "z-1")]);
    let variants = ways.iter().flatten().flat_map(|way| inputs.map(|input| (*way, input)));
    for ((observer, id), (other, name)) in variants {
        // The same witness tells of both, or the inputs tell them apart.
        let seen = costing(hook(1, name, None), 1);
        let named = costing(Observation { input: Some(other), ..hook(4, "PreToolUse", Some(id)) }, 4);
        let claim = Observation { call: Some(id), outcome: Outcome::Running, input: Some("{}"), ..event(2) };
        let claim = costing(own(claim, observer), 1000);
        stay_two(&[seen.clone(), claim.clone(), named.clone()], &format!("{observer:?} {id} {other} {name}"));
        let over =
            Observation { call: Some(id), phase: Some(Phase::Result), outcome: Outcome::Success, ..event(3) };
        let over = match observer {
            Observer::Mcp => Observation { kind: ActionType::Workflow, name: "outcome", ..over },
            _ => over,
        };
        let over = costing(own(over, observer), 1000);
        stay_two(&[seen, claim, named, over], &format!("{observer:?} {id} {other} {name}, and how it ended"));
    }
}

#[test]
fn what_an_agent_claims_under_a_number_makes_none_of_two_calls_of_a_model() {
    let log = |time, request, tokens, cost| {
        let told = Observation { request, observer: Observer::Log, ..event(time) };
        costing(model(told, tokens), cost)
    };
    for observer in [Observer::Event, Observer::Mcp] {
        let claim = own(costing(log(2, Some(REQUEST), 1000, 1000), 1000), observer);
        let all = [log(1, None, 1000, 1), claim, log(4, Some(REQUEST), 90_000, 4)];
        stay_two(&all, &format!("{observer:?}"));
    }
}

/// Gemini CLI's hook does not tell what was read from the cache, its log does.
#[test]
fn an_estimate_that_knows_what_was_read_from_a_cache_stands_before_one_that_does_not() {
    let answer = |time, observer, read, cost| {
        let told = Observation { request: Some(REQUEST), observer, cost_estimated: true, ..event(time) };
        let mut told = costing(model(told, 1000), cost);
        told.figures[2] = read;
        told
    };
    let hooked = Observation { hook: Some("AfterModel"), ..answer(1, Observer::Hook, None, 30) };
    let logged = answer(2, Observer::Log, Some(950), 4);
    for log in [[hooked.clone(), logged.clone()], [logged, hooked]] {
        assert_eq!((groups(&log).len(), cost(&log)), (1, 4));
    }
}
