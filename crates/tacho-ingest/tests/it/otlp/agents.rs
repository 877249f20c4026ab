//! Claude Code, Codex and Gemini CLI, in their own words.

use super::{ERROR, EXTRA, INPUT, OUTPUT, attributes, events, facts, log, section, send, span};
use serde_json::{Value, json};
use tacho_event::words::{ActionType as A, Level, Outcome, Phase};
use tacho_ingest::otlp::Signal;

#[test]
fn claude_code_tells_of_calls_requests_and_prompts_in_logs() {
    let common = |mut of: Value, sequence: u64| {
        of["session.id"] = json!("900b8989-1d78-4451-801e-8dee379b5c42");
        of["event.sequence"] = json!(sequence);
        of["user.email"] = json!("dev@example.com");
        of["user.id"] = json!("0f0f");
        of
    };
    let records = json!([
        log("user_prompt", common(json!({"prompt": "look around", "prompt.id": "p1"}), 4)),
        log(
            "api_request",
            common(
                json!({"model": "claude-opus-5-5", "input_tokens": 1261, "output_tokens": 145,
            "cache_read_tokens": 12613, "cache_creation_tokens": 120, "cost_usd_micros": 11067, "duration_ms": 125}),
                5
            )
        ),
        log(
            "tool_decision",
            common(
                json!({"decision": "reject", "source": "user_reject", "tool_name": "Bash",
            "tool_use_id": "toolu_1"}),
                6
            )
        ),
        log(
            "tool_result",
            common(
                json!({"tool_name": "Bash", "tool_use_id": "toolu_2", "success": "false",
            "duration_ms": "54", "error_type": "ShellError", "error": "Shell command failed",
            "tool_parameters": "{\"full_command\":\"git push\"}", "tool_input": "{\"command\":\"git push\"}"}),
                9
            )
        ),
    ]);
    let batches = send(Signal::Logs, "com.anthropic.claude_code.events", "claude-code", records);
    let [prompt, request, decision, result] = &events(&batches)[..] else { panic!() };
    for event in [prompt, request, decision, result] {
        assert_eq!(event.header.agent, "claude-code");
        assert_eq!(event.header.agent_version, Some("2.1"));
        assert_eq!(event.header.session.unwrap().text(), "900b8989-1d78-4451-801e-8dee379b5c42");
        assert_eq!(event.who.user, Some("dev@example.com"), "the person, before the device");
    }
    assert_eq!((prompt.header.action_type, prompt.header.phase), (A::Communication, Some(Phase::Message)));
    assert_eq!(section(prompt, INPUT), "look around");
    assert_eq!((request.header.action_type, request.header.action_name), (A::External, "model_request"));
    assert_eq!(facts(request)["cost_micros"], 11067);
    assert_eq!(facts(request)["tokens_cache_read"], 12613);
    assert_eq!(facts(request)["duration_us"], 125_000);
    assert_eq!((decision.header.phase, decision.header.outcome), (Some(Phase::Decided), Outcome::Failure));
    assert_eq!((decision.header.action_name, decision.header.call), ("Bash", Some("toolu_1")));
    assert_eq!(facts(decision)["chosen"], "reject");
    assert_eq!((result.header.phase, result.header.outcome), (Some(Phase::Result), Outcome::Failure));
    assert_eq!(result.header.call, Some("toolu_2"));
    assert_eq!(result.header.producer_seq, Some(9), "a gap in the sender's numbers is seen");
    assert_eq!(section(result, INPUT)["command"], "git push");
    assert_eq!(section(result, ERROR), "Shell command failed");
    assert_eq!(facts(result)["mapped_action"], "code_deployment");
    assert_eq!(section(result, EXTRA)["tool_parameters"]["full_command"], "git push");
}

#[test]
fn spans_of_coding_agents_repeat_tokens_and_do_not_count_them_again() {
    let mut tool = span(
        2,
        1,
        "claude_code.tool",
        json!({"span.type": "tool", "tool_name": "Read",
        "tool_use_id": "toolu_1", "gen_ai.operation.name": "execute_tool"}),
    );
    tool["events"] = json!([{"name": "tool.output", "timeUnixNano": "1",
        "attributes": attributes(&json!({"file_path": "/a", "content": "text of the file"}))}]);
    let records = json!([
        span(
            3,
            1,
            "claude_code.llm_request",
            json!({"span.type": "llm_request", "input_tokens": 5, "output_tokens": 2})
        ),
        tool,
        span(4, 2, "claude_code.tool.blocked_on_user", json!({"span.type": "tool.blocked_on_user"})),
        span(1, 0, "claude_code.interaction", json!({"span.type": "interaction", "user_prompt": "go"})),
    ]);
    let batches = send(Signal::Traces, "com.anthropic.claude_code.tracing", "claude-code", records);
    let [request, tool, waits, turn] = &events(&batches)[..] else { panic!() };
    assert_eq!(request.header.action_name, "model_request");
    assert!(facts(request).get("tokens_input").is_none());
    assert_eq!(section(request, EXTRA)["input_tokens"], 5, "it is kept all the same");
    assert_eq!((tool.header.action_name, tool.header.phase), ("Read", Some(Phase::Executed)));
    assert_eq!(tool.header.outcome, Outcome::Unknown, "the program leaves failed ones unset, too");
    assert_eq!(section(tool, OUTPUT)["content"], "[dropped 16 characters]");
    assert_eq!(waits.header.phase, Some(Phase::Asked));
    assert_eq!((turn.header.action_type, turn.header.action_name), (A::Lifecycle, "invoke_agent"));
    assert_eq!((tool.header.call, tool.header.parent), (Some("toolu_1"), Some("0000000000000001")));
    assert_eq!(section(tool, EXTRA)["span_id"], "0000000000000002");
    assert_eq!(section(tool, EXTRA)["trace_id"], format!("{:032x}", 0xace));
}

#[test]
fn a_tool_of_an_mcp_server_has_its_own_name() {
    let parameters = r#"{"mcp_server_name":"my demo","mcp_tool_name":"add"}"#;
    let records = json!([
        log(
            "tool_decision",
            json!({"decision": "accept", "tool_name": "mcp_tool", "tool_parameters": parameters})
        ),
        log(
            "tool_result",
            json!({"tool_name": "mcp_tool", "tool_use_id": "toolu_1", "tool_parameters": parameters,
            "tool_input": "{\"a\":2}", "success": "true"})
        ),
        log("tool_result", json!({"tool_name": "mcp_tool", "tool_use_id": "toolu_2", "success": "true"})),
    ]);
    let batches = send(Signal::Logs, "com.anthropic.claude_code.events", "claude-code", records);
    let [decision, result, nameless] = &events(&batches)[..] else { panic!() };
    for event in [decision, result] {
        assert_eq!((event.header.action_type, event.header.action_name), (A::Tool, "mcp__my_demo__add"));
        assert_eq!(facts(event)["mcp_server"], "my demo");
        assert_eq!(section(event, EXTRA)["tool_name"], "mcp_tool", "what it said is kept");
    }
    assert_eq!(section(result, INPUT)["a"], 2);
    assert_eq!(nameless.header.action_name, "mcp_tool", "it was told to keep the name to itself");
}

#[test]
fn codex_counts_at_the_end_of_a_stream_and_hides_exit_codes() {
    let records = json!([
        log("codex.sse_event", json!({"event.kind": "response.created", "conversation.id": "c1"})),
        log(
            "codex.sse_event",
            json!({"event.kind": "response.completed", "input_token_count": "900",
            "output_token_count": "60", "cached_token_count": "512", "reasoning_token_count": "10"})
        ),
        log(
            "codex.tool_result",
            json!({"tool_name": "exec_command", "call_id": "call_1", "success": "true",
            "agent_name": "/root", "arguments": "{\"cmd\": \"exit 3\"}",
            "output": "Wall time: 0.0\nProcess exited with code 3\nOutput:\noops\n"})
        ),
        log(
            "codex.tool_result",
            json!({"tool_name": "exec_command", "call_id": "call_2", "success": "true",
            "output": "Wall time: 0.5\nProcess running with session ID 26032\nOutput:\nProcess exited with code 3\n"})
        ),
        log("codex.api_request", json!({"http.response.status_code": "503"})),
        log("codex.api_request", json!({"http.response.status_code": "200", "endpoint": "/responses"})),
        log("codex.api_request", json!({"http.response.status_code": "200", "endpoint": "/models"})),
        log("codex.api_request", json!({"error.message": "connection reset"})),
    ]);
    let batches = send(Signal::Logs, "codex_otel.log_only", "codex_exec", records);
    let [created, completed, result, running, unanswered, request, elsewhere, broken] = &events(&batches)[..]
    else {
        panic!()
    };
    assert_eq!((created.header.action_type, created.header.level), (A::Log, Level::Debug));
    assert_eq!(created.header.agent, "codex");
    assert_eq!(created.who.session, Some("c1"), "the conversation is the session");
    assert_eq!(completed.header.action_name, "model_request");
    assert_eq!(facts(completed)["tokens_output"], 60);
    assert_eq!(facts(completed)["tokens_reasoning"], 10);
    assert_eq!((result.header.outcome, result.header.agent), (Outcome::Failure, "codex"));
    assert_eq!(facts(result)["exit_code"], 3);
    assert_eq!(section(result, EXTRA)["success"], true, "what it said is kept");
    assert_eq!(section(result, INPUT)["cmd"], "exit 3");
    assert_eq!((running.header.outcome, running.header.phase), (Outcome::Running, Some(Phase::Result)));
    for failed in [unanswered, broken] {
        assert_eq!((failed.header.action_name, failed.header.outcome), ("model_request", Outcome::Failure));
    }
    assert_eq!((request.header.action_name, request.header.phase), ("model_request", Some(Phase::Proposed)));
    assert_eq!((elsewhere.header.action_name, elsewhere.header.phase), ("api_request", None));
}

#[test]
fn gemini_cli_has_names_of_its_own() {
    let records = json!([
        log(
            "gemini_cli.tool_call",
            json!({"function_name": "read_file", "success": true, "duration_ms": 849,
            "function_args": "{\"file_path\": \"a.md\"}", "session.id": "s"})
        ),
        log(
            "gemini_cli.api_response",
            json!({"model": "gemini-2.5-flash", "input_token_count": 800,
            "output_token_count": 50, "cached_content_token_count": 256, "thoughts_token_count": 20,
            "total_token_count": 870})
        ),
        log(
            "gemini_cli.hook_call",
            json!({"hook_event_name": "BeforeTool", "hook_input": "{\"content\": \"of a file\"}"})
        ),
    ]);
    let batches = send(Signal::Logs, "gemini-cli", "gemini-cli", records);
    let [call, response, hook] = &events(&batches)[..] else { panic!() };
    assert_eq!((call.header.action_name, call.header.outcome), ("read_file", Outcome::Success));
    assert_eq!(facts(call)["mapped_action"], "file_read");
    assert_eq!(call.header.agent_version, None, "it states the version of Node");
    assert_eq!((response.header.action_name, response.header.phase), ("model_request", Some(Phase::Result)));
    assert_eq!(facts(response)["tokens_cache_read"], 256);
    assert_eq!(
        (&facts(response)["cost_micros"], &facts(response)["cost_estimated"]),
        (&json!(346), &json!(1))
    );
    assert_eq!(section(hook, EXTRA)["hook_input"], "[dropped 24 characters]");
}

#[test]
fn what_gemini_clis_span_around_calls_repeats_of_them_is_dropped() {
    let calls = r#"[{"callId":"c1","args":{"file_path":"a.md","content":"of a file"}}]"#;
    let of = json!({"gen_ai.operation.name": "schedule_tool_calls", "gen_ai.input.messages": calls,
        "gen_ai.output.messages": r#"[{"response":{"resultDisplay":"of a file"}}]"#});
    let batches =
        send(Signal::Traces, "gemini-cli", "gemini-cli", json!([span(1, 0, "schedule_tool_calls", of)]));
    let around = &events(&batches)[0];
    let kept = [INPUT, OUTPUT].map(|at| section(around, at).to_string());
    assert!(kept.iter().all(|text| text.contains("[dropped") && !text.contains("of a file")), "{kept:?}");
    assert!(kept[0].contains("a.md"), "paths stay: {kept:?}");
}

/// Its log says success for a command that failed, its spans for every call.
#[test]
fn what_gemini_cli_calls_a_success_and_was_none_is_a_failure() {
    let call = |code: i64| {
        json!({"function_name": "run_shell_command", "success": true,
            "metadata": format!("{{\n \"exitCode\": {code},\n \"isError\": true\n}}")})
    };
    let records = json!([log("gemini_cli.tool_call", call(3)), log("gemini_cli.tool_call", call(0))]);
    let batches = send(Signal::Logs, "gemini-cli", "gemini-cli", records);
    let [failed, good] = &events(&batches)[..] else { panic!() };
    assert_eq!((failed.header.outcome, &facts(failed)["exit_code"]), (Outcome::Failure, &json!(3)));
    assert_eq!(section(failed, EXTRA)["outcome_as_sent"], "success");
    assert_eq!((good.header.outcome, &facts(good)["exit_code"]), (Outcome::Success, &json!(0)));

    let rejected = json!({"function_name": "write_file", "success": false, "decision": "reject"});
    let denied = json!({"function_name": "write_file", "success": false, "error_type": "policy_violation"});
    let records = json!([log("gemini_cli.tool_call", rejected), log("gemini_cli.tool_call", denied)]);
    let batches = send(Signal::Logs, "gemini-cli", "gemini-cli", records);
    let kinds: Vec<_> = events(&batches).iter().map(|event| facts(event)["error_type"].clone()).collect();
    assert_eq!(kinds, ["refused", "policy_violation"]);

    let tool = |id: u64, output: Value| {
        let of = json!({"gen_ai.operation.name": "tool_call", "gen_ai.tool.name": "read_file",
            "gen_ai.tool.call_id": "c1", "gen_ai.output.messages": output.to_string()});
        let mut span = span(id, 0, "tool_call", of);
        span["status"] = json!({"code": 1});
        span
    };
    let records = json!([
        tool(1, json!({"status": "error", "response": {"errorType": "file_not_found"}})),
        tool(2, json!({"status": "success", "response": {"data": {"exitCode": 7}}})),
        tool(3, json!({"status": "success", "response": {}})),
    ]);
    let batches = send(Signal::Traces, "gemini-cli", "gemini-cli", records);
    let [missing, failed, good] = &events(&batches)[..] else { panic!() };
    assert_eq!(
        (missing.header.outcome, &facts(missing)["error_type"]),
        (Outcome::Failure, &json!("file_not_found"))
    );
    assert_eq!((failed.header.outcome, &facts(failed)["exit_code"]), (Outcome::Failure, &json!(7)));
    assert_eq!((good.header.outcome, good.header.call), (Outcome::Success, Some("c1")));
}
