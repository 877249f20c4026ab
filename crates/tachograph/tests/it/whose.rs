//! Whose word counts, and what is one call: the same id in several steps, outcomes that name nobody, users that an agent names,
//! spans in files, and questions that come first.

use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};
use std::path::Path;

fn key(data: &Path, role: &str) -> String {
    let made = tachograph(data, &["key", "create", role, "--role", role], "");
    format!("Bearer {}", text(&made.stdout).trim())
}

/// How many were accepted.
fn post(server: &Server, key: &str, path: &str, body: &Value) -> Value {
    let headers = [("authorization", key), ("content-type", "application/json")];
    let answer = server.post_with(path, body.to_string().as_bytes(), &headers).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["accepted"].clone()
}

fn asked(server: &Server, reader: &str, query: &str) -> Vec<Value> {
    let headers = [("authorization", reader), ("accept", "application/x-ndjson")];
    let answer = server.post_with("/v1/sql", query.as_bytes(), &headers).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn with(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn the_steps_of_a_call_under_one_id_are_events_of_their_own_and_one_action() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let event = json!({"event_id": "one", "agent_id": "a", "session_id": "s", "action_type": "tool", "action_name": "deploy"});
    let steps = [
        json!({"phase": "proposed"}),
        json!({"phase": "executed", "status": "running"}),
        json!({"phase": "result", "status": "success"}),
    ];
    for (times, accepted) in [("first", 1), ("again", 0)] {
        for step in &steps {
            assert_eq!(post(&server, "", "/log", &with(event.clone(), step)), accepted, "{times}: {step}");
        }
    }
    let rows = server.sql("SELECT closure, observations AS n FROM actions WHERE action_name = 'deploy'");
    assert_eq!(rows, [json!({"closure": "success", "n": 3})]);
    let other = with(event, &json!({"event_id": "two"}));
    let says = [
        json!({}),
        json!({"call_id": "c1"}),
        json!({"parent_id": "p1"}),
        json!({"agent_version": "2"}),
        json!({"producer_seq": 7}),
        json!({"action_type": "skill"}),
    ];
    for more in says {
        assert_eq!(post(&server, "", "/log", &with(other.clone(), &more)), 1, "{more}");
        assert_eq!(post(&server, "", "/log", &with(other.clone(), &more)), 0, "{more}");
    }
}

#[test]
fn an_outcome_that_names_nobody_is_its_actions_agents() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    let begun = json!({"event_id": "d1", "agent_id": "B", "session_id": "desk", "call_id": "d1", "action_type": "tool",
        "action_name": "deploy", "status": "running"});
    let outcome = json!({"event_id": "d1/outcome", "call_id": "d1", "action_type": "workflow", "action_name": "outcome",
        "phase": "result", "status": "success", "outcome_result": "done"});
    for body in [begun, outcome] {
        assert_eq!(post(&server, "", "/v1/events?via=mcp", &body), 1);
    }
    let check = |server: &Server| {
        let row = json!({"agent_id": "B", "session_id": "desk", "n": 2, "closure": "success"});
        let result = "SELECT outcome_result AS r FROM actions WHERE call_id = 'd1'";
        assert_eq!(server.sql(result), [json!({"r": "\"done\""})], "told by the report alone");
        assert_eq!(
            server.sql("SELECT count(*) AS n FROM agent_audit_log WHERE call_id = 'd1'"),
            [json!({"n": 1})]
        );
        let action =
            "SELECT agent_id, session_id, observations AS n, closure FROM actions WHERE call_id = 'd1'";
        assert_eq!(server.sql(action), [row]);
        let told = server.sql(
            "SELECT DISTINCT agent_id, session_uuid IS NULL AS alone FROM observations WHERE source = 'mcp'",
        );
        assert_eq!(told, [json!({"agent_id": "B", "alone": false})], "each event of it");
        let logged =
            "SELECT DISTINCT agent_id, session_id IS NULL AS alone FROM agent_logs WHERE id LIKE 'd1%'";
        assert_eq!(server.sql(logged), told, "also as a line of a log");
        let session = server.get("/v1/sessions/desk").json();
        assert_eq!(
            (&session["totals"]["events"], &session["steps"][0]["agent"]),
            (&json!(2), &json!("B")),
            "{session}"
        );
        assert_eq!(server.sql("SELECT agents AS n FROM sessions WHERE id = 'desk'"), [json!({"n": 1})]);
        assert!(server.sql("SELECT 1 FROM agent_stats WHERE agent_id = 'unknown'").is_empty());
        let covered = server.get("/v1/coverage").json();
        let agents: Vec<&Value> =
            covered["figures"].as_array().unwrap().iter().map(|figure| &figure["agent"]).collect();
        assert!(!agents.contains(&&json!("unknown")), "{covered}");
    };
    check(&server);
    server.stop();
    check(&Server::start(&data));
}

#[test]
fn an_agents_word_names_no_user_where_a_witness_tells_of_the_session() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let [hooks, agent, reader] = ["write", "agent", "read"].map(|role| key(&data, role));
    let server = Server::start(&data);
    let hook = json!({"session_id": "seen", "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_use_id": "c1"});
    post(&server, &hooks, "/log", &hook);
    let claim = json!({"agent_id": "claude-code", "user_id": "mallory", "action_type": "tool", "action_name": "Read"});
    for session in ["seen", "own"] {
        post(&server, &agent, "/v1/events", &with(claim.clone(), &json!({"session_id": session})));
    }
    let users = |of: &str, id: &str| {
        let query =
            format!("SELECT user_id FROM {of} WHERE {id} = 'seen' OR {id} = 'own' ORDER BY {id} DESC");
        asked(&server, &reader, &query).iter().map(|row| row["user_id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(users("sessions", "id")[0], json!("system"));
    assert_eq!(users("sessions", "id")[1], json!("mallory"), "nobody else tells of it");
    let runs = users("agent_executions", "execution");
    assert!(runs.contains(&json!("mallory")), "{runs:?}");
    let marked = "SELECT id, user_self_reported AS own FROM sessions WHERE id IN ('seen', 'own') ORDER BY id";
    let told = asked(&server, &reader, marked);
    assert_eq!(told, [json!({"id": "own", "own": true}), json!({"id": "seen", "own": false})]);
    server.stop();
    let shown = text(&tachograph(&data, &["show", "seen", "--format", "json"], "").stdout);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["user"], Value::Null, "{shown}");
}

#[test]
fn spans_in_files_inherit_from_those_around_them_wherever_these_stand() {
    let span = |id: &str, parent: Value, kind: &str, attributes: Value| {
        let attributes = with(json!({"openinference.span.kind": kind}), &attributes);
        json!({"name": kind, "context": {"trace_id": "5b8efff798038103d269b633813fc60c", "span_id": id}, "parent_id": parent,
            "start_time": "2026-11-20T10:00:00Z", "end_time": "2026-11-20T10:00:01Z", "status_code": "OK", "attributes": attributes})
    };
    let root = span(
        "00000000000000a1",
        Value::Null,
        "AGENT",
        json!({"session.id": "desk-7", "agent.name": "trader"}),
    );
    let chain = span("00000000000000a2", json!("00000000000000a1"), "CHAIN", json!({}));
    let tool =
        span("00000000000000a3", json!("00000000000000a2"), "TOOL", json!({"input.value": "{\"q\":1}"}));
    let model =
        span("00000000000000a4", json!("00000000000000a3"), "LLM", json!({"llm.token_count.prompt": 5}));
    let all = [root, chain, tool, model];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0]] {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        for at in order {
            let file = dir.path().join(format!("{at}.jsonl"));
            std::fs::write(&file, all[at].to_string() + "\n").unwrap();
            let done = tachograph(&data, &["import", file.to_str().unwrap()], "");
            assert!(done.status.success(), "{}", text(&done.stderr));
        }
        let server = Server::start(&data);
        let rows = server.sql(
            "SELECT DISTINCT agent_id, session_uuid = (SELECT max(session_uuid) FROM events WHERE who_session = 'desk-7') AS same \
             FROM agent_audit_log WHERE known = 'imported'",
        );
        assert_eq!(rows, [json!({"agent_id": "trader", "same": true})], "{order:?}");
        let told = server.get("/v1/sessions/desk-7").json();
        assert_eq!(told["totals"]["events"], json!(4), "{told}");
        for file in 0..4 {
            let file = dir.path().join(format!("{file}.jsonl"));
            let again = tachograph(&data, &["import", file.to_str().unwrap()], "");
            assert!(text(&again.stdout).contains("accepted 0, duplicates 1"), "{}", text(&again.stdout));
        }
    }
}

#[test]
fn a_question_before_its_call_joins_what_the_witness_tells_and_no_claim() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let [hooks, agent, reader] = ["write", "agent", "read"].map(|role| key(&data, role));
    let server = Server::start(&data);
    let call = "toolu_01TestOfAQuestionFirst";
    let hook = |name: &str, more: Value| {
        let body = json!({"session_id": "one", "hook_event_name": name, "tool_name": "Bash", "tool_input": {"command": "ls"}});
        with(body, &more)
    };
    let named = json!({"tool_use_id": call});
    post(&server, &agent, "/log", &hook("PreToolUse", named.clone()));
    post(&server, &hooks, "/log", &hook("PermissionRequest", json!({})));
    post(&server, &hooks, "/log", &hook("PreToolUse", named.clone()));
    post(&server, &hooks, "/log", &hook("PostToolUse", with(named, &json!({"tool_response": "ok"}))));
    let rows = asked(
        &server,
        &reader,
        "SELECT call_id, closure, observations AS n, asked_at IS NOT NULL AS asked FROM actions WHERE action_name = 'Bash'",
    );
    assert_eq!(rows, [json!({"call_id": call, "closure": "success", "n": 4, "asked": true})]);
}
