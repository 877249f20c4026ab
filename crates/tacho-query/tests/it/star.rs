//! `SELECT *` is planned without its columns: the same question over a query inside is planned as a whole, and must get
//! the same answer.

use crate::data::{Ev, engine, generate, hot, mix, now, stored, uuid};
use arrow::datatypes::SchemaRef;
use arrow::util::pretty::pretty_format_batches;
use std::sync::Arc;
use tacho_action::{Entry, Figure, Overlay, Record};
use tacho_query::Moment;

/// Hidden rows, heirs of sessions and agents, and figures of others.
fn overlay(events: &[Ev]) -> Overlay {
    let mut overlay = Overlay::default();
    for index in (0..events.len() as u64).filter(|index| mix(*index).is_multiple_of(7)) {
        let session = mix(index).is_multiple_of(3).then(|| uuid(1_000_000_000).0);
        let agent = mix(index).is_multiple_of(5).then(|| "team/heir".to_string());
        if index % 2 == 0 {
            overlay.set(index, Some(Entry::Hidden { action: index.saturating_sub(1), session, agent }));
            continue;
        }
        let mut record =
            Record { action: index, observations: 2, observers: 3, session, agent, ..Record::default() };
        record.figures[Figure::TokensInput as usize] = Some(7);
        overlay.set(index, Some(Entry::Shown(Box::new(record))));
    }
    overlay
}

fn ask(moment: &Moment, sql: &str) -> Result<(SchemaRef, String), String> {
    futures::executor::block_on(async {
        let answer = engine().sql(moment.clone(), &[], sql).await.map_err(|error| error.to_string())?;
        let schema = Arc::clone(&answer.schema);
        let batches = answer.collect().await.map_err(|error| error.to_string())?;
        assert!(batches.iter().all(|batch| batch.schema() == schema), "{sql}");
        Ok((schema, pretty_format_batches(&batches).unwrap().to_string()))
    })
}

#[test]
fn columns_laid_over_rows_are_those_of_the_whole_plan() {
    let mut events = generate(1600, now());
    for (n, ev) in events.iter_mut().enumerate() {
        ev.session = ev.session.take().filter(|_| !mix(n as u64).is_multiple_of(7));
        ev.who_session = (n % 9 == 0).then(|| format!("their-{}", n % 40));
        ev.who_id = (n % 11 == 0).then(|| format!("id-{n}"));
    }
    let held = stored(&events, 3, true);
    let plain = Moment::from(Arc::clone(&held.snapshot));
    let told = Moment { overlay: Arc::new(overlay(&events)), ..plain.clone() };
    let moments = [Moment::from(hot(&events)), plain, told];
    let heir = uuid(1_000_000_000);
    let filters = [
        String::new(),
        "WHERE id = 'id-22'".into(),
        format!("WHERE id = '{}'", events[1501].id),
        format!("WHERE session_id = '{heir}'"),
        "WHERE session_id IN ('their-9', 'their-18') AND outcome_status <> 'failure'".into(),
        "WHERE agent_id = 'team/heir' OR tokens_input = 7".into(),
        "WHERE agent_audit_log.action_details::text LIKE '%of 7\"%'".into(),
        "WHERE state = 'open' AND observations > 1".into(),
        "WHERE timestamp > now() - interval '2 days' AND cost_usd > 0.02".into(),
        "WHERE index IN (SELECT max(index) FROM agent_audit_log GROUP BY agent_id)".into(),
        "WHERE index = 5 GROUP BY id".into(),
        "WHERE nothing = 5".into(),
    ];
    let orders = [
        "ORDER BY index",
        "ORDER BY timestamp DESC, index LIMIT 9",
        "ORDER BY session_id NULLS FIRST, index DESC LIMIT 40 OFFSET 3",
        "ORDER BY 1, index LIMIT 5",
        "ORDER BY lower(action_name), duration_ms, index LIMIT 20",
    ];
    let (mut answers, mut rows) = (0, 0);
    let asked = moments.iter().flat_map(|moment| filters.iter().map(move |filter| (moment, filter)));
    for (n, (moment, filter)) in asked.enumerate() {
        // With each moment each filter meets another order.
        let order = orders[(n + n / filters.len()) % orders.len()];
        let sql = format!("SELECT * FROM agent_audit_log {filter} {order}");
        let inside =
            format!("SELECT * FROM (SELECT * FROM agent_audit_log) AS agent_audit_log {filter} {order}");
        match (ask(moment, &sql), ask(moment, &inside)) {
            (Ok(found), Ok(whole)) => {
                assert_eq!(found, whole, "{sql}");
                (answers, rows) = (answers + 1, rows + found.1.lines().count() - 4);
            }
            (Err(_), Err(_)) => {}
            (found, whole) => panic!("{found:?}\n{whole:?}\n{sql}"),
        }
    }
    assert_eq!(answers, 3 * 10, "only a column that is not there and a group without sums are refused");
    assert!(rows > 1000, "{rows} rows were compared");
}

/// A sort by what is computed, beside conditions one of which reads what is not sorted by.
#[test]
fn the_first_rows_by_a_computed_column_are_found_in_files() {
    let mut events = generate(2001, now());
    for (n, ev) in events.iter_mut().enumerate() {
        ev.session = ev.session.take().filter(|_| mix(n as u64).is_multiple_of(7));
    }
    // A file of a single row has one value in each column.
    let held = stored(&events, 3, false);
    assert_eq!(held.snapshot.segments.iter().map(|segment| segment.rows).min(), Some(1));
    let told = Moment { overlay: Arc::new(overlay(&events)), ..Moment::from(Arc::clone(&held.snapshot)) };
    let session = uuid(1_000_000_000);
    for filter in [
        "extra LIKE '%a%'".to_string(),
        format!("session_uuid = '{session}'"),
        "outcome_result LIKE '%9%'".into(),
    ] {
        for key in ["closure", "agent_id", "session_id", "duration_ms", "cost_usd DESC", "level"] {
            let rest =
                format!("WHERE timestamp > now() - interval '90 days' OR {filter} ORDER BY {key}, index");
            let (_, whole) = ask(&told, &format!("SELECT index FROM agent_audit_log {rest}")).unwrap();
            for (table, limit) in
                [("agent_audit_log", 3), ("(SELECT * FROM agent_audit_log)", 3), ("agent_audit_log", 20_000)]
            {
                let sql = format!("SELECT * FROM {table} {rest} LIMIT {limit}");
                let sql = format!("SELECT index FROM ({sql}) ORDER BY {key}, index");
                let star = format!("SELECT * FROM {table} {rest} LIMIT {limit}");
                assert!(ask(&told, &star).is_ok(), "{:?} {star}", ask(&told, &star));
                let (_, found) = ask(&told, &sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
                let first: Vec<&str> = whole.lines().take(3 + limit.min(whole.lines().count() - 4)).collect();
                assert_eq!(found.lines().take(first.len()).collect::<Vec<_>>(), first, "{sql}");
            }
        }
    }
}

/// What names something else by the view's name, or says more of columns than a star, is planned as it stands.
#[test]
fn stars_that_are_no_plain_stars_are_planned_as_they_stand() {
    let moment = Moment::from(hot(&generate(200, now())));
    let width =
        |sql: &str| ask(&moment, sql).unwrap_or_else(|error| panic!("{error}\n{sql}")).0.fields().len();
    let all = width("SELECT * FROM agent_audit_log");
    assert!(all > 100);
    assert_eq!(width("SELECT * FROM observations"), all);
    assert_eq!(width("SELECT DISTINCT * FROM agent_audit_log"), all);
    assert_eq!(width("SELECT * FROM agent_audit_log AS a WHERE a.id IS NOT NULL"), all);
    assert_eq!(width("SELECT * FROM agent_audit_log, (SELECT 1 AS x)"), all + 1);
    assert_eq!(width("SELECT *, 1 AS one FROM agent_audit_log"), all + 1);
    assert_eq!(width("WITH agent_audit_log AS (SELECT 1 AS x) SELECT * FROM agent_audit_log"), 1);
    assert_eq!(width("SELECT * FROM agents"), width("SELECT * FROM (SELECT * FROM agents)"));
}
