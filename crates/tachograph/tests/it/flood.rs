//! Three thousand alerts at once, for channels that are told slowly: none is lost, and each is told.

use crate::hook::{Hook, until};
use crate::server::Server;

const ALERTS: usize = 3000;

#[test]
fn a_flood_becomes_few_messages_and_no_alert_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    let hook = Hook::start();
    std::fs::write(data.join("config.toml"), "[alerts]\nallow_private = [\"127.0.0.1\"]\n").unwrap();
    let routing = format!(
        "route: {{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1h}}\nreceivers:\n  \
         - name: hook\n    webhook_configs: [{{url: 'http://{}/', messages_per_minute: 60, burst: 3}}]\n",
        hook.address
    );
    std::fs::write(data.join("routing.yaml"), routing).unwrap();
    let server = Server::start(&data);
    let alert = |n: usize| serde_json::json!({"labels": {"alertname": format!("rule{}", n % 7), "severity": "info", "n": n.to_string()}});
    let all: Vec<_> = (0..ALERTS).map(alert).collect();
    assert_eq!(server.post("/api/v2/alerts", &serde_json::json!(all).to_string()).status, 200);
    let channel = until("nothing waits any more", || {
        let channel = server.get("/v1/alerts/receivers").json()["receivers"][0]["channels"][0].clone();
        let number = |name: &str| channel[name].as_u64().unwrap();
        (number("waiting") == 0 && number("sent") + number("digested") >= ALERTS as u64)
            .then(|| channel.clone())
    });
    let sent = channel["sent"].as_u64().unwrap();
    let digests = sent + channel["digested"].as_u64().unwrap() - ALERTS as u64;
    assert!(sent < 10 && digests >= 1, "{channel}");
    // What was told adds up: the alerts that are listed, and those that are counted.
    let told: u64 = (0..sent)
        .map(|_| {
            let body = hook.body();
            body["alerts"].as_array().unwrap().len() as u64 + body["truncatedAlerts"].as_u64().unwrap()
        })
        .sum();
    assert_eq!(told, ALERTS as u64);
    let newest = server.get("/v1/alerts/deliveries?limit=1000").json();
    let digested: Vec<_> =
        newest["deliveries"].as_array().unwrap().iter().filter(|told| told["state"] == "digested").collect();
    assert!(digested.len() > 900);
    assert!(
        digested
            .iter()
            .all(|told| told["told_in"].as_str().unwrap().starts_with("held/") && told["error"].is_null())
    );
    until("the log says so", || {
        let rows = server.sql("SELECT output FROM events WHERE action_name = 'notification_digested'");
        (rows.len() as u64 == digests).then_some(())
    });
}
