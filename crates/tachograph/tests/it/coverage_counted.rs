//! Coverage of what is counted and not drawn: ids of calls that a model counts in each conversation, and numbers that one spool
//! gives hooks and other events.

use crate::coverage::{DAY_NANOS, WHOLE_DAY, hooks, ids, send, serve};
use serde_json::{Value, json};

const SESSION: &str = "01a2088e-c701-7761-959e-3bc7c1b4e33f";
const THREADS: [&str; 2] = ["01a2088e-ca78-75e3-9e2a-484a25730e7b", "01a2088e-cb91-7d02-8a10-5a1190c7e2d4"];
const CALLS: [&str; 2] = ["functions.exec_command:0", "functions.exec_command:1"];

/// What Codex's logs tell of the second call of each conversation and, unless it is left out, of the first.
fn logged(session: &str, from_s: u64, calls: &[&str]) -> String {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let record = |(at_s, call): (u64, &&str)| {
        let attributes = [
            ("event.name", "codex.tool_result"),
            ("conversation.id", session),
            ("call_id", *call),
            ("tool_name", "exec_command"),
            ("success", "true"),
        ];
        json!({"timeUnixNano": (DAY_NANOS + (3_600 + at_s) * 1_000_000_000).to_string(), "body": {"stringValue": "x"},
            "attributes": attributes.map(|(key, value)| text(key, value))})
    };
    let records: Vec<Value> = (from_s..).step_by(2).zip(calls).map(record).collect();
    json!({"resourceLogs": [{"resource": {"attributes": [text("service.name", "codex_cli_rs")]},
        "scopeLogs": [{"scope": {"name": "codex"}, "logRecords": records}]}]})
    .to_string()
}

/// The hooks of a session in which two sub-agents call as the agent does that started them, under the same ids.
fn hooked() -> String {
    let calls = [CALLS, CALLS, CALLS].concat();
    let lines = hooks(SESSION, &calls, &["SessionEnd"]);
    let named = lines.lines().enumerate().map(|(at, line)| match at.checked_sub(5).map(|at| at / 4) {
        Some(sub) if sub < 2 => {
            line.replace("\"cwd\"", &format!("\"agent_id\":\"{}\",\"cwd\"", THREADS[sub])) + "\n"
        }
        _ => line.replace("\"cwd\"", "\"agent_id\":\"codex\",\"cwd\"") + "\n",
    });
    named.collect()
}

/// Of each source the calls that it saw, and of how many.
fn seen(report: &Value) -> Vec<String> {
    let figures = report["figures"].as_array().unwrap().iter();
    let seen = figures
        .map(|of| format!("{} {} of {}", of["source"].as_str().unwrap(), of["calls_seen"], of["calls_all"]));
    seen.collect()
}

#[test]
fn calls_that_each_sub_agent_counts_anew_are_apart() {
    let (_dir, _data, server) = serve("");
    let told = [logged(SESSION, 3, &CALLS), logged(THREADS[0], 7, &CALLS), logged(THREADS[1], 11, &CALLS)];
    send(&server, &hooked(), &told);
    let report = server.get(WHOLE_DAY).json();
    assert_eq!(seen(&report), ["hook 6 of 6", "otel_log 6 of 6"], "{report}");
    assert_eq!(ids(&report), Vec::<&str>::new(), "{report}");
}

#[test]
fn and_what_is_missed_of_one_of_them_is_found() {
    let (_dir, _data, server) = serve("");
    let told =
        [logged(SESSION, 3, &CALLS), logged(THREADS[0], 7, &CALLS), logged(THREADS[1], 11, &CALLS[..1])];
    send(&server, &hooked(), &told);
    let report = server.get(WHOLE_DAY).json();
    assert_eq!(seen(&report), ["hook 6 of 6", "otel_log 5 of 6"], "{report}");
    assert_eq!(ids(&report), [format!("calls_unseen/otel_log/{SESSION}")], "{report}");
}

/// As `agent-audit-log` delivers them: events of the user's own between hooks.
fn spooled(numbers: &[u64]) -> String {
    let lines = numbers.iter().map(|number| {
        let kind = match number % 2 {
            0 => json!({"hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": {"command": "ls"}}),
            _ => json!({"action_name": "deploy", "outcome_status": "success"}),
        };
        let mut event = json!({"session_id": "ci-7", "agent_id": "builder", "producer_seq": number,
            "timestamp": format!("2026-11-20T01:00:{number:02}Z")});
        event.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        event.to_string() + "\n"
    });
    lines.collect()
}

#[test]
fn hooks_and_events_of_ones_own_that_one_spool_numbers_are_one_sequence() {
    let (_dir, _data, server) = serve("");
    send(&server, &spooled(&[1, 2, 3, 4]), &[]);
    let report = server.get(WHOLE_DAY).json();
    assert_eq!(ids(&report), Vec::<&str>::new(), "{report}");
    send(&server, &spooled(&[7]), &[]);
    let report = server.get(WHOLE_DAY).json();
    assert_eq!(ids(&report), ["sequence_gap/hook/ci-7"]);
    assert_eq!(report["findings"][0]["evidence"]["gaps"], json!([{"first": 5, "last": 6}]));
}
