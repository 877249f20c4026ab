//! A run of tau-bench: `traj`, a list of messages as models take them with calls and their results, beside `task_id`
//! and `reward`; or `messages_display`, the same as a text.
//! Recognised by `traj` beside `task_id` or `reward`, or by `messages_display`.

use super::{limit_items, numbered, said};
use crate::fields::{Fields, Refused};
use crate::lift::{Lift, lift};
use crate::read::Unit;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;
use tacho_event::words::ActionType;

pub(super) fn is_one(fields: &Fields<'_>) -> bool {
    let has = |name: &str| fields.get(name).is_some();
    has("traj") && (has("task_id") || has("reward")) || has("messages_display")
}

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let texts: Vec<&str> = fields.clone().into_iter().map(|(_, value)| value).collect();
    let id = said::digest("tau-", &texts);
    let messages = fields.take_objects("traj")?.unwrap_or_default();
    limit_items(messages.len())?;
    let base = Event { session: Some(id.clone().into()), ..Event::default() };
    let mut run = Event { id: Some(id.clone().into()), ..base.clone() };
    lift(fields, head, &mut run)?;
    run.action_type = Some(ActionType::Workflow);
    run.action_name = Some("run".into());
    each(run);
    let mut number = 0;
    for message in messages {
        said::message("traj", message, &base, &mut |event| {
            number += 1;
            each(Event { id: Some(numbered(id.clone().into(), number)), ..event });
        })?;
    }
    Ok(())
}

fn head(name: &str) -> Option<Lift> {
    Some(match name {
        "task_id" => Lift::Text(TextFact::TaskId),
        "reward" => Lift::Int(IntFact::Rating, Unit::Share),
        "messages_display" => Lift::Section(Section::Input),
        _ => return None,
    })
}
