//! Python's logging: JSON records (`levelname`, `message`, `name`, `asctime` …) and text lines
//! `2025-06-20 01:52:00,123 LEVEL message`, `… - logger - LEVEL - message` or `… [LEVEL] message`.
//!
//! Three messages mean more: `AGENT_EXECUTION: name completed in 1.2s`, `AGENT_SLOW: name exceeded 3s threshold
//! (4.1s)`, `AGENT_FAILURE: name failed: ErrorType`. Lines behind a record that do not start with a date belong to
//! it: a traceback becomes its error. Recognised by `levelname`, or by the date at the start of a line.

use super::parts::columns;
use crate::fields::{Fields, Refused, quote, unquote};
use crate::lift::{Lift, lift};
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::limits::FACT_BYTES_MAX;
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Level, Outcome};
use tacho_event::{time, units};

/// `2025-06-20 01:52:00`
const DATE_BYTES: usize = 19;

pub(super) fn decode<'a>(fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let mut event = Event::default();
    lift(fields, table, &mut event)?;
    if let Some(message) = event.input.as_deref().and_then(unquote).map(|text| text.into_owned()) {
        report(&message, &mut event);
    }
    event.action_type.get_or_insert(ActionType::Log);
    each(event);
    Ok(())
}

fn table(name: &str) -> Option<Lift> {
    Some(match name {
        "levelname" => Lift::Level,
        "name" | "logger" => Lift::Text(TextFact::Logger),
        "message" => Lift::Section(Section::Input),
        "created" => Lift::MaybeTime,
        "exc_info" | "exc_text" | "stack_info" => Lift::Section(Section::Error),
        _ => return columns(name),
    })
}

/// Whether a line starts a record: with a date and a time of day.
pub(crate) fn starts_record(line: &str) -> bool {
    const SHAPE: &[u8; DATE_BYTES] = b"0000-00-00 00:00:00";
    line.len() >= DATE_BYTES
        && line.bytes().zip(SHAPE).enumerate().all(|(at, (byte, shape))| match shape {
            b'0' => byte.is_ascii_digit(),
            _ => byte == *shape || at == 10 && byte == b'T',
        })
}

/// One record of text, with the lines that belong to it. Text without a date is a plain log line.
pub(super) fn decode_text<'a>(text: &'a str, each: &mut dyn FnMut(Event<'a>)) {
    let mut event = Event { action_type: Some(ActionType::Log), ..Event::default() };
    let mut rest = text;
    if starts_record(text) {
        let end = text[DATE_BYTES..].find([' ', '\n']).map_or(text.len(), |at| DATE_BYTES + at);
        if let Ok(claimed) = time::parse(&text[..end]) {
            (event.claimed_us, rest) = (Some(claimed), text[end..].trim_start());
        }
    }
    let rest = take_level(rest, &mut event);
    let (message, behind) = rest.split_once('\n').unwrap_or((rest, ""));
    report(message, &mut event);
    if behind.trim().is_empty() {
        event.input = Some(quote(message).into());
    } else if event.error.is_none() && behind.contains("Traceback (most recent call last)") {
        event.input = Some(quote(message).into());
        event.error = Some(quote(behind).into());
        if let Some(kind) = behind.lines().last().and_then(error_type) {
            event.facts.set_text(TextFact::ErrorType, kind);
        }
    } else {
        event.input = Some(quote(rest).into());
    }
    each(event);
}

/// Takes level and logger off the front of what follows the time.
fn take_level<'a>(text: &'a str, event: &mut Event<'a>) -> &'a str {
    let mut set = |word: &'a str| {
        event.level = Level::understand(word);
        event.facts.set_text(TextFact::Severity, word);
    };
    if let Some(parts) = text.strip_prefix("- ") {
        // The layout of Python's documentation: "time - logger - level - message".
        let mut parts = parts.splitn(3, " - ");
        if let (Some(logger), Some(level), Some(message)) = (parts.next(), parts.next(), parts.next())
            && Level::understand(level).is_some()
            && logger.len() <= FACT_BYTES_MAX
        {
            set(level);
            event.facts.set_text(TextFact::Logger, logger);
            return message;
        }
        return text;
    }
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let bare = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')).unwrap_or(word);
    if Level::understand(bare).is_none() {
        return text;
    }
    set(bare);
    rest.trim_start()
}

/// Reads the three messages about agents. The message itself is kept by the caller.
fn report(message: &str, event: &mut Event<'_>) {
    let Some((kind, about)) = message.split_once(": ") else { return };
    let Some((agent, what)) = about.split_once(' ') else { return };
    let duration = |text: Option<&str>| text.and_then(units::duration_us).filter(|us| *us >= 0);
    match kind {
        "AGENT_EXECUTION" => {
            event.outcome = Some(Outcome::Success);
            if let Some(us) = duration(what.strip_prefix("completed in ")) {
                event.facts.set_int(IntFact::DurationUs, us);
            }
        }
        "AGENT_SLOW" => {
            let (threshold, took) = what.split_once(" threshold").unwrap_or((what, ""));
            if let Some(us) = duration(threshold.strip_prefix("exceeded ")) {
                event.facts.set_int(IntFact::ThresholdUs, us);
            }
            if let Some(us) = duration(took.trim().strip_prefix('(').and_then(|t| t.strip_suffix(')'))) {
                event.facts.set_int(IntFact::DurationUs, us);
            }
        }
        "AGENT_FAILURE" => {
            event.outcome = Some(Outcome::Failure);
            let why = what.strip_prefix("failed: ").unwrap_or(what);
            event.error.get_or_insert_with(|| quote(why).into());
            if let Some(kind) = error_type(why) {
                event.facts.set_text(TextFact::ErrorType, kind);
            }
        }
        _ => return,
    }
    event.action_type = Some(ActionType::Lifecycle);
    event.action_name.get_or_insert_with(|| kind.to_string().into());
    event.agent.get_or_insert_with(|| agent.to_string().into());
}

/// `ValidationError` of `ValidationError: no such field`.
fn error_type(text: &str) -> Option<String> {
    let word = text.trim().split([':', ' ', '(']).next()?;
    let plain = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._".contains(&b));
    (plain && word.len() <= FACT_BYTES_MAX).then(|| word.to_string())
}
