//! Messages that JSON allows and the SDK does not take.

use super::{ACCEPT, KIND, request};
use crate::server::Server;
use serde_json::json;

#[test]
fn a_text_that_was_cut_within_an_emoji_is_recorded_and_what_can_not_be_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let send = |result: &str| {
        let message = request(
            "tools/call",
            json!({"name": "log_action", "arguments":
            {"action_name": "a", "event_id": "e1", "result": "HERE"}}),
        );
        let message = message.to_string().replace("\"HERE\"", result);
        server.post_with("/mcp", message.as_bytes(), &[ACCEPT, KIND]).unwrap()
    };
    let cut = send(r#""build ok \ud83c""#);
    assert_eq!((cut.status, &cut.json()["result"]["isError"]), (200, &json!(false)), "{cut:?}");
    let rows = server.sql("SELECT outcome_result FROM agent_audit_log WHERE id = 'e1'");
    assert!(rows[0]["outcome_result"].as_str().unwrap().contains("build ok \u{fffd}"), "{rows:?}");
    for result in ["1e999".to_string(), format!("{}{}", "[".repeat(200), "]".repeat(200))] {
        let answer = send(&result);
        let told = answer.json();
        assert_eq!(
            (answer.status, &told["id"], &told["error"]["code"]),
            (400, &json!(1), &json!(-32600)),
            "{told}"
        );
    }
}
