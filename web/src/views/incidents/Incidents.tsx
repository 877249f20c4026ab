// Incidents: what is open, who has it, and whether somebody answered in time.

import { CircleCheck } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { isOff, useLiveAlerts } from "../../api/alerts.ts";
import { useMayAct } from "../../api/health.ts";
import { type IncidentSummary, useIncidents, useOpening } from "../../api/incidents.ts";
import { Ago, NotSwitchedOn, SeverityMark } from "../../components/AlertMarks.tsx";
import { AlertNav } from "../../components/AlertNav.tsx";
import { Tabs } from "../../components/Controls.tsx";
import { type Asked, FieldsDialog } from "../../components/FieldsDialog.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { plural } from "../../lib/format.ts";
import { useParam } from "../../lib/useView.ts";
import { StageMark } from "./StageMark.tsx";

const STATES = [
  ["open", "Open"],
  ["closed", "Closed"],
  ["all", "All"],
] as const;
const AGENTS_SHOWN = 3;
const NEW: Asked = {
  title: "Open an incident",
  says: "For what no rule has found. It is on the record, with your name; its clock begins now.",
  does: "Open",
  fields: [
    { name: "title", label: "What happened", required: true },
    { name: "severity", label: "critical, warning or info" },
    { name: "agent", label: "Agent" },
    { name: "event", label: "An event, by entry or id" },
    { name: "reason", label: "Why", kind: "long" },
  ],
};

export default function Incidents() {
  const [word, setState] = useParam("state", "open");
  const state = STATES.find(([name]) => name === word)?.[0] ?? "open";
  const list = useIncidents(state);
  useLiveAlerts();
  const may = useMayAct();
  const opening = useOpening();
  const [asked, setAsked] = useState<Asked | null>(null);
  const off = list.data === undefined && isOff(list.error);
  return (
    <>
      <PageHead title="Incidents" sub="Alerts that belong together, with what changed before">
        <AlertNav />
      </PageHead>
      {off ? (
        <Panel>
          <NotSwitchedOn />
        </Panel>
      ) : (
        <div className="stack">
          <div className="row wrap">
            <Tabs label="State" value={state} choices={STATES} onChange={setState} />
            {may && (
              <button
                type="button"
                className="button"
                onClick={() => {
                  opening.reset();
                  setAsked(NEW);
                }}
              >
                Open one
              </button>
            )}
          </div>
          <FieldsDialog
            asked={asked}
            busy={opening.isPending}
            error={opening.error}
            onClose={() => setAsked(null)}
            onDo={({ agent, event, ...values }) =>
              opening.mutate({ ...values, ...(agent ? { agents: [agent] } : {}), ...(event ? { events: [event] } : {}) }, { onSuccess: () => setAsked(null) })
            }
          />
          <Panel flush>
            <Loaded query={list} height={240} empty={({ incidents }) => incidents.length === 0} nothing={<Empty title={state === "open" ? "No incident is open" : "None"} icon={<CircleCheck />} />}>
              {({ incidents }) => (
                <ul className="alerts">
                  {incidents.map((incident) => (
                    <One key={incident.id} incident={incident} />
                  ))}
                </ul>
              )}
            </Loaded>
          </Panel>
        </div>
      )}
    </>
  );
}

function One({ incident }: { incident: IncidentSummary }) {
  const more = incident.agents.length - AGENTS_SHOWN;
  return (
    <li className="alert" data-severity={incident.state === "closed" ? "over" : incident.severity}>
      <SeverityMark severity={incident.severity} />
      <div className="alert-body">
        <Link className="cut" to={`/incidents/${encodeURIComponent(incident.id)}`}>
          <strong>{visible(incident.title)}</strong>
        </Link>
        {incident.cause && <p className="dim">Perhaps because: {visible(incident.cause)}</p>}
        <div className="row wrap small">
          <StageMark state={incident.state} />
          <span className="chip">
            {plural(incident.alerts, "alert")}
            {incident.firing > 0 ? `, ${incident.firing} firing` : ""}
          </span>
          {incident.agents.slice(0, AGENTS_SHOWN).map((agent) => (
            <span key={agent} className="chip mono">
              <span className="cut">{visible(agent)}</span>
            </span>
          ))}
          {more > 0 && <span className="dim">and {more} more</span>}
        </div>
      </div>
      <span className="faint small alert-since">
        <Ago at={incident.opened_at} />
      </span>
      <span className="small alert-acts">
        <Answered incident={incident} />
      </span>
    </li>
  );
}

export function Answered({ incident }: { incident: IncidentSummary }) {
  if (incident.answered_at) return <span className="dim">{incident.answered_by ? `${visible(incident.answered_by)} has it` : "answered"}</span>;
  if (incident.state === "closed") return <span className="dim">never answered</span>;
  if (incident.late) return <span className="chip fail">nobody answered in time</span>;
  return (
    <span className="dim">
      answer due <Ago at={incident.answer_due_at} />
    </span>
  );
}
