//! Short queries that would take the memory of the machine, and what stays allowed beside them.

use crate::data::{engine, generate, hot, now, rows, try_rows};
use std::fmt::Write as _;
use std::sync::Arc;

use tacho_query::{Engine, EventKey, Kind, Limits, Search};
use tacho_store::Snapshot;

/// A chain of inner queries, each of which uses the one before it twice.
pub(crate) fn doubled(first: &str, step: &str, last: &str, count: usize) -> String {
    let mut sql = format!("WITH q0 AS ({first})");
    for n in 1..=count {
        let _ = write!(sql, ", q{n} AS ({})", step.replace("PREV", &format!("q{}", n - 1)));
    }
    format!("{sql} {}", last.replace("PREV", &format!("q{count}")))
}

fn refused(sql: &str) -> (Kind, String) {
    let found = try_rows(&engine(), &Arc::new(Snapshot::default()), sql);
    let start: String = sql.chars().take(200).collect();
    let error = found.map(|rows| rows.len()).expect_err(&start);
    (error.kind, error.message)
}

#[test]
fn products_of_arguments_are_refused() {
    for sql in [
        "SELECT length(regexp_replace(repeat('a',100000),'a',repeat('b',100000),'g'))",
        "SELECT length(regexp_replace(repeat('a',100000),'(.*)',repeat('\\1',50000)))",
        "SELECT length(replace(repeat('a',100000),'a',repeat('b',100000)))",
        "SELECT length(replace(repeat('a',100000),'',repeat('b',100000)))",
        "SELECT length(repeat(repeat('a',100000),100000))",
        "SELECT length(array_to_string(array_repeat('a',100000),repeat('b',100000)))",
        "SELECT array_length(array_repeat(array_repeat(array_repeat(1,100000),100000),100000))",
        "SELECT array_length(array_replace_all(array_repeat('a',100000),'a',repeat('b',100000)))",
        "SELECT cardinality(array_resize(array_repeat(array_repeat(1,1000),2),100000,array_repeat(1,100000)))",
        "SELECT sum(length(repeat('a',100000 - value % 2))) FROM generate_series(1,100000)",
        "SELECT sum(length(lpad(value::text,100000,'x'))) FROM generate_series(1,100000)",
        "SELECT sum(length(replace(repeat('a',1000 + value % 2),'a',repeat('b',160)))) FROM generate_series(1,100000)",
        "SELECT sum(cardinality(array_repeat(value,100000))) FROM generate_series(1,100000)",
        "SELECT repeat('a',100000), value FROM generate_series(1,100000)",
        "SELECT max(CASE WHEN value > 5 THEN repeat('a',100000) ELSE 'b' END) FROM generate_series(1,100000)",
    ] {
        let (kind, message) = refused(sql);
        assert_eq!(kind, Kind::TooMuchMemory, "{sql}: {message}");
    }
}

#[test]
fn doubling_step_by_step_is_refused() {
    for (first, step, last) in [
        ("SELECT 'aaaaaaaa' AS x", "SELECT x || x AS x FROM PREV", "SELECT length(x) FROM PREV"),
        ("SELECT 'aaaaaaaa' AS x", "SELECT concat(x, x) AS x FROM PREV", "SELECT length(x) FROM PREV"),
        ("SELECT 'aaaaaaaa' AS x", "SELECT concat_ws(x, x, x) AS x FROM PREV", "SELECT length(x) FROM PREV"),
        ("SELECT 'aa' AS x", "SELECT encode(x::bytea, 'hex') AS x FROM PREV", "SELECT length(x) FROM PREV"),
        ("SELECT 'aa' AS x", "SELECT overlay(x placing x from 1 for 0) AS x FROM PREV", "SELECT x FROM PREV"),
        ("SELECT 1 AS x", "SELECT ARRAY[x, x] AS x FROM PREV", "SELECT x FROM PREV"),
        ("SELECT ARRAY[1] AS x", "SELECT x || x AS x FROM PREV", "SELECT x FROM PREV"),
        ("SELECT ARRAY[1] AS x", "SELECT array_concat(x, x) AS x FROM PREV", "SELECT x FROM PREV"),
    ] {
        let (kind, message) = refused(&doubled(first, step, last, 40));
        assert!(matches!(kind, Kind::TooMuchMemory | Kind::Syntax), "{step}: {message}");
    }
    let grown = "WITH RECURSIVE r AS (SELECT 'aaaaaaaa' AS x, 1 AS n \
                 UNION ALL SELECT x || x, n + 1 FROM r WHERE n < 40) SELECT max(length(x)) FROM r";
    assert_eq!(refused(grown).0, Kind::TooMuchMemory);
}

/// Plans and expressions that double stop before planning, which nothing could stop.
#[test]
fn plans_that_double_are_refused() {
    let union = "SELECT x FROM PREV UNION ALL SELECT x FROM PREV";
    assert_eq!(refused(&doubled("SELECT 1 AS x", union, "SELECT count(*) FROM PREV", 30)).0, Kind::Syntax);
    let sum = "SELECT x + x AS x FROM PREV";
    let filtered = doubled("SELECT index AS x FROM events", sum, "SELECT x FROM PREV WHERE x > 1", 30);
    assert_eq!(refused(&filtered).0, Kind::Syntax);
    let nested = "SELECT struct(x, x) AS x FROM PREV";
    assert_eq!(refused(&doubled("SELECT 1 AS x", nested, "SELECT x FROM PREV", 30)).0, Kind::Unknown);
    let row = "SELECT ROW(x, x) AS x FROM PREV";
    let (kind, message) = refused(&doubled("SELECT 1 AS x", row, "SELECT x FROM PREV", 30));
    assert!(matches!(kind, Kind::Unknown | Kind::Syntax), "{message}");
}

/// A value beside many rows is copied for each of them.
#[test]
fn copies_of_large_values_are_refused() {
    let list = "(SELECT array_agg(value) AS a FROM generate_series(1,1000000)) AS l";
    let text = "(SELECT string_agg(value::text, ',') AS a FROM generate_series(1,100000)) AS l";
    for sql in [
        format!("SELECT count(a[1]), max(value) FROM {list}, generate_series(1,100000)"),
        format!(
            "SELECT count(a[value]) FROM {list} JOIN generate_series(1,100000) ON value > cardinality(a) - 999999"
        ),
        format!("SELECT max(length(a || value::text)) FROM {text}, generate_series(1,100000)"),
        format!("SELECT length(concat((SELECT a FROM {text}), value)) FROM generate_series(1,100000)"),
        format!("SELECT unnest(a) AS one, a FROM {list}"),
    ] {
        let (kind, message) = refused(&sql);
        assert_eq!(kind, Kind::TooMuchMemory, "{sql}: {message}");
    }
    for name in ["array_agg(value)", "string_agg(value::text, ',')"] {
        let sql = format!("SELECT {name} OVER (ORDER BY value) FROM generate_series(1,1000000)");
        assert_eq!(refused(&sql).0, Kind::Syntax);
    }
    assert_eq!(
        refused("SELECT string_agg(repeat('a',1000 + value % 2), '') FROM generate_series(1,10000000)").0,
        Kind::TooMuchMemory
    );
}

#[test]
fn wide_types_and_many_patterns_are_refused() {
    for sql in [
        "SELECT arrow_cast(NULL, 'FixedSizeBinary(2000000000)') FROM generate_series(1,8192)",
        "SELECT arrow_cast(NULL, 'FixedSizeList(2000000000, Int64)') FROM generate_series(1,8192)",
        "SELECT arrow_try_cast(NULL, 'FixedSizeBinary(2000000000)') FROM generate_series(1,8192)",
        "SELECT CAST(NULL AS BIGINT[1000000000]) FROM generate_series(1,8192)",
        "SELECT count(*) FROM generate_series(1,8192) WHERE regexp_like('a', '\\w{100}' || value::text)",
        "SELECT count(*) FROM generate_series(1,8192) WHERE 'a' ~ ('\\w{100}' || value::text)",
    ] {
        let (kind, message) = refused(sql);
        assert!(matches!(kind, Kind::Value | Kind::TooMuchMemory), "{sql}: {kind:?} {message}");
    }
    for sql in [
        "SELECT regexp_replace('a', '[', 'b')",
        "SELECT regexp_like('a', '(')",
        "SELECT count(*) FROM events WHERE agent_id ~ '['",
        "SELECT regexp_count(agent_id, '*') FROM (VALUES ('a'), ('b')) AS t(agent_id)",
        "SELECT regexp_replace('a', '\\w{1000}{1000}', 'b')",
    ] {
        let (kind, message) = refused(sql);
        assert_eq!(kind, Kind::Value, "{sql}: {message}");
    }
}

#[test]
fn functions_with_limits_work_as_before() {
    let empty = Arc::new(Snapshot::default());
    for (sql, want) in [
        ("SELECT replace('banana', 'a', 'oo')", "boonoonoo"),
        ("SELECT regexp_replace('banana', '(a)n', '\\1-', 'g')", "ba-a-a"),
        ("SELECT 'a' || 'b' || 1::text", "ab1"),
        ("SELECT 'a' || NULL", "-"),
        ("SELECT concat('a', NULL, 1)", "a1"),
        ("SELECT ARRAY[1, 2] || ARRAY[3]", "[1, 2, 3]"),
        ("SELECT array_to_string(ARRAY['a', 'b'], '-')", "a-b"),
        ("SELECT lpad('7', 3, '0') || rpad('7', 3)", "0077  "),
        ("SELECT length(repeat('a', 100000))", "100000"),
        ("SELECT sum(length(repeat('ab', value % 3))) FROM generate_series(1, 30000)", "60000"),
        ("SELECT max(value::text || '/' || (value + 1)::text) FROM generate_series(1, 9)", "9/10"),
        ("SELECT string_agg(value::text, ',' ORDER BY value) FROM generate_series(1, 3)", "1,2,3"),
        ("SELECT count(*) FROM generate_series(1, 9) WHERE value > (SELECT 4)", "5"),
        ("SELECT sum(length(repeat('a', 7000 + value % 2))) > 0 FROM generate_series(1, 20000)", "true"),
    ] {
        assert_eq!(rows(&empty, sql), [[want]], "{sql}");
    }
    assert_eq!(rows(&empty, "SELECT unnest(ARRAY[1, 2]) AS a, ARRAY[3] AS b").len(), 2);
}

#[test]
fn columns_may_be_written_twice() {
    let snapshot = hot(&generate(10, now()));
    let (sql, first) = ("SELECT count(*), count(*), 1 AS a, 2 AS a FROM events", ["10", "10", "1", "2"]);
    assert_eq!(rows(&snapshot, sql), [first]);
    let answer = futures::executor::block_on(engine().sql(snapshot, &[], sql)).unwrap();
    let names: Vec<&String> = answer.schema.fields().iter().map(|field| field.name()).collect();
    assert_eq!(names, ["count(*)", "count(*)_2", "a", "a_2"]);
}

/// Slow queries take the places of other queries, not those of lookups.
#[test]
fn lookups_do_not_wait_for_slow_queries() {
    let engine = Engine::new(Limits { concurrency: 1, ..Limits::default() }).unwrap();
    let snapshot = hot(&generate(100, now()));
    futures::executor::block_on(async {
        let endless = "SELECT value FROM generate_series(1, 100000000000000)";
        let slow = engine.sql(Arc::clone(&snapshot), &[], endless).await.unwrap();
        let event = engine.event(Arc::clone(&snapshot), EventKey::Index(7)).await.unwrap();
        assert!(event.is_some());
        let search = Search { q: "needle".into(), ..Search::default() };
        engine.search(Arc::clone(&snapshot), &search).await.unwrap();
        drop(slow);
    });
}
