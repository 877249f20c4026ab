//! What has begun and not ended: runs of agents, calls, messages that want an answer, tasks.
//!
//! What a witness says is open, no agent's own word ends; the view `actions` says the same.
//!
//! Limits: as many things as the rule may have groups; one that nobody ended is forgotten after a week of silence. Of what
//! ended only a digest is kept, of the newest [`ENDED_MAX`]: what is told late of an older one begins it anew.

use crate::field::Field;
use crate::group::Groups;
use crate::row::Row;
use crate::transition::Seen;
use crate::value::Value;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::words::Known;

const FORGET_US: i64 = 7 * 86_400_000_000;
/// Things that ended and are known, so that a beginning that is told after the end opens nothing.
const ENDED_MAX: usize = 1 << 16;
/// Actions of type `lifecycle` or `communication` that begin a run, in lower case. That an agent is there to be asked
/// (`SessionStart`) begins none: it may wait for days.
const BEGINS: [&str; 10] = [
    "userpromptsubmit",
    "user_prompt_submit",
    "subagentstart",
    "subagent_start",
    "agent_start",
    "agent_started",
    "run_started",
    "execution_started",
    "start",
    "started",
];
/// The same that end one.
const ENDS: [&str; 17] = [
    "stop",
    "stopfailure",
    "sessionend",
    "session_end",
    "subagentstop",
    "subagent_stop",
    "agent_end",
    "agent_executed",
    "agent_execution",
    "agent_finished",
    "run_finished",
    "execution_finished",
    "end",
    "completed",
    "failed",
    "failure",
    "cancelled",
];

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
    ended: Ended,
}

/// What an event says of a thing.
enum Says {
    Open,
    /// It goes on, if it is open.
    Goes,
    Ended,
    Nothing,
}

impl Things {
    pub(crate) fn new(max: usize) -> Things {
        Things { things: Groups::new(max), ended: Ended::default() }
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
            Says::Ended if kind == "agent_execution" => {
                self.things.remove(keys());
            }
            Says::Ended => {
                self.things.remove(keys());
                self.ended.add(digest(keys()), is_own);
            }
            // A run may begin as often as it ended.
            Says::Open if kind != "agent_execution" && self.ended.has(digest(keys()), is_own) => {}
            Says::Open => {
                let allowed = match kind {
                    "message" => row.value(Field::Int(IntFact::ExpectedResponseUs)).as_number(),
                    _ => row.value(Field::Int(IntFact::EscalationUs)).as_number(),
                };
                if let Some(thing) = self.of(keys(), names, row) {
                    if kind == "agent_execution" {
                        thing.started_us = now;
                    }
                    thing.last_us = now;
                    thing.is_witnessed |= !is_own;
                    thing.allowed_us = allowed.or(thing.allowed_us);
                }
            }
        }
    }

    fn of<'r>(
        &mut self,
        keys: impl Iterator<Item = Value<'r>>,
        names: &[Field],
        row: &dyn Row,
    ) -> Option<&mut Thing> {
        let time_us = row.recorded_us();
        self.things.of(keys, || Thing {
            names: names.iter().map(|field| row.value(*field).owned()).collect(),
            started_us: time_us,
            last_us: time_us,
            allowed_us: None,
            is_witnessed: false,
            first: Seen { time_us, index: row.index(), id: row.id() },
        })
    }

    /// The rows of what is open at a moment, in the kind's columns.
    pub(crate) fn rows(&mut self, kind: &str, now_us: i64) -> Vec<(Vec<Value<'static>>, Seen)> {
        self.things.retain(|thing| now_us - thing.last_us < FORGET_US);
        let mut rows = Vec::new();
        for thing in self.things.iter_mut().filter(|thing| thing.started_us < now_us) {
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

/// What tells things of a kind apart, and the columns that name one.
fn named_by(kind: &str) -> (&'static [Field], &'static [Field]) {
    const TASK: Field = Field::Text(TextFact::TaskId);
    match kind {
        "agent_execution" => (&[Field::Agent, Field::Session], &[Field::Agent, Field::Session]),
        "call" => (&[Field::Call], &[Field::Agent, Field::Session, Field::Call, Field::ActionName]),
        "message" => (&[Field::Id], &[Field::Agent, Field::Text(TextFact::ToAgent), Field::Id]),
        _ => (&[TASK], &[Field::Agent, TASK, Field::Text(TextFact::WorkflowId)]),
    }
}

/// Every column of events that things of a kind are made from.
pub(crate) fn reads(kind: &str) -> Vec<Field> {
    let said = [
        Field::ActionType,
        Field::ActionName,
        Field::Phase,
        Field::Outcome,
        Field::Known,
        Field::Int(IntFact::ExpectedResponseUs),
        Field::Int(IntFact::EscalationUs),
        Field::Int(IntFact::ResponseUs),
        Field::Int(IntFact::ResponseRequired),
        Field::Text(TextFact::ResponseStatus),
    ];
    let (key, names) = named_by(kind);
    key.iter().chain(names).chain(&said).copied().collect()
}

fn says(kind: &str, row: &dyn Row) -> Says {
    let is =
        |field: Field, words: &[&str]| row.value(field).as_text().is_some_and(|text| words.contains(&text));
    let has = |field: Field| !row.value(field).is_null();
    let done = ["success", "failure", "partial"];
    match kind {
        "agent_execution" => {
            if !is(Field::ActionType, &["lifecycle", "communication"]) {
                return Says::Goes;
            }
            let name =
                row.value(Field::ActionName).as_text().map(str::to_ascii_lowercase).unwrap_or_default();
            match name.as_str() {
                name if BEGINS.contains(&name) => Says::Open,
                name if ENDS.contains(&name) => Says::Ended,
                _ => Says::Goes,
            }
        }
        "call" if is(Field::Phase, &["result"]) || is(Field::Outcome, &done) => Says::Ended,
        "call" if is(Field::Phase, &["proposed", "asked", "decided", "executed"]) => Says::Open,
        "message" if !is(Field::ActionType, &["communication"]) => Says::Nothing,
        "message" if has(Field::Int(IntFact::ResponseUs)) || has(Field::Text(TextFact::ResponseStatus)) => {
            Says::Ended
        }
        "message" => {
            let wanted = row.value(Field::Int(IntFact::ResponseRequired)).as_number() == Some(1.0);
            if wanted || has(Field::Int(IntFact::ExpectedResponseUs)) { Says::Open } else { Says::Nothing }
        }
        "task" if is(Field::Outcome, &done) => Says::Ended,
        "task" => Says::Open,
        _ => Says::Nothing,
    }
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

    #[test]
    fn what_begins_and_ends_a_run_is_the_same_in_sql() {
        let kind = crate::catalog::OPEN.iter().find(|kind| kind.name == "agent_execution").unwrap();
        for words in [&BEGINS[..], &ENDS[..]] {
            let list = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
            assert!(kind.sql.contains(&format!("IN ({list})")), "{list}\n{}", kind.sql);
        }
    }
}
