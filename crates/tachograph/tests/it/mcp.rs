//! `/mcp`: both eras of the protocol on one path, under the keys of the server, and what agents may not do there.

mod cut;
mod ids;

use crate::server::{Answer, Server, tachograph, text};
use serde_json::{Value, json};

/// What every message of the protocol over HTTP has.
const ACCEPT: (&str, &str) = ("accept", "application/json, text/event-stream");
const KIND: (&str, &str) = ("content-type", "application/json");

fn post(server: &Server, message: &Value, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<_> = [ACCEPT, KIND].into_iter().chain(headers.iter().copied()).collect();
    server.post_with("/mcp", message.to_string().as_bytes(), &headers).unwrap()
}

fn request(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

/// A call in the protocol of 2025-11-25; no session was begun, none is needed.
fn call(server: &Server, headers: &[(&str, &str)], tool: &str, arguments: Value) -> Value {
    let mut all = vec![("mcp-protocol-version", "2025-11-25")];
    all.extend(headers);
    let answer = post(server, &request("tools/call", json!({"name": tool, "arguments": arguments})), &all);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["result"].clone()
}

/// The same in that of 2026-07-28.
fn call_new(server: &Server, tool: &str, arguments: Value) -> Value {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "new", "version": "2"}
    });
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", tool)];
    let message = request("tools/call", json!({"name": tool, "arguments": arguments, "_meta": meta}));
    let answer = post(server, &message, &headers);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["result"].clone()
}

fn said(result: &Value) -> &str {
    assert_eq!(result["isError"], true, "{result}");
    result["content"][0]["text"].as_str().unwrap()
}

fn key(data: &std::path::Path, name: &str, role: &str, more: &[&str]) -> String {
    let mut arguments = vec!["key", "create", name, "--role", role];
    arguments.extend(more);
    let made = tachograph(data, &arguments, "");
    let out = text(&made.stdout) + &text(&made.stderr);
    let key = out.split_whitespace().find(|word| word.starts_with("tgk_"));
    key.unwrap_or_else(|| panic!("{out}")).to_string()
}

#[test]
fn both_eras_write_and_read_on_one_path_without_a_session() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let own = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "old", "version": "1"}});
    let shaken = post(&server, &request("initialize", own), &[]);
    assert_eq!(shaken.json()["result"]["protocolVersion"], "2025-11-25", "{shaken:?}");
    let old = call(&server, &[], "log_action", json!({"action_name": "old", "session_id": "s1"}));
    let first = old["structuredContent"]["index"].as_u64().unwrap();
    let new = call_new(&server, "log_action", json!({"action_name": "new", "session_id": "s1"}));
    assert_eq!(new["structuredContent"]["index"], first + 1, "{new}");
    assert_eq!(new["resultType"], "complete");
    let found = call_new(&server, "get_session", json!({"session_id": "s1"}));
    assert_eq!(found["structuredContent"]["timeline"]["totals"]["events"], 2, "{found}");
    // Nothing is kept between requests, so there is nothing to listen to and nothing to end.
    let listen = server.get_as("/mcp", "text/event-stream");
    assert_eq!((listen.status, listen.allow.as_deref()), (405, Some("POST")), "{listen:?}");
}

#[test]
fn what_an_agent_writes_is_self_reported_whatever_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let claims = json!({"action_name": "a", "event_id": "e1", "known": "observed", "source": "hook", "writer": "x",
        "header": {"known": "observed"}, "action_id": "other"});
    let logged = call(&server, &[], "log_action", claims.clone());
    assert_eq!(logged["structuredContent"]["known"], "self_reported", "{logged}");
    let again = call(&server, &[], "log_action", claims);
    assert_eq!(again["structuredContent"]["duplicate"], true, "{again}");
    let rows = server.sql("SELECT known, source, extra FROM agent_audit_log WHERE id = 'e1'");
    assert_eq!((&rows[0]["known"], &rows[0]["source"]), (&json!("self_reported"), &json!("mcp")), "{rows:?}");
    // The claims are kept as what they are.
    assert!(rows[0]["extra"].as_str().unwrap().contains("observed"), "{rows:?}");
    // The same by hand, over the way that mcp-audit-logger goes; another word is refused.
    assert_eq!(server.post("/v1/events?via=mcp", r#"{"id":"e2","known":"observed"}"#).status, 200);
    assert_eq!(server.sql("SELECT known FROM agent_audit_log WHERE id = 'e2'")[0]["known"], "self_reported");
    assert_eq!(server.post("/v1/events?via=otlp", r#"{"id":"e3"}"#).status, 400);
}

#[test]
fn an_entry_comes_with_every_observation_of_its_action() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let seen = |id: &str| call(&server, &[], "get_entry", json!({"id": id}))["structuredContent"].clone();
    let log = |tool, what| call(&server, &[], tool, what)["structuredContent"]["index"].clone();
    let begun = log(
        "log_action",
        json!({"action_name": "deploy", "event_id": "e1", "status": "running", "session_id": "s1"}),
    );
    log("log_action", json!({"action_name": "other", "event_id": "e2"}));
    let failed = log("log_outcome", json!({"action_id": "e1", "status": "failure", "error": "no room"}));
    let went_well = log("log_outcome", json!({"action_id": "e1", "status": "success"}));
    let entry = seen("e1");
    let of = |row: &Value| (row["index"].clone(), row["outcome_status"].clone());
    let told: Vec<(Value, Value)> = entry["observations"].as_array().unwrap().iter().map(of).collect();
    let expected = [(begun, "running"), (failed, "failure"), (went_well, "success")];
    assert_eq!(told, expected.map(|(index, outcome)| (index, json!(outcome))));
    let outcome = seen("e1/outcome");
    assert_eq!(outcome["event"]["header"]["outcome_status"], "success", "the last state: {outcome}");
    assert_eq!(outcome["observations"].as_array().unwrap().len(), 3, "{outcome}");
    assert_eq!(seen("e2")["observations"].as_array().unwrap().len(), 1);
}

#[test]
fn a_session_tells_no_error_of_what_ended_well_after_all() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let began =
        json!({"action_name": "deploy", "session_id": "s", "event_id": "deploy-1", "status": "running"});
    assert_eq!(call(&server, &[], "log_action", began)["isError"], false);
    for ended in
        [json!({"status": "failure", "error": "boom"}), json!({"status": "success", "result": "fine"})]
    {
        let mut ended = ended;
        ended["action_id"] = json!("deploy-1");
        assert_eq!(call(&server, &[], "log_outcome", ended)["isError"], false);
    }
    let timeline = call(&server, &[], "get_session", json!({"session_id": "s"}));
    let step = &timeline["structuredContent"]["timeline"]["steps"][0];
    assert_eq!(
        (&step["status"], step.get("error").unwrap_or(&Value::Null)),
        (&json!("success"), &Value::Null),
        "{timeline}"
    );
}

#[test]
fn what_an_agent_reports_does_not_move_when_its_session_was() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let hook = json!({"hook_event_name": "PreToolUse", "session_id": "s1", "tool_name": "Bash", "tool_use_id": "t1",
        "timestamp": "2026-11-21T10:00:00Z"});
    assert_eq!(server.post("/log", &hook.to_string()).status, 200);
    let own = json!({"action_name": "a", "session_id": "s1", "timestamp": "2020-01-01T00:00:00Z"});
    assert_eq!(call(&server, &[], "log_action", own)["isError"], false);
    let own = json!({"action_name": "a", "session_id": "s2", "timestamp": "2020-01-01T00:00:00Z"});
    assert_eq!(call(&server, &[], "log_action", own)["isError"], false);
    let rows = server.sql("SELECT started, ended, events FROM sessions ORDER BY started");
    let told: Vec<_> = rows.iter().map(|row| (row["started"].as_str(), row["ended"].as_str())).collect();
    let (old, new) = (Some("2020-01-01T00:00:00.000000Z"), Some("2026-11-21T10:00:00.000000Z"));
    assert_eq!(told, [(old, old), (new, new)], "one is told by nobody else: {rows:?}");
    let timeline = call(&server, &[], "get_session", json!({"session_id": "s1"}));
    assert_eq!(timeline["structuredContent"]["timeline"]["started"].as_str(), new, "{timeline}");
}

#[test]
fn a_key_may_do_here_what_it_may_do_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let writer = key(folder.path(), "w", "write", &["--agent", "releaser"]);
    let reader = key(folder.path(), "r", "read", &[]);
    let server = Server::start(folder.path());
    let bearer = |key: &str| format!("Bearer {key}");
    let (writer, reader) = (bearer(&writer), bearer(&reader));
    let (writer, reader) = ([("authorization", writer.as_str())], [("authorization", reader.as_str())]);

    let none = post(&server, &request("tools/list", json!({})), &[]);
    assert_eq!(none.status, 401, "{none:?}");
    let wrong = post(&server, &request("tools/list", json!({})), &[("authorization", "Bearer tgk_00")]);
    assert_eq!(wrong.status, 401, "{wrong:?}");

    let logged = call(&server, &writer, "log_action", json!({"action_name": "a", "event_id": "e1"}));
    assert_eq!(logged["structuredContent"]["duplicate"], false, "{logged}");
    let read = call(&server, &writer, "search_logs", json!({}));
    assert!(said(&read).contains("has role write, this needs viewer"), "{read}");
    let written = call(&server, &reader, "log_action", json!({"action_name": "b"}));
    assert!(said(&written).contains("has role viewer, this needs agent or write"), "{written}");
    // The agent of an event that names none is the one that the key stands for.
    let found = call(&server, &reader, "search_logs", json!({"agent": "releaser"}));
    assert_eq!(found["structuredContent"]["events"][0]["id"], "e1", "{found}");
    for (tool, arguments) in [
        ("get_entry", json!({"id": "e1"})),
        ("get_costs", json!({})),
        ("verify_entry", json!({"id": "e1"})),
        ("export_evidence", json!({"ids": ["e1"]})),
    ] {
        assert!(said(&call(&server, &writer, tool, arguments)).contains("this needs viewer"), "{tool}");
    }
}

#[test]
fn a_web_page_of_elsewhere_may_not_ask() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let list = request("tools/list", json!({}));
    for headers in [[("origin", "http://evil.example")], [("origin", "null")], [("host", "evil.example")]] {
        assert_eq!(post(&server, &list, &headers).status, 403, "{headers:?}");
    }
    assert_eq!(post(&server, &list, &[("origin", "http://localhost:3000")]).status, 200);
    let reader = format!("Bearer {}", key(folder.path(), "r", "read", &[]));
    drop(server);
    // With a key too: a page may have found one, and the browser's own address is not the server's.
    let server = Server::start(folder.path());
    let with = |origin| [("authorization", reader.as_str()), ("origin", origin)];
    assert_eq!(post(&server, &list, &with("http://evil.example")).status, 403);
    let own = format!("http://{}", server.address);
    assert_eq!(post(&server, &list, &with(&own)).status, 200);
}

#[test]
fn rubbish_is_refused_and_the_next_request_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let send =
        |body: &[u8], headers: &[(&str, &str)]| server.post_with("/mcp", body, headers).unwrap().status;
    for body in ["", "rubbish", "[]", "{}", "null", r#"{"jsonrpc":"2.0","id":1}"#, "\u{0}"] {
        let status = send(body.as_bytes(), &[ACCEPT, KIND]);
        assert!((400..500).contains(&status), "{body:?}: {status}");
    }
    let list = request("tools/list", json!({})).to_string();
    assert_eq!(send(list.as_bytes(), &[KIND, ("accept", "text/html")]), 406);
    assert_eq!(send(list.as_bytes(), &[ACCEPT, ("content-type", "text/plain")]), 415);
    let version = ("mcp-protocol-version", "1999-01-01");
    assert_eq!(send(list.as_bytes(), &[ACCEPT, KIND, version]), 400);
    let unknown =
        post(&server, &request("tools/call", json!({"name": "delete_entry", "arguments": {}})), &[]);
    assert_eq!(unknown.json()["error"]["code"], -32602, "{unknown:?}");
    for (tool, arguments) in [
        ("get_entry", json!({"id": "../../v1/sql?query=SELECT 1"})),
        ("get_session", json!({"session_id": "x/../../health"})),
        ("get_costs", json!({"agent": "' OR 1=1 --"})),
        ("get_costs", json!({"from": "yesterday"})),
        ("search_logs", json!({"from": "yesterday"})),
        ("verify_range", json!({"from": 0, "to": 5})),
    ] {
        let answer = call(&server, &[], tool, arguments);
        let nothing = answer["structuredContent"]["rows"].as_array().is_some_and(Vec::is_empty);
        assert!(nothing || answer["isError"] == true, "{tool}: {answer}");
    }
    assert_eq!(call(&server, &[], "search_logs", json!({}))["isError"], false);
}

#[test]
fn what_is_too_large_is_refused_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let long = call(&server, &[], "log_action", json!({"action_name": "a", "result": "x".repeat(300 << 10)}));
    assert!(said(&long).contains("expected at most 262144"), "{}", said(&long));
    let message = request(
        "tools/call",
        json!({"name": "log_action", "arguments": {"action_name": "x".repeat(2 << 20)}}),
    );
    assert_eq!(post(&server, &message, &[]).status, 413);
    assert!(server.sql("SELECT id FROM agent_audit_log WHERE source = 'mcp'").is_empty());
}

#[test]
fn an_entry_is_verified_by_the_server_with_its_own_keys() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    // Who asks right after the report waits for the seal, and is not told to come again.
    let log = |id: &str| call(&server, &[], "log_action", json!({"action_name": "a", "event_id": id}));
    log("e0");
    let evidence = call(&server, &[], "export_evidence", json!({"ids": ["e0"]}));
    assert_eq!(evidence["isError"], false, "{evidence}");
    log("e1");
    let verdict = call(&server, &[], "verify_entry", json!({"id": "e1"}))["structuredContent"].clone();
    assert_eq!(
        (&verdict["verified"], &verdict["signed"]),
        (&json!(true), &json!("by_the_server")),
        "{verdict}"
    );
    let range = call(&server, &[], "verify_range", json!({"from": 0, "to": 0}))["structuredContent"].clone();
    assert_eq!(range["verified"], true, "{range}");
    let evidence = call(&server, &[], "export_evidence", json!({"ids": ["e1"]}))["structuredContent"].clone();
    let proof = folder.path().join("proof");
    let head = evidence["entries"][0]["proof_head"].as_str().unwrap();
    std::fs::write(&proof, format!("{head}\n\n{}", evidence["checkpoint"].as_str().unwrap())).unwrap();
    let keys = text(&tachograph(folder.path(), &["keys"], "").stdout);
    let pins = folder.path().join("pins");
    std::fs::write(&pins, keys).unwrap();
    let arguments = ["verify", "--proof", proof.to_str().unwrap(), "--pin", pins.to_str().unwrap()];
    assert!(tachograph(folder.path(), &arguments, "").status.success());
}
