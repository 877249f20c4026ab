//! Hostile queries against a store in a process whose memory is capped: each fails alone, the next one is answered.

use crate::data::{generate, now, stored, try_rows};
use crate::growth::doubled;
use std::process::Command;
use std::time::{Duration, Instant};
use tacho_query::{Engine, Kind, Limits};

const EVENTS: u64 = 50_000;
/// Set in the process that runs the queries.
const CHILD: &str = "TACHOGRAPH_TEST_BOMBS";
/// Memory that queries may use, and what the process may have used in the end.
const QUERIES_BYTES: usize = 256 << 20;
const PROCESS_BYTES: u64 = 1400 << 20;

fn bombs() -> Vec<String> {
    let plain = [
        // Texts
        "SELECT repeat('x', 2000000000)",
        "SELECT sum(length(repeat(output, 2000))) FROM events",
        "SELECT replace(repeat('a', 100000), 'a', repeat('b', 100000))",
        "SELECT string_agg(a.output || b.output, '') FROM events a, events b",
        "SELECT string_agg(repeat(output, 1000), '') FROM events",
        "SELECT array_agg(a.output) FROM events a, events b",
        "WITH RECURSIVE r AS (SELECT 'a' AS x UNION ALL SELECT x || x FROM r) SELECT max(length(x)) FROM r",
        // Rows
        "SELECT sum(length(a.output || b.output || c.output)) FROM events a, events b, events c",
        "SELECT count(*) FROM events a JOIN events b ON a.output <> b.output JOIN events c ON b.output <> c.output",
        "SELECT * FROM events a, events b ORDER BY a.output, b.output",
        "SELECT DISTINCT a.index, b.index FROM events a, events b",
        "SELECT a.index, b.index, count(*) FROM events a, events b GROUP BY 1, 2",
        "SELECT count(*) FROM generate_series(1, 100000000000000)",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
        "WITH RECURSIVE r AS (SELECT index FROM events UNION ALL SELECT r.index FROM r, events) SELECT count(*) FROM r",
        // Patterns
        "SELECT count(*) FROM events WHERE output ~ '(a*)*b(a+)+c{1,1000}{1,1000}'",
        "SELECT count(*) FROM events WHERE regexp_like(output, '\\w{1000}{1000}')",
        "SELECT count(*) FROM events WHERE output ~ ('\\w{100}' || index::text)",
        "SELECT sum(length(regexp_replace(output, '(.*)*', repeat('\\1', 5000), 'g'))) FROM events",
        // Windows
        "SELECT count(v) FROM (SELECT max(repeat(output, 1000)) OVER () AS v FROM events) AS t",
        "SELECT count(v) FROM (SELECT first_value(repeat(output, 500)) OVER (ORDER BY level) AS v FROM events) AS t",
        "SELECT count(v) FROM (SELECT nth_value(repeat(output, 500), 2) OVER (ORDER BY index ROWS BETWEEN \
         CURRENT ROW AND 40000 FOLLOWING) AS v FROM events) AS t",
        "SELECT array_agg(output) OVER (ORDER BY index) FROM events",
        "SELECT median(index) OVER (ORDER BY index) FROM events",
        "SELECT sum(DISTINCT index) OVER (ORDER BY index) FROM events",
        "SELECT *, sum(index) OVER (), max(output) OVER (PARTITION BY agent_id) FROM events a, generate_series(1, 1000)",
    ];
    let union = "SELECT x FROM PREV UNION ALL SELECT x FROM PREV";
    let rows = doubled("SELECT 1 AS x", union, "SELECT count(*) FROM PREV", 30);
    let sum = "SELECT x + x AS x FROM PREV";
    let sums = doubled("SELECT index AS x FROM events", sum, "SELECT x FROM PREV WHERE x > 1", 30);
    let inside = "SELECT (SELECT max(x) FROM PREV) + (SELECT min(x) FROM PREV) AS x";
    let mut all: Vec<String> = plain.into_iter().map(str::to_string).collect();
    for sql in [rows, sums, doubled("SELECT 1 AS x", inside, "SELECT x FROM PREV", 30)] {
        all.push(format!("EXPLAIN {sql}"));
        all.push(format!("EXPLAIN ANALYZE {sql}"));
        all.push(format!("SELECT * FROM ({sql}) AS t"));
        all.push(format!("WITH o AS ({sql}) SELECT * FROM o"));
        all.push(format!("SELECT count(*) FROM events WHERE index IN ({sql})"));
        all.push(format!("SELECT ({sql} LIMIT 1)"));
        all.push(sql);
    }
    all.push(vec!["SELECT * FROM agent_audit_log"; 60].join(" UNION ALL "));
    all
}

/// Runs itself again in a process with a limit on its memory.
#[test]
#[cfg(target_os = "linux")]
fn hostile_queries_fail_alone() {
    if std::env::var_os(CHILD).is_some() {
        return run_bombs();
    }
    // Stacks and heaps of threads are only reserved, but a limit counts what is reserved.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let limit_kib = (8 << 20) + cores * (256 << 10);
    let child = Command::new("sh")
        .args(["-c", "ulimit -v \"$0\" && exec \"$@\"", &limit_kib.to_string()])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "bombs::hostile_queries_fail_alone", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{}: {told}", child.status);
    assert!(told.contains("bombs survived"), "{told}");
}

#[cfg(target_os = "linux")]
fn run_bombs() {
    let held = stored(&generate(EVENTS, now()), 2, true);
    // With one place, a query that leaves its thread behind shows in the next one.
    let time = Duration::from_millis(700);
    let limits = Limits { memory_bytes: QUERIES_BYTES, time, concurrency: 1, ..Limits::default() };
    let engine = Engine::new(limits).unwrap();
    let bombs = bombs();
    for sql in &bombs {
        let started = Instant::now();
        let found = try_rows(&engine, &held.snapshot, sql);
        let start: String = sql.chars().take(120).collect();
        match &found {
            Ok(rows) => println!("{} rows, {:?}: {start}", rows.len(), started.elapsed()),
            Err(error) => println!("{error}, {:?}: {start}", started.elapsed()),
        }
        let alone = found.map_or_else(|error| !matches!(error.kind, Kind::Internal | Kind::Busy), |_| true);
        assert!(alone, "{sql}");
        // What gives way does so at its next batch, which may take a moment on a busy machine.
        let next =
            (0..20).find_map(|_| try_rows(&engine, &held.snapshot, "SELECT count(*) FROM events").ok());
        assert_eq!(next, Some(vec![vec![EVENTS.to_string()]]), "after {sql}");
        println!("   next after {:?}", started.elapsed());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak << 10 < PROCESS_BYTES, "the process used {peak} KiB");
    println!("{} bombs survived with {peak} KiB", bombs.len());
}
