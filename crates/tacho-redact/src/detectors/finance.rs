//! Numbers with a check digit (cards, IBAN), and the American social security number, which has none.

use std::ops::Range;

use super::checks::{luhn, mod97};
use super::lex;

/// A payment card number, plain or in its printed groups: known issuer, right length, Luhn.
pub(crate) fn card(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    // Printed groups are joined by one separator throughout; `at` may be any group but is tried as the first.
    if !lex::starts_word(text, at) || at > 0 && matches!(bytes[at - 1], b'.' | b'+' | b'$') {
        return None;
    }
    let first_end = lex::run(text, at, 20, |byte| byte.is_ascii_digit());
    let end = match first_end - at {
        13..=19 => first_end,
        4 => grouped_end(text, first_end)?,
        _ => return None,
    };
    let fraction = bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    let more = matches!(bytes.get(end), Some(b'-' | b':'))
        && bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric);
    let number = &text[at..end];
    (lex::ends_word(text, end) && !fraction && !more && known_issuer(number) && luhn(number))
        .then_some(at..end)
}

fn grouped_end(text: &str, mut end: usize) -> Option<usize> {
    const SHAPES: [&[usize]; 4] = [&[4, 4, 4], &[6, 5], &[6, 4], &[4, 4, 4, 3]];
    let sep = *text.as_bytes().get(end).filter(|sep| matches!(sep, b' ' | b'-'))?;
    let (mut groups, mut count) = ([0; 4], 0);
    let mut good = None;
    while count < 4 && text.as_bytes().get(end) == Some(&sep) {
        let stop = lex::run(text, end + 1, 7, |byte| byte.is_ascii_digit());
        groups[count] = stop - end - 1;
        count += 1;
        end = stop;
        // The first full shape wins: what follows may be an expiry date.
        if SHAPES.contains(&&groups[..count]) {
            good = good.or(Some(end));
        }
    }
    good
}

/// Issuer ranges of ISO/IEC 7812 in use, with the lengths each issues.
fn known_issuer(number: &str) -> bool {
    let mut digits = number.bytes().filter(u8::is_ascii_digit);
    let len = digits.clone().count();
    let head = digits.by_ref().take(4).fold(0_u32, |value, digit| value * 10 + u32::from(digit - b'0'));
    // One digit over and over is a filler.
    let varied = number.bytes().filter(u8::is_ascii_digit).any(|digit| Some(digit) != number.bytes().next());
    varied
        && match head {
            4000..=4999 => matches!(len, 13 | 16 | 19),
            5100..=5599 | 2221..=2720 => len == 16,
            3400..=3499 | 3700..=3799 => len == 15,
            6011 | 6440..=6599 => matches!(len, 16 | 19),
            6200..=6299 => (16..=19).contains(&len),
            3528..=3589 => matches!(len, 16 | 19),
            3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => matches!(len, 14 | 16),
            5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 => (13..=19).contains(&len),
            _ => false,
        }
}

/// An IBAN, plain or in groups of four: country, its length, mod 97. `at` is a run of digits inside it.
pub(crate) fn iban(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let from = lex::run_back(text, at, 42, |byte| upper(byte) || byte == b' ');
    for start in from..=at.saturating_sub(2) {
        if !bytes[start].is_ascii_uppercase() || !lex::starts_word(text, start) {
            continue;
        }
        let Some(len) = bytes.get(start..start + 2).and_then(iban_length) else { continue };
        if !bytes[start + 2..].get(..2).is_some_and(|check| check.iter().all(u8::is_ascii_digit)) {
            continue;
        }
        let (mut end, mut count) = (start, 0);
        while count < len && end < bytes.len() {
            match bytes[end] {
                byte if upper(byte) => count += 1,
                b' ' if count.is_multiple_of(4) && bytes[end - 1] != b' ' => {}
                _ => break,
            }
            end += 1;
        }
        if count == len && lex::ends_word(text, end) && mod97(&text[start..end]) {
            return Some(start..end);
        }
    }
    None
}

fn iban_length(country: &[u8]) -> Option<usize> {
    const LENGTHS: &[(usize, &str)] = &[
        (15, "NO"),
        (16, "BE"),
        (18, "DK FI FO GL NL"),
        (19, "MK SI"),
        (20, "AT BA EE KZ LT LU XK"),
        (21, "CH HR LI LV"),
        (22, "BG BH CR DE GB GE IE ME RS VA"),
        (23, "AE IL TL"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
        (25, "PT"),
        (26, "IS TR"),
        (27, "FR GR IT MC SM"),
        (28, "AL AZ BY CY DO GT HU LB PL SV"),
        (29, "BR EG PS QA UA"),
        (30, "JO KW MU"),
        (31, "MT SC"),
    ];
    let listed = |codes: &str| codes.split(' ').any(|code| code.as_bytes() == country);
    LENGTHS.iter().find(|(_, codes)| listed(codes)).map(|(len, _)| *len)
}

/// Nine digits, plain or 3-2-4, soon after the words that announce them.
pub(crate) fn ssn(text: &str, at: usize) -> Option<Range<usize>> {
    const REACH: usize = 40;
    if !lex::starts_word(text, at) {
        return None;
    }
    let end = at + lex::window(text, at, REACH).len();
    let first = text.as_bytes()[at..end].iter().position(u8::is_ascii_digit)? + at;
    let stop = lex::run(text, first, 12, |byte| byte.is_ascii_digit() || matches!(byte, b'-' | b' '));
    let stop = first + text[first..stop].trim_end_matches(['-', ' ']).len();
    let mut groups = text[first..stop].split(['-', ' ']);
    let (Some(area), second, third, None) = (groups.next(), groups.next(), groups.next(), groups.next())
    else {
        return None;
    };
    let shape = matches!(
        (area.len(), second.map(str::len), third.map(str::len)),
        (9, None, None) | (3, Some(2), Some(4))
    );
    let issued = !area.starts_with("000") && !area.starts_with("666") && !area.starts_with('9');
    (shape && issued && lex::ends_word(text, stop)).then_some(first..stop)
}
