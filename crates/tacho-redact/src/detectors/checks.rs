//! Checksums and decodings by which a detector tells a credential from a look-alike.

/// Luhn's check digit, over the digits in `text`.
pub(crate) fn luhn(text: &str) -> bool {
    let digits = text.bytes().rev().filter(u8::is_ascii_digit).map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(i, digit)| match (i % 2, digit * 2) {
            (0, _) => digit,
            (_, double @ 0..=9) => double,
            (_, double) => double - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// ISO 7064 mod 97-10 as IBANs use it; spaces are ignored.
pub(crate) fn mod97(iban: &str) -> bool {
    let compact = || iban.bytes().filter(u8::is_ascii_alphanumeric);
    let mut rest = 0_u32;
    for byte in compact().skip(4).chain(compact().take(4)) {
        rest = match byte {
            b'0'..=b'9' => rest * 10 + u32::from(byte - b'0'),
            _ => rest * 100 + u32::from(byte.to_ascii_uppercase() - b'A') + 10,
        } % 97;
    }
    rest == 1
}

/// GitHub's and npm's tokens end in the CRC-32 of what comes before, as six base-62 digits.
pub(crate) fn crc32_base62(token: &str) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((body, check)) = token.len().checked_sub(6).and_then(|at| token.split_at_checked(at)) else {
        return false;
    };
    let mut rest = crc32(body.as_bytes());
    check.bytes().rev().all(|byte| {
        let digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
        byte == digit
    })
}

// Bit by bit: it runs on thirty bytes, after a prefix matched.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// Decodes base64 in either alphabet, padded or not; `None` at a foreign character.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xFF) as u8);
        }
    }
    Some(out)
}

/// Letters of both cases and digits: what random keys have and words, paths and hashes have not.
pub(crate) fn mixed(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// Holds a digit, and is not one character over and over (`xxxx0`).
pub(crate) fn random(text: &str) -> bool {
    let mut seen = [false; 256];
    text.bytes().for_each(|byte| seen[usize::from(byte)] = true);
    text.bytes().any(|byte| byte.is_ascii_digit()) && seen.iter().filter(|&&there| there).count() >= 6
}

/// Any text of the right shape.
pub(crate) fn any(_: &str) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luhn_accepts_test_cards_and_refuses_a_changed_digit() {
        assert!(luhn("4111 1111 1111 1111") && luhn("378282246310005"));
        assert!(!luhn("4111111111111112"));
    }

    #[test]
    fn mod97_accepts_example_ibans_and_refuses_a_changed_digit() {
        assert!(mod97("DE89 3704 0044 0532 0130 00") && mod97("GB82WEST12345698765432"));
        assert!(!mod97("GB82WEST12345698765433"));
    }

    #[test]
    fn crc32_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn base64_takes_both_alphabets() {
        assert_eq!(base64("dXNlcjpwYXNz").as_deref(), Some(&b"user:pass"[..]));
        assert_eq!(base64("-_8=").as_deref(), base64("+/8").as_deref());
        assert_eq!(base64("a b"), None);
    }
}
