//! What has begun and not ended, as far as a rule remembers it.
//!
//! What a witness says is open, no agent's own word ends; the view `actions` says the same. Where events are joined
//! ([`Calls`]) a call is the action that they are, and is open for as long as this is; else its id tells it from others, and
//! what events say, whether it is.
//!
//! Limits: as many things as the rule may have groups, and half of the places are kept for what witnesses tell: an agent
//! that opens without end hides none of it. One that nobody ended is forgotten after a week of silence. Of what ended only a
//! digest is kept, of the newest [`ENDED_MAX`]: what is told late of an older one begins it anew.

use crate::calls::Calls;
use crate::field::Field;
use crate::group::Groups;
use crate::open::{Says, key_of, named_by, says};
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
/// Events of a call of which one may stand for it. Of a call with more what they say is all that is known.
const EVENTS_MAX: usize = 16;

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
    /// The action that a call is kept as, and its first events.
    action: Option<u64>,
    events: Vec<u64>,
}

impl Thing {
    /// Whether it is over; nothing where only its events say so.
    fn is_over(&self, calls: &dyn Calls) -> Option<bool> {
        self.events.iter().find_map(|index| calls.is_over(*index))
    }

    fn note(&mut self, index: u64) {
        if self.events.len() < EVENTS_MAX {
            self.events.push(index);
        }
    }

    /// Takes in another thing that turned out to be this one.
    fn absorb(&mut self, other: Thing) {
        if other.first.index < self.first.index {
            (self.names, self.first) = (other.names, other.first);
        }
        self.started_us = self.started_us.min(other.started_us);
        self.last_us = self.last_us.max(other.last_us);
        self.is_witnessed |= other.is_witnessed;
        other.events.into_iter().for_each(|index| self.note(index));
    }
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

    pub(crate) fn observe(&mut self, kind: &str, row: &dyn Row, calls: Option<&dyn Calls>) {
        let says = says(kind, row);
        // What a column costs is paid only for events that say something.
        let key = if matches!(says, Says::Nothing) { None } else { key_of(kind, row) };
        let Some(key) = key else { return };
        let calls = calls.filter(|_| kind == "call");
        let action = calls.and_then(|calls| calls.action(row.index()));
        let key = action.map_or(key, |action| vec![named(action)]);
        let is_open = calls.is_some_and(|calls| calls.is_over(row.index()) == Some(false));
        let is_own = row.value(Field::Known).as_text() == Some(Known::SelfReported.as_str());
        let now = row.recorded_us();
        match says {
            Says::Nothing => {}
            Says::Goes => self.goes_on(&key, row),
            Says::Ended if self.outlasts(&key, row, is_own, calls) => self.goes_on(&key, row),
            // A run that ended is over; a later event with its name begins another.
            Says::Ended if kind == "agent_execution" => drop(self.remove(&key)),
            Says::Ended => {
                let began = self.remove(&key);
                // Where nobody joined what is told, a short id that comes again is that of another call.
                let may_come_again = kind == "call" && action.is_none() && key.len() > 1;
                if !(began && may_come_again) {
                    self.ended.add(digest(&key), is_own);
                }
            }
            // A run may begin as often as it ended.
            Says::Open if kind != "agent_execution" && self.ended.has(digest(&key), is_own) && !is_open => {}
            Says::Open => {
                let allowed = match kind {
                    "message" => row.value(Field::Int(IntFact::ExpectedResponseUs)).as_number(),
                    _ => row.value(Field::Int(IntFact::EscalationUs)).as_number(),
                };
                if let Some(thing) = self.of(&key, named_by(kind).1, row, is_own) {
                    if kind == "agent_execution" {
                        thing.started_us = now;
                    }
                    thing.last_us = now;
                    thing.allowed_us = allowed.or(thing.allowed_us);
                    if kind == "call" {
                        thing.action = action;
                        thing.note(row.index());
                    }
                }
            }
        }
    }

    fn goes_on(&mut self, key: &[Value<'_>], row: &dyn Row) {
        if let Some(thing) = self.things.get(key.iter().cloned()) {
            thing.last_us = row.recorded_us();
            if !thing.events.is_empty() {
                thing.note(row.index());
            }
        }
    }

    /// Whether what is open stays so although an event says that it ended: it is not this one's word that counts.
    fn outlasts(
        &mut self,
        key: &[Value<'_>],
        row: &dyn Row,
        is_own: bool,
        calls: Option<&dyn Calls>,
    ) -> bool {
        let Some(thing) = self.things.get(key.iter().cloned()) else { return false };
        let known = calls.and_then(|calls| calls.is_over(row.index()).or_else(|| thing.is_over(calls)));
        known.map_or(is_own && thing.is_witnessed, |is_over| !is_over)
    }

    /// The thing of a key; made when it is new and there is a place.
    fn of(&mut self, key: &[Value<'_>], names: &[Field], row: &dyn Row, is_own: bool) -> Option<&mut Thing> {
        let known = self.things.get(key.iter().cloned()).map(|thing| thing.is_witnessed);
        if known.is_none() && is_own && self.own >= self.own_max {
            self.things.refused += 1;
            return None;
        }
        let time_us = row.recorded_us();
        let thing = self.things.of(key.iter().cloned(), || Thing {
            names: names.iter().map(|field| row.value(*field).owned()).collect(),
            started_us: time_us,
            last_us: time_us,
            allowed_us: None,
            is_witnessed: false,
            first: Seen { time_us, index: row.index(), id: row.id() },
            action: None,
            events: Vec::new(),
        })?;
        thing.is_witnessed |= !is_own;
        self.own = self.own + usize::from(!thing.is_witnessed) - usize::from(known == Some(false));
        Some(thing)
    }

    /// Whether it was there.
    fn remove(&mut self, key: &[Value<'_>]) -> bool {
        let gone = self.things.remove(key.iter().cloned());
        self.own -= usize::from(gone.as_ref().is_some_and(|thing| !thing.is_witnessed));
        gone.is_some()
    }

    /// What became known of calls since their events came: which of them are one, and which are over without an event that says
    /// so, as when a turn ends.
    fn review(&mut self, calls: &dyn Calls) {
        for over in self.things.take(|thing| thing.is_over(calls) == Some(true)) {
            if let Some(action) = over.action {
                self.ended.add(digest(&[named(action)]), !over.is_witnessed);
            }
        }
        let action = |thing: &Thing| calls.action(thing.first.index).filter(|now| thing.action != Some(*now));
        for mut thing in self.things.take(|thing| action(thing).is_some()) {
            thing.action = calls.action(thing.first.index);
            let key: Vec<Value<'static>> = thing.action.map(named).into_iter().collect();
            if self.ended.has(digest(&key), !thing.is_witnessed) {
                continue;
            }
            match self.things.get(key.iter().cloned()) {
                Some(known) => known.absorb(thing),
                None => drop(self.things.of(key.into_iter(), || thing)),
            }
        }
    }

    /// The rows of what is open at a moment, in the kind's columns; what witnesses tell first, as groups have a limit, too.
    pub(crate) fn rows(
        &mut self,
        kind: &str,
        now_us: i64,
        calls: Option<&dyn Calls>,
    ) -> Vec<(Vec<Value<'static>>, Seen)> {
        if let Some(calls) = calls.filter(|_| kind == "call") {
            self.review(calls);
        }
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

/// The key of what is joined: an action's own.
fn named(action: u64) -> Value<'static> {
    Value::Number(action as f64)
}

fn digest(key: &[Value<'_>]) -> u64 {
    let mut bytes = Vec::with_capacity(64);
    key.iter().for_each(|value| value.push_key(&mut bytes));
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
