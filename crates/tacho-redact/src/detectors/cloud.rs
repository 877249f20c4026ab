//! Keys of services whose form is more than a prefix and a length.

use std::ops::Range;

use super::checks::{base64, mixed};
use super::{Alphabet, high_entropy, lex};

/// Forty base-64 characters within reach of an access key id or of the word AWS.
pub(crate) fn aws_secret_key(text: &str, at: usize) -> Option<Range<usize>> {
    const REACH: usize = 120;
    let end = at + lex::window(text, at, REACH).len();
    let mut from = at;
    while from < end {
        let stop = lex::run(text, from, 64, |byte| Alphabet::Base64.has(byte));
        let value = &text[from..stop];
        // `=` joins a name to its value and never occurs inside a key of this length.
        let start = from + value.rfind('=').map_or(0, |eq| eq + 1);
        let value = &text[start..stop];
        if value.len() == 40 && high_entropy(value) && !value.starts_with('/') {
            return Some(start..stop);
        }
        from = stop + text[stop..].chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// `AccountKey=` and 64 bytes in base 64 (32 for a service bus).
pub(crate) fn azure_key(text: &str, at: usize) -> Option<Range<usize>> {
    let start = at + lex::window(text, at, 20).find('=')? + 1;
    let end = lex::run(text, start, 100, |byte| Alphabet::Base64.has(byte));
    (end - start >= 40 && base64(&text[start..end]).is_some()).then_some(start..end)
}

/// The `sig` parameter of a shared access signature: URL-encoded base 64 of 32 bytes.
pub(crate) fn azure_sas(text: &str, at: usize) -> Option<Range<usize>> {
    if at == 0 || !matches!(text.as_bytes()[at - 1], b'&' | b'?' | b';') {
        return None;
    }
    let start = at + "sig=".len();
    let end =
        lex::run(text, start, 120, |byte| Alphabet::Base64.has(byte) || matches!(byte, b'%' | b'-' | b'_'));
    ((40..=100).contains(&(end - start)) && mixed(&text[start..end])).then_some(start..end)
}

/// `sk-proj-…`, `sk-svcacct-…`, or the old `sk-` with the mark every such key carries, or any long random
/// `sk-`.
pub(crate) fn openai_key(text: &str, at: usize) -> Option<Range<usize>> {
    let end = lex::run(text, at, 250, |byte| Alphabet::Base64Url.has(byte));
    let key = text[at..end].trim_end_matches('-');
    let end = at + key.len();
    let ours = key.starts_with("sk-") && !key.starts_with("sk-ant-") && lex::starts_word(text, at);
    let joined = at > 0 && text.as_bytes()[at - 1] == b'-';
    (ours && !joined && key.len() >= 35 && high_entropy(key)).then_some(at..end)
}

/// `https://hooks.slack.com/services/T…/B…/…`: the path is the secret.
pub(crate) fn slack_webhook(text: &str, at: usize) -> Option<Range<usize>> {
    let start = at + "hooks.slack.com".len();
    let end = lex::run(text, start, 160, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'\\'));
    let path = &text[start..end];
    let secret = path.rsplit('/').next()?;
    let known = path.contains("services") || path.contains("workflows") || path.contains("triggers");
    (known && secret.len() >= 20).then_some(start + 1..end)
}

/// `SG.`, 22 characters, a point, 43 characters.
pub(crate) fn sendgrid(rest: &str) -> bool {
    matches!(rest.split_once('.'), Some((id, key)) if id.len() == 22 && key.len() == 43 && !key.contains('.'))
}

// Two letters alone are everywhere; with the first hex digit they are rare enough.
#[rustfmt::skip]
pub(crate) const TWILIO: &[&str] = &[
    "SK0", "SK1", "SK2", "SK3", "SK4", "SK5", "SK6", "SK7", "SK8", "SK9", "SKa", "SKb", "SKc", "SKd", "SKe", "SKf",
    "AC0", "AC1", "AC2", "AC3", "AC4", "AC5", "AC6", "AC7", "AC8", "AC9", "ACa", "ACb", "ACc", "ACd", "ACe", "ACf",
];

/// `SK` or `AC` and 32 lower-case hex digits.
pub(crate) fn twilio_key(text: &str, at: usize) -> Option<Range<usize>> {
    let head = &text.as_bytes()[at..at + 2];
    if !(head == b"SK" || head == b"AC") || !lex::starts_word(text, at) {
        return None;
    }
    let end = lex::run(text, at + 2, 33, |byte| Alphabet::Hex.has(byte));
    (end - at == 34 && lex::ends_word(text, end)).then_some(at..end)
}

/// Eight to ten digits, `:AA`, 33 characters.
pub(crate) fn telegram_token(text: &str, at: usize) -> Option<Range<usize>> {
    let start = lex::run_back(text, at, 11, |byte| byte.is_ascii_digit());
    let end = lex::run(text, at + 1, 36, |byte| Alphabet::Base64Url.has(byte));
    let shape = (8..=10).contains(&(at - start)) && end - at == 36 && text[at + 1..].starts_with("AA");
    shape.then_some(start..end)
}

/// A bot token (three parts, the first the base 64 of a number) or a webhook's path, near the word Discord.
pub(crate) fn discord_token(text: &str, at: usize) -> Option<Range<usize>> {
    const REACH: usize = 160;
    if let Some(hook) = lex::window(text, at, 40).find("/api/webhooks/") {
        let start = at + hook + "/api/webhooks/".len();
        let end = lex::run(text, start, 120, |byte| Alphabet::Base64Url.has(byte) || byte == b'/');
        return (end - start >= 60).then_some(start..end);
    }
    let end = at + lex::window(text, at, REACH).len();
    let mut from = at;
    while from < end {
        let stop = lex::run(text, from, 100, |byte| Alphabet::Dotted.has(byte));
        let mut parts = text[from..stop].split('.');
        if let (Some(id), Some(time), Some(mac), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        {
            let number = base64(id).is_some_and(|id| id.len() >= 15 && id.iter().all(u8::is_ascii_digit));
            if number && time.len() == 6 && (27..=40).contains(&mac.len()) {
                return Some(from..stop);
            }
        }
        from = stop + text[stop..].chars().next().map_or(1, char::len_utf8);
    }
    None
}
