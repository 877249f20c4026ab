// Costs, performance and security: what each dashboard asks.

import { type Range, rangeSql, stepSeconds } from "../lib/range.ts";
import { useSql } from "./sql.ts";

export type CostBy = "agent_id" | "model" | "action_name" | "user_id" | "team";

export interface CostRow {
  name: string | null;
  cost: number | string;
  estimated: number | string | null;
  tokens_input: number;
  tokens_output: number;
  cache_read: number;
  /** Those that say, or let estimate, what they cost. */
  events: number;
}

// What has a cost is chosen behind the sums, not before them: then those that segments carry answer.
export function useCosts(by: CostBy, range: Range) {
  return useSql<CostRow>(
    `SELECT ${by} AS name, coalesce(sum(cost_usd), 0) AS cost, sum(cost_usd) FILTER (WHERE cost_estimated = 1) AS estimated,
      coalesce(sum(tokens_input), 0) AS tokens_input, coalesce(sum(tokens_output), 0) AS tokens_output,
      coalesce(sum(tokens_cache_read), 0) AS cache_read, count(cost_micros) AS events
    FROM agent_audit_log WHERE ${rangeSql(range)} GROUP BY 1 HAVING count(cost_micros) + count(tokens_input) + count(tokens_output) > 0 ORDER BY cost DESC LIMIT 200`,
    { refresh: 30_000 },
  );
}

export interface CostBucket {
  t: string;
  name: string | null;
  cost: number | string;
}

export function useCostSeries(by: CostBy, range: Range, spanMs: number) {
  const step = stepSeconds(spanMs, 40);
  const query = useSql<CostBucket>(
    `SELECT date_bin(INTERVAL '${step} seconds', timestamp) AS t, ${by} AS name, sum(cost_usd) AS cost
    FROM agent_audit_log WHERE ${rangeSql(range)} GROUP BY 1, 2 HAVING count(cost_micros) > 0 ORDER BY 1 LIMIT 50000`,
    { refresh: 30_000 },
  );
  return { step, query };
}

export interface ActionSpeed {
  action_type: string;
  action_name: string;
  n: number;
  failures: number;
  p50: number;
  p95: number;
  slowest: number;
  total: number;
}

/** How long actions take, by name. */
export function useSpeeds(range: Range) {
  return useSql<ActionSpeed>(
    `SELECT action_type, action_name, count(*) AS n, count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
      approx_percentile_cont(duration_us, 0.5) AS p50, approx_percentile_cont(duration_us, 0.95) AS p95,
      max(duration_us) AS slowest, sum(duration_us) AS total
    FROM agent_audit_log WHERE duration_us IS NOT NULL AND ${rangeSql(range)} GROUP BY 1, 2 ORDER BY total DESC LIMIT 200`,
    { refresh: 15_000 },
  );
}

export interface SpeedBucket {
  t: string;
  p50: number | null;
  p95: number | null;
  n: number;
  failures: number;
}

export function useSpeedSeries(range: Range, spanMs: number) {
  const step = stepSeconds(spanMs, 60);
  const query = useSql<SpeedBucket>(
    `SELECT date_bin(INTERVAL '${step} seconds', timestamp) AS t, approx_percentile_cont(duration_us, 0.5) AS p50,
      approx_percentile_cont(duration_us, 0.95) AS p95, count(*) AS n,
      count(*) FILTER (WHERE outcome_status = 'failure') AS failures
    FROM agent_audit_log WHERE ${rangeSql(range)} GROUP BY 1 ORDER BY 1 LIMIT 5000`,
    { refresh: 15_000 },
  );
  return { step, query };
}

export interface SecurityEvent {
  index: number;
  timestamp: string;
  agent_id: string;
  agent_name: string | null;
  action_type: string;
  action_name: string;
  outcome_status: string;
  class: string;
  user_id: string | null;
  ip: string | null;
}

/** What a security officer reads first: access, critical events, sensitive data, permissions. */
export const SECURITY = "(action_type = 'auth' OR class = 'critical' OR sensitive_data_accessed OR permission_level = 'admin')";

export function useSecurityEvents(range: Range, condition = SECURITY) {
  return useSql<SecurityEvent>(
    `SELECT index, timestamp, agent_id, agent_name, action_type, action_name, outcome_status, class, user_id, ip
    FROM agent_audit_log WHERE ${condition} AND ${rangeSql(range)} ORDER BY timestamp DESC LIMIT 60`,
    { refresh: 15_000 },
  );
}

/** Events that state in their result that somebody gained rights. Asked by itself, and by a phrase first: results are long texts. */
export function useEscalations(range: Range) {
  return useSql<{ n: number }>(
    `SELECT count(*) AS n FROM agent_audit_log WHERE outcome_result LIKE '%"escalation"%' AND outcome_result->>'escalation' = 'true' AND source <> 'internal' AND ${rangeSql(range)}`,
    { refresh: 30_000 },
  );
}

export interface Counted {
  name: string | null;
  n: number;
  failures: number;
  last: string;
}

export function useCounted(column: string, condition: string, range: Range, limit = 12) {
  return useSql<Counted>(
    `SELECT ${column} AS name, count(*) AS n, count(*) FILTER (WHERE outcome_status = 'failure') AS failures, max(timestamp) AS last
    FROM agent_audit_log WHERE ${condition} AND ${rangeSql(range)} GROUP BY 1 ORDER BY n DESC LIMIT ${limit}`,
    { refresh: 30_000 },
  );
}
