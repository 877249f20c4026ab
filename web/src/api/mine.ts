// What is recorded of one user.

import { type Range, rangeSql } from "../lib/range.ts";
import { quote } from "../lib/sqltext.ts";
import type { EventRow } from "./events.ts";
import { ask } from "./http.ts";
import { useSql } from "./sql.ts";

export interface MyNumbers {
  events: number;
  sessions: number;
  agents: number;
  failures: number;
  cost: number | string | null;
  sensitive: number;
  redactions: number | null;
  first: string | null;
  last: string | null;
}

export const ofUser = (user: string): string => `user_id = ${quote(user)}`;

export function useMyNumbers(user: string, range: Range) {
  return useSql<MyNumbers>(
    `SELECT count(*) AS events, count(DISTINCT session_id) AS sessions, count(DISTINCT agent_id) AS agents,
      count(*) FILTER (WHERE outcome_status = 'failure') AS failures, sum(cost_usd) AS cost,
      count(*) FILTER (WHERE sensitive_data_accessed) AS sensitive, sum(redactions) AS redactions, min(timestamp) AS first, max(timestamp) AS last
    FROM agent_audit_log WHERE ${ofUser(user)} AND ${rangeSql(range)}`,
    { refresh: 15_000 },
  );
}

export interface MySession {
  session_id: string;
  agent_id: string;
  started: string;
  span: number;
  events: number;
  failures: number;
  cost: number | string | null;
  prompt: string | null;
}

export function useMySessions(user: string, range: Range) {
  return useSql<MySession>(
    `SELECT session_id, first_value(agent_id ORDER BY index) AS agent_id, min(timestamp) AS started, CAST(max(timestamp) AS BIGINT) - CAST(min(timestamp) AS BIGINT) AS span,
      count(*) AS events, count(*) FILTER (WHERE outcome_status = 'failure') AS failures, sum(cost_usd) AS cost,
      left(first_value(coalesce(action_details->>'prompt', action_details->>'content', action_details->>'message') ORDER BY index) FILTER (WHERE action_type = 'communication'), 140) AS prompt
    FROM agent_audit_log WHERE ${ofUser(user)} AND session_id IS NOT NULL AND ${rangeSql(range)} GROUP BY session_id ORDER BY started DESC LIMIT 50`,
    { refresh: 15_000 },
  );
}

export const MY_EVENTS_MAX = 300;

export function useMyEvents(user: string, range: Range) {
  return useSql<EventRow>(`SELECT * FROM agent_audit_log WHERE ${ofUser(user)} AND ${rangeSql(range)} ORDER BY index DESC LIMIT ${MY_EVENTS_MAX}`, { refresh: 10_000 });
}

/** Everything that is recorded of a user, as the server gives it to administrators. */
export async function exportUser(user: string, format: "json" | "csv"): Promise<Blob> {
  return (await ask(`/v1/subjects/${encodeURIComponent(user)}/export?format=${format}`, { accept: format === "csv" ? "text/csv" : "application/json" })).blob();
}
