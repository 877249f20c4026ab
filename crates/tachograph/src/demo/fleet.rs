//! The fleet: an endless, repeatable stream of events, live from a moment on or backwards as history.
//!
//! Invariants
//! - Events come in the order of their time; the same seed and start give the same events.
//! - Nothing here waits, prints or sends.

use super::act::Session;
use super::cast::{Agent, CONSOLE, FLEET, USERS};
use super::clock::{DAY_US, HOUR_US, MINUTE_US, SECOND_US, hour};
use super::rng::Rng;
use super::scene::{Scene, Sent};
use super::stories::Story;
use super::work;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Scenes of ordinary work on a day of the history; each is about a dozen events.
const SCENES_A_DAY: i64 = 132;
/// How much slower than live the history goes.
const HISTORY_SLOWNESS: i64 = 6;
/// How often, about, the application reports on agents and people, seconds.
const LIFE_EVERY_S: i64 = 20;

/// What begins at a planned moment.
#[derive(Debug, Clone, Copy)]
enum Begin {
    /// The agent with this number in the fleet goes on with its work.
    Work(usize),
    Story(Story),
    /// The application reports on agents and settings.
    Life,
}

/// A fleet at work.
pub(crate) struct Fleet {
    rng: Rng,
    /// What begins when; the second part of the key keeps equal moments in order.
    plan: BTreeMap<(i64, u64), Begin>,
    /// Events of scenes that have begun.
    pending: BTreeMap<(i64, u64), Sent>,
    order: u64,
    sessions: Vec<Vec<Session>>,
    /// History ends here; live never does.
    until_us: Option<i64>,
}

impl Fleet {
    /// A fleet that is at work from a moment on, without an end.
    pub(crate) fn new(seed: u64, start_us: i64) -> Fleet {
        let mut fleet = Fleet::empty(Rng::new(seed ^ 0x11fe), None);
        for number in 0..FLEET.len() {
            let at_us = start_us + fleet.rng.between(0, 2500) * 1000;
            fleet.begin(at_us, Begin::Work(number));
        }
        for (story, first_s, ..) in Story::PLAN {
            fleet.begin(start_us + first_s * SECOND_US, Begin::Story(story));
        }
        fleet.begin(start_us + 2 * SECOND_US, Begin::Life);
        fleet
    }

    /// The days before a moment: the same work at a human pace, more of it by day than by night.
    pub(crate) fn history(seed: u64, now_us: i64, days: i64) -> Fleet {
        let mut fleet = Fleet::empty(Rng::new(seed ^ 0xa9e5), Some(now_us));
        for day in 0..days.max(0) {
            let from_us = now_us - (days - day) * DAY_US;
            for scene in 0..SCENES_A_DAY {
                let at_us = fleet.working_hour(from_us);
                fleet.begin(at_us, Begin::Work(scene as usize % FLEET.len()));
                if scene % 12 == 0 {
                    fleet.begin(at_us, Begin::Life);
                }
            }
            for (story, .., a_day) in Story::PLAN {
                for _ in 0..a_day {
                    let at_us = fleet.working_hour(from_us);
                    fleet.begin(at_us, Begin::Story(story));
                }
            }
        }
        // The last hour is what most dashboards show first.
        for number in 0..FLEET.len() * usize::from(days > 0) {
            let at_us = now_us - fleet.rng.between(3, 55) * MINUTE_US;
            fleet.begin(at_us, Begin::Work(number));
        }
        fleet
    }

    fn empty(rng: Rng, until_us: Option<i64>) -> Fleet {
        let sessions = FLEET.iter().map(|_| Vec::new()).collect();
        Fleet { rng, plan: BTreeMap::new(), pending: BTreeMap::new(), order: 0, sessions, until_us }
    }

    /// A moment within the day from `from_us` on; at night there is a quarter of the work.
    fn working_hour(&mut self, from_us: i64) -> i64 {
        loop {
            let at_us = from_us + self.rng.between(0, DAY_US - 1);
            if (7..19).contains(&hour(at_us)) || self.rng.chance(25) {
                return at_us;
            }
        }
    }

    fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    fn begin(&mut self, at_us: i64, what: Begin) {
        let order = self.next_order();
        self.plan.insert((at_us, order), what);
    }

    /// Plays a scene to its end and plans what follows it.
    fn play(&mut self, at_us: i64, what: Begin) {
        let slowness = if self.until_us.is_some() { HISTORY_SLOWNESS } else { 1 };
        let mut scene = Scene::new(&mut self.rng, at_us, slowness);
        match what {
            Begin::Work(number) => {
                let session = session(&mut scene, FLEET[number], &mut self.sessions[number]);
                work::play(&mut scene, &session);
            }
            Begin::Story(story) => story.play(&mut scene),
            Begin::Life => life(&mut scene),
        }
        let (end_us, events) = scene.finish();
        for event in events {
            let order = self.next_order();
            self.pending.insert((event.at_us, order), event);
        }
        if self.until_us.is_none() {
            self.plan_again(at_us, end_us, what);
        }
    }

    fn plan_again(&mut self, at_us: i64, end_us: i64, what: Begin) {
        let next_us = match what {
            Begin::Work(_) => end_us + self.rng.between(300, 2600) * 1000,
            Begin::Life => at_us + self.rng.between(LIFE_EVERY_S / 2, LIFE_EVERY_S * 2) * SECOND_US,
            Begin::Story(story) => {
                let period =
                    Story::PLAN.iter().find(|(other, ..)| *other == story).map_or(300, |plan| plan.2);
                let wait = self.rng.between(period * 7 / 10, period * 13 / 10) * SECOND_US;
                (at_us + wait).max(end_us + 10 * SECOND_US)
            }
        };
        self.begin(next_us, what);
    }
}

impl Iterator for Fleet {
    type Item = Sent;

    fn next(&mut self) -> Option<Sent> {
        loop {
            let due = self.pending.first_key_value().map(|((at_us, _), _)| *at_us);
            let begins = self.plan.first_key_value().map(|((at_us, _), _)| *at_us);
            // A scene only makes events from its beginning on: whatever is before the next one is final.
            match (due, begins) {
                (Some(due), begins) if begins.is_none_or(|begins| due < begins) => {
                    if self.until_us.is_some_and(|until| due >= until) {
                        return None;
                    }
                    return self.pending.pop_first().map(|(_, event)| event);
                }
                _ => {
                    let ((at_us, _), what) = self.plan.pop_first()?;
                    self.play(at_us, what);
                }
            }
        }
    }
}

/// Goes on with one of the agent's sessions, or begins a new one.
fn session(scene: &mut Scene<'_>, agent: &'static Agent, sessions: &mut Vec<Session>) -> Session {
    const KEPT: usize = 3;
    // Sessions of history are hours apart: what was begun then is not gone on with.
    let age_us = HOUR_US;
    sessions.retain(|session| session_age(scene.at_us(), session) < age_us);
    if sessions.is_empty() || scene.rng.chance(35) {
        let begun = scene.session(agent);
        sessions.push(begun);
        if sessions.len() > KEPT {
            sessions.remove(0);
        }
    }
    scene.rng.pick(sessions).clone()
}

/// How long ago a session began, by the time in its id.
fn session_age(at_us: i64, session: &Session) -> i64 {
    let digits: String = session.id.chars().filter(|c| *c != '-').take(12).collect();
    let begun_us = i64::from_str_radix(&digits, 16).unwrap_or(0) * 1000;
    at_us - begun_us
}

/// The application's own trail: agents come and go, run on a schedule, people sign in and change settings.
fn life(scene: &mut Scene<'_>) {
    let user = *scene.rng.pick(&USERS);
    let web = scene.rng.uuid(scene.at_us());
    let request: Value = json!({ "ip": format!("203.0.113.{}", scene.rng.between(2, 60)),
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64)", "sessionId": web });
    let digest = format!("app/digest-{}", scene.rng.hex(4));
    let tokens = scene.rng.around(16_000);
    let took = scene.rng.around(7_000);
    let entry = match scene.rng.between(0, 6) {
        0 => json!({ "action": "AGENT_CREATED", "entityType": "agent", "entityId": digest,
            "resourceName": "Weekly digest", "severity": "info",
            "details": { "mode": "scheduled", "plugins_count": 3, "has_schedule": true } }),
        1 | 2 => json!({ "action": "AGENT_EXECUTED", "entityType": "agent", "entityId": "app/digest",
            "resourceName": "Weekly digest", "severity": "info", "details": { "execution_type": "scheduled",
                "success": scene.rng.chance(92), "tokens_used": tokens, "duration_ms": took } }),
        3 => json!({ "action": "AGENT_DELETED", "entityType": "agent", "entityId": digest,
            "resourceName": "Weekly digest", "severity": "warning",
            "details": { "total_executions": scene.rng.between(1, 80), "permanently_deleted": true } }),
        4 => {
            json!({ "action": "NOTIFICATION_SETTINGS_UPDATED", "entityType": "settings", "entityId": CONSOLE,
            "severity": "info", "changes": { "daily_digest": { "before": false, "after": true } } })
        }
        _ => json!({ "action": if scene.rng.chance(60) { "USER_LOGIN" } else { "USER_LOGOUT" },
            "entityType": "user", "entityId": user, "severity": "info", "details": { "method": "sso" } }),
    };
    let mut entry = entry;
    entry["userId"] = user.into();
    entry["request"] = request;
    scene.trail(entry, None);
}
