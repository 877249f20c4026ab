// The three agents that did something last.

import { Link } from "react-router";
import { useRecentAgents } from "../../api/overview.ts";
import { Status } from "../../components/Marks.tsx";
import { Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { agentUrl, eventUrl } from "../../lib/links.ts";
import { ago, exactTime, parseTime } from "../../lib/time.ts";

export function Recently() {
  const recent = useRecentAgents();
  return (
    <Panel title="At work just now">
      <Loaded query={recent} height={140} empty={({ rows }) => rows.length === 0}>
        {({ rows }) => (
          <ul className="recent">
            {rows.map((row) => (
              <li key={row.agent_id} className="row">
                <span className="grow">
                  <Link className="cut" to={agentUrl(row.agent_id)}>
                    <strong>{visible(row.agent_name ?? row.agent_id)}</strong>
                  </Link>
                  <Link className="cut dim" to={eventUrl(row.index)} style={{ display: "block" }}>
                    {visible(row.doing)}
                  </Link>
                </span>
                <span className="right">
                  <Status word={row.status} icon />
                  <time className="faint" dateTime={row.last} title={exactTime(row.last)} style={{ display: "block" }}>
                    {ago(parseTime(row.last) ?? new Date())}
                  </time>
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}
