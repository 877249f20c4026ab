//! What agents name by ids: their events, and the actions whose outcome they tell.

use super::call;
use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};

#[test]
fn agents_under_one_key_may_count_their_ids_alike() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let duplicate = |headers: &[(&str, &str)], what: Value| {
        call(&server, headers, "log_action", what)["structuredContent"]["duplicate"].clone()
    };
    let done = || json!({"action_name": "build", "event_id": "1", "status": "success"});
    let by = |member: &str, who: &str| {
        let mut done = done();
        done[member] = json!(who);
        done
    };
    for again in [false, true] {
        assert_eq!(duplicate(&[], by("agent_id", "q1")), again);
        assert_eq!(duplicate(&[], by("agent_id", "q2")), again);
        assert_eq!(duplicate(&[("x-agent-id", "q3")], done()), again);
        assert_eq!(duplicate(&[("x-agent-id", "q3")], by("session_id", "run-2")), again);
    }
    let rows = server.sql(
        "SELECT agent_id, session_id FROM agent_audit_log WHERE action_name = 'build' ORDER BY agent_id, session_id NULLS FIRST",
    );
    let row = |agent: &str, session: Option<&str>| json!({"agent_id": agent, "session_id": session});
    assert_eq!(rows, [row("q1", None), row("q2", None), row("q3", None), row("q3", Some("run-2"))]);
}

#[test]
fn an_outcome_of_which_only_the_id_is_told_is_the_actions() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let log = |tool, what| call(&server, &[], tool, what)["structuredContent"]["action_id"].clone();
    for (id, status) in [("e1", "success"), ("e-2-longer-than-sixteen", "failure")] {
        let action = json!({"action_name": "send_report", "event_id": id, "agent_id": "me", "session_id": "s1",
            "status": "running", "parameters": {"to": "bob"}});
        let id = log("log_action", action);
        log("log_outcome", json!({"action_id": id, "status": status, "result": "sent 3"}));
    }
    let columns = "action_name, action_type, agent_id, session_id, closure, observations";
    let rows =
        server.sql(&format!("SELECT {columns} FROM agent_audit_log WHERE source = 'mcp' ORDER BY index"));
    let row = |closure| {
        json!({"action_name": "send_report", "action_type": "tool", "agent_id": "me", "session_id": "s1",
            "closure": closure, "observations": 2})
    };
    assert_eq!(rows, [row("success"), row("failure")]);
    let told = server.sql("SELECT action_name AS name, outcome_result AS result FROM actions");
    assert_eq!(told, [(); 2].map(|()| json!({"name": "send_report", "result": "\"sent 3\""})));
    let shown = tachograph(folder.path(), &["show", "e1"], "");
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(
        (&shown["action"]["closure"], &shown["action"]["outcome_result"]),
        (&json!("success"), &json!("\"sent 3\""))
    );
    let entry = call(&server, &[], "get_entry", json!({"id": "e1"}));
    assert_eq!(entry["structuredContent"]["observations"][1]["result"], "\"sent 3\"", "{entry}");
    let timeline = call(&server, &[], "get_session", json!({"session_id": "s1"}));
    let steps = timeline["structuredContent"]["timeline"]["steps"].as_array().unwrap();
    let told: Vec<_> = steps.iter().map(|step| (&step["name"], &step["status"], &step["indexes"])).collect();
    let (name, indexes) = (json!("send_report"), [json!([0, 1]), json!([2, 3])]);
    let expected = [(&name, &json!("success"), &indexes[0]), (&name, &json!("failure"), &indexes[1])];
    assert_eq!(told, expected, "{timeline}");
    let shown = text(&tachograph(folder.path(), &["show", "s1"], "").stdout);
    assert!(shown.contains("→ ok") && shown.contains("→ failed") && !shown.contains("running"), "{shown}");
}
