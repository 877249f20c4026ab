//! What coding agents and instrumentations send over OTLP, in the words of each, as events.

mod agents;
mod ai_sdk;
mod conventions;
mod openai;
mod printed;

use crate::common::{NOW_US, SENDER, ingest, keys};
use serde_json::{Value, json};
use tacho_event::id::Id;
use tacho_event::record::{Accepted, Batch};
use tacho_ingest::otlp::{Encoding, Request, Signal};
use tacho_redact::minimise::Minimisation;

/// Attributes in OTLP's form.
fn attributes(of: &Value) -> Value {
    let value = |value: &Value| match value {
        Value::String(text) => json!({"stringValue": text}),
        Value::Bool(flag) => json!({"boolValue": flag}),
        Value::Number(number) if number.is_f64() => json!({"doubleValue": number}),
        Value::Number(number) => json!({"intValue": number.to_string()}),
        other => panic!("{other} is not needed here"),
    };
    of.as_object().unwrap().iter().map(|(key, v)| json!({"key": key, "value": value(v)})).collect()
}

fn send(signal: Signal, scope: &str, service: &str, records: Value) -> Vec<Batch> {
    let names = match signal {
        Signal::Logs => ["resourceLogs", "scopeLogs", "logRecords"],
        Signal::Traces => ["resourceSpans", "scopeSpans", "spans"],
        Signal::Metrics => ["resourceMetrics", "scopeMetrics", "metrics"],
    };
    let resource = attributes(&json!({"service.name": service, "service.version": "2.1"}));
    let body = json!({names[0]: [{
        "resource": {"attributes": resource},
        names[1]: [{"scope": {"name": scope}, names[2]: records}],
    }]})
    .to_string();
    let dir = tempfile::tempdir().unwrap();
    let mut batches = Vec::new();
    let request = Request { signal, encoding: Encoding::Json, body: body.as_bytes() };
    let ingest = ingest(Minimisation::default());
    let keys = keys(dir.path());
    let mut fresh = || Id([9; 16]);
    let tally = ingest.otlp(&request, &SENDER, NOW_US, &mut fresh, &keys, &mut batches).unwrap();
    assert_eq!(tally.refused, []);
    batches
}

fn log(name: &str, of: Value) -> Value {
    let mut of = attributes(&of);
    of.as_array_mut().unwrap().push(json!({"key": "event.name", "value": {"stringValue": name}}));
    json!({"timeUnixNano": "1795225308494000000", "attributes": of})
}

fn span(id: u64, parent: u64, name: &str, of: Value) -> Value {
    let parent = if parent == 0 { String::new() } else { format!("{parent:016x}") };
    json!({
        "traceId": format!("{:032x}", 0xace), "spanId": format!("{id:016x}"), "parentSpanId": parent,
        "name": name, "kind": 1, "startTimeUnixNano": "1795225308494000000",
        "endTimeUnixNano": "1795225308519000000", "attributes": attributes(&of),
    })
}

fn events(batches: &[Batch]) -> Vec<Accepted<'_>> {
    batches.iter().flat_map(|batch| batch.events()).map(Result::unwrap).collect()
}

fn section(event: &Accepted<'_>, at: usize) -> Value {
    event.texts[at].map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

fn facts(event: &Accepted<'_>) -> Value {
    let mut out = Vec::new();
    event.facts.render(&mut out);
    if out.is_empty() { Value::Null } else { serde_json::from_slice(&out).unwrap() }
}

const INPUT: usize = 0;
const OUTPUT: usize = 1;
const ERROR: usize = 2;
const EXTRA: usize = 5;
