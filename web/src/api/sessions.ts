// Sessions: the list, and everything in one of them.

import { type Range, rangeSql } from "../lib/range.ts";
import { quote } from "../lib/sqltext.ts";
import type { EventRow } from "./events.ts";
import { useSql } from "./sql.ts";

export interface SessionRow {
  session_id: string;
  agent_id: string;
  agents: number;
  user_id: string | null;
  started: string;
  ended: string;
  span: number;
  events: number;
  failures: number;
  tokens: number;
  cost: number | string;
  prompt: string | null;
}

export const SESSIONS_MAX = 1000;

export function useSessions(range: Range, agent: string, trouble: boolean) {
  const where = [rangeSql(range), "session_id IS NOT NULL", ...(agent ? [`agent_id = ${quote(agent)}`] : [])].join(" AND ");
  // What was asked first stands in long texts: they are read of messages only.
  return useSql<SessionRow>(
    `SELECT each.*, asked.prompt
    FROM (SELECT session_id, first_value(agent_id ORDER BY index) AS agent_id, count(DISTINCT agent_id) AS agents, max(user_id) AS user_id,
        min(timestamp) AS started, max(timestamp) AS ended,
        (CAST(max(timestamp) AS BIGINT) - CAST(min(timestamp) AS BIGINT)) AS span, count(*) AS events,
        count(*) FILTER (WHERE outcome_status = 'failure') AS failures,
        sum(coalesce(tokens_input, 0) + coalesce(tokens_output, 0)) AS tokens, coalesce(sum(cost_usd), 0) AS cost
      FROM agent_audit_log WHERE ${where} GROUP BY session_id
      ${trouble ? "HAVING count(*) FILTER (WHERE outcome_status = 'failure') > 0" : ""}
      ORDER BY ended DESC LIMIT ${SESSIONS_MAX}) AS each
    LEFT JOIN (SELECT session_id AS of, left(first_value(coalesce(action_details->>'prompt', action_details->>'content', action_details->>'message') ORDER BY index), 140) AS prompt
      FROM agent_audit_log WHERE ${where} AND action_type = 'communication' GROUP BY session_id) AS asked ON asked.of = each.session_id
    ORDER BY each.ended DESC`,
    { refresh: 15_000 },
  );
}

export const SESSION_EVENTS_MAX = 5000;

/**
 * The first events of a session in the order of its own times: history is read in later, in any order of its files. A call stands where it
 * began. Which they are is found by narrow columns: of long sessions the texts of the others are many.
 */
export function useSession(id: string) {
  const ours = `(session_id = ${quote(id)} OR session_uuid = ${quote(id)})`;
  return useSql<EventRow>(
    `SELECT log.*, began, lasted_us
    FROM (SELECT one.index, coalesce(call.started, one.timestamp) AS began, coalesce(call.duration_ms * 1000, one.duration_us) AS lasted_us
      FROM (SELECT index, timestamp, duration_us FROM agent_audit_log WHERE ${ours}) AS one
      LEFT JOIN (SELECT index, started, duration_ms FROM actions WHERE ${ours}) AS call ON call.index = one.index
      ORDER BY began, one.index LIMIT ${SESSION_EVENTS_MAX}) AS first
    JOIN (SELECT * FROM agent_audit_log WHERE ${ours}) AS log ON log.index = first.index
    ORDER BY began, log.index`,
    { refresh: 5_000 },
  );
}
