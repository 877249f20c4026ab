//! An event as rules see it: recorded by tachograph, or written down in a test.

use crate::field::{self, Field};
use crate::value::Value;
use std::borrow::Cow;
use std::cell::OnceCell;
use tacho_event::entry::Place;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::id::Id;
use tacho_event::record::Accepted;
use tacho_event::section::Section;

/// One event.
pub trait Row {
    /// Place on the log.
    fn index(&self) -> u64;
    /// The id on the log.
    fn id(&self) -> Id;
    /// The server's time; never runs backwards.
    fn recorded_us(&self) -> i64;
    /// The sender's time, else the server's.
    fn claimed_us(&self) -> i64;
    fn value(&self, field: Field) -> Value<'_>;
    /// Whether another witness told the same of this call before: only rules over `observations` count it once more, and
    /// those over what is open, where whose word it is matters, look at it.
    fn is_told_before(&self) -> bool {
        false
    }
}

/// An event on the log.
#[derive(Debug, Clone)]
pub struct Recorded<'a> {
    pub event: &'a Accepted<'a>,
    place: Place,
    index: u64,
    told_before: bool,
    /// Ids as texts, written when a rule asks first: many ask for the same.
    session: OnceCell<String>,
    id: OnceCell<String>,
}

impl<'a> Recorded<'a> {
    /// `told_before` is for [`Row::is_told_before`].
    pub fn new(event: &'a Accepted<'a>, place: Place, index: u64, told_before: bool) -> Recorded<'a> {
        Recorded { event, place, index, told_before, session: OnceCell::new(), id: OnceCell::new() }
    }

    /// Where and when it was recorded.
    pub fn place(&self) -> &Place {
        &self.place
    }

    fn session_text(&self) -> Value<'_> {
        let session = self.event.header.session;
        session.map_or(Value::Null, |id| Value::text(Some(self.session.get_or_init(|| id.text()))))
    }

    fn id_text(&self) -> Value<'_> {
        Value::text(Some(self.id.get_or_init(|| self.event.header.id.text())))
    }

    fn section(&self, section: Section) -> Value<'a> {
        Value::text(self.event.texts[section as usize - 2])
    }
}

impl Row for Recorded<'_> {
    fn index(&self) -> u64 {
        self.index
    }

    fn id(&self) -> Id {
        self.event.header.id
    }

    fn recorded_us(&self) -> i64 {
        self.place.time_us
    }

    fn claimed_us(&self) -> i64 {
        self.event.header.timestamp_us
    }

    fn is_told_before(&self) -> bool {
        self.told_before
    }

    fn value(&self, field: Field) -> Value<'_> {
        let (header, who, facts) = (&self.event.header, &self.event.who, &self.event.facts);
        let word = |text: &'static str| Value::Text(Cow::Borrowed(text));
        match field {
            Field::Int(fact) => Value::int(facts.int(fact)),
            Field::Text(fact) => Value::text(facts.text(fact)),
            Field::Id => who.id.map_or_else(|| self.id_text(), |own| Value::text(Some(own))),
            Field::EventId => self.id_text(),
            Field::Session => who.session.map_or_else(|| self.session_text(), |own| Value::text(Some(own))),
            Field::SessionUuid => self.session_text(),
            Field::Conversation => Value::text(who.conversation.or(facts.text(TextFact::ConversationId))),
            Field::Timestamp => Value::int(Some(header.timestamp_us)),
            Field::RecordedAt => Value::int(Some(self.place.time_us)),
            Field::Agent => Value::text(Some(header.agent)),
            Field::ActionType => word(header.action_type.as_str()),
            Field::ActionName => Value::text(Some(header.action_name)),
            Field::Outcome => word(header.outcome.as_str()),
            Field::Class => word(header.class.as_str()),
            Field::Level => word(header.level.as_str()),
            Field::Known => word(header.known.as_str()),
            Field::Retention => word(header.retention.as_str()),
            Field::Phase => header.phase.map_or(Value::Null, |phase| word(phase.as_str())),
            Field::Details => match self.section(Section::Input) {
                Value::Null => self.section(Section::Decision),
                input => input,
            },
            Field::Result => self.section(Section::Output),
            Field::Error => self.section(Section::Error),
            Field::Access => self.section(Section::Access),
            Field::Extra => self.section(Section::Extra),
            Field::Decision => self.section(Section::Decision),
            Field::DurationMs => Value::int(facts.int(IntFact::DurationUs).map(|us| us / 1000)),
            Field::CostUsd => Value::number(facts.int(IntFact::CostMicros).map(|micros| micros as f64 / 1e6)),
            Field::Sensitive => Value::Bool(facts.int(IntFact::Sensitive) == Some(1)),
            Field::User => Value::text(who.user.or(header.subject.is_none().then_some("system"))),
            Field::Ip => Value::text(who.ip),
            Field::UserAgent => Value::text(who.user_agent),
            Field::Index => Value::Number(self.index as f64),
            Field::Call => Value::text(header.call),
            Field::Parent => Value::text(header.parent),
            Field::Source => Value::text(Some(header.source)),
            Field::Revision => Value::Number(f64::from(self.place.revision)),
            Field::AgentVersion => Value::text(header.agent_version),
            Field::SessionSeq => Value::int(self.place.session_seq.map(|seq| seq as i64)),
            Field::ProducerSeq => Value::int(header.producer_seq.map(|seq| seq as i64)),
            Field::TimeClaimed => Value::Bool(header.time_claimed),
        }
    }
}

/// An event of a test: columns by name, anything else in `extra`.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub index: u64,
    pub recorded_us: i64,
    pub claimed_us: i64,
    values: Vec<(Field, Value<'static>)>,
}

impl Sample {
    /// Takes an object whose members are columns.
    ///
    /// # Errors
    /// When a column gets a value of another kind.
    pub fn new(
        index: u64,
        recorded_us: i64,
        members: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Sample, String> {
        let mut sample = Sample { index, recorded_us, claimed_us: recorded_us, values: Vec::new() };
        let mut extra = serde_json::Map::new();
        for (name, value) in members {
            match field::find(name) {
                Some(column) => {
                    let value = converted(column.kind, value).ok_or_else(|| {
                        format!("column \"{name}\" can't hold {value}: expected {}", expected(column.kind))
                    })?;
                    sample.set(column.field, value);
                }
                None => {
                    extra.insert(name.clone(), value.clone());
                }
            }
        }
        if !extra.is_empty() {
            sample.set(Field::Extra, Value::Text(serde_json::Value::Object(extra).to_string().into()));
        }
        Ok(sample)
    }

    /// Sets a column. Columns that are one value under two units are kept as one.
    pub fn set(&mut self, field: Field, value: Value<'static>) {
        let scaled = |factor: f64| Value::number(value.as_number().map(|number| (number * factor).round()));
        match field {
            Field::DurationMs => self.values.push((Field::Int(IntFact::DurationUs), scaled(1e3))),
            Field::CostUsd => self.values.push((Field::Int(IntFact::CostMicros), scaled(1e6))),
            Field::Sensitive => {
                self.values.push((Field::Int(IntFact::Sensitive), Value::number(value.as_number())))
            }
            Field::Timestamp => self.claimed_us = value.as_number().map_or(self.claimed_us, |us| us as i64),
            _ => self.values.push((field, value)),
        }
    }

    fn get(&self, field: Field) -> Value<'_> {
        let found = self.values.iter().find(|(of, _)| *of == field);
        match found.map(|(_, value)| value) {
            Some(Value::Text(text)) => Value::Text(Cow::Borrowed(text)),
            Some(other) => other.clone(),
            None => Value::Null,
        }
    }
}

fn expected(kind: tacho_pipe::Kind) -> &'static str {
    match kind {
        tacho_pipe::Kind::Bool => "true or false",
        tacho_pipe::Kind::Number => "a number",
        tacho_pipe::Kind::Duration { .. } => "a number or a duration such as 5s",
        tacho_pipe::Kind::Time => "a time",
        _ => "a text",
    }
}

fn converted(kind: tacho_pipe::Kind, value: &serde_json::Value) -> Option<Value<'static>> {
    use tacho_pipe::Kind;
    Some(match (kind, value) {
        (Kind::Bool, serde_json::Value::Bool(value)) => Value::Bool(*value),
        (Kind::Number | Kind::Duration { .. }, serde_json::Value::Number(number)) => {
            Value::number(number.as_f64())
        }
        (Kind::Duration { unit_us }, serde_json::Value::String(text)) => {
            Value::number(Some(tacho_pipe::parse_us(text)? as f64 / unit_us as f64))
        }
        (Kind::Time, serde_json::Value::String(text)) => {
            Value::int(Some(tacho_event::time::parse(text).ok()?))
        }
        (Kind::Text, serde_json::Value::String(text)) => Value::Text(text.clone().into()),
        // A number or a word that YAML reads as something else is a text here.
        (Kind::Text, serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => {
            Value::Text(value.to_string().into())
        }
        (Kind::Json, json) => Value::Text(json.to_string().into()),
        _ => return None,
    })
}

impl Row for Sample {
    fn index(&self) -> u64 {
        self.index
    }

    fn id(&self) -> Id {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&self.index.to_be_bytes());
        Id(bytes)
    }

    fn recorded_us(&self) -> i64 {
        self.recorded_us
    }

    fn claimed_us(&self) -> i64 {
        self.claimed_us
    }

    fn value(&self, field: Field) -> Value<'_> {
        match field {
            Field::Index => Value::Number(self.index as f64),
            Field::RecordedAt => Value::int(Some(self.recorded_us)),
            Field::Timestamp => Value::int(Some(self.claimed_us)),
            Field::DurationMs => Value::number(
                self.get(Field::Int(IntFact::DurationUs)).as_number().map(|us| (us / 1e3).trunc()),
            ),
            Field::CostUsd => Value::number(
                self.get(Field::Int(IntFact::CostMicros)).as_number().map(|micros| micros / 1e6),
            ),
            Field::Sensitive => {
                Value::Bool(self.get(Field::Int(IntFact::Sensitive)).as_number() == Some(1.0))
            }
            Field::Id | Field::EventId => match self.get(Field::Id) {
                Value::Null => Value::Text(Row::id(self).text().into()),
                given => given,
            },
            Field::Outcome => match self.get(field) {
                Value::Null => Value::Text("unknown".into()),
                given => given,
            },
            _ => self.get(field),
        }
    }
}
