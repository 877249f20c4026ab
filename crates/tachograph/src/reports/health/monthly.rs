//! The monthly health check: what was agreed, performance, tools, thresholds.

use super::super::kinds::{Drawing, Kind, Part, Period, Shape};
use super::Bound::{AtLeast, AtMost, Zero};
use super::daily::{AVAILABILITY, NO_CRITICAL, NO_RULES, PERFORMANCE, alerts};
use super::{COLUMNS, Check, check};

pub(super) const KIND: Kind = Kind {
    id: "health-monthly",
    title: "Monthly health check",
    about: "Whether answers came within their clocks, how fast the work was, which tools fail, and which thresholds say too much or nothing",
    period: Period::Month,
    sections: &[SLA, AVAILABILITY, PERFORMANCE, DAYS, TOOLS, EACH_TOOL, RULES, EACH_RULE],
};

pub(in super::super) const SLA: Part = Part {
    title: "Service levels",
    about: "Incidents have a clock until which somebody has to answer: by default 5 minutes for critical ones, an hour for warnings, a day for the rest (alerts.incidents of the configuration). An incident counts once its clock has run out",
    columns: &COLUMNS,
    shape: Shape::Checks(CLOCKS),
    sql: alerts!(
        "SELECT round(100.0 * (critical_of - critical_late) / nullif(critical_of, 0), 2) AS critical, critical_of, critical_entry,
          round(100.0 * (warning_of - warning_late) / nullif(warning_of, 0), 2) AS warning, warning_of, warning_entry,
          round(100.0 * (info_of - info_late) / nullif(info_of, 0), 2) AS info, info_of, info_entry,
          answer, answer_of, resolve, resolve_of, round(100.0 * sent / nullif(messages, 0), 2) AS delivered, messages AS delivered_of, delivered_entry
        FROM (SELECT count(*) FILTER (WHERE severity = 'critical') AS critical_of, count(*) FILTER (WHERE severity = 'critical' AND late) AS critical_late,
            max(entry) FILTER (WHERE severity = 'critical' AND late) AS critical_entry,
            count(*) FILTER (WHERE severity = 'warning') AS warning_of, count(*) FILTER (WHERE severity = 'warning' AND late) AS warning_late,
            max(entry) FILTER (WHERE severity = 'warning' AND late) AS warning_entry,
            count(*) FILTER (WHERE severity = 'info') AS info_of, count(*) FILTER (WHERE severity = 'info' AND late) AS info_late,
            max(entry) FILTER (WHERE severity = 'info' AND late) AS info_entry
          FROM (SELECT call_id, max(index) AS entry, bool_or(action_name = 'incident_breach') AS late,
              last_value(json_as_text(output, 'severity') ORDER BY index) AS severity,
              min(recorded_at) FILTER (WHERE action_name = 'alert_incident_opened') AS opened, max(json_as_text(output, 'answer_due_at')) AS due
            FROM events WHERE source = 'internal' AND action_name IN ('alert_incident_opened', 'incident_breach')
              AND recorded_at >= $from AND index < $size GROUP BY call_id) AS incidents WHERE opened < $to AND (late OR due < '$now')) AS clocks
        CROSS JOIN (SELECT round(avg(answer_s) / 60, 2) AS answer, count(answer_s) AS answer_of, round(avg(ended_s) / 60, 2) AS resolve,
            count(ended_s) AS resolve_of FROM alerts WHERE severity = 'critical') AS times
        CROSS JOIN (SELECT count(*) AS messages, count(*) FILTER (WHERE action_name = 'notification_sent') AS sent,
            max(index) FILTER (WHERE action_name = 'notification_failed') AS delivered_entry
          FROM events WHERE source = 'internal' AND action_name IN ('notification_sent', 'notification_failed') AND $when) AS told"
    ),
};

const CLOCKS: &[Check] = &[
    check("critical", "Critical incidents that were answered in time", "%", AtLeast("sla_percent"))
        .of("incidents")
        .missing("no clock of a critical incident has run out")
        .look("tachograph incidents report; the entry is the newest that was late"),
    check("warning", "Incidents of severity warning that were answered in time", "%", AtLeast("sla_percent"))
        .of("incidents")
        .missing("no clock of an incident of severity warning has run out")
        .look("tachograph incidents report; the entry is the newest that was late"),
    check("info", "Incidents of severity info that were answered in time", "%", AtLeast("sla_percent"))
        .of("incidents")
        .missing("no clock of an incident of severity info has run out")
        .look("tachograph incidents report; the entry is the newest that was late"),
    check("answer", "Mean time to acknowledge a critical alert", "minutes", AtMost("acknowledge_minutes"))
        .of("answered alerts")
        .missing("no critical alert was answered")
        .look("whether the right people are told: tachograph alerts oncall"),
    check("resolve", "Mean time to resolve a critical alert", "minutes", AtMost("resolve_minutes"))
        .of("alerts that are over")
        .missing("no critical alert is over")
        .look("the post-mortems of the incidents"),
    check("delivered", "Messages of alerts that were delivered", "%", AtLeast("sla_percent"))
        .of("messages")
        .missing("no message was sent")
        .look("tachograph alerts deliveries"),
];

pub(in super::super) const DAYS: Part = Part {
    title: "By day",
    about: "Actions of senders, day by day (UTC)",
    columns: &["day", "actions", "failed_percent", "tool_p95_ms", "cost_usd"],
    shape: Shape::Drawn(&[
        Drawing { title: "Actions a day", along: "day", column: "actions", threshold: None },
        Drawing { title: "Failed, percent", along: "day", column: "failed_percent", threshold: Some("failure_percent") },
        Drawing { title: "Tool calls, 95th percentile, ms", along: "day", column: "tool_p95_ms", threshold: Some("tool_ms") },
    ]),
    sql: "SELECT days.day AS day, coalesce(actions, 0) AS actions, failed_percent, tool_p95_ms, coalesce(cost_usd, 0) AS cost_usd
      FROM (VALUES $each_day) AS days(day) LEFT JOIN (
        SELECT to_char(recorded_at, 'YYYY-MM-DD') AS day, count(*) AS actions,
          round(100.0 * count(*) FILTER (WHERE outcome_status = 'failure')
            / nullif(count(*) FILTER (WHERE outcome_status IN ('success', 'failure')), 0), 2) AS failed_percent,
          CAST(approx_percentile_cont(duration_ms, 0.95) FILTER (WHERE action_type = 'tool') AS BIGINT) AS tool_p95_ms,
          coalesce(sum(cost_usd), 0) AS cost_usd
        FROM agent_audit_log WHERE source <> 'internal' AND $when GROUP BY 1) AS seen ON seen.day = days.day ORDER BY days.day",
};

/// Tools and what they took.
macro_rules! tools {
    ($select:literal) => {
        concat!(
            "WITH tools AS (
          SELECT action_name AS tool, count(*) AS calls, count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
            round(100.0 * count(*) FILTER (WHERE outcome_status = 'failure')
              / nullif(count(*) FILTER (WHERE outcome_status IN ('success', 'failure')), 0), 2) AS failed_percent,
            CAST(approx_percentile_cont(duration_ms, 0.95) AS BIGINT) AS p95_ms, max(index) FILTER (WHERE outcome_status = 'failure') AS entry
          FROM agent_audit_log WHERE action_type IN ('tool', 'skill', 'external') AND source <> 'internal' AND $when GROUP BY 1) ",
            $select
        )
    };
}

pub(in super::super) const TOOLS: Part = Part {
    title: "Tools",
    about: "Tools, skills and external calls. A tool is judged when it was called as often as the threshold tool_calls says",
    columns: &COLUMNS,
    shape: Shape::Checks(WORKING),
    sql: tools!(
        "SELECT CASE WHEN judged > 0 THEN failing END AS failing, judged AS failing_of, failing_entry, CASE WHEN timed > 0 THEN slow END AS slow, timed AS slow_of,
          CASE WHEN $coverage = 1 THEN still_open END AS uncovered, gaps AS uncovered_of, uncovered_entry,
          CASE WHEN calls > 0 THEN hung END AS hung, calls AS hung_of, hung_entry
        FROM (SELECT count(*) FILTER (WHERE calls >= $t_tool_calls) AS judged,
            count(*) FILTER (WHERE calls >= $t_tool_calls AND failed_percent > $t_failure_percent) AS failing,
            max(entry) FILTER (WHERE calls >= $t_tool_calls AND failed_percent > $t_failure_percent) AS failing_entry,
            count(*) FILTER (WHERE calls >= $t_tool_calls AND p95_ms IS NOT NULL) AS timed,
            count(*) FILTER (WHERE calls >= $t_tool_calls AND p95_ms > $t_tool_ms) AS slow FROM tools) AS each
        CROSS JOIN (SELECT count(*) AS gaps, count(*) FILTER (WHERE is_open) AS still_open, max(entry) FILTER (WHERE is_open) AS uncovered_entry
          FROM (SELECT call_id, max(index) AS entry, last_value(action_name ORDER BY index) = 'coverage_gap' AS is_open
            FROM events WHERE source = 'internal' AND action_name IN ('coverage_gap', 'coverage_gap_closed') AND $when GROUP BY call_id) AS gap) AS gaps
        CROSS JOIN (SELECT count(*) AS calls, count(*) FILTER (WHERE state = 'hung') AS hung, max(index) FILTER (WHERE state = 'hung') AS hung_entry
          FROM agent_audit_log WHERE action_type IN ('tool', 'skill', 'external') AND source <> 'internal' AND $when) AS ended"
    ),
};

const TOO_FEW: &str = "no tool was called often enough to be judged: the threshold tool_calls";

const WORKING: &[Check] = &[
    check("failing", "Tools that fail more often than the threshold failure_percent", "", Zero)
        .of("tools")
        .missing(TOO_FEW)
        .look("they are the first ones listed below"),
    check("slow", "Tools whose 95th percentile is over the threshold tool_ms", "", Zero)
        .of("tools")
        .missing(TOO_FEW)
        .look("the page Performance, by tool"),
    check("uncovered", "Gaps of coverage that were found and are still open", "", Zero)
        .of("gaps found")
        .missing("coverage is not checked: coverage.every of the configuration")
        .look("tachograph coverage"),
    check("hung", "Calls that have no end on the record", "", Zero)
        .of("calls")
        .missing("no call was recorded")
        .look("the rule hung_call names each one while it is open"),
];

pub(in super::super) const EACH_TOOL: Part = Part {
    title: "Each tool",
    about: "The most failing first, then the most used",
    columns: &["tool", "calls", "failures", "failed_percent", "p95_ms", "entry"],
    shape: Shape::Rows,
    sql: tools!(
        "SELECT tool, calls, failures, failed_percent, p95_ms, entry FROM tools
        ORDER BY (calls >= $t_tool_calls AND failed_percent > $t_failure_percent) DESC NULLS LAST, failures DESC, calls DESC, tool"
    ),
};

/// Rules that are followed now, and how often each fired in the time.
macro_rules! rules {
    ($select:literal) => {
        concat!(
            alerts!(
                ", fired AS (
          SELECT rules.rule AS rule, rules.severity AS severity, count(alerts.alert) AS fired, count(alerts.answered) AS answered,
            round(count(alerts.alert) / $elapsed_weeks, 1) AS a_week, max(alerts.entry) AS entry
          FROM (VALUES $rules) AS rules(rule, severity) LEFT JOIN alerts ON alerts.rule = rules.rule WHERE rules.rule <> '' GROUP BY 1, 2) "
            ),
            $select
        )
    };
}

const RULES: Part = Part {
    title: "Thresholds",
    about: "Rules that are followed now, and how often they fired. What fires too often is not read any more, what never fires may never be able to: tachograph rules replay says how often a week another threshold would fire",
    columns: &COLUMNS,
    shape: Shape::Checks(FIRING),
    sql: rules!(
        "SELECT CASE WHEN count(*) > 0 THEN count(*) FILTER (WHERE a_week > $t_rule_a_week) END AS noisy, count(*) AS noisy_of,
          max(entry) FILTER (WHERE a_week > $t_rule_a_week) AS noisy_entry,
          round(100.0 * count(*) FILTER (WHERE fired = 0) / nullif(count(*), 0), 1) AS silent, count(*) AS silent_of,
          CASE WHEN sum(fired) FILTER (WHERE severity = 'critical') > 0 THEN count(*) FILTER (WHERE severity = 'critical' AND fired > 0 AND answered = 0) END AS ignored,
          max(entry) FILTER (WHERE severity = 'critical' AND fired > 0 AND answered = 0) AS ignored_entry FROM fired"
    ),
};

const FIRING: &[Check] = &[
    check("noisy", "Rules that fired more often a week than the threshold rule_a_week", "", Zero)
        .of("rules")
        .missing(NO_RULES)
        .look("a higher threshold, tried first: tachograph rules replay --rule RULE --days 30"),
    check("silent", "Rules that never fired", "%", AtMost("silent_rules_percent"))
        .of("rules")
        .missing(NO_RULES)
        .look("whether what they look for is recorded at all: tachograph rules replay --days 90"),
    check("ignored", "Critical rules whose alerts nobody ever answered", "", Zero)
        .missing(NO_CRITICAL)
        .look("either nobody is told, or the rule need not be critical"),
];

const EACH_RULE: Part = Part {
    title: "Each rule",
    about: "The most firing first; those that never fired are at the end",
    columns: &["rule", "severity", "fired", "a_week", "answered", "entry"],
    shape: Shape::Rows,
    sql: rules!("SELECT rule, severity, fired, a_week, answered, entry FROM fired ORDER BY fired DESC, rule"),
};
