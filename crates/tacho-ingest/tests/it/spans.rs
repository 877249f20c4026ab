//! Spans with OpenInference's attributes, as files have them.

use crate::history::{OWNER, events, lines, part, sum, told, whole};
use tacho_event::fact::{IntFact, TextFact};
use tacho_ingest::accept::Sender;

#[test]
fn spans_are_read_as_phoenix_and_as_an_sdk_write_them() {
    let nested = r#"{"name":"llm","context":{"trace_id":"aa","span_id":"b1"},"parent_id":"b0","start_time":"2026-11-21T00:00:00Z","end_time":"2026-11-21T00:00:01Z","status_code":"OK","attributes":{"openinference":{"span":{"kind":"LLM"}},"llm":{"model_name":"gpt-4o","token_count":{"prompt":5,"completion":2}}}}"#;
    let columns = r#"{"name":"search","context.trace_id":"aa","context.span_id":"b2","start_time":"2026-11-21T00:00:00Z","status_code":"ERROR","status_message":"no","attributes.openinference.span.kind":"TOOL","attributes.input.value":"{\"q\":1}"}"#;
    let chain = r#"{"name":"chain","context":{"trace_id":"0xaa","span_id":"0xb0"},"kind":"SpanKind.INTERNAL","status":{"status_code":"OK"},"attributes":{"openinference.span.kind":"CHAIN","llm.token_count.prompt":5}}"#;
    let page = format!(r#"{{"data":[{nested},{columns},{chain}],"next_cursor":null}}"#);
    let batches = whole(&page);
    let told = told(&batches);
    assert_eq!(told[0], "external model_request - success b1 unknown");
    assert_eq!(told[1], "tool search result failure b2 unknown");
    assert_eq!(told[2], "workflow chain - success b0 unknown");
    assert_eq!(sum(&batches, IntFact::TokensInput), 5, "the sum of a chain is not counted");
    assert_eq!(events(&batches)[0].facts.int(IntFact::DurationUs), Some(1_000_000));
    let printed = r#"{"name":"ChatOpenAI","context":{"trace_id":"0xaa","span_id":"0xb3"},"attributes":{"openinference.span.kind":"LLM","output.value":"{\"id\":\"chatcmpl-0123456789\"}"},"resource":{"attributes":{"service.name":"desk","telemetry.sdk.language":"python"},"schema_url":""}}"#;
    let read = |file: &str, sender: &Sender<'_>| {
        let (_, batches) = part(&lines(&[file]), "f", None, sender);
        let event = &events(&batches)[0];
        (event.header.agent.to_string(), event.facts.text(TextFact::RequestId).map(str::to_string))
    };
    let answer = Some("chatcmpl-0123456789".to_string());
    assert_eq!(read(printed, &OWNER), ("desk".to_string(), answer.clone()));
    let known = Sender { agent: Some("trader"), ..OWNER };
    assert_eq!(read(printed, &known), ("trader".to_string(), answer.clone()), "the credential knows better");
    let named = printed
        .replace("\"openinference.span.kind\"", "\"agent.name\":\"buyer\",\"openinference.span.kind\"");
    assert_eq!(read(&named, &known), ("buyer".to_string(), answer));
    let otlp = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"x","startTimeUnixNano":"1544712660000000000","attributes":[]}]}]}]}"#;
    let (tally, batches) = part(&lines(&[otlp, "{\"resourceLogs\":7}"]), "f", None, &OWNER);
    assert_eq!((events(&batches).len(), tally.refused_lines, tally.refused[0].line), (1, 1, 2));
}

/// What a span below another one does not say is its nearest ancestor's: the file does not say it yet.
#[test]
fn only_what_has_no_parent_has_its_traces_session() {
    let span = |id: &str, more: &str| {
        format!(
            r#"{{"name":"x","context":{{"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"{id}"}}{more}}}"#
        )
    };
    let chain = r#","attributes":{"openinference.span.kind":"CHAIN"}"#;
    let tool = r#","attributes":{"openinference.span.kind":"TOOL"}"#;
    let below = format!(r#"{chain},"parent_id":"eee19b7ec3c1b173""#);
    let named = r#","parent_id":"eee19b7ec3c1b173","attributes":{"openinference.span.kind":"CHAIN","session.id":"s"}"#;
    let id = "eee19b7ec3c1b174";
    let read = |text: String| {
        let batches = whole(&text);
        let event = &events(&batches)[0];
        (event.header.session.is_some(), event.facts.text(TextFact::SpanId).map(str::to_string))
    };
    assert_eq!(read(span(id, chain)), (true, None));
    assert_eq!(read(span(id, &below)), (false, None));
    assert_eq!(read(span(id, named)), (true, None));
    assert_eq!(read(span(id, tool)), (true, Some(id.to_string())), "its call is no span to others");
    assert_eq!(read(span("b1", &below)), (true, None), "no id that a parent is found by");
}
