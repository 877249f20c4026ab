//! Hooks of Codex and Gemini CLI, and the traps in those of Claude Code.

mod codex;
mod gemini;

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

/// What could not be read is no call that went well, and nothing of it is lost.
#[test]
fn a_hook_whose_names_are_no_texts_is_told_as_such() {
    let unreadable = |body: &str, agent: &str, why: &str| {
        let taken = take(body);
        let event = taken.one();
        assert_eq!(told(&event), format!("log unreadable_hook - unknown {agent}"), "{body}");
        assert_eq!(event.facts.text(TextFact::ErrorType), Some("unreadable_hook"));
        assert!(event.texts[2].unwrap().contains(why), "{body}: {:?}", event.texts);
        assert!(event.texts[0].unwrap().contains("ls"), "{body}: {:?}", event.texts);
    };
    let call = r#""session_id":"s","tool_name":"Bash","tool_input":{"command":"ls"},"tool_use_id":"t1""#;
    for (value, found) in
        [("5", "a number"), ("[\"Stop\"]", "a list"), ("{\"a\":1}", "an object"), ("true", "a truth value")]
    {
        let why = format!("\\\"hook_event_name\\\" is {found}: expected a text");
        unreadable(&format!(r#"{{"hook_event_name":{value},{call}}}"#), "claude-code", &why);
        let of = |source: &str| format!(r#"{{"hook_source":"{source}","hook_event_name":{value},{call}}}"#);
        unreadable(&of("codex"), "codex", &why);
        unreadable(&of("gemini"), "gemini-cli", &why);
        let why = format!("\\\"tool_name\\\" is {found}: expected a text");
        let body =
            format!(r#"{{"hook_event_name":"PostToolUse","tool_name":{value},"tool_input":"[dropped"}}"#);
        let taken = take(&body);
        assert_eq!(told(&taken.one()), "log unreadable_hook - unknown claude-code");
        assert!(taken.one().texts[2].unwrap().contains(&why));
    }
    // Cut off before its name: nobody knows that it was the hook after the call.
    let cut =
        format!(r#"{{{call},"hook_error":"standard input is broken or cut off","hook_input":"\"hook_ev"}}"#);
    unreadable(&cut, "claude-code", "could not be read to its end");
    // Who posts the users' own names is no hook of an agent.
    let own =
        take(r#"{"hook_event_name":null,"tool_name":"Bash","parameters":{"command":"ls"},"result":"ok"}"#);
    assert_eq!(told(&own.one()), "tool Bash result success claude-code");
}

/// Of a user's own hook, which has no name for calls that failed, and of one with a name.
#[test]
fn a_hook_after_a_call_says_by_an_error_that_it_failed() {
    let outcome = |members: &str| {
        let taken = take(&format!(r#"{{"tool_name":"Bash","parameters":{{}},{members}}}"#));
        taken.one().header.outcome.as_str()
    };
    for failed in [
        r#""error":"boom""#,
        r#""result":"x","exit_code":3"#,
        r#""result":"x","is_error":true"#,
        r#""result":{"error":"x"}"#,
        r#""result":{"isError":true}"#,
        r#""result":{"exit_code":2}"#,
        r#""hook_event_name":"PostToolUse","error":"boom""#,
    ] {
        assert_eq!(outcome(failed), "failure", "{failed}");
    }
    for went_well in [
        r#""result":{"error":null,"exit_code":0},"is_error":false,"error":"""#,
        r#""result":{"exit_code":1},"status":"success""#,
        r#""hook_event_name":"PostToolUse","tool_response":{"error":"of the tool"}"#,
    ] {
        assert_eq!(outcome(went_well), "success", "{went_well}");
    }
}
