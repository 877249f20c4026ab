//! Maintenance, begun by hand at the real server.

use crate::alerts::{folder, forbidden, logged, open};
use crate::hook::{Hook, until};
use crate::server::{Server, tachograph, text};
use std::path::Path;

/// Begins maintenance of an agent by the command line; gives its id.
fn begin(data: &Path, agent: &str, strategy: &str) -> String {
    let matcher = format!("agent_id=\"{agent}\"");
    let words =
        ["alerts", "maintenance", &matcher, "--strategy", strategy, "--comment", "the disk is swapped"];
    let begun = tachograph(data, &words, "");
    assert!(begun.status.success(), "{begun:?}");
    text(&begun.stdout).split_whitespace().nth(1).unwrap().to_string()
}

#[test]
fn what_fires_meanwhile_is_told_after_it_or_not_at_all_and_what_ends_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let data = folder(dir.path(), &hook.address);
    let server = Server::start(&data);
    forbidden(&server, "old");
    assert_eq!(hook.next().1, ["forbidden old firing"]);
    let old = open(&server)[0]["id"].as_str().unwrap().to_string();
    let (after, never, told) = (
        begin(&data, "a1", "deliver_after"),
        begin(&data, "a2", "suppress"),
        begin(&data, "old", "suppress"),
    );
    forbidden(&server, "a1");
    forbidden(&server, "a2");
    forbidden(&server, "other");
    assert_eq!(hook.next().1, ["forbidden other firing"], "nothing of the two before");
    let muted: Vec<String> =
        open(&server).iter().map(|alert| alert["muted_by"]["maintenance"].to_string()).collect();
    assert!(muted.contains(&format!("\"{after}\"")) && muted.contains(&format!("\"{never}\"")), "{muted:?}");
    let listed = server.get("/v1/alerts/maintenance").json();
    let counts: Vec<u64> = listed["windows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|window| window["mutes"].as_u64().unwrap())
        .collect();
    assert_eq!(counts, [1, 1, 1]);
    assert_eq!(server.get("/v1/alerts/silences").json()["silences"], serde_json::json!([]));
    // That it is over is never swallowed.
    server.post(&format!("/v1/alerts/{old}/resolve"), r#"{"by":"ada"}"#);
    assert_eq!(hook.next(), ("resolved".into(), vec!["forbidden old resolved".into()]));
    for id in [&never, &after, &told] {
        let ended = tachograph(&data, &["alerts", "maintenance", "--end", id], "");
        assert!(ended.status.success(), "{ended:?}");
    }
    assert_eq!(hook.next().1, ["forbidden a1 firing"]);
    forbidden(&server, "last");
    assert_eq!(hook.next().1, ["forbidden last firing"], "nothing of a2");
    until("begin and end are on the log", || {
        let counts =
            ["alert_maintenance_set", "alert_maintenance_ended"].map(|name| logged(&server, name).len());
        (counts == [3, 3]).then_some(())
    });
    let refused = server
        .post("/v1/alerts/maintenance", r#"{"matchers":["agent_id=~\".*\""],"minutes":5,"comment":"x"}"#);
    assert!(refused.status == 400 && refused.body.contains("every alert"), "{refused:?}");
}

#[test]
fn a_window_of_the_routing_is_on_the_log_and_is_ended_there() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let data = folder(dir.path(), &hook.address);
    let routing = data.join("routing.yaml");
    let text = std::fs::read_to_string(&routing).unwrap();
    let window = "maintenance:\n  - name: always\n    matchers: ['agent_id=\"a1\"']\n    comment: it is new\n    \
                  strategy: deliver_after\n    time_intervals: [{months: ['1:12']}]\n";
    std::fs::write(&routing, format!("{text}{window}")).unwrap();
    let server = Server::start(&data);
    forbidden(&server, "a1");
    until("its alert is kept quiet", || {
        let open = open(&server);
        (open.first()?["muted_by"]["maintenance"] == "always").then_some(())
    });
    let listed = server.get("/v1/alerts/maintenance").json()["windows"][0].clone();
    assert_eq!(
        (listed["state"].as_str(), listed["planned"].as_bool()),
        (Some("active"), Some(true)),
        "{listed}"
    );
    let ended = tachograph(&data, &["alerts", "maintenance", "--end", "always"], "");
    assert!(
        !ended.status.success()
            && String::from_utf8_lossy(&ended.stderr).contains("change it in routing.yaml"),
        "{ended:?}"
    );
    until("its begin is on the log", || {
        (logged(&server, "alert_maintenance_begun").len() == 1).then_some(())
    });
    server.kill();
    std::fs::write(&routing, text).unwrap();
    let server = Server::start(&data);
    assert_eq!(hook.next().1, ["forbidden a1 firing"], "told when the window is gone");
    until("its end is on the log", || (logged(&server, "alert_maintenance_ended").len() == 1).then_some(()));
    assert_eq!(
        logged(&server, "alert_maintenance_begun").len(),
        1,
        "begun once, whatever happened in between"
    );
}

#[test]
fn maintenance_of_a_critical_built_in_rule_waits_for_a_second_person() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "127.0.0.1:9");
    let keys = ["ada", "bob"].map(|name| {
        let made = tachograph(&data, &["key", "create", name, "--role", "admin"], "");
        text(&made.stdout).trim().to_string()
    });
    let server = Server::start(&data);
    let post = |path: &str, body: &str, key: &str| {
        server.post_with(path, body.as_bytes(), &[("x-api-key", key)]).unwrap()
    };
    let wish = r#"{"matchers":["severity=\"critical\""],"minutes":5,"comment":"the whole building"}"#;
    let asked = post("/v1/alerts/maintenance", wish, &keys[0]).json();
    assert_eq!((asked["state"].as_str(), asked["by"].as_str()), (Some("waiting"), Some("ada")), "{asked}");
    let approve = format!("/v1/alerts/maintenance/{}/approve", asked["id"].as_str().unwrap());
    assert_eq!(post(&approve, "", &keys[0]).status, 400, "not the same person");
    let agreed = post(&approve, "", &keys[1]).json();
    assert_eq!(
        (agreed["state"].as_str(), agreed["approved_by"].as_str()),
        (Some("active"), Some("bob")),
        "{agreed}"
    );
}
