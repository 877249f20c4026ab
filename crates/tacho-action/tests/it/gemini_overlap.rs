//! Requests of one Gemini CLI session to its models that go on at once, as those of sub-agents do: parts of two are never one,
//! and what differs in tokens is told apart.

use crate::dice::Dice;
use crate::gemini::{model_hook, model_span};
use crate::scene::{event, groups, join, model};
use tacho_action::{Entry, Observation, Observer};
use tacho_event::words::{Outcome, Phase};

type Log = Vec<Observation<'static>>;

const IDS: [[&str; 2]; 3] = [
    ["hook-model-00000000000000d1", "aa977b18888c363d"],
    ["hook-model-00000000000000d2", "aa977b188886958f"],
    ["hook-model-00000000000000d3", "aa977b18888a59d6"],
];

/// When a request was proposed and when its answer was hooked; from when to when the log says that it went on; milliseconds.
#[derive(Clone, Copy)]
struct Request {
    proposed: i64,
    began: i64,
    hooked: i64,
    ended: i64,
    tokens: i64,
}

impl Request {
    /// One that is proposed at a time, and lasts as requests do.
    fn at(proposed: i64, tokens: i64, dice: &mut Dice) -> Request {
        let mut between = |low: i64, high: i64| low + dice.below((high - low) as usize) as i64;
        let began = proposed + between(20, 300);
        let ended = began + between(400, 1_500);
        Request { proposed, began, hooked: ended - between(2, 60), ended, tokens }
    }

    /// What hooks, the log, a span and the session's file tell of it. No two of all have the same time.
    fn told(&self, number: usize) -> [Log; 4] {
        let [id, span] = IDS[number];
        let at = |of: Observation<'static>, place: i64| {
            let mut figures = of.figures;
            figures[0] = of.figures[0].map(|_| self.tokens);
            Observation { time_us: of.time_us + number as i64 * 10 + place, figures, ..of }
        };
        let told = |ms: i64, observer, took_ms: i64| {
            let mut told =
                Observation { observer, phase: Some(Phase::Result), ..model(event(ms * 1_000), 800) };
            told.figures[5] = Some(took_ms * 1_000).filter(|took| *took > 0);
            told
        };
        let took = self.ended - self.began;
        let asked = Observation {
            phase: Some(Phase::Proposed),
            outcome: Outcome::Running,
            figures: [None; 6],
            ..told(self.began - 1, Observer::Log, 0)
        };
        [
            vec![
                at(model_hook(self.proposed, "BeforeModel", id), 1),
                at(model_hook(self.hooked, "AfterModel", id), 2),
            ],
            vec![at(asked, 6), at(told(self.ended, Observer::Log, took), 3)],
            vec![at(model_span(self.began - 1, took + 6, span), 4)],
            vec![at(told(self.ended + 9, Observer::Transcript, 0), 5)],
        ]
    }
}

fn of(requests: &[Request], witnesses: &[usize]) -> Vec<Log> {
    let told = |(number, request): (usize, &Request)| {
        let told = request.told(number);
        witnesses.iter().flat_map(|witness| told[*witness].clone()).collect()
    };
    requests.iter().enumerate().map(told).collect()
}

/// The tokens of all rows.
fn tokens(log: &Log) -> i64 {
    let overlay = join(log);
    let counts = |(at, of): (usize, &Observation<'_>)| match overlay.entry(at as u64) {
        Some(Entry::Hidden { .. }) => None,
        Some(Entry::Shown(record)) => of.figures[0].or(record.figures[0]),
        None => of.figures[0],
    };
    log.iter().enumerate().filter_map(counts).sum()
}

fn times(log: &Log) -> Vec<i64> {
    let mut times: Vec<i64> = log.iter().map(|of| of.time_us).collect();
    times.sort_unstable();
    times
}

fn never_mixed(found: &[Vec<i64>], told: &[Log]) {
    for group in found {
        let is_of = |log: &Log| group.iter().all(|time| times(log).contains(time));
        assert!(told.iter().any(is_of), "{group:?} is of two requests");
    }
}

/// Of hooks, log, span and file each two or more that have tokens, or stand beside some that have.
const WITNESSES: [&[usize]; 5] = [&[0, 1], &[0, 1, 2], &[0, 1, 2, 3], &[0, 2, 3], &[0, 1, 3]];

#[test]
fn requests_at_once_that_differ_in_tokens_are_told_apart_in_any_order() {
    let mut dice = Dice(31);
    let mut whole = [0; WITNESSES.len()];
    for _ in 0..60 {
        let apart = [30, 100, 200][dice.below(3)];
        let requests = [0, 1].map(|at| Request::at(10_000 + at * apart, 1_000 * (at + 1), &mut dice));
        for (witnesses, whole) in WITNESSES.iter().zip(&mut whole) {
            let told = of(&requests, witnesses);
            let first = groups(&told.concat());
            for _ in 0..6 {
                let log = dice.shuffled(told.concat());
                let found = groups(&log);
                never_mixed(&found, &told);
                assert_eq!(found, first, "all orders end the same");
                assert_eq!(tokens(&log), 3_000, "{witnesses:?} {found:?}");
            }
            *whole += usize::from(first.len() == 2);
        }
    }
    // What says no tokens, a span or that a model was asked, is in doubt where both began nearly at once.
    assert!(whole.iter().all(|whole| *whole >= 50), "{whole:?}");
}

#[test]
fn of_requests_at_once_with_the_same_tokens_no_parts_are_mixed_in_any_order() {
    let mut dice = Dice(32);
    for _ in 0..60 {
        let apart = [30, 100, 200, 700][dice.below(4)];
        let requests = [0, 1, 2].map(|at| Request::at(10_000 + at * apart, 800, &mut dice));
        for witnesses in WITNESSES {
            let told = of(&requests, witnesses);
            let first = groups(&told.concat());
            for _ in 0..6 {
                let found = groups(&dice.shuffled(told.concat()));
                never_mixed(&found, &told);
                assert_eq!(found, first, "all orders end the same");
            }
        }
    }
}

/// The one began before the other and ended before it: what lies within which tells.
#[test]
fn requests_with_the_same_tokens_whose_hooks_lie_within_one_answer_alone_are_whole() {
    let request =
        |proposed: i64, began, hooked, ended| Request { proposed, began, hooked, ended, tokens: 800 };
    let requests = [request(10_000, 10_200, 14_900, 15_000), request(11_000, 11_200, 13_900, 14_000)];
    let mut dice = Dice(33);
    for witnesses in WITNESSES {
        let told = of(&requests, witnesses);
        let want: Vec<Vec<i64>> = told.iter().map(times).collect();
        for _ in 0..20 {
            assert_eq!(groups(&dice.shuffled(told.concat())), want, "{witnesses:?}");
        }
    }
}

/// Of two requests at once the log of one never came: the other's may be of either.
#[test]
fn an_answer_that_may_be_of_either_of_two_requests_is_of_neither() {
    let request =
        |proposed: i64, began, hooked, ended| Request { proposed, began, hooked, ended, tokens: 800 };
    let requests = [request(10_000, 10_200, 11_000, 11_200), request(10_150, 10_400, 11_100, 11_300)];
    let told = of(&requests, &[0, 1]);
    let mut log = told.concat();
    log.truncate(log.len() - 2);
    let mut dice = Dice(34);
    for _ in 0..20 {
        assert_eq!(groups(&dice.shuffled(log.clone())).len(), 3);
    }
}

/// As a real program's two sub-agents asked, 11 ms apart: by their times either record of the request may be of either answer.
#[test]
fn that_a_model_was_asked_is_of_the_request_in_whose_span_it_was_told() {
    let told_at = [(9_147, 9_216, 9_380, 9_413, 1_851), (9_164, 9_228, 9_400, 9_441, 1_888)];
    let requests = told_at.map(|(proposed, began, hooked, ended, tokens)| Request {
        proposed,
        began,
        hooked,
        ended,
        tokens,
    });
    let mut told = of(&requests, &[0, 1, 2, 3]);
    for (log, [_, span]) in told.iter_mut().zip(IDS) {
        let asked =
            log.iter_mut().find(|of| of.observer == Observer::Log && of.phase == Some(Phase::Proposed));
        asked.expect("each was asked").parent = Some(span);
    }
    let want: Vec<Vec<i64>> = told.iter().map(times).collect();
    let mut dice = Dice(35);
    for _ in 0..60 {
        assert_eq!(groups(&dice.shuffled(told.concat())), want);
    }
}
