use super::*;

fn follow(state: &mut State, text: &str) -> serde_json::Value {
    let mut members = Members::read(text);
    state.follow(&mut members);
    serde_json::from_slice(&members.line()).unwrap()
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

#[test]
fn the_same_call_at_the_same_number_of_two_sessions_has_two_ids() {
    for (before, after, rest) in [
        ("BeforeTool", "AfterTool", r#""tool_name":"sh","tool_input":{"c":1}"#),
        ("BeforeModel", "AfterModel", r#""llm_request":{"messages":["hi"]}"#),
    ] {
        let call = |event: &str| {
            let mut state = State::default();
            let hook = |name: &str| format!(r#"{{"hook_event_name":"{name}","event_id":"{event}",{rest}}}"#);
            let id = follow(&mut state, &hook(before))["call_id"].clone();
            assert_eq!(follow(&mut state, &hook(after))["call_id"], id);
            id
        };
        assert_ne!(
            call("01a202cf-4887-75bb-b9f8-74c29c495398"),
            call("01a202cf-4a8f-7d06-ab5f-e27fa13d5646")
        );
    }
    let unknown = r#"{"hook_event_name":"AfterAgent","event_id":"e1","tool_calls":[{"tool_name":"odd","error":"Tool \"odd\" not found"}]}"#;
    let call = |text: &str| follow(&mut State::default(), text)["tool_calls"][0]["call_id"].clone();
    assert_ne!(call(unknown), call(&unknown.replace("e1", "e2")));
    assert_eq!(call(&unknown.replace(r#""error""#, r#""call_id":"odd_1","error""#)), "odd_1");
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
fn a_sub_agent_that_was_sent_on_its_way_is_known_by_its_task() {
    let mut state = State::default();
    for (id, task) in [("t1", "count"), ("t2", "sort")] {
        let start = format!(
            r#"{{"hook_event_name":"PreToolUse","tool_name":"collaborationspawn_agent","tool_use_id":"{id}","tool_input":{{"task_name":"{task}"}}}}"#
        );
        follow(&mut state, &start);
        follow(&mut state, &start.replace("PreToolUse", "PostToolUse"));
    }
    let begun = follow(
        &mut state,
        r#"{"hook_event_name":"SubagentStart","agent_id":"a2","agent_type":"default","agent_path":"/root/sort"}"#,
    );
    assert_eq!(begun["parent_id"], "t2");
    let call = r#"{"hook_event_name":"PreToolUse","agent_id":"a2","tool_name":"Bash","tool_use_id":"t3"}"#;
    assert_eq!(follow(&mut state, call)["parent_id"], "t2");
}

/// A hook around a shell command: of which agent, with which input and which other members.
fn shell(hook: &str, agent: &str, input: u8, more: &str) -> String {
    let agent = if agent.is_empty() { String::new() } else { format!(r#","agent_id":"{agent}""#) };
    format!(r#"{{"hook_event_name":"{hook}"{agent},"tool_name":"Bash","tool_input":{{"n":{input}}}{more}}}"#)
}

#[test]
fn the_question_whether_a_call_may_run_belongs_to_the_call() {
    let mut state = State::default();
    for id in 1..=3 {
        follow(&mut state, &shell("PreToolUse", "", id, &format!(r#","tool_use_id":"t{id}""#)));
    }
    let mut asked = |input| follow(&mut state, &shell("PermissionRequest", "", input, ""))["call_id"].clone();
    assert_eq!(asked(1), "t1");
    assert!(asked(9).is_null(), "two could be meant");
    assert_eq!(asked(2), "t2");
    assert_eq!(asked(9), "t3", "another hook has changed what it is called with");
    assert!(asked(9).is_null());
    follow(&mut state, &shell("PostToolUse", "", 1, r#","tool_use_id":"t1""#));
    assert!(follow(&mut state, &shell("PermissionRequest", "", 1, ""))["call_id"].is_null());
}

#[test]
fn a_question_is_about_a_call_of_the_agent_that_asks() {
    let mut state = State::default();
    follow(&mut state, &shell("PreToolUse", "b", 1, r#","tool_use_id":"of b""#));
    follow(&mut state, &shell("PreToolUse", "a", 1, r#","tool_use_id":"of a""#));
    assert_eq!(follow(&mut state, &shell("PermissionRequest", "b", 1, ""))["call_id"], "of b");
    assert_eq!(follow(&mut state, &shell("PermissionRequest", "a", 1, ""))["call_id"], "of a");
    assert!(follow(&mut state, &shell("PermissionRequest", "", 1, ""))["call_id"].is_null());
}

#[test]
fn equal_calls_are_asked_about_each_in_turn() {
    let mut state = State::default();
    follow(&mut state, &shell("PreToolUse", "", 1, r#","tool_use_id":"t1""#));
    follow(&mut state, &shell("PreToolUse", "", 1, r#","tool_use_id":"t2""#));
    let mut asked = || follow(&mut state, &shell("PermissionRequest", "", 1, ""))["call_id"].clone();
    assert_eq!([asked(), asked()], ["t2", "t1"]);
}

#[test]
fn what_another_turn_called_is_not_asked_about() {
    let mut state = State::default();
    follow(&mut state, &shell("PreToolUse", "", 1, r#","tool_use_id":"interrupted""#));
    follow(&mut state, r#"{"hook_event_name":"UserPromptSubmit"}"#);
    follow(&mut state, &shell("PreToolUse", "", 2, r#","tool_use_id":"t2""#));
    assert_eq!(follow(&mut state, &shell("PermissionRequest", "", 9, ""))["call_id"], "t2");
}

#[test]
fn a_request_to_a_model_is_one_call_with_its_streamed_answers() {
    let mut state = State::default();
    let hook = |event: &str, request: u8| {
        format!(r#"{{"hook_event_name":"{event}","llm_request":{{"messages":[{request}]}}}}"#)
    };
    let first = follow(&mut state, &hook("BeforeModel", 1))["call_id"].clone();
    let second = follow(&mut state, &hook("BeforeModel", 2))["call_id"].clone();
    assert!(first != second && first.is_string());
    for (request, want) in [(1, &first), (2, &second), (1, &first)] {
        assert_eq!(follow(&mut state, &hook("AfterModel", request))["call_id"], *want);
    }
}

#[test]
fn inside_a_call_that_is_a_sub_agent_requests_and_calls_name_it_as_their_parent() {
    let mut state = State::default();
    let tool = |event: &str, name: &str| {
        format!(
            r#"{{"hook_event_name":"{event}","tool_name":"{name}","tool_input":{{"agent_name":"counter"}}}}"#
        )
    };
    let agent = follow(&mut state, &tool("BeforeTool", "invoke_agent"))["call_id"].clone();
    // Another call of the same answer: the sub-agent has not asked its model yet.
    assert!(follow(&mut state, &tool("BeforeTool", "read"))["parent_id"].is_null());
    let asked = follow(&mut state, r#"{"hook_event_name":"BeforeModel","llm_request":{}}"#);
    assert_eq!((&asked["parent_id"], &asked["agent_type"]), (&agent, &"counter".into()));
    assert_eq!(follow(&mut state, &tool("BeforeTool", "ls"))["parent_id"], agent);
    assert!(follow(&mut state, &tool("AfterTool", "read"))["parent_id"].is_null());
    assert_eq!(follow(&mut state, &tool("AfterTool", "ls"))["parent_id"], agent);
    assert_eq!(follow(&mut state, &tool("AfterTool", "invoke_agent"))["call_id"], agent);
    let after = follow(&mut state, r#"{"hook_event_name":"BeforeModel","llm_request":{}}"#);
    assert!(after["parent_id"].is_null());
}

#[test]
fn of_calls_that_failed_those_that_no_hook_ended_are_told_under_their_ids() {
    let mut state = State::default();
    let tool = |event: &str, name: &str| {
        format!(r#"{{"hook_event_name":"{event}","tool_name":"{name}","tool_input":{{}}}}"#)
    };
    let refused = follow(&mut state, &tool("BeforeTool", "rm"))["call_id"].clone();
    follow(&mut state, &tool("BeforeTool", "read"));
    follow(&mut state, &failed("read"));
    let calls = [call("read", "File not found"), call("rm", "denied"), call("odd", "Tool \"odd\" not found")];
    let after = follow(&mut state, &turn_end(&calls));
    assert_eq!(names(&after), ["rm", "odd"]);
    assert_eq!(after["tool_calls"][0]["call_id"], refused);
    assert!(state.open.is_empty() && state.failed.is_empty());
}

/// The hook after a call that says that it failed.
fn failed(name: &str) -> String {
    format!(
        r#"{{"hook_event_name":"AfterTool","tool_name":"{name}","tool_input":{{}},"tool_response":{{"error":{{"message":"no"}}}}}}"#
    )
}

/// A call that the session file says failed.
fn call(name: &str, error: &str) -> String {
    format!(r#"{{"tool_name":"{name}","tool_input":{{}},"error":{}}}"#, quote(error))
}

fn turn_end(calls: &[String]) -> String {
    format!(r#"{{"hook_event_name":"AfterAgent","tool_calls":[{}]}}"#, calls.join(","))
}

/// The tools of the calls that are told at the end of a turn.
fn names(after: &serde_json::Value) -> Vec<&str> {
    after["tool_calls"].as_array().unwrap().iter().map(|call| call["tool_name"].as_str().unwrap()).collect()
}

#[test]
fn a_call_with_input_that_its_tool_does_not_take_is_told_and_one_that_ran_and_failed_is_not_again() {
    let mut state = State::default();
    let no_input = call("sh", "params must have required property 'command'");
    follow(&mut state, &failed("sh"));
    let after = follow(&mut state, &turn_end(&[no_input.clone(), no_input.replace("{}", r#"{"wrong":1}"#)]));
    assert_eq!(after["tool_calls"].as_array().unwrap().len(), 1);
    assert_eq!(after["tool_calls"][0]["tool_input"]["wrong"], 1);
    // Of two equal ones a hook told of one.
    follow(&mut state, &failed("sh"));
    assert_eq!(names(&follow(&mut state, &turn_end(&[no_input.clone(), no_input.clone()]))), ["sh"]);
    // What failed in another turn says nothing of this one.
    follow(&mut state, &failed("sh"));
    follow(&mut state, r#"{"hook_event_name":"BeforeAgent","prompt":"go"}"#);
    assert_eq!(names(&follow(&mut state, &turn_end(&[no_input]))), ["sh"]);
}

#[test]
fn a_call_whose_hooks_may_have_told_of_it_is_not_told_as_one_without() {
    let mut state = State::default();
    let ended = [
        call("ended", "[Operation Cancelled] Reason: User cancelled"),
        call("ended", "cancelled"),
        call("ended", "Tool result blocked: no such luck"),
        call("ended", "Agent execution stopped by hook: enough"),
        call("odd", "Tool \"odd\" not found"),
    ];
    assert_eq!(names(&follow(&mut state, &turn_end(&ended))), ["odd"]);
    for n in 0..=REMEMBERED_MAX {
        follow(&mut state, &failed(&format!("sh{n}")));
    }
    let forgotten = turn_end(&[call("sh0", "no")]);
    assert!(names(&follow(&mut state, &forgotten)).is_empty());
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
