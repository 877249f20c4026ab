// Agents by time: how much each did, or how much of it failed.

import { useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { useActivity } from "../../api/agents.ts";
import { Tabs } from "../../components/Controls.tsx";
import { HeatMap as Map } from "../../components/HeatMap.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { plural } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, bounds } from "../../lib/range.ts";
import { axisOf } from "../../lib/series.ts";
import { withTerm } from "../../lib/sqltext.ts";
import { useParam } from "../../lib/useView.ts";

const VALUES = [
  ["events", "Events"],
  ["failures", "Failures"],
] as const;
const SHOWN = { events: (value: number) => plural(value, "event"), failures: (value: number) => plural(value, "failure") };
const COLORS: Record<keyof typeof SHOWN, [string, string]> = { events: ["--accent-soft", "--accent-fill"], failures: ["--fail-soft", "--fail"] };

export function HeatMap({ range }: { range: Range }) {
  const [now] = useState(Date.now);
  const [value, setValue] = useParam("heat", "failures");
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { step, query } = useActivity(range, to - from, 48);
  const axis = useMemo(() => axisOf(from, to, step), [from, to, step]);
  const navigate = useNavigate();
  const kind = value === "events" ? "events" : "failures";
  const cells = useMemo(() => (query.data?.rows ?? []).map((row) => ({ agent: row.agent_id, t: row.t, value: kind === "events" ? row.n : row.failures })).filter((cell) => cell.value > 0), [query.data, kind]);
  return (
    <Panel title="Agents by time" actions={<Tabs label="Show" value={kind} choices={VALUES} onChange={setValue} />}>
      <Loaded query={query} height={240} empty={() => cells.length === 0} nothing={<Empty title={kind === "failures" ? "Nothing failed in this time" : "Nothing in this time range"} />}>
        {() => <Map cells={cells} axis={axis} name={kind} show={SHOWN[kind]} colors={COLORS[kind]} onPick={(agent, start, end) => navigate(exploreUrl(withTerm(kind === "failures" ? "status:failed" : "", "agent", agent), { kind: "between", from: start, to: end }))} />}
      </Loaded>
    </Panel>
  );
}
