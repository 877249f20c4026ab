//! The view `actions`, one of [`crate::views`].

/// One row for each call, with the times of its life. How long it took is unknown where a clock has its end before its
/// beginning. That an agent reached an MCP server is no call. What an agent's `log_outcome` says came of a call stands with a
/// call that only the same key told of: there it is all that is known.
pub(crate) const ACTIONS: &str = "\
SELECT
  action, call_id, session_id, session_uuid, agent_id, action_type, action_name, state, closure,
  coalesce(least(proposed_at, asked_at, decided_at, executed_at, result_at), timestamp) AS started,
  proposed_at, asked_at, decided_at, executed_at, result_at,
  coalesce(duration_us, CASE WHEN result_at >= least(proposed_at, asked_at, decided_at, executed_at)
    THEN arrow_cast(result_at, 'Int64') - arrow_cast(least(proposed_at, asked_at, decided_at, executed_at), 'Int64')
    END) / 1000 AS duration_ms,
  observations, observers, witnesses_differ, outcome_status, id, index,
  coalesce(output, reported_output) AS outcome_result, coalesce(error, reported_error) AS outcome_error
FROM (
  SELECT
    action_of(index) AS action, call_now(call_id, index) AS call_id,
    either(who_session, session_now(session_uuid, index)) AS session_id,
    session_now(session_uuid, index) AS session_uuid, agent_now(agent_id, index) AS agent_id, action_type,
    name_now(action_name, index) AS action_name, timestamp,
    action_state(index, phase, outcome_status, action_type, recorded_at, now()) AS state,
    closure(index, phase, outcome_status, action_type) AS closure,
    phase_at(index, phase, timestamp, 'proposed') AS proposed_at,
    phase_at(index, phase, timestamp, 'asked') AS asked_at,
    phase_at(index, phase, timestamp, 'decided') AS decided_at,
    phase_at(index, phase, timestamp, 'executed') AS executed_at,
    phase_at(index, phase, timestamp, 'result') AS result_at,
    duration_us_now(duration_us, index) AS duration_us, observations(index) AS observations,
    observers(index, source, known, hook_event, span_id, call_id) AS observers,
    witnesses_differ(index) AS witnesses_differ, outcome_now(outcome_status, index) AS outcome_status,
    either(who_id, event_id) AS id, index, output, error, CASE WHEN known = 'self_reported' THEN writer END AS reporter
  FROM events WHERE is_shown(index) AND action_type IN ('tool', 'skill', 'external')
    AND action_name <> 'mcp_server_connection'
) AS calls LEFT JOIN (
  SELECT action_of(index) AS reported_action, writer AS reported_by, last_value(output ORDER BY index) AS reported_output,
    last_value(error ORDER BY index) AS reported_error
  FROM events WHERE NOT is_shown(index) AND source IN ('mcp', 'import') AND known = 'self_reported' AND action_type = 'workflow' AND phase = 'result'
  GROUP BY action_of(index), writer
) AS reports ON calls.action = reports.reported_action AND calls.reporter = reports.reported_by";
