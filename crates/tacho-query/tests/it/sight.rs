//! What a limited query sees: its own, whichever way it asks.

use crate::data::{Ev, engine, generate, hot, now, rows_of, stored, uuid};
use futures::executor::block_on;
use std::sync::Arc;
use tacho_query::{AgentEdit, EventKey, Moment, Search, Sight};
use tacho_store::Snapshot;

const USER: &str = "user-3";
const AGENT: &str = "team/agent-4";

fn user() -> Sight {
    Sight::User(USER.into())
}

fn agent() -> Sight {
    Sight::Agents([AGENT.to_string()].into())
}

/// Everybody's events, each text of which names its user and its agent.
fn events() -> Vec<Ev> {
    let mut events = generate(3000, now());
    for ev in &mut events {
        let whose = format!("{} {}", ev.user.as_deref().unwrap(), ev.agent);
        ev.input = Some(format!(r#"{{"command":"of {whose}"}}"#));
        ev.output = Some(format!(r#"{{"text":"told {whose}"}}"#));
        ev.model = Some(format!("model of {whose}"));
        ev.error = None;
    }
    events
}

fn is_own(sight: &Sight, ev: &Ev) -> bool {
    sight.sees(&ev.agent, ev.user.as_deref())
}

/// What a text of somebody else would hold.
fn strangers(sight: &Sight) -> Vec<String> {
    match sight {
        Sight::User(_) => (0..30).map(|n| format!("user-{n}")).filter(|name| name != USER).collect(),
        _ => (0..12).map(|n| format!("team/agent-{n}")).filter(|name| name != AGENT).collect(),
    }
}

/// Whether one of the names stands in the text, and not only as the beginning of a longer one.
fn tells(text: &str, names: &[String]) -> bool {
    names.iter().any(|name| {
        text.match_indices(name.as_str())
            .any(|(at, _)| !text[at + name.len()..].starts_with(|c: char| c.is_ascii_digit()))
    })
}

fn ask(snapshot: &Arc<Snapshot>, sight: &Sight, sql: &str) -> Result<Vec<Vec<String>>, String> {
    let moment = Moment::from(Arc::clone(snapshot)).seen_by(sight.clone());
    rows_of(&engine(), moment, sql).map_err(|error| error.to_string())
}

const ALL_VIEWS: [&str; 10] = [
    "events",
    "agent_audit_log",
    "observations",
    "agent_executions",
    "agent_intensity_metrics",
    "agent_stats",
    "agent_logs",
    "actions",
    "sessions",
    "costs",
];

#[test]
fn no_view_and_no_form_of_a_query_shows_anything_of_others() {
    let events = events();
    let held = stored(&events, 3, true);
    let more = [
        "SELECT * FROM agents",
        "SELECT * FROM (SELECT * FROM events ORDER BY timestamp DESC LIMIT 500) AS x",
        "SELECT * FROM agent_audit_log ORDER BY timestamp DESC LIMIT 700",
        "SELECT a.input, b.input FROM events a JOIN events b ON a.session_uuid = b.session_uuid LIMIT 2000",
        "SELECT string_agg(input, ' ') FROM events",
        "SELECT agent_id, (SELECT max(model) FROM events) FROM events WHERE index IN (SELECT index FROM events)",
        "SELECT max(who_user), min(who_user), max(agent_id), min(agent_id), max(model), min(model) FROM events",
        "SELECT agent_id, model, sum(cost_usd), count(*) FROM agent_audit_log GROUP BY 1, 2",
        "WITH x AS (SELECT * FROM agent_audit_log) SELECT * FROM x WHERE user_id IS NOT NULL UNION ALL SELECT * FROM x",
        "SELECT first_value(model) OVER (ORDER BY index) FROM events",
        "SELECT * FROM events WHERE who_user <> 'user-3' OR agent_id <> 'team/agent-4' OR true",
    ];
    let views = ALL_VIEWS.map(|view| format!("SELECT * FROM {view}"));
    for sight in [user(), agent()] {
        let strangers = strangers(&sight);
        for sql in views.iter().map(String::as_str).chain(more) {
            let rows = ask(&held.snapshot, &sight, sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
            assert!(!rows.is_empty(), "{sql}");
            let told = rows.iter().flatten().find(|cell| tells(cell, &strangers));
            assert!(told.is_none(), "{sql}: {told:?}");
        }
    }
}

#[test]
fn counts_and_sums_are_of_ones_own() {
    let events = events();
    let held = stored(&events, 3, true);
    for sight in [user(), agent()] {
        let own: Vec<&Ev> = events.iter().filter(|ev| is_own(&sight, ev)).collect();
        let cost: i64 = own.iter().filter_map(|ev| ev.cost_micros).sum();
        let count = own.len().to_string();
        let asked = |sql: &str| ask(&held.snapshot, &sight, sql).unwrap();
        assert_eq!(asked("SELECT count(*) FROM events"), [[count.clone()]]);
        assert_eq!(asked("SELECT count(*) FROM agent_audit_log WHERE index >= 0"), [[count]]);
        let summed = asked("SELECT CAST(sum(cost_usd) * 1000000 AS BIGINT) FROM costs");
        assert_eq!(summed, [[cost.to_string()]], "sums that segments carry are of everybody");
    }
}

#[test]
fn an_error_tells_no_value_of_others() {
    let events = events();
    let held = stored(&events, 3, true);
    for sight in [user(), agent()] {
        for sql in [
            "SELECT count(*) FROM events WHERE CAST(who_user AS BIGINT) > 0",
            "SELECT count(*) FROM events WHERE CAST(agent_id AS BIGINT) > 0 AND agent_id = 'none'",
            "SELECT * FROM events WHERE CAST(input AS BIGINT) > 0 ORDER BY timestamp DESC LIMIT 5",
            "SELECT * FROM agent_audit_log WHERE session_id = 'x' OR CAST(model AS BIGINT) = 1",
        ] {
            match ask(&held.snapshot, &sight, sql) {
                Ok(rows) => assert!(rows.len() < 2, "{sql}"),
                Err(error) => assert!(!tells(&error, &strangers(&sight)), "{sql}: {error}"),
            }
        }
    }
}

#[test]
fn what_is_concluded_of_a_made_up_index_and_plans_are_not_told() {
    let held = hot(&events());
    for sql in [
        "SELECT agent_now(arrow_cast('x', 'Utf8View'), 5)",
        "SELECT session_now(arrow_cast('x', 'Utf8View'), 5)",
        "SELECT observations(5)",
        "EXPLAIN SELECT * FROM events",
        "EXPLAIN ANALYZE SELECT * FROM events",
    ] {
        assert!(ask(&held, &user(), sql).is_err(), "{sql}");
        assert!(ask(&held, &Sight::All, sql).is_ok(), "{sql}: the test means nothing");
    }
}

#[test]
fn search_sessions_and_single_events_show_ones_own() {
    let events = events();
    let held = stored(&events, 2, true);
    let engine = engine();
    for sight in [user(), agent()] {
        let moment = || Moment::from(Arc::clone(&held.snapshot)).seen_by(sight.clone());
        let own = events.iter().filter(|ev| is_own(&sight, ev)).count();
        let all = Search { limit: Some(10_000), ..Search::default() };
        let found = block_on(engine.search(moment(), &all)).unwrap();
        let found: usize =
            block_on(found.answer.collect()).unwrap().iter().map(|batch| batch.num_rows()).sum();
        assert_eq!(found, own);
        for (n, ev) in events.iter().enumerate().step_by(211) {
            let by_index = block_on(engine.event(moment(), EventKey::Index(n as u64))).unwrap();
            let by_id = block_on(engine.event(moment(), EventKey::Id(&uuid(n as u64).text()))).unwrap();
            assert_eq!(
                (by_index.is_some(), by_id.is_some()),
                (is_own(&sight, ev), is_own(&sight, ev)),
                "{n}"
            );
            let session = ev.session.unwrap();
            let timeline = block_on(engine.timeline(moment(), &session.text())).unwrap();
            let same = |other: &&Ev| other.session == Some(session) && is_own(&sight, other);
            let seen = timeline.map_or(0, |timeline| {
                assert!(!tells(&timeline.text(), &strangers(&sight)));
                timeline.totals.events as usize
            });
            assert_eq!(seen, events.iter().filter(same).count());
        }
    }
}

#[test]
fn the_registry_shows_agents_that_are_seen() {
    let held = hot(&events());
    let registered = [AGENT, "team/agent-5", "secret/agent"].map(|id| AgentEdit {
        agent_id: id.into(),
        note: Some(format!("note of {id}")),
        ..AgentEdit::default()
    });
    let ask = |sight: Sight, sql: &str| {
        let moment = Moment::from(Arc::clone(&held)).seen_by(sight);
        let answer = block_on(engine().sql(moment, &registered, sql)).unwrap();
        block_on(answer.collect()).unwrap().iter().map(|batch| batch.num_rows()).sum::<usize>()
    };
    let sql = "SELECT * FROM agent_registry";
    assert_eq!((ask(Sight::All, sql), ask(agent(), sql), ask(user(), sql)), (3, 1, 0));
    assert_eq!(ask(agent(), "SELECT * FROM agents"), 1);
    assert_eq!(ask(user(), "SELECT * FROM agents WHERE note IS NOT NULL"), 0);
}
