//! One event id that several agents, sessions and keys gave: each has its actions, and sums count each once.

use crate::scene::{event, follow, hook, join, session};
use proptest::prelude::*;
use std::collections::BTreeMap;
use tacho_action::{Entry, Joiner, Observation, Observer, Overlay};
use tacho_event::words::{ActionType, Known, Outcome, Phase};

const AGENTS: [&str; 5] = ["A", "B", "C", "D", "E"];
const COST: usize = 4;

/// By which way an event comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// Over HTTP, under a key that writes or one that an agent has.
    Http,
    OfAgent,
    Decision,
    Mcp,
    /// The same under an id that nobody else has by chance.
    McpLong,
    Hook,
}

const FORMS: [Form; 6] = [Form::Http, Form::OfAgent, Form::Decision, Form::Mcp, Form::McpLong, Form::Hook];

/// How an action goes: at once, begun before, and with a later correction of either.
#[derive(Debug, Clone, Copy)]
struct Course {
    begins: bool,
    ends: &'static [Outcome],
}

const COURSES: [Course; 8] = [
    Course { begins: false, ends: &[Outcome::Success] },
    Course { begins: false, ends: &[Outcome::Failure] },
    Course { begins: false, ends: &[Outcome::Unknown] },
    Course { begins: true, ends: &[] },
    Course { begins: true, ends: &[Outcome::Success] },
    Course { begins: true, ends: &[Outcome::Failure] },
    Course { begins: true, ends: &[Outcome::Success, Outcome::Failure] },
    Course { begins: false, ends: &[Outcome::Success, Outcome::Failure, Outcome::Partial] },
];

#[derive(Debug, Clone)]
struct Told {
    form: Form,
    writer: u64,
    agent: &'static str,
    session: Option<u8>,
    course: Course,
    cost: i64,
}

/// Count, cost and failures of what is shown.
type Sums = (usize, i64, usize);

impl Told {
    /// Its events in their order.
    fn events(&self) -> Vec<Observation<'static>> {
        if self.form == Form::Hook {
            return self.hooks();
        }
        let base = Observation {
            writer: self.writer,
            agent: self.agent,
            session: self.session.map(session),
            observer: Observer::Event,
            ..event(0)
        };
        let of = |more: Observation<'static>, state, cost: Option<i64>, outcome| {
            let state = state + 100 * self.writer + 1_000 * self.form as u64;
            let mut figures = [None; 6];
            figures[COST] = cost;
            Observation { state, figures, outcome, ..more }
        };
        let told = match self.form {
            Form::Http | Form::Hook => base,
            Form::OfAgent => Observation { known: Known::SelfReported, ..base },
            Form::Decision => Observation { kind: ActionType::Decision, name: "choose", ..base },
            Form::Mcp | Form::McpLong => {
                let call =
                    if self.form == Form::Mcp { "e-1" } else { "0a1b2c3d-0000-4000-8000-000000000001" };
                let known = Known::SelfReported;
                Observation { known, observer: Observer::Mcp, call: Some(call), ..base }
            }
        };
        let cost = Some(self.cost);
        let mut events = Vec::new();
        if self.course.begins {
            events.push(of(told.clone(), 1, cost, Outcome::Running));
        }
        let is_outcome = told.observer == Observer::Mcp && self.course.begins;
        for outcome in self.course.ends {
            let (kind, phase, name) = (ActionType::Workflow, Some(Phase::Result), "outcome");
            let ended = Observation { kind, phase, name, ..told.clone() };
            events.push(match is_outcome {
                true => of(ended, 2, None, *outcome),
                false => of(told.clone(), 1, cost, *outcome),
            });
        }
        events
    }

    fn hooks(&self) -> Vec<Observation<'static>> {
        let (agent, writer) = (self.agent, self.writer);
        let of = |state, observation: Observation<'static>| {
            let mut figures = [None; 6];
            figures[COST] = Some(self.cost);
            let session = Some(session(self.session.unwrap_or_default()));
            Observation { agent, writer, session, state: state + 100 * writer, figures, ..observation }
        };
        let ends = self.course.ends.first().filter(|_| self.course.begins);
        let end = match ends {
            Some(Outcome::Failure) => Some("PostToolUseFailure"),
            Some(_) => Some("PostToolUse"),
            None => None,
        };
        let begin = of(11, hook(0, "PreToolUse", Some("c1")));
        std::iter::once(begin).chain(end.map(|name| of(12, hook(0, name, Some("c1"))))).collect()
    }

    /// What is to be counted of it. Each correction of what was over counts for itself.
    fn sums(&self) -> Sums {
        let ends = self.course.ends;
        let is_bad = |outcome: &&Outcome| **outcome == Outcome::Failure;
        let failed = |outcome: Option<&Outcome>| usize::from(outcome.is_some_and(|each| is_bad(&each)));
        match self.form {
            Form::Hook => (1, self.cost, if self.course.begins { failed(ends.first()) } else { 0 }),
            _ if self.course.begins => (1, self.cost, failed(ends.last())),
            _ => (ends.len(), self.cost * ends.len() as i64, ends.iter().filter(is_bad).count()),
        }
    }
}

/// Gives each event its time and its place among the states of its id.
fn sequenced(events: Vec<Observation<'static>>) -> Vec<Observation<'static>> {
    let mut states: BTreeMap<u64, u32> = BTreeMap::new();
    let place = |(at, event): (usize, Observation<'static>)| {
        let next = states.entry(event.state).or_default();
        let revision = std::mem::replace(next, *next + 1);
        Observation { revision, time_us: at as i64 * 1_000, ..event }
    };
    events.into_iter().enumerate().map(place).collect()
}

/// What is shown: a row for each action, as queries have it.
pub(crate) fn rows(
    log: &[Observation<'_>],
    overlay: &Overlay,
) -> Vec<(String, Option<[u8; 16]>, Outcome, i64)> {
    let row = |(index, event): (usize, &Observation<'_>)| {
        let record = match overlay.entry(index as u64) {
            Some(Entry::Hidden { .. }) => return None,
            Some(Entry::Shown(record)) => record.as_ref().clone(),
            None => Default::default(),
        };
        let outcome = record.outcome().unwrap_or(event.outcome);
        let agent = record.agent.unwrap_or_else(|| event.agent.to_string());
        let cost = event.figures[COST].or(record.figures[COST]).unwrap_or_default();
        Some((agent, event.session.map(|id| id.0).or(record.session), outcome, cost))
    };
    let mut rows: Vec<_> = log.iter().enumerate().filter_map(row).collect();
    rows.sort_by(|one, other| {
        (&one.0, one.1, one.3, one.2.code()).cmp(&(&other.0, other.1, other.3, other.2.code()))
    });
    rows
}

fn sums(log: &[Observation<'_>], overlay: &Overlay) -> Sums {
    let rows = rows(log, overlay);
    let failures = rows.iter().filter(|(_, _, outcome, _)| *outcome == Outcome::Failure).count();
    (rows.len(), rows.iter().map(|row| row.3).sum(), failures)
}

fn expected(told: &[Told]) -> Sums {
    let add = |a: Sums, b: Sums| (a.0 + b.0, a.1 + b.1, a.2 + b.2);
    told.iter().map(Told::sums).fold((0, 0, 0), add)
}

/// All begin, then all end: and one after the other.
fn orders(told: &[Told]) -> [Vec<Observation<'static>>; 2] {
    let mut lists: Vec<Vec<_>> = told.iter().map(Told::events).collect();
    let in_turn = lists.concat();
    let mut at_once = Vec::new();
    while lists.iter().any(|list| !list.is_empty()) {
        at_once.extend(lists.iter_mut().filter(|list| !list.is_empty()).map(|list| list.remove(0)));
    }
    [sequenced(in_turn), sequenced(at_once)]
}

#[test]
fn each_agent_session_and_key_has_its_actions_under_one_id() {
    for form in FORMS {
        for (course, count) in COURSES.into_iter().flat_map(|course| (2..=5_u8).map(move |n| (course, n))) {
            for differ in ["agent", "session", "both", "key"] {
                // What two keys say of one call of one session is one call.
                if differ == "key" && matches!(form, Form::Mcp | Form::McpLong | Form::Hook)
                    || differ == "agent" && form == Form::Hook
                {
                    continue;
                }
                let told: Vec<Told> = (0..count)
                    .map(|n| Told {
                        form,
                        writer: if differ == "key" { 1 + u64::from(n) } else { 1 },
                        agent: if matches!(differ, "agent" | "both") { AGENTS[usize::from(n)] } else { "A" },
                        session: Some(if matches!(differ, "session" | "both") { n } else { 9 }),
                        course,
                        cost: 1 << n,
                    })
                    .collect();
                for log in orders(&told) {
                    let what = format!("{form:?}, {count} by {differ}, {course:?}");
                    assert_eq!(sums(&log, &join(&log)), expected(&told), "{what}");
                }
            }
        }
    }
}

/// Actions that differ in key, agent or session, and the events of all in an order of their own.
fn logs() -> impl Strategy<Value = (Vec<Told>, Vec<Observation<'static>>)> {
    let one = (0..COURSES.len(), 1..1_000_i64);
    let which = (0..3_usize, 1..3_u64, any::<bool>());
    (which, prop::collection::btree_map((0..5_usize, 0..4_u8), one, 1..12)).prop_flat_map(
        |((form, writer, in_sessions), told)| {
            let form = [Form::Http, Form::OfAgent, Form::Decision][form];
            let told: Vec<Told> = told
                .into_iter()
                .map(|((agent, session), (course, cost))| Told {
                    form,
                    writer: if in_sessions { writer } else { writer + u64::from(session) },
                    agent: AGENTS[agent],
                    session: in_sessions.then_some(session),
                    course: COURSES[course],
                    cost,
                })
                .collect();
            let count: usize = told.iter().map(|each| each.events().len()).sum();
            (Just(told), prop::collection::vec(any::<prop::sample::Index>(), count)).prop_map(interleaved)
        },
    )
}

/// Takes the events one by one from whichever action is next: of each they stay in order.
fn interleaved(
    (told, next): (Vec<Told>, Vec<prop::sample::Index>),
) -> (Vec<Told>, Vec<Observation<'static>>) {
    let mut lists: Vec<Vec<_>> = told.iter().map(Told::events).collect();
    let mut log = Vec::new();
    for index in next {
        lists.retain(|list| !list.is_empty());
        let at = index.index(lists.len());
        log.push(lists[at].remove(0));
    }
    (told, sequenced(log))
}

proptest! {
    #[test]
    fn sums_are_those_of_the_distinct_actions_in_whatever_order_they_come((told, log) in logs()) {
        prop_assert_eq!(sums(&log, &join(&log)), expected(&told));
    }

    #[test]
    fn a_restart_in_between_gives_the_same_rows((_, log) in logs(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(log.len() + 1);
        let (mut joiner, mut overlay) = (Joiner::default(), Overlay::default());
        follow(&mut joiner, &mut overlay, &log[..cut], 0);
        let mut joiner = Joiner::load(&joiner.bytes()).unwrap();
        follow(&mut joiner, &mut overlay, &log, cut);
        prop_assert_eq!(rows(&log, &overlay), rows(&log, &join(&log)));
    }
}
