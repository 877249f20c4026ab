//! Who has to answer, and who has: clocks that begin anew, what goes on until somebody answers, and what is said once.

use crate::hook::Hook;
use crate::incidents::{act, event, folder, list, send, the, until};
use crate::resolved::agree;
use crate::server::Server;
use serde_json::{Value, json};

/// The built-in rule with a window that is soon over, and one that shows when it is.
const RULES: &str = "\
id: worse
title: It got worse
severity: critical
query: agent_audit_log | action = 'worse'
every: stream
window: 1h
---
id: mark
title: Time has passed
severity: info
query: agent_audit_log | action = 'mark'
every: stream
window: 1s
---
id: incident_breach
title: Nobody has answered a critical incident within its time
severity: critical
query: agent_audit_log | action = 'incident_breach' and level = 'CRITICAL' | fields call_id
every: stream
window: 1s
labels: {tier: management, incident: never}
";

/// Waits until a window that began now is over, by the clock of the rules.
fn a_window_passes(server: &Server, agent: &str) {
    send(server, &[event(agent, "tool", "mark", json!({}))]);
    let query = format!(
        "SELECT count(*) AS n FROM events WHERE action_name = 'alert_resolved' AND CAST(output AS VARCHAR) LIKE '%\"{agent}\"%'"
    );
    until("the window is over", || match &server.sql(&query)[..] {
        [one] if one["n"] == 1 => Ok(()),
        other => Err(format!("{other:?}")),
    });
}

fn breaches(one: &Value) -> Vec<bool> {
    let listed = list(one, "alerts_listed");
    let breaches = listed.iter().filter(|alert| alert["rule"] == "incident_breach");
    breaches.map(|alert| alert["ends_at"].is_null()).collect()
}

#[test]
fn that_nobody_answered_lasts_until_somebody_has_and_what_gets_worse_asks_again() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "answer_critical = \"10ms\"\n");
    std::fs::write(data.join("rules/breach.yaml"), RULES).unwrap();
    let server = Server::start(&data);
    send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
    let late = the(&server, |one| breaches(one) == [true]);
    a_window_passes(&server, "mark-1");
    assert_eq!(breaches(&the(&server, |_| true)), [true], "nobody has answered");
    server.kill();
    let server = Server::start(&data);
    a_window_passes(&server, "mark-2");
    assert_eq!(breaches(&the(&server, |_| true)), [true], "and a restart changes nothing");
    let alert = list(&late, "alerts_listed")[0]["id"].as_str().unwrap().to_string();
    let path = format!("/v1/alerts/{alert}/acknowledge");
    assert_eq!(server.post(&path, "{\"by\":\"lee\"}").status, 200);
    the(&server, |one| breaches(one) == [false] && one["answered_by"] == "lee");

    send(&server, &[event("billing", "tool", "worse", json!({}))]);
    let again = the(&server, |one| breaches(one) == [false, true]);
    assert_eq!((&again["answered_by"], &again["late"]), (&Value::Null, &json!(true)));
    assert!(list(&again, "timeline").iter().any(|line| line["kind"] == "asked"), "{again}");
    // One that is closed is asked for no more.
    let id = again["id"].as_str().unwrap();
    act(&server, id, "state", json!({"to": "investigation", "by": "kim"}));
    act(&server, id, "state", json!({"to": "closed", "by": "kim", "note": "it was none"}));
    until("nobody is asked any more", || {
        let open = list(&server.get("/v1/alerts").json(), "alerts");
        match open.iter().any(|alert| alert["rule"] == "incident_breach") {
            true => Err(format!("{open:?}")),
            false => Ok(()),
        }
    });
    let told = server.sql("SELECT count(*) AS n FROM events WHERE action_name = 'incident_breach'");
    assert_eq!(told, [json!({"n": 2})]);
    agree(&server, 4);
}

#[test]
fn who_acknowledges_once_more_tells_nobody_again() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let data = folder(dir.path(), "enabled = false\n[alerts]\nallow_private = [\"127.0.0.1\"]\n");
    let routing = format!(
        "route: {{receiver: team, group_wait: 0s, group_interval: 1s}}\nreceivers:\n- name: team\n  standard_webhook_configs: \
         [{{url: \"http://{}/\", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}}]\n",
        hook.address
    );
    std::fs::write(data.join("routing.yaml"), routing).unwrap();
    let server = Server::start(&data);
    send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
    let fired = hook.body();
    assert_eq!(fired["type"], "alert.firing");
    let alert = fired["data"]["alerts"][0]["fingerprint"].as_str().unwrap().to_string();
    let ack = |body: Value| {
        let answer = server.post(&format!("/v1/alerts/{alert}/acknowledge"), &body.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    let first = ack(json!({"by": "ada"}));
    let again = ack(json!({"by": "ada"}));
    assert_eq!(first["acknowledged_at"], again["acknowledged_at"]);
    let noted = ack(json!({"by": "ada", "note": "nearly there"}));
    let history = list(&noted, "history");
    assert!(history.iter().any(|entry| entry["note"] == "nearly there"), "{noted}");
    assert_eq!(history.iter().filter(|entry| entry["what"] == "acknowledged").count(), 1, "{noted}");
    ack(json!({"by": "bob"}));
    let path = format!("/v1/alerts/{alert}/resolve");
    assert_eq!(server.post(&path, "{\"by\":\"ada\"}").status, 200);
    let told: Vec<Value> = (0..3).map(|_| hook.body()["type"].clone()).collect();
    assert_eq!(told, ["alert.acknowledged", "alert.acknowledged", "alert.resolved"], "ada, bob, the end");
}
