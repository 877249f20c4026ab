// What can be done by itself about an incident, what was done, and what waits for a person.

import { useState } from "react";
import { type Incident, type ResponseRun, useResponding, useResponses } from "../../api/incidents.ts";
import { useMayAct } from "../../api/health.ts";
import { Ago } from "../../components/AlertMarks.tsx";
import { type Asked, FieldsDialog } from "../../components/FieldsDialog.tsx";
import { Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";

interface Wish extends Asked {
  path: string;
  with: Record<string, unknown>;
}

const NOTE = { name: "note", label: "Note", kind: "long" as const };
const REASON = { name: "reason", label: "Why", kind: "long" as const };
const FAILED = ["failed", "timed_out", "unknown", "refused"];

export function Responses({ incident }: { incident: Incident }) {
  const query = useResponses();
  const [wish, setWish] = useState<Wish | null>(null);
  const doing = useResponding();
  const may = useMayAct();
  const { responses = [], runs = [] } = query.data ?? {};
  const alerts = new Set(incident.alerts_listed.map((alert) => alert.id));
  const own = runs.filter((run) => run.incident === incident.id || alerts.has(run.alert ?? ""));
  if (responses.length === 0 && own.length === 0) return null;
  const begin = (next: Wish) => {
    doing.reset();
    setWish(next);
  };
  const asking = (name: string, dry: boolean): Wish => ({
    title: dry ? `What ${name} would do` : `Run ${name}`,
    says: dry ? "It says what it would do, and does nothing." : "It is run once for this incident, and each step is on the record.",
    does: dry ? "Try" : "Run",
    fields: [{ name: "agent", label: "Agent", required: !dry && incident.agents.length !== 1 }, REASON],
    path: `${encodeURIComponent(name)}/run`,
    with: { incident: incident.id, dry_run: dry, ...(incident.agents.length === 1 ? { agent: incident.agents[0] } : {}) },
  });
  return (
    <Panel title="Responses" note="what is done by itself">
      <div className="stack">
        {own.length > 0 && (
          <ul className="stack said">
            {own.map((run) => (
              <Run key={run.id} run={run} onBegin={may ? begin : null} />
            ))}
          </ul>
        )}
        {may && incident.state !== "closed" && (
          <ul className="stack said">
            {responses.map(({ name, to }) => (
              <li key={name} className="row wrap">
                <span className="grow">
                  <strong>{visible(name)}</strong> <span className="dim small">{visible(to)}</span>
                </span>
                <button type="button" className="button small" onClick={() => begin(asking(name, true))} aria-label={`Try ${visible(name)} without doing it`}>
                  Try
                </button>
                <button type="button" className="button small" onClick={() => begin(asking(name, false))} aria-label={`Run ${visible(name)}`}>
                  Run
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
      <FieldsDialog
        asked={wish}
        busy={doing.isPending}
        error={doing.error}
        onClose={() => setWish(null)}
        onDo={(values) => wish && doing.mutate({ path: wish.path, body: { ...wish.with, ...values } }, { onSuccess: () => setWish(null) })}
      />
    </Panel>
  );
}

function Run({ run, onBegin }: { run: ResponseRun; onBegin: ((wish: Wish) => void) | null }) {
  const answer = (what: "approve" | "decline", does: string): Wish => ({ title: `${does}: ${run.response}`, says: "Your answer is on the record, with your name.", does, fields: [NOTE], path: `runs/${encodeURIComponent(run.id)}/${what}`, with: {} });
  return (
    <li className="row wrap">
      <span className={FAILED.includes(run.standing) ? "chip fail" : run.standing === "waiting" ? "chip warn" : "chip"}>{run.standing.replace("_", " ")}</span>
      <span className="grow">
        <strong>{visible(run.response)}</strong>
        {run.dry_run && <span className="dim"> (dry run)</span>} {run.what && <span className="dim">{defang(visible(run.what))}</span>}
      </span>
      <span className="faint small">
        <Ago at={run.asked_at} />
      </span>
      {run.standing === "waiting" && onBegin && (
        <>
          <button type="button" className="button small" onClick={() => onBegin(answer("approve", "Approve"))} aria-label={`Approve ${visible(run.response)}`}>
            Approve
          </button>
          <button type="button" className="button small" onClick={() => onBegin(answer("decline", "Decline"))} aria-label={`Decline ${visible(run.response)}`}>
            Decline
          </button>
        </>
      )}
    </li>
  );
}
