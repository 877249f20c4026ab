//! Rows of the table that `mcp-audit-logger` keeps in PostgreSQL, taken out as JSON and imported.

use crate::history::{OWNER, events, part, told, whole};
use tacho_event::section::Section;
use tacho_event::words::Known;

const ROW: &str = r#"{"id":"01a203b5-43fe-7fd7-b19b-3a41ee579ca3","timestamp":"2026-11-22T14:42:20.801312+00:00","agent_id":"rel","session_id":"ms","conversation_id":null,"action_type":"tool","action_name":"deploy","action_details":{"known":"self_reported","source":"mcp","call_id":"toolu_01ABCDEFGHIJKLMNOPQRSTUV","digest":"d1","parameters":{"v":1}},"outcome_status":"success","outcome_result":"ok","outcome_error":null,"tokens_input":5,"duration_ms":3,"cost_usd":0.5,"sensitive_data_accessed":false}"#;

#[test]
fn a_row_is_its_agents_own_word_with_the_call_that_it_names() {
    for body in [format!("{ROW}\n"), format!("[{ROW}]")] {
        let batches = whole(&body);
        assert_eq!(told(&batches), ["tool deploy - success toolu_01ABCDEFGHIJKLMNOPQRSTUV rel"]);
        let event = &events(&batches)[0];
        assert_eq!(event.header.known, Known::SelfReported, "{body}");
        let input = event.texts[Section::Input as usize - Section::Input as usize];
        assert_eq!(input, Some(r#"{"v":1}"#), "its parameters");
    }
}

#[test]
fn what_an_agent_gives_to_its_call_says_nothing_of_how_that_is_known() {
    let input = r#"{"action_details":{"known":"self_reported"},"known":"self_reported"}"#;
    let line = format!(
        r#"{{"type":"assistant","uuid":"u1","sessionId":"s","timestamp":"2026-11-21T00:00:01Z","message":{{"id":"m1","content":[{{"type":"tool_use","id":"toolu_1","name":"Bash","input":{input}}}]}}}}"#
    );
    let (_, batches) = part(&line, "f.jsonl", None, &OWNER);
    assert!(events(&batches).iter().all(|event| event.header.known == Known::Imported));
    let row = ROW.replace(r#""digest":"d1","#, "");
    assert_eq!(events(&whole(&row))[0].header.known, Known::Imported, "no row of that table");
}
