//! From an event to the one who has to know: the real server, a receiver on loopback, kills in between.

use crate::hook::{Hook, until};
use crate::server::{Server, answer};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

const RULES: &str = "
id: forbidden
title: Something forbidden was done
severity: critical
query: agent_audit_log | action = 'forbidden'
every: stream
window: 1h
---
id: failing_twice
title: Two failures
severity: warning
query: agent_audit_log | outcome_status = 'failure' and action = 'Deploy' | count() by agent_id | count >= 2
every: stream
window: 1h
";

/// A folder whose alerts go to a web hook.
pub(crate) fn folder(dir: &Path, hook: &str) -> PathBuf {
    let data = dir.join("data");
    std::fs::create_dir_all(data.join("rules")).unwrap();
    std::fs::write(data.join("config.toml"), "[alerts]\nallow_private = [\"127.0.0.1\"]\n").unwrap();
    std::fs::write(data.join("rules/own.yaml"), RULES).unwrap();
    let routing = format!(
        "route: {{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 4h}}\n\
         receivers:\n  - name: hook\n    webhook_configs: [{{url: 'http://{hook}/'}}]\n  - name: oncall\n"
    );
    std::fs::write(data.join("routing.yaml"), routing).unwrap();
    data
}

pub(crate) fn forbidden(server: &Server, agent: &str) {
    let event = format!(r#"{{"agent":{{"id":"{agent}"}},"action":{{"type":"tool","name":"forbidden"}}}}"#);
    assert_eq!(server.post("/v1/events", &event).status, 200);
}

pub(crate) fn open(server: &Server) -> Vec<serde_json::Value> {
    server.get("/v1/alerts").json()["alerts"].as_array().unwrap().clone()
}

/// Waits until the newest message is known as sent.
fn sent(server: &Server) {
    until("it is known as sent", || {
        let all = server.get("/v1/alerts/deliveries").json();
        (all["deliveries"][0]["state"] == "sent").then_some(())
    });
}

pub(crate) fn logged(server: &Server, name: &str) -> Vec<serde_json::Value> {
    server.sql(&format!(
        "SELECT call_id, level, output FROM events WHERE action_name = '{name}' ORDER BY index"
    ))
}

#[test]
fn an_event_becomes_an_alert_a_message_an_answer_and_entries_of_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let server = Server::start(&folder(dir.path(), &hook.address));
    forbidden(&server, "a1");
    assert_eq!(hook.next(), ("firing".into(), vec!["forbidden a1 firing".into()]));
    let alert = open(&server).remove(0);
    assert_eq!((alert["state"].as_str(), alert["severity"].as_str()), (Some("firing"), Some("critical")));
    assert_eq!([&alert["receivers"][0], &alert["condition"]], ["hook", "action = 'forbidden'"]);
    let index = alert["evidence"][0]["index"].as_u64().unwrap();
    let id = alert["id"].as_str().unwrap();
    let cause = server.sql(&format!("SELECT action_name FROM events WHERE index = {index}"));
    assert_eq!(cause[0]["action_name"], "forbidden");

    let path = format!("/v1/alerts/{id}");
    let answered = server.post(&format!("{path}/acknowledge"), r#"{"by":"ada","note":"mine"}"#);
    assert_eq!(answered.json()["state"], "acknowledged", "{answered:?}");
    assert_eq!(server.post(&format!("{path}/snooze"), "").status, 400);
    assert_eq!(server.post("/v1/alerts/nothing/acknowledge", "").status, 404);
    let resolved = server.post(&format!("{path}/resolve"), r#"{"by":"ada"}"#);
    assert_eq!(resolved.json()["state"], "resolved", "{resolved:?}");
    assert_eq!(hook.next(), ("resolved".into(), vec!["forbidden a1 resolved".into()]));
    assert!(open(&server).is_empty());
    let seen = server.get(&path).json();
    // That the hook was told is written when it has answered, which is about when it is heard here.
    let history = seen["history"].as_array().unwrap().iter().map(|entry| entry["what"].as_str().unwrap());
    let history: Vec<&str> = history.filter(|what| !what.starts_with("told hook by webhook")).collect();
    assert_eq!(history, ["firing", "told oncall", "acknowledged", "resolved"]);

    let found = until("what was done is on the log", || {
        let sent = logged(&server, "notification_sent");
        (sent.len() == 2).then(|| logged(&server, "alert_firing"))
    });
    assert_eq!((found[0]["call_id"].as_str(), found[0]["level"].as_str()), (Some(id), Some("CRITICAL")));
    let output: serde_json::Value = match &found[0]["output"] {
        serde_json::Value::String(text) => serde_json::from_str(text).unwrap(),
        other => other.clone(),
    };
    assert_eq!(output["evidence"][0]["index"].as_u64(), Some(index));
    assert_eq!(output["rule_hash"], alert["rule_hash"]);
    until("what somebody did is on the log", || {
        let counts = ["alert_acknowledged", "alert_resolved_by_hand"].map(|name| logged(&server, name).len());
        (counts == [1, 1]).then_some(())
    });
    assert_eq!(logged(&server, "alert_rules_loaded").len(), 1);
}

#[test]
fn a_kill_loses_no_alert_and_tells_nobody_twice() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let data = folder(dir.path(), &hook.address);
    let server = Server::start(&data);
    forbidden(&server, "a1");
    assert_eq!(hook.next().1, ["forbidden a1 firing"]);
    let id = open(&server)[0]["id"].as_str().unwrap().to_string();
    server.post(&format!("/v1/alerts/{id}/acknowledge"), r#"{"by":"ada"}"#);
    sent(&server);
    server.kill();

    let server = Server::start(&data);
    let alert = until("rules are followed again", || {
        let answer = server.get("/v1/alerts").json();
        (answer["following"] == true).then(|| answer["alerts"][0].clone())
    });
    assert_eq!((alert["id"].as_str(), alert["acknowledged_by"].as_str()), (Some(id.as_str()), Some("ada")));
    // Of one channel messages come in order: were the first told again, it would come before this.
    forbidden(&server, "a2");
    assert_eq!(hook.next().1, ["forbidden a2 firing"]);
    server.kill();

    // Killed as soon as the event is durable: whoever starts next finds it on the log.
    for round in 3..6 {
        let server = Server::start(&data);
        forbidden(&server, &format!("a{round}"));
        server.kill();
    }
    let server = Server::start(&data);
    // A message that was under way when the process was killed comes twice: its receiver cannot know that it did.
    let expected = BTreeSet::from([3, 4, 5].map(|round| format!("forbidden a{round} firing")));
    let mut told = BTreeSet::new();
    while !told.is_superset(&expected) {
        told.extend(hook.next().1);
    }
    let fired = until("every alert is on the log", || {
        let fired = logged(&server, "alert_firing");
        (fired.len() >= 5).then_some(fired)
    });
    assert_eq!(fired.len(), 5, "{fired:?}");
}

#[test]
fn a_receiver_that_is_away_is_told_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    // A port that nobody listens at: bound, known, and given back.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let server = Server::start(&folder(dir.path(), &address.to_string()));
    forbidden(&server, "a1");
    let waiting = until("it was tried", || {
        let all = server.get("/v1/alerts/deliveries").json();
        let delivery = all["deliveries"][0].clone();
        (delivery["attempts"].as_u64() > Some(0)).then_some(delivery)
    });
    assert_eq!(waiting["state"], "waiting", "{waiting}");
    assert!(waiting["error"].as_str().is_some_and(|error| !error.is_empty()), "{waiting}");
    let hook = Hook::on(TcpListener::bind(address).unwrap());
    assert_eq!(hook.next().1, ["forbidden a1 firing"]);
    sent(&server);
    let receivers = server.get("/v1/alerts/receivers").json();
    assert_eq!(receivers["receivers"][0]["channels"][0]["sent"], 1, "{receivers}");
    assert_eq!(server.post("/v1/alerts/receivers/hook/test", "").json()["channels"], 1);
    assert_eq!(hook.next().1, ["test - firing"]);
    assert_eq!(server.post("/v1/alerts/receivers/nobody/test", "").status, 404);
}

#[test]
fn rules_are_edited_silenced_and_checked_while_the_log_grows() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let server = Server::start(&folder(dir.path(), &hook.address));
    let put = |name: &str, text: &str| {
        let agent =
            ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
        let body = serde_json::json!({"text": text, "by": "ada"}).to_string();
        answer(agent.put(format!("http://{}/v1/alerts/rules/{name}", server.address)).send(body).unwrap())
    };
    let rule = "id: odd\ntitle: Odd\nseverity: info\nquery: agent_audit_log | action = 'odd'\nevery: stream\nwindow: 1h\n";
    let wrong = put("new.yaml", &rule.replace("action", "acton"));
    assert_eq!(wrong.status, 400, "{wrong:?}");
    assert!(wrong.body.contains("line 4") && wrong.body.contains("action"), "{wrong:?}");
    assert_eq!(put("..%2fnew.yaml", rule).status, 400);
    assert_eq!(put("new.txt", rule).status, 400);
    assert_eq!(put("new.yaml", rule).json()["rules"], 1);
    until("the new rule is followed", || {
        let rules = server.get("/v1/alerts/rules").json();
        let all = rules["rules"].as_array().unwrap();
        all.iter().any(|rule| rule["id"] == "odd" && rule["source"] == "new.yaml").then_some(())
    });
    let silence = r#"{"matchers":["alertname=\"odd\"","agent_id=\"quiet\""],"minutes":60,"by":"ada","comment":"known"}"#;
    let silenced = server.post("/v1/alerts/silences", silence).json();
    for bad in [
        r#"{"matchers":["alertname=~\".*\""],"minutes":60,"comment":"all"}"#,
        r#"{"matchers":["alertname=\"odd\""],"minutes":60}"#,
        r#"{"matchers":["alertname=\"odd\""],"comment":"no end"}"#,
    ] {
        assert_eq!(server.post("/v1/alerts/silences", bad).status, 400, "{bad}");
    }
    let odd = |agent: &str| {
        let event = format!(r#"{{"agent":{{"id":"{agent}"}},"action":{{"type":"tool","name":"odd"}}}}"#);
        assert_eq!(server.post("/v1/events", &event).status, 200);
    };
    odd("quiet");
    odd("loud");
    assert_eq!(hook.next().1, ["odd loud firing"]);
    let muted = until("the silenced one is there all the same", || {
        open(&server).into_iter().find(|alert| alert["labels"]["agent_id"] == "quiet")
    });
    assert_eq!(muted["muted_by"]["silence"], silenced["id"], "{muted}");
    let listed = server.get("/v1/alerts/silences").json();
    assert_eq!(listed["silences"][0]["mutes"], 1, "{listed}");

    let check = |text: &str| {
        server.post("/v1/alerts/rules/check", &serde_json::json!({"text": text}).to_string()).json()
    };
    assert_eq!(check("id: x\nquery: agent_audit_log | cuont()\n")["errors"][0]["line"], 2);
    let good = check(rule);
    assert!(good["explanation"].as_str().unwrap().contains("as each event is recorded"), "{good}");
    let body = serde_json::json!({"text": rule, "days": 1}).to_string();
    let replayed = server.post("/v1/alerts/rules/replay", &body).json();
    assert_eq!(replayed["rules"][0]["fired"], 2, "{replayed}");
    let edits = until("the edit is on the log", || {
        let edits = logged(&server, "alert_rules_edited");
        (!edits.is_empty()).then_some(edits)
    });
    assert_eq!(edits.len(), 1);
    until("the silence is on the log", || (logged(&server, "alert_silence_set").len() == 1).then_some(()));
}

#[test]
fn a_call_that_two_witnesses_tell_of_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let server = Server::start(&folder(dir.path(), &hook.address));
    let failed = |call: &str, source: &str| {
        let event = format!(
            r#"{{"agent":{{"id":"a1","session_id":"s1"}},"call_id":"{call}","phase":"result","action":{{"type":"tool","name":"Deploy"}},"outcome":{{"status":"failure"}},"id":"{source}"}}"#
        );
        assert_eq!(server.post("/v1/events", &event).status, 200);
    };
    failed("toolu_01ABCDEFGHIJKLMNOPQRSTUV", "hook");
    failed("toolu_01ABCDEFGHIJKLMNOPQRSTUV", "log");
    forbidden(&server, "marker");
    assert_eq!(hook.next().1, ["forbidden marker firing"]);
    failed("toolu_01ZYXWVUTSRQPONMLKJIHGFE", "hook2");
    assert_eq!(hook.next().1, ["failing_twice a1 firing"]);
}

#[test]
fn what_should_have_been_recorded_and_was_not_raises_an_alert() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let data = folder(dir.path(), &hook.address);
    let config = "[alerts]\nallow_private = [\"127.0.0.1\"]\n[coverage]\nevery = \"100ms\"\naudit = [\"agent_lifecycle\"]\n";
    std::fs::write(data.join("config.toml"), config).unwrap();
    let server = Server::start(&data);
    forbidden(&server, "a1");
    let found = until("the finding is an alert", || {
        open(&server).into_iter().find(|alert| alert["rule"] == "coverage_gap")
    });
    assert!(found["labels"]["call_id"].as_str().unwrap().starts_with("point_never_seen"), "{found}");
    let told = until("somebody was told", || {
        hook.next().1.into_iter().find(|told| told.starts_with("coverage_gap"))
    });
    assert!(told.ends_with("firing"), "{told}");
}

#[test]
fn what_is_kept_is_put_aside_when_it_is_damaged_and_switched_off_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let data = folder(dir.path(), &hook.address);
    std::fs::write(data.join("alerts.sqlite"), "this is no database, and it is long enough to be looked at")
        .unwrap();
    let server = Server::start(&data);
    let lost = until("the loss is on the log", || {
        let lost = logged(&server, "alerting_state_lost");
        (!lost.is_empty()).then_some(lost)
    });
    assert_eq!(lost[0]["level"], "CRITICAL");
    server.stop();
    std::fs::write(data.join("config.toml"), "[alerts]\nenabled = false\n").unwrap();
    let server = Server::start(&data);
    let answer = server.get("/v1/alerts");
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("enabled = true"), "{answer:?}");
}
