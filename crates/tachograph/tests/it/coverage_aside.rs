//! Coverage of what programs do beside the session that a person sees: numbers that run on through several sessions, ids that are left
//! again at the start, conversations of their own; and of calls that a person did not allow.

use crate::coverage::{DAY, DAY_NANOS, WHOLE_DAY, hooks, ids, send, serve};
use crate::server::{tachograph, text as text_of};
use serde_json::{Value, json};

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// Logs of one user's processes at these seconds of the hour.
fn logs(service: &str, records: &[(u64, Vec<Value>)]) -> String {
    let record = |(at_s, attributes): &(u64, Vec<Value>)| {
        let nanos = DAY_NANOS + (3_600 + at_s) * 1_000_000_000;
        json!({"timeUnixNano": nanos.to_string(), "body": {"stringValue": "x"}, "attributes": attributes})
    };
    let records: Vec<Value> = records.iter().map(record).collect();
    let scope = if service == "claude-code" { "com.anthropic.claude_code.events" } else { "codex" };
    json!({"resourceLogs": [{"resource": {"attributes": [text("service.name", service)]},
        "scopeLogs": [{"scope": {"name": scope}, "logRecords": records}]}]})
    .to_string()
}

fn claude(session: &str, name: &str, numbers: std::ops::Range<u64>, from_s: u64) -> Vec<(u64, Vec<Value>)> {
    let one = |(number, at_s): (u64, u64)| {
        let number = json!({"key": "event.sequence", "value": {"intValue": number.to_string()}});
        (at_s, vec![text("event.name", name), text("session.id", session), text("user.id", "3f1c"), number])
    };
    numbers.zip(from_s..).map(one).collect()
}

/// `/clear`, the end of the process, and a second one that resumes both sessions: as Claude Code 2.1.329 numbers them.
#[test]
fn a_process_that_goes_through_several_sessions_leaves_no_gap_and_hooks_need_not_tell_of_an_id_that_it_left()
{
    let (_dir, _data, server) = serve("");
    let told = hooks("a", &[], &["SessionEnd"]) + &hooks("b", &[], &["SessionEnd"]);
    let sent = [
        claude("a", "user_prompt", 0..20, 2),
        claude("b", "user_prompt", 20..30, 30),
        claude("c", "hook_registered", 0..12, 1),
        claude("b", "user_prompt", 12..20, 60),
        claude("a", "user_prompt", 20..25, 90),
    ];
    let bodies: Vec<String> = sent.iter().map(|records| logs("claude-code", records)).collect();
    send(&server, &told, &bodies);
    let report = server.get(WHOLE_DAY).json();
    assert_eq!(ids(&report), Vec::<&str>::new(), "{report}");
    send(&server, "{\"note\":1}", &[logs("claude-code", &claude("a", "user_prompt", 28..30, 120))]);
    let report = server.get(WHOLE_DAY).json();
    assert_eq!(ids(&report), ["sequence_gap/otel_log/a"]);
    assert_eq!(report["findings"][0]["evidence"]["gaps"], json!([{"first": 25, "last": 27}]));
    // Somebody who is there and tells of prompts and no hook is another matter.
    send(&server, "{\"note\":2}", &[logs("claude-code", &claude("c", "user_prompt", 0..1, 121))]);
    assert!(ids(&server.get(WHOLE_DAY).json()).contains(&"hooks_off/hook/c"));
}

/// The title that the Codex TUI asks its model for is a conversation of its own.
#[test]
fn a_conversation_that_codex_has_by_itself_needs_no_hooks_and_one_that_may_act_does() {
    let (_dir, _data, server) = serve("");
    let event = |session: &str, name: &str, more: &[(&str, &str)]| {
        let own =
            [text("event.name", name), text("conversation.id", session), text("originator", "codex-tui")];
        own.into_iter().chain(more.iter().map(|(key, value)| text(key, value))).collect::<Vec<_>>()
    };
    let starts = |session: &str, sandbox: &str, servers: &str, at_s| {
        let more = [("sandbox_policy", sandbox), ("mcp_servers", servers)];
        vec![
            (at_s, event(session, "codex.conversation_starts", &more)),
            (at_s, event(session, "codex.user_prompt", &[("prompt", "Generate a title")])),
        ]
    };
    let main = hooks("main", &[], &["Stop", "Stop", "SessionEnd"])
        .replace("\"cwd\"", "\"agent_id\":\"codex\",\"cwd\"");
    let records = [starts("title", "read-only", "", 2), starts("acts", "workspace-write", "", 2)].concat();
    send(&server, &main, &[logs("codex_cli_rs", &records)]);
    assert_eq!(ids(&server.get(WHOLE_DAY).json()), ["hooks_off/hook/acts"]);
}

/// Escape while Codex asks whether it may: its logs tell nothing of the call, and its session file says the same as of a call
/// that ran.
#[test]
fn logs_of_codex_need_not_tell_of_a_call_that_was_broken_off_before_it_was_allowed() {
    let (dir, data, server) = serve("");
    let session = "01a1fbcb-15a5-7951-8428-af1573e4a30a";
    let result = |call: &str| {
        let own = [text("event.name", "codex.tool_result"), text("conversation.id", session)];
        let more = [text("call_id", call), text("tool_name", "exec_command"), text("success", "true")];
        own.into_iter().chain(more).collect::<Vec<_>>()
    };
    send(&server, "{\"note\":1}", &[logs("codex_cli_rs", &[(1, result("call_1")), (9, result("call_9"))])]);
    let line = |second: u32, kind: &str, payload: Value| {
        json!({"timestamp": format!("{DAY}T01:00:0{second}Z"), "type": kind, "payload": payload}).to_string()
            + "\n"
    };
    let call = |second, call: &str| {
        let asked =
            json!({"type": "function_call", "name": "exec_command", "arguments": "{}", "call_id": call});
        let output = "Wall time: 1.0 seconds\naborted by user";
        let stopped = json!({"type": "function_call_output", "call_id": call, "output": output});
        line(second, "response_item", asked) + &line(second, "response_item", stopped)
    };
    let file = dir.path().join("rollout.jsonl");
    let import = |lines: &str| {
        std::fs::write(&file, lines).unwrap();
        let done = tachograph(&data, &["import", file.to_str().unwrap()], "");
        assert_eq!(done.status.code(), Some(0), "{}", text_of(&done.stderr));
        server.get(WHOLE_DAY).json()
    };
    let begun = line(0, "session_meta", json!({"id": session})) + &call(1, "call_1") + &call(2, "call_2");
    let report = import(&begun);
    assert_eq!(ids(&report), Vec::<&str>::new(), "{report}");
    let ran = json!({"type": "item_completed", "item": {"type": "CommandExecution", "id": "call_2", "exit_code": -1}});
    let report = import(&(begun + &line(3, "event_msg", ran) + &call(9, "call_9")));
    assert_eq!(report["findings"][0]["evidence"]["calls"], json!(["call_2"]), "it ran: {report}");
}

/// Codex's telemetry tells of a sub-agent in a session of its own, its hooks tell of it in the session that started it.
#[test]
fn a_sub_agent_of_codex_counts_as_codex_in_whichever_session_it_is_told_of() {
    let (_dir, _data, server) = serve("");
    let (session, thread) = ("01a2088e-c701-7761-959e-3bc7c1b4e33f", "01a2088e-ca78-75e3-9e2a-484a25730e7b");
    let (own, subs) = ("call_Yx3TfPq8ZkLm2VbN6RcW1sHd", "call_Jd7GhQw5XtBn9KzM4VpL2fRs");
    let agents = |line: &str| {
        let agent = if line.contains(subs) { thread } else { "codex" };
        line.replace("\"cwd\"", &format!("\"agent_id\":\"{agent}\",\"cwd\"")) + "\n"
    };
    let told: String = hooks(session, &[own, subs], &["SessionEnd"]).lines().map(agents).collect();
    let result = |session: &str, call: &str| {
        let names = [("event.name", "codex.tool_result"), ("conversation.id", session), ("call_id", call)];
        let more = [("tool_name", "exec_command"), ("success", "true")];
        names.into_iter().chain(more).map(|(key, value)| text(key, value)).collect::<Vec<_>>()
    };
    send(&server, &told, &[logs("codex_cli_rs", &[(3, result(session, own)), (5, result(thread, subs))])]);
    let report = server.get(WHOLE_DAY).json();
    assert_eq!(ids(&report), Vec::<&str>::new(), "{report}");
    let figures: Vec<_> = report["figures"].as_array().unwrap().iter().collect();
    let shares: Vec<_> = figures.iter().map(|of| (&of["agent"], &of["source"], &of["calls_share"])).collect();
    assert_eq!(
        json!(shares),
        json!([["codex", "hook", 1.0], ["codex", "otel_log", 1.0]]),
        "both saw both calls: {report}"
    );
}
