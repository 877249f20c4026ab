//! The views over `events`, as SQL: planned once for each engine, live in every query. `docs/guide/sql.md` documents
//! the columns.
//!
//! Invariants
//! - A view only names columns and adds up; nothing is counted ahead or remembered.
//! - Views that add up know an agent by one id, those with a row for each event by the one that its sender gave.
//! - What nobody did as a user is the system's. A user who was named and is gone stays null: the tag on the log tells.
//! - Money is a decimal with six places, durations say their unit, rates are percentages.

use crate::calls::ACTIONS;
use crate::table::{ScanFuture, scope};
use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::logical_expr::{Expr, TableType};
use std::sync::{Arc, LazyLock};
use tacho_event::fact::{IntFact, TextFact};

/// What somebody wrote down about an agent, beside what the log says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentEdit {
    pub agent_id: String,
    /// The agent that this id is another name of.
    pub alias_of: Option<String>,
    pub name: Option<String>,
    pub version: Option<String>,
    pub team: Option<String>,
    /// Whether the agent is meant to run: one that is expected and silent is a finding.
    pub expected: bool,
    pub note: Option<String>,
}

/// The table `agent_registry`: what the caller handed in as [`AgentEdit`]s.
#[derive(Debug)]
pub(crate) struct RegistryTable;

impl TableProvider for RegistryTable {
    fn schema(&self) -> SchemaRef {
        registry_schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn scan<'s, 'a, 'b, 'c, 'f>(
        &'s self,
        state: &'a dyn Session,
        projection: Option<&'b Vec<usize>>,
        _filters: &'c [Expr],
        limit: Option<usize>,
    ) -> ScanFuture<'f>
    where
        's: 'f,
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let rows = vec![vec![scope(state)?.agents.clone()]];
            let source = MemorySourceConfig::try_new(&rows, registry_schema(), projection.cloned())?;
            Ok(datafusion::datasource::source::DataSourceExec::from_data_source(source.with_limit(limit))
                as _)
        })
    }
}

fn registry_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let text = |name: &str| Field::new(name, DataType::Utf8View, name != "agent_id");
        Arc::new(Schema::new(vec![
            text("agent_id"),
            text("alias_of"),
            text("name"),
            text("version"),
            text("team"),
            Field::new("expected", DataType::Boolean, false),
            text("note"),
        ]))
    });
    Arc::clone(&SCHEMA)
}

pub(crate) fn registry_rows(edits: &[AgentEdit]) -> RecordBatch {
    let text = |value: fn(&AgentEdit) -> Option<&str>| -> ArrayRef {
        Arc::new(edits.iter().map(value).collect::<StringViewArray>())
    };
    let columns = vec![
        text(|edit| Some(&edit.agent_id)),
        text(|edit| edit.alias_of.as_deref()),
        text(|edit| edit.name.as_deref()),
        text(|edit| edit.version.as_deref()),
        text(|edit| edit.team.as_deref()),
        Arc::new(edits.iter().map(|edit| Some(edit.expected)).collect::<BooleanArray>()),
        text(|edit| edit.note.as_deref()),
    ];
    RecordBatch::try_new(registry_schema(), columns).expect("columns as the schema says")
}

/// Name and text of every view. They read `events` and `agent_registry`, never one another, so that their order
/// does not matter.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let runs = RUNS.trim();
    vec![
        ("agent_audit_log", format!("{}\nFROM events WHERE is_shown(index)", audit_log())),
        (OBSERVATIONS, format!("{}\nFROM events", audit_log())),
        ("agent_executions", format!("WITH runs AS ({runs})\n{EXECUTIONS}")),
        ("agent_intensity_metrics", format!("WITH runs AS ({runs})\n{INTENSITY}")),
        ("agent_stats", STATS.to_string()),
        ("agent_logs", LOGS.to_string()),
        ("actions", ACTIONS.to_string()),
        ("sessions", SESSIONS.to_string()),
        ("agents", AGENTS.to_string()),
        ("costs", COSTS.to_string()),
    ]
}

/// The columns of `agent_audit_log` with every event that tells of an action.
pub(crate) const OBSERVATIONS: &str = "observations";

/// The columns that agents' own audit tables have, first and under their names; then everything else.
fn audit_log() -> String {
    let ints = IntFact::ALL.iter().map(|fact| fact.name()).filter(|name| !NAMED.contains(name));
    let texts = TextFact::ALL.iter().map(|fact| fact.name()).filter(|name| !NAMED.contains(name));
    let now = |name: &str| format!("{name}_now({name}, index) AS {name}");
    let told = |name: &str| if FIGURES.contains(&name) { now(name) } else { name.to_string() };
    let facts: Vec<String> = ints.chain(texts).map(told).collect();
    format!("{AUDIT_LOG}, {},\n{AUDIT_LOG_ACTION}", facts.join(", "))
}

/// Facts that have their place in the front.
const NAMED: [&str; 4] = ["tokens_input", "tokens_output", "permission_level", "conversation_id"];
/// Facts that an action may have from another observation.
const FIGURES: [&str; 4] = ["tokens_cache_read", "tokens_cache_write", "cost_micros", "duration_us"];

const AUDIT_LOG: &str = "\
SELECT
  either(who_id, event_id) AS id, timestamp, agent_now(agent_id, index) AS agent_id,
  either(who_session, session_now(session_uuid, index)) AS session_id,
  either(who_conversation, conversation_id) AS conversation_id,
  action_type, name_now(action_name, index) AS action_name, either(input, decision) AS action_details,
  outcome_now(outcome_status, index) AS outcome_status, output AS outcome_result, error AS outcome_error,
  tokens_input_now(tokens_input, index) AS tokens_input, tokens_output_now(tokens_output, index) AS tokens_output,
  duration_us_now(duration_us, index) / 1000 AS duration_ms, usd(cost_micros_now(cost_micros, index)) AS cost_usd,
  permission_level, access AS resources_accessed,
  (sensitive IS NOT NULL AND sensitive = 1) AS sensitive_data_accessed,
  user_of(who_user, subject_tag) AS user_id, who_ip AS ip, who_user_agent AS user_agent,
  index, recorded_at, class, level, phase, call_now(call_id, index) AS call_id, parent_id, known, source, revision,
  extra, decision, agent_version, session_seq, producer_seq, time_claimed, writer, retention, event_id,
  session_now(session_uuid, index) AS session_uuid, gone";

/// What is concluded of a row's action, behind its own columns.
const AUDIT_LOG_ACTION: &str = "\
  action_state(index, phase, outcome_status, action_type, recorded_at, now()) AS state,
  closure(index, phase, outcome_status, action_type) AS closure, observations(index) AS observations,
  observers(index, source, known, hook_event, span_id, call_id) AS observers, action_of(index) AS action,
  witnesses_differ(index) AS witnesses_differ";

/// One row for each agent in each session. Where a witness tells of it, its user is whom witnesses name, or nobody: an
/// agent's own word names none then. So in `SESSIONS`.
const RUNS: &str = "
SELECT either(who_session, session_now(session_uuid, index)) AS execution,
  canonical_agent(agent_now(agent_id, index)) AS agent_id,
  CASE WHEN count(*) FILTER (WHERE known <> 'self_reported') > 0
    THEN coalesce(max(who_user) FILTER (WHERE known <> 'self_reported'),
      CASE WHEN count(subject_tag) FILTER (WHERE known <> 'self_reported') = 0 THEN 'system' END)
    ELSE coalesce(max(who_user), CASE WHEN count(subject_tag) = 0 THEN 'system' END) END AS user_id,
  bool_or(action_type = 'lifecycle' AND lower(action_name) IN ('sessionend', 'session_end', 'subagentstop',
    'subagent_stop', 'agent_end', 'end', 'stop', 'completed', 'failed', 'cancelled')) AS has_ended,
  last_value(outcome_now(outcome_status, index) ORDER BY index) AS last_status,
  min(timestamp) AS started, max(timestamp) AS latest,
  coalesce(sum(tokens_input_now(tokens_input, index)), 0) AS tokens_input,
  coalesce(sum(tokens_output_now(tokens_output, index)), 0) AS tokens_output,
  usd(coalesce(sum(cost_micros_now(cost_micros, index)), 0)) AS cost_usd, count(*) AS events,
  count(*) FILTER (WHERE outcome_now(outcome_status, index) = 'success') AS successes,
  count(*) FILTER (WHERE outcome_now(outcome_status, index) = 'failure') AS failures
FROM events WHERE session_now(session_uuid, index) IS NOT NULL AND is_shown(index)
GROUP BY either(who_session, session_now(session_uuid, index)), canonical_agent(agent_now(agent_id, index))";

const EXECUTIONS: &str = "\
SELECT
  execution, agent_id, user_id,
  CASE WHEN NOT has_ended AND latest > now() - INTERVAL '30 minutes' THEN 'running'
       WHEN last_status = 'failure' THEN 'failed' ELSE 'completed' END AS status,
  started,
  CASE WHEN has_ended OR latest <= now() - INTERVAL '30 minutes' THEN latest END AS ended,
  (arrow_cast(latest, 'Int64') - arrow_cast(started, 'Int64')) / 1000 AS duration_ms,
  tokens_input + tokens_output AS tokens, tokens_input, tokens_output, cost_usd, events, successes, failures
FROM runs";

const INTENSITY: &str = "\
SELECT
  agent_id, count(*) AS runs, sum(tokens_input) AS tokens_input, sum(tokens_output) AS tokens_output,
  max(tokens_input + tokens_output) AS peak_tokens_per_run,
  round(avg(tokens_input + tokens_output), 1) AS avg_tokens_per_run,
  round(1.0 * sum(tokens_input) / nullif(sum(tokens_output), 0), 3) AS input_output_ratio,
  round(100.0 * sum(successes) / nullif(sum(successes) + sum(failures), 0), 1) AS success_rate,
  round(100.0 * sum(failures) / nullif(sum(successes) + sum(failures), 0), 1) AS failure_rate
FROM runs GROUP BY agent_id";

const STATS: &str = "\
SELECT
  canonical_agent(agent_now(agent_id, index)) AS agent_id, max(agent_name) AS agent_name, count(DISTINCT session_now(session_uuid, index)) AS executions, count(*) AS events,
  count(*) FILTER (WHERE outcome_now(outcome_status, index) = 'success') AS successes,
  count(*) FILTER (WHERE outcome_now(outcome_status, index) = 'failure') AS failures,
  round(100.0 * count(*) FILTER (WHERE outcome_now(outcome_status, index) = 'success')
    / nullif(count(*) FILTER (WHERE outcome_now(outcome_status, index) IN ('success', 'failure')), 0), 1) AS success_rate,
  round(avg(duration_us_now(duration_us, index)) / 1000, 1) AS avg_duration_ms,
  coalesce(sum(tokens_input_now(tokens_input, index)), 0) + coalesce(sum(tokens_output_now(tokens_output, index)), 0) AS tokens,
  usd(coalesce(sum(cost_micros_now(cost_micros, index)), 0)) AS cost_usd, max(timestamp) AS last_active
FROM events WHERE is_shown(index) GROUP BY canonical_agent(agent_now(agent_id, index))";

const LOGS: &str = "\
SELECT
  agent_now(agent_id, index) AS agent_id, timestamp, level,
  coalesce(json_as_text(error, 'message'), json_as_text(input, 'message'), json_as_text(input, 'content'),
    error, concat(action_name, ': ', outcome_status)) AS message,
  action_type, action_name, outcome_status, either(who_session, session_now(session_uuid, index)) AS session_id,
  user_of(who_user, subject_tag) AS user_id, either(who_id, event_id) AS id, index
FROM events";

const SESSIONS: &str = "\
SELECT coalesce(max(who_session), session_now(session_uuid, index)) AS id,
  canonical_agent(first_value(agent_now(agent_id, index) ORDER BY known = 'self_reported', parent_id IS NOT NULL, timestamp, index)) AS agent_id,
  count(DISTINCT canonical_agent(agent_now(agent_id, index))) AS agents,
  CASE WHEN count(*) FILTER (WHERE known <> 'self_reported') > 0
    THEN coalesce(max(who_user) FILTER (WHERE known <> 'self_reported'),
      CASE WHEN count(subject_tag) FILTER (WHERE known <> 'self_reported') = 0 THEN 'system' END)
    ELSE coalesce(max(who_user), CASE WHEN count(subject_tag) = 0 THEN 'system' END) END AS user_id,
  count(*) FILTER (WHERE known <> 'self_reported') = 0 AND count(subject_tag) > 0 AS user_self_reported,
  coalesce(min(timestamp) FILTER (WHERE known <> 'self_reported'), min(timestamp)) AS started,
  coalesce(max(timestamp) FILTER (WHERE known <> 'self_reported'), max(timestamp)) AS ended, count(*) AS events,
  count(*) FILTER (WHERE outcome_now(outcome_status, index) = 'failure') AS failures,
  coalesce(sum(tokens_input_now(tokens_input, index)), 0) + coalesce(sum(tokens_output_now(tokens_output, index)), 0) AS tokens,
  usd(coalesce(sum(cost_micros_now(cost_micros, index)), 0)) AS cost_usd,
  usd(coalesce(sum(cost_micros_now(cost_micros, index)) FILTER (WHERE known = 'self_reported'), 0)) AS self_reported_cost_usd
FROM events WHERE session_now(session_uuid, index) IS NOT NULL AND is_shown(index)
GROUP BY session_now(session_uuid, index)";

/// One row for each agent: an id that is registered as another name counts as that one. Segments carry the sums, not the names.
const AGENTS: &str = "\
SELECT
  coalesce(seen.agent_id, registry.agent_id) AS id, coalesce(registry.name, seen.name) AS name,
  coalesce(registry.version, seen.version) AS version, seen.aliases, registry.team, registry.note,
  coalesce(registry.expected, false) AS expected,
  seen.first_seen, seen.last_seen, coalesce(seen.events, 0) AS events
FROM (
  SELECT canonical_agent(each.agent_id) AS agent_id,
    string_agg(CASE WHEN canonical_agent(each.agent_id) <> each.agent_id THEN each.agent_id END, ', ') AS aliases,
    last_value(each.name ORDER BY each.name IS NOT NULL, each.last_seen) AS name,
    last_value(each.version ORDER BY each.version IS NOT NULL, each.last_seen) AS version,
    min(each.first_seen) AS first_seen, max(each.last_seen) AS last_seen, sum(each.events) AS events
  FROM (
    SELECT sums.*, named.name, named.version FROM (
      SELECT agent_id, min(timestamp) AS first_seen, max(timestamp) AS last_seen, count(*) AS events FROM events GROUP BY agent_id) AS sums
    LEFT JOIN (
      SELECT agent_id AS of, last_value(agent_name ORDER BY agent_name IS NOT NULL, index) AS name, last_value(agent_version ORDER BY agent_version IS NOT NULL, index) AS version
      FROM events WHERE agent_name IS NOT NULL OR agent_version IS NOT NULL GROUP BY agent_id) AS named ON named.of = sums.agent_id
  ) AS each
  GROUP BY canonical_agent(each.agent_id)
) AS seen
FULL JOIN (SELECT * FROM agent_registry WHERE alias_of IS NULL) AS registry
  ON seen.agent_id = registry.agent_id";

const COSTS: &str = "\
SELECT
  date_trunc('day', timestamp) AS day, canonical_agent(agent_now(agent_id, index)) AS agent_id, model, name_now(action_name, index) AS action_name,
  coalesce(sum(tokens_input_now(tokens_input, index)), 0) AS tokens_input, coalesce(sum(tokens_output_now(tokens_output, index)), 0) AS tokens_output,
  coalesce(sum(tokens_cache_read_now(tokens_cache_read, index)), 0) AS tokens_cache_read,
  coalesce(sum(tokens_cache_write_now(tokens_cache_write, index)), 0) AS tokens_cache_write,
  usd(coalesce(sum(cost_micros_now(cost_micros, index)), 0)) AS cost_usd,
  usd(coalesce(sum(cost_micros_now(cost_micros, index)) FILTER (WHERE cost_estimated = 1), 0)) AS estimated_cost_usd,
  count(*) AS events
FROM events WHERE is_shown(index) GROUP BY date_trunc('day', timestamp), canonical_agent(agent_now(agent_id, index)), model, name_now(action_name, index)";
