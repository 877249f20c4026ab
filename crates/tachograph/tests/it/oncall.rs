//! Whoever is on call is told, by the real server.

use crate::alerts::{folder, forbidden, logged};
use crate::hook::{Hook, until};
use crate::server::{Server, tachograph, text};
use std::path::PathBuf;

/// A folder where ana is on call, and bo may take over.
fn on_call(dir: &std::path::Path, ana: &Hook, bo: &Hook) -> PathBuf {
    let data = folder(dir, "127.0.0.1:9");
    let routing = format!(
        "route: {{receiver: oncall, group_by: ['...'], group_wait: 0s, group_interval: 1s}}\n\
         receivers:\n  - {{name: oncall, schedule: ops}}\n  \
         - name: ana-phone\n    webhook_configs: [{{url: 'http://{}/'}}]\n  \
         - name: bo-phone\n    webhook_configs: [{{url: 'http://{}/'}}]\n\
         people:\n  - {{name: ana, receiver: ana-phone}}\n  - {{name: bo, receiver: bo-phone}}\n\
         schedules:\n  - name: ops\n    location: Europe/Berlin\n    rotations:\n      \
         - {{people: [ana], starts: 2026-01-05, length: 1w}}\n\
         escalations:\n  - {{name: critical, levels: [{{after: 1s, people: [bo]}}]}}\n",
        ana.address, bo.address
    );
    std::fs::write(data.join("routing.yaml"), routing).unwrap();
    data
}

fn now(server: &Server) -> String {
    let answer = server.get("/v1/alerts/oncall").json();
    answer["schedules"][0]["now"]["person"].as_str().unwrap().to_string()
}

#[test]
fn an_override_changes_who_is_told_is_kept_and_is_on_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let (ana, bo) = (Hook::start(), Hook::start());
    let data = on_call(dir.path(), &ana, &bo);
    let server = Server::start(&data);
    forbidden(&server, "a1");
    assert_eq!(ana.next(), ("firing".into(), vec!["forbidden a1 firing".into()]));
    // Nobody answers: the policy of its severity tells bo, once.
    assert_eq!(bo.next(), ("firing".into(), vec!["forbidden a1 firing".into()]));

    let wish = r#"{"schedule":"ops","person":"bo","minutes":60,"comment":"dentist","by":"ana"}"#;
    let set = server.post("/v1/alerts/oncall/overrides", wish).json();
    assert_eq!((set["person"].as_str(), set["by"].as_str()), (Some("bo"), Some("ana")), "{set}");
    assert_eq!(now(&server), "bo");
    // A message that was not noted as sent is sent again after a kill.
    until("both messages are noted", || (logged(&server, "notification_sent").len() == 2).then_some(()));
    server.kill();
    let server = Server::start(&data);
    assert_eq!(now(&server), "bo", "kept over a kill");
    let shown = text(&tachograph(&data, &["alerts", "oncall"], "").stdout);
    assert!(
        shown.starts_with("ops (Europe/Berlin)\n  now   bo until ") && shown.contains("next  ana from"),
        "{shown}"
    );
    forbidden(&server, "a2");
    // First as whoever is on call, then as the one that the policy names.
    assert_eq!(bo.next().1, ["forbidden a2 firing"]);
    assert_eq!(bo.next().1, ["forbidden a2 firing"]);
    assert!(shown.contains(" +0"), "in the time of the place: {shown}");
    let id = set["id"].as_str().unwrap();
    let ended = tachograph(&data, &["alerts", "override", "--end", id], "");
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(now(&server), "ana");
    // What nobody answered is handed over.
    assert_eq!(ana.next().1, ["forbidden a2 firing"]);
    forbidden(&server, "a3");
    assert_eq!(ana.next().1, ["forbidden a3 firing"]);
    until("both are on the log", || {
        let counts = ["oncall_override_set", "oncall_override_ended"].map(|name| logged(&server, name).len());
        (counts == [1, 1]).then_some(())
    });
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let (ana, bo) = (Hook::start(), Hook::start());
    let server = Server::start(&on_call(dir.path(), &ana, &bo));
    for (body, part) in [
        (r#"{"schedule":"opps","person":"bo","minutes":60}"#, "did you mean \\\"ops\\\"?"),
        (r#"{"schedule":"ops","person":"boo","minutes":60}"#, "did you mean \\\"bo\\\"?"),
        (r#"{"schedule":"ops","person":"bo"}"#, "say when it ends"),
        (r#"{"schedule":"ops","person":"bo","minutes":60,"why":"x"}"#, "unknown field `why`"),
        (r#"{"schedule":"ops","person":"bo","ends_at":"2026-01-01T00:00:00Z"}"#, "would end before now"),
    ] {
        let answer = server.post("/v1/alerts/oncall/overrides", body);
        assert!(answer.status == 400 && answer.body.contains(part), "{answer:?}");
    }
    assert_eq!(server.get("/v1/alerts/oncall?at=yesterday").status, 400);
    assert_eq!(server.get("/v1/alerts/oncall?days=91").status, 400);
    let at = server.get("/v1/alerts/oncall?at=2026-01-05T08:00:00Z&days=1").json();
    assert_eq!(at["until"], "2026-01-06T08:00:00.000000Z");
    assert_eq!(at["people"][1]["receivers"], serde_json::json!(["bo-phone"]));
    assert_eq!(at["escalations"][0]["levels"][0]["after_s"], 1);
}

#[test]
fn a_routing_counts_when_it_is_saved_and_one_that_is_broken_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (ana, bo) = (Hook::start(), Hook::start());
    let data = on_call(dir.path(), &ana, &bo);
    let server = Server::start(&data);
    forbidden(&server, "a1");
    assert_eq!(ana.next().1, ["forbidden a1 firing"]);
    assert_eq!(bo.next().1, ["forbidden a1 firing"]);
    let file = data.join("routing.yaml");
    let saved = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, saved.replace("{people: [ana], ", "{people: [anna], ")).unwrap();
    let faults = until("what is wrong is said", || {
        let faults = server.get("/health").json()["faults"].to_string();
        faults.contains("the routing of before is used").then_some(faults)
    });
    assert!(faults.contains("there is no person \\\"anna\\\"; did you mean \\\"ana\\\"?"), "{faults}");
    assert_eq!(now(&server), "ana");
    std::fs::write(&file, saved.replace("{people: [ana], ", "{people: [bo], ")).unwrap();
    until("the new one counts", || (now(&server) == "bo").then_some(()));
    assert_eq!(server.get("/health").json()["faults"], serde_json::json!([]));
    // What was told is not told again; what is new is told to whoever is on call now.
    forbidden(&server, "a2");
    assert_eq!(bo.next().1, ["forbidden a2 firing"]);
}
