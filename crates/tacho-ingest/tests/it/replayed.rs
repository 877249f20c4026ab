//! History: times by neighbours, repeats, and that a second import is all duplicates.

use crate::common::{NOW_US, Taken, take_with};
use tacho_event::words::Outcome;
use tacho_ingest::{Options, Place};
use tacho_redact::minimise::Minimisation;

fn import(body: &str, place: Option<&Place>) -> Taken {
    let options = Options { replay: true, file: "f", place, ..Options::default() };
    take_with(body.as_bytes(), &options, Minimisation::default())
}

/// Seconds since the first minute of the day, or none where no time is claimed.
fn times(body: &str) -> Vec<Option<i64>> {
    let taken = import(body, None);
    let at =
        |e: &tacho_event::record::Accepted<'_>| (e.header.timestamp_us - 1_795_219_200_000_000) / 1_000_000;
    taken.events().iter().map(|event| event.header.time_claimed.then(|| at(event))).collect()
}

fn ids(taken: &Taken) -> Vec<([u8; 16], Option<u64>)> {
    taken.events().iter().map(|event| (event.header.id.0, event.content)).collect()
}

const SUMMARY: &str = r#"{"type":"summary","summary":"x","leafUuid":"l"}"#;

fn said(second: u32) -> String {
    format!(
        r#"{{"type":"user","uuid":"u{second}","sessionId":"s","timestamp":"2026-11-21T00:00:{second:02}Z","message":{{"content":"x"}}}}"#
    )
}

#[test]
fn a_line_without_a_time_takes_its_neighbours() {
    let snapshot = r#"{"type":"file-history-snapshot","messageId":"m","snapshot":{}}"#;
    let body = [SUMMARY, snapshot, &said(5), snapshot, &said(7), SUMMARY].join("\n");
    assert_eq!(times(&body), [5, 5, 5, 5, 7, 7].map(Some));
    assert_eq!(times(&format!("{SUMMARY}\n{{\"n\":1}}\n")), [None, None], "there is none to take");
    let refused = r#"{"timestamp":"2026-11-21T00:00:01Z","id":1,"id":2}"#;
    assert_eq!(times(&[SUMMARY, refused, &said(9)].join("\n")), [9, 9].map(Some));
    let live = crate::common::take(&[SUMMARY, &said(5)].join("\n"));
    assert_eq!(live.events()[0].header.timestamp_us, NOW_US, "only history has neighbours");
}

#[test]
fn a_time_that_is_taken_from_a_neighbour_makes_no_other_event() {
    let before = import(SUMMARY, None);
    let after = import(&[SUMMARY, &said(5)].join("\n"), None);
    assert_eq!(ids(&before)[0], ids(&after)[0], "a file that has grown");
    assert!(!before.one().header.time_claimed && after.events()[0].header.time_claimed);
}

/// A line of OpenHands is a run, told without a time, and its steps.
#[test]
fn a_run_takes_the_time_of_its_own_first_step() {
    let run = |second: u32, error: &str| {
        format!(
            r#"{{"instance_id":"i{second}","instruction":"x","metrics":{{"accumulated_cost":0.01}},"error":{error},"history":[{{"id":0,"source":"user","action":"message","args":{{"content":"x"}}}},{{"id":1,"source":"agent","action":"finish","args":{{}},"timestamp":"2026-11-21T00:00:{second:02}"}}]}}"#
        )
    };
    let body = [run(9, "null"), run(4, r#""AgentStuckInLoopError: stuck""#), run(7, r#""""#)].join("\n");
    assert_eq!(times(&body), [9, 9, 9, 4, 4, 4, 7, 7, 7].map(Some));
    let taken = import(&body, None);
    let events = taken.events();
    let runs = [0, 3, 6].map(|at| (events[at].header.action_name, events[at].header.outcome));
    let outcomes = [Outcome::Unknown, Outcome::Failure, Outcome::Unknown];
    assert_eq!(runs, outcomes.map(|outcome| ("run", outcome)), "what says why it ended ended badly");
}

#[test]
fn equal_lines_of_a_transcript_are_counted_and_stay_the_same_on_a_second_import() {
    let blocks = r#"{"type":"assistant","sessionId":"s","message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}"#;
    let body = [SUMMARY, SUMMARY, blocks, SUMMARY, blocks, SUMMARY].join("\n");
    let taken = import(&body, None);
    let first = ids(&taken);
    assert_eq!(first, ids(&import(&body, None)));
    let distinct: std::collections::HashSet<_> = first.iter().map(|(id, _)| id).collect();
    assert_eq!((first.len(), distinct.len()), (8, 8));
    assert_eq!(ids(&import(SUMMARY, None))[0], first[0]);
    let next = ids(&import(&body, Some(&taken.tally.place)));
    assert!(next.iter().all(|id| !first.contains(id)), "another part of the file");
    let own = said(5);
    let twice = ids(&import(&[own.as_str(), &own].join("\n"), None));
    assert_eq!(twice[0], twice[1], "a line with an id is itself");
}
