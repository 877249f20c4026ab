//! Hooks of Gemini CLI.

use super::{gemini, told};
use tacho_event::fact::{IntFact, TextFact};

#[test]
fn every_hook_of_gemini_is_understood() {
    for (members, want) in [
        (
            r#""hook_event_name":"SessionStart","source":"startup""#,
            "lifecycle SessionStart - unknown gemini-cli",
        ),
        (
            r#""hook_event_name":"BeforeAgent","prompt":"go""#,
            "communication BeforeAgent message unknown gemini-cli",
        ),
        (
            r#""hook_event_name":"AfterAgent","prompt":"go","prompt_response":"done""#,
            "communication AfterAgent message unknown gemini-cli",
        ),
        (
            r#""hook_event_name":"BeforeModel","llm_request":{"model":"g","messages":[]}"#,
            "external model_request proposed running gemini-cli",
        ),
        (
            r#""hook_event_name":"BeforeToolSelection","llm_request":{"model":"g"}"#,
            "log BeforeToolSelection - unknown gemini-cli",
        ),
        (
            r#""hook_event_name":"AfterModel","llm_request":{},"llm_response":{"text":"x"}"#,
            "external model_request result success gemini-cli",
        ),
        (
            r#""hook_event_name":"BeforeTool","tool_name":"write_file","tool_input":{}"#,
            "tool write_file proposed running gemini-cli",
        ),
        (
            r#""hook_event_name":"AfterTool","tool_name":"google_web_search","tool_input":{"query":"q"}"#,
            "external google_web_search result success gemini-cli",
        ),
        (r#""hook_event_name":"PreCompress","trigger":"auto""#, "memory PreCompress - unknown gemini-cli"),
        (
            r#""hook_event_name":"Notification","message":"may I?""#,
            "communication Notification message unknown gemini-cli",
        ),
        (r#""hook_event_name":"SessionEnd","reason":"exit""#, "lifecycle SessionEnd - unknown gemini-cli"),
    ] {
        assert_eq!(told(&gemini(members).one()), want);
    }
    // Its own time is taken.
    let taken = gemini(r#""hook_event_name":"SessionEnd""#);
    assert_eq!(taken.one().header.timestamp_us, 1_795_225_765_495_000);
}

#[test]
fn failures_of_gemini_stand_in_what_its_tools_answer() {
    let after = |response: &str| {
        gemini(&format!(
            r#""hook_event_name":"AfterTool","tool_name":"run_shell_command","tool_input":{{"command":"x"}},"call_id":"hook-1","tool_response":{response}"#
        ))
    };
    let shell = |text: &str| {
        format!(
            r#"{{"llmContent":"<untrusted_context>\nOutput: {text}\nProcess Group PGID: 7\n</untrusted_context>","returnDisplay":""}}"#
        )
    };
    for (response, want, code, kind) in [
        (shell(r"oops\nExit Code: 3"), "failure", Some(3), None),
        (shell("hello"), "success", None, None),
        (
            r#"{"llmContent":"Could not read","error":{"message":"none","type":"file_not_found"}}"#
                .to_owned(),
            "failure",
            None,
            Some("file_not_found"),
        ),
    ] {
        let taken = after(&response);
        let event = taken.one();
        assert_eq!(
            (event.header.outcome.as_str(), event.facts.int(IntFact::ExitCode)),
            (want, code),
            "{response}"
        );
        assert_eq!((event.header.call, event.facts.text(TextFact::ErrorType)), (Some("hook-1"), kind));
    }
}

#[test]
fn tokens_model_and_mcp_server_of_gemini_are_columns() {
    let taken = gemini(
        r#""hook_event_name":"AfterModel","llm_request":{"model":"gemini-2.5-flash","messages":[{"role":"user","content":"hi"}]},"llm_response":{"text":"x","usageMetadata":{"promptTokenCount":800,"candidatesTokenCount":50,"totalTokenCount":870}}"#,
    );
    let event = taken.one();
    assert_eq!(
        (event.facts.int(IntFact::TokensInput), event.facts.int(IntFact::TokensOutput)),
        (Some(800), Some(50))
    );
    assert_eq!(event.facts.text(TextFact::Model), Some("gemini-2.5-flash"));
    assert_eq!(
        event.facts.int(IntFact::CostMicros),
        Some(415),
        "the hook tells of thoughts by its total alone"
    );
    assert!(event.texts[0].unwrap().contains("\"content\":\"hi\""));
    // A streamed answer has a hook for each piece, with the tokens so far: the last one has them all.
    for (finish, tokens, outcome) in
        [("", None, "running"), (r#","finishReason":"STOP""#, Some(20), "success")]
    {
        let taken = gemini(&format!(
            r#""hook_event_name":"AfterModel","llm_response":{{"candidates":[{{"content":{{}}{finish}}}],"usageMetadata":{{"candidatesTokenCount":20}}}}"#
        ));
        let event = taken.one();
        assert_eq!(
            (event.facts.int(IntFact::TokensOutput), event.header.outcome.as_str()),
            (tokens, outcome)
        );
        assert!(event.texts[1].unwrap().contains("candidatesTokenCount"));
    }
    let taken = gemini(
        r#""hook_event_name":"BeforeTool","tool_name":"mcp_demo_add","tool_input":{"a":2},"mcp_context":{"server_name":"demo","tool_name":"add","command":"python3"}"#,
    );
    let event = taken.one();
    assert_eq!(
        (event.facts.text(TextFact::McpServer), event.facts.text(TextFact::Operation)),
        (Some("demo"), Some("add"))
    );
    assert!(event.texts[5].unwrap().contains(r#""mcp_context.command":"python3""#));
}

#[test]
fn a_call_with_input_that_its_tool_does_not_take_is_a_failure_whatever_its_words_hold() {
    for error in [
        "params must have required property 'command'",
        "Path not in workspace: Attempted path \"/srv/denied/x\" resolves outside",
        "Search path does not exist: /srv/not found, not allowed",
    ] {
        let call = format!(r#"{{"call_id":"sh_1","tool_name":"sh","tool_input":{{}},"error":{error:?}}}"#);
        let taken = gemini(&format!(r#""hook_event_name":"AfterAgent","tool_calls":[{call}]"#));
        let event = &taken.events()[1];
        assert_eq!(told(event), "tool sh result failure gemini-cli");
        assert_eq!((event.header.call, event.facts.text(TextFact::ErrorType)), (Some("sh_1"), None));
    }
}
