//! What programs get: webhooks of three forms, and a real Alertmanager.

use super::*;

fn first(key: &str, settings: Value, notice: Notice) -> Request {
    http(step(&channel(key, settings), &message(notice), None, &[]))
}

#[test]
fn a_webhook_gets_alertmanagers_body() {
    let settings = json!({"url": "https://example.com/in/", "max_alerts": 1,
        "http_config": {"basic_auth": {"username": "u", "password": "p"}}});
    let request = first("webhook_configs", settings, Notice::Resolved);
    assert_eq!(request.url.expose(), "https://example.com/in/", "the last slash is the receiver's");
    assert_eq!(header(&request, "authorization"), "Basic dTpw");
    assert_eq!(header(&request, "idempotency-key"), "3f2a");
    let sent = body(&request);
    assert_eq!(
        (&sent["version"], &sent["status"], &sent["truncatedAlerts"]),
        (&json!("4"), &json!("resolved"), &json!(4))
    );
    assert_eq!((&sent["groupKey"], &sent["receiver"]), (&json!("group-1@17"), &json!("oncall")));
    assert_eq!(sent["commonLabels"], json!({"alertname": "agent_failure_spike", "severity": "critical"}));
    let alert = &sent["alerts"][0];
    assert_eq!(
        (&alert["startsAt"], &alert["endsAt"]),
        (&json!("2026-11-21T11:50:00Z"), &json!("2026-11-21T12:00:00Z"))
    );
    assert_eq!((&alert["status"], &alert["fingerprint"]), (&json!("resolved"), &json!("aa11")));
}

#[test]
fn cloudevents_have_what_the_specification_asks_for() {
    let request = first(
        "cloudevents_configs",
        json!({"url": "https://example.com/in", "source": "/log/eu"}),
        Notice::Firing,
    );
    assert_eq!(header(&request, "content-type"), "application/cloudevents+json; charset=utf-8");
    let event = body(&request);
    assert_eq!(
        (&event["specversion"], &event["id"], &event["source"]),
        (&json!("1.0"), &json!("3f2a"), &json!("/log/eu"))
    );
    assert_eq!(
        (&event["type"], &event["subject"]),
        (&json!("io.tachograph.alert.firing"), &json!("group-1@17"))
    );
    assert_eq!((&event["time"], &event["data"]["version"]), (&json!("2026-11-21T12:00:00Z"), &json!("4")));
}

#[test]
fn a_real_alertmanager_is_told_when_alerts_end() {
    let settings = json!({"url": "http://am.example.com:9093/", "hold": "2h"});
    let request = first("alertmanager_configs", settings.clone(), Notice::Firing);
    assert_eq!(request.url.expose(), "http://am.example.com:9093/api/v2/alerts");
    let alerts = body(&request);
    assert_eq!(alerts[0]["labels"]["agent_id"], "deploy-bot");
    assert_eq!(
        (&alerts[0]["startsAt"], &alerts[0]["endsAt"]),
        (&json!("2026-11-21T11:50:00Z"), &json!("2026-11-21T14:00:00Z"))
    );
    assert_eq!(alerts[0]["generatorURL"], "https://log.example.com/alerts/aa11");
    assert_eq!(
        body(&first("alertmanager_configs", settings, Notice::Resolved))[1]["endsAt"],
        "2026-11-21T12:00:00Z"
    );
}

#[test]
fn a_standard_webhook_signs_for_both_kinds_of_keys() {
    // The seed is 32 times 1.
    let private = "whsk_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let settings = json!({"url": "https://example.com/in", "secret": format!("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw {private}")});
    let request = first("standard_webhook_configs", settings, Notice::Firing);
    assert_eq!(header(&request, "webhook-id"), "msg_3f2a");
    assert_eq!(header(&request, "webhook-timestamp"), "1795262400");
    let signatures: Vec<&str> = header(&request, "webhook-signature").split(' ').collect();
    assert!(signatures[0].starts_with("v1,") && signatures[1].starts_with("v1a,"), "{signatures:?}");
    let sent = body(&request);
    assert_eq!((&sent["type"], &sent["timestamp"]), (&json!("alert.firing"), &json!("2026-11-21T12:00:00Z")));
    assert_eq!(sent["data"]["alerts"][1]["labels"]["agent_id"], "billing");
}

#[test]
fn a_webhook_learns_what_has_to_hold_unless_the_rule_says_something_else_by_that_name() {
    let webhook = channel("webhook_configs", json!({"url": "https://example.com/in"}));
    let mut told = message(Notice::Firing);
    told.alerts[1].annotations.insert("condition".into(), "the rule's own".into());
    let sent = body(&http(step(&webhook, &told, None, &[])));
    let said = |at: usize| sent["alerts"][at]["annotations"]["condition"].clone();
    assert_eq!(said(0), "count > 10 and agent_id != '<none>'");
    assert_eq!(said(1), "the rule's own");
    assert!(sent["commonAnnotations"].get("condition").is_none(), "they differ: {sent}");
    let peer = channel("alertmanager_configs", json!({"url": "http://am.example.com:9093"}));
    let alerts = body(&http(step(&peer, &told, None, &[])));
    assert_eq!(alerts[0]["annotations"]["condition"], "count > 10 and agent_id != '<none>'");
}

#[test]
fn what_is_told_of_an_incident_has_its_facts_in_what_all_alerts_share() {
    let webhook = channel("webhook_configs", json!({"url": "https://example.com/in"}));
    let labels = [("incident", "c51e"), ("severity", "critical"), ("state", "reception")];
    let labels: BTreeMap<String, String> = labels.map(|(name, value)| (name.into(), value.into())).into();
    let told = Message {
        notice: Notice::Digest,
        title: "Incident (critical): Agents fail".into(),
        text: "Agents: billing\nTo be answered by 2026-11-21T12:05:00Z".into(),
        group_labels: labels.clone(),
        about: Some("incident.opened".into()),
        ..message(Notice::Firing)
    };
    let sent = body(&http(step(&webhook, &told, None, &[])));
    assert_eq!((&sent["commonLabels"], &sent["groupLabels"]), (&json!(labels), &json!(labels)));
    assert_eq!(
        sent["commonAnnotations"],
        json!({"summary": "Incident (critical): Agents fail", "description": told.text})
    );
    assert_eq!((sent["alerts"].as_array().unwrap().len(), &sent["truncatedAlerts"]), (2, &json!(3)));
    assert_eq!(
        (&sent["alerts"][1]["fingerprint"], &sent["notification_reason"]),
        (&json!("bb22"), &json!("incident.opened"))
    );
    let signed = json!({"url": "https://example.com/in", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
    let sent = body(&http(step(&channel("standard_webhook_configs", signed), &told, None, &[])));
    assert_eq!(
        (&sent["type"], &sent["data"]["alerts"][0]["fingerprint"]),
        (&json!("incident.opened"), &json!("aa11"))
    );
    let events = channel("cloudevents_configs", json!({"url": "https://example.com/in"}));
    let sent = body(&http(step(&events, &told, None, &[])));
    assert_eq!(sent["type"], "io.tachograph.incident.opened");
    let slack = channel("slack_configs", json!({"api_url": "https://hooks.slack.com/services/x"}));
    let sent = body(&http(step(&slack, &told, None, &[])));
    assert_eq!(sent["text"], "Incident (critical): Agents fail", "an incident is no digest");
    assert!(sent["blocks"][1]["text"]["text"].as_str().unwrap().contains("billing"), "{sent}");
    assert!(!sent.to_string().contains("agent_failure_spike"), "people were told of its alerts: {sent}");
}
