//! Which calls are open, where nobody joins what is told of them and where somebody does.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tacho_alert::row::Sample;
use tacho_alert::trial::START_US;
use tacho_alert::{Calls, Engine, builtin};

const STRONG: &str = "toolu_01A09q90qw90lq917835";

/// An event: whose word it is, the call, the session, the step.
type Told = (&'static str, &'static str, &'static str, &'static str);

fn event((known, call, session, phase): Told) -> Value {
    let status = if phase == "result" { "success" } else { "running" };
    json!({"agent_id": "a", "session_id": session, "call_id": call, "action_type": "tool", "action_name": "x",
        "phase": phase, "outcome_status": status, "known": known})
}

/// The calls that are told of as hung, an hour later: call and session.
fn hung(events: &[Told], calls: Option<Arc<dyn Calls>>) -> BTreeSet<(String, String)> {
    let rule = builtin::rules().unwrap().into_iter().find(|rule| rule.id == "hung_call").unwrap();
    let mut engine = Engine::new(vec![rule]).unwrap();
    if let Some(calls) = calls {
        engine = engine.with_calls(calls);
    }
    engine.advance(START_US);
    for (index, told) in (0..).zip(events) {
        let members = event(*told);
        let sample = Sample::new(index, START_US + 1 + index as i64, members.as_object().unwrap());
        engine.observe(&sample.unwrap());
    }
    engine.advance(START_US + 3_600_000_000);
    let value = |labels: &tacho_alert::Labels, name: &str| {
        labels.iter().find(|(of, _)| of == name).map_or(String::new(), |(_, value)| value.clone())
    };
    let firing = engine.firing();
    firing.iter().map(|(_, group)| (value(group, "call_id"), value(group, "session_id"))).collect()
}

fn set(calls: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    calls.iter().map(|(call, session)| (call.to_string(), session.to_string())).collect()
}

#[test]
fn a_short_id_means_a_call_of_its_session_only_until_its_end() {
    let (own, seen) = ("self_reported", "observed");
    for known in [own, seen] {
        let (open, end) = ((known, "c1", "A", "proposed"), (known, "c1", "A", "result"));
        let other = (known, "c1", "B", "proposed");
        assert_eq!(hung(&[open, end, open], None), set(&[("c1", "A")]), "used again");
        assert_eq!(hung(&[end, open], None), set(&[]), "the beginning was told late");
        for events in [[open, other, end], [open, end, other], [other, open, end]] {
            assert_eq!(hung(&events, None), set(&[("c1", "B")]), "{events:?}");
        }
    }
    let hangs = (seen, "c1", "A", "proposed");
    for end in [(own, "c1", "B", "result"), (seen, "c1", "B", "result"), (own, "c1", "A", "result")] {
        for events in [[hangs, end], [end, hangs]] {
            assert_eq!(hung(&events, None), set(&[("c1", "A")]), "{events:?}");
        }
    }
}

#[test]
fn a_long_id_means_one_call_wherever_it_is_told_of() {
    let (own, seen) = ("self_reported", "observed");
    let open = (seen, STRONG, "A", "proposed");
    assert_eq!(hung(&[open, (seen, STRONG, "B", "result")], None), set(&[]));
    assert_eq!(hung(&[open, (own, STRONG, "B", "result")], None), set(&[(STRONG, "A")]));
    assert_eq!(hung(&[open, (seen, STRONG, "A", "result"), open], None), set(&[]));
}

/// What is tried, what is told, what is joined of it, and whether a call hangs.
type Case = (&'static str, &'static [Told], &'static [(u64, Option<bool>)], bool);

/// What somebody joined: the action of each event, and whether the call is over that the event stands for.
#[derive(Debug)]
struct Joined(Vec<(u64, Option<bool>)>);

impl Calls for Joined {
    fn action(&self, index: u64) -> Option<u64> {
        self.0.get(index as usize).map(|(action, _)| *action)
    }

    fn is_over(&self, index: u64) -> Option<bool> {
        self.0.get(index as usize).and_then(|(_, is_over)| *is_over)
    }
}

#[test]
fn what_is_joined_is_open_as_long_as_its_action_is() {
    const OPEN: Told = ("observed", "c1", "A", "proposed");
    const END: Told = ("observed", "c1", "A", "result");
    const CLAIM: Told = ("self_reported", "c1", "A", "result");
    let cases: [Case; 8] = [
        (
            "its end names no session",
            &[OPEN, ("observed", "c1", "", "result")],
            &[(0, None), (0, Some(true))],
            false,
        ),
        ("its turn is over", &[OPEN], &[(0, Some(true))], false),
        (
            "a sender that is not its own says so",
            &[("self_reported", "c1", "A", "proposed"), CLAIM],
            &[(0, Some(false)), (0, None)],
            true,
        ),
        ("it goes on in the background", &[OPEN, END], &[(0, None), (0, Some(false))], true),
        ("told of late", &[END, OPEN], &[(0, Some(true)), (0, None)], false),
        ("used again", &[OPEN, END, OPEN], &[(0, None), (0, Some(true)), (2, None)], true),
        (
            "two ids of one that ended",
            &[OPEN, ("observed", "c2", "A", "proposed"), ("observed", "c2", "A", "result")],
            &[(0, None), (0, None), (0, Some(true))],
            false,
        ),
        ("nobody knows better", &[OPEN, CLAIM], &[(0, None), (0, None)], true),
    ];
    for (what, events, joined, is_told) in cases {
        let found = hung(events, Some(Arc::new(Joined(joined.to_vec()))));
        assert_eq!(!found.is_empty(), is_told, "{what}: {found:?}");
    }
}

/// Two calls that the third event shows to be one.
#[derive(Debug, Default)]
struct Merged(AtomicBool);

impl Calls for Merged {
    fn action(&self, index: u64) -> Option<u64> {
        self.0.fetch_or(index == 2, Ordering::Relaxed);
        Some(if self.0.load(Ordering::Relaxed) { 0 } else { index })
    }

    fn is_over(&self, index: u64) -> Option<bool> {
        (index == 2).then_some(true)
    }
}

#[test]
fn what_turns_out_to_be_one_call_ends_once() {
    let opens = [("observed", "c1", "A", "proposed"), ("observed", "c2", "A", "proposed")];
    assert_eq!(hung(&opens, Some(Arc::new(Merged::default()))).len(), 2);
    let events = [opens[0], opens[1], ("observed", "c2", "A", "result")];
    assert_eq!(hung(&events, Some(Arc::new(Merged::default()))), set(&[]));
}
