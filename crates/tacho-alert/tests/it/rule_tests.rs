//! Tests of rules: who is told when, who is not, what mutes, whom the escalation reaches; and that a test which is wrong fails.

use tacho_alert::notify::{Config, defaults};
use tacho_alert::{read, trial};

const ROUTED: &str = "\
id: r
severity: critical
action: notify_ops
query: agent_audit_log | outcome_status = 'failure'
tests:
  - name: told
    events: [{at: 10s, agent_id: a, outcome_status: failure}]
    expect:
      - {at: 12s, group: {agent_id: a}, state: firing, receivers: [oncall]}
      - {at: 60s, group: {agent_id: a}, state: firing, receivers: [oncall, notify_ops]}
";

fn failures(text: &str) -> String {
    with(text, &defaults().unwrap())
}

fn with(text: &str, routing: &Config) -> String {
    let rules = read("r", text).unwrap();
    trial::test(&rules[0], &rules, routing)
        .into_iter()
        .flat_map(|outcome| outcome.failures)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn receivers_of_a_test_are_told_by_the_routing_at_their_time() {
    assert_eq!(failures(ROUTED), "");
    // Receivers that a rule names itself wait as the first route says, 30 s.
    let early = failures(&ROUTED.replace("[oncall]}", "[oncall, notify_ops]}"));
    assert!(
        early.contains("at 12s")
            && early.contains("expected \"notify_ops\" to be told, found \"oncall\" (10s)"),
        "{early}"
    );
    let other = failures(&ROUTED.replace("[oncall]}", "[team]}"));
    assert!(other.contains("expected \"team\" to be told"), "{other}");
    let slip = failures(&ROUTED.replace("[oncall]}", "[onkall]}"));
    assert!(slip.contains("the routing has no receiver \"onkall\"; did you mean \"oncall\"?"), "{slip}");
    let group =
        failures(&ROUTED.replace(
            "12s, group: {agent_id: a}, state: firing",
            "12s, group: {agent_id: b}, state: inactive",
        ));
    assert!(
        group.contains("at 12s, agent_id=b: expected \"oncall\" to be told, found nobody"),
        "told of another group: {group}"
    );
}

/// A rule that fires at ten seconds and goes on, and what is expected of it.
fn lasting(severity: &str, more: &str) -> String {
    format!(
        "id: r\nseverity: {severity}\nquery: agent_audit_log | outcome_status = 'failure'\nwindow: 1d\ntests:\n  - name: t\n\
         \x20   events: [{{at: 10s, agent_id: a, outcome_status: failure}}]\n{more}"
    )
}

fn expects(severity: &str, more: &str) -> String {
    failures(&lasting(severity, &format!("    expect: [{{state: firing, {more}}}]\n")))
}

#[test]
fn an_empty_list_says_that_nobody_is_told() {
    assert_eq!(expects("warning", "at: 60s, receivers: []"), "");
    let told = expects("warning", "at: 71s, receivers: []");
    assert_eq!(told, "at 71s: expected nobody to be told, found \"team\" (1m10s)");
    assert_eq!(expects("critical", "at: 1m, escalated: []"), "", "the routing told whoever is first");
    let paged = expects("critical", "at: 16m, escalated: []");
    assert!(
        paged.contains("expected nobody to be reached by the escalation, found \"oncall-second\" (15m10s)")
    );
}

#[test]
fn who_is_not_told_and_when_each_is_told_is_tested() {
    assert_eq!(expects("warning", "at: 1h, receivers: [team], not_told: [digest, oncall-second]"), "");
    let told = expects("warning", "at: 1h, not_told: [team]");
    assert_eq!(told, "at 1h: expected \"team\" not to be told, found told at 1m10s");
    assert_eq!(expects("warning", "at: 9h, told_at: {team: [1m10s, 4h1m10s, 8h1m10s], digest: []}"), "");
    let early = expects("warning", "at: 9h, told_at: {team: [1m]}");
    assert_eq!(early, "at 9h: expected \"team\" to be told at 1m, found 1m10s, 4h1m10s, 8h1m10s");
    let never = expects("warning", "at: 9h, told_at: {digest: [1m]}");
    assert_eq!(never, "at 9h: expected \"digest\" to be told at 1m, found no time");
}

#[test]
fn the_escalation_reaches_who_is_next_until_somebody_answers() {
    let levels = "at: 40m, escalated: [oncall-second, management], told_at: {oncall-second: [15m10s], management: [30m10s]}";
    assert_eq!(expects("critical", levels), "");
    assert!(expects("critical", "at: 20m, escalated: [management]").contains(
        "expected \"management\" to be reached by the escalation, found \"oncall-second\" (15m10s)"
    ));
    let answered = |answer: &str, expected: &str| {
        let more = format!("    answers: [{{{answer}}}]\n    expect: [{{{expected}}}]\n");
        failures(&lasting("critical", &more))
    };
    let quiet = "at: 5h, state: firing, told_at: {oncall: [10s], management: []}, escalated: []";
    assert_eq!(answered("at: 5m, do: acknowledge, group: {agent_id: a}", quiet), "");
    let snoozed = "at: 2h, state: firing, told_at: {oncall-second: [1h], management: [1h15m]}";
    assert_eq!(answered("at: 5m, do: snooze, for: 55m", snoozed), "");
    assert_eq!(answered("at: 5m, do: resolve", "at: 2h, state: inactive, escalated: []"), "");
    let nobody = answered("at: 5m, do: acknowledge, group: {agent_id: b}", quiet);
    assert!(
        nobody.starts_with("at 5m, agent_id=b: nothing to be acknowledged: no such alert is open\n"),
        "{nobody}"
    );
    assert!(answered("at: 5m, do: snooze", quiet).contains("a snooze needs `for`"));
}

#[test]
fn what_mutes_is_tested_by_its_name() {
    let silenced = |expected: &str| {
        let silence = "{name: load test, matchers: ['alertname=\"r\"'], from: 0s, to: 30m}";
        let more = format!("    silences: [{silence}]\n    expect: [{{state: firing, {expected}}}]\n");
        failures(&lasting("critical", &more))
    };
    let muted = "at: 20m, muted: silenced, muted_by: load test, receivers: [], escalated: []";
    assert_eq!(silenced(muted), "");
    assert_eq!(silenced("at: 40m, muted: none, receivers: [oncall]"), "", "it is over");
    assert_eq!(
        silenced("at: 20m, muted: inhibited, muted_by: x"),
        "at 20m: expected muted: inhibited by \"x\", found silenced by \"load test\""
    );
    assert_eq!(
        expects("critical", "at: 20m, muted: silenced"),
        "at 20m: expected muted: silenced, found none"
    );
    let window = lasting(
        "critical",
        "    silences: [{name: move, matchers: ['agent_id=\"a\"'], to: 1h, maintenance: suppress}]\n\
         \x20   expect: [{at: 2h, state: firing, muted: maintenance, muted_by: move, receivers: []}]\n",
    );
    assert_eq!(failures(&window), "");
}

#[test]
fn an_inhibition_is_tested_with_the_rule_that_speaks_for_it() {
    let text = "\
id: down
severity: critical
query: agent_audit_log | action = 'down'
window: 30m
---
id: slow
query: agent_audit_log | action = 'slow'
window: 1d
tests:
  - name: while it is down nobody is told that it is slow
    with: [down]
    events: [{at: 10s, agent_id: a, action_name: down}, {at: 20s, agent_id: a, action_name: slow}]
    expect:
      - {at: 29m, state: firing, muted: inhibited, muted_by: down, receivers: [], escalated: []}
      - {at: 29m, rule: down, group: {agent_id: a}, state: firing, muted: none, receivers: [only]}
      - {at: 1h, state: firing, muted: none, receivers: [only]}
      - {at: 1h, rule: down, state: inactive}
";
    let routing = "route: {receiver: only}\nreceivers: [{name: only}, {name: oncall}]\n\
        inhibit_rules: [{source_matchers: [alertname=down], target_matchers: [alertname=slow], equal: [agent_id]}]\n";
    let routing = Config::read("routing", routing).unwrap();
    let rules = read("r", text).unwrap();
    let failures = |text: &str, beside: &[tacho_alert::Rule]| {
        let rules = read("r", text).unwrap();
        trial::test(&rules[1], beside, &routing).remove(0).failures.join("\n")
    };
    assert_eq!(failures(text, &rules), "");
    let missing = failures(&text.replace("with: [down]", "with: [dwn]"), &rules);
    assert_eq!(missing, "with: there is no rule \"dwn\"; did you mean \"down\"?");
    let alone = failures(&text.replace("    with: [down]\n", ""), &rules);
    assert!(alone.contains("rule \"down\" does not run in this test: name it in `with`"), "{alone}");
    assert!(alone.contains("expected muted: inhibited by \"down\", found none"), "{alone}");
    assert!(
        alone.contains("expected nobody to be told, found \"oncall\" (15m20s), \"only\" (50s)"),
        "{alone}"
    );
}

#[test]
fn hours_of_a_route_and_people_on_call_are_tested() {
    let routing = "route: {receiver: team, group_wait: 0s, mute_time_intervals: [night], escalation: slow}\n\
        receivers: [{name: team}, {name: ana-phone}, {name: bo-phone}]\n\
        people: [{name: ana, receiver: ana-phone}, {name: bo, receiver: bo-phone}]\n\
        schedules: [{name: ops, rotations: [{people: [ana, bo], starts: 2026-01-01, handoff: '00:00', length: 12h}]}]\n\
        escalations: [{name: slow, levels: [{after: 30m, schedules: [ops]}, {after: 13h, schedules: [ops]}]}]\n\
        time_intervals: [{name: night, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]}]\n";
    let routing = Config::read("routing", routing).unwrap();
    let text = lasting(
        "warning",
        "    expect:\n\
         \x20     - {at: 5h, state: firing, muted: time_interval, muted_by: night, not_told: [team, ana, bo]}\n\
         \x20     - {at: 7h, state: firing, muted: none, receivers: [team, ana], told_at: {bo: []}, escalated: [ana]}\n\
         \x20     - {at: 19h, state: firing, escalated: [ana, bo]}\n",
    );
    assert_eq!(with(&text, &routing), "");
}

#[test]
fn what_a_test_misspells_is_refused_with_its_line() {
    let lines = |more: &str| read("r", &lasting("critical", more)).unwrap_err().to_string();
    let slip = lines("    expect: [{at: 1m, state: fireing}]\n");
    assert!(slip.starts_with("r:8: ") && slip.contains("did you mean \"firing\"?"), "{slip}");
    let slip = lines("    expect: [{at: 1m, state: firing, recievers: []}]\n");
    assert!(slip.contains("did you mean \"receivers\"?"), "{slip}");
    let slip = lines("    answers: [{at: 1m, do: acknowlege}]\n");
    assert!(slip.contains("did you mean \"acknowledge\"?"), "{slip}");
}

#[test]
fn the_example_of_the_guide_passes() {
    let guide = include_str!("../../../../docs/guide/alerts.md");
    let begin = guide.find("    id: slow_answers\n").unwrap();
    let lines = guide[begin..].lines().take_while(|line| !line.is_empty());
    let text: String = lines.map(|line| format!("{}\n", line.strip_prefix("    ").unwrap())).collect();
    assert_eq!(read("guide", &text).unwrap()[0].tests.len(), 3);
    assert_eq!(failures(&text), "");
}
