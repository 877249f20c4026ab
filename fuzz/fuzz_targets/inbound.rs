//! Replies of people, as vendors send them: whatever is signed is understood or refused, and what is not signed never counts.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use tacho_deliver::Secret;
use tacho_deliver::inbound::link::{self, Link};
use tacho_deliver::inbound::{About, Refusal, Reply, What, pagerduty, slack, telegram, twilio};

const NOW_US: i64 = 1_795_219_200_000_000;
const KEY: &str = "a key";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(KEY.as_bytes()).expect("any key");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// A reply names what can be named, and snoozes for a time that can be kept.
fn sane(reply: Option<Reply>) {
    let Some(Reply { about, what, who }) = reply else { return };
    if let About::Code(code) = about {
        assert!((1..=64).contains(&code.len()) && code.is_ascii());
    }
    if let What::Snooze { minutes } = what {
        assert!((1..=7 * 24 * 60).contains(&minutes));
    }
    drop(who);
}

/// What Twilio signs: the address, then each name with its values in order.
fn by_twilio(url: &str, body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    // Plain pairs only: how escapes read is what is looked at.
    let mut pairs: Vec<(&str, &str)> = text.split('&').filter_map(|pair| pair.split_once('=')).collect();
    if text.contains(['%', '+']) {
        return None;
    }
    pairs.sort_unstable();
    pairs.dedup();
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(KEY.as_bytes()).expect("any key");
    mac.update(url.as_bytes());
    pairs.iter().for_each(|(name, value)| {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    });
    Some(STANDARD.encode(mac.finalize().into_bytes()))
}

libfuzzer_sys::fuzz_target!(|input: (&str, &[u8])| {
    let (word, body) = input;
    let secret = Secret::new(KEY);
    let moment = (NOW_US / 1_000_000).to_string();
    let signed = [format!("v0:{moment}:").as_bytes(), body].concat();
    let signature = format!("v0={}", hex(&sha256(&signed)));
    let found = slack::read(&secret, &moment, &signature, body, NOW_US);
    assert!(!matches!(found, Err(Refusal::Unsigned | Refusal::Stale)));
    sane(found.unwrap_or_default());
    let late = slack::read(&secret, &moment, &signature, body, NOW_US + 301_000_000);
    assert_eq!(late, Err(Refusal::Stale));
    assert_eq!(slack::read(&secret, &moment, word, body, NOW_US), Err(Refusal::Unsigned));

    let found = pagerduty::read(&secret, &format!("{},v1={}", word.replace(',', ""), hex(&sha256(body))), body);
    assert_ne!(found, Err(Refusal::Unsigned));
    sane(found.unwrap_or_default());
    assert_eq!(pagerduty::read(&secret, word, body), Err(Refusal::Unsigned));

    if let Ok(Some(pressed)) = telegram::read(&secret, KEY, body) {
        sane(Some(pressed.reply.clone()));
        assert!(pressed.answer(word).to_string().len() < 4096);
    }
    assert!(word == KEY || telegram::read(&secret, word, body) == Err(Refusal::Unsigned));

    let url = format!("https://x.example/v1/replies/twilio/voice?{word}");
    if let Some(signature) = by_twilio(&url, body) {
        let found = twilio::text(&secret, &url, &signature, body);
        assert_ne!(found, Err(Refusal::Stale));
        sane(found.unwrap_or_default());
        sane(twilio::digit(&secret, &url, &signature, body).unwrap_or_default());
    }
    assert!(!matches!(twilio::text(&secret, &url, word, body), Ok(Some(_))));

    let key = [7; 32];
    let link = Link { code: "K7Q2".into(), receiver: word.into(), expires_us: NOW_US };
    if let Some(token) = link::token(&key, &link) {
        assert_eq!(link::open(&key, &token, NOW_US - 1_000_000), Ok(link));
        assert_eq!(link::open(&key, &token, NOW_US), Err(Refusal::Stale));
        assert_eq!(link::open(&[8; 32], &token, 0), Err(Refusal::Unsigned));
    }
    assert!(link::open(&key, word, 0).is_err());
});
