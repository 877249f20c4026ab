//! Redaction, minimisation and ids.

use crate::common::{NOW_US, take, take_with};
use tacho_event::fact::IntFact;
use tacho_event::id::Id;
use tacho_ingest::Options;
use tacho_merkle::{Algorithm, SignerKey};
use tacho_record::Log;
use tacho_redact::minimise::Minimisation;

pub(crate) const BASH: &str = r#"{"id":"run-17","timestamp":"2026-11-20T10:30:15.123Z","agent":{"id":"ops/deployer","session_id":"s-1","team":"platform","mood":"calm"},"action":{"type":"tool","name":"Bash","tool":{"name":"Bash","parameters":{"command":"deploy --password=hunter2hunter2"}}},"outcome":{"status":"failed","result":{"exit_code":3}},"resources":{"duration_ms":234,"cost_usd":0.001},"user_id":"alice","weather":"rain"}"#;

#[test]
fn an_event_keeps_everything_but_its_secret() {
    let taken = take(BASH);
    let event = taken.one();
    assert_eq!(event.header.agent, "ops/deployer");
    assert_eq!(event.header.outcome.as_str(), "failure");
    assert_eq!(
        (event.who.id, event.who.session, event.who.user),
        (Some("run-17"), Some("s-1"), Some("alice"))
    );
    assert_eq!(event.facts.int(IntFact::DurationUs), Some(234_000));
    assert_eq!(event.facts.int(IntFact::CostMicros), Some(1_000));
    assert_eq!(event.facts.int(IntFact::ExitCode), Some(3));
    assert_eq!(event.facts.int(IntFact::Sensitive), Some(1));
    assert_eq!(event.texts[0], Some(r#"{"command":"deploy --[REDACTED]"}"#));
    let extra = event.texts[5].unwrap();
    assert!(extra.contains(r#""weather":"rain""#) && extra.contains(r#""agent.mood":"calm""#), "{extra}");
    assert!(event.header.subject.is_some());
}

#[test]
fn a_secret_anywhere_is_taken_out_and_marks_the_event() {
    let taken = take(r#"{"agent":{"id":"a"},"action":{"name":"x"},"note":{"api_key":"c0ffee0123456789"}}"#);
    let event = taken.one();
    assert_eq!(event.texts[5], Some(r#"{"note":{"api_key":"[REDACTED]"}}"#));
    assert_eq!(
        (event.facts.int(IntFact::Redactions), event.facts.int(IntFact::Sensitive)),
        (Some(1), Some(1))
    );
    // JSON within a string of JSON, and within what a tool answered.
    let nested = r#"{"hook_event_name":"PostToolUse","tool_name":"fetch","tool_input":{"body":"{\"password\":\"hunter2hunter2\"}"},
        "tool_response":{"text":"api_key=c0ffee0123456789"},"user_agent":"x token=hunter2hunter2"}"#;
    let taken = take(nested);
    let all = format!("{:?}", taken.one());
    assert!(!all.contains("hunter2") && !all.contains("c0ffee0123456789"), "{all}");
    assert!(taken.one().facts.int(IntFact::Redactions) >= Some(3));
}

#[test]
fn no_byte_of_a_secret_reaches_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.append(NOW_US, take(BASH).batches).unwrap();
    log.seal().unwrap();
    let wal = std::fs::read(dir.path().join("wal/0000000000000000.wal")).unwrap();
    let holds = |needle: &[u8]| wal.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"deploy --[REDACTED]"));
    assert!(!holds(b"hunter2"));
}

pub(crate) fn open(folder: &std::path::Path) -> Log {
    let signer = SignerKey::from_seed("log.example/accept", Algorithm::Ed25519, &[1; 32]).unwrap();
    Log::open(folder, "log.example/accept", vec![signer], tacho_record::Options::new(|out| out.fill(7)))
        .unwrap()
}

#[test]
fn what_may_not_stand_in_the_header_is_kept_elsewhere() {
    let taken = take(
        r#"{"agent_id":"bot-of-jane.doe@example.com","action_name":"naïve","call_id":"a\"b","agent_version":"v{1}"}"#,
    );
    let event = taken.one();
    assert!(Id::parse(event.header.agent).is_some() && Id::parse(event.header.action_name).is_some());
    assert_eq!((event.header.call, event.header.agent_version), (None, None));
    let extra: serde_json::Value = serde_json::from_str(event.texts[5].unwrap()).unwrap();
    assert_eq!((&extra["action_name"], &extra["call"]), (&"naïve".into(), &"a\"b".into()));
    assert_eq!((&extra["agent_version"], &extra["agent_id"]), (&"v{1}".into(), &"[REDACTED]".into()));
}

#[test]
fn no_name_stands_twice_in_extra() {
    let taken = take(r#"{"agent":{"mood":"calm","id":"a"},"agent.mood":"wild","agent.mood#2":"odd"}"#);
    let extra: serde_json::Value = serde_json::from_str(taken.one().texts[5].unwrap()).unwrap();
    assert_eq!(extra, serde_json::json!({"agent.mood":"calm","agent.mood#2":"wild","agent.mood#2#2":"odd"}));
}

fn call(tool: &str, input: &str, response: &str) -> String {
    format!(
        r#"{{"hook_event_name":"PostToolUse","tool_name":"{tool}","tool_input":{input},"tool_response":{response}}}"#
    )
}

#[test]
fn content_is_minimised_by_its_kind_after_redaction() {
    let read = take(&call(
        "Read",
        r#"{"file_path":"/a.rs"}"#,
        r#"{"file":{"filePath":"/a.rs","content":"fn main() {}"}}"#,
    ));
    assert_eq!(read.one().texts[0], Some(r#"{"file_path":"/a.rs"}"#));
    assert_eq!(
        read.one().texts[1],
        Some(r#"{"file":{"filePath":"/a.rs","content":"[dropped 12 characters]"}}"#)
    );
    let write = take(&call("Write", r#"{"file_path":"/a.rs","content":"password=hunter2hunter2"}"#, "{}"));
    assert!(write.one().texts[0].unwrap().contains("/a.rs"));
    assert!(!write.one().texts[0].unwrap().contains("password"));
    assert_eq!(write.one().facts.int(IntFact::Sensitive), Some(1), "found before it was dropped");
    let edit = take(&call("Edit", r#"{"file_path":"/a","old_string":"x","new_string":"y"}"#, "\"ok\""));
    assert!(edit.one().texts[0].unwrap().contains(r#""new_string":"[dropped 1 characters]""#));
    let long = "y".repeat(700);
    let bash = take(&call("Bash", r#"{"command":"yes"}"#, &format!("{{\"stdout\":\"{long}\"}}")));
    assert!(bash.one().texts[1].unwrap().contains("y[truncated 500 of 700 characters]"));
    let other = take(&call("Agent", "{}", &format!("\"{long}\"")));
    assert_eq!(other.one().texts[1].map(str::len), Some(702));
    let rows = r#"{"agent_id":"a","action":{"type":"skill","name":"postgres"},
        "outcome":{"result":{"rows":[{"name":"Jane"}],"rows_returned":1}},"agent":{"id":"a"}}"#;
    assert_eq!(take(rows).one().texts[1], Some(r#"{"rows":{"rows":1},"rows_returned":1}"#));
}

#[test]
fn minimisation_is_configurable() {
    let keep: Minimisation = serde_json::from_str(r#"{"file_contents":"keep"}"#).unwrap();
    let body = call("Write", r#"{"file_path":"/a","content":"text"}"#, "{}");
    let taken = take_with(body.as_bytes(), &Options::default(), keep);
    assert_eq!(taken.one().texts[0], Some(r#"{"file_path":"/a","content":"text"}"#));
}

#[test]
fn a_missing_cost_is_estimated_and_marked() {
    let body = r#"{"agent_id":"a","action_name":"chat","model":"claude-sonnet-4-5","tokens_input":1000,"tokens_output":100}"#;
    let taken = take(body);
    let event = taken.one();
    assert_eq!(
        (event.facts.int(IntFact::CostMicros), event.facts.int(IntFact::CostEstimated)),
        (Some(4_500), Some(1))
    );
}

#[test]
fn a_running_number_that_json_readers_would_round_stays_in_extra() {
    for (number, want) in [("9007199254740991", Some(9_007_199_254_740_991)), ("9007199254740993", None)] {
        let body = format!(r#"{{"agent_id":"a","action_name":"x","producer_seq":{number}}}"#);
        let taken = take(&body);
        let event = taken.one();
        assert_eq!(event.header.producer_seq, want);
        assert_eq!(event.texts[5].is_some_and(|extra| extra.contains(number)), want.is_none());
    }
}

#[test]
fn whitespace_between_tokens_makes_no_other_content() {
    let content = |body: &str| take(body).one().content.unwrap();
    let dense = r#"{"id":"1","agent_id":"a","action_details":{"a":[1,"x y"],"b":{}},"note":{"q":"\" "}}"#;
    let loose = r#"{ "id" : "1","agent_id":"a","action_details":{ "a": [1,  "x y"],"b":{ } },"note": {"q": "\" " } }"#;
    assert_eq!(content(dense), content(loose));
    assert_ne!(content(dense), content(&dense.replace("x y", "x  y")), "within a string it counts");
}

#[test]
fn negative_amounts_are_kept_as_claimed_and_set_no_fact() {
    let taken = take(
        r#"{"agent_id":"a","action_name":"x","cost_usd":-5.5,"tokens_input":-7,"duration_ms":-20,"exit_code":-1}"#,
    );
    let event = taken.one();
    for fact in [IntFact::CostMicros, IntFact::TokensInput, IntFact::DurationUs] {
        assert_eq!(event.facts.int(fact), None, "{fact:?}");
    }
    assert_eq!(event.facts.int(IntFact::ExitCode), Some(-1));
    assert_eq!(event.texts[5], Some(r#"{"cost_usd":-5.5,"tokens_input":-7,"duration_ms":-20}"#));
}

#[test]
fn a_credential_of_any_shape_never_reaches_the_header() {
    let token = concat!("gh", "p_a1B2c3D4e5F6g7H8i9J0");
    let taken = take(&format!(r#"{{"agent_id":"bot-{token}","action_name":"{token}","call_id":"{token}"}}"#));
    let header = format!("{:?}", taken.one().header);
    assert!(!header.contains("a1B2c3"), "{header}");
}
