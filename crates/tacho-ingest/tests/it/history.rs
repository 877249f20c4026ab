//! Files of history: whatever they are cut into and however often they come, they give the same events; and each
//! format gives the calls, messages and tokens that stand in it.

use crate::common::{NOW_US, ingest, keys};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex};
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::id::Id;
use tacho_event::record::{Accepted, Batch};
use tacho_event::words::Known;
use tacho_ingest::accept::Sender;
use tacho_ingest::{Ingest, Options, Place, Tally};
use tacho_record::keyring::KeyRing;
use tacho_redact::minimise::Minimisation;

pub(crate) const OWNER: Sender<'static> =
    Sender { writer: *b"local---", source: "import", known: Known::Imported, sees_hooks: false, agent: None };

static INGEST: LazyLock<Ingest> = LazyLock::new(|| ingest(Minimisation::default()));

/// A part of a file, from a place on.
pub(crate) fn part(
    body: &str,
    file: &str,
    place: Option<&Place>,
    sender: &Sender<'_>,
) -> (Tally, Vec<Batch>) {
    static KEYS: LazyLock<Mutex<KeyRing>> = LazyLock::new(|| keys(&tempfile::tempdir().unwrap().keep()));
    let options = Options { replay: true, file, place, ..Options::default() };
    let mut batches = Vec::new();
    let mut fresh = || panic!("every event of history has an id");
    let tally = INGEST.body(body.as_bytes(), sender, &options, NOW_US, &mut fresh, &KEYS, &mut batches);
    (tally, batches)
}

pub(crate) fn whole(body: &str) -> Vec<Batch> {
    let (tally, batches) = part(body, "f.jsonl", None, &OWNER);
    assert_eq!(tally.refused, [], "{body}");
    batches
}

pub(crate) fn events(batches: &[Batch]) -> Vec<Accepted<'_>> {
    batches.iter().flat_map(|batch| batch.events()).map(Result::unwrap).collect()
}

/// Ids and contents: what makes an event a duplicate.
fn same(batches: &[Batch]) -> Vec<([u8; 16], Option<u64>)> {
    events(batches).iter().map(|event| (event.header.id.0, event.content)).collect()
}

/// Type, action, phase, outcome, call, agent.
pub(crate) fn told(batches: &[Batch]) -> Vec<String> {
    let told = |event: &Accepted<'_>| {
        let header = &event.header;
        let phase = header.phase.map_or("-", |phase| phase.as_str());
        let (call, agent) = (header.call.unwrap_or("-"), header.agent);
        format!("{} {} {phase} {} {call} {agent}", header.action_type, header.action_name, header.outcome)
    };
    events(batches).iter().map(told).collect()
}

pub(crate) fn sum(batches: &[Batch], fact: IntFact) -> i64 {
    events(batches).iter().filter_map(|event| event.facts.int(fact)).sum()
}

pub(crate) fn lines(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

const CLAUDE: &[&str] = &[
    r#"{"type":"summary","summary":"x","leafUuid":"l"}"#,
    r#"{"type":"user","uuid":"u1","sessionId":"s","timestamp":"2026-11-21T00:00:01Z","message":{"role":"user","content":"go"}}"#,
    r#"{"type":"assistant","uuid":"u2","sessionId":"s","timestamp":"2026-11-21T00:00:02Z","requestId":"r","message":{"id":"msg_1","model":"claude-sonnet-4-5","content":[{"type":"text","text":"Look."}],"usage":{"input_tokens":10,"output_tokens":3}}}"#,
    r#"{"type":"last-prompt","lastPrompt":"go","sessionId":"s"}"#,
    r#"{"type":"assistant","uuid":"u3","sessionId":"s","timestamp":"2026-11-21T00:00:03Z","requestId":"r","message":{"id":"msg_1","model":"claude-sonnet-4-5","content":[{"type":"tool_use","id":"toolu_1","name":"Agent","input":{"prompt":"x"}}],"usage":{"input_tokens":10,"output_tokens":8}}}"#,
    r#"{"type":"last-prompt","lastPrompt":"go","sessionId":"s"}"#,
    r#"{"type":"user","uuid":"u4","sessionId":"s","timestamp":"2026-11-21T00:00:04Z","toolUseResult":{"agentId":"a1"},"message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"ok"}]}}"#,
    r#"{"type":"assistant","uuid":"u5","sessionId":"s","agentId":"a1","isSidechain":true,"timestamp":"2026-11-21T00:00:05Z","message":{"id":"msg_1","model":"claude-sonnet-4-5","content":[{"type":"text","text":"."}],"usage":{"input_tokens":10,"output_tokens":8}}}"#,
    r#"{"type":"user","uuid":"u6","isMeta":true,"sessionId":"s","timestamp":"2026-11-21T00:00:06Z","message":{"role":"user","content":"told by the program"}}"#,
];

const CODEX: &[&str] = &[
    r#"{"timestamp":"2026-11-21T01:00:00.000Z","type":"session_meta","payload":{"id":"01a1fbcb-15a5-7951-8428-af1573e4a30a","cli_version":"0.169.0","cwd":"/srv"}}"#,
    r#"{"timestamp":"2026-11-21T01:00:01.000Z","type":"turn_context","payload":{"turn_id":"t1","model":"gpt-5-codex","approval_policy":"never"}}"#,
    r#"{"timestamp":"2026-11-21T01:00:02.000Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>x"}]}}"#,
    r#"{"timestamp":"2026-11-21T01:00:03.000Z","type":"response_item","payload":{"type":"message","id":"msg_u","role":"user","content":[{"type":"input_text","text":"go"}]}}"#,
    r#"{"timestamp":"2026-11-21T01:00:03.000Z","type":"event_msg","payload":{"type":"user_message","message":"go"}}"#,
    r#"{"timestamp":"2026-11-21T01:00:04.000Z","type":"response_item","payload":{"type":"function_call","id":"fc_1","name":"exec_command","arguments":"{\"cmd\":\"false\"}","call_id":"call_1"}}"#,
    r#"{"timestamp":"2026-11-21T01:00:05.000Z","type":"token_usage_record","payload":{"turn_id":"t1","response_id":"resp_1","usage":{"input_tokens":900,"cached_input_tokens":512,"output_tokens":60,"total_tokens":960},"thread_token_usage":{"total_tokens":960}}}"#,
    r#"{"timestamp":"2026-11-21T01:00:06.000Z","type":"event_msg","payload":{"type":"item_completed","item":{"type":"CommandExecution","id":"call_1","command":["false"],"exit_code":1,"status":"failed","duration":{"secs":1,"nanos":5000}}}}"#,
    r#"{"timestamp":"2026-11-21T01:00:07.000Z","type":"response_item","payload":{"type":"function_call_output","id":"fco_1","call_id":"call_1","output":"Wall time: 1 s\nProcess exited with code 1\nOutput:\nProcess exited with code 0\n"}}"#,
    r#"{"timestamp":"2026-11-21T01:00:08.000Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"total_tokens":960},"last_token_usage":{"input_tokens":900,"output_tokens":60}}}}"#,
    r#"{"timestamp":"2026-11-21T01:00:09.000Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"total_tokens":1000},"last_token_usage":{"input_tokens":30,"output_tokens":10,"total_tokens":40}}}}"#,
    r#"{"timestamp":"2026-11-21T01:00:10.000Z","type":"response_item","payload":{"type":"message","id":"msg_a","role":"assistant","content":[{"type":"output_text","text":"done"}]}}"#,
];

const GEMINI: &[&str] = &[
    r#"{"sessionId":"s-1","projectHash":"h","startTime":"2026-11-21T02:00:00.000Z","lastUpdated":"2026-11-21T02:00:00.000Z","kind":"main"}"#,
    r#"{"id":"m0","timestamp":"2026-11-21T02:00:01.000Z","type":"user","content":[{"text":"go"}]}"#,
    r#"{"$set":{"lastUpdated":"2026-11-21T02:00:01.000Z"}}"#,
    r#"{"id":"m1","timestamp":"2026-11-21T02:00:02.000Z","type":"gemini","content":"Look.","tokens":{"input":800,"output":50,"cached":256,"thoughts":20,"total":870},"model":"gemini-2.5-flash"}"#,
    r#"{"$set":{"lastUpdated":"2026-11-21T02:00:01.000Z"}}"#,
    r#"{"id":"m1","timestamp":"2026-11-21T02:00:02.000Z","type":"gemini","content":"Look.","tokens":{"input":800,"output":50,"cached":256,"thoughts":20,"total":870},"model":"gemini-2.5-flash","toolCalls":[{"id":"c1","name":"run_shell_command","args":{"command":"false"},"result":[{"functionResponse":{"id":"c1","response":{"output":"Output: x\nExit Code: 3"}}}],"status":"success","timestamp":"2026-11-21T02:00:03.000Z"}]}"#,
    r#"{"id":"m2","timestamp":"2026-11-21T02:00:04.000Z","type":"user","content":[{"functionResponse":{"id":"c1","response":{"output":"x"}}}]}"#,
];

const PLAIN: &[&str] = &[
    r#"{"agent_id":"a","message":"tick"}"#,
    r#"{"agent_id":"a","message":"tick"}"#,
    r#"{"id":"7","agent_id":"b"}"#,
];

const FILES: [&[&str]; 4] = [CLAUDE, CODEX, GEMINI, PLAIN];

#[test]
fn claude_counts_the_usage_of_a_message_once_and_knows_sub_agents() {
    let batches = whole(&lines(CLAUDE));
    let events = events(&batches);
    let tokens = |fact| events.iter().filter_map(|event| event.facts.int(fact)).collect::<Vec<_>>();
    assert_eq!(tokens(IntFact::TokensInput), [10, 10], "a later state");
    assert_eq!(tokens(IntFact::TokensOutput), [3, 8], "then nothing new");
    let sub = events.iter().find(|event| event.header.agent == "a1").unwrap();
    assert_eq!(sub.header.parent, Some("claude-code"));
    assert!(events.iter().any(|event| event.facts.text(TextFact::ToAgent) == Some("a1")));
    let prompts = events.iter().filter(|event| event.header.action_name == "user_message").count();
    assert_eq!(prompts, 1, "what the program tells is no prompt");
}

#[test]
fn codex_joins_call_run_and_result_and_counts_a_total_once() {
    let batches = whole(&lines(CODEX));
    let told = told(&batches);
    assert_eq!(told[5], "tool exec_command proposed running call_1 codex");
    assert_eq!(told[7], "tool exec_command executed failure call_1 codex");
    assert_eq!(
        told[8], "tool tool_result result failure call_1 codex",
        "what the command printed is not believed"
    );
    assert_eq!(told.iter().filter(|told| told.contains(" user_message message")).count(), 1, "{told:#?}");
    assert_eq!(told.iter().filter(|told| told.contains("model_request")).count(), 2);
    assert_eq!((sum(&batches, IntFact::TokensInput), sum(&batches, IntFact::TokensOutput)), (930, 70));
    let events = events(&batches);
    let session = Id::parse("01a1fbcb-15a5-7951-8428-af1573e4a30a");
    assert!(events.iter().all(|event| event.header.session == session), "each line is of the session");
    let request = events.iter().find(|event| event.header.action_name == "model_request").unwrap();
    assert_eq!(request.facts.text(TextFact::Model), Some("gpt-5-codex"));
    assert_eq!(request.facts.int(IntFact::CostEstimated), Some(1));
    assert_eq!(events[7].facts.int(IntFact::ExitCode), Some(1));
    assert_eq!(events[7].facts.int(IntFact::DurationUs), Some(1_000_005));
    assert_eq!(events[0].header.timestamp_us, 1_795_222_800_000_000);
}

#[test]
fn a_rollout_without_its_first_line_is_of_the_session_in_its_name() {
    let name = "rollout-2026-11-21T01-00-00-01a1fbcb-15a5-7951-8428-af1573e4a30a.jsonl";
    let (_, batches) = part(&lines(&CODEX[2..]), name, None, &OWNER);
    let session = Id::parse("01a1fbcb-15a5-7951-8428-af1573e4a30a");
    assert!(events(&batches).iter().all(|event| event.header.session == session));
}

#[test]
fn gemini_counts_a_message_once_though_it_is_written_again() {
    let batches = whole(&lines(GEMINI));
    let distinct: HashMap<_, _> =
        events(&batches).iter().map(|event| (event.header.id, event.content)).collect();
    let states = events(&batches).len();
    assert_eq!((states, distinct.len()), (10, 8), "{:#?}", told(&batches));
    let call = told(&batches).into_iter().find(|told| told.contains(" c1 ")).unwrap();
    assert_eq!(call, "tool run_shell_command result failure c1 gemini-cli");
    let prompts = told(&batches).iter().filter(|told| told.contains("user_message")).count();
    assert_eq!(prompts, 1, "results that go back are no prompt");
    let costs: HashSet<_> =
        events(&batches).iter().filter_map(|event| event.facts.int(IntFact::CostMicros)).collect();
    assert_eq!(costs, HashSet::from([346]), "its thoughts are beside its output");
}

#[test]
fn gemini_says_that_there_is_no_such_tool_and_what_was_refused() {
    let kind = |error: &str| {
        let result = format!(r#"[{{"functionResponse":{{"response":{{"error":{error:?}}}}}}}]"#);
        let call = format!(r#"{{"id":"odd_1","name":"odd","args":{{}},"status":"error","result":{result}}}"#);
        let batches = whole(&format!(r#"{{"type":"gemini","id":"m1","content":"","toolCalls":[{call}]}}"#));
        let all = events(&batches);
        let call = all.iter().find(|event| event.header.call == Some("odd_1")).unwrap();
        call.facts.text(TextFact::ErrorType).map(str::to_owned)
    };
    assert_eq!(kind("Tool \"odd\" not found. Did you mean \"add\"?").as_deref(), Some("unknown_tool"));
    assert_eq!(kind("Tool \"other\" not found."), None);
    assert_eq!(kind("File not found: odd"), None);
    let told = "Tool execution denied by policy.|Tool execution for \"Shell\" denied by policy.|Tool execution blocked: by ann\
        |[Operation Cancelled] Reason: User did not allow tool call";
    told.split('|').for_each(|told| assert_eq!(kind(told).as_deref(), Some("refused"), "{told}"));
    let ran = "EACCES: permission denied|[Operation Cancelled] Reason: User cancelled|403: denied by policy";
    ran.split('|').for_each(|ran| assert_eq!(kind(ran), None, "{ran}"));
}

#[test]
fn runs_of_data_sets_have_calls_messages_and_verdicts() {
    let openhands = whole(
        r#"{"instruction":"x","git_patch":"","history":[[{"action":"run","command":"false"},{"observation":"run","content":"o","exit_code":3}],[{"action":"message","source":"agent","content":"hi"},{"observation":"null","content":""}]]}"#,
    );
    let told_all = told(&openhands);
    let calls: Vec<&str> =
        told_all.iter().filter(|t| t.starts_with("tool")).map(|t| t.split(' ').nth(4).unwrap()).collect();
    assert!(calls.len() == 2 && calls[0] == calls[1] && calls[0].starts_with("oh-"), "{told_all:#?}");
    assert!(told_all[2].contains("tool_result result failure"), "{told_all:#?}");
    let who = whole(
        r#"{"question":"q","history":[{"role":"human","content":"a"},{"role":"Orchestrator (-> Coder)","content":"b"}],"mistake_agent":"Coder","mistake_step":"1","mistake_reason":"r"}"#,
    );
    assert_eq!(told(&who)[1], "communication assistant_message message unknown - Orchestrator");
    assert_eq!(told(&who)[2], "decision failure_attribution decided unknown - unknown");
    let tau = whole(
        r#"{"task_id":1,"reward":1.0,"traj":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","function":{"name":"find","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_1","content":"b"}]}"#,
    );
    assert_eq!(told(&tau)[3], "tool find proposed running call_1 tau-bench");
    assert_eq!(told(&tau)[4], "tool tool_result result unknown call_1 tau-bench");
}

#[test]
fn a_line_larger_than_an_event_keeps_its_call() {
    let picture = "A".repeat(3 << 20);
    let line = format!(
        r#"{{"type":"user","uuid":"u1","sessionId":"s","message":{{"content":[{{"type":"tool_result","tool_use_id":"toolu_1","content":[{{"type":"image","data":"{picture}"}}]}}]}}}}"#
    );
    let batches = whole(&line);
    let events = events(&batches);
    assert_eq!(events[0].header.call, Some("toolu_1"));
    assert!(events[0].texts[1].unwrap().contains("[3145728 bytes, sha256 "));
    assert!(events[0].texts[5].unwrap().contains("\"shortened\":1"));
}

#[test]
fn the_way_in_changes_no_id_of_history() {
    let server = Sender { writer: [9; 8], ..OWNER };
    for file in FILES {
        let body = lines(file);
        assert_eq!(same(&part(&body, "f", None, &OWNER).1), same(&part(&body, "f", None, &server).1));
    }
}

#[test]
fn what_has_a_session_of_its_own_is_the_same_under_another_name() {
    for file in &FILES[..3] {
        let body = lines(file);
        assert_eq!(same(&part(&body, "a", None, &OWNER).1), same(&part(&body, "b", None, &OWNER).1));
    }
    let body = lines(PLAIN);
    assert_ne!(same(&part(&body, "a", None, &OWNER).1), same(&part(&body, "b", None, &OWNER).1));
}

#[test]
fn rubbish_is_named_and_changes_nothing_else() {
    for file in FILES {
        let good = lines(file);
        let mut bad: Vec<&str> = file.to_vec();
        bad.push("{\"cut\":");
        let (tally, batches) = part(&lines(&bad), "f.jsonl", None, &OWNER);
        assert_eq!(tally.refused.iter().map(|refused| refused.line).collect::<Vec<_>>(), [bad.len() as u64]);
        assert_eq!(same(&batches), same(&whole(&good)));
    }
}

proptest! {
    #[test]
    fn a_file_gives_the_same_events_however_it_is_cut(which in 0..FILES.len(), cuts in proptest::collection::vec(0usize..12, 0..4)) {
        let file = FILES[which];
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(file.len())).collect();
        cuts.sort_unstable();
        cuts.push(file.len());
        let (mut from, mut place, mut parts) = (0, Place::default(), Vec::new());
        for to in cuts {
            // As it goes to a server and back.
            let text = serde_json::to_string(&place).unwrap();
            let (tally, batches) = part(&lines(&file[from..to]), "f.jsonl", Some(&serde_json::from_str(&text).unwrap()), &OWNER);
            parts.extend(batches);
            (from, place) = (to, tally.place);
        }
        prop_assert_eq!(place.lines, file.len() as u64);
        prop_assert_eq!(same(&parts), same(&whole(&lines(file))));
    }
}
