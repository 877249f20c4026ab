//! One call, told of by hook, log, span and transcript, is one row; a killed server, a lost file and a folder at rest
//! say the same.

use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};
use std::path::Path;

const SESSION: &str = "5b1d1c5e-9d52-4a3e-8a44-2f0f5c1f7a01";
const CALL: &str = "toolu_01TestCallOfOneAction";

fn hook(server: &Server, name: &str, more: Value) {
    let mut body = json!({"session_id": SESSION, "hook_event_name": name, "cwd": "/srv", "tool_name": "Bash",
        "tool_input": {"command": "cargo test"}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert_eq!(server.post("/log", &body.to_string()).status, 200);
}

fn attribute(name: &str, value: Value) -> Value {
    let kind = if value.is_string() { "stringValue" } else { "intValue" };
    json!({"key": name, "value": {kind: value}})
}

fn otlp(server: &Server, kind: &str, record: Value) {
    let (outer, inner, list) = match kind {
        "logs" => ("resourceLogs", "scopeLogs", "logRecords"),
        _ => ("resourceSpans", "scopeSpans", "spans"),
    };
    let service = json!({"attributes": [attribute("service.name", json!("shop"))]});
    let body = json!({outer: [{"resource": service, inner: [{list: [record]}]}]}).to_string();
    let headers = [("content-type", "application/json")];
    let answer = server.post_with(&format!("/v1/otlp/v1/{kind}"), body.as_bytes(), &headers).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn span(id: u64, parent: u64, attributes: Vec<Value>) -> Value {
    let hex = |id: u64| if id == 0 { String::new() } else { format!("{id:016x}") };
    json!({"traceId": format!("{:032x}", 77), "spanId": hex(id), "parentSpanId": hex(parent), "name": format!("s{id}"),
        "startTimeUnixNano": "1795225308000000000", "endTimeUnixNano": "1795225309000000000",
        "attributes": attributes})
}

/// Everything that the tests ask, once.
fn tell(server: &Server) {
    hook(server, "PreToolUse", json!({"tool_use_id": CALL}));
    hook(server, "PermissionRequest", json!({}));
    hook(
        server,
        "PostToolUse",
        json!({"tool_use_id": CALL, "tool_response": {"stdout": "ok"}, "duration_ms": 40}),
    );
    let told = [
        attribute("event.name", json!("claude_code.tool_result")),
        attribute("session.id", json!(SESSION)),
        attribute("tool_name", json!("Bash")),
        attribute("tool_use_id", json!(CALL)),
        attribute("success", json!("true")),
    ];
    otlp(server, "logs", json!({"timeUnixNano": "1795225308500000000", "attributes": told}));
    hook(server, "PreToolUse", json!({"tool_use_id": "toolu_01NeverAnsweredCallHere"}));
    hook(server, "Stop", json!({"tool_name": null, "tool_input": null}));
    hook(server, "PreToolUse", json!({"tool_use_id": "toolu_01StillOpenCallHere00"}));
    // A child before its parent, each in a request of its own; and one call of a model, told of by two libraries,
    // of which the outer one counts otherwise.
    let model = || attribute("gen_ai.operation.name", json!("chat"));
    let tokens = |count| attribute("gen_ai.usage.input_tokens", json!(count));
    otlp(server, "traces", span(0x13, 0x12, vec![model(), tokens(100)]));
    otlp(server, "traces", span(0x12, 0x11, vec![model(), tokens(110)]));
    let root = vec![
        attribute("gen_ai.operation.name", json!("invoke_agent")),
        attribute("gen_ai.agent.name", json!("boss")),
        attribute("session.id", json!("0b1d1c5e-9d52-4a3e-8a44-2f0f5c1f7a02")),
    ];
    otlp(server, "traces", span(0x11, 0, root));
}

const ACTIONS: &str = "SELECT call_id, session_id, agent_id, action_name, CASE WHEN state = 'closed' THEN state ELSE 'open' END AS state, \
     closure, observations, observers FROM actions ORDER BY action";

fn check(rows: &[Value]) {
    assert_eq!(rows.len(), 4, "{rows:#?}");
    let [call, abandoned, open, model] = rows else { unreachable!() };
    assert_eq!((&call["closure"], &call["observations"]), (&json!("success"), &json!(4)), "{call}");
    assert_eq!((&call["observers"], &call["session_id"]), (&json!("hook, log"), &json!(SESSION)));
    assert_eq!((&abandoned["state"], &abandoned["closure"]), (&json!("closed"), &json!("abandoned")));
    assert_eq!((&open["state"], &open["closure"]), (&json!("open"), &Value::Null));
    assert_eq!((&model["action_name"], &model["observations"]), (&json!("model_request"), &json!(2)));
    assert_eq!(model["session_id"], json!("0b1d1c5e-9d52-4a3e-8a44-2f0f5c1f7a02"), "inherited");
    assert_eq!(model["agent_id"], json!("boss"), "inherited");
}

fn at_rest(data: &Path, query: &str) -> Vec<Value> {
    let said = tachograph(data, &["sql", "--format", "ndjson", query], "");
    assert!(said.status.success(), "{}", text(&said.stderr));
    text(&said.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_several_witnesses_tell_is_one_action() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    tell(&server);
    check(&server.sql(ACTIONS));
    let count = |query: &str| server.sql(query)[0]["n"].as_i64().unwrap();
    // What the server says of itself is no call.
    assert_eq!(count("SELECT count(*) AS n FROM events WHERE source <> 'internal'"), 10);
    assert_eq!(count("SELECT count(*) AS n FROM agent_audit_log WHERE source <> 'internal'"), 6);
    assert_eq!(count("SELECT sum(tokens_input) AS n FROM agent_audit_log"), 100);
    assert_eq!(count("SELECT sum(tokens_input) AS n FROM costs"), 100);
    assert_eq!(count("SELECT sum(tokens_input) AS n FROM events"), 210);
    // By what is inherited one also finds.
    let heir = "SELECT count(*) AS n FROM agent_audit_log WHERE action_name = 'model_request' AND";
    assert_eq!(count(&format!("{heir} session_id = '0b1d1c5e-9d52-4a3e-8a44-2f0f5c1f7a02'")), 1);
    assert_eq!(count(&format!("{heir} agent_id = 'boss'")), 1);
    assert_eq!(count(&format!("{heir} agent_id = 'shop'")), 0);
    assert_eq!(
        count("SELECT tokens AS n FROM sessions WHERE id = '0b1d1c5e-9d52-4a3e-8a44-2f0f5c1f7a02'"),
        100
    );
}

#[test]
fn a_killed_server_a_lost_file_and_a_folder_at_rest_say_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    tell(&server);
    let said = server.sql(ACTIONS);
    server.kill();
    assert_eq!(at_rest(&data, ACTIONS), said, "read again after a kill");
    assert!(data.join("overlay.sqlite").exists());
    assert_eq!(at_rest(&data, ACTIONS), said, "out of the file");
    for damage in [&b"no database"[..], b""] {
        std::fs::write(data.join("overlay.sqlite"), damage).unwrap();
        assert_eq!(at_rest(&data, ACTIONS), said, "made anew");
    }
    let server = Server::start(&data);
    hook(&server, "PostToolUse", json!({"tool_use_id": "toolu_01StillOpenCallHere00"}));
    let closed = "SELECT observations AS n FROM actions WHERE call_id = 'toolu_01StillOpenCallHere00'";
    assert_eq!(server.sql(closed)[0]["n"], json!(2), "what came before the stop is still joined");
}

/// Who reports over MCP gives no phase: a whole call in one event, and perhaps its outcome later.
#[test]
fn a_report_joins_the_call_that_a_hook_tells_of() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let report = |id: &str, more: Value| {
        let mut body = json!({"event_id": id, "agent_id": "claude-code", "call_id": CALL});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(server.post("/v1/events?via=mcp", &body.to_string()).status, 200);
    };
    hook(&server, "PreToolUse", json!({"tool_use_id": CALL}));
    report("r-1", json!({"action_type": "tool", "action_name": "Bash", "outcome_status": "running"}));
    let phase = json!({"action_type": "workflow", "action_name": "outcome", "phase": "result", "outcome_status": "failure",
        "outcome_result": "harmless"});
    report("r-2", phase);
    let rows = server
        .sql("SELECT action_name, outcome_status, outcome_result, observations, observers FROM actions");
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!((&rows[0]["action_name"], &rows[0]["observations"]), (&json!("Bash"), &json!(3)), "{rows:#?}");
    assert_eq!(
        rows[0]["outcome_status"],
        json!("running"),
        "no word of the agent ends what a hook began: {rows:#?}"
    );
    assert_eq!(rows[0]["observers"], json!("hook, mcp"), "{rows:#?}");
    assert_eq!(rows[0]["outcome_result"], Value::Null, "nor stands where a witness's would: {rows:#?}");
    let rows = server.sql(&format!("SELECT outcome_result FROM agent_audit_log WHERE call_id = '{CALL}'"));
    assert_eq!(rows, [json!({"outcome_result": null})]);
}

/// What an agent says that a call cost counts once with what others saw of it; where nobody else saw it, it says so.
#[test]
fn an_agents_word_of_costs_in_anothers_session_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let spent = [
        attribute("event.name", json!("claude_code.api_request")),
        attribute("session.id", json!(SESSION)),
        attribute("model", json!("claude-x")),
        attribute("request_id", json!("req_011TestOfCostsToldTwice")),
        attribute("input_tokens", json!(100)),
        attribute("cost_usd", json!("0.25")),
    ];
    otlp(&server, "logs", json!({"timeUnixNano": "1795225308500000000", "attributes": spent}));
    let report = |id: &str, more: Value| {
        let mut body = json!({"event_id": id, "agent_id": "other", "session_id": SESSION, "cost_usd": 9.5,
            "action_type": "external", "action_name": "model_request", "outcome_status": "success"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(server.post("/v1/events?via=mcp", &body.to_string()).status, 200);
    };
    let costs = || {
        let sums = "sum(cost_usd)::VARCHAR AS sum, sum(self_reported_cost_usd)::VARCHAR AS own";
        let row = server.sql(&format!("SELECT {sums} FROM sessions")).remove(0);
        let by_day = server.sql("SELECT sum(cost_usd)::VARCHAR AS sum FROM costs").remove(0);
        [row["sum"].clone(), row["own"].clone(), by_day["sum"].clone()]
    };
    let is = |sum: &str, own: &str| [sum, own, sum].map(Value::from);
    report("same", json!({"request_id": "req_011TestOfCostsToldTwice", "tokens_input": 100}));
    assert_eq!(costs(), is("0.250000", "0.000000"), "one call: the witness's word of it");
    report("another", json!({}));
    assert_eq!(costs(), is("9.750000", "9.500000"), "nobody else saw it");
    let shown = text(&tachograph(folder.path(), &["show", SESSION], "").stdout);
    assert!(shown.contains(" 9.750000 USD (9.500000 of it self-reported)"), "{shown}");
}

/// A child comes before its parent, in another request, and the sender's id of the session is no UUID.
#[test]
fn a_session_is_told_whole_under_the_name_that_its_sender_gave() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    otlp(&server, "traces", span(2, 1, vec![attribute("gen_ai.operation.name", json!("chat"))]));
    otlp(&server, "traces", span(1, 0, vec![attribute("gen_ai.conversation.id", json!("desk-7"))]));
    let told = server.get("/v1/sessions/desk-7").json();
    assert_eq!((&told["session"], &told["totals"]["events"]), (&json!("desk-7"), &json!(2)), "{told}");
    let named = "SELECT count(*) AS n FROM agent_audit_log WHERE session_uuid IN \
                 (SELECT session_uuid FROM events WHERE who_session = 'desk-7')";
    assert_eq!(server.sql(named)[0]["n"], json!(2));
    for path in ["/v1/search?session=desk-7", "/v1/search?q=session:desk-7"] {
        let found = server.get_as(path, "application/x-ndjson").body;
        assert_eq!(found.lines().count(), 2, "{path}: {found}");
    }
}

/// The export of the OpenAI Agents SDK, an object a request, children first.
#[test]
fn spans_of_another_request_inherit_session_and_agent() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let session = "7c1d1c5e-9d52-4a3e-8a44-2f0f5c1f7a09";
    let span = |id: &str, parent: Option<&str>, data: Value| {
        json!({"object": "trace.span", "id": id, "trace_id": "trace_0001", "parent_id": parent,
            "started_at": "2026-11-01T10:00:00Z", "ended_at": "2026-11-01T10:00:01Z", "span_data": data})
    };
    for object in [
        span("span_3", Some("span_2"), json!({"type": "function", "name": "get_price", "input": "{}"})),
        span("span_2", Some("span_1"), json!({"type": "agent", "name": "trader"})),
        span("span_1", None, json!({"type": "custom", "name": "turn"})),
        json!({"object": "trace", "id": "trace_0001", "workflow_name": "desk", "group_id": session}),
    ] {
        let body = json!({"data": [object]}).to_string();
        assert!([200, 202].contains(&server.post("/v1/traces/ingest", &body).status));
    }
    let rows =
        server.sql("SELECT agent_id, session_id, observers FROM actions WHERE action_name = 'get_price'");
    assert_eq!(rows, [json!({"agent_id": "trader", "session_id": session, "observers": "span"})]);
}

/// The end of a call may come with an earlier time than its beginning: clocks differ.
#[test]
fn a_call_that_ends_before_it_begins_has_no_duration_and_a_connection_is_no_call() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    hook(&server, "PostToolUse", json!({"tool_use_id": CALL, "timestamp": "2026-11-20T10:00:00.000Z"}));
    hook(&server, "PreToolUse", json!({"tool_use_id": CALL, "timestamp": "2026-11-20T10:00:00.012Z"}));
    let later = "toolu_01TheOtherWayRound";
    hook(&server, "PreToolUse", json!({"tool_use_id": later, "timestamp": "2026-11-20T10:00:01.000Z"}));
    hook(&server, "PostToolUse", json!({"tool_use_id": later, "timestamp": "2026-11-20T10:00:01.012Z"}));
    let told = [
        attribute("event.name", json!("claude_code.mcp_server_connection")),
        attribute("session.id", json!(SESSION)),
        attribute("status", json!("connected")),
    ];
    otlp(&server, "logs", json!({"timeUnixNano": "1795225308500000000", "attributes": told}));
    let rows = server.sql("SELECT call_id, closure, duration_ms FROM actions ORDER BY started");
    let row = |call: &str, took: Value| json!({"call_id": call, "closure": "success", "duration_ms": took});
    assert_eq!(rows, [row(CALL, Value::Null), row(later, json!(12))]);
    let kept = "SELECT count(*) AS n FROM agent_audit_log WHERE action_name = 'mcp_server_connection'";
    assert_eq!(server.sql(kept)[0]["n"], json!(1));
}
