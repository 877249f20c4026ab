//! Who may do what: every route under every role.

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
    (Own, "GET /v1/tail/ws"),
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
    (Ask, "GET /v1/alerts/rules/edits"),
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
    (Audit, "GET /v1/reports/kept/{file}"),
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
    (Act, "POST /v1/alerts/rules/edits/{id}/approve"),
    (Act, "DELETE /v1/alerts/rules/edits/{id}"),
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

pub(crate) fn made(data: &Path, name: &str, more: &[&str]) -> String {
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

/// Asks with a key; gives status and body.
pub(crate) fn ask(server: &Server, key: &str, asked: &str, body: &str, more: &str) -> (u16, String) {
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
