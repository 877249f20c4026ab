//! A key that sees only its own, and every way that it tries to what is not; the live tail of such a key.

use crate::access::{ask, made};
use crate::server::{Server, tachograph};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

/// A server with events of two users and two agents, and the secret word of each.
pub(crate) fn shared() -> (tempfile::TempDir, Server, String, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let admin = made(&data, "boss", &["--role", "admin"]);
    let alice = made(&data, "alice", &["--role", "viewer", "--user", "alice"]);
    let team = made(&data, "team", &["--role", "viewer", "--teams", "red"]);
    let edited = tachograph(&data, &["agents", "set", "ops/a", "--team", "red"], "");
    assert!(edited.status.success(), "{edited:?}");
    let server = Server::start(&data);
    let event = |user: &str, agent: &str, word: &str, n: u32| {
        serde_json::json!({
            "id": format!("event-{word}-{n}"), "agent": {"id": agent}, "user": user, "session_id": "shared-session",
            "action": {"type": "tool", "name": "Bash", "parameters": {"command": format!("echo {word}")}},
            "outcome": {"status": "success", "result": word},
        })
    };
    let events: Vec<Value> = (0..20)
        .map(|n| match n % 2 {
            0 => event("alice", "ops/a", "wisteria", n),
            _ => event("bob", "ops/b", "oleander", n),
        })
        .collect();
    let bearer = format!("Bearer {admin}");
    let sent =
        server.post_with("/log", Value::from(events).to_string().as_bytes(), &[("authorization", &bearer)]);
    assert_eq!(sent.unwrap().json()["accepted"], 20);
    (dir, server, admin, alice, team)
}

const MCP: &str = "content-type: application/json\r\naccept: application/json, text/event-stream\r\nmcp-protocol-version: 2025-11-25\r\n";

/// What is asked, with which body and further headers; an event of others by id and index.
fn every_way(id: &str, index: u64) -> Vec<(String, String, &'static str)> {
    let mcp = |tool: &str, arguments: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
        )
    };
    vec![
        ("POST /v1/sql".into(), "SELECT * FROM events".into(), ""),
        (
            "POST /v1/sql".into(),
            "SELECT * FROM observations WHERE action_name = 'Bash' ORDER BY timestamp DESC LIMIT 50".into(),
            "",
        ),
        ("POST /v1/sql".into(), "SELECT * FROM agents".into(), "accept: text/csv\r\n"),
        (
            "GET /v1/sql?query=SELECT%20*%20FROM%20agent_audit_log".into(),
            String::new(),
            "accept: text/csv\r\n",
        ),
        (
            "POST /v1/query?last=1h".into(),
            "agent_audit_log | fields agent_id, user_id, action_details".into(),
            "",
        ),
        ("GET /v1/search?q=echo".into(), String::new(), ""),
        ("GET /v1/search?q=oleander".into(), String::new(), ""),
        ("GET /v1/search?agent=ops/b".into(), String::new(), ""),
        ("GET /v1/sessions/shared-session".into(), String::new(), "accept: text/plain\r\n"),
        (format!("GET /v1/events/{id}"), String::new(), ""),
        (format!("GET /v1/events/{index}"), String::new(), ""),
        (format!("GET /v1/events/{index}/proof"), String::new(), ""),
        ("GET /v1/events/event-oleander-1".into(), String::new(), ""),
        ("GET /v1/subjects/bob/export".into(), String::new(), ""),
        ("GET /v1/coverage".into(), String::new(), ""),
        ("GET /v1/alerts".into(), String::new(), ""),
        ("GET /v1/incidents".into(), String::new(), ""),
        ("GET /v1/queries".into(), String::new(), ""),
        ("GET /v1/holds".into(), String::new(), ""),
        ("GET /v1/reports".into(), String::new(), ""),
        ("GET /v1/dashboards".into(), String::new(), ""),
        ("GET /tlog/tile/entries/000.p/20".into(), String::new(), ""),
        ("POST /mcp".into(), mcp("search_logs", r#"{"query":"echo"}"#), MCP),
        ("POST /mcp".into(), mcp("get_entry", r#"{"id":"event-oleander-1"}"#), MCP),
        ("POST /mcp".into(), mcp("get_session", r#"{"session_id":"shared-session"}"#), MCP),
    ]
}

#[test]
fn a_limited_key_sees_its_own_and_nothing_of_others_by_any_way() {
    let (_dir, server, admin, alice, team) = shared();
    let others: Value = {
        let sql = "SELECT event_id, index FROM events WHERE agent_id = 'ops/b' LIMIT 1";
        let (status, body) = ask(&server, &admin, "POST /v1/sql", sql, "");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()["rows"][0].clone()
    };
    let (id, index) = (others["event_id"].as_str().unwrap(), others["index"].as_u64().unwrap());
    let asked = every_way(id, index);
    let strangers = |body: &str| ["oleander", "bob", "ops/b"].into_iter().find(|word| body.contains(word));
    for (name, key) in [("alice", &alice), ("team", &team)] {
        let mut seen = 0;
        for (asked, body, more) in &asked {
            let (status, answer) = ask(&server, key, asked, body, more);
            // What was asked for may be said again.
            let answer =
                answer.replace("q=oleander", "").replace("event-oleander-1", "").replace("agent=ops/b", "");
            assert!(strangers(&answer).is_none(), "{name}: {asked} {body}: {status} {answer}");
            seen += usize::from(answer.contains("wisteria"));
        }
        assert!(seen >= 7, "{name} sees too little for this test to say anything: {seen}");
    }
    // The same questions show it to whoever may see it: none of them asks for nothing.
    let all = asked
        .iter()
        .filter(|(asked, body, more)| strangers(&ask(&server, &admin, asked, body, more).1).is_some());
    assert!(all.count() >= 15);
    let (status, own) = ask(&server, &alice, "GET /v1/subjects/alice/export", "", "");
    assert!(status == 200 && own.contains("wisteria") && strangers(&own).is_none(), "{status} {own}");
    assert_eq!(ask(&server, &team, "GET /v1/subjects/alice/export", "", "").0, 403);
}

#[test]
fn a_limited_key_asks_for_an_entry_of_its_own_with_what_tells_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let key = |name: &str, more: &[&str]| made(dir.path(), name, more);
    let admin = key("boss", &["--role", "admin"]);
    let alice = key("alice", &["--role", "viewer", "--user", "alice"]);
    let agents = key("agents", &["--role", "viewer", "--agents", "ops/a"]);
    let server = Server::start(dir.path());
    let call = |tool: &str, arguments: Value| {
        let params = serde_json::json!({"name": tool, "arguments": arguments});
        serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string()
    };
    let say = |key: &str, tool: &str, arguments: Value| {
        let (status, body) = ask(&server, key, "POST /mcp", &call(tool, arguments), MCP);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()["result"].clone()
    };
    let who = serde_json::json!({"event_id": "own", "action_name": "deploy", "agent_id": "ops/a", "session_id": "s",
        "user_id": "alice", "status": "running"});
    let index = say(&admin, "log_action", who)["structuredContent"]["index"].to_string();
    // The outcome that another agent tells joins the action and stays that agent's.
    for (agent, user, word) in [("ops/a", "alice", "wisteria"), ("ops/b", "bob", "oleander")] {
        let ended = serde_json::json!({"action_id": "own", "event_id": format!("{word}-ended"), "agent_id": agent,
            "session_id": "s", "user_id": user, "status": "success", "result": word});
        assert_eq!(say(&admin, "log_outcome", ended)["isError"], false);
    }
    for key in [&alice, &agents] {
        for id in ["own", index.as_str(), "wisteria-ended"] {
            let entry = say(key, "get_entry", serde_json::json!({"id": id}));
            assert_eq!(entry["isError"], false, "{entry}");
            assert_eq!(entry["structuredContent"]["observations"].as_array().unwrap().len(), 2, "{entry}");
            assert!(!entry.to_string().contains("oleander"), "{entry}");
        }
        let evidence = say(key, "export_evidence", serde_json::json!({"ids": ["own", "wisteria-ended"]}));
        assert_eq!(evidence["structuredContent"]["entries"].as_array().unwrap().len(), 2, "{evidence}");
        for (tool, named) in [
            ("get_entry", serde_json::json!({"id": "oleander-ended"})),
            ("export_evidence", serde_json::json!({"ids": ["own", "oleander-ended"]})),
        ] {
            let others = say(key, tool, named);
            assert_eq!(others["isError"], true, "{others}");
        }
    }
}

/// Reads the stream until so many messages came.
fn tailed(server: &Server, key: &str, last: Option<u64>, count: usize) -> Vec<Value> {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let last = last.map(|last| format!("last-event-id: {last}\r\n")).unwrap_or_default();
    let head = format!(
        "GET /v1/tail HTTP/1.0\r\nhost: {}\r\nauthorization: Bearer {key}\r\n{last}\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    let data =
        lines.filter_map(|line| line.strip_prefix("data: ").map(|data| serde_json::from_str(data).unwrap()));
    data.take(count).collect()
}

#[test]
fn a_tail_goes_on_where_it_broke_off_and_shows_a_limited_key_its_own() {
    let (_dir, server, admin, alice, _) = shared();
    let index = |event: &Value| event["index"].as_u64().unwrap();
    let all = tailed(&server, &admin, Some(0), 20);
    assert!(all.windows(2).all(|pair| index(&pair[1]) == index(&pair[0]) + 1), "no gap and no repetition");
    let from = index(&all[9]);
    assert_eq!(index(&tailed(&server, &admin, Some(from), 1)[0]), from + 1);
    let own = tailed(&server, &alice, Some(0), 10);
    assert!(own.iter().all(|event| event["who"]["user"] == "alice"), "{own:?}");
    // What comes live follows what was missed, once: so many that some of both are among them.
    let (address, key) = (server.address.clone(), admin.clone());
    let (ready, begun) = std::sync::mpsc::channel();
    let listening = std::thread::spawn(move || {
        let mut stream = TcpStream::connect(&address).unwrap();
        let head = format!(
            "GET /v1/tail HTTP/1.0\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nlast-event-id: {from}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let lines = BufReader::new(stream).lines().map(Result::unwrap);
        let ids = lines.filter_map(|line| line.strip_prefix("id: ").map(|id| id.parse::<u64>().unwrap()));
        let ids = ids.enumerate().inspect(|(place, _)| {
            if *place == 0 {
                ready.send(()).unwrap();
            }
        });
        ids.map(|(_, id)| id).take(30).collect::<Vec<u64>>()
    });
    begun.recv().unwrap();
    let body = (0..30)
        .map(|n| format!("{{\"id\":\"late-{n}\",\"agent\":{{\"id\":\"late\"}}}}\n"))
        .collect::<String>();
    let bearer = format!("Bearer {admin}");
    let answer = server.post_with("/log", body.as_bytes(), &[("authorization", &bearer)]).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen = listening.join().unwrap();
    assert!(seen[0] == from + 1 && seen.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seen:?}");
}
