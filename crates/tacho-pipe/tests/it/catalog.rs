//! A small catalog for the tests.

use tacho_pipe::plan::{Plan, resolve};
use tacho_pipe::sql::{Clock, Range};
use tacho_pipe::{Catalog, Column, Kind, PipeError, Table, parse};

pub(crate) fn catalog() -> Catalog {
    let columns = [
        ("id", Kind::Text),
        ("timestamp", Kind::Time),
        ("agent_id", Kind::Text),
        ("session_id", Kind::Text),
        ("action_name", Kind::Text),
        ("outcome_status", Kind::Text),
        ("ip", Kind::Text),
        ("duration_ms", Kind::Duration { unit_us: 1000 }),
        ("threshold_us", Kind::Duration { unit_us: 1 }),
        ("tokens_input", Kind::Number),
        ("sensitive_data_accessed", Kind::Bool),
        ("action_details", Kind::Json),
        ("extra", Kind::Json),
        ("index", Kind::Number),
    ];
    let columns: Vec<Column> = columns.iter().map(|(name, kind)| Column::new(name, *kind)).collect();
    let aliases = [("action", "action_name"), ("source_ip", "ip"), ("details", "action_details")];
    let events = Table {
        name: "agent_audit_log".into(),
        columns,
        aliases: aliases.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect(),
        open: Vec::new(),
        sql: "agent_audit_log".into(),
        condition: None,
    };
    let metrics = Table {
        name: "metrics".into(),
        open: vec!["action_details".into(), "extra".into()],
        condition: Some("action_type = 'metric'".into()),
        ..events.clone()
    };
    let open = Table {
        name: "agent_execution".into(),
        columns: vec![Column::new("agent_id", Kind::Text), Column::new("age", Kind::Duration { unit_us: 1 })],
        aliases: Vec::new(),
        open: Vec::new(),
        sql: "SELECT agent_id, {now} AS age FROM runs".into(),
        condition: None,
    };
    Catalog { tables: vec![events, metrics], open: vec![open], sets: vec!["fleet.active".into()] }
}

pub(crate) fn range() -> Range {
    // 2026-01-01T00:00:00Z to 00:15:00.
    let from_us = 1_767_225_600_000_000;
    Range {
        from_us,
        to_us: from_us + 900_000_000,
        clock: Clock::Recorded,
        history_us: 7 * 86_400_000_000,
        windows_min: 20,
    }
}

pub(crate) fn plan(text: &str) -> Result<Plan, PipeError> {
    resolve(text, &parse(text)?, &catalog())
}
