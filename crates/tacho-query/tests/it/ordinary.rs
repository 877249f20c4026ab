//! What analysts ask every day: none of it may run into the limits that are meant for hostile queries.

use crate::data::{generate, hot, now, stored, try_rows};
use datafusion::arrow::compute::concat_batches;
use std::sync::Arc;
use tacho_query::{Engine, Limits};
use tacho_store::Snapshot;

const QUERIES: [&str; 40] = [
    // Texts put together
    "SELECT agent_id || ' ' || action_type || ' ' || action_name || ' ' || outcome_status || ' ' || session_id \
     || ' ' || user_id || ' ' || model || ' ' || id AS line FROM agent_audit_log",
    "SELECT concat(agent_id, '/', action_name, '/', outcome_status, '/', id, '/', session_id, '/', level, '/', \
     class, '/', source, '/', known, '/', writer) AS key, count(*) FROM agent_audit_log GROUP BY 1",
    "SELECT concat_ws(' | ', agent_id, action_name, outcome_status, action_details, outcome_result) FROM agent_audit_log",
    "SELECT agent_id || ': ' || action_details || ' -> ' || coalesce(outcome_result, '') || coalesce(outcome_error, '') \
     FROM agent_audit_log ORDER BY timestamp DESC",
    "SELECT replace(replace(agent_id, '/', ' '), '-', '') AS name, replace(action_details, '\"', '''') FROM agent_audit_log",
    "SELECT replace(outcome_result, 'a', '[redacted, a longer text than the letter]') FROM agent_audit_log",
    "SELECT regexp_replace(agent_id, '^team/', '') AS short, count(*) FROM agent_audit_log GROUP BY 1",
    "SELECT regexp_replace(action_details, '[0-9]+', '<number>', 'g') AS shape, count(*) FROM agent_audit_log GROUP BY 1 ORDER BY 2 DESC",
    "SELECT upper(left(action_name, 1)) || lower(substr(action_name, 2)) AS name, initcap(agent_id), lpad(session_seq::text, 6, '0') FROM agent_audit_log",
    "SELECT split_part(agent_id, '/', 1) AS team, count(DISTINCT agent_id) FROM agent_audit_log GROUP BY 1",
    "SELECT repeat('#', (count(*) / 20)::int) AS bar, action_name FROM agent_audit_log GROUP BY action_name",
    "SELECT '[' || to_char(timestamp, 'YYYY-MM-DD HH24:MI:SS') || '] ' || level || ' ' || agent_id || ' ' || message FROM agent_logs",
    // Lists
    "SELECT session_id, string_agg(action_name, ' > ' ORDER BY timestamp) AS path FROM agent_audit_log GROUP BY 1",
    "SELECT session_id, array_agg(DISTINCT action_name) AS actions, array_agg(outcome_status ORDER BY timestamp) FROM agent_audit_log GROUP BY 1",
    "SELECT agent_id, array_to_string(array_agg(DISTINCT action_name), ', ') AS actions FROM agent_audit_log GROUP BY 1",
    "SELECT agent_id, string_agg(DISTINCT user_id, ', ') FROM agent_audit_log GROUP BY 1",
    "SELECT string_agg(outcome_result, chr(10)) FROM agent_audit_log WHERE outcome_status = 'failure' GROUP BY session_id",
    "SELECT s.id, unnest(string_to_array(s.id, '-')) AS part FROM sessions s",
    // Conditions and JSON
    "SELECT CASE WHEN duration_ms < 100 THEN 'fast' WHEN duration_ms < 1000 THEN 'usual' ELSE 'slow' END AS speed, count(*) FROM agent_audit_log GROUP BY 1",
    "SELECT action_details->>'command' AS command, (action_details->>'n')::int AS n FROM agent_audit_log WHERE (outcome_result->>'ok')::boolean",
    "SELECT coalesce(action_details->>'command', action_details->>'path', action_name) AS what, outcome_error->>'message' FROM agent_audit_log",
    "SELECT sum((action_details->>'n')::bigint) FILTER (WHERE outcome_status = 'success') FROM agent_audit_log",
    // Windows
    "SELECT session_id, timestamp, action_name, lag(action_name) OVER (PARTITION BY session_id ORDER BY timestamp) AS before, \
     lead(action_details) OVER (PARTITION BY session_id ORDER BY timestamp) AS after FROM agent_audit_log",
    "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY agent_id ORDER BY timestamp DESC) AS n FROM agent_audit_log) AS t WHERE n <= 3",
    "SELECT agent_id, timestamp, sum(cost_usd) OVER (PARTITION BY agent_id ORDER BY timestamp) AS so_far, \
     avg(duration_ms) OVER (PARTITION BY agent_id ORDER BY timestamp ROWS BETWEEN 9 PRECEDING AND CURRENT ROW) AS smooth FROM agent_audit_log",
    "SELECT session_id, first_value(action_details) OVER (PARTITION BY session_id ORDER BY timestamp) AS first, \
     last_value(outcome_result) OVER (PARTITION BY session_id ORDER BY timestamp ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last FROM agent_audit_log",
    "SELECT agent_id, action_name, count(*) AS n, rank() OVER (PARTITION BY agent_id ORDER BY count(*) DESC), \
     100.0 * count(*) / sum(count(*)) OVER (PARTITION BY agent_id) AS share FROM agent_audit_log GROUP BY 1, 2",
    "SELECT id, timestamp - lag(timestamp) OVER (PARTITION BY session_id ORDER BY timestamp) AS gap, \
     max(agent_id || '/' || action_name) OVER (PARTITION BY session_id) AS greatest, ntile(4) OVER (ORDER BY duration_ms) FROM agent_audit_log",
    // Queries of several parts
    "WITH failed AS (SELECT * FROM agent_audit_log WHERE outcome_status = 'failure'), per_agent AS (SELECT agent_id, count(*) AS n FROM failed GROUP BY 1) \
     SELECT f.id, p.n FROM failed f JOIN per_agent p ON f.agent_id = p.agent_id",
    "WITH days AS (SELECT date_trunc('day', timestamp) AS day, count(*) AS n FROM agent_audit_log GROUP BY 1) \
     SELECT a.day, a.n, a.n - b.n AS more FROM days a LEFT JOIN days b ON b.day = a.day - INTERVAL '1 day' ORDER BY 1",
    "SELECT 'failed' AS what, id, action_details FROM agent_audit_log WHERE outcome_status = 'failure' \
     UNION ALL SELECT 'slow', id, action_details FROM agent_audit_log WHERE duration_ms > 4000 \
     UNION SELECT 'dear', id, action_details FROM agent_audit_log WHERE cost_usd > 0.04",
    "SELECT s.id, s.started, e.action_name, e.action_details || ' by ' || s.user_id FROM sessions s JOIN agent_audit_log e ON e.session_id = s.id",
    "SELECT a.id, b.id, a.action_details, b.outcome_result FROM agent_audit_log a JOIN agent_audit_log b \
     ON a.session_id = b.session_id AND a.index + 1 = b.index",
    "SELECT agent_id FROM agent_stats WHERE failures > (SELECT avg(failures) FROM agent_stats)",
    "SELECT sum(cost_usd) / (SELECT count(*) FROM sessions) AS per_session, sum(cost_usd - (SELECT min(cost_usd) FROM agent_audit_log)) FROM agent_audit_log",
    "SELECT * FROM agent_audit_log e WHERE EXISTS (SELECT 1 FROM sessions s WHERE s.id = e.session_id AND s.failures > 2)",
    // Times and distributions
    "SELECT date_trunc('hour', timestamp) AS hour, percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50, \
     approx_percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95, median(tokens_input), stddev(duration_ms) FROM agent_audit_log GROUP BY 1",
    "SELECT to_char(timestamp, 'IYYY-IW') AS week, to_char(sum(cost_usd), 'FM999,990.00') || ' USD' AS cost FROM agent_audit_log GROUP BY 1",
    "SELECT extract(dow FROM timestamp) AS weekday, extract(hour FROM timestamp) AS hour, count(*) FROM agent_audit_log GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT g.value AS n, count(e.index) FROM generate_series(0, 20) AS g LEFT JOIN agent_audit_log e ON e.session_seq = g.value GROUP BY 1 ORDER BY 1",
];

#[test]
fn ordinary_queries_run() {
    let held = stored(&generate(12_000, now()), 2, true);
    let engine = Engine::new(Limits::default()).unwrap();
    let refused: Vec<String> = QUERIES
        .iter()
        .filter_map(|sql| match try_rows(&engine, &held.snapshot, sql) {
            Ok(rows) if rows.is_empty() => Some(format!("no rows: {sql}")),
            Ok(_) => None,
            Err(error) => Some(format!("{error}: {sql}")),
        })
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn a_lookup_takes_no_memory_of_queries_where_all_new_events_lie_in_one_batch() {
    let events = generate(30_000, now());
    let many = hot(&events);
    let one = concat_batches(&many.hot[0].schema(), &many.hot).unwrap();
    let snapshot = Arc::new(Snapshot { hot: vec![one], segments: Vec::new(), size: many.size });
    let engine = Engine::new(Limits { memory_bytes: 1 << 20, ..Limits::default() }).unwrap();
    for n in [0, 14_999, 15_000, 29_999] {
        let sql = format!("SELECT * FROM agent_audit_log WHERE id = '{}'", events[n].id);
        assert_eq!(try_rows(&engine, &snapshot, &sql).unwrap().len(), 1);
    }
    let newest = "SELECT index FROM agent_audit_log LIMIT 1";
    assert_eq!(try_rows(&engine, &snapshot, newest).unwrap().len(), 1);
    assert_eq!(try_rows(&engine, &snapshot, "SELECT count(*) FROM events").unwrap(), [["30000"]]);
}
