//! The pipe language against SQL that a person wrote, over the days of a living fleet.

use crate::server::{Server, tachograph, text};
use serde_json::Value;

/// A fleet's history, recorded by the demo.
fn fleet() -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let ended = tachograph(&data, &["demo", "--events", "1", "--listen", "127.0.0.1:0"], "");
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let server = Server::start(&data);
    (dir, server)
}

/// Rows as texts; sums of broken numbers differ in their last digits with the order in which they are added up.
fn rows(answer: &str) -> Vec<String> {
    let line = |line: &str| {
        let row: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        let value = |value: &Value| match value.as_f64() {
            Some(number) => format!("{number:.6e}"),
            None => value.to_string(),
        };
        row.iter().map(|(name, one)| format!("{name}={} ", value(one))).collect::<String>()
    };
    answer.lines().map(line).collect()
}

fn ask(server: &Server, path: &str, query: &str) -> Vec<String> {
    let answer = server.post_with(path, query.as_bytes(), &[("accept", "application/x-ndjson")]).unwrap();
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    rows(&answer.body)
}

/// Both over the same events: what the server tells of its own doing may come in between.
fn of_one_moment(server: &Server, pipe: &str, sql: &str) -> (Vec<String>, Vec<String>) {
    let visible = || server.get("/health").json()["visible"].as_u64();
    loop {
        let before = visible();
        let found = (ask(server, "/v1/query", pipe), ask(server, "/v1/sql", sql));
        if visible() == before {
            return found;
        }
    }
}

/// Queries, and what they mean as SQL.
const PAIRS: [(&str, &str); 24] = [
    ("agent_audit_log | count()", "SELECT count(*) AS count FROM agent_audit_log"),
    (
        "agent_audit_log | outcome_status = 'failure' | count() by agent_id | count > 3",
        "SELECT agent_id, count(*) AS count FROM agent_audit_log WHERE outcome_status = 'failure' \
         GROUP BY agent_id HAVING count(*) > 3",
    ),
    (
        "agent_audit_log | sum(tokens_input) as t, avg(duration_ms) as a, min(duration_ms) as i, max(duration_ms) as m by type",
        "SELECT action_type AS type, coalesce(sum(tokens_input), 0) AS t, avg(duration_ms) AS a, min(duration_ms) AS i, \
         max(duration_ms) AS m FROM agent_audit_log GROUP BY action_type",
    ),
    (
        "agent_audit_log | p95(duration_ms), median(tokens_input) as half by agent_id",
        "SELECT agent_id, percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95_duration_ms, \
         percentile_cont(0.5) WITHIN GROUP (ORDER BY tokens_input) AS half FROM agent_audit_log GROUP BY agent_id",
    ),
    (
        "agent_audit_log | distinct(agent_id) as agents, distinct(session) as sessions, stddev(duration_ms) as s by type",
        "SELECT action_type AS type, count(DISTINCT agent_id) AS agents, count(DISTINCT session_id) AS sessions, \
         stddev_samp(duration_ms) AS s FROM agent_audit_log GROUP BY action_type",
    ),
    (
        "agent_audit_log | count() if (outcome_status = 'failure') as bad, count() as n by agent_id | eval rate = bad / n | rate > 0.05",
        "SELECT agent_id, sum(CASE outcome_status WHEN 'failure' THEN 1 ELSE 0 END) AS bad, count(*) AS n, \
         avg(CASE outcome_status WHEN 'failure' THEN 1.0 ELSE 0.0 END) AS rate FROM agent_audit_log GROUP BY agent_id \
         HAVING avg(CASE outcome_status WHEN 'failure' THEN 1.0 ELSE 0.0 END) > 0.05",
    ),
    (
        "agent_audit_log | ratio(outcome_status = 'failure', outcome_status in ('success', 'failure')) as r by agent_id",
        "SELECT agent_id, avg(CASE outcome_status WHEN 'failure' THEN 1.0 WHEN 'success' THEN 0.0 END) AS r \
         FROM agent_audit_log GROUP BY agent_id",
    ),
    (
        "agent_audit_log | action contains 'deploy' or action startswith 'Ba' or action endswith '_usage' or action =~ '^t.*e$' | count() by action",
        "SELECT action_name AS action, count(*) AS count FROM agent_audit_log WHERE action_name LIKE '%deploy%' \
         OR action_name LIKE 'Ba%' OR action_name LIKE '%\\_usage' OR action_name ~ '^t.*e$' GROUP BY action_name",
    ),
    (
        "metrics | max(value) as most, count() as n by metric",
        "SELECT action_details->>'metric' AS metric, max(CAST(action_details->>'value' AS DOUBLE PRECISION)) AS most, \
         count(*) AS n FROM agent_audit_log WHERE action_type = 'metric' GROUP BY 1",
    ),
    (
        "agent_audit_log | details.command startswith 'git ' | count() by agent_id",
        "SELECT agent_id, count(*) AS count FROM agent_audit_log WHERE action_details->>'command' LIKE 'git %' GROUP BY 1",
    ),
    (
        "agent_audit_log | duration_ms > 2s and not user = 'user_hana' | count()",
        "SELECT count(*) AS count FROM agent_audit_log WHERE duration_ms > 2000 AND user_id IS DISTINCT FROM 'user_hana'",
    ),
    (
        "agent_audit_log | user not in ('user_hana', 'user_goran') | count() by user",
        "SELECT user_id AS \"user\", count(*) AS count FROM agent_audit_log WHERE user_id <> 'user_hana' AND user_id <> 'user_goran' GROUP BY 1",
    ),
    (
        "agent_audit_log | ip cidr '203.0.113.0/28' | count() by ip",
        "SELECT ip, count(*) AS count FROM agent_audit_log WHERE ip LIKE '203.0.113.%' \
         AND CAST(split_part(ip, '.', 4) AS INT) < 16 GROUP BY ip",
    ),
    (
        "agent_audit_log | exists(ip) and not exists(call_id) | count()",
        "SELECT count(*) AS count FROM agent_audit_log WHERE ip IS NOT NULL AND call_id IS NULL",
    ),
    (
        "agent_audit_log | first(action_name) as f, last(action_name) as l by session_id",
        "SELECT f.session_id, f.action_name AS f, l.action_name AS l FROM \
         (SELECT session_id, min(index) AS a, max(index) AS b FROM agent_audit_log GROUP BY 1) AS s \
         JOIN agent_audit_log AS f ON f.index = s.a JOIN agent_audit_log AS l ON l.index = s.b \
         WHERE s.session_id IS NOT NULL \
         UNION ALL SELECT NULL, f.action_name, l.action_name FROM \
         (SELECT min(index) AS a, max(index) AS b FROM agent_audit_log WHERE session_id IS NULL) AS s \
         JOIN agent_audit_log AS f ON f.index = s.a JOIN agent_audit_log AS l ON l.index = s.b",
    ),
    (
        "agent_audit_log | count() as n by agent_id | join left (agent_audit_log | outcome_status = 'failure' | count() as bad by agent_id) on agent_id",
        "SELECT agent_id, count(*) AS n, nullif(count(CASE WHEN outcome_status = 'failure' THEN 1 END), 0) AS bad \
         FROM agent_audit_log GROUP BY agent_id",
    ),
    (
        "agent_audit_log | eval name = lower(action), all = tokens_input + tokens_output | all > 0 | sum(all) as t by name",
        "SELECT lower(action_name) AS name, sum(tokens_input + tokens_output) AS t FROM agent_audit_log \
         WHERE tokens_input + tokens_output > 0 GROUP BY 1",
    ),
    (
        "agent_audit_log | count() by agent_id | count > avg(count) over peers * 2 | fields agent_id, count",
        "WITH c AS (SELECT agent_id, count(*) AS count FROM agent_audit_log GROUP BY 1) SELECT c.agent_id, c.count FROM c \
         CROSS JOIN (SELECT sum(count) AS s, count(*) AS k FROM c) AS t \
         WHERE c.count > 2.0 * (t.s - c.count) / (t.k - 1)",
    ),
    (
        "(agent_audit_log | count() as n by agent_id, session_id) | max(n) as most, avg(n) as mean by agent_id",
        "SELECT agent_id, max(n) AS most, avg(n) AS mean FROM \
         (SELECT agent_id, session_id, count(*) AS n FROM agent_audit_log GROUP BY 1, 2) AS s GROUP BY 1",
    ),
    (
        "agent_audit_log | sum(cost_usd) as cost by model",
        "SELECT model, coalesce(sum(cost_micros), 0) / 1000000.0 AS cost FROM agent_audit_log GROUP BY model",
    ),
    (
        "open(call) | fields call_id",
        "SELECT DISTINCT call_id FROM agent_audit_log WHERE phase IN ('proposed', 'asked', 'decided', 'executed') \
         AND call_id NOT IN (SELECT call_id FROM agent_audit_log WHERE call_id IS NOT NULL \
         AND (phase = 'result' OR outcome_status IN ('success', 'failure', 'partial')))",
    ),
    (
        "agent_audit_log | sort index desc | dedup by agent_id | fields agent_id, index",
        "SELECT agent_id, max(index) AS index FROM agent_audit_log GROUP BY agent_id ORDER BY index DESC",
    ),
    (
        "agent_audit_log | duration_ms > 1s | sort duration_ms desc, index | fields id, duration_ms | limit 20",
        "SELECT id, duration_ms FROM agent_audit_log WHERE duration_ms > 1000 ORDER BY duration_ms DESC, index LIMIT 20",
    ),
    (
        "agent_audit_log | type = 'tool' | top 5 by index | fields index, agent_id",
        "SELECT index, agent_id FROM agent_audit_log WHERE action_type = 'tool' ORDER BY index DESC LIMIT 5",
    ),
];

#[test]
fn pipes_give_what_sql_by_hand_gives() {
    let (_dir, server) = fleet();
    let mut wrong = Vec::new();
    for (pipe, sql) in PAIRS {
        let (mut found, mut expected) = of_one_moment(&server, pipe, sql);
        assert!(!expected.is_empty() || pipe.starts_with("open("), "the pair says nothing: {pipe}");
        if !sql.contains("ORDER BY index DESC") && !sql.contains("ORDER BY duration_ms DESC") {
            found.sort();
            expected.sort();
        }
        if found != expected {
            wrong.push((pipe, found, expected));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn times_come_with_the_question() {
    let (_dir, server) = fleet();
    // What the server tells of its own doing meanwhile is left out.
    let count = |path: &str| ask(&server, path, "agent_audit_log | source != 'internal' | count()");
    let day = "SELECT count(*) AS count FROM agent_audit_log WHERE source <> 'internal' AND timestamp > now() - INTERVAL '1 day' AND timestamp <= now()";
    assert_eq!(count("/v1/query?last=1d&time=event"), ask(&server, "/v1/sql", day));
    let all = "SELECT count(*) AS count FROM agent_audit_log WHERE source <> 'internal'";
    let all = ask(&server, "/v1/sql", all);
    assert_eq!(count("/v1/query"), all);
    assert_eq!(count("/v1/query?last=1d"), all, "all of it was recorded today");
    assert_eq!(count("/v1/query?to=2020-01-01"), ["count=0.000000e0 "]);
    let hours = ask(
        &server,
        "/v1/query?time=event",
        "agent_audit_log | source != 'internal' | count() by bucket(1h)",
    );
    let by_hand = "SELECT date_trunc('hour', timestamp) AS bucket, count(*) AS count FROM agent_audit_log \
                   WHERE timestamp <= now() AND source <> 'internal' GROUP BY 1";
    let (mut hours, mut by_hand) = (hours, ask(&server, "/v1/sql", by_hand));
    hours.sort();
    by_hand.sort();
    assert_eq!(hours, by_hand);
    let rate = ask(&server, "/v1/query?last=1h", "agent_audit_log | source != 'internal' | rate() as r");
    let total: f64 = all[0].trim_start_matches("count=").trim().parse().unwrap();
    assert_eq!(rate, [format!("r={:.6e} ", total / 3600.0)]);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let wrong = server.post("/v1/query", "agent_audit_log\n| count() by agnet_id");
    assert_eq!((wrong.status, wrong.kind.as_str()), (400, "application/problem+json"));
    let problem = wrong.json();
    assert_eq!(problem["place"], serde_json::json!({"line": 2, "column": 14, "nearest": "agent_id"}));
    assert!(problem["detail"].as_str().unwrap().ends_with("             ^^^^^^^^"), "{problem}");
    let ends = server.post("/v1/query", "agent_audit_log | count() by").json();
    assert_eq!(ends["place"]["expected"], "a column to group by", "{ends}");
    for (path, body, part) in [
        ("/v1/query", "agent_audit_log | rate()", "depends on how long"),
        ("/v1/query", "agent_audit_log | mad(duration_ms)", "mad has no SQL"),
        ("/v1/query", "{\"query\": 5}", "expected {\\\"query\\\""),
        ("/v1/query", "SELECT 1", "found the number 1, expected"),
        ("/v1/query?lst=1h", "agent_audit_log", "unknown field `lst`"),
        ("/v1/query?time=mine", "agent_audit_log", "mine"),
        (
            "/v1/query",
            "agent_audit_log | agent_id = 'x' OR 1=1; DROP TABLE events --'",
            "no part of the language",
        ),
    ] {
        let answer = server.post(path, body);
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(answer.body.contains(part), "{body}: {answer:?}");
    }
    assert_eq!(server.post("/v1/query", &"x".repeat(100 << 10)).status, 413);
    assert_eq!(server.post("/v1/query", "{\"query\": \"agent_audit_log | count()\"}").status, 200);
    let explained = server.post("/v1/query?explain=true", "agent_audit_log | count()");
    assert!(explained.kind.starts_with("text/plain") && explained.body.contains("\nsql\n"), "{explained:?}");
    let document = server.get("/v1/openapi.json").json();
    assert!(document["paths"]["/v1/query"]["post"].is_object());
}

#[test]
fn the_command_asks_a_folder_at_rest_and_a_server_alike() {
    let (_dir, server) = fleet();
    let folder = _dir.path().join("data");
    // What the server tells of its own doing goes on between the two, until it has stopped.
    let query = "agent_audit_log | source != 'internal' | count() by agent_id | sort count desc, agent_id";
    let asked = ["query", query, "--format", "csv"];
    let served = tachograph(&folder, &asked, "");
    assert_eq!(served.status.code(), Some(0), "{served:?}");
    server.stop();
    let rested = tachograph(&folder, &asked, "");
    assert_eq!(text(&served.stdout), text(&rested.stdout));
    for (code, arguments) in [
        (0, &["query", "agent_audit_log | mad(duration_ms)", "--explain"][..]),
        (2, &["query", "agent_audit_log | mad(duration_ms)"]),
        (2, &["query", "agent_audit_log | agnet_id = 'x'"]),
        (2, &["query", "agent_audit_log | agnet_id = 'x'", "--explain"]),
        (2, &["query", "agent_audit_log", "--last", "soon"]),
        (2, &["query", "agent_audit_log", "--last", "1h", "--from", "2026-01-01"]),
        (3, &["query", "agent_audit_log", "--server", "127.0.0.1:1"]),
    ] {
        let ended = tachograph(&folder, arguments, "");
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {ended:?}");
        assert_eq!(ended.stderr.is_empty(), code == 0, "it says why: {arguments:?}: {ended:?}");
    }
}
