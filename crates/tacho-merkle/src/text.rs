//! Spellings shared by the line formats: base64 and decimal, each value with exactly one spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hash::Hash;

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Standard alphabet, padding required, unused bits zero.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(crate) fn hash_from_base64(text: &str) -> Option<Hash> {
    // 32 bytes are 44 characters: refuse a megabyte before decoding it.
    if text.len() != 44 {
        return None;
    }
    Hash::from_slice(&from_base64(text)?)
}

/// ASCII digits, no sign, no leading zero except in `0` itself, at most `max`.
pub(crate) fn from_decimal(text: &str, max: u64) -> Option<u64> {
    let digits = text.as_bytes();
    if digits.is_empty() || digits.len() > 20 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if digits[0] == b'0' && digits.len() > 1 {
        return None;
    }
    text.parse().ok().filter(|value| *value <= max)
}

/// The start of a refused text, short enough for an error message.
pub(crate) fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    match text.char_indices().nth(CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_spelling() {
        for (text, value) in [("0", Some(0)), ("10", Some(10)), ("99", Some(99)), ("100", None)] {
            assert_eq!(from_decimal(text, 99), value, "{text}");
        }
        for text in ["", "-1", "+1", "01", "00", " 1", "1 ", "1_0", "٣", "18446744073709551616", "1e3"] {
            assert_eq!(from_decimal(text, u64::MAX), None, "{text}");
        }
    }

    #[test]
    fn base64_has_one_spelling() {
        assert_eq!(from_base64("AA=="), Some(vec![0]));
        for text in ["AA", "AA=", "AB==", "AA==\n", "-_==", "A A="] {
            assert_eq!(from_base64(text), None, "{text}");
        }
    }

    #[test]
    fn excerpts_end_between_characters() {
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }
}
