//! What is kept of aggregates gives what reading the rows gives: at the first question, which keeps it, and at those
//! after it. A condition on `index`, which every row passes, switches the rule off.

use crate::data::{Ev, Stored, compacted, generate, mix, now, rows_of};
use std::sync::Arc;
use tacho_action::{Entry, Overlay};
use tacho_event::time::{DAY_US, Micros, day, format};
use tacho_query::{Engine, Limits, Moment};
use tacho_store::Snapshot;

const HOUR_US: Micros = DAY_US / 24;

/// Some rows late, some without a session, some without any fact, so that hours and sessions interleave.
fn events(count: u64, end: Micros) -> Vec<Ev> {
    let mut events = generate(count, end);
    for (n, ev) in events.iter_mut().enumerate() {
        let r = mix(n as u64 ^ 0xfeed);
        if r.is_multiple_of(31) {
            ev.at -= (r >> 20) as i64 % (3 * DAY_US);
        }
        if r.is_multiple_of(7) {
            (ev.tokens, ev.duration_us, ev.cost_micros, ev.input) = (None, None, None, None);
        }
        if r.is_multiple_of(11) {
            (ev.session, ev.user) = (None, None);
        }
    }
    events
}

const GROUPS: [&str; 8] = [
    "agent_id",
    "user_id, outcome_status",
    "session_id",
    "date_bin(INTERVAL '5400 seconds', timestamp)",
    "date_trunc('hour', timestamp), action_name",
    "date_trunc('week', timestamp), model",
    "action_details->>'n'",
    "CASE WHEN duration_ms > 1000 THEN 'slow' ELSE 'fast' END",
];

const FUNCTIONS: [&str; 16] = [
    "count(DISTINCT session_id)",
    "count(DISTINCT user_id) FILTER (WHERE outcome_status = 'failure'), count(*)",
    "count(DISTINCT session_id), count(DISTINCT agent_id)",
    "max(duration_ms), min(tokens_input)",
    "max(action_details->>'command')",
    "last_value(action_name ORDER BY index), max(index)",
    "first_value(session_id ORDER BY index)",
    "sum(tokens_input), sum(tokens_output) FILTER (WHERE user_id = 'user-3')",
    "sum(cost_usd), count(cost_usd)",
    "round(avg(duration_ms), 6)",
    "min(timestamp), max(timestamp)",
    "count(*) FILTER (WHERE duration_ms <= 1200)",
    "sum(coalesce(tokens_input, 0) + coalesce(tokens_output, 0))",
    "bool_or(action_details LIKE '%7%')",
    "max(CASE WHEN action_name ILIKE '%fetch%' THEN 1 ELSE 0 END)",
    "count(DISTINCT session_id) FILTER (WHERE user_id IS NOT NULL)",
];

const CONDITIONS: [&str; 6] = [
    "user_id <> 'system'",
    "session_id IS NOT NULL",
    "action_details LIKE '%step%'",
    "tokens_input > 100",
    "outcome_status = 'failure' AND outcome_error ILIKE '%exit%'",
    "duration_ms IS NOT NULL",
];

/// A question that depends on the number alone; `moved` asks the same of a time that begins and ends so much later.
fn question(n: u64, end: Micros, moved: Micros, more: &str) -> String {
    let r = mix(n ^ 0x5eed_1234);
    let pick = |shift: u32, of: usize| (r >> shift) as usize % of;
    let mut filters: Vec<String> =
        (0..pick(0, 3)).map(|at| CONDITIONS[pick(4 + 4 * at as u32, CONDITIONS.len())].into()).collect();
    let time =
        |days: usize, more: u64| format(end - days as i64 * DAY_US - mix(r ^ more) as i64 % DAY_US + moved);
    if pick(12, 4) > 0 {
        filters.push(format!("timestamp >= '{}'", time(1 + pick(16, 31), 1)));
    }
    if pick(14, 3) > 1 {
        filters.push(format!("timestamp < '{}'", time(pick(24, 5), 2)));
    }
    filters.extend((!more.is_empty()).then(|| more.to_string()));
    let functions: Vec<&str> =
        (0..=pick(32, 3)).map(|at| FUNCTIONS[pick(36 + 5 * at as u32, FUNCTIONS.len())]).collect();
    let groups = (pick(52, 4) > 0).then(|| GROUPS[pick(56, GROUPS.len())]);
    let filter = if filters.is_empty() { String::new() } else { format!("WHERE {}", filters.join(" AND ")) };
    let what = groups.into_iter().chain(functions).collect::<Vec<_>>().join(", ");
    let by = groups.map_or(String::new(), |groups| format!("GROUP BY {groups}"));
    format!("SELECT {what} FROM agent_audit_log {filter} {by}")
}

fn sorted(engine: &Engine, moment: &Moment, sql: &str) -> Vec<Vec<String>> {
    let mut found = rows_of(engine, moment.clone(), sql).unwrap();
    found.sort();
    found
}

/// An engine keeps states of the segments that it was asked of last: not one that other tests ask too.
fn own_engine() -> Engine {
    Engine::new(Limits::default()).unwrap()
}

/// How many states were kept before, and how many pieces have none yet; nothing when the rule was not used.
fn recalled(engine: &Engine, snapshot: &Arc<Snapshot>, sql: &str) -> Option<(usize, usize)> {
    let plans = rows_of(engine, Moment::from(Arc::clone(snapshot)), &format!("EXPLAIN {sql}")).unwrap();
    plans[0][1].contains("TableScan: kept_states").then(|| {
        let line = plans[1][1].lines().find(|line| line.contains("Recall: "));
        let number = |name: &str| {
            let text = line.and_then(|line| line.split(name).nth(1)).unwrap_or("0");
            text.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
        };
        (number("kept="), number("missing="))
    })
}

#[test]
fn what_is_kept_gives_what_the_rows_give() {
    let end = i64::from(day(now()).0) * DAY_US + 7 * HOUR_US + 12_345;
    let merged: Stored = compacted(&events(12_000, end));
    let (engine, moment) = (own_engine(), Moment::from(Arc::clone(&merged.snapshot)));
    let mut kept = 0;
    for n in 0..24 {
        for moved in [0, 0, 5 * HOUR_US / 2] {
            let (with, without) = (question(n, end, moved, ""), question(n, end, moved, "index >= 0"));
            kept += usize::from(recalled(&engine, &merged.snapshot, &with).is_some_and(|(kept, _)| kept > 0));
            assert_eq!(sorted(&engine, &moment, &with), sorted(&engine, &moment, &without), "{with}");
        }
    }
    assert!(kept > 20, "what was kept answered {kept} questions of 72");
}

#[test]
fn what_segments_have_no_sums_of_is_kept_from_the_second_question_on() {
    let end = i64::from(day(now()).0) * DAY_US + 7 * HOUR_US;
    // Every hour has other agents and other names: sums by hour would be as many as the rows.
    let stored = compacted(&events(12_000, end));
    let (engine, moment) = (own_engine(), Moment::from(Arc::clone(&stored.snapshot)));
    let asked = |more: &str| {
        format!(
            "SELECT date_bin(INTERVAL '6 hours', timestamp), agent_id, count(*), sum(cost_usd) FROM agent_audit_log \
             WHERE timestamp >= '{}' {more} GROUP BY 1, 2",
            format(end - 20 * DAY_US - 1)
        )
    };
    let is_kept = || recalled(&engine, &stored.snapshot, &asked("")).is_some();
    assert!(!is_kept(), "nothing is known of the segments yet: their sums may do");
    let first = sorted(&engine, &moment, &asked(""));
    assert!(is_kept(), "they have none");
    let rows = sorted(&engine, &moment, &asked("AND index >= 0"));
    assert!(rows.len() > 200);
    for found in [first, sorted(&engine, &moment, &asked("")), sorted(&engine, &moment, &asked(""))] {
        assert_eq!(found, rows);
    }
}

#[test]
fn a_question_that_moves_on_makes_what_is_new_alone() {
    let end = i64::from(day(now()).0) * DAY_US + 7 * HOUR_US;
    let merged: Stored = compacted(&events(12_000, end));
    let engine = own_engine();
    let asked = |hours: i64| {
        let (from, to) = (end - 10 * DAY_US + hours * HOUR_US + 1, end - 8 * DAY_US + hours * HOUR_US + 1);
        format!(
            "SELECT count(DISTINCT session_id) FROM agent_audit_log WHERE tokens_input > 5 AND timestamp >= '{}' AND timestamp < '{}'",
            format(from),
            format(to)
        )
    };
    let look = |hours: i64| recalled(&engine, &merged.snapshot, &asked(hours)).unwrap();
    // Forty-seven whole hours, of which twenty-four are a day.
    assert_eq!(look(0), (0, 24));
    let moment = Moment::from(Arc::clone(&merged.snapshot));
    sorted(&engine, &moment, &asked(0));
    assert_eq!((look(0).1, look(1).1), (0, 1));
    assert_eq!(look(0).0 + 1, look(1).0 + 2, "the first hour is asked no more");
}

/// The middle of many durations, which no two ways of adding up give to the last digit: by how many are below it.
#[test]
fn percentiles_stay_as_near_as_they_were() {
    let end = i64::from(day(now()).0) * DAY_US + 7 * HOUR_US;
    let merged: Stored = compacted(&events(12_000, end));
    let (engine, moment) = (own_engine(), Moment::from(Arc::clone(&merged.snapshot)));
    let from = format(end - 20 * DAY_US + 77);
    for part in [0.5, 0.95, 0.5] {
        let asked = format!(
            "SELECT approx_percentile_cont(duration_us, {part}) FROM agent_audit_log WHERE timestamp >= '{from}'"
        );
        let found = &sorted(&engine, &moment, &asked)[0][0];
        let below = format!(
            "SELECT 1.0 * count(*) FILTER (WHERE duration_us <= {found}) / count(duration_us) FROM agent_audit_log WHERE index >= 0 AND timestamp >= '{from}'"
        );
        let below: f64 = sorted(&engine, &moment, &below)[0][0].parse().unwrap();
        assert!((below - part).abs() < 0.01, "{below} of the durations are up to {found}, expected {part}");
    }
}

#[test]
fn what_differs_at_each_question_is_not_kept() {
    let merged: Stored = compacted(&events(12_000, now()));
    let engine = own_engine();
    for (what, is_used) in [
        ("count(DISTINCT session_id)", true),
        ("count(DISTINCT session_id) FILTER (WHERE index >= 0), max(index)", true),
        ("count(DISTINCT session_id) FILTER (WHERE timestamp > now() - INTERVAL '1 day')", false),
        ("count(DISTINCT session_id) FILTER (WHERE session_id IS NOT NULL), max(duration_ms)", true),
        // Where types are settled within a function it gets its former name.
        ("count(DISTINCT session_id), count(*) FILTER (WHERE user_id = 'user-3' OR model = 'x')", true),
        ("count(DISTINCT state)", false),
        ("count(DISTINCT session_id), string_agg(action_name, ',')", false),
        ("sum(DISTINCT tokens_input), sum(DISTINCT tokens_output)", false),
        ("count(DISTINCT random())", false),
    ] {
        let sql = format!("SELECT {what} FROM agent_audit_log");
        assert_eq!(recalled(&engine, &merged.snapshot, &sql).is_some(), is_used, "{sql}");
    }
    let of_one = "SELECT count(DISTINCT agent_id), max(duration_ms) FROM agent_audit_log WHERE id = 'x'";
    assert_eq!(recalled(&engine, &merged.snapshot, of_one), None);
    let of_some = "SELECT count(DISTINCT agent_id), max(duration_ms) FROM agent_audit_log WHERE index >= 0";
    assert_eq!(recalled(&engine, &merged.snapshot, of_some), None);
    let short = "SELECT max(duration_ms) FROM agent_audit_log WHERE timestamp > now() - INTERVAL '1 hour' AND timestamp < now()";
    assert_eq!(recalled(&engine, &merged.snapshot, short), None);
}

#[test]
fn as_many_states_as_rows_are_not_kept() {
    let merged: Stored = compacted(&events(12_000, now()));
    let (engine, moment) = (own_engine(), Moment::from(Arc::clone(&merged.snapshot)));
    let sql = "SELECT id, max(duration_ms) FROM agent_audit_log GROUP BY 1";
    assert_eq!(recalled(&engine, &merged.snapshot, sql), Some((0, 1)));
    assert_eq!(sorted(&engine, &moment, sql).len(), 12_000);
    assert_eq!(recalled(&engine, &merged.snapshot, sql), Some((0, 0)));
    assert_eq!(sorted(&engine, &moment, sql).len(), 12_000);
}

/// The figures of the overview: sets of few sessions in many pieces, which take little room however much was set aside for
/// them.
#[test]
fn sets_of_many_days_are_kept() {
    let merged: Stored = compacted(&events(12_000, now()));
    let (engine, moment) = (own_engine(), Moment::from(Arc::clone(&merged.snapshot)));
    let sql = "SELECT count(DISTINCT agent_id), count(DISTINCT session_id), approx_percentile_cont(duration_us, 0.5) \
        FROM agent_audit_log WHERE timestamp >= now() - INTERVAL '29 days'";
    assert!(recalled(&engine, &merged.snapshot, sql).unwrap().1 > 20);
    sorted(&engine, &moment, sql);
    let (kept, missing) = recalled(&engine, &merged.snapshot, sql).unwrap();
    // One more when an hour has just begun.
    assert!(kept > 20 && missing < 2, "{kept} are kept, {missing} are missing");
}

/// States say nothing of what is known beside rows: where something is, the rows are read, also when it became known
/// after the states were kept.
#[test]
fn what_is_known_beside_rows_counts_at_once() {
    let merged: Stored = compacted(&events(18_000, now()));
    let (engine, plain) = (own_engine(), Moment::from(Arc::clone(&merged.snapshot)));
    let sql = "SELECT max(duration_ms), count(*), count(DISTINCT agent_id) FROM agent_audit_log";
    for _ in 0..2 {
        assert_eq!(sorted(&engine, &plain, sql)[0][1], "18000");
    }
    let mut overlay = Overlay::default();
    overlay.set(70, Some(Entry::Hidden { action: 69, session: None, agent: None }));
    let told = Moment { overlay: Arc::new(overlay), ..plain.clone() };
    assert_eq!(sorted(&engine, &told, sql)[0][1], "17999");
    // What is known of the newest alone leaves the states of segments in their place.
    let mut overlay = Overlay::default();
    overlay.set(17_000, Some(Entry::Hidden { action: 16_999, session: None, agent: None }));
    let told = Moment { overlay: Arc::new(overlay), ..plain.clone() };
    assert_eq!(sorted(&engine, &told, sql)[0][1], "17999");
    let plan = rows_of(&engine, told, &format!("EXPLAIN {sql}")).unwrap();
    assert!(plan[1][1].contains("Recall: kept=1, missing=0"), "{}", plan[1][1]);
    assert_eq!(sorted(&engine, &plain, sql)[0][1], "18000");
}
