use super::*;

fn read(event: Event) -> Value {
    let stamps = Stamps { id: "i\"1", timestamp: "t", producer: Some(("p", 7)), host: "h" };
    let id_name = event.id_name;
    serde_json::from_str(&line(id_name, &members(event, false).unwrap(), &stamps).0).unwrap()
}

#[test]
fn stamps_come_first_and_are_the_clients_own() {
    let stamps = Stamps { id: "i", timestamp: "t", producer: Some(("p", 7)), host: "h" };
    let event = Event::action("Bash").with("producer", "forged").with("host", "forged");
    let (line, end) = line("event_id", &members(event, false).unwrap(), &stamps);
    assert!(line.starts_with(
        r#"{"event_id":"i","timestamp":"t","producer":"p","producer_seq":7,"host":"h","action"#
    ));
    assert_eq!(&line[end..=end], ",");
    assert!(!line.contains("forged"));
}

#[test]
fn an_audit_entry_has_the_words_of_the_trail() {
    let event = Event::audit("AGENT_UPDATED", "agent", "7c1f")
        .user("u1")
        .details(&json!({"fields_changed": 1}))
        .changes(&json!({"status": {"before": "draft", "after": "active"}}))
        .request(Some("203.0.113.9"), None, Some("s1"));
    assert!(event.agentless && event.sessionless);
    let found = read(event);
    assert_eq!(found["event_id"], "i\"1");
    assert_eq!(found["userId"], "u1");
    assert_eq!(found["details"], json!({"fields_changed": 1}));
    assert_eq!(found["request"], json!({"ip": "203.0.113.9", "sessionId": "s1"}));
}

#[test]
fn what_has_no_form_in_json_is_told_as_text() {
    let keys = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(read(Event::action("x").details(&keys))["action_details"].as_str().unwrap().contains("no JSON"));
    assert_eq!(read(Event::action("x").cost_usd(f64::NAN)).get("cost_usd"), None);
}

#[test]
fn a_message_has_its_own_id_and_sender() {
    let found = read(Event::communication("b", &json!({"content": "hi"})).agent("a"));
    assert_eq!((&found["communication_id"], &found["sender"]["agent_id"]), (&json!("i\"1"), &json!("a")));
    assert_eq!(found.get("agent_id"), None);
}

#[test]
fn of_what_is_large_the_event_keeps_the_beginning_and_says_so() {
    let numbers: Vec<u32> = (0..600_000).collect();
    let text = "word ".repeat(600_000);
    let event =
        Event::action("x").details(&numbers).result(&text).error(&json!({"why": "late"})).status("failure");
    let found = read(event.clone());
    assert_eq!(
        (&found["outcome_error"]["why"], &found["outcome_status"]),
        (&json!("late"), &json!("failure"))
    );
    assert!(
        found["cut_values"].as_u64().unwrap() > 590_000 && found["cut_bytes"].as_u64().unwrap() > 2_900_000
    );
    let tight = members(event, true).unwrap();
    assert!(
        tight.len() < 8 << 10 && tight.contains("\"failure\"") && tight.contains("cut_values"),
        "{}",
        tight.len()
    );
    let wide: Map<String, Value> = (0..90_000).map(|n| (format!("m{n}"), json!(n))).collect();
    assert_eq!(read(Event::raw(wide))["cut_values"], 86_000);
}
