// The fleet and one agent of it.

import { type Range, rangeSql, stepSeconds } from "../lib/range.ts";
import { quote } from "../lib/sqltext.ts";
import { useSql } from "./sql.ts";

export interface AgentRow {
  id: string;
  name: string | null;
  team: string | null;
  expected: boolean | null;
  last_seen: string | null;
  events: number;
  failures: number;
  successes: number;
  p50: number | null;
  tokens: number;
  cost: number | string;
  sessions: number;
  running: number;
}

export function useAgentNames() {
  return useSql<{ id: string; name: string | null }>("SELECT id, name FROM agents ORDER BY last_seen DESC NULLS LAST LIMIT 2000");
}

/** Every agent that is known, with what it did in the range. What runs is asked by itself: of the rest, hours that are over are known. */
export function useFleet(range: Range) {
  return useSql<AgentRow>(
    `SELECT a.id, coalesce(a.name, e.agent_name) AS name, coalesce(a.team, e.team) AS team, a.expected, a.last_seen,
      coalesce(e.events, 0) AS events, coalesce(e.failures, 0) AS failures, coalesce(e.successes, 0) AS successes,
      e.p50, coalesce(e.tokens, 0) AS tokens, coalesce(e.cost, 0) AS cost, coalesce(e.sessions, 0) AS sessions,
      coalesce(r.running, 0) AS running
    FROM agents a LEFT JOIN (
      SELECT agent_id, max(agent_name) AS agent_name, max(team) AS team, count(*) AS events,
        count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
        count(*) FILTER (WHERE outcome_status = 'success') AS successes,
        approx_percentile_cont(duration_us, 0.5) AS p50,
        sum(coalesce(tokens_input, 0) + coalesce(tokens_output, 0)) AS tokens, sum(cost_usd) AS cost,
        count(DISTINCT session_id) AS sessions
      FROM agent_audit_log WHERE ${rangeSql(range)} GROUP BY agent_id) e ON e.agent_id = a.id
    LEFT JOIN (SELECT agent_id, count(DISTINCT session_id) AS running FROM agent_audit_log
      WHERE timestamp > now() - INTERVAL '2 minutes' AND ${rangeSql(range)} GROUP BY agent_id) r ON r.agent_id = a.id
    ORDER BY a.last_seen DESC NULLS LAST LIMIT 2000`,
    { refresh: 15_000 },
  );
}

export interface Activity {
  agent_id: string;
  t: string;
  n: number;
  failures: number;
}

/** Events by agent and time: for spark lines and the heat map. */
export function useActivity(range: Range, spanMs: number, bars: number) {
  const step = stepSeconds(spanMs, bars);
  return {
    step,
    query: useSql<Activity>(
      `SELECT agent_id, date_bin(INTERVAL '${step} seconds', timestamp) AS t, count(*) AS n,
        count(*) FILTER (WHERE outcome_status = 'failure') AS failures
      FROM agent_audit_log WHERE ${rangeSql(range)} GROUP BY 1, 2 ORDER BY 2 LIMIT 200000`,
      { refresh: 15_000 },
    ),
  };
}

const of = (agent: string, range: Range, back = 0) => `agent_id = ${quote(agent)} AND ${rangeSql(range, back)}`;

export interface AgentNumbers {
  events: number;
  sessions: number;
  successes: number;
  failures: number;
  avg: number | null;
  p95: number | null;
  tokens_input: number | null;
  tokens_output: number | null;
  cost: number | string | null;
  escalations: number | null;
  rating: number | null;
  confidence: number | null;
  first: string | null;
  last: string | null;
  models: string | null;
}

/** `back` = 1 gives the window before, of the same length. */
export function useAgentNumbers(agent: string, range: Range, back = 0) {
  return useSql<AgentNumbers>(
    `SELECT * FROM (SELECT count(*) AS events, count(DISTINCT session_id) AS sessions,
      count(*) FILTER (WHERE outcome_status = 'success') AS successes,
      count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
      avg(duration_us) AS avg, approx_percentile_cont(duration_us, 0.95) AS p95,
      sum(tokens_input) AS tokens_input, sum(tokens_output) AS tokens_output, sum(cost_usd) AS cost,
      sum(escalations) AS escalations, avg(rating_ppm) / 1000000 AS rating, avg(confidence_ppm) / 1000000 AS confidence,
      min(timestamp) AS first, max(timestamp) AS last
    FROM agent_audit_log WHERE ${of(agent, range, back)}) AS figures
    CROSS JOIN (SELECT string_agg(model, ', ' ORDER BY model) AS models FROM (SELECT DISTINCT model FROM agent_audit_log WHERE ${of(agent, range, back)})) AS used`,
    { refresh: 15_000 },
  );
}

export interface Registered {
  id: string;
  name: string | null;
  version: string | null;
  team: string | null;
  note: string | null;
  aliases: string | null;
  expected: boolean | null;
  first_seen: string | null;
  last_seen: string | null;
}

export function useRegistered(agent: string) {
  return useSql<Registered>(`SELECT * FROM agents WHERE id = ${quote(agent)}`);
}

export interface Doing {
  action_type: string;
  action_name: string;
  n: number;
  failures: number;
  avg: number | null;
  cost: number | string | null;
}

/** What the agent does, by action. */
export function useDoings(agent: string, range: Range, back = 0) {
  return useSql<Doing>(
    `SELECT action_type, action_name, count(*) AS n, count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
      avg(duration_us) AS avg, sum(cost_usd) AS cost
    FROM agent_audit_log WHERE ${of(agent, range, back)} GROUP BY 1, 2 ORDER BY n DESC LIMIT 40`,
    { refresh: 15_000 },
  );
}

export interface Intensity {
  runs: number;
  tokens_input: number | null;
  tokens_output: number | null;
  peak_tokens_per_run: number | null;
  avg_tokens_per_run: number | null;
  input_output_ratio: number | null;
  success_rate: number | null;
  failure_rate: number | null;
}

export function useIntensity(agent: string) {
  return useSql<Intensity>(`SELECT * FROM agent_intensity_metrics WHERE agent_id = ${quote(agent)}`, { refresh: 30_000 });
}

export interface Partner {
  partner: string;
  sent: number;
  received: number;
  failures: number;
}

/** With whom the agent talks. */
export function usePartners(agent: string, range: Range) {
  const me = quote(agent);
  return useSql<Partner>(
    `SELECT CASE WHEN from_agent = ${me} OR (from_agent IS NULL AND agent_id = ${me} AND to_agent <> ${me}) THEN to_agent ELSE coalesce(from_agent, agent_id) END AS partner,
      count(*) FILTER (WHERE from_agent = ${me} OR (from_agent IS NULL AND agent_id = ${me})) AS sent,
      count(*) FILTER (WHERE to_agent = ${me} AND coalesce(from_agent, '') <> ${me}) AS received,
      count(*) FILTER (WHERE outcome_status = 'failure') AS failures
    FROM agent_audit_log
    WHERE action_type = 'communication' AND to_agent IS NOT NULL AND to_agent <> coalesce(from_agent, agent_id)
      AND (from_agent = ${me} OR to_agent = ${me} OR agent_id = ${me}) AND ${rangeSql(range)}
    GROUP BY 1 ORDER BY count(*) DESC LIMIT 20`,
    { refresh: 30_000 },
  );
}

export interface Trouble {
  message: string | null;
  action_name: string;
  n: number;
  last: string;
  index: number;
}

/** What fails, by its message. */
export function useTroubles(condition: string, range: Range) {
  return useSql<Trouble>(
    `SELECT left(split_part(btrim(coalesce(error_type, outcome_error->>'message', outcome_error->>'type', outcome_error), '"'), '\\n', 1), 160) AS message, action_name,
      count(*) AS n, max(timestamp) AS last, max(index) AS index
    FROM agent_audit_log WHERE outcome_status = 'failure' AND ${condition} AND ${rangeSql(range)}
    GROUP BY 1, 2 ORDER BY n DESC LIMIT 12`,
    { refresh: 30_000 },
  );
}
