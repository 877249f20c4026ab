// From nothing to the first recorded call: commands with this server's own address, and the wait for the first event.

import { BadgeCheck, ArrowRight } from "lucide-react";
import { useCallback, useState } from "react";
import { Link } from "react-router";
import type { EventRow } from "../../api/events.ts";
import { useAbout } from "../../api/health.ts";
import { useTail } from "../../api/tail.ts";
import { Command, Tabs } from "../../components/Controls.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Panel } from "../../components/Panel.tsx";
import { Time } from "../../components/Marks.tsx";
import { visible } from "../../lib/ansi.ts";
import { eventUrl } from "../../lib/links.ts";
import { useParam } from "../../lib/useView.ts";

const WAYS = [
  ["curl", "curl"],
  ["claude", "Claude Code"],
  ["python", "Python"],
  ["node", "Node"],
  ["file", "A file"],
] as const;
type Way = (typeof WAYS)[number][0];

export default function FirstRun({ onDone }: { onDone?: () => void }) {
  const [word, setWay] = useParam("with", "curl");
  const way = WAYS.find(([name]) => name === word)?.[0] ?? "curl";
  const [first, setFirst] = useState<EventRow | null>(null);
  const state = useTail(useCallback((rows: EventRow[]) => setFirst((old) => old ?? rows.find((row) => row.source !== "internal") ?? null), []), first === null);
  const needsKey = useAbout().data?.keys_needed === true;
  return (
    <>
      <PageHead title="Record the first call" sub="The recorder runs. Send it something, and see it arrive here." />
      <div className="start stack">
        <Panel title="1. Send an event" actions={<Tabs label="With" value={way} choices={WAYS} onChange={setWay} />}>
          <div className="stack" style={{ gap: 10 }}>
            {snippets(location.origin, needsKey)[way].map(([text, command]) => (
              <div key={command} className="stack" style={{ gap: 6 }}>
                <p className="dim">{text}</p>
                <Command text={command} />
              </div>
            ))}
          </div>
        </Panel>
        <Panel title="2. See it here">
          {first === null ? (
            <div className="waiting" role="status">
              <span className="pulse" aria-hidden />
              <span>{state === "waiting" ? "The connection is lost; trying again" : "Waiting for the first event"}</span>
            </div>
          ) : (
            <div className="badge ok" role="status">
              <BadgeCheck aria-hidden />
              <div>
                <strong>It is on the record</strong>
                <p>
                  {visible(first.action_name)} by {visible(first.agent_id)}, <Time at={first.recorded_at} />. Within a second it is under a signature that nobody can take back.
                </p>
                <div className="row wrap" style={{ marginTop: 10 }}>
                  <Link className="button primary" to={eventUrl(first.index)}>
                    See it and its proof
                  </Link>
                  {onDone ? (
                    <button type="button" className="button" onClick={onDone}>
                      To the overview <ArrowRight aria-hidden />
                    </button>
                  ) : (
                    <Link className="button" to="/">
                      To the overview <ArrowRight aria-hidden />
                    </Link>
                  )}
                </div>
              </div>
            </div>
          )}
        </Panel>
        <p className="faint">
          To look around first, stop this server and run <code>tachograph demo</code>: it brings a whole fleet to life.
        </p>
      </div>
    </>
  );
}

function snippets(origin: string, needsKey: boolean): Record<Way, [string, string][]> {
  const auth = needsKey ? ' -H "Authorization: Bearer $TACHOGRAPH_KEY"' : "";
  const event = '{"agent": {"id": "my-agent"}, "action": {"type": "tool", "name": "Bash", "parameters": {"command": "ls"}}, "outcome": {"status": "success"}}';
  const header = needsKey ? ', headers={"Authorization": f"Bearer {os.environ[\'TACHOGRAPH_KEY\']}"}' : "";
  return {
    curl: [["Paste this into a terminal:", `curl -s ${origin}/log${auth} -d '${event}'`]],
    claude: [
      ["Put the hooks of examples/claude-code into .claude/settings.json of your project, and set:", `export AUDIT_LOG_URL=${origin}`],
      ["Or bring in a transcript that is there already:", `tachograph import --server ${new URL(origin).host} ~/.claude/projects/PROJECT/SESSION.jsonl`],
    ],
    python: [["With nothing but Python itself:", `import json, ${needsKey ? "os, " : ""}urllib.request\nevent = {"agent": {"id": "my-agent"}, "action": {"type": "tool", "name": "search"}, "outcome": {"status": "success"}}\nrequest = urllib.request.Request("${origin}/log", json.dumps(event).encode()${header})\nprint(urllib.request.urlopen(request).read().decode())`]],
    node: [["With nothing but Node itself:", `await fetch("${origin}/log", { method: "POST"${needsKey ? ", headers: { authorization: `Bearer ${process.env.TACHOGRAPH_KEY}` }" : ""}, body: JSON.stringify({ agent: { id: "my-agent" }, action: { type: "tool", name: "search" }, outcome: { status: "success" } }) })`]],
    file: [["Any file of JSON lines, also logs of other tools:", `tachograph import --server ${new URL(origin).host} events.ndjson`]],
  };
}
