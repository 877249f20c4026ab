//! What people answer: verified to be theirs, then understood. One file for each way back.
//!
//! Nothing is understood before its signature is verified; signatures are compared in constant time.

pub mod link;
pub mod pagerduty;
pub mod slack;
pub mod telegram;
pub mod twilio;

use crate::secret::{Kept, Secret, resolve};
use crate::settings::strict;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::Sha256;
use std::collections::BTreeMap;

/// Bodies that come back, bytes; no vendor sends more than a few thousand.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Snoozed for at most a week.
const MINUTES_MAX: u32 = 7 * 24 * 60;

/// What replies are verified with. A way back is open where its secret is known.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The app's "Signing Secret".
    pub slack_signing_secret: Option<Secret>,
    /// What the bot's webhook was set with: `secret_token` of `setWebhook`.
    pub telegram_secret_token: Option<Secret>,
    /// The account's, as for sending.
    pub twilio_auth_token: Option<Secret>,
    /// Of the webhook subscription of version 3.
    pub pagerduty_secret: Option<Secret>,
}

impl Secrets {
    /// Reads them, each as `KEY`, `KEY_file` or `KEY_env`.
    ///
    /// # Errors
    /// When a key is unknown, or what it names can't be read.
    pub fn read(
        settings: &Map<String, Value>,
        lookup: &dyn Fn(Kept<'_>) -> Result<String, String>,
    ) -> Result<Secrets, String> {
        strict(resolve(settings, lookup)?)
    }
}

/// Somebody's answer to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub about: About,
    pub what: What,
    /// As the vendor names the person.
    pub who: String,
}

/// What a reply is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// [`crate::Message::code`].
    Code(String),
    /// [`crate::Message::thread`].
    Thread(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Acknowledge,
    Snooze { minutes: u32 },
    Resolve,
}

/// Why something that came back is not believed, or not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the signature is missing or wrong")]
    Unsigned,
    #[error("it was signed too long ago")]
    Stale,
    #[error("it can't be read: {0}")]
    Unreadable(&'static str),
}

impl What {
    /// `acknowledge`, `snooze60`, `snooze_60`, `resolve`: what our own buttons carry.
    fn of_button(text: &str) -> Option<What> {
        match text {
            "acknowledge" => Some(What::Acknowledge),
            "resolve" => Some(What::Resolve),
            other => {
                let minutes = other.strip_prefix("snooze")?.trim_start_matches('_').parse().ok()?;
                What::snooze(minutes)
            }
        }
    }

    fn snooze(minutes: u32) -> Option<What> {
        (1..=MINUTES_MAX).contains(&minutes).then_some(What::Snooze { minutes })
    }
}

pub(crate) fn sha256(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// Whether two texts are the same, in a time that does not tell where they differ.
fn is_same(secret: &str, given: &str) -> bool {
    let mac = |text: &str| {
        let mut mac = sha256(b"compare");
        mac.update(text.as_bytes());
        mac
    };
    mac(secret).verify_slice(&mac(given).finalize().into_bytes()).is_ok()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    text.as_bytes().chunks(2).map(|pair| hexadecimal(std::str::from_utf8(pair).ok()?)).collect()
}

/// A byte from two digits; a sign is none.
fn hexadecimal(pair: &str) -> Option<u8> {
    let digits = pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
}

/// The fields of a form; of a name that is there twice, all values.
fn fields(body: &[u8]) -> Result<BTreeMap<String, Vec<String>>, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Unreadable("it is not UTF-8"))?;
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        out.entry(unescape(name)?).or_default().push(unescape(value)?);
    }
    Ok(out)
}

fn unescape(text: &str) -> Result<String, Refusal> {
    let (mut out, bytes) = (Vec::with_capacity(text.len()), text.as_bytes());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'+' => out.push(b' '),
            b'%' => {
                let byte = text.get(at + 1..at + 3).and_then(hexadecimal);
                out.push(byte.ok_or(Refusal::Unreadable("a % without two hexadecimal digits"))?);
                at += 2;
            }
            other => out.push(other),
        }
        at += 1;
    }
    String::from_utf8(out).map_err(|_| Refusal::Unreadable("it is not UTF-8"))
}

/// A code as one may come back; anything else is nobody's.
fn code(text: &str) -> Option<About> {
    (text.len() <= 64 && crate::message::is_code(text)).then(|| About::Code(text.to_string()))
}
