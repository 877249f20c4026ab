//! Calls of a model, which logs and several libraries tell of.

use crate::scene::{closures, event, groups, join, model, span};
use tacho_action::{Closure, Observation, Observer};
use tacho_event::words::{ActionType, Outcome, Phase};

#[test]
fn one_call_of_a_model_that_two_libraries_tell_of_counts_once() {
    let outer = model(span(1, "00000000000000b1", None), 182);
    let between =
        Observation { kind: ActionType::Workflow, ..span(2, "00000000000000b2", Some("00000000000000b1")) };
    let inner = model(span(3, "00000000000000b3", Some("00000000000000b2")), 182);
    let all = [outer.clone(), between, inner.clone()];
    for order in [[0, 1, 2], [2, 1, 0], [0, 2, 1], [2, 0, 1]] {
        let log = order.map(|at| all[at].clone());
        assert_eq!(groups(&log), [vec![1, 3], vec![2]], "{order:?}");
    }
    // What a tool asks a model is a call of its own.
    let tool = Observation { phase: Some(Phase::Executed), ..all[1].clone() };
    let tool = Observation { kind: ActionType::Tool, ..tool };
    assert_eq!(groups(&[outer.clone(), tool, inner.clone()]).len(), 3);
    // A retry within one call of a library was paid twice. The outer one tells of the last: see `nests`.
    let retry = model(span(4, "00000000000000b4", Some("00000000000000b1")), 182);
    let first = Observation { parent: Some("00000000000000b1"), ..inner };
    assert_eq!(groups(&[outer, first, retry]), [vec![1, 4], vec![3]]);
}

/// A call of a model as a library tells of it below the same span: from when, for how long, with how many tokens.
pub(crate) fn told(
    library: &'static str,
    id: &'static str,
    from: i64,
    took: i64,
    tokens: i64,
) -> Observation<'static> {
    let mut span = model(span(from, id, Some("00000000000000e0")), tokens);
    span.figures[5] = Some(took);
    if tokens == 0 {
        span.figures[..2].fill(None);
    }
    Observation { library: Some(library), model: Some("gpt-4o"), ..span }
}

#[test]
fn one_call_of_a_model_that_two_libraries_tell_of_side_by_side_counts_once() {
    let outer = told("openllmetry", "00000000000000e1", 100, 900, 182);
    let inner = Observation {
        model: Some("gpt-4o-2024-08-06"),
        ..told("openinference", "00000000000000e2", 110, 880, 182)
    };
    let next = [
        told("openinference", "00000000000000e3", 2_010, 880, 182),
        told("openllmetry", "00000000000000e4", 2_000, 900, 182),
    ];
    let all = [outer.clone(), inner.clone(), next[0].clone(), next[1].clone()];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3], [1, 3, 0, 2]] {
        let log = order.map(|at| all[at].clone());
        assert_eq!(groups(&log), [vec![100, 110], vec![2_000, 2_010]], "{order:?}");
    }
    let silent = told("openinference", "00000000000000e2", 110, 880, 0);
    assert_eq!(
        groups(&[outer.clone(), silent.clone()]),
        [vec![100, 110]],
        "one of them was not told the tokens"
    );
    let neither = told("openllmetry", "00000000000000e1", 100, 900, 0);
    assert_eq!(groups(&[neither.clone(), silent]), [vec![100, 110]], "the one lies within the other");
    // Called back one after the other, the libraries end as they began; a call that failed has no tokens.
    let failed = told("openinference", "00000000000000e2", 110, 980, 0);
    assert_eq!(groups(&[neither, failed]), [vec![100, 110]], "they began together");
    let third = told("vendor", "00000000000000e5", 120, 860, 182);
    assert_eq!(groups(&[third, outer, inner]), [vec![100, 110, 120]]);
}

#[test]
fn calls_of_a_model_side_by_side_that_are_not_surely_one_stay_apart() {
    let outer = told("openllmetry", "00000000000000e1", 100, 900, 182);
    let inner = told("openinference", "00000000000000e2", 110, 880, 182);
    let other = |of: Observation<'static>| groups(&[outer.clone(), of]).len();
    assert_eq!(other(Observation { library: Some("openllmetry"), ..inner.clone() }), 2, "of one library");
    assert_eq!(other(Observation { library: None, ..inner.clone() }), 2, "of nobody knows which");
    assert_eq!(other(Observation { model: Some("gpt-4o-mini"), ..inner.clone() }), 2, "another model");
    assert_eq!(other(Observation { model: None, ..inner.clone() }), 2, "nobody knows which model");
    assert_eq!(other(Observation { parent: Some("00000000000000f0"), ..inner.clone() }), 2, "elsewhere");
    assert_eq!(other(Observation { parent: None, ..inner.clone() }), 2, "nowhere");
    assert_eq!(other(told("openinference", "00000000000000e2", 110, 880, 183)), 2, "other tokens");
    assert_eq!(other(told("openinference", "00000000000000e2", 1_001, 880, 182)), 2, "after it");
    let answered = |of: &Observation<'static>, request| Observation { request: Some(request), ..of.clone() };
    let answers = [answered(&outer, "chatcmpl-000000000001"), answered(&inner, "chatcmpl-000000000002")];
    assert_eq!(groups(&answers).len(), 2, "two answers");
    let late = told("openinference", "00000000000000e2", 900, 880, 0);
    assert_eq!(
        groups(&[told("openllmetry", "00000000000000e1", 100, 900, 0), late]).len(),
        2,
        "no tokens, not within"
    );
}

#[test]
fn calls_at_once_are_as_many_as_each_library_tells_of() {
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
        told(library, IDS[n], 100 + 10 * (n as i64 % 3) + n as i64 / 3, 900, 182)
    };
    let all: Vec<_> = (0..6).map(call).collect();
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [0, 3, 1, 4, 2, 5], [3, 0, 4, 2, 5, 1]] {
        let log = order.map(|at| all[at].clone());
        let found = groups(&log);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2], "{order:?}: {found:?}");
    }
}

#[test]
fn a_request_is_one_under_its_id_and_the_tokens_are_those_that_were_told() {
    let request = Some("req_0123456789abcdef");
    let log = Observation { observer: Observer::Log, request, ..model(event(1), 500) };
    let silent = Observation { request, figures: [None; 6], ..model(span(2, "00000000000000c1", None), 0) };
    let events = [silent, log];
    assert_eq!(groups(&events), [vec![1, 2]]);
    let overlay = join(&events);
    assert!(overlay.cursor().is_hidden(0) && !overlay.cursor().is_hidden(1));
    let weak = events.map(|each| Observation { request: Some("1"), ..each });
    assert_eq!(groups(&weak).len(), 2, "a counter is no id");
}

#[test]
fn a_request_and_its_answer_that_one_log_tells_of_apart_are_one_call() {
    let log = |time, phase, outcome| Observation {
        observer: Observer::Log,
        phase: Some(phase),
        outcome,
        figures: [None; 6],
        ..model(event(time), 0)
    };
    let asked = |time| {
        let mut asked = log(time, Phase::Proposed, Outcome::Running);
        asked.figures[5] = Some(20_000);
        asked
    };
    let answered = |time| Observation {
        figures: model(event(0), 900).figures,
        ..log(time, Phase::Result, Outcome::Success)
    };
    let failed = log(1_000_000, Phase::Result, Outcome::Failure);
    // The second answer takes a minute to stream; all have the same tokens.
    let events = [
        failed,
        asked(1_300_000),
        answered(1_304_000),
        asked(1_500_000),
        answered(61_500_000),
        asked(61_600_000),
        answered(61_604_000),
    ];
    let calls = [
        vec![1_000_000],
        vec![1_300_000, 1_304_000],
        vec![1_500_000, 61_500_000],
        vec![61_600_000, 61_604_000],
    ];
    assert_eq!(groups(&events), calls);
    let overlay = join(&events);
    let record = overlay.record(4).expect("the answer is shown");
    assert_eq!(record.times[0], Some(1_480_000), "when the request was sent");
    assert_eq!(record.figures[5], None, "until the answer began is not how long it took");
}

/// Chains of two libraries, one within the other or side by side, around the same call.
#[test]
fn spans_that_a_library_puts_around_a_call_do_not_hide_it() {
    let chain = |time, library, id, parent| Observation {
        kind: ActionType::Workflow,
        library: Some(library),
        ..span(time, id, Some(parent))
    };
    let call = |library, id, parent, from, tokens| Observation {
        parent: Some(parent),
        ..told(library, id, from, 900, tokens)
    };
    let within = [
        chain(1, "openllmetry", "00000000000000d1", "00000000000000e0"),
        chain(2, "openinference", "00000000000000d2", "00000000000000d1"),
        call("openllmetry", "00000000000000e1", "00000000000000d1", 100, 182),
        call("openinference", "00000000000000e2", "00000000000000d2", 110, 182),
    ];
    let beside = [
        chain(1, "openllmetry", "00000000000000d1", "00000000000000e0"),
        chain(2, "openinference", "00000000000000d2", "00000000000000e0"),
        within[2].clone(),
        within[3].clone(),
    ];
    for log in [within.clone(), beside] {
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 3, 0, 1], [0, 3, 2, 1], [2, 0, 3, 1]] {
            let log = order.map(|at| log[at].clone());
            assert_eq!(groups(&log), [vec![1], vec![2], vec![100, 110]], "{order:?}");
        }
    }
    let apart = |change: &dyn Fn(&mut [Observation<'static>; 4])| {
        let mut log = within.clone();
        change(&mut log);
        groups(&log).len()
    };
    assert_eq!(apart(&|log| log[1].library = Some("another")), 4, "another library's span lies between");
    assert_eq!(apart(&|log| log[3].figures[0] = Some(183)), 4, "other tokens");
    assert_eq!(
        apart(&|log| log[3].figures[..2].fill(None)),
        4,
        "without tokens only a common parent will do"
    );
    // An agent's own next call, of the same length, after the first.
    assert_eq!(apart(&|log| log[3].time_us = 1_001), 4, "after it");
}

#[test]
fn of_many_calls_below_one_span_each_is_one() {
    const CALLS: usize = 2_000;
    let ids: Vec<[String; 2]> =
        (0..CALLS).map(|n| [format!("{:016x}", n + 1_000), format!("{:016x}", n + 1_000_000)]).collect();
    let root = Observation {
        kind: ActionType::Workflow,
        library: Some("a"),
        ..span(1, "00000000000000e0", Some("00000000000000d0"))
    };
    let mut log = vec![root];
    for (n, [one, other]) in ids.iter().enumerate() {
        let call = |id, library, at| {
            let call = model(span(at, id, Some("00000000000000e0")), 182);
            Observation {
                library: Some(library),
                model: Some("gpt-4o"),
                figures: [Some(182), Some(1), None, None, None, Some(50)],
                ..call
            }
        };
        log.push(call(one, "a", 1_000 + 100 * n as i64));
        log.push(call(other, "b", 1_001 + 100 * n as i64));
    }
    let found = groups(&log);
    assert_eq!(found.len(), CALLS + 1);
}

/// All orders of a few things.
pub(crate) fn orders<T: Clone>(of: &[T]) -> Vec<Vec<T>> {
    let Some((first, rest)) = of.split_first() else { return vec![Vec::new()] };
    let put = |order: &Vec<T>, at: usize| [&order[..at], std::slice::from_ref(first), &order[at..]].concat();
    orders(rest)
        .iter()
        .flat_map(|order| (0..=order.len()).map(|at| put(order, at)).collect::<Vec<_>>())
        .collect()
}

#[test]
fn requests_and_answers_are_paired_by_their_times_in_whichever_order_they_come() {
    let told = |time, observer, phase, outcome, tokens: Option<i64>| {
        let mut told = Observation { observer, phase: Some(phase), outcome, ..model(event(time), 0) };
        (told.figures[0], told.figures[1]) = (tokens, tokens);
        told
    };
    let asked = |time| told(time, Observer::Log, Phase::Proposed, Outcome::Running, None);
    let answered = |time| told(time, Observer::Log, Phase::Result, Outcome::Success, Some(900));
    let filed = |time| told(time, Observer::Transcript, Phase::Result, Outcome::Success, Some(900));
    let first = [asked(1_000_000), answered(1_030_000), filed(1_032_000)];
    let second = [asked(1_300_000), answered(1_330_000), filed(1_331_000)];
    let third = [asked(1_600_000), answered(1_630_000)];
    let calls = [
        vec![1_000_000, 1_030_000, 1_032_000],
        vec![1_300_000, 1_330_000, 1_331_000],
        vec![1_600_000, 1_630_000],
    ];
    for events in orders(&[&first[..], &second, &third[..1]].concat()) {
        let events = [&events[..], &third[1..]].concat();
        assert_eq!(
            groups(&events),
            calls,
            "{:?}",
            events.iter().map(|event| event.time_us).collect::<Vec<_>>()
        );
        assert_eq!(closures(&events), [Closure::Success; 3]);
    }
    // Without the log's word of the answer, that of the session's file is one.
    for events in orders(&[asked(1_000_000), filed(1_032_000), asked(1_300_000), filed(1_331_000)]) {
        assert_eq!(groups(&events), [vec![1_000_000, 1_032_000], vec![1_300_000, 1_331_000]]);
    }
}
