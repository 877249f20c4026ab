// What stands around an event: its session's neighbours and the other observations of its call.

import { quote } from "../lib/sqltext.ts";
import { useSql } from "./sql.ts";

export interface Neighbour {
  index: number;
  timestamp: string;
  agent_id: string;
  action_type: string;
  action_name: string;
  action_details: string | null;
  outcome_status: string;
  phase: string | null;
  source: string;
  known: string;
}

const COLUMNS = "index, timestamp, agent_id, action_type, action_name, left(action_details, 2000) AS action_details, outcome_status, phase, source, known";

/** Five events before and five after in the same session; without a session, of the same agent. */
export function useNeighbours(index: number, session: string | null, agent: string) {
  const same = session === null ? `agent_id = ${quote(agent)}` : `session_uuid = ${quote(session)}`;
  return useSql<Neighbour>(
    `(SELECT ${COLUMNS} FROM agent_audit_log WHERE ${same} AND index <= ${index} ORDER BY index DESC LIMIT 6)
    UNION ALL (SELECT ${COLUMNS} FROM agent_audit_log WHERE ${same} AND index > ${index} ORDER BY index LIMIT 5) ORDER BY index`,
  );
}

/** Who else saw the same call. */
export function useWitnesses(call: string | null) {
  return useSql<Neighbour>(`SELECT ${COLUMNS} FROM agent_audit_log WHERE call_id = ${quote(call ?? "")} ORDER BY index LIMIT 50`, { enabled: call !== null });
}
