//! Stopped agents through the real server and the real hook program.

use crate::incidents::{event, send, until};
use crate::responses::{folder, post, run};
use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs a hook as an agent does.
fn hook(server: &Server, spool: &Path, event: &str, more: &[(&str, &str)]) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_tachograph")).with_file_name("agent-audit-log");
    let mut child = Command::new(program)
        .arg("hook")
        .arg("claude")
        .env("AUDIT_LOG_URL", format!("http://{}", server.address))
        .env("AUDIT_LOG_SPOOL", spool)
        .env("XDG_CONFIG_HOME", spool)
        .env("AUDIT_LOG_LINGER_S", "0")
        .env("AUDIT_LOG_ENFORCE_MS", "5000")
        .env("AGENT_ID", "billing")
        .envs(more.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the hook program is beside this one: cargo build -p tacho-hook");
    child.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

const BEFORE: &str = r#"{"hook_event_name":"PreToolUse","session_id":"s1","tool_name":"Bash","tool_input":{"command":"ls"},"tool_use_id":"t1"}"#;
const ON: [(&str, &str); 1] = [("AUDIT_LOG_ENFORCE", "1")];

/// What hooks refused, once so many of them are recorded.
fn refused(server: &Server, count: usize) -> Vec<Value> {
    until("what hooks refused is recorded", || {
        let rows = server
            .sql("SELECT extra FROM events WHERE action_name = 'Bash' AND extra LIKE '%hook_enforced%'");
        if rows.len() >= count { Ok(rows) } else { Err(format!("{rows:?}")) }
    })
}

/// Asks until the log tells of these stops and releases: what was to be said when a server was killed is said by the next one.
fn are_on_the_log(server: &Server, steps: &[&str]) {
    let query = "SELECT action_name AS name FROM events WHERE action_name IN ('agent_stopped', 'agent_released') ORDER BY index";
    until("each stop and release is on the log", || {
        let told = server.sql(query);
        let told: Vec<&str> = told.iter().map(|row| row["name"].as_str().unwrap()).collect();
        if told == steps { Ok(()) } else { Err(format!("{told:?}")) }
    });
}

#[test]
fn a_stopped_agent_is_refused_by_its_hook_where_that_is_switched_on_and_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "halt", "[alerts.responses.halt]\nkind = \"stop_agent\"\n");
    let (server, spool) = (Server::start(&data), dir.path().join("spool"));
    let free = hook(&server, &spool, BEFORE, &ON);
    assert_eq!((free.status.code(), text(&free.stdout)), (Some(0), String::new()), "it is not stopped");
    send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
    run(&server, "succeeded");

    let off = hook(&server, &spool, BEFORE, &[]);
    assert_eq!(
        (off.status.code(), text(&off.stdout)),
        (Some(0), String::new()),
        "nothing is said unless it is on"
    );
    let on = hook(&server, &spool, BEFORE, &ON);
    assert_eq!(on.status.code(), Some(0));
    let words: Value = serde_json::from_slice(&on.stdout).unwrap();
    let words = &words["hookSpecificOutput"];
    assert_eq!(words["permissionDecision"], "deny");
    let reason = words["permissionDecisionReason"].as_str().unwrap();
    assert!(
        reason.starts_with("This agent was stopped by rule forbidden: alert of rule forbidden."),
        "{reason}"
    );
    let after = hook(&server, &spool, &BEFORE.replace("PreToolUse", "PostToolUse"), &ON);
    assert_eq!(text(&after.stdout), "", "what has happened can't be refused");
    let other = hook(&server, &spool, BEFORE, &[("AUDIT_LOG_ENFORCE", "1"), ("AGENT_ID", "shipping")]);
    assert_eq!(text(&other.stdout), "", "another agent goes on");

    // By another name of the registry it is the same agent; one session alone is another matter.
    let set = tachograph(&data, &["agents", "set", "billing-2", "--alias-of", "billing"], "");
    assert!(set.status.success(), "{}", text(&set.stderr));
    let alias = hook(&server, &spool, BEFORE, &[("AUDIT_LOG_ENFORCE", "1"), ("AGENT_ID", "billing-2")]);
    assert!(text(&alias.stdout).contains("deny"), "{alias:?}");
    let released = tachograph(&data, &["agents", "release", "billing", "--by", "kim"], "");
    assert_eq!(text(&released.stdout).trim(), "released: billing");
    let done = tachograph(
        &data,
        &["agents", "stop", "billing", "--session", "s2", "--reason", "odd", "--by", "kim"],
        "",
    );
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(text(&hook(&server, &spool, BEFORE, &ON).stdout), "");
    assert!(text(&hook(&server, &spool, &BEFORE.replace("s1", "s2"), &ON).stdout).contains("deny"));
    let listed = text(&tachograph(&data, &["agents", "stopped"], "").stdout);
    assert!(listed.contains("billing") && listed.contains("s2") && listed.contains("odd"), "{listed}");
    // Delivered before the server goes: it comes back at another address, which their sender does not know.
    refused(&server, 2);
    server.kill();
    let server = Server::start(&data);
    assert!(
        text(&hook(&server, &spool, &BEFORE.replace("s1", "s2"), &ON).stdout).contains("deny"),
        "a kill forgets no stop"
    );

    // A server that is away lets it go on, and the event tells that it was not asked.
    // With a spool of its own: the sender to nowhere must not hold what the others still have to send.
    let (lost, nowhere) = (dir.path().join("lost"), ("AUDIT_LOG_URL", "http://127.0.0.1:9"));
    let away = hook(&server, &lost, BEFORE, &[("AUDIT_LOG_ENFORCE", "1"), nowhere]);
    assert_eq!((away.status.code(), text(&away.stdout)), (Some(0), String::new()));
    let told = refused(&server, 3);
    assert!(told.iter().all(|row| row["extra"].as_str().unwrap().contains("denied")), "{told:?}");
    are_on_the_log(&server, &["agent_stopped", "agent_released", "agent_stopped"]);
}

#[test]
fn what_is_wrong_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "nothing", "[alerts.responses.halt]\nkind = \"stop_agent\"\n");
    let server = Server::start(&data);
    let health = server.get("/health").body;
    assert!(health.contains("rule forbidden names response \\\"nothing\\\""), "{health}");
    for (path, body, status, why) in [
        ("/v1/responses/hat/run", json!({"incident": "none"}), 404, "there is no incident"),
        ("/v1/responses/halt/run", json!({}), 400, "one of them"),
        ("/v1/responses/halt/run", json!({"alert": "none"}), 404, "there is no alert"),
        ("/v1/agents/tachograph/stop", json!({}), 400, "the recorder itself"),
        ("/v1/agents/a/stop", json!({"minutes": 0}), 400, "minutes"),
        ("/v1/agents/a/stop", json!({"shell": "x"}), 400, "shell"),
        ("/v1/agents/a/release", json!({}), 404, "is not stopped"),
    ] {
        let answer = post(&server, path, body);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(answer.body.contains(why), "{path}: {answer:?}");
    }
    drop(server);
    std::fs::write(data.join("config.toml"), "[alerts.responses.x]\nkind = \"command\"\nprogram = \"sh\"\n")
        .unwrap();
    let refused = tachograph(&data, &["serve", "--listen", "127.0.0.1:0"], "");
    assert!(
        text(&refused.stderr).contains("[alerts.responses.x] program \"sh\" is no whole path"),
        "{refused:?}"
    );
}

#[test]
fn the_stop_list_is_made_again_from_the_log_when_its_file_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "halt", "[alerts.responses.halt]\nkind = \"stop_agent\"\n");
    let server = Server::start(&data);
    let agents =
        [("a", json!({"reason": "odd"})), ("b", json!({})), ("b", json!({"session": "s1", "minutes": 60}))];
    for (agent, body) in agents {
        assert_eq!(post(&server, &format!("/v1/agents/{agent}/stop"), body).status, 200);
    }
    assert_eq!(post(&server, "/v1/agents/b/release", json!({})).status, 200);
    until("the log has it", || {
        let told = server.sql(
            "SELECT count(*) AS n FROM events WHERE action_name LIKE 'agent_%ed' AND source = 'internal'",
        );
        if told[0]["n"] == 4 { Ok(()) } else { Err(format!("{told:?}")) }
    });
    let before = server.get("/v1/agents/stopped").json();
    server.stop();
    std::fs::write(data.join("alerts.sqlite"), "nothing of it can be read").unwrap();
    let server = Server::start(&data);
    until("the list is the same", || {
        let after = server.get("/v1/agents/stopped").json();
        if after == before { Ok(()) } else { Err(format!("{after} {before}")) }
    });
}
