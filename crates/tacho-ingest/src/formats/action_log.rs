//! `action-log.json`: what an agent did, with its messages, performance, compliance and deployment.
//!
//! `action.type` is the name of the action and `action.category` our class. Recognised by an `action` object
//! beside `agent_id` and no `agent` object, or with `input_data`, `output_data` or `category` in it, unless its `type` is one
//! of our types and its name stands beside it.

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
        _ => ActionType::parse(name).unwrap_or(ActionType::Tool),
    }
}

#[cfg(test)]
mod tests {
    use crate::formats::{Format, decode};

    /// What is read of an `action` object beside `agent_id`: format, name and type.
    #[test]
    fn a_flat_agent_stands_beside_the_actions_of_both_kinds_of_loggers() {
        let cases = [
            (
                r#"{"type":"tool","name":"Bash","tool":{"name":"Bash","parameters":{"command":"ls"}}}"#,
                "native Bash tool",
            ),
            (
                r#"{"type":"external","name":"WebSearch","external":{"target":"x"}}"#,
                "native WebSearch external",
            ),
            (r#"{"type":"decision","decision":{"chosen":"b"}}"#, "native - decision"),
            (r#"{"type":"decision"}"#, "native - decision"),
            (r#"{"name":"Read","parameters":{"file_path":"/a"}}"#, "native Read tool"),
            (r#"{"type":"tool","name":"Bash","category":"standard"}"#, "native Bash tool"),
            (r#"{"type":"code_deployment","category":"high_priority"}"#, "action-log code_deployment tool"),
            (r#"{"type":"code_deployment"}"#, "action-log code_deployment tool"),
            (r#"{"type":"memory","input_data":{}}"#, "action-log memory memory"),
            (r#"{"type":"security_decision","input_data":{}}"#, "action-log security_decision decision"),
            (r#"{"name":"x","output_data":{}}"#, "action-log x tool"),
        ];
        for (action, expected) in cases {
            let line = format!(r#"{{"agent_id":"ops/a","session_id":"s","action":{action}}}"#);
            let mut events = Vec::new();
            let format: Format = decode(&line, None, &mut |event| events.push(event)).unwrap();
            let event = &events[0];
            let name = event.action_name.as_deref().unwrap_or("-");
            let kind = event.action_type.map_or("-", |kind| kind.as_str());
            assert_eq!(format!("{} {name} {kind}", format.name()), expected, "{action}");
            assert_eq!((event.agent.as_deref(), event.session.as_deref()), (Some("ops/a"), Some("s")));
        }
    }
}
