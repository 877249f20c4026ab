// The events on which an alert rests; each one's page checks its proof.

import { Fingerprint } from "lucide-react";
import { Link } from "react-router";
import type { Alert } from "../../api/alerts.ts";
import { useEvidence } from "../../api/evidence.ts";
import { AgentLink, KindIcon, Status, Time } from "../../components/Marks.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";
import { plural } from "../../lib/format.ts";
import { eventUrl } from "../../lib/links.ts";
import { titleOf } from "../../lib/steps.ts";

export function Evidence({ alert }: { alert: Alert }) {
  const named = alert.evidence;
  const events = useEvidence(named.map((event) => event.index));
  if (named.length === 0) {
    return (
      <Panel title="Evidence">
        <Empty title="It names no event" icon={<Fingerprint />}>
          A rule about something that is missing, such as a silent agent, has none to show.
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel title="Evidence" note={`${plural(named.length, "event")} of those that it rests on; each page checks its proof`} flush>
      <Loaded query={events} height={140} empty={({ rows }) => rows.length === 0} nothing={<Empty title="These events are not in reach of queries">They expired, were erased, or are not visible yet.</Empty>}>
        {({ rows }) => (
          <ul className="lines">
            {rows.map((row) => (
              <li key={row.index} className="line evidence">
                <Status word={row.outcome_status} icon />
                <span className="row">
                  <KindIcon kind={row.action_type} />
                  <Link className="cut" to={eventUrl(row.index)}>
                    <strong>{visible(row.action_name)}</strong> <span className="dim">{defang(visible(titleOf(row) || row.outcome_error || ""))}</span>
                  </Link>
                </span>
                <span className="cut dim">
                  <AgentLink id={row.agent_id} name={row.agent_name} />
                </span>
                <Time at={row.timestamp} className="faint right" />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}
