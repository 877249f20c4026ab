//! States of one event that leave out whose they are, or say it otherwise.

use crate::same_id::rows;
use crate::scene::{closures, event, join, model, session};
use tacho_action::{Closure, Entry, Observation, Observer};
use tacho_event::words::{ActionType, Known, Outcome, Phase};

fn state(revision: u32, agent: &'static str, number: Option<u8>, outcome: Outcome) -> Observation<'static> {
    let session = number.map(session);
    let time_us = i64::from(revision) * 1_000;
    Observation { state: 7, revision, agent, session, outcome, observer: Observer::Event, ..event(time_us) }
}

#[test]
fn what_leaves_out_agent_or_session_means_the_one_that_it_can_mean() {
    let (running, success) = (Outcome::Running, Outcome::Success);
    let count = |log: &[Observation<'_>]| rows(log, &join(log)).len();
    let begun = state(0, "A", Some(1), running);
    assert_eq!(count(&[begun.clone(), state(1, "unknown", None, success)]), 1, "neither is said");
    assert_eq!(count(&[begun.clone(), state(1, "A", None, success)]), 1, "the agent is");
    assert_eq!(count(&[begun.clone(), state(1, "unknown", Some(1), success)]), 1, "the session is");
    assert_eq!(
        count(&[state(0, "unknown", None, running), state(1, "A", Some(1), success)]),
        1,
        "said later"
    );
    assert_eq!(count(&[begun.clone(), state(1, "A", Some(2), success)]), 2, "another session");
    let both = [begun.clone(), state(1, "B", Some(1), running)];
    let with = |more: &[Observation<'static>]| [&both[..], more].concat();
    assert_eq!(count(&with(&[state(2, "unknown", None, success)])), 3, "which one is meant is not said");
    let over = with(&[state(2, "B", Some(1), success), state(3, "unknown", None, success)]);
    assert_eq!(count(&over), 2, "one of them still waits");
}

#[test]
fn an_answer_of_whom_a_message_was_sent_to_is_a_later_state_of_it() {
    let message = |revision, from, to, outcome| Observation {
        kind: ActionType::Communication,
        name: "request",
        started: Some(to),
        ..state(revision, from, Some(1), outcome)
    };
    let asked = message(0, "A", "Z", Outcome::Unknown);
    let count = |log: &[Observation<'_>]| rows(log, &join(log)).len();
    assert_eq!(count(&[asked.clone(), message(1, "Z", "A", Outcome::Success)]), 1);
    assert_eq!(count(&[asked.clone(), message(1, "B", "Z", Outcome::Unknown)]), 2);
    let both = [asked, message(1, "B", "Z", Outcome::Unknown), message(2, "Z", "B", Outcome::Success)];
    let found = rows(&both, &join(&both));
    assert_eq!(found.iter().map(|row| row.2).collect::<Vec<_>>(), [Outcome::Unknown, Outcome::Success]);
}

#[test]
fn calls_under_one_event_id_stay_apart() {
    let flat =
        |revision, call| Observation { call: Some(call), ..state(revision, "A", Some(1), Outcome::Running) };
    let log = [flat(0, "c1"), flat(1, "c2"), flat(2, "c3")];
    assert_eq!(rows(&log, &join(&log)).len(), 3);
    let over = log.map(|one| Observation { outcome: Outcome::Success, ..one });
    assert_eq!(rows(&over, &join(&over)).len(), 3, "also what was over at once");
}

#[test]
fn the_steps_of_a_call_under_one_id_are_one_action() {
    let step = |revision, phase, outcome| Observation {
        phase: Some(phase),
        ..state(revision, "A", Some(1), outcome)
    };
    let steps = [
        step(0, Phase::Proposed, Outcome::Unknown),
        step(1, Phase::Executed, Outcome::Running),
        step(2, Phase::Result, Outcome::Success),
    ];
    assert_eq!(rows(&steps, &join(&steps)).len(), 1);
    assert_eq!(closures(&steps), [Closure::Success]);
    assert_eq!(closures(&steps[..1]), [Closure::Open]);
    let other = Observation { agent: "B", session: Some(session(2)), ..steps[2].clone() };
    assert_eq!(rows(&[steps[0].clone(), other.clone()], &join(&[steps[0].clone(), other])).len(), 2);
}

#[test]
fn how_an_action_ended_is_its_agents_also_where_that_is_not_said() {
    let report = |time, agent, session| Observation {
        observer: Observer::Mcp,
        call: Some("e1"),
        agent,
        session,
        ..event(time)
    };
    let begun = Observation { outcome: Outcome::Running, ..report(1, "B", Some(session(4))) };
    let outcome =
        Observation { kind: ActionType::Workflow, phase: Some(Phase::Result), ..report(2, "unknown", None) };
    let overlay = join(&[begun, Observation { outcome: Outcome::Success, ..outcome }]);
    let entry = overlay.entry(1).unwrap();
    assert_eq!((entry.agent(), entry.session()), (Some("B"), Some([4; 16])), "{entry:?}");
    assert!(overlay.heirs_of_agent("B").is_some() && overlay.changes().agents == 1);
}

/// A session file has the tokens of the stream's beginning first. The last state counts, whoever has an id for the request.
#[test]
fn an_answer_that_grew_in_its_file_counts_by_its_last_state() {
    for request in [None, Some("req_011CQa1bC2dE3fG4hI5jK6lM")] {
        let grown = |revision: u32, tokens: i64| {
            let mut told = model(state(revision, "claude-code", Some(1), Outcome::Success), 10);
            told.figures[1] = Some(tokens);
            Observation {
                phase: None,
                observer: Observer::Transcript,
                known: Known::Imported,
                request,
                ..told
            }
        };
        let mut log = vec![grown(0, 1), grown(1, 90), grown(2, 400)];
        let out = |log: &[Observation<'_>]| {
            let overlay = join(log);
            assert_eq!(rows(log, &overlay).len(), 1, "{request:?}");
            let shown = log.iter().enumerate().find_map(|(index, event)| match overlay.entry(index as u64) {
                Some(Entry::Shown(record)) => Some(record.figures[1].or(event.figures[1])),
                _ => None,
            });
            shown.flatten()
        };
        assert_eq!(out(&log), Some(400), "{request:?}");
        // A witness beside it that tells no tokens shows those of the last state, too.
        let mut span = Observation { figures: [None; 6], state: 0, revision: 0, ..log[0].clone() };
        (span.observer, span.known, span.time_us) = (Observer::Log, Known::Observed, 5_000);
        log.push(span);
        if request.is_some() {
            assert_eq!(out(&log), Some(400), "{request:?}");
        }
    }
}
