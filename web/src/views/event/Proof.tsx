// The proof of one event, checked in this browser, explained for people who have never heard of a Merkle tree.

import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { BadgeCheck, CircleCheck, CircleHelp, OctagonX, ShieldAlert, ShieldQuestion } from "lucide-react";
import { useState } from "react";
import type { EventParts } from "../../api/events.ts";
import { useAbout } from "../../api/health.ts";
import { Copy } from "../../components/Controls.tsx";
import { PinKeys } from "../../components/PinKeys.tsx";
import { Bones, Fault, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { count } from "../../lib/format.ts";
import { microsOf } from "../../lib/micros.ts";
import { type Report, type Shown, type Step, type Verdict, checkProof } from "../../lib/proof/check.ts";
import { parseKey, short } from "../../lib/proof/note.ts";
import { usePins } from "../../lib/usePins.ts";

/** What this page shows of the header, by the names that the entry itself has. */
function shownOf({ header }: EventParts): Shown {
  const text = (name: string) => (typeof header[name] === "string" ? (header[name] as string) : undefined);
  const number = (name: string) => (typeof header[name] === "number" ? (header[name] as number) : undefined);
  return {
    agent: header.agent_id,
    type: text("action_type"),
    action: text("action_name"),
    outcome: text("outcome_status"),
    class: text("class"),
    level: text("level"),
    id: header.event_id,
    time: microsOf(text("recorded_at") ?? "") ?? undefined,
    claimed: header.time_claimed === true ? (microsOf(text("timestamp") ?? "") ?? undefined) : undefined,
    session: text("session_uuid"),
    session_seq: number("session_seq"),
    phase: text("phase"),
    known: text("known"),
    source: text("source"),
    writer: text("writer"),
    body: text("body"),
  };
}

async function check(proof: string, pins: string[], shown: Shown): Promise<Report> {
  const keys = await Promise.all(pins.map(parseKey));
  return checkProof(proof, keys, shown);
}

export function Proof({ parts, proof }: { parts: EventParts; proof: UseQueryResult<string> }) {
  const pins = usePins();
  const said = useAbout().data?.keys ?? [];
  const report = useQuery({
    queryKey: ["check", parts.header.index, proof.data, pins],
    queryFn: () => check(proof.data ?? "", pins, shownOf(parts)),
    enabled: proof.data !== undefined,
    retry: false,
    gcTime: 0,
  });
  if (proof.isError) return <Panel title="Proof"><Fault error={proof.error} retry={() => void proof.refetch()} /></Panel>;
  if (report.isError) return <Panel title="Proof"><Fault error={report.error} /></Panel>;
  if (report.data === undefined) return <Panel title="Proof"><Bones height={240} /></Panel>;
  return (
    <Panel title="Proof" note="checked in this browser just now" className="proof">
      <div className="stack">
        <Badge report={report.data} />
        <ol className="proof-steps">
          {report.data.steps.map((step) => (
            <StepLine key={step.title} step={step} />
          ))}
        </ol>
        <PinKeys open={report.data.verdict === "open"} said={said} />
        <Way report={report.data} />
        <Raw report={report.data} />
        <p className="faint small">
          The content (input, output and the like) is bound to the entry by the hash in <code>body</code>, with a secret salt, so that it can be erased on request without breaking this proof. That last link is checked by <code>tachograph verify</code> where the data lies.
        </p>
      </div>
    </Panel>
  );
}

const BADGES: Record<Verdict, { icon: typeof BadgeCheck; tone: string; title: string; text: string }> = {
  good: { icon: BadgeCheck, tone: "ok", title: "Proved", text: "This entry is on the log, unchanged, and the log's root is signed by the key you pinned." },
  open: { icon: ShieldQuestion, tone: "warn", title: "Consistent, not yet proved", text: "Everything fits together. Pin the log's key below to know that it is the right log." },
  bad: { icon: ShieldAlert, tone: "fail", title: "Not proved", text: "Something does not fit. Do not rely on this entry before you know why." },
};

function Badge({ report }: { report: Report }) {
  const { icon: Icon, tone, title, text } = BADGES[report.verdict];
  return (
    <div className={`badge ${tone}`} role="status" data-verdict={report.verdict}>
      <Icon aria-hidden />
      <div>
        <strong>{title}</strong>
        <p>{text}</p>
      </div>
    </div>
  );
}

const MARKS = { good: CircleCheck, bad: OctagonX, open: CircleHelp };
const MARK_WORDS = { good: "holds", bad: "does not hold", open: "not known" };
const WHY: [RegExp, string][] = [
  [/^What you see/, "The page and the proof come in two answers. Here they are laid side by side, field by field."],
  [/^The entry has/, "A fingerprint (SHA-256) is a short number made from all bytes. Change one letter, and another number comes out."],
  [/^The fingerprint leads/, "All fingerprints are hashed in pairs, the results again in pairs, up to a single one: the root. With the neighbours on the way, anyone can redo the way from this entry. It arrives at the root only if the entry is the one that was recorded, in its place."],
  [/^The root is signed/, "The log signs its root each second. Only who holds the log's secret key can sign, and your browser checks with the key that you pinned, not with one that the server sends along."],
];

function StepLine({ step }: { step: Step }) {
  const Mark = MARKS[step.verdict];
  const why = WHY.find(([pattern]) => pattern.test(step.title))?.[1];
  return (
    <li className="proof-step" data-verdict={step.verdict}>
      <Mark size={17} aria-label={MARK_WORDS[step.verdict]} />
      <details>
        <summary>{step.title}</summary>
        {why && <p>{why}</p>}
        <p className="dim">{step.found}</p>
      </details>
    </li>
  );
}

function Way({ report }: { report: Report }) {
  const [all, setAll] = useState(false);
  const steps = all ? report.climb : report.climb.slice(0, 3);
  return (
    <div className="way">
      <h3 className="field-title">The way up</h3>
      <ol>
        <li>
          <span className="way-node">{`${report.leaf.slice(0, 12)}…`}</span>
          <span className="dim">this entry, number {count(report.index)}</span>
        </li>
        {steps.map((step, place) => (
          <li key={place}>
            <span className="way-node">{short(step.result)}</span>
            <span className="dim">
              hashed with its {step.side} neighbour <code>{short(step.neighbour)}</code>
            </span>
          </li>
        ))}
        {!all && report.climb.length > steps.length && (
          <li>
            <button type="button" className="button small" onClick={() => setAll(true)}>
              {report.climb.length - steps.length} more levels
            </button>
          </li>
        )}
        <li>
          <span className="way-node root">{short(report.checkpoint.root)}</span>
          <span className="dim">the signed root over {count(report.checkpoint.size)} entries</span>
        </li>
      </ol>
    </div>
  );
}

function Raw({ report }: { report: Report }) {
  return (
    <details>
      <summary className="field-title">The permanent bytes</summary>
      <div className="command">
        <pre className="raw">{visible(report.text)}</pre>
        <Copy text={report.text} label="Copy the entry" />
      </div>
      <p className="faint small mono">leaf hash {report.leaf}</p>
      <h3 className="field-title">Checkpoint</h3>
      <pre className="raw mono">{report.checkpoint.text}</pre>
    </details>
  );
}
