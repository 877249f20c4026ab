//! Incidents through the real server: alerts become one, what changed before is found, clocks run out, a kill loses nothing,
//! and every line of a timeline stands on the log.

use crate::server::Server;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(120);

const RULES: &str = "\
id: forbidden
title: Something forbidden was done
severity: critical
query: agent_audit_log | action = 'forbidden'
every: stream
window: 1h
---
id: slow
title: Something was slow
severity: warning
query: agent_audit_log | duration_ms > 5s
every: stream
window: 1h
---
id: seen
title: A tool was seen
severity: info
query: agent_audit_log | action = 'Seen'
every: stream
window: 1h
";

pub(crate) fn folder(dir: &Path, incidents: &str) -> PathBuf {
    let data = dir.join("data");
    std::fs::create_dir_all(data.join("rules")).unwrap();
    std::fs::write(data.join("rules/own.yaml"), RULES).unwrap();
    let ports = "[otlp]\nhttp = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\n";
    std::fs::write(data.join("config.toml"), format!("{ports}[alerts.incidents]\n{incidents}")).unwrap();
    data
}

pub(crate) fn event(agent: &str, kind: &str, name: &str, more: Value) -> String {
    let mut event = json!({"agent_id": agent, "action_type": kind, "action_name": name});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event.to_string()
}

pub(crate) fn send(server: &Server, events: &[String]) {
    for event in events {
        assert_eq!(server.post("/log", event).status, 200);
    }
}

/// Asks until the answer is as wanted.
pub(crate) fn until<T>(what: &str, ask: impl Fn() -> Result<T, String>) -> T {
    let began = Instant::now();
    loop {
        match ask() {
            Ok(found) => return found,
            Err(last) => assert!(began.elapsed() < PATIENCE, "{what}: {last}"),
        }
    }
}

pub(crate) fn list(value: &Value, name: &str) -> Vec<Value> {
    value[name].as_array().unwrap_or_else(|| panic!("{name}: {value}")).clone()
}

/// The one incident, once it is as wanted and every line of it has its place.
pub(crate) fn the(server: &Server, wanted: impl Fn(&Value) -> bool) -> Value {
    until("one incident", || {
        let all = server.get("/v1/incidents?state=all").json();
        let all = list(&all, "incidents");
        let [one] = all.as_slice() else { return Err(format!("{all:?}")) };
        let one = server.get(&format!("/v1/incidents/{}", one["id"].as_str().unwrap())).json();
        let placed = list(&one, "timeline").iter().all(|line| line["entry"].is_object());
        if placed && one["changes_known"] == true && wanted(&one) { Ok(one) } else { Err(one.to_string()) }
    })
}

pub(crate) fn act(server: &Server, id: &str, what: &str, body: Value) -> Value {
    let answer = server.post(&format!("/v1/incidents/{id}/{what}"), &body.to_string());
    assert_eq!(answer.status, 200, "{what} {body}: {answer:?}");
    answer.json()
}

#[test]
fn alerts_of_one_agent_are_one_incident_with_what_changed_before() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&folder(dir.path(), ""));
    send(
        &server,
        &[
            event("billing", "model_decision", "chat", json!({"model": "m-1", "session_id": "s1"})),
            event("billing", "settings", "ConfigChange", json!({"session_id": "s1"})),
            event("billing", "model_decision", "chat", json!({"model": "m-2", "session_id": "s1"})),
            event("ops", "tool", "production_deployment", json!({"outcome_status": "success"})),
            event("far", "settings", "ConfigChange", json!({})),
            event("billing", "tool", "forbidden", json!({"session_id": "s1"})),
            event("helper", "tool", "Bash", json!({"duration_ms": 9000, "session_id": "s1"})),
            event("billing", "tool", "Seen", json!({"session_id": "s1"})),
            event("alone", "tool", "Seen", json!({})),
        ],
    );
    let one = the(&server, |one| one["alerts"] == 3);
    let rules: Vec<Value> = list(&one, "alerts_listed").iter().map(|alert| alert["rule"].clone()).collect();
    assert_eq!(
        rules,
        ["forbidden", "slow", "seen"],
        "a session ties two agents together; information only joins"
    );
    assert_eq!(one["agents"], json!(["billing", "helper"]));
    let change = |change: &Value| json!([change["kind"], change["agent"], change["same_agent"]]);
    let changes: Vec<Value> = list(&one, "changes").iter().map(change).collect();
    let expected = [
        json!(["configuration", "billing", true]),
        json!(["model", "billing", true]),
        json!(["deployment", "ops", false]),
    ];
    assert_eq!(changes, expected, "not of agents that have nothing to do with it");
    let cause = &one["suggested_cause"];
    assert!(cause["text"].as_str().unwrap().contains("model is m-2, was m-1"), "{cause}");
    assert_eq!(cause["entry"], list(&one, "changes")[1]["entry"]);

    // Each line is what the log says at that place.
    for line in list(&one, "timeline") {
        let found = server.get(&format!("/v1/events/{}", line["entry"]["index"])).json();
        let name = found["header"]["action_name"].as_str().unwrap();
        let expected: &[&str] = match line["kind"].as_str().unwrap() {
            "opened" => &["alert_incident_opened"],
            "alert" => &["alert_firing"],
            "change" => &["configuration_change", "ConfigChange", "chat", "production_deployment"],
            other => panic!("{other}: {line}"),
        };
        assert!(expected.contains(&name), "{name}: {line}");
        assert_eq!(found["header"]["event_id"], line["entry"]["id"], "{found}");
    }
}

#[test]
fn a_clock_that_runs_out_raises_an_alert_that_belongs_to_the_incident() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&folder(dir.path(), "answer_critical = \"10ms\"\n"));
    send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
    let late = the(&server, |one| one["alerts"] == 2);
    assert_eq!(late["late"], true);
    assert_eq!(list(&late, "alerts_listed")[1]["rule"], "incident_breach");
    let told =
        server.sql("SELECT level, call_id, outcome_status FROM events WHERE action_name = 'incident_breach'");
    let expected = json!({"level": "CRITICAL", "call_id": late["id"], "outcome_status": "success"});
    assert_eq!(told, [expected], "a finding, and no failed action");
    // Whoever acknowledges what it is about ends it: nobody is told any more that nobody answered.
    let alert = list(&late, "alerts_listed")[0]["id"].as_str().unwrap().to_string();
    let answer = server.post(&format!("/v1/alerts/{alert}/acknowledge"), "{\"by\":\"lee\"}");
    assert_eq!(answer.status, 200, "{answer:?}");
    let answered =
        the(&server, |one| list(one, "alerts_listed").iter().any(|alert| !alert["ends_at"].is_null()));
    assert_eq!((&answered["answered_by"], &answered["late"]), (&json!("lee"), &json!(true)));
    assert!(list(&answered, "alerts_listed")[0]["ends_at"].is_null(), "{answered}");
    act(&server, late["id"].as_str().unwrap(), "state", json!({"to": "investigation", "by": "kim"}));
    let report = server.get("/v1/incidents/report").json();
    assert_eq!((&report["incidents"], &report["by_severity"][0]["late"]), (&json!(1), &json!(1)));
}

#[test]
fn an_acknowledged_alert_is_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&folder(dir.path(), ""));
    send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
    let one = the(&server, |_| true);
    let alert = list(&one, "alerts_listed")[0]["id"].as_str().unwrap().to_string();
    let answer = server.post(&format!("/v1/alerts/{alert}/acknowledge"), "{\"by\":\"kim\"}");
    assert_eq!(answer.status, 200, "{answer:?}");
    let answered = the(&server, |one| one["answered_by"] == "kim");
    let lines = list(&answered, "timeline");
    let line = lines.iter().find(|line| line["kind"] == "acknowledged").unwrap();
    let event = server.get(&format!("/v1/events/{}", line["entry"]["index"])).json();
    assert_eq!(event["header"]["action_name"], "alert_acknowledged");
    server.post(&format!("/v1/alerts/{alert}/note"), "{\"by\":\"lee\",\"note\":\"a word\"}");
    server.post(&format!("/v1/alerts/{alert}/resolve"), "{\"by\":\"kim\"}");
    let over = the(&server, |one| one["firing"] == 0);
    let lines = list(&over, "timeline");
    assert!(lines.iter().any(|line| line["kind"] == "resolved" && line["by"] == "kim"), "{over}");
    assert!(lines.iter().any(|line| line["note"] == "a word" && line["by"] == "lee"), "{over}");
}

#[test]
fn a_server_that_is_killed_goes_on_with_the_same_incident() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "");
    let server = Server::start(&data);
    send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
    until("an alert", || {
        let alerts = server.get("/v1/alerts").json();
        if list(&alerts, "alerts").is_empty() { Err(alerts.to_string()) } else { Ok(()) }
    });
    // Between the alert and its incident, or soon after.
    server.kill();
    let server = Server::start(&data);
    let id = the(&server, |one| one["alerts"] == 1)["id"].as_str().unwrap().to_string();
    act(&server, &id, "note", json!({"note": "kept", "by": "kim"}));
    server.kill();
    let server = Server::start(&data);
    send(&server, &[event("billing", "tool", "Bash", json!({"duration_ms": 9000}))]);
    let again = the(&server, |one| one["alerts"] == 2);
    assert_eq!(again["id"], id.as_str());
    assert!(list(&again, "timeline").iter().any(|line| line["note"] == "kept"));
    let query = "SELECT action_name, count(*) AS n FROM events WHERE action_name LIKE 'alert_incident_%' \
         AND action_name <> 'alert_incident_explained' GROUP BY 1 ORDER BY 1";
    let said = until("the second alert is told", || {
        let said = server.sql(query);
        if said[0]["n"] == 2 { Ok(said) } else { Err(format!("{said:?}")) }
    });
    let expected = [
        json!({"action_name": "alert_incident_alert", "n": 2}),
        json!({"action_name": "alert_incident_noted", "n": 1}),
        json!({"action_name": "alert_incident_opened", "n": 1}),
    ];
    assert_eq!(said, expected, "nothing is said twice");
}

#[test]
fn what_others_publish_or_push_to_a_release_is_a_change_and_a_branch_of_theirs_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&folder(dir.path(), ""));
    let shell = |agent: &str, command: &str| {
        let details = json!({"command": command});
        event(agent, "tool", "Bash", json!({"action_details": details, "outcome_status": "success"}))
    };
    let told = |phase: &str, outcome: &str| {
        let details = json!({"command": "kubectl apply -f web.yaml"});
        let more = json!({"action_details": details, "outcome_status": outcome, "phase": phase, "call_id": "toolu_01DeployOfTheWebShop"});
        event("ops", "tool", "Bash", more)
    };
    send(
        &server,
        &[
            shell("ops", "git push origin main"),
            shell("ops", "git push origin fix/main-page"),
            shell("ops", "git -C /r push --tags"),
            shell("ops", "docker push shop/web:2"),
            shell("ops", "ansible-playbook site.yml"),
            shell("ops", "git push origin +main"),
            shell("ops", "git push origin refs/tags/v2"),
            told("proposed", "unknown"),
            told("result", "failure"),
            shell("ops", "systemctl restart web"),
            shell("billing", "git push origin topic"),
            shell("billing", "sudo systemctl restart web"),
            shell("billing", "ls"),
            event("billing", "tool", "forbidden", json!({})),
        ],
    );
    let one = the(&server, |_| true);
    let change = |change: &Value| {
        let index = &change["entry"]["index"];
        let command =
            format!("SELECT json_as_text(input, 'command') AS ran FROM events WHERE index = {index}");
        json!([change["kind"], change["agent"], server.sql(&command)[0]["ran"]])
    };
    let changes: Vec<Value> = list(&one, "changes").iter().map(change).collect();
    let expected = [
        json!(["deployment", "ops", "git push origin main"]),
        json!(["deployment", "ops", "git -C /r push --tags"]),
        json!(["deployment", "ops", "docker push shop/web:2"]),
        json!(["deployment", "ops", "ansible-playbook site.yml"]),
        json!(["deployment", "ops", "git push origin +main"]),
        json!(["deployment", "ops", "git push origin refs/tags/v2"]),
        json!(["deployment", "ops", "kubectl apply -f web.yaml"]),
        json!(["deployment", "billing", "git push origin topic"]),
        json!(["configuration", "billing", "sudo systemctl restart web"]),
    ];
    assert_eq!(changes, expected, "{one}");
    let texts: Vec<Value> = list(&one, "changes").iter().map(|change| change["text"].clone()).collect();
    assert_eq!(texts[0], "Bash (code_deployment): git push origin main, finished");
    assert_eq!(
        texts[6], "Bash (production_deployment): kubectl apply -f web.yaml, failed",
        "as it ended: {texts:?}"
    );
}
