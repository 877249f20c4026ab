//! The native format: `agent`, `action`, `outcome`, `resources`, `security` as agents' own loggers write them
//! (tool, skill, external call, decision), and the same as the flat columns of `agent_audit_log`.
//!
//! Recognised by an `agent` or `action` object, or by `agent_id`, `action_type`, `action_name`, `outcome_status`
//! beside no other format's marks.
//!
//! A row of the table that `mcp-audit-logger` writes has what has no column within `action_details`: how the event is known,
//! its call, its parameters. These are read as if they stood beside the columns.

use super::parts::columns;
use crate::fields::{Fields, Refused};
use crate::lift::{Lift, lift};
use tacho_event::event::Event;
use tacho_event::words::ActionType;

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let mut event = Event::default();
    let details = if is_row(&fields) { fields.take_object("action_details")? } else { None };
    lift(fields, columns, &mut event)?;
    if let Some(details) = details {
        lift(details, detail, &mut event)?;
    }
    if event.action_type.is_none() {
        event.action_type = guess(&event);
    }
    each(event);
    Ok(())
}

/// Whether it is a row of `mcp-audit-logger`'s table: nobody else's details say how the event is known beside its digest.
fn is_row(fields: &Fields<'_>) -> bool {
    let details = fields.get("action_details").filter(|details| details.starts_with('{'));
    details
        .and_then(|details| Fields::object(details).ok())
        .is_some_and(|details| details.get("known").is_some() && details.get("digest").is_some())
}

fn detail(name: &str) -> Option<Lift> {
    columns(if name == "parameters" { "action_details" } else { name })
}

/// The type of an event that names none.
fn guess(event: &Event<'_>) -> Option<ActionType> {
    if event.decision.is_some() {
        Some(ActionType::Decision)
    } else if event.error.is_some() && event.action_name.is_none() {
        Some(ActionType::Error)
    } else if event.action_name.is_some() {
        Some(ActionType::Tool)
    } else {
        None
    }
}
