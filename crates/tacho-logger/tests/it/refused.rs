//! What is refused, and that it is said.

use super::Logger;
use serde_json::{Value, json};
use std::io::Write;

#[test]
fn rubbish_is_answered_or_skipped_and_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut logger = Logger::on_file(&folder.path().join("audit.ndjson"));
    logger.shake_hands();
    for line in
        ["", "rubbish", "[]", "{}", "\u{0}", r#"{"jsonrpc":"2.0","id":7}"#, r#"{"jsonrpc":"2.0","method":5}"#]
    {
        logger.say(line);
    }
    assert_eq!(logger.ask("no/such/method", json!({}))["error"]["code"], -32601);
    for (tool, arguments) in [
        ("log_action", json!({})),
        ("log_action", json!({"action_name": ["a"]})),
        ("log_decision", json!({"question": "q", "chosen": "c", "confidence": 7})),
        ("search_logs", json!({"limit": 0})),
        ("search_logs", json!({"nonsense": 1})),
        ("get_entry", json!({"id": "x".repeat(600)})),
        ("verify_range", json!({"from": 5, "to": 1})),
    ] {
        let answer = logger.call(tool, arguments);
        assert_eq!(answer["isError"], true, "{tool}: {answer}");
    }
    assert_eq!(logger.ask("tools/call", json!({"name": "delete_entry"}))["error"]["code"], -32602);
    assert_eq!(logger.ask("ping", json!({}))["result"], json!({}));
}

#[test]
fn a_line_that_is_no_json_is_answered_with_a_parse_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut logger = Logger::on_file(&folder.path().join("audit.ndjson"));
    logger.shake_hands();
    let long = "x".repeat(1 << 21);
    let told =
        [("rubbish", "no JSON"), ("{\"jsonrpc\":", "no JSON"), ("\u{feff}{}", "no JSON"), (&long, "1048576")];
    for (line, says) in told {
        logger.say(line);
        let answer = logger.hear();
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32700), &Value::Null), "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(says), "{answer}");
    }
    logger.input.as_mut().unwrap().write_all(b"\xff\xfe\n").unwrap();
    assert!(logger.hear()["error"]["message"].as_str().unwrap().contains("UTF-8"));
    assert_eq!(logger.call("log_action", json!({"action_name": "a"}))["isError"], false);
    logger.input.as_mut().unwrap().write_all(b"the end").unwrap();
    drop(logger.input.take());
    assert_eq!(logger.hear()["error"]["code"], -32700, "also a last line without an end");
    assert!(logger.end());
}

#[test]
fn a_text_that_was_cut_within_an_emoji_is_recorded_and_what_can_not_be_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.ndjson");
    let mut logger = Logger::on_file(&path);
    logger.shake_hands();
    let call = |id: u64, result: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"log_action","arguments":{{"action_name":"a","result":{result}}}}}}}"#
        )
    };
    logger.say(&call(70, r#""build ok \ud83c""#));
    let answer = logger.hear();
    assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!(70), &json!(false)), "{answer}");
    let line: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(line["outcome_result"], "build ok \u{fffd}");
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for (id, result, says) in [(71, deep.as_str(), "127 lists"), (72, "1e999", "number out of range")] {
        logger.say(&call(id, result));
        let answer = logger.hear();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(id), &json!(-32600)), "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(says), "{answer}");
    }
    logger.say(r#"{"jsonrpc":"2.0","id":73,"method":"tools/call","params":5}"#);
    let answer = logger.hear();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(73), &json!(-32600)), "{answer}");
    assert_eq!(logger.ask("ping", json!({}))["result"], json!({}));
    assert!(logger.end());
}

#[test]
fn what_is_too_large_is_refused_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.ndjson");
    let mut logger = Logger::on_file(&path);
    logger.shake_hands();
    let answer = logger.call("log_action", json!({"action_name": "a", "result": "x".repeat(300 << 10)}));
    assert_eq!(answer["isError"], true);
    assert!(answer["content"][0]["text"].as_str().unwrap().contains("expected at most 262144"), "{answer}");
    assert!(!path.exists());
    // A message beyond the limit is not even read: nobody knows its id.
    logger.say(&"x".repeat(3 << 20));
    assert_eq!(logger.ask("ping", json!({}))["result"], json!({}));
}

#[test]
fn a_time_that_no_import_would_take_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.ndjson");
    let mut logger = Logger::on_file(&path);
    logger.shake_hands();
    let refused = logger.call("log_action", json!({"action_name": "a", "timestamp": "yesterday"}));
    assert_eq!(refused["isError"], true);
    assert!(
        refused["content"][0]["text"].as_str().unwrap().contains("\"yesterday\": expected RFC 3339"),
        "{refused}"
    );
    assert!(!path.exists());
    let taken = json!({"action_name": "a", "timestamp": "1700000000", "event_id": "e"});
    assert_eq!(logger.call("log_action", taken.clone())["structuredContent"]["duplicate"], false);
    assert_eq!(logger.call("log_action", taken)["structuredContent"]["duplicate"], true);
    let found = logger.call("search_logs", json!({}));
    let event = &found["structuredContent"]["events"][0];
    assert_eq!(event["timestamp"], "2023-11-14T22:13:20.000000Z", "{found}");
    assert_eq!(event["claimed_timestamp"], "1700000000");
}
