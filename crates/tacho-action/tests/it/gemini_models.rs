//! Five requests of a Gemini CLI session to its model, which hooks, spans, log records and the session's file tell of: in
//! whichever order the batches come, each is one. All have the same tokens, so only their times tell them apart.

use crate::dice::Dice;
use crate::gemini::{model_hook, model_span};
use crate::scene::{event, groups, model};
use std::collections::BTreeSet;
use tacho_action::{Observation, Observer};
use tacho_event::words::{Outcome, Phase};

type Log = Vec<Observation<'static>>;

/// Of each request: when it was proposed and answered, to hooks; its span, from when and how long; when it was asked and
/// answered, to the log, and how long that says that it took; when the file says so. Milliseconds.
const REQUESTS: [[i64; 8]; 5] = [
    [4_777, 5_048, 4_976, 461, 4_982, 5_426, 443, 5_439],
    [6_528, 6_882, 6_849, 216, 6_850, 7_052, 202, 7_066],
    [7_500, 7_875, 7_831, 309, 7_832, 8_139, 307, 8_140],
    [9_382, 9_647, 9_613, 170, 9_614, 9_782, 168, 9_783],
    [10_265, 10_670, 10_632, 228, 10_633, 10_858, 217, 10_861],
];
const IDS: [[&str; 2]; 5] = [
    ["hook-model-00000000000000a1", "aa977b18888c363d"],
    ["hook-model-00000000000000a2", "aa977b188886958f"],
    ["hook-model-00000000000000a3", "aa977b18888a59d6"],
    ["hook-model-00000000000000a4", "777a53d844f2c109"],
    ["hook-model-00000000000000a5", "aa977b1888803490"],
];

fn told(ms: i64, observer: Observer, phase: Phase, took_ms: Option<i64>) -> Observation<'static> {
    let mut told = Observation { observer, phase: Some(phase), ..model(event(ms * 1_000), 800) };
    told.figures[5] = took_ms.map(|took| took * 1_000);
    if phase == Phase::Proposed {
        told.outcome = Outcome::Running;
        told.figures = [None; 6];
    }
    told
}

/// What each witness sends, in its order.
fn witnesses() -> [Log; 4] {
    let of = |each: &dyn Fn(usize, [i64; 8]) -> Log| -> Log {
        REQUESTS.iter().enumerate().flat_map(|(at, request)| each(at, *request)).collect()
    };
    [
        of(&|at, [proposed, answered, ..]| {
            let id = IDS[at][0];
            vec![model_hook(proposed, "BeforeModel", id), model_hook(answered, "AfterModel", id)]
        }),
        of(&|at, [_, _, from, took, ..]| vec![model_span(from, took, IDS[at][1])]),
        of(&|_, [_, _, _, _, asked, answered, took, _]| {
            let answer = told(answered, Observer::Log, Phase::Result, Some(took));
            vec![told(asked, Observer::Log, Phase::Proposed, None), answer]
        }),
        of(&|_, [.., filed]| vec![told(filed, Observer::Transcript, Phase::Result, None)]),
    ]
}

impl Dice {
    /// What a witness sends in batches, of which two are swapped with the next one.
    fn swapped(&mut self, sent: &Log) -> Log {
        let size = [1, 2, 3][self.below(3)];
        let mut batches: Vec<Log> = sent.chunks(size).map(<[_]>::to_vec).collect();
        for _ in 0..2 {
            if batches.len() > 1 {
                let at = self.below(batches.len() - 1);
                batches.swap(at, at + 1);
            }
        }
        batches.concat()
    }

    fn order(&mut self) -> Log {
        let [hooks, spans, records, filed] = witnesses();
        let mut rest = [hooks, self.swapped(&spans), self.swapped(&records), filed];
        let mut log = Log::new();
        while rest.iter().any(|sent| !sent.is_empty()) {
            // Each goes on as fast as it has more to send.
            let mut at = self.below(rest.iter().map(Vec::len).sum());
            let of = rest.iter_mut().find(|sent| {
                let is_it = at < sent.len();
                at = at.saturating_sub(sent.len());
                is_it
            });
            log.extend(of.map(|sent| sent.remove(0)));
        }
        log
    }
}

fn want(requests: &[[i64; 8]]) -> Vec<Vec<i64>> {
    let times = |[proposed, answered, from, _, asked, logged, _, filed]: &[i64; 8]| {
        let mut times = [*proposed, *answered, *from, *asked, *logged, *filed].map(|ms| ms * 1_000).to_vec();
        times.sort_unstable();
        times
    };
    requests.iter().map(times).collect()
}

fn times(order: &Log) -> Vec<i64> {
    order.iter().map(|of| of.time_us / 1_000).collect()
}

#[test]
fn each_request_is_one_in_whichever_order_its_witnesses_batches_come() {
    let mut dice = Dice(1);
    for _ in 0..300 {
        let order = dice.order();
        assert_eq!(groups(&order), want(&REQUESTS), "{:?}", times(&order));
    }
    for _ in 0..300 {
        let order = dice.shuffled(witnesses().concat());
        assert_eq!(groups(&order), want(&REQUESTS), "{:?}", times(&order));
    }
}

#[test]
fn beside_hooks_each_request_is_one_also_where_one_of_the_others_is_missing() {
    let mut dice = Dice(2);
    for left_out in 1..4 {
        let mut sent = witnesses();
        sent[left_out].clear();
        let all: Log = sent.concat();
        let times: BTreeSet<i64> = all.iter().map(|of| of.time_us).collect();
        let mut want = want(&REQUESTS);
        want.iter_mut().for_each(|request| request.retain(|at| times.contains(at)));
        for _ in 0..50 {
            assert_eq!(groups(&dice.shuffled(all.clone())), want, "without {left_out}");
        }
    }
}

/// No hook tells the end of a request that failed, and the next one is the same again.
#[test]
fn a_request_that_failed_is_one_beside_the_one_that_asks_again() {
    let failed = |of: Observation<'static>| Observation { outcome: Outcome::Failure, ..of };
    let untold = |of: Observation<'static>| {
        let mut figures = of.figures;
        figures[..2].fill(None);
        Observation { figures, ..of }
    };
    let all = vec![
        model_hook(1_000, "BeforeModel", IDS[0][0]),
        failed(model_span(1_200, 150, IDS[0][1])),
        told(1_201, Observer::Log, Phase::Proposed, None),
        failed(untold(told(1_349, Observer::Log, Phase::Result, Some(147)))),
        model_hook(2_400, "BeforeModel", IDS[1][0]),
        model_hook(2_650, "AfterModel", IDS[1][0]),
        model_span(2_600, 300, IDS[1][1]),
        told(2_601, Observer::Log, Phase::Proposed, None),
        told(2_899, Observer::Log, Phase::Result, Some(297)),
    ];
    let want = [vec![1_000, 1_200, 1_201, 1_349], vec![2_400, 2_600, 2_601, 2_650, 2_899]];
    let want = want.map(|request| request.into_iter().map(|ms| ms * 1_000).collect::<Vec<i64>>());
    let mut dice = Dice(3);
    for _ in 0..300 {
        let order = dice.shuffled(all.clone());
        assert_eq!(groups(&order), want, "{:?}", times(&order));
    }
}
