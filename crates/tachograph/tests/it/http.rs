//! The HTTP faces: formats, encodings, limits, errors, keys, queries, proofs, live tail.

use crate::server::{Server, tachograph, text};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::time::Duration;

const ONE: &str = r#"{"id":"e1","agent":{"id":"ops/a","session_id":"s1"},"action":{"type":"tool","name":"Bash","tool":{"parameters":{"command":"ls"}}},"outcome":{"status":"success","result":{"files":3}},"user_id":"alice","colour":"blue"}"#;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    (dir, data)
}

#[test]
fn single_array_and_lines_plain_and_compressed() {
    let (_dir, data) = folder();
    let server = Server::start(&data);
    assert_eq!(server.post("/log", ONE).json()["accepted"], 1);
    assert_eq!(server.post("/v1/events", ONE).json()["duplicates"], 1);
    let other = ONE.replace("e1", "e2");
    assert_eq!(server.post("/log", &format!("[{ONE},{other}]")).json()["accepted"], 1);
    let lines = format!("{}\n{}\n", ONE.replace("e1", "e3"), ONE.replace("e1", "e4"));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(lines.as_bytes()).unwrap();
    let answer = server.post_with("/log", &gzip.finish().unwrap(), &[("content-encoding", "gzip")]).unwrap();
    assert_eq!(answer.json()["accepted"], 2, "{answer:?}");
    let packed = zstd::encode_all(lines.replace("\"e", "\"f").as_bytes(), 1).unwrap();
    let answer = server.post_with("/log", &packed, &[("content-encoding", "ZStd")]).unwrap();
    assert_eq!(answer.json()["first_index"], 4, "{answer:?}");
    assert_eq!(answer.json()["last_index"], 5, "{answer:?}");
    let rows =
        server.sql("SELECT id, user_id, extra->>'colour' AS colour FROM agent_audit_log ORDER BY index");
    assert_eq!(rows.len(), 6);
    assert_eq!(rows[0]["id"], "e1");
    assert_eq!(rows[0]["user_id"], "alice");
    assert_eq!(rows[0]["colour"], "blue", "what the canonical event does not name is queryable");
}

#[test]
fn one_bad_line_is_named_and_its_neighbours_are_recorded() {
    let (_dir, data) = folder();
    let server = Server::start(&data);
    let body = format!("{ONE}\n{{\"broken\":\n\n{}\n", ONE.replace("e1", "e2"));
    let answer = server.post("/v1/events", &body);
    assert_eq!(answer.status, 200);
    let json = answer.json();
    assert_eq!((json["accepted"].as_u64(), json["rejected_count"].as_u64()), (Some(2), Some(1)), "{json}");
    assert_eq!(json["rejected"][0]["line"], 2);
    assert!(json["rejected"][0]["reason"].as_str().unwrap().contains("JSON"), "{json}");
    let all_bad = server.post("/v1/events", "{\"broken\":\n{\"again\":\n");
    assert_eq!(all_bad.status, 422, "{all_bad:?}");
}

#[test]
fn limits_are_told_apart() {
    let (_dir, data) = folder();
    let server = Server::start(&data);
    let not_gzip = server.post_with("/log", b"plain", &[("content-encoding", "gzip")]).unwrap();
    assert_eq!(not_gzip.status, 400, "{not_gzip:?}");
    let unknown = server.post_with("/log", b"x", &[("content-encoding", "br")]).unwrap();
    assert_eq!(unknown.status, 415, "{unknown:?}");
    // 65 MiB of spaces pack into a few kilobytes: the limit is on what comes out.
    let bomb = zstd::encode_all(vec![b' '; 65 << 20].as_slice(), 1).unwrap();
    let large = server.post_with("/log", &bomb, &[("content-encoding", "zstd")]).unwrap();
    assert_eq!(large.status, 413, "{large:?}");
    let format = server.post("/log?format=nonsense", ONE);
    assert_eq!(format.status, 400);
    assert!(format.body.contains("claude-hook"), "it says which there are: {format:?}");
    let long = format!("{{\"text\":\"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(server.post("/log", &long).status, 422);
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
    assert!(server.post("/log", &deep).body.contains("nesting"));
    let wide = format!("{{{}\"z\":1}}", (0..5000).map(|n| format!("\"k{n}\":1,")).collect::<String>());
    assert!(server.post("/log", &wide).body.contains("number of fields"));
    assert_eq!(server.get("/nowhere").status, 404);
}

#[test]
fn shippers_of_victorialogs_work_unchanged() {
    let (_dir, data) = folder();
    let server = Server::start(&data);
    let path = "/insert/jsonline?_stream_fields=host&_time_field=date&_msg_field=log.message";
    let line =
        r#"{"log":{"message":"disk is slow"},"date":"2026-11-20T10:00:00Z","host":"web-1","level":"warn"}"#;
    assert_eq!(server.post(path, line).status, 200);
    let rows = server.sql("SELECT timestamp, level FROM agent_audit_log");
    assert_eq!(rows[0]["timestamp"], "2026-11-20T10:00:00.000000Z", "{rows:?}");
    assert_eq!(rows[0]["level"], "WARNING");
}

#[test]
fn keys_decide_who_may_do_what_and_a_revoked_one_nothing() {
    let (_dir, data) = folder();
    let refused = tachograph(&data, &["serve", "--listen", "0.0.0.0:0"], "");
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("key create"), "it says how to get a key: {refused:?}");
    let make = |name: &str, more: &[&str]| {
        let arguments = [&["key", "create", name][..], more].concat();
        text(&tachograph(&data, &arguments, "").stdout).trim().to_string()
    };
    let write = make("ci", &["--role", "write", "--rate", "5"]);
    let read = make("auditor", &["--role", "read"]);
    let catalog = std::fs::read(data.join("catalog.sqlite")).unwrap();
    assert!(!String::from_utf8_lossy(&catalog).contains(&write[4..]), "the key itself is not stored");
    let server = Server::start(&data);
    assert_eq!(server.post("/log", ONE).status, 401);
    let with = |key: &str| format!("Bearer {key}");
    let post = |path: &str, key: &str, body: &str| {
        server.post_with(path, body.as_bytes(), &[("authorization", &with(key))]).unwrap()
    };
    assert_eq!(post("/log", &read, ONE).status, 403);
    assert_eq!(post("/log", &write, ONE).json()["accepted"], 1);
    assert_eq!(post("/v1/sql", &write, "SELECT 1").status, 403);
    assert_eq!(post("/v1/sql", &read, "SELECT 1").status, 200);
    let many: String = (0..100).map(|n| ONE.replace("e1", &format!("m{n}")) + "\n").collect();
    assert_eq!(post("/log", &write, &many).status, 200);
    let limited = post("/log", &write, ONE);
    assert_eq!(limited.status, 429, "{limited:?}");
    assert!(limited.retry_after.unwrap().parse::<u64>().unwrap() >= 1);
    let listed = text(&tachograph(&data, &["key", "list"], "").stdout);
    let id = listed.lines().find(|line| line.contains("auditor")).unwrap();
    let id = id.split(['│', '┆', ' ']).find(|part| !part.is_empty()).unwrap();
    assert_eq!(tachograph(&data, &["key", "revoke", id], "").status.code(), Some(0));
    server.stop();
    let server = Server::start(&data);
    let gone = server.post_with("/v1/sql", b"SELECT 1", &[("authorization", &with(&read))]).unwrap();
    assert_eq!(gone.status, 401, "{gone:?}");
    assert_eq!(server.get("/tlog/tile/entries/000.p/1").status, 401, "entries name agents");
    // Revoking the last key closes the door.
    let listed = text(&tachograph(&data, &["key", "list"], "").stdout);
    let id = listed.lines().find(|line| line.contains("│ ") && line.contains(" ci ")).unwrap();
    let id = id.split(['│', '┆', ' ']).find(|part| !part.is_empty()).unwrap();
    assert_eq!(tachograph(&data, &["key", "revoke", id], "").status.code(), Some(0));
    server.stop();
    let server = Server::start(&data);
    assert_eq!(server.post("/log", ONE).status, 401);
}

#[test]
fn a_proof_is_downloaded_and_checked_with_a_pinned_key_alone() {
    let (_dir, data) = folder();
    let server = Server::start(&data);
    server.post("/log", ONE);
    // The checkpoint follows within a second; the answer says so and when to come back.
    let proof = std::iter::repeat_with(|| server.get("/v1/events/e1/proof"))
        .inspect(|answer| assert!(answer.status == 200 || answer.retry_after.is_some(), "{answer:?}"))
        .find(|answer| answer.status == 200)
        .unwrap();
    let file = data.join("event.tlog-proof");
    std::fs::write(&file, &proof.body).unwrap();
    let keys = text(&tachograph(&data, &["keys"], "").stdout);
    let key = keys.lines().next().unwrap();
    let file = file.to_str().unwrap();
    let good = tachograph(&data, &["verify", "--proof", file, "--pin", key], "");
    assert_eq!(good.status.code(), Some(0), "{good:?}");
    let bad = proof.body.replacen("extra ", "extra AA", 1);
    assert_ne!(bad, proof.body);
    std::fs::write(file, bad).unwrap();
    let found = tachograph(&data, &["verify", "--proof", file, "--pin", key], "");
    assert_eq!(found.status.code(), Some(1), "{found:?}");
    let server_checked = tachograph(&data, &["verify", "--server", &server.address, "--pin", key], "");
    assert_eq!(server_checked.status.code(), Some(0), "{server_checked:?}");
}

#[test]
fn searching_reading_and_watching() {
    let (_dir, data) = folder();
    let server = Server::start(&data);
    let address = server.address.clone();
    let mut tail = std::net::TcpStream::connect(&address).unwrap();
    tail.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(tail, "GET /v1/tail HTTP/1.1\r\nhost: {address}\r\n\r\n").unwrap();
    let mut lines = BufReader::new(tail).lines().map_while(Result::ok);
    assert!(lines.find(|line| line.is_empty()).is_some(), "the head of the answer");
    server.post("/log", ONE);
    let live = lines.find(|line| line.contains("data:")).unwrap();
    assert!(live.contains("\"ops/a\""), "{live}");
    let found = server.get("/v1/search?q=ls%20agent:ops/a&status=success").json();
    assert_eq!(found["rows"].as_array().unwrap().len(), 1, "{found}");
    let session = server.get_as("/v1/sessions/s1", "text/plain");
    assert!(session.body.contains("Bash"), "{session:?}");
    assert_eq!(server.get("/v1/events/e1").json()["who"]["user"], "alice");
    assert_eq!(server.get("/v1/events/0").json()["who"]["id"], "e1");
    assert_eq!(server.get("/v1/events/nothing").status, 404);
    let hostile = server.post("/v1/sql", "DROP TABLE events");
    assert!(hostile.status == 403 || hostile.status == 400, "{hostile:?}");
    assert!(server.get("/metrics").body.contains("tachograph_events_accepted_total 1"));
    assert_eq!(server.get("/health").json()["status"], "ok");
    let document = server.get("/v1/openapi.json").json();
    for path in ["/v1/events", "/v1/sql", "/v1/search", "/v1/tail", "/tlog/checkpoint", "/health"] {
        assert!(document["paths"][path].is_object(), "{path} is documented");
    }
    let mut names = std::collections::HashSet::new();
    for path in ["/v1/events", "/log", "/insert/jsonline"] {
        let post = &document["paths"][path]["post"];
        let parameters: Vec<&str> =
            post["parameters"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
        assert!(parameters.starts_with(&["format", "_time_field", "_msg_field"]), "{path}: {post}");
        assert!(names.insert(post["operationId"].to_string()), "{path} has a name of its own: {post}");
    }
    let text = document.to_string();
    for target in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(target).is_some(), "{target} is referred to and not there");
    }
}

#[test]
fn the_schedule_verifies_and_records_its_own_result() {
    let (_dir, data) = folder();
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("config.toml"), "[verify]\nfirst_after_seconds = 0\n").unwrap();
    let server = Server::start(&data);
    let query =
        "SELECT outcome_status, outcome_result FROM agent_audit_log WHERE action_name = 'integrity_check'";
    let rows = std::iter::repeat_with(|| server.sql(query)).find(|rows| !rows.is_empty()).unwrap();
    assert_eq!(rows[0]["outcome_status"], "success", "{rows:?}");
    assert!(rows[0]["outcome_result"].as_str().unwrap().contains("good"), "{rows:?}");
}

#[test]
fn a_second_server_on_the_folder_refuses_and_a_stopped_one_leaves_it() {
    let (_dir, data) = folder();
    let server = Server::start(&data);
    let second = tachograph(&data, &["serve", "--listen", "127.0.0.1:0"], "");
    assert_eq!(second.status.code(), Some(3));
    assert!(text(&second.stderr).contains("in use"), "{second:?}");
    server.post("/log", ONE);
    server.stop();
    let rows = tachograph(&data, &["sql", "SELECT id FROM agent_audit_log", "--format", "csv"], "");
    assert_eq!(text(&rows.stdout), "id\ne1\n", "a folder at rest answers too");
}

#[test]
fn a_server_that_is_told_to_stop_as_soon_as_it_listens_stops() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..10 {
        Server::start(&dir.path().join("data")).stop();
    }
}
