//! Moments as text. Time is microseconds since the Unix epoch, UTC, as everywhere on the log.

use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) const SECOND_US: i64 = 1_000_000;
pub(crate) const MINUTE_US: i64 = 60 * SECOND_US;
pub(crate) const HOUR_US: i64 = 60 * MINUTE_US;
pub(crate) const DAY_US: i64 = 24 * HOUR_US;

/// Now, by the system's clock.
pub(crate) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// `2026-11-21T03:44:05.123Z`.
pub(crate) fn stamp(at_us: i64) -> String {
    let (year, month, day) = civil(at_us.div_euclid(DAY_US));
    let ms = at_us.rem_euclid(SECOND_US) / 1000;
    format!("{year:04}-{month:02}-{day:02}T{}.{ms:03}Z", time_of_day(at_us))
}

/// `03:44:05`.
pub(crate) fn time_of_day(at_us: i64) -> String {
    let seconds = at_us.rem_euclid(DAY_US) / SECOND_US;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The hour of the day, 0 to 23.
pub(crate) fn hour(at_us: i64) -> i64 {
    at_us.rem_euclid(DAY_US) / HOUR_US
}

/// Year, month and day of days since 1970, by the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Days are counted from 0000-03-01, so that the leap day ends a year.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_the_text_that_everybody_reads() {
        assert_eq!(stamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(stamp(1_735_813_815_123_000), "2025-01-02T10:30:15.123Z");
        assert_eq!(stamp(951_782_400 * SECOND_US), "2000-02-29T00:00:00.000Z");
        assert_eq!((hour(1_735_813_815_123_000), time_of_day(59 * SECOND_US).as_str()), (10, "00:00:59"));
    }
}
