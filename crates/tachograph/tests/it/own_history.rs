//! History that is imported believes nobody more than the server did: what an agent reported into a file stays its own word.

use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};

const CALLS: [&str; 2] = ["toolu_01OwnWordInAFileNumber1", "toolu_01OwnWordInAFileNumber2"];
const ROWS: &str =
    "SELECT call_id, closure, witnesses_differ, observers, observations FROM actions ORDER BY call_id";

fn hook(server: &Server, name: &str, call: &str) {
    let event = json!({"session_id": "one", "hook_event_name": name, "tool_name": "Bash", "tool_use_id": call,
        "tool_input": {"command": "rm -rf /srv"}, "error": "Exit code 1", "timestamp": "2026-11-20T10:00:00Z"});
    assert_eq!(server.post("/log", &event.to_string()).status, 200);
}

/// As `mcp-audit-logger` writes it into a file.
fn report(call: &str, session: &str) -> Value {
    json!({"event_id": format!("report-of-{call}"), "digest": "d", "action_name": "Bash", "action_type": "tool",
        "agent_id": "liar", "call_id": call, "session_id": session, "cost_usd": 9.5, "outcome_status": "success",
        "timestamp": "2026-11-20T10:00:02Z", "known": "self_reported", "source": "mcp"})
}

/// A server that hooks told of a call that failed and of one whose end nobody told.
fn served(dir: &std::path::Path) -> Server {
    let server = Server::start(dir);
    hook(&server, "PreToolUse", CALLS[0]);
    hook(&server, "PostToolUseFailure", CALLS[0]);
    hook(&server, "PreToolUse", CALLS[1]);
    server
}

#[test]
fn what_an_agent_wrote_into_a_file_is_imported_as_its_own_word() {
    let dir = tempfile::tempdir().unwrap();
    let [imported, sent] = ["imported", "sent"].map(|name| dir.path().join(name));
    let reports =
        [report(CALLS[0], "one"), report(CALLS[1], "one"), report("toolu_01InventedInAFile00", "other")];
    let file = dir.path().join("mcp-audit.ndjson");
    std::fs::write(&file, reports.each_ref().map(|report| format!("{report}\n")).concat()).unwrap();

    let first = served(&imported);
    let done = tachograph(&imported, &["import", "--server", &first.address, file.to_str().unwrap()], "");
    assert!(done.status.success(), "{}", text(&done.stderr));
    let second = served(&sent);
    for report in &reports {
        assert_eq!(second.post("/v1/events?via=mcp", &report.to_string()).status, 200);
    }

    let rows = first.sql(ROWS);
    assert_eq!(rows, second.sql(ROWS), "the same as over the server");
    assert_eq!((&rows[1]["closure"], &rows[2]["closure"]), (&json!("failure"), &Value::Null), "{rows:?}");
    let known = first.sql("SELECT DISTINCT known, source FROM events WHERE agent_id = 'liar'");
    assert_eq!(known, [json!({"known": "self_reported", "source": "import"})]);
    let findings = |server: &Server| {
        let report = server.get("/v1/coverage?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z").json();
        (report["findings"].clone(), report["figures"].clone())
    };
    assert_eq!(findings(&first).0, findings(&second).0);
    assert_eq!(
        findings(&first).1[0]["agent"],
        "claude-code",
        "no call went over to the agent that claimed it"
    );
}

#[test]
fn an_agents_report_in_the_shape_of_another_format_is_no_witness() {
    let dir = tempfile::tempdir().unwrap();
    let server = served(&dir.path().join("data"));
    // What an agent adds to a report stands at its top: events in it, and what looks like a transcript of its program.
    let claim = json!({"action_name": "Bash", "action_type": "tool", "call_id": CALLS[1], "session_id": "one",
        "outcome_status": "success", "phase": "result", "known": "observed"});
    let mut nested = report("first", "one");
    nested["events"] = json!([{"message": "x"}, claim]);
    let mut posing = report("second", "one");
    posing["type"] = json!("user");
    posing["uuid"] = json!("u1");
    posing["sessionId"] = json!("one");
    posing["message"] = json!({"role": "user", "content": [{"type": "text", "text": "x"},
        {"type": "tool_result", "tool_use_id": CALLS[1], "content": "ok"}]});
    let file = dir.path().join("mcp-audit.ndjson");
    std::fs::write(&file, format!("{nested}\n{posing}\n")).unwrap();

    for news in [4, 0] {
        let done =
            tachograph(dir.path(), &["import", "--server", &server.address, file.to_str().unwrap()], "");
        assert!(text(&done.stdout).contains(&format!("accepted {news}, ")), "{}", text(&done.stdout));
    }

    let known = server.sql("SELECT DISTINCT known FROM events WHERE source = 'import'");
    assert_eq!(known, [json!({"known": "self_reported"})]);
    let rows = server.sql(ROWS);
    let call = rows.iter().find(|row| row["call_id"] == CALLS[1]).unwrap();
    assert_eq!((&call["closure"], &call["observers"]), (&Value::Null, &json!("hook, mcp")), "{rows:?}");
}
