//! Lifting: which member of a sender's object becomes which header field, fact or section.
//!
//! A format is a [`Table`]: a function from a member's name to a [`Lift`]. What no table names, what can't be
//! read and what comes second to the same place goes to `extra` under its dotted name, in the sender's order.
//!
//! Invariant: every leaf of the object is afterwards in the event, as text or normalised; an original that can't
//! be told from its normalised value is in `extra` as well.

use crate::fields::{Fields, Refused};
use crate::mapping::is_now;
use crate::members::{Found, Members, opened};
use crate::read::{Unit, moment, scalar};
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::limits::{FACT_BYTES_MAX, INTEGER_MAX};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Class, Level, Outcome, Phase};

/// What to do with a member of that name.
pub(crate) type Table = fn(&str) -> Option<Lift>;

/// A header field that is a text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Head {
    Id,
    Agent,
    AgentVersion,
    Session,
    Conversation,
    User,
    Ip,
    UserAgent,
    Call,
    Parent,
    Action,
}

/// Where a member goes.
#[derive(Clone, Copy)]
pub(crate) enum Lift {
    Head(Head),
    /// The claimed time; a text that is no time refuses the event.
    Time,
    /// The claimed time if it can be read; zero means the time of arrival.
    MaybeTime,
    /// The action type, one of our words exactly: a synonym would be lost.
    Type,
    /// The class, one of our words.
    Class,
    /// A severity: the level, and the fact `severity` as written.
    Level,
    /// A status: the outcome, and the fact `status` as written.
    Outcome,
    /// true or false: success or failure.
    Success,
    Phase,
    ProducerSeq,
    Text(TextFact),
    Int(IntFact, Unit),
    /// The JSON text as it stands.
    Section(Section),
    /// The JSON text as it stands, and facts out of the object it is.
    Keep(Section, Table),
    /// An object whose members are lifted in turn.
    Within(Table),
    /// The same, and it tells the action type.
    Typed(ActionType, Table),
    /// An object as by the table, anything else as by the lift.
    Either(&'static Lift, Table),
}

/// Lifts every member of an object into the event; the rest goes to `extra`.
///
/// # Errors
/// [`Refused::Field`] when the time is not understood, [`Refused::Twice`] when a member of an object that is read
/// stands twice.
pub(crate) fn lift<'a>(fields: Fields<'a>, table: Table, event: &mut Event<'a>) -> Result<(), Refused> {
    Lifting { event, rest: true }.object(fields.members(), table, None)
}

/// The same for an object that stood under a name.
///
/// # Errors
/// As [`lift`].
pub(crate) fn lift_under<'a>(
    name: &str,
    fields: Fields<'a>,
    table: Table,
    event: &mut Event<'a>,
) -> Result<(), Refused> {
    Lifting { event, rest: true }.object(fields.members(), table, Some(&Path { above: None, name }))
}

/// Facts out of an object that is kept whole elsewhere.
pub(crate) fn lift_copies<'a>(fields: Fields<'a>, table: Table, event: &mut Event<'a>) {
    // Copies hold no time, the one thing that is refused.
    let _ = Lifting { event, rest: false }.object(fields.members(), table, None);
}

/// Where in the object we are, for dotted names.
struct Path<'p> {
    above: Option<&'p Path<'p>>,
    name: &'p str,
}

impl Path<'_> {
    fn dotted(&self, name: &str) -> String {
        let own = format!("{}.{name}", self.name);
        self.above.map_or(own.clone(), |above| above.dotted(&own))
    }
}

struct Lifting<'e, 'a> {
    event: &'e mut Event<'a>,
    /// Whether what is left goes to `extra`.
    rest: bool,
}

impl<'a> Lifting<'_, 'a> {
    fn object(
        &mut self,
        members: Members<'_, 'a>,
        table: Table,
        path: Option<&Path<'_>>,
    ) -> Result<(), Refused> {
        for found in members {
            let member = found.0;
            let placed = match table(&member.name) {
                Some(lift) if member.raw != "null" => self.member(found, lift, path)?,
                _ => false,
            };
            if !placed && self.rest {
                let own = || member.name.clone();
                let name = path.map_or_else(own, |path| Cow::Owned(path.dotted(&member.name)));
                self.event.extra.push((name, Cow::Borrowed(member.raw)));
            }
        }
        Ok(())
    }

    /// Says whether the value now stands somewhere else than in `extra`.
    fn member(&mut self, found: Found<'_, 'a>, lift: Lift, path: Option<&Path<'_>>) -> Result<bool, Refused> {
        let raw = found.0.raw;
        Ok(match lift {
            Lift::Within(table) => return self.within(found, table, path),
            Lift::Typed(action_type, table) => {
                self.event.action_type.get_or_insert(action_type);
                return self.within(found, table, path);
            }
            Lift::Either(lift, table) => {
                if raw.starts_with('{') {
                    return self.within(found, table, path);
                }
                return self.member(found, *lift, path);
            }
            Lift::Time => match moment(raw) {
                Some(time) => self.time(time),
                None => return Err(no_time(raw)),
            },
            Lift::MaybeTime => !is_now(raw) && moment(raw).is_some_and(|time| self.time(time)),
            Lift::Section(section) => place(self.section(section), raw.into()),
            Lift::Keep(section, table) => {
                let mut copies = Lifting { event: &mut *self.event, rest: false };
                if let Ok(members) = opened(found) {
                    copies.object(Members(&members), table, None)?;
                }
                place(self.section(section), raw.into())
            }
            Lift::Int(fact, unit) => {
                let read = unit.read(raw).filter(|(value, _)| *value >= 0 || may_be_negative(fact));
                read.is_some_and(|(value, exact)| self.int(fact, value, exact))
            }
            _ => scalar(raw).is_some_and(|text| self.word(lift, text)),
        })
    }

    fn within(
        &mut self,
        found: Found<'_, 'a>,
        table: Table,
        path: Option<&Path<'_>>,
    ) -> Result<bool, Refused> {
        match opened(found) {
            Ok(members) if !members.is_empty() => {
                let path = Path { above: path, name: &found.0.name };
                self.object(Members(&members), table, Some(&path)).map(|()| true)
            }
            Err(twice @ Refused::Twice(_)) => Err(twice),
            _ => Ok(false),
        }
    }

    fn word(&mut self, lift: Lift, text: Cow<'a, str>) -> bool {
        let event = &mut *self.event;
        match lift {
            Lift::Head(head) => place(slot(event, head), text),
            Lift::Type => understood(&mut event.action_type, ActionType::parse(&text)),
            Lift::Class => understood(&mut event.class, Class::parse(&text)),
            Lift::Phase => understood(&mut event.phase, Phase::parse(&text)),
            Lift::Success => understood(&mut event.outcome, Outcome::understand(&text)),
            Lift::ProducerSeq => {
                let number = text.parse().ok().filter(|number| *number <= INTEGER_MAX as u64);
                understood(&mut event.producer_seq, number)
            }
            Lift::Level => {
                event.level = event.level.or_else(|| Level::understand(&text));
                self.text(TextFact::Severity, text)
            }
            Lift::Outcome => {
                event.outcome = event.outcome.or_else(|| Outcome::understand(&text));
                self.text(TextFact::Status, text)
            }
            Lift::Text(fact) => self.text(fact, text),
            _ => false,
        }
    }

    fn time(&mut self, (micros, exact): (i64, bool)) -> bool {
        understood(&mut self.event.claimed_us, Some(micros)) && exact
    }

    fn text(&mut self, fact: TextFact, text: Cow<'a, str>) -> bool {
        match self.event.facts.text(fact) {
            Some(earlier) => earlier == text,
            None if text.len() > FACT_BYTES_MAX => false,
            None => {
                self.event.facts.set_text(fact, text);
                true
            }
        }
    }

    fn int(&mut self, fact: IntFact, value: i64, exact: bool) -> bool {
        let earlier = self.event.facts.int(fact);
        self.event.facts.set_int(fact, value);
        exact && earlier.is_none_or(|earlier| earlier == value)
    }

    fn section(&mut self, section: Section) -> &mut Option<Cow<'a, str>> {
        match section {
            Section::Output => &mut self.event.output,
            Section::Error => &mut self.event.error,
            Section::Decision => &mut self.event.decision,
            Section::Access => &mut self.event.access,
            Section::Input | Section::Who | Section::Facts | Section::Extra => &mut self.event.input,
        }
    }
}

/// Time, money, tokens and counts are never below zero: such a claim stays in `extra` and is summed nowhere.
fn may_be_negative(fact: IntFact) -> bool {
    matches!(fact, IntFact::ExitCode | IntFact::SlippagePpm)
}

/// Puts a value into an empty place; the same value again needs no second one.
fn place<'a>(slot: &mut Option<Cow<'a, str>>, value: Cow<'a, str>) -> bool {
    match slot {
        Some(earlier) => *earlier == value,
        None => {
            *slot = Some(value);
            true
        }
    }
}

fn understood<T: PartialEq>(slot: &mut Option<T>, value: Option<T>) -> bool {
    match (&slot, value) {
        (_, None) => false,
        (Some(earlier), Some(value)) => *earlier == value,
        (None, value) => {
            *slot = value;
            true
        }
    }
}

fn slot<'e, 'a>(event: &'e mut Event<'a>, head: Head) -> &'e mut Option<Cow<'a, str>> {
    match head {
        Head::Id => &mut event.id,
        Head::Agent => &mut event.agent,
        Head::AgentVersion => &mut event.agent_version,
        Head::Session => &mut event.session,
        Head::Conversation => &mut event.conversation,
        Head::User => &mut event.user,
        Head::Ip => &mut event.ip,
        Head::UserAgent => &mut event.user_agent,
        Head::Call => &mut event.call,
        Head::Parent => &mut event.parent,
        Head::Action => &mut event.action_name,
    }
}

fn no_time(raw: &str) -> Refused {
    Refused::Field {
        field: "timestamp",
        found: raw.chars().take(60).collect(),
        expected: "RFC 3339 such as 2026-11-21T10:30:00Z, or a Unix time",
    }
}
