// One event: what happened, what led to it, what followed, and the proof that it was recorded so.

import { Download } from "lucide-react";
import { useParams } from "react-router";
import { type EventParts, useEvent, useProof } from "../../api/events.ts";
import { Call } from "../../components/Call.tsx";
import { Json } from "../../components/Content.tsx";
import { Copy } from "../../components/Controls.tsx";
import { AgentLink, Class, Status, Time } from "../../components/Marks.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Bones, Fault, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { download } from "../../lib/download.ts";
import { readPins } from "../../lib/pins.ts";
import { titleOf } from "../../lib/steps.ts";
import { Around } from "./Around.tsx";
import { Proof } from "./Proof.tsx";

const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

export default function Event() {
  const id = useParams().id ?? "";
  const event = useEvent(id);
  if (event.isError) return <Fault error={event.error} retry={() => void event.refetch()} />;
  if (event.data === undefined) return <Bones height={420} />;
  return <Shown key={event.data.header.index} parts={event.data} />;
}

function Shown({ parts }: { parts: EventParts }) {
  const { header, facts = {}, who = {}, sections = {}, gone } = parts;
  const proof = useProof(String(header.index));
  const call = {
    action_name: String(header.action_name),
    action_type: String(header.action_type),
    action_details: json(sections.input ?? sections.decision),
    outcome_result: json(sections.output),
    outcome_error: json(sections.error),
    decision: json(sections.decision),
  };
  const name = typeof facts.agent_name === "string" ? facts.agent_name : null;
  const title = titleOf({ ...call, index: header.index, timestamp: "", agent_id: header.agent_id, agent_name: null, outcome_status: "", duration_us: null, cost_usd: null, tokens_input: null, tokens_output: null, phase: null, call_id: null, parent_id: null });
  const evidence = () => {
    const file = { event: parts, proof: proof.data ?? null, verifier_keys: readPins(), how: "tachograph verify --proof FILE checks the proof: save the member \"proof\" as FILE" };
    download(`event-${header.index}.evidence.json`, JSON.stringify(file, null, 2), "application/json");
  };
  return (
    <>
      <PageHead
        title={visible(call.action_name)}
        sub={
          <span className="row wrap">
            <Status word={String(header.outcome_status)} />
            <AgentLink id={header.agent_id} name={name} />
            <Time at={String(header.timestamp)} />
            <Class word={String(header.class)} />
            <span className="faint num">event {header.index}</span>
          </span>
        }
      >
        <Copy text={location.href}>Copy link</Copy>
        <button type="button" className="button small" onClick={evidence} disabled={proof.data === undefined}>
          <Download aria-hidden /> Evidence
        </button>
        <button type="button" className="button small" onClick={() => download(`event-${header.index}.tlog-proof`, proof.data ?? "")} disabled={proof.data === undefined}>
          <Download aria-hidden /> Proof file
        </button>
      </PageHead>
      <div className="event-grid">
        <div className="stack">
          <Panel title="What happened" note={visible(title)}>
            <Call call={call} />
          </Panel>
          {gone && Object.keys(gone).length > 0 && (
            <Panel title="No longer there">
              <Json value={gone} />
            </Panel>
          )}
          <Around header={header} />
          <Panel title="All fields">
            <Fields groups={[["Facts", facts], ["Who", who], ["On the log", header], ["Accessed", sections.access], ["Beyond the columns", sections.extra]]} />
          </Panel>
        </div>
        <Proof parts={parts} proof={proof} />
      </div>
    </>
  );
}

function Fields({ groups }: { groups: [string, unknown][] }) {
  const full = groups.filter(([, value]) => value !== undefined && value !== null && Object.keys(value as object).length > 0);
  return (
    <div className="stack">
      {full.map(([title, value]) => (
        <div key={title}>
          <h3 className="field-title">{title}</h3>
          {Array.isArray(value) ? (
            <Json value={value} />
          ) : (
            <dl className="facts">
              {Object.entries(value as object).map(([name, inner]) => (
                <div key={name} style={{ display: "contents" }}>
                  <dt>{visible(name)}</dt>
                  <dd>{inner !== null && typeof inner === "object" ? <Json value={inner} /> : <code>{visible(String(inner))}</code>}</dd>
                </div>
              ))}
            </dl>
          )}
        </div>
      ))}
    </div>
  );
}
