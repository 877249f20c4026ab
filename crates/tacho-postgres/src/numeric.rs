//! Numbers of any length, as PostgreSQL sends them: digits of base 10,000.

use bytes::{Buf, BufMut, Bytes, BytesMut};

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xc000;
/// Digits before or after the point that are read; PostgreSQL has more, a column here never.
const DIGITS_MAX: usize = 1000;

/// Appends a number that is written in digits.
pub(crate) fn binary(text: &str, out: &mut BytesMut) {
    let (sign, digits) = text.strip_prefix('-').map_or((0, text), |rest| (NEGATIVE, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let pad = (4 - whole.len() % 4) % 4;
    let groups: String = "0".repeat(pad) + whole + fraction + &"0".repeat((4 - fraction.len() % 4) % 4);
    let groups: Vec<u16> = groups.as_bytes().chunks(4).map(group).collect();
    let weight = (whole.len() + pad) as i16 / 4 - 1;
    let leading = groups.iter().take_while(|group| **group == 0).count();
    let last = groups.iter().rposition(|group| *group != 0).map_or(leading, |at| at + 1);
    let kept = &groups[leading..last];
    out.put_i16(kept.len() as i16);
    out.put_i16(if kept.is_empty() { 0 } else { weight - leading as i16 });
    out.put_u16(if kept.is_empty() { 0 } else { sign });
    out.put_i16(fraction.len() as i16);
    kept.iter().for_each(|group| out.put_u16(*group));
}

fn group(digits: &[u8]) -> u16 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit.saturating_sub(b'0').min(9)))
}

/// A number that was sent, in digits.
pub(crate) fn text(mut bytes: Bytes) -> Result<String, String> {
    let wrong = || "a numeric value cannot be read".to_string();
    if bytes.len() < 8 {
        return Err(wrong());
    }
    let (count, weight) = (usize::from(bytes.get_u16()), i32::from(bytes.get_i16()));
    let (sign, scale) = (bytes.get_u16(), usize::from(bytes.get_u16()));
    if sign == NAN {
        return Ok("NaN".into());
    }
    let far = usize::try_from(weight.abs()).map_or(true, |weight| weight * 4 > DIGITS_MAX);
    if sign & !NEGATIVE != 0 || bytes.len() != count * 2 || far || scale > DIGITS_MAX {
        return Err(wrong());
    }
    let groups: Vec<u16> = (0..count).map(|_| bytes.get_u16()).collect();
    let at = |place: i32| {
        let index = usize::try_from(weight - place).ok();
        index.and_then(|index| groups.get(index)).copied().unwrap_or(0)
    };
    if groups.iter().any(|group| *group > 9999) {
        return Err(wrong());
    }
    let whole: String = (0..=weight.max(0)).rev().map(|place| format!("{:04}", at(place))).collect();
    let whole = whole.trim_start_matches('0');
    let places = scale.div_ceil(4) as i32;
    let fraction: String = (1..=places).map(|place| format!("{:04}", at(-place))).collect();
    let minus = if sign == NEGATIVE { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if scale > 0 { "." } else { "" };
    Ok(format!("{minus}{whole}{point}{}", &fraction[..scale]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent(text: &str) -> Vec<u16> {
        let mut out = BytesMut::new();
        binary(text, &mut out);
        out.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
    }

    #[test]
    fn numbers_are_as_postgresql_sends_them() {
        // Digits, weight, sign, scale, digits: what `SELECT numeric_send(…)` says.
        assert_eq!(sent("0"), [0, 0, 0, 0]);
        assert_eq!(sent("0.000000"), [0, 0, 0, 6]);
        assert_eq!(sent("1"), [1, 0, 0, 0, 1]);
        assert_eq!(sent("12345.678"), [3, 1, 0, 3, 1, 2345, 6780]);
        assert_eq!(sent("-0.00012"), [2, 0xffff, NEGATIVE, 5, 1, 2000]);
        assert_eq!(sent("10000"), [1, 1, 0, 0, 1]);
        assert_eq!(sent("0.000000012"), [2, 0xfffe, 0, 9, 1, 2000]);
    }

    proptest! {
        #[test]
        fn a_number_comes_back(value: i128, scale in 0usize..12) {
            let digits = format!("{:0width$}", value.unsigned_abs(), width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            let minus = if value < 0 { "-" } else { "" };
            let point = if scale > 0 { "." } else { "" };
            let text_of = format!("{minus}{whole}{point}{fraction}");
            let mut out = BytesMut::new();
            binary(&text_of, &mut out);
            prop_assert_eq!(text(out.freeze()), Ok(text_of));
        }

        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>) {
            drop(text(bytes.into()));
        }
    }
}
