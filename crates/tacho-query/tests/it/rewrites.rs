//! What makes queries fast must not change an answer: each rewrite against the same question without it.

use crate::data::{Ev, compacted, generate, hot, mix, now, rows, stored, try_rows};
use parquet::file::metadata::ParquetMetaDataReader;
use std::sync::Arc;
use tacho_query::{AgentEdit, Engine, Limits, QueryError};
use tacho_store::grams::Wanted;
use tacho_store::{Grams, Snapshot};

const CONDITIONS: [&str; 14] = [
    "outcome_status = 'failure'",
    "sensitive_data_accessed",
    "NOT sensitive_data_accessed",
    "agent_id = 'team/agent-3'",
    "agent_id IN ('team/agent-1', 'team/agent-7')",
    "action_name LIKE '%e%'",
    "tokens_input > 2000",
    "tokens_input IS NULL",
    "cost_usd >= 0.03",
    "timestamp > now() - INTERVAL '9 days'",
    "timestamp < now() - INTERVAL '20 days'",
    "user_id = 'user-4' OR user_id = 'user-9'",
    "index % 7 = 3",
    "id = 'nobody'",
];

/// Conditions, order and limit that depend on the number alone.
fn question(n: u64) -> (String, usize) {
    let r = mix(n ^ 0xface);
    let pick = |shift: u32, of: usize| (r >> shift) as usize % of;
    let count = pick(0, 3);
    let conditions: Vec<&str> =
        (0..count).map(|at| CONDITIONS[pick(8 + 8 * at as u32, CONDITIONS.len())]).collect();
    let joined = conditions.join(if pick(32, 3) == 0 { " OR " } else { " AND " });
    let filter = if joined.is_empty() { String::new() } else { format!("WHERE {joined}") };
    let order = ["timestamp DESC, index", "index DESC", "duration_ms, index", "agent_id, index DESC"];
    let columns = ["*", "index, outcome_result, id", "action_details || '!' AS details, agent_id"];
    let (columns, order) = (columns[pick(40, 3)], order[pick(44, 4)]);
    (format!("SELECT {columns} FROM agent_audit_log {filter} ORDER BY {order}"), 1 + pick(48, 120))
}

/// The newest rows are fetched by their place on the log; the whole answer cut short says which they are.
#[test]
fn rows_that_are_fetched_late_are_the_same() {
    let events = generate(9000, now());
    let (segments, both) = (stored(&events, 4, false), stored(&events, 3, true));
    for (n, snapshot) in
        [hot(&events), Arc::clone(&segments.snapshot), Arc::clone(&both.snapshot)].iter().enumerate()
    {
        for q in 0..12 {
            let (sql, limit) = question(q + 100 * n as u64);
            let mut whole = rows(snapshot, &sql);
            whole.truncate(limit);
            assert_eq!(rows(snapshot, &format!("{sql} LIMIT {limit}")), whole, "{sql} LIMIT {limit}");
            let later = rows(snapshot, &format!("{sql} LIMIT {limit} OFFSET 5"));
            let shared = whole.len().saturating_sub(5);
            assert_eq!(later[..shared], whole[whole.len() - shared..], "{sql} LIMIT {limit} OFFSET 5");
        }
    }
    let plan =
        rows(&segments.snapshot, "EXPLAIN SELECT * FROM agent_audit_log ORDER BY timestamp DESC LIMIT 9");
    assert!(plan.iter().any(|row| row[1].contains("Winners")), "{plan:?}");
}

/// Blocks without the letters of a phrase are not read; the newest events in memory have no tables at all.
#[test]
fn a_phrase_is_found_in_the_blocks_that_hold_its_letters() {
    let mut events = generate(30_000, now());
    for (at, text) in
        [(70, "zebrafish quarantine"), (9_000, "ZEBRAfish_quarantine"), (29_900, "zebrafish quar%")]
    {
        events[at].output = Some(format!(r#"{{"text":"x{text}y"}}"#));
    }
    events[20_000].input = Some(r#"{"command":"run zebrafish quarantine"}"#.into());
    events[20_001].name = "zebrafish".into();
    let merged = compacted(&events);
    let snapshot = &merged.snapshot;
    assert_eq!(snapshot.segments.len(), 1, "the cuts were merged");
    assert!(!snapshot.hot.is_empty());
    let all = hot(&events);
    let like = |column: &str, pattern: &str| format!("{column} LIKE '{pattern}'");
    for (filter, count) in [
        (like("outcome_result::text", "%zebrafish quarantine%"), 1),
        (like("lower(outcome_result)", "%zebrafish_quarantine%"), 2),
        ("outcome_result ILIKE '%zebrafish%'".to_string(), 3),
        (r"outcome_result ILIKE '%zebrafish\_%'".to_string(), 1),
        (r"outcome_result LIKE '%zebrafish quar\%%'".to_string(), 1),
        (
            format!("{} OR {}", like("outcome_result", "%zebrafish%"), like("action_details", "%zebrafish%")),
            3,
        ),
        (format!("{} AND {}", like("action_details", "%zebrafish%"), like("action_details", "%nowhere%")), 0),
        (format!("{} OR index < 3", like("action_name", "zebrafish")), 4),
        ("outcome_result NOT LIKE '%zebrafish%' AND index BETWEEN 69 AND 71".to_string(), 2),
        (like("outcome_result", "%nothingofthiskind%"), 0),
    ] {
        let sql = format!("SELECT index FROM agent_audit_log WHERE {filter} ORDER BY index");
        let found = rows(snapshot, &sql);
        assert_eq!(found, rows(&all, &sql), "{sql}");
        assert_eq!(found.len(), count, "{sql}");
    }
    let file = std::fs::File::open(&snapshot.segments[0].path).unwrap();
    let footer = ParquetMetaDataReader::new().parse_and_finish(&file).unwrap();
    let grams = Grams::read(&snapshot.segments[0].path, &footer).unwrap().unwrap();
    let holds = |phrase: &str| {
        let wanted = Wanted::of([phrase]);
        (0..grams.blocks()).filter(|block| grams.may_hold(*block, &wanted)).collect::<Vec<_>>()
    };
    let block_of = |row: usize| row / grams.block_rows();
    assert_eq!(holds("zebrafish quarantine"), [70, 9_000, 20_000].map(block_of));
    assert_eq!(holds("done").len(), grams.blocks());
}

/// Rows of ids are found by numbers kept for each row, and read alone.
#[test]
fn ids_are_found_in_the_rows_that_hold_them() {
    let mut events = generate(9000, now());
    for (n, ev) in events.iter_mut().enumerate() {
        ev.session = ev.session.take().filter(|_| n % 5 > 0);
        ev.who_session = (n % 7 == 0).then(|| format!("their-{}", n % 400));
        ev.who_id = (n % 11 == 0).then(|| format!("id-{}", n % 990));
    }
    let held = stored(&events, 4, true);
    let all = hot(&events);
    let engine = Engine::new(Limits::default()).unwrap();
    let session = events[7001].session.unwrap();
    for (filter, least) in [
        (format!("id = '{}'", events[17].id), 1),
        (format!("event_id IN ('{}', '{}')", events[4400].id, events[8999].id), 2),
        ("id = 'id-22'".into(), 9),
        (format!("session_id = '{session}'"), 2),
        ("session_id IN ('their-7', 'their-14')".into(), 3),
        (format!("session_id = '{session}' AND index > 7000"), 1),
        (format!("session_id = '{session}' OR index = 3"), 3),
        (format!("session_id <> '{session}' AND index < 9"), 5),
        ("id = 'nobody'".into(), 0),
        (format!("id = '{}' AND session_id = 'nobody'", events[17].id), 0),
    ] {
        let sql = format!(
            "SELECT index, id, session_id, agent_id FROM agent_audit_log WHERE {filter} ORDER BY index"
        );
        let expected = rows(&all, &sql);
        assert!(expected.len() >= least, "{sql}: {}", expected.len());
        for again in 0..2 {
            assert_eq!(try_rows(&engine, &held.snapshot, &sql).unwrap(), expected, "{sql}, time {again}");
        }
    }
    let places = engine.load().caches.into_iter().find(|cache| cache.name == "places").unwrap();
    assert!(places.bytes >= 4 * 7000, "the columns that were looked in are kept: {places:?}");
}

#[test]
fn times_are_cut_as_without_a_zone() {
    let mut events = generate(4000, now());
    for (n, ev) in events.iter_mut().enumerate() {
        // Far back and before 1970, too.
        ev.at -= (mix(n as u64) % 100) as i64 * 366 * 86_400_000_000
            + (mix(n as u64) >> 20) as i64 % 86_400_000_000;
    }
    let snapshot = hot(&events);
    for part in
        ["microsecond", "millisecond", "second", "minute", "hour", "day", "WEEK", "month", "quarter", "year"]
    {
        let sql = format!(
            "SELECT count(*), count(*) FILTER (WHERE arrow_cast(date_trunc('{part}', timestamp), 'Int64') = \
             arrow_cast(date_trunc('{part}', arrow_cast(arrow_cast(timestamp, 'Int64'), 'Timestamp(µs)')), 'Int64')) FROM events"
        );
        assert_eq!(rows(&snapshot, &sql), [["4000", "4000"]], "{part}");
    }
    assert_eq!(rows(&snapshot, "SELECT count(date_trunc('day', NULL::timestamptz)) FROM events"), [["0"]]);
}

/// Three in five events name a user, one in five is the system's, and of one in five the user is erased.
#[test]
fn a_user_who_was_never_named_is_the_system_and_one_who_is_gone_is_nobody() {
    let mut events = generate(3000, now());
    for (n, ev) in events.iter_mut().enumerate() {
        ev.tag = (n % 5 > 0).then_some([n as u8; 16]);
        ev.user = ev.user.take().filter(|_| n % 5 > 1);
    }
    let held = stored(&events, 2, true);
    let mut named: Vec<&str> = events.iter().filter_map(|ev| ev.user.as_deref()).collect();
    named.retain(|user| *user == "user-4");
    let four = named.len();
    for (filter, count) in [
        ("user_id = 'system'", 600),
        ("'system' = user_id", 600),
        ("user_id IS NULL", 600),
        ("user_id IS NOT NULL", 2400),
        ("user_id <> 'system'", 1800),
        ("NOT user_id = 'system'", 1800),
        ("user_id = 'user-4'", four),
        ("NOT user_id = 'user-4'", 2400 - four),
        ("NOT user_id IN ('user-4', 'nobody')", 2400 - four),
        ("user_id IN ('user-4', 'system')", 600 + four),
        ("user_id NOT IN ('user-4', 'system')", 1800 - four),
        ("user_id IN ('user-4', NULL)", four),
        ("NOT user_id IN ('user-4', NULL)", 0),
        ("user_id LIKE 'sys%'", 600),
        ("(user_id = 'user-4') IS NULL", 600),
    ] {
        for view in ["agent_audit_log", "agent_logs"] {
            for snapshot in [&hot(&events), &held.snapshot] {
                let sql = format!("SELECT count(*) FROM {view} WHERE {filter}");
                assert_eq!(rows(snapshot, &sql), [[count.to_string()]], "{sql}");
            }
        }
    }
    let plan = rows(&held.snapshot, "EXPLAIN SELECT index FROM agent_audit_log WHERE user_id = 'user-4'");
    assert!(plan[0][1].contains(r#"who_user = Utf8View("user-4")"#), "the scan sees the column: {plan:?}");
    let mut alone = generate(3, now());
    for (n, ev) in alone.iter_mut().enumerate() {
        ev.session = Some(crate::data::uuid(n as u64));
        ev.tag = (n > 0).then_some([1; 16]);
        ev.user = (n > 1).then(|| "ada".to_string());
    }
    for view in ["sessions", "agent_executions"] {
        let users = rows(&hot(&alone), &format!("SELECT user_id FROM {view} ORDER BY started"));
        assert_eq!(users.concat(), ["system", "-", "ada"], "{view}");
    }
}

fn ask(snapshot: &Arc<Snapshot>, edits: &[AgentEdit], sql: &str) -> Result<Vec<String>, QueryError> {
    let engine = Engine::new(Limits::default())?;
    futures::executor::block_on(async {
        let found = engine.sql(Arc::clone(snapshot), edits, sql).await?.collect().await?;
        let shown = arrow::util::pretty::pretty_format_batches(&found).unwrap().to_string();
        Ok(shown.lines().skip(3).filter(|line| line.starts_with('|')).map(str::to_string).collect())
    })
}

fn alias(id: &str, of: &str) -> AgentEdit {
    AgentEdit { agent_id: id.into(), alias_of: Some(of.into()), ..AgentEdit::default() }
}

/// Agents under other names: every view gives what it gives for events that carry the one name.
#[test]
fn views_know_an_agent_by_one_id() {
    let events = generate(3000, now());
    let others = ["team/agent-4", "team/agent-5", "team/agent-6"];
    let edits = [
        alias(others[0], "team/agent-3"),
        alias(others[1], others[0]),
        alias(others[2], "unseen"),
        AgentEdit { agent_id: "team/agent-3".into(), ..AgentEdit::default() },
    ];
    let renamed: Vec<Ev> = events
        .iter()
        .cloned()
        .map(|mut ev| {
            match others.iter().position(|other| ev.agent == *other) {
                Some(0 | 1) => ev.agent = "team/agent-3".into(),
                Some(_) => ev.agent = "unseen".into(),
                None => {}
            }
            ev
        })
        .collect();
    let held = stored(&events, 2, true);
    let (as_sent, as_one) = (Arc::clone(&held.snapshot), hot(&renamed));
    for view in ["costs", "agent_stats", "agent_executions", "agent_intensity_metrics", "sessions"] {
        for filter in [
            "true",
            "agent_id = 'team/agent-3'",
            "agent_id IN ('unseen', 'team/agent-1')",
            "agent_id = 'team/agent-4'",
            "NOT agent_id = 'unseen'",
        ] {
            let sql = format!("SELECT * FROM {view} WHERE {filter} ORDER BY 1, 2, 3, 4");
            let found = ask(&as_sent, &edits, &sql).unwrap();
            assert_eq!(found, ask(&as_one, &[], &sql).unwrap(), "{sql}");
            assert_eq!(found.is_empty(), filter.contains("agent-4"), "{sql}");
        }
    }
    let by_sender =
        "SELECT count(DISTINCT agent_id), count(DISTINCT canonical_agent(agent_id)) FROM agent_audit_log";
    assert_eq!(
        ask(&as_sent, &edits, by_sender).unwrap()[0].matches(char::is_numeric).collect::<String>(),
        "1210"
    );
    let one = "SELECT canonical_agent('team/agent-5') || canonical_agent(NULL) IS NULL, canonical_agent('team/agent-5')";
    assert!(ask(&as_sent, &edits, one).unwrap()[0].contains("team/agent-3"));
}
