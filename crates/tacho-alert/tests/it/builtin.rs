//! The built-in rules pass their own tests, and cover what users know by name.

use std::collections::BTreeSet;
use tacho_alert::{Severity, State, builtin, notify, trial};

#[test]
fn every_rule_passes_its_tests() {
    let (rules, routing) = (builtin::rules().unwrap(), notify::defaults().unwrap());
    let outcomes = rules.iter().flat_map(|rule| trial::test(rule, &rules, &routing));
    let failed: Vec<_> = outcomes.filter(|outcome| !outcome.failures.is_empty()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn a_rule_stands_in_the_file_of_its_tier_and_under_one_name() {
    let mut ids = BTreeSet::new();
    for (name, text) in builtin::FILES {
        for rule in tacho_alert::read(name, text).unwrap() {
            assert_eq!(format!("{}.yaml", rule.labels["tier"]), name, "{}", rule.id);
            assert!(ids.insert(rule.id.clone()), "two rules are named {}", rule.id);
        }
    }
}

#[test]
fn every_rule_has_a_case_that_fires_and_one_that_does_not_a_tier_and_a_runbook() {
    for rule in builtin::rules().unwrap() {
        let fires =
            |test: &tacho_alert::TestText| test.expect.iter().any(|expected| expected.state == State::Firing);
        assert!(rule.tests.iter().any(fires), "{}", rule.id);
        assert!(rule.tests.iter().any(|test| !fires(test)), "{}", rule.id);
        let tiers = ["operations", "engineering", "security", "management"];
        assert!(tiers.contains(&rule.labels["tier"].as_str()), "{}", rule.id);
        let book = format!("{}/../../{}", env!("CARGO_MANIFEST_DIR"), rule.annotations["runbook"]);
        let text =
            std::fs::read_to_string(&book).unwrap_or_else(|error| panic!("{}: {book}: {error}", rule.id));
        assert!(text.contains(&format!("`{}`", rule.id)), "{book} does not name {}", rule.id);
        assert_eq!(rule.ack.required, rule.severity == Severity::Critical, "{}", rule.id);
    }
}

#[test]
fn the_names_that_users_know_are_there() {
    let ids: BTreeSet<String> = builtin::rules().unwrap().into_iter().map(|rule| rule.id).collect();
    for name in [
        "security_breach_detected",
        "compliance_violation",
        "system_outage",
        "agent_failure_cascade",
        "data_loss_risk",
        "unauthorized_access",
        "performance_degradation",
        "high_error_rate",
        "communication_delays",
        "resource_threshold_breach",
        "workflow_bottleneck",
        "task_completion_milestone",
        "system_update_complete",
        "performance_improvement",
        "workflow_optimization",
        "scheduled_maintenance",
    ] {
        assert!(ids.contains(name), "{name}");
    }
}
