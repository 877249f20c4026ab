//! `action-log.json`: what an agent did, with its messages, performance, compliance and deployment.
//!
//! `action.type` is the name of the action and `action.category` our class. Recognised by an `action` object
//! beside `agent_id` and no `agent` object, or with `input_data`, `output_data` or `category` in it.

use super::parts::columns;
use crate::fields::{Fields, Refused};
use crate::lift::{Head, Lift, lift, lift_copies};
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Outcome};

pub(super) fn decode<'a>(fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let mut event = Event::default();
    lift(fields, table, &mut event)?;
    if let Some(Ok(output)) = event.output.clone().as_deref().map(Fields::object) {
        settle(&output, &mut event);
    }
    if event.outcome.is_none() {
        event.outcome = event.facts.int(IntFact::SuccessPpm).map(|share| match share {
            1_000_000.. => Outcome::Success,
            ..=0 => Outcome::Failure,
            _ => Outcome::Partial,
        });
    }
    let kind = event.action_name.as_deref().map_or(ActionType::Tool, action_type);
    event.action_type.get_or_insert(kind);
    each(event);
    Ok(())
}

fn table(name: &str) -> Option<Lift> {
    match name {
        "action" => Some(Lift::Within(action)),
        _ => columns(name),
    }
}

fn action(name: &str) -> Option<Lift> {
    Some(match name {
        "id" => Lift::Head(Head::Id),
        "type" | "name" => Lift::Head(Head::Action),
        "category" => Lift::Class,
        "input_data" => Lift::Section(Section::Input),
        "output_data" => Lift::Section(Section::Output),
        "target" => Lift::Text(TextFact::Target),
        "status" => Lift::Outcome,
        _ => return None,
    })
}

/// The output tells how it ended, when nothing else does: `status` or the first member like `deployment_status`.
fn settle(output: &Fields<'_>, event: &mut Event<'_>) {
    if event.outcome.is_none() {
        let status = output.names().find(|name| *name == "status" || name.ends_with("_status"));
        let word = status.and_then(|name| output.get_text(name));
        event.outcome = word.and_then(|word| Outcome::understand(&word));
    }
    let mut copies = Event::default();
    lift_copies(output.clone(), super::parts::result, &mut copies);
    if let Some(code) = copies.facts.int(IntFact::ExitCode) {
        event.facts.set_int(IntFact::ExitCode, code);
    }
}

/// These logs tell a name and a class, and the name tells the type.
fn action_type(name: &str) -> ActionType {
    match name {
        "user_communication" | "agent_coordination" | "escalation_trigger" => ActionType::Communication,
        "workflow_initiation" | "task_completion" => ActionType::Workflow,
        "metric_collection" => ActionType::Metric,
        "configuration_change" => ActionType::Settings,
        "financial_transaction" => ActionType::Trade,
        _ if name.ends_with("_decision") => ActionType::Decision,
        _ => ActionType::Tool,
    }
}
