//! The native format: `agent`, `action`, `outcome`, `resources`, `security` as agents' own loggers write them
//! (tool, skill, external call, decision), and the same as the flat columns of `agent_audit_log`.
//!
//! Recognised by an `agent` or `action` object, or by `agent_id`, `action_type`, `action_name`, `outcome_status`
//! beside no other format's marks.

use super::parts::columns;
use crate::fields::{Fields, Refused};
use crate::lift::lift;
use tacho_event::event::Event;
use tacho_event::words::ActionType;

pub(super) fn decode<'a>(fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let mut event = Event::default();
    lift(fields, columns, &mut event)?;
    if event.action_type.is_none() {
        event.action_type = guess(&event);
    }
    each(event);
    Ok(())
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
