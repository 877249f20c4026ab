//! Coverage of Gemini CLI, whose sources share no id: hooks with ids of the hook command, spans with ids of their own, log
//! records without any.

use crate::server::{Server, tachograph};
use serde_json::{Value, json};

const WHOLE_DAY: &str = "/v1/coverage?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
const SESSION: &str = "3053711a-df28-4fdc-b318-07468e767979";
/// 2026-11-20T01:00:00Z.
const START_MS: u64 = 1_795_136_400_000;

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn nanos(ms: u64) -> String {
    format!("{}", (START_MS + ms) * 1_000_000)
}

/// Two commands at once, from `BeforeTool` to `AfterTool`, and a tool that is not there.
fn hooks(calls: &[(u64, u64, &str)]) -> String {
    let hook = |ms: u64, name: &str, more: Value| {
        let mut event = json!({"hook_event_name": name, "session_id": SESSION, "hook_source": "gemini",
            "timestamp": format!("2026-11-20T01:00:00.{ms:03}Z")});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event.to_string() + "\n"
    };
    let mut lines = hook(1, "SessionStart", json!({"source": "startup"}));
    for (before, after, command) in calls {
        let call = json!({"tool_name": "run_shell_command", "tool_input": {"command": command},
            "call_id": format!("hook-01a202cf-4887-75bb-b9f8-{before:012}")});
        lines += &hook(*before, "BeforeTool", call.clone());
        let mut call = call;
        call["tool_response"] = json!({"llmContent": "Output: x"});
        lines += &hook(*after, "AfterTool", call);
    }
    let unknown = json!({"tool_name": "odd", "tool_input": {}, "call_id": "hook-unknown-35-0",
        "error": "Tool \"odd\" not found"});
    lines += &hook(940, "AfterAgent", json!({"prompt": "go", "tool_calls": [unknown]}));
    lines + &hook(950, "SessionEnd", json!({"reason": "exit"}))
}

fn spans(calls: &[(u64, u64, &str)]) -> Value {
    let span = |(from, to, id): &(u64, u64, &str)| {
        json!({"traceId": "1089ef7dd6274b74a139d4cf3eed1c93", "spanId": format!("{from:016x}"), "name": "tool_call",
            "startTimeUnixNano": nanos(*from), "endTimeUnixNano": nanos(*to),
            "attributes": [text("gen_ai.operation.name", "tool_call"), text("gen_ai.tool.name", "run_shell_command"),
                text("gen_ai.tool.call_id", id), text("gen_ai.conversation.id", SESSION)]})
    };
    json!({"resourceSpans": [{"resource": {"attributes": [text("service.name", "gemini-cli")]},
        "scopeSpans": [{"scope": {"name": "gemini-cli"}, "spans": calls.iter().map(span).collect::<Vec<_>>()}]}]})
}

fn logs(calls: &[(u64, u64, &str, &str)]) -> Value {
    let log = |(ms, took, name, arguments): &(u64, u64, &str, &str)| {
        let mut attributes = vec![
            text("event.name", "gemini_cli.tool_call"),
            text("session.id", SESSION),
            text("function_name", name),
            text("function_args", arguments),
            json!({"key": "duration_ms", "value": {"intValue": took.to_string()}}),
            json!({"key": "success", "value": {"boolValue": *name != "odd"}}),
        ];
        if *name == "odd" {
            attributes.push(text("error_type", "tool_not_registered"));
        }
        json!({"timeUnixNano": nanos(*ms), "attributes": attributes})
    };
    json!({"resourceLogs": [{"resource": {"attributes": [text("service.name", "gemini-cli")]},
        "scopeLogs": [{"scope": {"name": "gemini-cli"}, "logRecords": calls.iter().map(log).collect::<Vec<_>>()}]}]})
}

fn send(server: &Server, hooked: &[(u64, u64, &str)]) {
    assert_eq!(server.post("/log", &hooks(hooked)).status, 200);
    let spans = spans(&[(708, 808, "run_shell_command__611_1"), (707, 854, "run_shell_command__598_0")]);
    let logs = logs(&[
        (854, 219, "run_shell_command", r#"{"command":"python3 hello.py"}"#),
        (855, 171, "run_shell_command", r#"{"command":"exit 3"}"#),
        (900, 0, "odd", "{}"),
    ]);
    for (signal, body) in [("traces", spans), ("logs", logs)] {
        let headers = [("content-type", "application/json")];
        let path = format!("/v1/otlp/v1/{signal}");
        let answer = server.post_with(&path, body.to_string().as_bytes(), &headers).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

/// A command that a policy denied: proposed to the hooks, told at the end of the turn, in a log record, and in the session
/// file, beside the two that ran.
fn refuse(server: &Server, dir: &std::path::Path) {
    let hook = |ms: u64, name: &str, more: Value| {
        let mut event = json!({"hook_event_name": name, "session_id": SESSION, "hook_source": "gemini",
            "timestamp": format!("2026-11-20T01:00:00.{ms:03}Z")});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event.to_string() + "\n"
    };
    let call = json!({"tool_name": "run_shell_command", "tool_input": {"command": "shutdown now"},
        "call_id": "hook-01a202cf-4887-75bb-b9f8-000000000700"});
    let mut told = call.clone();
    told["error"] = json!("Tool execution denied by policy.");
    let hooks = hook(700, "BeforeTool", call)
        + &hook(945, "AfterAgent", json!({"prompt": "go", "tool_calls": [told]}));
    assert_eq!(server.post("/log", &hooks).status, 200);
    let mut logs = logs(&[(702, 2, "run_shell_command", r#"{"command":"shutdown now"}"#)]);
    let attributes = &mut logs["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["attributes"];
    attributes[5] = json!({"key": "success", "value": {"boolValue": false}});
    attributes.as_array_mut().unwrap().push(text("error_type", "policy_violation"));
    let headers = [("content-type", "application/json")];
    let answer = server.post_with("/v1/otlp/v1/logs", logs.to_string().as_bytes(), &headers).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");

    let chat = |ms: u64, id: &str, command: &str, error: Option<&str>| {
        let (status, said) = error.map_or(("success", "output"), |_| ("error", "error"));
        json!({"id": id, "name": "run_shell_command", "args": {"command": command}, "status": status,
            "timestamp": format!("2026-11-20T01:00:00.{ms:03}Z"),
            "result": [{"functionResponse": {"id": id, "response": {said: error.unwrap_or("Output: x")}}}]})
    };
    let calls = [
        chat(702, "run_shell_command__620_2", "shutdown now", Some("Tool execution denied by policy.")),
        chat(855, "run_shell_command__598_0", "python3 hello.py", None),
        chat(856, "run_shell_command__611_1", "exit 3", None),
    ];
    let head = json!({"sessionId": SESSION, "projectHash": "p", "startTime": "2026-11-20T01:00:00Z", "kind": "main"});
    let message = json!({"id": "m1", "type": "gemini", "content": "", "timestamp": "2026-11-20T01:00:00.950Z", "toolCalls": calls});
    let file = dir.join("session-2026-11-20T01-00-3053711a.jsonl");
    std::fs::write(&file, format!("{head}\n{message}\n")).unwrap();
    let imported = tachograph(&dir.join("data"), &["import", file.to_str().unwrap()], "");
    assert_eq!(imported.status.code(), Some(0), "{imported:?}");
}

fn serve() -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let ports = "[otlp]\nhttp = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\n";
    std::fs::write(data.join("config.toml"), ports).unwrap();
    let server = Server::start(&data);
    (dir, server)
}

/// Of each source the calls that it saw, and of how many; and the findings.
fn report(server: &Server) -> (Vec<String>, Vec<String>) {
    let report = server.get(WHOLE_DAY).json();
    let seen = |figure: &Value| {
        format!("{} {} of {}", figure["source"].as_str().unwrap(), figure["calls_seen"], figure["calls_all"])
    };
    let mut seen: Vec<String> = report["figures"].as_array().unwrap().iter().map(seen).collect();
    seen.sort();
    let findings = report["findings"].as_array().unwrap();
    (seen, findings.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect())
}

const CALLS: [(u64, u64, &str); 2] = [(640, 817, "python3 hello.py"), (654, 770, "exit 3")];

#[test]
fn a_session_of_gemini_that_all_sources_saw_is_whole() {
    let (_dir, server) = serve();
    send(&server, &CALLS);
    let (seen, findings) = report(&server);
    assert_eq!(seen, ["hook 2 of 2", "otel_log 2 of 2", "otel_span 2 of 2"]);
    assert_eq!(findings, Vec::<String>::new());
    let sql = "SELECT observers FROM actions WHERE action_type = 'tool' ORDER BY action_name";
    let rows: Vec<Value> = server.sql(sql).into_iter().map(|row| row["observers"].clone()).collect();
    assert_eq!(rows, ["hook, log", "hook, log, span", "hook, log, span"]);
}

#[test]
fn a_call_that_the_hooks_of_gemini_did_not_tell_of_is_found() {
    let (_dir, server) = serve();
    send(&server, &CALLS[..1]);
    let (seen, findings) = report(&server);
    assert_eq!(seen, ["hook 1 of 2", "otel_log 2 of 2", "otel_span 2 of 2"]);
    assert_eq!(findings, [format!("calls_unseen/hook/{SESSION}")]);
}

#[test]
fn a_call_of_gemini_that_was_refused_is_missed_by_nobody() {
    let (dir, server) = serve();
    send(&server, &CALLS);
    refuse(&server, dir.path());
    let (seen, findings) = report(&server);
    assert_eq!(seen, ["hook 2 of 2", "otel_log 2 of 2", "otel_span 2 of 2", "transcript 2 of 2"]);
    assert_eq!(findings, Vec::<String>::new());
    let sql = "SELECT observers FROM actions WHERE closure = 'refused'";
    assert_eq!(server.sql(sql)[0]["observers"], "hook, log, transcript");
}

const PART: &str = "5d1c0f6e-8a42-4d0b-9b1e-6c2f3a7d9e10";

/// A session file of Gemini CLI with calls of a command: when each was over, its id, and the session of the sub-agent that it started.
fn file(dir: &std::path::Path, session: &str, kind: &str, calls: &[(u64, &str, Option<&str>)]) {
    let call = |(ms, id, part): &(u64, &str, Option<&str>)| {
        let (name, args) = match part {
            Some(_) => ("invoke_agent", json!({"agent_name": "generalist", "prompt": "go"})),
            None => ("run_shell_command", json!({"command": format!("echo {ms}")})),
        };
        let mut call = json!({"id": id, "name": name, "args": args, "status": "success",
            "timestamp": format!("2026-11-20T01:00:00.{ms:03}Z"),
            "result": [{"functionResponse": {"id": id, "response": {"output": "Output: x"}}}]});
        if let Some(part) = part {
            call["agentId"] = json!(part);
        }
        call
    };
    let calls: Vec<Value> = calls.iter().map(call).collect();
    let head =
        json!({"sessionId": session, "projectHash": "p", "startTime": "2026-11-20T01:00:00Z", "kind": kind});
    let message = json!({"id": format!("m-{session}"), "type": "gemini", "content": "",
        "timestamp": "2026-11-20T01:00:00.950Z", "toolCalls": calls});
    let file = dir.join(format!("session-{session}.jsonl"));
    std::fs::write(&file, format!("{head}\n{message}\n")).unwrap();
    let imported = tachograph(&dir.join("data"), &["import", file.to_str().unwrap()], "");
    assert_eq!(imported.status.code(), Some(0), "{imported:?}");
}

/// Hooks of a session whose sub-agent runs two commands of three.
fn with_sub_agent() -> String {
    let calls = [(100, 120, "echo 120"), (200, 400, "start"), (250, 300, "echo 300"), (310, 350, "echo 350")];
    let start = |line: &str| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        if event["tool_input"]["command"] == "start" {
            event["tool_name"] = json!("invoke_agent");
            event["tool_input"] = json!({"agent_name": "generalist", "prompt": "go"});
        }
        event.to_string() + "\n"
    };
    hooks(&calls).lines().map(start).collect()
}

#[test]
fn calls_of_a_sub_agent_of_gemini_are_those_that_hooks_tell_of_in_the_session_that_started_it() {
    let (dir, server) = serve();
    assert_eq!(server.post("/log", &with_sub_agent()).status, 200);
    let (first, second) = (format!("{PART}#0-0"), format!("{PART}#1-0"));
    file(dir.path(), PART, "subagent", &[(300, &first, None), (350, &second, None)]);
    let started = (400, "invoke_agent_1795225765124_1", Some(PART));
    file(dir.path(), SESSION, "main", &[(120, "run_shell_command_1795225765124_0", None), started]);
    let (seen, findings) = report(&server);
    assert_eq!(seen, ["hook 4 of 4", "transcript 4 of 4"]);
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn a_call_whose_input_its_tool_does_not_take_is_told_by_all_but_spans_and_missed_by_nobody() {
    let (_dir, server) = serve();
    send(&server, &CALLS);
    let wrong = json!({"tool_name": "run_shell_command", "tool_input": {"wrong": 1}, "call_id": "run_shell_command__640_3",
        "time": "2026-11-20T01:00:00.930Z", "error": "params must have required property 'command'"});
    let end = json!({"hook_event_name": "AfterAgent", "session_id": SESSION, "hook_source": "gemini", "prompt": "go",
        "timestamp": "2026-11-20T01:00:00.945Z", "tool_calls": [wrong]});
    assert_eq!(server.post("/log", &end.to_string()).status, 200);
    let mut logs = logs(&[(930, 0, "odd", "{}")]);
    let attributes = &mut logs["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["attributes"];
    attributes[2] = text("function_name", "run_shell_command");
    attributes[3] = text("function_args", r#"{"wrong":1}"#);
    attributes[6] = text("error_type", "invalid_tool_params");
    let headers = [("content-type", "application/json")];
    let answer = server.post_with("/v1/otlp/v1/logs", logs.to_string().as_bytes(), &headers).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let (seen, findings) = report(&server);
    assert_eq!(seen, ["hook 3 of 3", "otel_log 3 of 3", "otel_span 2 of 3"]);
    assert_eq!(findings, Vec::<String>::new());
}
