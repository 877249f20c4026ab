//! The program as agents start it: a child that is spoken to over its standard input and output.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod refused;

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mcp-audit-logger");

/// A running program.
struct Logger {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    id: u64,
}

impl Logger {
    fn start(set: &[(&str, &str)]) -> Logger {
        let mut child = Command::new(PROGRAM)
            .env_clear()
            .envs(set.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Logger { child, input, output, id: 0 }
    }

    fn on_file(path: &Path) -> Logger {
        let path = path.to_str().unwrap();
        Logger::start(&[("AUDIT_BACKEND", "file"), ("AUDIT_LOG_FILE", path), ("AGENT_ID", "tester")])
    }

    fn say(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(line.as_bytes()).and_then(|()| input.write_all(b"\n")).unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        loop {
            let answer = self.hear();
            if answer["id"] == id {
                return answer;
            }
        }
    }

    /// The old protocol: a handshake, then requests.
    fn shake_hands(&mut self) {
        let own = json!({"name": "old", "version": "1"});
        let asked = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": own});
        let answer = self.ask("initialize", asked);
        assert_eq!(answer["result"]["protocolVersion"], "2025-11-25", "{answer}");
        self.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    }

    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({"name": tool, "arguments": arguments}));
        answer["result"].clone()
    }

    /// Ends as agents end it: by closing its input.
    fn end(mut self) -> bool {
        drop(self.input.take());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Logger {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn run(set: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(PROGRAM).env_clear().envs(set.iter().copied()).args(arguments).output().unwrap()
}

#[test]
fn what_an_agent_reports_is_on_disk_redacted_and_self_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log/audit.ndjson");
    let mut logger = Logger::on_file(&path);
    logger.shake_hands();
    let action = json!({"action_name": "Bash", "parameters": {"command": "ls", "password": "hunter2hunter2"},
        "known": "observed", "source": "hook", "session_id": "s1", "mood": "good"});
    let logged = logger.call("log_action", action)["structuredContent"].clone();
    assert_eq!(logged["known"], "self_reported", "{logged}");
    let outcome = json!({"action_id": logged["action_id"], "status": "success"});
    assert_eq!(logger.call("log_outcome", outcome.clone())["structuredContent"]["duplicate"], false);
    assert_eq!(logger.call("log_outcome", outcome)["structuredContent"]["duplicate"], true);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 2);
    let first = &events[0];
    assert_eq!((&first["known"], &first["source"]), (&json!("self_reported"), &json!("mcp")));
    assert_eq!((&first["agent_id"], &first["mood"]), (&json!("tester"), &json!("good")));
    assert_eq!(first["mcp_client"]["name"], "old");
    assert_eq!(events[1]["call_id"], first["event_id"]);
    let found = logger.call("search_logs", json!({"query": "bash"}));
    assert_eq!(found["structuredContent"]["events"].as_array().unwrap().len(), 1, "{found}");
    let proof = logger.call("verify_entry", json!({"id": "x"}));
    assert_eq!(proof["isError"], true);
    assert!(proof["content"][0]["text"].as_str().unwrap().contains("can't prove"), "{proof}");
    assert!(logger.end());
}

#[test]
fn the_new_protocol_needs_no_handshake() {
    let folder = tempfile::tempdir().unwrap();
    let mut logger = Logger::on_file(&folder.path().join("audit.ndjson"));
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "new", "version": "2"}
    });
    let discovered = logger.ask("server/discover", json!({"_meta": meta}));
    let versions = discovered["result"]["supportedVersions"].as_array().unwrap();
    assert!(
        versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2025-11-25")),
        "{versions:?}"
    );
    let arguments = json!({"question": "which?", "chosen": "this", "confidence": 0.9});
    let answer =
        logger.ask("tools/call", json!({"name": "log_decision", "arguments": arguments, "_meta": meta}));
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    assert_eq!(answer["result"]["structuredContent"]["known"], "self_reported", "{answer}");
    let found = logger.ask("tools/call", json!({"name": "search_logs", "arguments": {}, "_meta": meta}));
    let event = &found["result"]["structuredContent"]["events"][0];
    assert_eq!(event["decision"]["chosen"], "this", "{found}");
    assert_eq!(event["mcp_client"], json!({"name": "new", "version": "2"}));
}

#[test]
fn a_server_that_is_away_is_named_and_the_program_goes_on() {
    let mut logger = Logger::start(&[("AUDIT_LOG_URL", "http://127.0.0.1:1")]);
    logger.shake_hands();
    let answer = logger.call("log_action", json!({"action_name": "a", "event_id": "mine"}));
    assert_eq!(answer["isError"], true);
    let text = answer["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("http://127.0.0.1:1") && text.contains("\"mine\""), "{text}");
    assert_eq!(logger.ask("ping", json!({}))["result"], json!({}));
    assert!(logger.end());
}

#[test]
fn a_setting_that_can_not_be_meant_ends_it_with_the_reason() {
    for (set, expected) in [
        (("AUDIT_BACKEND", "mysql"), "AUDIT_BACKEND is \"mysql\""),
        (("AUDIT_BACKEND", "postgres"), "AUDIT_DATABASE_URL"),
        (("AUDIT_LOG_CA_FILE", "/no/such"), "AUDIT_LOG_CA_FILE /no/such"),
    ] {
        let ended = run(&[set], &[]);
        assert!(!ended.status.success());
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(said.contains(expected), "{said}");
    }
    let secret =
        run(&[("AUDIT_BACKEND", "postgres"), ("AUDIT_DATABASE_URL", "postgres://u:secret@h:port/d")], &[]);
    assert!(!String::from_utf8(secret.stderr).unwrap().contains("secret"));
}

#[test]
fn a_look_says_where_events_would_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.ndjson");
    let file = [("AUDIT_BACKEND", "file"), ("AUDIT_LOG_FILE", path.to_str().unwrap())];
    let said = String::from_utf8(run(&file, &["--check"]).stdout).unwrap();
    assert!(said.contains("audit.ndjson answers: 0 events"), "{said}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "a look leaves nothing behind");
    assert!(!run(&[("AUDIT_LOG_URL", "http://127.0.0.1:1")], &["--check"]).status.success());
}

#[test]
fn a_look_asks_victorialogs_whether_it_is_well() {
    let look = |url: &str| {
        let ended = run(&[("AUDIT_BACKEND", "victorialogs"), ("AUDIT_LOG_URL", url)], &["--check"]);
        let (out, err) = (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap());
        (ended.status.code(), out, err)
    };
    for (status, code) in [("200 OK", 0), ("503 Service Unavailable", 1)] {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let line =
                BufReader::new(&stream).lines().map(Result::unwrap).take_while(|line| !line.is_empty());
            let asked: Vec<String> = line.collect();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            asked[0].clone()
        });
        let (ended, out, err) = look(&url);
        assert_eq!(
            (ended, out.contains("answers, and is only written to")),
            (Some(code), code == 0),
            "{err}"
        );
        assert_eq!(asked.join().unwrap(), "GET /health HTTP/1.1");
    }
    let (ended, out, err) = look("http://127.0.0.1:1");
    assert!(ended == Some(1) && out.is_empty() && err.contains("no answer from"), "{out}{err}");
}

#[test]
fn a_look_names_a_file_that_can_not_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path).to_str().unwrap().to_string();
    let look = |path: &str| run(&[("AUDIT_BACKEND", "file"), ("AUDIT_LOG_FILE", path)], &["--check"]);
    std::fs::write(at("there"), "{}\n").unwrap();
    for bad in ["/proc/nope", "/proc/deep/nope", &at(""), &at("there/nope")] {
        let ended = look(bad);
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(!ended.status.success() && said.contains(bad) && ended.stdout.is_empty(), "{bad}: {said}");
    }
    for good in ["there", "new", "some/new/folders/new"] {
        assert!(look(&at(good)).status.success(), "{good}");
    }
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!((left, std::fs::read_to_string(at("there")).unwrap()), (vec!["there".into()], "{}\n".into()));
}
