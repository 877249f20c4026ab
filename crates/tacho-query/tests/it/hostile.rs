//! What must never work: changing anything, reading files, and taking the process down.

use crate::data::{engine, generate, hot, now, rows, try_rows};
use std::sync::Arc;
use std::time::Duration;
use tacho_query::{Engine, Kind, Limits};
use tacho_store::Snapshot;

const REFUSED: [&str; 58] = [
    "INSERT INTO events SELECT * FROM events",
    "INSERT INTO agent_audit_log VALUES (1)",
    "WITH x AS (SELECT 1) INSERT INTO events SELECT * FROM x",
    "UPDATE events SET agent_id = 'x'",
    "DELETE FROM events",
    "TRUNCATE TABLE events",
    "TRUNCATE events",
    "MERGE INTO events USING events AS e ON true WHEN MATCHED THEN DELETE",
    "DROP TABLE events",
    "DROP VIEW agent_audit_log",
    "DROP TABLE IF EXISTS events CASCADE",
    "DROP SCHEMA public CASCADE",
    "DROP DATABASE tachograph",
    "DROP FUNCTION to_char",
    "ALTER TABLE events ADD COLUMN x int",
    "ALTER TABLE events RENAME TO gone",
    "CREATE TABLE t (a int)",
    "CREATE TABLE t AS SELECT 1",
    "CREATE TEMP TABLE t AS SELECT * FROM events",
    "CREATE VIEW agent_audit_log AS SELECT 1",
    "CREATE OR REPLACE VIEW events AS SELECT 1 AS index",
    "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
    "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'file:///'",
    "CREATE UNBOUNDED EXTERNAL TABLE t (a int) STORED AS CSV LOCATION '/dev/zero'",
    "CREATE DATABASE d",
    "CREATE SCHEMA s",
    "CREATE FUNCTION f(int) RETURNS int RETURN $1",
    "CREATE INDEX i ON events (agent_id)",
    "SELECT * INTO t FROM events",
    "COPY events TO '/tmp/out.csv'",
    "COPY (SELECT 1) TO '/tmp/out.parquet' STORED AS PARQUET",
    "COPY events FROM '/etc/passwd'",
    "COPY events TO PROGRAM 'sh'",
    "EXPLAIN COPY events TO '/tmp/out.csv'",
    "EXPLAIN ANALYZE INSERT INTO events SELECT * FROM events",
    "EXPLAIN DROP TABLE events",
    "SET datafusion.execution.batch_size = 1",
    "SET datafusion.catalog.information_schema = false",
    "SET TIME ZONE 'Europe/Berlin'",
    "SET ROLE admin",
    "RESET datafusion.execution.batch_size",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
    "GRANT ALL ON events TO PUBLIC",
    "CALL f()",
    "VACUUM",
    "ANALYZE TABLE events",
    "LOAD DATA INPATH '/etc/passwd' INTO TABLE events",
    "ATTACH DATABASE '/tmp/x.db' AS x",
    "PRAGMA table_info('events')",
    "SELECT 1; DROP TABLE events",
    "SELECT 1; SELECT 2",
    "SELECT * FROM events FOR UPDATE",
    "DO $$ BEGIN END $$",
];

const NO_FILES: [&str; 14] = [
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM \"/etc/passwd.csv\"",
    "SELECT * FROM 'file:///etc/passwd'",
    "SELECT * FROM \"https://example.com/x.parquet\"",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_parquet('/etc/passwd')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM parquet_metadata('/etc/passwd')",
    "SELECT * FROM metadata_cache()",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT load_extension('x')",
    "SELECT pg_sleep(1000)",
    "SELECT * FROM pg_catalog.pg_shadow",
    "SELECT * FROM dblink('host=x', 'SELECT 1')",
];

#[test]
fn nothing_can_be_changed() {
    let snapshot = hot(&generate(100, now()));
    for sql in REFUSED {
        let error = try_rows(&engine(), &snapshot, sql).expect_err(sql);
        assert!(matches!(error.kind, Kind::ReadOnly | Kind::Syntax), "{sql}: {error:?}");
    }
    for sql in NO_FILES {
        let error = try_rows(&engine(), &snapshot, sql).expect_err(sql);
        assert!(matches!(error.kind, Kind::Unknown | Kind::Syntax), "{sql}: {error:?}");
    }
    assert_eq!(rows(&snapshot, "SELECT count(*) FROM agent_audit_log"), [["100"]]);
    assert!(!std::path::Path::new("/tmp/out.csv").exists());
}

#[test]
fn what_reads_is_let_in() {
    let snapshot = hot(&generate(100, now()));
    for sql in [
        "SELECT 1;",
        "WITH x AS (SELECT agent_id FROM events) SELECT count(*) FROM x",
        "EXPLAIN SELECT * FROM events",
        "EXPLAIN ANALYZE SELECT count(*) FROM events",
        "SHOW TABLES",
        "SHOW COLUMNS FROM events",
        "DESCRIBE agent_audit_log",
        "VALUES (1), (2)",
        "SELECT 1 UNION ALL (SELECT 2)",
        "SELECT table_name FROM information_schema.tables",
    ] {
        assert!(!rows(&snapshot, sql).is_empty(), "{sql}");
    }
}

/// Long and deep queries end in an error or an answer, never in an overflow of the stack.
#[test]
fn long_and_deep_queries_are_survived() {
    let snapshot = Arc::new(Snapshot::default());
    let chain = |part: &str, by: &str, count: usize| vec![part; count].join(by);
    for sql in [
        format!("SELECT {}", chain("1", " + ", 1000)),
        format!("SELECT count(*) FROM events WHERE {}", chain("agent_id = 'a'", " OR ", 500)),
        format!("SELECT count(*) FROM events WHERE {}", chain("NOT agent_id = agent_id", " AND ", 300)),
        chain("SELECT 1", " UNION ALL ", 300),
        format!("SELECT count(*) FROM events WHERE agent_id IN ({})", chain("'a'", ",", 20_000)),
    ] {
        let result = try_rows(&engine(), &snapshot, &sql);
        assert!(result.is_ok(), "{:?}", result.map_err(|error| error.to_string()));
    }
    for sql in [
        format!("SELECT {}", chain("1", " + ", 50_000)),
        format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000)),
        format!("SELECT {}", "NOT ".repeat(3000) + "true"),
        format!("SELECT {} FROM events", chain("lower(", "", 2000)),
        chain("SELECT * FROM (", "", 1000),
        "x".repeat(1 << 20),
    ] {
        assert_eq!(try_rows(&engine(), &snapshot, &sql).unwrap_err().kind, Kind::Syntax);
    }
}

fn limited(limits: Limits) -> Engine {
    Engine::new(limits).unwrap()
}

#[test]
fn a_query_may_use_only_so_much() {
    let snapshot = hot(&generate(20_000, now()));
    let engine = limited(Limits { memory_bytes: 1 << 20, rows_max: 1000, ..Limits::default() });
    let kind = |sql: &str| try_rows(&engine, &snapshot, sql).map(|_| ()).map_err(|error| error.kind);
    let hungry = "SELECT output, count(*) FROM events GROUP BY output, input ORDER BY input LIMIT 1";
    assert_eq!(kind(hungry), Err(Kind::TooMuchMemory));
    assert_eq!(kind("SELECT * FROM events ORDER BY output"), Err(Kind::TooMuchMemory));
    assert_eq!(kind("SELECT index FROM events"), Err(Kind::RowsLimit));
    assert_eq!(kind("SELECT index FROM events LIMIT 1000"), Ok(()));
    assert_eq!(kind("SELECT repeat('x', 2000000000)"), Err(Kind::Value));
    assert_eq!(kind("SELECT lpad('x', 2000000000)"), Err(Kind::Value));
    assert_eq!(kind("SELECT generate_series(1, 100000000000)"), Err(Kind::Unknown));
}

/// A query without end ends by its time limit, and leaves its place to others.
#[test]
fn endless_queries_end() {
    let engine = limited(Limits { time: Duration::from_millis(400), ..Limits::default() });
    let snapshot = hot(&generate(2000, now()));
    let endless = "SELECT count(*) FROM generate_series(1, 100000000000000)";
    let cross = "SELECT sum(length(a.output || b.output || c.output)) FROM events a, events b, events c";
    let recursive = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r";
    for sql in [endless, cross, recursive] {
        assert_eq!(try_rows(&engine, &snapshot, sql).unwrap_err().kind, Kind::Timeout, "{sql}");
    }
    // On a busy machine the last one may take a moment to give way.
    let one = (0..100).find_map(|_| try_rows(&engine, &snapshot, "SELECT 1").ok());
    assert_eq!(one.unwrap(), [["1"]]);
}

/// An answer that nobody wants any more stops its query: with one place, the next query gets it.
#[test]
fn a_dropped_answer_stops_its_query() {
    let engine = limited(Limits { time: Duration::from_secs(20), concurrency: 1, ..Limits::default() });
    let snapshot = hot(&generate(2000, now()));
    futures::executor::block_on(async {
        let endless = "SELECT value FROM generate_series(1, 100000000000000)";
        let mut answer = engine.sql(Arc::clone(&snapshot), &[], endless).await.unwrap();
        assert!(answer.next().await.unwrap().is_some());
        drop(answer);
        let one = engine.sql(snapshot, &[], "SELECT 1").await.unwrap().collect().await.unwrap();
        assert_eq!(one[0].num_rows(), 1);
    });
}

/// The end of the engine is an error for those who still read, not a short answer.
#[test]
fn an_engine_that_stops_says_so() {
    let engine = limited(Limits::default());
    futures::executor::block_on(async {
        let endless = "SELECT value FROM generate_series(1, 100000000000000)";
        let mut answer = engine.sql(Arc::default(), &[], endless).await.unwrap();
        drop(engine);
        let end = loop {
            match answer.next().await {
                Ok(Some(_)) => {}
                other => break other,
            }
        };
        assert_eq!(end.unwrap_err().kind, Kind::Internal);
    });
}
