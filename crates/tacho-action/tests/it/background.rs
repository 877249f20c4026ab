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
