// The events that an alert names, as they stand on the log.

import type { EventRow } from "./events.ts";
import { useSql } from "./sql.ts";

export function useEvidence(indexes: number[]) {
  const list = indexes.map((index) => Math.trunc(index)).filter(Number.isSafeInteger).join(", ");
  return useSql<EventRow>(
    `SELECT index, timestamp, agent_id, agent_name, action_type, action_name, left(action_details, 2000) AS action_details, outcome_status,
      left(outcome_result, 500) AS outcome_result, left(outcome_error, 500) AS outcome_error, decision, duration_us, class, phase, call_id, parent_id
    FROM observations WHERE index IN (${list || "-1"}) ORDER BY index DESC`,
    { enabled: list !== "" },
  );
}
