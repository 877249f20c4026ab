//! SQL: users' queries, functions of PostgreSQL, JSON, views, mistakes.

use crate::data::{Ev, engine, generate, hot, now, rows, try_rows, uuid};
use std::sync::Arc;
use tacho_event::time::{HOUR_US, MINUTE_US};
use tacho_event::words::{ActionType, Outcome};
use tacho_query::{AgentEdit, Kind};
use tacho_store::Snapshot;

#[test]
fn the_queries_of_users_run_as_they_stand() {
    let now = now();
    let mut events = generate(3000, now);
    let mut recent = Ev::new(1_000_001, now - MINUTE_US);
    recent.sensitive = Some(true);
    events.push(recent);
    let snapshot = hot(&events);
    let outcomes = rows(&snapshot, include_str!("queries/action_outcomes.sql"));
    assert_eq!(outcomes.len(), 72);
    let rate = |row: &Vec<String>| row[4].parse::<f64>().unwrap();
    assert!(outcomes.windows(2).all(|pair| rate(&pair[0]) <= rate(&pair[1])));
    let one = &outcomes[0];
    let same = |ev: &&Ev| ev.agent == one[0] && ev.name == one[1];
    let good = events.iter().filter(same).filter(|ev| ev.outcome == Outcome::Success).count();
    assert_eq!(
        (one[2].parse().unwrap(), one[3].parse().unwrap()),
        (events.iter().filter(same).count(), good)
    );

    let costs = rows(&snapshot, include_str!("queries/cost_analysis.sql"));
    let counted: u64 = costs.iter().map(|row| row[4].parse::<u64>().unwrap()).sum();
    assert!((2990..=3001).contains(&counted), "{counted}");
    let failed = rows(&snapshot, include_str!("queries/failed_actions.sql"));
    let day_ago = now - 24 * HOUR_US;
    let want = events.iter().filter(|ev| ev.outcome == Outcome::Failure && ev.at > day_ago).count();
    assert!(failed.len().abs_diff(want) <= 1 && failed[0][2].contains("exit status 1"));
    let recent = rows(&snapshot, include_str!("queries/recent_activity.sql"));
    assert_eq!(recent.len(), 1);
    assert_eq!(recent[0][..3], ["tool", "Bash", "success"]);
    let audit = rows(&snapshot, include_str!("queries/security_audit.sql"));
    assert!(audit.len() > 5 && audit[0][0] == "ops/release-manager");
}

fn one(sql: &str) -> String {
    let found = rows(&Arc::new(Snapshot::default()), sql);
    assert_eq!((found.len(), found[0].len()), (1, 1), "{sql}");
    found[0][0].clone()
}

/// Cases from PostgreSQL's documentation of `to_char`.
#[test]
fn to_char_reads_templates_of_postgresql() {
    let time = "timestamp '2002-04-20 17:31:12.66'";
    for (template, want) in [
        ("HH12:MI:SS", "05:31:12"),
        ("HH24:MI:SS", "17:31:12"),
        ("YYYY-MM-DD HH24:MI:SS.MS", "2002-04-20 17:31:12.660"),
        ("YYYY-MM-DD\"T\"HH24:MI:SS.US", "2002-04-20T17:31:12.660000"),
        ("Day, DD  HH12:MI:SS", "Saturday , 20  05:31:12"),
        ("FMDay, FMDD  HH12:MI:SS", "Saturday, 20  05:31:12"),
        ("DAY day Dy", "SATURDAY  saturday  Sat"),
        ("Month|FMMonth|MON|mon", "April    |April|APR|apr"),
        ("DDth FMDDth YYYY", "20th 20th 2002"),
        ("YY Y Q D DDD WW IW J", "02 2 2 7 110 16 16 J"),
        ("HH:MI AM p.m.", "05:31 PM p.m."),
        ("yyyy/mm/dd", "2002/04/20"),
        ("TZ OF SSSS", "UTC +00 63072"),
    ] {
        assert_eq!(one(&format!("SELECT to_char({time}, '{template}')")), want, "{template}");
    }
    for (number, template, want) in [
        ("125", "999", " 125"),
        ("125.8", "999D9", " 125.8"),
        ("-125.8", "999D99S", "125.80-"),
        ("-0.1", "99.99", "  -.10"),
        ("-0.1", "FM9.99", "-.1"),
        ("0.1", "0.9", " 0.1"),
        ("12", "9990999.9", "    0012.0"),
        ("12", "FM9990999.9", "0012."),
        ("485", "999", " 485"),
        ("-485", "999", "-485"),
        ("485", "9 9 9", " 4 8 5"),
        ("1485", "9,999", " 1,485"),
        ("1485", "9G999", " 1,485"),
        ("148.5", "999.999", " 148.500"),
        ("148.5", "FM999.999", "148.5"),
        ("148.5", "FM999.990", "148.500"),
        ("3148.5", "9,999.999", " 3,148.500"),
        ("-485", "999S", "485-"),
        ("-485", "999MI", "485-"),
        ("485", "999MI", "485 "),
        ("485", "FM999MI", "485"),
        ("485", "PL999", "+485"),
        ("485", "SG999", "+485"),
        ("-485", "SG999", "-485"),
        ("-485", "999PR", "<485>"),
        ("482", "999th", " 482nd"),
        ("485", "\"Good number:\"999", "Good number: 485"),
        ("1485", "999", " ###"),
        ("0", "999", "   0"),
        ("1234567.895", "FM9,999,990.00", "1,234,567.90"),
    ] {
        assert_eq!(one(&format!("SELECT to_char({number}, '{template}')")), want, "{number} {template}");
    }
}

#[test]
fn functions_of_postgresql_are_there() {
    for (sql, want) in [
        ("SELECT length(gen_random_uuid())", "36"),
        ("SELECT date(timestamp '2025-01-02 23:04:05')", "2025-01-02"),
        ("SELECT age(timestamp '2001-04-10', timestamp '1957-06-13')", "525 mons 27 days"),
        ("SELECT age(timestamp '2024-03-01', timestamp '2024-02-28 12:00:00')", "1 days 12 hours"),
        ("SELECT jsonb_array_length('[1,[2,3],{}]')", "3"),
        ("SELECT ('{\"a\":[1,2]}'::jsonb)->>'a'", "[1,2]"),
        ("SELECT date_bin(INTERVAL '15 minutes', timestamp '2025-01-02 10:20:00')", "2025-01-02T10:15:00"),
        ("SELECT extract(hour FROM timestamp '2025-01-02 10:20:00')", "10"),
        ("SELECT coalesce(NULL, 'x') || 'y'", "xy"),
        ("SELECT 'abc' ~* 'B'", "true"),
        ("SELECT lpad('7', 3, '0') || repeat('-', 2)", "007--"),
        ("SELECT sum(value) FROM generate_series(1, 4)", "10"),
        (
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) FROM (VALUES (1.0), (2.0), (4.0)) AS t(v)",
            "2.0",
        ),
        ("SELECT now() > timestamp '2020-01-01'", "true"),
    ] {
        assert_eq!(one(sql), want, "{sql}");
    }
}

#[test]
fn json_operators_read_sections() {
    let snapshot = hot(&generate(100, now()));
    let by_text = "SELECT index FROM agent_audit_log WHERE action_details->>'n' = '7'";
    assert_eq!(rows(&snapshot, by_text), [["7"]]);
    let number = "SELECT index FROM agent_audit_log WHERE (action_details->>'n')::int > 97 ORDER BY 1";
    assert_eq!(rows(&snapshot, number), [["98"], ["99"]]);
    assert_eq!(
        rows(&snapshot, "SELECT count(*) FROM agent_audit_log WHERE outcome_result ? 'ok'"),
        [["100"]]
    );
    let typed = "SELECT json_get_int(action_details, 'n') + 1, json_get_bool(outcome_result, 'ok') FROM agent_audit_log WHERE index = 41";
    assert_eq!(rows(&snapshot, typed), [["42", "true"]]);
    assert_eq!(
        rows(&snapshot, "SELECT count(action_details->'missing'->'deep') FROM agent_audit_log"),
        [["0"]]
    );
}

fn session_events() -> Vec<Ev> {
    let start = now() - 3 * HOUR_US;
    let event = |n: u64, session: u64, agent: &str, outcome| {
        let mut ev = Ev::new(n, start + n as i64 * MINUTE_US);
        (ev.session, ev.agent, ev.outcome) = (Some(uuid(session)), agent.into(), outcome);
        ev.tokens = Some((100, 10));
        (ev.cost_micros, ev.duration_us, ev.user) = (Some(1500), Some(2_000_000), Some("ada".into()));
        ev
    };
    let mut events = vec![
        event(0, 900, "a/one", Outcome::Success),
        event(1, 900, "a/one", Outcome::Failure),
        event(2, 900, "a/one", Outcome::Success),
        event(3, 901, "a/one", Outcome::Failure),
        event(4, 902, "a/two", Outcome::Success),
    ];
    (events[2].kind, events[2].name) = (ActionType::Lifecycle, "SessionEnd".into());
    let mut live = event(5, 903, "a/two", Outcome::Success);
    live.at = now() - MINUTE_US;
    events.push(live);
    events
}

#[test]
fn views_count_live() {
    let snapshot = hot(&session_events());
    let executions = rows(
        &snapshot,
        "SELECT agent_id, status, user_id, duration_ms, tokens, cost_usd, events, ended IS NULL FROM agent_executions ORDER BY started",
    );
    assert_eq!(
        executions,
        [
            ["a/one", "completed", "ada", "120000", "330", "0.004500", "3", "false"],
            ["a/one", "failed", "ada", "0", "110", "0.001500", "1", "false"],
            ["a/two", "completed", "ada", "0", "110", "0.001500", "1", "false"],
            ["a/two", "running", "ada", "0", "110", "0.001500", "1", "true"],
        ]
    );
    let stats = rows(
        &snapshot,
        "SELECT agent_id, executions, events, successes, failures, success_rate, avg_duration_ms, tokens, cost_usd FROM agent_stats ORDER BY 1",
    );
    assert_eq!(stats[0], ["a/one", "2", "4", "2", "2", "50.0", "2000.0", "440", "0.006000"]);
    let intensity = rows(&snapshot, "SELECT * FROM agent_intensity_metrics ORDER BY agent_id");
    assert_eq!(intensity[0], ["a/one", "2", "400", "40", "330", "220.0", "10.0", "50.0", "50.0"]);
    let sessions =
        rows(&snapshot, "SELECT agent_id, user_id, events, failures, tokens FROM sessions ORDER BY started");
    assert_eq!(sessions[0], ["a/one", "ada", "3", "1", "330"]);
    let costs = rows(
        &snapshot,
        "SELECT sum(tokens_input), sum(cost_usd), sum(estimated_cost_usd), sum(events) FROM costs",
    );
    assert_eq!(costs, [["600", "0.009000", "0.000000", "6"]]);
    let logs = rows(&snapshot, "SELECT level, message FROM agent_logs ORDER BY index LIMIT 2");
    assert_eq!(logs, [["INFO", "Bash: success"], ["ERROR", "Bash: failure"]]);
}

#[test]
fn agents_join_what_people_wrote_down() {
    let snapshot = hot(&session_events());
    let edits = [
        AgentEdit {
            agent_id: "a/one".into(),
            team: Some("core".into()),
            expected: true,
            ..AgentEdit::default()
        },
        AgentEdit { agent_id: "a/silent".into(), expected: true, ..AgentEdit::default() },
    ];
    let sql = "SELECT id, team, expected, events FROM agents ORDER BY id";
    let found = futures::executor::block_on(async {
        engine().sql(Arc::clone(&snapshot), &edits, sql).await.unwrap().collect().await.unwrap()
    });
    let shown = arrow::util::pretty::pretty_format_batches(&found).unwrap().to_string();
    for line in [
        "| a/one    | core | true     | 4      |",
        "| a/silent |      | true     | 0      |",
        "| a/two    |      | false    | 2      |",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
}

#[test]
fn two_names_of_one_agent_are_one_agent() {
    let snapshot = hot(&session_events());
    let alias =
        AgentEdit { agent_id: "a/two".into(), alias_of: Some("a/one".into()), ..AgentEdit::default() };
    let sql = "SELECT id, aliases, events FROM agents ORDER BY id";
    let found = futures::executor::block_on(async {
        engine().sql(Arc::clone(&snapshot), &[alias], sql).await.unwrap().collect().await.unwrap()
    });
    let shown = arrow::util::pretty::pretty_format_batches(&found).unwrap().to_string();
    assert!(shown.contains("| a/one | a/two   | 6      |"), "{shown}");
    assert!(!shown.contains("| a/two |"), "{shown}");
}

#[test]
fn mistakes_are_explained() {
    let snapshot = Arc::new(Snapshot::default());
    for (sql, kind, column, says) in [
        ("SELEC 1", Kind::Syntax, Some(1), "SELEC"),
        ("SELECT 1 FROM", Kind::Syntax, None, "EOF"),
        ("SELECT agent_idd FROM agent_audit_log", Kind::Unknown, Some(8), "agent_idd"),
        ("SELECT * FROM event", Kind::Unknown, Some(15), "no table event"),
        ("SELECT nofunc(1)", Kind::Unknown, Some(8), "nofunc"),
        ("SELECT 1/0", Kind::Value, None, "zero"),
        ("SELECT to_char(1, 'RN')", Kind::Value, None, "RN"),
        ("", Kind::Syntax, None, ""),
    ] {
        let error = try_rows(&engine(), &snapshot, sql).unwrap_err();
        assert_eq!((error.kind, error.position.map(|at| at.column)), (kind, column), "{sql}: {error}");
        assert!(error.to_string().contains(says), "{sql}: {error}");
    }
    let error = try_rows(&engine(), &snapshot, "SELECT agent_idd FROM agent_audit_log").unwrap_err();
    assert!(error.hint.unwrap().contains("agent_id"));
}

/// The examples of the guide run.
#[test]
fn examples_of_the_guide_run() {
    let snapshot = hot(&session_events());
    let guide = include_str!("../../../../docs/guide/sql.md");
    let examples = guide.split("## Examples").nth(1).unwrap().split("# Searching").next().unwrap();
    let sql: String =
        examples.lines().filter_map(|line| line.strip_prefix("    ")).collect::<Vec<_>>().join("\n");
    let found: Vec<usize> = sql
        .split_inclusive(';')
        .filter(|sql| sql.contains("SELECT"))
        .map(|sql| rows(&snapshot, sql).len())
        .collect();
    assert_eq!(found.len(), 4);
    assert!(found[..3].iter().all(|rows| *rows > 0), "{found:?}");
}
