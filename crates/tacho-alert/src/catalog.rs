//! The tables of the pipe language as they stand over the log.

use crate::field;
use tacho_pipe::{Catalog, Column, Kind, Table};

/// What can be open, its columns, and the SQL that finds it.
pub(crate) struct OpenKind {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Kind)],
    pub(crate) sql: &'static str,
}

const SPAN: Kind = Kind::Duration { unit_us: 1 };

pub(crate) const OPEN: [OpenKind; 4] = [
    OpenKind {
        name: "agent_execution",
        columns: &[
            ("agent_id", Kind::Text),
            ("session_id", Kind::Text),
            ("started", Kind::Time),
            ("age", SPAN),
            ("idle", SPAN),
        ],
        sql: "WITH told AS (SELECT agent_id, session_id, recorded_at, \"index\", \
              action_type IN ('lifecycle', 'communication') AND lower(action_name) IN (\
              'userpromptsubmit', 'user_prompt_submit', 'subagentstart', 'subagent_start', 'agent_start', \
              'agent_started', 'run_started', 'execution_started', 'start', 'started') AS begins, \
              action_type IN ('lifecycle', 'communication') AND lower(action_name) IN (\
              'stop', 'stopfailure', 'sessionend', 'session_end', 'subagentstop', 'subagent_stop', \
              'agent_end', 'agent_executed', 'agent_execution', 'agent_finished', 'run_finished', \
              'execution_finished', 'end', 'completed', 'failed', 'failure', 'cancelled') AS ends \
              FROM agent_audit_log WHERE session_id IS NOT NULL AND recorded_at < {now}) \
              SELECT agent_id, session_id, max(recorded_at) FILTER (WHERE begins) AS started, \
              1000000 * (extract(epoch FROM {now}) - extract(epoch FROM max(recorded_at) FILTER (WHERE begins))) AS age, \
              1000000 * (extract(epoch FROM {now}) - extract(epoch FROM max(recorded_at))) AS idle \
              FROM told GROUP BY agent_id, session_id \
              HAVING max(\"index\") FILTER (WHERE begins) > coalesce(max(\"index\") FILTER (WHERE ends), -1)",
    },
    OpenKind {
        name: "call",
        columns: &[
            ("agent_id", Kind::Text),
            ("session_id", Kind::Text),
            ("call_id", Kind::Text),
            ("action_name", Kind::Text),
            ("started", Kind::Time),
            ("age", SPAN),
        ],
        // What is concluded says which calls are open, as in the table `actions`; an action is named by its first event.
        sql: "SELECT told.agent_id, told.session_id, told.call_id, told.action_name, \
              coalesce(first.recorded_at, told.recorded_at) AS started, \
              1000000 * (extract(epoch FROM {now}) - extract(epoch FROM coalesce(first.recorded_at, told.recorded_at))) AS age \
              FROM (SELECT agent_id, session_id, call_id, action_name, action, recorded_at FROM agent_audit_log \
              WHERE call_id IS NOT NULL AND action_type IN ('tool', 'skill', 'external') \
              AND state IN ('open', 'hung') AND closure IS NULL AND recorded_at < {now}) AS told \
              LEFT JOIN (SELECT \"index\", recorded_at FROM observations WHERE recorded_at < {now}) AS first \
              ON first.\"index\" = told.action",
    },
    OpenKind {
        name: "message",
        columns: &[
            ("agent_id", Kind::Text),
            ("to_agent", Kind::Text),
            ("id", Kind::Text),
            ("started", Kind::Time),
            ("age", SPAN),
            ("overdue", SPAN),
        ],
        sql: "SELECT max(agent_id) AS agent_id, max(to_agent) AS to_agent, id, min(recorded_at) AS started, \
              1000000 * (extract(epoch FROM {now}) - extract(epoch FROM min(recorded_at))) AS age, \
              1000000 * (extract(epoch FROM {now}) - extract(epoch FROM min(recorded_at))) \
              - max(expected_response_us) AS overdue \
              FROM agent_audit_log WHERE action_type = 'communication' AND recorded_at < {now} GROUP BY id \
              HAVING bool_or(response_required = 1 OR expected_response_us IS NOT NULL) \
              AND NOT bool_or(response_us IS NOT NULL OR response_status IS NOT NULL)",
    },
    OpenKind {
        name: "task",
        columns: &[
            ("agent_id", Kind::Text),
            ("task_id", Kind::Text),
            ("workflow_id", Kind::Text),
            ("started", Kind::Time),
            ("age", SPAN),
            ("overdue", SPAN),
        ],
        sql: "SELECT max(agent_id) AS agent_id, task_id, max(workflow_id) AS workflow_id, \
              min(recorded_at) AS started, \
              1000000 * (extract(epoch FROM {now}) - extract(epoch FROM min(recorded_at))) AS age, \
              1000000 * (extract(epoch FROM {now}) - extract(epoch FROM min(recorded_at))) \
              - max(escalation_us) AS overdue \
              FROM agent_audit_log WHERE task_id IS NOT NULL AND recorded_at < {now} GROUP BY task_id \
              HAVING NOT bool_or(outcome_status IN ('success', 'failure', 'partial'))",
    },
];

/// The tables: `agent_audit_log` with the names that users know, `metrics`, and what can be open.
pub fn catalog() -> Catalog {
    let columns: Vec<Column> =
        field::all().iter().map(|column| Column::new(column.name, column.kind)).collect();
    let has = |name: &str| columns.iter().any(|column| column.name == name);
    let aliases = field::ALIASES.iter().filter(|(alias, _)| !has(alias));
    let events = Table {
        name: "agent_audit_log".into(),
        aliases: aliases.map(|(alias, real)| (alias.to_string(), real.to_string())).collect(),
        columns,
        open: Vec::new(),
        sql: "agent_audit_log".into(),
        condition: None,
    };
    // Every event, also where several tell of one action.
    let observations = Table { name: "observations".into(), sql: "observations".into(), ..events.clone() };
    let metrics = Table {
        name: "metrics".into(),
        open: vec!["action_details".into(), "extra".into()],
        condition: Some("action_type = 'metric'".into()),
        ..events.clone()
    };
    let open = OPEN.iter().map(|kind| Table {
        name: kind.name.into(),
        columns: kind.columns.iter().map(|(name, of)| Column::new(name, *of)).collect(),
        aliases: Vec::new(),
        open: Vec::new(),
        sql: kind.sql.into(),
        condition: None,
    });
    let sets = ["fleet.active", "audit.required"].map(String::from).to_vec();
    Catalog { open: open.collect(), tables: vec![events, observations, metrics], sets }
}
