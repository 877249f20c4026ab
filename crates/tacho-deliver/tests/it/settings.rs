//! Settings are read strictly, and what is secret in them is not shown.

use super::*;

fn why(key: &str, settings: Value) -> String {
    read(key, settings).unwrap_err()[0].to_string()
}

#[test]
fn a_slip_is_an_error_that_names_what_was_meant() {
    let error = why("slack_configs", json!({"api_ulr": "https://hooks.slack.com/x"}));
    assert_eq!(
        error,
        "receiver \"oncall\", slack_configs[0]: there is no key \"api_ulr\"; did you mean \"api_url\"?"
    );
    let error = why("slack_config", json!({}));
    assert_eq!(
        error,
        "receiver \"oncall\", slack_config: there is no kind of channel by this name; did you mean \"slack_configs\"?"
    );
    let error = why("victorops_configs", json!({}));
    assert!(error.contains("expected one of slack_configs, email_configs, "), "{error}");
    let error = why("slack_configs", json!({"api_url": "https://hooks.slack.com/x", "title": "{{ .x }}"}));
    assert!(error.ends_with(
        "title: tachograph writes its own texts and runs no templates of Alertmanager; leave this key out"
    ));
    let error = why(
        "webhook_configs",
        json!({"url": "https://x.example", "http_config": {"basic_auth": {"usernam": "u"}}}),
    );
    assert!(error.contains("did you mean \"username\"?"), "{error}");
}

#[test]
fn what_is_missing_or_impossible_is_said() {
    let cases = [
        ("slack_configs", json!({}), "api_url is missing (or api_url_file, or api_url_env)"),
        ("slack_configs", json!({"app_token": "x"}), "channel is missing"),
        ("slack_configs", json!({"api_url": "hooks.slack.com"}), "api_url: it begins with neither"),
        ("webhook_configs", json!({"url": "ftp://example.com/x"}), "neither https:// nor http://"),
        ("webhook_configs", json!({"url": "https://u:p@example.com/x"}), "holds a name or password"),
        (
            "email_configs",
            json!({"to": "nobody", "from": "a@b.c", "smarthost": "m:25"}),
            "to: \"nobody\" is no address",
        ),
        (
            "email_configs",
            json!({"to": "a@b.c", "from": "a@b.c", "smarthost": "mail"}),
            "smarthost: expected host:port",
        ),
        ("pagerduty_configs", json!({"service_key": "x"}), "service_key is of the old API"),
        (
            "pagerduty_configs",
            json!({"routing_key": "x", "severity": "high"}),
            "expected one of critical, error, warning, info",
        ),
        ("opsgenie_configs", json!({"api_key": "x", "priority": "P9"}), "expected P1 to P5"),
        ("telegram_configs", json!({"bot_token": "a/b", "chat_id": 1}), "bot_token: expected digits"),
        ("telegram_configs", json!({"bot_token": "1:a", "chat_id": "ops"}), "chat_id: expected a number"),
        (
            "twilio_sms_configs",
            json!({"account_sid": "AC1", "auth_token": "t", "from": "+15550001111", "to": "555"}),
            "number 1 is not written as",
        ),
        (
            "msteamsv2_configs",
            json!({"webhook_url": "https://acme.webhook.office.com/webhookb2/x"}),
            "retired",
        ),
        (
            "standard_webhook_configs",
            json!({"url": "https://x.example", "secret": "plain"}),
            "expected whsec_",
        ),
        (
            "jira_configs",
            json!({"api_url": "https://j.example", "project": "A B", "issue_type": "Bug"}),
            "expected the project's key",
        ),
        ("dashboard_configs", json!({"x": 1}), "unknown field `x`"),
        (
            "slack_configs",
            json!({"api_url": "https://h.example", "send_resolved": "no"}),
            "send_resolved: expected true or false",
        ),
        ("slack_configs", json!("https://h.example"), "it is no list of keys and values"),
    ];
    for (key, settings, expected) in cases {
        let error = why(key, settings);
        assert!(error.contains(expected), "{error}, expected {expected}");
    }
}

#[test]
fn all_errors_of_a_receiver_are_told_at_once() {
    let channels = json!({"slack_configs": [{}, {"x": 1}], "email_configs": {}});
    let receiver =
        Receiver { name: "r".into(), schedule: None, channels: channels.as_object().unwrap().clone() };
    let errors = tacho_deliver::read(&receiver, &Value::Null, &nothing).unwrap_err();
    let mut places: Vec<&str> = errors.iter().map(|error| error.place.as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["email_configs", "slack_configs[0]", "slack_configs[1]"]);
}

#[test]
fn global_settings_stand_in_and_secrets_come_from_elsewhere() {
    let global = json!({"smtp_smarthost": "mail.example.com:465", "smtp_from": "log@example.com", "slack_api_url_file": "/s",
        "smtp_auth_username": "log", "smtp_auth_password_env": "SMTP", "resolve_timeout": "5m"});
    let lookup = |kept: Kept<'_>| match kept {
        Kept::File("/s") => Ok("https://hooks.slack.com/kept\n".into()),
        Kept::Environment("SMTP") => Ok("from-env".into()),
        other => Err(format!("{other:?}")),
    };
    let channels = json!({"slack_configs": [{"channel": "#a"}], "email_configs": [{"to": ["a@x.example", "b@x.example"]}]});
    let receiver =
        Receiver { name: "r".into(), schedule: None, channels: channels.as_object().unwrap().clone() };
    let found = tacho_deliver::read(&receiver, &global, &lookup).unwrap();
    let places: Vec<(&str, String)> = found.iter().map(|c| (c.place.as_str(), c.to())).collect();
    assert_eq!(
        places,
        [
            ("email_configs[0].0", "a@x.example".to_string()),
            ("email_configs[0].1", "b@x.example".to_string()),
            ("slack_configs[0]", "#a".to_string())
        ]
    );
    let Step::Call(Call::Mail(mail)) = step(&found[0], &message(Notice::Firing), None, &[]) else {
        panic!("a mail")
    };
    assert_eq!((mail.port, mail.security), (465, tacho_deliver::Security::Tls));
    assert_eq!(mail.login.unwrap().password.expose(), "from-env");
    assert_eq!(
        http(step(&found[2], &message(Notice::Firing), None, &[])).url.expose(),
        "https://hooks.slack.com/kept"
    );
}

#[test]
fn certificates_come_from_a_file_and_are_certificates() {
    let pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----";
    let read = |pem: &'static str| {
        let settings =
            json!([{"url": "https://in.example", "http_config": {"tls_config": {"ca_file": "/ca.pem"}}}]);
        let channels = [("webhook_configs".to_string(), settings)].into_iter().collect();
        tacho_deliver::read(&Receiver { name: "r".into(), schedule: None, channels }, &Value::Null, &|_| {
            Ok(pem.to_string())
        })
    };
    let request = http(step(&read(pem).unwrap()[0], &message(Notice::Firing), None, &[]));
    assert_eq!(request.ca.as_deref(), Some(pem));
    assert!(read("junk").unwrap_err()[0].why.contains("no certificate in PEM"));
}

#[test]
fn no_secret_is_shown() {
    for (key, settings, secret) in least() {
        let channel = channel(key, settings);
        let call = step(&channel, &message(Notice::Firing), None, &[]);
        let shown = format!("{channel:?} {call:?} {}", channel.to());
        assert!(!shown.contains(secret), "{key}: {shown}");
    }
}

#[test]
fn a_wrong_type_does_not_tell_the_secret() {
    let error = why("pagerduty_configs", json!({"routing_key": ["hush0123"]}));
    assert!(!error.contains("hush0123"), "{error}");
    let error =
        why("standard_webhook_configs", json!({"url": "https://x.example", "secret": "whsec_hush0123*"}));
    assert!(!error.contains("hush0123"), "{error}");
    let error = why("webhook_configs", json!({"url": "https://exa mple/hush0123"}));
    assert!(!error.contains("hush0123"), "{error}");
}

#[test]
fn resolved_ones_can_be_left_out_and_states_are_for_those_who_keep_some() {
    let slack = channel("slack_configs", json!({"api_url": "https://h.example", "send_resolved": false}));
    assert!(slack.wants(&message(Notice::Firing)) && !slack.wants(&message(Notice::Resolved)));
    assert!(!slack.wants(&message(Notice::Acknowledged)));
    let pagerduty = channel("pagerduty_configs", json!({"routing_key": "x"}));
    assert!(pagerduty.wants(&message(Notice::Acknowledged)) && !pagerduty.wants(&message(Notice::Digest)));
    assert!(!channel("dashboard_configs", json!({})).reaches_people() && pagerduty.reaches_people());
}

#[test]
fn a_message_is_kept_as_json() {
    let told = message(Notice::Escalated);
    let text = serde_json::to_string(&told).unwrap();
    assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), told);
}
