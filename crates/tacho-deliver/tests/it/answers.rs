//! What each vendor's answer means.

use super::*;

#[derive(Debug, PartialEq)]
enum Means {
    Delivered(&'static str),
    Again(Option<i64>),
    Refused(&'static str),
    Gone,
}

fn judge(key: &str, answer: Answer) -> Verdict {
    let (_, settings, _) = least().into_iter().rev().find(|(known, ..)| *known == key).unwrap();
    end(step(&channel(key, settings), &message(Notice::Firing), None, &[answer]))
}

#[track_caller]
fn check(key: &str, status: u16, text: &str, means: Means) {
    let verdict = judge(key, answer(status, text));
    let good = match (&verdict, &means) {
        (Verdict::Delivered { receipt }, Means::Delivered(known)) => {
            receipt.as_deref().unwrap_or_default() == *known
        }
        (Verdict::Retry { after_us, .. }, Means::Again(known)) => after_us == known,
        (Verdict::Refused { why }, Means::Refused(known)) => why.contains(known),
        (Verdict::Gone, Means::Gone) => true,
        _ => false,
    };
    assert!(good, "{key} {status} {text}: {verdict:?}, expected {means:?}");
}

#[test]
fn vendors_are_understood() {
    // The bot's form is the later one of Slack in the list.
    check("slack_configs", 200, r#"{"ok":true,"channel":"C1","ts":"1.2"}"#, Means::Delivered("C1:1.2"));
    check(
        "slack_configs",
        200,
        r#"{"ok":false,"error":"channel_not_found"}"#,
        Means::Refused("channel_not_found"),
    );
    check("slack_configs", 200, r#"{"ok":false,"error":"internal_error"}"#, Means::Again(None));
    check("slack_configs", 200, "<html>a proxy's page</html>", Means::Refused("no ok in the answer"));
    check("pagerduty_configs", 202, r#"{"status":"success","dedup_key":"k"}"#, Means::Delivered("k"));
    check("pagerduty_configs", 400, r#"{"status":"invalid event"}"#, Means::Refused("invalid event"));
    check("pagerduty_configs", 429, "", Means::Again(None));
    check("opsgenie_configs", 202, r#"{"requestId":"r-1"}"#, Means::Delivered("r-1"));
    check("jsm_configs", 422, r#"{"message":"Key format is not valid!"}"#, Means::Refused("Key format"));
    check("telegram_configs", 200, r#"{"ok":true,"result":{"message_id":4}}"#, Means::Delivered("4"));
    check(
        "telegram_configs",
        429,
        r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 9","parameters":{"retry_after":9}}"#,
        Means::Again(Some(9_000_000)),
    );
    check(
        "telegram_configs",
        400,
        r#"{"ok":false,"description":"upgraded","parameters":{"migrate_to_chat_id":-1009}}"#,
        Means::Refused("set chat_id to -1009"),
    );
    check(
        "telegram_configs",
        403,
        r#"{"ok":false,"description":"bot was blocked"}"#,
        Means::Refused("bot was blocked"),
    );
    check("msteamsv2_configs", 202, "", Means::Delivered(""));
    check("twilio_sms_configs", 201, r#"{"sid":"SM1","status":"queued"}"#, Means::Delivered("SM1"));
    check(
        "twilio_sms_configs",
        400,
        r#"{"code":21610,"message":"Attempt to send to unsubscribed"}"#,
        Means::Refused("START"),
    );
    check(
        "twilio_voice_configs",
        401,
        r#"{"code":20003,"message":"Authenticate"}"#,
        Means::Refused("20003: Authenticate"),
    );
    check("webhook_configs", 204, "", Means::Delivered(""));
    check("webhook_configs", 410, "", Means::Gone);
    check("standard_webhook_configs", 410, "", Means::Gone);
    check("cloudevents_configs", 500, "", Means::Again(None));
    check("alertmanager_configs", 400, "bad labels", Means::Refused("bad labels"));
    check("email_configs", 250, "2.0.0 queued as 4F", Means::Delivered("2.0.0 queued as 4F"));
    check("email_configs", 451, "greylisted", Means::Again(None));
    check("email_configs", 550, "no such user", Means::Refused("no such user"));
}

#[test]
fn silence_is_tried_again_on_every_channel() {
    for (key, settings, _) in least().into_iter().filter(|(key, ..)| *key != "dashboard_configs") {
        let verdict =
            end(step(&channel(key, settings), &message(Notice::Firing), None, &[Answer::none("no route")]));
        assert_eq!(verdict, Verdict::Retry { after_us: None, why: "no route".into() }, "{key}");
    }
}

#[test]
fn a_server_that_echoes_the_secret_does_not_get_it_into_a_verdict() {
    for (key, settings, secret) in least().into_iter().filter(|(key, ..)| *key != "dashboard_configs") {
        let answer = answer(400, &format!("bad key {secret}"));
        let verdict = end(step(&channel(key, settings), &message(Notice::Firing), None, &[answer]));
        let text = format!("{verdict:?}");
        assert!(!text.contains(secret), "{key}: {text}");
    }
}
