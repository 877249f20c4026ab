//! Sums that segments carry give what adding up the rows gives. A condition on `index`, which every row passes, switches
//! the rule off.

use crate::data::{Ev, Stored, compacted, engine, generate, mix, now, rows, rows_of, stored};
use std::sync::Arc;
use tacho_action::{Entry, Overlay};
use tacho_event::time::{DAY_US, Micros, day, format};
use tacho_event::words::Outcome;
use tacho_query::Moment;
use tacho_store::Snapshot;

/// Few agents and actions, so that sums pay; some rows late, some with a secret, some without any fact.
fn events(count: u64, end: Micros) -> Vec<Ev> {
    let mut events = generate(count, end);
    for (n, ev) in events.iter_mut().enumerate() {
        let r = mix(n as u64 ^ 0xbeef);
        ev.agent = format!("team/agent-{}", r % 2);
        ev.name = if r & 4 == 0 { "Bash" } else { "Read" }.into();
        ev.kind = tacho_event::words::ActionType::Tool;
        ev.model = (r & 8 == 0).then(|| "model-a".into());
        ev.sensitive = r.is_multiple_of(50).then_some(true);
        if r.is_multiple_of(31) {
            ev.at -= (r >> 20) as i64 % (3 * DAY_US);
        }
        if r.is_multiple_of(7) {
            (ev.tokens, ev.duration_us, ev.cost_micros, ev.input, ev.output) = (None, None, None, None, None);
        }
        if ev.outcome == Outcome::Failure && r.is_multiple_of(3) {
            ev.error = None;
        }
    }
    events
}

const GROUPS: [&str; 13] = [
    "agent_id",
    "agent_id, date_trunc('day', timestamp)",
    "date_trunc('hour', timestamp), outcome_status",
    "date_trunc('week', timestamp), action_name || '!'",
    "action_type, model, sensitive_data_accessed",
    "date_trunc('month', timestamp) + INTERVAL '1 day', upper(agent_id)",
    "date_trunc('minute', timestamp)",
    "length(action_name), level",
    "CASE WHEN outcome_status = 'failure' THEN 'bad' ELSE agent_id END",
    "date_bin(INTERVAL '21600 seconds', timestamp), agent_id",
    "date_bin(INTERVAL '7 days', timestamp, TIMESTAMPTZ '1970-01-01T00:00:00Z'), outcome_status",
    "date_bin(INTERVAL '1 day', timestamp, TIMESTAMPTZ '2020-01-01T05:00:00Z')",
    "date_bin(INTERVAL '900 seconds', timestamp)",
];

const SUMS: [&str; 19] = [
    "count(*)",
    "count(tokens_input)",
    "count(cost_usd)",
    "count(model)",
    "count(DISTINCT agent_id)",
    "count(*) FILTER (WHERE outcome_status = 'failure')",
    "sum(cost_usd)",
    "sum(tokens_input), sum(tokens_output)",
    "sum(tokens_input) FILTER (WHERE agent_id LIKE '%1')",
    "round(avg(tokens_output), 6)",
    "avg(CASE WHEN outcome_status = 'success' THEN 1.0 ELSE 0 END)",
    "round(avg(CASE WHEN model IS NULL THEN NULL WHEN outcome_status = 'success' THEN 1.0 ELSE 0.1 END), 6)",
    "min(timestamp), max(timestamp)",
    "max(timestamp) FILTER (WHERE sensitive_data_accessed)",
    "min(action_name), max(outcome_status)",
    "round(avg(duration_ms), 6)",
    "coalesce(sum(tokens_input), 0) + coalesce(sum(tokens_output), 0)",
    "bool_or(outcome_status = 'failure')",
    "max(tokens_input), count(DISTINCT session_id)",
];

const CONDITIONS: [&str; 7] = [
    "outcome_status = 'failure'",
    "agent_id IN ('team/agent-1', 'nobody')",
    "NOT sensitive_data_accessed",
    "model IS NULL OR action_name = 'Read'",
    "class = 'standard'",
    "tokens_input > 100",
    "action_name LIKE 'B%'",
];

/// A question that depends on the number alone, and the same with the rule switched off.
fn question(n: u64, end: Micros) -> (String, String) {
    let r = mix(n ^ 0x5eed);
    let pick = |shift: u32, of: usize| (r >> shift) as usize % of;
    let mut filters: Vec<String> =
        (0..pick(0, 3)).map(|at| CONDITIONS[pick(4 + 4 * at as u32, 7)].into()).collect();
    let time = |days: usize, more: usize| {
        let moment = if more < 4 { i64::from(day(end).0) * DAY_US } else { end } - days as i64 * DAY_US;
        format(moment - if more.is_multiple_of(4) { 0 } else { mix(r ^ more as u64) as i64 % DAY_US })
    };
    if pick(12, 3) > 0 {
        filters.push(format!("timestamp >= '{}'", time(pick(16, 31), pick(20, 8))));
    }
    if pick(14, 3) > 1 {
        filters.push(format!("timestamp < '{}'", time(pick(24, 9), pick(28, 8))));
    }
    if pick(15, 9) == 1 {
        filters.push(format!("timestamp BETWEEN '{}' AND '{}'", time(20, pick(28, 8)), time(3, pick(30, 8))));
    }
    let sums: Vec<&str> = (0..=pick(32, 3)).map(|at| SUMS[pick(36 + 5 * at as u32, SUMS.len())]).collect();
    let groups = (pick(52, 8) > 0).then(|| GROUPS[pick(56, GROUPS.len())]);
    let ask = |more: &str| {
        let all: Vec<&str> =
            filters.iter().map(String::as_str).chain((!more.is_empty()).then_some(more)).collect();
        let filter = if all.is_empty() { String::new() } else { format!("WHERE {}", all.join(" AND ")) };
        let what = groups.into_iter().chain(sums.iter().copied()).collect::<Vec<_>>().join(", ");
        let by = groups.map_or(String::new(), |groups| format!("GROUP BY {groups}"));
        format!("SELECT {what} FROM agent_audit_log {filter} {by}")
    };
    (ask(""), ask("index >= 0"))
}

fn sorted(snapshot: &Arc<Snapshot>, sql: &str) -> Vec<Vec<String>> {
    let mut found = rows(snapshot, sql);
    found.sort();
    found
}

fn uses_sums(snapshot: &Arc<Snapshot>, sql: &str) -> bool {
    rows(snapshot, &format!("EXPLAIN {sql}"))[0][1].contains("TableScan: event_sums")
}

#[test]
fn sums_of_segments_give_what_their_rows_give() {
    let end = i64::from(day(now()).0) * DAY_US + 7 * DAY_US / 24 + 12_345;
    let events = events(12_000, end);
    let merged: Stored = compacted(&events);
    let fresh = stored(&events[..5000], 2, true);
    let mut used = 0;
    for n in 0..40 {
        let (with, without) = question(n, end);
        assert!(!uses_sums(&merged.snapshot, &without), "{without}");
        used += usize::from(uses_sums(&merged.snapshot, &with));
        assert_eq!(sorted(&merged.snapshot, &with), sorted(&merged.snapshot, &without), "{with}");
        if n < 10 {
            assert_eq!(sorted(&fresh.snapshot, &with), sorted(&fresh.snapshot, &without), "{with}");
        }
    }
    assert!(used > 12, "the rule was used {used} times of 40");
}

#[test]
fn views_that_add_up_use_the_sums() {
    let merged = compacted(&events(20_000, now()));
    assert!(uses_sums(&merged.snapshot, "SELECT * FROM costs"));
    let by_hand = "SELECT date_trunc('day', timestamp), agent_id, model, action_name, coalesce(sum(tokens_input), 0), count(*) \
        FROM events WHERE index >= 0 GROUP BY 1, 2, 3, 4";
    let view = "SELECT day, agent_id, model, action_name, tokens_input, events FROM costs";
    assert_eq!(sorted(&merged.snapshot, view), sorted(&merged.snapshot, by_hand));
}

#[test]
fn bins_of_whole_hours_use_the_sums_and_others_read_rows() {
    let merged = compacted(&events(12_000, now()));
    let asked = |bin: &str| format!("SELECT {bin} AS t, count(*) FROM agent_audit_log GROUP BY 1");
    for (bin, sums) in [
        ("date_bin(INTERVAL '3600 seconds', timestamp)", true),
        ("date_bin(INTERVAL '2 days', timestamp)", true),
        ("date_bin(INTERVAL '12 hours', timestamp, TIMESTAMPTZ '1970-01-01T06:00:00Z')", true),
        ("date_bin(INTERVAL '12 hours', timestamp, TIMESTAMPTZ '1970-01-01T00:30:00Z')", false),
        ("date_bin(INTERVAL '5400 seconds', timestamp)", false),
        ("date_bin(INTERVAL '60 seconds', timestamp)", false),
    ] {
        assert_eq!(uses_sums(&merged.snapshot, &asked(bin)), sums, "{bin}");
        let by_rows = asked(bin).replace(" GROUP", " WHERE index >= 0 GROUP");
        assert_eq!(sorted(&merged.snapshot, &asked(bin)), sorted(&merged.snapshot, &by_rows), "{bin}");
    }
}

/// A hidden observation counts nowhere, and sums of segments do not know which are hidden.
#[test]
fn sums_step_aside_where_an_observation_is_hidden() {
    let merged = compacted(&events(12_000, now()));
    let mut overlay = Overlay::default();
    overlay.set(70, Some(Entry::Hidden { action: 69, session: None, agent: None }));
    let moment = Moment { overlay: Arc::new(overlay), ..Moment::from(Arc::clone(&merged.snapshot)) };
    let ask = |moment: Moment, sql: &str| rows_of(&engine(), moment, sql).unwrap();
    let count = "SELECT count(*) FROM agent_audit_log";
    assert_eq!(ask(moment.clone(), count), [["11999"]]);
    assert_eq!(rows(&merged.snapshot, count), [["12000"]]);
    assert_eq!(ask(moment, "SELECT count(*) FROM events"), [["12000"]]);
}

/// A file of which something was erased goes with its last holder: nothing may keep it until somebody asks again.
#[test]
fn no_file_is_held_when_its_questions_are_answered() {
    let merged = compacted(&events(12_000, now()));
    let holders = || -> Vec<usize> { merged.snapshot.segments.iter().map(Arc::strong_count).collect() };
    let (engine, before) = (tacho_query::Engine::new(tacho_query::Limits::default()).unwrap(), holders());
    for sql in [
        "SELECT date_trunc('hour', timestamp), count(*) FROM agent_audit_log GROUP BY 1",
        "SELECT agent_id, count(DISTINCT session_id) FROM agent_audit_log GROUP BY 1",
        "SELECT id FROM agent_audit_log ORDER BY timestamp DESC LIMIT 5",
    ] {
        rows_of(&engine, Moment::from(Arc::clone(&merged.snapshot)), sql).unwrap();
        // The threads of a query may end a moment after its last row.
        let begun = std::time::Instant::now();
        while holders() != before && begun.elapsed().as_secs() < 20 {
            std::thread::yield_now();
        }
        assert_eq!(holders(), before, "{sql}");
    }
}
