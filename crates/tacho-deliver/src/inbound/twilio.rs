//! Twilio: the answer to a text (`ACK K7Q2`), and the digit that was pressed in a call.

use super::{About, Refusal, Reply, What, code, fields, unescape};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use std::collections::BTreeMap;

/// An hour: what pressing 2 means, and a text that says no number.
const SNOOZE_MINUTES: u32 = 60;

type Fields = BTreeMap<String, Vec<String>>;

/// The fields of a request that Twilio signed. `url` is the whole address that Twilio was given, with its query.
fn verified(auth_token: &Secret, url: &str, signature: &str, body: &[u8]) -> Result<Fields, Refusal> {
    let fields = fields(body)?;
    let given = STANDARD.decode(signature).map_err(|_| Refusal::Unsigned)?;
    let mut mac =
        Hmac::<Sha1>::new_from_slice(auth_token.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    for (name, values) in &fields {
        // As Twilio's own libraries do with a name that is there twice.
        let mut values = values.clone();
        values.sort();
        values.dedup();
        for value in values {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
    }
    mac.verify_slice(&given).map_err(|_| Refusal::Unsigned)?;
    Ok(fields)
}

fn first<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).and_then(|values| values.first()).map_or("", String::as_str)
}

/// What a text said; nothing when it is no reply of ours.
///
/// # Errors
/// When it is not Twilio's or can't be read.
pub fn text(auth_token: &Secret, url: &str, signature: &str, body: &[u8]) -> Result<Option<Reply>, Refusal> {
    let fields = verified(auth_token, url, signature, body)?;
    let words: Vec<&str> = first(&fields, "Body").split_whitespace().take(4).collect();
    let number = words.get(2).and_then(|minutes| minutes.parse().ok());
    let what = match words.first().map(|word| word.to_ascii_lowercase()).as_deref() {
        Some("ack" | "acknowledge") => Some(What::Acknowledge),
        Some("resolve" | "resolved") => Some(What::Resolve),
        Some("snooze") => What::snooze(number.unwrap_or(SNOOZE_MINUTES)),
        _ => None,
    };
    let about = words.get(1).and_then(|word| code(word));
    Ok(what.zip(about).map(|(what, about)| Reply { about, what, who: first(&fields, "From").to_string() }))
}

/// What a digit said; nothing when it was another digit, or a machine answered.
///
/// # Errors
/// When it is not Twilio's or can't be read.
pub fn digit(auth_token: &Secret, url: &str, signature: &str, body: &[u8]) -> Result<Option<Reply>, Refusal> {
    let fields = verified(auth_token, url, signature, body)?;
    if first(&fields, "AnsweredBy").starts_with("machine") || first(&fields, "AnsweredBy") == "fax" {
        return Ok(None);
    }
    let what = match first(&fields, "Digits") {
        "1" => Some(What::Acknowledge),
        "2" => What::snooze(SNOOZE_MINUTES),
        _ => None,
    };
    let about = about(url)?;
    Ok(what.zip(about).map(|(what, about)| Reply { about, what, who: first(&fields, "To").to_string() }))
}

/// The code in the query of the address that the call was told.
fn about(url: &str) -> Result<Option<About>, Refusal> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let found = query.split('&').find_map(|pair| pair.strip_prefix("code="));
    Ok(found.map(unescape).transpose()?.and_then(|text| code(&text)))
}

/// What Twilio is answered within a call: words that are read out.
pub fn spoken_answer(words: &str) -> String {
    markup("Say", words)
}

/// What Twilio is answered to a text: words that are sent back.
pub fn text_answer(words: &str) -> String {
    markup("Message", words)
}

fn markup(verb: &str, words: &str) -> String {
    let text = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><{verb}>{text}</{verb}></Response>")
}
