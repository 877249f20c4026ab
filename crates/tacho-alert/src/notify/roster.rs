//! People, the schedules in which they take turns, and who is reached by a name.

use crate::notify::config::Config;
use crate::notify::schedule::{Override, Schedule, Turn};
use std::collections::BTreeMap;

/// People, schedules and overrides.
const PEOPLE_MAX: usize = 10_000;
const SCHEDULES_MAX: usize = 1000;
const OVERRIDES_MAX: usize = 10_000;
/// The longest override.
const OVERRIDE_MAX_US: i64 = 366 * 86_400_000_000;

/// Who is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Whoever is on call in a schedule.
    Schedule(String),
    Person(String),
    Receiver(String),
}

/// The receivers that are reached, and what is to be said of how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    pub receivers: Vec<String>,
    /// Such as `ana, on call in ops`, or that nobody is.
    pub whom: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// The schedule whose people a receiver reaches.
    receivers: BTreeMap<String, Option<String>>,
    /// The receivers of each person.
    people: BTreeMap<String, Vec<String>>,
    schedules: BTreeMap<String, Schedule>,
    overrides: Vec<Override>,
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a String>) -> String {
    let near = tacho_pipe::nearest(name, known.map(String::as_str));
    let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
    format!("there is no {what} \"{name}\"{near}")
}

impl Roster {
    /// # Errors
    /// When a name is not there or twice, or a schedule makes no sense.
    pub(crate) fn read(config: &Config) -> Result<Roster, String> {
        let mut roster = Roster::default();
        let receivers = config.receivers.iter();
        roster.receivers.extend(receivers.map(|receiver| (receiver.name.clone(), receiver.schedule.clone())));
        if config.people.len() > PEOPLE_MAX || config.schedules.len() > SCHEDULES_MAX {
            return Err(format!("expected at most {PEOPLE_MAX} people and {SCHEDULES_MAX} schedules"));
        }
        for person in &config.people {
            let all: Vec<String> = person.receiver.iter().chain(&person.receivers).cloned().collect();
            let fail = |what: String| format!("person {}: {what}", person.name);
            if all.is_empty() {
                return Err(fail("it has no receivers: say how the person is reached".into()));
            }
            for name in &all {
                match roster.receivers.get(name) {
                    None => return Err(fail(unknown("receiver", name, roster.receivers.keys()))),
                    Some(Some(_)) => {
                        return Err(fail(format!("receiver \"{name}\" is a schedule's, not a person's")));
                    }
                    Some(None) => {}
                }
            }
            if roster.people.insert(person.name.clone(), all).is_some() {
                return Err(fail("there are two of this name".into()));
            }
        }
        for text in &config.schedules {
            let fail = |what: String| format!("schedule {}: {what}", text.name);
            let schedule = Schedule::read(text).map_err(fail)?;
            if let Some(name) = schedule.people().find(|name| !roster.is_person(name)) {
                return Err(fail(unknown(
                    "person",
                    name,
                    roster.people.keys().chain(roster.receivers.keys()),
                )));
            }
            if roster.schedules.insert(text.name.clone(), schedule).is_some() {
                return Err(fail("there are two of this name".into()));
            }
        }
        for receiver in &config.receivers {
            if let Some(name) =
                receiver.schedule.as_ref().filter(|name| !roster.schedules.contains_key(*name))
            {
                let why = unknown("schedule", name, roster.schedules.keys());
                return Err(format!("receiver {}: {why}", receiver.name));
            }
        }
        Ok(roster)
    }

    /// Whether somebody goes by this name: one of the people, or a receiver that stands for one.
    fn is_person(&self, name: &str) -> bool {
        self.people.contains_key(name) || matches!(self.receivers.get(name), Some(None))
    }

    /// Whether there is what a target names.
    pub(crate) fn check(&self, target: &Target) -> Result<(), String> {
        match target {
            Target::Receiver(name) if !self.receivers.contains_key(name) => {
                Err(unknown("receiver", name, self.receivers.keys()))
            }
            Target::Person(name) if !self.is_person(name) => {
                Err(unknown("person", name, self.people.keys().chain(self.receivers.keys())))
            }
            Target::Schedule(name) if !self.schedules.contains_key(name) => {
                Err(unknown("schedule", name, self.schedules.keys()))
            }
            _ => Ok(()),
        }
    }

    /// The receivers by which a person is reached.
    fn of(&self, person: &str) -> Vec<String> {
        self.people.get(person).cloned().unwrap_or_else(|| vec![person.to_string()])
    }

    /// Who is on call in a schedule at a moment.
    pub fn on_call(&self, schedule: &str, us: i64) -> Option<&str> {
        self.schedules.get(schedule)?.on_call(us, &self.overrides).0
    }

    /// Whether a receiver stands for whoever is on call.
    pub(crate) fn is_of_schedule(&self, receiver: &str) -> bool {
        matches!(self.receivers.get(receiver), Some(Some(_)))
    }

    /// The receivers that are told when a receiver is: itself, and those of whoever is on call in its schedule.
    pub fn reach(&self, receiver: &str, us: i64) -> Vec<String> {
        let mut all = vec![receiver.to_string()];
        let person =
            self.receivers.get(receiver).and_then(Option::as_ref).and_then(|name| self.on_call(name, us));
        all.extend(person.map(|person| self.of(person)).unwrap_or_default());
        all.dedup();
        all
    }

    /// Everybody whom targets mean at a moment.
    pub(crate) fn find(&self, targets: &[Target], us: i64) -> Reached {
        let mut found = Reached::default();
        for target in targets {
            let (receivers, whom) = match target {
                Target::Receiver(name) => {
                    let on_call = self.receivers.get(name).and_then(Option::as_ref);
                    let person = on_call.and_then(|schedule| self.on_call(schedule, us));
                    (
                        self.reach(name, us),
                        person.map_or_else(|| name.clone(), |person| format!("{name} ({person})")),
                    )
                }
                Target::Person(name) => (self.of(name), name.clone()),
                Target::Schedule(name) => match self.on_call(name, us) {
                    Some(person) => (self.of(person), format!("{person} (on call in {name})")),
                    None => (Vec::new(), format!("nobody (on call in {name})")),
                },
            };
            found.receivers.extend(
                receivers.into_iter().filter(|name| !found.receivers.contains(name)).collect::<Vec<_>>(),
            );
            found.whom.push(whom);
        }
        found
    }

    pub fn schedules(&self) -> impl Iterator<Item = &Schedule> {
        self.schedules.values()
    }

    /// Each person, and the receivers by which they are told.
    pub fn people(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.people.iter().map(|(name, receivers)| (name.as_str(), receivers.as_slice()))
    }

    /// The turns of a schedule between two moments.
    pub fn turns(&self, schedule: &Schedule, from_us: i64, until_us: i64) -> Vec<Turn> {
        schedule.turns(from_us, until_us, &self.overrides)
    }

    pub fn overrides(&self) -> &[Override] {
        &self.overrides
    }

    /// Takes an override; one of the same id is replaced.
    ///
    /// # Errors
    /// When its schedule or person is not there, it ends before it begins, or there are too many.
    pub fn take(&mut self, taken: Override) -> Result<(), String> {
        self.check(&Target::Schedule(taken.schedule.clone()))?;
        self.check(&Target::Person(taken.person.clone()))?;
        if taken.until_us <= taken.from_us || taken.until_us - taken.from_us > OVERRIDE_MAX_US {
            return Err("an override ends after it begins, and within 366 days".into());
        }
        if taken.created_by.trim().is_empty() {
            return Err("say who you are: \"by\" is empty".into());
        }
        self.overrides.retain(|other| other.id != taken.id);
        if self.overrides.len() >= OVERRIDES_MAX {
            return Err(format!("there are {OVERRIDES_MAX} overrides already"));
        }
        self.overrides.push(taken);
        Ok(())
    }

    /// Takes an override away.
    pub fn give_back(&mut self, id: &str) -> Option<Override> {
        let at = self.overrides.iter().position(|taken| taken.id == id)?;
        Some(self.overrides.remove(at))
    }

    /// Forgets what ended before a moment; gives the ids.
    pub fn forget(&mut self, before_us: i64) -> Vec<String> {
        let (over, rest): (Vec<Override>, Vec<Override>) =
            std::mem::take(&mut self.overrides).into_iter().partition(|taken| taken.until_us < before_us);
        self.overrides = rest;
        over.into_iter().map(|taken| taken.id).collect()
    }
}
