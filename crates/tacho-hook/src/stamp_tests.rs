use super::*;

fn follow(state: &mut State, text: &str) -> serde_json::Value {
    let mut members = Members::read(text);
    state.follow(&mut members);
    serde_json::from_slice(&members.line()).unwrap()
}

#[test]
fn what_is_missing_is_added_and_what_is_there_stays() {
    let stamp = Stamp {
        event_id: "e1".into(),
        now_us: 1_795_219_200_000_000,
        user: Some("ann".into()),
        host: Some("box".into()),
        agent: Some("releaser".into()),
        session: Some("s9".into()),
        source: Some("codex"),
        redactions: 2,
        sensitive: true,
    };
    let put = |text: &str| {
        let mut members = Members::read(text);
        stamp.put(&mut members);
        String::from_utf8(members.line()).unwrap()
    };
    assert_eq!(
        put("{}"),
        r#"{"event_id":"e1","timestamp":"2026-11-21T00:00:00.000000Z","session_id":"s9","user":"ann","host":"box","agent":"releaser","hook_source":"codex","hook_redactions":2,"sensitive_data_accessed":true}"#
    );
    let own = put(
        r#"{"id":"mine","timestamp":"2026-01-02T03:04:05Z","session_id":"s","agent_id":"sub","user":"b"}"#,
    );
    assert!(own.starts_with(
        r#"{"id":"mine","timestamp":"2026-01-02T03:04:05Z","session_id":"s","agent_id":"sub","user":"b","host":"#
    ));
    let odd = put(r#"{"timestamp":"yesterday","event_id":null}"#);
    assert!(
        odd.starts_with(
            r#"{"timestamp":"2026-11-21T00:00:00.000000Z","event_id":"e1","timestamp_as_sent":"yesterday""#
        ),
        "{odd}"
    );
    assert_eq!(stamp.session_of(&Members::read(r#"{"session_id":"s"}"#)).as_deref(), Some("s"));
}

#[test]
fn events_of_a_session_are_numbered() {
    let mut state = State::default();
    assert_eq!(follow(&mut state, r#"{"hook_event_name":"Stop"}"#)["producer_seq"], 1);
    assert_eq!(follow(&mut state, r#"{"seq":70}"#)["producer_seq"], serde_json::Value::Null);
    assert_eq!(follow(&mut state, "{}")["producer_seq"], 3);
}

#[test]
fn the_model_is_remembered_but_not_for_sub_agents() {
    let mut state = State::default();
    follow(&mut state, r#"{"hook_event_name":"SessionStart","model":"m1"}"#);
    assert_eq!(follow(&mut state, r#"{"hook_event_name":"Stop"}"#)["model"], "m1");
    follow(&mut state, r#"{"hook_event_name":"PostModelSwitch","from_model":"m1","to_model":"m2"}"#);
    assert_eq!(follow(&mut state, r#"{"hook_event_name":"Stop"}"#)["model"], "m2");
    assert!(follow(&mut state, r#"{"hook_event_name":"PreToolUse","agent_id":"a"}"#)["model"].is_null());
    follow(&mut state, r#"{"hook_event_name":"BeforeModel","llm_request":{"model":"g"}}"#);
    assert_eq!(state.model.as_deref(), Some("g"));
}

#[test]
fn calls_without_an_id_get_one_that_joins_proposal_and_result() {
    let mut state = State::default();
    let before = r#"{"hook_event_name":"BeforeTool","tool_name":"sh","tool_input":{"c":1}}"#;
    let after = before.replace("BeforeTool", "AfterTool");
    let other = before.replace('1', "2");
    let (first, second) =
        (follow(&mut state, before)["call_id"].clone(), follow(&mut state, before)["call_id"].clone());
    let third = follow(&mut state, &other)["call_id"].clone();
    assert!(first != second && second != third && first.as_str().unwrap().starts_with("hook-"));
    assert_eq!(follow(&mut state, &after)["call_id"], first);
    assert_eq!(follow(&mut state, &other.replace("Before", "After"))["call_id"], third);
    assert_eq!(follow(&mut state, &after)["call_id"], second);
    // Nobody saw it begin: no id is better than a wrong one.
    assert!(follow(&mut state, &after)["call_id"].is_null());
}

const START: &str = r#"{"hook_event_name":"PreToolUse","tool_name":"Agent","tool_use_id":"t1","tool_input":{"subagent_type":"explorer"}}"#;

#[test]
fn a_sub_agent_has_the_call_that_started_it_as_its_cause() {
    let mut state = State::default();
    follow(&mut state, START);
    let begun =
        follow(&mut state, r#"{"hook_event_name":"SubagentStart","agent_id":"a1","agent_type":"explorer"}"#);
    assert_eq!(begun["parent_id"], "t1");
    let call = follow(
        &mut state,
        r#"{"hook_event_name":"PreToolUse","agent_id":"a1","tool_name":"Bash","tool_use_id":"t2"}"#,
    );
    assert_eq!(call["parent_id"], "t1");
    assert!(follow(&mut state, r#"{"hook_event_name":"Stop"}"#)["parent_id"].is_null());
}

#[test]
fn of_two_that_could_be_meant_none_is_named_until_the_result_tells() {
    let mut state = State::default();
    follow(&mut state, START);
    follow(&mut state, &START.replace("t1", "t2"));
    let begun =
        follow(&mut state, r#"{"hook_event_name":"SubagentStart","agent_id":"a1","agent_type":"explorer"}"#);
    assert!(begun["parent_id"].is_null());
    follow(
        &mut state,
        r#"{"hook_event_name":"PostToolUse","tool_name":"Agent","tool_use_id":"t2","tool_response":{"agentId":"a1"}}"#,
    );
    let stop = follow(&mut state, r#"{"hook_event_name":"SubagentStop","agent_id":"a1"}"#);
    assert_eq!(stop["parent_id"], "t2");
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut state = State::default();
    for n in 0..500 {
        follow(
            &mut state,
            &format!(r#"{{"hook_event_name":"BeforeTool","tool_name":"sh","tool_input":{n}}}"#),
        );
    }
    assert_eq!(state.open.len(), REMEMBERED_MAX);
}
