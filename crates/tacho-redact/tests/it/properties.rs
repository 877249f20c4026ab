//! Properties that hold for any input.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;
use tacho_redact::minimise::{ContentKind, Minimisation, Rule};
use tacho_redact::{Findings, Policy, Redactor};

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(&Policy::default()).unwrap());

// Pieces of which secrets are made, joined at random: plain random text would hold none.
const PIECES: &[&str] = &[
    "password",
    "PASSWORD",
    "api_key",
    "secret",
    "token",
    "=",
    ":",
    " ",
    "\"",
    "'",
    "\\",
    "\n",
    "\t",
    "--",
    "{",
    "}",
    "[",
    "]",
    ",",
    "hunter2",
    "x",
    "é",
    "😀",
    "@",
    "://",
    "user",
    "example.com",
    "+",
    "4111111111111111",
    "415-555-0132",
    "DE89370400440532013000",
    "Bearer ",
    "Basic ",
    "eyJhbGciOiJIUzI1NiJ9.",
    "abc123DEF456ghi7",
    "-----BEGIN PRIVATE KEY-----",
    "-----END",
    "ssn",
    "123-45-6789",
    "curl -u ",
    "Authorization: ",
    "Cookie: ",
    "private key ",
    "discord",
    "sk-",
    "ghp_",
    "AKIAABCDEFGHIJKLMNOP",
    "\\u0070",
    "[REDACTED]",
    "1234",
    "%3D",
    "%26",
    "correct horse battery",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        9 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((text(), inner.clone()), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            inner.prop_map(|value| Value::from(value.to_string())),
        ]
    })
}

fn json(text: &str) -> (String, Findings) {
    let mut found = Findings::default();
    let output = REDACTOR.json(text, &mut found).into_owned();
    (output, found)
}

/// The same tree, but for the content of strings and for numbers that became strings.
fn same_structure(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_structure(a, b))
        }
        // Keys that are redacted may become equal and merge.
        (Value::Object(a), Value::Object(b)) => b.len() <= a.len(),
        (Value::String(_) | Value::Number(_), Value::String(_)) => true,
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_stays_valid_and_unchanged_when_nothing_is_found(value in value()) {
        let input = value.to_string();
        let (output, found) = json(&input);
        let parsed: Value = serde_json::from_str(&output).unwrap();
        prop_assert!(same_structure(&value, &parsed), "{input} -> {output}");
        prop_assert_eq!(found.is_empty(), output == input);
    }

    #[test]
    fn json_is_idempotent(value in value()) {
        let (once, _) = json(&value.to_string());
        let (twice, _) = json(&once);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn text_is_idempotent(input in text()) {
        let once = REDACTOR.text(&input, &mut Findings::default()).into_owned();
        let twice = REDACTOR.text(&once, &mut Findings::default()).into_owned();
        prop_assert_eq!(once, twice, "{}", input);
    }

    #[test]
    fn the_gate_over_raw_json_misses_nothing_that_text_finds(input in text()) {
        // Text that is JSON itself is read as such.
        prop_assume!(serde_json::from_str::<Value>(&input).is_err() && !input.trim_start().starts_with(['{', '[', '"']));
        let (output, _) = json(&Value::from(input.clone()).to_string());
        let meaning: String = serde_json::from_str(&output).unwrap();
        prop_assert_eq!(meaning, REDACTOR.text(&input, &mut Findings::default()));
    }

    #[test]
    fn nothing_panics_on_arbitrary_text(input in any::<String>(), made in text()) {
        for input in [input, made] {
            let _ = json(&input);
            let detected = REDACTOR.detects(&input);
            let mut found = Findings::default();
            let _ = REDACTOR.text(&input, &mut found);
            prop_assert_eq!(detected, !found.is_empty());
        }
    }

    #[test]
    fn minimised_json_stays_valid(value in value(), limit in 0_usize..9) {
        for rule in [Rule::Keep, Rule::Truncate(limit), Rule::Hash, Rule::Drop] {
            let all = Minimisation { file_contents: rule, query_results: rule, command_output: rule };
            for kind in [ContentKind::FileContents, ContentKind::QueryResults, ContentKind::CommandOutput] {
                let input = value.to_string();
                let output = all.json(kind, &input);
                prop_assert!(serde_json::from_str::<Value>(&output).is_ok(), "{} -> {}", input, output);
            }
        }
    }
}
