//! `audit-entry.json`: a decision with its impact, its compliance and a verification.
//!
//! The `verification` is the sender's claim and is kept in `extra` as such. Recognised by `audit_entry`, or by
//! `event_type` beside `decision`, `impact` or `verification`.

use super::parts::columns;
use crate::fields::{Fields, Refused};
use crate::lift::{Head, Lift, lift};
use tacho_event::event::Event;
use tacho_event::fact::TextFact;
use tacho_event::words::{ActionType, Outcome};

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let mut event = Event::default();
    if let Some(wrapped) = fields.take_object("audit_entry")? {
        lift(wrapped, entry, &mut event)?;
    }
    lift(fields, entry, &mut event)?;
    if event.outcome.is_none() {
        event.outcome = event.facts.text(TextFact::Chosen).and_then(Outcome::understand);
    }
    let kind = if event.decision.is_some() { ActionType::Decision } else { ActionType::Audit };
    event.action_type.get_or_insert(kind);
    each(event);
    Ok(())
}

fn entry(name: &str) -> Option<Lift> {
    match name {
        "event_type" => Some(Lift::Head(Head::Action)),
        _ => columns(name),
    }
}
