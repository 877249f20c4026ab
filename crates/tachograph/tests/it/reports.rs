//! Reports, what people keep on the server, and redaction that is tried out: over HTTP and by command.

use crate::hook::{Hook, until};
use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};

/// A server with a few events that the newest checkpoint covers, and its folder.
fn started() -> (tempfile::TempDir, std::path::PathBuf, Server) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    let message = |n: u32| {
        json!({"message_id": format!("m{n}"), "sender": {"agent_id": "ops/a"}, "receiver": {"agent_id": "ops/b"},
            "message": {"subject": "s", "content": format!("=HYPERLINK({n})")}})
    };
    let failed = json!({"agent": {"id": "ops/b"}, "action": {"type": "tool", "name": "Bash"},
        "outcome": {"status": "failure", "error": {"message": "=1+1 <b>no</b>"}}});
    let events = Value::from(vec![message(1), message(2), failed]);
    assert_eq!(server.post("/log", &events.to_string()).json()["accepted"], 3);
    until("everything is sealed", || {
        (server.get("/health").json()["sealed"].as_u64() >= Some(3)).then_some(())
    });
    (dir, data, server)
}

/// The day on which the events were recorded.
fn day_of(server: &Server) -> String {
    let rows = server.sql("SELECT to_char(max(recorded_at), 'YYYY-MM-DD') AS day FROM events");
    rows[0]["day"].as_str().unwrap().to_string()
}

#[test]
fn a_report_names_the_checkpoint_that_covers_it_and_is_on_the_log() {
    let (_dir, data, server) = started();
    let day = day_of(&server);
    let kinds = server.get("/v1/reports").json();
    let kinds: Vec<&str> =
        kinds["kinds"].as_array().unwrap().iter().map(|kind| kind["id"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"health-monthly") && kinds.len() == 14, "{kinds:?}");
    let make = |kind: &str, format: &str| {
        server.post("/v1/reports", &json!({"kind": kind, "day": day, "format": format}).to_string())
    };
    for kind in &kinds {
        for (format, media) in [("json", "application/json"), ("html", "text/html"), ("csv", "text/csv")] {
            let made = make(kind, format);
            assert!(made.status == 200 && made.kind.starts_with(media), "{kind} {format}: {made:?}");
            assert!(!made.body.contains("<b>no</b>") || format != "html", "{made:?}");
        }
    }
    let report = make("communication-review", "json").json();
    let checkpoint = server.get_as("/tlog/checkpoint", "text/plain").body;
    let covered = report["checkpoint"]["size"].as_u64().unwrap();
    assert!(covered >= 3 && covered <= checkpoint.lines().nth(1).unwrap().parse().unwrap());
    assert_eq!(report["complete"], false);
    let pairs = &report["sections"][0];
    assert_eq!(pairs["rows"][0].as_array().unwrap()[..3], [json!("ops/a"), json!("ops/b"), json!(2)]);
    assert_eq!(make("communication-review", "json").json()["sha256"], report["sha256"], "the same rows");
    let made = server.get("/v1/reports").json();
    assert_eq!(made["made"][0]["sha256"], report["sha256"]);
    assert_eq!(made["made"].as_array().unwrap().len(), 3 * kinds.len() + 2);
    let csv = make("agent-activity", "csv").body;
    assert!(csv.contains("'=1+1"), "a spreadsheet takes it for no formula: {csv}");
    for (wrong, why) in [
        (json!({"kind": "everything"}), "expected one of agent-activity"),
        (json!({"kind": "data-access", "day": "21.11.2026"}), "is no day"),
        (json!({"kind": "data-access", "format": "docx"}), "unknown variant"),
    ] {
        let answer = server.post("/v1/reports", &wrong.to_string());
        assert!(answer.status == 400 && answer.body.contains(why), "{answer:?}");
    }
    let printed =
        tachograph(&data, &["reports", "make", "agent-activity", "--day", &day, "--format", "pdf"], "");
    assert!(printed.status.success() && printed.stdout.starts_with(b"%PDF"), "{:?}", text(&printed.stderr));
    let listed = tachograph(&data, &["reports", "list"], "");
    assert!(text(&listed.stdout).contains("communication-review"));
}

#[test]
fn a_restart_is_on_the_log_and_what_is_scheduled_is_kept_and_can_be_had() {
    let (_dir, data, server) = started();
    server.kill();
    let hook = Hook::start();
    let config = "[reports]\nschedule = [\"health-daily\"]\nformats = [\"json\"]\nreceivers = [\"team\"]\n[alerts]\nallow_private = [\"127.0.0.1\"]\n";
    std::fs::write(data.join("config.toml"), config).unwrap();
    let routing = format!(
        "route: {{receiver: team}}\nreceivers:\n  - name: team\n    webhook_configs: [{{url: 'http://{}/'}}]\n",
        hook.address
    );
    std::fs::write(data.join("routing.yaml"), routing).unwrap();
    let server = Server::start(&data);
    let ended = |server: &Server, starts: usize| {
        until("the start is on the log", || {
            let told = server.sql("SELECT outcome_result->>'ended' AS ended, level FROM agent_audit_log WHERE action_name = 'server_started' ORDER BY index DESC");
            (told.len() == starts).then(|| told[0].clone())
        })
    };
    assert_eq!(ended(&server, 1), json!({"ended": "killed", "level": "WARNING"}));
    let listed = until("yesterday's report is made", || {
        let listed = server.get("/v1/reports").json();
        (!listed["kept"].as_array().unwrap().is_empty()).then_some(listed)
    });
    assert_eq!(
        (&listed["scheduled"], &listed["made"][0]["by"]),
        (&json!(["health-daily"]), &json!("schedule"))
    );
    let file = listed["kept"][0]["file"].as_str().unwrap();
    until("the receiver is told of it, among alerts", || {
        hook.whole().1.contains("kind=health-daily").then_some(())
    });
    assert_eq!(listed["made"][0]["file"], file);
    let printed = tachograph(&data, &["reports", "kept", file], "");
    let report: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!((&report["kind"], &report["complete"]), (&json!("health-daily"), &json!(true)));
    assert!(text(&tachograph(&data, &["reports", "list"], "").stdout).contains(file));
    for wrong in ["health-daily-2020-01-01.json", "..%2F..%2Fkeyring", "notes.txt"] {
        assert_eq!(server.get(&format!("/v1/reports/kept/{wrong}")).status, 404, "{wrong}");
    }
    server.stop();
    let server = Server::start(&data);
    assert_eq!(ended(&server, 2)["ended"], "stopped");
}

#[test]
fn what_is_kept_for_everybody_is_on_the_log_and_not_over_somebody_elses() {
    let (_dir, data, server) = started();
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let url = |path: &str| format!("http://{}{path}", server.address);
    let put = |path: &str, body: Value| {
        let mut answer = agent.put(url(path)).send(body.to_string()).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    let remove = |path: &str| agent.delete(url(path)).call().unwrap().status().as_u16();
    let (status, kept) = put("/v1/dashboards/fleet", json!({"text": "kind: Dashboard\n"}));
    assert_eq!(status, 200, "{kept}");
    let sha256 = serde_json::from_str::<Value>(&kept).unwrap()["sha256"].clone();
    assert_eq!(put("/v1/dashboards/fleet", json!({"text": "mine"})).0, 409);
    assert_eq!(put("/v1/dashboards/fleet", json!({"text": "mine", "before": "00"})).0, 409);
    assert_eq!(put("/v1/dashboards/fleet", json!({"text": "mine", "before": sha256})).0, 200);
    assert_eq!(put("/v1/dashboards/..%2Fkeyring", json!({"text": "x"})).0, 400);
    assert_eq!(server.get("/v1/dashboards").json()["dashboards"][0]["text"], "mine");
    assert_eq!(std::fs::read_to_string(data.join("dashboards/fleet.yaml")).unwrap(), "mine");
    assert_eq!((remove("/v1/dashboards/fleet"), remove("/v1/dashboards/fleet")), (204, 404));
    assert_eq!(put("/v1/searches/what%20failed", json!({"address": "q=status:failed"})).0, 200);
    assert_eq!(server.get("/v1/searches").json()["searches"]["what failed"], "q=status:failed");
    assert_eq!(remove("/v1/searches/what%20failed"), 204);
    let told =
        server.sql("SELECT action_name FROM agent_audit_log WHERE action_type = 'settings' ORDER BY index");
    let told: Vec<&str> = told.iter().map(|row| row["action_name"].as_str().unwrap()).collect();
    let all = ["dashboard_saved", "dashboard_saved", "dashboard_removed", "search_saved", "search_removed"];
    assert_eq!(told, all);
}

#[test]
fn redaction_is_tried_out_and_nothing_of_the_text_is_recorded() {
    let (_dir, _data, server) = started();
    let tried = |text: &str| server.post("/v1/redaction/try", &json!({"text": text}).to_string());
    let found = tried(r#"{"password": "correct horse", "note": "mail bob@example.com"}"#).json();
    assert_eq!(found["json"], true);
    assert!(
        !found["text"].as_str().unwrap().contains("horse")
            && !found["text"].as_str().unwrap().contains("bob@")
    );
    let detectors: Vec<&str> =
        found["found"].as_array().unwrap().iter().map(|one| one["detector"].as_str().unwrap()).collect();
    assert_eq!(detectors, ["key", "email"]);
    let plain = tried("nothing to find").json();
    assert_eq!(
        (&plain["text"], &plain["found"], &plain["json"]),
        (&json!("nothing to find"), &json!([]), &json!(false))
    );
    assert_eq!(tried(&"x".repeat(65 << 10)).status, 413);
    assert_eq!(server.post("/v1/redaction/try", "{}").status, 400);
    assert_eq!(server.get("/v1/search?q=horse").json()["rows_count"], 0);
}

/// Of a log that holds nothing every report says so, and what it would say.
#[test]
fn a_report_about_an_empty_log_says_that_nothing_is_recorded_yet() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let empty = server.post("/v1/reports", &json!({"kind": "health-daily"}).to_string());
    assert_eq!(empty.status, 200, "{empty:?}");
    let report = empty.json();
    assert_eq!(report["checkpoint"]["size"], 0);
    assert_eq!(
        report["checkpoint"]["root"], "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "SHA-256 of nothing"
    );
    let checks = report["sections"][3]["rows"].as_array().unwrap();
    assert!(checks.iter().all(|check| check[4] != "attention"), "{checks:?}");
    // That it was made is the first entry, which the newest checkpoint covers a second later.
    until("the first entry is sealed", || {
        (server.get("/health").json()["sealed"].as_u64() >= Some(1)).then_some(())
    });
    assert_eq!(server.sql("SELECT action_name FROM events ORDER BY index")[0]["action_name"], "report_made");

    let other = tempfile::tempdir().unwrap();
    let server = Server::start(&other.path().join("data"));
    let page = server.post("/v1/reports", &json!({"kind": "agent-activity", "format": "html"}).to_string());
    assert!(page.status == 200 && page.body.contains("Nothing is recorded yet: the log"), "{page:?}");
}
