//! Whatever is sent, nothing panics, and what is taken is valid.

use crate::common::take;
use crate::samples::SAMPLES;
use proptest::prelude::*;
use tacho_ingest::body::lines;
use tacho_ingest::formats::{Format, decode};

/// Names that formats look for.
const NAMES: &[&str] = &[
    "id",
    "timestamp",
    "time",
    "agent",
    "agent_id",
    "action",
    "type",
    "name",
    "tool",
    "parameters",
    "outcome",
    "status",
    "result",
    "error",
    "resources",
    "duration_ms",
    "cost_usd",
    "decision",
    "confidence",
    "message",
    "content",
    "usage",
    "uuid",
    "sessionId",
    "hook_event_name",
    "tool_name",
    "tool_calls",
    "tool_response",
    "audit_entry",
    "communication_id",
    "sender",
    "receiver",
    "entityType",
    "entityId",
    "levelname",
    "model_id",
    "prediction",
    "order_id",
    "price",
    "gas",
    "expected_price",
    "changes",
    "details",
    "events",
    "extra",
    "x.y",
];

/// JSON with the names that formats look for.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        "[a-z]{0,6}",
        ".{0,12}",
        Just("2.3s".to_string()),
        Just("tool_use".to_string()),
        Just("assistant".to_string()),
        Just("PostToolBatch".to_string()),
        Just("2026-11-20T10:30:15Z".to_string()),
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(|n| serde_json::json!(n)),
        text.prop_map(Into::into),
    ];
    let names = prop::sample::select(NAMES);
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map(names.clone(), inner, 0..8).prop_map(|members| {
                members.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_object_panics_under_any_format(value in json()) {
        let text = value.to_string();
        let _ = decode(&text, None, &mut |_| {});
        for format in Format::ALL {
            let _ = decode(&text, Some(*format), &mut |_| {});
        }
    }

    #[test]
    fn bodies_are_cut_without_loss_or_panic(body in prop::collection::vec(
        prop::sample::select(b"{}[]\",:\\\n\r ae1\xff2026-11-20 10:30:15".to_vec()), 0..120)) {
        let mut kept = 0;
        for line in lines(&body, None) {
            kept += line.text.map_or(0, str::len);
        }
        prop_assert!(kept <= body.len());
    }

    #[test]
    fn text_lines_never_panic(text in "(2026-11-20 10:30:15(,123)? )?(- )?(INFO|AGENT_SLOW|AGENT_EXECUTION|[a-z]{1,4})?( - |: | )?\\PC{0,30}") {
        let _ = decode(&text, Some(Format::PythonLogging), &mut |_| {});
    }
}

proptest! {
    // Each case opens a key ring on disk.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_taken_is_whole_json(value in json()) {
        let taken = take(&value.to_string());
        for event in taken.events() {
            for text in event.texts.into_iter().flatten() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{}", text);
            }
        }
    }
}

/// Where a text has numbers.
fn numbers(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, _) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        match found.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => found.push(at..at + 1),
        }
    }
    found
}

#[test]
fn no_number_of_a_sender_is_too_far_out() {
    let far = ["-9223372036854775808", "18446744073709551615", "-1e308"];
    for sample in SAMPLES {
        let places = numbers(sample.text);
        for number in far {
            let with = |text: &str, range: &std::ops::Range<usize>| {
                format!("{}{number}{}", &text[..range.start], &text[range.end..])
            };
            for range in &places {
                let _ = decode(&with(sample.text, range), Some(sample.format), &mut |_| {});
            }
            // All of them at once, and the whole way in.
            let text = places.iter().rev().fold(sample.text.to_string(), |text, range| with(&text, range));
            let tally = take(&text).tally;
            assert!(tally.events + tally.refused_lines > 0, "{text}");
        }
    }
}
