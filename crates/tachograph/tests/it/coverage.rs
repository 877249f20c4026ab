//! What should have been seen and was not: through the real server, in the terminal, and as events on the log.

use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};
use std::path::PathBuf;

const CLAUDE: &str = "com.anthropic.claude_code.events";
/// A day that is over for every source.
pub(crate) const DAY: &str = "2026-11-20";
pub(crate) const DAY_NANOS: u64 = 1_795_132_800_000_000_000;
pub(crate) const WHOLE_DAY: &str = "/v1/coverage?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";

pub(crate) fn serve(config: &str) -> (tempfile::TempDir, PathBuf, Server) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let ports = "[otlp]\nhttp = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\n";
    std::fs::write(data.join("config.toml"), format!("{ports}{config}")).unwrap();
    let server = Server::start(&data);
    (dir, data, server)
}

/// Hooks of a session with these calls, as Claude Code tells them and the hook command stamps them.
pub(crate) fn hooks(session: &str, calls: &[&str], ends: &[&str]) -> String {
    let mut seq = 0;
    let mut hook = |name: &str, more: Value| {
        seq += 1;
        let mut event = json!({"hook_event_name": name, "session_id": session, "producer_seq": seq,
            "timestamp": format!("{DAY}T01:00:{seq:02}Z"), "cwd": "/srv/demo"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event.to_string() + "\n"
    };
    let mut lines = hook("SessionStart", json!({"source": "startup"}));
    for call in calls {
        let input = json!({"tool_name": "Bash", "tool_use_id": call, "tool_input": {"command": "true"}});
        lines += &hook("PreToolUse", input.clone());
        lines += &hook("PostToolUse", input);
    }
    ends.iter().fold(lines, |lines, end| lines + &hook(end, json!({"reason": "other"})))
}

/// Records of Claude Code's logs for a session: the number and the call of each.
fn logs(session: &str, calls: &[(u64, &str)]) -> String {
    logs_of(session, 0, calls)
}

/// The same of a process that began so much later.
pub(crate) fn logs_of(session: &str, later_ms: u64, calls: &[(u64, &str)]) -> String {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let record = |(seq, call): &(u64, &str)| {
        let name = if call.is_empty() { "user_prompt" } else { "tool_result" };
        let mut attributes = vec![
            text("event.name", name),
            text("session.id", session),
            json!({"key": "event.sequence", "value": {"intValue": seq.to_string()}}),
        ];
        if !call.is_empty() {
            attributes.extend([
                text("tool_use_id", call),
                text("tool_name", "Bash"),
                text("success", "true"),
            ]);
        }
        let nanos = DAY_NANOS + 3_600_000_000_000 + seq * 1_000_000_000 + later_ms * 1_000_000;
        json!({"timeUnixNano": nanos.to_string(), "body": {"stringValue": format!("claude_code.{name}")},
            "attributes": attributes})
    };
    let records: Vec<Value> = calls.iter().map(record).collect();
    json!({"resourceLogs": [{"resource": {"attributes": [text("service.name", "claude-code")]},
        "scopeLogs": [{"scope": {"name": CLAUDE}, "logRecords": records}]}]})
    .to_string()
}

pub(crate) fn send(server: &Server, hooks: &str, logs: &[String]) {
    assert_eq!(server.post("/log", hooks).status, 200);
    for body in logs {
        let headers = [("content-type", "application/json")];
        let answer = server.post_with("/v1/otlp/v1/logs", body.as_bytes(), &headers).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

pub(crate) fn ids(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
}

fn share<'r>(report: &'r Value, source: &str) -> &'r Value {
    let figures = report["figures"].as_array().unwrap();
    &figures.iter().find(|figure| figure["source"] == source).unwrap()["calls_share"]
}

#[test]
fn a_session_that_all_sources_saw_is_whole_and_one_without_hooks_is_found() {
    let (_dir, data, server) = serve("");
    let whole = [(0, ""), (1, "toolu_1"), (2, "toolu_2")];
    send(&server, &hooks("whole", &["toolu_1", "toolu_2"], &["SessionEnd"]), &[logs("whole", &whole)]);
    let report = server.get(WHOLE_DAY).json();
    assert_eq!(ids(&report), Vec::<&str>::new(), "{report}");
    assert_eq!((share(&report, "hook"), share(&report, "otel_log")), (&json!(1.0), &json!(1.0)));

    let later: Vec<(u64, &str)> = vec![(60, ""), (61, "toolu_3"), (64, "toolu_4")];
    send(&server, "{\"note\":1}", &[logs("bare", &later)]);
    let report = server.get(WHOLE_DAY).json();
    assert_eq!(ids(&report), ["hooks_off/hook/bare", "sequence_gap/otel_log/bare"]);
    assert_eq!(share(&report, "hook"), &json!(0.5));
    let gap = &report["findings"][1]["evidence"];
    assert_eq!(gap["gaps"], json!([{"first": 0, "last": 59}, {"first": 62, "last": 63}]));
    let event = server.get(&format!("/v1/events/{}", gap["events"][0])).json();
    assert_eq!(event["header"]["action_name"], "user_prompt", "the evidence can be looked up");

    let arguments = ["coverage", "--from", "2026-11-20T00:00:00Z", "--to", "2026-11-21T00:00:00Z"];
    let shown = tachograph(&data, &arguments, "");
    assert_eq!(shown.status.code(), Some(1), "{}", text(&shown.stderr));
    let page = text(&shown.stdout);
    assert!(page.contains("CRITICAL hooks_off: no hook told of session bare"), "{page}");
    assert!(page.contains("2 of 4") && page.contains("50.00 %"), "{page}");
    server.stop();
    let at_rest = tachograph(&data, &[&arguments[..], &["--json"]].concat(), "");
    assert_eq!(at_rest.status.code(), Some(1), "a folder at rest answers the same");
    let same: Value = serde_json::from_slice(&at_rest.stdout).unwrap();
    assert_eq!(ids(&same), ids(&report));
    let other = tachograph(&data, &[&arguments[..], &["--agent", "nobody"]].concat(), "");
    assert_eq!(other.status.code(), Some(0), "{}", text(&other.stdout));
}

#[test]
fn what_an_agent_reports_over_mcp_and_a_connection_are_no_calls_that_a_source_missed() {
    let (_dir, _data, server) = serve("");
    send(&server, &hooks("s", &["toolu_1"], &["SessionEnd"]), &[]);
    let report = json!({"event_id": "r-1", "agent_id": "claude-code", "session_id": "s", "call_id": "mine",
        "action_type": "tool", "action_name": "summary", "phase": "result", "timestamp": format!("{DAY}T01:00:02Z")});
    assert_eq!(server.post("/v1/events?via=mcp", &report.to_string()).status, 200);
    let report = server.get(WHOLE_DAY).json();
    assert_eq!((share(&report, "hook"), share(&report, "mcp")), (&json!(1.0), &Value::Null), "{report}");
    assert_eq!(ids(&report), Vec::<&str>::new(), "{report}");
}

#[test]
fn a_call_that_only_one_source_saw_and_a_session_that_never_ended_are_named() {
    let (_dir, _data, server) = serve("");
    let seen = [(0, ""), (1, "toolu_1"), (2, "toolu_2")];
    send(&server, &hooks("s", &["toolu_1", "toolu_9"], &[]), &[logs("s", &seen)]);
    let report = server.get(WHOLE_DAY).json();
    assert_eq!(ids(&report), ["calls_unseen/hook/s", "calls_unseen/otel_log/s", "session_open/s"]);
    assert_eq!(report["findings"][0]["evidence"]["calls"], json!(["toolu_2"]));
    assert_eq!(report["findings"][1]["evidence"]["calls"], json!(["toolu_9"]));
}

#[test]
fn declared_points_are_seen_or_found_and_become_events_that_close() {
    let (_dir, data, server) = serve("[coverage]\nevery = \"100ms\"\naudit = [\"agent_lifecycle\"]\n");
    let told = |wanted: &str| {
        let query = format!(
            "SELECT call_id, level, outcome_status FROM events WHERE action_name = '{wanted}' ORDER BY call_id"
        );
        loop {
            let rows = server.sql(&query);
            if !rows.is_empty() {
                return rows;
            }
        }
    };
    let names = ["created", "deleted", "executed", "updated"];
    let gaps: Vec<Value> =
        names.iter().map(|name| json!(format!("point_never_seen/agent_lifecycle.agent_{name}"))).collect();
    loop {
        let rows = told("coverage_gap");
        if rows.len() == gaps.len() {
            assert_eq!(rows.iter().map(|row| row["call_id"].clone()).collect::<Vec<_>>(), gaps);
            assert!(rows.iter().all(|row| row["level"] == "WARNING" && row["outcome_status"] == "success"));
            break;
        }
    }
    let made = json!({"action": "AGENT_CREATED", "entityType": "agent", "entityId": "7c1f", "userId": "u"});
    assert_eq!(server.post("/log", &made.to_string()).status, 200);
    let closed = told("coverage_gap_closed");
    assert_eq!((closed.len(), &closed[0]["call_id"]), (1, &gaps[0]));
    assert_eq!(closed[0]["outcome_status"], "success");
    let metrics = server.get_as("/metrics", "text/plain").body;
    assert!(metrics.contains("tachograph_coverage_findings{kind=\"point_never_seen\"} 3"), "{metrics}");

    // After a start nothing is told twice: the log itself says what was told.
    server.stop();
    let server = Server::start(&data);
    loop {
        let metrics = server.get_as("/metrics", "text/plain").body;
        if metrics.contains("tachograph_coverage_checked 1") {
            break;
        }
    }
    let rows = server.sql("SELECT count(*) AS n FROM events WHERE action_name LIKE 'coverage%'");
    assert_eq!(rows[0]["n"], 5);
}

#[test]
fn a_range_that_is_none_and_a_group_that_is_none_are_refused() {
    let (_dir, data, server) = serve("");
    for (path, says) in [
        ("/v1/coverage?last=yesterday", "is no length of time"),
        ("/v1/coverage?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z", "from is not before to"),
        ("/v1/coverage?from=2026-11-21T00:00:00Z&last=1h", "expected from or last, not both"),
        ("/v1/coverage?since=1h", "unknown field"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.body.contains(says), "{}", answer.body);
    }
    server.stop();
    std::fs::write(data.join("config.toml"), "[coverage]\naudit = [\"logins\"]\n").unwrap();
    let refused = tachograph(&data, &["coverage"], "");
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("expected one of agent_lifecycle"), "{}", text(&refused.stderr));
}

/// What was seen is kept between two reports: the second one, and one of a server that keeps nothing yet, count the same.
#[test]
fn what_was_seen_before_and_since_is_counted_once() {
    let (_dir, data, server) = serve("[coverage]\nevery = \"0s\"\naudit = [\"agent_lifecycle\"]\n");
    let made = |n: u32| json!({"action": "AGENT_CREATED", "entityType": "agent", "entityId": format!("a{n}"), "userId": "u"});
    let created = |server: &Server| {
        let report = server.get("/v1/coverage?last=1h").json();
        let points = report["points"].as_array().unwrap();
        let point = |point: &&Value| point["point"] == "agent_lifecycle.agent_created";
        let found = points.iter().find(point).unwrap();
        (found["events"].clone(), found["last_index"].clone())
    };
    let mut last = (json!(0), Value::Null);
    for n in 1..=3 {
        assert_eq!(server.post("/log", &made(n).to_string()).status, 200);
        let now = created(&server);
        assert_eq!(now.0, n);
        assert_ne!(now.1, last.1);
        assert_eq!(created(&server), now, "nothing came in between");
        last = now;
    }
    server.stop();
    assert_eq!(created(&Server::start(&data)), last);
}
