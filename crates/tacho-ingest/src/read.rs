//! Reads scalars out of JSON text and normalises human units to integers.
//!
//! Each reader says whether the value survives: "2.3s" becomes 2 300 000 µs, but whoever reads that can't tell
//! how it was written, so the original is kept in `extra` as well. 234 (ms) survives as 234 000 µs.

use crate::fields::unquote;
use std::borrow::Cow;
use tacho_event::limits::INTEGER_MAX;
use tacho_event::time::{self, Micros};
use tacho_event::units;

/// A normalised value, and whether the original can be told from it.
pub(crate) type Read = Option<(i64, bool)>;

/// The unit that a sender's number is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A plain integer.
    Count,
    /// Milliseconds, or a duration with its unit; normalised to microseconds.
    Ms,
    /// Seconds, or a duration with its unit; normalised to microseconds.
    Seconds,
    /// Bytes, or a size with its unit.
    Bytes,
    /// A share of 1 or a percentage; normalised to millionths.
    Share,
    /// US dollars; normalised to millionths.
    Dollars,
    /// true or false; 1 or 0.
    Flag,
}

impl Unit {
    pub(crate) fn read(self, raw: &str) -> Read {
        let text = plain(raw)?;
        let (value, exact) = match self {
            Unit::Count => integer(text, 1)?,
            Unit::Ms => integer(text, 1_000).or_else(|| Some((units::duration_us(text)?, false)))?,
            Unit::Seconds => integer(text, 1_000_000).or_else(|| Some((units::duration_us(text)?, false)))?,
            Unit::Bytes => integer(text, 1).or_else(|| Some((units::bytes(text)?, false)))?,
            Unit::Share => share(text)?,
            Unit::Dollars => (units::dollars_micros(text)?, decimals(text).is_some_and(|places| places <= 6)),
            Unit::Flag => (flag(text)?, matches!(text, "true" | "false")),
        };
        // The smallest integer has no absolute value.
        (-INTEGER_MAX..=INTEGER_MAX).contains(&value).then_some((value, exact))
    }
}

/// The text of a string without escapes, or a number or word as it stands.
fn plain(raw: &str) -> Option<&str> {
    let text = match raw.strip_prefix('"') {
        Some(inner) => inner.strip_suffix('"')?,
        None => raw,
    };
    let is_plain = |byte: u8| !matches!(byte, b'\\' | b'{' | b'[');
    (!text.is_empty() && text.bytes().all(is_plain)).then_some(text)
}

/// A number times a factor; fractions below one unit are rounded and do not survive.
fn integer(text: &str, factor: i64) -> Read {
    if let Ok(number) = text.parse::<i64>() {
        return Some((number.checked_mul(factor)?, true));
    }
    let number = text.parse::<f64>().ok()? * factor as f64;
    let rounded = number.round();
    let exact = (number - rounded).abs() < 1e-6;
    (rounded.abs() <= INTEGER_MAX as f64).then_some((rounded as i64, exact))
}

fn share(text: &str) -> Read {
    let value = units::ppm(text)?;
    let survives =
        text.parse::<f64>().is_ok_and(|n| n.abs() <= 1.0) && decimals(text).is_some_and(|n| n <= 6);
    Some((value, survives))
}

/// Decimal places of a plain decimal number.
fn decimals(text: &str) -> Option<usize> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    (all_digits(whole) && all_digits(fraction)).then_some(fraction.len())
}

fn flag(text: &str) -> Option<i64> {
    Some(match text {
        "true" | "True" | "yes" | "1" => 1,
        "false" | "False" | "no" | "0" => 0,
        _ => return None,
    })
}

/// A time, and whether zone and fraction survive.
pub(crate) fn moment(raw: &str) -> Option<(Micros, bool)> {
    let text = plain(raw)?;
    let micros = time::parse(text).ok()?;
    // What nearly every event has.
    if let Some([b'.', digits @ .., b'Z']) = text.as_bytes().get(19..)
        && digits.len() <= 6
        && digits.iter().all(u8::is_ascii_digit)
    {
        return Some((micros, true));
    }
    let utc = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")).unwrap_or(text);
    let fraction = utc.rsplit_once(['.', ',']).map_or("", |(_, fraction)| fraction);
    let number = utc.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let digits = fraction.bytes().all(|b| b.is_ascii_digit());
    let zone = utc.get(19..).is_some_and(|rest| rest.contains(['+', '-'])) || utc.contains('[');
    Some((micros, digits && fraction.len() <= 6 && !zone && (!number || utc.len() <= 17)))
}

/// A string that is not empty, or a number or boolean as it stands.
pub(crate) fn scalar(raw: &str) -> Option<Cow<'_, str>> {
    match raw.as_bytes().first()? {
        b'"' => unquote(raw).filter(|text| !text.is_empty()),
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(raw)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_normalised_and_say_whether_the_original_survives() {
        for (unit, raw, want) in [
            (Unit::Count, "12", Some((12, true))),
            (Unit::Count, "\"12\"", Some((12, true))),
            (Unit::Count, "12.0", Some((12, true))),
            (Unit::Count, "12.5", Some((13, false))),
            (Unit::Count, "9007199254740993", None),
            (Unit::Count, "1e300", None),
            (Unit::Count, "[1]", None),
            (Unit::Ms, "234", Some((234_000, true))),
            (Unit::Ms, "0.25", Some((250, true))),
            (Unit::Ms, "\"2.3s\"", Some((2_300_000, false))),
            (Unit::Ms, "\"soon\"", None),
            (Unit::Seconds, "\"6m 56s\"", Some((416_000_000, false))),
            (Unit::Seconds, "1.5", Some((1_500_000, true))),
            (Unit::Bytes, "\"45MB\"", Some((45_000_000, false))),
            (Unit::Share, "\"12%\"", Some((120_000, false))),
            (Unit::Share, "0.85", Some((850_000, true))),
            (Unit::Share, "0.12345678", Some((123_457, false))),
            (Unit::Share, "97.8", Some((978_000, false))),
            (Unit::Dollars, "0.001", Some((1_000, true))),
            (Unit::Dollars, "0.0000001", Some((0, false))),
            (Unit::Dollars, "1e-3", Some((1_000, false))),
            (Unit::Flag, "true", Some((1, true))),
            (Unit::Flag, "\"no\"", Some((0, false))),
            (Unit::Flag, "maybe", None),
        ] {
            assert_eq!(unit.read(raw), want, "{unit:?} {raw}");
        }
    }

    #[test]
    fn no_number_is_too_far_out_to_be_read() {
        let numbers = [i64::MIN, i64::MIN + 1, -1, i64::MAX].map(|number| number.to_string());
        let words =
            ["-9223372036854775809", "18446744073709551615", "1e308", "-1e308", "1e999", "NaN", "-inf", "-0"];
        let units =
            [Unit::Count, Unit::Ms, Unit::Seconds, Unit::Bytes, Unit::Share, Unit::Dollars, Unit::Flag];
        for unit in units {
            for number in numbers.iter().map(String::as_str).chain(words) {
                for raw in [number.to_string(), format!("\"{number}\""), format!("\"{number} s\"")] {
                    let read = unit.read(&raw);
                    let fits = read.is_none_or(|(value, _)| value.unsigned_abs() <= INTEGER_MAX as u64);
                    assert!(fits, "{unit:?} {raw}: {read:?}");
                }
            }
        }
        assert_eq!(Unit::Count.read("-9223372036854775808"), None);
        assert_eq!(Unit::Count.read("-9007199254740991"), Some((-9_007_199_254_740_991, true)));
    }

    #[test]
    fn times_say_whether_zone_and_fraction_survive() {
        for (raw, exact) in [
            ("\"2025-01-02T10:30:15.123Z\"", Some(true)),
            ("\"2025-01-02T10:30:15.123456+00:00\"", Some(true)),
            ("\"2025-01-02 10:30:15,123\"", Some(true)),
            ("\"2025-01-02T12:30:15.123+02:00\"", Some(false)),
            ("\"2025-01-02T10:30:15.123456789Z\"", Some(false)),
            ("1735813815123", Some(true)),
            ("1735813815.123", Some(true)),
            ("1735813815123000001", Some(false)),
            ("\"yesterday\"", None),
            ("true", None),
        ] {
            assert_eq!(moment(raw).map(|(_, exact)| exact), exact, "{raw}");
        }
    }
}
