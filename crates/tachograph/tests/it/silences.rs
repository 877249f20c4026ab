//! Who may keep alerts quiet.

use crate::alerts::folder;
use crate::hook::until;
use crate::server::{Server, answer, tachograph, text};
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

/// A rule in the place of the built-in one of this id.
fn weak(id: &str) -> String {
    format!("id: {id}\nseverity: info\nquery: agent_audit_log | action = 'nothing'\n")
}

#[test]
fn nobody_weakens_a_critical_built_in_rule_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "127.0.0.1:9");
    let keys = [key(&data, "ada"), key(&data, "bob")];
    let server = Server::start(&data);
    let agent =
        ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
    let url = |name: &str| format!("http://{}/v1/alerts/rules/{name}", server.address);
    let put = |name: &str, text: &str| {
        let body = serde_json::json!({"text": text}).to_string();
        answer(agent.put(url(name)).header("x-api-key", &keys[0]).send(body).unwrap())
    };
    let delete =
        |name: &str| answer(agent.delete(url(name)).header("x-api-key", &keys[0]).call().unwrap()).status;
    let source = |id: &str| {
        let rule = answer(agent.get(url(id)).header("x-api-key", &keys[0]).call().unwrap()).json();
        rule["source"].as_str().unwrap().to_string()
    };
    let approve = |id: &serde_json::Value, key: &str| {
        let path = format!("/v1/alerts/rules/edits/{}/approve", id.as_str().unwrap());
        server.post_with(&path, b"", &[("x-api-key", key)]).unwrap()
    };
    // A warning, and a rule of one's own, are edited by one.
    assert_eq!(put("free.yaml", &weak("high_error_rate")).status, 200);
    let asked = put("weak.yaml", &weak("failed_logins"));
    let edit = asked.json();
    assert_eq!((asked.status, edit["state"].as_str()), (202, Some("waiting")), "{edit}");
    assert_eq!(edit["rules"], serde_json::json!(["failed_logins"]));
    assert!(!data.join("rules/weak.yaml").exists() && source("failed_logins") == "builtin");
    let own = approve(&edit["id"], &keys[0]);
    assert!(own.status == 400 && own.body.contains("with another key"), "{own:?}");
    assert_eq!(approve(&edit["id"], &keys[1]).json()["state"], "saved");
    until("it is followed", || (source("failed_logins") == "weak.yaml").then_some(()));
    // What stands in its place is muted by nobody alone either: it may go before the silence ends.
    let wish = r#"{"matchers":["alertname=failed_logins"],"minutes":5,"comment":"test"}"#;
    let asked = server.post_with("/v1/alerts/silences", wish.as_bytes(), &[("x-api-key", &keys[0])]).unwrap();
    assert_eq!(asked.json()["state"], "waiting", "{asked:?}");
    assert_eq!(approve(&edit["id"], &keys[1]).status, 404);
    // What does not change it needs nobody, and neither that it is again as it is built in.
    assert_eq!(put("weak.yaml", &format!("# Why.\n{}", weak("failed_logins"))).status, 200);
    assert_eq!(delete("weak.yaml"), 204);
    until("it is built in again", || (source("failed_logins") == "builtin").then_some(()));

    // To take a file away may weaken too, and a file that changed meanwhile is not overwritten.
    std::fs::write(data.join("rules/0.yaml"), weak("failed_logins")).unwrap();
    std::fs::write(data.join("rules/1.yaml"), tacho_alert::builtin::text("failed_logins").unwrap()).unwrap();
    assert_eq!(delete("1.yaml"), 202);
    let listed =
        tachograph(&data, &["--server", &server.address, "--key", &keys[1], "alerts", "approve"], "");
    assert!(text(&listed.stdout).contains("takes 1.yaml away"), "{listed:?}");
    let all = answer(agent.get(url("edits")).header("x-api-key", &keys[0]).call().unwrap()).json();
    let id = all["edits"][0]["id"].clone();
    std::fs::write(data.join("rules/1.yaml"), weak("odd")).unwrap();
    let other = approve(&id, &keys[1]);
    assert!(other.status == 400 && other.body.contains("another one since"), "{other:?}");
    assert_eq!(delete(&format!("edits/{}", id.as_str().unwrap())), 204);
    let ask = |query: &str| {
        let headers = [("accept", "application/x-ndjson"), ("x-api-key", keys[0].as_str())];
        server.post_with("/v1/sql", query.as_bytes(), &headers).unwrap().body
    };
    let said = "SELECT action_name, output FROM events WHERE action_name LIKE 'alert_rules%' ORDER BY index";
    until("all of it is on the log", || {
        let told = ask(said);
        let counts = ["_edit_asked", "_edit_withdrawn", "approved_by\\\":\\\"bob", "rules_removed"];
        let all = counts.map(|part| told.matches(part).count());
        (all == [2, 1, 1, 1] && told.contains("rules_loaded")).then_some(())
    });
}

#[test]
fn a_silence_that_waits_says_so_and_a_second_person_agrees_by_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "127.0.0.1:9");
    let keys = [key(&data, "ada"), key(&data, "bob")];
    let server = Server::start(&data);
    let run = |key: &str, arguments: &[&str]| {
        let target = ["--server", &server.address, "--key", key, "alerts"];
        tachograph(&data, &[&target, arguments].concat(), "")
    };
    let asked =
        run(&keys[0], &["silence", "alertname=failed_logins", "--minutes", "5", "--comment", "drill"]);
    let said = text(&asked.stdout);
    assert!(said.contains("waits for a second person, who says `tachograph alerts approve "), "{asked:?}");
    let id = said.split_whitespace().nth(1).unwrap();
    assert!(text(&run(&keys[0], &["silence"]).stdout).contains("waiting"));
    let listed = text(&run(&keys[1], &["approve"]).stdout);
    assert!(listed.contains("alertname=\"failed_logins\"") && listed.contains("drill"), "{listed}");
    let own = run(&keys[0], &["approve", id]);
    assert!(own.status.code() != Some(0) && text(&own.stderr).contains("another key"), "{own:?}");
    let agreed = run(&keys[1], &["approve", id]);
    assert!(text(&agreed.stdout).ends_with(": active\n"), "{agreed:?}");
    let again = run(&keys[1], &["approve", id]);
    assert_eq!(again.status.code(), Some(1), "{again:?}");
    assert!(text(&again.stderr).contains("nothing waits for a second person under"), "{again:?}");
    assert_eq!(run(&keys[0], &["silence", "--end", id]).status.code(), Some(0));
    assert_eq!(text(&run(&keys[0], &["approve"]).stdout), "nothing waits for a second person\n");
}

/// Whoever signs with the key of bob and says to be cy is both on every record, whichever way it came.
#[test]
fn nobody_answers_in_the_name_of_somebody_else() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "127.0.0.1:9");
    let bob = key(&data, "bob");
    let server = Server::start(&data);
    let post = |path: &str, body: &str| {
        let answer = server.post_with(path, body.as_bytes(), &[("x-api-key", &bob)]).unwrap();
        assert_eq!(answer.status, 200, "{path} {body}: {answer:?}");
        answer.json()
    };
    let agent = ureq::Agent::new_with_defaults();
    let get = |path: &str| {
        let url = format!("http://{}{path}", server.address);
        answer(agent.get(url).header("x-api-key", &bob).call().unwrap()).json()
    };
    post("/log", r#"{"agent_id":"a1","action_type":"tool","action_name":"forbidden"}"#);
    let id = until("it is raised", || get("/v1/alerts")["alerts"][0]["id"].as_str().map(str::to_string));
    let of = |what: &str| format!("/v1/alerts/{id}/{what}");
    for (what, more) in [("acknowledge", ""), ("assign", r#","to":"dee""#), ("note", r#","note":"seen""#)] {
        let done = post(&of(what), &format!(r#"{{"by":"cy"{more}}}"#));
        let last = done["history"].as_array().unwrap().iter().rev().find(|line| line["by"].is_string());
        assert_eq!(last.unwrap()["by"], "cy (key bob)", "{what}: {done}");
    }
    assert_eq!(get(&format!("/v1/alerts/{id}"))["acknowledged_by"], "cy (key bob)");
    assert_eq!(get(&format!("/v1/alerts/{id}"))["assigned_to"], "dee", "whom it is handed to signs nothing");

    let own = post(&of("note"), r#"{"by":"bob","note":"mine"}"#);
    assert_eq!(own["history"].as_array().unwrap().last().unwrap()["by"], "bob", "{own}");
    // As a program of Alertmanager does it, which sends back what it read when the silence is changed.
    let mut silence = serde_json::json!({
        "matchers": [{"name": "agent_id", "value": "x", "isRegex": false, "isEqual": true}], "comment": "drill",
        "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z", "createdBy": "cy",
    });
    for _ in 0..2 {
        let set = post("/api/v2/silences", &silence.to_string());
        silence["id"] = set["silenceID"].clone();
        let read = get(&format!("/api/v2/silence/{}", set["silenceID"].as_str().unwrap()));
        silence["createdBy"] = read["createdBy"].clone();
        assert_eq!(silence["createdBy"], "cy (key bob)", "{read}");
    }
    let work = r#"{"matchers":["agent_id=\"x\""],"minutes":5,"comment":"disks","by":"cy"}"#;
    assert_eq!(post("/v1/alerts/maintenance", work)["by"], "cy (key bob)");
    assert_eq!(post("/v1/agents/a1/stop", r#"{"reason":"odd","by":"cy"}"#)["by"], "cy (key bob)");

    let opened = post("/v1/incidents", r#"{"title":"odd","key":"1","by":"cy"}"#);
    let incident = format!("/v1/incidents/{}", opened["id"].as_str().unwrap());
    post(&format!("{incident}/note"), r#"{"note":"seen","by":"cy"}"#);
    let moved = post(&format!("{incident}/state"), r#"{"to":"investigation","by":"cy"}"#);
    let told = moved["timeline"].as_array().unwrap().iter().filter_map(|line| line["by"].as_str());
    assert_eq!(told.collect::<Vec<_>>(), ["cy (key bob)"; 3], "{moved}");

    let said = "SELECT action_name, output FROM events WHERE action_name IN ('alert_acknowledged', 'alert_assigned', \
                'alert_noted', 'alert_incident_noted', 'agent_stopped')";
    crate::incidents::until("all of it is on the log, with the key", || {
        let headers = [("accept", "application/x-ndjson"), ("x-api-key", bob.as_str())];
        let told = server.post_with("/v1/sql", said.as_bytes(), &headers).unwrap().body;
        let named = told.lines().filter(|line| line.contains("cy (key bob)")).count();
        if named == 5 { Ok(()) } else { Err(told) }
    });
}

#[test]
fn alertmanagers_status_says_since_when_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    server.post("/log", r#"{"id":"e1","agent_id":"a1","action_type":"tool","action_name":"x"}"#);
    let recorded = server.sql("SELECT recorded_at FROM events WHERE who_id = 'e1'")[0]["recorded_at"].clone();
    let time = |text: &serde_json::Value| tacho_event::time::parse(text.as_str().unwrap()).unwrap();
    let since = server.get("/api/v2/status").json()["uptime"].clone();
    assert!(time(&since) < time(&recorded), "{since} {recorded}");
}
