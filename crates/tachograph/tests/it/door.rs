//! The door: connections that do not get on, requests that nothing is there for, keys that do not open, and what is
//! told of all that.

use crate::server::{Server, tachograph, text};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

fn folder(config: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("config.toml"), config).unwrap();
    (dir, data)
}

/// Sends some bytes and reads until the server ends the connection.
fn send(address: &str, bytes: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("the server ends the connection");
    said
}

#[test]
fn half_a_head_keeps_no_place_for_ever() {
    let (_dir, data) = folder("[http]\nhead_seconds = 1\nconnections = 1\n");
    let server = Server::start(&data);
    // The only place is taken by someone who never gets to the end of his first line, then by one who says nothing.
    for half in ["GET /hea", "GET /health HTTP/1.1\r\nhost: localhost\r\nx-a: ", ""] {
        assert_eq!(send(&server.address, half), "", "{half}");
    }
    let whole = format!("GET /health HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", server.address);
    assert!(send(&server.address, &whole).starts_with("HTTP/1.1 200"));
}

#[test]
fn every_error_is_a_problem_document() {
    let (_dir, data) = folder("");
    let server = Server::start(&data);
    for (path, status, says) in [
        ("/nowhere", 404, "/v1/openapi.json"),
        ("/log", 405, "GET /log"),
        ("/v1/sql", 400, "query"),
        ("/v1/search?limit=many", 400, "limit"),
        ("/v1/search?limit=99999", 400, "10000"),
        ("/v1/events/%FF", 400, "UTF-8"),
        ("/v1/sql?query=SELEC", 400, "SELEC"),
        ("/v1/sql?query=DROP%20TABLE%20events", 400, "read"),
    ] {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.kind.as_str()), (status, "application/problem+json"), "{answer:?}");
        assert_eq!(answer.json()["status"], status);
        assert!(answer.body.contains(says), "{path}: {answer:?}");
        assert_eq!(answer.allow.as_deref(), (status == 405).then_some("POST"), "{path}");
    }
}

#[test]
fn failed_logins_are_on_the_log_added_up_by_address() {
    let (_dir, data) = folder("");
    let key = tachograph(&data, &["key", "create", "sender", "--role", "write"], "");
    let write = format!("Bearer {}", text(&key.stdout).trim());
    let key = tachograph(&data, &["key", "create", "auditor", "--role", "read"], "");
    let read = format!("Bearer {}", text(&key.stdout).trim());
    let server = Server::start(&data);
    assert_eq!(server.get("/v1/search").status, 401);
    for _ in 0..50 {
        let wrong = [("authorization", "Bearer tgk_guess")];
        assert_eq!(server.post_with("/log", b"{}", &wrong).unwrap().status, 401);
        assert_eq!(
            server.post_with("/v1/sql", b"SELECT 1", &[("authorization", &write)]).unwrap().status,
            403
        );
    }
    server.stop();
    let server = Server::start(&data);
    let headers = [("accept", "application/x-ndjson"), ("authorization", &read)];
    let query = b"SELECT outcome_result, ip, outcome_status, level FROM agent_audit_log WHERE action_name = 'failed_login'";
    let answer = server.post_with("/v1/sql", query, &headers).unwrap();
    let rows: Vec<serde_json::Value> =
        answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!((1..=2).contains(&rows.len()), "one at once, and the rest together: {answer:?}");
    let result = |row: &serde_json::Value| -> serde_json::Value {
        serde_json::from_str(row["outcome_result"].as_str().unwrap()).unwrap()
    };
    let sum = |name: &str| rows.iter().map(|row| result(row)[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!([sum("count"), sum("without_key"), sum("unknown_key"), sum("wrong_role")], [101, 1, 50, 50]);
    assert!(rows.iter().all(|row| row["ip"] == "127.0.0.1" && row["level"] == "WARNING"), "{rows:?}");
    assert!(!answer.body.contains("guess"), "what was tried is not written down");
}

#[test]
fn what_is_measured_is_what_the_guide_lists() {
    let (_dir, data) = folder("");
    let server = Server::start(&data);
    assert_eq!(server.post("/log", "{\"a\":1}\nnonsense\n").status, 200);
    let page = server.get("/metrics").body;
    let guide = include_str!("../../../../docs/guide/metrics.md");
    let mut told = std::collections::BTreeSet::new();
    for line in page.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let name = kind.split(' ').next().unwrap();
            assert!(told.insert(name), "{name} is told twice");
            assert!(guide.contains(&format!("| `{name}")), "{name} is not in docs/guide/metrics.md");
        } else if !line.starts_with('#') {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let name = name.split('{').next().unwrap();
            let of_histogram =
                ["_bucket", "_sum", "_count"].into_iter().find_map(|end| name.strip_suffix(end));
            let is_told = told.contains(name) || of_histogram.is_some_and(|name| told.contains(name));
            assert!(is_told, "{name} has no type");
            value.parse::<f64>().unwrap();
        }
    }
    let listed = guide.lines().filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next());
    for name in listed {
        // These are told once a check has run, which a new server has not.
        let of_check =
            ["tachograph_verify", "tachograph_coverage"].iter().any(|start| name.starts_with(start));
        assert!(told.contains(name) || of_check, "{name} is not measured");
    }
    for line in [
        "tachograph_events_accepted_total 1",
        "tachograph_events_rejected_total{reason=\"json\"} 1",
        "tachograph_http_requests_total{route=\"/log\",status=\"200\"} 1",
        "tachograph_log_entries 1",
        "tachograph_connections_limit 512",
    ] {
        assert!(page.lines().any(|told| told == line), "{line} in {page}");
    }
}

/// An event that comes alone happened where its request came from; what was gathered did not.
#[test]
fn a_request_is_the_context_of_the_event_that_comes_alone() {
    let (_dir, data) = folder("[request]\ntrusted_proxies = [\"127.0.0.1\"]\n");
    let server = Server::start(&data);
    let event =
        |name: &str| format!(r#"{{"agent":{{"id":"a"}},"action":{{"type":"tool","name":"{name}"}}}}"#);
    let forwarded = [("user-agent", "robot/1"), ("x-forwarded-for", "6.6.6.6, 203.0.113.9")];
    let send = |path: &str, body: String, more: &[(&str, &str)]| {
        let headers: Vec<_> = forwarded.iter().chain(more).copied().collect();
        server.post_with(path, body.as_bytes(), &headers).unwrap();
    };
    send("/log", event("alone"), &[]);
    send("/log", format!("[{}]", event("list")), &[]);
    send("/v1/events", format!("{}\n{}", event("lines"), event("lines")), &[]);
    send("/v1/events", event("line"), &[("content-type", "application/x-ndjson")]);
    send("/insert/jsonline", event("shipper"), &[]);
    send("/log", event("user").replacen('{', r#"{"user_id":"ann","#, 1), &[]);
    let rows = server
        .sql("SELECT action_name, ip, user_agent FROM agent_audit_log WHERE agent_id = 'a' ORDER BY index");
    assert_eq!(rows.len(), 7);
    assert_eq!((&rows[0]["ip"], &rows[0]["user_agent"]), (&"203.0.113.9".into(), &"robot/1".into()));
    for row in &rows[1..] {
        assert!(row["ip"].is_null() && row["user_agent"].is_null(), "{row}");
    }
}
