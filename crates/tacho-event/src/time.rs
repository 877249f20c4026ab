//! Time on the log: microseconds since the Unix epoch, UTC.

use jiff::Timestamp;
use jiff::civil;

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

pub const SECOND_US: Micros = 1_000_000;
pub const MINUTE_US: Micros = 60 * SECOND_US;
pub const HOUR_US: Micros = 60 * MINUTE_US;
pub const DAY_US: Micros = 24 * HOUR_US;

/// Times outside these years are a broken clock, not history.
const YEAR_MIN_US: Micros = 0;
const YEAR_MAX_US: Micros = 7_258_118_400 * SECOND_US; // 2200-01-01

/// Reads the time formats that senders use: RFC 3339, the same with a space or without a zone (taken as
/// UTC), Python logging's `2025-06-20 01:52:00,123`, and Unix seconds, milliseconds, micro- or nanoseconds.
///
/// # Errors
/// Says what was expected when the text is none of these or lies outside 1970 to 2200.
pub fn parse(text: &str) -> Result<Micros, TimeError> {
    let text = text.trim();
    let refuse = || TimeError { text: shorten(text) };
    let micros = match parse_fixed(text.as_bytes()) {
        Some(micros) => micros,
        None => parse_slow(text).ok_or_else(refuse)?,
    };
    if (YEAR_MIN_US..YEAR_MAX_US).contains(&micros) { Ok(micros) } else { Err(refuse()) }
}

/// A Unix time whose unit is told by its size.
///
/// # Errors
/// When the number lies outside 1970 to 2200 in every unit.
pub fn from_unix(number: f64) -> Result<Micros, TimeError> {
    let refuse = || TimeError { text: number.to_string() };
    if !number.is_finite() || number < 0.0 {
        return Err(refuse());
    }
    // Seconds of the year 2200 are 7.3e9: the gaps between the units are a factor of a thousand.
    let micros = match number {
        n if n < 1e11 => n * 1e6,
        n if n < 1e14 => n * 1e3,
        n if n < 1e17 => n,
        n => n / 1e3,
    };
    if micros < YEAR_MAX_US as f64 { Ok(micros.round() as Micros) } else { Err(refuse()) }
}

/// `2026-11-21T03:44:05.123456Z`.
pub fn format(micros: Micros) -> String {
    match Timestamp::from_microsecond(micros) {
        Ok(time) => format!("{time:.6}"),
        Err(_) => format!("{micros}us"),
    }
}

/// `2026-11-21`: the day that a moment falls on, UTC.
pub fn day(micros: Micros) -> Day {
    Day(micros.div_euclid(DAY_US) as i32)
}

/// A day, UTC, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// `2026-11-21`.
    pub fn text(self) -> String {
        let (year, month, day) = self.civil();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// `2026-11`.
    pub fn month_text(self) -> String {
        let (year, month, _) = self.civil();
        format!("{year:04}-{month:02}")
    }

    /// Reads `2026-11-21`, and nothing else that means a day.
    pub fn parse(text: &str) -> Option<Day> {
        let b = text.as_bytes();
        if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
            return None;
        }
        let number = |from: usize, to: usize| digits(&b[from..to]);
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        is_civil(year, month, day).then(|| Day(days_from_civil(year, month, day) as i32))
    }

    /// Year, month and day by the proleptic Gregorian calendar.
    fn civil(self) -> (i64, u32, u32) {
        // Days are counted from 0000-03-01, so that the leap day ends a year.
        let days = i64::from(self.0) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month as u32, day as u32)
    }
}

/// Days since the epoch of a civil date that is known to exist.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era_year = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let of_era = of_era_year * 365 + of_era_year / 4 - of_era_year / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

/// Whether the calendar has such a day.
fn is_civil(year: i64, month: i64, day: i64) -> bool {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=12).contains(&month) && (1..=last).contains(&day)
}

/// A number of a few decimal digits.
fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0i64, |n, c| c.is_ascii_digit().then(|| n * 10 + i64::from(c - b'0')))
}

/// The one form that nearly every event uses, `YYYY-MM-DDTHH:MM:SS[.fraction]Z`, without a general parser.
fn parse_fixed(b: &[u8]) -> Option<Micros> {
    if b.len() < 20 || b.len() > 30 || *b.last()? != b'Z' || b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    if !matches!(b[10], b'T' | b't' | b' ') || b[13] != b':' || b[16] != b':' {
        return None;
    }
    let number = |from: usize, to: usize| digits(&b[from..to]);
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !is_civil(year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return None; // a leap second or nonsense: the general parser decides
    }
    let mut fraction_us = 0;
    if b[19] == b'.' {
        let digits = &b[20..b.len() - 1];
        if digits.is_empty() {
            return None;
        }
        let mut unit = 100_000;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            fraction_us += i64::from(digit - b'0') * unit;
            unit /= 10;
        }
    } else if b.len() != 20 {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(seconds * SECOND_US + fraction_us)
}

fn parse_slow(text: &str) -> Option<Micros> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_microsecond());
    }
    // Python's logging writes a comma before the milliseconds; no zone is taken as UTC.
    let text = text.replacen(',', ".", 1);
    if let Ok(time) = text.parse::<civil::DateTime>() {
        return time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_microsecond());
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return from_unix(text.parse().ok()?).ok();
    }
    None
}

fn shorten(text: &str) -> String {
    text.chars().take(60).collect()
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "time \"{text}\" is not understood: expected RFC 3339 such as 2026-11-21T10:30:00Z, or a Unix time, between 1970 and 2200"
)]
pub struct TimeError {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_of_senders_mean_the_same_moment() {
        let want = 1_735_813_815_123_000;
        for text in [
            "2025-01-02T10:30:15.123Z",
            "2025-01-02 10:30:15.123Z",
            "2025-01-02T12:30:15.123+02:00",
            "2025-01-02 10:30:15,123",
            "2025-01-02T10:30:15.123",
            "1735813815.123",
            "1735813815123",
            "1735813815123000",
            "1735813815123000000",
        ] {
            assert_eq!(parse(text), Ok(want), "{text}");
        }
        assert_eq!(format(want), "2025-01-02T10:30:15.123000Z");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "yesterday",
            "2025-13-02T10:30:15Z",
            "2025-02-30T10:30:15Z",
            "9999-01-01T00:00:00Z",
            "2025-01-02T10:30:15.Z",
            "-5",
            "NaN",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_have_names() {
        assert_eq!(day(0).text(), "1970-01-01");
        let day = day(1_735_813_815_123_000);
        assert_eq!((day.text(), day.month_text()), ("2025-01-02".into(), "2025-01".into()));
        assert_eq!(Day::parse("2025-01-02"), Some(day));
        assert_eq!(Day(11_016).text(), "2000-02-29");
        assert_eq!(Day::parse("2000-02-29"), Some(Day(11_016)));
        for text in [
            "",
            "2025-1-2",
            "20250102",
            "2025-01-02T10:30:15",
            "2025-01-02 10:30:15,123",
            "-002025-01-02",
            "+2025-01-2",
            "2025-W01-4",
            "2025-02-29",
            "2025-13-01",
            "2025-00-01",
            "2025-01-00",
            " 2025-01-02",
            "٢025-01-0",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_day_is_read_as_it_is_written(days in -719_528i32..2_932_897) {
            let text = Day(days).text();
            let judge: civil::Date = text.parse().unwrap();
            proptest::prop_assert_eq!(Day::parse(&text), Some(Day(days)));
            proptest::prop_assert_eq!(judge.to_string(), text);
        }

        #[test]
        fn both_parsers_agree(us in 0i64..7_258_118_400_000_000) {
            let text = format(us);
            proptest::prop_assert_eq!(parse_fixed(text.as_bytes()), Some(us));
            proptest::prop_assert_eq!(parse_slow(&text), Some(us));
        }
    }
}
