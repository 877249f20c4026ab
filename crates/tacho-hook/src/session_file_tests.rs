use super::*;

const TURN: &str = "turn-1";

fn codex_file() -> String {
    let lines = [
        r#"{"type":"session_meta","payload":{"id":"b","agent_path":"/root/count"}}"#,
        r#"{"type":"event_msg","payload":{"type":"item_completed","turn_id":"turn-1","item":{"type":"CommandExecution","id":"c1","aggregated_output":"\"id\":\"c2\"","exit_code":3,"duration":{"secs":1,"nanos":2500000}}}}"#,
        r#"{"type":"event_msg","payload":{"type":"item_completed","turn_id":"turn-1","item":{"type":"CommandExecution","id":"c10","exit_code":0}}}"#,
        r#"{"type":"response_item","payload":{"type":"function_call","turn":"turn-1","call_id":"c1","name":"exec_command","arguments":"{\"cmd\":\"exit 3\"}"}}"#,
        r#"{"type":"response_item","payload":{"type":"function_call_output","turn":"turn-1","call_id":"c1","output":"rejected by what ran"}}"#,
        r#"{"type":"response_item","payload":{"type":"function_call","turn":"turn-1","call_id":"c3","name":"exec_command","arguments":"{\"cmd\":\"rm x\"}"}}"#,
        r#"{"type":"response_item","payload":{"type":"function_call_output","turn":"turn-1","call_id":"c3","output":"exec_command failed: policy forbids"}}"#,
        r#"{"type":"response_item","payload":{"type":"function_call","turn":"turn-1","call_id":"c4","namespace":"mcp__x","name":"__odd","arguments":"{}"}}"#,
        r#"{"type":"response_item","payload":{"type":"function_call_output","turn":"turn-1","call_id":"c4","output":"unsupported call: odd"}}"#,
        r#"{"type":"response_item","payload":{"type":"function_call","turn":"turn-1","call_id":"c5","name":"plan","arguments":"{}"}}"#,
        r#"{"type":"response_item","payload":{"type":"function_call_output","turn":"turn-1","call_id":"c5","output":"Plan updated"}}"#,
        r#"{"type":"response_item","payload":{"type":"function_call","turn":"turn-0","call_id":"c6","name":"exec_command","arguments":"{}"}}"#,
        r#"{"type":"response_item","payload":{"type":"function_call_output","turn":"turn-0","call_id":"c6","output":"unsupported call: of another turn"}}"#,
        "not JSON turn-1",
    ];
    lines.join("\n") + "\n"
}

#[test]
fn the_exit_code_of_a_call_is_its_own() {
    let file = codex_file();
    assert_eq!(codex_result(&file, "c1"), [("exit_code", "3".to_owned())]);
    assert_eq!(codex_result(&file, "c10"), [("exit_code", "0".to_owned())]);
    // The output of a command may look like anything.
    assert_eq!(codex_result(&file, "c2"), []);
    assert_eq!(codex_result(&file, ""), []);
}

#[test]
fn calls_of_a_turn_that_never_ran_are_told_with_what_the_model_was() {
    let told = codex_unanswered(&codex_file(), TURN);
    let calls: Value = serde_json::from_str(&told[0].1).unwrap();
    assert_eq!(
        calls,
        serde_json::json!([
            {"tool_use_id": "c3", "tool_name": "Bash", "tool_input": {"command": "rm x"}, "error": "exec_command failed: policy forbids"},
            {"tool_use_id": "c4", "tool_name": "mcp__x__odd", "tool_input": {}, "error": "unsupported call: odd"},
        ])
    );
    assert_eq!(codex_unanswered("", TURN), []);
}

#[test]
fn calls_of_the_last_turn_of_gemini_that_failed_are_told() {
    let message = |kind: &str, calls: &str| {
        format!("{{\"type\":\"{kind}\",\"content\":\"x\",\"toolCalls\":[{calls}]}}")
    };
    let call = |name: &str, status: &str| {
        format!(
            r#"{{"name":"{name}","args":{{"b": 1,"a":2}},"status":"{status}","result":[{{"functionResponse":{{"response":{{"error":"no"}}}}}}]}}"#
        )
    };
    let file = [
        message("gemini", &call("before", "error")),
        message("user", ""),
        message("gemini", &call("first", "error")),
        r#"{"type":"user","content":[{"functionResponse":{"id":"first"}}]}"#.to_owned(),
        r#"{"$set":{"lastUpdated":"now"}}"#.to_owned(),
        message("gemini", &format!("{},{}", call("ran", "success"), call("second", "cancelled"))),
        message("gemini", &call("second", "cancelled")),
    ];
    let told = gemini_unanswered(&file.join("\n"));
    let want = ["first", "second"]
        .map(|name| format!(r#"{{"tool_name":"{name}","tool_input":{{"b": 1,"a":2}},"error":"no"}}"#));
    assert_eq!(told, [("tool_calls", format!("[{}]", want.join(",")))]);
}

#[test]
fn calls_of_gemini_that_failed_are_told_under_their_own_ids() {
    let call = |id: &str, time: &str| {
        format!(
            r#"{{"id":"{id}","name":"odd","args":{{}},"status":"error","timestamp":"{time}","result":[]}}"#
        )
    };
    let line = |calls: &str| format!(r#"{{"type":"gemini","content":"x","toolCalls":[{calls}]}}"#);
    let early = format!("{},{}", call("odd_1", "early"), call("odd_2", "early"));
    let late = format!("{},{}", call("odd_1", "late"), call("odd_2", "late"));
    let told = |id: &str| {
        format!(r#"{{"call_id":"{id}","time":"late","tool_name":"odd","tool_input":{{}},"error":"error"}}"#)
    };
    // Equal calls are two, and one that is written again is one.
    let want = format!("[{},{}]", told("odd_2"), told("odd_1"));
    assert_eq!(gemini_unanswered(&[line(&early), line(&late)].join("\n")), [("tool_calls", want)]);
}

#[test]
fn only_regular_files_are_read_and_only_what_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollout.jsonl");
    std::fs::write(&path, codex_file()).unwrap();
    let hook = |event: &str, file: &str| {
        told(
            Some(Source::Codex),
            &Members::read(&format!(
                r#"{{"hook_event_name":"{event}","turn_id":"turn-1","tool_use_id":"c1","transcript_path":"{file}"}}"#
            )),
        )
    };
    let file = path.to_str().unwrap();
    assert_eq!(hook("PostToolUse", file).len(), 1);
    assert_eq!(hook("SubagentStart", file), [("agent_path", "\"/root/count\"".to_owned())]);
    assert_eq!(hook("Stop", file)[0].0, "tool_calls");
    for (event, file) in
        [("PreToolUse", file), ("PostToolUse", "/dev/zero"), ("PostToolUse", "/nowhere"), ("Stop", "")]
    {
        assert_eq!(hook(event, file), [], "{event} {file}");
    }
    let whose = Members::read(&format!(
        r#"{{"hook_event_name":"PostToolUse","tool_use_id":"c1","transcript_path":"{file}"}}"#
    ));
    assert_eq!(told(Some(Source::Claude), &whose), []);
}

#[test]
fn a_long_file_is_read_from_a_whole_line_near_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollout.jsonl");
    let filler = format!("{{\"filler\":\"{}\"}}\n", "x".repeat(1000)).repeat(1000);
    std::fs::write(&path, filler + &codex_file()).unwrap();
    let end = part(path.to_str().unwrap(), Some(CALL_BYTES_MAX)).unwrap();
    assert!(end.len() < CALL_BYTES_MAX as usize && end.starts_with("{\"filler\""));
    assert_eq!(codex_result(&end, "c1").len(), 1);
}
