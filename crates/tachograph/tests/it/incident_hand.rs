//! Incidents that people open, shape and merge, through the real server and the real commands; a kill loses nothing.

use crate::incidents::{act, event, folder, list, send, until};
use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};

fn open(server: &Server, body: Value) -> Value {
    let answer = server.post("/v1/incidents", &body.to_string());
    assert_eq!(answer.status, 200, "{body}: {answer:?}");
    answer.json()
}

fn get(server: &Server, id: &Value) -> Value {
    server.get(&format!("/v1/incidents/{}", id.as_str().unwrap())).json()
}

fn kinds(one: &Value) -> Vec<String> {
    list(one, "timeline").iter().map(|line| line["kind"].as_str().unwrap().to_string()).collect()
}

#[test]
fn one_is_opened_by_hand_once_and_all_of_it_is_on_the_log_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "");
    let server = Server::start(&data);
    send(&server, &[event("billing", "tool", "Bash", json!({"id": "pay-1"}))]);
    until("the event is there", || {
        let found = server.get("/v1/events/0");
        if found.status == 200 { Ok(()) } else { Err(format!("{found:?}")) }
    });
    let body = json!({
        "title": "invoices are wrong", "severity": "critical", "key": "case 12", "agents": ["billing"], "events": ["0"],
        "reason": "three calls", "by": "kim",
    });
    let one = open(&server, body.clone());
    assert_eq!(
        (&one["severity"], &one["state"], &one["agents"]),
        (&json!("critical"), &json!("reception"), &json!(["billing"]))
    );
    assert_eq!(kinds(&one), ["event", "opened"]);
    server.kill();
    let server = Server::start(&data);
    let again = open(&server, body);
    assert_eq!(again["id"], one["id"]);
    let id = one["id"].as_str().unwrap();
    let whole = until("each line has its place", || {
        let one = get(&server, &json!(id));
        let placed = list(&one, "timeline").iter().all(|line| line["entry"].is_object());
        if placed { Ok(one) } else { Err(one.to_string()) }
    });
    assert_eq!(kinds(&whole), kinds(&one), "opening it again changes nothing");
    let said = server.sql(&format!(
        "SELECT action_name AS name, json_get_str(output, 'note') AS note FROM events WHERE call_id = '{id}' ORDER BY index"
    ));
    let expected = [
        json!({"name": "alert_incident_opened", "note": "three calls"}),
        json!({"name": "alert_incident_event"}),
    ];
    let said: Vec<Value> = said
        .into_iter()
        .map(|mut row| {
            row.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            row
        })
        .filter(|row| row["name"] != "alert_incident_explained")
        .collect();
    assert_eq!(said, expected);
    // Later alerts of its agent belong to it.
    send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
    until("the alert joins", || {
        let one = get(&server, &json!(id));
        if one["alerts"] == 1 { Ok(()) } else { Err(one.to_string()) }
    });
    for (body, status, why) in [
        (json!({"title": " "}), 400, "title is empty"),
        (json!({"title": "x", "severity": "bad"}), 400, "expected critical, warning or info"),
        (json!({"title": "x", "alerts": ["none"]}), 404, "there is no alert"),
        (json!({"title": "x", "events": ["999999"]}), 404, "there is no event"),
        (json!({"titel": "x"}), 400, "titel"),
    ] {
        let answer = server.post("/v1/incidents", &body.to_string());
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert!(answer.body.contains(why), "{body}: {answer:?}");
    }
}

#[test]
fn alerts_and_events_go_in_and_out_and_two_become_one() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "");
    let server = Server::start(&data);
    send(&server, &[event("a", "tool", "forbidden", json!({})), event("b", "tool", "forbidden", json!({}))]);
    let (a, b) = until("two incidents", || {
        let all = list(&server.get("/v1/incidents").json(), "incidents");
        let of =
            |agent: &str| all.iter().find(|one| one["agents"] == json!([agent])).map(|one| one["id"].clone());
        of("a").zip(of("b")).ok_or_else(|| format!("{all:?}"))
    });
    let alert = list(&get(&server, &a), "alerts_listed")[0]["id"].clone();
    let refused = server
        .post(&format!("/v1/incidents/{}/alert", b.as_str().unwrap()), &json!({"alert": alert}).to_string());
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains(a.as_str().unwrap()), "it says where it belongs: {refused:?}");
    let (a, b) = (a.as_str().unwrap(), b.as_str().unwrap());
    let left = act(&server, a, "alert", json!({"alert": alert, "detach": true, "note": "another story"}));
    assert_eq!((&left["alerts"], kinds(&left).contains(&"detached".to_string())), (&json!(0), true));
    let joined = act(&server, b, "alert", json!({"alert": alert, "by": "kim"}));
    assert_eq!((&joined["alerts"], &joined["answered_by"]), (&json!(2), &json!("kim")));
    assert_eq!(joined["agents"], json!(["a", "b"]));
    act(&server, b, "event", json!({"event": "0"}));
    let out = act(&server, b, "event", json!({"event": "0", "detach": true}));
    assert!(!kinds(&out).contains(&"event".to_string()));

    let merged = act(&server, a, "merge", json!({"into": b, "note": "one cause"}));
    assert_eq!(merged["id"], b);
    server.kill();
    let server = Server::start(&data);
    let gone = get(&server, &json!(a));
    assert_eq!(
        (&gone["merged_into"], &gone["state"], &gone["next"]),
        (&json!(b), &json!("closed"), &json!([]))
    );
    assert!(kinds(&gone).iter().any(|kind| kind == "alert"), "its timeline is kept");
    act(&server, a, "merge", json!({"into": b}));
    let refused = server.post(&format!("/v1/incidents/{a}/note"), "{\"note\":\"x\"}");
    assert!(refused.status == 400 && refused.body.contains("merged into"), "{refused:?}");
    let told = until("both are told once", || {
        let told = server.sql("SELECT count(*) AS n FROM events WHERE action_name = 'alert_incident_merged'");
        if told[0]["n"] == 2 { Ok(told) } else { Err(format!("{told:?}")) }
    });
    assert_eq!(told[0]["n"], 2);
}

#[test]
fn the_commands_do_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "");
    let server = Server::start(&data);
    let run = |arguments: &[&str]| {
        let done = tachograph(&data, arguments, "");
        assert!(done.status.success(), "{arguments:?}: {}", text(&done.stderr));
        text(&done.stdout).trim().to_string()
    };
    let one = run(&[
        "incidents",
        "open",
        "invoices are wrong",
        "--severity",
        "critical",
        "--agent",
        "billing",
        "--by",
        "kim",
    ]);
    let two = run(&["incidents", "open", "the same once more", "--key", "k"]);
    assert_eq!(run(&["incidents", "open", "the same once more", "--key", "k"]), two);
    run(&["incidents", "merge", &two, "--into", &one, "--note", "one cause"]);
    run(&["incidents", "move", &one, "--to", "investigation", "--by", "kim"]);
    run(&["incidents", "role", &one, "commander", "kim"]);
    run(&["incidents", "note", &one, "the key was public"]);
    run(&["incidents", "move", &one, "--to", "remediation"]);
    run(&["incidents", "contain", &one, "the key was revoked", "--by", "kim"]);
    run(&["incidents", "contain", &one, "no call since", "--verified", "--by", "lee"]);
    run(&["incidents", "follow-up", &one, "limit keys", "--owner", "lee", "--due", "2026-12-01"]);
    run(&["incidents", "follow-up", &one, "--done", "1"]);
    run(&["incidents", "move", &one, "--to", "post-mortem"]);
    let shown = run(&["incidents", "show", &one]);
    for words in [
        "CRITICAL invoices are wrong",
        "commander kim",
        "the key was public",
        "verified by lee",
        "[x] 1 limit keys",
        "was merged into it",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(run(&["incidents", "show", &two]).contains(&format!("merged into incident {one}")));
    let report = run(&["incidents", "report"]);
    assert!(report.contains("incidents that were opened in the last 30 days: 1"), "{report}");
    drop(server);
}

#[test]
fn many_silent_audit_points_are_one_incident_and_another_kind_is_another() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&folder(dir.path(), ""));
    let gap = |call: String| {
        event("tachograph", "audit", "coverage_gap", json!({"level": "WARNING", "call_id": call}))
    };
    let mut gaps: Vec<String> = (0..33).map(|n| gap(format!("action_silent/{n}"))).collect();
    gaps.push(gap("calls_unseen/hook/s1".to_string()));
    assert_eq!(server.post("/log", &gaps.join("\n")).status, 200);
    let sizes = until("two incidents", || {
        let all = list(&server.get("/v1/incidents").json(), "incidents");
        let mut sizes: Vec<u64> = all.iter().map(|one| one["alerts"].as_u64().unwrap()).collect();
        sizes.sort_unstable();
        if sizes.iter().sum::<u64>() == 34 { Ok(sizes) } else { Err(format!("{all:?}")) }
    });
    assert_eq!(sizes, [1, 33]);
}
