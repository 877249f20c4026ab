//! Keys and tokens with a format of their own: JWT, PEM, raw hexadecimal private keys.

use std::ops::Range;

use super::checks::base64;
use super::{Alphabet, lex};
use crate::work;

/// A JWS or JWE in compact form: the header decodes to JSON that names an algorithm. Text cut off within the
/// payload still counts.
pub(crate) fn jwt(text: &str, at: usize) -> Option<Range<usize>> {
    const MAX: usize = 16 * 1024;
    // Only the start of a run qualifies, so runs are never walked twice.
    if !text[at..].starts_with("eyJ") || !lex::starts_word(text, at) {
        return None;
    }
    if at > 0 && matches!(text.as_bytes()[at - 1], b'.' | b'-') {
        return None;
    }
    let end = lex::run(text, at, MAX, |byte| Alphabet::Dotted.has(byte));
    let token = text[at..end].trim_end_matches(['.', '-']);
    let (header, rest) = token.split_once('.')?;
    let header = base64(header)?;
    let names_algorithm = header.first() == Some(&b'{') && header.windows(5).any(|part| part == b"\"alg\"");
    (names_algorithm && rest.len() >= 10).then_some(at..at + token.len())
}

/// A PEM or PGP private key block, whole or cut off; the line ends may be escaped.
pub(crate) fn private_key(text: &str, at: usize) -> Option<Range<usize>> {
    let label = at + "-----BEGIN".len();
    let label_end = lex::run(text, label, 48, |byte| byte.is_ascii_alphanumeric() || byte == b' ');
    if !text[label..label_end].contains("PRIVATE KEY") || !text[label_end..].starts_with("-----") {
        return None;
    }
    let body = label_end + "-----".len();
    // Stops at the next run of dashes, so blocks never overlap and the walk is linear.
    let bytes = text.as_bytes();
    let mut end = body;
    while end < bytes.len() && in_body(bytes[end]) && !bytes[end..].starts_with(b"-----") {
        end += 1;
    }
    work::add(end - body);
    let key_chars = bytes[body..end].iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    if key_chars < 16 {
        return None;
    }
    if text[end..].starts_with("-----END") {
        end = lex::run(text, end + "-----END".len(), 48, |byte| byte.is_ascii_alphanumeric() || byte == b' ');
        end = lex::run(text, end, 5, |byte| byte == b'-');
    }
    Some(at..end)
}

// Base 64, white space also as `\n`, and the headers of old encrypted keys ("Proc-Type: 4,ENCRYPTED").
fn in_body(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte.is_ascii_whitespace()
        || matches!(byte, b'+' | b'/' | b'=' | b'\\' | b':' | b',' | b'-' | b'.' | b'(' | b')')
}

/// Thirty-two bytes in hexadecimal right after the words "private key". Without the words they are as likely
/// a transaction or a digest, and stay.
pub(crate) fn hex_private_key(text: &str, at: usize) -> Option<Range<usize>> {
    const REACH: usize = 32;
    let after = at + "private".len();
    let key = lex::skip(text, after, 1, b"_-");
    if !lex::starts_with_ignore_case(&text[key..], "key") {
        return None;
    }
    let from = key + "key".len();
    let window = lex::window(text, from, REACH);
    for (offset, _) in window.match_indices(|c: char| c.is_ascii_hexdigit()) {
        let start = from + offset;
        if !lex::starts_word(text, start) {
            continue;
        }
        let digits = if text[start..].starts_with("0x") { start + 2 } else { start };
        let end = lex::run(text, digits, 65, |byte| byte.is_ascii_hexdigit());
        if end - digits == 64 && lex::ends_word(text, end) {
            return Some(start..end);
        }
    }
    None
}
