//! Requests as protobuf's libraries print them: the same events as from OTLP's own JSON.

use super::{Accepted, Batch, Encoding, Request, Signal, Value, events, ingest, json, keys};
use crate::common::{NOW_US, SENDER};
use tacho_event::id::Id;
use tacho_event::words::Level;
use tacho_redact::minimise::Minimisation;

fn taken(signal: Signal, body: &Value) -> Vec<Batch> {
    let dir = tempfile::tempdir().unwrap();
    let (body, mut batches) = (body.to_string(), Vec::new());
    let request = Request { signal, encoding: Encoding::Json, body: body.as_bytes() };
    let (ingest, keys) = (ingest(Minimisation::default()), keys(dir.path()));
    let tally = ingest.otlp(&request, &SENDER, NOW_US, &mut || Id([9; 16]), &keys, &mut batches).unwrap();
    assert_eq!((tally.events, tally.refused), (1, Vec::new()), "{body}");
    batches
}

fn same(signal: Signal, own: Value, printed: Value) -> Vec<Batch> {
    let lists = match signal {
        Signal::Logs => ["resourceLogs", "scopeLogs", "logRecords"],
        Signal::Traces => ["resourceSpans", "scopeSpans", "spans"],
        Signal::Metrics => ["resourceMetrics", "scopeMetrics", "metrics"],
    };
    let all = [own, printed].map(|one| taken(signal, &json!({lists[0]: [{lists[1]: [{lists[2]: [one]}]}]})));
    // The commitments are salted, each with a key of its own.
    let plain = |mut event: Accepted<'_>| {
        event.header.body = [0; 32];
        format!("{event:?}")
    };
    let [own, printed] =
        all.each_ref().map(|batches| events(batches).into_iter().map(plain).collect::<Vec<_>>());
    assert_eq!(own, printed);
    let [own, _] = all;
    own
}

#[test]
fn names_of_enumerations_and_ids_in_base64_are_what_they_stand_for() {
    let trace = ("4c39597f594f72dd82be6d21ec8bb295", "TDlZf1lPct2Cvm0h7IuylQ==");
    let (span, parent) = (("44ad54c9c094a73e", "RK1UycCUpz4="), ("f09ac8791a54aa3a", "8JrIeRpUqjo="));
    let told = |trace: &str, span: &str, parent: &str, kind: Value, code: Value| {
        json!({"traceId": trace, "spanId": span, "parentSpanId": parent, "name": "chat", "kind": kind, "status": {"code": code},
            "startTimeUnixNano": "1795225308494000000", "endTimeUnixNano": "1795225308519000000"})
    };
    let own = told(trace.0, span.0, parent.0, json!(3), json!(2));
    let failed = same(
        Signal::Traces,
        own,
        told(trace.1, span.1, parent.1, json!("SPAN_KIND_CLIENT"), json!("STATUS_CODE_ERROR")),
    );
    assert_eq!(events(&failed)[0].header.outcome.as_str(), "failure");
    let record = |trace: &str, span: &str, severity: Value| {
        json!({"timeUnixNano": "1795225308494000000", "severityNumber": severity, "traceId": trace, "spanId": span,
            "body": {"stringValue": "careful"}})
    };
    let warned = same(
        Signal::Logs,
        record(trace.0, span.0, json!(14)),
        record(trace.1, span.1, json!("SEVERITY_NUMBER_WARN2")),
    );
    assert_eq!(events(&warned)[0].header.level, Level::Warning);
    let sum = |temporality: Value| {
        let point = json!({"timeUnixNano": "1795225308494000000", "asInt": "3"});
        json!({"name": "tokens", "sum": {"aggregationTemporality": temporality, "dataPoints": [point]}})
    };
    same(Signal::Metrics, sum(json!(1)), sum(json!("AGGREGATION_TEMPORALITY_DELTA")));
}

#[test]
fn what_is_neither_a_number_nor_a_name_is_refused() {
    for kind in ["SPAN_KIND_BOSS", "STATUS_CODE_", "client"] {
        let span = json!({"traceId": "4c39597f594f72dd82be6d21ec8bb295", "spanId": "44ad54c9c094a73e", "kind": kind});
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).to_string();
        let dir = tempfile::tempdir().unwrap();
        let request = Request { signal: Signal::Traces, encoding: Encoding::Json, body: body.as_bytes() };
        let (ingest, keys) = (ingest(Minimisation::default()), keys(dir.path()));
        let refused =
            ingest.otlp(&request, &SENDER, NOW_US, &mut || Id([9; 16]), &keys, &mut Vec::new()).unwrap_err();
        assert!(refused.to_string().contains(kind), "{refused}");
    }
}
