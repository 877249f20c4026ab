//! Replies: signatures that vendors published or their libraries made, and what is not believed.

use super::*;
use tacho_deliver::Secret;
use tacho_deliver::inbound::{About, Refusal, Reply, What, link, pagerduty, slack, telegram, twilio};

const SECOND_US: i64 = 1_000_000;

fn code(text: &str) -> About {
    About::Code(text.into())
}

/// The example that Slack's documentation gives for its signatures.
const SLACK_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const SLACK_BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
    channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2F\
    hooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.\
    803a0bc887a14d10d2c447fce8b6703c";
const SLACK_SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

#[test]
fn slacks_own_example_is_signed_right_and_has_no_payload() {
    let read = |seconds: i64, signature: &str| {
        slack::read(
            &Secret::new(SLACK_SECRET),
            "1531420618",
            signature,
            SLACK_BODY.as_bytes(),
            seconds * SECOND_US,
        )
    };
    assert_eq!(
        read(1_531_420_618, SLACK_SIGNATURE),
        Err(Refusal::Unreadable("a form with the field payload was expected"))
    );
    assert_eq!(read(1_531_420_919, SLACK_SIGNATURE), Err(Refusal::Stale));
    assert_eq!(read(1_531_420_317, SLACK_SIGNATURE), Err(Refusal::Stale), "from the future");
    assert_eq!(read(1_531_420_618, &SLACK_SIGNATURE.replace("a21", "b21")), Err(Refusal::Unsigned));
    assert_eq!(read(1_531_420_618, ""), Err(Refusal::Unsigned));
    assert_eq!(read(1_531_420_618, "v0=é"), Err(Refusal::Unsigned));
}

#[test]
fn a_telegram_button_is_understood_only_with_the_secret() {
    let body = json!({"update_id": 1, "callback_query": {"id": "77", "data": "snooze60:K7Q2",
        "from": {"id": 5, "is_bot": false, "first_name": "Ada", "username": "ada"}}});
    let read = |header: &str, body: &Value| {
        telegram::read(&Secret::new("s3cret"), header, body.to_string().as_bytes())
    };
    let pressed = read("s3cret", &body).unwrap().unwrap();
    assert_eq!(
        pressed.reply,
        Reply { about: code("K7Q2"), what: What::Snooze { minutes: 60 }, who: "ada".into() }
    );
    assert_eq!(
        pressed.answer("Snoozed for an hour"),
        json!({"method": "answerCallbackQuery", "callback_query_id": "77", "text": "Snoozed for an hour"})
    );
    assert_eq!(read("other", &body), Err(Refusal::Unsigned));
    assert_eq!(telegram::read(&Secret::new(""), "", b"{}"), Err(Refusal::Unsigned), "no secret is no secret");
    assert_eq!(read("s3cret", &json!({"message": {"text": "hi"}})), Ok(None));
    assert_eq!(read("s3cret", &json!({"callback_query": {"id": "1", "data": "snooze99999999:K"}})), Ok(None));
    assert_eq!(read("s3cret", &json!({"callback_query": {"id": "1", "data": "acknowledge:../x"}})), Ok(None));
}

#[test]
fn a_signed_link_opens_once_signed_and_not_after_its_end() {
    let key = [7; 32];
    let told = link::Link { code: "K7Q2".into(), receiver: "on call/é".into(), expires_us: NOON_US };
    let token = link::token(&key, &told).unwrap();
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)), "{token}");
    assert_eq!(link::open(&key, &token, NOON_US - 1), Ok(told.clone()));
    assert_eq!(link::open(&key, &token, NOON_US), Err(Refusal::Stale));
    assert_eq!(link::open(&[8; 32], &token, 0), Err(Refusal::Unsigned));
    for at in 0..token.len() {
        let mut other = token.clone().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(
            link::open(&key, &String::from_utf8(other).unwrap(), 0),
            Err(Refusal::Unsigned),
            "byte {at}"
        );
    }
    for text in ["", ".", "1.a.2.b", &format!("{token}="), &"x".repeat(5000)] {
        assert_eq!(link::open(&key, text, 0), Err(Refusal::Unsigned));
    }
    assert_eq!(link::token(&key, &link::Link { code: "a.b".into(), ..told }), None);
}

#[test]
fn nothing_without_a_signature_is_read() {
    let secret = Secret::new("x");
    assert_eq!(pagerduty::read(&secret, "", b"{}"), Err(Refusal::Unsigned));
    assert_eq!(pagerduty::read(&secret, "v1=00,v1=zz", b"{}"), Err(Refusal::Unsigned));
    assert_eq!(twilio::text(&secret, "https://x.example", "", b"Body=ACK+K7Q2"), Err(Refusal::Unsigned));
    assert_eq!(twilio::digit(&secret, "https://x.example", "AAAA", b"Digits=1"), Err(Refusal::Unsigned));
    assert_eq!(
        twilio::text(&secret, "https://x.example", "", b"Body=%zz"),
        Err(Refusal::Unreadable("a % without two hexadecimal digits"))
    );
    assert_eq!(
        twilio::text_answer("a < b & c"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Message>a &lt; b &amp; c</Message></Response>"
    );
}

#[test]
fn secrets_of_replies_are_read_strictly() {
    use tacho_deliver::inbound::Secrets;
    let lookup = |kept: Kept<'_>| match kept {
        Kept::File("/s") => Ok("hush0123\n".to_string()),
        other => Err(format!("{other:?}")),
    };
    let read = |settings: Value| Secrets::read(settings.as_object().unwrap(), &lookup);
    let found = read(json!({"slack_signing_secret_file": "/s", "twilio_auth_token": "t"})).unwrap();
    assert_eq!(found.slack_signing_secret, Some(Secret::new("hush0123")));
    assert!(found.pagerduty_secret.is_none() && !format!("{found:?}").contains("hush0123"));
    let error = read(json!({"slack_signing_secre": "x"})).unwrap_err();
    assert_eq!(error, "there is no key \"slack_signing_secre\"; did you mean \"slack_signing_secret\"?");
}
