//! Several thresholds on one metric: the highest that is passed speaks for those below it.

use std::collections::BTreeMap;
use tacho_alert::notify::{Alert, Dispatcher, Notice, defaults};
use tacho_alert::row::Sample;
use tacho_alert::trial::START_US;
use tacho_alert::{Engine, Rule, read};

const MINUTE: i64 = 60_000_000;

/// As in the guide of alerts.
fn rules() -> Vec<Rule> {
    let steps = [
        ("cpu_rising", "info", 700_000),
        ("cpu_high", "warning", 800_000),
        ("cpu_critical", "critical", 950_000),
    ];
    let rule = |(id, severity, bound): (&str, &str, i64)| {
        format!(
            "id: {id}\nseverity: {severity}\nlabels: {{tier: operations, metric: cpu}}\nwindow: 5m\nevery: 1m\n\
             query: metrics | last(cpu_ppm) as cpu by agent_id | cpu > {bound}\n"
        )
    };
    read("ladder", &steps.map(rule).join("---\n")).unwrap()
}

struct Desk {
    rules: BTreeMap<String, Rule>,
    engine: Engine,
    dispatcher: Dispatcher,
    told: Vec<(String, String, Notice)>,
}

impl Desk {
    fn new() -> Desk {
        let rules = rules();
        Desk {
            engine: Engine::new(rules.clone()).unwrap(),
            rules: rules.into_iter().map(|rule| (rule.id.clone(), rule)).collect(),
            dispatcher: Dispatcher::new(&defaults().unwrap()).unwrap(),
            told: Vec::new(),
        }
    }

    /// An agent has this load from a minute on, said each half of it, until another minute.
    fn load(&mut self, agent: &str, cpu_ppm: i64, minutes: std::ops::Range<i64>) {
        for half in minutes.start * 2..minutes.end * 2 {
            let at_us = START_US + half * MINUTE / 2 + 1;
            let members = serde_json::json!({"action_type": "metric", "agent_id": agent, "cpu_ppm": cpu_ppm});
            self.engine.observe(&Sample::new(half as u64, at_us, members.as_object().unwrap()).unwrap());
            self.engine.advance(at_us);
            for change in self.engine.transitions() {
                if let Some(alert) = Alert::of(&self.rules[&change.rule], &change) {
                    self.dispatcher.alert(&alert, change.at_us);
                }
            }
            for notification in self.dispatcher.due(at_us) {
                let rule = notification.group_labels["alertname"].clone();
                self.told.push((rule, notification.receiver, notification.notice));
            }
        }
    }

    fn told_of(&mut self, rule: &str) -> Vec<(String, Notice)> {
        let of = |(other, receiver, notice): (String, String, Notice)| {
            (other == rule).then_some((receiver, notice))
        };
        self.told.clone().into_iter().filter_map(of).collect()
    }
}

#[test]
fn only_the_highest_step_is_told() {
    let mut desk = Desk::new();
    desk.load("a1", 960_000, 0..15);
    let critical = desk.told_of("cpu_critical");
    assert!(critical.contains(&("oncall".to_string(), Notice::First)), "{critical:?}");
    assert!(desk.told_of("cpu_high").is_empty() && desk.told_of("cpu_rising").is_empty(), "{:?}", desk.told);
    // The load falls by a step: what was muted is told now, and what lies below still is not.
    desk.load("a1", 850_000, 15..40);
    let high = desk.told_of("cpu_high");
    assert!(high.contains(&("team".to_string(), Notice::First)), "{high:?}");
    assert!(desk.told_of("cpu_critical").contains(&("oncall".to_string(), Notice::Resolved)));
    assert!(desk.told_of("cpu_rising").is_empty());
}

#[test]
fn a_step_speaks_for_its_own_agent_only() {
    let mut desk = Desk::new();
    desk.load("a1", 960_000, 0..2);
    desk.load("a2", 850_000, 2..6);
    let high = desk.told_of("cpu_high");
    assert!(high.contains(&("team".to_string(), Notice::First)), "{high:?}");
}
