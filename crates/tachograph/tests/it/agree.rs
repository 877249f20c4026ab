//! A query as SQL over what is recorded, and the same query evaluated as events come, agree at the end of a window.
//!
//! Two evaluators that share no code but the parser: the query engine behind `/v1/query`, and `tacho-alert`.

use crate::server::Server;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeMap;
use tacho_alert::row::Sample;
use tacho_alert::{Change, Engine, read};

/// 2026-01-01T00:10:00Z, and a window that begins there. The rule is looked at at 00:00, 00:20 …: only at its end.
const FROM_US: i64 = 1_767_226_200_000_000;
const WINDOW_US: i64 = 600_000_000;

/// What is added up, and computed from it. Each is `v`.
const AGGREGATES: [&str; 22] = [
    "count() as v",
    "count(tokens_input) as v",
    "count() if (outcome_status = 'failure' and duration_ms > 40ms) as v",
    "sum(tokens_input) as v",
    "avg(tokens_input) as v",
    "min(duration_ms) as v",
    "max(tokens_input) as v",
    "median(tokens_input) as v",
    "p90(duration_ms) as v",
    "stddev(tokens_input) as v",
    "distinct(tokens_input) as v",
    "ratio(outcome_status = 'failure', tokens_input > 3) as v",
    "rate() as v",
    "first(tokens_input) as v",
    "last(tokens_input) as v",
    "avg(share(details.risk)) as v",
    "max(share(details.risk)) as v",
    "last(share(details.risk)) as v",
    "count(share(details.risk)) as v",
    "sum(number(details.risk)) as s | eval v = s + 1000000",
    "ratio(share(details.risk) > 0.2, exists(details.risk)) as v",
    "count() if (not tokens_input > 3) as n, sum(tokens_input) as d | eval v = wilson_upper(n, n + 2) + d / 7",
];
const FILTERS: [&str; 4] = [
    "",
    "| outcome_status != 'success' ",
    "| tokens_input in (1, 2, 5) or action startswith 'b' ",
    "| not action =~ '^a' ",
];

#[derive(Debug, Clone)]
struct Event {
    /// Microseconds from the beginning of the window; some are outside of it.
    at_us: i64,
    agent: u8,
    action: &'static str,
    failed: bool,
    tokens: Option<i64>,
    duration_ms: i64,
    /// A share as somebody writes it, or no number at all.
    risk: Option<Value>,
}

/// What senders write where a share is meant, and what is none.
fn risks() -> impl Strategy<Value = Value> {
    let number = prop_oneof![Just(0.0), 0.0..1.0, 1.0..100.0, -50.0..0.0, Just(1.0), Just(1e-7), Just(3e10)];
    let written =
        (number.clone(), prop_oneof![Just(""), Just("%"), Just(" %"), Just("%%")], spaces(), spaces())
            .prop_map(|(number, sign, before, after)| json!(format!("{before}{number}{sign}{after}")));
    const ODD: [&str; 23] = [
        "", " ", "%", "abc", "nan", "NaN", "-inf", "infinity", "1e400", "+7", ".5", "5.", "1e2", "1e2%",
        "1_0", "0x10", "--1", "1 000", "1,5", "٣", "\u{a0}5", "12%x", "%12",
    ];
    prop_oneof![
        3 => written,
        2 => number.prop_map(|number| json!(number)),
        1 => (-200_i64..200).prop_map(|number| json!(number)),
        2 => proptest::sample::select(&ODD[..]).prop_map(|text| json!(text)),
        1 => "[0-9.%+e -]{0,6}".prop_map(|text| json!(text)),
        1 => prop_oneof![Just(json!(true)), Just(json!(null)), Just(json!({"a": 1})), Just(json!(["5"]))],
    ]
}

fn spaces() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just(""), 1 => Just(" "), 1 => Just("\t"), 1 => Just("\r\n")]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let edges = prop_oneof![Just(-1), Just(0), Just(1), Just(WINDOW_US - 1), Just(WINDOW_US)];
    let at = prop_oneof![1 => edges, 6 => -60_000_000..WINDOW_US + 60_000_000];
    let action = prop_oneof![Just("alpha"), Just("beta")];
    let (tokens, risk) = (prop::option::of(0_i64..9), prop::option::weighted(0.8, risks()));
    let event = (at, 0_u8..3, action, any::<bool>(), tokens, 0_i64..90, risk).prop_map(
        |(at_us, agent, action, failed, tokens, duration_ms, risk)| Event {
            at_us,
            agent,
            action,
            failed,
            tokens,
            duration_ms,
            risk,
        },
    );
    prop::collection::vec(event, 1..40).prop_map(|mut events| {
        events.sort_by_key(|event| event.at_us);
        events
    })
}

/// Records the events; those of one case carry its name as their session.
fn record(server: &Server, case: &str, events: &[Event]) {
    let line = |(n, event): (usize, &Event)| {
        let mut resources = json!({"duration_ms": event.duration_ms});
        if let Some(tokens) = event.tokens {
            resources["tokens_input"] = tokens.into();
        }
        let status = if event.failed { "failure" } else { "success" };
        let mut line = json!({
            "id": format!("{case}-{n}"),
            "timestamp": tacho_event::time::format(FROM_US + event.at_us),
            "agent": {"id": format!("a{}", event.agent), "session_id": case},
            "action": {"type": "tool", "name": event.action},
            "outcome": {"status": status},
            "resources": resources,
        });
        if let Some(risk) = &event.risk {
            line["action"]["parameters"] = json!({"risk": risk});
        }
        format!("{line}\n")
    };
    let body: String = events.iter().enumerate().map(line).collect();
    let answer = server.post("/log", &body).json();
    assert_eq!(answer["accepted"], events.len(), "{answer}");
}

/// The value of each group, by the query engine.
fn by_sql(server: &Server, query: &str) -> BTreeMap<String, f64> {
    let (from, to) = (tacho_event::time::format(FROM_US), tacho_event::time::format(FROM_US + WINDOW_US));
    let path = format!("/v1/query?time=event&from={from}&to={to}");
    let answer = server.post_with(&path, query.as_bytes(), &[("accept", "application/x-ndjson")]).unwrap();
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    let rows = answer.body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| (row["agent_id"].as_str().unwrap_or("").to_string(), row["v"].as_f64().unwrap())).collect()
}

/// The value of each group, as events come.
fn by_stream(query: &str, case: &str, events: &[Event]) -> BTreeMap<String, f64> {
    let text = format!("id: r\nquery: |\n  {query}\nwindow: 10m\nevery: 20m\n");
    let mut engine = Engine::new(read("r", &text).unwrap()).unwrap();
    engine.advance(FROM_US - WINDOW_US);
    for (index, event) in events.iter().enumerate() {
        let mut members = json!({
            "agent_id": format!("a{}", event.agent),
            "session_id": case,
            "action_name": event.action,
            "outcome_status": if event.failed { "failure" } else { "success" },
            "duration_ms": event.duration_ms,
        });
        if let Some(tokens) = event.tokens {
            members["tokens_input"] = tokens.into();
        }
        if let Some(risk) = &event.risk {
            members["details"] = json!({"risk": risk});
        }
        let sample = Sample::new(index as u64, FROM_US + event.at_us, members.as_object().unwrap()).unwrap();
        engine.observe(&sample);
    }
    engine.advance(FROM_US + WINDOW_US);
    let firing = engine.transitions().into_iter().filter(|change| change.change == Change::Firing);
    let value = |change: tacho_alert::Transition| {
        let group = change.group.first().map_or(String::new(), |(_, value)| value.clone());
        let value = change.values.iter().find(|(name, _)| name == "v").and_then(|(_, v)| v.as_number());
        (group, value.unwrap())
    };
    firing.map(value).collect()
}

#[test]
fn sql_and_streaming_agree_at_the_end_of_a_window() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let (case, fired) = (Cell::new(0), Cell::new(0));
    let config = Config { cases: 16, failure_persistence: None, ..Config::default() };
    let cases = (events(), 0..FILTERS.len(), any::<bool>());
    let result = TestRunner::new(config).run(&cases, |(events, filter, keyed)| {
        case.set(case.get() + 1);
        let name = format!("case-{}", case.get());
        record(&server, &name, &events);
        let by = if keyed { " by agent_id" } else { "" };
        for aggregate in AGGREGATES {
            let (adding, rest) = aggregate
                .split_once(" | ")
                .map_or((aggregate, String::new()), |(a, b)| (a, format!("| {b} ")));
            let query = format!(
                "agent_audit_log | session_id = '{name}' {}| {adding}{by} {rest}| v >= 0",
                FILTERS[filter]
            );
            let (sql, stream) = (by_sql(&server, &query), by_stream(&query, &name, &events));
            let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-6 * a.abs().max(1.0);
            let same = sql.keys().eq(stream.keys()) && sql.values().zip(stream.values()).all(close);
            prop_assert!(same, "{query}\nsql {sql:?}\nstream {stream:?}");
            fired.set(fired.get() + stream.len());
        }
        Ok(())
    });
    result.unwrap();
    assert!(fired.get() > 200, "the property says nothing when nothing holds: {}", fired.get());
}
