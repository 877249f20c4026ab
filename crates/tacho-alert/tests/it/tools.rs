//! Lint, replay and explain.

use tacho_alert::{Replayer, Rule, builtin, explain, format, lint, needs, read, trial};

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

fn replayed(rule: &Rule, test: &tacho_alert::TestText) -> tacho_alert::Replay {
    let mut replayer = Replayer::new(std::slice::from_ref(rule), &Default::default()).unwrap();
    trial::events(test).unwrap().iter().for_each(|event| replayer.observe(event));
    replayer.finish().remove(0)
}

#[test]
fn a_replay_says_how_often_a_week() {
    let rules = builtin::rules().unwrap();
    let rule = rules.iter().find(|rule| rule.id == "slow_api").unwrap();
    let mut test = rule.tests[0].clone();
    test.events[0].insert("repeat".into(), 10.into());
    test.events[0].insert("spacing".into(), "1d".into());
    let report = replayed(rule, &test);
    assert_eq!((report.events, report.firings), (10, 10));
    assert_eq!(report.per_week().map(|weekly| weekly.round()), Some(8.0));
    assert!(
        report.text(2).starts_with("slow_api: 10 events over 1w2d, fired 10 times, 7.8 a week\n"),
        "{}",
        report.text(2)
    );
    assert!(report.text(2).lines().nth(1).unwrap().ends_with("  event 9"), "the newest comes first");
    assert_eq!(report.text(2).lines().count(), 3);
    test.events[0].insert("agent_id".into(), "a\n\u{1b}[2Jb".into());
    assert!(replayed(rule, &test).text(1).lines().nth(1).unwrap().contains("agent_id=a  [2Jb"));
    let one = replayed(rule, &rule.tests[0]);
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

#[test]
fn rules_say_which_columns_they_read() {
    let of = |query: &str| {
        let rules = read("r", &format!("id: r\nquery: |\n  {query}\n")).unwrap();
        needs(&rules).iter().map(|column| column.name).collect::<Vec<_>>()
    };
    assert_eq!(
        of("agent_audit_log | user = 'x' and details.a.b = 'c'"),
        ["agent_id", "action_details", "user_id"]
    );
    assert_eq!(of("agent_audit_log | fields ip"), ["agent_id", "ip"]);
    let metric = of("metrics | max(queue_depth) by queue");
    assert!(
        ["action_type", "action_details", "extra"].iter().all(|name| metric.contains(name)),
        "{metric:?}"
    );
    let open = of("open(task) | overdue > 0s");
    assert!(["task_id", "workflow_id", "escalation_us"].iter().all(|name| open.contains(name)), "{open:?}");
    let sequence = "agent_audit_log | sequence by session_id within 10m [ a: action = 'x' -> b: ip = 'y' ]";
    assert_eq!(of(sequence), ["agent_id", "session_id", "action_name", "ip"]);
}

#[test]
fn formatting_changes_queries_in_blocks_and_nothing_else() {
    let text = "# mine\nalerts:\n  - name: a   # first\n    condition: |\n      agent_audit_log|agent_id=='x'\n      |count()  by agent_id\n      |count>10\n\n    window: 5m\n  - name: b\n    condition: agent_audit_log|ip='x'\n  - name: c\n    condition: |\n      agent_audit_log|ip='x'   # why\n";
    let formatted = format("r", text).unwrap();
    let expected = "      agent_audit_log\n      | agent_id = 'x'\n      | count() by agent_id\n      | count > 10\n\n    window: 5m\n";
    assert!(formatted.contains(expected), "{formatted}");
    assert!(formatted.starts_with("# mine\nalerts:\n  - name: a   # first\n"), "{formatted}");
    assert!(
        formatted.ends_with(text.split_once("  - name: b").unwrap().1),
        "remarks and lines stay: {formatted}"
    );
    assert_eq!(format("r", &formatted).unwrap(), formatted);
    assert_eq!(format("r", &text.replace('\n', "\r\n")).unwrap(), formatted.replace('\n', "\r\n"));
    assert_eq!(format("r", "id: a\nqery: x\n").unwrap_err().line, 2);
}

#[test]
fn formatting_the_built_in_rules_keeps_what_they_mean() {
    for (name, text) in builtin::FILES {
        let formatted = format(name, text).unwrap();
        assert_eq!(format(name, &formatted).unwrap(), formatted);
        let hashes = |text: &str| read(name, text).unwrap().iter().map(|rule| rule.hash).collect::<Vec<_>>();
        assert_eq!(hashes(&formatted), hashes(text), "{name}");
    }
}
