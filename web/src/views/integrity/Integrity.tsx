// The log itself: how large it is, what is signed, what the last verification found.

import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleHelp, OctagonX } from "lucide-react";
import { type About, type Health, useAbout, useCheckpoint, useHealth, useMetrics, summed } from "../../api/health.ts";
import { useSql } from "../../api/sql.ts";
import { Command } from "../../components/Controls.tsx";
import { Stat } from "../../components/Figures.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Bones, Empty, Fault, Loaded, Panel } from "../../components/Panel.tsx";
import { PinKeys } from "../../components/PinKeys.tsx";
import { visible } from "../../lib/ansi.ts";
import { bytes, count, percent, plural } from "../../lib/format.ts";
import { base64 } from "../../lib/proof/bytes.ts";
import { checkSignature, parseCheckpoint, parseKey } from "../../lib/proof/note.ts";
import { usePins } from "../../lib/usePins.ts";
import { Growth } from "./Growth.tsx";

export default function Integrity() {
  const health = useHealth();
  const about = useAbout();
  return (
    <>
      <PageHead title="Integrity" sub="Whether the log can be trusted, and what that rests on" />
      <div className="stack">
        {health.data ? <Sizes health={health.data} /> : health.isError ? <Fault error={health.error} /> : <Bones height={90} />}
        <div className="grid" style={{ "--min": "400px" } as React.CSSProperties}>
          <CheckpointPanel said={about.data?.keys ?? []} />
          <Verification about={about.data} />
        </div>
        <Growth />
        <div className="grid" style={{ "--min": "400px" } as React.CSSProperties}>
          <Origin />
          <NotSetUp />
        </div>
      </div>
    </>
  );
}

function Sizes({ health }: { health: Health }) {
  const metrics = useMetrics().data;
  return (
    <>
      {health.faults.map((fault) => (
        <Fault key={fault} error={fault} />
      ))}
      <div className="stats">
        <Stat label="Entries on the log" value={count(health.size)} />
        <Stat label="Under a signature" value={percent(health.size === 0 ? null : health.sealed / health.size, 2)} sub={`${plural(health.size - health.sealed, "entry", "entries")} of the last second`} />
        <Stat label="Seen by queries" value={count(health.visible)} />
        <Stat label="State" value={health.status} sub={health.faults.length === 0 ? "nothing is wrong" : plural(health.faults.length, "fault")} />
        <Stat label="Segments" value={count(metrics?.tachograph_store_segments)} sub={metrics ? `${bytes(metrics.tachograph_store_hot_bytes ?? 0)} in memory` : undefined} />
        <Stat label="Refused since the start" value={count(metrics && summed(metrics, "tachograph_events_rejected_total"))} sub={metrics ? `${count(metrics.tachograph_events_duplicate_total)} repeated` : undefined} />
      </div>
    </>
  );
}

function CheckpointPanel({ said }: { said: string[] }) {
  const note = useCheckpoint();
  const pins = usePins();
  const checked = useQuery({
    queryKey: ["checkpoint-check", note.data, pins],
    enabled: typeof note.data === "string",
    retry: false,
    placeholderData: (old) => old,
    queryFn: async () => {
      const checkpoint = parseCheckpoint(note.data ?? "");
      const keys = await Promise.all(pins.map(parseKey));
      return { checkpoint, answers: await Promise.all(keys.map(async (key) => ({ key, answer: await checkSignature(checkpoint, key) }))) };
    },
  });
  return (
    <Panel title="Newest checkpoint" note="the signed head of the tree, made anew each second">
      {note.data === null ? (
        <Empty title="Nothing is signed yet">The first checkpoint follows the first event.</Empty>
      ) : checked.isError ? (
        <Fault error={checked.error} />
      ) : checked.data === undefined ? (
        <Bones />
      ) : (
        <div className="stack">
          <dl className="facts">
            <dt>Log</dt>
            <dd>
              <code>{visible(checked.data.checkpoint.origin)}</code>
            </dd>
            <dt>Entries</dt>
            <dd className="num">{count(checked.data.checkpoint.size)}</dd>
            <dt>Root</dt>
            <dd>
              <code>{base64(checked.data.checkpoint.root)}</code>
            </dd>
            <dt>Signatures</dt>
            <dd>{checked.data.checkpoint.signatures.map((line) => `${line.name} (key ${line.id})`).map(visible).join(", ")}</dd>
          </dl>
          {checked.data.answers.map(({ key, answer }) => (
            <p key={key.text} className={`status ${answer === "good" ? "success" : "failure"}`} role="status">
              {answer === "good" ? <CircleCheck aria-hidden /> : <OctagonX aria-hidden />}
              {key.algorithm} {answer === "good" ? "signature checked here with your pinned key" : answer === "bad" ? "signature does not fit your pinned key" : "signature of your pinned key is missing"}
            </p>
          ))}
          <PinKeys open={pins.length === 0} said={said} />
        </div>
      )}
    </Panel>
  );
}

function Verification({ about }: { about: About | null | undefined }) {
  const check = about?.verification;
  return (
    <Panel title="Last verification of everything" note="each byte of the folder, by the server">
      {!check ? (
        <Empty title="None has finished since the start" icon={<CircleHelp />}>
          The server checks its whole folder in the background. To do it now, from the outside:
        </Empty>
      ) : (
        <div className="stack">
          <p className={`status ${check.good ? "success" : "failure"}`}>
            {check.good ? <CircleCheck aria-hidden /> : <OctagonX aria-hidden />}
            {check.good ? `Nothing was changed, removed, inserted or reordered in ${plural(check.entries, "entry", "entries")}` : `${plural(check.found, "finding")}`}
          </p>
          <p className="dim">{visible(check.summary)}</p>
          {check.findings.map((finding) => (
            <p key={finding} className="chip fail">
              {visible(finding)}
            </p>
          ))}
        </div>
      )}
      <Command text={`tachograph verify --server ${location.host}`} />
    </Panel>
  );
}

interface Known {
  known: string;
  source: string;
  n: number;
}

const KNOWN: Record<string, string> = { observed: "Observed: seen by something other than the agent", self_reported: "Self reported: said by the agent", imported: "Imported: taken over from elsewhere" };

function Origin() {
  const known = useSql<Known>("SELECT known, source, count(*) AS n FROM agent_audit_log GROUP BY 1, 2 ORDER BY n DESC", { refresh: 60_000 });
  return (
    <Panel title="From where it is known" note="what weight each entry has">
      <Loaded query={known} empty={({ rows }) => rows.length === 0} nothing={<Empty title="No entries yet" />}>
        {({ rows }) => (
          <dl className="facts">
            {rows.map((row) => (
              <div key={row.known + row.source} style={{ display: "contents" }}>
                <dt className="num">{count(row.n)}</dt>
                <dd>
                  {KNOWN[row.known] ?? row.known} <span className="faint">by {visible(row.source)}</span>
                </dd>
              </div>
            ))}
          </dl>
        )}
      </Loaded>
    </Panel>
  );
}

function NotSetUp() {
  return (
    <Panel title="Not set up on this server">
      <dl className="facts">
        <dt>Witnesses</dt>
        <dd>Nobody else signs the checkpoints yet. Keep a pinned key and old checkpoints outside this machine: with them anyone can see that history was only appended to.</dd>
        <dt>Time stamps</dt>
        <dd>No outside authority stamps the checkpoints: their time is the log's own word.</dd>
      </dl>
    </Panel>
  );
}
