//! The two encodings of one request, and what only hostile or careless senders write.

use super::take::over_limit;
use super::wire::{AnyValue, ArrayValue, KeyValue, KeyValueList, LogRecord, Span, Value};
use super::*;
use crate::accept::Acceptor;
use crate::classify::{Classes, Classifier};
use crate::newcomers::Newcomers;
use prost::Message;
use prost::bytes::BufMut;
use tacho_event::id::IdKey;
use tacho_event::limits::EVENT_BYTES_MAX;
use tacho_event::words::Known;
use tacho_redact::minimise::Minimisation;
use tacho_redact::{Policy, Redactor};

struct Taken {
    batches: Vec<Batch>,
    tally: Tally,
}

fn take(signal: Signal, encoding: Encoding, body: &[u8]) -> Result<Taken, Malformed> {
    let redactor = Redactor::new(&Policy::default()).unwrap();
    let acceptor = Acceptor { redactor, minimisation: Minimisation::default(), id_key: IdKey::new(&[5; 32]) };
    let classifier = Classifier::new(&Classes::default()).unwrap();
    let ingest = Ingest { acceptor, classifier, newcomers: Newcomers::default() };
    let dir = tempfile::tempdir().unwrap();
    let ring = KeyRing::open(&dir.path().join("keyring"), &[1; 32], |out: &mut [u8]| out.fill(3)).unwrap();
    let sender =
        Sender { writer: [7; 8], source: "otlp", known: Known::Observed, sees_hooks: false, agent: None };
    let mut batches = Vec::new();
    let request = Request { signal, encoding, body };
    let tally = ingest.otlp(
        &request,
        &sender,
        1_795_219_200_000_000,
        &mut || Id([9; 16]),
        &Mutex::new(ring),
        &mut batches,
    )?;
    Ok(Taken { batches, tally })
}

fn json(signal: Signal, body: &str) -> Result<Taken, String> {
    take(signal, Encoding::Json, body.as_bytes()).map_err(|error| error.to_string())
}

/// A request around one record, in protobuf.
fn around(record: &impl Message) -> Vec<u8> {
    let wrap = |tag: u8, bytes: &[u8]| {
        let mut out = vec![tag << 3 | 2];
        prost::encoding::encode_varint(bytes.len() as u64, &mut out);
        out.put_slice(bytes);
        out
    };
    wrap(1, &wrap(2, &wrap(2, &record.encode_to_vec())))
}

fn text(name: &str, text: &str) -> KeyValue {
    let value = Value::String(text.into());
    KeyValue { key: name.into(), value: Some(AnyValue { value: Some(value) }) }
}

fn value(name: &str, value: Option<Value>) -> KeyValue {
    KeyValue { key: name.into(), value: Some(AnyValue { value }) }
}

#[test]
fn one_record_is_the_same_event_in_both_encodings() {
    let list = vec![AnyValue { value: Some(Value::Int(-1)) }, AnyValue::default()];
    let record = LogRecord {
        time_unix_nano: 1_795_225_307_503_000_001,
        severity_number: 13,
        body: Some(AnyValue { value: Some(Value::String("the disk is slow".into())) }),
        attributes: vec![
            text("session.id", "s1"),
            value("big", Some(Value::Int(i64::MAX))),
            value("share", Some(Value::Double(0.1))),
            value("near", Some(Value::Double(0.009563207626342773))),
            value("nothing", Some(Value::Double(f64::NAN))),
            value("bytes", Some(Value::Bytes(vec![0, 255]))),
            value("list", Some(Value::Array(ArrayValue { values: list }))),
            value("map", Some(Value::KvList(KeyValueList { values: vec![text("a", "b\n")] }))),
            value("empty", None),
        ],
        trace_id: vec![0xab; 16],
        span_id: vec![0xcd; 8],
        ..LogRecord::default()
    };
    let written = format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{
        "timeUnixNano":"1795225307503000001","severityNumber":13,"body":{{"stringValue":"the disk is slow"}},
        "attributes":[
            {{"key":"session.id","value":{{"stringValue":"s1"}}}},
            {{"key":"big","value":{{"intValue":"{}"}}}},
            {{"key":"share","value":{{"doubleValue":0.1}}}},
            {{"key":"near","value":{{"doubleValue":0.009563207626342773}}}},
            {{"key":"nothing","value":{{"doubleValue":"NaN"}}}},
            {{"key":"bytes","value":{{"bytesValue":"AP8="}}}},
            {{"key":"list","value":{{"arrayValue":{{"values":[{{"intValue":-1}},{{}}]}}}}}},
            {{"key":"map","value":{{"kvlistValue":{{"values":[{{"key":"a","value":{{"stringValue":"b\n"}}}}]}}}}}},
            {{"key":"empty","value":{{}}}}],
        "traceId":"{}","spanId":"{}","newInLaterVersions":[1]}}]}}],"schemaUrl":null}}]}}"#,
        i64::MAX,
        "ab".repeat(16),
        "CD".repeat(8)
    );
    let binary = take(Signal::Logs, Encoding::Protobuf, &around(&record)).unwrap();
    let written = json(Signal::Logs, &written).unwrap();
    assert_eq!(binary.tally.events, 1);
    assert_eq!(binary.batches[0].bytes(), written.batches[0].bytes(), "same id, same content: a duplicate");
    let event = binary.batches[0].events().next().unwrap().unwrap();
    let extra: serde_json::Value = serde_json::from_str(event.texts[5].unwrap()).unwrap();
    assert_eq!(extra["list"], serde_json::json!([-1, null]));
    assert_eq!(extra["map"]["a"], "b\n");
    assert_eq!(extra["nothing"], "NaN");
    assert_eq!(extra["bytes"], "AP8=");
    assert_eq!(extra["trace_id"], "ab".repeat(16));
    assert_eq!(extra["big"], i64::MAX);
    assert!(extra["empty"].is_null() && extra.get("empty").is_some());
    assert_eq!(extra["time_unix_nano"], 1_795_225_307_503_000_001_u64, "more than a microsecond holds");
}

#[test]
fn what_is_no_otlp_is_refused_whole() {
    let lists =
        |records: &str| format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#);
    for (body, says) in [
        ("", "EOF"),
        ("[]", "an object"),
        (r#"{"resourceLogs":{}}"#, "a list"),
        (&lists("{},7"), "invalid type"),
        (&lists(r#"{"timeUnixNano":-1}"#), "integer"),
        (&lists(r#"{"severityNumber":"SEVERITY_NUMBER_LOUD"}"#), "integer"),
        (&lists(r#"{"attributes":[{"key":"a","value":{"intValue":"9223372036854775808"}}]}"#), "integer"),
        (&lists(r#"{"attributes":[{"key":"a","value":{"bytesValue":"?"}}]}"#), "Base64"),
    ] {
        let error = json(Signal::Logs, body).map(|_| ()).unwrap_err();
        assert!(error.contains(says), "{body}: {error}");
    }
    let invalid = take(Signal::Logs, Encoding::Json, b"{\"resourceLogs\":\"\xff\"}");
    assert!(invalid.is_err());
    let mut cut = around(&Span { name: "a".into(), ..Span::default() });
    cut.pop();
    assert!(take(Signal::Traces, Encoding::Protobuf, &cut).is_err());
    assert_eq!(take(Signal::Metrics, Encoding::Protobuf, b"").unwrap().tally, Tally::default());
}

/// Neighbours are recorded, and each refusal names the span, the id and what was found.
#[test]
fn a_span_without_valid_ids_is_refused_alone() {
    let (trace, span) = ("ab".repeat(16), "cd".repeat(8));
    let zeros = "0".repeat(32);
    let cases = [
        ("", span.as_str(), "\"trace_id\" is empty"),
        (&zeros, &span, "\"trace_id\" is \"0000"),
        (&trace[2..], &span, "expected 16 bytes"),
        ("no hexadecimal!!", &span, "\"no hexadecimal!!\""),
        ("ab\u{e9}", &span, "\"ab\u{e9}\""),
        (&trace, "", "\"span_id\" is empty"),
        (&trace, &zeros[16..], "\"span_id\" is \"0000"),
        (&trace, &trace, "expected 8 bytes"),
        (&trace, "12345678", "expected 8 bytes"),
        (&trace, "1234567", "\"1234567\""),
    ];
    let item = |trace: &str, span: &str| format!(r#"{{"traceId":"{trace}","spanId":"{span}","name":"x"}}"#);
    let mut spans: Vec<String> = cases.iter().map(|(trace, span, _)| item(trace, span)).collect();
    spans.insert(1, item(&trace, &span));
    spans.push(item(&trace.to_uppercase(), &"01".repeat(8)));
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, spans.join(","));
    let taken = json(Signal::Traces, &body).unwrap();
    assert_eq!((taken.tally.events, taken.tally.refused_lines), (2, cases.len() as u64));
    for ((refused, (.., says)), number) in
        taken.tally.refused.iter().zip(cases).zip([1].into_iter().chain(3..))
    {
        assert_eq!(refused.line, number);
        assert!(refused.reason.to_string().contains(says), "{}: {says}", refused.reason);
    }
    let bare =
        take(Signal::Traces, Encoding::Protobuf, &around(&Span { name: "a".into(), ..Span::default() }));
    assert_eq!(bare.unwrap().tally.refused_lines, 1);
}

#[test]
fn other_ids_that_are_none_belong_to_no_trace_and_are_kept() {
    let of = |taken: &Taken| {
        let event = taken.batches[0].events().next().unwrap().unwrap();
        let extra: serde_json::Value = serde_json::from_str(event.texts[5].unwrap()).unwrap();
        (event.header.parent.map(str::to_owned), extra)
    };
    let log = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"xy","spanId":"ABCD"}]}]}]}"#;
    let (parent, extra) = of(&json(Signal::Logs, log).unwrap());
    assert_eq!((parent, &extra["trace_id"], &extra["span_id"]), (None, &"xy".into(), &"abcd".into()));
    let span =
        Span { trace_id: vec![1; 16], span_id: vec![2; 8], parent_span_id: vec![3; 5], ..Span::default() };
    let (parent, extra) = of(&take(Signal::Traces, Encoding::Protobuf, &around(&span)).unwrap());
    assert_eq!((parent, &extra["parent_span_id"]), (None, &"0303030303".into()));
}

#[test]
fn nesting_without_end_is_an_error_and_no_crash() {
    let mut deep = AnyValue { value: Some(Value::Int(1)) };
    for _ in 0..200 {
        deep = AnyValue { value: Some(Value::Array(ArrayValue { values: vec![deep] })) };
    }
    let record = LogRecord { body: Some(deep), ..LogRecord::default() };
    assert!(take(Signal::Logs, Encoding::Protobuf, &around(&record)).is_err());
    let body = format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{}1{}}}]}}]}}]}}"#,
        r#"{"arrayValue":{"values":["#.repeat(10_000),
        "]}}".repeat(10_000)
    );
    assert!(json(Signal::Logs, &body).is_err());
}

#[test]
fn a_record_that_is_too_large_is_refused_and_its_neighbours_are_not() {
    let record = |body: &str| format!(r#"{{"body":{{"stringValue":"{body}"}}}}"#);
    let attributes = r#"{"key":"k","value":{"intValue":1}},"#.repeat(5000);
    let many = format!(r#"{{"attributes":[{}]}}"#, attributes.trim_end_matches(','));
    let records =
        [record("a"), record(&"x".repeat(EVENT_BYTES_MAX)), record("b"), many, record("c")].join(",");
    let body = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#);
    let taken = json(Signal::Logs, &body).unwrap();
    assert_eq!((taken.tally.events, taken.tally.refused_lines), (3, 2));
    let numbers: Vec<u64> = taken.tally.refused.iter().map(|refused| refused.line).collect();
    assert_eq!(numbers, [2, 4]);
}

#[test]
fn what_grows_beyond_the_limit_as_json_is_refused() {
    let body = AnyValue { value: Some(Value::String("\u{1}".repeat(EVENT_BYTES_MAX / 4))) };
    let record = LogRecord { body: Some(body), ..LogRecord::default() };
    let taken = take(Signal::Logs, Encoding::Protobuf, &around(&record)).unwrap();
    assert_eq!((taken.tally.events, taken.tally.refused_lines), (0, 1));
}

#[test]
fn equal_records_of_one_request_are_told_apart_and_a_second_request_is_the_same() {
    let body = around(&LogRecord { severity_number: 9, ..LogRecord::default() }).repeat(3);
    let ids = |taken: &Taken| -> Vec<Id> {
        taken.batches[0].events().map(|event| event.unwrap().header.id).collect()
    };
    let (first, second) = [(); 2].map(|()| take(Signal::Logs, Encoding::Protobuf, &body).unwrap()).into();
    assert!(ids(&first)[0] != ids(&first)[1] && ids(&first)[1] != ids(&first)[2]);
    assert_eq!(ids(&first), ids(&second));
}

#[test]
fn a_request_is_bounded_by_records_and_by_what_they_unfold_to() {
    assert_eq!(over_limit(RECORDS_MAX, UNFOLDED_BYTES_MAX, EVENT_BYTES_MAX), None);
    for (records, unfolded, bytes, what) in [
        (RECORDS_MAX + 1, 0, 0, "records in one request"),
        (1, UNFOLDED_BYTES_MAX + 1, 0, "unfold to"),
        (1, 0, EVENT_BYTES_MAX + 1, "size of the record"),
    ] {
        let refused = over_limit(records, unfolded, bytes).unwrap().to_string();
        assert!(refused.contains(what), "{refused}");
    }
}

#[test]
fn times_and_durations_that_no_clock_shows_stay_in_extra() {
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        start_time_unix_nano: 10,
        end_time_unix_nano: u64::MAX,
        ..Span::default()
    };
    let taken = take(Signal::Traces, Encoding::Protobuf, &around(&span)).unwrap();
    let event = taken.batches[0].events().next().unwrap().unwrap();
    assert_eq!(event.facts.int(tacho_event::fact::IntFact::DurationUs), None);
    assert!(event.texts[5].unwrap().contains(&u64::MAX.to_string()));
    let late = LogRecord { time_unix_nano: u64::MAX, ..LogRecord::default() };
    let taken = take(Signal::Logs, Encoding::Protobuf, &around(&late)).unwrap();
    let event = taken.batches[0].events().next().unwrap().unwrap();
    assert!(!event.header.time_claimed);
    assert!(event.texts[5].unwrap().contains(&u64::MAX.to_string()));
}
