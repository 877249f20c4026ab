//! A failed run of several agents as the data set Who&When has it: `history` of messages with `name` or `role` of who
//! spoke, and the verdict: `mistake_agent`, `mistake_step`, `mistake_reason`.
//!
//! Each message is from the agent that is named; `Orchestrator (-> WebSurfer)` speaks to another. The verdict is a
//! decision event of its own.
//! Recognised by `history` beside `mistake_agent`.

use super::{limit_items, numbered, said};
use crate::fields::{Fields, Refused};
use crate::lift::{Lift, lift, lift_under};
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::TextFact;
use tacho_event::limits::FACT_BYTES_MAX;
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Phase};

pub(super) fn is_one(fields: &Fields<'_>) -> bool {
    fields.get("history").is_some_and(|value| value.starts_with('[')) && fields.get("mistake_agent").is_some()
}

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let history = fields.get("history").unwrap_or_default();
    let id = said::digest("ww-", &[fields.get("question").unwrap_or_default(), history]);
    let messages = fields.take_objects("history")?.unwrap_or_default();
    limit_items(messages.len())?;
    let base = Event { session: Some(id.clone().into()), ..Event::default() };
    for (number, message) in messages.into_iter().enumerate() {
        let own = Some(numbered(id.clone().into(), number + 1));
        each(self::message(message, Event { id: own, ..base.clone() })?);
    }
    let mut verdict = Event { id: Some(id.into()), ..base };
    verdict.decision = fields.get("mistake_reason").map(Cow::Borrowed);
    fields.take("mistake_reason");
    lift(fields, judged, &mut verdict)?;
    verdict.action_type = Some(ActionType::Decision);
    verdict.action_name = Some("failure_attribution".into());
    verdict.phase = Some(Phase::Decided);
    each(verdict);
    Ok(())
}

fn judged(name: &str) -> Option<Lift> {
    Some(match name {
        "question" => Lift::Section(Section::Input),
        "question_ID" => Lift::Text(TextFact::TaskId),
        "mistake_agent" => Lift::Text(TextFact::Chosen),
        "mistake_step" => Lift::Text(TextFact::Step),
        _ => return None,
    })
}

fn message<'a>(message: Fields<'a>, mut event: Event<'a>) -> Result<Event<'a>, Refused> {
    let who = message.get_text("name").or_else(|| message.get_text("role")).unwrap_or_default();
    let (from, aside) = who.split_once(" (").unwrap_or((&who, ""));
    if let Some(to) = aside.strip_prefix("-> ").map(|to| to.trim_end_matches(')')) {
        event.facts.set_text(TextFact::ToAgent, to.to_string());
    }
    if from.len() <= FACT_BYTES_MAX {
        event.facts.set_text(TextFact::FromAgent, from.to_string());
        event.agent = Some(from.to_string().into());
    }
    let role = if from == "human" { "user" } else { "assistant" };
    lift_under("history", message, if role == "user" { said::heard } else { said::spoken }, &mut event)?;
    if aside.starts_with("thought") {
        said::think(&mut event)
    } else {
        said::speak(role, &mut event)
    }
    Ok(event)
}
