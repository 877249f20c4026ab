//! Who may do what: every route under every role, and a limited key that tries every way to what is not its own.

use crate::server::{Server, tachograph, text};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;

/// Who may ask a route. `Own` is `Read`, and a limited key, whose answer is confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// Without a key, too.
    Everybody,
    /// Any key.
    Known,
    Send,
    Witness,
    Own,
    Read,
    Audit,
    Act,
    Administer,
    /// Only a page that signs in: a key alone does not.
    Page,
    /// Only a link that we signed.
    Signed,
}
use May::{Act, Administer, Audit, Everybody, Known, Own, Page, Read as Ask, Send, Signed, Witness};

const KEYS: [&str; 7] = ["none", "agent", "write", "viewer", "auditor", "operator", "admin"];

impl May {
    fn allows(self, key: &str) -> bool {
        match self {
            Everybody => true,
            Known => key != "none",
            Send => ["agent", "write", "admin"].contains(&key),
            Witness => ["write", "admin"].contains(&key),
            Own => ["viewer", "auditor", "operator", "admin", "limited"].contains(&key),
            Ask => ["viewer", "auditor", "operator", "admin"].contains(&key),
            Audit => ["auditor", "admin"].contains(&key),
            Act => ["operator", "admin"].contains(&key),
            Administer => key == "admin",
            Page | Signed => false,
        }
    }
}

/// Every route. A new one is refused by the tests below until it stands here: who may ask it is to be thought about.
const ROUTES: &[(May, &str)] = &[
    (Everybody, "GET /health"),
    (Everybody, "GET /ready"),
    (Everybody, "GET /metrics"),
    (Everybody, "GET /tlog/checkpoint"),
    (Everybody, "GET /tlog/tile/{path}"),
    (Everybody, "GET /v1/openapi.json"),
    (Everybody, "POST /v1/replies/slack"),
    (Everybody, "POST /v1/replies/telegram"),
    (Everybody, "POST /v1/replies/pagerduty"),
    (Everybody, "POST /v1/replies/twilio/text"),
    (Everybody, "POST /v1/replies/twilio/voice"),
    (Signed, "GET /v1/replies/link/{token}"),
    (Signed, "POST /v1/replies/link/{token}"),
    (Known, "GET /v1/session"),
    (Known, "POST /mcp"),
    (Page, "POST /v1/session"),
    (Page, "DELETE /v1/session"),
    (Send, "POST /log"),
    (Send, "POST /insert/jsonline"),
    (Send, "POST /v1/events"),
    (Send, "POST /v1/otlp/v1/logs"),
    (Send, "POST /v1/otlp/v1/metrics"),
    (Send, "POST /v1/otlp/v1/traces"),
    (Send, "POST /v1/traces/ingest"),
    (Witness, "POST /api/v2/alerts"),
    (Own, "GET /v1/sql"),
    (Own, "POST /v1/sql"),
    (Own, "POST /v1/query"),
    (Own, "GET /v1/search"),
    (Own, "GET /v1/events/{id}"),
    (Own, "GET /v1/events/{id}/proof"),
    (Own, "GET /v1/sessions/{id}"),
    (Own, "GET /v1/tail"),
    (Own, "POST /v1/redaction/try"),
    (Ask, "GET /v1/capacity"),
    (Ask, "GET /v1/coverage"),
    (Ask, "GET /v1/queries"),
    (Ask, "GET /v1/retention"),
    (Ask, "GET /v1/reports"),
    (Ask, "GET /v1/dashboards"),
    (Ask, "GET /v1/searches"),
    (Ask, "GET /v1/agents/stopped"),
    (Ask, "GET /v1/alerts"),
    (Ask, "GET /v1/alerts/{id}"),
    (Ask, "GET /v1/alerts/deliveries"),
    (Ask, "GET /v1/alerts/maintenance"),
    (Ask, "GET /v1/alerts/oncall"),
    (Ask, "GET /v1/alerts/receivers"),
    (Ask, "GET /v1/alerts/recompute"),
    (Ask, "GET /v1/alerts/rules"),
    (Ask, "GET /v1/alerts/rules/{id}"),
    (Ask, "POST /v1/alerts/rules/check"),
    (Ask, "POST /v1/alerts/rules/replay"),
    (Ask, "GET /v1/alerts/silences"),
    (Ask, "GET /v1/incidents"),
    (Ask, "GET /v1/incidents/report"),
    (Ask, "GET /v1/incidents/{id}"),
    (Ask, "GET /v1/incidents/{id}/post-mortem"),
    (Ask, "GET /v1/responses"),
    (Ask, "GET /v1/responses/runs/{id}"),
    (Ask, "GET /api/v2/status"),
    (Ask, "GET /api/v2/receivers"),
    (Ask, "GET /api/v2/alerts"),
    (Ask, "GET /api/v2/alerts/groups"),
    (Ask, "GET /api/v2/silences"),
    (Ask, "GET /api/v2/silence/{id}"),
    (Audit, "GET /v1/holds"),
    (Audit, "POST /v1/reports"),
    (Act, "POST /v1/alerts/{id}/acknowledge"),
    (Act, "POST /v1/alerts/{id}/assign"),
    (Act, "POST /v1/alerts/{id}/note"),
    (Act, "POST /v1/alerts/{id}/resolve"),
    (Act, "POST /v1/alerts/{id}/snooze"),
    (Act, "POST /v1/alerts/receivers/{name}/test"),
    (Act, "POST /v1/alerts/silences"),
    (Act, "DELETE /v1/alerts/silences/{id}"),
    (Act, "POST /v1/alerts/silences/{id}/approve"),
    (Act, "POST /v1/alerts/maintenance"),
    (Act, "DELETE /v1/alerts/maintenance/{id}"),
    (Act, "POST /v1/alerts/maintenance/{id}/approve"),
    (Act, "POST /v1/alerts/oncall/overrides"),
    (Act, "DELETE /v1/alerts/oncall/overrides/{id}"),
    (Act, "POST /api/v2/silences"),
    (Act, "DELETE /api/v2/silence/{id}"),
    (Act, "POST /v1/incidents"),
    (Act, "POST /v1/incidents/{id}/alert"),
    (Act, "POST /v1/incidents/{id}/containment"),
    (Act, "POST /v1/incidents/{id}/event"),
    (Act, "POST /v1/incidents/{id}/follow-up"),
    (Act, "POST /v1/incidents/{id}/merge"),
    (Act, "POST /v1/incidents/{id}/note"),
    (Act, "POST /v1/incidents/{id}/role"),
    (Act, "POST /v1/incidents/{id}/state"),
    (Act, "POST /v1/agents/{id}/stop"),
    (Act, "POST /v1/agents/{id}/release"),
    (Act, "POST /v1/responses/{name}/run"),
    (Act, "POST /v1/responses/runs/{id}/approve"),
    (Act, "POST /v1/responses/runs/{id}/decline"),
    (Act, "PUT /v1/dashboards/{name}"),
    (Act, "DELETE /v1/dashboards/{name}"),
    (Act, "PUT /v1/searches/{name}"),
    (Act, "DELETE /v1/searches/{name}"),
    (Administer, "GET /v1/keys"),
    (Administer, "POST /v1/keys"),
    (Administer, "POST /v1/keys/{id}/revoke"),
    (Administer, "POST /v1/holds"),
    (Administer, "POST /v1/holds/{id}/release"),
    (Administer, "POST /v1/retention/run"),
    (Administer, "POST /v1/subjects/{user}/erase"),
    (Administer, "GET /v1/subjects/{user}/export"),
    (Administer, "PUT /v1/alerts/rules/{id}"),
    (Administer, "DELETE /v1/alerts/rules/{id}"),
];

/// Paths that are not as their routes: what they lead to is for others.
const PARTS: &[(May, &str)] = &[
    (Ask, "GET /tlog/tile/entries/000.p/1"),
    (Administer, "POST /v1/events?import=a.jsonl"),
    (Own, "GET /ui/about"),
];

fn made(data: &Path, name: &str, more: &[&str]) -> String {
    let made = tachograph(data, &[&["key", "create", name][..], more].concat(), "");
    assert!(made.status.success(), "{made:?}");
    text(&made.stdout).trim().to_string()
}

/// The status alone: a stream never ends. Without a key by the name `none`.
fn status(server: &Server, asked: &str, key: Option<&str>) -> u16 {
    let (method, path) = asked.split_once(' ').unwrap();
    let path = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
    let query = if asked == "GET /v1/sql" { "?query=SELECT%201" } else { "" };
    let path = path.collect::<Vec<_>>().join("/") + query;
    let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\n{key}content-type: application/json\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.split(' ').nth(1).unwrap_or_else(|| panic!("{asked}: {line:?}")).parse().unwrap()
}

#[test]
fn every_route_stands_in_the_table_with_who_may_ask_it() {
    let known: BTreeSet<&str> = ROUTES.iter().map(|(_, route)| *route).collect();
    assert_eq!(known.len(), ROUTES.len(), "a route stands there twice");
    let document = tachograph(Path::new("."), &["openapi"], "");
    let document: Value = serde_json::from_slice(&document.stdout).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys().filter(|name| name.len() < 7) {
            let route = format!("{} {path}", method.to_uppercase());
            assert!(known.contains(route.as_str()), "say in ROUTES who may ask {route}");
        }
    }
    // Some routes are in no document: they are found in the text of the program.
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
    let mut folders = vec![source];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let text = std::fs::read_to_string(&entry).unwrap();
            for path in text.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let path = path.replace("{*path}", "{path}");
                let is_grpc = path.starts_with("/opentelemetry.");
                let listed = known.iter().any(|route| route.ends_with(&path));
                assert!(listed || is_grpc, "say in ROUTES who may ask {path} ({})", entry.display());
            }
        }
    }
}

#[test]
fn every_role_may_what_the_table_says_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut keys: Vec<(&str, Option<String>)> = KEYS
        .iter()
        .map(|role| (*role, (*role != "none").then(|| made(&data, role, &["--role", role]))))
        .collect();
    keys.push(("limited", Some(made(&data, "limited", &["--role", "viewer", "--agents", "ops/a"]))));
    let server = Server::start(&data);
    let mut wrong = Vec::new();
    for (may, route) in ROUTES.iter().chain(PARTS) {
        for (name, key) in &keys {
            let status = status(&server, route, key.as_deref());
            let passed = ![401, 403].contains(&status);
            // The page that tells a browser to sign in is for everybody.
            let tells = *route == "GET /ui/about" && *name == "none";
            if passed != (may.allows(name) || tells) {
                wrong.push(format!("{route} for {name}: {status}, expected {may:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A server with events of two users and two agents, and the secret word of each.
fn shared() -> (tempfile::TempDir, Server, String, String, String) {
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

/// Asks with a key; gives status and body.
fn ask(server: &Server, key: &str, asked: &str, body: &str, more: &str) -> (u16, String) {
    let (method, path) = asked.split_once(' ').unwrap();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nhost: {}\r\nauthorization: Bearer {key}\r\n{more}content-length: {}\r\n\r\n{body}",
        server.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_string())
}

const MCP: &str = "content-type: application/json\r\naccept: application/json, text/event-stream\r\nmcp-protocol-version: 2025-11-25\r\n";

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
    let mcp = |tool: &str, arguments: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
        )
    };
    let asked: Vec<(String, String, &str)> = vec![
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
    ];
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
    // What comes live follows what was missed, once.
    let address = server.address.clone();
    let (ready, sent) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
    let listening = std::thread::spawn(move || {
        let mut stream = TcpStream::connect(&address).unwrap();
        let head = format!(
            "GET /v1/tail HTTP/1.0\r\nhost: {address}\r\nauthorization: Bearer {admin}\r\nlast-event-id: {from}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let lines = BufReader::new(stream).lines().map(Result::unwrap);
        let ids = lines.filter_map(|line| line.strip_prefix("id: ").map(|id| id.parse::<u64>().unwrap()));
        let mut seen = Vec::new();
        for id in ids {
            seen.push(id);
            if seen.len() == 1 {
                ready.0.send(admin.clone()).unwrap();
            }
            if sent.1.try_recv().is_ok_and(|last: u64| last <= id) || seen.len() == 30 {
                break;
            }
        }
        seen
    });
    let admin = ready.1.recv().unwrap();
    let body = (0..20)
        .map(|n| format!("{{\"id\":\"late-{n}\",\"agent\":{{\"id\":\"late\"}}}}\n"))
        .collect::<String>();
    let bearer = format!("Bearer {admin}");
    let answer = server.post_with("/log", body.as_bytes(), &[("authorization", &bearer)]).unwrap();
    drop(sent.0.send(answer.json()["last_index"].as_u64().unwrap()));
    let seen = listening.join().unwrap();
    assert!(seen.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seen:?}");
}

#[test]
fn a_cookie_counts_beside_the_header_of_the_page_until_one_signs_out() {
    let (_dir, server, admin, alice, _) = shared();
    let page = "x-tachograph-page: 1\r\n";
    let send = |asked: &str, more: &str, body: &str| {
        let (method, path) = asked.split_once(' ').unwrap();
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nhost: x\r\n{more}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let key = |key: &str| format!("{{\"key\":\"{key}\"}}");
    assert!(
        send("POST /v1/session", "", &key(&admin)).contains(" 403 "),
        "a page of elsewhere signs nobody in"
    );
    let answer = send("POST /v1/session", page, &key(&alice));
    assert!(
        answer.contains("HttpOnly; SameSite=Strict") && answer.contains("\"user\":\"alice\""),
        "{answer}"
    );
    let cookie = answer.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap();
    let cookie = format!("cookie: {cookie}\r\n");
    let with_page = format!("{cookie}{page}");
    let sql = "SELECT count(*) AS n FROM events";
    assert!(send("POST /v1/sql", &with_page, sql).contains("\"n\":10"), "the key's limits are the cookie's");
    for forged in ["POST /v1/sql", "GET /v1/search", "GET /v1/tail"] {
        assert!(send(forged, &cookie, sql).contains(" 401 "), "{forged}");
    }
    assert!(send("POST /v1/keys", &with_page, "{}").contains(" 403 "));
    assert!(send("DELETE /v1/session", &with_page, "").contains(" 204 "));
    assert!(send("POST /v1/sql", &with_page, sql).contains(" 401 "));
    for _ in 0..10 {
        assert!(send("POST /v1/session", page, &key("tgk_wrong")).contains(" 401 "));
    }
    assert!(send("POST /v1/session", page, &key(&admin)).contains(" 429 "), "too many failed tries");
    let sql = "SELECT action_name, outcome_result->>'key' AS key FROM agent_audit_log WHERE action_name IN ('login', 'logout') ORDER BY index";
    let (_, told) = ask(&server, &admin, "POST /v1/sql", sql, "accept: text/csv\r\n");
    assert_eq!(told.lines().skip(1).collect::<Vec<_>>(), ["login,alice", "logout,alice"]);
}

#[test]
fn keys_are_made_and_revoked_over_http_at_once_and_on_the_record() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    let wanted = |name: &str, role: &str| format!("{{\"name\":\"{name}\",\"role\":\"{role}\"}}");
    assert_eq!(server.post("/v1/keys", &wanted("first", "viewer")).status, 409, "nobody could go on");
    for (body, why) in [
        (wanted("", "admin"), "needs a name"),
        (wanted("x", "boss"), "expected one of"),
        (r#"{"name":"x","role":"admin","limits":{"user":"u"}}"#.into(), "only a key of role viewer"),
        (r#"{"name":"x","role":"viewer","limits":{"users":["u"]}}"#.into(), "unknown field"),
    ] {
        let answer = server.post("/v1/keys", &body);
        assert!(answer.status == 400 && answer.body.contains(why), "{answer:?}");
    }
    let first = server.post("/v1/keys", &wanted("first", "admin")).json();
    let admin = first["key"].as_str().unwrap();
    assert_eq!(server.get("/v1/keys").status, 401, "from now on a key is needed");
    let (status, second) = ask(&server, admin, "POST /v1/keys", &wanted("second", "viewer"), "");
    assert_eq!(status, 200, "{second}");
    let second: Value = serde_json::from_str(&second).unwrap();
    let key = second["key"].as_str().unwrap();
    assert_eq!(ask(&server, key, "GET /v1/search", "", "").0, 200);
    let revoke = format!("POST /v1/keys/{}/revoke", second["id"].as_str().unwrap());
    assert_eq!(ask(&server, key, &revoke, "", "").0, 403);
    assert_eq!(ask(&server, admin, &revoke, "", "").0, 200);
    assert_eq!(ask(&server, key, "GET /v1/search", "", "").0, 401, "at once");
    let (_, listed) = ask(&server, admin, "GET /v1/keys", "", "");
    assert!(!listed.contains(key) && !listed.contains(admin), "a list tells no secret");
    let sql = "SELECT action_name, outcome_result->>'name' AS name FROM agent_audit_log WHERE action_type = 'settings' ORDER BY index";
    let (_, told) = ask(&server, admin, "POST /v1/sql", sql, "accept: text/csv\r\n");
    let told: Vec<&str> = told.lines().skip(1).collect();
    assert_eq!(told, ["api_key_created,first", "api_key_created,second", "api_key_revoked,second"]);
    server.stop();
    assert!(tachograph(&data, &["verify"], "").status.success(), "the rows are what the log tells");
}
