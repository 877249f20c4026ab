//! Commands of Codex that run on, and whose exit codes other calls tell: numbers of processes are used again, and an agent's
//! own word ends none.

use crate::dice::Dice;
use crate::scene::{End, ends, event, join};
use tacho_action::{Closure, Observation, Observer};
use tacho_event::words::{Known, Outcome, Phase};

type Told = Observation<'static>;

const LAUNCH: &str = "call_launched_00000001";
const LAUNCH_NEXT: &str = "call_launched_00000002";
const LOOK: &str = "call_looked_000000001";
const LOOK_NEXT: &str = "call_looked_000000002";

/// A call's answer as Codex's log tells it, which says for how long the call took.
fn answer(ms: i64, call: &'static str, name: &'static str, outcome: Outcome) -> Told {
    let mut figures = [None; 6];
    figures[5] = Some(50_000);
    Observation {
        observer: Observer::Log,
        phase: Some(Phase::Result),
        call: Some(call),
        process: Some(7001),
        name,
        outcome,
        figures,
        ..event(ms * 1_000)
    }
}

fn launch(ms: i64, call: &'static str) -> Told {
    answer(ms, call, "exec_command", Outcome::Running)
}

fn exit(ms: i64, call: &'static str, outcome: Outcome) -> Told {
    Observation { exited: true, ..answer(ms, call, "write_stdin", outcome) }
}

fn own(of: Told) -> Told {
    Observation { observer: Observer::Event, known: Known::SelfReported, writer: 7, ..of }
}

/// What became of the call that a witness tells of at a time: its closure, when it was over, how long it went on.
fn of(log: &[Told], ms: i64) -> (Closure, Option<i64>, Option<i64>) {
    let overlay = join(log);
    let found: Vec<End> = ends(log, &overlay).into_values().collect();
    let end = found.iter().find(|end| end.events.contains(&(ms * 1_000))).expect("it is there");
    let is_its = |at: &usize| end.events.contains(&log[*at].time_us);
    let record = (0..log.len()).filter(is_its).find_map(|at| overlay.record(at as u64));
    let times = record.map_or([None; 5], |record| record.times);
    (end.closure, times[4].map(|us| us / 1_000), record.and_then(|record| record.figures[5]))
}

fn each_order(all: &[Told], check: &dyn Fn(&[Told])) {
    let mut dice = Dice(21);
    check(all);
    for _ in 0..60 {
        check(&dice.shuffled(all.to_vec()));
    }
}

#[test]
fn of_a_number_that_is_used_again_each_launch_has_its_own_end_in_any_order() {
    let all = [
        launch(1_000, LAUNCH),
        exit(6_000, LOOK, Outcome::Failure),
        launch(10_000, LAUNCH_NEXT),
        exit(16_000, LOOK_NEXT, Outcome::Success),
    ];
    each_order(&all, &|log| {
        assert_eq!(of(log, 1_000), (Closure::Failure, Some(6_000), Some(5_050_000)));
        assert_eq!(of(log, 10_000), (Closure::Success, Some(16_000), Some(6_050_000)));
    });
    let [first, _, next, last] = all.clone();
    each_order(&[first, next, last], &|log| {
        assert_eq!(of(log, 1_000).0, Closure::Asynchronous, "nobody told its end");
        assert_eq!(of(log, 10_000).0, Closure::Success);
    });
    let [first, end, next, _] = all;
    each_order(&[first, end, next], &|log| {
        assert_eq!(of(log, 1_000).0, Closure::Failure);
        assert_eq!(of(log, 10_000).0, Closure::Asynchronous, "the end before is not its own");
    });
}

#[test]
fn how_long_a_command_ran_on_is_counted_from_its_launch_where_nobody_told_of_a_step_before() {
    let log = [launch(1_000, LAUNCH), exit(6_000, LOOK, Outcome::Success)];
    each_order(&log, &|log| {
        let overlay = join(log);
        let record = (0..2).filter_map(|at| overlay.record(at)).find(|record| record.times[3].is_some());
        let record = record.expect("it says since when it ran");
        assert_eq!((record.times[3], record.times[4]), (Some(950_000), Some(6_000_000)));
        assert_eq!(record.figures[5], Some(5_050_000));
    });
    let decided = Observation {
        phase: Some(Phase::Decided),
        outcome: Outcome::Success,
        process: None,
        figures: [None; 6],
        ..launch(900, LAUNCH)
    };
    each_order(&[decided, log[0].clone(), log[1].clone()], &|log| {
        assert_eq!(of(log, 1_000), (Closure::Success, Some(6_000), Some(5_100_000)));
    });
}

#[test]
fn an_agents_word_decides_neither_how_nor_when_a_command_ended_of_which_a_witness_tells() {
    use Outcome::{Failure, Success};
    let whole = |ms, outcome| own(exit(ms, LOOK, outcome));
    let bare = |ms, outcome| Observation { process: None, figures: [None; 6], ..whole(ms, outcome) };
    let forged = [
        (whole(5_900, Success), Failure),
        (bare(5_900, Success), Failure),
        (whole(5_900, Failure), Success),
        (whole(-999, Success), Failure),
        (whole(7_000, Success), Failure),
        (own(launch(500, LAUNCH_NEXT)), Failure),
        (own(launch(3_000, LAUNCH_NEXT)), Failure),
        (own(launch(8_000, LAUNCH)), Failure),
    ];
    for (claim, outcome) in forged {
        let closure = if outcome == Success { Closure::Success } else { Closure::Failure };
        let log = [launch(1_000, LAUNCH), claim.clone(), exit(6_000, LOOK, outcome)];
        each_order(&log, &|log| {
            assert_eq!(of(log, 1_000), (closure, Some(6_000), Some(5_050_000)), "{claim:?}");
            assert_eq!(of(log, 6_000).0, closure);
        });
    }
}

#[test]
fn what_no_witness_ended_goes_on_whatever_an_agent_says() {
    let claim = own(exit(5_900, LOOK, Outcome::Success));
    let log = [launch(1_000, LAUNCH), claim.clone()];
    each_order(&log, &|log| assert_eq!(of(log, 1_000).0, Closure::Asynchronous));
    let looked = answer(5_000, LOOK, "write_stdin", Outcome::Running);
    let log = [launch(1_000, LAUNCH), looked, claim];
    each_order(&log, &|log| assert_eq!(of(log, 1_000).0, Closure::Asynchronous));
}

/// A call under the same id whose word is newer stands before an older one of a witness.
#[test]
fn of_two_witnesses_of_an_end_the_newest_counts() {
    let file = |ms, outcome| Observation { observer: Observer::Transcript, ..exit(ms, LOOK, outcome) };
    let log = [launch(1_000, LAUNCH), exit(6_000, LOOK, Outcome::Success), file(6_500, Outcome::Failure)];
    each_order(&log, &|log| assert_eq!(of(log, 1_000).0, Closure::Failure));
}
