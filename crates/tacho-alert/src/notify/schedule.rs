//! Who is on call: rotations in the calendar of a place, restrictions to hours and days, and overrides.
//!
//! A turn changes hands at its local time, whatever the clocks of the place do: a time that the clocks skip comes as much
//! later as they were put forward, one that they show twice counts the first time.

use crate::file::Span;
use crate::notify::TimeInterval;
use crate::notify::interval::{Interval, minute_of, zone};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

const MINUTE_US: i64 = 60_000_000;
const HOUR_US: i64 = 60 * MINUTE_US;
const DAY_US: i64 = 24 * HOUR_US;
/// People of a rotation, and rotations of a schedule.
const PEOPLE_MAX: usize = 1000;
const ROTATIONS_MAX: usize = 50;
/// The longest turn.
const TURN_MAX_US: i64 = 366 * DAY_US;
/// The longest time that turns are told of.
pub const AHEAD_MAX_US: i64 = 400 * DAY_US;

/// A schedule as a file has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleText {
    pub name: String,
    /// IANA name of the time zone; UTC when absent.
    pub location: Option<String>,
    /// The first one whose hours hold a moment says who is on call.
    pub rotations: Vec<RotationText>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationText {
    pub name: Option<String>,
    /// In the order of their turns.
    pub people: Vec<String>,
    /// The first day of the first person, `2026-01-05`.
    pub starts: String,
    /// When a turn changes hands, local time.
    #[serde(default = "nine")]
    pub handoff: String,
    /// How long a turn is: `1w`, `1d`, `12h`.
    pub length: Span,
    /// Hours and days that it covers; all of them when absent.
    #[serde(default)]
    pub only: Vec<TimeInterval>,
}

fn nine() -> String {
    "09:00".into()
}

/// Somebody takes over for a while.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Override {
    pub id: String,
    pub schedule: String,
    pub person: String,
    pub from_us: i64,
    pub until_us: i64,
    pub created_by: String,
    pub comment: String,
    pub made_us: i64,
}

/// A time during which one person, or nobody, is on call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub person: Option<String>,
    pub from_us: i64,
    pub until_us: i64,
    /// The override that says so.
    pub taken: Option<String>,
}

#[derive(Debug, Clone)]
struct Rotation {
    people: Vec<String>,
    /// The begin of the first turn on the wall of its place, as if that were UTC.
    starts_us: i64,
    length_us: i64,
    only: Vec<Interval>,
}

/// A schedule that was read.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub name: String,
    pub location: String,
    zone: TimeZone,
    rotations: Vec<Rotation>,
}

impl Schedule {
    /// # Errors
    /// When it has no people, no turns or no such zone, date or time.
    pub fn read(text: &ScheduleText) -> Result<Schedule, String> {
        let location = text.location.clone().unwrap_or_else(|| "UTC".into());
        let zone = zone(&location)?;
        if text.rotations.is_empty() || text.rotations.len() > ROTATIONS_MAX {
            return Err(format!("it has {} rotations, expected 1 to {ROTATIONS_MAX}", text.rotations.len()));
        }
        let rotations = text.rotations.iter().map(|rotation| Rotation::read(rotation, &zone));
        let rotations = rotations.collect::<Result<_, String>>()?;
        Ok(Schedule { name: text.name.clone(), location, zone, rotations })
    }

    /// Everybody who has a turn.
    pub fn people(&self) -> impl Iterator<Item = &String> {
        self.rotations.iter().flat_map(|rotation| &rotation.people)
    }

    /// A moment as clocks of the place show it, `2026-11-23T09:00:00+01:00`.
    pub fn local(&self, us: i64) -> String {
        let at = Timestamp::from_microsecond(us - us.rem_euclid(1_000_000)).ok();
        let shown = at.map(|at| at.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
        shown.unwrap_or_else(|| us.to_string())
    }

    /// Who is on call at a moment, and by which override. The last override that covers it counts.
    pub(crate) fn on_call<'a>(
        &'a self,
        us: i64,
        overrides: &'a [Override],
    ) -> (Option<&'a str>, Option<&'a str>) {
        let covers =
            |taken: &&Override| taken.schedule == self.name && (taken.from_us..taken.until_us).contains(&us);
        if let Some(taken) = overrides.iter().rev().find(covers) {
            return (Some(&taken.person), Some(&taken.id));
        }
        let holds = |rotation: &&Rotation| {
            rotation.only.is_empty() || rotation.only.iter().any(|interval| interval.contains(us))
        };
        let rotation = self.rotations.iter().find(holds);
        (rotation.and_then(|rotation| rotation.person(us, &self.zone)), None)
    }

    /// The turns between two moments, each as long as one person is on call without a break.
    pub fn turns(&self, from_us: i64, until_us: i64, overrides: &[Override]) -> Vec<Turn> {
        let until_us = until_us.min(from_us.saturating_add(AHEAD_MAX_US));
        let mut turns: Vec<Turn> = Vec::new();
        for at_us in self.edges(from_us, until_us, overrides) {
            let (person, taken) = self.on_call(at_us, overrides);
            let (person, taken) = (person.map(str::to_string), taken.map(str::to_string));
            match turns.last_mut() {
                Some(last) if last.person == person && last.taken == taken => {}
                last => {
                    if let Some(last) = last {
                        last.until_us = at_us;
                    }
                    turns.push(Turn { person, from_us: at_us, until_us, taken });
                }
            }
        }
        turns
    }

    /// Every moment at which somebody else may be on call, the first moment among them.
    fn edges(&self, from_us: i64, until_us: i64, overrides: &[Override]) -> Vec<i64> {
        let own = overrides.iter().filter(|taken| taken.schedule == self.name);
        let mut edges: Vec<i64> = own.flat_map(|taken| [taken.from_us, taken.until_us]).collect();
        for rotation in &self.rotations {
            let first = rotation.turn(from_us, &self.zone).unwrap_or(0) + 1;
            let begins = (first..).map_while(|turn| rotation.begins(turn, &self.zone));
            edges.extend(begins.take_while(|begin| *begin < until_us));
            for interval in &rotation.only {
                edges.extend(interval_edges(interval, from_us, until_us));
            }
        }
        edges.retain(|edge| (from_us + 1..until_us).contains(edge));
        edges.push(from_us);
        edges.sort_unstable();
        edges.dedup();
        edges
    }
}

impl Rotation {
    fn read(text: &RotationText, place: &TimeZone) -> Result<Rotation, String> {
        if text.people.is_empty() || text.people.len() > PEOPLE_MAX {
            return Err(format!("a rotation has {} people, expected 1 to {PEOPLE_MAX}", text.people.len()));
        }
        let length_us = text.length.0;
        if !(HOUR_US..=TURN_MAX_US).contains(&length_us) || length_us % MINUTE_US != 0 {
            return Err("the length of a turn is 1h to 366d, in whole minutes".into());
        }
        let starts: jiff::civil::Date = text
            .starts
            .parse()
            .map_err(|_| format!("starts: \"{}\" is no date, expected such as 2026-01-05", text.starts))?;
        let midnight = starts.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
        let handoff_us = minute_of(&text.handoff)? * MINUTE_US;
        let only = text.only.iter().map(|interval| interval.read(Some(place)));
        Ok(Rotation {
            people: text.people.clone(),
            starts_us: midnight.timestamp().as_microsecond() + handoff_us,
            length_us,
            only: only.collect::<Result<_, String>>()?,
        })
    }

    /// Whose turn it is.
    fn person(&self, us: i64, zone: &TimeZone) -> Option<&str> {
        let at = self.turn(us, zone)?.rem_euclid(self.people.len() as i64);
        Some(&self.people[at as usize])
    }

    /// The number of the turn at a moment; those before the first have numbers below zero.
    fn turn(&self, us: i64, zone: &TimeZone) -> Option<i64> {
        let mut turn = (wall_us(us, zone)? - self.starts_us).div_euclid(self.length_us);
        // When clocks were put forward or back, the wall is ahead of the turn or behind it.
        while self.begins(turn, zone)? > us {
            turn -= 1;
        }
        while self.begins(turn + 1, zone)? <= us {
            turn += 1;
        }
        Some(turn)
    }

    /// When a turn begins; nothing beyond the calendar.
    fn begins(&self, turn: i64, zone: &TimeZone) -> Option<i64> {
        let wall_us = self.starts_us.checked_add(turn.checked_mul(self.length_us)?)?;
        let wall = Timestamp::from_microsecond(wall_us).ok()?.to_zoned(TimeZone::UTC).datetime();
        Some(zone.to_ambiguous_timestamp(wall).compatible().ok()?.as_microsecond())
    }
}

/// What a clock on the wall of a place shows at a moment, as if that were UTC.
fn wall_us(us: i64, zone: &TimeZone) -> Option<i64> {
    let offset = zone.to_offset(Timestamp::from_microsecond(us).ok()?);
    us.checked_add(i64::from(offset.seconds()) * 1_000_000)
}

/// The moments at which an interval may begin or end: its times and midnight of each day, as often as the clocks show them,
/// and where the clocks change.
fn interval_edges(interval: &Interval, from_us: i64, until_us: i64) -> Vec<i64> {
    let zone = interval.zone();
    let (Some(first), Some(last), Ok(begin)) =
        (wall_us(from_us, zone), wall_us(until_us, zone), Timestamp::from_microsecond(from_us))
    else {
        return Vec::new();
    };
    let changes = zone.following(begin).map(|change| change.timestamp().as_microsecond());
    let mut edges: Vec<i64> = changes.take_while(|change| *change < until_us).collect();
    for day in first.div_euclid(DAY_US)..=last.div_euclid(DAY_US) {
        for minute in interval.edges().chain([0]) {
            let wall = Timestamp::from_microsecond(day * DAY_US + minute * MINUTE_US);
            let Ok(wall) = wall.map(|wall| wall.to_zoned(TimeZone::UTC).datetime()) else { continue };
            let both = zone.to_ambiguous_timestamp(wall);
            let both = [both.earlier(), both.later()].into_iter().flatten();
            edges.extend(both.map(|edge| edge.as_microsecond()));
        }
    }
    edges
}
