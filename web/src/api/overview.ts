// The numbers of the whole fleet.

import { type Range, rangeSql, stepSeconds } from "../lib/range.ts";
import { useSql } from "./sql.ts";

/** What the recorder tells about itself is on the log too, and no work of the fleet. */
const OF_FLEET = "source <> 'internal'";
const DAY: Range = { kind: "last", preset: "24h", ms: 86_400_000 };

export interface Numbers {
  events: number;
  agents: number;
  sessions: number;
  successes: number;
  failures: number;
  timed: number;
  quick: number;
  p50: number | null;
  p95: number | null;
  avg: number | null;
  cost: number | string | null;
  tokens: number | null;
  critical: number;
  sign_in_failures: number;
  denied: number;
  sensitive: number;
  redactions: number | null;
  memory: number;
  tasks: number;
  compliant: number;
  judged: number;
}

/** What an answer may take, microseconds: the target for the share of quick actions. */
export const QUICK_US = 1_200_000;

function numbersSql(where: string): string {
  const when = (condition: string) => `count(*) FILTER (WHERE ${condition})`;
  return `SELECT count(*) AS events, count(DISTINCT agent_id) AS agents, count(DISTINCT session_id) AS sessions,
    ${when("outcome_status = 'success'")} AS successes, ${when("outcome_status = 'failure'")} AS failures,
    ${when("duration_us IS NOT NULL")} AS timed, ${when(`duration_us <= ${QUICK_US}`)} AS quick,
    approx_percentile_cont(duration_us, 0.5) AS p50, approx_percentile_cont(duration_us, 0.95) AS p95, avg(duration_us) AS avg,
    sum(cost_usd) AS cost, sum(coalesce(tokens_input, 0) + coalesce(tokens_output, 0)) AS tokens,
    ${when("class = 'critical'")} AS critical,
    ${when("action_type = 'auth' AND outcome_status = 'failure' AND action_name ILIKE '%login%'")} AS sign_in_failures,
    ${when("action_type = 'auth' AND outcome_status = 'failure' AND action_name NOT ILIKE '%login%'")} AS denied,
    ${when("sensitive_data_accessed")} AS sensitive, sum(redactions) AS redactions,
    count(DISTINCT agent_id) FILTER (WHERE action_type = 'memory') AS memory,
    ${when("action_name = 'task_completion' OR action_name = 'workflow_finished'")} AS tasks,
    ${when("compliance_status = 'compliant' OR regulatory_check = 'passed'")} AS compliant,
    ${when("compliance_status IS NOT NULL OR regulatory_check IS NOT NULL")} AS judged
  FROM agent_audit_log WHERE ${OF_FLEET} AND ${where}`;
}

/** `back` = 1 gives the window before, of the same length. */
export function useNumbers(range: Range, back = 0) {
  return useSql<Numbers>(numbersSql(rangeSql(range, back)), { refresh: 30_000 });
}

export interface Balance {
  name: string;
  value: number;
  unit: string | null;
  timestamp: string;
  index: number;
}

/** The newest balance of credit that an event reported: a metric with such a name. */
export function useBalance() {
  return useSql<Balance>(
    `SELECT action_name AS name, TRY_CAST(action_details->>'value' AS DOUBLE) AS value, action_details->>'unit' AS unit, timestamp, index
    FROM agent_audit_log WHERE action_type = 'metric' AND action_name IN ('credit_balance', 'credits_balance', 'balance') AND timestamp >= now() - INTERVAL '30 days'
    ORDER BY index DESC LIMIT 1`,
    { refresh: 30_000 },
  );
}

/** Whether anything was sent yet. */
export function useHasEvents() {
  return useSql<{ index: number }>(`SELECT index FROM agent_audit_log WHERE ${OF_FLEET} LIMIT 1`);
}

export function useKnownAgents() {
  return useSql<{ known: number }>("SELECT count(*) AS known FROM agents WHERE id <> 'tachograph'", { refresh: 30_000 });
}

export interface Bucket {
  t: string;
  outcome_status: string;
  n: number;
}

/** How many events of each outcome, by time. */
export function useHistogram(condition: string, range: Range, spanMs: number, bars = 60) {
  const step = stepSeconds(spanMs, bars);
  const query = useSql<Bucket>(
    `SELECT date_bin(INTERVAL '${step} seconds', timestamp) AS t, outcome_status, count(*) AS n
    FROM agent_audit_log WHERE (${condition}) AND ${rangeSql(range)} GROUP BY 1, 2 ORDER BY 1 LIMIT 20000`,
    { refresh: 15_000 },
  );
  return { step, query };
}

export function useOldest() {
  return useSql<{ first: string | null; last: string | null }>("SELECT min(timestamp) AS first, max(timestamp) AS last FROM agent_audit_log", { refresh: 60_000 });
}

export interface AgentDay {
  agent_id: string;
  agent_name: string | null;
  events: number;
  events_before: number;
  failures: number;
  failures_before: number;
  done: number;
  done_before: number;
  cost: number | string | null;
  cost_before: number | string | null;
  p50: number | null;
  p50_before: number | null;
  first_seen: string | null;
}

/** Each agent's last 24 hours beside the 24 before: what "since yesterday" is said from. Two windows by themselves: what is known of hours counts for both. */
export function useAgentDays() {
  const day = (back: number) => `(SELECT agent_id, max(agent_name) AS agent_name, count(*) AS events, count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
      count(*) FILTER (WHERE outcome_status IN ('success', 'failure')) AS done, sum(cost_usd) AS cost, approx_percentile_cont(duration_us, 0.5) AS p50
    FROM agent_audit_log WHERE ${OF_FLEET} AND ${rangeSql(DAY, back)} GROUP BY agent_id)`;
  const both = (name: string, expr = (side: string) => `coalesce(${side}.${name}, 0)`) => `${expr("n")} AS ${name}, ${expr("b")} AS ${name}_before`;
  return useSql<AgentDay>(
    `SELECT coalesce(n.agent_id, b.agent_id) AS agent_id, coalesce(n.agent_name, b.agent_name) AS agent_name, a.first_seen,
      ${both("events")}, ${both("failures")}, ${both("done")}, ${both("cost", (side) => `${side}.cost`)}, ${both("p50", (side) => `${side}.p50`)}
    FROM ${day(0)} n FULL JOIN ${day(1)} b ON b.agent_id = n.agent_id LEFT JOIN agents a ON a.id = coalesce(n.agent_id, b.agent_id) LIMIT 2000`,
    { refresh: 60_000 },
  );
}

export interface Recent {
  agent_id: string;
  agent_name: string | null;
  last: string;
  doing: string;
  status: string;
  index: number;
}

export function useRecentAgents() {
  return useSql<Recent>(
    `SELECT agent_id, max(agent_name) AS agent_name, max(timestamp) AS last, last_value(action_name ORDER BY index) AS doing,
      last_value(outcome_status ORDER BY index) AS status, max(index) AS index
    FROM agent_audit_log WHERE ${OF_FLEET} AND timestamp >= now() - INTERVAL '24 hours' GROUP BY agent_id ORDER BY last DESC LIMIT 3`,
    { refresh: 10_000 },
  );
}
