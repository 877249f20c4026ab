//! Columns that hold one value or none are not read, and nothing is taken for such a column that is none.

use crate::data::{Ev, compacted, now, rows};

const EVENTS: usize = 6000;

#[test]
fn a_column_of_one_value_gives_that_value_and_no_other_does() {
    let end = now();
    let events: Vec<Ev> = (0..EVENTS)
        .map(|n| {
            let mut ev = Ev::new(n as u64, end - (EVENTS - n) as i64 * 1_000_000);
            // The footer cuts long texts short: these begin alike.
            ev.input = Some(format!(r#"{{"command":"{}{n:06}"}}"#, "x".repeat(300)));
            // One value, and one event without it; no value, but for one event.
            ev.exit_code = (n != 17).then_some(3);
            ev.model = (n == 4711).then(|| "claude".to_string());
            ev.duration_us = Some(5_000);
            ev
        })
        .collect();
    let stored = compacted(&events);
    let one = |sql: &str| rows(&stored.snapshot, sql).concat().join(" ");
    let all = EVENTS.to_string();
    for (sql, found) in [
        ("SELECT count(DISTINCT action_details) FROM agent_audit_log", all.clone()),
        ("SELECT count(exit_code), min(exit_code) FROM agent_audit_log", format!("{} 3", EVENTS - 1)),
        ("SELECT count(*) FROM agent_audit_log WHERE exit_code = 3 AND index >= 0", (EVENTS - 1).to_string()),
        (
            "SELECT count(model), max(model), max(index) FILTER (WHERE model IS NOT NULL) FROM agent_audit_log",
            "1 claude 4711".into(),
        ),
        ("SELECT count(*) FROM agent_audit_log WHERE model IS NULL AND index >= 0", (EVENTS - 1).to_string()),
        (
            "SELECT count(*), count(error_type), count(action_name) FROM agent_audit_log WHERE error_type IS NULL AND index >= 0",
            format!("{all} 0 {all}"),
        ),
        (
            "SELECT DISTINCT action_name, error_type, duration_ms FROM agent_audit_log WHERE index < 5000",
            "Bash - 5".into(),
        ),
        ("SELECT count(*) FROM agent_audit_log WHERE action_name <> 'Bash' OR tokens_input > 0", "0".into()),
        (
            "SELECT count(*) FROM agent_audit_log WHERE action_name = 'Bash' AND index >= 3000",
            (EVENTS - 3000).to_string(),
        ),
    ] {
        assert_eq!(one(sql), found, "{sql}");
    }
    let newest = rows(
        &stored.snapshot,
        "SELECT action_name, exit_code, model, action_details->>'command', error_type FROM agent_audit_log ORDER BY timestamp DESC LIMIT 3",
    );
    let expected: Vec<Vec<String>> = (EVENTS - 3..EVENTS)
        .rev()
        .map(|n| ["Bash", "3", "-", &format!("{}{n:06}", "x".repeat(300)), "-"].map(str::to_string).to_vec())
        .collect();
    assert_eq!(newest, expected);
}
