//! Redaction of any text: done twice it changes nothing more, JSON stays JSON, and counting agrees with
//! changing.
#![no_main]

use serde_json::Value;
use std::sync::LazyLock;
use tacho_redact::{Findings, Policy, Redactor};

static REDACTOR: LazyLock<Redactor> =
    LazyLock::new(|| Redactor::new(&Policy::default()).expect("the default policy compiles"));

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut found = Findings::default();
    let once = REDACTOR.text(text, &mut found);
    assert_eq!(REDACTOR.detects(text), !found.is_empty());
    assert_eq!(REDACTOR.text(&once, &mut Findings::default()), once, "text: the second pass found more");

    let mut found = Findings::default();
    let once = REDACTOR.json(text, &mut found);
    assert!(!found.is_empty() || once == text, "it changed without a finding");
    assert_eq!(REDACTOR.json(&once, &mut Findings::default()), once, "json: the second pass found more");
    if serde_json::from_str::<Value>(text).is_ok() {
        serde_json::from_str::<Value>(&once).expect("JSON stays JSON");
    }
    // The way that most text takes: as a string in an object.
    let wrapped = serde_json::json!({ "content": text }).to_string();
    let once = REDACTOR.json(&wrapped, &mut Findings::default());
    serde_json::from_str::<Value>(&once).expect("JSON stays JSON");
    assert_eq!(REDACTOR.json(&once, &mut Findings::default()), once, "string: the second pass found more");
});
