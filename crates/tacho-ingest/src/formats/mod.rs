//! Formats: from one line of a sender to events. One file for each, one line for each in [`kinds`].

mod action_log;
mod ai_decision;
mod audit_entry;
mod audit_trail;
mod claude_hook;
pub(crate) mod claude_transcript;
mod codex_hook;
pub(crate) mod codex_rollout;
mod communication_log;
mod gemini_chat;
mod gemini_hook;
mod hooks;
mod kinds;
mod log;
mod native;
mod notifications;
mod openai_agents;
mod openhands;
mod openinference;
mod parts;
pub(crate) mod python_logging;
mod said;
mod swe_agent;
mod tau_bench;
pub(crate) mod tools;
mod trade;
mod who_and_when;

pub(crate) use codex_rollout::{Reports, charge};
pub use kinds::Format;
pub(crate) use said::digest;

use crate::fields::{Fields, Refused};
use crate::mapping::Mapping;
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::limits::{BODY_BYTES_MAX, EVENT_BYTES_MAX, FIELDS_MAX};

/// One line may hold so many events.
pub const EVENTS_PER_LINE_MAX: usize = 1024;

/// One document of a run may hold so many steps or messages.
pub const ITEMS_PER_DOCUMENT_MAX: usize = 1 << 16;

/// How large one line may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub(crate) line_bytes: usize,
    pub(crate) fields: usize,
}

impl Limits {
    /// What a sender may write into one line.
    pub const LIVE: Limits = Limits { line_bytes: EVENT_BYTES_MAX, fields: FIELDS_MAX };
    /// A line of history may be a whole run, or hold a picture: its events are cut down to size one by one.
    pub const HISTORY: Limits = Limits { line_bytes: BODY_BYTES_MAX, fields: 1 << 20 };
}

/// Members that hold the events of a document.
const WRAPPERS: &[&str] = &["actions", "events", "entries", "records", "logs", "loglines", "communications"];

/// Decodes one line (or one JSON object over many lines) into its events. Without a hint its members tell the
/// format; the answer says which it was.
///
/// # Errors
/// [`Refused`] when it is no object within the limits, or its time is not understood. Events that were already
/// handed to `each` must then be dropped.
pub fn decode<'a>(
    text: &'a str,
    hint: Option<Format>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<Format, Refused> {
    decode_within(text, hint, Limits::LIVE, None, each)
}

/// The same for a line that may be larger, or in which members have other names (`renaming`).
///
/// # Errors
/// As [`decode`].
pub fn decode_within<'a>(
    text: &'a str,
    hint: Option<Format>,
    limits: Limits,
    renaming: Option<&Mapping>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<Format, Refused> {
    let text = text.trim_ascii();
    if !text.starts_with('{') && (hint == Some(Format::PythonLogging) || python_logging::starts_record(text))
    {
        if text.len() > EVENT_BYTES_MAX {
            return Err(Refused::Limit {
                what: "the size of the event",
                found: text.len(),
                max: EVENT_BYTES_MAX,
            });
        }
        python_logging::decode_text(text, each);
        return Ok(Format::PythonLogging);
    }
    let mut fields = Fields::within(text, limits.line_bytes, limits.fields)?;
    if let Some(renaming) = renaming {
        renaming.rename(&mut fields);
    }
    let format = hint.unwrap_or_else(|| Format::recognise(&fields));
    let has_array = fields.members().any(|(member, _)| member.raw.starts_with('['));
    if has_array && matches!(format, Format::Log | Format::ActionLog | Format::Native) {
        for name in WRAPPERS {
            if let Some(items) = fields.take_objects(name)? {
                return decode_items(fields, items, hint, each);
            }
        }
    }
    format.decode(fields, each)?;
    Ok(format)
}

/// The events of a document; what stands beside them goes with the first.
fn decode_items<'a>(
    around: Fields<'a>,
    items: Vec<Fields<'a>>,
    hint: Option<Format>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<Format, Refused> {
    limit_events(items.len())?;
    let mut beside: Vec<_> = around.into_iter().map(|(name, value)| (name, Cow::Borrowed(value))).collect();
    let mut format = Format::Log;
    for item in items {
        format = hint.unwrap_or_else(|| Format::recognise(&item));
        format.decode(item, &mut |mut event| {
            event.extra.append(&mut beside);
            each(event);
        })?;
    }
    Ok(format)
}

fn limit_events(found: usize) -> Result<(), Refused> {
    let max = EVENTS_PER_LINE_MAX;
    if found > max {
        Err(Refused::Limit { what: "the number of events in one line", found, max })
    } else {
        Ok(())
    }
}

fn limit_items(found: usize) -> Result<(), Refused> {
    let max = ITEMS_PER_DOCUMENT_MAX;
    if found > max {
        Err(Refused::Limit { what: "the number of steps and messages in one document", found, max })
    } else {
        Ok(())
    }
}

/// The id of the n-th event of a line: the line's own for the first.
fn numbered<'a>(id: Cow<'a, str>, number: usize) -> Cow<'a, str> {
    if number == 0 { id } else { format!("{id}/{number}").into() }
}
