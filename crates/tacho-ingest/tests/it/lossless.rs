//! Each leaf of what a sender wrote is found again in the events, as text or in the normalised form that is named.

use crate::common::decoded;
use crate::samples::{SAMPLES, Sample};
use serde_json::Value;
use std::collections::BTreeSet;
use tacho_event::event::Event;
use tacho_ingest::fields::Fields;
use tacho_ingest::formats::Format;

/// Every scalar in a JSON value, with its path.
fn leaves(path: &str, value: &Value, out: &mut Vec<(String, String)>) {
    let below = |name: &str| if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| leaves(&below(name), value, out)),
        Value::Array(items) => items.iter().for_each(|value| leaves(path, value, out)),
        Value::String(text) => out.push((path.to_string(), text.clone())),
        scalar => out.push((path.to_string(), scalar.to_string())),
    }
}

/// Everything an event holds, as texts.
fn contents(event: &Event<'_>, out: &mut BTreeSet<String>) {
    for text in [
        &event.id,
        &event.agent,
        &event.agent_version,
        &event.session,
        &event.conversation,
        &event.user,
        &event.ip,
        &event.user_agent,
        &event.call,
        &event.parent,
        &event.action_name,
    ] {
        out.extend(text.as_deref().map(str::to_string));
    }
    out.extend(event.claimed_us.map(|us| us.to_string()));
    out.extend(event.action_type.map(|word| word.to_string()));
    out.extend(event.class.map(|word| word.to_string()));
    out.extend(event.outcome.map(|word| word.to_string()));
    out.extend(event.facts.texts().map(|(_, text)| text.to_string()));
    out.extend(event.facts.ints().iter().flatten().map(i64::to_string));
    let sections = [&event.input, &event.output, &event.error, &event.decision, &event.access];
    let sections = sections.into_iter().flatten();
    for json in sections.chain(event.extra.iter().map(|(_, value)| value)) {
        let mut found = Vec::new();
        leaves("", &serde_json::from_str(json).expect("sections are JSON"), &mut found);
        out.extend(found.into_iter().map(|(_, leaf)| leaf));
    }
}

fn check(sample: &Sample) {
    let mut found = BTreeSet::new();
    for event in decoded(sample.text, None) {
        contents(&event, &mut found);
    }
    let mut expected = Vec::new();
    leaves("", &serde_json::from_str(sample.text).unwrap(), &mut expected);
    for (path, leaf) in expected {
        let form =
            sample.normalised.iter().find(|(named, _)| *named == path).map_or(leaf.as_str(), |(_, f)| f);
        assert!(
            found.contains(form),
            "{}: {path} = {form} is lost; there are {found:?}",
            sample.format.name()
        );
    }
}

#[test]
fn nothing_of_any_format_is_lost() {
    SAMPLES.iter().for_each(check);
}

#[test]
fn every_format_has_a_sample_and_is_recognised() {
    for format in Format::ALL {
        assert!(SAMPLES.iter().any(|sample| sample.format == *format), "{} has no sample", format.name());
        assert_eq!(Format::by_name(format.name()), Some(*format));
        assert!(!format.summary().is_empty());
    }
    for sample in SAMPLES {
        assert_eq!(Format::recognise(&Fields::event(sample.text).unwrap()), sample.format, "{}", sample.text);
    }
    assert_eq!(Format::by_name("xml"), None);
}

#[test]
fn human_units_are_normalised_and_kept() {
    let action = SAMPLES.iter().find(|sample| sample.format == Format::ActionLog).unwrap();
    let event = decoded(action.text, None).remove(0);
    let facts: Vec<i64> = event.facts.ints().iter().flatten().copied().collect();
    for want in [2_300_000, 45_000_000, 120_000, 1_000_000] {
        assert!(facts.contains(&want), "{want} in {facts:?}");
    }
    let extra = |name: &str| event.extra.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_ref());
    assert_eq!(extra("performance.execution_time"), Some("\"2.3s\""));
    assert_eq!(extra("performance.cpu_usage"), Some("\"12%\""));
}
