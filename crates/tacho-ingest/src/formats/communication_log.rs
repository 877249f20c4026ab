//! `communication-log.json`: a message from one agent to another, and its answer.
//!
//! The message is kept whole as input and the answer as output. Recognised by `communication_id`, or `sender`
//! beside `receiver`.

use super::parts::columns;
use crate::fields::{Fields, Refused};
use crate::lift::{Head, Lift, lift};
use crate::read::Unit;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::words::{ActionType, Outcome, Phase};

pub(super) fn decode<'a>(fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let mut event = Event { action_type: Some(ActionType::Communication), ..Event::default() };
    lift(fields, table, &mut event)?;
    event.phase.get_or_insert(Phase::Message);
    if let (None, Some(sender)) = (&event.agent, event.facts.text(TextFact::FromAgent)) {
        event.agent = Some(sender.to_string().into());
    }
    if event.outcome.is_none() {
        event.outcome = event.facts.text(TextFact::ResponseStatus).and_then(Outcome::understand);
    }
    each(event);
    Ok(())
}

fn table(name: &str) -> Option<Lift> {
    Some(match name {
        "communication_id" => Lift::Head(Head::Id),
        "type" => Lift::Head(Head::Action),
        "sender" => Lift::Either(&Lift::Text(TextFact::FromAgent), sender),
        "receiver" => Lift::Either(&Lift::Text(TextFact::ToAgent), receiver),
        _ => return columns(name),
    })
}

fn sender(name: &str) -> Option<Lift> {
    Some(match name {
        "agent_id" | "id" => Lift::Text(TextFact::FromAgent),
        "agent_name" | "name" => Lift::Text(TextFact::AgentName),
        "user_id" => Lift::Head(Head::User),
        _ => return None,
    })
}

fn receiver(name: &str) -> Option<Lift> {
    Some(match name {
        "agent_id" | "id" => Lift::Text(TextFact::ToAgent),
        "response_required" => Lift::Int(IntFact::ResponseRequired, Unit::Flag),
        _ => return None,
    })
}
