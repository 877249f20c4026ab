//! How bodies are cut, what is refused, and that neighbours of a bad line are taken.

use crate::common::{SENDER, ingest, keys, take, take_with};
use tacho_event::fact::TextFact;
use tacho_event::id::Id;
use tacho_event::limits::{EVENT_BYTES_MAX, RECORD_BYTES_MAX};
use tacho_ingest::Options;
use tacho_ingest::body::{is_by_line, lines};
use tacho_ingest::fields::Refused;
use tacho_ingest::formats::Format;
use tacho_redact::minimise::Minimisation;

fn cut(body: &str) -> Vec<(u64, &str)> {
    lines(body.as_bytes(), None).map(|line| (line.number, line.text.unwrap())).collect()
}

#[test]
fn bodies_are_cut_by_their_first_bytes() {
    for (body, want) in [
        ("", vec![]),
        (" \n\n ", vec![]),
        ("{\"a\":1}", vec![(1, "{\"a\":1}")]),
        ("\u{feff}\n{\"a\":1}\r\n\r\n{\"b\":2}\n", vec![(2, "{\"a\":1}"), (4, "{\"b\":2}")]),
        ("{\n \"a\": [\n{}]\n}\n", vec![(1, "{\n \"a\": [\n{}]\n}")]),
        ("{\n\"a\":\"}\\\"{\"\n}\n{\n}", vec![(1, "{\n\"a\":\"}\\\"{\"\n}"), (4, "{\n}")]),
        ("{\"events\":[\n{\"a\":1},\n{\"b\":2}\n]}", vec![(1, "{\"events\":[\n{\"a\":1},\n{\"b\":2}\n]}")]),
        (
            "[{\"a\":\"]\"},\n {\"b\":[1,2]} , 3,\"x\"]",
            vec![(1, "{\"a\":\"]\"}"), (2, "{\"b\":[1,2]}"), (3, "3"), (4, "\"x\"")],
        ),
        ("[]", vec![]),
        ("{\"a\":\n{\"b\":1}\n{\"c\":1}", vec![(1, "{\"a\":\n{\"b\":1}\n{\"c\":1}")]),
        ("{\"a\":1,\n{\"b\":1}\n", vec![(1, "{\"a\":1,"), (2, "{\"b\":1}")]),
        ("x\n{\"b\":1}", vec![(1, "x"), (2, "{\"b\":1}")]),
        (
            "2026-11-20 10:30:15,123 ERROR a\nTraceback\n  b\n\n2026-11-20 10:30:16 INFO c\n",
            vec![(1, "2026-11-20 10:30:15,123 ERROR a\nTraceback\n  b"), (5, "2026-11-20 10:30:16 INFO c")],
        ),
    ] {
        assert_eq!(cut(body), want, "{body:?}");
    }
    assert!(is_by_line(b"{}\n{}", None) && !is_by_line(b"[{}]", None) && !is_by_line(b"{\n}", None));
}

#[test]
fn one_bad_line_is_named_and_its_neighbours_are_taken() {
    let mut body = b"{\"agent_id\":\"a\"}\nnonsense\n\xff\xfe{}\n{\"id\":1,\"id\":2}\n".to_vec();
    body.extend_from_slice(b"{\"timestamp\":\"yesterday\"}\n{\"agent_id\":\"b\"}\n");
    let before = take(&"{}\n".repeat(10)).tally.place;
    let options = Options { place: Some(&before), ..Options::default() };
    let taken = take_with(&body, &options, Minimisation::default());
    let agents: Vec<String> = taken.events().iter().map(|event| event.header.agent.to_string()).collect();
    assert_eq!(agents, ["a", "b"]);
    assert_eq!((taken.tally.accepted_lines, taken.tally.events, taken.tally.refused_lines), (2, 2, 4));
    let reasons: Vec<String> = taken
        .tally
        .refused
        .iter()
        .map(|rejected| format!("{}: {}", rejected.line, rejected.reason))
        .collect();
    for (reason, want) in reasons.iter().zip([
        "12: not valid JSON",
        "13: not valid UTF-8 at byte 0",
        "14: the field \"id\"",
        "15: \"timestamp\" is",
    ]) {
        assert!(reason.starts_with(want), "{reason}");
    }
}

#[test]
fn limits_are_told() {
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(EVENT_BYTES_MAX));
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(70), "]".repeat(70));
    let wide = format!("{{{}\"z\":1}}", (0..5000).map(|n| format!("\"k{n}\":1,")).collect::<String>());
    let many = format!("{{\"events\":[{}{{}}]}}", "{},".repeat(2000));
    let id = format!("{{\"user_id\":\"{}\"}}", "x".repeat(600));
    for (body, want) in [
        (large, "the size of the event"),
        (deep, "the nesting"),
        (wide, "the number of fields"),
        (many, "the number of events in one line"),
        (id, "at most 512 bytes"),
    ] {
        let taken = take(&body);
        assert!(taken.batches.is_empty());
        let reason = taken.tally.refused[0].reason.to_string();
        assert!(reason.contains(want), "{reason}");
    }
}

#[test]
fn of_a_refused_line_nothing_is_kept() {
    let long = "x".repeat(600);
    let taken = take(&format!("{{\"events\":[{{\"id\":\"1\"}},{{\"id\":\"{long}\"}}]}}"));
    assert!(taken.batches.is_empty() && taken.tally.refused_lines == 1);
    assert!(matches!(taken.tally.refused[0].reason, Refused::Field { field: "id", .. }));
}

#[test]
fn refused_lines_are_described_up_to_a_bound_and_all_counted() {
    let taken = take(&"x\n".repeat(1500));
    assert_eq!((taken.tally.refused.len(), taken.tally.refused_lines), (1000, 1500));
}

#[test]
fn batches_stay_far_below_a_record() {
    let line = format!("{{\"agent_id\":\"a\",\"note\":\"{}\"}}\n", "long words ".repeat(10_000));
    let taken = take(&line.repeat(30));
    assert!(taken.batches.len() > 1);
    assert!(taken.batches.iter().all(|batch| batch.bytes().len() < RECORD_BYTES_MAX / 2));
    assert_eq!(taken.events().len(), 30);
    assert!(taken.batches.iter().all(|batch| !batch.is_replay()));
}

#[test]
fn a_document_may_hold_its_events_in_an_array() {
    let taken = take(
        r#"{"source":"nightly","actions":[{"agent_id":"a","action":{"type":"file_read"}},{"agent_id":"b"}]}"#,
    );
    let events = taken.events();
    assert_eq!((events[0].header.action_name, events[1].header.agent), ("file_read", "b"));
    assert_eq!(events[0].texts[5], Some(r#"{"source":"nightly"}"#));
}

#[test]
fn text_of_pythons_logging_is_understood() {
    let body = "2026-06-20 01:52:00,123 INFO AGENT_EXECUTION: planner completed in 1.2s\n\
        2026-06-20 01:52:00,124 WARNING AGENT_SLOW: loader exceeded 3s threshold (4.1s)\n\
        2026-06-20 01:52:00,125 ERROR AGENT_FAILURE: writer failed: ValidationError\n\
        2026-06-20 01:52:01,000 - app.db - ERROR - query failed\nTraceback (most recent call last):\n  File \"x\"\nKeyError: 'id'\n\
        2026-06-20 01:52:02 [DEBUG] done\n";
    let taken = take(body);
    let events = taken.events();
    let told: Vec<String> = events
        .iter()
        .map(|e| {
            format!("{} {} {} {}", e.header.agent, e.header.action_name, e.header.level, e.header.outcome)
        })
        .collect();
    assert_eq!(
        told,
        [
            "planner AGENT_EXECUTION INFO success",
            "loader AGENT_SLOW WARNING unknown",
            "writer AGENT_FAILURE ERROR failure",
            "unknown log ERROR unknown",
            "unknown log DEBUG unknown",
        ]
    );
    assert_eq!(events[2].facts.text(TextFact::ErrorType), Some("ValidationError"));
    assert_eq!(events[3].facts.text(TextFact::ErrorType), Some("KeyError"));
    assert_eq!(
        (events[3].facts.text(TextFact::Logger), events[3].texts[0]),
        (Some("app.db"), Some("\"query failed\""))
    );
    assert!(events[3].texts[2].unwrap().contains("KeyError: 'id'"));
    let named = Options { format: Some(Format::PythonLogging), ..Options::default() };
    let taken = take_with(b"just words\n", &named, Minimisation::default());
    assert_eq!(taken.one().texts[0], Some("\"just words\""));
}

#[test]
fn the_same_body_gives_the_same_batches() {
    let dir = tempfile::tempdir().unwrap();
    let keys = keys(dir.path());
    let ingest = ingest(Minimisation::default());
    let body = br#"{"id":"1","user_id":"u","agent_id":"a","note":"password=hunter2hunter2"}"#;
    let run = || {
        let mut batches = Vec::new();
        ingest.body(body, &SENDER, &Options::default(), 7, &mut || Id([1; 16]), &keys, &mut batches);
        batches
    };
    assert_eq!(run(), run());
}

#[test]
fn what_is_broken_in_an_array_is_a_refused_line() {
    let a = r#"{"agent_id":"a"}"#;
    for (body, accepted, line, reason) in [
        ("[".to_string(), 0, 1, "cut off"),
        ("[".repeat(100), 0, 1, "the nesting"),
        (format!("[{a}"), 1, 2, "cut off"),
        (format!("[{a},"), 1, 2, "cut off"),
        (format!("[{a},{{\"agent_id\":"), 1, 2, "not valid JSON"),
        (format!("[{a} {a}]"), 1, 2, "not separated"),
        (format!("[{a}{a},{a}]"), 1, 2, "not separated"),
        (format!("[{a}}}"), 1, 2, "not separated"),
        (format!("[{a}]]"), 1, 2, "not open"),
        (format!("[{a},[{a}]]"), 1, 2, "not valid JSON"),
    ] {
        let taken = take(&body);
        let refused: Vec<_> = taken.tally.refused.iter().map(|r| (r.line, r.reason.to_string())).collect();
        assert_eq!((taken.tally.events, refused.len()), (accepted, 1), "{body}: {refused:?}");
        assert!(refused[0].0 == line && refused[0].1.contains(reason), "{body}: {refused:?}");
    }
    for body in [format!("[{a}]\n[{a},\n{a}]"), format!("[{a},{a}] {a}"), "[ ]".to_string()] {
        assert_eq!(take(&body).tally.refused_lines, 0, "{body}");
    }
}

#[test]
fn a_member_that_stands_twice_in_an_object_that_is_read_refuses_the_line() {
    for body in [
        r#"{"agent_id":"a","action":{"name":"x","name":"y"}}"#,
        r#"{"agent":{"id":"a"},"action":{"tool":{"name":"x","target":"a","target":"b"}}}"#,
        r#"{"events":[{"agent_id":"a"},{"agent_id":"a","agent_id":"b"}]}"#,
        r#"{"audit_entry":{"event_type":"a","event_type":"b"}}"#,
        r#"{"type":"assistant","uuid":"u","sessionId":"s","message":{"id":"m","id":"n","content":"x"}}"#,
        r#"{"type":"user","uuid":"u","sessionId":"s","message":{"content":[{"type":"text","text":"a","text":"b"}]}}"#,
    ] {
        let taken = take(body);
        assert!(taken.batches.is_empty(), "{body}");
        let reason = taken.tally.refused[0].reason.to_string();
        assert!(reason.contains("stands twice"), "{reason}");
    }
    let verbatim = r#"{"agent_id":"a","action_name":"x","outcome_result":{"n":1,"n":2}}"#;
    assert_eq!(take(verbatim).one().texts[1], Some(r#"{"n":1,"n":2}"#));
}

#[test]
fn a_second_import_gives_the_same_ids_and_equal_lines_stay_apart() {
    let plain = r#"{"agent_id":"a","message":"tick"}"#;
    let summary = r#"{"type":"summary","summary":"x","leafUuid":"l"}"#;
    let body = format!("{plain}\n{summary}\n{plain}\n{{\"events\":[{{\"n\":1}},{{\"n\":2}}]}}\n");
    let import = |place| {
        let options = Options { replay: true, place, ..Options::default() };
        let taken = take_with(body.as_bytes(), &options, Minimisation::default());
        let ids: Vec<_> = taken.events().iter().map(|event| (event.header.id, event.content)).collect();
        (ids, taken.tally.place)
    };
    let (first, end) = import(None);
    assert_eq!(first, import(None).0);
    assert!(first.iter().all(|(_, content)| content.is_some()));
    let distinct: std::collections::HashSet<_> = first.iter().map(|(id, _)| id.0).collect();
    assert_eq!(distinct.len(), 5);
    assert!(import(Some(&end)).0.iter().all(|id| !first.contains(id)), "another part of the file");
}
