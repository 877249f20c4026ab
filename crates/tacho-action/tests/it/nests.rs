//! Calls of a model within a call of a model: what a library around them tells adds nothing to what is told of each.

use crate::models::orders;
use crate::scene::{ends, follow, groups, join, model, span};
use tacho_action::{Entry, Joiner, Observation, Overlay};
use tacho_event::words::{ActionType, Outcome};

const OUTER: &str = "00000000000000e0";
const FIRST: &str = "00000000000000e1";
const SECOND: &str = "00000000000000e2";

/// The span of a call: its library, its id and its parent's, from when to when, its tokens where it was told any.
fn call(
    (library, id, parent): (&'static str, &'static str, Option<&'static str>),
    (from, to): (i64, i64),
    tokens: i64,
) -> Observation<'static> {
    let mut call = model(span(from, id, parent), tokens);
    call.figures[1] = Some(tokens / 10);
    call.figures[4] = Some(tokens * 7);
    if tokens == 0 {
        call.figures = [None; 6];
    }
    call.figures[5] = Some(to - from);
    Observation { library: Some(library), model: Some("gpt-4o"), cost_estimated: true, ..call }
}

fn outer(tokens: i64) -> Observation<'static> {
    call(("smolagents", OUTER, None), (1_000, 9_000), tokens)
}

fn inner(id: &'static str, times: (i64, i64), tokens: i64) -> Observation<'static> {
    call(("openai", id, Some(OUTER)), times, tokens)
}

fn failed(of: Observation<'static>) -> Observation<'static> {
    Observation { outcome: Outcome::Failure, ..of }
}

/// Of each call what stands for it: the times of its events, how it ended, input tokens, cost, duration.
type Row = (Vec<i64>, Outcome, [Option<i64>; 3]);

fn rows_of(log: &[Observation<'static>], overlay: &Overlay) -> Vec<Row> {
    let row = |(time, end): (i64, crate::scene::End)| {
        let at = log.iter().position(|event| event.time_us == time).expect("it was told");
        let told = overlay.record(at as u64).map(|record| record.figures).unwrap_or_default();
        let figure = |place: usize| told[place].or(log[at].figures[place]);
        (end.events, end.outcome, [figure(0), figure(4), figure(5)])
    };
    let mut rows: Vec<Row> = ends(log, overlay).into_iter().map(row).collect();
    rows.sort_by_key(|(events, ..)| events.clone());
    rows
}

/// The rows of a log, which have to be the same in whichever order its events come, and when the joiner is laid down and
/// taken up between any two of them.
fn rows(log: &[Observation<'static>]) -> Vec<Row> {
    let want = rows_of(log, &join(log));
    for log in orders(log) {
        assert_eq!(
            rows_of(&log, &join(&log)),
            want,
            "{:?}",
            log.iter().map(|e| e.time_us).collect::<Vec<_>>()
        );
    }
    let (mut joiner, mut overlay) = (Joiner::default(), Overlay::default());
    for upto in 1..=log.len() {
        joiner = Joiner::load(&joiner.bytes()).expect("its own bytes");
        follow(&mut joiner, &mut overlay, &log[..upto], upto - 1);
    }
    assert_eq!(rows_of(log, &overlay), want, "taken up again");
    want
}

fn ended(events: &[i64], outcome: Outcome, figures: [Option<i64>; 3]) -> Row {
    (events.to_vec(), outcome, figures)
}

#[test]
fn a_retry_in_another_librarys_span_counts_once_and_the_failed_try_nothing() {
    let log = [failed(inner(FIRST, (1_100, 1_200), 0)), inner(SECOND, (5_000, 8_900), 320), outer(320)];
    let want = [
        ended(&[1_000, 5_000], Outcome::Success, [Some(320), Some(2_240), Some(3_900)]),
        ended(&[1_100], Outcome::Failure, [None, None, Some(100)]),
    ];
    assert_eq!(rows(&log), want);
    // The outer one did not say what its answer cost: it is of the try that went well all the same.
    assert_eq!(rows(&[log[0].clone(), log[1].clone(), outer(0)]), want);
    // Both failed.
    let log = [log[0].clone(), failed(inner(SECOND, (5_000, 8_900), 0)), failed(outer(0))];
    let want = [
        ended(&[1_000, 5_000], Outcome::Failure, [None, None, Some(3_900)]),
        ended(&[1_100], Outcome::Failure, [None, None, Some(100)]),
    ];
    assert_eq!(rows(&log), want);
}

#[test]
fn an_outer_call_that_states_the_sum_of_two_adds_nothing() {
    let log = [inner(FIRST, (1_100, 2_000), 100), inner(SECOND, (5_000, 8_900), 100), outer(200)];
    let want = [
        ended(&[1_000, 5_000], Outcome::Success, [Some(100), Some(700), Some(3_900)]),
        ended(&[1_100], Outcome::Success, [Some(100), Some(700), Some(900)]),
    ];
    assert_eq!(rows(&log), want);
    // Which of two at once is the last is seen by their ends.
    let log = [inner(FIRST, (1_100, 8_000), 100), inner(SECOND, (1_200, 2_000), 50), outer(150)];
    assert_eq!(rows(&log).iter().filter_map(|(.., [tokens, ..])| *tokens).sum::<i64>(), 150);
    assert_eq!(groups(&log), [vec![1_000, 1_100], vec![1_200]]);
    // A step of the library lies between.
    let step = Observation {
        kind: ActionType::Workflow,
        library: Some("smolagents"),
        ..span(1_050, "00000000000000d0", Some(OUTER))
    };
    let below = |of: &Observation<'static>| Observation { parent: Some("00000000000000d0"), ..of.clone() };
    let log = [step, below(&log[0]), below(&log[1]), outer(150)];
    assert_eq!(rows(&log).len(), 3);
}

#[test]
fn where_libraries_differ_about_one_call_the_inner_one_counts() {
    let log = [inner(FIRST, (1_100, 8_900), 95), outer(100)];
    let [(events, _, [tokens, cost, _])] = &rows(&log)[..] else { panic!("two rows") };
    assert_eq!((&events[..], tokens, cost), (&[1_000, 1_100][..], &Some(95), &Some(665)));
    let verbose = Observation { input: Some("{}"), has_output: true, ..outer(100) };
    let [(_, _, [tokens, cost, _])] = &rows(&[log[0].clone(), verbose])[..] else { panic!("two rows") };
    assert_eq!((tokens, cost), (&Some(95), &Some(665)), "though the outer one has the texts");
    let silent = inner(FIRST, (1_100, 8_900), 0);
    assert_eq!(rows(&[silent, outer(100)])[0].2[0], Some(100), "nobody else was told");
}

#[test]
fn what_nobody_tells_of_but_the_outer_call_is_not_lost() {
    let first = failed(inner(FIRST, (1_100, 1_200), 0));
    let untold = [
        ended(&[1_000], Outcome::Success, [Some(320), Some(2_240), Some(8_000)]),
        ended(&[1_100], Outcome::Failure, [None, None, Some(100)]),
    ];
    assert_eq!(rows(&[first.clone(), outer(320)]), untold, "the next try was another library's");
    // A stream whose library was not told its tokens.
    let log = [first, inner(SECOND, (5_000, 8_900), 0), outer(320)];
    let found = rows(&log);
    assert_eq!(found.iter().filter_map(|(.., [tokens, ..])| *tokens).sum::<i64>(), 320);
    assert_eq!(found[0], ended(&[1_000, 5_000], Outcome::Success, [Some(320), Some(2_240), Some(3_900)]));
}

#[test]
fn a_retry_that_three_libraries_tell_of_is_two_calls() {
    let within = |id, parent, times, tokens| call(("httpx", id, Some(parent)), times, tokens);
    let (first, second) = ("00000000000000f1", "00000000000000f2");
    let log = [
        failed(within(first, FIRST, (1_110, 1_190), 0)),
        failed(inner(FIRST, (1_100, 1_200), 0)),
        within(second, SECOND, (5_010, 8_800), 320),
        inner(SECOND, (5_000, 8_900), 320),
        outer(320),
    ];
    let found = rows(&log);
    let told: Vec<_> =
        found.iter().map(|(events, outcome, [tokens, ..])| (&events[..], *outcome, *tokens)).collect();
    let want = [
        (&[1_000, 5_000, 5_010][..], Outcome::Success, Some(320)),
        (&[1_100, 1_110], Outcome::Failure, None),
    ];
    assert_eq!(told, want);
    // The inner two side by side.
    let beside = |of: &Observation<'static>| Observation { parent: Some(OUTER), ..of.clone() };
    let log = [beside(&log[0]), log[1].clone(), beside(&log[2]), log[3].clone(), log[4].clone()];
    assert_eq!(rows(&log).iter().map(|(events, ..)| events.len()).collect::<Vec<_>>(), [3, 2]);
    // Tries within tries: the middle library tries twice, the outer one repeats what that gives back.
    let log = [
        failed(within(first, FIRST, (1_110, 1_190), 0)),
        within(second, FIRST, (5_010, 8_800), 320),
        inner(FIRST, (1_100, 8_900), 320),
        outer(320),
    ];
    let told: Vec<_> =
        rows(&log).into_iter().map(|(events, outcome, [tokens, ..])| (events, outcome, tokens)).collect();
    let want =
        [(vec![1_000, 1_100, 5_010], Outcome::Success, Some(320)), (vec![1_110], Outcome::Failure, None)];
    assert_eq!(told, want);
}

#[test]
fn an_outer_call_is_of_the_inner_one_whose_answer_it_gives_back() {
    let answered = |of: Observation<'static>, request| Observation { request: Some(request), ..of };
    let (one, other) = ("chatcmpl-0a1b2c3d4e5f", "chatcmpl-1b2c3d4e5f60");
    let first = answered(inner(FIRST, (1_100, 8_950), 100), one);
    let second = answered(inner(SECOND, (1_200, 8_900), 100), other);
    let found = rows(&[first.clone(), second.clone(), answered(outer(100), other)]);
    assert_eq!(
        found.iter().map(|(events, ..)| events.clone()).collect::<Vec<_>>(),
        [vec![1_000, 1_200], vec![1_100]]
    );
    // A number of its own: it is of the last, and that number finds it there and nowhere else.
    let found = rows(&[first, second, answered(outer(200), "chatcmpl-2c3d4e5f6071")]);
    assert_eq!(
        found.iter().map(|(events, ..)| events.clone()).collect::<Vec<_>>(),
        [vec![1_000, 1_100], vec![1_200]]
    );
}

#[test]
fn what_is_hidden_says_of_which_call_it_is() {
    let log = [inner(FIRST, (1_100, 2_000), 100), outer(200), inner(SECOND, (5_000, 8_900), 100)];
    let overlay = join(&log);
    let hidden = Entry::Hidden { action: 1, session: None, agent: None };
    assert_eq!(overlay.entry(1), Some(&hidden), "its own index was the first");
    assert_eq!(overlay.record(2).map(|record| (record.action, record.observations)), Some((1, 2)));
    assert_eq!(overlay.entry(0), None, "it stands for itself again");
}
