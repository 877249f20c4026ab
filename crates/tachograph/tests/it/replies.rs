//! What people answer: a message goes out, somebody presses, writes or opens something, and the alert knows who answered.

use crate::server::Server;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime};

const PATIENCE: Duration = Duration::from_secs(120);
const URL: &str = "https://log.example.com";

/// Slack's webhook, twice: with buttons and without.
fn slack() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, bodies) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut length, mut line) = (0, String::new());
            while stream.read_line(&mut line).unwrap() > 2 {
                length = line
                    .to_lowercase()
                    .strip_prefix("content-length:")
                    .map_or(length, |n| n.trim().parse().unwrap());
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            stream
                .get_mut()
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
                .unwrap();
            drop(sender.send(serde_json::from_slice(&body).unwrap()));
        }
    });
    (address, bodies)
}

/// A server with one open alert, the code that its message carried, and the link.
struct Scene {
    server: Server,
    code: String,
    link: String,
    bodies: Receiver<Value>,
}

impl Scene {
    fn start(dir: &Path) -> Scene {
        let rule = "id: forbidden\ntitle: Something forbidden\nseverity: critical\nquery: agent_audit_log | action = 'forbidden'\n\
                    every: stream\nwindow: 1h\n";
        Scene::of(dir, rule, "group_by: ['...'], group_wait: 0s", &["a1"])
    }

    /// With a rule, how its alerts are grouped, and agents that do what is forbidden.
    fn of(dir: &Path, rule: &str, grouped: &str, agents: &[&str]) -> Scene {
        let (slack, bodies) = slack();
        std::fs::create_dir_all(dir.join("rules")).unwrap();
        let config = format!(
            "[alerts]\nurl = \"{URL}\"\nallow_private = [\"127.0.0.1\"]\n[alerts.replies]\nslack_signing_secret = \"s1\"\n\
             telegram_secret_token = \"g1\"\ntwilio_auth_token_file = \"{}\"\n",
            dir.join("twilio").display()
        );
        std::fs::write(dir.join("twilio"), "t1\n").unwrap();
        std::fs::write(dir.join("config.toml"), config).unwrap();
        std::fs::write(dir.join("rules/own.yaml"), rule).unwrap();
        let routing = format!(
            "route: {{receiver: people, {grouped}}}\nreceivers:\n  - name: oncall\n  - name: people\n    \
             slack_configs: [{{api_url: 'http://{slack}/x', buttons: true}}, {{api_url: 'http://{slack}/y'}}]\n    \
             pagerduty_configs: [{{routing_key: R1, url: 'http://{slack}/v2/enqueue'}}]\n"
        );
        std::fs::write(dir.join("routing.yaml"), routing).unwrap();
        let server = Server::start(dir);
        forbidden(&server, agents);
        let (mut code, mut link) = (None, None);
        while code.is_none() || link.is_none() {
            let body = bodies.recv_timeout(PATIENCE).expect("a message within the time");
            let Some(blocks) = body["blocks"].as_array() else { continue };
            let buttons = blocks.last().unwrap()["elements"].clone();
            code = code.or_else(|| buttons[0]["value"].as_str().map(str::to_string));
            link = link.or_else(|| buttons[0]["url"].as_str().map(str::to_string));
        }
        Scene { server, code: code.unwrap(), link: link.unwrap(), bodies }
    }

    fn alert(&self) -> Value {
        self.server.get("/v1/alerts?state=all").json()["alerts"][0].clone()
    }

    fn post(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> crate::server::Answer {
        self.server.post_with(&format!("/v1/replies/{path}"), body.as_bytes(), headers).unwrap()
    }
}

/// Agents do what is forbidden, at once.
fn forbidden(server: &Server, agents: &[&str]) {
    let event =
        |agent: &&str| json!({"agent": {"id": agent}, "action": {"type": "tool", "name": "forbidden"}});
    let events: Vec<Value> = agents.iter().map(event).collect();
    assert_eq!(server.post("/v1/events", &json!(events).to_string()).status, 200);
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn slack_button(scene: &Scene, secret: &str, at: u64) -> crate::server::Answer {
    let payload =
        json!({"user": {"username": "ada"}, "actions": [{"action_id": "acknowledge", "value": scene.code}]});
    let escaped: String = payload.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
    let body = format!("payload={escaped}");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("v0:{at}:{body}").as_bytes());
    let signature = format!("v0={}", hex(&mac.finalize().into_bytes()));
    let at = at.to_string();
    scene.post("slack", &body, &[("x-slack-request-timestamp", &at), ("x-slack-signature", &signature)])
}

fn twilio(scene: &Scene, path: &str, fields: &[(&str, &str)]) -> crate::server::Answer {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(b"t1").unwrap();
    mac.update(format!("{URL}/v1/replies/{path}").as_bytes());
    sorted.iter().for_each(|(name, value)| mac.update(format!("{name}{value}").as_bytes()));
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let body: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace('+', "%2B").replace(' ', "+")))
        .collect();
    scene.post(path, &body.join("&"), &[("x-twilio-signature", &signature)])
}

#[test]
fn a_button_of_slack_acknowledges_and_forgeries_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let scene = Scene::start(dir.path());
    assert_eq!(slack_button(&scene, "other", now()).status, 403);
    assert_eq!(slack_button(&scene, "s1", now() - 400).status, 403, "too old");
    assert_eq!(scene.post("slack", "payload=x", &[]).status, 403);
    assert_eq!(scene.alert()["state"], "firing");
    assert_eq!(slack_button(&scene, "s1", now()).status, 200);
    let alert = scene.alert();
    assert_eq!((&alert["state"], &alert["acknowledged_by"]), (&json!("acknowledged"), &json!("ada (Slack)")));
    // The pager is told as well, or it would go on calling.
    let told = std::iter::from_fn(|| scene.bodies.recv_timeout(PATIENCE).ok());
    let answered =
        told.filter(|body| body["blocks"].is_null()).find(|body| body["event_action"] != "trigger");
    assert_eq!(answered.expect("the pager is told")["event_action"], "acknowledge");
    // A way whose secret is not set is not open, and says what to set.
    let closed = scene.post("pagerduty", "{}", &[]);
    assert!(
        closed.status == 404 && closed.body.contains("[alerts.replies] pagerduty_secret is not set"),
        "{closed:?}"
    );
    let large = "x".repeat(300_000);
    assert_eq!(scene.post("slack", &large, &[]).status, 400);
}

/// The form of a page as a browser sends it.
fn ticked(page: &str) -> String {
    let ids = page.split("value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    ids.map(|id| format!("alert={id}")).collect::<Vec<_>>().join("&")
}

#[test]
fn the_page_of_a_message_about_several_alerts_lists_each_and_acknowledges_what_it_lists() {
    let dir = tempfile::tempdir().unwrap();
    let rule = "id: forbidden\ntitle: Something <forbidden>\nseverity: critical\n\
                query: agent_audit_log | action = 'forbidden' | count() by agent_id | count > 0\nevery: stream\nwindow: 1h\n";
    let grouped = "group_by: [alertname], group_wait: 1s, group_interval: 1s";
    let scene = Scene::of(dir.path(), rule, grouped, &["a1", "a2", "a3"]);
    let path = scene.link.strip_prefix(&format!("{URL}/v1/replies/")).unwrap();
    let page = scene.server.get(&format!("/v1/replies/{path}")).body;
    for agent in ["a1", "a2", "a3"] {
        assert!(page.contains(&format!("<b>Something &lt;forbidden&gt; (agent_id={agent})</b>")), "{page}");
    }
    let form = ticked(&page);
    let ids: Vec<&str> = form.split('&').collect();
    assert_eq!(ids.len(), 3);
    // Another alert joins the message while somebody reads.
    forbidden(&scene.server, &["fourth"]);
    let heard = std::iter::from_fn(|| scene.bodies.recv_timeout(PATIENCE).ok());
    assert!(
        { heard }.any(|body| body.to_string().contains("fourth")),
        "the message tells of the fourth, too"
    );
    let state = |agent: &str| {
        let all = scene.server.get("/v1/alerts?state=all").json()["alerts"].as_array().unwrap().clone();
        let of = |alert: &&Value| alert["labels"]["agent_id"] == agent;
        all.iter().find(of).unwrap_or_else(|| panic!("{all:?}"))["state"].clone()
    };
    let done = scene.post(path, &format!("{}&alert=other", ids[..2].join("&")), &[]).body;
    assert_eq!(done.matches("<li>").count(), 2, "{done}");
    let page = scene.server.get(&format!("/v1/replies/{path}")).body;
    let (open, answered) =
        (page.matches(" checked>").count(), page.matches("acknowledged by people (link)").count());
    assert_eq!((open, answered), (2, 2), "{page}");
    assert_eq!(state("fourth"), "firing", "it was not on the page");
    assert_eq!(scene.server.get("/v1/alerts").json()["alerts"].as_array().unwrap().len(), 4);
}

#[test]
fn a_signed_link_asks_before_it_acknowledges() {
    let dir = tempfile::tempdir().unwrap();
    let scene = Scene::start(dir.path());
    let path = scene.link.strip_prefix(&format!("{URL}/v1/replies/")).unwrap();
    let page = scene.server.get(&format!("/v1/replies/{path}"));
    assert!(
        page.status == 200
            && page.kind.starts_with("text/html")
            && page.body.contains("<form method=\"post\">"),
        "{page:?}"
    );
    assert_eq!(scene.alert()["state"], "firing", "programs open links");
    let mut forged = path.to_string();
    let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.push(last);
    assert_eq!(scene.server.get(&format!("/v1/replies/{forged}")).status, 403);
    assert_eq!(scene.post(&forged, "", &[]).status, 403);
    let none = scene.post(path, "", &[]);
    assert!(none.body.contains("Nothing was ticked, so nothing was done."), "{none:?}");
    let done = scene.post(path, &ticked(&page.body), &[]);
    assert!(
        done.status == 200 && done.body.contains("Acknowledged:</p><ul><li>Something forbidden"),
        "{done:?}"
    );
    assert_eq!(scene.alert()["acknowledged_by"], "people (link)");
    // The key is kept: links go on after a restart.
    scene.server.kill();
    let server = Server::start(dir.path());
    assert_eq!(server.get(&format!("/v1/replies/{path}")).status, 200);
}

#[test]
fn texts_digits_and_telegram_answer_too() {
    let dir = tempfile::tempdir().unwrap();
    let scene = Scene::start(dir.path());
    let lost = twilio(&scene, "twilio/text", &[("Body", "hello"), ("From", "+15550002222")]);
    assert!(lost.body.contains("<Message>Say ACK, SNOOZE or RESOLVE"), "{lost:?}");
    let unknown = twilio(&scene, "twilio/text", &[("Body", "ACK NOSUCHCODE"), ("From", "+15550002222")]);
    assert!(
        unknown.status == 200 && unknown.body.contains("Nothing was done: nothing was told under this code."),
        "{unknown:?}"
    );
    let path = format!("twilio/voice?code={}", scene.code);
    let machine = twilio(&scene, &path, &[("Digits", "1"), ("AnsweredBy", "machine_start")]);
    assert!(machine.body.contains("Nothing was done"), "{machine:?}");
    assert_eq!(scene.alert()["state"], "firing");
    let snoozed = twilio(&scene, &path, &[("Digits", "2"), ("To", "+15550002222")]);
    assert!(
        snoozed.kind.starts_with("text/xml") && snoozed.body.contains("<Say>Snoozed: Something forbidden"),
        "{snoozed:?}"
    );
    assert_eq!(scene.alert()["state"], "snoozed");

    let update = json!({"callback_query": {"id": "7", "from": {"id": 5, "username": "ada"},
        "data": format!("acknowledge:{}", scene.code)}});
    let header = "x-telegram-bot-api-secret-token";
    assert_eq!(scene.post("telegram", &update.to_string(), &[(header, "no")]).status, 403);
    let pressed = scene.post("telegram", &update.to_string(), &[(header, "g1")]).json();
    assert_eq!(
        (&pressed["method"], &pressed["callback_query_id"]),
        (&json!("answerCallbackQuery"), &json!("7"))
    );
    assert_eq!(pressed["text"], "Acknowledged: Something forbidden");
    assert_eq!(scene.alert()["acknowledged_by"], "ada (Telegram)");

    let body = format!("RESOLVE {}", scene.code);
    let done = twilio(&scene, "twilio/text", &[("Body", &body), ("From", "+15550002222")]);
    assert!(done.body.contains("<Message>Resolved: Something forbidden"), "{done:?}");
    assert_eq!(scene.alert()["state"], "resolved");
    let again = twilio(&scene, "twilio/text", &[("Body", &body), ("From", "+15550002222")]);
    assert!(again.body.contains("none of these alerts is open any more"), "{again:?}");
}

#[test]
fn a_setting_of_replies_that_is_none_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), "[alerts.replies]\nslack_signing_secre = \"x\"\n")
        .unwrap();
    let done = crate::server::tachograph(dir.path(), &["serve", "--listen", "127.0.0.1:0"], "");
    let said = crate::server::text(&done.stderr);
    assert!(!done.status.success(), "{said}");
    assert!(
        said.contains("[alerts.replies] there is no key \"slack_signing_secre\"; did you mean"),
        "{said}"
    );
}
