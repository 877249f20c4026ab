//! Sequences come out the same however often time passed between the events: followed live, and computed again.

use proptest::prelude::*;
use serde_json::json;
use tacho_alert::row::{Row as _, Sample};
use tacho_alert::trial::START_US;
use tacho_alert::{Change, Engine, Over, Rule, read};

const RULE: &str = "\
id: r
query: |
  agent_audit_log
  | sequence by session_id within 2m [ secret: redactions > 0 -> outside: action_type = 'external' {1,} ]
every: stream
window: 1m
";

#[derive(Debug, Clone)]
enum Step {
    /// Microseconds from the one before, its session, what it is, and how long the clock of a live engine is behind then.
    Event(i64, u8, u8, i64),
    /// Somebody ends what fires in a session, and said so a while before it is on the log.
    End(u8, i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let after = prop_oneof![Just(0_i64), 1_i64..5_000, 1_000_000_i64..90_000_000];
    let event = (after, 0_u8..3, 0_u8..3, 0_i64..3_000_000).prop_map(|(a, s, w, b)| Step::Event(a, s, w, b));
    let end = (0_u8..3, 0_i64..2_000_000).prop_map(|(session, ago)| Step::End(session, ago));
    prop::collection::vec(prop_oneof![6 => event, 1 => end], 1..60)
}

fn rule() -> Rule {
    read("r", RULE).unwrap().remove(0)
}

/// The firings that come of it; `live` lets the time pass between the events as a server does.
fn firings(steps: &[Step], live: bool) -> Vec<(String, i64)> {
    let mut engine = Engine::new(vec![rule()]).unwrap();
    let (mut now, mut out) = (START_US, Vec::new());
    for (index, step) in steps.iter().enumerate() {
        match step {
            Step::Event(after, session, what, behind) => {
                if live {
                    // Instants up to a while before the event.
                    let (from, to) = (now, now + after - behind);
                    (from..to).step_by(200_000).for_each(|at| engine.advance(at));
                }
                now += after;
                let members = match what {
                    0 => json!({"session_id": format!("s{session}"), "redactions": 1}),
                    1 => json!({"session_id": format!("s{session}"), "action_type": "external"}),
                    _ => {
                        json!({"session_id": format!("s{session}"), "redactions": 1, "action_type": "external"})
                    }
                };
                let sample = Sample::new(index as u64, now, members.as_object().unwrap()).unwrap();
                assert_eq!(sample.recorded_us(), now);
                engine.observe(&sample);
            }
            Step::End(session, ago) => {
                engine.advance(now);
                let group = [("session_id".to_string(), format!("s{session}"))].into();
                engine.resolve(&Over { alert: String::new(), rule: "r".into(), group, at_us: now - ago });
            }
        }
        let found = engine.transitions().into_iter().filter(|one| one.change == Change::Firing);
        out.extend(found.map(|one| (one.alert_id(), one.at_us)));
    }
    engine.advance(now + 600_000_000);
    let found = engine.transitions().into_iter().filter(|one| one.change == Change::Firing);
    out.extend(found.map(|one| (one.alert_id(), one.at_us)));
    out.sort();
    out
}

proptest! {
    #[test]
    fn a_sequence_that_was_followed_is_the_one_that_is_computed_again(steps in steps()) {
        prop_assert_eq!(firings(&steps, true), firings(&steps, false));
    }
}
