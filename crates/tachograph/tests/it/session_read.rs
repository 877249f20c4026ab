//! A session as a person reads it says what `actions` and `sessions` say, in the order in which it went: live hooks and logs,
//! and beside them history that was read in later, its sub-agent's file first.

use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};

const SESSION: &str = "5b1d1c5e-9d52-4a3e-8a44-2f0f5c1f7a21";
const LAUNCHED: &str = "toolu_01LaunchedInTheBackground";
const REFUSED: &str = "toolu_01RefusedByARuleOfTheirs";
const REQUEST: &str = "req_011AskedOnceAndToldTwice";

fn at(second: f64) -> String {
    format!("2026-11-21T10:00:{second:09.6}Z")
}

fn with(mut all: Value, more: Value) -> Value {
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn tell_live(server: &Server) {
    let agent = json!({"tool_name": "Agent", "tool_use_id": LAUNCHED, "tool_input": {"prompt": "count"}});
    let launched = json!({"tool_response": {"isAsync": true, "status": "async_launched", "agentId": "sub"}, "duration_ms": 19});
    let refused =
        json!({"tool_name": "Bash", "tool_use_id": REFUSED, "tool_input": {"command": "rm -rf build"}});
    for (second, hook, told) in [
        (0.2, "UserPromptSubmit", json!({"prompt": "go"})),
        (1.0, "PreToolUse", agent.clone()),
        (1.019, "PostToolUse", with(agent, launched)),
        (2.0, "PreToolUse", refused),
        (3.8, "SubagentStop", json!({"agent_id": "sub", "last_assistant_message": "three"})),
    ] {
        let body = json!({"session_id": SESSION, "hook_event_name": hook, "timestamp": at(second)});
        assert_eq!(server.post("/log", &with(body, told).to_string()).status, 200);
    }
    let record = |nanos: &str, told: &[(&str, &str)]| {
        let told = told.iter().chain(&[("session.id", SESSION)]);
        let told: Vec<Value> =
            told.map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})).collect();
        json!({"timeUnixNano": nanos, "attributes": told})
    };
    let asked = [
        ("event.name", "claude_code.api_request"),
        ("model", "claude-opus-4-1"),
        ("request_id", REQUEST),
        ("input_tokens", "100"),
        ("cost_usd", "0.25"),
    ];
    let decided = [
        ("event.name", "claude_code.tool_decision"),
        ("tool_name", "Bash"),
        ("tool_use_id", REFUSED),
        ("decision", "reject"),
        ("source", "config"),
    ];
    let records = [record("1795255200600000000", &asked), record("1795255202100000000", &decided)];
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).to_string();
    let headers = [("content-type", "application/json")];
    assert_eq!(server.post_with("/v1/otlp/v1/logs", body.as_bytes(), &headers).unwrap().status, 200);
}

/// The sub-agent's file comes first, and the lines of neither are in the order of what hooks told.
fn history() -> String {
    let line = |second: f64, kind: &str, more: Value| {
        let line = json!({"type": kind, "uuid": format!("line-{second}"), "sessionId": SESSION, "timestamp": at(second),
            "version": "2.1.329"});
        with(line, more).to_string() + "\n"
    };
    let answered = |id: &str, request: &str, text: &str| {
        json!({"requestId": request, "message": {"id": id, "model": "claude-opus-4-1", "content": [{"type": "text", "text": text}],
            "usage": {"input_tokens": 100, "output_tokens": 7}}})
    };
    let words = "Permission to use Bash with command rm -rf build has been denied.";
    let denied = json!({"toolUseResult": format!("Error: {words}"), "toolDenialKind": "permission-rule", "toolDenialBeforeRun": true,
        "message": {"role": "user", "content": [
            {"type": "tool_result", "is_error": true, "tool_use_id": REFUSED, "content": words}]}});
    let of_sub = json!({"isSidechain": true, "agentId": "sub"});
    [
        line(1.5, "assistant", with(answered("msg_2", "req_011AskedByTheSubAgent", "two"), of_sub)),
        line(0.1, "user", json!({"message": {"role": "user", "content": "go"}})),
        line(0.6, "assistant", answered("msg_1", REQUEST, "one")),
        line(2.5, "user", denied),
    ]
    .concat()
}

/// Each call of the table as the session's step has it, and the sums of the session.
fn compare(server: &Server, session: &str) -> Value {
    let told = server.get(&format!("/v1/sessions/{session}")).json();
    let steps = told["steps"].as_array().unwrap();
    assert!(steps.is_sorted_by_key(|step| step["time"].as_str()), "{told:#}");
    let calls = server.sql(&format!(
        "SELECT index, started, agent_id, action_name, outcome_status, closure, duration_ms FROM actions WHERE session_id = '{session}'"
    ));
    for call in &calls {
        let mut own =
            steps.iter().filter(|step| step["indexes"].as_array().unwrap().contains(&call["index"]));
        let step = own.next().unwrap();
        let took = step["duration_ms"].as_f64().map(|ms| ms as i64);
        let said = json!({"index": call["index"], "started": step["time"], "agent_id": step["agent"], "action_name": step["name"],
            "outcome_status": step["status"], "closure": step["closure"], "duration_ms": took});
        assert_eq!(said, *call);
    }
    let is_call = |step: &&Value| ["tool", "skill", "external"].map(Value::from).contains(&step["kind"]);
    assert_eq!(steps.iter().filter(is_call).count(), calls.len(), "a call is a step: {told:#}");
    let sums = format!(
        "SELECT failures, tokens, cost_usd::VARCHAR AS cost, agent_id FROM sessions WHERE id = '{session}'"
    );
    let totals = &told["totals"];
    let tokens = totals["tokens_input"].as_i64().unwrap() + totals["tokens_output"].as_i64().unwrap();
    let said = json!({"failures": totals["failures"], "tokens": tokens, "cost": totals["cost_usd"], "agent_id": told["agent"]});
    assert_eq!(server.sql(&sums), [said]);
    told
}

#[test]
fn live_and_imported_beside_each_other_are_one_story() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    tell_live(&server);
    let done = tachograph(&data, &["import", "-"], &history());
    assert!(done.status.success(), "{}", text(&done.stderr));
    let told = compare(&server, SESSION);
    let totals = &told["totals"];
    assert_eq!((&totals["failures"], &totals["refused"]), (&json!(1), &json!(1)), "{told:#}");
    let shown = text(&tachograph(&data, &["show", SESSION], "").stdout);
    assert!(shown.contains("1 failed (1 refused)"), "{shown}");
    let place = |what: &str| shown.find(what).unwrap_or_else(|| panic!("no \"{what}\" in:\n{shown}"));
    let story = [
        "user_message: go",
        "UserPromptSubmit: go",
        "model_request",
        "Agent: count → ok 2.8 s",
        "sub: ",
        "Bash: rm -rf build → refused",
    ];
    assert!(story.map(place).is_sorted(), "{shown}");
    server.stop();
}

#[test]
fn history_alone_stands_in_the_order_of_its_times_and_calls_under_one_id_are_apart() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    assert!(tachograph(&data, &["import", "-"], &history()).status.success());
    let told = compare(&server, SESSION);
    assert_eq!(
        told["steps"][0]["time"],
        json!(at(0.1)),
        "the prompt comes first, not the sub-agent: {told:#}"
    );
    let call = |second: f64, name: &str, cost: f64| {
        json!({"event_id": name, "agent_id": "me", "session_id": "desk", "call_id": "call_1", "action_type": "tool",
            "action_name": name, "outcome_status": "success", "cost_usd": cost, "timestamp": at(second)})
    };
    for event in [call(2.0, "Second", 0.5), call(1.0, "First", 0.25)] {
        assert_eq!(server.post("/v1/events", &event.to_string()).status, 200);
    }
    let told = compare(&server, "desk");
    let names: Vec<&Value> = told["steps"].as_array().unwrap().iter().map(|step| &step["name"]).collect();
    assert_eq!(names, ["First", "Second"], "{told:#}");
    server.stop();
}
