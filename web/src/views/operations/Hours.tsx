// Agents by the hour: how much fails, how slow it is, how much it is.

import { useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { type AgentHour, useAgentHours } from "../../api/operations.ts";
import { Tabs } from "../../components/Controls.tsx";
import { HeatMap } from "../../components/HeatMap.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { duration, percent, plural } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, bounds } from "../../lib/range.ts";
import { axisOf } from "../../lib/series.ts";
import { withTerm } from "../../lib/sqltext.ts";
import { useParam } from "../../lib/useView.ts";

interface Value {
  text: string;
  of: (row: AgentHour) => number;
  show: (value: number) => string;
  colors: [string, string];
  search: string;
}

const VALUES: Record<string, Value> = {
  rate: { text: "Failure rate", of: (row) => (row.done === 0 ? 0 : row.failures / row.done), show: (value) => `${percent(value)} failed`, colors: ["--fail-soft", "--fail"], search: "status:failed" },
  time: { text: "Response time", of: (row) => row.p95 ?? 0, show: (value) => `95 of 100 within ${duration(value)}`, colors: ["--warn-soft", "--warn"], search: "duration_us:>0" },
  events: { text: "Events", of: (row) => row.n, show: (value) => plural(value, "event"), colors: ["--accent-soft", "--accent-fill"], search: "" },
};
const CHOICES = Object.entries(VALUES).map(([name, { text }]) => [name, text] as const);

export function Hours({ range }: { range: Range }) {
  const [now] = useState(Date.now);
  const [word, setWord] = useParam("heat", "rate");
  const name = word in VALUES ? word : "rate";
  const value = VALUES[name] as Value;
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { step, query } = useAgentHours(range, to - from);
  const axis = useMemo(() => axisOf(from, to, step), [from, to, step]);
  const navigate = useNavigate();
  const cells = useMemo(() => (query.data?.rows ?? []).map((row) => ({ agent: row.agent_id, t: row.t, value: value.of(row) })).filter((cell) => cell.value > 0), [query.data, value]);
  return (
    <Panel title="Agents by the hour" note={step === 3600 ? undefined : `in steps of ${duration(step * 1e6)}`} actions={<Tabs label="Show" value={name} choices={CHOICES} onChange={setWord} />}>
      <Loaded query={query} height={240} empty={() => cells.length === 0} nothing={<Empty title={name === "rate" ? "Nothing failed in this time" : "Nothing in this time range"} />}>
        {() => <HeatMap cells={cells} axis={axis} name={value.text.toLowerCase()} show={value.show} colors={value.colors} onPick={(agent, start, end) => navigate(exploreUrl(withTerm(value.search, "agent", agent), { kind: "between", from: start, to: end }))} />}
      </Loaded>
    </Panel>
  );
}
