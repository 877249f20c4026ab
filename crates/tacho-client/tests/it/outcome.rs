//! How a span ended, by its fields and by what happened in it.

use crate::layer::recorded;
use serde_json::{Value, json};
use tracing::field::Empty;
use tracing::{Span, error, info_span};

/// The event of the one span that a program has.
fn ended(program: impl FnOnce()) -> Value {
    let mut events = recorded(|_| program());
    events.retain(|event| event["action_type"] != "log");
    let [event] = events.as_slice() else { panic!("{events:?}") };
    event.clone()
}

/// Of each span its status and its error.
fn outcomes<const N: usize>(spans: [fn() -> Span; N]) -> [(Value, Value); N] {
    spans.map(|span| {
        let mut event = ended(|| drop(span()));
        (event["outcome_status"].take(), event["outcome_error"].take())
    })
}

fn failure(error: &str) -> (Value, Value) {
    (json!("failure"), json!(error))
}

fn silent(status: &str) -> (Value, Value) {
    (json!(status), Value::Null)
}

#[test]
fn an_exit_code_other_than_zero_is_a_failure() {
    let failed = outcomes([
        || info_span!("s", exit_code = 2),
        || info_span!("s", exit_code = -1_i64),
        || info_span!("s", exit_code = u64::MAX),
        || info_span!("s", exit_code = %2),
        || info_span!("s", exit_code = ?Some(2)),
        || {
            let span = info_span!("s", exit_code = Empty);
            span.record("exit_code", 2);
            span
        },
    ]);
    assert_eq!(failed, std::array::from_fn(|_| silent("failure")));
    let not = outcomes([
        || info_span!("s", exit_code = 0),
        || info_span!("s", exit_code = %0),
        || info_span!("s", exit_code = ?None::<i32>),
        || info_span!("s", exit_code = "unknown"),
        || {
            let span = info_span!("s", exit_code = 2);
            span.record("exit_code", 0);
            span
        },
    ]);
    assert_eq!(not, std::array::from_fn(|_| silent("success")));
    assert_eq!(ended(|| drop(info_span!("s", exit_code = 2)))["exit_code"], 2);
}

#[test]
fn a_status_in_the_words_of_opentelemetry_counts() {
    let failed = outcomes([
        || info_span!("s", otel.status_code = "ERROR"),
        || info_span!("s", otel.status_code = "error"),
        || info_span!("s", otel.status_code = ?std::fmt::Error),
        || {
            let span = info_span!("s", otel.status_code = Empty);
            span.record("otel.status_code", "ERROR");
            span
        },
    ]);
    assert_eq!(failed, std::array::from_fn(|_| silent("failure")));
    let not = outcomes([
        || info_span!("s", otel.status_code = "OK"),
        || info_span!("s", otel.status_code = "UNSET"),
        || info_span!("s", otel.status_code = "OK", exit_code = 2),
    ]);
    assert_eq!(not, std::array::from_fn(|_| silent("success")));
    let unset = outcomes([|| info_span!("s", otel.status_code = "UNSET", exit_code = 2)]);
    assert_eq!(unset, [silent("failure")]);
}

#[test]
fn what_panics_has_failed_though_it_said_ok_before() {
    let event = ended(|| {
        let panics = || {
            let span = info_span!("s", otel.status_code = "OK");
            span.in_scope(|| std::panic::resume_unwind(Box::new("no")));
        };
        assert!(std::panic::catch_unwind(panics).is_err());
    });
    assert_eq!((&event["outcome_status"], &event["outcome_error"]), (&json!("failure"), &json!("panicked")));
}

#[test]
fn the_type_of_an_error_is_a_failure_and_has_its_member() {
    let event = ended(|| drop(info_span!("s", error.type = "timeout")));
    assert_eq!((&event["outcome_status"], &event["error_type"]), (&json!("failure"), &json!("timeout")));
    assert_eq!(event.get("attributes"), None);
    let event = ended(|| drop(info_span!("s", error.type = ?None::<&str>)));
    assert_eq!((&event["outcome_status"], event.get("error_type")), (&json!("success"), None));
}

#[test]
fn an_error_that_is_no_text_is_none_or_one_without_a_text() {
    let told = outcomes([
        || info_span!("s", error = false),
        || info_span!("s", error = ?Ok::<(), &str>(()).err()),
        || info_span!("s", error = ?None::<bool>),
        || info_span!("s", error = true),
        || info_span!("s", err = %true),
        || info_span!("s", error = ?Err::<(), std::num::ParseIntError>("x".parse::<u8>().unwrap_err()).err()),
        || info_span!("s", error = "None"),
        || info_span!("s", error = "false", status = "success"),
    ]);
    let parse = "ParseIntError { kind: InvalidDigit }";
    assert_eq!(
        told,
        [
            silent("success"),
            silent("success"),
            silent("success"),
            silent("failure"),
            silent("failure"),
            failure(parse),
            failure("None"),
            (json!("success"), json!("false")),
        ]
    );
}

#[test]
fn of_an_error_that_is_recorded_again_the_last_word_counts() {
    let told = outcomes([
        || {
            let span = info_span!("s", error = "first try");
            span.record("error", false);
            span
        },
        || {
            let span = info_span!("s", error = ?Some(1));
            span.record("error", tracing::field::debug(None::<u8>));
            span
        },
        || {
            let span = info_span!("s", error = false);
            span.record("error", "second try");
            span
        },
        || {
            let span = info_span!("s", error = true);
            span.record("error", false);
            span
        },
    ]);
    assert_eq!(told, [silent("success"), silent("success"), failure("second try"), silent("success")]);
}

#[test]
fn a_status_that_is_given_stands() {
    let told = outcomes([
        || info_span!("s", status = "success", exit_code = 2),
        || info_span!("s", status = "partial", otel.status_code = "ERROR"),
        || info_span!("s", status = "failed", otel.status_code = "OK"),
        || info_span!("s", status = "ok", error.type = "timeout"),
        || info_span!("s", status = "running", error = true),
    ]);
    assert_eq!(told, ["success", "partial", "failed", "ok", "running"].map(silent));
}

#[tracing::instrument(err, fields(tool = "Bash"))]
fn fails() -> Result<(), String> {
    error!("first try");
    Err("exit code 2".to_owned())
}

#[test]
fn what_an_instrumented_function_returns_is_the_error_of_its_span() {
    let event = ended(|| drop(fails()));
    assert_eq!((&event["action_name"], &event["outcome_status"]), (&json!("Bash"), &json!("failure")));
    assert_eq!(event["outcome_error"], "exit code 2");
}

/// Status and error of a span in which something happens.
fn around(span: fn() -> Span, program: fn()) -> (Value, Value) {
    let mut event = ended(|| span().in_scope(program));
    (event["outcome_status"].take(), event["outcome_error"].take())
}

#[test]
fn a_span_without_an_error_has_that_of_the_last_event_of_level_error() {
    let plain = || info_span!("s");
    assert_eq!(around(plain, || error!("no such file")), failure("no such file"));
    assert_eq!(around(plain, || error!(error = "ENOENT", "no such file")), failure("ENOENT"));
    assert_eq!(around(plain, || error!(error = true, "no such file")), failure("no such file"));
    assert_eq!(around(plain, || error!(rows = 3)), silent("failure"));
    assert_eq!(
        around(plain, || {
            error!("first");
            error!("last");
            error!(rows = 3);
            tracing::warn!(error = "slow", "no error");
        }),
        failure("last")
    );
    assert_eq!(around(|| info_span!("s", error = "its own"), || error!("no such file")), failure("its own"));
    assert_eq!(around(|| info_span!("s", error = true), || error!("no such file")), failure("no such file"));
    assert_eq!(around(|| info_span!("s", error = false), || error!("no such file")), failure("no such file"));
    assert_eq!(
        around(|| info_span!("s", status = "failed"), || error!("no")),
        (json!("failed"), json!("no"))
    );
    assert_eq!(around(|| info_span!("s", status = "success"), || error!("tried again")), silent("success"));
    assert_eq!(
        around(|| info_span!("s", otel.status_code = "OK"), || error!("tried again")),
        silent("success")
    );
}

#[test]
fn the_error_of_a_span_is_bounded() {
    let (status, error) = around(|| info_span!("s"), || error!(error = "x".repeat(1 << 20)));
    assert_eq!(status, "failure");
    let error = error.as_str().unwrap();
    assert!(error.starts_with("xxx") && error.len() < 128 * 1024, "{}", error.len());
}
