//! Events of long ago that came in beside those of today: the times are read first where few rows are asked for, and not
//! a row less is found.

use crate::data::{Ev, compacted, generate, mix, now, rows};
use std::sync::Arc;
use tacho_event::time::{DAY_US, Micros, format};
use tacho_store::Snapshot;

const HOUR_US: Micros = DAY_US / 24;

/// Thirty days in their order, each fortieth event of the last two hours instead.
fn mixed(end: Micros) -> Vec<Ev> {
    let mut events = generate(12_000, end - HOUR_US);
    for (n, ev) in events.iter_mut().enumerate() {
        ev.agent = format!("team/agent-{}", n % 2);
        ev.name = "Bash".into();
        if n % 40 == 0 {
            ev.at = end - mix(n as u64) as i64 % (2 * HOUR_US);
        }
    }
    events
}

fn one(snapshot: &Arc<Snapshot>, sql: &str) -> String {
    rows(snapshot, sql).concat().join("\n")
}

/// Whether times were read before the other columns.
fn is_late(snapshot: &Arc<Snapshot>, sql: &str) -> bool {
    let told = one(snapshot, &format!("EXPLAIN ANALYZE {sql}"));
    assert!(told.contains("pushdown_rows_pruned="), "{told}");
    !told.contains("pushdown_rows_pruned=0,")
}

#[test]
fn few_rows_among_many_are_found_by_their_times() {
    let end = now();
    let stored = compacted(&mixed(end));
    let what = "SELECT count(*), count(DISTINCT event_id), sum(duration_us), max(agent_id) FROM agent_audit_log WHERE";
    // A time that is computed is compared with each row's.
    let computed = |filter: &str| filter.replace("timestamp", "timestamp + INTERVAL '0 hours'");
    let ranges = [(26, 0, true), (2, -1, true), (240, 216, true), (696, 0, false), (800, 480, false)];
    for (from, to, late) in ranges {
        let time = |hours: i64| format(end - hours * HOUR_US);
        let filter = format!("timestamp >= '{}' AND timestamp < '{}'", time(from), time(to));
        let asked = format!("{what} {filter} AND source <> 'internal'");
        assert_eq!(is_late(&stored.snapshot, &asked), late, "{filter}");
        let by_hand = format!("{what} {} AND source <> 'internal'", computed(&filter));
        assert_eq!(one(&stored.snapshot, &asked), one(&stored.snapshot, &by_hand), "{filter}");
    }
}

#[test]
fn a_file_without_a_row_in_the_time_is_not_read() {
    let end = now();
    let mut events = mixed(end);
    events.retain(|ev| ev.at < end - 20 * DAY_US || ev.at > end - 3 * HOUR_US);
    let stored = compacted(&events);
    let between = |first: i64, last: i64| {
        let (first, last) = (format(end - first * DAY_US), format(end - last * DAY_US));
        format!(
            "SELECT count(source) FROM agent_audit_log WHERE timestamp >= '{first}' AND timestamp < '{last}'"
        )
    };
    let reads = |sql: &str| {
        one(&stored.snapshot, &format!("EXPLAIN {sql} AND source <> 'internal'")).contains(".parquet")
    };
    assert!(!reads(&between(18, 2)));
    assert_eq!(one(&stored.snapshot, &between(18, 2)), "0");
    assert!(reads(&between(22, 2)));
}

#[test]
fn words_are_looked_for_where_the_sums_know_them() {
    let mut events = mixed(now());
    for ev in events.iter_mut().step_by(400) {
        (ev.name, ev.model) = ("Rare".into(), None);
    }
    let stored = compacted(&events);
    let asked = |filter: &str| {
        format!(
            "SELECT count(*), sum(duration_us), max(event_id) FROM agent_audit_log WHERE source <> 'internal' AND {filter}"
        )
    };
    // What is computed of a word can't be told by sums.
    let by_hand = |filter: &str| {
        filter.replace("action_name", "concat(action_name, '')").replace("model ", "concat(model, '') ")
    };
    for (filter, late) in [
        ("action_name = 'Rare'", true),
        ("action_name IN ('Rare', 'nothing') AND outcome_status <> 'x'", true),
        ("action_name = 'Bash'", false),
        ("action_name <> 'Rare'", false),
        ("model = 'model-a'", false),
    ] {
        assert_eq!(is_late(&stored.snapshot, &asked(filter)), late, "{filter}");
        assert_eq!(
            one(&stored.snapshot, &asked(filter)),
            one(&stored.snapshot, &asked(&by_hand(filter))),
            "{filter}"
        );
    }
    let reads =
        |filter: &str| one(&stored.snapshot, &format!("EXPLAIN {}", asked(filter))).contains(".parquet");
    for (filter, read) in [
        ("action_type = 'metric'", false),
        ("model IS NULL", true),
        ("model <> 'model-a'", false),
        ("action_type = 'tool'", true),
    ] {
        assert_eq!(reads(filter), read, "{filter}");
    }
}
