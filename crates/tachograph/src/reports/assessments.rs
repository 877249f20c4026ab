//! Reports of a month and of a quarter: compliance, security, operations, the whole system, whether it goes on.

use super::health::Bound::Zero;
use super::health::{
    AVAILABILITY, CAPACITY, COLUMNS, Check, DAYS, EACH_TOOL, GROWTH, PERFORMANCE, SECURITY, SLA, TOOLS, check,
};
use super::kinds::{Drawing, Kind, Part, Period, Shape};

pub(super) static ASSESSMENTS: &[Kind] = &[
    Kind {
        id: "compliance-review",
        title: "Monthly compliance review",
        about: "Violations, approvals, what people asked for of their data, and changes of what is recorded and kept",
        period: Period::Month,
        sections: &[COMPLIANCE, AS_TOLD, REQUESTS, RULES_OF_RECORD],
    },
    Kind {
        id: "security-posture",
        title: "Monthly security posture",
        about: "Sign-ins, rights, secrets and integrity beside their thresholds, day by day",
        period: Period::Month,
        sections: &[SECURITY, SECURITY_DAYS, SECURITY_ALERTS],
    },
    Kind {
        id: "operations-review",
        title: "Monthly operations review",
        about: "Service levels, speed, tools and room, beside their thresholds",
        period: Period::Month,
        sections: &[SLA, PERFORMANCE, DAYS, TOOLS, EACH_TOOL, CAPACITY, GROWTH],
    },
    Kind {
        id: "system-audit",
        title: "Quarterly system audit",
        about: "What is on the record and who put it there, its integrity, security, and every change of the server's own settings",
        period: Period::Quarter,
        sections: &[SOURCES, SECURITY, INTEGRITY, RULES_OF_RECORD],
    },
    Kind {
        id: "continuity",
        title: "Quarterly business continuity assessment",
        about: "How long nothing was recorded and why, whether answers came in time, and what room is left",
        period: Period::Quarter,
        sections: &[AVAILABILITY, RESTARTS, SLA, CAPACITY, GROWTH],
    },
];

const COMPLIANCE: Part = Part {
    title: "Compliance",
    about: "From the record; what senders say is counted as they say it, and judged by nobody here",
    columns: &COLUMNS,
    shape: Shape::Checks(LAWFUL),
    sql: "SELECT violations, violations_entry, CASE WHEN checked > 0 THEN check_failures END AS regulatory, checked AS regulatory_of, regulatory_entry,
        CASE WHEN scanned > 0 THEN scan_failures END AS scans, scanned AS scans_of, scans_entry,
        CASE WHEN asked > 0 THEN asked - ended END AS approvals, asked AS approvals_of, approvals_entry,
        CASE WHEN requests > 0 THEN undone END AS erasures, requests AS erasures_of, erasures_entry,
        CASE WHEN integrity_of > 0 THEN integrity_failures END AS integrity, integrity_of, integrity_entry
      FROM (SELECT count(*) FILTER (WHERE is_violation) AS violations, max(index) FILTER (WHERE is_violation) AS violations_entry,
          count(regulatory_check) AS checked, count(*) FILTER (WHERE lower(regulatory_check) IN ('failed', 'fail', 'violation', 'rejected')) AS check_failures,
          max(index) FILTER (WHERE lower(regulatory_check) IN ('failed', 'fail', 'violation', 'rejected')) AS regulatory_entry,
          count(security_scan) AS scanned, count(*) FILTER (WHERE lower(security_scan) IN ('failed', 'fail', 'violation', 'rejected')) AS scan_failures,
          max(index) FILTER (WHERE lower(security_scan) IN ('failed', 'fail', 'violation', 'rejected')) AS scans_entry,
          count(*) FILTER (WHERE approval_required = 1) AS asked, count(*) FILTER (WHERE approval_required = 1 AND outcome_status IN ('success', 'failure')) AS ended,
          max(index) FILTER (WHERE approval_required = 1 AND coalesce(outcome_status, '') NOT IN ('success', 'failure')) AS approvals_entry
        FROM (SELECT *, coalesce(mapped_action, lower(action_name)) IN ('compliance_violation', 'compliance_violation_detected')
              OR compliance_status IN ('violation', 'non_compliant', 'failed') AS is_violation
          FROM agent_audit_log WHERE source <> 'internal' AND $when) AS all_of_it) AS told
      CROSS JOIN (SELECT count(*) AS requests, count(*) FILTER (WHERE NOT is_done) AS undone, max(entry) FILTER (WHERE NOT is_done) AS erasures_entry
        FROM (SELECT json_as_text(output, 'erasure') AS erasure, max(index) AS entry, bool_or(action_name = 'erasure_requested' AND recorded_at < $to) AS is_asked,
            bool_or(action_name <> 'erasure_requested') AS is_done
          FROM events WHERE source = 'internal' AND action_name IN ('erasure_requested', 'user_data_erased', 'user_data_anonymised')
            AND recorded_at >= $from AND index < $size GROUP BY 1) AS each WHERE is_asked) AS people
      CROSS JOIN (SELECT count(*) AS integrity_of, count(*) FILTER (WHERE outcome_status = 'failure') AS integrity_failures, max(index) AS integrity_entry
        FROM events WHERE source = 'internal' AND action_name = 'integrity_check' AND $when) AS own",
};

const LAWFUL: &[Check] = &[
    check("violations", "Compliance violations that senders told", "", Zero)
        .look("the rule compliance_violation names each one"),
    check("regulatory", "Regulatory checks that failed", "", Zero)
        .of("checks")
        .missing("no sender told of a regulatory check")
        .look("the entry is the newest"),
    check("scans", "Security scans that failed", "", Zero)
        .of("scans")
        .missing("no sender told of a security scan")
        .look("the entry is the newest"),
    check("approvals", "Actions that needed a person's approval and have no end on the record", "", Zero)
        .of("actions")
        .missing("no action said that it needs approval")
        .look("tachograph reports make security-decisions lists each"),
    check("erasures", "Erasures that people asked for and that are not done", "", Zero)
        .of("requests")
        .missing("nobody asked for an erasure")
        .look("a legal hold, or a run that failed: docs/guide/retention.md"),
    check("integrity", "Checks of the whole folder that found something", "", Zero)
        .of("checks")
        .missing("no check ended in this time: verify.every_hours of the configuration")
        .look("tachograph verify names each finding"),
];

const AS_TOLD: Part = Part {
    title: "As senders tell it",
    about: "Compliance, regulatory checks and security scans, by what they say",
    columns: &["compliance", "regulatory_check", "security_scan", "events", "agents", "entry"],
    shape: Shape::Rows,
    sql: "SELECT compliance_status AS compliance, regulatory_check, security_scan, count(*) AS events, count(DISTINCT agent_id) AS agents, max(index) AS entry
      FROM agent_audit_log WHERE (compliance_status IS NOT NULL OR regulatory_check IS NOT NULL OR security_scan IS NOT NULL) AND $when
      GROUP BY 1, 2, 3 ORDER BY events DESC, compliance, regulatory_check, security_scan",
};

const REQUESTS: Part = Part {
    title: "Requests of people",
    about: "Exports and erasures of a person's data; the log does not name the person",
    columns: &["time", "action", "outcome", "entry"],
    shape: Shape::Rows,
    sql: "SELECT recorded_at AS time, action_name AS action, outcome_status AS outcome, index AS entry FROM events
      WHERE source = 'internal' AND action_name IN ('user_data_exported', 'erasure_requested', 'user_data_erased', 'user_data_anonymised') AND $when
      ORDER BY index DESC",
};

const RULES_OF_RECORD: Part = Part {
    title: "Changes of the server's own settings",
    about: "Keys, agents, holds, rules, silences and dashboards, by kind of change",
    columns: &["change", "times", "last", "entry"],
    shape: Shape::Rows,
    sql: "SELECT action_name AS change, count(*) AS times, max(recorded_at) AS last, max(index) AS entry FROM events
      WHERE source = 'internal' AND (action_type = 'settings' OR action_name IN ('alert_rules_edited', 'alert_rules_removed', 'alert_silence_set',
        'alert_silence_ended', 'alert_maintenance_set')) AND $when GROUP BY 1 ORDER BY times DESC, change",
};

const SECURITY_DAYS: Part = Part {
    title: "By day",
    about: "Critical alerts of the tier security, failed sign-ins at this server, and events that redaction took something out of",
    columns: &["day", "alerts", "failed_logins", "redacted"],
    shape: Shape::Drawn(&[
        Drawing { title: "Critical alerts of security", along: "day", column: "alerts", threshold: None },
        Drawing { title: "Failed sign-ins", along: "day", column: "failed_logins", threshold: None },
        Drawing { title: "Events with something removed", along: "day", column: "redacted", threshold: None },
    ]),
    sql: "SELECT days.day AS day, coalesce(alerts, 0) AS alerts, coalesce(logins, 0) AS failed_logins, coalesce(redacted, 0) AS redacted
      FROM (VALUES $each_day) AS days(day) LEFT JOIN (
        SELECT to_char(recorded_at, 'YYYY-MM-DD') AS day,
          count(*) FILTER (WHERE source = 'internal' AND action_name = 'alert_firing' AND json_as_text(output, 'severity') = 'critical'
            AND json_as_text(output, 'labels', 'tier') = 'security') AS alerts,
          sum(json_get_int(output, 'count')) FILTER (WHERE source = 'internal' AND action_name = 'failed_login') AS logins,
          count(*) FILTER (WHERE source <> 'internal' AND redactions > 0) AS redacted
        FROM events WHERE $when GROUP BY 1) AS seen ON seen.day = days.day ORDER BY days.day",
};

const SECURITY_ALERTS: Part = Part {
    title: "Alerts of security by rule",
    about: "Every severity; the most firing first",
    columns: &["rule", "severity", "fired", "last", "entry"],
    shape: Shape::Rows,
    sql: "SELECT json_as_text(output, 'rule') AS rule, json_as_text(output, 'severity') AS severity, count(*) AS fired, max(recorded_at) AS last, max(index) AS entry
      FROM events WHERE source = 'internal' AND action_name = 'alert_firing' AND json_as_text(output, 'labels', 'tier') = 'security' AND $when
      GROUP BY 1, 2 ORDER BY fired DESC, rule",
};

const SOURCES: Part = Part {
    title: "What is on the record",
    about: "Entries by where they came from and how much of them was seen by tachograph itself",
    columns: &["source", "known", "class", "entries", "agents", "first", "last"],
    shape: Shape::Rows,
    sql: "SELECT source, known, class, count(*) AS entries, count(DISTINCT agent_id) AS agents, min(recorded_at) AS first, max(recorded_at) AS last
      FROM events WHERE $when GROUP BY 1, 2, 3 ORDER BY entries DESC, source, known, class",
};

const INTEGRITY: Part = Part {
    title: "Each check of the whole folder",
    about: "Newest first, as the server told it",
    columns: &["time", "outcome", "summary", "entry"],
    shape: Shape::Rows,
    sql: "SELECT recorded_at AS time, outcome_status AS outcome, left(json_as_text(output, 'summary'), 200) AS summary, index AS entry
      FROM events WHERE source = 'internal' AND action_name = 'integrity_check' AND $when ORDER BY index DESC",
};

const RESTARTS: Part = Part {
    title: "Each restart",
    about: "Newest first: how the server had ended, and for how long nothing was recorded",
    columns: &["time", "ended", "away_seconds", "last_sign", "version", "entry"],
    shape: Shape::Rows,
    sql: "SELECT recorded_at AS time, json_as_text(output, 'ended') AS ended, json_get_int(output, 'away_seconds') AS away_seconds,
        json_as_text(output, 'alive_until') AS last_sign, json_as_text(output, 'version') AS version, index AS entry
      FROM events WHERE source = 'internal' AND action_name = 'server_started' AND $when ORDER BY index DESC",
};
