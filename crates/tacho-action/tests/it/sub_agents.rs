//! Requests of sub-agents at once, which nothing but their agents tells apart.

use crate::models::orders;
use crate::scene::{event, groups, model};
use tacho_action::{Observation, Observer};
use tacho_event::words::{Outcome, Phase};

#[test]
fn requests_of_sub_agents_at_once_with_the_same_tokens_are_paired_by_their_agents() {
    let told = |time, observer, agent| {
        let told = Observation { phase: Some(Phase::Result), observer, agent, ..model(event(time), 900) };
        Observation { outcome: Outcome::Success, ..told }
    };
    let log = |time, agent| told(time, Observer::Log, agent);
    let file = |time, agent| told(time, Observer::Transcript, agent);
    let all = [
        log(1_000_000, "sub-1"),
        log(1_004_000, "sub-2"),
        file(1_003_000, "sub-2"),
        file(1_006_000, "sub-1"),
        file(1_600_000, "program"),
        log(1_602_000, "the program by another name"),
    ];
    let calls = [vec![1_000_000, 1_006_000], vec![1_003_000, 1_004_000], vec![1_600_000, 1_602_000]];
    for log in orders(&all) {
        let times = log.iter().map(|event| event.time_us).collect::<Vec<_>>();
        assert_eq!(groups(&log), calls, "{times:?}");
    }
}
