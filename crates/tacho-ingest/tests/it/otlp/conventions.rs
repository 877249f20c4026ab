//! GenAI conventions, OpenInference, agent-audit, ordinary logs, and metrics.

use super::{ERROR, EXTRA, INPUT, OUTPUT, attributes, events, facts, log, section, send, span};
use serde_json::{Value, json};
use tacho_event::words::{ActionType as A, Level, Outcome, Phase};
use tacho_ingest::otlp::Signal;

#[test]
fn conventions_of_today_and_of_before_are_one() {
    let today = json!({"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 4, "gen_ai.input.messages": "[{\"role\":\"user\"}]"});
    let before = json!({"llm.request.type": "chat", "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.prompt_tokens": 10, "gen_ai.usage.completion_tokens": 3});
    let inference = json!({"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o",
        "llm.token_count.prompt": 10, "llm.token_count.completion": 3, "llm.cost.total": 0.5,
        "output.value": "{\"id\":\"chatcmpl-7\",\"choices\":[]}"});
    let records = json!([
        span(1, 0, "chat", today),
        span(2, 0, "openai.chat", before),
        span(3, 0, "ChatOpenAI", inference)
    ]);
    let batches = send(Signal::Traces, "any", "desk", records);
    for event in events(&batches) {
        assert_eq!((event.header.action_type, event.header.action_name), (A::External, "model_request"));
        assert_eq!((event.header.agent, event.header.outcome), ("desk", Outcome::Success));
        let facts = facts(&event);
        assert_eq!((&facts["tokens_input"], &facts["tokens_output"]), (&json!(10), &json!(3)), "{facts}");
        assert_eq!((&facts["model"], &facts["duration_us"]), (&json!("gpt-4o"), &json!(25_000)));
    }
    let events = events(&batches);
    assert_eq!(facts(&events[2])["cost_micros"], 500_000);
    assert_eq!(facts(&events[2])["request_id"], "chatcmpl-7", "it stands only within the answer");
    assert_eq!(section(&events[0], INPUT)[0]["role"], "user");
    assert_eq!(section(&events[1], EXTRA)["name"], "openai.chat");
}

#[test]
fn cached_tokens_of_claude_are_told_apart_from_its_input() {
    let today = json!({"gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.usage.input_tokens": 182, "gen_ai.usage.output_tokens": 0,
        "gen_ai.usage.cache_read.input_tokens": 57, "gen_ai.usage.cache_creation.input_tokens": 120});
    let inference = json!({"openinference.span.kind": "LLM", "llm.model_name": "claude-sonnet-4-5",
        "llm.token_count.prompt": 182, "llm.token_count.completion": 0,
        "llm.token_count.prompt_details.cache_read": 57, "llm.token_count.prompt_details.cache_write": 120});
    let records = json!([span(1, 0, "chat", today), span(2, 0, "Messages", inference)]);
    let batches = send(Signal::Traces, "any", "desk", records);
    for event in events(&batches) {
        let facts = facts(&event);
        assert_eq!((&facts["tokens_input"], &facts["tokens_cache_read"]), (&json!(5), &json!(57)), "{facts}");
        assert_eq!((&facts["tokens_cache_write"], &facts["cost_micros"]), (&json!(120), &json!(482)));
        assert_eq!(section(&event, EXTRA)["tokens_input_with_cache"], 182);
    }
}

#[test]
fn children_take_session_agent_and_user_from_above() {
    let mut failed = span(
        3,
        1,
        "execute_tool order",
        json!({"gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "order", "gen_ai.tool.call.arguments": "{\"qty\":1}"}),
    );
    failed["status"] = json!({"code": 2, "message": "market closed"});
    let records = json!([
        failed,
        span(
            1,
            0,
            "invoke_agent trader",
            json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.id": "agent-7",
            "gen_ai.agent.name": "trader", "gen_ai.conversation.id": "conv-42", "user.id": "u-7",
            "gen_ai.usage.input_tokens": 1200})
        ),
    ]);
    let batches = send(Signal::Traces, "any", "desk", records);
    let [tool, agent] = &events(&batches)[..] else { panic!() };
    assert_eq!(tool.header.agent, "agent-7");
    assert_eq!((tool.who.session, tool.who.user), (Some("conv-42"), Some("u-7")));
    assert_eq!(section(tool, EXTRA)["inherited"], json!(["conversation", "agent", "user"]), "and it says so");
    assert_eq!((tool.header.outcome, section(tool, ERROR)), (Outcome::Failure, json!("market closed")));
    assert!(section(agent, EXTRA).get("inherited").is_none());
    assert!(facts(agent).get("tokens_input").is_none(), "an agent's sum is not counted again");
}

#[test]
fn a_run_that_is_stated_as_the_agents_id_is_no_agent() {
    let run = "01a20895-fc4c-7081-9cc8-e3f59df4b546";
    let graph = json!({"gen_ai.provider.name": "langgraph", "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "LangGraph", "gen_ai.agent.id": run});
    let model = json!({"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai"});
    let records = json!([
        span(3, 2, "ChatOpenAI.chat", model),
        span(2, 1, "execute_task model", json!({"gen_ai.operation.name": "execute_task"})),
        span(1, 0, "LangGraph.workflow", graph),
    ]);
    let batches = send(Signal::Traces, "opentelemetry.instrumentation.langchain", "desk", records);
    let events = events(&batches);
    for event in &events {
        assert_eq!(event.header.agent, "LangGraph", "{}", event.header.action_name);
    }
    assert_eq!(section(&events[2], EXTRA)["gen_ai.agent.run"], run);
}

#[test]
fn of_one_call_that_two_libraries_report_the_inner_one_counts() {
    let records = json!([
        span(
            2,
            1,
            "anthropic.messages.create",
            json!({"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 182})
        ),
        span(
            1,
            0,
            "messages.create",
            json!({"openinference.span.kind": "LLM", "llm.token_count.prompt": 359})
        ),
    ]);
    let batches = send(Signal::Traces, "any", "desk", records);
    let tokens: Vec<Value> =
        events(&batches).iter().map(|event| facts(event)["tokens_input"].clone()).collect();
    assert_eq!(tokens, [json!(182), Value::Null]);
}

#[test]
fn agent_audit_tells_phases_of_one_action() {
    let records = json!([
        log(
            "agent_audit.proposed",
            json!({"agent_audit.action.id": "a1", "agent_audit.action.phase": "proposed",
            "agent_audit.actor.id": "agent-crm", "agent_audit.target.system": "salesforce",
            "agent_audit.target.operation": "bulk_delete"})
        ),
        log(
            "agent_audit.decided",
            json!({"agent_audit.action.id": "a1", "agent_audit.action.phase": "decided",
            "agent_audit.decision": "deny", "agent_audit.cost.amount": 0.0037, "agent_audit.cost.currency": "usd"})
        ),
        log(
            "agent_audit.executed",
            json!({"agent_audit.action.id": "a2", "agent_audit.action.phase": "executed",
            "agent_audit.outcome": "success"})
        ),
    ]);
    let batches = send(Signal::Logs, "agent_audit_record", "crm", records);
    let [proposed, decided, executed] = &events(&batches)[..] else { panic!() };
    assert_eq!((proposed.header.agent, proposed.header.action_name), ("agent-crm", "bulk_delete"));
    assert_eq!((proposed.header.call, proposed.header.phase), (Some("a1"), Some(Phase::Proposed)));
    assert_eq!((decided.header.call, decided.header.outcome), (Some("a1"), Outcome::Failure));
    assert_eq!(facts(decided)["cost_micros"], 3700);
    assert_eq!((executed.header.phase, executed.header.outcome), (Some(Phase::Executed), Outcome::Success));
}

#[test]
fn an_ordinary_log_record_is_a_log_event() {
    let records = json!([{"timeUnixNano": "0", "observedTimeUnixNano": "1795225308494000000", "severityNumber": 17,
        "severityText": "ERROR", "body": {"stringValue": "cannot reach the broker"},
        "attributes": attributes(&json!({"exception.type": "TimeoutError", "exception.message": "after 3 s", "id": "7"}))}]);
    let batches = send(Signal::Logs, "desk.orders", "desk", records);
    let [event] = &events(&batches)[..] else { panic!() };
    assert_eq!((event.header.action_type, event.header.level), (A::Log, Level::Error));
    assert_eq!(event.header.timestamp_us, 1_795_225_308_494_000);
    assert_eq!(
        (section(event, INPUT), section(event, ERROR)),
        (json!("cannot reach the broker"), json!("after 3 s"))
    );
    assert_eq!(
        (&facts(event)["logger"], &facts(event)["error_type"]),
        (&json!("desk.orders"), &json!("TimeoutError"))
    );
    assert_eq!(section(event, EXTRA)["id"], "7", "an attribute is never the event's identity");
}

#[test]
fn points_are_events_with_value_and_aggregation() {
    let point = |more: Value| {
        let mut point = json!({"startTimeUnixNano": "1795225308000000000", "timeUnixNano": "1795225309000000000",
            "attributes": attributes(&json!({"session.id": "s1", "model": "m", "type": "input", "input_tokens": 9}))});
        point.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        point
    };
    let records = json!([
        {"name": "claude_code.token.usage", "unit": "tokens", "sum": {"aggregationTemporality": 1, "isMonotonic": true,
            "dataPoints": [point(json!({"asDouble": 5156})), point(json!({"asInt": "7"}))]}},
        {"name": "gen_ai.client.operation.duration", "unit": "s", "histogram": {"aggregationTemporality": 2,
            "dataPoints": [point(json!({"count": "2", "sum": 0.5, "bucketCounts": ["1", "1"], "explicitBounds": [0.1]}))]}},
        {"name": "queue.depth", "gauge": {"dataPoints": [point(json!({"flags": 1}))]}},
        {"name": "sizes", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [point(json!({"count": 3,
            "scale": -1, "zeroCount": "1", "positive": {"offset": 2, "bucketCounts": ["2"]}}))]}},
        {"name": "latency", "summary": {"dataPoints": [point(json!({"count": "9", "sum": 4.5,
            "quantileValues": [{"quantile": 0.5, "value": 0.4}]}))]}},
    ]);
    let batches = send(Signal::Metrics, "meter", "claude-code", records);
    let events = events(&batches);
    let names: Vec<&str> = events.iter().map(|event| event.header.action_name).collect();
    assert_eq!(
        names[..3],
        ["claude_code.token.usage", "claude_code.token.usage", "gen_ai.client.operation.duration"]
    );
    for event in &events {
        assert_eq!((event.header.action_type, event.who.session), (A::Metric, Some("s1")));
        assert!(
            facts(event).get("tokens_input").is_none(),
            "what is measured is never added to what happened"
        );
        assert_eq!(facts(event)["model"], "m");
    }
    let outputs: Vec<Value> = events.iter().map(|event| section(event, OUTPUT)).collect();
    assert_eq!(outputs[0]["value"], 5156.0);
    assert_eq!((&outputs[1]["value"], &outputs[1]["temporality"]), (&json!(7), &json!("delta")));
    assert_eq!(
        (&outputs[2]["temporality"], &outputs[2]["bucket_counts"]),
        (&json!("cumulative"), &json!([1, 1]))
    );
    assert!(outputs[3]["value"].is_null(), "no value was recorded");
    assert_eq!(outputs[4]["positive"], json!({"offset": 2, "bucket_counts": [2]}));
    assert_eq!(outputs[5]["quantiles"], json!([{"quantile": 0.5, "value": 0.4}]));
}
