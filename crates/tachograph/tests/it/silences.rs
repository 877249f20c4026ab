//! Who may keep alerts quiet.

use crate::alerts::folder;
use crate::server::{Server, tachograph, text};
use std::path::Path;

fn key(data: &Path, name: &str) -> String {
    let made = tachograph(data, &["key", "create", name, "--role", "admin"], "");
    text(&made.stdout).trim().to_string()
}

#[test]
fn nobody_mutes_a_critical_built_in_rule_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "127.0.0.1:9");
    let keys = [key(&data, "ada"), key(&data, "bob")];
    let server = Server::start(&data);
    let post = |path: &str, body: &str, key: &str| {
        server.post_with(path, body.as_bytes(), &[("x-api-key", key)]).unwrap()
    };
    let wish = |matcher: &str| {
        serde_json::json!({"matchers": [matcher], "minutes": 5, "comment": "test"}).to_string()
    };
    // A warning, and a rule of one's own, are muted by one.
    for free in ["alertname=\"high_error_rate\"", "alertname=\"forbidden\""] {
        let set = post("/v1/alerts/silences", &wish(free), &keys[0]).json();
        assert_eq!(set["state"], "active", "{set}");
    }
    for guarded in ["alertname=\"failed_logins\"", "severity=\"critical\"", "agent_id=\"a1\""] {
        let asked = post("/v1/alerts/silences", &wish(guarded), &keys[0]).json();
        assert_eq!(asked["state"], "waiting", "{asked}");
    }
    let asked = post("/v1/alerts/silences", &wish("alertname=~\"failed.*\""), &keys[0]).json();
    let approve = format!("/v1/alerts/silences/{}/approve", asked["id"].as_str().unwrap());
    assert_eq!(post(&approve, "", &keys[0]).status, 400);
    let agreed = post(&approve, "", &keys[1]).json();
    assert_eq!((agreed["state"].as_str(), agreed["approved_by"].as_str()), (Some("active"), Some("bob")));
    assert_eq!(post(&approve, "", &keys[1]).status, 404);
}
