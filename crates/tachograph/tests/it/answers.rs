//! Answers that are not whole, queries that begin with a hyphen, formats of `tail` and `show`, and importing through a
//! server.

use crate::server::{Server, tachograph, text};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// More than what is held back before an answer begins, and more rows than these folders allow.
const LATE: &str = "SELECT repeat('x', 1000) AS \"error\" FROM generate_series(1, 30000)";
const EARLY: &str = "SELECT * FROM generate_series(1, 30000)";
const WHY: &str = "The query asks for too much (422): the answer has more than 20000 rows";

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("config.toml"), "[query]\nrows = 20000\n").unwrap();
    (dir, data)
}

#[test]
fn an_answer_that_reaches_a_limit_after_its_first_rows_says_which() {
    let (_dir, data) = folder();
    let server = Server::start(&data);
    let ask = |accept, query: &str| server.post_with("/v1/sql", query.as_bytes(), &[("accept", accept)]);
    for accept in
        ["application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream"]
    {
        let early = ask(accept, EARLY).unwrap();
        assert_eq!((early.status, early.kind.as_str()), (422, "application/problem+json"), "{accept}");
        assert!(early.json()["detail"].as_str().unwrap().contains("20000 rows"), "{early:?}");
    }
    let json = ask("application/json", LATE).unwrap();
    let late = json.json();
    assert_eq!((json.status, &late["error"]["status"]), (200, &422.into()));
    assert!(late["error"]["detail"].as_str().unwrap().contains("20000 rows"), "{}", late["error"]);
    assert_eq!(late["rows_count"], late["rows"].as_array().unwrap().len());
    for accept in ["application/x-ndjson", "text/csv; error=line"] {
        let lines = ask(accept, LATE).unwrap().body;
        let last: Value = serde_json::from_str(lines.lines().next_back().unwrap()).unwrap();
        assert_eq!(last["error"]["title"], "The query asks for too much", "{accept}");
        assert!(lines.lines().count() > 1000, "{accept}: the rows before are there");
    }
    for accept in ["text/csv", "application/vnd.apache.arrow.stream"] {
        let config = ureq::Agent::config_builder().build();
        let request = ureq::Agent::from(config).post(format!("http://{}/v1/sql", server.address));
        let mut begun = request.header("accept", accept).send(LATE).unwrap();
        let read = begun.body_mut().as_reader().read_to_end(&mut Vec::new());
        assert!(read.is_err(), "{accept} is broken off");
    }
}

#[test]
fn the_command_line_says_which_limit_with_a_server_and_without() {
    let (_dir, data) = folder();
    let ask = |by: &str| {
        for (query, format) in [
            (LATE, "table"),
            (LATE, "json"),
            (LATE, "csv"),
            (LATE, "ndjson"),
            (EARLY, "table"),
            (EARLY, "csv"),
        ] {
            let ended = tachograph(&data, &["sql", query, "--format", format], "");
            assert_eq!(ended.status.code(), Some(3), "{by} {format}");
            assert!(text(&ended.stderr).contains(WHY), "{by} {format}: {}", text(&ended.stderr));
            assert_eq!(ended.stdout, b"", "{by} {format}: a part is not shown as the whole");
        }
        let whole = "SELECT '{\"error\":{\"status\":1}}' AS error";
        for format in ["json", "csv", "ndjson"] {
            let ended = tachograph(&data, &["sql", whole, "--format", format], "");
            assert_eq!(ended.status.code(), Some(0), "{by} {format}: {ended:?}");
        }
    };
    ask("folder");
    let server = Server::start(&data);
    ask("server");
    drop(server);
}

const EVENTS: &str = concat!(
    r#"{"id":"1","timestamp":"2026-11-20T10:30:15.123Z","agent":{"id":"ops/a","session_id":"it's"},"#,
    r#""action":{"type":"tool","name":"Bash","tool":{"parameters":{"command":"ls, \"x\""}}},"user_id":"ada"}"#,
    "\n",
    r#"{"agent":{"id":"ops/b"},"action":{"type":"decision","name":"roll"}}"#,
    "\n",
);

#[test]
fn a_query_may_begin_with_a_comment_or_with_not() {
    let (_dir, data) = folder();
    tachograph(&data, &["import", "-"], EVENTS);
    let run = |arguments: &[&str]| tachograph(&data, arguments, "");
    for arguments in [
        &["sql", "-- all of them\nSELECT count(*) AS n FROM events", "--format", "csv"][..],
        &["sql", "--format", "csv", "-- all of them\nSELECT count(*) AS n FROM events"],
    ] {
        let ended = run(arguments);
        assert_eq!(text(&ended.stdout), "n\n2\n", "{ended:?}");
    }
    let found = run(&["search", "-Bash agent:ops/*", "--limit", "5", "--format", "ndjson"]);
    assert_eq!(text(&found.stdout).lines().count(), 1, "{found:?}");
    let found = run(&["search", "Bash", "agent:ops/*", "--format", "ndjson"]);
    assert_eq!(text(&found.stdout).lines().count(), 1, "{found:?}");
    let query = run(&["query", "-- no", "--format", "csv"]);
    assert!(!text(&query.stderr).contains("unexpected argument"), "{query:?}");
    for mistyped in [&["sql", "--fromat"][..], &["search", "--stauts", "failed"], &["query", "--fromat"]] {
        let ended = run(mistyped);
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        assert!(text(&ended.stderr).contains("no such option"), "{ended:?}");
    }
}

#[test]
fn show_and_tail_have_every_format() {
    let (_dir, data) = folder();
    let server = Server::start(&data);
    server.post("/log", EVENTS);
    let show = |id, format| {
        let ended = tachograph(&data, &["show", id, "--format", format], "");
        assert_eq!(ended.status.code(), Some(0), "{id} {format}: {ended:?}");
        text(&ended.stdout)
    };
    for (id, agent) in [("it's", "ops/a"), ("1", "ops/b"), ("0", "ops/a")] {
        let row: Value = serde_json::from_str(&show(id, "ndjson")).unwrap();
        assert_eq!(row["agent_id"], agent, "{id}");
        let csv = show(id, "csv");
        assert!(csv.starts_with("id,timestamp,agent_id,") && csv.lines().count() == 2, "{csv}");
        let json = tachograph(&data, &["show", id, "--json"], "");
        assert_eq!(show(id, "json"), text(&json.stdout), "{id}");
        serde_json::from_slice::<Value>(&json.stdout).unwrap();
    }
    assert!(show("it's", "table").contains("Bash"));
    let gone = tachograph(&data, &["show", "no-such-id", "--format", "csv"], "");
    assert_eq!(gone.status.code(), Some(1), "{gone:?}");
    for format in ["table", "json", "csv", "ndjson"] {
        let lines = watched(&data, &server, format);
        let line = lines.last().unwrap();
        match format {
            "csv" => {
                assert_eq!(lines[0], "index,time,agent,type,action,outcome,event");
                assert!(line.contains(",ops/a,tool,Bash,") && line.contains("\"{\"\"index\"\":"), "{line}");
            }
            "table" => assert!(line.contains("ops/a") && line.contains("tool Bash"), "{line}"),
            _ => {
                let event: Value = serde_json::from_str(line).unwrap();
                assert_eq!(event["entry"]["agent"], "ops/a", "{line}");
            }
        }
    }
}

/// The lines of `tail` up to that of the first event.
fn watched(data: &Path, server: &Server, format: &str) -> Vec<String> {
    let mut tail = Command::new(env!("CARGO_BIN_EXE_tachograph"))
        .args(["--data", data.to_str().unwrap(), "tail", "--agent", "ops/a", "--format", format])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (line, shown) = std::sync::mpsc::channel();
    let out = BufReader::new(tail.stdout.take().unwrap());
    let reads =
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|read| line.send(read)));
    let mut lines = Vec::new();
    let header = usize::from(format == "csv");
    // It watches from some moment on: events are sent until one is seen.
    for n in 0..600 {
        server.post("/log", &EVENTS.replace("\"id\":\"1\"", &format!("\"id\":\"{format}-{n}\"")));
        lines.extend(shown.recv_timeout(std::time::Duration::from_millis(50)));
        if lines.len() > header {
            break;
        }
    }
    tail.kill().unwrap();
    tail.wait().unwrap();
    drop(shown);
    drop(reads.join().unwrap());
    lines
}

#[test]
fn import_goes_through_the_server_that_has_the_folder_open() {
    let (dir, data) = folder();
    let file = dir.path().join("history of ops.jsonl");
    std::fs::write(&file, EVENTS.replace('\n', "\n\nnonsense\n")).unwrap();
    let file = file.to_str().unwrap();
    let server = Server::start(&data);
    let first = tachograph(&data, &["import", file], "");
    assert_eq!(first.status.code(), Some(1), "two lines are refused: {first:?}");
    assert!(
        text(&first.stdout).starts_with("accepted 2, duplicates 0, refused 2; the log has 2 entries"),
        "{first:?}"
    );
    assert!(text(&first.stderr).contains("line 3 refused: not valid JSON"), "{first:?}");
    assert!(text(&first.stderr).contains("line 6 refused"), "{first:?}");
    let known = server.sql("SELECT DISTINCT known, source FROM events");
    assert_eq!(known, [serde_json::json!({"known": "imported", "source": "import"})]);
    let again = tachograph(&data, &["import", file], "");
    assert!(text(&again.stdout).starts_with("accepted 0, duplicates 2, refused 2"), "{again:?}");
    let refused = tachograph(&data, &["import", "-", "--server", &server.address], "nonsense\n");
    assert!(text(&refused.stdout).starts_with("accepted 0, duplicates 0, refused 1"), "{refused:?}");
    server.stop();
    let at_rest = tachograph(&data, &["import", file], "");
    assert!(
        text(&at_rest.stdout).starts_with("accepted 0, duplicates 2, refused 2"),
        "the same ids: {at_rest:?}"
    );
}

#[test]
fn only_an_admin_imports_through_a_server() {
    let (_dir, data) = folder();
    let key = |role| text(&tachograph(&data, &["key", "create", role, "--role", role], "").stdout);
    let (write, admin) = (key("write"), key("admin"));
    let server = Server::start(&data);
    let import = |key: &str| {
        let key = key.split_whitespace().find(|word| word.starts_with("tgk_")).unwrap();
        tachograph(&data, &["import", "-", "--key", key], EVENTS)
    };
    let refused = import(&write);
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(text(&refused.stderr).contains("this needs admin"), "{refused:?}");
    assert!(text(&import(&admin).stdout).starts_with("accepted 2"));
    drop(server);
}

#[test]
fn an_id_is_the_event_of_whoever_used_it_first() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let event = |name: &str| {
        format!(r#"{{"id":"one","agent":{{"id":"a"}},"action":{{"type":"tool","name":"{name}"}}}}"#)
    };
    server.post("/v1/events", &event("Bash"));
    server.post("/v1/events?via=mcp", &event("Read"));
    let shown = server.get("/v1/events/one").json();
    assert_eq!(shown["header"]["action_name"], "Bash", "{shown}");
    let other = shown["same_id"][0].as_u64().unwrap();
    assert_eq!(server.get(&format!("/v1/events/{other}")).json()["header"]["action_name"], "Read");
    server.post("/v1/events", &event("Edit"));
    let shown = server.get("/v1/events/one").json();
    assert_eq!(shown["header"]["action_name"], "Edit", "a later state of the same sender: {shown}");
}
