//! Any other JSON object: a log record with whatever it holds. `message`, `level`, time, agent and the other
//! names of [`columns`](super::parts::columns) are lifted, everything else is kept in `extra`.
//!
//! Recognised by being nothing else.

use super::parts::columns;
use crate::fields::{Fields, Refused};
use crate::lift::lift;
use tacho_event::event::Event;
use tacho_event::words::ActionType;

pub(super) fn decode<'a>(fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let mut event = Event::default();
    lift(fields, columns, &mut event)?;
    event.action_type.get_or_insert(ActionType::Log);
    each(event);
    Ok(())
}
