//! History that is imported while rules follow the log.

use serde_json::json;
use tacho_alert::row::Sample;
use tacho_alert::trial::START_US;
use tacho_alert::{Engine, builtin};

/// Whether a call that was proposed and never answered is told of as hung.
fn is_told(known: &str, source: &str, replays: bool) -> bool {
    let rule = builtin::rules().unwrap().into_iter().find(|rule| rule.id == "hung_call").unwrap();
    let mut engine = Engine::new(vec![rule]).unwrap();
    if replays {
        engine = engine.with_imports();
    }
    engine.advance(START_US);
    let members =
        json!({"agent_id": "a", "call_id": "c", "phase": "proposed", "known": known, "source": source});
    engine.observe(&Sample::new(0, START_US + 1, members.as_object().unwrap()).unwrap());
    engine.advance(START_US + 3_600_000_000);
    !engine.firing().is_empty()
}

#[test]
fn what_is_imported_fires_nothing_whoevers_word_it_is() {
    assert!(is_told("observed", "http", false) && is_told("self_reported", "mcp", false));
    assert!(!is_told("imported", "import", false));
    assert!(!is_told("self_reported", "import", false), "an agent's own word out of a file");
    assert!(is_told("self_reported", "import", true), "a replay looks at all of it");
}
