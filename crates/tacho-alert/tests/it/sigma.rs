//! Sigma rules become ours, and ours become Sigma's, without a change of what they ask for.

use std::collections::BTreeMap;
use tacho_alert::sigma::{export, import};
use tacho_alert::{Rule, builtin, field, notify, read, trial};

fn imported(text: &str) -> (Vec<Rule>, Vec<String>) {
    let out = import(&[("r.yml".to_string(), text.to_string())]);
    let rules = out.rules.iter().flat_map(|rule| read(&rule.id, &rule.text).unwrap()).collect();
    (rules, out.refused.iter().map(|error| error.to_string()).collect())
}

fn query(detection: &str) -> String {
    let text = format!(
        "title: A rule\nlogsource: {{category: agent_activity, product: tachograph}}\ndetection:\n{detection}"
    );
    let (rules, refused) = imported(&text);
    assert!(refused.is_empty(), "{refused:?}\n{text}");
    rules[0].query.replace("agent_audit_log\n| ", "").replace("\n| ", " && ")
}

#[test]
fn what_sigma_compares_without_regard_to_case_is_asked_so() {
    for (selection, expected) in [
        ("action_name: Bash", "lower(action_name) = 'bash'"),
        ("action_name: [Bash, WRITE, 7]", "lower(action_name) in ('bash', 'write') or action_name = '7'"),
        ("action_name|cased: Bash", "action_name = 'Bash'"),
        ("action_type: TOOL", "action_type = 'tool'"),
        ("level: critical", "level = 'CRITICAL'"),
        ("CommandLine|contains: 'rm -RF'", "lower(action_details.command) contains 'rm -rf'"),
        (
            "CommandLine|contains|all: [a, b]",
            "lower(action_details.command) contains 'a' && lower(action_details.command) contains 'b'",
        ),
        ("file.path: '/etc/*'", "lower(action_details.file_path) startswith '/etc/'"),
        ("file.path: 'a*b'", "lower(action_details.file_path) =~ '(?s)^a.*b$'"),
        ("file.path: '*'", "exists(action_details.file_path)"),
        ("file.path: ''", "action_details.file_path = ''"),
        ("file.path: null", "not exists(action_details.file_path)"),
        ("source.ip|cidr: 10.0.0.0/8", "ip cidr '10.0.0.0/8'"),
        ("action_name|re|i: '^mcp__'", "action_name =~ '(?i)^mcp__'"),
        ("duration_ms|gte: 5s", "duration_ms >= 5s"),
        ("duration_ms: 5000", "duration_ms = 5000"),
        ("extra.n: 5", "extra.n = 5"),
        ("extra.on: true", "extra.\"on\" = true"),
        ("sensitive_data_accessed: 'True'", "sensitive_data_accessed = true"),
        ("sensitive: true", "sensitive = 1"),
        ("from_agent|fieldref: to_agent", "lower(from_agent) = lower(to_agent)"),
        ("environment|neq: prod", "not lower(environment) = 'prod'"),
        ("timestamp|gt: '2026-01-01T00:00:00Z'", "timestamp > '2026-01-01T00:00:00Z'"),
    ] {
        let found = query(&format!("  s:\n    {selection}\n  condition: s\n"));
        assert_eq!(found, expected, "{selection}");
    }
    let words = query("  k: [secret]\n  condition: k\n");
    assert!(
        words.contains("lower(extra) contains 'secret' or")
            || words.ends_with("lower(extra) contains 'secret'"),
        "{words}"
    );
}

#[test]
fn what_can_not_be_said_is_refused_with_its_line_and_the_nearest_name() {
    let good = "title: Good\nlogsource: {category: agent_activity}\ndetection:\n  s: {action_name: x}\n  condition: s\n";
    for (from, to, line, part) in [
        ("action_name:", "action_nmae:", 4, "no field \"action_nmae\"; did you mean \"action_name\"?"),
        ("action_name:", "action_name|contians:", 4, "no modifier \"contians\"; did you mean \"contains\"?"),
        ("action_name:", "action_name|hour:", 4, "not supported: rules have no calendar"),
        ("action_name:", "action_name|re|gt:", 4, "don't go together"),
        ("action_name: x", "action_name|re: '('", 1, "is no regular expression"),
        ("action_name: x", "action_name: {a: b}", 4, "found a map"),
        ("action_name: x", "tokens_input: many", 4, "expected a number, found \"many\""),
        ("action_name: x", "ip|cidr: nowhere", 1, "is no range of addresses"),
        ("detection:", "detektion:", 3, "did you mean \"detection\"?"),
        ("condition: s", "condition: selection", 5, "there is no selection \"selection\""),
        ("condition: s", "condition: s | count() > 5", 5, "write a correlation rule"),
        ("agent_activity", "agent_activty", 2, "did you mean \"agent_activity\"?"),
        ("{category: agent_activity}", "{service: sshd}", 2, "tachograph has no services"),
        ("title: Good", "level: hgih\ntitle: Good", 1, "did you mean \"high\"?"),
        ("title: Good\n", "name: x\n", 1, "no title"),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good);
        let (rules, refused) = imported(&format!("{bad}---\n{good}"));
        assert_eq!((rules.len(), refused.len()), (1, 1), "the other rule is not lost: {bad}{refused:?}");
        assert!(refused[0].starts_with(&format!("r.yml:{line}: ")), "{bad}{refused:?}");
        assert!(refused[0].contains(part), "{bad}{refused:?}");
    }
    assert!(imported("title: [\n").1[0].starts_with("r.yml:"));
    assert!(imported("just a text\n").1[0].contains("expected a map"));
    let custom = import(&[("r".into(), format!("{good}zzz_of_mine: 1\n"))]);
    assert_eq!(custom.rules[0].notes, ["line 6: the member \"zzz_of_mine\" is not read"]);
}

const BASE: &str = "\
title: Failed
name: failed
logsource: {category: agent_activity}
detection:
  s: {outcome_status: failure}
  condition: s
---
title: Went outside
name: outside
logsource: {category: agent_activity}
detection:
  s: {action_type: external}
  condition: s
---
title: Together
correlation:
";

#[test]
fn correlations_become_stages() {
    let there = "agent_audit_log\n| exists(agent_id) and outcome_status = 'failure'\n";
    let both = "outcome_status = 'failure' or action_type = 'external'";
    for (correlation, expected) in [
        ("{type: event_count, rules: [failed], group-by: [agent.id], timespan: 10m, condition: {gte: 5}}",
            format!("{there}| count() by agent_id\n| count >= 5")),
        ("{type: value_count, rules: failed, group-by: agent_id, timespan: 10m, condition: {field: ip, gt: 5, lte: 9}}",
            format!("{there}| distinct(ip) as values by agent_id\n| values > 5 and values <= 9")),
        ("{type: value_percentile, rules: [failed], group-by: [agent_id], timespan: 10m, condition: {field: duration_ms, gt: 5, percentile: 99.5}}",
            format!("{there}| p99_5(duration_ms) as value by agent_id\n| value > 5")),
        ("{type: value_sum, rules: [failed], timespan: 10m, condition: {field: price, gt: 5}}",
            "agent_audit_log\n| outcome_status = 'failure'\n| sum(number(price)) as value\n| value > 5".to_string()),
        ("{type: temporal, rules: [failed, outside], group-by: [agent_id], timespan: 10m}",
            format!("agent_audit_log\n| exists(agent_id) and ({both})\n| count() if (outcome_status = 'failure') as rule_1, count() if (action_type = 'external') as rule_2 by agent_id\n| rule_1 > 0 and rule_2 > 0")),
        ("{type: temporal, rules: [failed, outside], timespan: 10m, condition: outside and not failed}",
            format!("agent_audit_log\n| {both}\n| count() if (outcome_status = 'failure') as rule_1, count() if (action_type = 'external') as rule_2\n| rule_2 > 0 and not rule_1 > 0")),
        ("{type: temporal_ordered, rules: [failed, outside], group-by: [agent_id], timespan: 10m}",
            "agent_audit_log\n| exists(agent_id)\n| sequence by agent_id within 10m [ rule_1: outcome_status = 'failure' -> rule_2: action_type = 'external' ]".to_string()),
    ] {
        let (rules, refused) = imported(&format!("{BASE}  {correlation}\n"));
        assert!(refused.is_empty(), "{refused:?}");
        let rule = rules.iter().find(|rule| rule.id == "together").unwrap();
        assert_eq!(rule.query, expected);
        assert_eq!(rule.window_us, 600_000_000);
        assert_eq!(rules.len(), if correlation.contains("outside") { 1 } else { 2 }, "parts are no rules of their own");
    }
    for (correlation, part) in [
        (
            "{type: event_cuont, rules: [failed], timespan: 5m, condition: {gte: 5}}",
            "did you mean \"event_count\"?",
        ),
        (
            "{type: event_count, rules: [faield], timespan: 5m, condition: {gte: 5}}",
            "there is no rule \"faield\"",
        ),
        ("{type: event_count, rules: [failed], timespan: soon, condition: {gte: 5}}", "expected such as 90s"),
        ("{type: event_count, rules: [failed], timespan: 5m}", "it has no condition"),
        ("{type: value_count, rules: [failed], timespan: 5m, condition: {gte: 5}}", "names no field"),
        ("{type: event_count, rules: [failed], timespan: 5m, condition: {gtee: 5}}", "did you mean \"gte\"?"),
        (
            "{type: event_count, rules: [failed], timspan: 5m, condition: {gte: 5}}",
            "did you mean \"timespan\"?",
        ),
        (
            "{type: temporal, rules: [failed, outside], aliases: {x: {failed: ip, outside: target}}, group-by: [x], timespan: 5m}",
            "stands for different fields",
        ),
    ] {
        let (_, refused) = imported(&format!("{BASE}  {correlation}\n"));
        assert!(refused.iter().any(|error| error.contains(part)), "{correlation}: {refused:?}");
    }
}

#[test]
fn the_built_in_rules_that_sigma_can_say_come_back_and_pass_their_tests() {
    let (rules, routing) = (builtin::rules().unwrap(), notify::defaults().unwrap());
    let out = export(&rules);
    assert_eq!(out.said + out.left.len(), rules.len());
    assert!(out.left.iter().all(|left| !left.why.is_empty()));
    let (back, refused) = imported(&out.text);
    assert!(refused.is_empty(), "{refused:?}\n{}", out.text);
    let own: BTreeMap<&str, &Rule> = rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
    assert_eq!(back.len(), out.said);
    for rule in back {
        let own = own[rule.id.as_str()];
        // Nor what its alerts are named by.
        let named = own.query.lines().find(|line| line.starts_with("| fields ")).unwrap_or_default();
        let text = serde_json::json!({
            "id": rule.id, "title": rule.title, "severity": rule.severity, "window": tacho_pipe::format_us(rule.window_us),
            "query": format!("{}\n{named}", rule.query).trim(),
        });
        let mut rule = read("back", &text.to_string()).unwrap().remove(0);
        assert_eq!((&rule.title, rule.severity), (&own.title, own.severity));
        rule.tests = own.tests.clone();
        for expected in rule.tests.iter_mut().flat_map(|test| &mut test.expect) {
            let real = |name: String| field::find(&name).map_or(name, |column| column.name.to_string());
            expected.group = std::mem::take(&mut expected.group)
                .into_iter()
                .map(|(name, value)| (real(name), value))
                .collect();
        }
        // When it is looked at is not Sigma's business; its tests are about that too.
        (rule.every, rule.keep_us, rule.ack) = (own.every, own.keep_us, own.ack.clone());
        let failures: Vec<_> =
            trial::test(&rule, &[], &routing).into_iter().flat_map(|outcome| outcome.failures).collect();
        assert!(failures.is_empty(), "{}: {failures:?}\n{}", rule.id, rule.query);
    }
}
