//! Hooks of Codex and Gemini CLI, and the traps in those of Claude Code.

use crate::common::{Taken, decoded, take};
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::record::Accepted;
use tacho_ingest::formats::Format;

fn told(event: &Accepted<'_>) -> String {
    let header = &event.header;
    let phase = header.phase.map_or("-", |phase| phase.as_str());
    format!("{} {} {phase} {} {}", header.action_type, header.action_name, header.outcome, header.agent)
}

fn codex(members: &str) -> Taken {
    take(&format!(
        r#"{{"session_id":"c","turn_id":"t","transcript_path":"/home/u/.codex/sessions/r.jsonl","cwd":"/srv","model":"gpt-6","permission_mode":"default",{members}}}"#
    ))
}

fn gemini(members: &str) -> Taken {
    take(&format!(
        r#"{{"session_id":"g","transcript_path":"/home/u/.gemini/tmp/x/chats/s.jsonl","cwd":"/srv","timestamp":"2026-11-21T01:49:25.495Z",{members}}}"#
    ))
}

#[test]
fn every_hook_of_codex_is_understood() {
    for (members, want) in [
        (r#""hook_event_name":"SessionStart","source":"startup""#, "lifecycle SessionStart - unknown codex"),
        (
            r#""hook_event_name":"UserPromptSubmit","prompt":"go""#,
            "communication UserPromptSubmit message unknown codex",
        ),
        (
            r#""hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls"},"tool_use_id":"1""#,
            "tool Bash proposed running codex",
        ),
        (
            r#""hook_event_name":"PermissionRequest","tool_name":"Bash","tool_input":{}"#,
            "tool Bash asked unknown codex",
        ),
        (
            r#""hook_event_name":"SubagentStart","agent_id":"sub","agent_type":"worker""#,
            "lifecycle SubagentStart - unknown sub",
        ),
        (
            r#""hook_event_name":"SubagentStop","agent_id":"sub","agent_type":"worker""#,
            "lifecycle SubagentStop - unknown sub",
        ),
        (r#""hook_event_name":"PreCompact","trigger":"auto""#, "memory PreCompact - unknown codex"),
        (r#""hook_event_name":"PostCompact","trigger":"auto""#, "memory PostCompact - unknown codex"),
        (
            r#""hook_event_name":"Stop","last_assistant_message":"done""#,
            "communication Stop message unknown codex",
        ),
        (r#""hook_event_name":"SessionEnd","reason":"other""#, "lifecycle SessionEnd - unknown codex"),
        // A transcript elsewhere: the hook says whose it is.
        (
            r#""hook_source":"claude","hook_event_name":"SessionEnd""#,
            "lifecycle SessionEnd - unknown claude-code",
        ),
    ] {
        assert_eq!(told(&codex(members).one()), want);
    }
}

/// A command that fails and one that succeeds give the same hook.
#[test]
fn a_result_of_codex_is_no_success_unless_it_says_so() {
    for (response, want, code) in [
        (r#""oops\n""#, "unknown", None),
        (r#""""#, "unknown", None),
        (r#""Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess.\n""#, "success", Some(0)),
        (r#""Exit code: 7\nWall time: 0 seconds\nOutput:\n""#, "failure", Some(7)),
        (r#""I say: Exit code: 7\n""#, "unknown", None),
        (r#"{"content":[{"type":"text","text":"42"}],"structuredContent":{"sum":42}}"#, "success", None),
        (r#"{"content":[{"type":"text","text":"no"}],"isError":true}"#, "failure", None),
    ] {
        let taken = codex(&format!(
            r#""hook_event_name":"PostToolUse","tool_name":"Bash","tool_input":{{}},"tool_use_id":"1","tool_response":{response}"#
        ));
        let event = taken.one();
        assert_eq!(
            (event.header.outcome.as_str(), event.facts.int(IntFact::ExitCode)),
            (want, code),
            "{response}"
        );
        assert_eq!(event.facts.text(TextFact::Model), Some("gpt-6"));
    }
}

/// What `agent-audit-log` found in the session file comes first.
#[test]
fn the_exit_code_that_codex_hides_decides() {
    for (members, want) in [
        (r#""tool_name":"Bash","tool_response":"oops","exit_code":3"#, "failure"),
        (r#""tool_name":"Bash","tool_response":"Exit code: 1\n","exit_code":0"#, "success"),
        // Any other tool has no hook after a call that failed.
        (
            r#""tool_name":"collaborationspawn_agent","tool_response":"{\"task_name\":\"/root/a\"}""#,
            "success",
        ),
    ] {
        let taken = codex(&format!(r#""hook_event_name":"PostToolUse","tool_use_id":"1",{members}"#));
        assert_eq!(taken.one().header.outcome.as_str(), want, "{members}");
    }
}

#[test]
fn calls_that_never_ran_are_told_at_the_end_of_a_turn() {
    let calls = r#""event_id":"e","producer_seq":9,"user":"ann","host":"box","tool_calls":[{"tool_use_id":"c3","call_id":"c3","tool_name":"Bash","tool_input":{"command":"rm x"},"error":"policy forbids"},{"tool_use_id":"c4","tool_name":"odd","tool_input":{},"error":"unsupported call: odd"}]"#;
    let agents = [
        codex(&format!(r#""hook_event_name":"Stop","last_assistant_message":"done",{calls}"#)),
        gemini(&format!(r#""hook_event_name":"AfterAgent","prompt_response":"done",{calls}"#)),
    ];
    for taken in &agents {
        let [end, refused, unknown] = &taken.events()[..] else { panic!("{:?}", taken.tally) };
        assert_eq!((end.texts[1], end.header.call), (Some("\"done\""), None));
        assert_eq!((refused.header.call, refused.header.action_name), (Some("c3"), "Bash"));
        assert_eq!((refused.header.outcome.as_str(), refused.texts[1]), ("failure", None));
        assert!(told(refused).starts_with("tool Bash result failure "), "{}", told(refused));
        assert!(refused.texts[2].unwrap().contains("policy forbids"));
        let why = [refused, unknown].map(|event| event.facts.text(TextFact::ErrorType));
        assert_eq!(why, [Some("refused"), Some("unknown_tool")]);
        assert_eq!((unknown.header.call, unknown.header.outcome.as_str()), (Some("c4"), "failure"));
        for event in [end, refused, unknown] {
            assert_eq!((event.header.producer_seq, event.who.user), (Some(9), Some("ann")));
            assert!(event.texts[5].unwrap().contains(r#""host":"box""#));
        }
        let ids: std::collections::HashSet<_> = [end, refused, unknown].map(|event| event.header.id).into();
        assert_eq!(ids.len(), 3);
    }
}

#[test]
fn the_notice_at_the_end_of_a_turn_of_codex() {
    let taken = take(
        r#"{"type":"agent-turn-complete","thread-id":"c","turn-id":"t","cwd":"/srv","client":"codex_exec","input-messages":["go"],"last-assistant-message":"done"}"#,
    );
    let event = taken.one();
    assert_eq!(told(&event), "communication agent-turn-complete message unknown codex");
    assert_eq!((event.who.session, event.facts.text(TextFact::TurnId)), (Some("c"), Some("t")));
    assert_eq!((event.texts[0], event.texts[1]), (Some(r#"["go"]"#), Some(r#""done""#)));
}

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
fn a_prompt_that_is_a_notification_is_the_end_of_a_task_and_no_message() {
    let notice = |status: &str| {
        take(&format!(
            r#"{{"session_id":"s","hook_event_name":"UserPromptSubmit","prompt":"<task-notification>\n<task-id>a57</task-id>\n<tool-use-id>toolu_9</tool-use-id>\n<status>{status}</status>\n<summary>Agent finished</summary>\n</task-notification>"}}"#
        ))
    };
    for (status, want) in [("completed", "success"), ("failed", "failure"), ("odd", "unknown")] {
        let taken = notice(status);
        let event = taken.one();
        assert_eq!(told(&event), format!("workflow TaskNotification message {want} claude-code"));
        assert_eq!((event.header.call, event.facts.text(TextFact::TaskId)), (Some("toolu_9"), Some("a57")));
        assert!(event.texts[0].unwrap().contains("Agent finished"));
    }
    // A person may write about one.
    let taken = take(r#"{"hook_event_name":"UserPromptSubmit","prompt":"what is a <task-notification>?"}"#);
    assert_eq!(told(&taken.one()), "communication UserPromptSubmit message unknown claude-code");
}

#[test]
fn a_call_that_started_a_sub_agent_in_the_background_is_running_and_names_it() {
    let after = |response: &str| {
        take(&format!(
            r#"{{"session_id":"s","hook_event_name":"PostToolUse","tool_name":"Agent","tool_input":{{}},"tool_use_id":"t1","tool_response":{response}}}"#
        ))
    };
    let taken = after(r#"{"isAsync":true,"status":"async_launched","agentId":"a57"}"#);
    let event = taken.one();
    assert_eq!(told(&event), "tool Agent result running claude-code");
    assert_eq!(event.facts.text(TextFact::ToAgent), Some("a57"));
    let taken = after(r#"{"status":"completed","agentId":"a58","content":[]}"#);
    assert_eq!(told(&taken.one()), "tool Agent result success claude-code");
    let taken = take(
        r#"{"session_id":"s","hook_event_name":"PreToolUse","agent_id":"a57","agent_type":"explorer","tool_name":"Bash","tool_use_id":"t2","parent_id":"t1"}"#,
    );
    let event = taken.one();
    assert_eq!((event.header.agent, event.header.call, event.header.parent), ("a57", Some("t2"), Some("t1")));
}

#[test]
fn the_server_of_a_tool_is_in_its_name_where_nothing_else_says_it() {
    for (tool, want) in [("mcp__demo__add", Some("demo")), ("mcp__demo", None), ("Bash", None)] {
        let taken =
            codex(&format!(r#""hook_event_name":"PreToolUse","tool_name":"{tool}","tool_use_id":"1""#));
        assert_eq!(taken.one().facts.text(TextFact::McpServer), want, "{tool}");
    }
}

#[test]
fn what_the_hook_command_adds_has_its_columns() {
    let taken = take(
        r#"{"hook_event_name":"Stop","event_id":"01a1fdab-efaf-7eb4-808e-0220f68f0000","timestamp":"2026-11-21T01:49:25.495Z","producer_seq":7,"user":"ann","host":"box","agent":"releaser","hook_source":"claude","hook_redactions":2,"sensitive_data_accessed":true,"model":"m"}"#,
    );
    let event = taken.one();
    assert_eq!(told(&event), "communication Stop message unknown releaser");
    assert_eq!((event.header.producer_seq, event.who.user), (Some(7), Some("ann")));
    assert_eq!(
        (event.facts.int(IntFact::Redactions), event.facts.int(IntFact::Sensitive)),
        (Some(2), Some(1))
    );
    assert_eq!(event.texts[5], Some(r#"{"host":"box","hook_source":"claude"}"#));
}

#[test]
fn a_format_can_be_asked_for_by_name() {
    for (name, agent) in [("codex-hook", "codex"), ("gemini-hook", "gemini-cli")] {
        let format = Format::by_name(name).unwrap();
        assert_eq!(format.default_agent(), Some(agent));
        assert_eq!(decoded(r#"{"hook_event_name":"SessionEnd"}"#, Some(format)).len(), 1);
    }
}
