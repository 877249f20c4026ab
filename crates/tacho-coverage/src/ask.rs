//! The queries whose rows a report is made of. Each is bounded: in time by the range, in rows by a named limit that it
//! asks one row above, so that a cut is seen.
//!
//! A source is the way in which something is told: `hook` (an agent's hooks), `otel_log` and `otel_span`
//! (OpenTelemetry), `transcript` (imported), else the name of the way in (`http` …): what an agent reports of itself is
//! never a witness's. Points of metrics tell of no call. Where a limit cuts, it cuts the agents' own word first: no
//! number of its rows takes the place of a witness's.

use tacho_event::time;

/// Rows that are read at most: observations of calls, sessions by agent and source, sessions whose numbers are looked
/// at closely, numbers of those, actions by agent and source.
pub const CALLS_MAX: usize = 200_000;
pub const SESSIONS_MAX: usize = 50_000;
pub const NUMBERED_MAX: usize = 200;
pub const NUMBERS_MAX: usize = 200_000;
pub const ACTIONS_MAX: usize = 20_000;
pub const TROUBLES_MAX: usize = 10_000;

/// The source of an event; null where it tells nothing of what an agent did.
const SOURCE: &str = "\
CASE WHEN source = 'internal' OR action_type = 'metric' THEN NULL
     WHEN known = 'self_reported' THEN CASE source \
       WHEN 'otlp' THEN 'otlp_reported' WHEN 'import' THEN 'mcp' ELSE source END
     WHEN source = 'otlp' AND phase = 'executed' AND duration_us IS NOT NULL THEN 'otel_span'
     WHEN source = 'otlp' AND call_id ~ '^[0-9a-f]{16}$' THEN NULL
     WHEN source = 'otlp' AND (phase IS NOT NULL OR producer_seq IS NOT NULL) THEN 'otel_log'
     WHEN source = 'otlp' THEN NULL
     WHEN hook_event IS NOT NULL THEN 'hook'
     WHEN known = 'imported' THEN 'transcript'
     ELSE source END";

/// The same, and the way in of what tells nothing of that: a metric of the agent's own is none of its telemetry's.
fn any_source() -> String {
    format!("coalesce({SOURCE}, CASE WHEN {OWN} AND source = 'otlp' THEN 'otlp_reported' ELSE source END)")
}

/// What an agent says of itself. Rows of one source are all of them its own word, or none is.
const OWN: &str = "known = 'self_reported'";

/// A call of a tool: of anything but a model. That an agent reached an MCP server is none, and what it says of itself over
/// MCP is no witness's: a source that saw every call has not missed it.
const IS_CALL: &str = "action_type IN ('tool', 'skill', 'external') \
  AND action_name NOT IN ('model_request', 'mcp_server_connection') AND source <> 'mcp' \
  AND NOT (source = 'import' AND known = 'self_reported')";

/// An id that our hook made up, where Gemini CLI gives none: no other source has it, so it compares nothing. The calls of
/// its `AfterAgent` have ids of their own and are compared by number as well, as one source with the hooks around calls.
const IS_MADE_UP: &str = "coalesce((hook_event IN ('BeforeTool', 'AfterTool') AND call_id LIKE 'hook-%' \
  OR hook_event = 'AfterAgent') AND source <> 'otlp', false)";

/// Codex runs no hook around what only looks after a command that runs, or types into it.
const UNHOOKED: &str = "action_name = 'write_stdin'";

/// The beginning and the end of a session.
const BEGINS: &str = "action_type = 'lifecycle' \
  AND lower(action_name) IN ('sessionstart', 'session_start', 'session_started')";
const ENDS: &str = "action_type = 'lifecycle' \
  AND lower(action_name) IN ('sessionend', 'session_end', 'session_ended')";

/// What a program tells while it starts: Claude Code under an id that it leaves again, when it goes on with another session.
const IDLE: &str = "action_type IN ('log', 'settings', 'metric')";

/// A conversation that Codex has with its model by itself, to give the task a title: it may do nothing, and runs no hooks.
const ASIDE: &str = "action_name = 'conversation_starts' AND source = 'otlp' \
  AND json_get_str(extra, 'originator') = 'codex-tui' AND json_get_str(extra, 'mcp_servers') = '' \
  AND json_get_str(extra, 'sandbox_policy') = 'read-only'";

/// A call that never ran, told as such.
const NEVER_RAN: &str = "coalesce(error_type IN ('refused', 'policy_violation', 'unknown_tool', 'tool_not_registered') \
  AND (hook_event IS NULL OR hook_event IN ('Stop', 'AfterAgent')), false)";

/// The result that Claude Code makes up at the resume of a session which ended while a call was open: nobody knows whether
/// that had begun.
const BROKEN_OFF: &str = "coalesce(known = 'imported' AND phase = 'result' \
  AND json_get_str(extra, 'toolDenialKind') = 'interrupted' \
  AND error LIKE '\"[Tool call interrupted: the session ended before %', false)";

/// The result of a call of Codex whose turn a person broke off. Its logs have every call that was allowed, and none that still
/// waited for that; its session file has the same words of both, and says of what ran that it did.
const STOPPED: &str = "coalesce(known = 'imported' AND phase = 'result' AND outcome_status = 'unknown' \
  AND interrupted = 1, false)";

/// Whose process it was, as far as that is told.
const USER: &str = "max(who_user) AS user";

/// The process of a client library, which numbers its events itself.
const PRODUCER: &str = "CASE WHEN source = 'http' THEN json_get_str(extra, 'producer') END";

/// What a range is of: the time that senders say, so that the sources of one call are near one another however late
/// one of them came.
fn within(from_us: i64, to_us: i64) -> String {
    let literal = |at_us| format!("TIMESTAMPTZ '{}'", time::format(at_us));
    format!("timestamp >= {} AND timestamp < {}", literal(from_us), literal(to_us))
}

/// The agent of a row, also where it has that of its action or of the span around it.
const AGENT: &str = "canonical_agent(agent_now(agent_id, index))";

const AT: &str = "arrow_cast(timestamp, 'Int64')";
/// What an event is put together with, as `actions` has it.
const ACTION: &str = "action_of(index)";
const LAST: &str = "max(arrow_cast(timestamp, 'Int64'))";

/// Rows of [`crate::CallRow`], witnesses' and then the newest first. A span without a call's own id is no call: its number joins nothing.
pub fn calls(from_us: i64, to_us: i64) -> String {
    format!(
        "SELECT call_id AS call, {ACTION} AS action, session_uuid AS session, min({AGENT}) AS agent, \
           {SOURCE} AS source, min({AT}) AS first_us, max({AT}) AS last_us, \
           max(CASE WHEN phase IN ('result', 'executed') THEN {AT} END) AS done_us, min(index) AS first_index, \
           coalesce(bool_or(hook_event = 'PostToolBatch' AND outcome_status = 'failure') \
               AND NOT bool_or(hook_event IN ('PostToolUse', 'PostToolUseFailure')), false) \
             OR bool_or({NEVER_RAN}) \
             OR coalesce(bool_or(action_name = 'tool_result' AND outcome_status = 'failure' \
               AND (error LIKE '\"<tool_use_error>%' OR error LIKE '\"Permission to use %' \
                 OR error LIKE '\"The user %')), false) AS never_ran, \
           bool_or({BROKEN_OFF}) AND NOT bool_or(phase = 'result' AND NOT {BROKEN_OFF}) AS broken_off, \
           coalesce(bool_or({UNHOOKED}), false) AS unhooked, \
           bool_or({STOPPED}) AND NOT coalesce(bool_or(phase = 'executed'), false) AS unlogged \
         FROM events WHERE {within} AND call_id IS NOT NULL AND {IS_CALL} \
           AND NOT (source = 'otlp' AND call_id ~ '^[0-9a-f]{{16}}$') AND source <> 'internal' \
           AND NOT {IS_MADE_UP} \
         GROUP BY call_id, {ACTION}, session_uuid, {SOURCE} ORDER BY bool_and({OWN}), last_us DESC LIMIT {limit}",
        within = within(from_us, to_us),
        limit = CALLS_MAX + 1,
    )
}

/// Rows of [`crate::SessionRow`], witnesses' and then the newest first.
pub fn sessions(from_us: i64, to_us: i64) -> String {
    format!(
        "SELECT session_uuid AS session, max(who_session) AS name, {AGENT} AS agent, \
           {source} AS source, count(*) AS events, min({AT}) AS first_us, max({AT}) AS last_us, \
           max(index) AS last_index, \
           greatest(count(*) FILTER (WHERE {unnamed} AND phase = 'result' AND NOT {NEVER_RAN}), \
             count(*) FILTER (WHERE {unnamed} AND phase = 'proposed') \
               - count(*) FILTER (WHERE {unnamed} AND error_type IN ('refused', 'policy_violation') AND {NEVER_RAN})) AS unnamed, \
           max(index) FILTER (WHERE {BEGINS}) AS began, max({AT}) FILTER (WHERE {BEGINS}) AS began_us, \
           max({AT}) FILTER (WHERE {ENDS}) AS ended_us, \
           coalesce(bool_or(source <> 'otlp' AND hook_event IN ('SubagentStart', 'SubagentStop') \
             OR action_name = 'subagent_completed'), false) AS sub, \
           max(index) FILTER (WHERE known <> 'self_reported' AND source <> 'otlp' AND hook_event = 'ConfigChange') AS changed, \
           max(index) FILTER (WHERE action_name IN ('hook_registered', 'hook_execution_start', \
             'hook_execution_complete')) AS hooked, \
           coalesce(bool_or({BEGINS} AND known = 'imported' AND agent_type = 'subagent') \
             OR {source} = 'otel_log' AND bool_and({IDLE}) \
             OR bool_or({ASIDE}) AND NOT bool_or({IS_CALL}), false) AS started \
         FROM events WHERE {within} AND session_uuid IS NOT NULL AND ({SOURCE} IS NOT NULL OR {ASIDE}) \
         GROUP BY session_uuid, {AGENT}, {source} \
         ORDER BY bool_and({OWN}), last_us DESC LIMIT {limit}",
        within = within(from_us, to_us),
        // What tells of a conversation's beginning is numbered by nobody.
        source = format_args!("coalesce({SOURCE}, 'otel_log')"),
        unnamed = format_args!("{IS_CALL} AND (call_id IS NULL OR {IS_MADE_UP})"),
        limit = SESSIONS_MAX + 1,
    )
}

/// Rows of [`crate::PartRow`]: Gemini CLI writes what a sub-agent does into a file of its own, as a session that names no other. The
/// file of the one that started it names it. There are no more of them than sessions.
pub fn parts(from_us: i64, to_us: i64) -> String {
    format!(
        "SELECT to_agent AS part, min(session_uuid) AS whole FROM events WHERE {within} \
           AND known = 'imported' AND action_name = 'invoke_agent' AND to_agent IS NOT NULL AND session_uuid IS NOT NULL \
         GROUP BY to_agent ORDER BY part LIMIT {SESSIONS_MAX}",
        within = within(from_us, to_us),
    )
}

/// Rows of [`crate::TroubleRow`].
pub fn troubles(from_us: i64, to_us: i64) -> String {
    let number = |name: &str| format!("coalesce(CAST(json_get_str(extra, '{name}') AS BIGINT), 0)");
    format!(
        "SELECT session_uuid AS session, min({AGENT}) AS agent, \
           sum(CASE WHEN action_name = 'hook_execution_complete' THEN {errors} + {cancelled} ELSE 0 END) AS failed, \
           max({AT}) AS last_us, max(index) AS last_index, \
           coalesce(bool_or(json_get_str(extra, 'safe_mode') = 'true'), false) AS safe_mode \
         FROM events WHERE {within} AND source = 'otlp' AND known <> 'self_reported' AND session_uuid IS NOT NULL \
           AND action_name IN ('hook_execution_complete', 'hook_registered') \
         GROUP BY session_uuid ORDER BY last_us DESC LIMIT {limit}",
        errors = number("num_non_blocking_error"),
        cancelled = number("num_cancelled"),
        within = within(from_us, to_us),
        limit = TROUBLES_MAX + 1,
    )
}

/// Rows of [`crate::NumberedRow`], witnesses' and then the newest first.
pub fn numbered(from_us: i64, to_us: i64) -> String {
    format!(
        "SELECT session_uuid AS session, {SOURCE} AS source, count(DISTINCT producer_seq) AS given, \
           min(producer_seq) AS lowest, max(producer_seq) AS highest, count(*) AS events, {LAST} AS last_us, \
           {USER}, {PRODUCER} AS producer \
         FROM events WHERE {within} AND producer_seq IS NOT NULL AND session_uuid IS NOT NULL \
           AND {SOURCE} IS NOT NULL \
         GROUP BY session_uuid, {SOURCE}, {PRODUCER} ORDER BY bool_and({OWN}), last_us DESC LIMIT {limit}",
        within = within(from_us, to_us),
        limit = SESSIONS_MAX + 1,
    )
}

/// Rows of [`crate::NumberRow`] of these sessions, whenever they were, but for those of producers.
pub fn numbers(sessions: &[String]) -> String {
    each_number(&format!("session_uuid IN ({}) AND {PRODUCER} IS NULL", quoted(sessions)))
}

/// The same of these producers within the range, whatever the session.
pub fn produced(producers: &[String], from_us: i64, to_us: i64) -> String {
    each_number(&format!("{} AND {PRODUCER} IN ({})", within(from_us, to_us), quoted(producers)))
}

fn quoted(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("'{}'", text.replace('\'', "''"))).collect();
    quoted.join(", ")
}

fn each_number(condition: &str) -> String {
    format!(
        "SELECT coalesce(session_uuid, '') AS session, min({AGENT}) AS agent, {SOURCE} AS source, \
           producer_seq AS number, {AT} AS at_us, min(index) AS index, count(*) AS events, \
           bool_and(action_type IN ('log', 'settings')) AS alike, {USER}, \
           min(writer) AS writer, {PRODUCER} AS producer \
         FROM events WHERE {condition} AND producer_seq IS NOT NULL AND {SOURCE} IS NOT NULL \
         GROUP BY session_uuid, {SOURCE}, producer_seq, {AT}, {PRODUCER} \
         ORDER BY bool_and({OWN}), index LIMIT {limit}",
        limit = NUMBERS_MAX + 1,
    )
}

/// Rows of [`crate::SeenRow`] of everything that is recorded before a moment: what was never seen can't be told from
/// less. Columns of words only, so that it is read fast.
pub fn actions(to_us: i64) -> String {
    seen(&format!("recorded_at < TIMESTAMPTZ '{}'", time::format(to_us)))
}

/// The same of the log from an entry on: what is before it was asked for already.
pub fn actions_since(index: u64) -> String {
    seen(&format!("index >= {index}"))
}

/// How an action ended, reported without an agent: that is the action's, and no agent was seen by it. What is seen is kept
/// as it came, for the log is long.
const NOBODYS: &str = "agent_id = 'unknown' AND source IN ('mcp', 'import') AND known = 'self_reported' AND action_type = 'workflow' AND phase = 'result'";

fn seen(within: &str) -> String {
    format!(
        "SELECT canonical_agent(agent_id) AS agent, {source} AS source, action_type AS kind, \
           action_name AS name, count(*) AS events, max(arrow_cast(recorded_at, 'Int64')) AS last_us, \
           max(index) AS last_index \
         FROM events WHERE {within} AND source <> 'internal' AND NOT ({NOBODYS}) \
         GROUP BY canonical_agent(agent_id), {source}, action_type, action_name \
         ORDER BY bool_and({OWN}), last_us DESC LIMIT {limit}",
        source = any_source(),
        limit = ACTIONS_MAX + 1,
    )
}
