//! The list of tools, as clients see it: names, schemas, hints.

use crate::{ask, evidence, prove, write};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde_json::Value;
use std::sync::Arc;

/// Every tool. Names, arguments and answers only ever grow.
pub(crate) fn all() -> Vec<Tool> {
    vec![
        writing::<write::LogAction>(
            "log_action",
            "Log an action",
            "Record something you did or are about to do. Answers with the event's id and the action_id that \
             log_outcome takes. Recorded for ever, marked self_reported.",
        ),
        writing::<write::LogDecision>(
            "log_decision",
            "Log a decision",
            "Record a decision: the question, every alternative with reasoning and score, what was chosen, how sure \
             you are and why.",
        ),
        writing::<write::LogOutcome>(
            "log_outcome",
            "Log an outcome",
            "Record how an action or decision ended, by the action_id that logging it answered with. The first report \
             stays; this one is added and linked.",
        ),
        reading::<ask::SearchLogs, ask::Found>(
            "search_logs",
            "Search the log",
            "Find events by words, time, agent, session, action, status or user; newest first, in pages.",
        ),
        reading::<ask::OfEntry, ask::Entry>(
            "get_entry",
            "Get an entry",
            "Everything that is known of one event, by its id or its index on the log.",
        ),
        reading::<ask::OfSession, ask::Session>(
            "get_session",
            "Get a session",
            "A session from its first event to its last, as a person reads it, with totals.",
        ),
        reading::<ask::OfCosts, ask::Spent>(
            "get_costs",
            "Get costs",
            "Tokens and cost in US dollars, added up by agent, day, model or action.",
        ),
        reading::<ask::OfEntry, prove::EntryVerdict>(
            "verify_entry",
            "Verify an entry",
            "Check that an entry is on the log as it was recorded: its inclusion proof against a signed checkpoint. The \
             check runs in this program.",
        ),
        reading::<prove::Range, prove::RangeVerdict>(
            "verify_range",
            "Verify a range",
            "Hash every entry of a range and compare it with the signed tree: finds what was changed, removed or put \
             in between.",
        ),
        reading::<evidence::Export, evidence::Evidence>(
            "export_evidence",
            "Export evidence",
            "Chosen entries with their proofs as one JSON document that is checked without the server.",
        ),
    ]
}

/// Adds and never takes away; said twice with the same event_id it is recorded once.
fn writing<I: JsonSchema + 'static>(name: &'static str, title: &str, what: &'static str) -> Tool {
    let hints = ToolAnnotations::with_title(title).read_only(false).destructive(false).idempotent(true);
    tool::<I, write::Logged>(name, title, what, hints)
}

fn reading<I: JsonSchema + 'static, O: JsonSchema + 'static>(
    name: &'static str,
    title: &str,
    what: &'static str,
) -> Tool {
    let hints = ToolAnnotations::with_title(title).read_only(true).idempotent(true);
    tool::<I, O>(name, title, what, hints)
}

fn tool<I: JsonSchema + 'static, O: JsonSchema + 'static>(
    name: &'static str,
    title: &str,
    what: &'static str,
    hints: ToolAnnotations,
) -> Tool {
    let mut tool = Tool::new(name, what, JsonObject::new())
        .with_title(title)
        .with_input_schema::<I>()
        .with_output_schema::<O>()
        .with_annotations(hints.open_world(false));
    tool.input_schema = plain(&tool.input_schema);
    tool.output_schema = tool.output_schema.as_ref().map(plain);
    tool
}

/// Without the names of Rust's number types, which validators of other languages complain of.
fn plain(schema: &Arc<JsonObject>) -> Arc<JsonObject> {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                if members.get("format").is_some_and(Value::is_string) {
                    members.remove("format");
                }
                members.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut schema = JsonObject::clone(schema);
    schema.values_mut().for_each(strip);
    Arc::new(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_says_what_it_takes_gives_and_does() {
        let tools = all();
        assert_eq!(tools.len(), 10);
        for tool in tools {
            let hints = tool.annotations.unwrap();
            assert_eq!(hints.read_only_hint, Some(!tool.name.starts_with("log_")), "{}", tool.name);
            assert_eq!(hints.idempotent_hint, Some(true));
            assert_ne!(hints.destructive_hint, Some(true));
            assert_eq!(tool.input_schema["type"], "object");
            assert_eq!(tool.output_schema.unwrap()["type"], "object");
        }
    }

    #[test]
    fn only_what_an_event_is_nothing_without_is_required() {
        let required = |name: &str| {
            let tool = all().into_iter().find(|tool| tool.name == name).unwrap();
            tool.input_schema["required"].clone()
        };
        assert_eq!(required("log_action"), serde_json::json!(["action_name"]));
        assert_eq!(required("log_decision"), serde_json::json!(["question", "chosen"]));
        assert_eq!(required("log_outcome"), serde_json::json!(["action_id", "status"]));
    }

    #[test]
    fn no_argument_says_how_the_log_came_to_know() {
        for tool in all() {
            let properties = tool.input_schema["properties"].as_object().unwrap();
            for name in ["known", "source", "writer"] {
                assert!(!properties.contains_key(name), "{} takes {name}", tool.name);
            }
        }
    }
}
