//! Requests to a model whose spans name no operation: those of the conventions before 1.27, and Vercel's AI SDK.

use super::{EXTRA, INPUT, OUTPUT, events, facts, section, send, span};
use serde_json::{Value, json};
use tacho_event::words::{ActionType as A, Phase};
use tacho_ingest::otlp::Signal;

/// Attributes with more of them.
fn with(mut of: Value, more: Value) -> Value {
    of.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    of
}

fn operation(id: &str) -> Value {
    json!({"operation.name": format!("{id} calc"), "resource.name": "calc", "ai.operationId": id,
        "ai.telemetry.functionId": "calc", "ai.model.provider": "openai.chat", "ai.model.id": "gpt-4o"})
}

#[test]
fn a_request_of_conventions_without_an_operations_name_counts() {
    let asked = json!({"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o"});
    let before = json!({"gen_ai.usage.prompt_tokens": 100, "gen_ai.usage.completion_tokens": 20});
    let later = json!({"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20});
    let oldest = json!({"llm.request.type": "chat", "llm.vendor": "OpenAI", "llm.request.model": "gpt-4o",
        "llm.usage.prompt_tokens": 100, "llm.usage.completion_tokens": 20});
    let records = json!([
        span(1, 0, "chat gpt-4", with(asked.clone(), before)),
        span(2, 0, "chat gpt-4", with(asked.clone(), later.clone())),
        span(3, 0, "openai.chat", oldest)
    ]);
    let batches = send(Signal::Traces, "any", "desk", records);
    for event in events(&batches) {
        assert_eq!((event.header.action_type, event.header.action_name), (A::External, "model_request"));
        let facts = facts(&event);
        assert_eq!((&facts["tokens_input"], &facts["tokens_output"]), (&json!(100), &json!(20)), "{facts}");
        assert_eq!((&facts["model"], &facts["cost_micros"]), (&json!("gpt-4o"), &json!(450)));
    }
    let all = with(asked, later);
    let agent = with(all.clone(), json!({"gen_ai.agent.name": "planner"}));
    let tool = with(all.clone(), json!({"gen_ai.tool.name": "search"}));
    let other = with(all, json!({"gen_ai.operation.name": "plan_a_trip"}));
    let records = json!([span(1, 0, "run", agent), span(2, 0, "search", tool), span(3, 0, "plan", other)]);
    let batches = send(Signal::Traces, "any", "desk", records);
    for event in events(&batches) {
        assert_ne!(event.header.action_name, "model_request");
        assert!(facts(&event).get("tokens_input").is_none(), "what tells of something else counts nothing");
    }
}

#[test]
fn requests_of_the_ai_sdk_count_once_and_its_tool_calls_are_calls() {
    let asked = with(
        operation("ai.generateText.doGenerate"),
        json!({"gen_ai.system": "openai.chat", "gen_ai.request.model": "gpt-4o", "gen_ai.response.id": "chatcmpl-7",
        "gen_ai.usage.input_tokens": 320, "gen_ai.usage.output_tokens": 42, "ai.usage.promptTokens": 320,
        "ai.prompt.messages": "[{\"role\":\"user\"}]", "ai.response.text": "A"}),
    );
    let streamed = with(
        operation("ai.streamText.doStream"),
        json!({"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 320,
        "gen_ai.usage.output_tokens": 42, "ai.usage.inputTokens": 320, "ai.usage.cachedInputTokens": 20}),
    );
    let called = with(
        operation("ai.toolCall"),
        json!({"ai.toolCall.name": "add", "ai.toolCall.id": "call_7",
        "ai.toolCall.args": "{\"a\":1}", "ai.toolCall.result": "{\"sum\":3}"}),
    );
    let sum = json!({"ai.usage.promptTokens": 640, "ai.usage.completionTokens": 84, "ai.usage.totalTokens": 724,
        "ai.telemetry.metadata.sessionId": "desk-42", "ai.telemetry.metadata.userId": "u7"});
    let records = json!([
        span(2, 1, "ai.generateText.doGenerate", asked),
        span(3, 1, "ai.streamText.doStream", streamed),
        span(4, 1, "ai.toolCall", called),
        span(1, 0, "ai.generateText", with(operation("ai.generateText"), sum)),
    ]);
    let batches = send(Signal::Traces, "ai", "desk", records);
    let [asked, streamed, called, outer] = &events(&batches)[..] else { panic!() };
    for request in [asked, streamed] {
        assert_eq!((request.header.action_type, request.header.action_name), (A::External, "model_request"));
        let facts = facts(request);
        assert_eq!((&facts["tokens_input"], &facts["tokens_output"]), (&json!(320), &json!(42)), "{facts}");
        assert_eq!(facts["model"], "gpt-4o");
        assert!(facts.get("cost_micros").is_some());
    }
    assert_eq!((&facts(asked)["request_id"], section(asked, OUTPUT)), (&json!("chatcmpl-7"), json!("A")));
    assert_eq!(section(asked, INPUT)[0]["role"], "user");
    assert_eq!(facts(streamed)["tokens_cache_read"], 20);
    let header = &called.header;
    assert_eq!(
        (header.action_type, header.action_name, header.phase),
        (A::Tool, "add", Some(Phase::Executed))
    );
    assert_eq!((header.call, section(called, INPUT)["a"].clone()), (Some("call_7"), json!(1)));
    assert_eq!(section(called, OUTPUT)["sum"], 3);
    assert_eq!((outer.header.action_type, outer.header.action_name), (A::Workflow, "ai.generateText"));
    assert!(facts(outer).get("tokens_input").is_none() && facts(outer).get("tokens_total").is_none());
    assert_eq!(section(outer, EXTRA)["ai.usage.promptTokens"], 640);
    for event in [asked, streamed, called, outer] {
        assert_eq!((event.who.session, event.who.user), (Some("desk-42"), Some("u7")));
    }
}

#[test]
fn embeddings_of_the_ai_sdk_are_requests() {
    let embed =
        |id| with(operation(id), json!({"ai.model.id": "text-embedding-3-small", "ai.usage.tokens": 8}));
    let records = json!([
        span(2, 1, "ai.embed.doEmbed", embed("ai.embed.doEmbed")),
        span(1, 0, "ai.embed", embed("ai.embed"))
    ]);
    let batches = send(Signal::Traces, "ai", "desk", records);
    let [inner, outer] = &events(&batches)[..] else { panic!() };
    assert_eq!((inner.header.action_name, &facts(inner)["tokens_input"]), ("model_request", &json!(8)));
    assert_eq!(facts(inner)["model"], "text-embedding-3-small");
    assert_eq!((outer.header.action_type, facts(outer).get("tokens_input")), (A::Workflow, None));
}

/// Before version 6 it states Claude's input as Anthropic does, without the cached tokens.
#[test]
fn cached_tokens_of_claude_are_taken_out_of_its_input_where_they_are_in_it() {
    let told = |more| {
        let usage = json!({"ai.model.id": "claude-sonnet-4-5", "gen_ai.request.model": "claude-sonnet-4-5",
            "gen_ai.usage.input_tokens": 100, "ai.usage.cachedInputTokens": 90});
        let all = with(with(operation("ai.streamText.doStream"), usage), more);
        let batches = send(Signal::Traces, "ai", "desk", json!([span(1, 0, "ai.streamText.doStream", all)]));
        facts(&events(&batches)[0])["tokens_input"].clone()
    };
    assert_eq!(told(json!({})), 100);
    assert_eq!(told(json!({"ai.usage.inputTokenDetails.noCacheTokens": 10})), 10);
}

#[test]
fn an_outer_request_whose_inner_one_was_told_no_tokens_counts() {
    let outer = json!({"openinference.span.kind": "LLM", "llm.token_count.prompt": 320});
    let inner = json!({"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 0});
    let records = json!([span(2, 1, "chat", inner), span(1, 0, "ChatOpenAI", outer)]);
    let batches = send(Signal::Traces, "any", "desk", records);
    assert_eq!(facts(&events(&batches)[1])["tokens_input"], 320);
}

#[test]
fn the_ai_sdk_since_version_7_tells_session_and_user_by_its_runtime_context() {
    let context = json!({"ai.settings.context.sessionId": "conv-42", "ai.settings.context.userId": "u-7"});
    let agent = json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "trader",
        "gen_ai.usage.input_tokens": 640, "gen_ai.usage.output_tokens": 84});
    let asked = json!({"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 320, "gen_ai.usage.output_tokens": 42});
    let called = json!({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_price",
        "gen_ai.tool.call.id": "call_7", "gen_ai.tool.call.arguments": "{\"symbol\":\"ACME\"}"});
    let records = json!([
        span(3, 2, "chat gpt-4o", asked),
        span(4, 2, "execute_tool get_price", called),
        span(2, 1, "step 1", with(json!({"gen_ai.operation.name": "agent_step"}), context.clone())),
        span(1, 0, "invoke_agent gpt-4o", with(agent, context)),
    ]);
    let batches = send(Signal::Traces, "gen_ai", "calc", records);
    let events = events(&batches);
    for event in &events {
        let who = (event.header.agent, event.who.session, event.who.user);
        assert_eq!(who, ("trader", Some("conv-42"), Some("u-7")), "{}", event.header.action_name);
    }
    let kinds: Vec<_> =
        events.iter().map(|event| (event.header.action_type, event.header.action_name)).collect();
    let told = [
        (A::External, "model_request"),
        (A::Tool, "get_price"),
        (A::Workflow, "step 1"),
        (A::Lifecycle, "invoke_agent"),
    ];
    assert_eq!(kinds, told);
    let counted = events.iter().filter(|event| facts(event).get("tokens_input").is_some());
    assert_eq!(counted.count(), 1, "the agent's sum is not counted again");
}

#[test]
fn what_else_the_ai_sdk_asks_of_models_is_told() {
    let of = |operation: &str| json!({"gen_ai.operation.name": operation, "gen_ai.request.model": "m"});
    let records = json!([
        span(1, 0, "rerank m", of("rerank")),
        span(2, 0, "ai.generateSpeech m", of("ai.generateSpeech")),
        span(3, 0, "ai.transcribe m", of("ai.transcribe"))
    ]);
    let batches = send(Signal::Traces, "gen_ai", "calc", records);
    let names: Vec<_> = events(&batches).iter().map(|event| event.header.action_name.to_owned()).collect();
    assert_eq!(names, ["retrieval", "model_request", "model_request"]);
}
