// Was each alert due that was raised, and was each raised that was due? Computed once more from the log.

import { Calculator, CircleCheck, OctagonX } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { type Computed, type Recomputed, useRecompute } from "../../api/alerts.ts";
import { Ago } from "../../components/AlertMarks.tsx";
import { Tabs } from "../../components/Controls.tsx";
import { Bones, Empty, Fault, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { plural } from "../../lib/format.ts";
import { eventUrl } from "../../lib/links.ts";

const LASTS = [
  ["24h", "1 day"],
  ["7d", "7 days"],
] as const;

export function Recompute({ rule }: { rule: string }) {
  const [last, setLast] = useState<(typeof LASTS)[number][0]>("24h");
  const again = useRecompute();
  const actions = (
    <>
      <Tabs label="How far back" value={last} choices={LASTS} onChange={setLast} />
      <button type="button" className="button small" disabled={again.isPending} onClick={() => again.mutate({ rule, last })}>
        <Calculator aria-hidden /> Compute again
      </button>
    </>
  );
  return (
    <Panel title="Was every alert due, and every due alert raised" note="from the log and the rule alone" actions={actions}>
      {again.isPending ? (
        <Bones height={60} />
      ) : again.isError ? (
        <Fault error={again.error} />
      ) : again.data ? (
        <Answer found={again.data} />
      ) : (
        <Empty title="Press Compute again to see" icon={<Calculator />} />
      )}
    </Panel>
  );
}

function Answer({ found }: { found: Recomputed }) {
  const good = found.missing.length === 0 && found.extra.length === 0;
  return (
    <div className="stack" role="status">
      <p className={good ? "status success" : "status failure"}>
        {good ? <CircleCheck aria-hidden /> : <OctagonX aria-hidden />}
        {good ? `The log and the rule agree: ${plural(found.agree, "alert")} of this time, and no other, ${found.agree === 1 ? "was" : "were"} due` : "The log and the rule do not agree"}
      </p>
      <p className="dim small">{plural(found.entries, "entry", "entries")} were read.</p>
      <List title="Due, and not on the log" rows={found.missing} />
      <List title="On the log, and not due" rows={found.extra} />
      <List title="On the log, of a rule that was edited since" rows={found.edited} />
      <List title="On the log, of a rule that is gone" rows={found.gone} />
    </div>
  );
}

function List({ title, rows }: { title: string; rows: Computed[] }) {
  if (rows.length === 0) return null;
  return (
    <div>
      <h3>
        {title} ({rows.length})
      </h3>
      <ul className="said">
        {rows.slice(0, 20).map((row) => (
          <li key={row.alert} className="row">
            {row.index == null ? <span>{visible(row.rule)}</span> : <Link className="link" to={eventUrl(row.index)}>entry {row.index}</Link>}
            <span className="cut dim">{visible(Object.entries(row.group).map(([name, value]) => `${name}=${value}`).join(" "))}</span>
            <Ago at={row.at} />
          </li>
        ))}
      </ul>
    </div>
  );
}
