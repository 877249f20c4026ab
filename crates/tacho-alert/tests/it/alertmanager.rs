//! A configuration written for Alertmanager, with its old forms and with what has no meaning here.

use tacho_alert::alertmanager::import;
use tacho_alert::notify::{Config, Dispatcher, LabelSet};

const REAL: &str = r#"
global:
  resolve_timeout: 5m
  slack_api_url: https://hooks.example.com/T0/B0/x
  smtp_smarthost: mail.example.com:25
templates: [/etc/alertmanager/*.tmpl]
route:
  receiver: default
  group_by: ['...']
  group_wait: 30s
  routes:
    - matchers: [severity="critical", 'team=~"a|b"']
      receiver: pager
      continue: true
      active_time_intervals: [office]
    - match: {team: ops}
      match_re: {service: ^(db|cache)$}
      receiver: ops
receivers:
  - name: default
  - name: pager
    pagerduty_configs: [{routing_key: 12345678901234567890}]
    pushover_configs: [{user_key: u}]
  - name: ops
    slack_configs: [{channel: '#ops', title: '{{ .Status }}'}]
inhibit_rules:
  - name: down
    source_match: {alertname: Down}
    target_match_re: {severity: warning|info}
    target_matchers: [team="ops"]
    equal: [instance]
mute_time_intervals:
  - name: nights
    time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]
time_intervals:
  - name: office
    time_intervals: [{weekdays: ['monday:friday'], location: Europe/Berlin}]
"#;
const CHANNELS: [&str; 2] = ["pagerduty_configs", "slack_configs"];

#[test]
fn a_real_configuration_is_read_and_what_is_left_out_is_said() {
    let imported = import("am.yml", REAL, &CHANNELS, &["title"]).unwrap();
    let notes: Vec<String> = imported.notes.iter().map(|note| note.to_string()).collect();
    assert_eq!(notes.len(), 4, "{notes:?}");
    for (note, start) in notes.iter().zip([
        "am.yml:3: resolve_timeout",
        "am.yml:6: templates",
        "am.yml:23: pushover_configs",
        "am.yml:25: title of slack_configs",
    ]) {
        assert!(note.starts_with(start), "{note}");
    }
    let config = Config::read("am.yml", &imported.text).unwrap();
    let dispatcher = Dispatcher::new(&config).unwrap();
    let to = |labels: &[(&str, &str)]| {
        let labels: LabelSet = labels.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
        dispatcher.receivers(&labels)
    };
    assert_eq!(to(&[("severity", "critical"), ("team", "a")]), ["pager"]);
    assert_eq!(to(&[("team", "ops"), ("service", "db")]), ["ops"]);
    assert_eq!(to(&[("team", "ops"), ("service", "web")]), ["default"]);
    assert_eq!(config.time_intervals.len(), 2);
    assert_eq!(config.inhibit_rules[0].source_matchers, ["alertname=\"Down\""]);
    assert_eq!(config.inhibit_rules[0].target_matchers, ["severity=~\"warning|info\"", "team=\"ops\""]);
    assert!(imported.text.contains("12345678901234567890"), "keys keep their digits");
    assert!(
        import("am.yml", &imported.text, &CHANNELS, &["title"]).unwrap().notes.is_empty(),
        "what is written is ours"
    );
}

#[test]
fn what_can_not_be_used_is_told_with_lines_all_at_once() {
    let wrong = REAL
        .replace("group_wait: 30s", "group_wiat: 30s")
        .replace("'team=~\"a|b\"'", "'team=~\"(\"'")
        .replace("weekdays:", "weekday:")
        .replace("slack_configs:", "slak_configs:");
    let errors = import("am.yml", &wrong, &CHANNELS, &["title"]).unwrap_err();
    let errors: Vec<String> = errors.iter().map(|error| error.to_string()).collect();
    for part in [
        "am.yml:10: unknown member \"group_wiat\" of a route; did you mean \"group_wait\"?",
        "am.yml:12: \"(\" is no regular expression",
        "unknown member \"weekday\" of a time interval; did you mean \"weekdays\"?",
        "unknown member \"slak_configs\" of a receiver; did you mean \"slack_configs\"?",
    ] {
        assert!(
            errors.iter().any(|error| error.starts_with(part) || error.contains(part)),
            "{part}: {errors:?}"
        );
    }
    assert!(
        import("a", "receivers: []\n", &CHANNELS, &["title"]).unwrap_err()[0]
            .message
            .contains("has no route")
    );
    assert!(import("a", "", &CHANNELS, &["title"]).is_err());
}
