//! Search, timelines and single events.

use crate::data::{Ev, engine, generate, hot, now, stored, uuid};
use futures::executor::block_on;
use std::collections::HashSet;
use std::sync::Arc;
use tacho_event::time::{DAY_US, MINUTE_US};
use tacho_event::words::{ActionType, Outcome, Phase};
use tacho_query::{EventKey, Kind, QueryError, Search};
use tacho_store::Snapshot;

/// Indexes of the page in its order, and the cursor.
fn page(snapshot: &Arc<Snapshot>, search: &Search) -> Result<(Vec<i64>, Option<String>), QueryError> {
    let page = block_on(engine().search(Arc::clone(snapshot), search))?;
    let batches = block_on(page.answer.collect())?;
    let mut indexes = Vec::new();
    for batch in &batches {
        let column = batch.column_by_name("index").unwrap();
        let column = column.as_any().downcast_ref::<arrow::array::Int64Array>().unwrap();
        indexes.extend(column.values().iter().copied());
    }
    Ok((indexes, page.cursor))
}

fn q(q: &str) -> Search {
    Search { q: q.into(), limit: Some(10_000), ..Search::default() }
}

fn wanted(events: &[Ev], pass: impl Fn(&Ev) -> bool) -> Vec<i64> {
    (0..events.len()).rev().filter(|i| pass(&events[*i])).map(|i| i as i64).collect()
}

#[test]
fn conditions_find_what_they_say() {
    let mut events = generate(3000, now());
    events[5].output = Some(r#"{"text":"He said \"50% off_now\"\nthen left"}"#.into());
    events[6].agent = "team/agent-77".into();
    let held = stored(&events, 2, true);
    let has = |ev: &Ev, text: &str| {
        let all = [&ev.input, &ev.output, &ev.error].into_iter().flatten();
        all.chain([&ev.name, &ev.agent]).any(|part| part.to_lowercase().contains(text))
    };
    type Pass<'a> = Box<dyn Fn(&Ev) -> bool + 'a>;
    let cases: [(&str, Pass<'_>); 17] = [
        ("NEEDLE", Box::new(|ev| has(ev, "needle"))),
        (
            "\"lost needle\" -status:failed",
            Box::new(|ev| has(ev, "lost needle") && ev.outcome != Outcome::Failure),
        ),
        ("status:failed", Box::new(|ev| ev.outcome == Outcome::Failure)),
        (
            "status:failure agent:team/agent-3",
            Box::new(|ev| ev.outcome == Outcome::Failure && ev.agent == "team/agent-3"),
        ),
        ("type:trade", Box::new(|ev| ev.kind == ActionType::Trade)),
        ("type:trade_execution", Box::new(|ev| ev.kind == ActionType::Trade)),
        ("type:bash", Box::new(|ev| ev.name == "Bash")),
        ("name:web*", Box::new(|ev| ev.name == "WebFetch")),
        (
            "user:user-7 -type:tool",
            Box::new(|ev| ev.user.as_deref() == Some("user-7") && ev.kind != ActionType::Tool),
        ),
        ("tokens_input:>3990", Box::new(|ev| ev.tokens.is_some_and(|tokens| tokens.0 > 3990))),
        ("cost_usd:>=0.0499", Box::new(|ev| ev.cost_micros.is_some_and(|micros| micros >= 49_900))),
        ("sensitive_data_accessed:true", Box::new(|ev| ev.sensitive == Some(true))),
        ("level:error model:model-a", Box::new(|ev| ev.outcome == Outcome::Failure)),
        ("agent:*77", Box::new(|ev| ev.agent.ends_with("77"))),
        (
            "\"He said \\\"50% off_now\\\"\"",
            Box::new(|ev| ev.output.as_ref().unwrap().contains("50% off_now")),
        ),
        ("50%o", Box::new(|_| false)),
        ("-tokens_input:>=0", Box::new(|ev| ev.tokens.is_none())),
    ];
    for (text, pass) in cases {
        let (found, cursor) = page(&held.snapshot, &q(text)).unwrap();
        assert_eq!(found, wanted(&events, pass), "{text}");
        assert!(cursor.is_none());
    }
    let text = Some("status".to_string());
    let named = Search {
        agent: Some("team/agent-3".into()),
        status: Some("failed".into()),
        user: None,
        session: text.clone().filter(|_| false),
        ..q("")
    };
    let (found, _) = page(&held.snapshot, &named).unwrap();
    assert_eq!(found, wanted(&events, |ev| ev.outcome == Outcome::Failure && ev.agent == "team/agent-3"));
}

#[test]
fn times_and_sessions_bound_the_search() {
    let end = now();
    let events = generate(3000, end);
    let held = stored(&events, 3, true);
    let (from, to) = (end - 20 * DAY_US, end - 10 * DAY_US);
    let (found, _) = page(&held.snapshot, &Search { from: Some(from), to: Some(to), ..q("") }).unwrap();
    assert_eq!(found, wanted(&events, |ev| ev.at >= from && ev.at < to));
    let session = events[1234].session;
    let search = Search { session: session.map(|id| id.to_string()), ..q("") };
    assert_eq!(page(&held.snapshot, &search).unwrap().0, wanted(&events, |ev| ev.session == session));
}

#[test]
fn pages_hold_every_row_once() {
    // Many events share a time, so that the index has to break ties.
    let mut events = generate(2500, now());
    for (n, ev) in events.iter_mut().enumerate() {
        ev.at -= ev.at % (DAY_US / 4);
        ev.user = Some(format!("user-{}", n % 2));
    }
    for snapshot in [hot(&events), Arc::clone(&stored(&events, 0, true).snapshot)] {
        pages_once(&snapshot, &events);
    }
    let held = stored(&events, 2, true);
    pages_once(&held.snapshot, &events);
}

fn pages_once(snapshot: &Arc<Snapshot>, events: &[Ev]) {
    let mut search = Search { limit: Some(137), user: Some("user-1".into()), ..Search::default() };
    let (mut seen, mut order) = (HashSet::new(), Vec::new());
    loop {
        let (found, cursor) = page(snapshot, &search).unwrap();
        assert!(found.iter().all(|index| seen.insert(*index)), "a row came twice");
        order.extend(found);
        match cursor {
            Some(_) => search.cursor = cursor,
            None => break,
        }
    }
    let mut want = wanted(events, |ev| ev.user.as_deref() == Some("user-1"));
    want.sort_by_key(|index| std::cmp::Reverse((events[*index as usize].at, *index)));
    assert_eq!(order, want);
}

#[test]
fn hostile_and_wrong_searches_are_harmless() {
    let snapshot = hot(&generate(200, now()));
    for text in [
        "'or 1=1 --",
        "'; DROP TABLE events; --",
        "agent:'or'1'='1",
        "agent:\"x' OR 'a'='a\"",
        "%",
        "\\",
        "user:%",
        "id:\"x') OR true --\"",
        "\u{0}",
    ] {
        let found = page(&snapshot, &q(text)).unwrap_or_else(|error| panic!("{text}: {error}")).0;
        assert!(found.is_empty(), "{text} found {}", found.len());
    }
    for (search, kind) in [
        (q("nofield:1"), Kind::Unknown),
        (q("' OR 1=1 --"), Kind::Syntax),
        (q("status:sideways"), Kind::Syntax),
        (q("tokens_input:many"), Kind::Syntax),
        (q("\"open"), Kind::Syntax),
        (Search { limit: Some(0), ..Search::default() }, Kind::Syntax),
        (Search { limit: Some(10_001), ..Search::default() }, Kind::Syntax),
        (Search { cursor: Some("1; DROP".into()), ..Search::default() }, Kind::Syntax),
        (Search { cursor: Some("-1-2".into()), ..Search::default() }, Kind::Syntax),
    ] {
        assert_eq!(page(&snapshot, &search).unwrap_err().kind, kind, "{search:?}");
    }
}

fn told() -> Vec<Ev> {
    let start = 1_735_813_815_000_000;
    let mut events: Vec<Ev> = (0..5).map(|n| Ev::new(n, start + n as i64 * MINUTE_US)).collect();
    for ev in &mut events {
        ev.session = Some(uuid(77));
        ev.who_session = Some("s-1".into());
        ev.user = Some("ada".into());
        ev.output = None;
    }
    (events[0].kind, events[0].name, events[0].outcome) =
        (ActionType::Communication, "prompt".into(), Outcome::Unknown);
    events[0].input = Some(format!(r#"{{"message":"please test\n{}"}}"#, "all of it ".repeat(20)));
    for (n, phase) in [(1, Phase::Proposed), (3, Phase::Result)] {
        (events[n].call, events[n].phase) = (Some("call-1".into()), Some(phase));
    }
    (events[1].outcome, events[1].input) = (Outcome::Running, Some(r#"{"command":"cargo test"}"#.into()));
    (events[3].outcome, events[3].exit_code) = (Outcome::Failure, Some(1));
    (events[3].duration_us, events[3].cost_micros) = (Some(2_300_000), Some(1_250_001));
    events[3].error = Some(r#"{"message":"2 tests failed"}"#.into());
    (events[2].agent, events[2].who_id) = ("ops/helper".into(), Some("order #1".into()));
    events
}

#[test]
fn a_session_reads_like_a_story() {
    let held = stored(&told(), 1, false);
    let get = |session: &str| block_on(engine().timeline(Arc::clone(&held.snapshot), session)).unwrap();
    let timeline = get("s-1").unwrap();
    assert_eq!(get(&uuid(77).to_string()), Some(timeline.clone()));
    assert_eq!(get("s-2"), None);
    assert_eq!(
        timeline.steps.iter().map(|step| step.indexes.clone()).collect::<Vec<_>>(),
        [vec![0], vec![1, 3], vec![2], vec![4]]
    );
    assert_eq!(timeline.steps[1].line, "Bash: cargo test → failed (exit 1) 2.3 s");
    assert_eq!(timeline.totals.cost_usd, "1.250001");
    assert_eq!((timeline.totals.events, timeline.totals.failures), (5, 1));
    let text = timeline.text();
    assert!(text.starts_with("Session s-1 of ops/release-manager for ada\n"), "{text}");
    assert!(text.contains("10:31:15  Bash: cargo test → failed (exit 1) 2.3 s\n"), "{text}");
    assert!(text.contains("10:32:15  ops/helper: Bash → ok\n"), "{text}");
    assert!(text.contains("          | please test\n"), "{text}");
    assert!(serde_json::to_value(&timeline).unwrap()["steps"][1]["error"] == "2 tests failed");
}

#[test]
fn an_event_is_shown_whole() {
    let events = told();
    let held = stored(&events, 1, false);
    let get = |key: EventKey<'_>| block_on(engine().event(Arc::clone(&held.snapshot), key)).unwrap();
    let event = get(EventKey::Index(3)).unwrap();
    assert_eq!(event["header"]["event_id"], events[3].id.to_string());
    assert_eq!(event["header"]["timestamp"], "2025-01-02T10:33:15.000000Z");
    assert_eq!(event["who"]["user"], "ada");
    assert_eq!(event["facts"]["exit_code"], 1);
    assert_eq!(event["sections"]["error"]["message"], "2 tests failed");
    assert_eq!(get(EventKey::Id(&events[3].id.to_string().to_uppercase())), Some(event));
    assert_eq!(get(EventKey::Id("order #1")).unwrap()["header"]["index"], 2);
    assert_eq!(get(EventKey::Id("nobody")), None);
    assert_eq!(get(EventKey::Index(u64::MAX)), None);
}
