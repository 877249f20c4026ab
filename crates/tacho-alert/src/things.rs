//! What has begun and not ended, as far as a rule remembers it.
//!
//! What a witness says is open, no agent's own word ends; the view `actions` says the same.
//!
//! Limits: as many things as the rule may have groups, and half of the places are kept for what witnesses tell: an agent
//! that opens without end hides none of it. One that nobody ended is forgotten after a week of silence. Of what ended only a
//! digest is kept, of the newest [`ENDED_MAX`]: what is told late of an older one begins it anew.

use crate::field::Field;
use crate::group::Groups;
use crate::open::{Says, named_by, says};
use crate::row::Row;
use crate::transition::Seen;
use crate::value::Value;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};
use tacho_event::fact::IntFact;
use tacho_event::words::Known;

const FORGET_US: i64 = 7 * 86_400_000_000;
/// Things that ended and are known, so that a beginning that is told after the end opens nothing.
const ENDED_MAX: usize = 1 << 16;

#[derive(Debug, Clone)]
struct Thing {
    /// The columns that name it, in the order of the kind's columns.
    names: Vec<Value<'static>>,
    started_us: i64,
    last_us: i64,
    /// How long it may take, when the sender said so.
    allowed_us: Option<f64>,
    /// Somebody else than the agent itself tells of it.
    is_witnessed: bool,
    first: Seen,
}

/// What ended, by the digest of its key, and whether a witness says so; the oldest is forgotten first.
#[derive(Debug, Clone, Default)]
struct Ended {
    known: HashMap<u64, bool, foldhash::quality::RandomState>,
    order: VecDeque<u64>,
}

impl Ended {
    fn add(&mut self, key: u64, is_own: bool) {
        if let Some(by_witness) = self.known.get_mut(&key) {
            *by_witness |= !is_own;
            return;
        }
        self.known.insert(key, !is_own);
        self.order.push_back(key);
        if self.order.len() > ENDED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// Whether it ended before this beginning was told: of what a witness tells, witnesses say that.
    fn has(&self, key: u64, is_own: bool) -> bool {
        self.known.get(&key).is_some_and(|by_witness| *by_witness || is_own)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Things {
    things: Groups<Thing>,
    /// How many of them nobody but the agent itself tells of, and how many may be.
    own: usize,
    own_max: usize,
    ended: Ended,
}

impl Things {
    pub(crate) fn new(max: usize) -> Things {
        Things { things: Groups::new(max), own: 0, own_max: max.div_ceil(2), ended: Ended::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.things.len()
    }

    pub(crate) fn refused(&self) -> u64 {
        self.things.refused
    }

    pub(crate) fn observe(&mut self, kind: &str, row: &dyn Row) {
        let says = says(kind, row);
        let (key, names) = named_by(kind);
        // What a column costs is paid only for events that say something.
        if matches!(says, Says::Nothing) || key.iter().any(|field| row.value(*field).is_null()) {
            return;
        }
        let keys = || key.iter().map(|field| row.value(*field));
        let is_own = row.value(Field::Known).as_text() == Some(Known::SelfReported.as_str());
        let now = row.recorded_us();
        match says {
            Says::Nothing => {}
            Says::Goes => {
                if let Some(thing) = self.things.get(keys()) {
                    thing.last_us = now;
                }
            }
            Says::Ended if is_own && self.things.get(keys()).is_some_and(|thing| thing.is_witnessed) => {}
            // A run that ended is over; a later event with its name begins another.
            Says::Ended if kind == "agent_execution" => self.remove(keys()),
            Says::Ended => {
                self.remove(keys());
                self.ended.add(digest(keys()), is_own);
            }
            // A run may begin as often as it ended.
            Says::Open if kind != "agent_execution" && self.ended.has(digest(keys()), is_own) => {}
            Says::Open => {
                let allowed = match kind {
                    "message" => row.value(Field::Int(IntFact::ExpectedResponseUs)).as_number(),
                    _ => row.value(Field::Int(IntFact::EscalationUs)).as_number(),
                };
                if let Some(thing) = self.of(keys, names, row, is_own) {
                    if kind == "agent_execution" {
                        thing.started_us = now;
                    }
                    thing.last_us = now;
                    thing.allowed_us = allowed.or(thing.allowed_us);
                }
            }
        }
    }

    /// The thing of a key; made when it is new and there is a place.
    fn of<'r, K: Iterator<Item = Value<'r>>>(
        &mut self,
        keys: impl Fn() -> K,
        names: &[Field],
        row: &dyn Row,
        is_own: bool,
    ) -> Option<&mut Thing> {
        let known = self.things.get(keys()).map(|thing| thing.is_witnessed);
        if known.is_none() && is_own && self.own >= self.own_max {
            self.things.refused += 1;
            return None;
        }
        let time_us = row.recorded_us();
        let thing = self.things.of(keys(), || Thing {
            names: names.iter().map(|field| row.value(*field).owned()).collect(),
            started_us: time_us,
            last_us: time_us,
            allowed_us: None,
            is_witnessed: false,
            first: Seen { time_us, index: row.index(), id: row.id() },
        })?;
        thing.is_witnessed |= !is_own;
        self.own = self.own + usize::from(!thing.is_witnessed) - usize::from(known == Some(false));
        Some(thing)
    }

    fn remove<'r>(&mut self, key: impl Iterator<Item = Value<'r>>) {
        let gone = self.things.remove(key);
        self.own -= usize::from(gone.is_some_and(|thing| !thing.is_witnessed));
    }

    /// The rows of what is open at a moment, in the kind's columns; what witnesses tell first, as groups have a limit, too.
    pub(crate) fn rows(&mut self, kind: &str, now_us: i64) -> Vec<(Vec<Value<'static>>, Seen)> {
        self.things.retain(|thing| now_us - thing.last_us < FORGET_US);
        self.own = self.things.iter_mut().filter(|thing| !thing.is_witnessed).count();
        let mut open: Vec<&mut Thing> =
            self.things.iter_mut().filter(|thing| thing.started_us < now_us).collect();
        open.sort_by_key(|thing| !thing.is_witnessed);
        let mut rows = Vec::with_capacity(open.len());
        for thing in open {
            let mut values = thing.names.clone();
            let age = (now_us - thing.started_us) as f64;
            values.extend([Value::Number(thing.started_us as f64), Value::Number(age)]);
            match kind {
                "agent_execution" => values.push(Value::Number((now_us - thing.last_us) as f64)),
                "message" | "task" => {
                    values.push(Value::number(thing.allowed_us.map(|allowed| age - allowed)))
                }
                _ => {}
            }
            rows.push((values, thing.first));
        }
        rows
    }
}

fn digest<'r>(key: impl Iterator<Item = Value<'r>>) -> u64 {
    let mut bytes = Vec::with_capacity(64);
    key.for_each(|value| value.push_key(&mut bytes));
    let mut hasher = DefaultHasher::new();
    hasher.write(&bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_ended_the_newest_are_known() {
        let mut ended = Ended::default();
        (0..ENDED_MAX as u64 + 10).for_each(|key| ended.add(key, true));
        ended.add(10, true);
        assert!(!ended.has(9, true) && ended.has(10, true) && ended.has(ENDED_MAX as u64 + 9, true));
        assert_eq!((ended.known.len(), ended.order.len()), (ENDED_MAX, ENDED_MAX));
    }
}
