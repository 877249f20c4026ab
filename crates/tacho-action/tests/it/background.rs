//! What goes on behind its agent's back: launched, and over later.

use crate::scene::{closures, end, event, hook, join};
use tacho_action::{Closure, Observation, Observer};
use tacho_event::words::{Outcome, Phase};

const CALL: &str = "toolu_01A09q90qw90lq917835";

#[test]
fn what_runs_in_the_background_is_over_when_its_sub_agent_is() {
    let launch =
        Observation { outcome: Outcome::Running, started: Some("sub"), ..hook(2, "PostToolUse", Some(CALL)) };
    let told_well = Observation {
        observer: Observer::Log,
        phase: Some(Phase::Result),
        outcome: Outcome::Success,
        call: Some(CALL),
        ..event(3)
    };
    let mut log = vec![hook(1, "PreToolUse", Some(CALL)), launch, told_well, end(4, "Stop")];
    assert_eq!(closures(&log[..4])[0], Closure::Asynchronous, "the end of the turn does not end it");
    log.push(Observation { agent: "sub", ..end(5, "SubagentStop") });
    assert_eq!(closures(&log)[0], Closure::Success);
    let overlay = join(&log);
    let record = (0..4).find_map(|index| overlay.record(index)).expect("one of them is shown");
    assert_eq!(record.times[4], Some(5), "not when it was launched");
    assert_eq!(record.figures[5], Some(4), "from its proposal to its end");
}

#[test]
fn a_command_that_runs_on_is_over_when_its_exit_code_is_told() {
    let result = |time, observer, outcome, exited| Observation {
        observer,
        phase: Some(Phase::Result),
        outcome,
        exited,
        call: Some(CALL),
        ..event(time)
    };
    let running = result(2, Observer::Log, Outcome::Running, false);
    let well = Observation { hook: Some("PostToolUse"), ..result(9, Observer::Hook, Outcome::Success, true) };
    let badly = Observation { outcome: Outcome::Failure, ..well.clone() };
    for (ended, closure) in [(well, Closure::Success), (badly, Closure::Failure)] {
        for log in [[running.clone(), ended.clone()], [ended.clone(), running.clone()]] {
            assert_eq!(closures(&log), [closure]);
            let overlay = join(&log);
            let record = [0, 1].into_iter().find_map(|index| overlay.record(index)).expect("one is shown");
            assert_eq!(record.times[4], Some(9));
        }
    }
    assert_eq!(closures(&[running]), [Closure::Asynchronous]);
}

/// As Codex's logs tell it, which know of the process by its number.
#[test]
fn a_command_that_runs_on_is_over_when_the_call_that_looks_after_it_tells_its_exit_code() {
    const OUTPUT: &str = r#""Chunk ID: 263d4f\nWall time: 0.5 seconds\nProcess running with session ID 14357\nOutput:\nProcess running with session ID 7\n""#;
    let log = |time, name, call, input, outcome, exited, output| {
        let told = Observation {
            observer: Observer::Log,
            phase: Some(Phase::Result),
            call: Some(call),
            input: Some(input),
            name,
            outcome,
            exited,
            ..event(time)
        };
        Observation { process: told.process_in(output), ..told }
    };
    let started = log(2, "exec_command", CALL, r#"{"cmd":"make"}"#, Outcome::Running, false, Some(OUTPUT));
    assert_eq!(started.process, Some(14357), "what it prints is not believed");
    let looked =
        |time, call, input, outcome, exited| log(time, "write_stdin", call, input, outcome, exited, None);
    let (own, other) = (r#"{"session_id":14357,"chars":""}"#, r#"{"session_id":7,"chars":""}"#);
    let still = looked(5, "call_aaaaaaaaaaaaaaa1", own, Outcome::Running, false);
    let ended = |outcome| looked(9, "call_aaaaaaaaaaaaaaa2", own, outcome, true);
    let strange = looked(8, "call_aaaaaaaaaaaaaaa3", other, Outcome::Success, true);
    assert_eq!(closures(&[started.clone(), still.clone(), strange])[0], Closure::Asynchronous);
    for (outcome, closure) in [(Outcome::Success, Closure::Success), (Outcome::Failure, Closure::Failure)] {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let all = [started.clone(), still.clone(), ended(outcome)];
            let log = order.map(|at: usize| all[at].clone());
            let ends = crate::scene::ends(&log, &join(&log));
            assert_eq!((ends[&2].closure, ends[&2].outcome), (closure, outcome), "{order:?}");
            let at = log.iter().position(|of| of.time_us == 2).expect("it is there") as u64;
            assert_eq!(join(&log).record(at).expect("it is shown").times[4], Some(9));
        }
    }
}
