//! The dashboards for Grafana: every panel answers, asked as Grafana asks.

use crate::postgres::{block_on, connect, listening};
use serde_json::Value;
use std::path::Path;
use tokio_postgres::SimpleQueryMessage;

fn boards() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/grafana");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let json = files.filter(|path| path.extension().is_some_and(|kind| kind == "json"));
    let read = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    };
    json.map(read).collect()
}

/// `$name(…)` in a query, with what stands between the parentheses.
fn macros<'a>(query: &'a str, name: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let (before, rest) = query.split_once(&format!("{name}("))?;
    let (inside, after) = rest.split_once(')')?;
    Some((before, inside, after))
}

/// A query as Grafana sends it, for five minutes a point.
fn expanded(query: &str, board: &Value) -> String {
    let mut query = query.to_string();
    while let Some((before, column, after)) = macros(&query, "$__timeFilter") {
        query =
            format!("{before}{column} BETWEEN '2026-11-19T00:00:00Z' AND '2100-01-01T00:00:00.123Z'{after}");
    }
    while let Some((before, inside, after)) = macros(&query, "$__timeGroup") {
        let column = inside.split(',').next().unwrap();
        query = format!("{before}floor(extract(epoch from {column})/300)*300{after}");
    }
    query = query.replace("$__interval_ms", "300000").replace("$__interval", "5m");
    for variable in board["templating"]["list"].as_array().unwrap() {
        let (name, value) = (variable["name"].as_str().unwrap(), variable["current"]["value"].as_str());
        let quoted = format!("'{}'", value.unwrap_or_default().replace('\'', "''"));
        query = query.replace(&format!("${{{name}:sqlstring}}"), &quoted);
    }
    assert!(!query.contains('$'), "{query}");
    query
}

fn events() -> String {
    let line = |n: u32| {
        let (kind, name) = [
            ("tool", "Bash"),
            ("communication", "ask"),
            ("auth", "login"),
            ("metric", "cpu_usage"),
            ("decision", "task_completion"),
            ("external_api", "quotes"),
        ][n as usize % 6];
        let status = ["success", "failure"][usize::from(n.is_multiple_of(7))];
        serde_json::json!({
            "id": format!("e{n}"), "agent": {"id": format!("ops/a{}", n % 3)}, "session_id": format!("s{}", n % 5),
            "user_id": format!("u{}", n % 4), "timestamp": format!("2026-11-20T{:02}:{:02}:00Z", n % 24, n % 60),
            "action": {"type": kind, "name": name, "parameters": {"value": n}}, "outcome": {"status": status},
            "tokens_input": n, "tokens_output": 2 * n, "cost_usd": 0.01, "duration_ms": 10 * n, "model": "m",
            "sensitive_data_accessed": n.is_multiple_of(5),
        })
        .to_string()
    };
    (0..240).map(|n| line(n) + "\n").collect()
}

#[test]
fn every_panel_over_postgresql_answers() {
    let dir = tempfile::tempdir().unwrap();
    let server = listening(&dir.path().join("data"));
    assert_eq!(server.post("/log", &events()).json()["accepted"], 240);
    let boards = boards();
    assert_eq!(boards.len(), 7);
    block_on(async {
        let client = connect(&server, "").await.unwrap();
        let mut asked = 0;
        for (name, board) in &boards {
            for panel in board["panels"].as_array().unwrap() {
                let target = &panel["targets"][0];
                let Some(query) = target["rawSql"].as_str() else { continue };
                let (title, query) = (panel["title"].as_str().unwrap(), expanded(query, board));
                let rows = client.query(&query, &[]).await;
                let rows = rows.unwrap_or_else(|error| panic!("{name}, {title}: {error:?}\n{query}"));
                let simple = client.simple_query(&query).await.unwrap();
                let simple = simple.iter().filter(|one| matches!(one, SimpleQueryMessage::Row(_))).count();
                assert_eq!(rows.len(), simple, "{name}, {title}");
                if target["format"] == "time_series" {
                    assert!(!rows.is_empty() || name == "security", "{name}, {title}: {query}");
                    assert!(rows.iter().all(|row| row.columns()[0].name() == "time"), "{name}, {title}");
                }
                if panel["type"] == "stat" && title != "Newest verification of the folder" {
                    assert_eq!(rows.len(), 1, "{name}, {title}");
                }
                asked += 1;
            }
        }
        assert!(asked > 50, "{asked}");
    });
}

#[test]
fn the_editor_finds_tables_and_columns() {
    let dir = tempfile::tempdir().unwrap();
    let server = listening(&dir.path().join("data"));
    let constraint = "quote_ident(table_schema) IN (SELECT CASE WHEN trim(s[i]) = '\"$user\"' THEN user ELSE trim(s[i]) END \
        FROM generate_series(array_lower(string_to_array(current_setting('search_path'),','),1), \
        array_upper(string_to_array(current_setting('search_path'),','),1)) AS i, \
        string_to_array(current_setting('search_path'),',') s)";
    let tables = format!(
        "SELECT CASE WHEN {constraint} THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) \
         END AS \"table\" FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog') \
         ORDER BY CASE WHEN {constraint} THEN 0 ELSE 1 END, 1"
    );
    let columns = format!(
        "SELECT quote_ident(column_name) AS \"column\", data_type AS \"type\" FROM information_schema.columns WHERE \
         CASE WHEN array_length(parse_ident('costs'), 1) = 2 THEN quote_ident(table_schema) = (parse_ident('costs'))[1] \
         AND quote_ident(table_name) = (parse_ident('costs'))[2] ELSE quote_ident(table_name) = 'costs' AND {constraint} END"
    );
    block_on(async {
        let client = connect(&server, "").await.unwrap();
        let version = "SELECT current_setting('server_version_num')::int/100 AS version";
        assert_eq!(client.query_one(version, &[]).await.unwrap().get::<_, i64>(0), 1500);
        let none = client
            .query("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'", &[])
            .await
            .unwrap();
        assert!(none.is_empty());
        let rows = client.query(&tables, &[]).await.unwrap();
        let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(names.contains(&"agent_audit_log".to_string()) && names.len() < 30, "{names:?}");
        let rows = client.query(&columns, &[]).await.unwrap();
        let found: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        assert!(found.contains(&("cost_usd".into(), "numeric".into())), "{found:?}");
        assert!(found.contains(&("day".into(), "timestamp with time zone".into())), "{found:?}");
    });
}

#[test]
fn every_metric_that_a_panel_names_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let server = listening(&dir.path().join("data"));
    server.post("/log", r#"{"agent_id":"a"}"#);
    let page = server.get("/metrics").body;
    let known = |name: &str| {
        page.lines().any(|line| {
            line.strip_prefix("# TYPE ").is_some_and(|rest| rest.starts_with(&format!("{name} ")))
        })
    };
    let mut named = 0;
    for (board, json) in boards() {
        for panel in json["panels"].as_array().unwrap() {
            let Some(expr) = panel["targets"][0]["expr"].as_str() else { continue };
            let words = expr.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for name in words.filter(|word| word.starts_with("tachograph_") || word.starts_with("process_")) {
                let whole = name.strip_suffix("_bucket").unwrap_or(name);
                // Told after the first verification only.
                assert!(known(whole) || whole == "tachograph_verify_good", "{board}: {name}");
                named += 1;
            }
        }
    }
    assert!(named > 10, "{named}");
}
