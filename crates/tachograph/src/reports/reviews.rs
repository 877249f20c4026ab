//! Reports for people who audit: what happened in a day or a week.

use super::kinds::{Kind, Part, Period, Shape};

pub(super) static REVIEWS: &[Kind] = &[
    Kind {
        id: "agent-activity",
        title: "Daily agent activity",
        about: "What each agent did, how it ended, what it took, and what failed",
        period: Period::Day,
        sections: &[
            Part {
                title: "Agents",
                about: "One row for each agent; success is successes of those that ended in success or failure",
                columns: &["agent", "sessions", "actions", "failures", "success_percent", "tokens", "cost_usd", "first", "last"],
                shape: Shape::Rows,
                sql: "SELECT canonical_agent(agent_id) AS agent, count(DISTINCT session_id) AS sessions, count(*) AS actions,
                    count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
                    round(100.0 * count(*) FILTER (WHERE outcome_status = 'success')
                      / nullif(count(*) FILTER (WHERE outcome_status IN ('success', 'failure')), 0), 1) AS success_percent,
                    coalesce(sum(tokens_input), 0) + coalesce(sum(tokens_output), 0) AS tokens,
                    coalesce(sum(cost_usd), 0) AS cost_usd, min(recorded_at) AS first, max(recorded_at) AS last
                  FROM agent_audit_log WHERE $when GROUP BY 1 ORDER BY actions DESC, agent",
            },
            Part {
                title: "Actions",
                about: "What was done most",
                columns: &["type", "action", "count", "failures", "average_ms", "cost_usd"],
                shape: Shape::Rows,
                sql: "SELECT action_type AS type, action_name AS action, count(*) AS count,
                    count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
                    CAST(avg(duration_ms) AS BIGINT) AS average_ms, coalesce(sum(cost_usd), 0) AS cost_usd
                  FROM agent_audit_log WHERE $when GROUP BY 1, 2 ORDER BY count DESC, type, action",
            },
            Part {
                title: "Failures",
                about: "Each one that failed, newest first, with its entry on the log",
                columns: &["time", "agent", "action", "error", "entry"],
                shape: Shape::Rows,
                sql: "SELECT recorded_at AS time, agent_id AS agent, action_name AS action,
                    left(coalesce(json_as_text(outcome_error, 'message'), outcome_error, error_type), 200) AS error, index AS entry
                  FROM agent_audit_log WHERE outcome_status = 'failure' AND $when ORDER BY index DESC",
            },
        ],
    },
    Kind {
        id: "security-decisions",
        title: "Daily security decision audit",
        about: "Decisions about security, who got in and who was refused, and what was done with the rights of an administrator",
        period: Period::Day,
        sections: &[
            Part {
                title: "Decisions",
                about: "Security decisions, violations and approvals, newest first",
                columns: &["time", "agent", "action", "chosen", "risk", "outcome", "entry"],
                shape: Shape::Rows,
                sql: "SELECT recorded_at AS time, agent_id AS agent, action_name AS action, chosen, risk_level AS risk,
                    outcome_status AS outcome, index AS entry
                  FROM agent_audit_log WHERE (coalesce(mapped_action, action_name) IN ('security_decision',
                    'compliance_violation_detected', 'emergency_response') OR approval_required = 1) AND $when ORDER BY index DESC",
            },
            Part {
                title: "Sign-ins and access",
                about: "Events of authentication, by what they were and how they ended",
                columns: &["agent", "action", "outcome", "count", "last"],
                shape: Shape::Rows,
                sql: "SELECT agent_id AS agent, action_name AS action, outcome_status AS outcome, count(*) AS count, max(recorded_at) AS last
                  FROM agent_audit_log WHERE action_type = 'auth' AND $when GROUP BY 1, 2, 3 ORDER BY count DESC, agent, action",
            },
            Part {
                title: "As administrator",
                about: "Actions whose sender says that they had the permission level admin, by agent",
                columns: &["agent", "action", "count", "failures", "last"],
                shape: Shape::Rows,
                sql: "SELECT agent_id AS agent, action_name AS action, count(*) AS count,
                    count(*) FILTER (WHERE outcome_status = 'failure') AS failures, max(recorded_at) AS last
                  FROM agent_audit_log WHERE permission_level = 'admin' AND $when GROUP BY 1, 2 ORDER BY count DESC, agent, action",
            },
            Part {
                title: "Secrets removed",
                about: "Secrets and personal data that redaction took out before anything was stored, by agent",
                columns: &["agent", "events", "places"],
                shape: Shape::Rows,
                sql: "SELECT agent_id AS agent, count(*) AS events, sum(redactions) AS places
                  FROM agent_audit_log WHERE redactions > 0 AND $when GROUP BY 1 ORDER BY places DESC, agent",
            },
        ],
    },
    Kind {
        id: "data-access",
        title: "Daily data access log",
        about: "Who touched sensitive data and users' data, and what people asked for of their own",
        period: Period::Day,
        sections: &[
            Part {
                title: "By agent",
                about: "Events that touched sensitive data or a user's",
                columns: &["agent", "events", "users", "last"],
                shape: Shape::Rows,
                sql: "SELECT agent_id AS agent, count(*) AS events, count(DISTINCT user_id) AS users, max(recorded_at) AS last
                  FROM agent_audit_log WHERE (sensitive_data_accessed OR coalesce(mapped_action, action_name) = 'user_data_access') AND $when
                  GROUP BY 1 ORDER BY events DESC, agent",
            },
            Part {
                title: "Each access",
                about: "Newest first; users are named as long as their names are kept",
                columns: &["time", "agent", "user", "action", "resources", "outcome", "entry"],
                shape: Shape::Rows,
                sql: "SELECT recorded_at AS time, agent_id AS agent, user_id AS user, action_name AS action,
                    left(resources_accessed, 200) AS resources, outcome_status AS outcome, index AS entry
                  FROM agent_audit_log WHERE (sensitive_data_accessed OR coalesce(mapped_action, action_name) = 'user_data_access') AND $when
                  ORDER BY index DESC",
            },
            Part {
                title: "Requests of people",
                about: "Exports and erasures of a person's data; the log does not name the person",
                columns: &["time", "action", "outcome", "entry"],
                shape: Shape::Rows,
                sql: "SELECT recorded_at AS time, action_name AS action, outcome_status AS outcome, index AS entry
                  FROM agent_audit_log WHERE agent_id = 'tachograph' AND source = 'internal'
                    AND action_name IN ('user_data_exported', 'erasure_requested', 'user_data_erased', 'user_data_anonymised') AND $when
                  ORDER BY index DESC",
            },
        ],
    },
    Kind {
        id: "system-changes",
        title: "Daily system change register",
        about: "Deployments, configuration, agents and settings that changed",
        period: Period::Day,
        sections: &[
            Part {
                title: "Deployments and configuration",
                about: "Whatever counts as one, also shell commands that deploy; newest first",
                columns: &["time", "agent", "change", "action", "environment", "commit", "outcome", "entry"],
                shape: Shape::Rows,
                sql: "SELECT recorded_at AS time, agent_id AS agent, coalesce(mapped_action, action_name) AS change, action_name AS action,
                    environment, git_commit AS commit, outcome_status AS outcome, index AS entry
                  FROM agent_audit_log WHERE coalesce(mapped_action, action_name) IN ('production_deployment', 'code_deployment',
                    'configuration_change', 'system_shutdown') AND $when ORDER BY index DESC",
            },
            Part {
                title: "Agents",
                about: "Agents that were made, changed or deleted",
                columns: &["time", "agent", "action", "what", "level", "entry"],
                shape: Shape::Rows,
                sql: "SELECT recorded_at AS time, agent_id AS agent, action_name AS action, entity_id AS what, level, index AS entry
                  FROM agent_audit_log WHERE action_type = 'lifecycle' AND action_name NOT LIKE 'session%' AND $when ORDER BY index DESC",
            },
            Part {
                title: "Settings",
                about: "Settings of applications and of tachograph itself: keys, rules, holds, dashboards",
                columns: &["time", "agent", "action", "level", "outcome", "entry"],
                shape: Shape::Rows,
                sql: "SELECT recorded_at AS time, agent_id AS agent, action_name AS action, level, outcome_status AS outcome, index AS entry
                  FROM agent_audit_log WHERE action_type = 'settings' AND $when ORDER BY index DESC",
            },
        ],
    },
    Kind {
        id: "performance-review",
        title: "Weekly performance and compliance review",
        about: "How fast and how well agents worked, what failed, and what senders say of compliance",
        period: Period::Week,
        sections: &[
            Part {
                title: "Agents",
                about: "Times are those of actions that have one; the 95th percentile is approximate",
                columns: &["agent", "actions", "success_percent", "average_ms", "p95_ms", "tokens", "cost_usd"],
                shape: Shape::Rows,
                sql: "SELECT canonical_agent(agent_id) AS agent, count(*) AS actions,
                    round(100.0 * count(*) FILTER (WHERE outcome_status = 'success')
                      / nullif(count(*) FILTER (WHERE outcome_status IN ('success', 'failure')), 0), 1) AS success_percent,
                    CAST(avg(duration_ms) AS BIGINT) AS average_ms, CAST(approx_percentile_cont(duration_ms, 0.95) AS BIGINT) AS p95_ms,
                    coalesce(sum(tokens_input), 0) + coalesce(sum(tokens_output), 0) AS tokens, coalesce(sum(cost_usd), 0) AS cost_usd
                  FROM agent_audit_log WHERE $when GROUP BY 1 ORDER BY actions DESC, agent",
            },
            Part {
                title: "By day",
                about: "Actions, failures and cost of each day",
                columns: &["day", "actions", "failures", "agents", "cost_usd"],
                shape: Shape::Rows,
                sql: "SELECT to_char(recorded_at, 'YYYY-MM-DD') AS day, count(*) AS actions,
                    count(*) FILTER (WHERE outcome_status = 'failure') AS failures, count(DISTINCT agent_id) AS agents,
                    coalesce(sum(cost_usd), 0) AS cost_usd
                  FROM agent_audit_log WHERE $when GROUP BY 1 ORDER BY day",
            },
            Part {
                title: "What failed",
                about: "By action and kind of error",
                columns: &["action", "error", "count", "agents"],
                shape: Shape::Rows,
                sql: "SELECT action_name AS action, coalesce(error_type, 'not said') AS error, count(*) AS count, count(DISTINCT agent_id) AS agents
                  FROM agent_audit_log WHERE outcome_status = 'failure' AND $when GROUP BY 1, 2 ORDER BY count DESC, action, error",
            },
            Part {
                title: "Compliance",
                about: "What senders say: nothing here is judged by tachograph",
                columns: &["compliance", "regulatory_check", "security_scan", "events", "agents"],
                shape: Shape::Rows,
                sql: "SELECT compliance_status AS compliance, regulatory_check, security_scan, count(*) AS events, count(DISTINCT agent_id) AS agents
                  FROM agent_audit_log WHERE (compliance_status IS NOT NULL OR regulatory_check IS NOT NULL OR security_scan IS NOT NULL) AND $when
                  GROUP BY 1, 2, 3 ORDER BY events DESC, compliance, regulatory_check, security_scan",
            },
        ],
    },
    Kind {
        id: "communication-review",
        title: "Weekly communication review",
        about: "Who talks to whom, what was escalated, and what waits for an answer",
        period: Period::Week,
        sections: &[
            Part {
                title: "Pairs",
                about: "Messages that name a sender and a receiver",
                columns: &["sender", "receiver", "messages", "failures", "answer_wanted", "escalations", "last"],
                shape: Shape::Rows,
                sql: "SELECT from_agent AS sender, to_agent AS receiver, count(*) AS messages,
                    count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
                    count(*) FILTER (WHERE response_required = 1) AS answer_wanted, coalesce(sum(escalations), 0) AS escalations,
                    max(recorded_at) AS last
                  FROM agent_audit_log WHERE action_type = 'communication' AND from_agent IS NOT NULL AND to_agent IS NOT NULL AND $when
                  GROUP BY 1, 2 ORDER BY messages DESC, sender, receiver",
            },
            Part {
                title: "Answers",
                about: "How long answers took, by receiver, where the time was told",
                columns: &["receiver", "answers", "average_ms", "longest_ms"],
                shape: Shape::Rows,
                sql: "SELECT to_agent AS receiver, count(*) AS answers, CAST(avg(response_us) / 1000 AS BIGINT) AS average_ms, max(response_us) / 1000 AS longest_ms
                  FROM agent_audit_log WHERE response_us IS NOT NULL AND to_agent IS NOT NULL AND $when GROUP BY 1 ORDER BY answers DESC, receiver",
            },
            Part {
                title: "Escalations",
                about: "Each one, newest first",
                columns: &["time", "agent", "sender", "receiver", "action", "priority", "entry"],
                shape: Shape::Rows,
                sql: "SELECT recorded_at AS time, agent_id AS agent, from_agent AS sender, to_agent AS receiver, action_name AS action, priority, index AS entry
                  FROM agent_audit_log WHERE (escalations > 0 OR coalesce(mapped_action, action_name) = 'escalation_trigger') AND $when ORDER BY index DESC",
            },
        ],
    },
];
