//! Who is on call, live: the turns of each schedule, and overrides, which are kept and on the log.

use super::silence::fresh;
use super::tell::{self, Saying};
use super::{Alerting, Refused};
use crate::clock::now_us;
use tacho_alert::notify::{Escalation, Override, Turn};
use tacho_event::time::{DAY_US, format};

/// The kind of note that keeps an override.
pub(super) const OVERRIDE: &str = "override";
/// How far back the begin of a turn is looked for.
const BEFORE_US: i64 = 35 * DAY_US;
/// Characters of a reason.
const COMMENT_MAX: usize = 4096;

/// Who is on call in one schedule.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub name: String,
    pub location: String,
    /// The turns from the one that goes on, in their order; nobody's among them. Each with its begin and end as the clocks
    /// of the place show them.
    pub turns: Vec<(Turn, [String; 2])>,
    /// Everybody who has a turn in it.
    pub people: Vec<String>,
}

/// Everything about who is on call.
#[derive(Debug, Clone)]
pub(crate) struct Duty {
    pub schedules: Vec<Served>,
    /// Those that are not over.
    pub overrides: Vec<Override>,
    /// Everybody by name, and the receivers by which they are told.
    pub people: Vec<(String, Vec<String>)>,
    pub escalations: Vec<Escalation>,
}

/// Somebody takes over.
#[derive(Debug, Clone)]
pub(crate) struct NewOverride {
    pub schedule: String,
    pub person: String,
    pub starts_us: Option<i64>,
    pub ends_us: i64,
    pub by: String,
    pub comment: String,
}

impl Alerting {
    /// Who is on call from a moment on, for so long.
    pub(crate) fn duty(&self, at_us: i64, ahead_us: i64) -> Duty {
        // Turns of many schedules take their time: nobody waits for them.
        let (roster, escalations) = {
            let inner = self.inner.lock();
            let dispatcher = inner.desk.dispatcher();
            (dispatcher.roster.clone(), dispatcher.escalations().cloned().collect())
        };
        let served = |schedule: &tacho_alert::notify::Schedule| {
            let mut turns = roster.turns(schedule, at_us - BEFORE_US, at_us + ahead_us);
            turns.retain(|turn| turn.until_us > at_us);
            let local = |turn: Turn| {
                let shown = [schedule.local(turn.from_us), schedule.local(turn.until_us)];
                (turn, shown)
            };
            let turns = turns.into_iter().map(local).collect();
            let mut people: Vec<String> = schedule.people().cloned().collect();
            people.sort();
            people.dedup();
            let (name, location) = (schedule.name.clone(), schedule.location.clone());
            Served { name, location, turns, people }
        };
        let people = roster.people().map(|(name, receivers)| (name.to_string(), receivers.to_vec()));
        Duty {
            schedules: roster.schedules().map(served).collect(),
            overrides: roster.overrides().iter().filter(|taken| taken.until_us > at_us).cloned().collect(),
            people: people.collect(),
            escalations,
        }
    }

    /// Lets somebody take over; it counts when this returns.
    pub(crate) fn take_over(&self, wanted: NewOverride) -> Result<Override, Refused> {
        let now = now_us();
        if wanted.ends_us <= now {
            return Err(Refused::Wrong("the override would end before now".into()));
        }
        if wanted.comment.chars().count() > COMMENT_MAX || wanted.by.chars().count() > COMMENT_MAX {
            return Err(Refused::Wrong(format!("a name or comment has more than {COMMENT_MAX} characters")));
        }
        let taken = Override {
            id: fresh(),
            schedule: wanted.schedule,
            person: wanted.person,
            from_us: wanted.starts_us.unwrap_or(now).max(now),
            until_us: wanted.ends_us,
            created_by: wanted.by,
            comment: wanted.comment,
            made_us: now,
        };
        let mut inner = self.inner.lock();
        for id in inner.desk.roster().forget(now - DAY_US) {
            inner.pending.notes.push((OVERRIDE, id, None));
        }
        inner.desk.roster().take(taken.clone()).map_err(Refused::Wrong)?;
        let body = serde_json::to_string(&taken).map_err(|error| Refused::Failed(error.to_string()))?;
        inner.pending.notes.push((OVERRIDE, taken.id.clone(), Some(body)));
        inner.pending.sayings.push(said(&taken, "oncall_override_set", &taken.created_by, now));
        inner.keep()?;
        Ok(taken)
    }

    /// Takes an override away: the turn goes on as the schedule has it.
    pub(crate) fn give_back(&self, id: &str, by: &str) -> Result<(), Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        let given = inner.desk.roster().give_back(id);
        let given = given.ok_or_else(|| Refused::Unknown(format!("there is no override \"{id}\"")))?;
        inner.pending.notes.push((OVERRIDE, id.to_string(), None));
        inner.pending.sayings.push(said(&given, "oncall_override_ended", by, now));
        inner.keep()
    }
}

/// An override was set, or ended before its time.
fn said(taken: &Override, name: &str, by: &str, at_us: i64) -> Saying {
    let result = serde_json::json!({
        "override": taken.id, "schedule": taken.schedule, "person": taken.person, "by": by,
        "comment": taken.comment, "starts_at": format(taken.from_us), "ends_at": format(taken.until_us),
    });
    let outcome = serde_json::json!({"outcome": {"status": "success", "result": result}});
    tell::event(format!("oncall/{}/{name}/{at_us}", taken.id), name, "WARNING", at_us, outcome)
}
