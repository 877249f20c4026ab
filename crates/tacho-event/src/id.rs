//! Identifiers. On the log every id is a UUID: a sender's UUID stands as it is, any other text becomes a
//! keyed UUIDv8, so that the permanent header never holds a name that somebody typed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// A 128-bit identifier in its binary form; displays as lower-case UUID text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub [u8; 16]);

const HEX: &[u8; 16] = b"0123456789abcdef";
const DASHES: [usize; 4] = [8, 13, 18, 23];
/// Where the two digits of each byte stand.
const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const NO_DIGIT: u8 = 0x80;
/// The value of each character as a hexadecimal digit.
const NIBBLES: [u8; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        let digit = HEX[value];
        table[digit as usize] = value as u8;
        table[digit.to_ascii_uppercase() as usize] = value as u8;
        value += 1;
    }
    table
};

impl Id {
    /// Reads UUID text of the 8-4-4-4-12 form, either case.
    pub fn parse(text: &str) -> Option<Id> {
        let bytes: &[u8; 36] = text.as_bytes().try_into().ok()?;
        if DASHES.iter().any(|at| bytes[*at] != b'-') {
            return None;
        }
        let mut out = [0u8; 16];
        let mut seen = 0;
        for (byte, at) in out.iter_mut().zip(PAIRS) {
            let (high, low) = (NIBBLES[usize::from(bytes[at])], NIBBLES[usize::from(bytes[at + 1])]);
            seen |= high | low;
            *byte = high << 4 | low & 0x0f;
        }
        (seen & NO_DIGIT == 0).then_some(Id(out))
    }

    /// The UUIDv8 that stands for `text` within `scope` (kind of id, writing credential).
    pub fn keyed(key: &IdKey, scope: &[&[u8]], text: &str) -> Id {
        let mut mac = key.0.clone();
        for part in scope {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.update(text.as_bytes());
        let digest = mac.finalize().into_bytes();
        let mut out = [0u8; 16];
        out.copy_from_slice(&digest[..16]);
        out[6] = out[6] & 0x0f | 0x80;
        out[8] = out[8] & 0x3f | 0x80;
        Id(out)
    }

    /// A UUIDv7 from a Unix time in milliseconds and ten random bytes.
    pub fn v7(unix_ms: u64, random: [u8; 10]) -> Id {
        let mut out = [0u8; 16];
        out[..6].copy_from_slice(&unix_ms.to_be_bytes()[2..]);
        out[6..].copy_from_slice(&random);
        out[6] = out[6] & 0x0f | 0x70;
        out[8] = out[8] & 0x3f | 0x80;
        Id(out)
    }

    /// Appends the 36 characters of the UUID text.
    pub fn push_to(&self, out: &mut Vec<u8>) {
        let mut text = [b'-'; 36];
        for (byte, at) in self.0.iter().zip(PAIRS) {
            text[at] = HEX[usize::from(byte >> 4)];
            text[at + 1] = HEX[usize::from(byte & 15)];
        }
        out.extend_from_slice(&text);
    }

    /// The UUID text.
    pub fn text(&self) -> String {
        let mut out = Vec::with_capacity(36);
        self.push_to(&mut out);
        String::from_utf8(out).expect("digits and dashes are ASCII")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// The log's own key for turning texts into ids; kept in the key ring.
#[derive(Clone)]
pub struct IdKey(Hmac<Sha256>);

impl IdKey {
    pub fn new(secret: &[u8; 32]) -> IdKey {
        IdKey(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
    }

    /// The first eight bytes of a keyed digest: equality of content without revealing it.
    pub fn fingerprint(&self, parts: &[&[u8]]) -> u64 {
        first_eight(self.read(parts))
    }

    /// The fingerprint of the parts, and that of them with more behind them.
    pub fn fingerprints(&self, parts: &[&[u8]], more: &[&[u8]]) -> (u64, u64) {
        let mac = self.read(parts);
        let mut all = mac.clone();
        more.iter().for_each(|part| add(part, &mut all));
        (first_eight(mac), first_eight(all))
    }

    fn read(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        parts.iter().for_each(|part| add(part, &mut mac));
        mac
    }
}

fn add(part: &[u8], mac: &mut Hmac<Sha256>) {
    mac.update(&(part.len() as u64).to_be_bytes());
    mac.update(part);
}

fn first_eight(mac: Hmac<Sha256>) -> u64 {
    let digest = mac.finalize().into_bytes();
    u64::from_be_bytes([
        digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7],
    ])
}

impl fmt::Debug for IdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdKey(…)")
    }
}

/// Whether a text may stand in the permanent header as it is: agent ids, action names, call ids, versions.
///
/// Letters, digits and `_ - . : / @ + #`, one space between words, at most `max` bytes. Whether it also
/// carries a secret or personal data is the redactor's question.
pub fn is_plain_name(text: &str, max: usize) -> bool {
    !text.is_empty()
        && text.len() <= max
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:/@+# ".contains(&b))
        && !text.starts_with(' ')
        && !text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuid_text_survives_the_round_trip() {
        let text = "550e8400-e29b-41d4-a716-446655440003";
        assert_eq!(Id::parse(text).map(|id| id.text()), Some(text.to_string()));
        assert_eq!(Id::parse(&text.to_uppercase()).map(|id| id.text()), Some(text.to_string()));
    }

    #[test]
    fn near_uuids_are_refused() {
        for bad in [
            "",
            "550e8400e29b41d4a716446655440003",
            "550e8400-e29b-41d4-a716-44665544000g",
            "550e8400-e29b-41d4-a716-4466554400-3",
            "550e8400-e29b-41d4-a716-4466554400033",
        ] {
            assert_eq!(Id::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn keyed_ids_depend_on_key_scope_and_text() {
        let (a, b) = (IdKey::new(&[1; 32]), IdKey::new(&[2; 32]));
        let id = Id::keyed(&a, &[b"event", b"w1"], "abc123");
        assert_eq!(id, Id::keyed(&a, &[b"event", b"w1"], "abc123"));
        assert_ne!(id, Id::keyed(&b, &[b"event", b"w1"], "abc123"));
        assert_ne!(id, Id::keyed(&a, &[b"event", b"w2"], "abc123"));
        assert_ne!(id, Id::keyed(&a, &[b"eventw1"], "abc123"));
        assert_eq!(id.text().as_bytes()[14], b'8');
    }

    #[test]
    fn names_refuse_what_a_header_must_not_hold() {
        assert!(is_plain_name("ops/release-manager", 100));
        assert!(is_plain_name("Backend Architect", 100));
        for bad in ["", " x", "naïve", "a\"b", "a\nb", "x{y}"] {
            assert!(!is_plain_name(bad, 100), "{bad:?}");
        }
    }
}
