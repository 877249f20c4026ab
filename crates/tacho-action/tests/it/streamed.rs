//! Answers of a model that Gemini CLI's hooks tell piece by piece: the end stands, however many come before and in whichever
//! order.

use crate::dice::Dice;
use crate::gemini::{model_hook, model_span};
use crate::scene::{End, ends, event, join, model};
use tacho_action::{Closure, Observation, Observer, Overlay};
use tacho_event::words::{Known, Outcome, Phase};

type Log = Vec<Observation<'static>>;

const ID: &str = "hook-model-00000000000000c1";
const NEXT: &str = "hook-model-00000000000000c2";

fn piece(ms: i64) -> Observation<'static> {
    Observation { outcome: Outcome::Running, figures: [None; 6], ..model_hook(ms, "AfterModel", ID) }
}

/// A request that is answered in so many pieces, the last of which ends it.
fn streamed(pieces: i64) -> Log {
    let mut log = vec![model_hook(1_000, "BeforeModel", ID)];
    log.extend((1..pieces).map(|at| piece(1_300 + at * 20)));
    log.push(model_hook(1_300 + pieces * 20, "AfterModel", ID));
    log
}

/// What spans and the log tell of it.
fn beside(pieces: i64) -> Log {
    let (asked, answered) = (1_250, 1_330 + pieces * 20);
    let log = |ms: i64| Observation { observer: Observer::Log, ..model(event(ms * 1_000), 800) };
    let asks = Observation { phase: Some(Phase::Proposed), outcome: Outcome::Running, ..log(asked) };
    let mut answers = Observation { phase: Some(Phase::Result), ..log(answered) };
    answers.figures[5] = Some((answered - asked) * 1_000);
    let span = model_span(asked - 1, answered - asked + 6, "aa977b18888c363d");
    vec![Observation { figures: [None; 6], ..asks }, answers, span]
}

/// The tokens that an action's row counts.
fn tokens(log: &Log, overlay: &Overlay) -> Option<i64> {
    let told = log.iter().enumerate().filter_map(|(at, of)| match overlay.entry(at as u64) {
        Some(tacho_action::Entry::Hidden { .. }) => None,
        Some(tacho_action::Entry::Shown(record)) => of.figures[0].or(record.figures[0]),
        None => of.figures[0],
    });
    told.reduce(|one, other| one + other)
}

fn check(log: &Log) {
    let overlay = join(log);
    let found: Vec<End> = ends(log, &overlay).into_values().collect();
    let mut times: Vec<i64> = log.iter().map(|of| of.time_us).collect();
    times.sort_unstable();
    assert_eq!(found.len(), 1, "{times:?}");
    assert_eq!(found[0].events, times, "each event is of the one action");
    assert_eq!((found[0].closure, found[0].outcome), (Closure::Success, Outcome::Success));
    assert_eq!(tokens(log, &overlay), Some(800), "once");
    let record = (0..log.len()).find_map(|at| overlay.record(at as u64)).expect("one of them is shown");
    assert_eq!(record.observations as usize, log.len());
}

#[test]
fn an_answer_in_pieces_is_over_with_its_last_one_in_whichever_order_they_come() {
    let mut dice = Dice(11);
    for pieces in 1..=100 {
        let log = streamed(pieces);
        check(&log);
        check(&log.iter().rev().cloned().collect());
        check(&dice.shuffled(log));
    }
}

#[test]
fn an_answer_in_pieces_is_one_with_its_spans_and_log_records_in_whichever_order_they_come() {
    let mut dice = Dice(12);
    for pieces in [1, 2, 5, 62, 63, 64, 70, 100, 200] {
        for _ in 0..5 {
            check(&dice.shuffled([streamed(pieces), beside(pieces)].concat()));
        }
        check(&[streamed(pieces), beside(pieces)].concat());
        check(&[beside(pieces), streamed(pieces)].concat());
    }
}

#[test]
fn an_answer_of_which_more_is_to_come_has_no_end_yet() {
    let mut log = streamed(70);
    log.pop();
    let overlay = join(&log);
    let found: Vec<End> = ends(&log, &overlay).into_values().collect();
    assert_eq!((found[0].closure, found[0].outcome), (Closure::Open, Outcome::Running));
    let record = (0..70).find_map(|at| overlay.record(at)).expect("one of them is shown");
    assert_eq!(record.times[4], None, "it is not answered");
    log.push(model_hook(9_000, "BeforeModel", NEXT));
    log.push(model_hook(9_100, "AfterModel", NEXT));
    let found: Vec<Closure> = ends(&log, &join(&log)).into_values().map(|end| end.closure).collect();
    assert_eq!(found, [Closure::Open, Closure::Success]);
}

/// Under an agent's key they are its own word, and join as they do elsewhere.
#[test]
fn an_answer_in_pieces_under_an_agents_key_is_over_with_its_last_one() {
    let own = |of| Observation { observer: Observer::Event, known: Known::SelfReported, writer: 7, ..of };
    let mut dice = Dice(13);
    let log: Log = streamed(100).into_iter().map(own).collect();
    check(&log);
    check(&dice.shuffled(log));
    // Of another key none stands for those of the first.
    let end = model_hook(9_000, "AfterModel", ID);
    let foreign = Observation { writer: 8, outcome: Outcome::Failure, ..own(end.clone()) };
    let log = vec![own(model_hook(1_000, "BeforeModel", ID)), own(end), foreign];
    let found: Vec<Closure> = ends(&log, &join(&log)).into_values().map(|end| end.closure).collect();
    assert_eq!(found, [Closure::Success]);
}
