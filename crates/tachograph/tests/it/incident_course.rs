//! What people do about an incident, over HTTP and in the terminal, and what is written afterwards.

use crate::hook::Hook;
use crate::incidents::{act, event, folder, list, send, the, until};
use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn a_change_that_still_runs_says_how_it_ended_once_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&folder(dir.path(), ""));
    let tell = |hook: &str, call: &str, tool: &str| {
        let body = json!({"session_id": "s1", "hook_event_name": hook, "tool_name": tool, "tool_use_id": call,
            "tool_input": {"command": "kubectl apply -f web.yaml"}, "error": "exit 1"});
        assert_eq!(server.post("/log", &body.to_string()).status, 200);
    };
    tell("PreToolUse", "toolu_0123456789abcdef01", "Bash");
    tell("PreToolUse", "toolu_0123456789abcdef02", "forbidden");
    let words = "Bash (production_deployment): kubectl apply -f web.yaml";
    let text = |change: &Value| change["text"].as_str().unwrap().to_string();
    let of_change = |one: &Value| {
        let lines = list(one, "timeline").into_iter().filter(|line| line["kind"] == "change");
        lines.map(|line| (text(&line), line["entry"]["index"].as_u64().unwrap())).collect::<Vec<_>>()
    };
    let one = the(&server, |_| true);
    assert_eq!(text(&list(&one, "changes")[0]), format!("{words}, still running"), "{one}");
    tell("PostToolUseFailure", "toolu_0123456789abcdef01", "Bash");
    let ended = the(&server, |one| of_change(one).len() == 2);
    assert_eq!(text(&list(&ended, "changes")[0]), format!("{words}, failed"));
    assert!(text(&ended["suggested_cause"]).ends_with(&format!("{words}, failed")), "{ended}");
    let lines = of_change(&ended);
    assert!(lines[0].0.ends_with(", still running") && lines[1].0.ends_with(", failed"), "{lines:?}");
    let told = server.sql(&format!("SELECT outcome_status FROM events WHERE index = {}", lines[1].1));
    assert_eq!(told, [json!({"outcome_status": "failure"})], "the line names the event that told it");
}

#[test]
fn people_take_it_from_state_to_state_and_the_post_mortem_can_be_proved() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path(), "");
    let server = Server::start(&data);
    send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
    let one = the(&server, |_| true);
    let id = one["id"].as_str().unwrap();
    act(&server, id, "role", json!({"role": "commander", "who": "kim", "by": "kim"}));
    let moved = act(&server, id, "state", json!({"to": "investigation", "by": "lee"}));
    assert_eq!(moved["answered_by"], "kim", "who took a role has answered");
    act(&server, id, "note", json!({"note": "the key | was <shared>", "by": "lee"}));
    let attached = act(&server, id, "event", json!({"event": "0", "note": "here it began", "by": "lee"}));
    assert_eq!(list(&attached, "timeline")[0]["entry"]["index"], 0, "{attached}");
    act(&server, id, "containment", json!({"note": "the key was revoked", "by": "kim"}));
    act(&server, id, "containment", json!({"note": "no call since", "verified": true, "by": "lee"}));
    act(&server, id, "state", json!({"to": "remediation", "by": "kim"}));
    act(
        &server,
        id,
        "follow-up",
        json!({"text": "limit keys", "owner": "lee", "due": "2026-12-01", "by": "kim"}),
    );
    act(&server, id, "state", json!({"to": "post_mortem", "by": "kim"}));
    act(&server, id, "state", json!({"to": "closed", "by": "kim"}));
    act(&server, id, "follow-up", json!({"done": 1, "by": "lee"}));
    let closed =
        the(&server, |one| one["state"] == "closed" && list(one, "follow_ups")[0]["done_by"] == "lee");
    assert_eq!(list(&server.get("/v1/incidents").json(), "incidents").len(), 0);
    assert_eq!(list(&server.get("/v1/incidents?state=closed").json(), "incidents").len(), 1);

    // Every line's entry is proved by the command that the page names.
    let page = server.get_as(&format!("/v1/incidents/{id}/post-mortem"), "text/markdown");
    assert!(page.kind.starts_with("text/markdown"), "{}", page.kind);
    assert!(page.body.contains("the key \\| was \\<shared\\>"), "{}", page.body);
    assert!(page.body.contains("- [x] limit keys (lee), due 2026-12-01"), "{}", page.body);
    for line in list(&closed, "timeline") {
        let (index, event) = (&line["entry"]["index"], line["entry"]["id"].as_str().unwrap());
        assert!(page.body.contains(&format!("| {index} | {event} |")), "{line}: {}", page.body);
    }
    let newest = list(&closed, "timeline").iter().map(|line| line["entry"]["index"].as_u64().unwrap()).max();
    until("the newest line is sealed", || {
        let proof = tachograph(&data, &["prove", &newest.unwrap().to_string()], "");
        if !proof.status.success() {
            return Err(text(&proof.stderr));
        }
        let file = dir.path().join("line.proof");
        std::fs::write(&file, &proof.stdout).unwrap();
        let keys = text(&tachograph(&data, &["keys"], "").stdout);
        let key = keys.lines().next().unwrap();
        let checked = tachograph(&data, &["verify", "--proof", file.to_str().unwrap(), "--pin", key], "");
        if checked.status.success() { Ok(()) } else { Err(text(&checked.stdout)) }
    });
    let html = server.get_as(&format!("/v1/incidents/{id}/post-mortem?format=html"), "*/*");
    assert!(html.body.contains("the key | was &lt;shared&gt;") && html.kind.starts_with("text/html"));

    let report = server.get("/v1/incidents/report?days=1").json();
    let critical = &report["by_severity"][0];
    assert_eq!(
        (&critical["answered"], &critical["closed"], &critical["late"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert!(critical["mean_resolve_seconds"].as_f64() > critical["mean_answer_seconds"].as_f64());
    in_the_terminal(&data, id);
}

fn in_the_terminal(data: &Path, id: &str) {
    let run = |arguments: &[&str]| tachograph(data, &[&["incidents"], arguments].concat(), "");
    let listed = text(&run(&["list", "--state", "closed"]).stdout);
    assert!(listed.contains(id) && listed.contains("Something forbidden was done"), "{listed}");
    let shown = text(&run(&["show", id]).stdout);
    assert!(shown.contains("remediation → post-mortem") && shown.contains("roles: commander kim"), "{shown}");
    let written = text(&run(&["post-mortem", id]).stdout);
    assert!(written.starts_with("# Post-mortem: Something forbidden was done"), "{written}");
    let pdf = run(&["post-mortem", id, "--format", "pdf"]).stdout;
    assert!(pdf.starts_with(b"%PDF-") && pdf.ends_with(b"%%EOF"));
    assert_eq!(run(&["show", "none"]).status.code(), Some(1));
    let figures = text(&run(&["report", "--days", "1"]).stdout);
    assert!(figures.ends_with("in the last 1 days: 1\n"), "{figures}");
}

#[test]
fn what_makes_no_sense_is_refused_with_what_was_expected() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&folder(dir.path(), ""));
    send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
    let one = the(&server, |_| true);
    let id = one["id"].as_str().unwrap();
    let refused = |what: &str, body: Value, says: &str| {
        let answer = server.post(&format!("/v1/incidents/{id}/{what}"), &body.to_string());
        assert_eq!(answer.status, 400, "{what} {body}: {answer:?}");
        assert!(answer.body.contains(says), "{}", answer.body);
    };
    refused("state", json!({"to": "remediation"}), "from reception it can't go to remediation");
    refused("state", json!({"to": "done"}), "expected reception, investigation");
    refused("state", json!({"to": "closed", "by": "kim"}), "give a note that tells why");
    refused("note", json!({"note": " ", "by": "kim"}), "the note is empty");
    refused("note", json!({"text": "x"}), "unknown field");
    refused("follow-up", json!({"text": "x", "done": 1}), "one of them");
    refused("follow-up", json!({"text": "x", "due": "soon"}), "expected a day");
    refused("containment", json!({"note": "x", "verified": true, "by": "kim"}), "nothing contains it yet");
    assert_eq!(server.get("/v1/incidents/none").status, 404);
    assert_eq!(server.post(&format!("/v1/incidents/{id}/event"), "{\"event\":\"x' OR true\"}").status, 404);
    assert_eq!(server.post("/v1/incidents/none/note", "{\"note\":\"x\",\"by\":\"kim\"}").status, 404);
    for path in ["?state=over", "?stat=open", "/report?days=0"] {
        assert_eq!(server.get(&format!("/v1/incidents{path}")).status, 400, "{path}");
    }
}

#[test]
fn receivers_that_are_to_hear_of_incidents_hear_of_each_step() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Hook::start();
    let allowed = "tell = [\"board\"]\n[alerts]\nallow_private = [\"127.0.0.1\"]\n";
    let data = folder(dir.path(), allowed);
    let routing = format!(
        "route: {{receiver: team}}\nreceivers:\n- name: team\n- name: board\n  webhook_configs: [{{url: \"http://{}/\"}}]\n",
        hook.address
    );
    std::fs::write(data.join("routing.yaml"), routing).unwrap();
    let server = Server::start(&data);
    send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
    let id = the(&server, |_| true)["id"].as_str().unwrap().to_string();
    act(&server, &id, "note", json!({"note": "only a note", "by": "kim"}));
    act(&server, &id, "state", json!({"to": "closed", "note": "a test", "by": "kim"}));
    let told = list(&server.get("/v1/alerts/deliveries").json(), "deliveries");
    let told: Vec<Value> = told.iter().map(|told| json!([told["receiver"], told["title"]])).collect();
    let expected = [
        json!(["board", "Incident is now in closed (critical): Something forbidden was done"]),
        json!(["board", "Incident (critical): Something forbidden was done"]),
    ];
    assert_eq!(told, expected);

    for (state, summary) in [
        ("reception", "Incident (critical): Something forbidden was done"),
        ("closed", "Incident is now in closed (critical): Something forbidden was done"),
    ] {
        let heard = hook.body();
        let labels = json!({"incident": id, "severity": "critical", "state": state});
        assert_eq!(heard["commonLabels"], labels, "{heard}");
        assert_eq!(heard["commonAnnotations"]["summary"], summary, "{heard}");
        let about = if state == "closed" { "incident.state" } else { "incident.opened" };
        assert_eq!(heard["notification_reason"], about);
        assert_eq!(heard["alerts"][0]["labels"]["alertname"], "forbidden", "{heard}");
        let text = heard["commonAnnotations"]["description"].as_str().unwrap();
        for line in ["Title: ", "Severity: critical, state: ", "Alerts: 1, ", "Agents: billing"] {
            assert!(text.lines().any(|told| told.starts_with(line)), "{line}: {text}");
        }
        let (due, by) = (text.contains("To be answered by 2"), text.contains("By kim: a test"));
        assert_eq!((due, by), (state == "reception", state == "closed"), "{text}");
    }
}
