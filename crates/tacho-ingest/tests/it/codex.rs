//! Codex's session files: each answer of the model counts once, whatever was lost when the program was killed; and why
//! a call never ran.

use crate::history::{OWNER, events, lines, part, sum, told, whole};
use serde_json::json;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::words::ActionType;
use tacho_ingest::Place;

fn line(kind: &str, payload: serde_json::Value) -> String {
    json!({"timestamp": "2026-11-21T01:00:00.000Z", "type": kind, "payload": payload}).to_string()
}

fn turn(id: &str) -> Vec<String> {
    let started = json!({"type": "task_started", "turn_id": id});
    vec![line("event_msg", started), line("turn_context", json!({"turn_id": id, "model": "gpt-6"}))]
}

fn used(input: i64) -> serde_json::Value {
    json!({"input_tokens": input, "cached_input_tokens": 5, "output_tokens": 20, "total_tokens": input + 20})
}

/// A report of an answer with a running total, by `token_usage_record`.
fn record(turn: &str, id: &str, input: i64, total: i64) -> String {
    let totals = json!({"input_tokens": total - 20, "total_tokens": total});
    line(
        "token_usage_record",
        json!({"turn_id": turn, "response_id": id, "usage": used(input), "thread_token_usage": totals}),
    )
}

/// The same by `token_count`.
fn count(input: i64, total: i64) -> String {
    let info = json!({"total_token_usage": {"total_tokens": total}, "last_token_usage": used(input)});
    line("event_msg", json!({"type": "token_count", "info": info}))
}

/// A session whose program was killed between the two reports of its second answer, and went on in another turn.
fn killed(inputs: [i64; 4]) -> Vec<String> {
    let [a, b, c, d] = inputs;
    let totals = |used: &[i64]| used.iter().map(|input| input + 20).sum();
    let meta = json!({"id": "01a1fbcb-15a5-7951-8428-af1573e4a30a", "cli_version": "0.169.0"});
    let mut file = vec![line("session_meta", meta)];
    file.extend(turn("t1"));
    file.extend([record("t1", "r1", a, totals(&[a])), count(a, totals(&[a]))]);
    file.push(record("t1", "r2", b, totals(&[a, b])));
    file.extend(turn("t2"));
    file.extend([record("t2", "r3", c, totals(&[a, b, c])), count(c, totals(&[a, c]))]);
    file.extend([record("t2", "r4", d, totals(&[a, b, c, d])), count(d, totals(&[a, c, d]))]);
    // Told once more, with nothing new.
    file.push(count(d, totals(&[a, c, d])));
    file
}

fn requests(file: &[String]) -> (usize, i64, i64) {
    let file: Vec<&str> = file.iter().map(String::as_str).collect();
    let batches = whole(&lines(&file));
    let requests = told(&batches).iter().filter(|told| told.contains("model_request")).count();
    (requests, sum(&batches, IntFact::TokensInput), sum(&batches, IntFact::TokensOutput))
}

#[test]
fn an_answer_counts_once_after_codex_was_killed_and_resumed() {
    assert_eq!(requests(&killed([100; 4])), (4, 400, 80));
    assert_eq!(requests(&killed([100, 110, 120, 130])), (4, 460, 80));
    assert_eq!(requests(&killed([100, 110, 110, 100])), (4, 420, 80));
}

#[test]
fn the_reports_of_codex_pair_however_the_file_was_cut() {
    for inputs in [[100; 4], [100, 110, 120, 130]] {
        let file = killed(inputs);
        let file: Vec<&str> = file.iter().map(String::as_str).collect();
        for cut in 0..=file.len() {
            let (first, begun) = part(&lines(&file[..cut]), "f.jsonl", None, &OWNER);
            let place: Place = serde_json::from_str(&serde_json::to_string(&first.place).unwrap()).unwrap();
            let (_, rest) = part(&lines(&file[cut..]), "f.jsonl", Some(&place), &OWNER);
            let both = [told(&begun), told(&rest)].concat();
            assert_eq!(both.iter().filter(|told| told.contains("model_request")).count(), 4, "cut at {cut}");
        }
    }
}

#[test]
fn either_kind_of_report_counts_alone_and_several_may_come_before_their_others() {
    let counts: Vec<String> = [turn("t1"), vec![count(100, 120), count(100, 120), count(100, 240)]].concat();
    assert_eq!(requests(&counts), (2, 200, 40), "files from before there were records");
    let older = [counts, turn("t2"), vec![record("t2", "r1", 90, 110), count(90, 350)]].concat();
    assert_eq!(
        requests(&older),
        (3, 290, 60),
        "a session that a newer version resumed has totals of its own"
    );
    let records: Vec<String> = [turn("t1"), vec![record("t1", "r1", 100, 120)]].concat();
    let file = [records, turn("t2"), vec![count(100, 120)]].concat();
    assert_eq!(requests(&file), (2, 200, 40), "of another turn it is another answer");
    let pair = |a: i64, b: i64| {
        let records = vec![record("t1", "r1", a, a + 20), record("t1", "r2", b, a + b + 40)];
        [turn("t1"), records, vec![count(a, a + 20), count(b, a + b + 40)]].concat()
    };
    assert_eq!((requests(&pair(100, 100)), requests(&pair(100, 70))), ((2, 200, 40), (2, 170, 40)));
}

#[test]
fn codex_says_that_there_is_no_such_tool_and_what_was_refused_or_broken_off() {
    let fate = |output: &str| {
        let output =
            json!({"type": "function_call_output", "id": "fco_1", "call_id": "c1", "output": output});
        let batches = whole(&line("response_item", output));
        let all = events(&batches);
        let why = all[0].facts.text(TextFact::ErrorType).map(str::to_owned);
        (why.unwrap_or_default(), all[0].header.outcome.to_string(), all[0].facts.int(IntFact::Interrupted))
    };
    let [unknown, refused] =
        ["unknown_tool", "refused"].map(|why| (why.to_owned(), "failure".to_owned(), None));
    for text in ["unsupported call: odd", "unsupported custom tool call: odd"] {
        assert_eq!(fate(text), unknown, "{text}");
    }
    for text in [
        "exec_command failed: CreateProcess { message: \"Rejected(\\\"rejected by user\\\")\" }",
        "exec_command failed: CreateProcess { message: \"Rejected(\\\"`rm x` rejected: policy forbids it\\\")\" }",
        "exec command rejected by user",
        "patch rejected by user",
        "Command blocked by PreToolUse hook: no. Command: ls",
        "Tool call blocked by PreToolUse hook: no",
    ] {
        assert_eq!(fate(text), refused, "{text}");
    }
    let stopped = (String::new(), "unknown".to_owned(), Some(1));
    for text in ["Wall time: 4.9 seconds\naborted by user", "aborted by user after 2.1s"] {
        assert_eq!(fate(text), stopped, "whether it ran is not told: {text}");
    }
    let failed = "exec_command failed: CreateProcess { message: \"No such file\" }";
    assert_eq!(fate(failed), (String::new(), "failure".to_owned(), None));
    for text in
        ["it says: unsupported call", "Wall time: 1 s\nOutput:\naborted by user", "no patch rejected by user"]
    {
        assert_eq!(
            fate(text),
            (String::new(), "unknown".to_owned(), None),
            "what was printed is not believed: {text}"
        );
    }
}

#[test]
fn what_the_provider_ran_itself_is_over_as_its_line_says() {
    let search = |more: serde_json::Value| {
        let mut call = json!({"type": "web_search_call", "action": {"type": "search", "query": "rust"}});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line("response_item", call)
    };
    let meta =
        line("session_meta", json!({"id": "01a1fbcb-15a5-7951-8428-af1573e4a30a", "cli_version": "0.169.0"}));
    let ended =
        json!({"type": "item_completed", "item": {"type": "WebSearch", "id": "ws_1", "query": "rust"}});
    for (more, want) in [
        (json!({"id": "ws_1", "status": "completed"}), "external web_search executed success ws_1 codex"),
        (json!({"status": "completed"}), "external web_search executed success - codex"),
        (json!({"id": "ws_1", "status": "failed"}), "external web_search executed failure ws_1 codex"),
        (json!({"id": "ws_1", "status": "in_progress"}), "external web_search proposed running ws_1 codex"),
    ] {
        let file = [meta.clone(), line("event_msg", ended.clone()), search(more)];
        let file: Vec<&str> = file.iter().map(String::as_str).collect();
        let told = told(&whole(&lines(&file)));
        assert_eq!(told[1..], ["external web_search executed unknown ws_1 codex", want]);
    }
}

const SESSION: &str = "01a2088e-c701-7761-959e-3bc7c1b4e33f";
const THREAD: &str = "01a2088e-ca78-75e3-9e2a-484a25730e7b";

#[test]
fn a_sub_agents_file_is_called_after_its_thread_and_tells_of_the_session_it_is_in() {
    let name = format!("rollout-2026-11-23T13-18-25-{THREAD}.jsonl");
    let spawn =
        json!({"subagent": {"thread_spawn": {"parent_thread_id": SESSION, "agent_path": "/root/count"}}});
    let meta = line("session_meta", json!({"session_id": SESSION, "id": THREAD, "source": spawn}));
    let ask =
        json!({"type": "function_call", "name": "exec_command", "arguments": "{}", "call_id": "call_1"});
    let file = [meta, line("response_item", ask), record("t1", "r1", 100, 120)];
    let file: Vec<&str> = file.iter().map(String::as_str).collect();
    let whose = |lines: &str, place: Option<&Place>| {
        let (tally, batches) = part(lines, &name, place, &OWNER);
        let header = |event: &tacho_event::record::Accepted<'_>| {
            (event.header.session.unwrap().text(), event.header.agent.to_owned())
        };
        (tally.place, events(&batches).iter().map(header).collect::<Vec<_>>())
    };
    let own = (SESSION.to_owned(), THREAD.to_owned());
    let (place, all) = whose(&lines(&file[..1]), None);
    assert_eq!(all, std::slice::from_ref(&own));
    assert_eq!(whose(&lines(&file[1..]), Some(&place)).1, [own.clone(), own.clone()]);
    assert_eq!(whose(&lines(&file), None).1, [own.clone(), own.clone(), own]);
    // Without its first line nothing but its name is known.
    let cut = (THREAD.to_owned(), "codex".to_owned());
    assert_eq!(whose(&lines(&file[1..]), None).1, [cut.clone(), cut]);
}

#[test]
fn what_agents_of_a_team_say_to_each_other_is_a_message() {
    let said = json!({"type": "agent_message", "author": "/root/count", "recipient": "/root",
        "content": [{"type": "input_text", "text": "There is one file."}]});
    let meta = line("session_meta", json!({"id": SESSION}));
    let about = line("inter_agent_communication_metadata", json!({"trigger_turn": false}));
    let batches = whole(&lines(&[&meta, &about, &line("response_item", said)]));
    let all = events(&batches);
    let [_, note, message] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(note.header.session.unwrap().text(), SESSION);
    assert_eq!(note.header.action_type, ActionType::Log);
    assert_eq!(
        (message.header.action_type, message.header.action_name),
        (ActionType::Communication, "agent_message")
    );
    let ends = [TextFact::FromAgent, TextFact::ToAgent].map(|fact| message.facts.text(fact));
    assert_eq!(ends, [Some("/root/count"), Some("/root")]);
}
