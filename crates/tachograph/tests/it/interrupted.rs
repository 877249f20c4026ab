//! A call of Claude Code that a person allowed and then interrupted, and one that a person refused, as hooks, logs, spans and the
//! transcript tell of them: live and then imported, and the other way round; and where only hooks and the transcript tell.

use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};
use std::path::Path;

const SESSION: &str = "5b1d1c5e-9d52-4a3e-8a44-2f0f5c1f7a11";
const STOPPED: &str = "toolu_01AllowedAndInterrupted";
const REFUSED: &str = "toolu_01RefusedByAPersonHere";
const ASKED: &str = "2026-11-21T10:00:00.050000Z";
const DECIDED: &str = "2026-11-21T10:00:02.000000Z";
const BEGAN_NS: u64 = 1_795_255_200_000_000_000;

fn ns(ms: u64) -> String {
    (BEGAN_NS + ms * 1_000_000).to_string()
}

fn attributes(told: &Value) -> Value {
    let named = told.as_object().unwrap().iter();
    named.map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})).collect()
}

fn otlp(server: &Server, kind: &str, [outer, inner, list]: [&str; 3], records: &[Value]) {
    let scope = json!({"name": "com.anthropic.claude_code.events"});
    let service = json!({"attributes": attributes(&json!({"service.name": "claude-code"}))});
    let body = json!({outer: [{"resource": service, inner: [{"scope": scope, list: records}]}]}).to_string();
    let headers = [("content-type", "application/json")];
    let answer = server.post_with(&format!("/v1/otlp/v1/{kind}"), body.as_bytes(), &headers).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn log(ms: u64, call: &str, name: &str, more: Value) -> Value {
    let mut told =
        json!({"event.name": name, "session.id": SESSION, "tool_name": "Bash", "tool_use_id": call});
    told.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"timeUnixNano": ns(ms), "attributes": attributes(&told)})
}

fn span(id: u64, parent: u64, [from, to]: [u64; 2], status: u8, told: Value) -> Value {
    let parent = if parent == 0 { String::new() } else { format!("{parent:016x}") };
    json!({"traceId": format!("{:032x}", 78), "spanId": format!("{id:016x}"), "parentSpanId": parent,
        "name": "span", "startTimeUnixNano": ns(from), "endTimeUnixNano": ns(to), "status": {"code": status},
        "attributes": attributes(&told)})
}

/// The spans of a call that waited two seconds for a person: the one around, of waiting, and of running.
fn spans(at: u64, call: &str, decision: &str, ran_until: Option<u64>) -> Vec<Value> {
    let whole =
        json!({"span.type": "tool", "session.id": SESSION, "tool_name": "Bash", "gen_ai.tool.call.id": call});
    let waits = json!({"span.type": "tool.blocked_on_user", "decision": decision, "source": "user"});
    let runs = json!({"span.type": "tool.execution", "gen_ai.tool.call.id": call});
    let run = ran_until.map(|until| span(at + 2, at, [2_001, until], 2, runs));
    let over = ran_until.unwrap_or(2_001);
    [span(at + 1, at, [30, 2_000], 0, waits), span(at, 0, [30, over], 0, whole)]
        .into_iter()
        .chain(run)
        .collect()
}

/// What hooks tell while it happens: after Escape nothing.
fn tell_hooks(server: &Server) {
    for (call, command) in [(STOPPED, "sleep 20"), (REFUSED, "rm -r /")] {
        for (hook, at, more) in [
            ("PreToolUse", "2026-11-21T10:00:00.010Z", json!({"tool_use_id": call})),
            ("PermissionRequest", "2026-11-21T10:00:00.050Z", json!({})),
        ] {
            let mut body = json!({"session_id": SESSION, "hook_event_name": hook, "tool_name": "Bash",
                "tool_input": {"command": command}, "timestamp": at});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert_eq!(server.post("/log", &body.to_string()).status, 200);
        }
    }
}

/// What logs and spans tell of it.
fn tell_telemetry(server: &Server) {
    let failed = json!({"success": "false", "duration_ms": "4184", "error_type": "ShellError", "error": "Shell command failed"});
    let logs = [
        log(2_000, STOPPED, "tool_decision", json!({"decision": "accept", "source": "user_temporary"})),
        log(6_185, STOPPED, "tool_result", failed),
        log(2_000, REFUSED, "tool_decision", json!({"decision": "reject", "source": "user_reject"})),
    ];
    otlp(server, "logs", ["resourceLogs", "scopeLogs", "logRecords"], &logs);
    let all = [spans(0x10, STOPPED, "accept", Some(6_185)), spans(0x20, REFUSED, "reject", None)].concat();
    otlp(server, "traces", ["resourceSpans", "scopeSpans", "spans"], &all);
}

/// The same words for both; newer versions say of one that it never ran.
fn transcript(version: &str, never_ran: &Value) -> String {
    let line = |call: &str, at: &str, more: &Value| {
        let words = "The user doesn't want to proceed with this tool use. The tool use was rejected.";
        let mut line = json!({"type": "user", "uuid": format!("line-{call}"), "sessionId": SESSION, "timestamp": at,
            "toolUseResult": "User rejected tool use", "toolDenialKind": "user-rejected", "version": version,
            "message": {"role": "user", "content": [
                {"type": "tool_result", "is_error": true, "tool_use_id": call, "content": words}]}});
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    let stopped = line(STOPPED, "2026-11-21T10:00:06.190Z", &json!({}));
    format!("{stopped}\n{}\n", line(REFUSED, "2026-11-21T10:00:02.005Z", never_ran))
}

fn import(data: &Path, lines: &str) {
    let said = tachograph(data, &["import", "-"], lines);
    assert!(said.status.success(), "{}", text(&said.stderr));
}

#[test]
fn an_interrupted_call_failed_and_a_refused_one_never_ran_in_whichever_order_they_are_told() {
    for imported_first in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let server = Server::start(&data);
        let lines = transcript("2.1.300", &json!({}));
        if imported_first {
            import(&data, &lines);
        }
        tell_hooks(&server);
        tell_telemetry(&server);
        if !imported_first {
            import(&data, &lines);
        }
        let rows = server.sql(
            "SELECT call_id, closure, asked_at, decided_at, executed_at, duration_ms, error_type \
             FROM actions JOIN (SELECT index AS at, error_type FROM events) AS shown ON index = at ORDER BY call_id",
        );
        let row = |call: &str, closure: &str, executed: Option<&str>, took_ms: u64, why: Option<&str>| {
            json!({"call_id": call, "closure": closure, "asked_at": ASKED, "decided_at": DECIDED,
                "executed_at": executed, "duration_ms": took_ms, "error_type": why})
        };
        let [stopped, refused] = &rows[..] else { panic!("{rows:#?}") };
        let ran = Some("2026-11-21T10:00:02.001000Z");
        assert_eq!(*stopped, row(STOPPED, "failure", ran, 4_184, Some("ShellError")), "{imported_first}");
        assert_eq!(*refused, row(REFUSED, "refused", None, 1_995, Some("refused")), "{imported_first}");
    }
}

#[test]
fn hooks_and_a_transcript_that_says_what_never_ran_tell_the_same() {
    for imported_first in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let server = Server::start(&data);
        let lines = transcript("2.1.329", &json!({"toolDenialBeforeRun": true}));
        if imported_first {
            import(&data, &lines);
        }
        tell_hooks(&server);
        if !imported_first {
            import(&data, &lines);
        }
        let rows = server.sql("SELECT call_id, closure, asked_at, result_at FROM actions ORDER BY call_id");
        let row = |call: &str, closure: &str, ended: &str| json!({"call_id": call, "closure": closure, "asked_at": ASKED, "result_at": ended});
        assert_eq!(
            rows,
            [
                row(STOPPED, "failure", "2026-11-21T10:00:06.190000Z"),
                row(REFUSED, "refused", "2026-11-21T10:00:02.005000Z")
            ],
            "{imported_first}"
        );
    }
}
