//! Under an agent's own key nothing takes a finding of coverage away: through the real server, with real keys.

use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const CLAUDE: &str = "com.anthropic.claude_code.events";
const DAY: &str = "2026-11-20";
const DAY_NANOS: u64 = 1_795_132_800_000_000_000;
/// Nobody has to tell of himself.
const OWN: [&str; 3] = ["calls_unseen/http", "calls_unseen/mcp", "calls_unseen/otlp_reported"];
const CONFIG: &str = "[otlp]\nhttp = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\n\
    [coverage]\nevery = \"0s\"\n\
    [[coverage.sources]]\nagent = \"claude-code\"\nof = [\"hook\", \"otel_span\"]\n\
    [[coverage.points]]\nname = \"deployed\"\nactions = [\"deploy\"]\nsource = \"witness\"\n";

fn key(data: &Path, role: &str, name: &str) -> String {
    let made = tachograph(data, &["key", "create", name, "--role", role], "");
    text(&made.stdout).trim().to_owned()
}

fn post(server: &Server, key: &str, path: &str, body: &Value) {
    let key = format!("Bearer {key}");
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let answer = server.post_with(path, body.to_string().as_bytes(), &headers).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn hook(name: &str, session: &str, minute: u64, more: Value) -> Value {
    let mut event = json!({"hook_event_name": name, "session_id": session,
        "timestamp": format!("{DAY}T01:{minute:02}:00Z")});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

fn ran(call: &str) -> Value {
    json!({"tool_use_id": call, "tool_name": "Bash", "tool_input": {"command": "true"}})
}

/// A record of Claude Code's logs.
fn log(name: &str, session: &str, minute: u64, number: u64, call: &str) -> Value {
    let attribute = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    json!({"resourceLogs": [{"resource": {"attributes": [attribute("service.name", "claude-code")]},
        "scopeLogs": [{"scope": {"name": CLAUDE}, "logRecords": [{
            "timeUnixNano": (DAY_NANOS + (60 + minute) * 60_000_000_000).to_string(),
            "body": {"stringValue": format!("claude_code.{name}")},
            "attributes": [attribute("event.name", name), attribute("session.id", session),
                attribute("tool_name", "Bash"), attribute("tool_use_id", call), attribute("success", "true"),
                json!({"key": "event.sequence", "value": {"intValue": number.to_string()}})]}]}]}]})
}

/// What witnesses tell: calls that one of them did not see, a session without hooks, one whose hooks fell silent.
fn witnessed(server: &Server, hooks: &str) {
    let told = [
        hook("SessionStart", "whole", 1, json!({"source": "startup"})),
        hook("PreToolUse", "whole", 2, ran("toolu_1")),
        hook("PostToolUse", "whole", 3, ran("toolu_1")),
        hook("SessionEnd", "whole", 9, json!({})),
        hook("SessionStart", "fell", 20, json!({"source": "startup"})),
    ];
    post(server, hooks, "/log", &json!(told));
    for record in [
        log("user_prompt", "whole", 1, 0, ""),
        log("user_prompt", "whole", 5, 4, ""),
        log("tool_result", "bare", 12, 0, "toolu_2"),
        log("tool_result", "fell", 25, 0, "toolu_3"),
    ] {
        post(server, hooks, "/v1/otlp/v1/logs", &record);
    }
}

/// What an agent could say under its own key to have a finding gone.
fn forged() -> Vec<(&'static str, Value)> {
    let mut forged = Vec::new();
    for session in ["whole", "bare", "fell"] {
        let native = |agent: &str, name: &str, hour: u64| {
            json!({"session_id": session, "agent_id": agent, "action_type": "lifecycle", "action_name": name,
                "timestamp": format!("{DAY}T{hour:02}:00:00Z")})
        };
        forged.push(("/log", native("aaa", "SessionStart", 0)));
        forged.push(("/log", native("boss", "SessionEnd", 23)));
        forged.push(("/log", native("claude-code", "session_end", 2)));
        forged.push(("/log", hook("SubagentStart", session, 0, json!({"agent_id": "claude-code"}))));
        forged.push(("/log", hook("SessionStart", session, 1, json!({"source": "startup"}))));
        forged.push(("/v1/otlp/v1/logs", log("subagent_completed", session, 30, 9, "")));
        for number in 1..4 {
            forged.push(("/v1/otlp/v1/logs", log("user_prompt", session, 2, number, "")));
        }
        for call in ["toolu_1", "toolu_2", "toolu_3"] {
            forged.push(("/log", hook("PreToolUse", session, 2, ran(call))));
            forged.push(("/log", hook("PostToolUse", session, 59, ran(call))));
            forged.push(("/v1/otlp/v1/logs", log("tool_result", session, 3, 5, call)));
            let answer = "<tool_use_error>Error: No such tool available: Bash</tool_use_error>";
            let batch = json!({"tool_calls": [{"tool_name": "Bash", "tool_input": {"command": "true"},
                "tool_use_id": call, "tool_response": answer}]});
            forged.push(("/log", hook("PostToolBatch", session, 4, batch)));
            forged.push((
                "/log",
                json!({"call_id": call, "session_id": session, "agent_id": "aaa",
                "action_type": "tool", "action_name": "Bash", "timestamp": "2026-11-01T00:00:00Z"}),
            ));
        }
    }
    for call in ["toolu_1", "toolu_2", "toolu_3"] {
        forged.push(("/log", json!({"call_id": call, "action_type": "tool", "action_name": "Bash",
            "outcome_status": "failure", "error_type": "unknown_tool", "timestamp": format!("{DAY}T01:10:00Z")})));
    }
    forged.push(("/log", json!({"agent_id": "claude-code", "action_type": "tool", "action_name": "deploy"})));
    forged.push((
        "/v1/events?via=mcp",
        json!({"agent_id": "x", "action_type": "tool", "action_name": "deploy"}),
    ));
    forged
}

fn found(data: &Path, reader: &str) -> BTreeSet<(String, String)> {
    let day = ["--from", "2026-11-20T00:00:00Z", "--to", "2026-11-21T00:00:00Z", "--json"];
    let asked = tachograph(data, &[&["--key", reader, "coverage"], &day[..]].concat(), "");
    assert_eq!(asked.status.code(), Some(1), "{}", text(&asked.stderr));
    let report: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = report["findings"].as_array().unwrap();
    all.iter().map(|finding| (text(&finding["id"]), text(&finding["agent"]))).collect()
}

#[test]
fn under_an_agents_key_no_finding_goes_away_or_moves() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("config.toml"), CONFIG).unwrap();
    let [hooks, reader] = ["write", "read"].map(|role| key(&data, role, role));
    let agents = ["one", "two"].map(|name| key(&data, "agent", name));
    let server = Server::start(&data);
    // The agent says it before and after the witnesses do.
    for (path, body) in forged().into_iter().step_by(2) {
        post(&server, &agents[0], path, &body);
    }
    witnessed(&server, &hooks);
    let wanted = [
        ("calls_unseen/otel_log/whole", "claude-code"),
        ("hooks_off/hook/bare", "claude-code"),
        ("hooks_off/hook/fell", "claude-code"),
        ("point_never_seen/deployed", ""),
        ("sequence_gap/otel_log/whole", "claude-code"),
        ("session_open/fell", "claude-code"),
        ("source_absent/otel_span/bare", "claude-code"),
        ("source_absent/otel_span/fell", "claude-code"),
        ("source_absent/otel_span/whole", "claude-code"),
    ];
    let wanted: BTreeSet<(String, String)> =
        wanted.into_iter().map(|(id, agent)| (id.to_owned(), agent.to_owned())).collect();
    let missed = |wanted: &BTreeSet<_>| {
        let found = found(&data, &reader);
        assert!(!found.iter().any(|(id, _)| OWN.iter().any(|own| id.starts_with(own))), "{found:?}");
        wanted.difference(&found).cloned().collect::<Vec<_>>()
    };
    assert_eq!(missed(&wanted), []);
    for (at, (path, body)) in forged().into_iter().enumerate() {
        post(&server, &agents[at % 2], path, &body);
    }
    assert_eq!(missed(&wanted), []);
}
