//! What can begin and end: runs of agents, calls, messages that want an answer, tasks. What an event says of them.

use crate::field::Field;
use crate::row::Row;
use crate::value::Value;
use tacho_action::is_strong;
use tacho_event::fact::{IntFact, TextFact};

/// Actions of type `lifecycle` or `communication` that begin a run, in lower case. That an agent is there to be asked
/// (`SessionStart`) begins none: it may wait for days.
const BEGINS: [&str; 10] = [
    "userpromptsubmit",
    "user_prompt_submit",
    "subagentstart",
    "subagent_start",
    "agent_start",
    "agent_started",
    "run_started",
    "execution_started",
    "start",
    "started",
];
/// The same that end one.
const ENDS: [&str; 17] = [
    "stop",
    "stopfailure",
    "sessionend",
    "session_end",
    "subagentstop",
    "subagent_stop",
    "agent_end",
    "agent_executed",
    "agent_execution",
    "agent_finished",
    "run_finished",
    "execution_finished",
    "end",
    "completed",
    "failed",
    "failure",
    "cancelled",
];

/// The types of actions that are calls.
const CALLS: [&str; 3] = ["tool", "skill", "external"];

/// The steps of a call before its result.
const STEPS: [&str; 4] = ["proposed", "asked", "decided", "executed"];

/// What an event says of a thing.
pub(crate) enum Says {
    Open,
    /// It goes on, if it is open.
    Goes,
    Ended,
    Nothing,
}

/// What tells a thing from others of its kind, where nobody joined what is told of it; nothing of an event that names none. A
/// call's id alone does where nobody else has it by chance, a short one only with agent and session.
pub(crate) fn key_of<'r>(kind: &str, row: &'r dyn Row) -> Option<Vec<Value<'r>>> {
    let key: Vec<Value<'r>> = named_by(kind).0.iter().map(|field| row.value(*field)).collect();
    match kind {
        "call" => {
            let call = row.value(Field::Call);
            let is_strong = is_strong(call.as_text()?);
            Some(if is_strong { vec![call] } else { key })
        }
        _ => key.iter().all(|value| !value.is_null()).then_some(key),
    }
}

/// The columns that tell things of a kind apart, and those that name one.
pub(crate) fn named_by(kind: &str) -> (&'static [Field], &'static [Field]) {
    const TASK: Field = Field::Text(TextFact::TaskId);
    match kind {
        "agent_execution" => (&[Field::Agent, Field::Session], &[Field::Agent, Field::Session]),
        "call" => (
            &[Field::Agent, Field::Session, Field::Call],
            &[Field::Agent, Field::Session, Field::Call, Field::ActionName],
        ),
        "message" => (&[Field::Id], &[Field::Agent, Field::Text(TextFact::ToAgent), Field::Id]),
        _ => (&[TASK], &[Field::Agent, TASK, Field::Text(TextFact::WorkflowId)]),
    }
}

/// Every column of events that things of a kind are made from.
pub(crate) fn reads(kind: &str) -> Vec<Field> {
    let said = [
        Field::ActionType,
        Field::ActionName,
        Field::Phase,
        Field::Outcome,
        Field::Known,
        Field::Int(IntFact::ExpectedResponseUs),
        Field::Int(IntFact::EscalationUs),
        Field::Int(IntFact::ResponseUs),
        Field::Int(IntFact::ResponseRequired),
        Field::Text(TextFact::ResponseStatus),
    ];
    let (key, names) = named_by(kind);
    key.iter().chain(names).chain(&said).copied().collect()
}

pub(crate) fn says(kind: &str, row: &dyn Row) -> Says {
    let is =
        |field: Field, words: &[&str]| row.value(field).as_text().is_some_and(|text| words.contains(&text));
    let has = |field: Field| !row.value(field).is_null();
    let done = ["success", "failure", "partial"];
    match kind {
        "agent_execution" => {
            if !is(Field::ActionType, &["lifecycle", "communication"]) {
                return Says::Goes;
            }
            let name =
                row.value(Field::ActionName).as_text().map(str::to_ascii_lowercase).unwrap_or_default();
            match name.as_str() {
                name if BEGINS.contains(&name) => Says::Open,
                name if ENDS.contains(&name) => Says::Ended,
                _ => Says::Goes,
            }
        }
        // A result that it runs says that it goes on in the background: nobody waits for it.
        "call" if is(Field::Outcome, &done) || is(Field::Phase, &["result"]) => Says::Ended,
        "call" if has(Field::ActionType) && !is(Field::ActionType, &CALLS) => Says::Goes,
        "call" if is(Field::Phase, &STEPS) => Says::Open,
        // Whoever reports a call whole, as agents do over MCP, tells no step of it.
        "call" if !has(Field::Phase) && is(Field::Outcome, &["running"]) => Says::Open,
        "message" if !is(Field::ActionType, &["communication"]) => Says::Nothing,
        "message" if has(Field::Int(IntFact::ResponseUs)) || has(Field::Text(TextFact::ResponseStatus)) => {
            Says::Ended
        }
        "message" => {
            let wanted = row.value(Field::Int(IntFact::ResponseRequired)).as_number() == Some(1.0);
            if wanted || has(Field::Int(IntFact::ExpectedResponseUs)) { Says::Open } else { Says::Nothing }
        }
        "task" if is(Field::Outcome, &done) => Says::Ended,
        "task" => Says::Open,
        _ => Says::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_and_ends_a_run_is_the_same_in_sql() {
        let kind = crate::catalog::OPEN.iter().find(|kind| kind.name == "agent_execution").unwrap();
        for words in [&BEGINS[..], &ENDS[..]] {
            let list = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
            assert!(kind.sql.contains(&format!("IN ({list})")), "{list}\n{}", kind.sql);
        }
    }

    #[test]
    fn what_is_a_call_is_the_same_in_sql() {
        let kind = crate::catalog::OPEN.iter().find(|kind| kind.name == "call").unwrap();
        let list = CALLS.map(|word| format!("'{word}'")).join(", ");
        let words = format!("action_type IN ({list})");
        assert!(kind.sql.contains(&words), "{words}\n{}", kind.sql);
    }
}
