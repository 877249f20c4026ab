// What an operator watches: tasks under way, who talks to whom, agents by the hour, what hosts and services report.

import type { AnswerRow, StepRow } from "../lib/tasks.ts";
import type { Edge } from "../lib/network.ts";
import { type Range, rangeSql, stepSeconds } from "../lib/range.ts";
import { quote } from "../lib/sqltext.ts";
import { useSql } from "./sql.ts";

const REFRESH = { refresh: 10_000 };
/** Steps that are looked at: the newest. */
export const STEPS_MAX = 3000;

/** Each step of each task or workflow that was heard of. */
export function useTaskSteps(range: Range) {
  const last = (column: string) => `last_value(${column} ORDER BY index)`;
  return useSql<StepRow>(
    `SELECT coalesce(workflow_id, task_id) AS task, coalesce(workflow_step, stage, action_name) AS step, ${last("action_type")} AS kind,
      left(${last("CASE WHEN action_type = 'communication' THEN action_details->>'subject' ELSE coalesce(action_details->>'name', task_id) END")}, 120) AS subject,
      min(timestamp) AS first, max(timestamp) AS last, max(index) AS index,
      ${last("outcome_status")} AS status, ${last("action_name")} AS doing, ${last("coalesce(from_agent, agent_id)")} AS agent_id, ${last("to_agent")} AS to_agent,
      max(response_required) AS asks, max(CASE WHEN response_us IS NOT NULL OR response_status IS NOT NULL THEN 1 ELSE 0 END) AS answered,
      max(blocking) AS blocking, max(approval_required) AS approval, max(expected_response_us) AS expected_us, max(escalation_us) AS escalation_us
    FROM agent_audit_log WHERE (workflow_id IS NOT NULL OR task_id IS NOT NULL) AND ${rangeSql(range)}
    GROUP BY 1, 2 ORDER BY index DESC LIMIT ${STEPS_MAX}`,
    REFRESH,
  );
}

/** Answers that name no task are known by who answered whom at which stage. */
export function useAnswers(range: Range) {
  return useSql<AnswerRow>(
    `SELECT coalesce(from_agent, agent_id) AS from_agent, to_agent, stage, max(timestamp) AS last
    FROM agent_audit_log WHERE action_type = 'communication' AND to_agent IS NOT NULL AND (response_us IS NOT NULL OR response_status IS NOT NULL) AND ${rangeSql(range)}
    GROUP BY 1, 2, 3 LIMIT 5000`,
    REFRESH,
  );
}

export interface Executions {
  running: number;
  agents: number;
  open_calls: number;
  hung_calls: number;
  finished: number;
  failures: number;
}

/** What goes on just now, beside what ended in the range. Each by itself: the first reads the newest rows alone, of the last what is over is known. */
export function useExecutions(range: Range) {
  const from = `FROM agent_audit_log WHERE source <> 'internal' AND ${rangeSql(range)}`;
  return useSql<Executions>(
    `SELECT * FROM (SELECT count(DISTINCT session_id) AS running, count(DISTINCT agent_id) AS agents ${from} AND timestamp > now() - INTERVAL '2 minutes') AS now_on
    CROSS JOIN (SELECT count(*) FILTER (WHERE state = 'open') AS open_calls, count(*) FILTER (WHERE state = 'hung') AS hung_calls ${from}) AS calls
    CROSS JOIN (SELECT count(*) FILTER (WHERE outcome_status IN ('success', 'failure')) AS finished, count(*) FILTER (WHERE outcome_status = 'failure') AS failures ${from}) AS ended`,
    REFRESH,
  );
}

export const EDGES_MAX = 4000;
const TALK = "action_type = 'communication' AND to_agent IS NOT NULL AND to_agent <> coalesce(from_agent, agent_id)";

/** Who talks to whom; with `agent`, only what it sends and receives. */
export function useNetwork(range: Range, agent?: string) {
  const mine = agent === undefined ? "" : ` AND (coalesce(from_agent, agent_id) = ${quote(agent)} OR to_agent = ${quote(agent)})`;
  return useSql<Edge>(
    `SELECT coalesce(from_agent, agent_id) AS source, to_agent AS target, count(*) AS n,
      count(*) FILTER (WHERE outcome_status = 'failure') AS failures, count(*) FILTER (WHERE response_required = 1) AS asks,
      approx_percentile_cont(response_us, 0.5) AS p50, approx_percentile_cont(response_us, 0.95) AS p95, max(timestamp) AS last
    FROM agent_audit_log WHERE ${TALK}${mine} AND ${rangeSql(range)} GROUP BY 1, 2 ORDER BY n DESC, source, target LIMIT ${EDGES_MAX}`,
    REFRESH,
  );
}

export interface AgentHour {
  agent_id: string;
  t: string;
  n: number;
  failures: number;
  done: number;
  p95: number | null;
}

/** Each agent's hours: how much, how well, how fast. */
export function useAgentHours(range: Range, spanMs: number) {
  const step = Math.max(3600, stepSeconds(spanMs, 48));
  const query = useSql<AgentHour>(
    `SELECT agent_id, date_bin(INTERVAL '${step} seconds', timestamp) AS t, count(*) AS n,
      count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
      count(*) FILTER (WHERE outcome_status IN ('success', 'failure')) AS done,
      approx_percentile_cont(duration_us, 0.95) AS p95
    FROM agent_audit_log WHERE source <> 'internal' AND ${rangeSql(range)} GROUP BY 1, 2 ORDER BY 2 LIMIT 200000`,
    // Hours change slowly, and of a large fleet this is the largest answer of the page.
    { refresh: 30_000 },
  );
  return { step, query };
}

export interface Gauged {
  name: string;
  unit: string | null;
  t: string;
  value: number | null;
  n: number;
}

/** What hosts, services and agents measure and send as metrics. */
export function useGauged(range: Range, spanMs: number) {
  const step = stepSeconds(spanMs, 40);
  const query = useSql<Gauged>(
    `SELECT action_name AS name, max(action_details->>'unit') AS unit, date_bin(INTERVAL '${step} seconds', timestamp) AS t,
      avg(TRY_CAST(action_details->>'value' AS DOUBLE)) AS value, count(*) AS n
    FROM agent_audit_log WHERE action_type = 'metric' AND source <> 'internal' AND ${rangeSql(range)} GROUP BY 1, 3 ORDER BY 3 LIMIT 20000`,
    REFRESH,
  );
  return { step, query };
}
