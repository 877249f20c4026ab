//! The daily health check: availability, critical alerts, performance, capacity.

use super::super::kinds::{Drawing, Kind, Part, Period, Shape};
use super::Bound::{AtLeast, AtMost, Zero};
use super::capacity::{CAPACITY, GROWTH};
use super::{COLUMNS, Check, check};

pub(super) const KIND: Kind = Kind {
    id: "health-daily",
    title: "Daily health check",
    about: "Whether the record was kept without gaps, which critical alerts there were, how agents did, and what room is left",
    period: Period::Day,
    sections: &[AVAILABILITY, ALERTS, EACH_ALERT, PERFORMANCE, HOURS, CAPACITY, GROWTH],
};

const NO_RESTART_TOLD: &str =
    "the log began after this time, or what came before its last restart is not known";

/// Of a day as of a month.
pub(in super::super) const AVAILABILITY: Part = Part {
    title: "Availability",
    about: "From the record: restarts that the server told, checks of its own files, gaps that coverage found, and silence. The time away is counted from the last sign of life; where there was none, only what came since is judged",
    columns: &COLUMNS,
    shape: Shape::Checks(UP),
    sql: "WITH known AS (
          SELECT coalesce(max(arrow_cast(recorded_at, 'Int64')), 0) AS known_us FROM events
          WHERE source = 'internal' AND action_name = 'server_started' AND json_as_text(output, 'ended') = 'unknown' AND recorded_at < $to AND index < $size),
        began AS (
          SELECT greatest($from_us, known_us, coalesce(min(arrow_cast(recorded_at, 'Int64')), 0)) AS begin_us
          FROM events CROSS JOIN known WHERE index = 0 GROUP BY known_us),
        starts AS (
          SELECT index, arrow_cast(recorded_at, 'Int64') AS at_us, json_as_text(output, 'ended') AS ended,
            json_get_int(output, 'alive_until_us') AS alive_us
          FROM events CROSS JOIN known WHERE source = 'internal' AND action_name = 'server_started' AND recorded_at >= $from AND index < $size
            AND arrow_cast(recorded_at, 'Int64') > known_us),
        up AS (
          SELECT coalesce(sum(greatest(0, least(at_us, $end_us) - greatest(alive_us, $from_us))), 0) AS down_us,
            count(*) FILTER (WHERE at_us < $end_us) AS restarts, max(index) FILTER (WHERE at_us < $end_us) AS restarts_entry,
            count(*) FILTER (WHERE at_us < $end_us AND ended <> 'stopped') AS crashes,
            max(index) FILTER (WHERE at_us < $end_us AND ended <> 'stopped') AS crashes_entry
          FROM starts),
        minutes AS (
          SELECT arrow_cast(date_trunc('minute', recorded_at), 'Int64') AS at_us, min(index) AS entry
          FROM events WHERE source <> 'internal' AND $when GROUP BY 1),
        edges AS (
          SELECT at_us, entry FROM minutes UNION ALL SELECT begin_us AS at_us, NULL AS entry FROM began UNION ALL SELECT $end_us AS at_us, NULL AS entry),
        gaps AS (SELECT entry, at_us - lag(at_us) OVER (ORDER BY at_us) AS gap_us FROM edges),
        quiet AS (SELECT round(max(gap_us) / 3600000000.0, 2) AS silence_hours, last_value(entry ORDER BY gap_us NULLS FIRST) AS silence_hours_entry FROM gaps),
        own AS (
          SELECT count(*) FILTER (WHERE action_name = 'integrity_check') AS integrity_of,
            count(*) FILTER (WHERE action_name = 'integrity_check' AND outcome_status = 'failure') AS integrity_failures,
            max(index) FILTER (WHERE action_name = 'integrity_check') AS integrity_entry,
            count(*) FILTER (WHERE action_name = 'coverage_gap') AS gaps, max(index) FILTER (WHERE action_name = 'coverage_gap') AS gaps_entry
          FROM events WHERE source = 'internal' AND $when),
        expected AS (
          SELECT count(*) AS silent_of, count(*) FILTER (WHERE seen.agent IS NULL) AS silent_agents
          FROM agent_registry LEFT JOIN (SELECT DISTINCT canonical_agent(agent_id) AS agent FROM events WHERE source <> 'internal' AND $when) AS seen
            ON seen.agent = agent_registry.agent_id WHERE agent_registry.expected AND agent_registry.alias_of IS NULL)
      SELECT CASE WHEN $end_us > begin_us THEN round(100.0 * (1.0 - CAST(down_us AS DOUBLE) / ($end_us - begin_us)), 3) END AS availability,
        round(greatest(0, $end_us - begin_us) / 3600000000.0, 2) AS availability_of, restarts_entry AS availability_entry,
        CASE WHEN $end_us > begin_us THEN restarts END AS restarts, restarts_entry,
        CASE WHEN $end_us > begin_us THEN crashes END AS crashes, restarts AS crashes_of, crashes_entry,
        CASE WHEN $end_us > begin_us THEN silence_hours END AS silence_hours, silence_hours_entry,
        CASE WHEN integrity_of > 0 THEN integrity_failures END AS integrity, integrity_of, integrity_entry,
        CASE WHEN $coverage = 1 THEN gaps END AS gaps, gaps_entry,
        CASE WHEN silent_of > 0 THEN silent_agents END AS silent, silent_of, CAST(NULL AS BIGINT) AS refused
      FROM began CROSS JOIN up CROSS JOIN quiet CROSS JOIN own CROSS JOIN expected",
};

const UP: &[Check] = &[
    check("availability", "Time that the server recorded", "%", AtLeast("availability_percent"))
        .of("hours of the record")
        .missing(NO_RESTART_TOLD)
        .look("the entry is the newest restart: it says since when nothing was recorded"),
    check("restarts", "Restarts", "", AtMost("restarts"))
        .missing(NO_RESTART_TOLD)
        .look("the newest restart is the entry"),
    check("crashes", "Restarts after an end that nobody asked for", "", Zero)
        .of("restarts")
        .missing(NO_RESTART_TOLD)
        .look(
            "a crash, a kill, or a machine that went away: the server's own log and the machine's say which",
        ),
    check("silence_hours", "Longest time without any event of a sender", "hours", AtMost("silence_hours"))
        .missing(NO_RESTART_TOLD)
        .look("nobody worked, or nothing arrived: tachograph coverage"),
    check("integrity", "Checks of the whole folder that found something", "", Zero)
        .of("checks")
        .missing("no check ended in this time: verify.every_hours of the configuration")
        .look("tachograph verify names each finding"),
    check("gaps", "Gaps that coverage found", "", Zero)
        .missing("coverage is not checked: coverage.every of the configuration")
        .look("tachograph coverage names what should have been recorded and was not"),
    check("silent", "Agents that are expected and said nothing", "", Zero)
        .of("expected agents")
        .missing("no agent is marked as expected: tachograph agents set ID --expected true")
        .look("tachograph coverage, and the page Agents"),
    check("refused", "Events that were refused", "", Zero).missing(
        "what is refused is not on the log: its sender is told, and /metrics counts it since the start",
    ),
];

pub(super) const NO_RULES: &str = "rules are not followed: alerts.enabled of the configuration";
pub(super) const NO_CRITICAL: &str = "no critical alert was raised";

/// Alerts that were raised in the time, and what became of them up to the checkpoint.
macro_rules! alerts {
    ($select:literal) => {
        concat!(
            "WITH told AS (
          SELECT call_id AS alert, min(recorded_at) FILTER (WHERE action_name = 'alert_firing') AS raised,
            min(index) FILTER (WHERE action_name = 'alert_firing') AS entry,
            max(json_as_text(output, 'severity')) FILTER (WHERE action_name = 'alert_firing') AS severity,
            max(json_as_text(output, 'rule')) FILTER (WHERE action_name = 'alert_firing') AS rule,
            max(json_as_text(output, 'labels', 'tier')) FILTER (WHERE action_name = 'alert_firing') AS tier,
            min(recorded_at) FILTER (WHERE action_name IN ('alert_acknowledged', 'alert_assigned', 'alert_snoozed', 'alert_resolved_by_hand')) AS answered,
            min(recorded_at) FILTER (WHERE action_name IN ('alert_resolved', 'alert_resolved_by_hand')) AS ended
          FROM events WHERE source = 'internal' AND action_name IN ('alert_firing', 'alert_acknowledged', 'alert_assigned', 'alert_snoozed',
            'alert_resolved_by_hand', 'alert_resolved') AND recorded_at >= $from AND index < $size GROUP BY call_id),
        alerts AS (
          SELECT *, (arrow_cast(answered, 'Int64') - arrow_cast(raised, 'Int64')) / 1000000.0 AS answer_s,
            (arrow_cast(ended, 'Int64') - arrow_cast(raised, 'Int64')) / 1000000.0 AS ended_s
          FROM told WHERE raised < $to) ",
            $select
        )
    };
}
pub(super) use alerts;

const ALERTS: Part = Part {
    title: "Critical alerts",
    about: "Those raised in this time, and what was done about them up to the checkpoint. An answer is that somebody acknowledged, took, snoozed or resolved it",
    columns: &COLUMNS,
    shape: Shape::Checks(CRITICAL),
    sql: alerts!(
        "SELECT CASE WHEN $alerting = 1 THEN raised END AS raised, raised_entry,
          CASE WHEN raised > 0 THEN still_open END AS still_open, raised AS still_open_of, still_open_entry,
          CASE WHEN raised > 0 THEN unanswered END AS unanswered, raised AS unanswered_of, unanswered_entry,
          answer, answer_of, resolve, resolve_of, CASE WHEN messages > 0 THEN unsent END AS unsent, messages AS unsent_of, unsent_entry
        FROM (SELECT count(*) AS raised, max(entry) AS raised_entry, count(*) FILTER (WHERE ended IS NULL) AS still_open,
            max(entry) FILTER (WHERE ended IS NULL) AS still_open_entry, count(*) FILTER (WHERE answered IS NULL) AS unanswered,
            max(entry) FILTER (WHERE answered IS NULL) AS unanswered_entry, round(avg(answer_s) / 60, 2) AS answer, count(answer_s) AS answer_of,
            round(avg(ended_s) / 60, 2) AS resolve, count(ended_s) AS resolve_of FROM alerts WHERE severity = 'critical') AS critical
        CROSS JOIN (SELECT count(*) AS messages, count(*) FILTER (WHERE action_name = 'notification_failed') AS unsent,
            max(index) FILTER (WHERE action_name = 'notification_failed') AS unsent_entry
          FROM events WHERE source = 'internal' AND action_name IN ('notification_sent', 'notification_failed')
            AND json_as_text(output, 'severity') = 'critical' AND $when) AS told_to_people"
    ),
};

const CRITICAL: &[Check] = &[
    check("raised", "Critical alerts raised", "", Zero)
        .missing(NO_RULES)
        .look("each is listed below; tachograph incidents list says what belongs together"),
    check("still_open", "Critical alerts that are not over", "", Zero)
        .of("alerts")
        .missing(NO_CRITICAL)
        .look("tachograph alerts list"),
    check("unanswered", "Critical alerts that nobody answered", "", Zero)
        .of("alerts")
        .missing(NO_CRITICAL)
        .look("tachograph alerts acknowledge ALERT; docs/guide/oncall.md says who is called next"),
    check("answer", "Mean time to acknowledge", "minutes", AtMost("acknowledge_minutes"))
        .of("answered alerts")
        .missing("no critical alert was answered")
        .look("whether the right people are told: tachograph alerts oncall"),
    check("resolve", "Mean time to resolve", "minutes", AtMost("resolve_minutes"))
        .of("alerts that are over")
        .missing("no critical alert is over")
        .look("the post-mortems of the incidents"),
    check("unsent", "Messages of critical alerts that were not delivered", "", Zero)
        .of("messages")
        .missing("no message of a critical alert was sent")
        .look("tachograph alerts deliveries; the entry says what the channel answered"),
];

const EACH_ALERT: Part = Part {
    title: "Each critical alert",
    about: "Newest first; seconds until somebody answered and until it was over",
    columns: &["raised", "rule", "answered_s", "ended_s", "alert", "entry"],
    shape: Shape::Rows,
    sql: alerts!(
        "SELECT raised, rule, round(answer_s, 1) AS answered_s, round(ended_s, 1) AS ended_s, alert, entry
        FROM alerts WHERE severity = 'critical' ORDER BY entry DESC"
    ),
};

/// Of a day as of a month.
pub(in super::super) const PERFORMANCE: Part = Part {
    title: "Performance",
    about: "How fast and how well agents worked, beside the thresholds of the built-in rules; the 95th percentile is approximate",
    columns: &COLUMNS,
    shape: Shape::Checks(FAST),
    sql: "SELECT round(100.0 * failures / nullif(ended, 0), 2) AS failed, ended AS failed_of, failed_entry,
        CAST(tool_p95 AS BIGINT) AS tool_time, tool_of AS tool_time_of, CAST(external_p95 AS BIGINT) AS external_time, external_of AS external_time_of,
        round(100.0 * external_failures / nullif(external_ended, 0), 2) AS external_failed, external_ended AS external_failed_of, external_failed_entry,
        CASE WHEN queries > 0 THEN slow_queries END AS slow_queries, queries AS slow_queries_of, slow_queries_entry,
        round(task_ms / 60000.0, 2) AS completion, completion_of,
        CASE WHEN late_of > 0 THEN late END AS late, late_of, late_entry
      FROM (SELECT count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
          count(*) FILTER (WHERE outcome_status IN ('success', 'failure')) AS ended, max(index) FILTER (WHERE outcome_status = 'failure') AS failed_entry,
          approx_percentile_cont(duration_ms, 0.95) FILTER (WHERE action_type = 'tool') AS tool_p95,
          count(duration_ms) FILTER (WHERE action_type = 'tool') AS tool_of,
          approx_percentile_cont(duration_ms, 0.95) FILTER (WHERE action_type = 'external') AS external_p95,
          count(duration_ms) FILTER (WHERE action_type = 'external') AS external_of,
          count(*) FILTER (WHERE action_type = 'external' AND outcome_status = 'failure') AS external_failures,
          count(*) FILTER (WHERE action_type = 'external' AND outcome_status IN ('success', 'failure')) AS external_ended,
          max(index) FILTER (WHERE action_type = 'external' AND outcome_status = 'failure') AS external_failed_entry,
          count(duration_ms) FILTER (WHERE operation = 'query') AS queries,
          count(*) FILTER (WHERE operation = 'query' AND duration_ms > $t_query_ms) AS slow_queries,
          max(index) FILTER (WHERE operation = 'query' AND duration_ms > $t_query_ms) AS slow_queries_entry,
          avg(duration_ms) FILTER (WHERE action_type = 'workflow' AND outcome_status = 'success') AS task_ms,
          count(duration_ms) FILTER (WHERE action_type = 'workflow' AND outcome_status = 'success') AS completion_of,
          count(*) FILTER (WHERE expected_response_us IS NOT NULL AND response_us IS NOT NULL) AS late_of,
          count(*) FILTER (WHERE response_us > expected_response_us) AS late,
          max(index) FILTER (WHERE response_us > expected_response_us) AS late_entry
        FROM agent_audit_log WHERE source <> 'internal' AND $when) AS figures",
};

const FAST: &[Check] = &[
    check("failed", "Actions that failed", "%", AtMost("failure_percent"))
        .of("actions")
        .missing("no action ended in success or failure")
        .look("tachograph search --status failed; tachograph reports make agent-activity lists each"),
    check("tool_time", "Time of tool calls, 95th percentile", "ms", AtMost("tool_ms"))
        .of("calls")
        .missing("no tool call says how long it took")
        .look("the page Performance, by tool"),
    check("external_time", "Time of external calls, 95th percentile", "ms", AtMost("external_ms"))
        .of("calls")
        .missing("no external call says how long it took")
        .look("the rule slow_api names each one"),
    check("external_failed", "External calls that failed", "%", AtMost("failure_percent"))
        .of("calls")
        .missing("no external call ended in success or failure")
        .look("the rule external_api_failing names each one"),
    check("slow_queries", "Database queries over the threshold query_ms", "", Zero)
        .of("queries")
        .missing("no query says how long it took")
        .look("the rule slow_query names each one"),
    check(
        "completion",
        "Mean time of workflow steps that succeeded",
        "minutes",
        AtMost("completion_minutes"),
    )
    .of("steps")
    .missing("no step of a workflow says how long it took")
    .look("the rule completion_time_high names each one"),
    check("late", "Answers that came later than expected", "", Zero)
        .of("answers with an expected time")
        .missing("no message says within which time an answer is expected, and that it came")
        .look("tachograph reports make communication-review"),
];

const HOURS: Part = Part {
    title: "By the hour",
    about: "Actions of senders, hour by hour (UTC), and how many failed of those that ended in success or failure",
    columns: &["hour", "actions", "failures", "failed_percent", "tool_p95_ms"],
    shape: Shape::Drawn(&[
        Drawing { title: "Actions an hour", along: "hour", column: "actions", threshold: None },
        Drawing { title: "Failed, percent", along: "hour", column: "failed_percent", threshold: Some("failure_percent") },
        Drawing { title: "Tool calls, 95th percentile, ms", along: "hour", column: "tool_p95_ms", threshold: Some("tool_ms") },
    ]),
    sql: "SELECT hours.hour AS hour, coalesce(actions, 0) AS actions, coalesce(failures, 0) AS failures, failed_percent, tool_p95_ms
      FROM (VALUES $hours) AS hours(hour) LEFT JOIN (
        SELECT concat(to_char(recorded_at, 'HH24'), ':00') AS hour, count(*) AS actions, count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
          round(100.0 * count(*) FILTER (WHERE outcome_status = 'failure')
            / nullif(count(*) FILTER (WHERE outcome_status IN ('success', 'failure')), 0), 2) AS failed_percent,
          CAST(approx_percentile_cont(duration_ms, 0.95) FILTER (WHERE action_type = 'tool') AS BIGINT) AS tool_p95_ms
        FROM agent_audit_log WHERE source <> 'internal' AND $when GROUP BY 1) AS seen ON seen.hour = hours.hour ORDER BY hours.hour",
};
