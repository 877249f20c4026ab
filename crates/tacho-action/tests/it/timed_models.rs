//! Requests to a model that spans and log records tell of without an id: known by how long they took.

use crate::scene::{event, groups, model, span};
use tacho_action::{Observation, Observer};
use tacho_event::words::Phase;

fn log(ended: i64, took: i64, tokens: i64, agent: &'static str) -> Observation<'static> {
    let mut log = Observation { observer: Observer::Log, agent, ..model(event(ended), tokens) };
    log.phase = Some(Phase::Result);
    log.figures[5] = Some(took);
    log
}

fn timed(began: i64, took: i64, id: &'static str, agent: &'static str) -> Observation<'static> {
    let mut span = Observation { session: event(0).session, agent, ..model(span(began, id, None), 0) };
    span.figures = [None, None, None, None, None, Some(took)];
    span
}

/// As Claude Code tells behind a gateway that gives no request ids.
#[test]
fn spans_and_log_records_of_requests_close_together_are_known_by_how_long_they_took() {
    let all = [
        timed(5_963_000, 146_029, "00000000000000d1", "root"),
        timed(6_203_000, 165_364, "00000000000000d2", "root"),
        timed(6_902_000, 190_646, "00000000000000d3", "one"),
        timed(6_926_000, 196_653, "00000000000000d4", "other"),
        log(6_109_001, 144_000, 500, "root"),
        log(6_367_001, 163_000, 501, "root"),
        log(7_092_001, 164_000, 502, "one"),
        log(7_122_001, 193_000, 503, "other"),
    ];
    let told = [
        vec![5_963_000, 6_109_001],
        vec![6_203_000, 6_367_001],
        vec![6_902_000, 7_092_001],
        vec![6_926_000, 7_122_001],
    ];
    for order in [
        [0, 1, 2, 3, 4, 5, 6, 7],
        [4, 5, 6, 7, 0, 1, 2, 3],
        [7, 3, 2, 6, 5, 1, 0, 4],
        [4, 0, 5, 1, 7, 6, 3, 2],
    ] {
        assert_eq!(groups(&order.map(|at| all[at].clone())), told, "{order:?}");
    }
    let twins =
        [timed(1_000, 90_000, "00000000000000d1", "root"), timed(2_000, 90_000, "00000000000000d2", "root")];
    let [one, other] = twins;
    assert_eq!(groups(&[one, other, log(91_500, 90_000, 500, "root")]).len(), 3, "either may be meant");
}

/// A span goes on from the first attempt to the last, the log counts the last alone.
#[test]
fn a_request_that_was_tried_again_is_the_one_that_ended_with_it() {
    let all = [
        timed(1_000_000, 43_000, "00000000000000d1", "root"),
        timed(1_060_000, 1_917_000, "00000000000000d2", "root"),
        timed(2_990_000, 1_020_000, "00000000000000d3", "root"),
        timed(4_030_000, 43_000, "00000000000000d4", "root"),
        log(1_043_001, 42_000, 1_037, "root"),
        log(2_977_001, 22_000, 1_074, "root"),
        log(4_010_001, 23_000, 1_111, "root"),
        log(4_073_001, 42_000, 1_148, "root"),
    ];
    let told: Vec<Vec<i64>> = (0..4).map(|at| vec![all[at].time_us, all[at + 4].time_us]).collect();
    for order in [
        [0, 1, 2, 3, 4, 5, 6, 7],
        [4, 5, 6, 7, 0, 1, 2, 3],
        [7, 3, 2, 6, 5, 1, 0, 4],
        [3, 2, 1, 0, 7, 6, 5, 4],
    ] {
        assert_eq!(groups(&order.map(|at| all[at].clone())), told, "{order:?}");
    }
}
