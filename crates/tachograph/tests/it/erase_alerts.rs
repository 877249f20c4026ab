//! A person is erased: nothing that alerting keeps names them any more, and what it keeps of others stays.

use crate::incidents::{event, list, send, until};
use crate::server::{Server, tachograph, text};
use serde_json::json;
use std::path::Path;

const NAME: &str = "marmalade@people.example";
const ADDRESS: &str = "203.0.113.77";
const RULES: &str = "\
id: denied
title: Somebody was refused
severity: warning
query: agent_audit_log | action = 'forbidden' | count() as n by user_id | n >= 2
every: stream
window: 1h
annotations: {summary: '{{user_id}} was refused {{n}} times'}
action: [team]
---
id: knocking
title: An address knocks
severity: warning
query: agent_audit_log | action = 'forbidden' | count() as n by source_ip | n >= 2
every: stream
window: 1h
annotations: {summary: '{{source_ip}} knocks'}
";

/// Files of a folder that hold a text.
fn holding(folder: &Path, text: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holding(&path, text, found);
        } else if std::fs::read(&path).unwrap().windows(text.len()).any(|some| some == text.as_bytes()) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
}

#[test]
fn nothing_that_alerting_keeps_names_a_person_who_was_erased() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir_all(data.join("rules")).unwrap();
    std::fs::write(data.join("rules/own.yaml"), RULES).unwrap();
    let ports = "[otlp]\nhttp = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\n";
    std::fs::write(
        data.join("config.toml"),
        format!("{ports}[alerts.incidents]\nwindow = \"1s\"\ntell = [\"team\"]\n"),
    )
    .unwrap();
    // A channel that is never there: what is to be told waits with the name in it.
    let routing = "route: {receiver: team, group_by: [alertname, user_id], group_wait: 0s}\nreceivers:\n  - name: team\n    webhook_configs: [{url: 'http://127.0.0.1:9/x'}]\n";
    std::fs::write(data.join("routing.yaml"), routing).unwrap();
    let server = Server::start(&data);
    let of = |user: &str, ip: &str| {
        event("billing", "tool", "forbidden", json!({"user_id": user, "ip_address": ip}))
    };
    send(
        &server,
        &[
            of(NAME, ADDRESS),
            of(NAME, ADDRESS),
            of("sauerkraut", "198.51.100.9"),
            of("sauerkraut", "198.51.100.9"),
        ],
    );
    let one = until("alerts and their incident name the person", || {
        let alerts = server.get("/v1/alerts").body;
        let all = list(&server.get("/v1/incidents?state=all").json(), "incidents");
        let one = all.first().map_or_else(
            || json!({}),
            |one| server.get(&format!("/v1/incidents/{}", one["id"].as_str().unwrap())).json(),
        );
        let named =
            [NAME, ADDRESS].iter().all(|word| alerts.contains(word) && one.to_string().contains(word));
        if named { Ok(one) } else { Err(format!("{alerts} {one}")) }
    });
    let note = json!({"note": format!("called {NAME}"), "by": "kim"});
    assert_eq!(
        server.post(&format!("/v1/incidents/{}/note", one["id"].as_str().unwrap()), &note.to_string()).status,
        200
    );
    let mut before = Vec::new();
    holding(&data, NAME, &mut before);
    assert!(before.iter().any(|file| file.starts_with("alerts.sqlite")), "{before:?}");

    let erased = tachograph(&data, &["subject", "erase", NAME, "--yes"], "");
    assert!(erased.status.success(), "{}", text(&erased.stderr));
    let mut after = Vec::new();
    for word in [NAME, ADDRESS] {
        holding(&data, word, &mut after);
    }
    let kept: Vec<&String> = after.iter().filter(|file| file.starts_with("alerts.sqlite")).collect();
    assert!(kept.is_empty(), "{after:?}");
    let shown = ["/v1/alerts?state=all", "/v1/incidents?state=all", "/v1/alerts/deliveries"]
        .map(|path| server.get(path).body)
        .concat();
    assert!(!shown.contains(NAME) && !shown.contains(ADDRESS), "{shown}");
    assert!(shown.contains("sauerkraut was refused") && shown.contains("[ERASED] was refused"), "{shown}");
    // After a kill it is the same, and the incident goes on.
    server.kill();
    let server = Server::start(&data);
    let again = server.get(&format!("/v1/incidents/{}", one["id"].as_str().unwrap()));
    assert!(again.body.contains("[ERASED] was refused") && !again.body.contains(NAME), "{again:?}");
}
