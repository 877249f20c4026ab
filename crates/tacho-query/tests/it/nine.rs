//! The nine queries of the benchmark: known answers, the same wherever the events lie.

use crate::data::{Ev, Stored, engine, generate, hot, mix, now, rows, stored, try_rows};
use std::collections::BTreeMap;
use std::sync::Arc;
use tacho_event::time::{DAY_US, HOUR_US, MINUTE_US, Micros, format};
use tacho_event::words::Outcome;
use tacho_query::Search;
use tacho_store::Snapshot;

const COUNT: u64 = 12_000;

/// Cost, tokens in and out, events.
type Sum = (Option<i64>, [Option<i64>; 2], u64);

struct Truth {
    events: Vec<Ev>,
    end: Micros,
}

impl Truth {
    fn since(&self, us: Micros) -> impl Iterator<Item = &Ev> {
        let (from, end) = (self.end - us, self.end);
        self.events.iter().filter(move |ev| ev.at >= from && ev.at < end)
    }

    /// Times of the newest 100 that pass, newest first.
    fn newest(&self, us: Micros, pass: impl Fn(&Ev) -> bool) -> Vec<String> {
        let mut times: Vec<Micros> = self.since(us).filter(|ev| pass(ev)).map(|ev| ev.at).collect();
        times.sort_unstable_by(|a, b| b.cmp(a));
        times.truncate(100);
        times.into_iter().map(format).collect()
    }
}

fn truth() -> Truth {
    // The end is a round minute, so that no minute of the answer depends on when the test runs.
    let end = now() / MINUTE_US * MINUTE_US;
    Truth { events: generate(COUNT, end), end }
}

fn everywhere(events: &[Ev]) -> Vec<(&'static str, Arc<Snapshot>, Option<Stored>)> {
    let (segments, both) = (stored(events, 4, false), stored(events, 3, true));
    let of = |stored: &Stored| Arc::clone(&stored.snapshot);
    vec![
        ("hot", hot(events), None),
        ("segments", of(&segments), Some(segments)),
        ("both", of(&both), Some(both)),
    ]
}

fn column(rows: &[Vec<String>], at: usize) -> Vec<String> {
    rows.iter().map(|row| row[at].clone()).collect()
}

#[test]
fn rows_of_a_time_come_newest_first() {
    let truth = truth();
    let agent = &truth.events[COUNT as usize - 3].agent;
    let (end, hour, day, week) = (
        format(truth.end),
        format(truth.end - HOUR_US),
        format(truth.end - DAY_US),
        format(truth.end - 7 * DAY_US),
    );
    for (place, snapshot, _held) in everywhere(&truth.events) {
        let newest = "ORDER BY timestamp DESC LIMIT 100";
        let q1 = format!(
            "SELECT * FROM agent_audit_log WHERE agent_id='{agent}' AND timestamp >= '{hour}' AND timestamp < '{end}' {newest}"
        );
        assert_eq!(
            column(&rows(&snapshot, &q1), 1),
            truth.newest(HOUR_US, |ev| ev.agent == *agent),
            "{place}"
        );
        let q2 = format!(
            "SELECT * FROM agent_audit_log WHERE outcome_status='failure' AND timestamp >= '{day}' AND timestamp < '{end}' {newest}"
        );
        let failed = truth.newest(DAY_US, |ev| ev.outcome == Outcome::Failure);
        assert_eq!(column(&rows(&snapshot, &q2), 1), failed, "{place}");
        let q4 = format!(
            "SELECT * FROM agent_audit_log WHERE sensitive_data_accessed AND timestamp >= '{week}' AND timestamp < '{end}' {newest}"
        );
        let sensitive = truth.newest(7 * DAY_US, |ev| ev.sensitive == Some(true));
        assert_eq!(column(&rows(&snapshot, &q4), 1), sensitive, "{place}");
        assert!(!failed.is_empty() && !sensitive.is_empty());
    }
}

#[test]
fn sums_and_rates_are_exact() {
    let truth = truth();
    let (end, month) = (format(truth.end), format(truth.end - 30 * DAY_US));
    let mut sums: BTreeMap<(String, String), Sum> = BTreeMap::new();
    let mut rates: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    for ev in truth.since(30 * DAY_US) {
        let day = format(ev.at / DAY_US * DAY_US);
        let sum = sums.entry((ev.agent.clone(), day)).or_default();
        let add = |to: &mut Option<i64>, value: Option<i64>| {
            if let Some(value) = value {
                *to.get_or_insert(0) += value;
            }
        };
        add(&mut sum.0, ev.cost_micros);
        add(&mut sum.1[0], ev.tokens.map(|tokens| tokens.0));
        add(&mut sum.1[1], ev.tokens.map(|tokens| tokens.1));
        sum.2 += 1;
        let rate = rates.entry((ev.agent.clone(), ev.name.clone())).or_default();
        rate.0 += 1;
        rate.1 += u64::from(ev.outcome == Outcome::Success);
    }
    let shown = |value: Option<i64>| value.map_or("-".into(), |value| value.to_string());
    let dollars = |micros: i64| format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let want: Vec<Vec<String>> = sums
        .into_iter()
        .map(|((agent, day), (cost, tokens, count))| {
            let cost = cost.map_or("-".into(), dollars);
            vec![agent, day, cost, shown(tokens[0]), shown(tokens[1]), count.to_string()]
        })
        .collect();
    for (place, snapshot, _held) in everywhere(&truth.events) {
        let q3 = format!(
            "SELECT agent_id, date_trunc('day', timestamp) AS d, sum(cost_usd), sum(tokens_input), sum(tokens_output), count(*) FROM agent_audit_log WHERE timestamp >= '{month}' AND timestamp < '{end}' GROUP BY 1,2 ORDER BY 1,2"
        );
        assert_eq!(rows(&snapshot, &q3), want, "{place}");
        let q5 = format!(
            "SELECT agent_id, action_name, count(*) n, avg(CASE WHEN outcome_status='success' THEN 1.0 ELSE 0 END) r FROM agent_audit_log WHERE timestamp >= '{month}' AND timestamp < '{end}' GROUP BY 1,2 HAVING count(*) > 10 ORDER BY r, 1, 2"
        );
        let found = rows(&snapshot, &q5);
        assert_eq!(found.len(), rates.values().filter(|(count, _)| *count > 10).count(), "{place}");
        for row in found {
            let (count, good) = rates[&(row[0].clone(), row[1].clone())];
            assert_eq!(row[2], count.to_string(), "{place}");
            let rate: f64 = row[3].parse().unwrap();
            assert!((rate - good as f64 / count as f64).abs() < 1e-9, "{place}: {row:?}");
        }
    }
}

#[test]
fn lookups_and_texts_find_exactly_theirs() {
    let truth = truth();
    let one = &truth.events[4321];
    let session = one.session.unwrap();
    for (place, snapshot, _held) in everywhere(&truth.events) {
        let q6 = format!("SELECT * FROM agent_audit_log WHERE id='{}'", one.id);
        assert_eq!(column(&rows(&snapshot, &q6), 1), [format(one.at)], "{place}");
        let phrase = "the lost needle";
        let q7 = format!(
            "SELECT * FROM agent_audit_log WHERE outcome_result::text LIKE '%{phrase}%' OR action_details::text LIKE '%{phrase}%'"
        );
        let needles = truth.events.iter().filter(|ev| ev.output.as_ref().unwrap().contains(phrase)).count();
        assert_eq!(rows(&snapshot, &q7).len(), needles, "{place}");
        let search = Search { q: format!("\"{phrase}\""), limit: Some(1000), ..Search::default() };
        let page = futures::executor::block_on(engine().search(Arc::clone(&snapshot), &search)).unwrap();
        let found = futures::executor::block_on(page.answer.collect()).unwrap();
        assert_eq!(found.iter().map(|batch| batch.num_rows()).sum::<usize>(), needles, "{place}");
        let q8 = format!("SELECT * FROM agent_audit_log WHERE session_id='{session}' ORDER BY timestamp");
        let of_session = truth.events.iter().filter(|ev| ev.session == Some(session));
        assert_eq!(
            column(&rows(&snapshot, &q8), 1),
            of_session.map(|ev| format(ev.at)).collect::<Vec<_>>(),
            "{place}"
        );
    }
}

#[test]
fn minutes_count_every_event_once() {
    let truth = truth();
    let (end, day) = (format(truth.end), format(truth.end - DAY_US));
    let mut want: BTreeMap<(Micros, &str), u64> = BTreeMap::new();
    for ev in truth.since(DAY_US) {
        *want.entry((ev.at / MINUTE_US * MINUTE_US, ev.outcome.as_str())).or_default() += 1;
    }
    let want: Vec<Vec<String>> = want
        .into_iter()
        .map(|((minute, status), count)| vec![format(minute), status.to_string(), count.to_string()])
        .collect();
    for (place, snapshot, _held) in everywhere(&truth.events) {
        let q9 = format!(
            "SELECT date_trunc('minute', timestamp) AS m, outcome_status, count(*) FROM agent_audit_log WHERE timestamp >= '{day}' AND timestamp < '{end}' GROUP BY 1,2 ORDER BY 1,2"
        );
        assert_eq!(rows(&snapshot, &q9), want, "{place}");
        assert_eq!(
            rows(&snapshot, "SELECT count(*), count(DISTINCT index), min(index), max(index) FROM events"),
            [[COUNT.to_string(), COUNT.to_string(), "0".to_string(), (COUNT - 1).to_string()]]
        );
    }
}

/// Ids and sessions that are no UUIDs are found by the text that their sender gave.
#[test]
fn original_ids_are_found() {
    let mut events = generate(3000, now());
    for (n, ev) in events.iter_mut().enumerate() {
        if mix(n as u64).is_multiple_of(3) {
            ev.who_id = Some(format!("order #{n}"));
            ev.who_session = Some(format!("chat {}", n / 100));
        }
    }
    let want = events.iter().filter(|ev| ev.who_session.as_deref() == Some("chat 7")).count();
    let n = events.iter().position(|ev| ev.who_id.is_some()).unwrap();
    for (place, snapshot, _held) in everywhere(&events) {
        let found =
            rows(&snapshot, &format!("SELECT index, event_id FROM agent_audit_log WHERE id = 'order #{n}'"));
        assert_eq!(found, [[n.to_string(), events[n].id.to_string()]], "{place}");
        let by_uuid =
            rows(&snapshot, &format!("SELECT id FROM agent_audit_log WHERE event_id = '{}'", events[n].id));
        assert_eq!(by_uuid, [[format!("order #{n}")]], "{place}");
        let found =
            rows(&snapshot, "SELECT count(*) FROM agent_audit_log WHERE session_id IN ('chat 7', 'no such')");
        assert_eq!(found, [[want.to_string()]], "{place}");
        let none =
            rows(&snapshot, &format!("SELECT count(*) FROM agent_audit_log WHERE id = '{}'", events[n].id));
        assert_eq!(none, [["0"]], "{place}: the id of an event is the one that its sender gave");
    }
}

/// A lookup reads no row group that cannot hold it: told by the plan's own counts.
#[test]
fn lookups_leave_out_what_cannot_match() {
    let truth = truth();
    let held = stored(&truth.events, 4, false);
    let one = &truth.events[4321];
    let plan = |sql: &str| {
        let rows = try_rows(&engine(), &held.snapshot, &format!("EXPLAIN {sql}")).unwrap();
        rows.into_iter().map(|row| row[1].clone()).collect::<String>()
    };
    // A file may be listed several times, in slices.
    let files = |plan: &str| {
        let names = plan.split([',', '[', ']']).filter(|part| part.trim().ends_with(".parquet"));
        names.map(str::trim).collect::<std::collections::HashSet<_>>().len()
    };
    assert_eq!(files(&plan("SELECT agent_id FROM events")), 4);
    let by_id = plan(&format!("SELECT agent_id FROM agent_audit_log WHERE id = '{}'", one.id));
    assert!(files(&by_id) <= 2, "{by_id}");
    let hour = format(truth.end - HOUR_US);
    let by_time = plan(&format!("SELECT agent_id FROM agent_audit_log WHERE timestamp >= '{hour}'"));
    assert_eq!(files(&by_time), 1, "{by_time}");
    assert_eq!(files(&plan("SELECT agent_id FROM events WHERE index BETWEEN 10 AND 20")), 1);
    assert_eq!(files(&plan("SELECT agent_id FROM agent_audit_log WHERE id = 'nobody'")), 0);
}
