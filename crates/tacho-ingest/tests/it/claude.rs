//! Hooks and transcripts of Claude Code.

use crate::common::{NOW_US, take};
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::record::Accepted;
use tacho_merkle::{Algorithm, SignerKey};
use tacho_record::{Log, Options};

pub(crate) fn told(event: &Accepted<'_>) -> String {
    let header = &event.header;
    let phase = header.phase.map_or("-", |phase| phase.as_str());
    format!("{} {} {phase} {} {}", header.action_type, header.action_name, header.outcome, header.agent)
}

fn hook(members: &str) -> String {
    let taken = take(&format!("{{\"session_id\":\"s\",\"cwd\":\"/srv\",{members}}}"));
    told(&taken.one())
}

#[test]
fn hooks_tell_type_phase_outcome_and_agent() {
    for (members, want) in [
        (
            r#""hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{}"#,
            "tool Bash proposed running claude-code",
        ),
        (
            r#""hook_event_name":"PermissionRequest","tool_name":"Bash""#,
            "tool Bash asked unknown claude-code",
        ),
        (
            r#""hook_event_name":"PermissionDenied","tool_name":"Bash","reason":"x""#,
            "tool Bash decided failure claude-code",
        ),
        (
            r#""hook_event_name":"PostToolUse","tool_name":"WebFetch","agent_id":"sub1""#,
            "external WebFetch result success sub1",
        ),
        (
            r#""hook_event_name":"PostToolUse","tool_name":"Bash","tool_response":{"interrupted":true}"#,
            "tool Bash result partial claude-code",
        ),
        (
            r#""hook_event_name":"PostToolUseFailure","tool_name":"Bash","error":"Exit code 3\noops""#,
            "tool Bash result failure claude-code",
        ),
        (
            r#""hook_event_name":"PostToolCall","tool_name":"Bash","parameters":{},"result":"x""#,
            "tool Bash result success claude-code",
        ),
        (r#""tool_name":"Bash","parameters":{},"result":"x""#, "tool Bash result success claude-code"),
        (
            r#""hook_event_name":"UserPromptSubmit","prompt":"hi""#,
            "communication UserPromptSubmit message unknown claude-code",
        ),
        (
            r#""hook_event_name":"Stop","last_assistant_message":"done""#,
            "communication Stop message unknown claude-code",
        ),
        (
            r#""hook_event_name":"StopFailure","error":"overloaded""#,
            "communication StopFailure message failure claude-code",
        ),
        (
            r#""hook_event_name":"ElicitationResult","action":"cancel""#,
            "communication ElicitationResult message unknown claude-code",
        ),
        (
            r#""hook_event_name":"SessionStart","source":"startup""#,
            "lifecycle SessionStart - unknown claude-code",
        ),
        (
            r#""hook_event_name":"TaskCompleted","task_id":"1""#,
            "workflow TaskCompleted - success claude-code",
        ),
        (
            r#""hook_event_name":"ConfigChange","file_path":"/x""#,
            "settings ConfigChange - unknown claude-code",
        ),
        (r#""hook_event_name":"BrandNew""#, "log BrandNew - unknown claude-code"),
    ] {
        assert_eq!(hook(members), want);
    }
}

#[test]
fn a_batch_of_calls_closes_each_of_them() {
    let taken = take(
        r#"{"id":"b","hook_event_name":"PostToolBatch","session_id":"s","cwd":"/srv","tool_calls":[
        {"tool_name":"Bash","tool_input":{"command":"x"},"tool_use_id":"t1","tool_response":"Exit code 3\noops"},
        {"tool_name":"Nope","tool_input":{},"tool_use_id":"t2","tool_response":"<tool_use_error>Error: no"},
        {"tool_name":"Glob","tool_input":{},"tool_use_id":"t3","tool_response":"a.py"}]}"#,
    );
    let events = taken.events();
    assert_eq!(
        events.iter().map(told).collect::<Vec<_>>(),
        [
            // Its own hook tells that it failed; told twice it would count twice.
            "tool Bash result unknown claude-code",
            "tool Nope result failure claude-code",
            "tool Glob result unknown claude-code",
        ]
    );
    assert_eq!(events[0].facts.int(IntFact::ExitCode), Some(3));
    assert_eq!(
        events.iter().map(|e| e.header.call).collect::<Vec<_>>(),
        [Some("t1"), Some("t2"), Some("t3")]
    );
    assert_eq!(events.iter().map(|e| e.who.id).collect::<Vec<_>>(), [Some("b"), Some("b/1"), Some("b/2")]);
    assert!(events.iter().all(|e| e.who.session == Some("s")));
    assert_eq!((events[0].texts[5], events[1].texts[5]), (Some(r#"{"cwd":"/srv"}"#), None));
}

/// The texts are those that Claude Code 2.1.329 gives the model.
#[test]
fn a_call_that_a_hook_did_not_let_run_is_refused() {
    let batch = |text: &str| {
        let call = format!(r#"{{"tool_name":"Bash","tool_use_id":"t1","tool_response":"{text}"}}"#);
        let taken =
            take(&format!(r#"{{"hook_event_name":"PostToolBatch","session_id":"s","tool_calls":[{call}]}}"#));
        let event = taken.one();
        (event.header.outcome.as_str(), event.facts.text(TextFact::ErrorType).map(str::to_string))
    };
    for text in [
        r"PreToolUse:Bash hook error: [echo no-such-luck >&2; exit 2]: no-such-luck\n",
        "PreToolUse:mcp__db__drop hook error: policy says no",
        "Permission denied by hook",
        "Execution stopped by PreToolUse hook: enough",
        "Claude requested permissions to write to /srv/x, but you haven't granted it yet.",
    ] {
        assert_eq!(batch(text), ("failure", Some("refused".to_string())), "{text}");
        let line = format!(
            r#"{{"type":"user","uuid":"u","sessionId":"s","timestamp":"2026-11-21T01:38:22Z","message":{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":"{text}"}}]}}}}"#
        );
        let taken = take(&line);
        assert_eq!(taken.one().facts.text(TextFact::ErrorType), Some("refused"), "transcript: {text}");
    }
    for text in [
        "PostToolUse:Bash hook error: it ran before",
        "PreToolUse: the hook error: of a file",
        "the file says PreToolUse:Bash hook error: no",
    ] {
        assert_eq!(batch(text), ("unknown", None), "{text}");
    }
    let before = |enforced: &str| {
        let taken = take(&format!(
            r#"{{"hook_event_name":"PreToolUse","session_id":"s","tool_name":"Bash","tool_use_id":"t1","hook_enforced":"{enforced}"}}"#
        ));
        let event = taken.one();
        assert!(event.texts[5].unwrap().contains(enforced), "it stays where it was");
        (event.header.outcome.as_str(), event.facts.text(TextFact::ErrorType).map(str::to_string))
    };
    assert_eq!(before("denied"), ("running", Some("refused".to_string())));
    assert_eq!(before("open"), ("running", None));
}

const TRANSCRIPT: &str = concat!(
    r#"{"type":"queue-operation","operation":"enqueue","sessionId":"s","timestamp":"2026-11-21T01:38:18.896Z"}"#,
    "\n",
    r#"{"type":"user","uuid":"u1","sessionId":"s","timestamp":"2026-11-21T01:38:19Z","message":{"role":"user","content":"go"}}"#,
    "\n",
    r#"{"type":"assistant","uuid":"u2","sessionId":"s","timestamp":"2026-11-21T01:38:20Z","version":"2.1.329","message":{"id":"msg_1","model":"claude-opus-5-5","role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"x"},{"type":"text","text":"I will."},{"type":"tool_use","id":"t1","name":"Read","input":{"file_path":"/a"}}],"usage":{"input_tokens":1000,"output_tokens":100,"cache_read_input_tokens":0}}}"#,
    "\n",
    r#"{"type":"user","uuid":"u3","sessionId":"s","timestamp":"2026-11-21T01:38:21Z","toolUseResult":{"file":{"filePath":"/a","content":"secret plans"}},"message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"1 secret plans"}]}}"#,
    "\n",
    r#"{"type":"user","uuid":"u4","sessionId":"s","timestamp":"2026-11-21T01:38:22Z","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t2","is_error":true,"content":"Exit code 7"}]}}"#,
    "\n",
    r#"{"type":"system","subtype":"turn_duration","durationMs":87785,"uuid":"u5","sessionId":"s","timestamp":"2026-11-21T01:38:23Z"}"#,
    "\n",
);

#[test]
fn a_transcript_tells_messages_calls_results_and_costs() {
    let taken = take(TRANSCRIPT);
    let events = taken.events();
    assert_eq!(
        events.iter().map(told).collect::<Vec<_>>(),
        [
            "log queue-operation - unknown claude-code",
            "communication user_message message unknown claude-code",
            "communication assistant_thinking message unknown claude-code",
            "communication assistant_message message unknown claude-code",
            "tool Read proposed running claude-code",
            "external model_request - success claude-code",
            "tool tool_result result success claude-code",
            "tool tool_result result failure claude-code",
            "log turn_duration - unknown claude-code",
        ]
    );
    assert_eq!(
        events.iter().map(|e| e.who.id.unwrap()).collect::<Vec<_>>()[1..],
        ["u1", "u2", "u2/1", "u2/2", "msg_1", "u3", "u4", "u5"]
    );
    assert_eq!(events[5].facts.int(IntFact::CostMicros), Some(6_000));
    assert_eq!(
        (events[5].facts.text(TextFact::Model), events[4].header.call),
        (Some("claude-opus-5-5"), Some("t1"))
    );
    assert_eq!(events.iter().filter(|e| e.facts.int(IntFact::TokensInput).is_some()).count(), 1);
    assert_eq!(events[7].facts.int(IntFact::ExitCode), Some(7));
    assert_eq!(events[8].facts.int(IntFact::DurationUs), Some(87_785_000));
    // What the tool was is told only by the shape of what it gave: a file's contents are not kept.
    let result = format!("{:?}", events[6].texts);
    assert!(!result.contains("secret plans") && result.contains("/a"), "{result}");
}

/// What Claude Code writes in the model's place: at the next start after it was killed, and where a request failed.
#[test]
fn what_the_program_says_in_the_models_place_is_no_request_but_for_one_that_failed() {
    let line = |text: &str, more: &str| {
        take(&format!(
            r#"{{"type":"assistant","uuid":"u1","sessionId":"s","timestamp":"2026-11-21T01:38:20Z","message":{{"id":"m1","type":"message","role":"assistant","model":"<synthetic>","stop_reason":"stop_sequence","content":[{{"type":"text","text":"{text}"}}],"usage":{{"input_tokens":0,"output_tokens":0,"service_tier":"none"}}}},{more}}}"#
        ))
    };
    let resumed = line("No response requested.", r#""isApiErrorMessage":false"#);
    let said = resumed.one();
    assert_eq!(told(&said), "communication assistant_message message unknown claude-code");
    let kept = format!("{:?}", said.texts);
    assert!(kept.contains("No response requested.") && kept.contains("service_tier"), "{kept}");
    assert_eq!(said.facts.text(TextFact::Model), Some("<synthetic>"));
    assert_eq!(
        line("No response requested.", r#""isSidechain":true"#).events().iter().map(told).collect::<Vec<_>>(),
        ["communication assistant_message message unknown claude-code"],
        "also where nothing is said of an error"
    );

    let failed = line("API Error: 400", r#""requestId":"req_1","error":"unknown","isApiErrorMessage":true"#);
    assert_eq!(
        failed.events().iter().map(told).collect::<Vec<_>>(),
        [
            "communication assistant_message message unknown claude-code",
            "external model_request - failure claude-code"
        ]
    );
    assert_eq!(failed.events()[1].facts.text(TextFact::RequestId), Some("req_1"));
}

#[test]
fn a_second_import_is_all_duplicates() {
    let dir = tempfile::tempdir().unwrap();
    let signer = SignerKey::from_seed("log.example/import", Algorithm::Ed25519, &[1; 32]).unwrap();
    let options = Options::new(|out| out.fill(7));
    let mut log = Log::open(dir.path(), "log.example/import", vec![signer], options).unwrap();
    let mut import = || {
        let receipt = log.append(NOW_US, take(TRANSCRIPT).batches).unwrap()[0];
        (receipt.accepted, receipt.duplicates)
    };
    assert_eq!((import(), import()), ((9, 0), (0, 9)));
}

/// Lines as Claude Code 2.1.329 writes them; the texts of Escape and of outputs stand so in versions before it, too.
#[test]
fn whose_words_a_line_of_a_transcript_holds() {
    let line =
        |more: &str| format!(r#"{{"uuid":"u","sessionId":"s","timestamp":"2026-11-21T01:00:00Z",{more}}}"#);
    let user = |content: &str, more: &str| {
        line(&format!(r#""type":"user"{more},"message":{{"role":"user","content":{content}}}"#))
    };
    let queued = |mode: &str, prompt: &str| {
        line(&format!(
            r#""type":"attachment","attachment":{{"type":"queued_command","commandMode":"{mode}","prompt":{prompt},"timestamp":"2026-11-21T01:00:00Z"}}"#
        ))
    };
    let notice = r#""<task-notification>\n<task-id>b1</task-id>\n<tool-use-id>t1</tool-use-id>\n<status>killed</status>\n</task-notification>""#;
    let stopped = r#""Background agent \"A\" was stopped by the user.""#;
    let origin = r#","origin":{"kind":"task-notification"},"promptSource":"system""#;
    let (program, person) = (
        "log context_message - unknown claude-code",
        "communication user_message message unknown claude-code",
    );
    for (line, want) in [
        (queued("prompt", r#""and this""#), person),
        (queued("prompt", r#"[{"type":"text","text":"and this"}]"#), person),
        (queued("task-notification", notice), "workflow TaskNotification message failure claude-code"),
        (queued("else", r#""x""#), "log attachment - unknown claude-code"),
        (user(notice, origin), "workflow TaskNotification message failure claude-code"),
        (user(stopped, origin), program),
        (user(stopped, ""), person),
        (user(r#"[{"type":"text","text":"[Request interrupted by user for tool use]"}]"#, ""), program),
        (user(r#""[Request interrupted by user] was what I read""#, ""), person),
        (user(r#""<bash-stdout>ok</bash-stdout><bash-stderr></bash-stderr>""#, ""), program),
        (user(r#""<bash-input>make</bash-input>""#, r#","origin":{"kind":"human"}"#), person),
    ] {
        let taken = take(&line);
        assert_eq!(told(&taken.one()), want, "{line}");
        assert_eq!(taken.one().header.call, line.contains("tool-use-id").then_some("t1"), "{line}");
    }
    let two = user(r#"[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#, r#","isMeta":true"#);
    assert_eq!(take(&two).events().iter().map(told).collect::<Vec<_>>(), [program; 2]);
}
