// One incident: its course line by line, each with its place on the log, and what is done about it.

import { FileDown } from "lucide-react";
import { Menu } from "@base-ui/react/menu";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { isOff, useLiveAlerts } from "../../api/alerts.ts";
import { type Incident, type Step, postMortem, useIncident, useStep } from "../../api/incidents.ts";
import { useMayAct } from "../../api/health.ts";
import { Ago, NotSwitchedOn, SeverityMark } from "../../components/AlertMarks.tsx";
import { Choice } from "../../components/Controls.tsx";
import { type Asked, FieldsDialog } from "../../components/FieldsDialog.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Fault, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { download } from "../../lib/download.ts";
import { Changes, Course, FollowUps, Members, People } from "./Course.tsx";
import { Answered } from "./Incidents.tsx";
import { Responses } from "./Responses.tsx";
import { StageMark, stageText } from "./StageMark.tsx";

/** What is asked for, and what the server is told then. */
export interface Intent extends Asked {
  what: Step["what"];
  with?: Step["body"];
}

/** Nothing for those who may only look. */
export type Begin = ((intent: Intent) => void) | null;

const NOTE = { name: "note", label: "Note", kind: "long" as const };

export default function IncidentPage() {
  const id = useParams().id ?? "";
  const query = useIncident(id);
  useLiveAlerts();
  const [intent, setIntent] = useState<Intent | null>(null);
  const step = useStep();
  const may = useMayAct();
  if (query.data === undefined && query.isError) {
    return (
      <>
        <PageHead title="Incident" sub={<code>{visible(id)}</code>} />
        {isOff(query.error) ? (
          <Panel>
            <NotSwitchedOn />
          </Panel>
        ) : (
          <Fault error={query.error} retry={() => void query.refetch()} />
        )}
      </>
    );
  }
  const ask = (next: Intent) => {
    step.reset();
    setIntent(next);
  };
  const begin = may ? ask : null;
  return (
    <Loaded query={query} height={400}>
      {(incident) => (
        <>
          <PageHead
            title={visible(incident.title)}
            sub={
              <span className="row wrap">
                <SeverityMark severity={incident.severity} />
                <StageMark state={incident.state} />
                <span>
                  since <Ago at={incident.opened_at} />
                </span>
                <Answered incident={incident} />
                {incident.merged_into && (
                  <Link className="link" to={`/incidents/${encodeURIComponent(incident.merged_into)}`}>
                    merged into another
                  </Link>
                )}
              </span>
            }
          >
            <Doing incident={incident} onBegin={begin} />
          </PageHead>
          <div className="event-grid">
            <div className="stack">
              <Course incident={incident} />
              <Changes incident={incident} />
            </div>
            <div className="stack">
              <Members incident={incident} onBegin={begin} />
              <Responses incident={incident} />
              <People incident={incident} onBegin={begin} />
              <FollowUps incident={incident} onBegin={begin} />
            </div>
          </div>
          <FieldsDialog
            asked={intent}
            busy={step.isPending}
            error={step.error}
            onClose={() => setIntent(null)}
            onDo={(values) => intent && step.mutate({ id, what: intent.what, body: { ...intent.with, ...values } }, { onSuccess: () => setIntent(null) })}
          />
        </>
      )}
    </Loaded>
  );
}

function Doing({ incident, onBegin }: { incident: Incident; onBegin: Begin }) {
  const [fault, setFault] = useState<string | null>(null);
  const save = (format: "markdown" | "html" | "pdf", ending: string) => void postMortem(incident.id, format).then((blob) => download(`post-mortem-${incident.id.slice(0, 12)}.${ending}`, blob), (error: Error) => setFault(error.message));
  return (
    <>
      {onBegin && incident.next.map(({ state, needs_note }, place) => (
        <button key={state} type="button" className={place === 0 ? "button primary" : "button"} onClick={() => onBegin({ title: `To: ${stageText(state)}`, says: "The step is on the record, with your name.", does: stageText(state), fields: [{ ...NOTE, required: needs_note }], what: "state", with: { to: state } })}>
          {stageText(state)}
        </button>
      ))}
      {onBegin && (
        <button type="button" className="button" onClick={() => onBegin({ title: "Add a note", says: "It stands in the course of the incident, and on the record.", does: "Add", fields: [{ ...NOTE, required: true }], what: "note" })}>
          Note
        </button>
      )}
      {onBegin && incident.state !== "closed" && (
        <Choice label="More" title="Attach an event or an alert, or merge">
          <Menu.Item className="popup-item" onClick={() => onBegin({ title: "Attach an event", says: "It stands in the course at its own time.", does: "Attach", fields: [{ name: "event", label: "Its entry or id", required: true }, NOTE], what: "event" })}>Attach an event</Menu.Item>
          <Menu.Item className="popup-item" onClick={() => onBegin({ title: "Attach an alert", says: "It belongs to this incident from now on.", does: "Attach", fields: [{ name: "alert", label: "The alert's id", required: true }, NOTE], what: "alert" })}>Attach an alert</Menu.Item>
          <Menu.Item className="popup-item" onClick={() => onBegin({ title: "Merge into another incident", says: "The other one has its alerts from then on; this one is closed and keeps its course.", does: "Merge", fields: [{ name: "into", label: "The other incident's id", required: true }, NOTE], what: "merge" })}>Merge into another</Menu.Item>
        </Choice>
      )}
      <Choice label={<><FileDown aria-hidden /> Post-mortem</>} title="The post-mortem as a file">
        <Menu.Item className="popup-item" onClick={() => save("pdf", "pdf")}>PDF</Menu.Item>
        <Menu.Item className="popup-item" onClick={() => save("html", "html")}>A page to print</Menu.Item>
        <Menu.Item className="popup-item" onClick={() => save("markdown", "md")}>Markdown</Menu.Item>
      </Choice>
      {fault !== null && (
        <p className="chip fail" role="alert">
          {fault}
        </p>
      )}
    </>
  );
}
