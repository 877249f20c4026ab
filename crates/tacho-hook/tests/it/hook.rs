//! What the agent sees of its hook, and what the server gets of it.

use crate::program::{Program, quiet, spawn};
use crate::server::Server;
use std::io::Write;
use std::os::unix::process::CommandExt;

const CALL: &[u8] = br#"{"session_id":"s1","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"deploy --password=hunter2"},"tool_use_id":"t1"}"#;

#[test]
fn an_event_is_stamped_redacted_and_delivered_with_the_key() {
    let server = Server::start();
    let program = Program::new(&server.url);
    program.hook(CALL);
    let request = server.next();
    assert!(request.head.starts_with("POST /v1/events HTTP/1.1"), "{}", request.head);
    assert!(request.head.to_ascii_lowercase().contains("authorization: bearer tgk_1"), "{}", request.head);
    let event = request.events[0].clone();
    let mut seen = Vec::new();
    request.take(&mut seen);
    assert_eq!(event["tool_input"]["command"], "deploy --[REDACTED]");
    assert_eq!((event["producer_seq"].as_u64(), event["user"].as_str()), (Some(1), Some("ann")));
    assert_eq!(
        (event["hook_source"].as_str(), event["sensitive_data_accessed"].as_bool()),
        (Some("claude"), Some(true))
    );
    assert!(
        event["event_id"].as_str().unwrap().len() == 36
            && event["timestamp"].as_str().unwrap().ends_with('Z')
    );
    program.wait_for_sender(|| server.take_again(&mut seen));
    let left = std::fs::read_to_string(program.spool().join("segments/0000000001"));
    assert!(left.is_err(), "what was answered for is deleted: {left:?}");
}

#[test]
fn whatever_comes_in_the_agent_sees_nothing_and_the_server_gets_it_as_far_as_it_goes() {
    let server = Server::start();
    let program = Program::new(&server.url);
    let huge = format!(r#"{{"session_id":"h","tool_response":"{}"}}"#, "x".repeat(9 << 20));
    let odd =
        br#"{"session_id":{"a":1},"hook_event_name":5,"tool_name":["Bash"],"timestamp":{},"tool_input":7}"#;
    let inputs: [&[u8]; 7] =
        [b"", b"{\"session_id\":\"b\",\"tool", b"not json", b"\xff\xfe\x00", huge.as_bytes(), b"[1,2]", odd];
    let mut seen = Vec::new();
    for input in inputs {
        program.hook(input);
        server.take(&mut seen, 1);
    }
    let text = |at: usize, name: &str| seen[at][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(text(0, "hook_error"), "standard input was empty");
    assert_eq!((text(1, "session_id").as_str(), text(1, "hook_input").as_str()), ("b", "\"tool"));
    assert_eq!(text(2, "hook_input"), "not json");
    assert!(text(4, "session_id") == "h" && seen[4]["hook_unread_bytes"].as_u64().unwrap() > 4 << 20);
    assert!(seen.iter().all(|event| event["event_id"].is_string()));
    let odd: serde_json::Value = serde_json::from_slice(odd).unwrap();
    for name in ["session_id", "hook_event_name", "tool_name", "tool_input"] {
        assert_eq!(seen[6][name], odd[name], "the server is told what was wrong");
    }
}

#[test]
fn a_flag_that_is_none_is_named_and_the_event_counts() {
    let server = Server::start();
    let program = Program::new(&server.url);
    let output = program.run(&["--bogus"], br#"{"event_id":"e1"}"#);
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("--bogus"), "{output:?}");
    let mut seen = Vec::new();
    server.take(&mut seen, 1);
    assert_eq!(seen[0]["event_id"], "e1");
    // Who asks for something else made a mistake, and is told so.
    assert_eq!(program.run(&["--bogus", "status"], b"").status.code(), Some(2));
}

#[test]
fn a_spool_that_can_not_be_written_is_no_trouble_to_the_agent() {
    let program = Program::new("http://127.0.0.1:1");
    for (name, value) in [("AUDIT_LOG_SPOOL", "/proc/none/spool"), ("HOME", "/proc/none")] {
        let mut child = spawn(program.command(&["hook", "claude"]).env(name, value));
        drop(child.stdin.take());
        quiet(&child.wait_with_output().unwrap());
    }
    let mut child =
        spawn(program.command(&[]).env("AUDIT_LOG_SPOOL", "/proc/none").env("AUDIT_LOG_DEBUG", "1"));
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && String::from_utf8_lossy(&output.stderr).contains("/proc/none"));
}

#[test]
fn any_program_may_hand_in_an_event_and_the_environment_names_agent_and_session() {
    let server = Server::start();
    let program = Program::new(&server.url);
    let mut command =
        program.command(&["event", r#"{"tool_name":"deploy","parameters":{"to":"prod"},"result":"ok"}"#]);
    quiet(
        &spawn(command.env("AGENT_ID", "releaser").env("SESSION_ID", "nightly")).wait_with_output().unwrap(),
    );
    let mut seen = Vec::new();
    server.take(&mut seen, 1);
    assert_eq!(
        (seen[0]["agent"].as_str(), seen[0]["session_id"].as_str()),
        (Some("releaser"), Some("nightly"))
    );
    quiet(&program.run(&[], br#"{"event_id":"mine","action_name":"x"}"#));
    server.take(&mut seen, 1);
    assert_eq!((seen[1]["event_id"].as_str(), seen[1]["agent"].as_str()), (Some("mine"), None));
}

#[test]
fn what_the_server_refuses_is_put_aside_with_its_reason_and_stops_nothing() {
    let server = Server::start();
    let program = Program::new(&server.url);
    program.hook(br#"{"session_id":"s","hook_event_name":"Stop","n":1}"#);
    let refused =
        r#"{"accepted":0,"duplicates":0,"rejected":[{"line":1,"reason":"no such day"}],"rejected_count":1}"#;
    server.next().answer("422 Unprocessable Content", "", refused);
    program.wait_for_sender(|| {});
    program.hook(br#"{"session_id":"s","hook_event_name":"Stop","n":2}"#);
    let mut seen = Vec::new();
    server.take(&mut seen, 1);
    assert_eq!(seen[0]["n"], 2);
    let rejected = std::fs::read_to_string(program.spool().join("rejected")).unwrap();
    assert!(rejected.contains("no such day") && rejected.contains(r#"\"n\":1"#), "{rejected}");
}

#[test]
fn a_full_spool_costs_the_agent_nothing_and_the_loss_is_told() {
    let program = Program::new("http://127.0.0.1:1");
    let big = format!(
        r#"{{"session_id":"s","parts":[{}]}}"#,
        vec![format!("\"{}\"", "x".repeat(60_000)); 14].join(",")
    );
    for _ in 0..2 {
        let mut command = program.command(&["hook"]);
        let mut child = spawn(command.env("AUDIT_LOG_SPOOL_MB", "1"));
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), big.as_bytes()).unwrap();
        quiet(&child.wait_with_output().unwrap());
    }
    let status = String::from_utf8(program.run(&["status"], b"").stdout).unwrap();
    assert!(status.contains("1 events found no room"), "{status}");
}

#[test]
fn an_event_that_two_scopes_tell_is_recorded_once_and_one_that_happens_again_twice() {
    let server = Server::start();
    let program = Program::new(&server.url);
    // As the shell of an agent runs the lines of the user's settings and of a project's.
    let hook = |line: &str, agent: &str, input: &[u8]| {
        let mut child = spawn(program.command(&["hook", "claude"]).arg0(line).env("AGENT_ID", agent));
        child.stdin.take().unwrap().write_all(input).unwrap();
        quiet(&child.wait_with_output().unwrap());
    };
    let notice = br#"{"session_id":"s1","hook_event_name":"Notification","message":"waiting"}"#;
    let (user, project) = ("/usr/local/bin/agent-audit-log", "agent-audit-log");
    for (line, agent, input) in [
        (user, "a", CALL),
        (project, "a", CALL),
        (project, "a", notice),
        (user, "a", notice),
        (user, "a", notice),
        (project, "b", notice),
        (project, "a", br#"{"session_id":"s1","hook_event_name":"Stop"}"#),
    ] {
        hook(line, agent, input);
    }
    let mut seen = Vec::new();
    server.take(&mut seen, 5);
    let told: Vec<_> = seen.iter().map(|event| (&event["hook_event_name"], &event["agent"])).collect();
    assert_eq!(
        serde_json::json!(told),
        serde_json::json!([
            ["PreToolUse", "a"],
            ["Notification", "a"],
            ["Notification", "a"],
            ["Notification", "b"],
            ["Stop", "a"]
        ])
    );
    let numbers: Vec<_> = seen.iter().filter_map(|event| event["producer_seq"].as_u64()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5], "what is left out leaves no gap");
}
