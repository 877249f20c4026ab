// What the work is worth to the business: workflows from end to end, people who use it, quality, value.

import { type Range, rangeSql, stepSeconds } from "../lib/range.ts";
import { useSql } from "./sql.ts";

const REFRESH = { refresh: 30_000 };
/** A workflow that says nothing for so long without having ended counts as abandoned. */
const ABANDONED = "1 hour";
const ENDED = "(action_name ILIKE '%finish%' AND action_name NOT ILIKE '%step%' OR action_name ILIKE '%workflow_complet%' OR action_name ILIKE 'task_complet%')";

export interface Workflows {
  workflows: number;
  finished: number;
  failed: number;
  abandoned: number;
  p50: number | null;
  p95: number | null;
}

/** Workflows as wholes: from their first event to the one that says they ended. */
export function useWorkflows(range: Range) {
  return useSql<Workflows>(
    `SELECT count(*) AS workflows, count(*) FILTER (WHERE ended = 1) AS finished, count(*) FILTER (WHERE ended = 1 AND failures > 0) AS failed,
      count(*) FILTER (WHERE ended = 0 AND last < now() - INTERVAL '${ABANDONED}') AS abandoned,
      approx_percentile_cont(took, 0.5) FILTER (WHERE ended = 1) AS p50, approx_percentile_cont(took, 0.95) FILTER (WHERE ended = 1) AS p95
    FROM (SELECT workflow_id, max(CASE WHEN ${ENDED} THEN 1 ELSE 0 END) AS ended, count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
        max(timestamp) AS last, CAST(max(timestamp) AS BIGINT) - CAST(min(timestamp) AS BIGINT) AS took
      FROM agent_audit_log WHERE workflow_id IS NOT NULL AND ${rangeSql(range)} GROUP BY workflow_id)`,
    REFRESH,
  );
}

export interface WorkflowStep {
  step: string;
  n: number;
  finished: number;
  failures: number;
  avg: number | null;
  workflows: number;
}

export function useWorkflowSteps(range: Range) {
  return useSql<WorkflowStep>(
    `SELECT coalesce(stage, workflow_step) AS step, count(*) AS n, count(*) FILTER (WHERE outcome_status IN ('success', 'failure')) AS finished,
      count(*) FILTER (WHERE outcome_status = 'failure') AS failures, avg(duration_us) AS avg, count(DISTINCT coalesce(workflow_id, task_id)) AS workflows
    FROM agent_audit_log WHERE coalesce(stage, workflow_step) IS NOT NULL AND ${rangeSql(range)} GROUP BY 1 ORDER BY n DESC LIMIT 40`,
    REFRESH,
  );
}

export interface Engagement {
  users: number;
  sessions: number;
  messages: number;
  rated: number;
  rating: number | null;
  asked: number;
  answered: number;
}

/** People: those whom events name, without the system account. */
export function useEngagement(range: Range, back = 0) {
  const person = "user_id IS NOT NULL AND user_id <> 'system'";
  const rating = "coalesce(rating_ppm / 1000000.0, TRY_CAST(action_details->>'rating' AS DOUBLE) / coalesce(TRY_CAST(action_details->>'scale' AS DOUBLE), 5))";
  const from = `FROM agent_audit_log WHERE source <> 'internal' AND ${rangeSql(range, back)}`;
  return useSql<Engagement>(
    `SELECT * FROM (SELECT count(DISTINCT user_id) FILTER (WHERE ${person}) AS users, count(DISTINCT session_id) FILTER (WHERE ${person}) AS sessions,
        count(*) FILTER (WHERE action_name IN ('user_message', 'UserPromptSubmit', 'user_prompt')) AS messages,
        count(*) FILTER (WHERE response_required = 1) AS asked, count(*) FILTER (WHERE response_us IS NOT NULL OR response_status IS NOT NULL) AS answered
      ${from}) AS people
    CROSS JOIN (SELECT count(*) AS rated, avg(${rating}) AS rating ${from} AND (rating_ppm IS NOT NULL OR action_name = 'user_rating')) AS ratings`,
    REFRESH,
  );
}

export interface SessionTimes {
  sessions: number;
  p50: number | null;
  p95: number | null;
}

export function useSessionTimes(range: Range) {
  return useSql<SessionTimes>(
    `SELECT count(*) AS sessions, approx_percentile_cont(took, 0.5) AS p50, approx_percentile_cont(took, 0.95) AS p95
    FROM (SELECT session_id, CAST(max(timestamp) AS BIGINT) - CAST(min(timestamp) AS BIGINT) AS took
      FROM agent_audit_log WHERE session_id IS NOT NULL AND ${rangeSql(range)} GROUP BY session_id)`,
    REFRESH,
  );
}

export interface Quality {
  validation: number;
  data_quality: number | null;
  measured: number;
}

/** Data: failed validations and its measured quality. */
export function useQuality(range: Range) {
  const from = `FROM agent_audit_log WHERE ${rangeSql(range)}`;
  // Each part reads the long texts of its own few events only.
  return useSql<Quality>(
    `SELECT * FROM (SELECT count(*) AS validation ${from} AND outcome_status = 'failure' AND (error_type ILIKE '%validation%' OR outcome_error ILIKE '%validation%')) AS failed
    CROSS JOIN (SELECT avg(TRY_CAST(action_details->>'value' AS DOUBLE)) AS data_quality, count(*) AS measured ${from} AND action_type = 'metric' AND action_name ILIKE '%data_quality%') AS measures`,
    REFRESH,
  );
}

export interface Accesses {
  resources: number;
  sensitive: number;
}

/** How many accesses to resources say that they were sensitive. Asked beside the others: it reads a long text of every event. */
export function useAccesses(range: Range) {
  return useSql<Accesses>(
    `SELECT count(*) AS resources, count(*) FILTER (WHERE sensitive_data_accessed) AS sensitive FROM agent_audit_log WHERE resources_accessed IS NOT NULL AND ${rangeSql(range)}`,
    REFRESH,
  );
}

export interface Valued {
  level: string;
  n: number;
  agents: number;
  confidence: number | null;
}

/** Decisions by the value that they state. */
export function useValued(range: Range) {
  return useSql<Valued>(
    `SELECT business_value AS level, count(*) AS n, count(DISTINCT agent_id) AS agents, avg(confidence_ppm) / 1000000 AS confidence
    FROM agent_audit_log WHERE business_value IS NOT NULL AND ${rangeSql(range)} GROUP BY 1 ORDER BY n DESC LIMIT 12`,
    REFRESH,
  );
}

export interface BusinessMetric {
  name: string;
  unit: string | null;
  value: number | null;
  before: number | null;
  benchmark: number | null;
  n: number;
}

/** Metrics of the business that somebody sends: return on investment, value drivers, satisfaction, cases. */
export function useBusinessMetrics(range: Range) {
  const about = ["roi", "value", "benchmark", "variance", "satisf", "engagement", "case_", "revenue", "saving", "conversion", "churn", "sla"].map((word) => `action_name ILIKE '%${word}%'`).join(" OR ");
  const value = "TRY_CAST(action_details->>'value' AS DOUBLE)";
  return useSql<BusinessMetric>(
    `SELECT action_name AS name, max(action_details->>'unit') AS unit, last_value(${value} ORDER BY index) AS value, first_value(${value} ORDER BY index) AS before,
      last_value(TRY_CAST(action_details->>'benchmark' AS DOUBLE) ORDER BY index) AS benchmark, count(*) AS n
    FROM agent_audit_log WHERE action_type = 'metric' AND (${about}) AND ${rangeSql(range)} GROUP BY 1 ORDER BY n DESC LIMIT 40`,
    REFRESH,
  );
}

export interface UserRow {
  user_id: string;
  sessions: number;
  events: number;
  messages: number;
  failures: number;
  cost: number | string | null;
  last: string;
}

export function useUsers(range: Range) {
  return useSql<UserRow>(
    `SELECT user_id, count(DISTINCT session_id) AS sessions, count(*) AS events, count(*) FILTER (WHERE action_name IN ('user_message', 'UserPromptSubmit', 'user_prompt')) AS messages,
      count(*) FILTER (WHERE outcome_status = 'failure') AS failures, sum(cost_usd) AS cost, max(timestamp) AS last
    FROM agent_audit_log WHERE user_id IS NOT NULL AND user_id <> 'system' AND ${rangeSql(range)} GROUP BY 1 ORDER BY sessions DESC LIMIT 100`,
    REFRESH,
  );
}

export interface WorkflowBucket {
  t: string;
  outcome_status: string;
  n: number;
}

/** Ended workflows and tasks by time. */
export function useEnded(range: Range, spanMs: number) {
  const step = stepSeconds(spanMs, 40);
  const query = useSql<WorkflowBucket>(
    `SELECT date_bin(INTERVAL '${step} seconds', timestamp) AS t, outcome_status, count(*) AS n
    FROM agent_audit_log WHERE ${ENDED} AND ${rangeSql(range)} GROUP BY 1, 2 ORDER BY 1 LIMIT 5000`,
    REFRESH,
  );
  return { step, query };
}
