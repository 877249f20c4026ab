//! Signing in by a cookie, and keys that are made and revoked over HTTP.

use crate::access::ask;
use crate::limited::shared;
use crate::server::{Server, tachograph};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

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
