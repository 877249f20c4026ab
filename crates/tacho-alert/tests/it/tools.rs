//! Lint, replay and explain.

use tacho_alert::{builtin, explain, lint, read, replay, trial};

#[test]
fn advice_is_given_where_a_rule_will_be_regretted() {
    let of = |query: &str, more: &str| {
        lint(&read("r", &format!("id: r\nquery: {query}\n{more}")).unwrap()[0]).join("\n")
    };
    let share =
        "agent_audit_log | count() if (outcome_status = 'success') as ok, count() as n | ok / n < 0.95";
    assert!(of(share, "").contains("a least number of events"));
    assert!(!of(&share.replace("| ok", "| n >= 20 and ok"), "").contains("a least number of events"));
    let unusual = "agent_audit_log | count() by agent_id | count > avg(count) * 3";
    assert!(of(unusual, "window: 1h\n").contains("median(x) over history is steadier"));
    assert!(of(unusual, "window: 1h\n").contains("a baseline near zero"));
    let slow = "agent_audit_log | p95(duration_ms) as p | p > 5s";
    assert!(of(slow, "every: stream\n").contains("adds up its whole window again"));
    assert!(of("agent_audit_log", "severity: critical\n").contains("ack.required"));
}

#[test]
fn the_built_in_rules_need_no_advice() {
    for rule in builtin::rules().unwrap() {
        // A mean is what is wanted where most windows are empty: the median of those is nothing.
        let advice: Vec<String> =
            lint(&rule).into_iter().filter(|advice| !advice.contains("steadier")).collect();
        // What was worth measuring at all is worth comparing at any size.
        let fine = ["performance_improvement", "volatility_spike"];
        assert!(advice.is_empty() || fine.contains(&rule.id.as_str()), "{}: {advice:?}", rule.id);
    }
}

#[test]
fn a_replay_says_how_often_a_week() {
    let rules = builtin::rules().unwrap();
    let rule = rules.iter().find(|rule| rule.id == "slow_api").unwrap();
    let mut test = rule.tests[0].clone();
    test.events[0].insert("repeat".into(), 10.into());
    test.events[0].insert("spacing".into(), "1d".into());
    let report = replay(rule, trial::events(&test).unwrap().into_iter()).unwrap();
    assert_eq!((report.events, report.firings), (10, 10));
    assert_eq!(report.per_week().map(|weekly| weekly.round()), Some(8.0));
    assert!(
        report.text().starts_with("slow_api: 10 events over 1w2d, fired 10 times, 7.8 a week\n"),
        "{}",
        report.text()
    );
    let one = replay(rule, trial::events(&rule.tests[0]).unwrap().into_iter()).unwrap();
    assert_eq!((one.firings, one.per_week()), (1, None));
}

#[test]
fn every_built_in_rule_can_be_explained() {
    for rule in builtin::rules().unwrap() {
        let text = explain(&rule, trial::START_US);
        assert!(
            text.contains("\nplan\n") && text.contains("\nsql\n") && text.contains(&rule.hash_text()),
            "{text}"
        );
    }
}
