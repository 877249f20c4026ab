//! Maintenance windows: what fires while work goes on, and what becomes of it; in virtual time.

use std::collections::BTreeMap;
use tacho_alert::notify::*;
use tacho_alert::trial;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
/// Thursday, 2026-01-01T00:00:00Z.
const T0: i64 = trial::START_US;

const CONFIG: &str = "\
route: {receiver: all, group_by: ['...'], group_wait: 0s, group_interval: 1m}
receivers: [{name: all}]
maintenance:
  - name: backup
    matchers: ['host=\"db\"']
    comment: the nightly backup
    strategy: STRATEGY
    time_intervals: [{weekdays: [thursday], times: [{start_time: '01:00', end_time: '02:00'}]}]
  - name: move
    matchers: ['host=\"web\"']
    comment: it moves
    strategy: suppress
    starts: 2026-01-01T05:00:00Z
    ends: 2026-01-01T06:00:00Z
";

fn desk(strategy: &str) -> Desk {
    let config = Config::read("routing.yaml", &CONFIG.replace("STRATEGY", strategy)).unwrap();
    Desk::new(&[], &config).unwrap()
}

fn alert(host: &str, from_us: i64, until_us: i64) -> Outside {
    Outside {
        labels: [("alertname", "slow"), ("severity", "info"), ("host", host)]
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .into(),
        annotations: BTreeMap::new(),
        starts_us: from_us,
        expires_us: until_us,
        url: None,
    }
}

/// Lets time pass minute by minute; gives the minutes, and whether it was told that something fires or is over.
fn pass(desk: &mut Desk, from_us: i64, until_us: i64) -> Vec<(i64, bool)> {
    let mut told = Vec::new();
    for now in (from_us..=until_us).step_by(MINUTE as usize) {
        desk.expire(now);
        told.extend(desk.due(now).iter().map(|due| match due {
            Due::Notify(told) => ((told.at_us - T0) / MINUTE, !told.firing.is_empty()),
            Due::Page { at_us, .. } => ((at_us - T0) / MINUTE, true),
            Due::Over { at_us, .. } => ((at_us - T0) / MINUTE, false),
        }));
    }
    told
}

#[test]
fn what_fires_within_and_still_fires_is_told_after_or_not_at_all() {
    for (strategy, expected) in [("deliver_after", vec![(120, true), (180, false)]), ("suppress", vec![])] {
        let mut desk = desk(strategy);
        desk.outside(alert("db", T0 + 70 * MINUTE, T0 + 3 * HOUR), T0 + 70 * MINUTE);
        let raised = desk.open().next().unwrap().clone();
        assert_eq!(desk.muted(&raised, T0 + 80 * MINUTE), Some(Muted::Maintained("backup".into())));
        assert_eq!(pass(&mut desk, T0 + 70 * MINUTE, T0 + 4 * HOUR), expected, "{strategy}");
    }
}

#[test]
fn what_is_over_before_the_end_is_never_told() {
    let mut desk = desk("deliver_after");
    desk.outside(alert("db", T0 + 70 * MINUTE, T0 + 90 * MINUTE), T0 + 70 * MINUTE);
    assert_eq!(pass(&mut desk, T0 + 70 * MINUTE, T0 + 4 * HOUR), []);
}

#[test]
fn the_end_of_what_was_told_before_is_told_within() {
    for strategy in ["deliver_after", "suppress"] {
        let mut desk = desk(strategy);
        desk.outside(alert("db", T0 + 30 * MINUTE, T0 + 90 * MINUTE), T0 + 30 * MINUTE);
        assert_eq!(pass(&mut desk, T0 + 30 * MINUTE, T0 + 4 * HOUR), [(30, true), (90, false)], "{strategy}");
    }
}

#[test]
fn other_alerts_and_other_times_are_told_as_ever() {
    let mut desk = desk("suppress");
    desk.outside(alert("web", T0 + 70 * MINUTE, T0 + 80 * MINUTE), T0 + 70 * MINUTE);
    assert_eq!(pass(&mut desk, T0 + 70 * MINUTE, T0 + 2 * HOUR), [(70, true), (80, false)]);
    desk.outside(alert("web", T0 + 5 * HOUR, T0 + 7 * HOUR), T0 + 5 * HOUR);
    assert_eq!(pass(&mut desk, T0 + 5 * HOUR, T0 + 8 * HOUR), []);
}

/// A window that is begun by hand keeps its word over a restart, also when it was taken away since.
#[test]
fn an_alert_of_a_window_that_is_gone_stays_quiet() {
    let mut first = desk("suppress");
    let begun = Silence {
        id: "w1".into(),
        matchers: parse_matchers("host=app").unwrap(),
        starts_us: T0,
        ends_us: T0 + HOUR,
        created_by: "ana".into(),
        comment: "the disk burns".into(),
        approved_by: None,
        maintenance: Some(Strategy::Suppress),
    };
    first.silences().set(begun).unwrap();
    first.outside(alert("app", T0 + MINUTE, T0 + 9 * HOUR), T0 + MINUTE);
    assert_eq!(pass(&mut first, T0, T0 + 10 * MINUTE), []);
    let kept = first.take_changed();
    let mut second = desk("suppress");
    let groups = kept.groups.into_iter().filter_map(|(key, told)| Some((key, told?))).collect();
    second.recall(kept.alerts, groups, Vec::new(), Vec::new());
    assert_eq!(pass(&mut second, T0 + 10 * MINUTE, T0 + 9 * HOUR), []);
}

#[test]
fn a_window_says_what_when_and_why() {
    for (from, to, part) in [
        ("'host=\"db\"'", "'host=~\".*\"'", "maintenance backup: it would match every alert"),
        ("the nightly backup", "' '", "it needs a comment"),
        ("    ends: 2026-01-01T06:00:00Z\n", "", "a period needs both"),
        ("ends: 2026-01-01T06", "ends: 2026-01-01T04", "it ends before it begins"),
        ("[thursday]", "[someday]", "maintenance backup: \"someday\" is no range"),
        ("name: move", "name: backup", "there are two of this name"),
    ] {
        let text = CONFIG.replace("STRATEGY", "suppress").replace(from, to);
        let error = Desk::new(&[], &Config::read("c", &text).unwrap()).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    let error = Config::read("c", &CONFIG.replace("STRATEGY", "after")).unwrap_err().to_string();
    assert!(error.contains("deliver_after"), "{error}");
}
