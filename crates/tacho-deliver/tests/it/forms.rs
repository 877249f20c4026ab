//! Each vendor's form, field by field.

use super::*;

fn first(key: &str, settings: Value, notice: Notice) -> Request {
    http(step(&channel(key, settings), &message(notice), None, &[]))
}

#[test]
fn slack_gets_blocks_and_a_text_to_fall_back_on() {
    let request =
        first("slack_configs", json!({"api_url": "https://hooks.slack.com/services/x"}), Notice::Firing);
    assert_eq!(request.url.expose(), "https://hooks.slack.com/services/x");
    assert_eq!(header(&request, "content-type"), "application/json");
    let body = body(&request);
    assert_eq!(body["text"], "CRITICAL: Agents fail");
    let kinds: Vec<&str> =
        body["blocks"].as_array().unwrap().iter().map(|b| b["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["header", "section", "section", "section", "section", "actions"]);
    assert_eq!(body["blocks"][0]["text"], json!({"type": "plain_text", "text": "CRITICAL: Agents fail"}));
    let alert = body["blocks"][2]["text"]["text"].as_str().unwrap();
    assert!(alert.starts_with(
        "*deploy-bot failed 11 times in &lt;15 min&gt; &amp; more*\nsince 2026-11-21T11:50:00Z\n"
    ));
    assert!(alert.contains("\nfires when: count &gt; 10 and agent_id != '&lt;none&gt;'\n"), "{alert}");
    assert!(alert.contains("count: 11\n") && alert.contains("agent_id: deploy-bot"), "{alert}");
    assert!(alert.ends_with("<https://log.example.com/alerts/aa11|the alert>"), "{alert}");
    assert_eq!(body["blocks"][4]["text"]["text"], "and 3 more");
    let buttons = body["blocks"][5]["elements"].as_array().unwrap();
    assert_eq!(buttons[0]["url"], "https://log.example.com/a/token", "a webhook without an app has links");
    assert_eq!(buttons[1]["url"], "https://log.example.com/alerts");
}

#[test]
fn slacks_bot_keeps_to_a_thread_and_rewrites_its_first_message_at_the_end() {
    let settings = json!({"app_token": "xoxb-1", "channel": "#ops", "buttons": true});
    let slack = channel("slack_configs", settings);
    let request = http(step(&slack, &message(Notice::Firing), None, &[]));
    assert_eq!(request.url.expose(), "https://slack.com/api/chat.postMessage");
    assert_eq!(header(&request, "authorization"), "Bearer xoxb-1");
    let sent = body(&request);
    assert_eq!(sent["channel"], "#ops");
    assert!(sent.get("thread_ts").is_none());
    let buttons = &sent["blocks"][5]["elements"];
    assert_eq!((&buttons[0]["action_id"], &buttons[0]["value"]), (&json!("acknowledge"), &json!("K7Q2")));
    assert_eq!(buttons[1]["action_id"], "snooze_60");

    let ok = answer(200, r#"{"ok":true,"channel":"C1","ts":"17.5"}"#);
    let verdict = end(step(&slack, &message(Notice::Firing), None, std::slice::from_ref(&ok)));
    assert_eq!(verdict, Verdict::Delivered { receipt: Some("C1:17.5".into()) });

    let resolved = message(Notice::Resolved);
    let reply = body(&http(step(&slack, &resolved, Some("C1:17.5"), &[])));
    assert_eq!((&reply["thread_ts"], &reply["reply_broadcast"]), (&json!("17.5"), &json!(true)));
    let rewrite = http(step(&slack, &resolved, Some("C1:17.5"), std::slice::from_ref(&ok)));
    assert_eq!(rewrite.url.expose(), "https://slack.com/api/chat.update");
    let rewritten = body(&rewrite);
    assert_eq!((&rewritten["channel"], &rewritten["ts"]), (&json!("C1"), &json!("17.5")));
    assert_eq!(rewritten["text"], "RESOLVED: Agents fail");
    // The rewriting may fail: the message is delivered all the same, and is not sent again.
    let verdict = end(step(&slack, &resolved, Some("C1:17.5"), &[ok, Answer::none("cut off")]));
    assert_eq!(verdict, Verdict::Delivered { receipt: Some("C1:17.5".into()) });
}

#[test]
fn pagerduty_triggers_acknowledges_and_resolves_one_incident() {
    let settings = json!({"routing_key": "R1", "component": "api", "group": "g", "class": "c"});
    let request = first("pagerduty_configs", settings.clone(), Notice::Firing);
    assert_eq!(request.url.expose(), "https://events.pagerduty.com/v2/enqueue");
    let event = body(&request);
    assert_eq!((&event["routing_key"], &event["event_action"]), (&json!("R1"), &json!("trigger")));
    assert_eq!(event["dedup_key"], "group-1@17");
    let payload = &event["payload"];
    assert_eq!(payload["summary"], "CRITICAL: Agents fail");
    assert_eq!(payload["severity"], "critical");
    assert_eq!(payload["source"], "deploy-bot");
    assert_eq!(payload["timestamp"], "2026-11-21T12:00:00Z");
    assert_eq!(
        (&payload["component"], &payload["group"], &payload["class"]),
        (&json!("api"), &json!("g"), &json!("c"))
    );
    let told = payload["custom_details"]["alerts"].as_str().unwrap();
    assert!(told.contains("count=11") && told.contains("\n  fires when count > 10 and"), "{told}");
    assert_eq!(event["client_url"], "https://log.example.com/alerts");
    assert_eq!(event["links"][1]["href"], "https://log.example.com/alerts/bb22");
    for (notice, action) in [(Notice::Resolved, "resolve"), (Notice::Acknowledged, "acknowledge")] {
        let event = body(&first("pagerduty_configs", settings.clone(), notice));
        assert_eq!(event, json!({"routing_key": "R1", "event_action": action, "dedup_key": "group-1@17"}));
    }
    let mut long = message(Notice::Resolved);
    long.thread = "x".repeat(300);
    let pagerduty = channel("pagerduty_configs", settings);
    assert_eq!(body(&http(step(&pagerduty, &long, None, &[])))["dedup_key"].as_str().unwrap().len(), 64);
}

#[test]
fn opsgenie_and_its_successor_have_one_form() {
    let settings = json!({"api_key": "K", "responders": [{"name": "ops", "type": "team"}], "tags": "a, b"});
    let request = first("opsgenie_configs", settings.clone(), Notice::Firing);
    assert_eq!(request.url.expose(), "https://api.opsgenie.com/v2/alerts");
    assert_eq!(header(&request, "authorization"), "GenieKey K");
    let alert = body(&request);
    assert_eq!((&alert["alias"], &alert["priority"]), (&json!("group-1@17"), &json!("P1")));
    assert_eq!(alert["message"], "CRITICAL: Agents fail");
    assert_eq!(alert["tags"], json!(["a", "b"]));
    assert_eq!(alert["responders"], json!([{"name": "ops", "type": "team"}]));
    assert_eq!(alert["details"]["alertname"], "agent_failure_spike");
    let request = first("jsm_configs", settings.clone(), Notice::Firing);
    assert_eq!(request.url.expose(), "https://api.atlassian.com/jsm/ops/integration/v2/alerts");
    for (notice, verb) in [(Notice::Resolved, "close"), (Notice::Acknowledged, "acknowledge")] {
        let request = first("opsgenie_configs", settings.clone(), notice);
        let expected = format!("https://api.opsgenie.com/v2/alerts/group-1%4017/{verb}?identifierType=alias");
        assert_eq!(request.url.expose(), expected);
        assert_eq!(body(&request)["source"], "tachograph");
    }
}

#[test]
fn telegram_gets_html_buttons_and_a_thread() {
    let settings =
        json!({"bot_token": "12:ab", "chat_id": "-100123", "message_thread_id": 7, "buttons": true});
    let telegram = channel("telegram_configs", settings);
    let request = http(step(&telegram, &message(Notice::Firing), None, &[]));
    assert_eq!(request.url.expose(), "https://api.telegram.org/bot12:ab/sendMessage");
    let sent = body(&request);
    assert_eq!((&sent["chat_id"], &sent["message_thread_id"]), (&json!(-100_123), &json!(7)));
    assert_eq!(sent["parse_mode"], "HTML");
    let text = sent["text"].as_str().unwrap();
    assert!(text.starts_with("<b>CRITICAL: Agents fail</b>\n\nThe window"), "{text}");
    assert!(text.contains("fires when") && text.contains("count &gt; 10"), "{text}");
    assert!(text.contains("in &lt;15 min&gt; &amp; more</b>") && text.contains("and 3 more"), "{text}");
    assert!(text.ends_with("<a href=\"https://log.example.com/a/token\">Acknowledge</a>"), "{text}");
    assert_eq!(sent["reply_markup"]["inline_keyboard"][0][0]["callback_data"], "acknowledge:K7Q2");
    assert_eq!(sent["reply_markup"]["inline_keyboard"][0][1]["callback_data"], "snooze60:K7Q2");

    let ok = answer(200, r#"{"ok":true,"result":{"message_id":41}}"#);
    let verdict = end(step(&telegram, &message(Notice::Firing), None, std::slice::from_ref(&ok)));
    assert_eq!(verdict, Verdict::Delivered { receipt: Some("41".into()) });
    let resolved = message(Notice::Resolved);
    let reply = body(&http(step(&telegram, &resolved, Some("40"), &[])));
    assert_eq!(reply["reply_parameters"], json!({"message_id": 40, "allow_sending_without_reply": true}));
    assert!(reply.get("reply_markup").is_none());
    let edit = http(step(&telegram, &resolved, Some("40"), &[ok]));
    assert!(edit.url.expose().ends_with("/editMessageText"));
    assert_eq!(body(&edit)["message_id"], 40);
}

#[test]
fn teams_gets_an_adaptive_card() {
    let card =
        body(&first("msteamsv2_configs", json!({"webhook_url": "https://x.example.com/y"}), Notice::Firing));
    assert_eq!(card["type"], "message");
    let attachment = &card["attachments"][0];
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    assert!(attachment["contentUrl"].is_null());
    let content = &attachment["content"];
    assert_eq!((&content["type"], &content["version"]), (&json!("AdaptiveCard"), &json!("1.4")));
    assert_eq!(content["body"][0]["text"], "CRITICAL: Agents fail");
    assert_eq!(content["body"][0]["color"], "Attention");
    let facts = &content["body"][2]["items"][2]["facts"];
    assert_eq!(
        (&facts[0]["title"], &facts[1]),
        (&json!("fires when"), &json!({"title": "count", "value": "11"}))
    );
    assert_eq!(
        content["actions"][1],
        json!({"type": "Action.OpenUrl", "title": "Acknowledge", "url": "https://log.example.com/a/token"})
    );
}

#[test]
fn twilio_sends_a_text_and_calls() {
    let settings = json!({"account_sid": "AC1", "auth_token": "T", "from": "+15550001111", "to": "+15550002222",
        "status_callback": "https://log.example.com/s"});
    let request = first("twilio_sms_configs", settings, Notice::Firing);
    assert_eq!(request.url.expose(), "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json");
    assert_eq!(header(&request, "authorization"), "Basic QUMxOlQ=");
    let told =
        "CRITICAL: Agents fail The window was 15 minutes. Reply ACK K7Q2 https://log.example.com/a/token";
    let expected = [
        ("To", "+15550002222"),
        ("From", "+15550001111"),
        ("Body", told),
        ("StatusCallback", "https://log.example.com/s"),
    ];
    assert_eq!(form(&request), expected.map(|(name, value)| (name.to_string(), value.to_string())));

    let settings = json!({"account_sid": "AC1", "auth_token": "T", "from": "+15550001111", "to": "+15550002222",
        "reply_url": "https://log.example.com/voice?x=1"});
    let request = first("twilio_voice_configs", settings, Notice::Firing);
    assert!(request.url.expose().ends_with("/Accounts/AC1/Calls.json"));
    let fields = form(&request);
    let twiml = &fields.iter().find(|(name, _)| name == "Twiml").unwrap().1;
    let gather = "<Gather numDigits=\"1\" timeout=\"8\" method=\"POST\" \
                  action=\"https://log.example.com/voice?x=1&amp;code=K7Q2\"><Say>Tachograph. CRITICAL: Agents fail. ";
    assert!(twiml.starts_with(&format!("<Response>{gather}")), "{twiml}");
    assert_eq!(twiml.matches("<Gather").count(), 2, "it is said twice");
    assert!(fields.contains(&("MachineDetection".into(), "Enable".into())));
}

#[test]
fn a_text_leaves_pictures_out_and_says_that_it_was_cut() {
    let settings =
        json!({"account_sid": "AC1", "auth_token": "T", "from": "+15550001111", "to": "+15550002222"});
    let sms = channel("twilio_sms_configs", settings);
    let text = |title: String| {
        let told = Message { title, text: String::new(), links: Links::default(), ..message(Notice::Firing) };
        form(&http(step(&sms, &told, None, &[]))).remove(2).1
    };
    assert_eq!(text("it’s “down” – again… 🚨".into()), "CRITICAL: it's \"down\" - again...  Reply ACK K7Q2");
    let mut one = Message { text: String::new(), links: Links::default(), ..message(Notice::Firing) };
    one.alerts.truncate(1);
    one.alerts[0].condition = Some("count > 10".into());
    assert_eq!(
        form(&http(step(&sms, &one, None, &[]))).remove(2).1,
        "CRITICAL: Agents fail count 11, fires when count > 10, since 2026-11-21T11:50:00Z Reply ACK K7Q2"
    );
    let long = text("a".repeat(1000));
    assert_eq!(long.chars().count(), 459);
    assert!(long.ends_with("a ...(cut) Reply ACK K7Q2"), "{long}");
    let wide = text("日".repeat(1000));
    assert!(
        wide.encode_utf16().count() <= 201 && wide.contains("(cut)") && wide.ends_with(" Reply ACK K7Q2"),
        "{wide}"
    );
}

#[test]
fn mail_has_two_forms_one_thread_and_no_reply_by_machines() {
    let email = channel(
        "email_configs",
        json!({"to": "Ops Team <ops@example.com>", "from": "Tachograph <log@example.com>", "smarthost": "mail.example.com:587",
            "auth_username": "log", "auth_password": "p", "list_unsubscribe": "mailto:leave@example.com"}),
    );
    let mail = |notice| match step(&email, &message(notice), None, &[]) {
        Step::Call(Call::Mail(mail)) => mail,
        other => panic!("{other:?}"),
    };
    let (firing, digest) = (mail(Notice::Firing), mail(Notice::Digest));
    assert_eq!(
        (firing.host.as_str(), firing.port, firing.security),
        ("mail.example.com", 587, tacho_deliver::Security::StartTls)
    );
    assert_eq!(
        (firing.from.as_str(), firing.to.as_str(), firing.hello.as_str()),
        ("log@example.com", "ops@example.com", "example.com")
    );
    let text = String::from_utf8(firing.bytes.clone()).unwrap();
    let (head, rest) = text.split_once("\r\n\r\n").unwrap();
    for line in [
        "Subject: CRITICAL: Agents fail",
        "To: \"Ops Team\" <ops@example.com>",
        "Auto-Submitted: auto-generated",
        "Date: Sat, 21 Nov 2026 12:00:00 +0000",
    ] {
        assert!(head.lines().any(|known| known == line), "{line}: {head}");
    }
    let value = |mail: &str, name: &str| -> String {
        let line = mail.lines().find(|line| line.starts_with(&format!("{name}: "))).unwrap();
        line.split_once(": ").unwrap().1.to_string()
    };
    let other = String::from_utf8(digest.bytes).unwrap();
    assert_eq!(value(&text, "References"), value(&other, "References"), "one thread");
    assert_eq!(value(&text, "Message-ID"), value(&other, "Message-ID"), "the id is the message's");
    assert!(
        !head.contains("List-Unsubscribe") && other.contains("List-Unsubscribe: <mailto:leave@example.com>")
    );
    assert!(head.contains("multipart/alternative"));
    assert!(
        rest.contains("text/plain")
            && rest.contains("text/html")
            && rest.contains("&lt;15 min&gt; &amp; more")
    );
    assert_eq!(firing.bytes, mail(Notice::Firing).bytes, "the same message is the same bytes");
}
