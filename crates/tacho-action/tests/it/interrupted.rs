//! Calls of Claude Code that a person refused, and those that ran until a person interrupted them: its transcript says the same
//! of both, its telemetry and its hooks do not. And the spans around both, which begin before anybody is asked.

use crate::dice::Dice;
use crate::scene::{closures, end, event, hook, join, span};
use tacho_action::{Closure, Observation, Observer, Record};
use tacho_event::words::{Known, Outcome, Phase};

const CALL: &str = "toolu_01A09q90qw90lq917835";
const ORDERS: u64 = 60;

fn log(time_us: i64, phase: Phase, outcome: Outcome) -> Observation<'static> {
    let observer = Observer::Log;
    Observation { observer, call: Some(CALL), phase: Some(phase), outcome, ..event(time_us) }
}

/// What the transcript says of a call that a person did not want to go on.
fn line(time_us: i64) -> Observation<'static> {
    let told = log(time_us, Phase::Result, Outcome::Failure);
    let (observer, name, error_type) = (Observer::Transcript, "tool_result", Some("refused"));
    Observation { observer, known: Known::Imported, name, error_type, has_error: true, ..told }
}

fn lasting(of: Observation<'static>, took_us: i64) -> Observation<'static> {
    Observation { figures: [None, None, None, None, None, Some(took_us)], ..of }
}

/// The span around the call, the one of waiting, and the one of running, microseconds from 10 on.
fn spans(decided: Outcome, ran: Option<Outcome>) -> Vec<Observation<'static>> {
    let [around, waits, runs] = ["00000000000000d1", "00000000000000d2", "00000000000000d3"];
    let called = |of: Observation<'static>| Observation {
        call: Some(CALL),
        phase: Some(Phase::Executed),
        has_output: true,
        ..of
    };
    let waited =
        Observation { phase: Some(Phase::Decided), outcome: decided, ..span(11, waits, Some(around)) };
    let whole = lasting(called(span(10, around, None)), 5_000);
    let run =
        ran.map(|outcome| lasting(Observation { outcome, ..called(span(2_012, runs, Some(around))) }, 2_900));
    [whole, lasting(waited, 2_000)].into_iter().chain(run).collect()
}

fn record(log: &[Observation<'_>]) -> Record {
    let overlay = join(log);
    let mut shown = (0..log.len() as u64).filter_map(|index| overlay.record(index));
    let record = shown.next().expect("something is shown").clone();
    assert!(shown.next().is_none(), "one row");
    record
}

#[test]
fn a_call_that_ran_until_it_was_interrupted_is_not_refused_in_any_order() {
    let failed = lasting(log(6, Phase::Result, Outcome::Failure), 4_184_000);
    let told = [
        vec![log(4, Phase::Decided, Outcome::Unknown)],
        vec![failed],
        vec![hook(6, "PostToolUseFailure", Some(CALL))],
        spans(Outcome::Unknown, Some(Outcome::Failure)),
        spans(Outcome::Unknown, None),
    ];
    for told in told {
        let mut all = vec![hook(1, "PreToolUse", Some(CALL)), line(9), end(20_000, "SessionEnd")];
        all.extend(told);
        for seed in 0..ORDERS {
            let log = Dice(seed).shuffled(all.clone());
            let closures: Vec<_> =
                closures(&log).into_iter().filter(|one| *one != Closure::Unknown).collect();
            assert_eq!(closures, [Closure::Failure], "{log:?}");
        }
    }
}

#[test]
fn a_call_that_was_not_let_run_stays_refused_in_any_order() {
    let rejected = log(4, Phase::Decided, Outcome::Failure);
    let told = [
        vec![],
        vec![rejected.clone()],
        spans(Outcome::Failure, None),
        spans(Outcome::Failure, None),
        // It comes whatever became of the call, here with words that nobody knows.
        vec![hook(5, "PostToolBatch", Some(CALL))],
    ];
    for (number, told) in told.into_iter().enumerate() {
        let mut all = vec![hook(1, "PreToolUse", Some(CALL)), line(9)];
        all.extend(told);
        all.extend(Some(rejected.clone()).filter(|_| number == 3));
        for seed in 0..ORDERS {
            let log = Dice(seed).shuffled(all.clone());
            assert_eq!(closures(&log), [Closure::Refused], "{log:?}");
        }
    }
    // That somebody says so of itself lets no call run.
    let own = Observation {
        known: Known::SelfReported,
        observer: Observer::Event,
        ..log(4, Phase::Decided, Outcome::Unknown)
    };
    assert_eq!(closures(&[hook(1, "PreToolUse", Some(CALL)), own, line(9)]), [Closure::Refused]);
}

#[test]
fn what_reads_like_a_refusal_does_not_stand_for_a_call_that_ran() {
    let accepted = log(4, Phase::Decided, Outcome::Unknown);
    let log = [hook(1, "PreToolUse", Some(CALL)), accepted, line(9)];
    let overlay = join(&log);
    assert!(overlay.record(2).is_none(), "its reason is void");
    assert!(overlay.record(0).is_some());
}

#[test]
fn a_call_is_decided_when_the_waiting_ends_and_executed_when_it_runs() {
    let asked = hook(20, "PermissionRequest", None);
    let mut all = vec![
        hook(1, "PreToolUse", Some(CALL)),
        asked,
        lasting(log(4_912, Phase::Result, Outcome::Success), 2_900),
    ];
    all.extend(spans(Outcome::Unknown, Some(Outcome::Success)));
    for seed in 0..ORDERS {
        let told = record(&Dice(seed).shuffled(all.clone()));
        assert_eq!(told.times, [Some(1), Some(20), Some(2_011), Some(2_012), Some(4_912)]);
    }
    let told = record(&spans(Outcome::Unknown, Some(Outcome::Success)));
    assert_eq!(told.times, [Some(10), None, Some(2_011), Some(2_012), None], "spans alone say it, too");
    assert!(told.figures[5].is_none_or(|took_us| took_us == 2_900), "{told:?}");
}

#[test]
fn a_refused_call_has_no_time_of_running_and_does_not_last_as_long_as_it_waited() {
    let mut all = vec![hook(1, "PreToolUse", Some(CALL)), hook(20, "PermissionRequest", None)];
    all.extend(spans(Outcome::Failure, None));
    for seed in 0..ORDERS {
        let told = record(&Dice(seed).shuffled(all.clone()));
        assert_eq!(told.times, [Some(1), Some(20), Some(2_011), None, None]);
        assert_eq!((told.closure, told.figures[5]), (Some(Closure::Refused), None));
    }
}

#[test]
fn a_span_alone_says_when_it_was_decided_and_not_that_the_call_ran() {
    let [around, waits] = spans(Outcome::Failure, None).try_into().expect("two");
    assert_eq!(record(&[around]).times, [Some(10), None, None, None, None]);
    assert_eq!(record(&[waits]).times, [None, None, Some(2_011), None, None]);
}
