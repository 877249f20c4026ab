//! What every kind of channel sends for every kind of message, what answers mean, and what is believed of replies.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod answers;
mod digests;
mod forms;
mod guide;
mod hooks;
mod limits;
mod odd;
mod replies;
mod settings;
mod tickets;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tacho_alert::Severity;
use tacho_alert::notify::Receiver;
use tacho_deliver::{
    Answer, Call, Channel, Kept, Links, Message, Notice, ReadError, Request, Step, Telling, Told, Verdict,
};

/// 2026-11-21T12:00:00Z.
const NOON_US: i64 = 1_795_262_400_000_000;

fn nothing(_: Kept<'_>) -> Result<String, String> {
    Err("there is nothing".into())
}

fn read(key: &str, settings: Value) -> Result<Vec<Channel>, Vec<ReadError>> {
    let channels = [(key.to_string(), json!([settings]))].into_iter().collect();
    tacho_deliver::read(&Receiver { name: "oncall".into(), schedule: None, channels }, &Value::Null, &nothing)
}

#[track_caller]
fn channel(key: &str, settings: Value) -> Channel {
    read(key, settings).unwrap().remove(0)
}

/// The settings that each kind needs, and one secret of them.
fn least() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("slack_configs", json!({"api_url": "https://hooks.slack.com/services/T0/B0/hush0123"}), "hush0123"),
        ("slack_configs", json!({"app_token": "xoxb-hush", "channel": "#ops"}), "xoxb-hush"),
        (
            "email_configs",
            json!({"to": "ops@example.com", "from": "Tachograph <log@example.com>", "smarthost": "mail.example.com:587",
                "auth_username": "log", "auth_password": "hush0123"}),
            "hush0123",
        ),
        ("pagerduty_configs", json!({"routing_key": "hush0123"}), "hush0123"),
        ("opsgenie_configs", json!({"api_key": "hush0123"}), "hush0123"),
        ("jsm_configs", json!({"api_key": "hush0123"}), "hush0123"),
        ("telegram_configs", json!({"bot_token": "12:hush0123", "chat_id": -100123}), "hush0123"),
        ("msteamsv2_configs", json!({"webhook_url": "https://x.logic.example.com/hush0123"}), "hush0123"),
        (
            "twilio_sms_configs",
            json!({"account_sid": "AC1", "auth_token": "hush0123", "from": "+15550001111", "to": "+15550002222"}),
            "hush0123",
        ),
        (
            "twilio_voice_configs",
            json!({"account_sid": "AC1", "auth_token": "hush0123", "from": "+15550001111", "to": "+15550002222"}),
            "hush0123",
        ),
        (
            "jira_configs",
            json!({"api_url": "https://acme.atlassian.net", "project": "OPS", "issue_type": "Bug",
                "http_config": {"basic_auth": {"username": "a@b.c", "password": "hush0123"}}}),
            "hush0123",
        ),
        ("webhook_configs", json!({"url": "https://example.com/hush0123"}), "hush0123"),
        (
            "standard_webhook_configs",
            json!({"url": "https://example.com/in", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}),
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ),
        ("cloudevents_configs", json!({"url": "https://example.com/hush0123"}), "hush0123"),
        (
            "alertmanager_configs",
            json!({"url": "http://am.example.com:9093", "http_config": {"authorization": {"credentials": "hush0123"}}}),
            "hush0123",
        ),
        ("dashboard_configs", json!({}), "(none)"),
    ]
}

/// Two alerts of one group.
fn message(notice: Notice) -> Message {
    let labels = |agent: &str| -> BTreeMap<String, String> {
        let all = [("alertname", "agent_failure_spike"), ("severity", "critical"), ("agent_id", agent)];
        all.map(|(name, value)| (name.to_string(), value.to_string())).into()
    };
    let alert = |agent: &str, fingerprint: &str| Told {
        fingerprint: fingerprint.into(),
        labels: labels(agent),
        annotations: [
            ("summary".to_string(), format!("{agent} failed 11 times in <15 min> & more")),
            ("runbook".to_string(), "https://example.com/runbooks/agents".to_string()),
        ]
        .into(),
        starts_us: NOON_US - 600_000_000,
        ends_us: (notice == Notice::Resolved).then_some(NOON_US),
        values: [("count".to_string(), "11".to_string())].into(),
        condition: Some("count > 10 and agent_id != '<none>'".to_string()),
        url: Some(format!("https://log.example.com/alerts/{fingerprint}")),
    };
    Message {
        id: "3f2a".into(),
        thread: "group-1@17".into(),
        code: "K7Q2".into(),
        notice,
        about: None,
        severity: Severity::Critical,
        title: "Agents fail".into(),
        text: "The window was 15 minutes.".into(),
        at_us: NOON_US,
        receiver: "oncall".into(),
        group_labels: [("alertname".to_string(), "agent_failure_spike".to_string())].into(),
        alerts: vec![alert("deploy-bot", "aa11"), alert("billing", "bb22")],
        truncated: 3,
        links: Links {
            dashboard: Some("https://log.example.com/alerts".into()),
            acknowledge: Some("https://log.example.com/a/token".into()),
        },
    }
}

fn step(channel: &Channel, message: &Message, kept: Option<&str>, answers: &[Answer]) -> Step {
    channel.step(&Telling { message, kept, answers, now_us: NOON_US })
}

#[track_caller]
fn http(step: Step) -> Request {
    match step {
        Step::Call(Call::Http(request)) => request,
        other => panic!("expected a request, found {other:?}"),
    }
}

#[track_caller]
fn end(step: Step) -> Verdict {
    match step {
        Step::End(verdict) => verdict,
        other => panic!("expected an end, found {other:?}"),
    }
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.expose()).unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

/// The fields of a form, in order.
fn form(request: &Request) -> Vec<(String, String)> {
    let text = String::from_utf8(request.body.clone()).unwrap();
    let plain = |text: &str| {
        let mut bytes = text.bytes();
        let mut out = Vec::new();
        while let Some(byte) = bytes.next() {
            let mut digit = || char::from(bytes.next().unwrap()).to_digit(16).unwrap() as u8;
            out.push(if byte == b'%' { digit() * 16 + digit() } else { byte });
        }
        String::from_utf8(out).unwrap()
    };
    text.split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}
