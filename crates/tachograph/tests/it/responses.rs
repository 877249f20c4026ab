//! Automatic responses through the real server: a real program, a real receiver of web hooks.

use crate::hook::Hook;
use crate::incidents::{event, list, send, the, until};
use crate::server::{Answer, Server, tachograph, text};
use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const RULES: &str = "\
id: forbidden
title: Something forbidden was done
severity: critical
query: agent_audit_log | action = 'forbidden'
every: stream
window: 1h
respond: [RESPONSE]
";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A folder whose rule asks for a response, and the configuration of responses.
pub(crate) fn folder(dir: &Path, response: &str, config: &str) -> PathBuf {
    let data = dir.join("data");
    std::fs::create_dir_all(data.join("rules")).unwrap();
    std::fs::write(data.join("rules/own.yaml"), RULES.replace("RESPONSE", response)).unwrap();
    let ports = "[otlp]\nhttp = \"127.0.0.1:0\"\ngrpc = \"127.0.0.1:0\"\n";
    std::fs::write(data.join("config.toml"), format!("{ports}{config}")).unwrap();
    data
}

fn script(dir: &Path, text: &str) -> String {
    let path = dir.join("respond.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

/// The newest run, once it is as wanted.
pub(crate) fn run(server: &Server, standing: &str) -> Value {
    until(&format!("a run that is {standing}"), || {
        let all = server.get("/v1/responses").json();
        let newest = list(&all, "runs").into_iter().next();
        newest.filter(|run| run["standing"] == standing).ok_or_else(|| all.to_string())
    })
}

pub(crate) fn post(server: &Server, path: &str, body: Value) -> Answer {
    server.post(path, &body.to_string())
}

fn names(server: &Server) -> Vec<String> {
    let rows = server.sql(
        "SELECT action_name AS name FROM events WHERE action_name LIKE '%response%' AND source = 'internal' ORDER BY index",
    );
    rows.iter().map(|row| row["name"].as_str().unwrap().to_string()).collect()
}

#[test]
fn a_program_is_run_once_for_an_alert_and_each_step_is_in_the_timeline() {
    let dir = tempfile::tempdir().unwrap();
    let (got, times) = (dir.path().join("got"), dir.path().join("times"));
    let program =
        script(dir.path(), &format!("cat > {}; echo x >> {}; echo isolated", got.display(), times.display()));
    let config = format!(
        "[alerts.responses.isolate]\nkind = \"command\"\nprogram = \"{program}\"\narguments = [\"--now\"]\n"
    );
    let data = folder(dir.path(), "isolate", &config);
    let server = Server::start(&data);
    send(&server, &[event("billing", "tool", "forbidden", json!({"session_id": "s1"}))]);
    let done = run(&server, "succeeded");
    assert_eq!(
        (&done["what"], &done["agent"], &done["rule"]),
        (&json!("isolated"), &json!("billing"), &json!("forbidden"))
    );
    let told: Value = serde_json::from_str(&std::fs::read_to_string(&got).unwrap()).unwrap();
    assert_eq!(
        (&told["agent"], &told["session"], &told["alert"]["rule"]),
        (&json!("billing"), &json!("s1"), &json!("forbidden"))
    );
    let seen = server.get(&format!("/v1/events/{}", told["alert"]["evidence"][0]["index"])).json();
    assert_eq!(seen["header"]["action_name"], "forbidden", "{seen}");
    let one = the(&server, |one| {
        list(one, "timeline").iter().filter(|line| line["kind"] == "response").count() == 3
    });
    let lines: Vec<Value> =
        list(&one, "timeline").into_iter().filter(|line| line["kind"] == "response").collect();
    let texts: Vec<&str> = lines.iter().map(|line| line["text"].as_str().unwrap()).collect();
    let expected = [
        "response isolate: asked for by rule forbidden",
        "response isolate: started",
        "response isolate: succeeded, isolated",
    ];
    assert_eq!(texts, expected);
    for (line, name) in lines.iter().zip(["asked", "started", "succeeded"]) {
        let found = server.get(&format!("/v1/events/{}", line["entry"]["index"])).json();
        assert_eq!(found["header"]["action_name"], format!("alert_response_{name}"), "{line}");
    }
    // The same alert after a kill, and the same event again: nothing is run twice.
    server.kill();
    let server = Server::start(&data);
    let again = post(&server, "/v1/responses/isolate/run", json!({"alert": done["alert"]}));
    assert_eq!(again.status, 200);
    let mine = again.json();
    assert_eq!((mine["id"] == done["id"], &mine["standing"]), (true, &json!("succeeded")), "{mine}");
    assert_eq!(std::fs::read_to_string(&times).unwrap(), "x\n");
    let dry = post(
        &server,
        "/v1/responses/isolate/run",
        json!({"alert": done["alert"], "dry_run": true, "by": "kim"}),
    );
    let dry = dry.json()["id"].as_str().unwrap().to_string();
    let said = until("the dry run ends", || {
        let run = server.get(&format!("/v1/responses/runs/{dry}")).json();
        if run["standing"] == "succeeded" { Ok(run) } else { Err(run.to_string()) }
    });
    assert!(
        said["what"].as_str().unwrap().contains("would do: ")
            && said["what"].as_str().unwrap().ends_with("--now (agent billing, session s1)"),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(&times).unwrap(), "x\n", "a dry run runs nothing");
}

#[test]
fn a_server_that_is_killed_while_a_program_runs_does_not_run_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let times = dir.path().join("times");
    // The program ends the server in the moment in which nobody knows what it has done.
    let program = script(dir.path(), &format!("echo x >> {}; kill -9 $PPID", times.display()));
    let config = format!("[alerts.responses.isolate]\nkind = \"command\"\nprogram = \"{program}\"\n");
    let data = folder(dir.path(), "isolate", &config);
    let server = Server::start(&data);
    send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
    server.ended();
    let server = Server::start(&data);
    let lost = run(&server, "unknown");
    assert!(lost["what"].as_str().unwrap().contains("it is not begun again"), "{lost}");
    let one = the(&server, |one| one["alerts"] == 2);
    assert!(one.to_string().contains("response isolate: unknown"), "its timeline says so: {one}");
    assert_eq!(std::fs::read_to_string(&times).unwrap(), "x\n");
}

#[test]
fn one_that_fails_or_takes_too_long_is_an_event_that_rules_see() {
    let dir = tempfile::tempdir().unwrap();
    let program = script(dir.path(), "echo no route to host >&2; exit 7");
    let slow = dir.path().join("slow.sh");
    std::fs::write(&slow, "#!/bin/sh\nsleep 1000\n").unwrap();
    std::fs::set_permissions(&slow, std::fs::Permissions::from_mode(0o755)).unwrap();
    let config = format!(
        "[alerts.responses.isolate]\nkind = \"command\"\nprogram = \"{program}\"\nper_hour = 1\n\
         [alerts.responses.slow]\nkind = \"command\"\nprogram = \"{}\"\ntimeout = \"200ms\"\n",
        slow.display()
    );
    let server = Server::start(&folder(dir.path(), "isolate", &config));
    send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
    let failed = run(&server, "failed");
    assert_eq!(failed["what"], "ended with 7: no route to host");
    // That it failed is an alert of the same incident.
    let one = the(&server, |one| one["alerts"] == 2);
    assert_eq!(list(&one, "alerts_listed")[1]["rule"], "response_failed", "{one}");
    let late = post(
        &server,
        "/v1/responses/slow/run",
        json!({"incident": one["id"], "by": "kim", "reason": "quick"}),
    );
    assert_eq!(late.status, 200, "{late:?}");
    let late = run(&server, "timed_out");
    assert_eq!(late["what"], "was ended after 0.2 s");
    let one = the(&server, |one| {
        list(one, "timeline").iter().any(|line| line["text"].as_str().unwrap().contains("timed out"))
    });
    let asked =
        list(&one, "timeline").into_iter().find(|line| line["text"] == "response slow: asked for").unwrap();
    assert_eq!(asked["by"], "kim");
    // Beyond its limit it is refused, and that is told as well.
    send(&server, &[event("other", "tool", "forbidden", json!({}))]);
    let refused = run(&server, "refused");
    assert!(refused["what"].as_str().unwrap().contains("1 times within an hour"), "{refused}");
    let told = until("the log has all of it", || {
        let told = names(&server);
        if told.last().map(String::as_str) == Some("alert_response_refused") {
            Ok(told)
        } else {
            Err(format!("{told:?}"))
        }
    });
    assert_eq!(told.iter().filter(|name| *name == "response_failed").count(), 2, "{told:?}");
}

#[test]
fn what_needs_a_person_waits_for_one_over_a_restart_too() {
    let dir = tempfile::tempdir().unwrap();
    let config = "[alerts.responses.halt]\nkind = \"stop_agent\"\nminutes = 30\napprove = true\n";
    let data = folder(dir.path(), "halt", config);
    let server = Server::start(&data);
    send(&server, &[event("a", "tool", "forbidden", json!({})), event("b", "tool", "forbidden", json!({}))]);
    let both = until("two wait", || {
        let all = server.get("/v1/responses?standing=waiting").json();
        if all["waiting"] == 2 { Ok(all) } else { Err(all.to_string()) }
    });
    server.kill();
    let server = Server::start(&data);
    let of = |agent: &str| {
        let run = list(&both, "runs").into_iter().find(|run| run["agent"] == agent).unwrap();
        run["id"].as_str().unwrap().to_string()
    };
    assert_eq!(server.get("/v1/agents/stopped").json(), json!({"stopped": []}));
    let said = post(
        &server,
        &format!("/v1/responses/runs/{}/decline", of("a")),
        json!({"by": "kim", "note": "a test"}),
    );
    assert_eq!(said.json()["standing"], "declined");
    let done = tachograph(&data, &["responses", "approve", &of("b"), "--by", "lee"], "");
    assert!(done.status.success(), "{}", text(&done.stderr));
    let stopped = until("b is stopped", || {
        let stopped = list(&server.get("/v1/agents/stopped").json(), "stopped");
        if stopped.len() == 1 { Ok(stopped) } else { Err(format!("{stopped:?}")) }
    });
    assert_eq!(
        (&stopped[0]["agent"], &stopped[0]["by"], stopped[0]["until"].is_string()),
        (&json!("b"), &json!("lee"), true)
    );
    for line in [
        "tachograph_alert_responses_total{kind=\"stop_agent\",outcome=\"declined\"} 1",
        "tachograph_alert_responses_total{kind=\"stop_agent\",outcome=\"succeeded\"} 1",
        "tachograph_alert_responses_open{kind=\"stop_agent\",standing=\"waiting\"} 0",
    ] {
        until(line, || {
            let metrics = server.get("/metrics").body;
            if metrics.contains(line) { Ok(()) } else { Err(metrics) }
        });
    }
    let again = post(&server, &format!("/v1/responses/runs/{}/approve", of("a")), json!({}));
    assert!(again.status == 400 && again.body.contains("it is declined"), "{again:?}");
    assert_eq!(post(&server, "/v1/responses/runs/none/approve", json!({})).status, 404);
    let listed = text(&tachograph(&data, &["responses", "list"], "").stdout);
    assert!(
        listed.contains("stops the agent for 30 min")
            && listed.contains("a person")
            && listed.contains("declined"),
        "{listed}"
    );
}

#[test]
fn a_web_hook_is_signed_and_reaches_private_addresses_only_where_that_is_allowed() {
    for allow in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hook = Hook::on(listener);
        let dir = tempfile::tempdir().unwrap();
        let allowed = if allow { "[alerts]\nallow_private = [\"127.0.0.1\"]\n" } else { "" };
        let config = format!(
            "{allowed}[alerts.responses.soar]\nkind = \"webhook\"\nwebhook = {{url = \"http://{}/in\", secret = \"{SECRET}\"}}\n",
            hook.address
        );
        let server = Server::start(&folder(dir.path(), "soar", &config));
        send(&server, &[event("billing", "tool", "forbidden", json!({}))]);
        if !allow {
            let refused = run(&server, "failed");
            assert!(refused["what"].as_str().unwrap().contains("no public address"), "{refused}");
            continue;
        }
        let (head, body) = hook.whole();
        let run = run(&server, "succeeded");
        let field = |name: &str| {
            let line = head.iter().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap();
            line.trim().to_string()
        };
        assert_eq!(field("webhook-id"), format!("msg_{}", run["id"].as_str().unwrap()));
        let key =
            base64::engine::general_purpose::STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.{body}", field("webhook-id"), field("webhook-timestamp")).as_bytes());
        let signed = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(field("webhook-signature"), format!("v1,{signed}"));
        let told: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&told["type"], &told["data"]["agent"]), (&json!("response"), &json!("billing")));
        assert!(!server.get("/v1/responses").body.contains("MfKQ9r8"), "no secret is shown");
    }
}
