//! What happens again after somebody ended an alert by hand: people are told again, and the log computes the same.

use crate::alerts::{folder, forbidden, logged, open};
use crate::hook::{Hook, until};
use crate::server::{Server, tachograph, text};

/// Ends the alert that is open; its id.
fn end(server: &Server) -> String {
    let alerts = open(server);
    let [alert] = alerts.as_slice() else { panic!("one alert is open: {alerts:?}") };
    let id = alert["id"].as_str().unwrap().to_string();
    let ended = server.post(&format!("/v1/alerts/{id}/resolve"), r#"{"by":"ada"}"#);
    assert_eq!(ended.json()["state"], "resolved", "{ended:?}");
    id
}

fn failure(server: &Server) {
    let event =
        r#"{"agent":{"id":"a2"},"action":{"type":"tool","name":"Deploy"},"outcome":{"status":"failure"}}"#;
    assert_eq!(server.post("/v1/events", event).status, 200);
}

/// Each firing that is due is on the log, and no other, at least so many.
pub(crate) fn agree(server: &Server, firings: u64) {
    until("the log and the rules agree", || {
        let now =
            server.sql("SELECT CAST(arrow_cast(max(recorded_at), 'Int64') AS VARCHAR) AS us FROM events");
        let to = tacho_event::time::format(now[0]["us"].as_str().unwrap().parse().unwrap());
        let path = format!("/v1/alerts/recompute?from=2026-01-01T00:00:00Z&to={to}");
        let computed = server.get(&path).json();
        let none = |list: &str| computed[list].as_array().unwrap().is_empty();
        (computed["agree"].as_u64() >= Some(firings) && none("missing") && none("extra")).then_some(())
    });
}

#[test]
fn the_same_again_after_an_end_by_hand_is_told_again() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let data = folder(dir.path(), &hook.address);
    let server = Server::start(&data);
    // The first time the rules have heard of the end when it happens again, the second they may not have.
    for agent in ["b1", "b2"] {
        let firing = [format!("forbidden {agent} firing")];
        forbidden(&server, agent);
        assert_eq!(hook.next().1, firing);
        let first = end(&server);
        assert_eq!(hook.next().1, [format!("forbidden {agent} resolved")]);
        if agent == "b1" {
            until("the end is on the log", || {
                (!logged(&server, "alert_resolved_by_hand").is_empty()).then_some(())
            });
        }
        forbidden(&server, agent);
        assert_eq!(hook.next().1, firing);
        assert_ne!(end(&server), first, "it is an alert of its own");
        assert_eq!(hook.next().1, [format!("forbidden {agent} resolved")]);
    }
    agree(&server, 4);

    // A count that is reached still: the next event that it counts is new.
    failure(&server);
    failure(&server);
    assert_eq!(hook.next().1, ["failing_twice a2 firing"]);
    end(&server);
    assert_eq!(hook.next().1, ["failing_twice a2 resolved"]);
    until("the end is on the log", || (logged(&server, "alert_resolved_by_hand").len() == 5).then_some(()));
    server.kill();

    // Who starts anew reads of it on the log: what was ended stays so, and what is new is told.
    let server = Server::start(&data);
    until("rules are followed again", || {
        (server.get("/v1/alerts").json()["following"] == true).then_some(())
    });
    assert!(open(&server).is_empty());
    failure(&server);
    assert_eq!(hook.next().1, ["failing_twice a2 firing"]);
    agree(&server, 6);
}

#[test]
fn a_list_that_is_cut_says_how_many_there_are_and_how_to_see_them() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let data = folder(dir.path(), &hook.address);
    let server = Server::start(&data);
    for agent in ["c1", "c2", "c3"] {
        forbidden(&server, agent);
        assert_eq!(hook.next().1, [format!("forbidden {agent} firing")]);
    }
    let told = |arguments: &[&str]| {
        let listed = tachograph(&data, &[&["alerts", "list"], arguments].concat(), "");
        assert_eq!(listed.status.code(), Some(1), "{listed:?}");
        text(&listed.stdout)
    };
    let cut = told(&["--limit", "2"]);
    assert_eq!(cut.matches(" forbidden ").count(), 2, "{cut}");
    assert!(cut.contains("the newest 2 of 3: --limit 3 lists all of them\n"), "{cut}");
    let all = told(&["--limit", "3"]);
    assert!(all.matches(" forbidden ").count() == 3 && !all.contains("the newest"), "{all}");
    assert_eq!(tachograph(&data, &["alerts", "list", "--limit", "1001"], "").status.code(), Some(2));
    let counted = |query: &str| server.get(&format!("/v1/alerts?{query}")).json()["found"].clone();
    assert_eq!([counted("limit=1"), counted("state=resolved"), counted("rule=none")], [3, 0, 0]);
    let id = open(&server)[0]["id"].as_str().unwrap().to_string();
    assert_eq!(server.post(&format!("/v1/alerts/{id}/resolve"), r#"{"by":"ada"}"#).status, 200);
    assert_eq!([counted("limit=1"), counted("state=resolved"), counted("state=all")], [2, 1, 3]);
}
