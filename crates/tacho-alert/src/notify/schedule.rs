//! Who is on call: rotations in the calendar of a place, and overrides.

use crate::notify::interval::{local, zone};

/// People who take turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    pub people: Vec<String>,
    /// The first day of the first person, `2026-01-05`.
    pub starts: String,
    /// When a turn changes hands, `09:00` local time.
    pub handoff: String,
    /// Days of one turn.
    pub days: u32,
}

/// Somebody takes over for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    pub person: String,
    pub from_us: i64,
    pub until_us: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub name: String,
    /// IANA name of the time zone.
    pub location: String,
    pub rotation: Rotation,
    /// The last one that covers a moment counts.
    pub overrides: Vec<Override>,
}

impl Schedule {
    /// Who is on call at a moment. A turn changes at its local time, whatever the clocks of the place do.
    ///
    /// # Errors
    /// When the schedule has no people, no days or no such zone, date or time.
    pub fn on_call(&self, us: i64) -> Result<&str, String> {
        if let Some(taken) =
            self.overrides.iter().rev().find(|taken| (taken.from_us..taken.until_us).contains(&us))
        {
            return Ok(&taken.person);
        }
        let fail = |what: &str| format!("schedule {}: {what}", self.name);
        let rotation = &self.rotation;
        if rotation.people.is_empty() || rotation.days == 0 {
            return Err(fail("a rotation needs people and days"));
        }
        let now =
            local(us, zone(&self.location).map_err(|error| fail(&error))?).map_err(|error| fail(&error))?;
        let starts: jiff::civil::Date = rotation.starts.parse().map_err(|_| fail("its start is no date"))?;
        let handoff: jiff::civil::Time =
            format!("{}:00", rotation.handoff).parse().map_err(|_| fail("its handoff is no time of day"))?;
        let before = i64::from(now.time() < handoff);
        let days = (now.date() - starts).get_days();
        let turn = (i64::from(days) - before).div_euclid(i64::from(rotation.days));
        let at = turn.rem_euclid(rotation.people.len() as i64);
        Ok(&rotation.people[at as usize])
    }
}
