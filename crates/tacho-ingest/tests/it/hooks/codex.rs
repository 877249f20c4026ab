//! Hooks of Codex, and calls that never ran, which it and Gemini CLI tell at the end of a turn.

use super::{codex, gemini, told};
use crate::common::take;
use tacho_event::fact::{IntFact, TextFact};

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
    let calls = |refused: &str, unknown: &str| {
        format!(
            r#""event_id":"e","producer_seq":9,"user":"ann","host":"box","tool_calls":[{{"tool_use_id":"c3","call_id":"c3","tool_name":"Bash","tool_input":{{"command":"rm x"}},"error":"{refused}"}},{{"tool_use_id":"c4","tool_name":"odd","tool_input":{{}},"error":{unknown:?}}}]"#
        )
    };
    let of_codex = calls("policy forbids", "unsupported call: odd");
    let of_gemini = calls("Tool execution denied by policy. It forbids that.", "Tool \"odd\" not found.");
    let agents = [
        codex(&format!(r#""hook_event_name":"Stop","last_assistant_message":"done",{of_codex}"#)),
        gemini(&format!(r#""hook_event_name":"AfterAgent","prompt_response":"done",{of_gemini}"#)),
    ];
    for taken in &agents {
        let [end, refused, unknown] = &taken.events()[..] else { panic!("{:?}", taken.tally) };
        assert_eq!((end.texts[1], end.header.call), (Some("\"done\""), None));
        assert_eq!((refused.header.call, refused.header.action_name), (Some("c3"), "Bash"));
        assert_eq!((refused.header.outcome.as_str(), refused.texts[1]), ("failure", None));
        assert!(told(refused).starts_with("tool Bash result failure "), "{}", told(refused));
        assert!(refused.texts[2].unwrap().contains("forbids"));
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
fn a_custom_tool_that_is_not_there_is_unknown_as_any_other() {
    let error = "unsupported custom tool call: apply_patch";
    let call = format!(r#"{{"tool_use_id":"c3","tool_name":"apply_patch","error":"{error}"}}"#);
    let taken = codex(&format!(r#""hook_event_name":"Stop","tool_calls":[{call}]"#));
    assert_eq!(taken.events()[1].facts.text(TextFact::ErrorType), Some("unknown_tool"));
}

#[test]
fn what_never_ran_has_the_time_that_the_session_file_says() {
    let call = |time: &str| format!(r#"{{"call_id":"c3","tool_name":"odd",{time}"error":"not found"}}"#);
    for (time, want) in
        [(r#""time":"2026-11-21T01:48:00Z","#, "2026-11-21T01:48:00"), ("", "2026-11-21T01:49:25.495")]
    {
        let taken = gemini(&format!(r#""hook_event_name":"AfterAgent","tool_calls":[{}]"#, call(time)));
        let at = tacho_event::time::format(taken.events()[1].header.timestamp_us);
        assert!(at.starts_with(want), "{at}");
    }
}

#[test]
fn a_call_that_a_hook_did_not_let_run_is_refused() {
    let call = |error: &str| {
        format!(r#""tool_calls":[{{"tool_use_id":"c3","tool_name":"Bash","error":"{error}"}}]"#)
    };
    let at_stop = |error: &str| codex(&format!(r#""hook_event_name":"Stop",{}"#, call(error)));
    for taken in [
        at_stop("Command blocked by PreToolUse hook: no such luck"),
        at_stop("Tool call blocked by PreToolUse hook: no such luck"),
        gemini(&format!(
            r#""hook_event_name":"AfterAgent",{}"#,
            call("Tool execution blocked: no such luck")
        )),
    ] {
        assert_eq!(taken.events()[1].facts.text(TextFact::ErrorType), Some("refused"));
    }
    let stopped = r#""tool_name":"Bash","tool_use_id":"c3","hook_enforced":"denied""#;
    for taken in [
        codex(&format!(r#""hook_event_name":"PreToolUse",{stopped}"#)),
        gemini(&format!(r#""hook_event_name":"BeforeTool",{stopped}"#)),
    ] {
        assert_eq!(taken.one().facts.text(TextFact::ErrorType), Some("refused"));
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
