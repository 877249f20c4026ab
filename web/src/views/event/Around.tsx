// What led to an event, what followed, and who else saw the same call.

import { Link } from "react-router";
import type { EventParts } from "../../api/events.ts";
import { type Neighbour, useNeighbours, useWitnesses } from "../../api/around.ts";
import { KindIcon, Status, Time } from "../../components/Marks.tsx";
import { Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";
import { eventUrl, sessionUrl } from "../../lib/links.ts";
import { titleOf } from "../../lib/steps.ts";

export function Around({ header }: { header: EventParts["header"] }) {
  const session = typeof header.session_uuid === "string" ? header.session_uuid : null;
  const call = typeof header.call_id === "string" ? header.call_id : null;
  const around = useNeighbours(header.index, session, header.agent_id);
  const seen = useWitnesses(call);
  const others = (seen.data?.rows ?? []).filter((row) => row.index !== header.index);
  const replay = session && (
    <Link className="button small" to={sessionUrl(session, header.index)}>
      Replay the session
    </Link>
  );
  return (
    <>
      <Panel title="Before and after" note={session ? "in the same session" : "of the same agent"} actions={replay} flush>
        <Loaded query={around}>{({ rows }) => <Neighbours rows={rows} here={header.index} />}</Loaded>
      </Panel>
      {others.length > 0 && (
        <Panel title="Also seen by" note="other observations of the same call" flush>
          <Neighbours rows={others} here={header.index} />
        </Panel>
      )}
    </>
  );
}

function Neighbours({ rows, here }: { rows: Neighbour[]; here: number }) {
  return (
    <ul className="lines">
      {rows.map((row) => (
        <li key={row.index}>
          <Link to={eventUrl(row.index)} className="line around" aria-current={row.index === here ? "true" : undefined}>
            <KindIcon kind={row.action_type} />
            <span className="cut">
              <strong>{visible(row.action_name)}</strong>{" "}
              <span className="dim mono">{defang(visible(titleOf({ ...row, agent_name: null, outcome_result: null, outcome_error: null, decision: null, duration_us: null, cost_usd: null, tokens_input: null, tokens_output: null, call_id: null, parent_id: null })))}</span>
            </span>
            <Status word={row.outcome_status} icon />
            <Time at={row.timestamp} className="faint right" />
          </Link>
        </li>
      ))}
    </ul>
  );
}
