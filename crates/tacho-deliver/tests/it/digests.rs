//! Digests, reports and heartbeats.

use super::*;
use tacho_deliver::digest::{Period, message as digest};
use tacho_deliver::heartbeat::Heartbeat;

const DAY_US: i64 = 86_400_000_000;

fn alert(rule: &str, severity: &str, starts_us: i64, ends_us: Option<i64>) -> Told {
    let labels =
        [("alertname", rule), ("severity", severity)].map(|(n, v)| (n.to_string(), v.to_string())).into();
    Told { fingerprint: format!("{rule}{starts_us}"), labels, starts_us, ends_us, ..Told::default() }
}

#[test]
fn a_day_is_told_by_severity_and_rule() {
    let from = NOON_US - DAY_US;
    let mut alerts = vec![
        alert("slow", "warning", from + 5, None),
        alert("down", "critical", from + 9, Some(from + 60_000_009)),
    ];
    alerts.extend((0..120).map(|at| alert("busy", "info", from + at, Some(from + at + 180_000_000))));
    let told = digest(Period::Daily, "digest", &alerts, from, NOON_US, Links::default());
    assert_eq!(told.title, "Daily digest: 1 critical, 1 warning, 120 info");
    assert_eq!((told.notice, told.severity), (Notice::Digest, Severity::Critical));
    let lines: Vec<&str> = told.text.lines().collect();
    assert_eq!(lines[0], "From 2026-11-20T12:00:00Z to 2026-11-21T12:00:00Z.");
    assert_eq!(lines[1], "122 alerts, 1 still firing. Those that ended lasted 2m59s on average, 3m at most.");
    assert_eq!(lines[2..], ["By rule:", "  120 busy", "  1 down", "  1 slow"]);
    assert_eq!((told.alerts.len(), told.truncated), (100, 22));
    assert_eq!(told.alerts[0].labels["alertname"], "down", "the worst first");
    assert_eq!(told, digest(Period::Daily, "digest", &alerts, from, NOON_US, Links::default()));
}

#[test]
fn a_week_is_told_by_day_and_silence_is_told_too() {
    let from = NOON_US - 7 * DAY_US;
    let alerts =
        [alert("slow", "warning", from + 2 * DAY_US, None), alert("slow", "warning", NOON_US - 1, None)];
    let told = digest(Period::Weekly, "digest", &alerts, from, NOON_US, Links::default());
    let days: Vec<&str> = told.text.split("By day:\n").nth(1).unwrap().lines().collect();
    assert_eq!(days.len(), 7);
    assert_eq!((days[0], days[2], days[6]), ("  2026-11-14 0", "  2026-11-16 1", "  2026-11-20 1"));
    let empty = digest(Period::Weekly, "digest", &[], from, NOON_US, Links::default());
    assert!(
        empty.title.starts_with("Weekly report: 0 critical") && empty.text.ends_with("Nothing was raised.")
    );
}

#[test]
fn a_heartbeat_is_one_call() {
    let read = |settings: Value| Heartbeat::read(settings.as_object().unwrap(), &nothing);
    assert!(read(json!({})).unwrap().is_none());
    let heartbeat = read(json!({"url": "https://hc.example.com/ping/hush", "every": "5m"})).unwrap().unwrap();
    assert_eq!(heartbeat.every_us, 300_000_000);
    let Call::Http(request) = heartbeat.call() else { panic!("a request") };
    assert_eq!((request.method, request.url.expose()), ("GET", "https://hc.example.com/ping/hush"));
    assert_eq!(heartbeat.judge(&answer(200, "OK"), NOON_US), Verdict::Delivered { receipt: None });
    assert!(!format!("{heartbeat:?}").contains("hush"));
    let why = |settings| read(settings).unwrap_err();
    assert!(!why(json!({"url": "hush"})).contains("hush"));
    assert_eq!(why(json!({"url": "https://x.example", "every": "1s"})), "every: expected 10s or more");
    assert_eq!(why(json!({"every": "1m"})), "url is missing (or url_file, or url_env)");
}
