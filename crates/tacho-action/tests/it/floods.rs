//! Whoever tells without end pushes out what it told itself, and nothing that others tell.

use crate::scene::{End, end, ends, follow, hook, session, span};
use std::collections::BTreeMap;
use tacho_action::{ACTIONS_MAX, Closure, Joiner, Observation, Observer, Overlay, SESSIONS_MAX, SPANS_MAX};
use tacho_event::words::{ActionType, Known, Phase};

const CALL: &str = "toolu_01A09q90qw90lq917835";
const CLOSED: &str = "toolu_01A09q90qw90closed00";

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("toolu_flood{n:012}")).collect()
}

/// As many calls that never end, under a key of their own.
fn open<'a>(ids: &'a [String], agent: &'a str, observer: Observer) -> Vec<Observation<'a>> {
    let known = if observer == Observer::Event { Known::SelfReported } else { Known::Observed };
    let told = |(n, id): (usize, &'a String)| {
        let call = hook(100 + n as i64, "PreToolUse", Some(id));
        Observation { agent, observer, known, writer: 9, session: Some(session(9)), ..call }
    };
    ids.iter().enumerate().map(told).collect()
}

/// The same call as its program's log tells it.
fn log(time: i64, call: &'static str) -> Observation<'static> {
    let result = hook(time, "PostToolUse", Some(call));
    Observation { observer: Observer::Log, hook: None, writer: 2, ..result }
}

/// What is known in the end; a stop before the last hundred events changes nothing.
fn told(log: &[Observation<'_>]) -> BTreeMap<i64, End> {
    let (mut joiner, mut overlay) = (Joiner::default(), Overlay::default());
    let cut = log.len().saturating_sub(100);
    follow(&mut joiner, &mut overlay, &log[..cut], 0);
    let mut again = Joiner::load(&joiner.bytes()).expect("what it wrote itself");
    let mut copy = overlay.clone();
    follow(&mut joiner, &mut overlay, log, cut);
    follow(&mut again, &mut copy, log, cut);
    assert!(overlay.entries().eq(copy.entries()), "a restart tells otherwise");
    assert_eq!(joiner.tally(), again.tally());
    ends(log, &overlay)
}

fn with(ends: &BTreeMap<i64, End>, time: i64) -> Vec<i64> {
    ends.values().find(|end| end.events.contains(&time)).expect("an event of this time").events.clone()
}

#[test]
fn after_a_flood_of_open_calls_two_witnesses_of_one_call_are_one() {
    let ids = ids(ACTIONS_MAX + 2_000);
    // Of another key's agent, of another agent of the same kind of witness, and of the same agent.
    for (agent, observer) in [("mole", Observer::Event), ("mole", Observer::Hook), ("agent", Observer::Hook)]
    {
        let mut all = vec![hook(1, "PreToolUse", Some(CALL)), hook(2, "PostToolUse", Some(CLOSED))];
        all.extend(open(&ids, agent, observer));
        let later = 10_000_000;
        let whole = "toolu_01A09q90qw90later000";
        all.extend([hook(later, "PreToolUse", Some(whole)), hook(later + 1, "PostToolUse", Some(whole))]);
        all.extend([log(later + 2, whole), log(later + 3, CLOSED), log(later + 4, CALL)]);
        let ends = told(&all);
        assert_eq!(with(&ends, later), [later, later + 1, later + 2], "{agent} {observer:?}");
        assert_eq!(with(&ends, 2), [2, later + 3], "{agent} {observer:?}");
        assert_eq!(with(&ends, 1), [1, later + 4], "{agent} {observer:?}");
    }
}

#[test]
fn an_agents_flood_under_names_without_end_takes_no_other_agents_places() {
    let (ids, names) = (ids(ACTIONS_MAX + 2_000), self::ids(ACTIONS_MAX + 2_000));
    let own = |call: Observation<'static>| Observation {
        observer: Observer::Event,
        known: Known::SelfReported,
        writer: 3,
        ..call
    };
    let mut all = vec![own(hook(1, "PreToolUse", Some(CALL)))];
    let flood = open(&ids, "", Observer::Event).into_iter().zip(&names);
    all.extend(flood.map(|(call, agent)| Observation { agent, ..call }));
    all.push(own(hook(10_000_000, "PostToolUse", Some(CALL))));
    assert_eq!(with(&told(&all), 1), [1, 10_000_000]);
}

#[test]
fn forged_spans_push_out_no_witness_that_waits_for_its_parent() {
    let child =
        Observation { phase: Some(Phase::Executed), ..span(1, "00000000000000b1", Some("00000000000000a1")) };
    let spans: Vec<String> = (0..SPANS_MAX + 5_000).map(|n| format!("{n:016x}")).collect();
    let mut all = vec![child];
    all.extend(spans.iter().enumerate().map(|(n, id)| {
        let span = span(100 + n as i64, id, Some("00000000000000ff"));
        let known = Known::SelfReported;
        Observation { observer: Observer::Event, known, writer: 9, kind: ActionType::Log, ..span }
    }));
    let root = Observation {
        kind: ActionType::Lifecycle,
        agent: "boss",
        ..span(9_000_000, "00000000000000a1", None)
    };
    all.push(Observation { agent_assumed: false, session: Some(session(7)), ..root });
    let ends = told(&all);
    assert_eq!((ends[&1].session, ends[&1].agent.as_str()), (Some([7; 16]), "boss"));
}

#[test]
fn sessions_that_an_agent_invents_push_out_none_that_a_witness_told_of() {
    let mut all = vec![hook(1, "PreToolUse", Some(CALL))];
    all.extend((0..SESSIONS_MAX + 1_000).map(|n| {
        let mut id = [9; 16];
        id[..8].copy_from_slice(&n.to_be_bytes());
        let over = end(100 + n as i64, "SessionEnd");
        let session = Some(tacho_event::id::Id(id));
        Observation { observer: Observer::Event, known: Known::SelfReported, writer: 9, session, ..over }
    }));
    all.push(end(9_000_000, "SessionEnd"));
    assert_eq!(told(&all)[&1].closure, Closure::Abandoned);
}

#[test]
fn an_agents_calls_beside_it_hide_no_call_from_its_request_for_permission() {
    let ids = ids(100);
    let mut all = vec![hook(1, "PreToolUse", Some(CALL))];
    let beside = open(&ids, "agent", Observer::Event);
    all.extend(beside.into_iter().map(|call| Observation { session: Some(session(1)), ..call }));
    all.push(hook(1_000, "PermissionRequest", None));
    assert_eq!(with(&told(&all), 1), [1, 1_000]);
}

#[test]
fn turns_of_agents_without_end_end_the_last_ones() {
    let names = ids(5_000);
    let mut all = vec![hook(1, "PreToolUse", Some(CALL))];
    all.extend(
        names.iter().enumerate().map(|(n, agent)| Observation { agent, ..end(100 + n as i64, "Stop") }),
    );
    all.push(end(9_000_000, "Stop"));
    assert_eq!(told(&all)[&1].closure, Closure::Abandoned);
}
