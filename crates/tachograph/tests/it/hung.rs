//! A call that hangs: the table `actions`, `open(call)` in SQL and the rule `hung_call` tell of the same ones.

use crate::hook::until;
use crate::server::{Server, answer, tachograph, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// The built-in rule, sooner and more often, and later than all of it is told.
const RULE: &str = "
id: hung_call
title: A call has had no result
severity: warning
query: open(call) | age > 10s
every: 1s
";

/// A hook, an agent under its own key, and one over MCP.
const SEEN: &str = "write";
const SAID: &str = "agent";
const MCP: &str = "mcp";

/// What is told, and by whom: the call, its session, the step, and the id that its sender gives the event.
type Told = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Each line tells of calls in the order in which it is recorded.
const SCENES: [Told; 34] = [
    // A short id is used again after its end.
    (MCP, "c-again", "S", "running", "1"),
    (MCP, "c-again", "S", "end", "1"),
    (MCP, "c-again", "S", "running", "2"),
    // The same one in two sessions, of which one ends it.
    (MCP, "c-two", "S", "running", "3"),
    (MCP, "c-two", "T", "running", "4"),
    (MCP, "c-two", "S", "end", "3"),
    // An end that names no session.
    (MCP, "c-free", "S", "running", "5"),
    (MCP, "c-free", "", "end", "5"),
    // It goes on in the background, its agent says: nobody waits for it.
    (MCP, "c-runs", "S", "running", "6"),
    (MCP, "c-runs", "S", "still", "6"),
    // Another agent's word, of another session and of its own.
    (SEEN, "call_1", "A", "proposed", ""),
    (SAID, "call_1", "B", "result", "8"),
    (SAID, "call_1", "A", "result", "9"),
    (SAID, "call_2", "B", "result", "10"),
    (SAID, "call_2", "A", "result", "11"),
    (SEEN, "call_2", "A", "proposed", ""),
    // An honest witness ends its own call.
    (SEEN, "call_3", "C", "proposed", ""),
    (SEEN, "call_3", "D", "proposed", ""),
    (SEEN, "call_3", "D", "result", ""),
    (SEEN, "call_4", "D", "result", ""),
    (SEEN, "call_4", "C", "proposed", ""),
    // Long ids, whatever the order: an agent's word hides no end of a witness, and is none.
    (SAID, "toolu_01AAAAAAAAAAAAAAAAAAAAAA", "E", "proposed", "18"),
    (SEEN, "toolu_01AAAAAAAAAAAAAAAAAAAAAA", "E", "proposed", ""),
    (SAID, "toolu_01AAAAAAAAAAAAAAAAAAAAAA", "E", "result", "20"),
    (SAID, "toolu_01BBBBBBBBBBBBBBBBBBBBBB", "E", "result", "21"),
    (SEEN, "toolu_01BBBBBBBBBBBBBBBBBBBBBB", "E", "proposed", ""),
    (SEEN, "toolu_01BBBBBBBBBBBBBBBBBBBBBB", "E", "result", ""),
    (SAID, "toolu_01CCCCCCCCCCCCCCCCCCCCCC", "E", "proposed", "24"),
    (SAID, "toolu_01CCCCCCCCCCCCCCCCCCCCCC", "E", "result", "25"),
    (SEEN, "toolu_01DDDDDDDDDDDDDDDDDDDDDD", "E", "proposed", ""),
    (SEEN, "toolu_01DDDDDDDDDDDDDDDDDDDDDD", "F", "result", ""),
    // Nobody answers any more.
    (SEEN, "toolu_01EEEEEEEEEEEEEEEEEEEEEE", "G", "proposed", ""),
    (SEEN, "", "G", "Stop", ""),
    (SEEN, "last", "Z", "proposed", ""),
];

/// The calls that hang, and their sessions.
const HUNG: [(&str, &str); 8] = [
    ("c-again", "S"),
    ("c-two", "T"),
    ("call_1", "A"),
    ("call_2", "A"),
    ("call_3", "C"),
    ("call_4", "C"),
    ("last", "Z"),
    ("toolu_01AAAAAAAAAAAAAAAAAAAAAA", "E"),
];

fn body((who, call, session, step, id): Told) -> Value {
    let hook = |name: &str| json!({"hook_event_name": name, "tool_name": "Bash", "tool_use_id": call, "tool_input": {}});
    let mut body = match (who, step) {
        (SEEN, "proposed") => hook("PreToolUse"),
        (SEEN, "result") => hook("PostToolUse"),
        (SEEN, end) => json!({"hook_event_name": end}),
        (_, "end" | "still") => json!({"event_id": format!("{id}/outcome"), "agent_id": "a", "call_id": call,
            "action_type": "workflow", "action_name": "outcome", "phase": "result",
            "status": if step == "end" { "success" } else { "running" }}),
        (_, "running") => json!({"event_id": id, "agent_id": "a", "call_id": call, "action_type": "tool",
            "action_name": "deploy", "status": step}),
        _ => {
            json!({"event_id": id, "agent_id": "claude-code", "call_id": call, "action_type": "tool", "action_name": "Bash",
            "phase": step, "status": if step == "result" { "success" } else { "running" }})
        }
    };
    if !session.is_empty() {
        body["session_id"] = json!(session);
    }
    body
}

fn key(data: &Path, role: &str) -> String {
    let made = tachograph(data, &["key", "create", role, "--role", role], "");
    format!("Bearer {}", text(&made.stdout).trim())
}

fn sent(server: &Server, key: &str, path: &str, body: &str) -> String {
    let headers = [
        ("authorization", key),
        ("content-type", "application/json"),
        ("accept", "application/x-ndjson, application/json"),
    ];
    let answer = server.post_with(path, body.as_bytes(), &headers).unwrap();
    assert_eq!(answer.status, 200, "{path} {body}: {answer:?}");
    answer.body
}

/// What an alert on the log is named by.
fn group(output: &Value) -> Value {
    let told = output.as_str().map(|text| serde_json::from_str::<Value>(text).unwrap());
    told.as_ref().unwrap_or(output)["labels"].clone()
}

fn calls(rows: &[Value]) -> BTreeSet<(String, String)> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_string();
    rows.iter().map(|row| (text(row, "call_id"), text(row, "session_id"))).collect()
}

#[test]
fn the_table_sql_and_the_rule_tell_of_the_same_hung_calls() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir_all(data.join("rules")).unwrap();
    std::fs::write(data.join("config.toml"), "[actions]\nhung_minutes = 0\n").unwrap();
    std::fs::write(data.join("rules/own.yaml"), RULE).unwrap();
    let [seen, said, admin] = [SEEN, SAID, "admin"].map(|role| key(&data, role));
    let server = Server::start(&data);
    for told in SCENES {
        let (key, path) = match told.0 {
            SAID => (&said, "/v1/events"),
            MCP => (&seen, "/v1/events?via=mcp"),
            _ => (&seen, "/log"),
        };
        sent(&server, key, path, &body(told).to_string());
    }
    let hung: BTreeSet<(String, String)> =
        HUNG.iter().map(|(call, session)| (call.to_string(), session.to_string())).collect();
    let lines = |path: &str, query: &str| -> Vec<Value> {
        let body = sent(&server, &admin, path, query);
        body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let table = lines("/v1/sql", "SELECT call_id, session_id FROM actions WHERE state = 'hung'");
    assert_eq!((calls(&table), table.len()), (hung.clone(), hung.len()));
    let open = lines("/v1/query", "open(call) | fields call_id, session_id");
    assert_eq!((calls(&open), open.len()), (hung.clone(), hung.len()));
    let alerts = until("the last call is told of", || {
        let rows = lines("/v1/sql", "SELECT output FROM events WHERE action_name = 'alert_firing'");
        let alerts: Vec<Value> = rows.iter().map(|row| group(&row["output"])).collect();
        let is_last = |group: &Value| group["call_id"] == "last";
        (alerts.iter().any(is_last) && alerts.len() >= HUNG.len()).then_some(alerts)
    });
    assert_eq!((calls(&alerts), alerts.len()), (hung.clone(), hung.len()));
    // Computed once more from the log: the same ones, and no others.
    until("the log and the rules agree", || {
        let now = "SELECT CAST(arrow_cast(max(recorded_at), 'Int64') AS VARCHAR) AS us FROM events";
        let to = tacho_event::time::format(lines("/v1/sql", now)[0]["us"].as_str()?.parse().ok()?);
        let path = format!("/v1/alerts/recompute?from=2026-01-01T00:00:00Z&to={to}");
        let request = ureq::get(format!("http://{}{path}", server.address));
        let computed = answer(request.header("authorization", &admin).call().unwrap()).json();
        assert_eq!((&computed["missing"], &computed["extra"]), (&json!([]), &json!([])), "{computed}");
        (computed["agree"] == hung.len()).then_some(())
    });
    let replayed = json!({"text": RULE, "days": 1}).to_string();
    let replayed: Value =
        serde_json::from_str(&sent(&server, &admin, "/v1/alerts/rules/replay", &replayed)).unwrap();
    assert_eq!(replayed["rules"][0]["fired"], hung.len(), "{replayed}");
}
