//! Who has the places of a rule that looks at what is open.

use serde_json::json;
use tacho_alert::row::Sample;
use tacho_alert::trial::START_US;
use tacho_alert::{Engine, builtin};

const SECOND: i64 = 1_000_000;

struct Calls {
    engine: Engine,
    events: u64,
}

impl Calls {
    fn new(groups_max: usize) -> Calls {
        let mut rule = builtin::rules().unwrap().into_iter().find(|rule| rule.id == "hung_call").unwrap();
        rule.groups_max = groups_max;
        let mut engine = Engine::new(vec![rule]).unwrap();
        engine.advance(START_US);
        Calls { engine, events: 0 }
    }

    fn tell(&mut self, at: i64, known: &str, phase: &str, call: &str) {
        let members = json!({"agent_id": "a", "call_id": call, "phase": phase, "known": known});
        let sample = Sample::new(self.events, START_US + at * SECOND, members.as_object().unwrap()).unwrap();
        self.engine.observe(&sample);
        self.events += 1;
    }

    /// The calls that are told of as hung, of those that begin so.
    fn hung(&mut self, at: i64, begin: &str) -> Vec<String> {
        self.engine.advance(START_US + at * SECOND);
        let firing = self.engine.firing();
        let labels = firing.into_iter().flat_map(|(_, labels)| labels);
        let calls = labels.filter(|(name, call)| name == "call_id" && call.starts_with(begin));
        let mut calls: Vec<String> = calls.map(|(_, call)| call).collect();
        calls.sort_unstable();
        calls
    }

    fn refused(&mut self) -> u64 {
        self.engine.health()[0].1.refused
    }
}

#[test]
fn an_agent_that_opens_without_end_hides_no_call_that_a_witness_sees() {
    let mut calls = Calls::new(builtin::rules().unwrap()[0].groups_max);
    (0..20_000).for_each(|n| calls.tell(10, "self_reported", "proposed", &format!("own-{n}")));
    calls.tell(20, "observed", "proposed", "seen");
    assert_eq!(calls.hung(660, "seen"), ["seen"]);
    assert_eq!((calls.hung(660, "own-").len(), calls.refused()), (5_000, 15_000));
}

#[test]
fn a_place_that_is_left_is_free_for_the_next_of_its_side() {
    let mut calls = Calls::new(4);
    for call in ["own-1", "own-2", "own-3"] {
        calls.tell(10, "self_reported", "proposed", call);
    }
    assert_eq!((calls.hung(640, "own-"), calls.refused()), (vec!["own-1".into(), "own-2".into()], 1));
    // What a witness tells of, too, counts as the witness's, and no agent's own word ends it.
    calls.tell(650, "observed", "proposed", "own-1");
    calls.tell(651, "self_reported", "result", "own-1");
    calls.tell(652, "self_reported", "proposed", "own-4");
    calls.tell(653, "self_reported", "proposed", "own-5");
    calls.tell(654, "self_reported", "result", "own-2");
    calls.tell(655, "self_reported", "proposed", "own-6");
    assert_eq!(calls.hung(1_300, "own-"), ["own-1", "own-4", "own-6"]);
    // Witnesses may have all places, and then there is none for anybody.
    calls.tell(1_310, "observed", "proposed", "seen-1");
    calls.tell(1_310, "observed", "proposed", "seen-2");
    assert_eq!((calls.hung(2_000, "seen-"), calls.refused()), (vec!["seen-1".into()], 3));
}
