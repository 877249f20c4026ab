//! Routing, grouping, muting, repetition, escalation and schedules in virtual time.

use tacho_alert::notify::*;
use tacho_alert::{Change, Engine, Severity, builtin, trial};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
/// Thursday, 2026-01-01T00:00:00Z.
const T0: i64 = trial::START_US;

const CONFIG: &str = "\
route:
  receiver: all
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
    - {matchers: ['severity=\"critical\"', 'team=~\"ops|sec\"'], receiver: pager, group_wait: 0s, continue: true}
    - {match: {team: ops}, receiver: ops, mute_time_intervals: [nights]}
receivers: [{name: all}, {name: pager, webhook_configs: [{url: x}]}, {name: ops}]
inhibit_rules:
  - {source_matchers: ['alertname=down'], target_matchers: ['severity=\"warning\"'], equal: [host]}
time_intervals:
  - name: nights
    time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '06:00'}]}]
";

fn dispatcher() -> Dispatcher {
    Dispatcher::new(&Config::read("c", CONFIG).unwrap()).unwrap()
}

fn alert(labels: &[(&str, &str)], starts_us: i64) -> Alert {
    Alert {
        id: String::new(),
        labels: labels.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect(),
        annotations: LabelSet::new(),
        starts_us,
        ends_us: None,
        flapping: false,
        actions: Vec::new(),
        quiet_until_us: None,
        suppressed: None,
    }
}

fn told(due: &[Notification]) -> Vec<(i64, &str, Notice, usize, usize)> {
    due.iter()
        .map(|n| (n.at_us - T0, n.receiver.as_str(), n.notice, n.firing.len(), n.resolved.len()))
        .collect()
}

#[test]
fn alerts_of_a_group_are_told_together_then_news_then_repetitions_then_the_end() {
    let mut d = dispatcher();
    d.alert(&alert(&[("alertname", "slow"), ("host", "a")], T0), T0);
    d.alert(&alert(&[("alertname", "slow"), ("host", "b")], T0), T0 + 10_000_000);
    assert!(d.due(T0 + 29_000_000).is_empty());
    assert_eq!(told(&d.due(T0 + MINUTE)), [(30_000_000, "all", Notice::First, 2, 0)]);
    // The same again is no news.
    d.alert(&alert(&[("alertname", "slow"), ("host", "a")], T0), T0 + 2 * MINUTE);
    assert!(d.due(T0 + HOUR).is_empty());
    d.alert(&alert(&[("alertname", "slow"), ("host", "c")], T0 + HOUR), T0 + HOUR);
    assert_eq!(told(&d.due(T0 + HOUR + 5 * MINUTE)), [(HOUR + 30_000_000, "all", Notice::Changed, 3, 0)]);
    let repeated = d.due(T0 + 6 * HOUR);
    assert_eq!(told(&repeated), [(5 * HOUR + 30_000_000, "all", Notice::Repeated, 3, 0)]);
    for host in ["a", "b", "c"] {
        let mut over = alert(&[("alertname", "slow"), ("host", host)], T0);
        over.ends_us = Some(T0 + 6 * HOUR);
        d.alert(&over, T0 + 6 * HOUR);
    }
    let ended = d.due(T0 + 12 * HOUR);
    assert_eq!(told(&ended), [(6 * HOUR + 30_000_000, "all", Notice::Resolved, 0, 3)]);
    assert_eq!(d.next_us(), None, "nothing is left to do");
}

#[test]
fn the_tree_inherits_and_continues() {
    let d = dispatcher();
    let to = |labels: &[(&str, &str)]| d.receivers(&alert(labels, 0).labels);
    assert_eq!(to(&[("team", "ops"), ("severity", "critical")]), ["pager", "ops"]);
    assert_eq!(to(&[("team", "sec"), ("severity", "critical")]), ["pager"]);
    assert_eq!(to(&[("team", "ops")]), ["ops"]);
    assert_eq!(to(&[("severity", "critical")]), ["all"]);
}

#[test]
fn a_mute_interval_only_delays() {
    let mut d = dispatcher();
    d.alert(&alert(&[("alertname", "x"), ("team", "ops")], T0), T0);
    assert!(d.due(T0 + 6 * HOUR - 1).is_empty());
    let due = d.due(T0 + 7 * HOUR);
    assert_eq!(told(&due), [(6 * HOUR + 30_000_000, "ops", Notice::First, 1, 0)]);
}

#[test]
fn an_alert_that_says_more_mutes_those_about_the_same_host() {
    let mut d = dispatcher();
    d.alert(&alert(&[("alertname", "down"), ("host", "a"), ("severity", "critical")], T0), T0);
    let quiet = alert(&[("alertname", "slow"), ("host", "a"), ("severity", "warning")], T0);
    d.alert(&quiet, T0);
    d.alert(&alert(&[("alertname", "slow"), ("host", "b"), ("severity", "warning")], T0), T0);
    let due = d.due(T0 + MINUTE);
    let slow = due.iter().find(|n| n.group_labels["alertname"] == "slow").unwrap();
    assert_eq!(slow.firing.len(), 1);
    assert_eq!(slow.firing[0].labels["host"], "b");
    assert!(matches!(d.muted(&quiet, T0 + MINUTE), Some(Muted::Inhibited(_))));
    // What mutes is over: the alert still fires, and is told.
    let mut over = alert(&[("alertname", "down"), ("host", "a"), ("severity", "critical")], T0);
    over.ends_us = Some(T0 + 2 * MINUTE);
    d.alert(&over, T0 + 2 * MINUTE);
    let due = d.due(T0 + 11 * MINUTE);
    assert!(due.iter().any(|n| n.notice == Notice::Changed && n.firing.len() == 2), "{due:?}");
}

#[test]
fn a_silence_has_a_reason_an_end_and_not_everything() {
    let mut d = dispatcher();
    let silence = |matchers: &str, comment: &str, ends: i64| Silence {
        id: "s1".into(),
        matchers: parse_matchers(matchers).unwrap(),
        starts_us: T0,
        ends_us: ends,
        created_by: "ana".into(),
        comment: comment.into(),
        approved_by: None,
        maintenance: None,
    };
    assert!(d.silences.set(silence("host=~\".*\"", "all", T0 + HOUR)).unwrap_err().contains("every alert"));
    assert!(d.silences.set(silence("host=a", " ", T0 + HOUR)).unwrap_err().contains("reason"));
    assert!(d.silences.set(silence("host=a", "x", T0)).unwrap_err().contains("ends before"));
    d.silences.set(silence("{host=\"a\", alertname!=\"down\"}", "known", T0 + HOUR)).unwrap();
    let one = alert(&[("alertname", "slow"), ("host", "a")], T0);
    d.alert(&one, T0);
    assert_eq!(d.muted(&one, T0), Some(Muted::Silenced("s1".into())));
    assert!(d.due(T0 + HOUR - 1).is_empty());
    let due = d.due(T0 + HOUR + 5 * MINUTE);
    assert_eq!(told(&due), [(HOUR + 30_000_000, "all", Notice::First, 1, 0)]);
    assert!(!d.silences.expire("s1", T0 + HOUR), "it is over already");
}

#[test]
fn what_comes_and_goes_is_told_less_often() {
    let mut d = dispatcher();
    d.alert(&alert(&[("alertname", "x"), ("host", "a")], T0), T0);
    assert_eq!(d.due(T0 + MINUTE).len(), 1);
    let mut flapping = alert(&[("alertname", "x"), ("host", "b")], T0 + MINUTE);
    flapping.flapping = true;
    d.alert(&flapping, T0 + MINUTE);
    assert!(d.due(T0 + HOUR).is_empty());
    assert_eq!(d.due(T0 + 5 * HOUR)[0].firing.len(), 2, "never hidden");
}

#[test]
fn a_critical_alert_escalates_until_somebody_answers() {
    let mut waiting = Escalations::default();
    waiting.begin("a", Escalation::of(Severity::Critical), T0).unwrap();
    waiting.begin("b", Escalation::of(Severity::Warning), T0).unwrap();
    waiting.begin("c", Escalation::of(Severity::Info), T0).unwrap();
    let pages = |pages: Vec<Page>| -> Vec<(String, usize, i64)> {
        pages.into_iter().map(|page| (page.alert, page.level, (page.at_us - T0) / MINUTE)).collect()
    };
    assert_eq!(pages(waiting.due(T0, &|_, _| false)), [("a".to_string(), 0, 0)]);
    assert_eq!(pages(waiting.due(T0 + 14 * MINUTE, &|_, _| false)), []);
    assert_eq!(
        pages(waiting.due(T0 + 15 * MINUTE, &|_, _| false)),
        [("a".to_string(), 1, 15), ("b".to_string(), 0, 15)]
    );
    assert!(waiting.acknowledge("a", "ana", T0 + 16 * MINUTE));
    assert!(!waiting.acknowledge("a", "bo", T0 + 17 * MINUTE), "the first answer counts");
    assert_eq!(waiting.acknowledged("a"), Some(("ana", T0 + 16 * MINUTE)));
    assert_eq!(pages(waiting.due(T0 + HOUR, &|_, _| false)), []);
    assert!(waiting.snooze("a", T0 + 2 * HOUR));
    assert_eq!(waiting.next_us(), Some(T0 + 2 * HOUR));
    assert_eq!(pages(waiting.due(T0 + 3 * HOUR, &|_, _| false)), [("a".to_string(), 2, 120)]);
    assert!(waiting.resolve("a") && !waiting.resolve("a"));
}

fn at(text: &str) -> i64 {
    tacho_event::time::parse(text).unwrap()
}

#[test]
fn intervals_are_of_the_calendar_of_their_place() {
    let interval = TimeInterval {
        weekdays: vec!["monday:friday".into()],
        months: vec!["january".into(), "12".into()],
        days_of_month: vec!["1:3".into(), "-1".into()],
        location: Some("Australia/Sydney".into()),
        ..TimeInterval::default()
    };
    for (text, within) in [
        ("2026-01-01T12:00:00Z", true),
        ("2026-01-01T14:00:00Z", true),
        ("2026-01-02T14:00:00Z", false),
        ("2026-01-30T12:00:00Z", false),
        ("2026-12-30T14:00:00Z", true),
        ("2026-02-02T12:00:00Z", false),
    ] {
        assert_eq!(interval.contains(at(text)), Ok(within), "{text}");
    }
    let broken = TimeInterval { weekdays: vec!["someday".into()], ..TimeInterval::default() };
    assert!(broken.contains(T0).unwrap_err().contains("someday"));
}

#[test]
fn a_configuration_that_contradicts_itself_is_refused() {
    for (from, to, part) in [
        ("receiver: ops,", "receiver: opz,", "no receiver \"opz\"; did you mean \"ops\"?"),
        ("[nights]", "[days]", "no time interval \"days\""),
        ("'alertname=down'", "'alertname'", "is no matcher"),
        ("team=~\\\"ops|sec\\\"", "team=~\\\"(\\\"", "is no regular expression"),
        ("'22:00'", "'25:00'", "is no time of day"),
    ] {
        let text = CONFIG.replace(from, to).replace("\\\"", "\"");
        let text = if text == CONFIG {
            CONFIG.replace(&from.replace("\\\"", "\""), &to.replace("\\\"", "\""))
        } else {
            text
        };
        assert_ne!(text, CONFIG);
        let found = Dispatcher::new(&Config::read("c", &text).unwrap()).unwrap_err();
        assert!(found.contains(part), "{found}");
    }
    let found =
        Config::read("c", &CONFIG.replace("group_wait: 30s", "group_wiat: 30s")).unwrap_err().to_string();
    assert!(found.starts_with("c:4: ") && found.contains("did you mean \"group_wait\"?"), "{found}");
}

#[test]
fn from_an_event_to_the_pager() {
    let rules = builtin::rules().unwrap();
    let rule = rules.iter().find(|rule| rule.id == "privilege_escalation").unwrap().clone();
    let events = trial::events(&rule.tests[0]).unwrap();
    let mut engine = Engine::new(vec![rule.clone()]).unwrap();
    let mut d = Dispatcher::new(&defaults().unwrap()).unwrap();
    engine.observe(&events[0]);
    let now = events[0].recorded_us;
    let changes = engine.transitions();
    assert_eq!(changes[0].change, Change::Firing);
    assert_eq!((changes[0].tree_size, changes[0].evidence[0].index), (1, 0));
    d.alert(&Alert::of(&rule, &changes[0]).unwrap(), now);
    let due = d.due(now);
    assert_eq!(due.len(), 1, "the pager at once, the others after their wait");
    assert_eq!((due[0].receiver.as_str(), due[0].at_us), ("oncall", now));
    let rest = d.due(now + 30_000_000);
    assert_eq!(rest.iter().map(|n| n.receiver.as_str()).collect::<Vec<_>>(), ["security"]);
}
