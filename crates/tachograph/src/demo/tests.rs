//! What the fleet promises: the same events for a seed, valid and in order, every story soon, secrets to
//! find.

use super::clock::{DAY_US, SECOND_US};
use super::{Fleet, Sent};
use serde_json::Value;
use std::collections::HashSet;

const START_US: i64 = 1_795_000_000_000_000;

fn live(seed: u64, seconds: i64) -> Vec<Sent> {
    let end_us = START_US + seconds * SECOND_US;
    Fleet::new(seed, START_US).take_while(|event| event.at_us < end_us).collect()
}

fn parse(event: &Sent) -> Value {
    let value: Value = serde_json::from_str(&event.body).unwrap();
    assert!(value.is_object() && !event.body.contains('\n'), "{}", event.body);
    value
}

fn id(body: &Value) -> &str {
    let places = [&body["id"], &body["communication_id"], &body["action"]["id"], &body["audit_entry"]["id"]];
    places.into_iter().find_map(Value::as_str).unwrap()
}

/// The format that a body is in, by the marks that recognise it.
fn format(body: &Value) -> &'static str {
    let has = |name: &str| !body[name].is_null();
    match () {
        () if has("hook_event_name") => "hook",
        () if has("audit_entry") => "audit-entry",
        () if has("communication_id") => "communication-log",
        () if has("model_id") => "ai-decision",
        () if has("order_id") => "trade",
        () if has("entityType") => "audit-trail",
        () if has("levelname") => "python-logging",
        () if body["action"]["category"].is_string() => "action-log",
        () if has("agent") => match body["action"]["type"].as_str().unwrap() {
            "tool" => "agent-tool",
            "skill" => "agent-skill",
            "external" => "agent-external",
            "decision" => "agent-decision",
            "workflow" => "workflow",
            "memory" => "memory",
            "metric" => "metric",
            "communication" => "communication",
            other => panic!("action type {other}"),
        },
        () => panic!("no format: {body}"),
    }
}

#[test]
fn a_seed_determines_everything() {
    let bodies = |seed| -> Vec<String> { live(seed, 60).into_iter().map(|event| event.body).collect() };
    assert_eq!(bodies(7), bodies(7));
    assert_ne!(bodies(7), bodies(8));
    let history =
        |seed| -> Vec<String> { Fleet::history(seed, START_US, 1).map(|event| event.body).collect() };
    assert_eq!(history(7), history(7));
}

#[test]
fn events_are_valid_unique_and_in_order() {
    let mut ids = HashSet::new();
    let history: Vec<Sent> = Fleet::history(7, START_US, 3).collect();
    assert!(history.iter().all(|event| (START_US - 3 * DAY_US..START_US).contains(&event.at_us)));
    for events in [history, live(7, 900)] {
        assert!(events.is_sorted_by_key(|event| event.at_us));
        for event in &events {
            let body = parse(event);
            let fresh = ids.insert(id(&body).to_string());
            // An answer is a later state of the message that it answers.
            assert!(fresh || !body["response"].is_null(), "twice: {}", event.body);
            assert!(event.body.len() < 4096 && !event.agent.is_empty());
        }
    }
    assert!(live(7, 60).iter().all(|event| event.at_us >= START_US));
}

#[test]
fn every_story_happens_within_the_first_ninety_seconds() {
    for seed in 0..40 {
        let events = live(seed, 90);
        let happens = |agent: &str, parts: &[&str]| {
            events
                .iter()
                .any(|event| event.agent == agent && parts.iter().all(|part| event.body.contains(part)))
        };
        for (story, agent, parts) in [
            ("feature", "eng/code-reviewer", &["quality_gate_decision", "ready to merge?"][..]),
            ("deployment fails", "ops/release-manager", &["production_deployment", "\"failed\""]),
            ("rollback", "ops/rollback-advisor", &["rollback_recommendation"]),
            ("login fails", "app/console", &["USER_LOGIN_FAILED", "\"attempt\":5"]),
            ("lock-out", "app/console", &["USER_LOCKED_OUT"]),
            ("access denied", "data/etl-runner", &["AccessDenied", "permission denied"]),
            ("slow query", "data/etl-runner", &["statement timeout"]),
            ("slipping trade", "trade/market-maker", &["\"status\":\"reverted\"", "execution_price"]),
            ("trading stops", "trade/risk-officer", &["trading_halt"]),
        ] {
            assert!(happens(agent, parts), "seed {seed}: {story}");
        }
        let repeated = |event: &&Sent| event.body.contains("\"Try again\"");
        assert!(events.iter().filter(repeated).count() >= 24, "seed {seed}: runaway loop");
    }
}

#[test]
fn a_runaway_loop_costs_more_and_more() {
    let costs: Vec<f64> = live(3, 120)
        .iter()
        .filter(|event| event.body.contains("\"Try again\""))
        .map(|event| parse(event)["resources"]["cost_usd"].as_f64().unwrap())
        .collect();
    assert!(costs.len() >= 36 && costs[costs.len() - 1] > 5.0 * costs[0], "{costs:?}");
}

#[test]
fn the_leak_holds_one_secret_of_each_kind() {
    // Put together as in the story itself: scanners read tests, too.
    let kinds = [["AK", "IA"].concat(), "AWS_SECRET_ACCESS_KEY=aZ7".into(), "\"password\":\"".into(), {
        let at = '@';
        format!("{at}mail.example.com")
    }];
    for seed in 0..20 {
        let events = live(seed, 90);
        for kind in &kinds {
            assert!(events.iter().any(|event| event.body.contains(kind.as_str())), "seed {seed}: {kind}");
        }
        let message = events.iter().find(|event| event.body.contains(&kinds[3])).unwrap();
        let digits: String = message.body[message.body.find(", card ").unwrap()..]
            .chars()
            .filter(char::is_ascii_digit)
            .take(16)
            .collect();
        let luhn: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(i, b)| u32::from(b - b'0') * (1 + i as u32 % 2))
            .map(|n| n / 10 + n % 10)
            .sum();
        assert!(digits.len() == 16 && luhn.is_multiple_of(10), "{digits}");
    }
}

#[test]
fn every_format_and_agent_occurs_and_the_rate_is_about_eight_a_second() {
    let events = live(7, 600);
    let formats: HashSet<&str> = events.iter().map(|event| format(&parse(event))).collect();
    for wanted in [
        "hook",
        "audit-entry",
        "communication-log",
        "ai-decision",
        "trade",
        "audit-trail",
        "action-log",
        "agent-tool",
        "agent-skill",
        "agent-external",
        "agent-decision",
        "workflow",
        "memory",
        "metric",
        "communication",
        "python-logging",
    ] {
        assert!(formats.contains(wanted), "{wanted}");
    }
    let agents: HashSet<&str> = events.iter().map(|event| event.agent.as_str()).collect();
    assert!(agents.len() >= 14, "{agents:?}");
    let rate = events.len() as f64 / 600.0;
    assert!((6.5..9.5).contains(&rate), "{rate} events a second");
    let history = Fleet::history(7, START_US, 3).count();
    assert!((3_000..=5_000).contains(&history), "{history} events of history");
}

#[test]
fn no_history_is_no_events() {
    assert_eq!(Fleet::history(7, START_US, 0).count(), 0);
}
