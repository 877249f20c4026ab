//! Rule files: both forms, and errors that name line and field.

use tacho_alert::{Every, Severity, read};

const SHORT: &str = "\
alerts:
  - name: sensitive_data
    condition: |
      agent_audit_log
      | sensitive_data_accessed = true
      | count() > 0
    window: 5m
    action: notify_security
  - name: failures
    condition: |
      agent_audit_log
      | outcome_status = 'failure'
      | count() by agent_id
      | count > 10
    window: 15m
    action: notify_ops
  - name: unusual
    condition: |
      agent_audit_log
      | count() by agent_id
      | count > avg(count) * 3
    window: 1h
    action: [notify_security, notify_ops]
";

fn message(text: &str) -> String {
    read("rules.yaml", text).unwrap_err().to_string()
}

#[test]
fn the_short_form_loads_as_users_have_it() {
    let rules = read("alerts.yaml", SHORT).unwrap();
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["sensitive_data", "failures", "unusual"]);
    assert_eq!(rules[1].window_us, 900_000_000);
    assert_eq!(rules[1].every, Every::Us(60_000_000));
    assert_eq!(rules[2].actions, ["notify_security", "notify_ops"]);
    assert_eq!(rules[0].severity, Severity::Warning);
    assert_ne!(rules[0].hash, rules[1].hash);
}

#[test]
fn errors_name_file_line_and_what_was_meant() {
    for (text, line, part) in [
        ("id: a\nqery: x\n", 2, "did you mean \"query\"?"),
        ("id: a\nquery: agent_audit_log\nwindow: soon\n", 3, "\"soon\" is no duration"),
        ("id: a\nquery: agent_audit_log\nseverity: criticl\n", 3, "did you mean \"critical\"?"),
        ("id: a\nquery: |\n  agent_audit_log\n  | agnet_id = 'x'\n", 4, "did you mean \"agent_id\"?"),
        ("id: a b\nquery: agent_audit_log\n", 1, "expected letters, digits"),
        ("id: a\n", 1, "rule a has no query"),
        (
            "id: a\nquery: agent_audit_log\n---\nid: a\nquery: agent_audit_log\n",
            4,
            "two rules are named \"a\"",
        ),
        ("id: a\nquery: agent_audit_log | sort index\n", 2, "sort, limit and top are for queries"),
        ("id: a\nquery: agent_audit_log | action =~ '('\n", 2, "is no regular expression"),
        ("id: a\nquery: agent_audit_log | count()\nevery: 7us\n", 3, "every is \"7us\""),
        ("kind: Dashboard\nid: a\nquery: agent_audit_log\n", 1, "expected \"AlertRule\""),
        (
            "id: a\nwindow: 1m\nquery: agent_audit_log | count() by agent_id | count > avg(count)\n",
            1,
            "10080 windows of each group, expected at most 4096",
        ),
        ("id: [\n", 1, "expected string scalar"),
    ] {
        let found = message(text);
        assert!(found.starts_with(&format!("rules.yaml:{line}: ")), "{text}: {found}");
        assert!(found.contains(part), "{text}: {found}");
    }
}

#[test]
fn hostile_files_are_refused() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n";
    assert!(message(bomb).contains("rules.yaml:1"));
    assert!(message(&format!("id: a\nquery: {}\n", "[".repeat(100_000))).starts_with("rules.yaml:"));
    assert!(message(&"# \n".repeat(2_000_000)).contains("expected at most"));
}

#[test]
fn the_hash_is_of_what_a_rule_means() {
    let one = |text: &str| read("a", text).unwrap()[0].hash;
    let a = one("id: a\nquery: agent_audit_log | agent_id = 'x'\ntitle: one\n");
    assert_eq!(a, one("id: a\nquery: \"agent_audit_log|agent_id='x'\"\ntitle: two\n"));
    assert_ne!(a, one("id: a\nquery: agent_audit_log | agent_id = 'y'\n"));
    assert_ne!(a, one("id: a\nquery: agent_audit_log | agent_id = 'x'\nfor: 1m\n"));
}
