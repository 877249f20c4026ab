//! Answers and replies come from elsewhere: whatever bytes they are, a message comes to an end, and nothing is believed.

use super::*;
use proptest::prelude::*;
use tacho_deliver::Secret;
use tacho_deliver::inbound::{link, pagerduty, slack, telegram, twilio};

/// Calls that the sender makes for one message at most.
const CALLS_MAX: usize = 6;

/// Bodies as vendors answer, with something odd in them, or anything at all.
fn odd_body() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        r#"{"ok":true,"channel":"C","ts":"1"}"#,
        r#"{"ok":true,"result":{"message_id":9223372036854775807}}"#,
        r#"{"ok":true,"result":7,"channel":[],"ts":{}}"#,
        r#"{"issues":[{"key":"OPS-1","fields":{"status":{"statusCategory":{"key":"done"}}}}]}"#,
        r#"{"issues":[{"key":"OPS-1/../x"}]}"#,
        r#"{"issues":{}}"#,
        r#"{"key":"OPS-1","transitions":[{"id":"1","name":"Done"},{"name":7},null]}"#,
        r#"{"ok":false,"parameters":{"retry_after":-9223372036854775808}}"#,
        r#"{"code":"x","message":[]}"#,
        "null",
        "[]",
    ]);
    prop_oneof![pieces.prop_map(|text| text.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..200)]
}

fn odd_answer() -> impl Strategy<Value = Answer> {
    let status = prop::sample::select(vec![
        0u16, 200, 201, 202, 204, 250, 301, 400, 404, 410, 421, 429, 500, 550, 599, 999,
    ]);
    let retry = prop::sample::select(vec![
        "",
        "7",
        "-1",
        "99999999999999999999",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "soon",
    ]);
    (status, retry, odd_body()).prop_map(|(status, retry, body)| Answer {
        status,
        headers: vec![("retry-after".into(), retry.into())],
        body,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_message_comes_to_an_end(
        answers in prop::collection::vec(odd_answer(), CALLS_MAX),
        kept in prop::option::of(prop::sample::select(vec!["", "C1:17.5", "41", "OPS-7", "OPS-7/../../x", "x:y:z", "-1"])),
        resolved in any::<bool>(),
    ) {
        let told = message(if resolved { Notice::Resolved } else { Notice::Escalated });
        for (key, mut settings, _) in least() {
            if key == "jira_configs" {
                settings["resolve_transition"] = json!("Done");
                settings["reopen_transition"] = json!("Reopen");
            }
            let channel = channel(key, settings);
            let steps = (0..=CALLS_MAX).map(|count| step(&channel, &told, kept, &answers[..count]));
            let calls = steps.take_while(|step| matches!(step, Step::Call(_))).inspect(|step| {
                if let Step::Call(Call::Http(request)) = step {
                    let parsed: http::Uri = request.url.expose().parse().expect("a URL");
                    assert!(!parsed.path().contains(".."), "{key}: {}", request.url.expose());
                }
            });
            prop_assert!(calls.count() <= CALLS_MAX, "{}", key);
        }
    }

    #[test]
    fn nothing_unsigned_is_believed(bytes in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,80}") {
        let secret = Secret::new("s3cret");
        prop_assert!(slack::read(&secret, "1795262400", &text, &bytes, NOON_US).is_err());
        prop_assert!(telegram::read(&secret, &text, &bytes).is_err());
        prop_assert!(pagerduty::read(&secret, &text, &bytes).is_err());
        prop_assert!(twilio::text(&secret, "https://x.example", &text, &bytes).is_err());
        prop_assert!(twilio::digit(&secret, &text, &text, &bytes).is_err());
        prop_assert!(link::open(&[1; 32], &text, 0).is_err());
        // With the secret the bytes are read; most are nothing, and none is a panic.
        drop(telegram::read(&secret, "s3cret", &bytes));
    }
}
