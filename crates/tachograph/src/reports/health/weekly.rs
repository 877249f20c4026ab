//! The weekly health check: security, business, trends, capacity.

use super::super::kinds::{Drawing, Kind, Part, Period, Shape};
use super::Bound::{AtLeast, AtMost, Zero};
use super::capacity::{CAPACITY, GROWTH};
use super::{COLUMNS, Check, check};

pub(super) const KIND: Kind = Kind {
    id: "health-weekly",
    title: "Weekly health check",
    about: "Who tried what they may not, how the work went, this week beside the four before, and what room is left",
    period: Period::Week,
    sections: &[SECURITY, BUSINESS, TRENDS, WEEKS, CAPACITY, GROWTH],
};

/// Of a week as of a month.
pub(in super::super) const SECURITY: Part = Part {
    title: "Security",
    about: "What the record tells of sign-ins, rights, secrets and its own integrity",
    columns: &COLUMNS,
    shape: Shape::Checks(SAFE),
    sql: "SELECT logins, logins_entry, CASE WHEN $alerting = 1 THEN alerts END AS security_alerts, alerts_entry AS security_alerts_entry,
        escalated, escalated_entry, violations, violations_entry, denied, denied_entry, secrets, secrets_entry, keys, keys_entry,
        CASE WHEN $coverage = 1 THEN hooks END AS hooks, hooks_entry,
        CASE WHEN integrity_of > 0 THEN integrity_failures END AS integrity, integrity_of, integrity_entry
      FROM (SELECT coalesce(sum(json_get_int(output, 'count')) FILTER (WHERE action_name = 'failed_login'), 0) AS logins,
          max(index) FILTER (WHERE action_name = 'failed_login') AS logins_entry,
          count(*) FILTER (WHERE action_name = 'alert_firing' AND json_as_text(output, 'severity') = 'critical'
            AND json_as_text(output, 'labels', 'tier') = 'security') AS alerts,
          max(index) FILTER (WHERE action_name = 'alert_firing' AND json_as_text(output, 'severity') = 'critical'
            AND json_as_text(output, 'labels', 'tier') = 'security') AS alerts_entry,
          count(*) FILTER (WHERE action_type = 'settings' AND action_name LIKE '%key%') AS keys,
          max(index) FILTER (WHERE action_type = 'settings' AND action_name LIKE '%key%') AS keys_entry,
          count(*) FILTER (WHERE action_name = 'coverage_gap' AND json_as_text(output, 'kind') = 'hooks_off') AS hooks,
          max(index) FILTER (WHERE action_name = 'coverage_gap' AND json_as_text(output, 'kind') = 'hooks_off') AS hooks_entry,
          count(*) FILTER (WHERE action_name = 'integrity_check') AS integrity_of,
          count(*) FILTER (WHERE action_name = 'integrity_check' AND outcome_status = 'failure') AS integrity_failures,
          max(index) FILTER (WHERE action_name = 'integrity_check') AS integrity_entry
        FROM events WHERE source = 'internal' AND $when) AS own
      CROSS JOIN (SELECT count(*) FILTER (WHERE is_escalation) AS escalated, max(index) FILTER (WHERE is_escalation) AS escalated_entry,
          count(*) FILTER (WHERE is_violation) AS violations, max(index) FILTER (WHERE is_violation) AS violations_entry,
          count(*) FILTER (WHERE is_denied) AS denied, max(index) FILTER (WHERE is_denied) AS denied_entry,
          count(*) FILTER (WHERE redactions > 0) AS secrets, max(index) FILTER (WHERE redactions > 0) AS secrets_entry
        FROM (SELECT index, redactions,
            coalesce(mapped_action, lower(action_name)) IN ('privilege_escalation', 'escalate_privileges', 'role_escalation', 'permission_escalation') AS is_escalation,
            coalesce(mapped_action, lower(action_name)) IN ('compliance_violation', 'compliance_violation_detected')
              OR compliance_status IN ('violation', 'non_compliant', 'failed') AS is_violation,
            lower(action_name) IN ('access_denied', 'unauthorized_access', 'permission_denied', 'forbidden') AS is_denied
          FROM agent_audit_log WHERE source <> 'internal' AND $when) AS seen) AS told",
};

const SAFE: &[Check] = &[
    check("logins", "Failed sign-ins at this server", "", AtMost("failed_logins"))
        .look("the entry says from where and with which key"),
    check("security_alerts", "Critical alerts of the tier security", "", Zero)
        .missing(super::daily::NO_RULES)
        .look("tachograph alerts list; tachograph incidents list"),
    check("escalated", "Privileges that were raised", "", Zero)
        .look("the rule privilege_escalation names each one"),
    check("violations", "Compliance violations that senders told", "", Zero)
        .look("the rule compliance_violation names each one"),
    check("denied", "Access that was denied or not allowed", "", Zero)
        .look("the rule unauthorized_access names who tries again and again"),
    check("secrets", "Events with secrets or personal data that redaction removed", "", Zero)
        .look("tachograph reports make security-decisions says which agents; docs/redaction.md"),
    check("keys", "API keys that were made, changed or revoked", "", AtMost("key_changes"))
        .look("tachograph key list"),
    check("hooks", "Agents that ran without the hooks that record them", "", Zero)
        .missing("coverage is not checked: coverage.every of the configuration")
        .look("tachograph coverage"),
    check("integrity", "Checks of the whole folder that found something", "", Zero)
        .of("checks")
        .missing("no check ended in this time: verify.every_hours of the configuration")
        .look("tachograph verify names each finding"),
];

const BUSINESS: Part = Part {
    title: "Business",
    about: "What the work was worth to those who asked for it, as senders tell it. Data quality up to 1 is taken for a share, above it for percent",
    columns: &COLUMNS,
    shape: Shape::Checks(WORTH),
    sql: "SELECT round(100.0 * step_failures / nullif(steps, 0), 2) AS workflow, steps AS workflow_of, workflow_entry,
        round(100.0 * trades_good / nullif(trades, 0), 2) AS trade, trades AS trade_of, trade_entry,
        CASE WHEN priced > 0 THEN slipped END AS slippage, priced AS slippage_of, slippage_entry,
        round(rating / 10000.0, 1) AS rated, rated_of, round(100.0 * quality, 1) AS quality, quality_of,
        CASE WHEN talks > 0 THEN escalated END AS escalated, talks AS escalated_of, escalated_entry,
        CASE WHEN asked > 0 THEN asked - answered END AS unanswered, asked AS unanswered_of
      FROM (SELECT count(*) FILTER (WHERE action_type = 'workflow' AND outcome_status IN ('success', 'failure')) AS steps,
          count(*) FILTER (WHERE action_type = 'workflow' AND outcome_status = 'failure') AS step_failures,
          max(index) FILTER (WHERE action_type = 'workflow' AND outcome_status = 'failure') AS workflow_entry,
          count(*) FILTER (WHERE action_type = 'trade' AND outcome_status IN ('success', 'failure')) AS trades,
          count(*) FILTER (WHERE action_type = 'trade' AND outcome_status = 'success') AS trades_good,
          max(index) FILTER (WHERE action_type = 'trade' AND outcome_status = 'failure') AS trade_entry,
          count(slippage_ppm) AS priced, count(*) FILTER (WHERE abs(slippage_ppm) > 10000) AS slipped,
          max(index) FILTER (WHERE abs(slippage_ppm) > 10000) AS slippage_entry,
          avg(rating_ppm) AS rating, count(rating_ppm) AS rated_of,
          avg(CASE WHEN measured > 1 THEN measured / 100 ELSE measured END) AS quality,
          count(measured) AS quality_of,
          count(*) FILTER (WHERE action_type IN ('communication', 'workflow')) AS talks,
          count(*) FILTER (WHERE escalations > 0) AS escalated, max(index) FILTER (WHERE escalations > 0) AS escalated_entry,
          count(*) FILTER (WHERE response_required = 1) AS asked,
          count(*) FILTER (WHERE response_required = 1 AND (response_us IS NOT NULL OR response_status IS NOT NULL)) AS answered
        FROM (SELECT *, CASE WHEN action_type = 'metric' AND action_name ILIKE '%data_quality%'
            THEN TRY_CAST(json_as_text(action_details, 'value') AS DOUBLE) END AS measured
          FROM agent_audit_log WHERE source <> 'internal' AND $when) AS all_of_it) AS seen",
};

const WORTH: &[Check] = &[
    check("workflow", "Workflow steps that failed", "%", AtMost("workflow_failure_percent"))
        .of("steps")
        .missing("no step of a workflow ended in success or failure")
        .look("the rule workflow_failure_rate; the page Business"),
    check("trade", "Trades that succeeded", "%", AtLeast("trade_success_percent"))
        .of("trades")
        .missing("no trade ended in success or failure")
        .look("the rule trade_success_rate; the page Trading"),
    check("slippage", "Trades more than 1 percent off their expected price", "", Zero)
        .of("trades with both prices")
        .missing("no trade tells its expected price")
        .look("the rule high_slippage names each one"),
    check("rated", "Mean rating by users, of its scale", "%", AtLeast("rating_percent"))
        .of("ratings")
        .missing("no user rated anything")
        .look("the page Business"),
    check("quality", "Data quality that was measured, mean", "%", AtLeast("data_quality_percent"))
        .of("measurements")
        .missing("no data quality was measured")
        .look("the rule data_quality_low names the data set"),
    check("escalated", "Tasks that were escalated", "", Zero)
        .of("messages and steps")
        .missing("no message and no workflow was recorded")
        .look("tachograph reports make communication-review lists each"),
    check("unanswered", "Messages that wanted an answer and have none on the record", "", Zero)
        .of("messages that want one")
        .missing("no message says that it wants an answer")
        .look("the rule communication_delays names each one"),
];

/// Five weeks, the last of which is the report's; one row for each, also where nothing was.
macro_rules! weeks {
    ($select:literal) => {
        concat!(
            "WITH seen AS (
          SELECT to_char(date_trunc('week', recorded_at), 'YYYY-MM-DD') AS week, count(*) AS actions,
            round(100.0 * count(*) FILTER (WHERE outcome_status = 'failure')
              / nullif(count(*) FILTER (WHERE outcome_status IN ('success', 'failure')), 0), 2) AS failed_percent,
            CAST(approx_percentile_cont(duration_ms, 0.95) FILTER (WHERE action_type = 'tool') AS BIGINT) AS tool_p95_ms,
            CAST(coalesce(sum(cost_usd), 0) AS DOUBLE) AS cost_usd, count(DISTINCT canonical_agent(agent_id)) AS agents
          FROM agent_audit_log WHERE source <> 'internal' AND $five_weeks GROUP BY 1),
        raised AS (
          SELECT to_char(date_trunc('week', recorded_at), 'YYYY-MM-DD') AS week, count(*) AS alerts
          FROM events WHERE source = 'internal' AND action_name = 'alert_firing' AND json_as_text(output, 'severity') = 'critical' AND $five_weeks GROUP BY 1),
        weeks AS (
          SELECT days.week AS week, coalesce(actions, 0) AS actions, failed_percent, tool_p95_ms, coalesce(cost_usd, 0) AS cost_usd,
            coalesce(agents, 0) AS agents, coalesce(alerts, 0) AS critical_alerts
          FROM (VALUES $weeks) AS days(week) LEFT JOIN seen ON seen.week = days.week LEFT JOIN raised ON raised.week = days.week) ",
            $select
        )
    };
}

const TRENDS: Part = Part {
    title: "Trends",
    about: "This week beside the mean of the four before, as the change in percent. Weeks without any action of a sender are no basis: all four are needed",
    columns: &COLUMNS,
    shape: Shape::Checks(CHANGES),
    sql: weeks!(
        "SELECT round(abs(100.0 * (actions / nullif(before_actions, 0) - 1)), 1) AS work, basis AS work_of,
          round(100.0 * (failed_percent / nullif(before_failed, 0) - 1), 1) AS failing, basis AS failing_of,
          round(100.0 * (tool_p95_ms / nullif(before_p95, 0) - 1), 1) AS slower, basis AS slower_of,
          round(100.0 * (cost_usd / nullif(before_cost, 0) - 1), 1) AS dearer, basis AS dearer_of,
          round(100.0 * (critical_alerts / nullif(before_alerts, 0) - 1), 1) AS alerts, basis AS alerts_of
        FROM (SELECT count(*) FILTER (WHERE week < '$first_day' AND actions > 0) AS basis,
            CAST(max(actions) FILTER (WHERE week = '$first_day') AS DOUBLE) AS actions, max(failed_percent) FILTER (WHERE week = '$first_day') AS failed_percent,
            CAST(max(tool_p95_ms) FILTER (WHERE week = '$first_day') AS DOUBLE) AS tool_p95_ms, max(cost_usd) FILTER (WHERE week = '$first_day') AS cost_usd,
            CAST(max(critical_alerts) FILTER (WHERE week = '$first_day') AS DOUBLE) AS critical_alerts,
            CASE WHEN count(*) FILTER (WHERE week < '$first_day' AND actions > 0) = 4 THEN avg(actions) FILTER (WHERE week < '$first_day') END AS before_actions,
            CASE WHEN count(*) FILTER (WHERE week < '$first_day' AND actions > 0) = 4 THEN avg(failed_percent) FILTER (WHERE week < '$first_day') END AS before_failed,
            CASE WHEN count(*) FILTER (WHERE week < '$first_day' AND actions > 0) = 4 THEN avg(tool_p95_ms) FILTER (WHERE week < '$first_day') END AS before_p95,
            CASE WHEN count(*) FILTER (WHERE week < '$first_day' AND actions > 0) = 4 THEN avg(cost_usd) FILTER (WHERE week < '$first_day') END AS before_cost,
            CASE WHEN count(*) FILTER (WHERE week < '$first_day' AND actions > 0) = 4 THEN avg(critical_alerts) FILTER (WHERE week < '$first_day') END AS before_alerts
          FROM weeks) AS change"
    ),
};

const TOO_YOUNG: &str = "the four weeks before do not all have what to compare with";

const CHANGES: &[Check] = &[
    check("work", "Actions, more or fewer", "%", AtMost("trend_percent"))
        .of("weeks before")
        .missing(TOO_YOUNG)
        .look("which agents: tachograph reports make performance-review"),
    check("failing", "Share of failures, change", "%", AtMost("trend_percent"))
        .of("weeks before")
        .missing(TOO_YOUNG)
        .look("what failed: tachograph reports make performance-review"),
    check("slower", "Time of tool calls, change of the 95th percentile", "%", AtMost("trend_percent"))
        .of("weeks before")
        .missing(TOO_YOUNG)
        .look("the page Performance, by tool"),
    check("dearer", "Cost, change", "%", AtMost("trend_percent"))
        .of("weeks before")
        .missing(TOO_YOUNG)
        .look("the page Costs; tachograph costs"),
    check("alerts", "Critical alerts, change", "%", AtMost("trend_percent"))
        .of("weeks before")
        .missing(TOO_YOUNG)
        .look("tachograph alerts list"),
];

const WEEKS: Part = Part {
    title: "By week",
    about: "This week is the last one; weeks begin on Monday",
    columns: &["week", "actions", "failed_percent", "tool_p95_ms", "cost_usd", "agents", "critical_alerts"],
    shape: Shape::Drawn(&[
        Drawing { title: "Actions a week", along: "week", column: "actions", threshold: None },
        Drawing {
            title: "Failed, percent",
            along: "week",
            column: "failed_percent",
            threshold: Some("failure_percent"),
        },
        Drawing { title: "Cost, US dollars", along: "week", column: "cost_usd", threshold: None },
        Drawing { title: "Critical alerts", along: "week", column: "critical_alerts", threshold: None },
    ]),
    sql: weeks!(
        "SELECT week, actions, failed_percent, tool_p95_ms, cost_usd, agents, critical_alerts FROM weeks ORDER BY week"
    ),
};
