//! `ai-decision.json`: what a model was given, what it predicted, how sure it was and how that is explained.
//!
//! Recognised by `model_id` beside `prediction` or `input_data`.

use super::parts::columns;
use crate::fields::{Fields, Refused};
use crate::lift::{Lift, lift};
use crate::read::Unit;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Outcome};

pub(super) fn decode<'a>(fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let mut event = Event { action_type: Some(ActionType::ModelDecision), ..Event::default() };
    lift(fields, table, &mut event)?;
    event.action_name.get_or_insert("ai_decision".into());
    if event.output.is_some() {
        event.outcome.get_or_insert(Outcome::Success);
    }
    each(event);
    Ok(())
}

fn table(name: &str) -> Option<Lift> {
    Some(match name {
        "model_id" => Lift::Text(TextFact::Model),
        "input_data" => Lift::Section(Section::Input),
        "prediction" => Lift::Section(Section::Output),
        "explanation" => Lift::Section(Section::Decision),
        "confidence" => Lift::Int(IntFact::ConfidencePpm, Unit::Share),
        _ => return columns(name),
    })
}
