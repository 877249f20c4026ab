//! How long calls last: until when one hangs, and how long what was launched took.

use crate::server::Server;
use serde_json::{Value, json};

const SESSION: &str = "5b1d1c5e-9d52-4a3e-8a44-2f0f5c1f7a01";
const CALL: &str = "toolu_01TestCallThatLasts00";

fn hook(server: &Server, name: &str, more: Value) {
    let mut body = json!({"session_id": SESSION, "hook_event_name": name, "tool_name": "Bash"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert_eq!(server.post("/log", &body.to_string()).status, 200);
}

#[test]
fn a_call_hangs_by_the_servers_clock_and_not_by_its_senders() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    hook(&server, "PreToolUse", json!({"tool_use_id": CALL, "timestamp": "2020-01-01T00:00:00Z"}));
    assert_eq!(server.sql("SELECT state FROM actions"), [json!({"state": "open"})]);
}

/// Claude Code answers a command in the background at once; its end comes as a notice.
#[test]
fn what_runs_in_the_background_took_until_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    hook(&server, "PreToolUse", json!({"tool_use_id": CALL, "timestamp": "2026-11-20T10:00:00.000Z"}));
    let launched = json!({"stdout": "", "backgroundTaskId": "b1"});
    hook(
        &server,
        "PostToolUse",
        json!({"tool_use_id": CALL, "timestamp": "2026-11-20T10:00:00.020Z", "duration_ms": 20,
        "tool_response": launched}),
    );
    let notice = format!(
        "<task-notification><task-id>b1</task-id><tool-use-id>{CALL}</tool-use-id>\
        <status>completed</status><summary>done</summary></task-notification>"
    );
    let prompt = json!({"hook_event_name": "UserPromptSubmit", "session_id": SESSION, "prompt": notice,
        "timestamp": "2026-11-20T10:00:03.000Z"});
    assert_eq!(server.post("/log", &prompt.to_string()).status, 200);
    let rows = server.sql("SELECT closure, duration_ms, result_at FROM actions");
    assert_eq!(
        rows,
        [json!({"closure": "success", "duration_ms": 3000, "result_at": "2026-11-20T10:00:03.000000Z"})]
    );
}
