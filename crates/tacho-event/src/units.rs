//! Human units as senders write them, normalised to integers: "2.3s", "6m 56s", "45MB", "12%", "7_years".

use crate::limits::INTEGER_MAX;
use crate::time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};

/// Reads a duration as microseconds: one or more numbers with a unit, joined by spaces or underscores.
///
/// A month is 30 days and a year 365, as retention periods are meant.
pub fn duration_us(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut total = 0f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = split_number(rest)?;
        let unit_len = after.find(|c: char| c.is_ascii_digit() || " _,".contains(c)).unwrap_or(after.len());
        let (unit, tail) = after.split_at(unit_len);
        total += number * duration_unit_us(unit)?;
        rest = tail.trim_start_matches([' ', '_', ',']);
    }
    to_integer(total)
}

fn duration_unit_us(unit: &str) -> Option<f64> {
    let lower = unit.to_ascii_lowercase();
    let micros = match lower.trim_end_matches('.') {
        "us" | "µs" | "μs" | "microsecond" | "microseconds" => 1,
        "ms" | "msec" | "millisecond" | "milliseconds" => 1_000,
        "s" | "sec" | "secs" | "second" | "seconds" => SECOND_US,
        "m" | "min" | "mins" | "minute" | "minutes" => MINUTE_US,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR_US,
        "d" | "day" | "days" => DAY_US,
        "w" | "week" | "weeks" => 7 * DAY_US,
        "month" | "months" => 30 * DAY_US,
        "y" | "yr" | "year" | "years" => 365 * DAY_US,
        _ => return None,
    };
    Some(micros as f64)
}

/// Reads a size as bytes: "45MB" (powers of ten), "45MiB" (powers of two), "1024".
pub fn bytes(text: &str) -> Option<i64> {
    let (number, unit) = split_number(text.trim())?;
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" | "byte" | "bytes" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        "tib" => 1_099_511_627_776.0,
        _ => return None,
    };
    to_integer(number * factor)
}

/// Reads a share as millionths: "12%", "0.12" (at most 1), "100%".
pub fn ppm(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_suffix('%') {
        Some(percent) => to_integer(percent.trim().parse::<f64>().ok()? * 1e4),
        None => share_ppm(text.parse().ok()?),
    }
}

/// A share between 0 and 1, or a percentage above 1, as millionths.
pub fn share_ppm(number: f64) -> Option<i64> {
    if number.abs() <= 1.0 { to_integer(number * 1e6) } else { to_integer(number * 1e4) }
}

/// US dollars as millionths, exact for decimal text of up to six places, rounded beyond.
pub fn dollars_micros(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches('$');
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    if !plain(whole) || !plain(fraction) || whole.len() > 12 {
        return to_integer(text.parse::<f64>().ok()? * 1e6);
    }
    let mut micros: i64 = whole.parse::<i64>().unwrap_or(0) * 1_000_000;
    let mut unit = 100_000;
    for digit in fraction.bytes().take(6) {
        micros += i64::from(digit - b'0') * unit;
        unit /= 10;
    }
    if fraction.as_bytes().get(6).is_some_and(|d| *d >= b'5') {
        micros += 1;
    }
    (micros <= INTEGER_MAX).then_some(if negative { -micros } else { micros })
}

fn split_number(text: &str) -> Option<(f64, &str)> {
    let end = text
        .char_indices()
        .find(|(i, c)| !(c.is_ascii_digit() || *c == '.' || *i == 0 && (*c == '-' || *c == '+')))
        .map_or(text.len(), |(i, _)| i);
    let (number, rest) = text.split_at(end);
    Some((number.parse().ok()?, rest.trim_start_matches([' ', '_'])))
}

/// Rounds to an integer that an entry may hold.
fn to_integer(number: f64) -> Option<i64> {
    let rounded = number.round();
    (rounded.is_finite() && rounded.abs() <= INTEGER_MAX as f64).then_some(rounded as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, want) in [
            ("2.3s", Some(2_300_000)),
            ("6m 56s", Some(416 * SECOND_US)),
            ("12ms", Some(12_000)),
            ("30_minutes", Some(30 * MINUTE_US)),
            ("7_years", Some(2555 * DAY_US)),
            ("1h30m", Some(90 * MINUTE_US)),
            ("1 hour, 5 sec", Some(HOUR_US + 5 * SECOND_US)),
            ("250µs", Some(250)),
            ("", None),
            ("fast", None),
            ("5", None),
            ("5 parsecs", None),
        ] {
            assert_eq!(duration_us(text), want, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_value_is_larger_than_an_entry_may_hold(
            number in "-?[0-9]{1,25}(\\.[0-9]{0,9})?(e[0-9]{1,3})?", unit in "(s|y|MB|TiB|%|)",
        ) {
            let text = format!("{number}{unit}");
            let read = [duration_us(&text), bytes(&text), ppm(&text), dollars_micros(&text)];
            let fits = |value: &i64| value.abs() <= INTEGER_MAX;
            proptest::prop_assert!(read.iter().flatten().all(fits), "{} gives {:?}", text, read);
        }
    }

    #[test]
    fn sizes_and_shares() {
        assert_eq!(bytes("45MB"), Some(45_000_000));
        assert_eq!(bytes("1.5 KiB"), Some(1536));
        assert_eq!(bytes("fat"), None);
        assert_eq!(ppm("12%"), Some(120_000));
        assert_eq!(ppm("100%"), Some(1_000_000));
        assert_eq!(ppm("0.85"), Some(850_000));
        assert_eq!(ppm("x%"), None);
        assert_eq!(share_ppm(97.8), Some(978_000));
    }

    #[test]
    fn dollars_are_exact_to_the_millionth() {
        for (text, want) in [
            ("0.020262", Some(20_262)),
            ("0.001", Some(1_000)),
            ("12", Some(12_000_000)),
            ("$1.5", Some(1_500_000)),
            ("-0.25", Some(-250_000)),
            ("0.0000005", Some(1)),
            ("1e-3", Some(1_000)),
            ("9007199254.740991", Some(INTEGER_MAX)),
            ("-9007199254.740991", Some(-INTEGER_MAX)),
            ("9007199254.740992", None),
            ("9007199254.7409915", None),
            ("22710008005", None),
            ("-999999999999", None),
            ("free", None),
            ("", None),
        ] {
            assert_eq!(dollars_micros(text), want, "{text}");
        }
    }
}
