//! Spans and events of `tracing`, as the server gets them.

use crate::server::{LONG, client, start};
use serde_json::{Value, json};
use tacho_client::{Client, TachoLayer};
use tracing_subscriber::prelude::*;

/// What a program with the layer records.
pub(crate) fn recorded(program: impl FnOnce(&Client)) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let (url, requests) = start();
    let client = client(&url, folder.path());
    let subscriber = tracing_subscriber::registry().with(TachoLayer::new(client.clone()));
    tracing::subscriber::with_default(subscriber, || program(&client));
    assert!(client.close());
    requests.try_iter().flatten().collect()
}

#[test]
fn a_span_is_an_event_with_a_duration_and_what_is_inside_knows_it() {
    let events = recorded(|_| {
        let span = tracing::info_span!(
            "work",
            agent = "ops/a",
            session = "s-9",
            user.id = "u",
            tokens_output = 7_u64
        );
        span.in_scope(|| tracing::warn!(rows = 3, "slow query"));
    });
    let [line, span] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(span["action_type"], "lifecycle");
    assert_eq!((&span["action_name"], &span["outcome_status"]), (&json!("work"), &json!("success")));
    assert_eq!(
        (&span["agent_id"], &span["session_id"], &span["tokens_output"]),
        (&json!("ops/a"), &json!("s-9"), &json!(7))
    );
    assert!(span["duration_ms"].as_f64().unwrap() >= 0.0);
    assert_eq!(
        (&line["action_type"], &line["level"], &line["message"]),
        (&json!("log"), &json!("WARNING"), &json!("slow query"))
    );
    assert_eq!((&line["agent_id"], &line["user_id"]), (&json!("ops/a"), &json!("u")));
    assert_eq!(line["parent_id"], span["call_id"]);
    assert_eq!(line["attributes"], json!({"rows": 3}));
    assert!(span["timestamp"].as_str().unwrap() <= line["timestamp"].as_str().unwrap());
}

#[test]
fn a_tool_that_fails_says_so() {
    let events = recorded(|_| {
        let span = tracing::info_span!(
            "call",
            tool = "Bash",
            call_id = "c-1",
            input = "ls",
            error = tracing::field::Empty
        );
        span.record("error", "exit code 2");
        let span = tracing::info_span!("quiet", gen_ai.tool.name = "Read");
        span.in_scope(|| tracing::error!("no such file"));
    });
    let find = |name: &str| events.iter().find(|event| event["action_name"] == name).unwrap();
    let bash = find("Bash");
    assert_eq!(
        (&bash["action_type"], &bash["outcome_status"], &bash["call_id"]),
        (&json!("tool"), &json!("failure"), &json!("c-1"))
    );
    assert_eq!((&bash["outcome_error"], &bash["action_details"]), (&json!("exit code 2"), &json!("ls")));
    assert_eq!(find("Read")["outcome_status"], "failure");
}

#[test]
fn a_span_that_panics_has_failed_and_what_cleans_up_after_it_has_not() {
    struct Cleans;
    impl Drop for Cleans {
        fn drop(&mut self) {
            tracing::info_span!("cleans").in_scope(|| {});
        }
    }
    let events = recorded(|_| {
        let panics = || {
            let span = tracing::info_span!("panics", tool = "Bash");
            let _cleans = Cleans;
            span.in_scope(|| std::panic::resume_unwind(Box::new("no")));
        };
        assert!(std::panic::catch_unwind(panics).is_err());
    });
    let told = |name: &str| {
        let event = events.iter().find(|event| event["action_name"] == name).unwrap();
        (event["outcome_status"].clone(), event["outcome_error"].clone())
    };
    assert_eq!(told("Bash"), (json!("failure"), json!("panicked")));
    assert_eq!(told("cleans"), (json!("success"), Value::Null));
}

#[test]
fn nested_spans_name_their_parent() {
    let events = recorded(|_| {
        let outer = tracing::info_span!("outer", agent = "a");
        let _in_outer = outer.enter();
        let inner = tracing::info_span!("inner");
        let _in_inner = inner.enter();
    });
    let [inner, outer] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(inner["parent_id"], outer["call_id"]);
    assert_eq!(inner["agent_id"], "a");
    assert_eq!(outer.get("parent_id"), None);
}

#[test]
fn what_the_client_and_its_callback_say_is_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let (url, requests) = start();
    let told = std::sync::Arc::new(|problem: &tacho_client::Problem| tracing::error!(?problem, "told"));
    let options = tacho_client::Options {
        url,
        spool_dir: folder.path().to_owned(),
        on_problem: Some(told),
        queue_bytes: 3000,
        spool_bytes: 0,
        ..tacho_client::Options::from_env(&|_| None)
    };
    let client = Client::new(options);
    let subscriber = tracing_subscriber::registry().with(TachoLayer::new(client.clone()));
    tracing::subscriber::with_default(subscriber, || {
        // No room for it: lost within the call of the layer, which tells the callback, which logs.
        tracing::info!(huge = "x".repeat(4000), "one");
        tracing::info!("two");
    });
    assert!(client.flush(LONG));
    assert_eq!(client.stats().lost, 1);
    let events: Vec<Value> = requests.try_iter().flatten().collect();
    assert!(!events.iter().any(|event| event["message"] == "told"), "{events:?}");
    assert!(events.iter().any(|event| event["message"] == "two"));
}
