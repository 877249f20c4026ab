//! How fast channels are told, by a clock of the test's own.

use super::*;
use std::collections::BTreeMap;
use tacho_deliver::Notice;

const SECOND: i64 = 1_000_000;
/// The clock of the machine does not matter: messages are due from the begin of time.
const T0: i64 = 1_800_000_000 * SECOND;

fn alerting(data: &std::path::Path) -> Alerting {
    let routing = "route: {receiver: people}\nreceivers:\n  - name: people\n    \
                   webhook_configs: [{url: 'https://example.com/in', messages_per_minute: 60, burst: 5}]\n    \
                   pagerduty_configs: [{routing_key: R, messages_per_minute: 60, burst: 5}]\n";
    std::fs::write(data.join("routing.yaml"), routing).unwrap();
    Alerting::open(data, &super::super::Config::default(), "log", "https://log.example.com".into()).unwrap()
}

/// Messages of one alert each, for both channels.
fn post(inner: &mut Inner, numbers: std::ops::Range<usize>) {
    let message = |n: usize| {
        let labels = BTreeMap::from([("alertname".to_string(), format!("rule{n}"))]);
        let told = tacho_deliver::Told { fingerprint: format!("f{n}"), labels, ..Default::default() };
        let test = Message::test("people", 0);
        Message { id: format!("m{n}"), notice: Notice::Firing, alerts: vec![told], ..test }
    };
    let channels = inner.channels["people"].clone();
    let messages = numbers.flat_map(|n| mail(&message(n), &channels, 0)).collect();
    inner.file.save(&AlertChanges { messages, ..AlertChanges::default() }).unwrap();
}

/// Takes what is due at a moment as sent; gives its ids by kind of channel.
fn send(inner: &mut Inner, now: i64) -> (Vec<String>, Vec<String>, Duration) {
    let (due, wait) = inner.due(&HashSet::new(), now);
    for message in &due {
        let sent = alert_file::Message { state: Sending::Sent, ..message.clone() };
        inner.file.save(&AlertChanges { tried: vec![sent], ..AlertChanges::default() }).unwrap();
    }
    let of = |kind: &str| {
        let of = due.iter().filter(|message| message.lane.contains(kind));
        of.map(|message| message.id.split('/').next().unwrap().to_string()).collect()
    };
    (of("webhook"), of("pagerduty"), wait)
}

#[test]
fn what_keeps_a_state_of_each_alert_is_told_one_after_the_other_and_the_rest_at_once() {
    let data = tempfile::tempdir().unwrap();
    let alerting = alerting(data.path());
    let mut inner = alerting.inner.lock();
    post(&mut inner, 0..100);
    // One token each at the start.
    let (web, pages, _) = send(&mut inner, T0);
    assert_eq!((web, pages), (vec!["held".to_string()], vec!["m0".to_string()]));
    let (web, pages, wait) = send(&mut inner, T0 + SECOND / 4);
    assert_eq!((web.len(), pages.len(), wait), (0, 0, Duration::from_millis(750)));
    // Whoever waited for the tokens gets them: the pages in their order, each by itself.
    let pages: Vec<String> = (1..100).flat_map(|n| send(&mut inner, T0 + n * SECOND).1).collect();
    assert_eq!(pages, (1..100).map(|n| format!("m{n}")).collect::<Vec<_>>());
    let counts = inner.file.counts().unwrap();
    let of = |kind: &str, state| {
        let found = counts.iter().find(|(lane, s, _)| lane.contains(kind) && *s == state);
        found.map_or(0, |(_, _, count)| *count)
    };
    assert_eq!((of("webhook", Sending::Digested), of("webhook", Sending::Sent)), (100, 1));
    assert_eq!((of("pagerduty", Sending::Digested), of("pagerduty", Sending::Sent)), (0, 100));
}

#[test]
fn a_few_messages_are_told_one_by_one_and_what_is_not_read_keeps_nobody_up() {
    let data = tempfile::tempdir().unwrap();
    let alerting = alerting(data.path());
    let mut inner = alerting.inner.lock();
    post(&mut inner, 0..5);
    let web: Vec<String> = (0..5).flat_map(|n| send(&mut inner, T0 + n * SECOND).0).collect();
    assert_eq!(web, ["m0", "m1", "m2", "m3", "m4"]);
    // One that can't be read is not taken for told: it comes by itself, after the rest.
    let wrong = alert_file::Message {
        id: "wrong/people/webhook_configs[0]".into(),
        lane: "people/webhook_configs[0]".into(),
        state: Sending::Waiting,
        due_us: 0,
        at_us: 0,
        attempts: 0,
        error: None,
        body: "rubbish".into(),
    };
    inner.file.save(&AlertChanges { messages: vec![wrong], ..AlertChanges::default() }).unwrap();
    post(&mut inner, 10..30);
    let web: Vec<String> = (100..103).flat_map(|n| send(&mut inner, T0 + n * SECOND).0).collect();
    assert_eq!(web, ["held", "wrong"]);
}

#[test]
fn whoever_asks_how_it_is_waits_for_nothing() {
    let data = tempfile::tempdir().unwrap();
    std::fs::create_dir(data.path().join("rules")).unwrap();
    std::fs::write(data.path().join("rules/broken.yaml"), "rubbish").unwrap();
    let alerting = alerting(data.path());
    let busy = alerting.inner.lock();
    let faults = alerting.faults();
    drop(busy);
    assert!(faults.iter().any(|fault| fault.contains("broken.yaml")), "{faults:?}");
}
