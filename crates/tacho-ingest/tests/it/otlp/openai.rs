//! The OpenAI Agents SDK's own exporter.

use super::facts;
use crate::common::take;
use crate::samples::SAMPLES;
use serde_json::{Value, json};
use tacho_event::words::{ActionType as A, Outcome, Phase};
use tacho_ingest::formats::Format;

fn section(event: &tacho_event::record::Accepted<'_>, at: usize) -> Value {
    event.texts[at].map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

#[test]
fn spans_know_one_another_within_a_body() {
    let sample = SAMPLES.iter().find(|sample| sample.format == Format::OpenaiAgents).unwrap();
    let taken = take(sample.text);
    let [trace, tool, model, agent] = &taken.events()[..] else { panic!("{:?}", taken.tally) };
    assert_eq!((trace.header.action_type, trace.header.action_name), (A::Workflow, "desk"));
    for event in [trace, tool, model, agent] {
        assert_eq!(event.who.session, Some("conv-42"));
    }
    for event in [tool, model, agent] {
        assert_eq!(event.header.agent, "trader");
    }
    assert_eq!((tool.header.action_type, tool.header.outcome), (A::Tool, Outcome::Failure));
    assert_eq!((tool.header.call, tool.header.parent), (Some("span_1"), Some("span_2")));
    assert_eq!(tool.header.phase, Some(Phase::Executed));
    assert_eq!(facts(tool)["duration_us"], 100_000);
    assert_eq!(section(tool, 2)["message"], "market closed");
    assert_eq!(model.header.action_name, "model_request");
    assert_eq!(facts(model)["tokens_input"], 320);
    assert_eq!(facts(model)["cost_estimated"], 1);
    assert_eq!(agent.header.action_name, "invoke_agent");
}

#[test]
fn an_item_comes_alone_and_a_sum_is_not_counted() {
    let turn = json!({"object": "trace.span", "id": "span_9", "trace_id": "trace_1", "parent_id": null,
        "started_at": "2026-11-21T01:57:07Z", "ended_at": "2026-11-21T01:57:06Z", "error": null,
        "span_data": {"type": "custom", "name": "turn", "data": {"usage": {"input_tokens": 320}}}});
    let taken = take(&turn.to_string());
    let event = taken.one();
    assert_eq!((event.header.action_type, event.header.action_name), (A::Workflow, "turn"));
    assert!(facts(&event).get("tokens_input").is_none());
    assert!(facts(&event).get("duration_us").is_none(), "it ended before it began");
    assert_eq!(section(&event, 5)["span_data.data"]["usage"]["input_tokens"], 320);
    let call = turn.to_string().replace("custom", "function").replace("turn", "order");
    let call = call.replace("\"data\":{\"usage\":{\"input_tokens\":320}}", r#""input":"{\"qty\":10}""#);
    assert_eq!(section(&take(&call).one(), 0)["qty"], 10, "arguments in a text stand as JSON");
}
