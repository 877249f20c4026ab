//! Signed links to a page that asks whether to acknowledge: for mails and cards, whose readers have no button.
//!
//! `1.CODE.EXPIRES.RECEIVER.MAC`: expiry in seconds, receiver and HMAC-SHA256 in base64 of URLs. Opening the page does
//! nothing yet: programs that look at mails follow each link.

use super::{Refusal, fields, is_same, sha256};
use crate::message::is_code;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;

/// A token, bytes.
const TOKEN_BYTES_MAX: usize = 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// [`crate::Message::code`].
    pub code: String,
    /// Who was told.
    pub receiver: String,
    pub expires_us: i64,
}

/// The link's token, for the end of an address. None when the code is none.
pub fn token(key: &[u8; 32], link: &Link) -> Option<String> {
    if !is_code(&link.code) {
        return None;
    }
    let receiver = URL_SAFE_NO_PAD.encode(&link.receiver);
    let told = format!("1.{}.{}.{receiver}", link.code, link.expires_us.div_euclid(1_000_000));
    let mac = mac(key, &told);
    let token = format!("{told}.{mac}");
    (token.len() <= TOKEN_BYTES_MAX).then_some(token)
}

/// What a token says.
///
/// # Errors
/// When it is not signed with this key, or has expired.
pub fn open(key: &[u8; 32], token: &str, now_us: i64) -> Result<Link, Refusal> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Refusal::Unsigned);
    }
    let (told, given) = token.rsplit_once('.').ok_or(Refusal::Unsigned)?;
    // The text is compared, not its bytes: a signature has one spelling.
    if !is_same(&mac(key, told), given) {
        return Err(Refusal::Unsigned);
    }
    let parts: Vec<&str> = told.split('.').collect();
    let ["1", code, expires, receiver] = parts[..] else {
        return Err(Refusal::Unreadable("it is of another version"));
    };
    let expires: i64 = expires.parse().map_err(|_| Refusal::Unreadable("its expiry is no number"))?;
    let receiver = URL_SAFE_NO_PAD.decode(receiver).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let receiver = receiver.ok_or(Refusal::Unreadable("its receiver is no text"))?;
    if now_us.div_euclid(1_000_000) >= expires {
        return Err(Refusal::Stale);
    }
    Ok(Link { code: code.to_string(), receiver, expires_us: expires.saturating_mul(1_000_000) })
}

/// The alerts that were ticked on the link's page.
///
/// # Errors
/// When the form can't be read.
pub fn chosen(form: &[u8]) -> Result<Vec<String>, Refusal> {
    Ok(fields(form)?.remove("alert").unwrap_or_default())
}

fn mac(key: &[u8; 32], told: &str) -> String {
    let mut mac = sha256(key);
    mac.update(b"tachograph acknowledge link\n");
    mac.update(told.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}
